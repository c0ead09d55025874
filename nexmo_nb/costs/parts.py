"""Which rows of a frame are parts of one message, and how many messages and parts each row stands for. Pure.

=====================================  =========  ================================================================
a frame of                             a row is   rows are one message
=====================================  =========  ================================================================
`bill`                                 a sum      its columns ``messages, parts`` count
`sent`, `send_many` (``message_ids``)  a message  never; it has ``parts`` parts
`send_sms` (``part``)                  a part     of one recipient and reference, until a part comes again
`delivery` of `sent` (``parts``)       a part     of one recipient, reference and time, as many as ``parts``
`delivery` of a batch                  a part     of one recipient and reference
`records` of SMS that were sent        a part     of one account, sender, recipient, reference and header, received in
                                                  the same or the next second, but where ``concatenated`` is FALSE
all other records                      a message  never
=====================================  =========  ================================================================

Nexmo's records of SMS do not name the message that a part belongs to: each has an id of its own. The reference of
`send_sms` and `send_many` is random, so that their messages are always told apart. Of other senders' messages, two long
ones to the same person in the same second are told apart only by ``udh``, the header that Nexmo gives to parts. Records
of SMS that came in, and of the Messages API, do not tell of parts: each counts as a message of one part.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from nexmo_nb import validation
from nexmo_nb.costs.aggregate import find_codes, number_groups, read_floats

UNSENT_STATES = ("planned", "rejected", "not_found", "skipped", "problem")
"""States of sends that cost nothing: nothing of them left, or Nexmo refused it."""
ACCEPTED = "0"
GAP = 10**9
"""Parts of one message are received at once, and times have whole seconds: they may stand in two successive ones. In
nanoseconds."""
NO_TIME, LAST_TIME = np.iinfo("int64").min, np.iinfo("int64").max
"""How a missing time is stored, by pandas as well."""
_ALSO_READ = ("part", "udh", "concatenated", "direction", "state", "status")
_KEYS = ("account_id", "batch", "key", "created", "sender", "to", "client_ref")
_COUNTS = ("messages", "parts")
COLUMNS = (*_KEYS, *_ALSO_READ, *_COUNTS, "balance", "message_id", "message_ids", "provider", "received")
"""All columns by which parts and messages are told."""
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_MISSING = np.uint64(2**63)


class Shared(NamedTuple):
    """Rows that may be of one message with others, of whatever piece, each with the key that its message's rows have.

    Of the rows with one key, those are one message whose times, in nanoseconds, follow each other without a gap. Keys
    are 64 bits made of what parts have in common, so that those of millions of rows take little memory; that two
    messages have one key and are received in the same second is next to impossible.
    """

    key: Any
    time: Any


class Counts(NamedTuple):
    """What the rows of a frame stand for, as arrays in their order.

    `messages` and `parts` are how many messages and parts a row stands for. `place` is where the rows stand that
    `shared` tells more of: a message of several of them is to be counted once. `share` is the share of the price of its
    message in the row's price.
    """

    messages: Any
    parts: Any
    share: Any
    place: Any
    shared: Shared


_NOTHING = np.zeros(0, dtype="int64"), Shared(np.zeros(0, dtype="int64"), np.zeros(0, dtype="int64"))


def list_columns(columns: Collection[str]) -> list[str]:
    """List which of the columns of a frame `drop_unsent` and `count_parts` read."""
    if is_ordered(columns):
        wanted: tuple[str, ...] = (*_KEYS, "part", "parts")
    elif "message_ids" in columns or _has(columns, "messages", "parts"):
        wanted = _COUNTS
    else:
        wanted = (*_KEYS, "udh", "direction", "concatenated", "received") if _is_of_sms(columns) else ()
    wanted = (*wanted, "state", *(["status"] if "balance" in columns else []))
    return [name for name in wanted if name in columns]


def is_ordered(columns: Collection[str]) -> bool:
    """Tell whether the order of rows says which are one message, so that they must be counted all at once."""
    is_by_row = "message_ids" in columns or _has(columns, "messages", "parts")
    return not is_by_row and ("part" in columns or _has(columns, "message_id", "parts"))


def drop_unsent(table: pd.DataFrame, columns: Collection[str] | None = None) -> pd.DataFrame:
    """Check the columns that `count_parts` reads, leave out what costs nothing, and count the index from 0.

    What never left or was refused costs nothing. Parts of one message can share a label, by which pandas could not tell
    them apart. `columns` are those of the whole frame, where this has only some.
    """
    columns = table.columns if columns is None else columns
    validation.check_frame(table, numbers=_COUNTS, words=(*_KEYS, *_ALSO_READ))
    if "state" in table:
        table = table[~match_cells(table["state"], lambda state: state in UNSENT_STATES)]
    if "balance" in columns and "status" in table:  # a frame of `send_sms`
        table = table[match_cells(table["status"], lambda status: status == ACCEPTED)]
    return table.reset_index(drop=True)


def count_parts(table: pd.DataFrame, columns: Collection[str] | None = None) -> Counts:
    """Tell messages and parts apart, by the columns that a frame of `drop_unsent` has; see the table on top.

    `columns` are those of the whole frame, where this has only some.
    """
    columns = table.columns if columns is None else columns
    ones = np.ones(len(table), dtype="int64")
    if _has(columns, "messages", "parts"):
        messages, parts = (read_floats(table, name).fillna(0).to_numpy("int64") for name in _COUNTS)
        return Counts(messages, parts, ones, *_NOTHING)
    if "message_ids" in columns:
        # Of a message without an answer no part is known; it has at least one.
        return Counts(ones, _read_parts(table), ones, *_NOTHING)
    if is_ordered(columns):
        message = _number_by_order(table)
        share = ones if "part" in columns else 1.0 / np.bincount(message)[message]
        return Counts(ones, ones, share, np.arange(len(table)), Shared(message, 0 * message))
    return Counts(ones, ones, ones, *_find_shared(table, columns))


def find_several(key: Any) -> Any:
    """Tell which keys are there more than once; to sort them takes less time and memory than a table of all of them."""
    ordered = np.sort(key)
    return pd.Series(key).isin(ordered[1:][ordered[1:] == ordered[:-1]]).to_numpy()


def number_messages(shared: Shared) -> Any:
    """Give each shared row the number of its message, by its key and by the gaps between times."""
    # What has no time goes with the last message of its key.
    order = np.lexsort((np.where(shared.time == NO_TIME, LAST_TIME, shared.time), shared.key))
    key, time = shared.key[order], shared.time[order]
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = (np.diff(key) != 0) | ((np.diff(time) > GAP) & (time[1:] != NO_TIME))
    message = np.empty(len(order), dtype="int64")
    message[order] = np.cumsum(begins) - 1
    return message


def number_rows(counts: Counts) -> Any:
    """Give each row the number of its message."""
    message = np.arange(len(counts.messages))
    message[counts.place] = len(message) + number_messages(counts.shared)
    return message


def count_once(counts: Counts) -> Any:
    """Return how many messages each row stands for, where each counts with its first row."""
    return np.where(pd.Series(number_rows(counts)).duplicated(), 0, counts.messages)


def match_cells(column: Any, test: Callable[[Any], bool]) -> Any:
    """Tell which cells of a column pass a test, which is made of each value once; a missing one does not pass."""
    codes, values = find_codes(column)
    return np.array([*map(test, values), False], dtype=bool)[codes]


def _has(columns: Collection[str], *names: str) -> bool:
    return all(name in columns for name in names)


def _is_of_sms(columns: Collection[str]) -> bool:
    """Tell whether records are of SMS, whose parts have something in common by which they can be told."""
    has_common = "client_ref" in columns or "received" in columns
    return _has(columns, "to", "message_id") and "provider" not in columns and has_common


def _read_parts(table: pd.DataFrame) -> Any:
    return read_floats(table, "parts").fillna(1).clip(lower=1).to_numpy("int64")


def _find_keys(table: pd.DataFrame) -> list[str]:
    return [name for name in _KEYS if name in table]


def _number_by_order(table: pd.DataFrame) -> Any:
    """Give each row the number of its message, where the order of the rows tells messages with the same keys apart."""
    if "part" in table:
        occurrence = _count_before(table, [*_find_keys(table), "part"])
    else:
        occurrence = _count_before(table, _find_keys(table)) // _read_parts(table)
    message, _ = number_groups(table.assign(occurrence=occurrence), [*_find_keys(table), "occurrence"])
    return message


def _count_before(table: pd.DataFrame, names: list[str]) -> Any:
    """Count for each row the rows before it that have the same in some columns."""
    groups, _ = number_groups(table, names)
    return pd.Series(groups).groupby(groups).cumcount().to_numpy()


def _find_shared(table: pd.DataFrame, columns: Collection[str]) -> tuple[Any, Shared]:
    """Find the rows of SMS that were sent in parts, or may have been; any other row is a message."""
    if not _is_of_sms(columns):
        return _NOTHING
    is_joined = table["to"].notna().to_numpy()
    if "direction" in table:
        is_joined = is_joined & ~match_cells(table["direction"], lambda direction: direction == "inbound")
    if "concatenated" in table:
        is_joined &= ~match_cells(table["concatenated"], lambda cell: str(cell).upper() == "FALSE")
    references = [table[name].notna().to_numpy() for name in ("client_ref", "received") if name in table]
    place = np.flatnonzero(is_joined & (references[0] | references[-1]))
    rows = table.iloc[place]
    return place, Shared(_hash_keys(rows), _read_times(rows))


def _hash_keys(rows: pd.DataFrame) -> Any:
    """Make a key of what the parts of a message have in common."""
    key = np.zeros(len(rows), dtype="uint64")
    columns = [rows[name] for name in _find_keys(rows)]
    if "udh" in rows:
        columns.append(_cut_headers(rows["udh"]))
    for column in columns:
        key = key * _FACTOR + _hash_cells(column)
    return key.view("int64")


def _cut_headers(headers: Any) -> Any:
    """Take the number of the part off headers, which end in it."""
    codes, values = find_codes(headers)
    cut = pd.Series([*(str(value)[:-2] for value in values), None], dtype=object)
    return cut.iloc[codes]


def _hash_cells(column: Any) -> Any:
    """Hash cells by their values, so that a text has one hash whatever dtype it is held in."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return np.append(_hash_cells(column.cat.categories.to_series()), _MISSING)[column.cat.codes.to_numpy()]
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return _read_nanoseconds(column).view("uint64")
    return np.where(column.isna(), _MISSING, _hash_texts(column.astype(pd.StringDtype("pyarrow"))))


def _hash_texts(column: Any) -> Any:
    """Hash texts as they stand in memory, eight bytes at a time; by Python's own hash, millions would take seconds."""
    import pyarrow as pa

    texts = pa.array(column)
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    texts = texts.cast(pa.large_string())
    _, ends, stored = texts.buffers()
    ends = np.frombuffer(ends or b"", dtype="int64")[texts.offset : texts.offset + len(texts) + 1]
    octets = np.append(np.frombuffer(stored or b"", dtype="uint8"), np.zeros(8, dtype="uint8"))
    words = np.ndarray(len(octets) - 7, dtype="<u8", buffer=octets, strides=(1,))  # eight octets from each on
    length = np.diff(ends)
    hashed = length.astype("uint64")
    for place in range(0, length.max(initial=0), 8):
        rows = np.flatnonzero(length > place)
        beyond = 8 * np.maximum(8 - (length[rows] - place), 0).astype("uint64")
        mixed = (hashed[rows] ^ (words[ends[rows] + place] << beyond)) * _FACTOR
        hashed[rows] = mixed ^ (mixed >> np.uint64(32))
    return hashed


def _read_times(rows: pd.DataFrame) -> Any:
    """Read when parts were received; at one time where that is not known."""
    if "received" in rows and isinstance(rows["received"].dtype, pd.DatetimeTZDtype):
        return _read_nanoseconds(rows["received"])
    return np.zeros(len(rows), dtype="int64")


def _read_nanoseconds(times: Any) -> Any:
    return times.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[ns]").view("int64")
