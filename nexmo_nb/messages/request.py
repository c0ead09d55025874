"""The request of the Messages API, for any of its channels. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nexmo_nb.errors import RejectedError
from nexmo_nb.messages.response import find_refusal
from nexmo_nb.session import Request

# What is wrong with one message is wrong with this one alone: a batch goes on after it. Nexmo says 422; the others are
# refusals of the same kind.
ERRORS = dict.fromkeys((400, 404, 405, 406, 410, 415, 422), RejectedError)


def build_request(what: str, body: Mapping[str, Any], *, family: str, sender: str = "") -> Request:
    """Build the request that sends a body; `what` is done in words, under the limits of a family and of a sender."""
    return Request(
        what,
        "POST",
        "/v1/messages",
        host="api",
        json=body,
        find_refusal=find_refusal,
        errors=ERRORS,
        family=family,
        sender=sender,
    )
