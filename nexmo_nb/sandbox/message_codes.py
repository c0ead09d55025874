"""The codes of the Messages API for what the SMS API says by a status, or by the error code of a receipt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ASYNCHRONOUS = {
    5: "1030", 6: "1040", 7: "1050", 10: "1000", 17: "1282", 22: "1472", 29: "1160", 33: "1190",
}  # fmt: skip
"""Statuses with which the SMS API refuses a message, and which here are told after it was accepted."""
_OF_RECEIPTS = {
    1: "1330", 2: "1180", 3: "1190", 4: "1050", 5: "1200", 6: "1210", 7: "1220", 8: "1230", 9: "1240", 10: "1020",
    11: "1250", 12: "1260", 13: "1270", 14: "1280", 15: "1290", 16: "1070", 50: "1480", 51: "1481", 52: "1482",
    53: "1483", 54: "1484", 99: "1331",
}  # fmt: skip
# The statuses of the Messages API for those of a receipt; others are the same.
_STATUSES = {"failed": "undeliverable", "expired": "undeliverable"}


def translate_status(status: str) -> str:
    return _STATUSES.get(status, status)


def find_error_code(message: Mapping[str, Any]) -> str:
    """Find the code of what became of a message; empty where there is no error."""
    course = message["course"]
    return str(course.get("code", "")) or (_OF_RECEIPTS.get(course["error"], "1330") if course["error"] else "")
