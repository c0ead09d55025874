"""From arguments to requests of Identity Insights: which insights, of which number. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from nexmo_nb import validation
from nexmo_nb.lookup.response import find_refusal
from nexmo_nb.session import Request

Insight = Literal["format", "original_carrier", "current_carrier", "roaming", "reachability"]
INSIGHTS: tuple[Insight, ...] = get_args(Insight)
USUAL: tuple[Insight, ...] = ("original_carrier", "current_carrier")
OF_REGISTRY = ("roaming", "reachability")
"""Insights from the operators themselves, for which the application needs an approval, and the request a purpose."""
DAY = 86_400.0
LIFETIMES: Mapping[str, float] = {name: 900.0 if name in OF_REGISTRY else 30 * DAY for name in INSIGHTS}
"""Seconds for which an insight is kept: numbers seldom move to another network, and phones are switched on and off."""


def check_insights(insights: Any, purpose: Any) -> tuple[Insight, ...]:
    """Accept names of insights, each once, and a purpose where they need one."""
    given = validation.as_list("insights", insights, "names of insights")
    names = tuple(dict.fromkeys(validation.check_choice("insights", name, INSIGHTS) for name in given))
    if not names:
        raise validation.invalid_argument("insights", insights, f"one or more of {', '.join(INSIGHTS)}")
    needing = [name for name in names if name in OF_REGISTRY]
    if needing and purpose is None:
        advice = "It is the purpose that the application's network profile names."
        raise validation.invalid_argument("purpose", purpose, f"a purpose with {' and '.join(needing)}", advice)
    return names


def build_request(number: str, insights: Iterable[str], purpose: str | None) -> Request:
    """Build the request that looks up a number, given by its digits.

    An answer costs money, and nobody knows whether a lookup without one did: like a message, it is not asked again.
    """
    body: dict[str, Any] = {
        "phone_number": f"+{number}",
        "purpose": purpose,
        "insights": {name: {} for name in insights},
    }
    return Request(
        f"look up {number}",
        "POST",
        "/identity-insights/v1/requests",
        host="insights",
        family="lookup",
        json=validation.drop_none(body),
        auth="jwt",
        find_refusal=find_refusal,
    )
