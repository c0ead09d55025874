"""What became of sends, as frames, and how to forget whom they went to."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.contacts.countries import name_country
from nexmo_nb.contacts.numbers import country_of
from nexmo_nb.frames import TIME, Column, frame, frame_from_table
from nexmo_nb.messages.response import meaning_of_code
from nexmo_nb.reports.kept import forget_kept
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.sms.response import meaning_of_status
from nexmo_nb.state.suppression import CODE as SUPPRESSED

COLUMNS = (
    Column("batch"), Column("key"), Column("kind"), Column("state"), Column("to"), Column("country"),
    Column("country_name"), Column("network"), Column("sender"), Column("text"), Column("parts", "int64"),
    Column("price", "float64"), Column("currency"), Column("message_ids"), Column("delivery"),
    Column("final_price", "float64"), Column("client_ref"), Column("created", TIME), Column("started", TIME),
    Column("finished", TIME), Column("code"), Column("error"), Column("even_if_suppressed"),
)  # fmt: skip

PLAN_COLUMNS = (
    Column("to"), Column("state"), Column("message_ids"), Column("parts", "int64"), Column("price", "float64"),
    Column("currency"), Column("code"), Column("meaning"), Column("error"), Column("client_ref"), Column("country"),
    Column("country_name"), Column("network"), Column("text"),
)  # fmt: skip


def sent(
    batch: str | None = None,
    *,
    since: str | date | datetime | None = None,
    until: str | date | datetime | None = None,
    planned: bool = False,
    session: Session | None = None,
) -> pd.DataFrame:
    """Return everything that was ever sent from this account on this machine.

    Parameters
    ----------
    batch : str, optional
        Only this batch. Default: all, and single sends.
    since, until : str or datetime, optional
        Only what was entered at or after, and before, a time, as text in ISO 8601; UTC unless it says otherwise.
        Default: all.
    planned : bool
        True: also the rows of batches that were not sent yet, in the state planned. Default: only what left, and what
        Nexmo refused.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a message or call, oldest first: ``batch, key, kind`` (sms, messages, calls, tts), ``state, to,
        country`` (of the number), ``country_name, network`` (MCC and MNC, as the answer named it), ``sender, text``
        (text), ``parts`` (int), ``price`` (float, in ``currency``; by the Messages API missing until `delivery` finds
        it), ``message_ids`` (joined by spaces), ``delivery``, ``final_price``
        (float; what `delivery` found, else missing), ``client_ref``, ``created, started, finished`` (times in UTC:
        entered, left, answered), ``code, error, even_if_suppressed`` (why it left although the recipient was on the
        do-not-send list; missing where they were not).

    Raises
    ------
    InvalidRequestError, UnreachableError
        If an argument is wrong; if the ledger cannot be read.

    Notes
    -----
    Nothing is asked of Nexmo. `send_many` tells the states; those of delivery mean what
    https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts says.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo", key="hello-1")
    >>> nx.sent()[["key", "state", "parts"]].values.tolist()
    [['hello-1', 'accepted', 1]]
    """
    session = session_or_current(session)
    name = None if batch is None else validation.check_name("batch", batch)
    start = None if since is None else validation.check_time("since", since)
    end = None if until is None else validation.check_time("until", until)
    other_than = None if validation.check_bool("planned", planned) else "planned"
    session.ledger.mark_abandoned_unknown()
    wanted: dict[str, Any] = {"batch": name, "since": start, "until": end, "other_than": other_than}
    table = session.ledger.read_sent(**wanted)
    return outcome_frame(session.ledger.read_sends(**wanted)) if table is None else _build_sent_frame(table)


def discard(batch: str, *, session: Session | None = None) -> int:
    """Remove the rows of a batch that never left; what was sent of it, or may have been, stays.

    Parameters
    ----------
    batch : str
        Its name.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    int
        How many rows were removed, with their numbers and texts; 0 where there is no such batch.

    Raises
    ------
    InvalidRequestError
        If `batch` is no name, or the batch is being sent right now: nothing is removed.
    UnreachableError
        If the ledger cannot be written.

    Notes
    -----
    Nothing is asked of Nexmo. `send_many` with the same plan plans the rows anew. Rows that `settle` did not find, and
    that were planned again, may have left before: they stay, and are not found. To erase whom messages went to, see
    `forget`, and https://developer.vonage.com/en/redact/overview for Nexmo's own copies.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> plan = nx.plan_sms(["+351 912 345 678"], "Hello", sender="Demo")
    >>> outcome = nx.send_many(plan, batch="hello", progress=False)
    >>> nx.discard("hello"), nx.sent("hello").state.tolist()
    (0, ['accepted'])
    """
    return session_or_current(session).ledger.discard(validation.check_name("batch", batch))


def forget(*, before: str | date | datetime, session: Session | None = None) -> int:
    """Remove numbers, senders, texts, references and keys of what was sent before a time; keep counts and costs.

    Parameters
    ----------
    before : str or datetime
        As text in ISO 8601, such as ``"2026-11-24"`` or ``"2026-11-24T09:30"``; UTC unless it says otherwise.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    int
        How many messages and calls were forgotten. What is planned, being sent or unknown is kept until it is settled,
        and a batch that is being sent until it has ended: a warning tells of how many messages.

    Raises
    ------
    InvalidRequestError, UnreachableError
        If `before` is no time; if the ledger cannot be written.

    Notes
    -----
    A batch of which anything was forgotten cannot be continued: who has been sent to is no longer known. A forgotten
    key is free again. The file is overwritten where the data stood. Of the records that `records` keeps, those before
    that time lose the same. People who were put on the do-not-send list before that time stay on it, without their
    numbers (see `suppressed`). Copies at Nexmo are not touched:
    https://developer.vonage.com/en/redact/overview.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> nx.forget(before="2100-01-01"), nx.sent().to.isna().tolist()
    (1, [True])
    """
    session, time = session_or_current(session), validation.check_time("before", before)
    count, left = session.ledger.forget(time)
    forget_kept(session, time)
    session.insights.forget(time)
    if left:
        warnings.warn(
            f"{left} messages were not forgotten, because their batch is being sent right now: call forget() again "
            "when it has ended.",
            stacklevel=2,
        )
    return count


def outcome_frame(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """Build the frame of `sent` from rows of the ledger."""
    return frame(describe_sends(rows), COLUMNS)


def describe_sends(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Give rows of the ledger what a frame tells of each: whom it went to, and in how many parts."""
    return ({**row, **_describe_recipient(row), "parts": row["parts"] or 0} for row in rows)


def _build_sent_frame(table: Any) -> pd.DataFrame:
    """Build the same frame as `outcome_frame` from a table of the ledger."""
    import pyarrow as pa

    countries, names = find_countries(table["recipient"].combine_chunks())
    columns = {
        **dict(zip(table.column_names, table.columns, strict=True)),
        "to": table["recipient"],
        "text": table["body"],
        "parts": table["parts"].fill_null(0),
        "country": countries,
        "country_name": names,
    }
    return frame_from_table(pa.table({column.name: columns[column.name] for column in COLUMNS}), COLUMNS)


def find_countries(numbers: Any) -> tuple[Any, Any]:
    """Find codes and names of the countries of an Arrow array of numbers, each number once, plain ones together."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from nexmo_nb.contacts.plain_numbers import read_plain_numbers

    different = numbers.dictionary_encode()
    given, take = different.dictionary, different.indices
    found: dict[int, str | None] = {}
    for plain in read_plain_numbers(pc.binary_join_element_wise("+", given.cast(pa.string()), ""), None):
        found.update(zip(plain.places.tolist(), plain.country.tolist(), strict=True))
    codes = [found[n] if n in found else country_of(given[n].as_py()) for n in range(len(given))]
    known = {code: None if code is None else name_country(code) for code in set(codes)}
    names = [known[code] for code in codes]
    return pa.array(codes, pa.large_string()).take(take), pa.array(names, pa.large_string()).take(take)


def plan_outcome_frame(
    plan: pd.DataFrame, skipped: Mapping[int, str], ids: Mapping[int, str], sends: Iterable[Mapping[str, Any]]
) -> pd.DataFrame:
    """Build the frame of `send_many`: the rows of the plan, with what the ledger knows about each.

    `skipped` has the reasons of the rows that are left out, and `ids` the sends of the others, by the row's place.
    """
    by_id = {row["id"]: row for row in sends}
    rows: list[dict[str, Any]] = []
    texts = plan["text"] if "text" in plan else [None] * len(plan)
    for place, (to, text, problem) in enumerate(zip(plan["to"], texts, plan["problem"], strict=True)):
        row = _describe_recipient({"recipient": to, "body": text})
        if place in ids:
            rows.append({**row, **_describe_send(by_id.get(ids[place]))})
        elif place in skipped:
            rows.append({**row, "state": "skipped", "parts": 0, "error": skipped[place]})
        else:
            rows.append({**row, "state": "problem", "parts": 0, "error": problem})
    found = frame(rows, PLAN_COLUMNS)
    found.index = plan.index  # whatever it is: the labels tell the user whom a result belongs to
    return found


def _describe_recipient(send: Mapping[str, Any]) -> dict[str, Any]:
    """Give the columns that tell to whom something goes, and what; a number that was forgotten has no country."""
    to, text = (None if validation.is_missing(send[name]) else send[name] for name in ("recipient", "body"))
    country = None if to is None else country_of(to)
    name = None if country is None else name_country(country)
    return {"to": to, "text": text, "country": country, "country_name": name}


def _describe_send(send: Mapping[str, Any] | None) -> dict[str, Any]:
    """Give the columns of `send_many` for a send of the ledger."""
    if send is None:
        error = "another run of this batch gave this row another content meanwhile, and this one was not sent"
        return {"state": "planned", "parts": 0, "error": error}
    meaning = None
    if send["state"] == "accepted":
        meaning = "accepted"
    elif send["code"] == SUPPRESSED or (send["state"] in ("partial", "rejected") and send["code"]):
        meaning = find_meaning(send["kind"], send["code"])
    # A plan that was refused before may have another text than the one that the person got since.
    text = {"text": send["body"]} if send.get("body") else {}
    return {**send, **text, "parts": send["parts"] or 0, "meaning": meaning}


def find_meaning(kind: str, code: str | None) -> str | None:
    """Say what the code of a refusal means, by the API that a message travelled by; None without a code."""
    if code is None:
        return None
    if code == SUPPRESSED:
        return "on the do-not-send list"
    return meaning_of_code(code) if kind == "messages" else meaning_of_status(code)
