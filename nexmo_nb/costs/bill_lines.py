"""A bill from the frames of records: which columns of each product it is read from, and its lines. Pure.

A line is the sum of the records of a day that agree in all the text columns of `BILL_COLUMNS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.costs.aggregate import aggregate_groups, find_times, read_floats, round_amounts
from nexmo_nb.costs.parts import count_once, count_parts
from nexmo_nb.frames import TIME, Column, concat_frames, frame

BILL_COLUMNS = (
    Column("day", TIME),
    *map(Column, ("product", "channel", "direction", "country", "network", "status", "account", "tag")),
    Column("messages", "int64"), Column("parts", "int64"), Column("seconds", "float64"), Column("amount", "float64"),
    Column("currency"), Column("estimated", "bool"),
)  # fmt: skip
_NAMES = [column.name for column in BILL_COLUMNS]
_SUMS = ("messages", "parts", "seconds", "amount")
_GROUPS = [name for name in _NAMES if name not in (*_SUMS, "currency")]
Frames = pd.DataFrame | Iterable[pd.DataFrame]


class Source(NamedTuple):
    """What a product's records are read by, beside the columns that all have.

    `channel` is a column, or the word for all of them where there is no such column. `estimate` has the price as long
    as the record has none, and `parts` is what was priced, if it is not the record itself.
    """

    channel: str
    tag: str = ""
    estimate: str = ""
    parts: str = ""


SOURCES: Mapping[str, Source] = {
    "SMS": Source("sms", tag="account_ref"),
    "SMS-TRAFFIC-CONTROL": Source("sms"),
    "MESSAGES": Source("provider", estimate="estimated_price"),
    "VOICE-CALL": Source("call"),
    "VOICE-FAILED": Source("call"),
    "VOICE-TTS": Source("tts"),
    "IN-APP-VOICE": Source("in-app"),
    "WEBSOCKET-CALL": Source("websocket"),
    "ASR": Source("asr"),
    "AMD": Source("amd"),
    "VERIFY-API": Source("v1", estimate="estimated_price"),
    "VERIFY-V2": Source("channel"),
    "NUMBER-INSIGHT": Source("product_type"),
    "CONVERSATION-EVENT": Source("event"),
    "CONVERSATION-MESSAGE": Source("from_channel"),
    "VIDEO-API": Source("feature_name"),
    "NETWORK-API-EVENT": Source("product_name"),
    "REPORTS-USAGE": Source("requested_product", parts="items_written"),
}
"""How the records of a product are read; those of any other one have no channel."""


def build_bill(frames: Mapping[Any, Frames]) -> pd.DataFrame:
    """Build a bill from frames of records, by product; a product may have several, such as one a direction.

    What its columns mean is told by `bill`, which reads the frames.
    """
    items = {
        product: [_read_items(product, table) for table in ([given] if isinstance(given, pd.DataFrame) else given)]
        for product, given in frames.items()
    }
    for product, own in _find_converted(items).items():
        items[product] = [_drop_converted(table, own) for table in items[product]]
    empty = frame([], BILL_COLUMNS)
    tables = [_add_up(table, empty) for tables in items.values() for table in tables]
    return sort_bill(concat_frames(tables, empty))


def sort_bill(bill: pd.DataFrame) -> pd.DataFrame:
    return bill.sort_values(_GROUPS, kind="stable", ignore_index=True)


def _read_items(product: str, records: pd.DataFrame) -> pd.DataFrame:
    """Read records as items of a bill, one each, with the ``workflow`` by which SMS and RCS are matched."""
    validation.check_frame(records, "account_id", numbers=("price", "duration", "estimated_price", "items_written"))
    source = SOURCES.get(product, Source(""))
    rows = records.reset_index(drop=True)
    times = find_times(rows)
    if times is None:
        raise validation.invalid_argument("frame", ", ".join(map(str, rows.columns)), f"records of {product}")
    counts = count_parts(rows)
    price = read_floats(rows, "price")
    # A product that has no price at all costs nothing; where one is missing, it is to come.
    is_open = price.isna() if "price" in rows else rows.index != rows.index
    return rows.assign(
        day=times.dt.floor("D"),
        product=_fill_text(rows, product),
        channel=_read_text(rows, source.channel) if source.channel in rows else _fill_text(rows, source.channel),
        **{name: _read_text(rows, name) for name in ("direction", "country", "network", "status", "currency")},
        account=_read_text(rows, "account_id"),
        tag=_read_text(rows, source.tag),
        # A message counts with its first part, so that messages can be added up over all lines.
        messages=count_once(counts),
        parts=read_floats(rows, source.parts).fillna(0).astype("int64") if source.parts in rows else counts.parts,
        seconds=read_floats(rows, "duration").fillna(0.0),
        amount=price.fillna(read_floats(rows, source.estimate)).fillna(0.0),
        estimated=is_open,
        workflow=_read_text(rows, "workflow_id"),
    )[[*_NAMES, "workflow"]]


def _find_converted(items: Mapping[str, list[pd.DataFrame]]) -> dict[str, set[str]]:
    """Find the messages that were sent as SMS and turned into RCS, by the product in which they do not count.

    Both products have a record of them, with the same workflow; they count where the cost is.
    """
    costs = {product: _sum_workflows(items.get(product, ())) for product in ("SMS", "MESSAGES")}
    both = costs["SMS"].keys() & costs["MESSAGES"].keys()
    as_sms = {workflow for workflow in both if costs["SMS"][workflow] > costs["MESSAGES"][workflow]}
    return {"SMS": both - as_sms, "MESSAGES": as_sms} if both else {}


def _sum_workflows(tables: Iterable[pd.DataFrame]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for table in tables:
        for workflow, amount in table.groupby("workflow")["amount"].sum().items():
            sums[str(workflow)] = sums.get(str(workflow), 0.0) + amount
    return sums


def _drop_converted(items: pd.DataFrame, workflows: Iterable[str]) -> pd.DataFrame:
    """Let messages that count elsewhere count no more here, and leave out those of their records that cost nothing."""
    is_elsewhere = items["workflow"].isin(workflows)
    items = items.assign(**{name: items[name].where(~is_elsewhere, 0) for name in ("messages", "parts")})
    return items[~is_elsewhere | items["amount"].ne(0)]


def _add_up(items: pd.DataFrame, empty: pd.DataFrame) -> pd.DataFrame:
    if items.empty:
        return empty
    table = aggregate_groups(items, _GROUPS, **{name: (name, "sum") for name in _SUMS})
    return round_amounts(table, "amount", "seconds")[_NAMES]


def _read_text(rows: pd.DataFrame, name: str) -> Any:
    return rows[name].astype(pd.StringDtype()) if name in rows else _fill_text(rows, "")


def _fill_text(rows: pd.DataFrame, word: str) -> Any:
    return pd.Series(word or pd.NA, index=rows.index, dtype=pd.StringDtype())
