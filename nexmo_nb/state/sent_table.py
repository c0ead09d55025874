"""Sends by columns, as an Arrow table: a ledger of a million sends is read in seconds, block by block.

It says the same as `sent_sql.read_sends`, which gives a row at a time. A value that is not of its column's kind, as
only another program can have written it, raises `NotTyped`: then the rows are to be read one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nexmo_nb.state import sent_sql as sql
from nexmo_nb.state.database import Connection

BLOCK = 20_000
"""Rows that are read at once."""
_NUMBERS = {
    name: pa.float64() for name in ("price", "created", "started", "finished", "final_price")
} | {name: pa.int64() for name in ("parts", "part")}  # fmt: skip


class NotTyped(Exception):  # noqa: N818 - it asks for the other way
    """A value of the ledger is not of its column's kind."""


def read_sent(
    connection: Connection, wanted: Mapping[str, Any], batches: Sequence[str] = (), *, with_digests: bool = False
) -> pa.Table:
    """Read the columns of sends, oldest first, with their message ids, delivery, network and final price.

    `wanted` and `batches` are those of `sent_sql.read_sends`.
    """
    sends = _read_table(connection, *sql.select_sends(wanted, batches, ", digest" if with_digests else ""))
    parts = _read_table(connection, *sql.select_parts(wanted, batches))
    places = pc.index_in(parts["send"], value_set=sends["id"].combine_chunks())
    parts = parts.append_column("place", places).filter(places.is_valid())
    parts = parts.sort_by([("place", "ascending"), ("part", "ascending")])
    place, rows = parts["place"].to_numpy(), len(sends)
    summary = {
        "message_ids": _join_texts(place, parts["message_id"], rows, " "),
        "delivery": _join_statuses(place, parts["delivery"], rows),
        "final_price": _sum_prices(place, parts["final_price"], rows),
        "network": _find_first(place, parts["network"], rows),
    }
    for name, values in summary.items():
        sends = sends.append_column(name, values)
    return sends


def _read_table(connection: Connection, statement: str, values: Sequence[Any]) -> pa.Table:
    cursor = connection.execute(statement, values)
    names = [column[0] for column in cursor.description]
    blocks: list[list[pa.Array]] = [[build_array(name, [])] for name in names]
    while rows := cursor.fetchmany(BLOCK):
        for n, name in enumerate(names):
            # By zip(*rows), each row would get an iterator of its own.
            blocks[n].append(build_array(name, [row[n] for row in rows]))
    return pa.table({name: pa.chunked_array(block) for name, block in zip(names, blocks, strict=True)})


def build_array(name: str, values: Sequence[Any]) -> pa.Array:
    """Build a column of a block; text must be text, which Arrow would make of bytes as well."""
    try:
        if name in _NUMBERS:
            return pa.array(values, _NUMBERS[name])
        array = pa.array(values)
        if pa.types.is_string(array.type) or pa.types.is_null(array.type):
            return array.cast(pa.large_string())
    except (pa.ArrowException, TypeError, OverflowError):
        pass
    raise NotTyped(name)


def _join_texts(place: Any, texts: pa.ChunkedArray, rows: int, separator: str) -> pa.Array:
    """Join the texts of each send, in their order; missing where it has none."""
    is_text = pc.fill_null(pc.not_equal(texts, ""), False).to_numpy()
    counts = np.bincount(place[is_text], minlength=rows)
    ends = np.concatenate([[0], np.cumsum(counts)])
    lists = pa.LargeListArray.from_arrays(pa.array(ends, pa.int64()), texts.filter(pa.array(is_text)).combine_chunks())
    return pc.if_else(
        pa.array(counts > 0),
        pc.binary_join(lists, pa.scalar(separator, pa.large_string())),
        pa.scalar(None, pa.large_string()),
    )


def _join_statuses(place: Any, statuses: pa.ChunkedArray, rows: int) -> pa.Array:
    """Join the delivery statuses of each send, each of them once, in the order of their letters."""
    if statuses.null_count == len(statuses):
        return pa.nulls(rows, pa.large_string())
    table = pa.table({"place": place, "status": statuses}).group_by(["place", "status"]).aggregate([])
    table = table.sort_by([("place", "ascending"), ("status", "ascending")])
    return _join_texts(table["place"].to_numpy(), table["status"], rows, ", ")


def _sum_prices(place: Any, prices: pa.ChunkedArray, rows: int) -> pa.Array:
    """Add up the final prices of each send; missing where a part has none, or there is no part."""
    counts = np.bincount(place, minlength=rows)
    known = np.bincount(place[prices.is_valid().to_numpy()], minlength=rows)
    ends, amounts = np.cumsum(counts), prices.to_pylist()
    sums: list[float | None] = [None] * rows
    for n in np.flatnonzero((counts > 0) & (known == counts)).tolist():
        sums[n] = round(sum(amounts[ends[n] - counts[n] : ends[n]]), 8)
    return pa.array(sums, pa.float64())


def _find_first(place: Any, texts: pa.ChunkedArray, rows: int) -> pa.Array:
    """Find the first text, in the order of its letters, of each send."""
    names = texts.drop_null().unique().sort()
    ranks = pc.index_in(texts, value_set=names)
    has_rank = ranks.is_valid().to_numpy()
    first = np.full(rows, len(names))
    np.minimum.at(first, place[has_rank], ranks.drop_null().to_numpy())
    return names.take(pa.array(first, mask=first == len(names)))
