"""Nexmo's own records: what happened to messages and calls, when, and what it cost."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.arrow_frames import AnyFrame
from nexmo_nb.reports.columns import DIRECTED, PRODUCTS, Product
from nexmo_nb.reports.delivery_status import add_deliveries, parse_delivery, read_parts
from nexmo_nb.reports.parquet import make_folder
from nexmo_nb.reports.purchases import check_record_count
from nexmo_nb.reports.readers import Manner, read_at_once, read_by_ids, read_by_report, read_into_folder, read_report
from nexmo_nb.reports.request import RecordsQuery, check_filters, check_ids, check_span, is_read_at_once
from nexmo_nb.reports.spending import find_price
from nexmo_nb.session import Session, session_or_current

__all__ = ["delivery", "read_report", "records"]
Direction = Literal["outbound", "inbound"]
Mode = Literal["auto", "sync", "async"]


def records(
    product: Product = "SMS",
    *,
    start: str | date | datetime | None = None,
    end: str | date | datetime | None = None,
    direction: Direction | None = None,
    status: str | None = None,
    sender: str | None = None,
    recipient: str | None = None,
    country: str | None = None,
    network: str | None = None,
    account_ref: str | None = None,
    client_ref: str | None = None,
    call_id: str | None = None,
    account_id: str | None = None,
    include_subaccounts: bool = False,
    ids: Iterable[str] | None = None,
    include_message: bool = False,
    to: str | Path | None = None,
    mode: Mode = "auto",
    max_records: int | None = 100_000,
    progress: bool = True,
    refresh: bool = False,
    session: Session | None = None,
) -> pd.DataFrame:
    """Read Nexmo's records of messages and calls: what happened, when, and what it cost. Each record costs money once.

    Parameters
    ----------
    product : str
        ``"SMS"``, ``"MESSAGES"``, ``"VOICE-CALL"``, ``"VERIFY-V2"``, ``"REPORTS-USAGE"`` (free) or another product of
        the Reports API.
    start, end : str or datetime, optional
        From, and before, as text in ISO 8601; UTC unless they say otherwise; at most five years, of which Nexmo keeps
        13 months. Default: the last seven days.
    direction : {"outbound", "inbound"}, optional
        Default: outbound for SMS and messages, which must have one; both for the others.
    status, sender, recipient, country, network, account_ref, client_ref, call_id : str, optional
        Only records that have it; the country by its code of ISO 3166-1, or a name. Default: any.
    account_id : str, optional
        The key of a subaccount, to read its records. Default: this account.
    include_subaccounts : bool
        True: with the records of all subaccounts, by report; column ``account_id`` says whose a record is.
    ids : iterable of str, optional
        Only the messages or calls with these ids, twenty a request; then no time and no filter.
    include_message : bool
        True: with the texts. Default: without, for they are personal. Reading a span with texts after it was read
        without is paid again.
    to : str or Path, optional
        A folder, or one at an address of fsspec such as ``"s3://bucket/records"`` (needs
        ``pip install 'nexmo_nb[dask]'``): the records are written there as Parquet, a file a month, without ever being
        in memory all at once.
        A month whose file exists, or whose records are all kept, is not bought again.
    mode : {"auto", "sync", "async"}
        ``"sync"`` reads a thousand records at a time, ``"async"`` a report a month. Default: whichever fits the span.
    max_records : int, optional
        Refuses to buy more than so many. The number is known only once a report is made: with several months it is
        estimated from the first, and the others are requested after that. None: no bound.
    progress : bool
        Show a bar where several months are read.
    refresh : bool
        True: buy again what is kept. Default: what was read before, by this or by an earlier kernel, is not bought
        again; nor is a report that was requested and not read completely, for three days.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a record; an SMS of several parts has a row for each. Of SMS: ``message_id, client_ref, account_ref,
        direction, sender, to, country, country_name, network, network_name`` (text), ``received, finalized`` (times in
        UTC), ``latency`` (float, seconds), ``status, error_code, meaning`` (text), ``price`` (float, in ``currency``),
        ``text, concatenated`` and further fields of the API as text. Of calls also ``started, ended`` (times),
        ``duration`` (seconds), ``rate`` (float, a minute). Of other products the fields that the API documents, by the
        same names: ``provider``, ``workflow_id, tier_volume, pricing_model`` (text), ``estimated_price, sms_price,
        tts_price, items_written`` (float); of ``VERIFY-API``, which has no total, ``price`` is the API's price. Fields
        that are not documented follow as text. With `ids`, ``.attrs["ids_not_found"]`` lists those that Nexmo says have
        no record. With `to`: one row a file, ``path, start, end, rows``.

    Raises
    ------
    NexmoError
        If any part cannot be read: a part of the records is never returned as if it were all. An `InvalidRequestError`
        if an argument is wrong, or it would be more than `max_records`.

    Notes
    -----
    ``GET /v2/reports/records`` and ``POST /v2/reports``, https://developer.vonage.com/en/api/reports. Nexmo charges for
    each record, every time; ``REPORTS-USAGE`` is free. What it costs is said before and after, from a cent on: by
    `set_options`, by ``REPORTS-USAGE`` of the last month, or else 0.0004 EUR, the list of 2020. With
    ``set_options(report_budget=…)`` what could be more is refused; where nothing is known of such records, a first day
    is bought to estimate from. Records that are four days old do not change any more, and are kept as Parquet in the
    account's state folder: only what is missing is bought. Younger ones may come late or change, and are bought each
    time. `forget` reaches what is kept.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+264 81 1234567", "Hello", sender="Demo")
    >>> nx.records().country.tolist()
    ['NA']
    """
    session = session_or_current(session)
    product = validation.check_choice("product", product, PRODUCTS)
    if direction is not None:
        direction = validation.check_choice("direction", direction, get_args(Direction))
    elif product in DIRECTED:
        direction = "outbound"
    fields = {"status": status, "from": sender, "to": recipient, "country": country, "network": network}
    fields |= {"account_ref": account_ref, "client_ref": client_ref, "call_id": call_id}
    filters = check_filters(direction, include_message, fields)
    until = session.ledger.clock() if end is None else validation.check_time("end", end)
    owner = (
        session.account.api_key if account_id is None else validation.check_text("account_id", account_id, longest=40)
    )
    whole = validation.check_bool("include_subaccounts", include_subaccounts)
    query = RecordsQuery(owner, product, direction, *check_span(start, end, until), filters, whole)
    max_records = None if max_records is None else validation.check_int("max_records", max_records, 1)
    manner = Manner(max_records, validation.check_bool("progress", progress), validation.check_bool("refresh", refresh))
    mode = validation.check_choice("mode", mode, get_args(Mode))
    if ids is not None:
        other = {"start": start, "end": end, "to": to, "mode": "async" if mode == "async" or whole else None}
        return read_by_ids(session, query, check_ids(ids, other, filters), max_records)
    if is_read_at_once(query, mode, to_folder=to is not None):
        return read_at_once(session, query, manner)
    if to is None:
        return read_by_report(session, query, manner)
    return read_into_folder(session, query, make_folder(to), manner)


def delivery(
    messages: str | Iterable[str] | AnyFrame, *, max_records: int | None = 100_000, session: Session | None = None
) -> pd.DataFrame:
    """Look up the delivery status of SMS in Nexmo's records; each record costs money.

    Parameters
    ----------
    messages : str, iterable of str or DataFrame
        A batch's name; or message ids; or a frame with a column ``message_id`` (as of `send_sms` or `records`) or
        ``message_ids`` (as of `sent`, joined by spaces).
    max_records : int, optional
        Refuses to ask for more than so many messages. None: no bound.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a part of a message: the columns that were given, and ``message_id, delivery`` (delivered, failed,
        expired, rejected, accepted, buffered, unknown; missing where there is no record yet), ``delivery_code,
        delivery_meaning`` (text), ``final_price`` (float, in ``currency``), ``finalized`` (time in UTC), ``latency``
        (float, seconds). A frame's index is kept; the parts of one message have its label. For ids the order is theirs;
        for a batch there are also ``batch, to, client_ref, price``.

    Raises
    ------
    NexmoError
        If the records cannot be read; an `InvalidRequestError` if an argument is wrong, or it would be more than
        `max_records`.

    Notes
    -----
    ``GET /v2/reports/records`` by id, twenty a request, https://developer.vonage.com/en/api/reports. What is found is
    kept in the ledger: `sent` shows it from then on, and what messages of the Messages API cost, which is known only by
    their records, counts in budgets. Ids that the ledger does not have are asked of the API of the connection
    (``connect(sms_api=…)``). Status ``delivered`` is what the operator says.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> parts = nx.send_sms("+44 7700 900000", "Hello", sender="Demo")
    >>> nx.delivery(parts)[["to", "delivery", "delivery_meaning"]].values.tolist()
    [['447700900000', 'delivered', 'delivered']]
    """
    session = session_or_current(session)
    parts = read_parts(messages, session)
    ids = [str(code) for code in parts["message_id"].dropna().unique()]
    max_records = None if max_records is None else validation.check_int("max_records", max_records, 1)
    check_record_count(len(ids), max_records, find_price(session, "SMS", learn=False))
    kinds, usual = session.ledger.read_kinds(ids), session.account.sms_api
    rows: list[dict[str, Any]] = []
    for product in ("SMS", "MESSAGES"):
        some = [code for code in ids if (kinds.get(code, usual) == "messages") == (product == "MESSAGES")]
        found = records(product, ids=some, max_records=max_records, session=session)
        rows += [parse_delivery(record) for record in found.to_dict("records")]
    session.ledger.record_deliveries(rows)
    return add_deliveries(parts, rows)
