"""Which endpoint answers which path and method."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from nexmo_nb.sandbox import (
    account,
    account_secrets,
    applications,
    call_control,
    calls,
    conversions,
    identity_insights,
    messages,
    numbers,
    reports,
    sms,
    subaccounts,
    tts,
)
from nexmo_nb.sandbox.auth import is_authorised
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.failures import build_failure
from nexmo_nb.sandbox.refusals import DENIED, DENIED_AS_PROBLEM, PROBLEM, Refusal, build_rate_refusal
from nexmo_nb.sandbox.world import World

Endpoint = Callable[[World, Request, Accident], Answer]


class Access(NamedTuple):
    """What a request without the account's key and secret is answered, and whether these may stand in the query."""

    denial: Answer
    by_query: bool = True


class Route(NamedTuple):
    """Method, path (a regular expression), endpoint, and the family whose rate limit it counts towards.

    Without `access`, the endpoint checks the credentials itself. `/sms/json` and
    `/v1/messages` have no family here: they count messages, and answer too many in their own ways.
    """

    method: str
    path: str
    endpoint: Endpoint
    family: str = ""
    access: Access | None = None


GATEWAY = Access(DENIED)
PRICES = Access(account.DENIED_PRICES)
BASIC_ONLY = Access(DENIED_AS_PROBLEM, by_query=False)
APPLICATIONS = Access(DENIED_AS_PROBLEM, by_query=False)
REPORTS = Access(DENIED_AS_PROBLEM._replace(headers=PROBLEM), by_query=False)
ROUTES = (
    Route("POST", "/sms/json", sms.send_sms),
    Route("GET", "/sms/json", sms.send_sms),
    Route("POST", "/v1/messages", messages.send_message),
    Route("POST", "/identity-insights/v1/requests", identity_insights.look_up_number),
    Route("POST", "/tts/json", tts.place_tts_call, "calls"),
    Route("GET", "/tts/json", tts.place_tts_call, "calls"),
    Route("POST", "/v1/calls", calls.place_call, "calls"),
    Route("GET", "/v1/calls", calls.list_calls, "call-control"),
    Route("GET", "/v1/calls/[^/]+", calls.show_call, "call-control"),
    Route("PUT", "/v1/calls/[^/]+", call_control.change_call, "call-control"),
    Route("PUT", "/v1/calls/[^/]+/talk", call_control.start_talk, "call-control"),
    Route("DELETE", "/v1/calls/[^/]+/talk", call_control.stop_talk, "call-control"),
    Route("PUT", "/v1/calls/[^/]+/stream", call_control.start_stream, "call-control"),
    Route("DELETE", "/v1/calls/[^/]+/stream", call_control.stop_stream, "call-control"),
    Route("PUT", "/v1/calls/[^/]+/dtmf", call_control.send_keys, "call-control"),
    Route("PUT", "/v1/calls/[^/]+/input/dtmf", call_control.subscribe_keys, "call-control"),
    Route("DELETE", "/v1/calls/[^/]+/input/dtmf", call_control.unsubscribe_keys, "call-control"),
    Route("GET", "/v2/applications", applications.list_applications, "", APPLICATIONS),
    Route("POST", "/v2/applications", applications.create_application, "", APPLICATIONS),
    Route("GET", "/v2/applications/[^/]+", applications.show_application, "", APPLICATIONS),
    Route("PUT", "/v2/applications/[^/]+", applications.replace_application, "", APPLICATIONS),
    Route("DELETE", "/v2/applications/[^/]+", applications.delete_application, "", APPLICATIONS),
    Route("GET", "/number/search", numbers.search_numbers, "numbers", GATEWAY),
    Route("GET", "/account/numbers", numbers.list_owned_numbers, "owned", GATEWAY),
    Route("POST", "/number/buy", numbers.buy_number, "numbers", GATEWAY),
    Route("POST", "/number/cancel", numbers.cancel_number, "numbers", GATEWAY),
    Route("POST", "/number/update", numbers.update_number, "numbers", GATEWAY),
    Route("GET", "/account/get-balance", account.show_balance, "", GATEWAY),
    Route("POST", "/account/settings", account.change_settings, "", GATEWAY),
    Route("POST", "/account/top-up", account.top_up_balance, "", GATEWAY),
    Route("GET", "/account/get-(full-|prefix-)?pricing/outbound/[a-z-]+", account.list_prices, "pricing", PRICES),
    Route("GET", "/v2/account/pricing/[a-z-]+", account.list_country_prices, "pricing", BASIC_ONLY),
    Route("GET", "/accounts/[^/]+/subaccounts", subaccounts.list_subaccounts, "", BASIC_ONLY),
    Route("GET", "/accounts/[^/]+/subaccounts/[^/]+", subaccounts.show_subaccount, "", BASIC_ONLY),
    Route("GET", "/accounts/[^/]+/secrets", account_secrets.list_secrets, "", BASIC_ONLY),
    Route("POST", "/accounts/[^/]+/secrets/?", account_secrets.create_secret, "", BASIC_ONLY),
    Route("GET", "/accounts/[^/]+/secrets/[^/]+", account_secrets.show_secret, "", BASIC_ONLY),
    Route("DELETE", "/accounts/[^/]+/secrets/[^/]+", account_secrets.revoke_secret, "", BASIC_ONLY),
    Route("POST", "/conversions/(sms|voice)", conversions.note_conversion, "", GATEWAY),
    Route("POST", "/v2/reports", reports.create_report, "reports", REPORTS),
    Route("GET", "/v2/reports/records", reports.list_records, "reports", REPORTS),
    Route("GET", "/v2/reports/[0-9a-f-]+", reports.show_report, "reports", REPORTS),
    Route("DELETE", "/v2/reports/[0-9a-f-]+", reports.abort_report, "reports", REPORTS),
    Route("GET", "/v3/media/[0-9a-f-]+", reports.download_report, "", REPORTS),
)


def dispatch_request(world: World, request: Request, accident: Accident, entry: dict[str, Any]) -> Answer:
    """Answer a request by its endpoint.

    `entry` of the log learns whether a rate limit was exceeded, and what the API has but the sandbox has not.
    """
    if request.problem:
        return build_failure(request.path, 400, request.problem)
    matches = (route for route in ROUTES if re.fullmatch(route.path, request.path))
    route = next((route for route in matches if route.method == request.method), None)
    if route is None:
        if any(re.fullmatch(route.path, request.path) for route in ROUTES):
            entry["note"] = f"The sandbox does not speak {request.method} {request.path}."
            return build_failure(request.path, 405, "The method is not allowed.")
        entry["note"] = f"The sandbox does not speak {request.path}."
        return build_failure(request.path, 404, "Not Found")
    if route.access and _wants_xml(request):
        entry["note"] = "The sandbox does not speak XML."
        return build_failure(request.path, 406, "Only application/json is given.")
    with world.lock:
        entry["throttled"] = world.acquire_slot(route.family) > 0
    if entry["throttled"]:
        return build_rate_refusal(1)
    if route.access and not is_authorised(world, request, by_query=route.access.by_query):
        return route.access.denial
    try:
        return route.endpoint(world, request, accident)
    except Refusal as refusal:
        return refusal.answer


def _wants_xml(request: Request) -> bool:
    """Tell whether a client takes XML and no JSON; who gets XML by the path's end is not asked."""
    accepted = request.headers.get("Accept", "")
    return "xml" in accepted and "json" not in accepted and "*" not in accepted
