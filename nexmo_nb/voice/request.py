"""From arguments to the request of a voice message, by the Voice API or the legacy endpoint. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from nexmo_nb import validation
from nexmo_nb.contacts.numbers import to_e164
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.session import Request, Session
from nexmo_nb.voice.response import find_call_refusal, find_tts_refusal

LONGEST_TEXT = 1500
# What the legacy endpoint and the Voice API call the same thing.
_DETECTION = {"true": ("true", "continue"), "continue": ("true", "continue"), "hangup": ("hangup", "hangup")}


def check_voice(
    to: Any,
    text: Any,
    *,
    session: Session,
    sender: Any = None,
    audio_url: Any = None,
    language: Any = "en-us",
    voice: Any = "female",
    repeat: Any = 1,
    machine_detection: Any = None,
    machine_timeout: Any = None,
    callback: Any = None,
    callback_method: Any = "GET",
    api: Any = None,
) -> tuple[str, dict[str, Any]]:
    """Check the parameters of `send_voice`; give the API that is used, and the message in its terms."""
    chosen = "calls" if session.account.can_sign_calls else "tts"
    api = validation.check_choice("api", chosen if api is None else api, ("calls", "tts"))
    if text is None and audio_url is None:
        raise validation.invalid_argument("text", None, "a text, an audio_url, or both")
    message: dict[str, Any] = {
        "to": to_e164(to),
        "sender": None if sender is None else to_e164(sender, name="sender"),
        "text": None if text is None else validation.check_text("text", text, longest=LONGEST_TEXT, lines=True),
        "audio_url": None if audio_url is None else validation.check_url("audio_url", audio_url),
        "language": _check_language(language),
        "voice": _check_voice_style(voice, api),
        "repeat": validation.check_int("repeat", repeat, 1, 10),
        "machine_detection": _check_detection(machine_detection),
        "machine_timeout": _check_machine_timeout(machine_timeout, api),
        "callback": None if callback is None else validation.check_url("callback", callback),
        "callback_method": validation.check_choice("callback_method", callback_method, ("GET", "POST")),
    }
    build_request(message, api)  # refuses what the chosen API cannot carry
    return api, message


def build_request(message: Mapping[str, Any], api: str) -> Request:
    """Build the request of a message that `check_voice` checked."""
    what = f"call {message['to']}"
    if api == "calls":
        body = _build_call(message)
        return Request(
            what, "POST", "/v1/calls", host="api", family="calls", json=body, auth="jwt", find_refusal=find_call_refusal
        )
    fields = _build_tts(message)
    return Request(
        what, "POST", "/tts/json", host="api", family="calls", data=fields, auth="form", find_refusal=find_tts_refusal
    )


def _check_language(value: Any) -> str:
    code = value.strip().lower().replace("_", "-") if isinstance(value, str) else ""
    if not re.fullmatch("[a-z]{2,3}-[a-z]{2,4}", code):
        raise validation.invalid_argument("language", value, "a language and a country, such as 'en-us' or 'pt-pt'")
    return code


def _check_voice_style(value: Any, api: str) -> str | int:
    if api == "tts":
        return validation.check_choice("voice", value, ("female", "male"))
    if isinstance(value, str) and value.strip().lower() == "female":
        return 0
    allowed = "'female', or the whole number of a voice style, with api='calls'"
    try:
        return validation.check_int("voice", value, 0, 100)
    except InvalidRequestError:
        raise validation.invalid_argument("voice", value, allowed, "api='tts' knows 'male'.") from None


def _check_detection(value: Any) -> str | None:
    if value is None or value is False:
        return None
    return validation.check_choice("machine_detection", "true" if value is True else value, _DETECTION)


def _check_machine_timeout(value: Any, api: str) -> int | None:
    if value is None:
        return None
    number = validation.check_int("machine_timeout", value, 400, 10_000)
    if api == "calls":
        raise validation.invalid_argument(
            "machine_timeout", value, "nothing with api='calls', which has no such setting"
        )
    return number


def _build_call(message: Mapping[str, Any]) -> dict[str, Any]:
    """Build the body of a Voice API call."""
    actions: list[dict[str, Any]] = []
    if message["text"] is not None:
        language, country = message["language"].split("-")
        talk = {"action": "talk", "text": message["text"], "language": f"{language}-{country.upper()}"}
        actions.append({**talk, "style": message["voice"], "loop": message["repeat"]})
    if message["audio_url"] is not None:
        actions.append({"action": "stream", "streamUrl": [message["audio_url"]], "loop": message["repeat"]})
    sender = message["sender"]
    body: dict[str, Any] = {"to": [{"type": "phone", "number": message["to"]}], "ncco": actions}
    body |= {"random_from_number": True} if sender is None else {"from": {"type": "phone", "number": sender}}
    if message["machine_detection"]:
        body["machine_detection"] = _DETECTION[message["machine_detection"]][1]
    if message["callback"]:
        body |= {"event_url": [message["callback"]], "event_method": message["callback_method"]}
    return body


def _build_tts(message: Mapping[str, Any]) -> dict[str, str]:
    """Build the form fields of the legacy endpoint, where a recording is a tag in the text."""
    audio = message["audio_url"] and f'<audio src="{escape(message["audio_url"])}"/>'
    text = " ".join(part for part in (message["text"], audio) if part)
    if len(text) > LONGEST_TEXT:
        raise validation.invalid_argument(
            "text", message["text"], f"{LONGEST_TEXT:,} characters together with the tag for audio_url"
        )
    detection = message["machine_detection"]
    fields = {
        "to": message["to"],
        "from": message["sender"],
        "text": text,
        "lg": message["language"],
        "voice": message["voice"],
        "repeat": str(message["repeat"]),
        "machine_detection": _DETECTION[detection][0] if detection else None,
        "machine_timeout": None if message["machine_timeout"] is None else str(message["machine_timeout"]),
        "callback": message["callback"],
        "callback_method": message["callback_method"] if message["callback"] else None,
    }
    return validation.drop_none(fields)
