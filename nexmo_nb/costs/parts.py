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

from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.costs.aggregate import read_floats

UNSENT_STATES = ("planned", "rejected", "not_found", "skipped", "problem")
"""States of sends that cost nothing: nothing of them left, or Nexmo refused it."""
ACCEPTED = "0"
GAP = pd.Timedelta(seconds=1)
"""Parts of one message are received at once, and times have whole seconds: they may stand in two successive ones."""
_ALSO_READ = ("part", "udh", "concatenated", "direction", "state", "status")
_KEYS = ("account_id", "batch", "key", "created", "sender", "to", "client_ref")


class Counts(NamedTuple):
    """What the rows of a frame stand for, each in the order of the frame.

    `message` is the number of the message that a row is of; `messages` and `parts` are how many it stands for, where a
    message of several rows is to be counted once. `share` is the share of the price of its message in the row's price.
    """

    message: Any
    messages: Any
    parts: Any
    share: Any


def drop_unsent(table: pd.DataFrame) -> pd.DataFrame:
    """Check the columns that `count_parts` reads, leave out what costs nothing, and count the index from 0.

    What never left or was refused costs nothing. Parts of one message can share a label, by which pandas could not tell
    them apart.
    """
    validation.check_frame(table, numbers=("messages", "parts"), words=(*_KEYS, *_ALSO_READ))
    if "state" in table:
        table = table[~table["state"].isin(UNSENT_STATES)]
    if "balance" in table and "status" in table:  # a frame of `send_sms`
        table = table[table["status"].eq(ACCEPTED).fillna(value=False).astype(bool)]
    return table.reset_index(drop=True)


def count_parts(table: pd.DataFrame) -> Counts:
    """Tell messages and parts apart, by the columns that a frame of `drop_unsent` has; see the table on top."""
    ones = pd.Series(1, index=table.index, dtype="int64")
    own = ones.cumsum()
    if "messages" in table and "parts" in table:
        messages, parts = (read_floats(table, name).fillna(0).astype("int64") for name in ("messages", "parts"))
        return Counts(own, messages, parts, ones)
    if "message_ids" in table:
        # Of a message without an answer no part is known; it has at least one.
        return Counts(own, ones, _read_parts(table), ones)
    if "part" in table:
        occurrence = table.groupby([*_find_keys(table), "part"], dropna=False).cumcount()
        return Counts(_number_groups(table, occurrence), ones, ones, ones)
    if "message_id" in table and "parts" in table:
        keys = _find_keys(table)
        place = table.groupby(keys, dropna=False).cumcount() if keys else own - 1
        message = _number_groups(table, place // _read_parts(table))
        return Counts(message, ones, ones, 1.0 / message.groupby(message).transform("size"))
    return Counts(_number_sms(table, own), ones, ones, ones)


def is_counted(table: pd.DataFrame, names: list[str], message: Any) -> Any:
    """Tell for each row whether its message is counted there: once in each group of `names` and currency."""
    keys = table[[*names, "currency"]].copy()
    keys.insert(0, "message", message, allow_duplicates=True)
    return ~keys.duplicated()


def _read_parts(table: pd.DataFrame) -> Any:
    return read_floats(table, "parts").fillna(1).clip(lower=1).astype("int64")


def _find_keys(table: pd.DataFrame) -> list[str]:
    return [name for name in _KEYS if name in table]


def _number_groups(table: pd.DataFrame, occurrence: Any) -> Any:
    """Give each row the number of its message; `occurrence` tells those with the same keys apart."""
    return table.groupby([*_find_keys(table), occurrence], dropna=False, sort=False).ngroup()


def _number_sms(table: pd.DataFrame, own: Any) -> Any:
    """Give each row the number of its message: parts of SMS that were sent share one, any other row has its `own`."""
    if "to" not in table or "message_id" not in table or "provider" in table:
        return own
    is_joined = table["to"].notna()
    if "direction" in table:
        is_joined &= table["direction"].ne("inbound").fillna(value=True)
    if "concatenated" in table:
        is_joined &= table["concatenated"].astype("string").str.upper().ne("FALSE").fillna(value=True)
    references = [table[name].notna() for name in ("client_ref", "received") if name in table]
    if not references:
        return own
    is_joined &= references[0] | references[-1]
    joined = _number_joined(table[is_joined.astype(bool)])
    return (len(table) + joined).reindex(table.index).fillna(own).astype("int64")


def _number_joined(parts: pd.DataFrame) -> Any:
    """Give parts the number of their message, by what they have in common and the gaps between their times."""
    keys: list[Any] = _find_keys(parts)
    if "udh" in parts:
        keys.append(parts["udh"].astype("string").str[:-2])  # it ends in the number of the part
    groups = parts.groupby(keys, dropna=False, sort=False).ngroup()
    if "received" not in parts or not isinstance(parts["received"].dtype, pd.DatetimeTZDtype):
        return groups
    ranked = parts[["received"]].assign(group=groups).sort_values(["group", "received"], kind="stable")
    begins = ranked["group"].diff().ne(0) | (ranked["received"].diff() > GAP)
    return begins.cumsum().reindex(parts.index)
