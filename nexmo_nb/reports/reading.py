"""`records`: asks, in the cheapest way that fits, for what happened, and gives it as one typed frame or as files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.errors import InvalidRequestError, UnreachableError
from nexmo_nb.frames import TIME, Column, apply_dtypes, concat_frames, frame, parse_number, read_text_csv, text_frame
from nexmo_nb.reports import wire
from nexmo_nb.reports.fields import DIRECTED, PRODUCTS, columns_of
from nexmo_nb.reports.parquet import Writer, file_name
from nexmo_nb.session import Session, session_or_current

__all__ = ["PRICE", "records"]

PRICE = 0.0004
"""EUR that Nexmo asks for a record by its list of 2020, https://www.vonage.com/communications-apis/reports/pricing."""
DAY = 86_400.0
SMALL = 2 * DAY
"""Seconds up to which records are asked for at once, a day at a time; a longer span is ordered as a report."""
LONGEST = 5 * 366 * DAY
CHUNK = 200_000
AT_ONCE = 20
FILES = (Column("path"), Column("start", TIME), Column("end", TIME), Column("rows", "int64"))
MODES = ("auto", "sync", "async")
# Parameters of `records` that are filters, by their names on the wire, and whether they can be asked for at once.
FILTERS = {
    "status": True,
    "from": True,
    "to": True,
    "country": True,
    "network": True,
    "account_ref": True,
    "client_ref": False,
    "call_id": True,
}


class RecordsQuery(NamedTuple):
    """What is asked for, checked."""

    session: Session
    product: str
    direction: str | None
    start: float
    end: float
    filters: Mapping[str, str | bool]
    max_records: int | None
    anew: bool

    @property
    def what(self) -> str:
        """Name it, for messages."""
        span = " to ".join(wire.stamp(at)[:10] for at in (self.start, self.end))
        return f"read {' '.join(filter(None, (self.direction, self.product)))} records, {span}"

    def apply_dtypes(self, text: pd.DataFrame) -> pd.DataFrame:
        """Give records their columns; latency comes in milliseconds, a currency left out is the account's."""
        columns = columns_of(self.product, self.direction, text.columns)
        if columns and not set(columns) & set(text.columns):
            raise ValueError("none of the columns is one of a record")
        found = apply_dtypes(text, columns)
        if "latency" in found:
            found["latency"] /= 1000.0
        if "currency" in found:
            found["currency"] = found["currency"].fillna(self.session.account.currency)
        return found

    def empty(self) -> pd.DataFrame:
        """Give no records, in their columns."""
        return self.apply_dtypes(text_frame([], list(columns_of(self.product, self.direction))))

    def refuse_more(self, count: float) -> None:
        """Stop where it would be more records than the caller wants to pay for."""
        if self.max_records is not None and count > self.max_records:
            raise InvalidRequestError(
                f"max_records: got {self.max_records:,}, but this is about {count:,.0f} records, and Nexmo charges "
                f"about {PRICE} EUR for each: {count * PRICE:,.2f} EUR. Allowed: a shorter time, narrower filters, or "
                "a higher max_records (None: no bound). What was ordered so far is not charged again for three days."
            )


class Piece(NamedTuple):
    """A month of what is asked for: its request, and the file that it goes to, if any."""

    start: float
    end: float
    body: dict[str, Any]
    path: Path | None


def records(
    product: str = "SMS",
    *,
    start: str | date | datetime | None = None,
    end: str | date | datetime | None = None,
    direction: str | None = None,
    status: str | None = None,
    sender: str | None = None,
    recipient: str | None = None,
    country: str | None = None,
    network: str | None = None,
    account_ref: str | None = None,
    client_ref: str | None = None,
    call_id: str | None = None,
    ids: Iterable[str] | None = None,
    include_message: bool = False,
    to: str | Path | None = None,
    mode: str = "auto",
    max_records: int | None = 100_000,
    progress: bool = True,
    refresh: bool = False,
    session: Session | None = None,
) -> pd.DataFrame:
    """Read Nexmo's records of messages and calls: what happened, when, and what it cost. Each record costs money.

    Parameters
    ----------
    product : str
        ``"SMS"``, ``"VOICE-CALL"``, ``"VOICE-FAILED"``, ``"VOICE-TTS"``, ``"MESSAGES"`` or another of the Reports API.
    start, end : str or datetime, optional
        From, and before; UTC unless they say otherwise; at most five years, of which Nexmo keeps 13 months. Default:
        the last seven days.
    direction : {"outbound", "inbound"}, optional
        Default: outbound for SMS and messages, which must have one; both for the others.
    status, sender, recipient, country, network, account_ref, client_ref, call_id : str, optional
        Only records that have it. Default: any.
    ids : iterable of str, optional
        Only the messages or calls with these ids, twenty a request; then no time and no filter.
    include_message : bool
        True: with the texts. Default: without, for they are personal.
    to : str or Path, optional
        A folder: the records are written there as Parquet, a file a month, without ever being in memory all at once.
    mode : {"auto", "sync", "async"}
        ``"sync"`` asks for a thousand records at a time; ``"async"`` orders a report a month and fetches its file.
        Default: whichever fits the span.
    max_records : int, optional
        Refuses to ask for more than so many. How many there are is known only once a report is made, so an order of
        several months is held after the first, which tells what all will have. None: no bound.
    progress : bool
        Show a bar where several months are read.
    refresh : bool
        True: order anew what was ordered before. Default: a report that was ordered, by this or by a kernel that died,
        and not read to its end is fetched without a second charge, for three days.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a record; an SMS of several parts has a row for each. Of SMS: ``message_id, client_ref, account_ref,
        direction, sender, to, country, country_name, network, network_name`` (text), ``received, finalized`` (times in
        UTC), ``latency`` (float, seconds), ``status, error_code, meaning`` (text), ``price`` (float, in ``currency``),
        ``text, concatenated`` and further fields of the API as text. Of calls also ``started, ended`` (times),
        ``duration`` (seconds), ``rate`` (float, a minute). With `to`: one row a file, ``path, start, end, rows``.

    Raises
    ------
    InvalidRequestError
        If an argument is wrong, or it would be more than `max_records`.
    NexmoError
        If any part cannot be read: a part of the records is never returned as if it were all.

    Notes
    -----
    ``GET /v2/reports/records`` and ``POST /v2/reports``, https://developer.vonage.com/en/api/reports. Nexmo charges for
    each record, 0.0004 EUR by its list of 2020. Records may come late, and their status may change for some days.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+264 81 1234567", "Hello", sender="Demo")
    >>> nx.records().country.tolist()
    ['NA']
    """
    session = session_or_current(session)
    product = validation.check_choice("product", product, [name for name in PRODUCTS if " " not in name])
    folder = None if to is None else _folder(to)
    if direction is not None or product in DIRECTED:
        direction = validation.check_choice(
            "direction", "outbound" if direction is None else direction, ("outbound", "inbound")
        )
    filters = _filters(
        direction,
        include_message,
        {
            "status": status,
            "from": sender,
            "to": recipient,
            "country": None if country is None else validation.check_country(country),
            "network": network,
            "account_ref": account_ref,
            "client_ref": client_ref,
            "call_id": call_id,
        },
    )
    until = session.ledger.clock() if end is None else validation.check_time("end", end)
    since = until - 7 * DAY if start is None else validation.check_time("start", start)
    if not 0 <= since < until:
        raise validation.invalid_argument("end", end, f"a time after start, {wire.stamp(max(since, 0))}")
    if until - since > LONGEST:
        raise validation.invalid_argument(
            "start", start, "at most five years before end", "Nexmo keeps records for 13 months."
        )
    bound = None if max_records is None else validation.check_int("max_records", max_records, 1)
    progress = validation.check_bool("progress", progress)
    ask = RecordsQuery(
        session, product, direction, since, until, filters, bound, validation.check_bool("refresh", refresh)
    )
    mode = validation.check_choice("mode", mode, MODES)
    if ids is not None:
        _refuse_with_ids(start, end, filters, to, mode)
        return _by_id(ask, ids)
    if _at_once(ask, mode, folder):
        return _sync(ask)
    return _ordered(ask, folder, progress)


def _filters(direction: str | None, include_message: bool, wanted: Mapping[str, Any]) -> dict[str, str | bool]:
    filters: dict[str, str | bool] = {} if direction is None else {"direction": direction}
    filters |= {
        name: validation.check_text(name, value, longest=200) for name, value in wanted.items() if value is not None
    }
    return filters | ({"include_message": True} if validation.check_bool("include_message", include_message) else {})


def _refuse_with_ids(start: Any, end: Any, filters: Mapping[str, Any], to: Any, mode: str) -> None:
    if start is not None or end is not None or to is not None or mode == "async" or set(filters) & set(FILTERS):
        raise validation.invalid_argument("ids", "ids and a time, a filter, a folder or mode='async'", "ids alone")


def _at_once(ask: RecordsQuery, mode: str, folder: Path | None) -> bool:
    """Choose: at once for a short span in memory, else by report."""
    slow = [name for name, quick in FILTERS.items() if not quick and name in ask.filters]
    if mode == "sync" and (slow or folder):
        raise validation.invalid_argument("mode", mode, f"'async' or 'auto' with {slow[0] if slow else 'to'}")
    return mode == "sync" or (mode == "auto" and not slow and folder is None and ask.end - ask.start <= SMALL)


def _by_id(ask: RecordsQuery, ids: Iterable[str]) -> pd.DataFrame:
    """Read the records of some messages or calls; those that Nexmo does not know have none."""
    allowed = "ids of messages or calls"
    codes = list(
        dict.fromkeys(
            validation.check_text("ids", code, longest=64) for code in validation.as_list("ids", ids, allowed)
        )
    )
    for code in codes:
        if not re.fullmatch(r"[^\s,]+", code):
            raise validation.invalid_argument("ids", code, f"{allowed}, without spaces and commas")
    ask.refuse_more(len(codes))
    rows: list[dict[str, Any]] = []
    for n in range(0, len(codes), AT_ONCE):
        query = {
            "product": ask.product,
            "account_id": ask.session.account.api_key,
            **ask.filters,
            "id": ",".join(codes[n : n + AT_ONCE]),
        }
        for page in wire.pages(ask.session, query, f"read {ask.product} records by id"):
            rows += page
    return ask.apply_dtypes(text_frame(rows, list(columns_of(ask.product, ask.direction))))


def _sync(ask: RecordsQuery) -> pd.DataFrame:
    """Read a day at a time, page by page: older servers answer for no longer span."""
    frames, count, start = [], 0, ask.start
    names = list(columns_of(ask.product, ask.direction))
    while start < ask.end:
        end = min(start + DAY, ask.end)
        query = wire.body_of(ask.session, ask.product, start, end, {**ask.filters, **_concatenated(ask)})
        for page in wire.pages(ask.session, query, ask.what):
            count += len(page)
            ask.refuse_more(count)
            frames.append(ask.apply_dtypes(text_frame(page, names)))
        start = end
    return concat_frames(frames, ask.empty())


def _ordered(ask: RecordsQuery, folder: Path | None, progress: bool) -> pd.DataFrame:
    """Order a report for each month and read them in turn; months whose files are there are not asked for again."""
    pieces = list(_pieces(ask, folder))
    missing = [piece for piece in pieces if ask.anew or piece.path is None or not piece.path.exists()]
    frames: list[pd.DataFrame] = []
    with ExitStack() as stack:
        step = _bar(stack, len(missing), ask.what) if progress and len(missing) > 1 else lambda: None
        for n, piece in enumerate(missing):
            status = wire.ready(ask.session, piece.body, ask.what, anew=ask.anew)
            if n == 0:
                # What the first month holds tells what all will; then they are made while it is read.
                seconds = sum(each.end - each.start for each in missing)
                count = parse_number(status.get("items_count"))
                if len(missing) > 1 and ask.max_records is not None and not count >= 0:
                    raise UnreachableError(f"Could not {ask.what}: the first report does not say how many it holds.")
                ask.refuse_more(count * seconds / (piece.end - piece.start))
                for later in missing[1:]:
                    wire.order(ask.session, later.body, ask.what, anew=ask.anew)
            with wire.fetched(ask.session, status, ask.what) as parts:
                chunks = (ask.apply_dtypes(text) for part in parts for text in read_text_csv(part, CHUNK))
                if piece.path is None:
                    frames += chunks
                else:
                    Writer(piece.path).write(chunks, ask.empty())
            step()
    wire.done(ask.session, [piece.body for piece in missing])
    files = [
        {"path": str(piece.path), "start": piece.start, "end": piece.end, "rows": Writer(piece.path).rows()}
        for piece in pieces
        if piece.path is not None
    ]
    return concat_frames(frames, ask.empty()) if folder is None else frame(files, FILES)


def _pieces(ask: RecordsQuery, folder: Path | None) -> Iterator[Piece]:
    """Cut the span at the beginnings of months, in UTC."""
    start = ask.start
    while start < ask.end:
        at = datetime.fromtimestamp(start, tz=timezone.utc)
        year, month = (at.year, at.month + 1) if at.month < 12 else (at.year + 1, 1)
        end = min(datetime(year, month, 1, tzinfo=timezone.utc).timestamp(), ask.end)
        body = wire.body_of(ask.session, ask.product, start, end, {**ask.filters, **_concatenated(ask)})
        path = None if folder is None else folder / file_name(ask.product, ask.direction, (start, end), body)
        yield Piece(start, end, body, path)
        start = end


def _concatenated(ask: RecordsQuery) -> dict[str, bool]:
    return {"show_concatenated": True} if (ask.product, ask.direction) == ("SMS", "outbound") else {}


def _folder(to: str | Path) -> Path:
    """Make sure, before anything is asked for, that there is somewhere to write to, and something to write with."""
    Writer.require()
    try:
        folder = Path(to)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, TypeError, ValueError) as problem:
        reason = str(problem.strerror) if isinstance(problem, OSError) else ""
        raise validation.invalid_argument("to", to, "a folder that can be made", reason) from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise validation.invalid_argument("to", str(to), "a folder that can be written")
    return folder


def _bar(stack: ExitStack, total: int, what: str) -> Callable[[], None]:
    from tqdm.auto import tqdm

    bar = stack.enter_context(tqdm(total=total, desc=what, unit="month"))

    def step() -> None:
        bar.update()

    return step
