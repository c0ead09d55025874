"""Voice: a call that speaks a text or plays a recording."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.contacts.numbers import to_e164
from nexmo_nb.errors import AuthenticationError, InvalidRequestError, NexmoError, RejectedError
from nexmo_nb.frames import Column, frame, to_text
from nexmo_nb.session import Request, Session, field, one_line, parse_status, session_or_current, unanswered_error
from nexmo_nb.state.ledger_sql import Entry, digest

__all__ = ["check_voice", "send_voice"]

COLUMNS = (Column("call_id"), Column("to"), Column("status"), Column("error_text"), Column("api"))

LONGEST_TEXT = 1500
_DETECTION = {"true": ("true", "continue"), "continue": ("true", "continue"), "hangup": ("hangup", "hangup")}
# The legacy endpoint's table was never published whole; these are what its documentation and users tell.
_TTS_STATUSES = {
    "1": "throttled, or credentials missing",
    "2": "missing parameter",
    "3": "invalid parameter, or the recording could not be fetched",
    "4": "bad credentials",
    "5": "internal error at Nexmo",
    "6": "cannot be routed",
    "9": "no credit",
}


def send_voice(
    to: str | int,
    text: str | None = None,
    *,
    sender: str | int | None = None,
    audio_url: str | None = None,
    language: str = "en-us",
    voice: str | int = "female",
    repeat: int = 1,
    machine_detection: str | bool | None = None,
    machine_timeout: int | None = None,
    callback: str | None = None,
    callback_method: str = "GET",
    api: str | None = None,
    key: str | None = None,
    session: Session | None = None,
) -> pd.DataFrame:
    """Call a number and speak a text, play a recording, or both; the call is placed once.

    Parameters
    ----------
    to : str or int
        Recipient's number with country code, in any usual spelling.
    text : str, optional
        1 to 1,500 characters; needed unless there is an `audio_url`.
    sender : str or int, optional
        A voice number of yours that the recipient sees. Default: with ``"calls"`` any of the application's numbers,
        with ``"tts"`` the account's own choice.
    audio_url : str, optional
        Public URL of a WAV or MP3 file; played after the text.
    language : str
        Language and country of the text, such as ``"en-us"`` or ``"pt-pt"``.
    voice : {"female", "male"} or int
        ``"male"`` is known to ``"tts"`` only. With ``"calls"``, ``"female"`` is the language's first voice, and a whole
        number from 0 is another one: https://developer.vonage.com/en/voice/voice-api/concepts/text-to-speech.
    repeat : int
        How often it is said, 1 to 10.
    machine_detection : {"true", "hangup"}, optional
        What to do if a machine answers: ``"true"`` waits for the tone, then speaks; ``"hangup"`` ends the call.
        Default: speak at once.
    machine_timeout : int, optional
        Milliseconds for which a machine is listened for, 400 to 10,000; ``"tts"`` only. Default: the API's 10,000.
    callback : str, optional
        URL that is told what became of the call. Default: the account's, or the application's.
    callback_method : {"GET", "POST"}
        How `callback` is told.
    api : {"calls", "tts"}, optional
        ``"calls"`` is the Voice API and needs an application with its private key; ``"tts"`` is the legacy endpoint,
        which Nexmo no longer documents. Default: calls where the connection has an application and its key, else tts.
    key : str, optional
        A name for this call: under one key it is placed once ever, whatever is run again. A later call with the same
        content returns the row that was recorded. Default: each call is placed.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row, all text: ``call_id, to, status`` (``"0"`` from tts, ``"started"`` from calls), ``error_text, api``.

    Raises
    ------
    InvalidRequestError
        If an argument is wrong or unknown to the chosen API; nothing is sent.
    RejectedError
        If Nexmo refused the call; ``.code``, ``.meaning`` and ``.parts`` say why.
    AuthenticationError
        If it refused key, secret or token.
    RateLimitedError
        If it was still throttled after three tries.
    UnreachableError
        If no connection was made: nobody was called.
    UnknownOutcomeError
        If the request left and no answer came: the call may have been placed, and may have cost money. Also if `key` is
        in flight elsewhere, or what became of it is not known.

    Warns
    -----
    DeprecationWarning
        With ``"tts"``.

    Notes
    -----
    Every call is recorded on this machine before it is placed; `nexmo_nb.sent` shows the record.

    ``POST /v1/calls``, https://developer.vonage.com/en/api/voice; ``POST /tts/json`` was withdrawn from the
    documentation in 2018. Markup in the text must stand in ``<speak>…</speak>`` with ``"calls"``.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> nx.send_voice("+44 7700 900000", "Your code is 1 2 3", language="en-gb").status[0]
    'started'
    """
    session = session_or_current(session)
    api, said = check_voice(
        to,
        text,
        sender=sender,
        audio_url=audio_url,
        language=language,
        voice=voice,
        repeat=repeat,
        machine_detection=machine_detection,
        machine_timeout=machine_timeout,
        callback=callback,
        callback_method=callback_method,
        api=api,
        session=session,
    )
    if api == "tts":
        warnings.warn(
            "The legacy text-to-speech endpoint is deprecated and may be gone; connect with application_id= and "
            "private_key= to use the Voice API.",
            DeprecationWarning,
            stacklevel=2,
        )
    ask = _ask(said, api)
    entry = Entry(
        id=session.ledger.new_id(),
        what=ask.what,
        kind=api,
        digest=digest({**said, "api": api}),
        recipient=said["to"],
        sender=said["sender"],
        body=said["text"],
        key=None if key is None else validation.check_text("key", key, longest=200),
    )
    place = {"calls": _call_row, "tts": _tts_row}[api]
    rows = session.ledger.once(entry, lambda leaving: [place(session.call(ask, leaving=leaving))])
    return frame([{**row, "call_id": row["message_id"], "to": said["to"], "api": api} for row in rows], COLUMNS)


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
    """Check the parameters of `send_voice`: which API is used, and what it is told."""
    chosen = "calls" if session.account.can_sign_calls else "tts"
    api = validation.check_choice("api", chosen if api is None else api, ("calls", "tts"))
    if text is None and audio_url is None:
        raise validation.invalid_argument("text", None, "a text, an audio_url, or both")
    said: dict[str, Any] = {
        "to": to_e164(to),
        "sender": None if sender is None else to_e164(sender, name="sender"),
        "text": None if text is None else validation.check_text("text", text, longest=LONGEST_TEXT, lines=True),
        "audio_url": None if audio_url is None else validation.check_url("audio_url", audio_url),
        "language": _language(language),
        "voice": _voice(voice, api),
        "repeat": validation.check_int("repeat", repeat, 1, 10),
        "machine_detection": _detection(machine_detection),
        "machine_timeout": _machine_timeout(machine_timeout, api),
        "callback": None if callback is None else validation.check_url("callback", callback),
        "callback_method": validation.check_choice("callback_method", callback_method, ("GET", "POST")),
    }
    _tts(said) if api == "tts" else _call(said)
    return api, said


def _ask(said: Mapping[str, Any], api: str) -> Request:
    what = f"call {said['to']}"
    if api == "calls":
        return Request(
            what,
            "POST",
            "/v1/calls",
            host="api",
            family="calls",
            json=_call(said),
            auth="jwt",
            find_refusal=_without_uuid,
        )
    return Request(
        what, "POST", "/tts/json", host="api", family="calls", data=_tts(said), auth="form", find_refusal=_tts_refusal
    )


def _language(value: Any) -> str:
    code = value.strip().lower().replace("_", "-") if isinstance(value, str) else ""
    if not re.fullmatch("[a-z]{2,3}-[a-z]{2,4}", code):
        raise validation.invalid_argument("language", value, "a language and a country, such as 'en-us' or 'pt-pt'")
    return code


def _voice(value: Any, api: str) -> str | int:
    if api == "tts":
        return validation.check_choice("voice", value, ("female", "male"))
    if isinstance(value, str) and value.strip().lower() == "female":
        return 0
    allowed = "'female', or the whole number of a voice style, with api='calls'"
    try:
        return validation.check_int("voice", value, 0, 100)
    except InvalidRequestError:
        raise validation.invalid_argument("voice", value, allowed, "api='tts' knows 'male'.") from None


def _detection(value: Any) -> str | None:
    if value is None or value is False:
        return None
    return validation.check_choice("machine_detection", "true" if value is True else value, _DETECTION)


def _machine_timeout(value: Any, api: str) -> int | None:
    if value is None:
        return None
    number = validation.check_int("machine_timeout", value, 400, 10_000)
    if api == "calls":
        raise validation.invalid_argument(
            "machine_timeout", value, "nothing with api='calls', which has no such setting"
        )
    return number


def _call(said: Mapping[str, Any]) -> dict[str, Any]:
    """Write the request of the Voice API."""
    actions: list[dict[str, Any]] = []
    if said["text"] is not None:
        language, country = said["language"].split("-")
        talk = {"action": "talk", "text": said["text"], "language": f"{language}-{country.upper()}"}
        actions.append({**talk, "style": said["voice"], "loop": said["repeat"]})
    if said["audio_url"] is not None:
        actions.append({"action": "stream", "streamUrl": [said["audio_url"]], "loop": said["repeat"]})
    sender = said["sender"]
    body: dict[str, Any] = {"to": [{"type": "phone", "number": said["to"]}], "ncco": actions}
    body |= {"random_from_number": True} if sender is None else {"from": {"type": "phone", "number": sender}}
    if said["machine_detection"]:
        body["machine_detection"] = _DETECTION[said["machine_detection"]][1]
    if said["callback"]:
        body |= {"event_url": [said["callback"]], "event_method": said["callback_method"]}
    return body


def _tts(said: Mapping[str, Any]) -> dict[str, str]:
    """Write the request of the legacy endpoint, where a recording is a tag in the text."""
    audio = said["audio_url"] and f'<audio src="{escape(said["audio_url"])}"/>'
    text = " ".join(part for part in (said["text"], audio) if part)
    if len(text) > LONGEST_TEXT:
        raise validation.invalid_argument(
            "text", said["text"], f"{LONGEST_TEXT:,} characters together with the tag for audio_url"
        )
    detection = said["machine_detection"]
    fields = {
        "to": said["to"],
        "from": said["sender"],
        "text": text,
        "lg": said["language"],
        "voice": said["voice"],
        "repeat": str(said["repeat"]),
        "machine_detection": _DETECTION[detection][0] if detection else None,
        "machine_timeout": None if said["machine_timeout"] is None else str(said["machine_timeout"]),
        "callback": said["callback"],
        "callback_method": said["callback_method"] if said["callback"] else None,
    }
    return validation.drop_none(fields)


def _without_uuid(ask: Request, body: Any) -> NexmoError | None:
    usable = isinstance(body, dict) and isinstance(body.get("uuid"), str) and body["uuid"].strip()
    return None if usable else unanswered_error(ask, "the answer names no call", status=200)


def _call_row(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"message_id": body["uuid"], "status": to_text(body.get("status")), "error_text": None}


def _tts_row(body: Any) -> dict[str, Any]:
    """Take the fields with underscores, as documented, or with hyphens, as an older endpoint had them."""
    return {
        "message_id": to_text(field(body, "call-id")),
        "status": parse_status(field(body, "status")),
        "error_text": to_text(field(body, "error-text")),
    }


def _tts_refusal(ask: Request, body: Any) -> NexmoError | None:
    row = _tts_row(body)
    code = row["status"]
    if code is None:
        return unanswered_error(ask, "the answer tells of no call", status=200)
    if code == "0":
        return None
    meaning, said = _TTS_STATUSES.get(code, "a status that is not documented"), one_line(row["error_text"] or "")
    kind = AuthenticationError if code == "4" else RejectedError
    message = f"Could not {ask.what}: {meaning} (status {code}{': ' + said if said else ''}). Nobody was called."
    parts = frame([{**row, "call_id": row["message_id"], "to": (ask.data or {})["to"], "api": "tts"}], COLUMNS)
    return kind(message, status=200, code=code, meaning=meaning, parts=parts)
