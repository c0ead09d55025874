"""Which endpoint answers which path and method."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from nexmo_nb.sandbox import account, applications, numbers, reports, sms, voice
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.refusals import NOT_FOUND, build_problem, build_rate_refusal
from nexmo_nb.sandbox.world import World

Endpoint = Callable[[World, Request, Accident], Answer]


class Route(NamedTuple):
    """A path (a regular expression), its endpoints by method, and the family whose rate limit it counts towards.

    `/sms/json` has no family here: it answers too many requests in its own way.
    """

    path: str
    endpoints: Mapping[str, Endpoint]
    family: str = ""


ROUTES = (
    Route("/sms/json", {"GET": sms.send_sms, "POST": sms.send_sms}),
    Route("/tts/json", {"GET": voice.place_tts_call, "POST": voice.place_tts_call}, "calls"),
    Route("/v1/calls", {"POST": voice.place_call}, "calls"),
    Route("/v1/calls/[0-9a-f-]+", {"GET": voice.show_call}),
    Route("/v2/applications", {"GET": applications.list_applications, "POST": applications.create_application}),
    Route(
        "/v2/applications/[^/]+",
        {
            "GET": applications.show_application,
            "PUT": applications.replace_application,
            "DELETE": applications.delete_application,
        },
    ),
    Route("/number/search", {"GET": numbers.search_numbers}, "numbers"),
    Route("/account/numbers", {"GET": numbers.list_owned_numbers}, "owned"),
    Route("/number/buy", {"POST": numbers.buy_number}, "numbers"),
    Route("/number/cancel", {"POST": numbers.cancel_number}, "numbers"),
    Route("/number/update", {"POST": numbers.update_number}, "numbers"),
    Route("/account/get-balance", {"GET": account.show_balance}),
    Route("/account/settings", {"POST": account.show_settings}),
    Route("/account/top-up", {"POST": account.top_up_balance}),
    Route("/account/get-(full-|prefix-)?pricing/outbound/[a-z-]+", {"GET": account.list_prices}, "pricing"),
    Route("/v2/reports", {"POST": reports.create_report}, "reports"),
    Route("/v2/reports/records", {"GET": reports.list_records}, "reports"),
    Route("/v2/reports/[0-9a-f-]+", {"GET": reports.show_report, "DELETE": reports.abort_report}, "reports"),
    Route("/v3/media/[0-9a-f-]+", {"GET": reports.download_report}),
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
    if _is_over_limit(world, route.family):
        entry["throttled"] = True
        return build_rate_refusal(1)
    return route.endpoints[request.method](world, request, accident)


def _is_over_limit(world: World, family: str) -> bool:
    """Count a request, and tell whether it is one too many."""
    with world.lock:
        return world.acquire_slot(family) > 0
