"""Voice: a call that speaks a text or plays a recording."""

from __future__ import annotations

import warnings
from dataclasses import replace

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.contacts.doubts import warn_of_doubt
from nexmo_nb.frames import frame
from nexmo_nb.pricing.estimates import estimate_cost
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.state.sends import Entry, compute_digest
from nexmo_nb.validation import HttpMethod
from nexmo_nb.voice.request import Detection, VoiceApi, VoiceName, check_voice, count_minutes
from nexmo_nb.voice.response import COLUMNS, parse_call, parse_tts

__all__ = ["COLUMNS", "check_voice", "send_voice"]


def send_voice(
    to: str | int,
    text: str | None = None,
    *,
    sender: str | int | None = None,
    audio_url: str | None = None,
    language: str = "en-us",
    voice: VoiceName | int = "female",
    repeat: int = 1,
    machine_detection: Detection | bool | None = None,
    machine_timeout: int | None = None,
    callback: str | None = None,
    callback_method: HttpMethod = "GET",
    api: VoiceApi | None = None,
    key: str | None = None,
    region: str | None = None,
    even_if_suppressed: str | None = None,
    session: Session | None = None,
) -> pd.DataFrame:
    """Call a number and speak a text, play a recording, or both; the call is placed once.

    Parameters
    ----------
    to : str or int
        Number in any usual spelling, with its country code, or national where `region` is given.
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
    machine_detection : {"true", "hangup", "continue"}, optional
        If a machine answers, ``"true"`` and ``"continue"`` speak after the tone, ``"hangup"`` ends the call. Default:
        speak at once.
    machine_timeout : int, optional
        Milliseconds for which a machine is listened for, 400 to 10,000; ``"tts"`` only. Default: the API's 10,000.
    callback, callback_method : str, {"GET", "POST"}, optional
        URL that is told what became of the call, and how. Default: the account's, or the application's.
    api : {"calls", "tts"}, optional
        ``"calls"`` is the Voice API and needs an application with its private key; ``"tts"`` is the legacy endpoint,
        which Nexmo no longer documents. Default: calls where the connection has an application and its key, else tts.
    key : str, optional
        A name for this call: under one key it is placed once ever, whatever is run again. A later call with the same
        content returns the row that was recorded. Blanks and invisible marks at its ends do not count. Default: each
        call is placed.
    region : str, optional
        Country whose national numbers are meant where `to` has no country code: a code of ISO 3166-1, or a name.
        Default: `to` must have its country code.
    even_if_suppressed : str, optional
        Why the person must be called although they are on the do-not-send list (see `suppress`); `sent` shows the
        reason. Default: the call is refused then: who said stop is not called either.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row, all text: ``call_id, to, status`` (``"0"`` from tts, ``"started"`` from calls), ``error_text, api,
        conversation_uuid`` (from calls).

    Raises
    ------
    InvalidRequestError
        If an argument is wrong or unknown to the chosen API, it is uncertain whose number `to` is or the number is on
        the do-not-send list, or the account's `budget` does not allow the call; nothing is sent.
    RejectedError, AuthenticationError
        If Nexmo refused the call, or key, secret or token; ``.code``, ``.meaning`` and ``.parts`` say why.
    RateLimitedError, UnreachableError
        If it was still throttled after three tries, or no connection was made: nobody was called.
    UnknownOutcomeError
        If no answer came: the call may have been placed, and may have cost money. Also if `key` is in flight elsewhere,
        or what became of it is not known.

    Warns
    -----
    DoubtfulNumberWarning
        If the number is possible and doubtful: not valid, premium, or rounded perhaps. It is called.
    DeprecationWarning
        With ``"tts"``.

    Notes
    -----
    Every call is recorded on this machine before it is placed; `nexmo_nb.sent` shows it. Uses ``POST /v1/calls``,
    https://developer.vonage.com/en/api/voice, where markup in the text must stand in ``<speak>…</speak>``, or
    ``POST /tts/json``, which was withdrawn from the documentation in 2018.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> nx.send_voice("+44 7700 900000", "Your code is 1 2 3", language="en-gb").status[0]
    'started'
    """
    given = locals()  # the parameters, by their names
    session = session_or_current(session)
    api, message, request = check_voice(given, session)
    if api == "tts":
        warnings.warn(
            "The legacy text-to-speech endpoint is deprecated and may be gone; connect with application_id= and "
            "private_key= to use the Voice API.",
            DeprecationWarning,
            stacklevel=2,
        )
    key = None if key is None else validation.check_name("key", key)
    exception = validation.check_exception(even_if_suppressed)
    warn_of_doubt(to, region, is_call=True)
    addressed = (message["to"], message["sender"], message["text"])
    digest = compute_digest({**message, "api": api})
    entry = Entry(session.ledger.new_id(), request.what, api, digest, *addressed, key=key)
    entry = entry._replace(even_if_suppressed=exception)
    if session.ledger.budgets.read() and session.ledger.find_recorded(entry) is None:
        entry = entry._replace(estimate=estimate_cost(session, message["to"], "voice", count_minutes(message)))
    with session.ledger.open_send(entry) as send:
        rows = send.record_intent()
        if rows is None:
            body = session.call(replace(request, check_again=lambda: session.ledger.suppressions.check(entry)))
            rows = [parse_call(body) if api == "calls" else parse_tts(body)]
            send.record_outcome(rows)
    return frame([{**row, "call_id": row["message_id"], "to": message["to"], "api": api} for row in rows], COLUMNS)
