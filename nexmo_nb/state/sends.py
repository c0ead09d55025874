"""A send as the ledger keeps it: what is sent, what became of it, and what an error makes of it. Pure."""

from __future__ import annotations

import hashlib
import json
import math
import secrets
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from nexmo_nb.errors import NexmoError, RateLimitedError, UnknownOutcomeError, UnreachableError
from nexmo_nb.frames import parse_number

Parts = Sequence[Mapping[str, Any]]
"""The rows of the parts of one send."""
ACCEPTED_STATUSES = ("0", "started")
"""What an accepted part of an SMS, and a call that was placed, give as their status."""

_JSON = json.JSONEncoder(sort_keys=True, default=str)


class Entry(NamedTuple):
    """One message or call, as it will be sent; `what` names it in errors."""

    id: str
    what: str
    kind: str
    digest: str
    recipient: str
    sender: str | None
    body: str | None
    client_ref: str | None = None
    key: str | None = None
    estimate: float | None = None  # the most that it may cost; None: its price is not known
    even_if_suppressed: str | None = None  # why it leaves although its recipient said stop; None: then it does not


class Outcome(NamedTuple):
    """What became of a send: the rows of its parts, or a problem. With `is_unsent`, nothing was sent in any case."""

    id: str
    rows: Parts | None
    problem: BaseException | None = None
    is_unsent: bool = False


class BatchRow(NamedTuple):
    """A row of a batch in the ledger: one recipient and one content, which the digest stands for."""

    id: str
    recipient: str
    state: str
    digest: str
    is_earlier: bool = False  # the content is not its own any more: it was refused, and the row got another one since


def make_send_id() -> str:
    """Make the id of a send, 40 hexadecimal characters, which is its `client_ref` where the caller gives none.

    It begins with the time, so that the ids of a batch stand side by side in their index, however large it is. The 96
    random bits behind it let `settle` find the message.
    """
    return f"{time.time_ns():016x}{secrets.token_hex(12)}"


def open_states_of(resend_not_found: bool) -> tuple[str, ...]:
    """Give the states of a batch's rows that are sent when the batch is run again."""
    return ("planned", "not_found") if resend_not_found else ("planned",)


def match_entries(
    entries: Sequence[Entry], rows: Iterable[BatchRow], open_states: Collection[str]
) -> tuple[list[BatchRow | None], list[Entry]]:
    """Find the row of the batch that each entry is, and the entries that would change what somebody was sent.

    An entry is the row of its recipient with its content, or that had it when it was refused. Without one, it is new
    where everything that the recipient was sent before stands among the entries, too; it then takes the place of a row
    that is open, or was refused, and that no entry has any more, if there is one. Where something that was sent is
    missing, the entry is that message with other content.
    """
    by_content = {(row.recipient, row.digest): row for row in sorted(rows, key=lambda row: not row.is_earlier)}
    kept = {row.id for entry in entries if (row := by_content.get((entry.recipient, entry.digest))) is not None}
    replaceable: dict[str, list[BatchRow]] = {}
    missing = set()  # recipients of what was sent and is no entry
    for row in by_content.values():
        if row.id in kept or row.is_earlier:
            continue
        if row.state in open_states or row.state == "rejected":
            replaceable.setdefault(row.recipient, []).append(row)
        else:
            missing.add(row.recipient)
    found: list[BatchRow | None] = []
    changed: list[Entry] = []
    for entry in entries:
        match = by_content.get((entry.recipient, entry.digest))
        if match is None and entry.recipient in missing:
            changed.append(entry)
        elif match is None and replaceable.get(entry.recipient):
            match = replaceable[entry.recipient].pop(0)
        found.append(match)
    return found, changed


def state_of_parts(rows: Parts) -> str:
    return "accepted" if all(row.get("status") in ACCEPTED_STATUSES for row in rows) else "partial"


def state_after_error(problem: BaseException) -> str | None:
    """Give the state of a send that ended in an error; None where surely nothing was sent.

    The session notes on an exception, as ``left``, whether the request may have reached the server.
    """
    if getattr(problem, "left", True) is False or isinstance(problem, (UnreachableError, RateLimitedError)):
        return None
    is_refusal = isinstance(problem, NexmoError) and not isinstance(problem, UnknownOutcomeError)
    return "rejected" if is_refusal else "unknown"


def count_parts(rows: Parts) -> int:
    """Count the parts of a send: as many as it has rows, or as its only row says, which stands for all of them."""
    return max(len(rows), int(rows[0].get("parts") or 0)) if len(rows) == 1 else len(rows)


def sum_prices(rows: Iterable[Mapping[str, Any]]) -> float | None:
    """Add up the prices of parts; None where no part has a price that can be read."""
    prices = [price for price in (parse_number(row.get("price")) for row in rows) if not math.isnan(price)]
    return round(sum(prices), 8) if prices else None


def has_prices(rows: Parts) -> bool:
    """Tell whether the price of every part that was accepted is known."""
    return all(not math.isnan(parse_number(row.get("price"))) for row in rows if row.get("status") in ACCEPTED_STATUSES)


def summarize_delivery(parts: Sequence[tuple[str | None, str | None, float | None]]) -> dict[str, Any]:
    """Sum up the parts of a send, each a message id, its delivery status and its final price, as far as they are known.

    The final price is given where every part has one.
    """
    prices = [price for _, _, price in parts if price is not None]
    return {
        "message_ids": " ".join(message_id for message_id, _, _ in parts if message_id) or None,
        "delivery": ", ".join(sorted({status for _, status, _ in parts if status})) or None,
        "final_price": round(sum(prices), 8) if prices and len(prices) == len(parts) else None,
    }


def compute_digest(fields: Mapping[str, Any]) -> str:
    return hashlib.sha256(_JSON.encode(fields).encode()).hexdigest()
