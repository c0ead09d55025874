"""Phone numbers: every usual spelling in, digits out; damaged ones refused with the reason."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import phonenumbers
import pytest

from nexmo_nb.contacts import numbers
from nexmo_nb.contacts.countries import country_of
from nexmo_nb.contacts.numbers import check_msisdn, check_sender, parse_number_and_country, to_e164
from nexmo_nb.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("written", "digits"),
    [
        ("+44 7700 900000", "447700900000"),
        ("00447700900000", "447700900000"),
        ("0044 7700-900.000", "447700900000"),
        (447700900000, "447700900000"),
        (np.int64(447700900000), "447700900000"),
        ("447700900000", "447700900000"),
        ("+44 (0)7700 900000", "447700900000"),
        (" +44\u00a07700\u00a0900000 ", "447700900000"),
        ("+39 06 698 12345", "390669812345"),
        ("+1 (202) 555-0123", "12025550123"),
    ],
)
def test_usual_spellings_become_digits(written: object, digits: str) -> None:
    assert to_e164(written) == digits


@pytest.mark.parametrize(
    ("written", "region", "digits"),
    [
        ("07700 900000", "GB", "447700900000"),
        (7700900000, "GB", "447700900000"),
        ("447700900000", "GB", "447700900000"),
        ("912 345 678", "PT", "351912345678"),
        ("+1 202 555 0123", "GB", "12025550123"),
        ("00351912345678", "GB", "351912345678"),
    ],
)
def test_national_numbers_need_their_region(written: object, region: str, digits: str) -> None:
    assert to_e164(written, region) == digits


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (447700900000.0, "dtype=str"),
        (float("nan"), "dtype=str"),
        (True, "got True"),
        (None, "got None"),
        (b"447700900000", "got b'"),
        ("44770090000x", "got '44770090000x'"),
        ("+44 7700 900000 ext. 5", "ext"),
        ("07700 900000", "national number"),
        ("+999 1234 5678", "No country"),
        ("1" * 17, "too long"),
        ("+44 77", "too short"),
        ("", "got ''"),
        ("+", "got '\\+'"),
        ("00", "got '00'"),
        ("447700900000\n447700900001", "got"),
        (-447700900000, "got"),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(written: object, why: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^to: .*{why}"):
        to_e164(written)


def test_the_country_of_a_number() -> None:
    assert [country_of(n) for n in ("264811234567", "351912345678", "447700900000", "870773111632")] == [
        "NA",
        "PT",
        "GB",
        None,
    ]


@pytest.mark.parametrize(
    ("written", "sender"),
    [
        ("Demo", "Demo"),
        ("My Shop 24", "My Shop 24"),
        ("A B C D E F G H", "A B C D E F G H"),
        ("+44 7700 900001", "447700900001"),
        (12345, "12345"),
    ],
)
def test_senders_are_names_or_numbers(written: object, sender: str) -> None:
    assert check_sender(written) == sender


@pytest.mark.parametrize(
    "written", ["", " ", "TwelveLetter", "Caf\u00e9", "1234567890123456", None, 1.5, True, "a\nb", "Shop!"]
)
def test_other_senders_are_refused(written: object) -> None:
    with pytest.raises(InvalidRequestError, match="^sender: got"):
        check_sender(written)


def test_own_numbers_are_written_in_ascii() -> None:
    with pytest.raises(InvalidRequestError, match="^msisdn: got"):
        check_msisdn("٤٤٧٧٠٠٩٠٠٠٠٠")


def test_own_numbers_may_be_short() -> None:
    assert [check_msisdn("12345"), check_msisdn(447700900001), check_msisdn("+44 7700 900001")] == [
        "12345",
        "447700900001",
        "447700900001",
    ]


def spelled(source: random.Random) -> Iterator[str]:
    """Numbers of every kind of every country, whole and with digits and marks changed, and of every calling code."""
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in range(11):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is not None:
                whole = list(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164))
                yield "".join(whole)
                yield "".join(whole[1:])
                yield f"+{example.country_code} (0) {example.national_number}"
                yield str(example.national_number)
                for _ in range(2):
                    changed = [*whole]
                    changed[source.randrange(1, len(whole))] = source.choice("0123456789")
                    changed.insert(source.randrange(1, len(whole)), source.choice(["", " ", "-", "/", "\u00a0", "\t"]))
                    yield "".join(changed)
    for code in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE):
        for length in range(3, 15):
            yield f"00{code}{source.randrange(10**length):0{length}d}"


def told(number: str, region: str | None) -> object:
    """What `parse_number_and_country` answers, in words where it refuses."""
    try:
        return parse_number_and_country(number, region)
    except InvalidRequestError as refusal:
        return str(refusal)


@pytest.mark.parametrize("region", [None, "GB", "AR"])
def test_the_short_way_to_a_number_says_what_the_library_says(
    region: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = list(spelled(random.Random(1)))
    found = [told(number, region) for number in samples]
    monkeypatch.setattr(numbers, "_extract_digits", lambda written, region: None)
    assert dict(zip(samples, found, strict=True)) == {number: told(number, region) for number in samples}
