"""Phone numbers: every usual spelling in, digits out; damaged ones refused with the reason."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

import numpy as np
import phonenumbers
import pytest
from depth import take_some

from nexmo_nb.contacts.cells import UnreadableNumber
from nexmo_nb.contacts.numbers import Number, check_msisdn, check_sender, country_of, read_number, to_e164
from nexmo_nb.contacts.rules import KINDS
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
        (float("nan"), "missing value"),
        (True, "got True"),
        (None, "got None"),
        (b"447700900000", "got b'"),
        ("44770090000x", "got '44770090000x'"),
        ("+44 7700 900000 ext. 5", "ext"),
        ("07700 900000", "national number"),
        ("+999 1234 5678", "No country"),
        ("1" * 17, "too long"),
        ("+44 77", "too short"),
        ("+49 1512 3456789012", "It has 16 digits with its country code, and no number has more than 15"),
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
    ("written", "why"),
    [
        ("7-11", "too short"),
        ("24-7", "too short"),
        ("07700 900123", "national number"),
        ("07700900123", "national number"),
        (7700900123, "code|short|valid"),
        ("AT&T", "No sender can have '&'"),
        ("Shop-24", "No sender can have '-'"),
        ("The Shop of My Family", "The name has 17 letters"),
        ("+44 7700 900123 ext. 5", "No sender can have"),
        ("12", ""),
        ("0123", "national number"),
        ("123456789", "too short"),
    ],
)
def test_what_is_no_sender_is_refused_with_the_reason(written: object, why: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^sender: got .*{why}"):
        check_sender(written)


def test_short_codes_are_senders() -> None:
    assert [check_sender(each) for each in ("123", "12345", 12345, "12345678")] == ["123", "12345", "12345", "12345678"]


@pytest.mark.parametrize(
    "written",
    ["", " ", "TwelveLetter", "Caf\u00e9", "1234567890123456", None, 1.5, True, "a\nb", "Shop!", "\u00b2\u00b3\u00b9"],
)
def test_other_senders_are_refused(written: object) -> None:
    with pytest.raises(InvalidRequestError, match="^sender: got"):
        check_sender(written)


def test_own_numbers_are_written_in_ascii() -> None:
    assert check_msisdn("٤٤٧٧٠٠٩٠٠٠٠٠") == "447700900000"


@pytest.mark.parametrize("written", ["12", "1" * 16, "0044 7700 900000", "+44 7700 90000x", None, 1.5])
def test_other_own_numbers_are_refused(written: object) -> None:
    with pytest.raises(InvalidRequestError, match="^msisdn: got"):
        check_msisdn(written)


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
                    changed.insert(source.randrange(2, len(whole)), source.choice(["", " ", "-", "/", "\u00a0", "\t"]))
                    yield "".join(changed)
    for code in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE):
        for length in range(3, 15):
            yield f"00{code}{source.randrange(10**length):0{length}d}"


def ask_library(written: str, region: str | None) -> Number | None:
    """What the library says: the number, its country and its kind; None if no country has such a number."""
    try:
        parsed = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    digits = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)[1:]
    if len(digits) > 15:  # the library leaves room for more in a few countries; E.164 and the API do not
        return None
    country = phonenumbers.region_code_for_number(parsed)
    kind = _KINDS.get(phonenumbers.number_type(parsed)) if phonenumbers.is_valid_number(parsed) else None
    if country is None:
        country = phonenumbers.region_code_for_country_code(parsed.country_code)
    return Number(digits, None if country in ("ZZ", "001") else country, kind, has_code=True)


_KINDS = {
    getattr(phonenumbers.PhoneNumberType, name.replace("fixed_or", "fixed_line_or").upper()): kind
    for name, kind in KINDS.items()
}


def expect(written: str, region: str | None) -> list[Number | None]:
    """What the library says, which takes a number without a plus or 00 for a national one."""
    digits = re.sub(r"\D", "", written)
    if "+" in written:
        return [ask_library("+" + digits, None)]
    if digits.startswith("00"):
        return [ask_library("+" + digits[2:], None)]
    if region is None:
        return [None if digits.startswith("0") else ask_library("+" + digits, None)]
    whole = ask_library("+" + digits, None)
    # Digits that begin with the region's own code, and are then a number of it, are that number.
    is_whole = (
        whole is not None
        and whole.kind is not None
        and phonenumbers.is_valid_number_for_region(phonenumbers.parse("+" + digits), region)
    )
    return [whole] if is_whole else [ask_library(written, region)]


@pytest.mark.parametrize("region", [None, "GB", "AR", "IT", "US"])
def test_number_country_and_kind_are_what_the_library_says(region: str | None) -> None:
    wrong = []
    for written in take_some(list(spelled(random.Random(1))), 20):
        allowed = expect(written, region)
        found: Number | None
        try:
            found = read_number(written, region)._replace(has_code=True)
        except UnreadableNumber as problem:
            found = None
            if problem.code in ("several_numbers", "decimal") and re.search(r"/\d{1,2}$|\.00?$", written):
                continue  # the library takes marks for nothing: 1234567/8 and 1234567.0 are others than 12345678 and …0
            if problem.code == "renumbered":
                # The library takes it for possible, and knows no such number.
                allowed = [each for each in allowed if each is not None and each.kind is not None] or [None]
        if found not in allowed:
            wrong.append((written, found, allowed))
    assert wrong == []


@pytest.mark.parametrize(
    ("written", "region", "digits"),
    [
        ("0011 44 7911 123456", "AU", "447911123456"),
        ("002 1 202 456 1111", "KR", "12024561111"),
        ("001 44 7911 123456", "TH", "447911123456"),
        ("0015 44 7911 123456", "BR", "447911123456"),
        ("0044 7911 123456", "AU", "447911123456"),
        ("0044 7911 123456", "HK", "447911123456"),
    ],
)
def test_what_is_dialled_before_a_calling_code_is_that_of_the_region(written: str, region: str, digits: str) -> None:
    number = read_number(written, region)
    assert (number.digits, number.has_code) == (digits, True)


@pytest.mark.parametrize(
    ("written", "region"), [("001 65 9312 3456", "HK"), ("001 65 9312 3456", "TH"), ("0011 65 9312 3456", "AU")]
)
def test_a_number_dialled_abroad_that_can_be_two_is_neither(written: str, region: str) -> None:
    with pytest.raises(UnreadableNumber, match=r"\+16593123456 or \+6593123456") as caught:
        read_number(written, region)
    assert caught.value.code == "no_country_code"


def test_a_sender_of_thousands_of_digits_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="^sender: got"):
        check_sender(10**5000)
