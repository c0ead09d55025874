"""A form for voice messages."""

from __future__ import annotations

import re
import warnings
from typing import Any

import ipywidgets as widgets

from nexmo_nb.contacts.doubts import find_doubt
from nexmo_nb.contacts.numbers import country_of
from nexmo_nb.errors import DoubtfulNumberWarning
from nexmo_nb.forms.form import Done, Form
from nexmo_nb.forms.markup import Markup, bubble_html, card_html, doubt_html, result_html, text_html, write_call
from nexmo_nb.forms.outcome import Outcome
from nexmo_nb.forms.widgets import make_labelled, make_region, read_filled, show_country
from nexmo_nb.forms.words import list_choices, say, say_price
from nexmo_nb.pricing import prices
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.voice import check_voice, send_voice

LANGUAGES = (
    "en-us", "en-gb", "en-au", "en-in", "de-de", "es-es", "es-mx", "es-us", "fr-fr", "fr-ca", "is-is", "it-it", "ja-jp",
    "ko-kr", "nl-nl", "pl-pl", "pt-pt", "pt-br", "ro-ro", "ru-ru", "sv-se", "tr-tr", "zh-cn",
)  # fmt: skip
VOICES = ("female", "male", "0", "1", "2")
_OPTIONS = ("sender", "audio_url", "language", "voice", "repeat", "machine_detection", "callback", "region")
_MACHINE_CHOICES = ("", "true", "hangup")


class VoiceForm(Form):
    """Write, preview and place a voice call; `voice_form` makes it and says what its attributes are."""

    unknown_hint = "settle"

    def __init__(self, *, session: Session | None = None) -> None:
        self.to = make_labelled(widgets.Text, say("label_to"), placeholder="+44 7700 900000")
        self.region = make_region()
        self.text = make_labelled(widgets.Textarea, say("label_text"), rows=4)
        self.language = make_labelled(widgets.Combobox, say("label_language"), options=LANGUAGES, value="en-us")
        self.voice = make_labelled(widgets.Combobox, say("label_voice"), options=VOICES, value="female")
        self.repeat = make_labelled(widgets.BoundedIntText, say("label_repeat"), value=1, min=1, max=10)
        self.sender = make_labelled(widgets.Text, say("label_sender"), placeholder=say("hint_voice_sender"))
        self.audio_url = make_labelled(widgets.Text, say("label_audio_url"), placeholder=say("hint_recording"))
        self.machine_detection = make_labelled(
            widgets.Dropdown, say("label_machine_detection"), options=list_choices("machine", _MACHINE_CHOICES)
        )
        self.callback = make_labelled(widgets.Text, say("label_event_callback"))
        rows = [self.to, self.region, self.text, self.language, self.voice, self.repeat, self.sender]
        rows += [self.audio_url, self.machine_detection, self.callback]
        super().__init__(rows, rows, session=session, verb=say("verb_call"))

    def build_preview(self) -> list[Markup]:
        text, options = self.text.value or None, self._read_options()
        _, call, _ = check_voice({"to": self.to.value, "text": text, **options}, self.session)
        doubt = find_doubt(self.to.value, options.get("region"), is_call=True)
        country = country_of(call["to"])
        cost = text_html(say("call_price", price=self._describe_price(country)))
        return [
            bubble_html(text or say("recording"), say("spoken", name=options["language"])),
            card_html(say("call_to", to=call["to"], country=show_country(country)), cost),
            *doubt_html(doubt),
        ]

    def submit(self, token: str) -> Done:
        to, text, options = self.to.value, self.text.value or None, self._read_options()
        with warnings.catch_warnings():
            # Whoever uses a form can do nothing about a deprecated endpoint; the preview showed the doubts.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", DoubtfulNumberWarning)
            result = send_voice(to, text, key=f"form {token}", session=self.session, **options)
        said = say("calling", to=result.to.iloc[0])
        call = write_call("send_voice", repr(to), repr(text), **options)
        return Done(result, Outcome(f"{said}."), result_html(said, result, call))

    def _describe_price(self, country: str | None) -> str:
        price_list = None if country is None else prices(country, product="voice", session=self.session)
        if price_list is None or price_list.empty:
            return say("no_price")
        low, high, currency = price_list.price.min(), price_list.price.max(), price_list.currency.iloc[0]
        return say("price_a_minute", price=say_price(low, high, currency))

    def _read_options(self) -> dict[str, Any]:
        """Read the parameters of `send_voice` other than number and text."""
        controls = {name: getattr(self, name) for name in _OPTIONS}
        language, voice = self.language.value.strip(), self.voice.value.strip()
        # A blank language or voice is passed on, so that it is refused and not replaced by the default.
        style = int(voice) if re.fullmatch("[0-9]{1,9}", voice) else voice
        return {**read_filled(controls), "language": language, "voice": style}


def voice_form(*, session: Session | None = None) -> VoiceForm:
    """Show a form that writes, previews and places a voice call, once.

    Parameters
    ----------
    session : Session, optional
        Default: the current one.

    Returns
    -------
    VoiceForm
        A widget. Its attributes: a control for each parameter of `send_voice` that it offers, ``to, region, text,
        language, voice, repeat, sender, audio_url, machine_detection, callback``, and ``preview, send, result``.

    Raises
    ------
    InvalidRequestError
        If there is no session.

    Notes
    -----
    Preview first; Call then works once, and goes through the ledger. A form is kept until its ``close()`` or the
    kernel's end, also where its cell is run again. Uses https://developer.vonage.com/en/api/voice.

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
    return VoiceForm(session=session_or_current(session))
