"""Requests of the Numbers API: arguments are checked and put into the fields that the API wants. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, get_args

from nexmo_nb import validation
from nexmo_nb.contacts.countries import check_countries, check_country
from nexmo_nb.contacts.numbers import check_msisdn
from nexmo_nb.numbers.response import find_refusal
from nexmo_nb.session import Request

Match = Literal["starts", "contains", "ends"]
MATCHES: Mapping[str, str] = dict(zip(get_args(Match), "012", strict=True))
"""Where a pattern must stand, and the API's code for it."""
NumberType = Literal["landline", "mobile-lvn", "landline-toll-free"]
TYPES: tuple[str, ...] = get_args(NumberType)
CallbackType = Literal["sip", "tel", "app"]
CALLBACK_TYPES: tuple[str, ...] = get_args(CallbackType)


def check_settings(**settings: str | None) -> dict[str, str]:
    """Return the fields of an update, of which there must be one at least; `settings` are those of `update_number`."""
    given = validation.drop_none(settings)
    if not given:
        raise validation.invalid_argument("update_number", None, "at least one setting to change")
    lacking = {"voice_callback_type", "voice_callback_value"} - given.keys()
    if len(lacking) == 1:
        allowed = "voice_callback_type and voice_callback_value together, or neither"
        raise validation.invalid_argument(lacking.pop(), None, allowed)
    return {field: check(name, given[name]) for name, (field, check) in _SETTINGS.items() if name in given}


def build_search_requests(country: Any, pattern: Any, match: str, features: Any, type: Any) -> list[Request]:
    """Build the search of each country, of which there may be one or several."""
    codes = check_countries(country)
    query = _check_pattern(pattern, match)
    if features is not None:
        query["features"] = validation.check_features(features)
    if type is not None:
        query["type"] = validation.check_choice("type", type, TYPES)
    return [
        Request(
            f"search numbers in {code}", "GET", "/number/search", family="numbers", params={"country": code, **query}
        )
        for code in codes
    ]


def build_owned_request(
    country: Any, pattern: Any, match: str, application_id: Any = None, has_application: Any = None
) -> Request:
    query = _check_pattern(pattern, match)
    if country is not None:
        query["country"] = check_country(country)
    if application_id is not None:
        query["application_id"] = validation.check_application_id(application_id)
    if has_application is not None:
        query["has_application"] = str(validation.check_bool("has_application", has_application)).lower()
    return Request("list owned numbers", "GET", "/account/numbers", family="owned", params=query)


def build_change_request(
    action: str, country: Any, msisdn: Any, target_api_key: Any = None, **settings: str
) -> Request:
    """Build a change of one number: "buy", "cancel" or "update" with `settings` that are checked already."""
    fields = {"country": check_country(country), "msisdn": check_msisdn(msisdn), **settings}
    if target_api_key is not None:
        fields["target_api_key"] = validation.check_text("target_api_key", target_api_key, longest=32)
    return Request(
        f"{action} number {fields['msisdn']}",
        "POST",
        f"/number/{action}",
        family="numbers",
        data=fields,
        invalidates=("numbers", "owned"),
        echo={name: fields[name] for name in ("country", "msisdn")},
        find_refusal=find_refusal,
    )


def _check_pattern(pattern: str | int | None, match: str) -> dict[str, str]:
    code = MATCHES[validation.check_choice("match", match, MATCHES)]
    return {} if pattern is None else {"pattern": validation.check_number_pattern(pattern), "search_pattern": code}


def _check_url_or_empty(name: str, value: Any) -> str:
    return "" if isinstance(value, str) and not value else validation.check_url(name, value)


# The settings of `update_number`: the API's name of each, and its check.
_SETTINGS: Mapping[str, tuple[str, Callable[[str, Any], str]]] = {
    "app_id": ("app_id", lambda name, value: validation.check_application_id(value, name)),
    "mo_http_url": ("moHttpUrl", _check_url_or_empty),
    "mo_smpp_sys_type": ("moSmppSysType", partial(validation.check_text, longest=100)),
    "voice_callback_type": ("voiceCallbackType", partial(validation.check_choice, allowed=CALLBACK_TYPES)),
    "voice_callback_value": ("voiceCallbackValue", partial(validation.check_text, longest=2000)),
    "voice_status_callback": ("voiceStatusCallback", _check_url_or_empty),
}
