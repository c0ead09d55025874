"""A plan whose rows were all sent by its batch: what became of them is looked up by columns, not row by row.

It is the frame of a run that has nothing left to do. Whatever is not plainly so, such as a row that is left, was
refused or is unknown, or a plan that a run would refuse, is left to the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from nexmo_nb.campaigns.outcome import PLAN_COLUMNS, find_countries
from nexmo_nb.campaigns.rows import build_digest, read_cells
from nexmo_nb.frames import frame_from_table
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.text.gsm import Encoding, segments

CELLS = ("problem", "to", "sender", "text", "encoding", "parts", "price_high")


def read_finished(plan: pd.DataFrame, batch: str, ledger: Ledger) -> pd.DataFrame | None:
    """Read what became of the rows of a plan, as `send_many` tells it; None unless Nexmo accepted all of them."""
    from nexmo_nb.state.sent_table import NotTyped, build_array  # pyarrow, which takes its time

    sends = ledger.read_sent(batch=batch, with_digests=True)
    if sends is None or sends["recipient"].null_count:
        return None  # of a batch that was forgotten, nobody knows who was sent to
    cells = {name: read_cells(plan, name) for name in CELLS}
    digests = _build_digests(cells)
    places = _find_accepted(digests, sends)
    if places is None or _has_duplicates(cells) or not _has_parts(cells):
        return None
    try:
        texts = {name: build_array(name, cells[name]) for name in ("problem", "to", "text")}
    except NotTyped:
        return None
    return _build_frame(plan.index, texts, sends.take(places))


def _build_digests(cells: Mapping[str, Sequence[Any]]) -> list[str | None]:
    """Build the digest of each row as it stands in the plan; None for a row that cannot be sent.

    A row that a run would send in another spelling has another digest there, so it is not found by this one.
    """
    columns = [cells[name] for name in ("problem", "to", "sender", "text", "encoding")]
    return [
        None if problem is not None else build_digest(to, sender, text, encoding)
        for problem, to, sender, text, encoding in zip(*columns, strict=True)
    ]


def _find_accepted(digests: Sequence[str | None], sends: Any) -> Any | None:
    """Find the place of each row's send, missing for rows without a digest; None unless all others were accepted."""
    import pyarrow as pa
    import pyarrow.compute as pc

    accepted = sends["digest"].filter(pc.equal(sends["state"], "accepted"))
    wanted = pa.array(digests, pa.large_string())
    is_wanted = wanted.is_valid()
    found = pc.is_in(wanted, value_set=accepted.combine_chunks())
    # Two names of a batch that are the same now may each have a row; which of them counts, the run decides.
    is_unique = pc.count_distinct(sends["digest"]).as_py() == len(sends)
    if not is_unique or not pc.all(pc.or_(found, pc.invert(is_wanted))).as_py():
        return None
    return pc.index_in(wanted, value_set=sends["digest"].combine_chunks(), skip_nulls=True)


def _has_duplicates(cells: Mapping[str, Sequence[Any]]) -> bool:
    """Tell whether somebody gets the same text twice, whoever it is from, which a run refuses."""
    rows = zip(cells["problem"], cells["to"], cells["text"], strict=True)
    people = [(to, text) for problem, to, text in rows if problem is None]
    return len(set(people)) < len(people)


def _has_parts(cells: Mapping[str, Sequence[Any]]) -> bool:
    """Tell whether every text has as few parts as its price is for; a run refuses others."""
    for problem, text, encoding, parts, high in zip(
        *(cells[name] for name in ("problem", "text", "encoding", "parts", "price_high")), strict=True
    ):
        kind: Encoding = "ucs2" if encoding == "ucs2" else "gsm7"
        if problem is None and high is not None and segments(text, encoding=kind).parts > (parts or 0):
            return False
    return True


def _build_frame(index: Any, texts: Mapping[str, Any], sends: Any) -> pd.DataFrame:
    """Build the frame of `send_many` from the plan's columns of text, and the send of each row, or nothing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    can_send = texts["problem"].is_null()
    countries, names = find_countries(texts["to"])
    columns = {
        **dict(zip(sends.column_names, sends.columns, strict=True)),
        "to": texts["to"],
        "text": texts["text"],
        "state": pc.if_else(can_send, pa.scalar("accepted", pa.large_string()), "problem"),
        "meaning": pc.if_else(can_send, pa.scalar("accepted", pa.large_string()), None),
        "error": pc.coalesce(texts["problem"], sends["error"]),
        "parts": sends["parts"].fill_null(0),
        "country": countries,
        "country_name": names,
    }
    frame = frame_from_table(pa.table({column.name: columns[column.name] for column in PLAN_COLUMNS}), PLAN_COLUMNS)
    frame.index = index
    return frame
