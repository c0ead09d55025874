"""Arguments: what is right goes through as the wire wants it; what is wrong is refused by name."""

from __future__ import annotations

import unicodedata
import warnings
from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from nexmo_nb import validation
from nexmo_nb.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("SMS", "SMS"),
        ("sms,voice", "SMS,VOICE"),
        (["VOICE", "SMS"], "SMS,VOICE"),
        (["MMS", "SMS"], "SMS,MMS"),
        ({"VOICE", "MMS"}, "VOICE,MMS"),
        ("VOICE,SMS,MMS", "SMS,MMS,VOICE"),
        ("SMS, SMS", "SMS"),
    ],
)
def test_features_go_out_in_the_documented_order(given: object, sent: str) -> None:
    assert validation.check_features(given) == sent


@pytest.mark.parametrize("given", ["", "FAX", ["SMS", "FAX"], [], 5, [None]])
def test_other_features_are_refused(given: object) -> None:
    with pytest.raises(InvalidRequestError, match="^features: got .*allowed"):
        validation.check_features(given)


@pytest.mark.parametrize(("given", "sent"), [("4477", "4477"), (4477, "4477"), ("0077", "0077"), ("+44 77", "4477")])
def test_patterns_keep_their_zeros(given: object, sent: str) -> None:
    assert validation.check_number_pattern(given) == sent


@pytest.mark.parametrize("given", ["", "abc", "44*", "1" * 16, 44.0, None, True, -44])
def test_patterns_without_digits_are_refused(given: object) -> None:
    with pytest.raises(InvalidRequestError, match="^pattern: got"):
        validation.check_number_pattern(given)


@pytest.mark.parametrize("given", ["https://example.org", "http://example.org:8080/a?b=c", "https://例え.jp/"])
def test_urls(given: str) -> None:
    assert validation.check_url("callback", given) == given


@pytest.mark.parametrize(
    "given",
    [
        "example.org",
        "ftp://example.org",
        "https://",
        "https://a b.org",
        "https://example.org/\r\nX: y",
        "https://x:99999/",
        "",
        None,
        5,
        "https://" + "a" * 3000,
    ],
)
def test_what_is_no_url_is_refused(given: object) -> None:
    with pytest.raises(InvalidRequestError, match="^callback: got"):
        validation.check_url("callback", given)


def test_a_url_with_a_password_is_refused_without_showing_it() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        validation.check_url("callback", "https://me:hunter2@example.org")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("given", ["0605", "06 05", b"\x06\x05", "0605 "])
def test_octets(given: object) -> None:
    assert validation.check_hex("udh", given) == "0605"


@pytest.mark.parametrize("given", ["", "060", "xx", None, 605, "06\u0660\u0661"])
def test_what_is_no_hex_is_refused(given: object) -> None:
    with pytest.raises(InvalidRequestError, match="^udh: got"):
        validation.check_hex("udh", given)


@pytest.mark.parametrize("given", [0, 255, "7"])
def test_whole_numbers(given: object) -> None:
    assert validation.check_int("protocol_id", given, 0, 255) == int(str(given))


@pytest.mark.parametrize("given", [-1, 256, 1.0, "1.5", True, None, "٣x", float("nan")])
def test_other_numbers_are_refused(given: object) -> None:
    with pytest.raises(InvalidRequestError, match="^protocol_id: got .*whole number from 0 to 255"):
        validation.check_int("protocol_id", given, 0, 255)


@pytest.mark.parametrize(
    "given",
    [
        "../../account",
        "5d6f0b6e-0a4e-4c0e-9f5f-0a1b2c3d4e5f/..",
        "",
        None,
        5,
        "5d6f0b6e0a4e4c0e9f5f0a1b2c3d4e5f",
        "x" * 36,
    ],
)
def test_only_a_uuid_becomes_part_of_a_path(given: object) -> None:
    with pytest.raises(InvalidRequestError, match="^application_id: got"):
        validation.check_application_id(given)


def test_a_long_value_is_shown_in_short() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        validation.check_text("name", "x" * 5000, longest=255)
    assert len(str(caught.value)) < 300
    assert "5002 characters" in str(caught.value)


COLUMNS = {
    "price": [0.5, None],
    "sent": pd.to_datetime(["2026-01-01", "2026-01-02"], utc=True),
    "text": pd.Series(["a", date(2026, 1, 1)], dtype=object),
}


@pytest.mark.parametrize(
    "columns", [{}, {"price": pd.Series([1, None], dtype=object)}, {"text": pd.Series(["a", 1.5], dtype="string")}]
)
def test_a_frame_with_the_columns_it_needs_is_accepted(columns: dict[str, Any]) -> None:
    frame = pd.DataFrame({**COLUMNS, **columns})
    validation.check_frame(frame, "price", numbers=["price", "absent"], times=["sent"], words=["text"])


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"price": ["x", "y"]}, "numbers in price"),
        ({"price": [True, False]}, "numbers in price"),
        ({"price": pd.Series([True, 1], dtype=object)}, "numbers in price"),
        ({"price": [1j, 2j]}, "numbers in price"),
        ({"sent": pd.to_datetime(["2026-01-01"] * 2)}, "datetime64.*allowed: times in UTC in sent"),
        ({"text": pd.Series([{}, "a"], dtype=object)}, "objects in text"),
        ({"text": pd.Series(["\ud800", "a"], dtype=object)}, "surrogate pair, in text"),
    ],
)
def test_a_column_that_holds_something_else_is_refused(columns: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^frame: got .*{words}"):
        validation.check_frame(pd.DataFrame({**COLUMNS, **columns}), numbers=["price"], times=["sent"], words=["text"])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([1], "a DataFrame"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "names of their own"),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), "names of their own"),
        (pd.DataFrame({"a": [1]}), "got 'a'; allowed: a frame with b, c"),
    ],
)
def test_what_is_no_frame_with_the_columns_is_refused(given: object, words: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^frame: .*{words}"):
        validation.check_frame(given, "a", "b", "c")


MARKS = [
    "",
    " ",
    "\u00a0",
    "\u3000",
    "\u200b",
    "\u200d",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u200e",
    "\ufe0f",
    "\u3164",
    "\u2800",
]


@pytest.mark.parametrize("mark", MARKS[1:])
@pytest.mark.parametrize("name", ["hello", "M\u00fcller 1", "Mu\u0308ller\u200b1"])
def test_blanks_invisible_marks_and_the_spelling_of_accents_make_no_other_name(mark: str, name: str) -> None:
    plain = unicodedata.normalize("NFC", name)
    for given in (f"{mark}{name}", f"{name}{mark}", f" {mark}{unicodedata.normalize('NFD', name)}{mark}{mark}"):
        with pytest.warns(UserWarning, match="^key: .* is taken as .*make no other name"):
            assert validation.check_name("key", given) == plain


@drawn(st.text(min_size=1, max_size=8), st.sampled_from(MARKS), st.sampled_from(MARKS))
def test_a_plain_name_is_one_however_it_is_dressed(name: str, before: str, after: str) -> None:
    plain = validation.plain_name(name)
    assert validation.plain_name(plain) == plain
    assert validation.plain_name(f"{before}{name}{after}") == plain
    assert validation.plain_name(unicodedata.normalize("NFD", name)) == plain


@pytest.mark.parametrize("name", ["hello", "a  b", "a\u200bb", "M\u00fcller", "\u0416", "\U0001f44b", "1", "-"])
def test_a_name_as_it_is_compared_is_taken_without_a_word(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert validation.check_name("batch", name) == name


@pytest.mark.parametrize("name", ["", " ", "\u200b", " \u2060\ufeff", "a\n", "x" * 201, None, 5])
def test_what_cannot_be_seen_is_no_name(name: Any) -> None:
    with pytest.raises(InvalidRequestError, match="^batch: got"):
        validation.check_name("batch", name)


def test_an_error_can_be_printed_whatever_a_caller_calls_its_argument() -> None:
    problem = validation.invalid_argument("row\n\U00018d09\x1b", None, "a number")
    assert str(problem) == "row \ufffd\ufffd: got None; allowed: a number."
