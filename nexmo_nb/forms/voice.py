"""A form for voice messages."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import ipywidgets as widgets

from nexmo_nb.campaigns.suppression import check_not_suppressed
from nexmo_nb.contacts.doubts import find_doubt
from nexmo_nb.contacts.numbers import country_of
from nexmo_nb.errors import DoubtfulNumberWarning, InvalidRequestError
from nexmo_nb.forms.fields import VALID_NUMBER, Section, find_problems
from nexmo_nb.forms.form import Done, Form
from nexmo_nb.forms.markup import Markup, bubble_html, doubt_html, preview_html, result_html, write_call
from nexmo_nb.forms.outcome import Outcome
from nexmo_nb.forms.widgets import make_labelled, make_region, offer_own_numbers, read_filled, show_country
from nexmo_nb.forms.words import Words
from nexmo_nb.options import Language
from nexmo_nb.pricing import prices
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.voice import check_voice, send_voice

LANGUAGES = (
    "en-us", "en-gb", "en-au", "en-in", "de-de", "es-es", "es-mx", "es-us", "fr-fr", "fr-ca", "is-is", "it-it", "ja-jp",
    "ko-kr", "nl-nl", "pl-pl", "pt-pt", "pt-br", "ro-ro", "ru-ru", "sv-se", "tr-tr", "zh-cn",
)  # fmt: skip
# The voices of each API: the older one knows two by their sex, the other one numbers those of each language.
VOICES = {"tts": ("female", "male"), "calls": ("female", "0", "1", "2", "3", "4", "5")}
# What stands in for a wrong value while the others are checked.
_VALID = {"to": VALID_NUMBER, "text": "x", "language": "en-us", "voice": "female", "repeat": 1}
_OPTIONS = ("sender", "audio_url", "language", "voice", "repeat", "machine_detection", "callback", "region")
_MACHINE_CHOICES = ("", "true", "hangup")


class VoiceForm(Form):
    """Write, preview and place a voice call; `voice_form` makes it and says what its attributes are."""

    unknown_hint = "settle"

    def __init__(self, *, language: Language | None = None, session: Session | None = None) -> None:
        words, session = Words(language), session_or_current(session)
        voices = VOICES["calls" if session.account.can_sign_calls else "tts"]
        self.to = make_labelled(widgets.Text, words.say("label_to"), placeholder="+44 7700 900000")
        self.region = make_region(words)
        self.text = make_labelled(widgets.Textarea, words.say("label_text"), rows=4)
        self.language = make_labelled(
            widgets.Dropdown, words.say("label_language"), options=words.list_choices("speech", LANGUAGES)
        )
        self.voice = make_labelled(
            widgets.Dropdown, words.say("label_voice"), options=words.list_choices("style", voices)
        )
        self.repeat = make_labelled(widgets.BoundedIntText, words.say("label_repeat"), value=1, min=1, max=10)
        hint = words.say("hint_voice_sender")
        self.sender = make_labelled(widgets.Combobox, words.say("label_sender"), placeholder=hint)
        self.audio_url = make_labelled(
            widgets.Text, words.say("label_audio_url"), placeholder=words.say("hint_recording")
        )
        self.machine_detection = make_labelled(
            widgets.Dropdown,
            words.say("label_machine_detection"),
            options=words.list_choices("machine", _MACHINE_CHOICES),
        )
        self.callback = make_labelled(widgets.Text, words.say("label_event_callback"))
        super().__init__(
            words,
            "voice",
            {name: getattr(self, name) for name in ("to", "text", *_OPTIONS)},
            [
                Section("recipients", ["to", "region"]),
                Section("message", ["text", "audio_url"]),
                Section("voice", ["language", "voice", "repeat"]),
                Section("call", ["sender", "machine_detection", "callback"]),
            ],
            session=session,
            verb=words.say("verb_call"),
        )
        self._own = offer_own_numbers(self.sender, self.session, words, feature="VOICE")

    def find_problems(self) -> Mapping[str, InvalidRequestError]:
        values = {"to": self.to.value, "text": self.text.value or None, **self._read_options()}

        def check(left: dict[str, Any]) -> None:
            _, call, _ = check_voice(left, self.session)
            if left["to"] != VALID_NUMBER:  # which stands in for a wrong one
                check_not_suppressed(call["to"], self.session)

        return find_problems(check, values, _VALID)

    def build_preview(self) -> list[Markup]:
        words, text, options = self.words, self.text.value or None, self._read_options()
        _, call, _ = check_voice({"to": self.to.value, "text": text, **options}, self.session)
        doubt = find_doubt(self.to.value, options.get("region"), is_call=True)
        country = country_of(call["to"])
        spoken = words.say("spoken", name=words.say(f"speech_{self.language.value}"))
        said = words.say("call_to", to=call["to"], country=show_country(country, words))
        bubble = bubble_html(text or words.say("recording"), spoken)
        return [preview_html(self._describe_price(country), said, bubble), *doubt_html(doubt, words)]

    def submit(self, token: str) -> Done:
        to, text, options = self.to.value, self.text.value or None, self._read_options()
        with warnings.catch_warnings():
            # Whoever uses a form can do nothing about a deprecated endpoint; the preview showed the doubts.
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", DoubtfulNumberWarning)
            result = send_voice(to, text, key=f"form {token}", session=self.session, **options)
        said = self.words.say("calling", to=result.to.iloc[0])
        call = write_call("send_voice", repr(to), repr(text), **options)
        return Done(result, Outcome(f"{said}."), result_html(said, result, call, self.words))

    def _describe_price(self, country: str | None) -> str:
        price_list = None if country is None else prices(country, product="voice", session=self.session)
        if price_list is None or price_list.empty:
            return self.words.say("no_price")
        low, high, currency = price_list.price.min(), price_list.price.max(), price_list.currency.iloc[0]
        return self.words.say("price_a_minute", price=self.words.say_price(low, high, currency))

    def _read_options(self) -> dict[str, Any]:
        """Read the parameters of `send_voice` other than number and text."""
        controls = {name: getattr(self, name) for name in _OPTIONS}
        voice = self.voice.value
        options = {**read_filled(controls), "voice": int(voice) if voice.isdecimal() else voice}
        return options | ({"sender": self._own.read(self.sender)} if "sender" in options else {})


def voice_form(*, language: Language | None = None, session: Session | None = None) -> VoiceForm:
    """Show a form that writes, previews and places a voice call, once.

    Parameters
    ----------
    language : {"en", "pt"}, optional
        The language of the form. Default: that of `set_options`.
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
        If there is no session, or no such language.

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
    return VoiceForm(session=session_or_current(session), language=language)
