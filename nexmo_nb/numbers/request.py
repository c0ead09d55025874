"""Requests of the Numbers API: arguments are checked and put into the fields that the API wants. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nexmo_nb import validation
from nexmo_nb.contacts.numbers import check_msisdn
from nexmo_nb.numbers.response import find_refusal
from nexmo_nb.session import Request

MATCHES = {"starts": "0", "contains": "1", "ends": "2"}
"""Where a pattern must stand, and the API's code for it."""
TYPES = ("landline", "mobile-lvn", "landline-toll-free")
CALLBACK_TYPES = ("sip", "tel", "app")


def check_countries(country: Any) -> list[str]:
    """Accept one country code or several, and return each of them once."""
    several = isinstance(country, Iterable) and not isinstance(country, str)
    codes = (
        validation.as_list("country", country, "country codes of ISO 3166-1, such as 'GB'") if several else [country]
    )
    return list(dict.fromkeys(validation.check_country(code) for code in codes))


def check_filters(
    pattern: str | int | None, match: str, features: str | Iterable[str] | None, type: str | None
) -> dict[str, str]:
    """Return the query that narrows a search down."""
    return validation.drop_none(
        {
            **_check_pattern(pattern, match),
            "features": None if features is None else validation.check_features(features),
            "type": None if type is None else validation.check_choice("type", type, TYPES),
        }
    )


def check_owned_filters(
    country: str | None, pattern: str | int | None, match: str, application_id: str | None, has_application: bool | None
) -> dict[str, str]:
    """Return the query that narrows a list of owned numbers down."""
    linked = None if has_application is None else validation.check_bool("has_application", has_application)
    return validation.drop_none(
        {
            "country": None if country is None else validation.check_country(country),
            **_check_pattern(pattern, match),
            "application_id": None if application_id is None else validation.check_application_id(application_id),
            "has_application": None if linked is None else str(linked).lower(),
        }
    )


def check_target(api_key: str | None) -> dict[str, str]:
    """Return the field that names a subaccount, if there is one."""
    return {} if api_key is None else {"target_api_key": validation.check_text("target_api_key", api_key, longest=32)}


def check_settings(
    *,
    app_id: str | None,
    mo_http_url: str | None,
    mo_smpp_sys_type: str | None,
    voice_callback_type: str | None,
    voice_callback_value: str | None,
    voice_status_callback: str | None,
) -> dict[str, str]:
    """Return the fields of an update, of which there must be one at least."""
    settings = validation.drop_none(
        {
            "app_id": None if app_id is None else validation.check_application_id(app_id, "app_id"),
            "moHttpUrl": _check_url_or_empty("mo_http_url", mo_http_url),
            "moSmppSysType": None
            if mo_smpp_sys_type is None
            else validation.check_text("mo_smpp_sys_type", mo_smpp_sys_type, longest=100),
            **_check_voice_callback(voice_callback_type, voice_callback_value),
            "voiceStatusCallback": None
            if voice_status_callback is None
            else validation.check_url("voice_status_callback", voice_status_callback),
        }
    )
    if not settings:
        raise validation.invalid_argument("update_number", None, "at least one setting to change")
    return settings


def build_search_request(country: str, filters: Mapping[str, str]) -> Request:
    """Build the search of one country; both arguments are checked already."""
    query = {"country": country, **filters}
    return Request(f"search numbers in {country}", "GET", "/number/search", family="numbers", params=query)


def build_owned_request(query: Mapping[str, str]) -> Request:
    """Build the list of owned numbers."""
    return Request("list owned numbers", "GET", "/account/numbers", family="owned", params=query)


def build_lookup_request(country: str, msisdn: str) -> Request:
    """Build the list of owned numbers that hold a number's digits, to find that number in."""
    return build_owned_request({"country": country, "pattern": msisdn, "search_pattern": MATCHES["contains"]})


def build_change_request(action: str, country: str, msisdn: str | int, fields: Mapping[str, str]) -> Request:
    """Build a change of one number: "buy", "cancel" or "update"."""
    number = {"country": validation.check_country(country), "msisdn": check_msisdn(msisdn)}
    return Request(
        f"{action} number {number['msisdn']}",
        "POST",
        f"/number/{action}",
        family="numbers",
        data={**number, **fields},
        invalidates=("numbers", "owned"),
        find_refusal=find_refusal,
    )


def _check_pattern(pattern: str | int | None, match: str) -> dict[str, str]:
    code = MATCHES[validation.check_choice("match", match, MATCHES)]
    return {} if pattern is None else {"pattern": validation.check_number_pattern(pattern), "search_pattern": code}


def _check_url_or_empty(name: str, value: str | None) -> str | None:
    if value is None or (isinstance(value, str) and not value):
        return value
    return validation.check_url(name, value)


def _check_voice_callback(kind: str | None, value: str | None) -> dict[str, str]:
    if kind is None and value is None:
        return {}
    if kind is None or value is None:
        lacking = "voice_callback_type" if kind is None else "voice_callback_value"
        allowed = "voice_callback_type and voice_callback_value together, or neither"
        raise validation.invalid_argument(lacking, None, allowed)
    return {
        "voiceCallbackType": validation.check_choice("voice_callback_type", kind, CALLBACK_TYPES),
        "voiceCallbackValue": validation.check_text("voice_callback_value", value, longest=2000),
    }
