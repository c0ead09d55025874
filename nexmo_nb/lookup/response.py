"""From answers of Identity Insights to rows: each insight by itself, with its status, in one row a number. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from nexmo_nb.errors import NexmoError
from nexmo_nb.frames import TIME, Column
from nexmo_nb.session import Request, one_line, unanswered_error

STATUSES = ("format", "original_carrier", "current_carrier", "roaming", "reachability")
COLUMNS = (
    *map(Column, ("number", "country", "carrier", "network", "network_type")),
    *(Column(name, "boolean") for name in ("ported", "valid", "reachable", "roaming")),
    *(Column(f"{name}_status") for name in STATUSES),
    Column("error"),
    Column("cost", "float64"),
    Column("currency"),
    Column("looked_up", TIME),
)
OK = "OK"
LASTING = (OK, "INVALID_NUMBER_FORMAT", "UNSUPPORTED_NETWORK_TYPE", "NO_COVERAGE", "NOT_FOUND")
"""Statuses that say something of the number; after any other one, another lookup may tell more."""
_MEANINGS = {
    "INVALID_NUMBER_FORMAT": "no operator can have this number",
    "UNSUPPORTED_NETWORK_TYPE": "not offered for this type of network, as a landline",
    "NO_COVERAGE": "not offered for this country or network",
    "NOT_FOUND": "nothing is known of this number",
    "UNAUTHORIZED": "the application has no approval for it",
    "INVALID_PURPOSE": "the purpose is not allowed for it",
    "SUPPLIER_ERROR": "the supplier had an error; ask again later",
    "INTERNAL_ERROR": "Nexmo had an error; ask again later",
}
_NETWORK = re.compile("[0-9]{5,6}")

Insights = Mapping[str, Mapping[str, Any]]
"""Insights by their names, as Nexmo sent them."""


def find_refusal(request: Request, body: Any) -> NexmoError | None:
    """Find the error that an answer with HTTP 200 stands for; None where it has insights, whatever they say."""
    found = body.get("insights") if isinstance(body, dict) else None
    asked = (request.json or {})["insights"]
    if isinstance(found, dict) and any(isinstance(found.get(name), dict) for name in asked):
        return None
    return unanswered_error(request, "the answer has none of the insights", status=200)


def parse_insights(body: Mapping[str, Any], names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Take insights out of an answer; one that was asked for and did not come has no status."""
    found = {name: body["insights"].get(name) for name in names}
    return {name: each if isinstance(each, dict) else {} for name, each in found.items()}


def read_status(insight: Mapping[str, Any]) -> str:
    status = insight.get("status")
    code = status.get("code") if isinstance(status, dict) else None
    return one_line(code, 60) if isinstance(code, str) and code else "MISSING"


def describe_number(insights: Insights) -> dict[str, Any]:
    """Describe a number by what is known of it; what an insight does not tell is missing, and `error` says why."""
    known = {name: insight for name, insight in insights.items() if read_status(insight) == OK}
    original, current = known.get("original_carrier", {}), known.get("current_carrier", {})
    carrier = current or original
    networks = [_read_network(each) for each in (original, current)]
    reachable, roaming = known.get("reachability", {}), known.get("roaming", {})
    return {
        "country": _read_text(known.get("format", {}), "country_code") or _read_text(carrier, "country_code"),
        "carrier": _read_text(carrier, "name"),
        "network": _read_network(carrier),
        "network_type": (_read_text(carrier, "network_type") or "").lower().replace("_", "-") or None,
        "ported": networks[0] != networks[1] if all(networks) else None,
        "valid": _read_flag(known.get("format", {}), "is_format_valid"),
        "reachable": _read_flag(reachable, "is_reachable"),
        "roaming": _read_flag(roaming, "is_roaming"),
        **{f"{name}_status": read_status(insight) for name, insight in insights.items()},
        "error": "; ".join(_explain(name, each) for name, each in insights.items() if name not in known) or None,
    }


def _explain(name: str, insight: Mapping[str, Any]) -> str:
    code = read_status(insight)
    status = insight.get("status")
    said = one_line(status.get("message") or "", 200) if isinstance(status, dict) else "the answer does not have it"
    return f"{name}: {_MEANINGS.get(code, said)} ({code})"


def _read_text(insight: Mapping[str, Any], name: str) -> str | None:
    value = insight.get(name)
    return one_line(value, 200) if isinstance(value, str) and value.strip() else None


def _read_flag(insight: Mapping[str, Any], name: str) -> bool | None:
    value = insight.get(name)
    return value if isinstance(value, bool) else None


def _read_network(insight: Mapping[str, Any]) -> str | None:
    """Read MCC and MNC, which belong together; None where they are not of five or six digits."""
    code = str(insight.get("network_code", "")).replace("-", "").strip()
    return code if _NETWORK.fullmatch(code) else None
