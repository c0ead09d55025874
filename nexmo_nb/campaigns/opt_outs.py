"""Who said stop in Nexmo's records: read into the do-not-send list, and held against what was sent after it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.arrow_frames import AnyFrame, to_pandas
from nexmo_nb.contacts.cells import UnreadableNumber
from nexmo_nb.contacts.numbers import country_of, read_number
from nexmo_nb.contacts.renumbering import find_change
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.frames import TIME, Column, concat_frames, frame
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.state.suppression import Event
from nexmo_nb.text.opt_outs import Kind, find_kind

COLUMNS = (
    Column("to"), Column("country"), Column("number"), Column("kind"), Column("at", TIME), Column("suppressed", "bool"),
    Column("changed", "bool"),
)  # fmt: skip
OPTED_OUT = "9"
"""The code of a delivery record of a message that the recipient's opt-out kept from them."""
CODE_9 = "code 9"
UNKNOWN_SENDER = "unknown"
"""What stands in place of a number of the account where a delivery does not tell which one it was."""
ALWAYS = 0.0
"""When somebody said stop, where a record does not tell: anything that takes it back came later."""


class Said(NamedTuple):
    """What a record says of a person, to one number of the account; without a time, it does not tell when."""

    person: str
    own: str
    kind: Kind | str
    at: float | None


def suppress_from(records: AnyFrame | Iterable[AnyFrame], *, session: Session | None = None) -> pd.DataFrame:
    """Put people who said stop, by Nexmo's records, on the do-not-send list, and take those off it who said start.

    Parameters
    ----------
    records : DataFrame or iterable of DataFrame
        As ``records(direction="inbound", include_message=True)`` returns it, or `replies`: STOP and START are read from
        the texts. Or as outbound `records`, or `delivery`, return it: those with the error code 9 opted out.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a person and number of yours of which the records tell: ``to, country, number`` (yours), ``kind`` (of
        what was said last: stop, start, or code 9), ``at`` (time in UTC, of that), ``suppressed`` (bool: whether the
        person is on the list now), ``changed`` (bool: whether that is new).

    Raises
    ------
    InvalidRequestError
        If it is no frame of records, or inbound records have no texts: nothing is changed.
    UnreachableError
        If the list cannot be written: nothing is changed.

    Warns
    -----
    UserWarning
        If somebody said stop whose number cannot be read, such as a name.

    Notes
    -----
    STOP and its like in English, Portuguese, Spanish, French, German, Italian, Dutch, Polish and the Nordic languages
    count as the whole message or as its first word, please aside; START and its like as the whole message only. Case,
    accents, punctuation and blanks do not count. Words with which people also begin an answer (cancel, end, fim, baja,
    fin, basta …) count as the whole message only. `nexmo_nb.text.opt_outs` has the table.

    A STOP to one of your numbers keeps all of them from writing to the person. A START takes back what was said to the
    number that it was sent to: who said STOP to two numbers says START to both, or `unsuppress` takes them off the
    list. What was put on it by hand, only a hand takes off. The order in time decides, and not that in which records
    are read; of a STOP and a START of one second, the STOP counts. The same records may be read as often as you like,
    for instance the last seven days each night.

    A message that is split has a record for each part, so a part in the midst of a long text that begins with STOP
    counts as one: better once too often. Nothing is asked of Nexmo; what the codes of delivery records mean stands at
    https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> mine = nx.owned_numbers(country="GB").msisdn[0]
    >>> received = session.sandbox.receive("447700900123", mine, "Stop, please!")
    >>> inbound = nx.records(direction="inbound", include_message=True)
    >>> nx.suppress_from(inbound)[["to", "kind", "suppressed", "changed"]].values.tolist()
    [['447700900123', 'stop', True, True]]
    """
    session = session_or_current(session)
    tables = _list_tables(records)
    said = [each for table in tables for each in (*read_inbound(table), *_read_opted_out(table))]
    relevant = [each for each in said if each.kind in ("stop", "start", CODE_9)]
    events = [
        Event(each.person, each.own, each.kind != "start", ALWAYS if each.at is None else each.at, each.kind)
        for each in relevant
        if each.kind != "start" or each.at is not None
    ]
    noted = {each.recipient: each for each in session.ledger.suppressions.note(events)}
    last: dict[tuple[str, str], Said] = {}
    for each in sorted(relevant, key=lambda each: (each.at or ALWAYS, each.kind != "start")):
        last[each.person, each.own] = each
    rows = [
        {
            "to": each.person,
            "country": country_of(each.person),
            "number": each.own,
            "kind": each.kind,
            "at": each.at,
            "suppressed": noted[each.person].is_suppressed,
            "changed": noted[each.person].is_changed,
        }
        for each in last.values()
        if each.person in noted
    ]
    return frame(rows, COLUMNS)


def opt_out_violations(records: AnyFrame | Iterable[AnyFrame]) -> pd.DataFrame:
    """Find the messages that left after their recipient had said stop, and not start again, by Nexmo's records.

    Parameters
    ----------
    records : DataFrame or iterable of DataFrame
        Inbound records with their texts, and outbound ones:
        ``[nx.records(direction="inbound", include_message=True), nx.records()]``.

    Returns
    -------
    pandas.DataFrame
        The outbound records that came after a STOP, with their columns, and ``stopped`` (time in UTC: when
        the recipient said so), ``stopped_number`` (yours, to which they said it).

    Raises
    ------
    InvalidRequestError
        If it is no frame of records, or inbound records have no texts.

    Notes
    -----
    What counts as STOP and START is what counts for `suppress_from`. A STOP to one of your numbers counts for all of
    them and for names that you send under, a START for the number that it was sent to. A message that Nexmo had
    received in the same moment as the STOP, or before, is none of these, even where it was delivered later.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> mine = nx.owned_numbers(country="GB").msisdn[0]
    >>> received = session.sandbox.receive("447700900123", mine, "STOP")
    >>> parts = nx.send_sms("+44 7700 900123", "A last offer!", sender="Demo")
    >>> inbound = nx.records(direction="inbound", include_message=True)
    >>> nx.opt_out_violations([inbound, nx.records()]).to.tolist()
    ['447700900123']
    """
    by_person: dict[str, list[Said]] = {}
    tables = _list_tables(records)
    for each in (each for table in tables for each in read_inbound(table)):
        if each.kind in ("stop", "start") and each.at is not None:
            by_person.setdefault(each.person, []).append(each)
    found = [_find_violations(_select(table, "outbound"), by_person) for table in tables]
    return concat_frames(found, found[-1])


def _find_violations(outbound: pd.DataFrame, by_person: Mapping[str, Sequence[Said]]) -> pd.DataFrame:
    found: list[tuple[int, Said]] = []
    for place, (to, at) in enumerate(_list_rows(outbound, "to", "received")):
        said = by_person.get(read_digits(to) or "", ())
        if said and not pd.isna(at) and (stop := _find_stop(said, at.timestamp())) is not None:
            found.append((place, stop))
    violations = outbound.iloc[[place for place, _ in found]].copy()
    told = frame([{"stopped": s.at, "stopped_number": s.own} for _, s in found], _STOPPED)
    for name in ("stopped", "stopped_number"):
        violations[name] = told[name].array
    return violations


_STOPPED = (Column("stopped", TIME), Column("stopped_number"))


def _find_stop(said: Iterable[Said], at: float) -> Said | None:
    """Find what kept a person from being written to at a time: the first stop that was not taken back by then."""
    last: dict[str, Said] = {}
    for each in sorted(said, key=lambda each: (each.at or ALWAYS, each.kind != "start")):
        if (each.at or ALWAYS) < at:
            last[each.own] = each
    stops = [each for each in last.values() if each.kind == "stop"]
    return min(stops, key=lambda each: each.at or ALWAYS) if stops else None


def read_inbound(records: pd.DataFrame) -> list[Said]:
    """Read who wrote what kind of message to which number of the account; others than phone numbers are told of."""
    inbound = _select(records, "inbound")
    if len(inbound) and ("text" not in inbound or inbound["text"].isna().all()):
        raise InvalidRequestError(
            "records: got inbound records without their texts; allowed: records with them, for what somebody said "
            'stands in them. Nothing was changed. Read them by records(direction="inbound", include_message=True).',
            parameter="records",
        )
    found, unread = [], 0
    for sender, own, text, at in _list_rows(inbound, "sender", "to", "text", "received"):
        person, kind = read_digits(sender), find_kind(text)
        if person is not None:
            found.append(Said(person, read_digits(own) or str(own), kind, _to_seconds(at)))
        elif kind == "stop":
            unread += 1
    if unread:
        warnings.warn(
            f"{unread} messages that say stop come from what is no phone number: they cannot be put on the list.",
            stacklevel=3,
        )
    return found


def _list_tables(records: Any) -> list[pd.DataFrame]:
    """List the frames that were given, at least one."""
    one = to_pandas(records)
    tables = [one] if isinstance(one, pd.DataFrame) else validation.as_list("records", one, "a frame, or several")
    if not tables:
        raise validation.invalid_argument("records", records, "a frame of records, or several")
    found = [to_pandas(each) for each in tables]
    for each in found:
        check_records(each)
    return found


def check_records(records: Any) -> None:
    """Refuse what is neither records nor deliveries."""
    validation.check_frame(records, times=("received", "finalized"), words=("text",))
    if "direction" not in records and "delivery_code" not in records:
        names = ", ".join(map(str, records.columns))
        allowed = "a frame of records(), with the column 'direction', or of delivery(), with 'delivery_code'"
        raise validation.invalid_argument("records", names, allowed)
    validation.check_frame(records, "to", *(["sender", "received"] if "direction" in records else []))


def _read_opted_out(records: pd.DataFrame) -> Iterator[Said]:
    """Read the messages whose delivery was refused because their recipients opted out."""
    outbound = _select(records, "outbound")
    if "provider" in outbound:  # of the Messages API, whose codes are others
        outbound = outbound[outbound["provider"].isna()]
    names = ("to", "sender", "error_code", "delivery_code", "finalized", "received")
    for to, sender, error, delivery, finalized, received in _list_rows(outbound, *names):
        if OPTED_OUT in (error, delivery) and (person := read_digits(to)) is not None:
            own = UNKNOWN_SENDER if validation.is_missing(sender) else read_digits(sender) or str(sender)
            yield Said(person, own, CODE_9, _to_seconds(received if pd.isna(finalized) else finalized))


def _select(records: pd.DataFrame, direction: str) -> pd.DataFrame:
    """Select the records of a direction; those of `delivery`, which have none, are outbound."""
    if "direction" not in records:
        return records if direction == "outbound" else records.iloc[:0]
    is_wanted = records["direction"].eq(direction)
    if direction == "outbound" and "delivery_code" in records:
        is_wanted |= records["direction"].isna()
    return records[is_wanted.fillna(value=False).to_numpy(dtype=bool)]


def _list_rows(table: pd.DataFrame, *names: str) -> Iterator[tuple[Any, ...]]:
    nothing = [None] * len(table)
    columns: Mapping[str, Any] = {name: table[name].tolist() if name in table else nothing for name in names}
    return zip(*(columns[name] for name in names), strict=True)


def read_digits(value: Any) -> str | None:
    """Read a number of a record as sends spell it; None where it is no phone number."""
    digits = str(value).strip().removeprefix("+") if isinstance(value, (str, int)) else ""
    if not (digits.isascii() and digits.isdigit() and 5 <= len(digits) <= 15):
        return None
    try:
        return read_number(f"+{digits}").digits
    except UnreadableNumber:
        change = find_change(digits)  # operators may still name a number as it was before
        return digits if change is None else change[0]


def _to_seconds(at: Any) -> float | None:
    return None if at is None or pd.isna(at) else float(at.timestamp())
