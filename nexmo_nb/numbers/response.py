"""Responses of the Numbers API as rows: columns, refusals, and the settings of an owned number. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nexmo_nb.errors import NexmoError, NotFoundError, RejectedError, UnreachableError
from nexmo_nb.frames import Column
from nexmo_nb.session import Listing, Request, get_field, one_line, parse_status, unanswered_error

COLUMNS = (
    *map(Column, ("country", "msisdn", "type")),
    *(Column(name, "bool") for name in ("sms", "voice", "mms")),
    *(Column(name, "float64") for name in ("monthly_cost", "setup_cost")),
    Column("currency"),
    Column("limitations"),
)
# The columns whose values stand in a field of the API, and its name for it. An update keeps the settings.
SETTINGS = {
    "app_id": "app_id",
    "mo_http_url": "moHttpUrl",
    "voice_callback_type": "voiceCallbackType",
    "voice_callback_value": "voiceCallbackValue",
    "voice_status_callback": "voiceStatusCallback",
    "messages_callback_type": "messagesCallbackType",
    "messages_callback_value": "messagesCallbackValue",
}
ROUTES = ("app_id", "mo_http_url", "voice_callback_value", "messages_callback_value")
"""The columns that say where messages or calls to a number go."""
OWNED_COLUMNS = (*COLUMNS, *map(Column, SETTINGS))
FIELDS = {
    **{name: name for name in ("country", "msisdn", "type")},
    "monthly_cost": "cost",
    "setup_cost": "initialPrice",
    **SETTINGS,
}
RESULT_COLUMNS = tuple(map(Column, ("country", "msisdn", "status", "meaning")))
LISTING = Listing(page="index", size="size", rows=("numbers",), total="count")


def parse_columns(rows: Sequence[Mapping[str, Any]], currency: str) -> dict[str, list[Any]]:
    """Turn the numbers of either list into the values of each of `OWNED_COLUMNS`."""
    texts = [repr(row.get("features")) for row in rows]
    # Few lists of features differ: each is parsed once.
    parsed = {text: _parse_features(row.get("features")) for text, row in dict(zip(texts, rows, strict=True)).items()}
    features = [parsed[text] for text in texts]
    return {
        **{name: [row.get(field) for row in rows] for name, field in FIELDS.items()},
        **{name.lower(): [name in each for each in features] for name in ("SMS", "VOICE", "MMS")},
        "limitations": [_show_limitations(row.get("limitations")) for row in rows],
        "currency": [currency] * len(rows),
    }


def find_settings(rows: Sequence[Mapping[str, Any]], country: str, msisdn: str) -> dict[str, str]:
    """Find a number among owned ones, and return its settings, which must be texts, by their names in an update."""
    number = next((row for row in rows if str(row.get("msisdn")) == msisdn), None)
    if number is None:
        raise NotFoundError(f"Could not update {msisdn}: the account has no such number in {country}.")
    settings = {name: number[name] for name in SETTINGS.values() if number.get(name)}
    if not all(isinstance(value, str) for value in settings.values()):
        raise UnreachableError(f"Could not update {msisdn}: its settings cannot be read. Nothing was changed.")
    return settings


def find_refusal(request: Request, body: Any) -> NexmoError | None:
    """Find the error in an answer to a change: a refusal may come with HTTP 200."""
    code = parse_status(get_field(body, "error-code"))
    if code is None or int(code) >= 500:
        return unanswered_error(request, "the answer does not say whether it was done", status=200)
    if code == "200":
        return None
    label = one_line(get_field(body, "error-code-label") or "no reason given")
    return RejectedError(f"Could not {request.what}: {label} ({code}).", code=code, meaning=label)


def parse_result(request: Request, body: Any) -> dict[str, Any]:
    """Turn the answer to a change into a row of `RESULT_COLUMNS`; it does not name the number, so the request does."""
    status, meaning = parse_status(get_field(body, "error-code")), get_field(body, "error-code-label")
    return {**(request.data or {}), "status": status, "meaning": meaning}


def _show_limitations(limitations: Any) -> str | None:
    """Show what a number cannot do: the feature, its direction and its reach, as the API words them."""
    if not isinstance(limitations, list):
        return None
    shown = [
        " ".join(str(word) for word in (get_field(each, name) for name in ("feature", "type", "reach")) if word)
        for each in limitations
    ]
    return ", ".join(filter(None, shown)) or None


def _parse_features(features: Any) -> set[str]:
    """Read the features of a number, which come as a list or as text with commas, in any case."""
    names = features.split(",") if isinstance(features, str) else features if isinstance(features, list) else []
    return {name.strip().upper() for name in names if isinstance(name, str)}
