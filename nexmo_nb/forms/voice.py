"""A form for voice messages."""

from __future__ import annotations

import warnings
from typing import Any

import ipywidgets as widgets
import pandas as pd

from nexmo_nb.contacts.countries import country_of
from nexmo_nb.contacts.numbers import to_e164
from nexmo_nb.forms.widgets import Form, Markup, bubble, card, code, labelled, table, words
from nexmo_nb.pricing import prices
from nexmo_nb.session import Session
from nexmo_nb.validation import drop_none
from nexmo_nb.voice import check_voice, send_voice

__all__ = ["VoiceForm", "voice_form"]

LANGUAGES = (
    "en-us", "en-gb", "en-au", "en-in", "de-de", "es-es", "es-mx", "es-us", "fr-fr", "fr-ca", "is-is", "it-it", "ja-jp",
    "ko-kr", "nl-nl", "pl-pl", "pt-pt", "pt-br", "ro-ro", "ru-ru", "sv-se", "tr-tr", "zh-cn",
)  # fmt: skip


class VoiceForm(Form):
    """Write, preview and place a voice call; made by `voice_form`.

    Attributes
    ----------
    to, text, sender, language, voice, repeat, audio_url, machine_detection, callback : widgets
        The parameters of `nexmo_nb.send_voice`.
    """

    def __init__(self, *, session: Session | None = None) -> None:
        self.to = labelled(widgets.Text, "To", placeholder="+44 7700 900000")
        self.text = labelled(widgets.Textarea, "Text", rows=4)
        self.sender = labelled(widgets.Text, "From", placeholder="a voice number of yours")
        self.language = labelled(widgets.Combobox, "Language", options=LANGUAGES, value="en-us")
        self.voice = labelled(widgets.Combobox, "Voice", options=("female", "male", "0", "1", "2"), value="female")
        self.repeat = labelled(widgets.BoundedIntText, "Repeat", value=1, min=1, max=10)
        self.audio_url = labelled(widgets.Text, "Recording", placeholder="https://… of a WAV or MP3 file")
        answers = (("speaks at once", ""), ("waits for the tone", "true"), ("hangs up", "hangup"))
        self.machine_detection = labelled(widgets.Dropdown, "On a machine", options=answers)
        self.callback = labelled(widgets.Text, "Event URL")
        rows = [
            self.to,
            self.text,
            self.language,
            self.voice,
            self.repeat,
            self.sender,
            self.audio_url,
            self.machine_detection,
            self.callback,
        ]
        super().__init__(rows, rows, session=session, verb="Call")

    def look(self) -> list[Markup]:
        """Check everything, and show who would be called, what is said and what a minute costs."""
        call = self._call()
        check_voice(self.to.value, self.text.value or None, session=self.session, **call)
        number = to_e164(self.to.value)
        country = country_of(number)
        cost = "no price known"
        if country is not None:
            found = prices(country, product="voice", session=self.session)
            if len(found):
                low, high = found.price.min(), found.price.max()
                cost = f"{low:.4f} to {high:.4f} {found.currency.iloc[0]} a minute"
        said = self.text.value or "(a recording)"
        title = f"A call to {number} ({country or 'no country'})"
        return [bubble(said, f"spoken in {call['language']}"), card(title, words(f"It costs {cost}."))]

    def act(self, token: str) -> tuple[pd.DataFrame, list[Markup]]:
        """Place the call under the token of the preview."""
        call, text = self._call(), self.text.value or None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            result = send_voice(self.to.value, text, key=f"form {token}", session=self.session, **call)
        written = ", ".join([repr(self.to.value), repr(text), *(f"{name}={value!r}" for name, value in call.items())])
        return result, [card("Called", table(result)), code(f"nx.send_voice({written})")]

    def _call(self) -> dict[str, Any]:
        voice = self.voice.value.strip()
        return drop_none(
            {
                "sender": self.sender.value.strip() or None,
                "audio_url": self.audio_url.value.strip() or None,
                "language": self.language.value.strip(),
                "voice": int(voice) if voice.isdigit() else voice,
                "repeat": self.repeat.value,
                "machine_detection": self.machine_detection.value or None,
                "callback": self.callback.value.strip() or None,
            }
        )


def voice_form(*, session: Session | None = None) -> VoiceForm:
    """Show a form that writes, previews and places a voice call, once.

    Parameters
    ----------
    session : Session, optional
        Default: the current one.

    Returns
    -------
    VoiceForm
        A widget. Its controls are attributes: ``to, text, language, voice, repeat, sender, audio_url,
        machine_detection, callback, preview, send, result``.

    Raises
    ------
    InvalidRequestError
        If there is no session.

    Notes
    -----
    Preview first; Call then works once, and goes through the ledger. Uses https://developer.vonage.com/en/api/voice.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> form = nx.voice_form()
    >>> form.to.value, form.text.value = "+44 7700 900000", "Hello"
    >>> form.preview.click()
    >>> form.send.click()
    >>> form.result.status.tolist()
    ['started']
    """
    return VoiceForm(session=session)
