"""What became of a message: the receipt of each of its parts, by the sandbox's clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from nexmo_nb.sandbox.codes import RECEIPT_ERRORS
from nexmo_nb.sandbox.magic_numbers import SECONDS_UNTIL_RECEIPT

FORESIGHT = timedelta(seconds=SECONDS_UNTIL_RECEIPT)
"""How long before it comes a receipt is shown by records and the inbox: nobody is to wait for what is usual."""


class Receipt(NamedTuple):
    """Status, error code and time of a receipt; without a time, none is there yet."""

    status: str
    error: int
    at: datetime | None

    @property
    def error_text(self) -> str:
        return RECEIPT_ERRORS[self.error] if self.at else ""


def find_receipt(message: Mapping[str, Any], now: datetime) -> Receipt:
    """Find the receipt of a message's parts as records have it at a time."""
    at = find_receipt_time(message)
    if at > now + FORESIGHT:
        return Receipt("submitted", 0, None)
    return Receipt(message["course"]["status"], message["course"]["error"], at)


def find_receipt_time(message: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(message["time"]) + timedelta(seconds=message["course"]["seconds"])
