"""Which endpoint answers which path and method."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from nexmo_nb.sandbox import account, applications, numbers, reports, sms, voice
from nexmo_nb.sandbox.auth import is_authorised
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.refusals import DENIED, DENIED_AS_PROBLEM, NOT_FOUND, Refusal, build_problem, build_rate_refusal
from nexmo_nb.sandbox.world import World

Endpoint = Callable[[World, Request, Accident], Answer]


class Access(NamedTuple):
    """What a request without the account's key and secret is answered, and whether these may stand in the query."""

    denial: Answer
    by_query: bool = True


class Route(NamedTuple):
    """A path (a regular expression), its endpoints by method, and the family whose rate limit it counts towards.

    Without `access`, the endpoints check the credentials themselves. `/sms/json` has no family here: it answers too
    many requests in its own way.
    """

    path: str
    endpoints: Mapping[str, Endpoint]
    family: str = ""
    access: Access | None = None


GATEWAY = Access(DENIED)
PRICES = Access(account.DENIED_PRICES)
APPLICATIONS = Access(DENIED_AS_PROBLEM, by_query=False)
REPORTS = Access(DENIED_AS_PROBLEM._replace(headers=reports.PROBLEM), by_query=False)
ROUTES = (
    Route("/sms/json", {"GET": sms.send_sms, "POST": sms.send_sms}),
    Route("/tts/json", {"GET": voice.place_tts_call, "POST": voice.place_tts_call}, "calls"),
    Route("/v1/calls", {"POST": voice.place_call}, "calls"),
    Route("/v1/calls/[0-9a-f-]+", {"GET": voice.show_call}),
    Route(
        "/v2/applications",
        {"GET": applications.list_applications, "POST": applications.create_application},
        access=APPLICATIONS,
    ),
    Route(
        "/v2/applications/[^/]+",
        {
            "GET": applications.show_application,
            "PUT": applications.replace_application,
            "DELETE": applications.delete_application,
        },
        access=APPLICATIONS,
    ),
    Route("/number/search", {"GET": numbers.search_numbers}, "numbers", GATEWAY),
    Route("/account/numbers", {"GET": numbers.list_owned_numbers}, "owned", GATEWAY),
    Route("/number/buy", {"POST": numbers.buy_number}, "numbers", GATEWAY),
    Route("/number/cancel", {"POST": numbers.cancel_number}, "numbers", GATEWAY),
    Route("/number/update", {"POST": numbers.update_number}, "numbers", GATEWAY),
    Route("/account/get-balance", {"GET": account.show_balance}, "", GATEWAY),
    Route("/account/settings", {"POST": account.show_settings}, "", GATEWAY),
    Route("/account/top-up", {"POST": account.top_up_balance}, "", GATEWAY),
    Route("/account/get-(full-|prefix-)?pricing/outbound/[a-z-]+", {"GET": account.list_prices}, "pricing", PRICES),
    Route("/v2/reports", {"POST": reports.create_report}, "reports", REPORTS),
    Route("/v2/reports/records", {"GET": reports.list_records}, "reports", REPORTS),
    Route("/v2/reports/[0-9a-f-]+", {"GET": reports.show_report, "DELETE": reports.abort_report}, "reports", REPORTS),
    Route("/v3/media/[0-9a-f-]+", {"GET": reports.download_report}, "", REPORTS),
)


def dispatch_request(world: World, request: Request, accident: Accident, entry: dict[str, Any]) -> Answer:
    """Answer a request by its endpoint. `entry` of the log learns whether a rate limit was exceeded."""
    if request.problem and not request.path.startswith("/v2/"):
        return Answer(400, {"type": "BAD_REQUEST", "error_title": request.problem})
    route = next((route for route in ROUTES if re.fullmatch(route.path, request.path)), None)
    if route is None:
        return NOT_FOUND
    if request.method not in route.endpoints:
        return build_problem(405, "#wrong-verb", "Invalid Request", "The method is not allowed.")
    with world.lock:
        entry["throttled"] = world.acquire_slot(route.family) > 0
    if entry["throttled"]:
        return build_rate_refusal(1)
    if route.access and not is_authorised(world, request, by_query=route.access.by_query):
        return route.access.denial
    try:
        return route.endpoints[request.method](world, request, accident)
    except Refusal as refusal:
        return refusal.answer
