"""Voice by the legacy endpoint, ``/tts/json``. Its calls are accepted and noted; what became of them is not told."""

from __future__ import annotations

import re

from nexmo_nb.sandbox.auth import read_basic, read_keys
from nexmo_nb.sandbox.data import find_country, hash_to_int
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.shapes import LONGEST_SPEECH, is_phone_number
from nexmo_nb.sandbox.validation import is_int_between
from nexmo_nb.sandbox.world import World


def place_tts_call(world: World, request: Request, accident: Accident) -> Answer:
    """Call by the legacy endpoint: keys as parameters, HTTP 200 always, and a status in the body."""
    fields = request.fields
    with world.lock:
        status, text = _check_tts_call(world, request, accident)
        body = {"to": fields.get("to", ""), "status": status, "error_text": text}
        if status == "0":
            body = {"call_id": f"{hash_to_int(world.seed, 'tts', len(world.calls)):032x}", **body}
            timeout = fields.get("machine_timeout", "")
            world.calls.append(
                {
                    **{name: value for name, value in fields.items() if name not in ("api_key", "api_secret")},
                    "api": "tts",
                    "id": body["call_id"],
                    "machine_timeout": timeout if is_int_between(timeout, 400, 10_000) else "10000",
                    "time": world.format_now(),
                }
            )
            said = {"text": fields["text"], "language": fields.get("lg", "en-us"), "voice": fields.get("voice")}
            world.note_call(fields["to"], {**said, "state": "started", "api": "legacy text-to-speech"})
    return Answer(200, body)


def _check_tts_call(world: World, request: Request, accident: Accident) -> tuple[str, str]:
    """Return status and error text."""
    fields = request.fields
    if read_basic(request) is not None or not world.is_secret(*read_keys(fields)):
        return "4", "Bad Credentials"
    if accident.get("kind") == "no-credit":
        return "9", "Quota Exceeded"
    if not fields.get("to") or not fields.get("text"):
        return "2", "Missing parameter"
    checks = (
        is_phone_number(fields["to"]),
        len(fields["text"]) <= LONGEST_SPEECH,
        re.fullmatch("[a-z]{2,3}-[a-z]{2}", fields.get("lg", "en-us")),
        fields.get("voice", "female") in ("female", "male"),
        is_int_between(fields.get("repeat", "1"), 1, 10),
        fields.get("machine_detection", "true") in ("true", "hangup"),
        fields.get("callback_method", "GET") in ("GET", "POST"),
    )
    if not all(checks):
        return "3", "Invalid parameter"
    return ("0", "Success") if find_country(fields["to"]) else ("6", "Unroutable")
