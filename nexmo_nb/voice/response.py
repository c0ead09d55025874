"""From the answer to a voice message to its row: the Voice API's, and the legacy endpoint's. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nexmo_nb.errors import AuthenticationError, NexmoError, RejectedError
from nexmo_nb.frames import Column, frame, to_text
from nexmo_nb.session import Request, get_field, one_line, parse_status, unanswered_error

COLUMNS = tuple(map(Column, ("call_id", "to", "status", "error_text", "api", "conversation_uuid")))
# The legacy endpoint's table was never published whole; these are what its documentation and its users tell.
TTS_STATUSES: Mapping[str, str] = {
    "1": "throttled, or credentials missing",
    "2": "missing parameter",
    "3": "invalid parameter, or the recording could not be fetched",
    "4": "bad credentials",
    "5": "internal error at Nexmo",
    "6": "cannot be routed",
    "9": "no credit",
}


def parse_call(body: Mapping[str, Any]) -> dict[str, Any]:
    status, conversation = to_text(body.get("status")), to_text(body.get("conversation_uuid"))
    return {"message_id": body["uuid"], "status": status, "error_text": None, "conversation_uuid": conversation}


def find_call_refusal(request: Request, body: Any) -> NexmoError | None:
    """Find the error that an answer of the Voice API stands for; None where it names a call."""
    has_uuid = isinstance(body, dict) and isinstance(body.get("uuid"), str) and body["uuid"].strip()
    return None if has_uuid else unanswered_error(request, "the answer names no call", status=200)


def parse_tts(body: Any) -> dict[str, Any]:
    """Parse an answer whose fields have underscores, as documented, or hyphens, as an older endpoint had them."""
    return {
        "message_id": to_text(get_field(body, "call-id")),
        "status": parse_status(get_field(body, "status")),
        "error_text": to_text(get_field(body, "error-text")),
    }


def find_tts_refusal(request: Request, body: Any) -> NexmoError | None:
    """Find the error that an answer of the legacy endpoint stands for; None where the call was placed."""
    row = parse_tts(body)
    code = row["status"]
    if code is None:
        return unanswered_error(request, "the answer tells of no call", status=200)
    if code == "0":
        return None
    meaning, said = TTS_STATUSES.get(code, "a status that is not documented"), one_line(row["error_text"] or "")
    kind = AuthenticationError if code == "4" else RejectedError
    message = f"Could not {request.what}: {meaning} (status {code}{': ' + said if said else ''}). Nobody was called."
    parts = frame([{**row, "call_id": row["message_id"], "to": (request.data or {})["to"], "api": "tts"}], COLUMNS)
    return kind(message, status=200, code=code, meaning=meaning, parts=parts)
