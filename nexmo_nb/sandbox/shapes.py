"""What the members of a JSON body must be like, as data, and one function that checks them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from nexmo_nb.sandbox.refusals import Check
from nexmo_nb.sandbox.validation import is_url

LONGEST_SPEECH = 1500
"""Characters that a text to speak may have; markup does not count."""
# The vendor's API description, its guide to text-to-speech, and the vendor's own libraries: each has some that the
# others lack.
_LANGUAGES = (
    "af-ZA ar bg-BG bn-IN ca-ES cmn-CN cmn-TW cs-CZ cy-GB da-DK de-DE el-GR en-AU en-GB en-GB-WLS en-IN en-US en-ZA"
    " es-ES es-MX es-US eu-ES fi-FI fil-PH fr-CA fr-FR gu-IN he-IL hi-IN hu-HU id-ID is-IS it-IT ja-JP kn-IN ko-KR"
    " lt-LT lv-LV ml-IN mr-IN ms-MY nb-NO nl-BE nl-NL no-NO pa-IN pl-PL pt-BR pt-PT ro-RO ru-RU sk-SK sr-RS sv-SE"
    " ta-IN te-IN th-TH tr-TR uk-UA vi-VN yue-CN yue-HK"
)
LANGUAGES = frozenset(_LANGUAGES.split())


class Rule(NamedTuple):
    """Whether a value is allowed, and what it must be, in words."""

    allows: Callable[[Any], bool]
    words: str


class Shape(NamedTuple):
    """The members of an object with their rules, and which of them must be there. Others are ignored."""

    rules: Mapping[str, Rule | Shape]
    required: tuple[str, ...] = ()


def check_shape(name: str, value: Any, shape: Shape) -> Iterator[Check]:
    """Check an object and what it holds. A member that is null counts as missing."""
    if not isinstance(value, dict):
        yield False, name, "must be an object"
        return
    before = f"{name}." if name else ""
    for member in shape.required:
        yield value.get(member) is not None, before + member, "is missing"
    for member, rule in shape.rules.items():
        given = value.get(member)
        if given is None:
            continue
        if isinstance(rule, Shape):
            yield from check_shape(before + member, given, rule)
        else:
            yield rule.allows(given), before + member, rule.words


def allow_words(*words: str) -> Rule:
    return Rule(lambda value: value in words, f"must be one of: {', '.join(words)}")


def allow_whole(low: int, high: int | None = None) -> Rule:
    words = f"must be a whole number from {low}" + ("" if high is None else f" to {high}")
    return Rule(lambda value: type(value) is int and value >= low and (high is None or value <= high), words)


def allow_number(low: float, high: float) -> Rule:
    return Rule(lambda value: _is_number(value) and low <= value <= high, f"must be a number from {low} to {high}")


def allow_text(low: int = 1, high: int | None = None) -> Rule:
    words = f"must be text of at least {low}" + ("" if high is None else f" and at most {high}") + " characters"
    return Rule(
        lambda value: isinstance(value, str) and low <= len(value) and (high is None or len(value) <= high), words
    )


def is_phone_number(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9]{7,15}", value) is not None


def count_spoken(text: str) -> int:
    """Count the characters of a text that are spoken: all but markup."""
    return len(re.sub("<[^>]*>", "", text))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_level(value: Any) -> bool:
    """Allow numbers, as actions have them, and text, as requests during a call do: clients send either everywhere."""
    if isinstance(value, str):
        return re.fullmatch(r"-?(1(\.0+)?|0?\.[0-9]+|0)", value) is not None
    return _is_number(value) and -1 <= value <= 1


def _is_list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(each, kind) for each in value)


ANYTHING = Shape({})
NUMBER = Rule(_is_number, "must be a number")
FLAG = Rule(lambda value: isinstance(value, bool), "must be true or false")
METHOD = allow_words("GET", "POST")
URL = Rule(is_url, "must be a URL")
URLS = Rule(
    lambda value: isinstance(value, list) and len(value) == 1 and is_url(value[0]), "must be an array of one URL"
)
TEXTS = Rule(lambda value: _is_list_of(value, str), "must be an array of texts")
PHONE_NUMBER = Rule(is_phone_number, "must have 7 to 15 digits")
LEVEL = Rule(_is_level, "must be a number from -1 to 1")
LOOP = STYLE = allow_whole(0)
LANGUAGE = Rule(lambda value: isinstance(value, str) and value in LANGUAGES, "must be a language of text-to-speech")
SPEECH = Rule(
    lambda value: isinstance(value, str) and 1 <= count_spoken(value) <= LONGEST_SPEECH,
    f"must have 1 to {LONGEST_SPEECH} characters",
)
DETECTION = allow_words("continue", "hangup")
ADVANCED_DETECTION = Shape(
    {
        "behavior": DETECTION,
        "mode": allow_words("default", "detect", "detect_beep"),
        "beep_timeout": allow_whole(30, 120),
    }
)
