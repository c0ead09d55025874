"""From arguments to the request of a voice message, by the Voice API or the legacy endpoint. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from html import escape
from typing import Any, Literal, get_args

from nexmo_nb import validation
from nexmo_nb.contacts.numbers import to_e164
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.session import Request, Session
from nexmo_nb.voice.response import find_call_refusal, find_tts_refusal

LONGEST_TEXT = 1500
SLOWEST_MINUTE = 600
"""Characters that even a slow voice speaks in a minute."""
# What the legacy endpoint and the Voice API call the same thing.
VoiceApi = Literal["calls", "tts"]
VoiceName = Literal["female", "male"]
Detection = Literal["true", "hangup", "continue"]
# What the legacy endpoint calls each, and what the Voice API does.
_DETECTION: Mapping[str, tuple[str, str]] = {
    "true": ("true", "continue"),
    "hangup": ("hangup", "hangup"),
    "continue": ("true", "continue"),
}


def check_voice(given: Mapping[str, Any], session: Session) -> tuple[VoiceApi, dict[str, Any], Request]:
    """Check the parameters of `send_voice`, by name; give the API that is used, the message, and its request."""
    api = given.get("api")
    if api is None:
        api = "calls" if session.account.can_sign_calls else "tts"
    api = validation.check_choice("api", api, get_args(VoiceApi))
    sender, text, audio_url, callback = (given.get(name) for name in ("sender", "text", "audio_url", "callback"))
    method = given.get("callback_method", "GET")
    if text is None and audio_url is None:
        raise validation.invalid_argument("text", None, "text, audio_url, or both")
    message = {
        "to": to_e164(given["to"], given.get("region")),
        "sender": None if sender is None else to_e164(sender, name="sender"),
        "text": None if text is None else validation.check_text("text", text, longest=LONGEST_TEXT, lines=True),
        "audio_url": None if audio_url is None else validation.check_url("audio_url", audio_url),
        "language": _check_language(given["language"]),
        "voice": _check_voice_style(given["voice"], api),
        "repeat": validation.check_int("repeat", given["repeat"], 1, 10),
        "machine_detection": _check_detection(given.get("machine_detection")),
        "machine_timeout": _check_machine_timeout(given.get("machine_timeout"), api),
        "callback": None if callback is None else validation.check_url("callback", callback),
        "callback_method": validation.check_choice("callback_method", method, get_args(validation.HttpMethod)),
    }
    return api, message, _build_request(message, api)


def count_minutes(message: Mapping[str, Any]) -> int:
    """Count the minutes that it takes to speak a message, one at least; of a recording, nobody knows its length."""
    characters = len(message["text"] or "") * int(message["repeat"])
    return max(1, -(-characters // SLOWEST_MINUTE))


def _build_request(message: Mapping[str, Any], api: str) -> Request:
    """Build the request of a message that is checked, or refuse what the API cannot carry."""
    make_request = partial(Request, f"call {message['to']}", "POST", host="api", family="calls")
    if api == "calls":
        return make_request("/v1/calls", json=_build_call(message), auth="jwt", find_refusal=find_call_refusal)
    fields, echo = _build_tts(message), {"to": message["to"]}
    return make_request("/tts/json", data=fields, auth="form", echo=echo, find_refusal=find_tts_refusal)


def _check_language(value: Any) -> str:
    code = value.strip().lower().replace("_", "-") if isinstance(value, str) else ""
    if not re.fullmatch("[a-z]{2,3}-[a-z]{2,4}", code):
        raise validation.invalid_argument("language", value, "a language and a country, such as 'en-us' or 'pt-pt'")
    return code


def _check_voice_style(value: Any, api: str) -> str | int:
    if api == "tts":
        name: VoiceName = validation.check_choice("voice", value, get_args(VoiceName))
        return name
    if isinstance(value, str) and value.strip().lower() == "female":
        return 0
    try:
        return validation.check_int("voice", value, 0, 100)
    except InvalidRequestError:
        allowed = "'female', or the whole number of a voice style, with api='calls'"
        raise validation.invalid_argument("voice", value, allowed, "api='tts' knows 'male'.") from None


def _check_detection(value: Any) -> Detection | None:
    if value is None or value is False:
        return None
    detection: Detection = validation.check_choice(
        "machine_detection", "true" if value is True else value, get_args(Detection)
    )
    return detection


def _check_machine_timeout(value: Any, api: str) -> int | None:
    if value is None:
        return None
    number = validation.check_int("machine_timeout", value, 400, 10_000)
    if api == "calls":
        allowed = "nothing with api='calls', which has no such setting"
        raise validation.invalid_argument("machine_timeout", value, allowed)
    return number


def _build_call(message: Mapping[str, Any]) -> dict[str, Any]:
    actions: list[dict[str, Any]] = []
    if message["text"] is not None:
        language, country = message["language"].split("-")
        talk = {"action": "talk", "text": message["text"], "language": f"{language}-{country.upper()}"}
        actions.append({**talk, "style": message["voice"], "loop": message["repeat"]})
    if message["audio_url"] is not None:
        actions.append({"action": "stream", "streamUrl": [message["audio_url"]], "loop": message["repeat"]})
    body: dict[str, Any] = {"to": [{"type": "phone", "number": message["to"]}], "ncco": actions}
    if message["sender"] is None:
        body["random_from_number"] = True
    else:
        body["from"] = {"type": "phone", "number": message["sender"]}
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
        allowed = f"{LONGEST_TEXT:,} characters together with the tag for audio_url"
        raise validation.invalid_argument("text", message["text"], allowed)
    detection, timeout = message["machine_detection"], message["machine_timeout"]
    fields = {
        "to": message["to"],
        "from": message["sender"],
        "text": text,
        "lg": message["language"],
        "voice": message["voice"],
        "repeat": str(message["repeat"]),
        "machine_detection": _DETECTION[detection][0] if detection else None,
        "machine_timeout": None if timeout is None else str(timeout),
        "callback": message["callback"],
        "callback_method": message["callback_method"] if message["callback"] else None,
    }
    return validation.drop_none(fields)
