"""Numbers on the wire: their columns, what is asked, and what an answer means."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.contacts.numbers import check_msisdn
from nexmo_nb.errors import NexmoError, NotFoundError, RejectedError, UnreachableError
from nexmo_nb.frames import Column, frame, frame_from_columns
from nexmo_nb.session import (
    Listing,
    Request,
    Session,
    field,
    one_line,
    parse_status,
    session_or_current,
    unanswered_error,
)

__all__ = ["COLUMNS", "LISTING", "MATCHES", "OWNED_COLUMNS", "change", "flat", "owned", "settings", "table"]

COLUMNS = (
    Column("country"),
    Column("msisdn"),
    Column("type"),
    Column("sms", "bool"),
    Column("voice", "bool"),
    Column("mms", "bool"),
    Column("monthly_cost", "float64"),
    Column("setup_cost", "float64"),
    Column("currency"),
)
OWNED_COLUMNS = (
    *COLUMNS,
    Column("app_id"),
    Column("mo_http_url"),
    Column("voice_callback_type"),
    Column("voice_callback_value"),
)
RESULT_COLUMNS = (Column("country"), Column("msisdn"), Column("status"), Column("meaning"))

LISTING = Listing(page="index", size="size", rows=("numbers",), total="count")
MATCHES = {"starts": "0", "contains": "1", "ends": "2"}


def owned(query: Mapping[str, str]) -> Request:
    """Request for owned numbers."""
    return Request("list owned numbers", "GET", "/account/numbers", family="owned", params=query)


def settings(session: Session, country: str, msisdn: str) -> dict[str, str]:
    """Read what the number is linked to now, in the words of an update."""
    query = {"country": country, "pattern": msisdn, "search_pattern": MATCHES["contains"]}
    rows = session.read_pages(owned(query), LISTING, refresh=True).rows
    found = next((row for row in rows if str(row.get("msisdn")) == msisdn), None)
    if found is None:
        raise NotFoundError(f"Could not update {msisdn}: the account has no such number in {country}.")
    names = ("app_id", "moHttpUrl", "voiceCallbackType", "voiceCallbackValue")
    kept = {name: found[name] for name in names if found.get(name)}
    if not all(isinstance(value, str) for value in kept.values()):
        raise UnreachableError(f"Could not update {msisdn}: its settings cannot be read. Nothing was changed.")
    return kept


def change(
    action: str, country: str, msisdn: str | int, fields: Mapping[str, str], session: Session | None
) -> pd.DataFrame:
    """Rent, give back or update a number, and give what Nexmo said of it."""
    session = session_or_current(session)
    form = {"country": validation.check_country(country), "msisdn": check_msisdn(msisdn), **fields}
    ask = Request(
        f"{action} number {form['msisdn']}",
        "POST",
        f"/number/{action}",
        family="numbers",
        data=form,
        invalidates=("numbers", "owned"),
        find_refusal=_refusal,
    )
    body = session.call(ask)
    row = {**form, "status": parse_status(field(body, "error-code")), "meaning": field(body, "error-code-label")}
    return frame([row], RESULT_COLUMNS)


def _refusal(ask: Request, body: Any) -> NexmoError | None:
    """Find a refusal that came with HTTP 200."""
    code = parse_status(field(body, "error-code"))
    if code is None or int(code) >= 500:
        return unanswered_error(ask, "the answer does not say whether it was done", status=200)
    label = one_line(field(body, "error-code-label") or "no reason given")
    return (
        None if code == "200" else RejectedError(f"Could not {ask.what}: {label} ({code}).", code=code, meaning=label)
    )


def flat(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Take out of a number what a frame holds of it, in the order of `OWNED_COLUMNS`, but for the currency."""
    get = row.get
    listed = get("features")
    try:
        sms, voice, mms = able(tuple(listed) if type(listed) is list else listed)
    except TypeError:  # no list of texts, as it should be
        sms, voice, mms = able(str(listed) if type(listed) is list else None)
    return (
        get("country"),
        get("msisdn"),
        get("type"),
        sms,
        voice,
        mms,
        get("cost"),
        get("initialPrice"),
        get("app_id"),
        get("moHttpUrl"),
        get("voiceCallbackType"),
        get("voiceCallbackValue"),
    )


def table(rows: Sequence[tuple[Any, ...]], currency: str, columns: Sequence[Column], count: int) -> pd.DataFrame:
    """Put numbers of either list, made `flat`, into a frame."""
    names = [column.name for column in OWNED_COLUMNS if column.name != "currency"]
    values: dict[str, Sequence[Any]] = dict(zip(names, zip(*rows, strict=True) if rows else [()] * 12, strict=True))
    return frame_from_columns({**values, "currency": [currency] * len(rows)}, columns, {"count": count})


@lru_cache(maxsize=1000)
def able(features: tuple[Any, ...] | str | None) -> tuple[bool, bool, bool]:
    """Tell whether SMS, voice and MMS are in a list, or in a text with commas, as it is written; few lists differ."""
    names = re.findall("[A-Z]+", str(features or "").upper())
    return "SMS" in names, "VOICE" in names, "MMS" in names
