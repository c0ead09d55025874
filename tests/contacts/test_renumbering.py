"""Numbers of before are told what they are today; a number of today is never taken for one of before."""

from __future__ import annotations

import phonenumbers
import pytest

from nexmo_nb.contacts.cells import UnreadableNumber
from nexmo_nb.contacts.numbers import read_number
from nexmo_nb.contacts.renumbering import find_change


@pytest.mark.parametrize(
    ("before", "region", "today", "country"),
    [
        ("+52 1 55 0000 0001", None, "525500000001", "Mexico"),
        ("5215500000001", None, "525500000001", "Mexico"),
        ("+54 9 11 15 0000 0001", None, "5491100000001", "Argentin"),
        ("+54 9 221 15 000 0001", None, "5492210000001", "Argentin"),
        ("+54 9 2966 15 00 0001", None, "5492966000001", "Argentin"),
        ("+55 11 9000-0001", None, "5511990000001", "Brazil"),
        ("+55 11 8000-0001", None, "5511980000001", "Brazil"),
        ("(11) 9000-0001", "BR", "5511990000001", "Brazil"),
        ("+225 07 00 00 01", None, "2250707000001", "Ivory Coast"),
        ("+225 05 00 00 01", None, "2250505000001", "Ivory Coast"),
        ("+225 01 00 00 01", None, "2250101000001", "Ivory Coast"),
        ("+225 48 00 00 01", None, "2250748000001", "Ivory Coast"),
        ("+229 97 00 00 01", None, "2290197000001", "Benin"),
        ("97 00 00 01", "BJ", "2290197000001", "Benin"),
        ("+229 21 00 00 01", None, "2290121000001", "Benin"),
    ],
)
def test_a_number_of_before_is_refused_with_that_of_today(
    before: str, region: str | None, today: str, country: str
) -> None:
    with pytest.raises(UnreadableNumber) as found:
        read_number(before, region)
    assert found.value.code == "renumbered"
    assert country in found.value.reason
    assert f"+{today} now" in found.value.reason


@pytest.mark.parametrize(
    "today",
    ["+525500000001", "+5491100000001", "+5511990000001", "+2250707000001", "+2290197000001", "+551130000001"],
)
def test_a_number_of_today_stays_as_it_is(today: str) -> None:
    assert read_number(today).digits == today[1:]
    assert find_change(today[1:]) is None


def test_no_valid_number_is_one_of_before() -> None:
    for region in phonenumbers.SUPPORTED_REGIONS:
        for kind in range(11):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is not None:
                digits = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)[1:]
                assert find_change(digits) is None


@pytest.mark.parametrize("today", ["525500000001", "5491123456789", "5511961234567", "2250123456789", "2290195123456"])
def test_what_a_change_gives_is_a_valid_number(today: str) -> None:
    before = {
        "525500000001": "5215500000001",
        "5491123456789": "549111523456789",
        "5511961234567": "551161234567",
        "2250123456789": "22523456789",
        "2290195123456": "22995123456",
    }[today]
    found = find_change(before)
    assert found is None or phonenumbers.is_valid_number(phonenumbers.parse(f"+{found[0]}"))
