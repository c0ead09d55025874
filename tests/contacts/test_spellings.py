"""Every kind of number of every country, in every spelling: it is that number, a doubt, or refused; never another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

import phonenumbers
import pytest
from depth import take_some
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from nexmo_nb.contacts.cells import PROBLEMS, UnreadableNumber
from nexmo_nb.contacts.numbers import WARNINGS, find_warning, read_number

_FULL_WIDTH = {ord(str(digit)): 0xFF10 + digit for digit in range(10)}
_ARABIC = {ord(str(digit)): 0x0660 + digit for digit in range(10)}


def bare(written: str) -> str:
    return "".join(c for c in written if c.isdigit() or c == "+")


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda written: written,
    "without marks": bare,
    "hyphens": lambda written: written.replace(" ", "-"),
    "dots": lambda written: written.replace(" ", "."),
    "brackets": lambda written: (
        f"({written.replace(' ', ') ', 1)}" if " " in written and "(" not in written else written
    ),
    "no-break spaces": lambda written: f"\u00a0{written}\u202f".replace(" ", "\u00a0"),
    "marks without width": lambda written: f"\ufeff\u200e{written}\u202c",
    "a link": lambda written: f"tel:{written}",
    "an apostrophe": lambda written: f"'{written}",
    "a formula": lambda written: f'="{written}"',
    "full-width digits": lambda written: written.translate(_FULL_WIDTH).replace("+", "\uff0b"),
    "Arabic digits": lambda written: written.translate(_ARABIC),
    "a semicolon behind": lambda written: f"{written};",
    "a float": lambda written: f"{bare(written)}.0",
    "a slash": lambda written: written.replace(" ", "/", 1),
}
EACH_SPELLING = pytest.mark.parametrize("spell", [pytest.param(spell, id=name) for name, spell in SPELLINGS.items()])
# A single point is a decimal point, whatever it separates.
REFUSABLE = {"decimal"}
# Of Canada: it has no area code, and is dialled within the country only.
LOCAL = "13101234"


@cache
def list_examples() -> Sequence[tuple[str, phonenumbers.PhoneNumber]]:
    """List numbers of each kind of each country, once they are needed: it takes a while."""
    return list(find_examples())


def find_examples() -> Iterator[tuple[str, phonenumbers.PhoneNumber]]:
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in range(11):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is not None and write(example, PhoneNumberFormat.E164) != f"+{LOCAL}":
                yield region, example


def write(number: phonenumbers.PhoneNumber, form: int) -> str:
    return str(phonenumbers.format_number(number, form))


def list_some() -> Sequence[tuple[str, phonenumbers.PhoneNumber]]:
    return take_some(list_examples(), 15)


EXAMPLES = st.deferred(lambda: st.sampled_from(list_examples()))


def outcome(written: str, region: str | None, home: str | None = None) -> tuple[str, str]:
    """What becomes of a cell: the code of its problem or doubt, and the digits as which it was read."""
    try:
        number = read_number(written, region)
    except UnreadableNumber as problem:
        found: tuple[str, str] = problem.args
        return check_code(found, PROBLEMS), ""
    return check_code(find_warning(number, home), WARNINGS), number.digits


def check_code(found: tuple[str, str] | None, allowed: Mapping[str, str]) -> str:
    """Check that a problem or a doubt has a known code and a reason; give the code."""
    assert found is None or (found[0] in allowed and found[1])
    return found[0] if found else ""


def test_there_are_numbers_of_every_country() -> None:
    assert {region for region, _ in list_examples()} == set(phonenumbers.SUPPORTED_REGIONS)
    assert len(list_examples()) > 1300


@EACH_SPELLING
def test_a_number_with_its_country_code_is_read(spell: Callable[[str], str]) -> None:
    wrong = []
    for region, example in list_some():
        whole = write(example, PhoneNumberFormat.E164)
        spaced = write(example, PhoneNumberFormat.INTERNATIONAL)
        for written in (whole, spaced, f"00{whole[1:]}", f"00 {spaced[1:]}"):
            for given_region in (None, region):
                code, digits = outcome(spell(written), given_region)
                if digits != whole[1:] and (digits or code not in REFUSABLE):
                    wrong.append((written, given_region, code, digits))
    assert wrong == []


@EACH_SPELLING
def test_a_number_with_its_country_code_needs_no_plus(spell: Callable[[str], str]) -> None:
    wrong = []
    for _, example in list_some():
        whole = write(example, PhoneNumberFormat.E164)[1:]
        code, digits = outcome(spell(whole), None)
        if digits != whole:
            wrong.append((whole, code, digits))
    assert wrong == []


@EACH_SPELLING
def test_a_national_number_is_read_with_its_region(spell: Callable[[str], str]) -> None:
    wrong = []
    for region, example in list_some():
        whole = write(example, PhoneNumberFormat.E164)[1:]
        written = write(example, PhoneNumberFormat.NATIONAL)
        code, digits = outcome(spell(written), region)
        if digits != whole and (digits or code not in REFUSABLE):
            wrong.append((written, region, code, digits))
    assert wrong == []


@EACH_SPELLING
def test_a_national_number_without_its_region_is_never_another_one_without_a_doubt(spell: Callable[[str], str]) -> None:
    wrong = []
    for region, example in list_some():
        whole = write(example, PhoneNumberFormat.E164)[1:]
        national = phonenumbers.national_significant_number(example)
        for written in (write(example, PhoneNumberFormat.NATIONAL), national):
            code, digits = outcome(spell(written), None, home=region)
            if digits not in ("", whole) and not code:
                wrong.append((written, region, digits))
    assert wrong == []


# Eleven digits that begin with 1 are a North American number as well: only the list they stand in tells which.
SEEN_IN_A_LIST_ONLY = {"8613123456789", "4915123456789", "9118603451234"}


def test_few_national_numbers_look_whole_outside_of_a_list() -> None:
    found = set()
    for _, example in list_examples():
        whole = write(example, PhoneNumberFormat.E164)[1:]
        code, digits = outcome(phonenumbers.national_significant_number(example), None)
        if digits not in ("", whole) and not code:
            found.add(whole)
    assert found == SEEN_IN_A_LIST_ONLY


@given(
    EXAMPLES,
    st.lists(st.sampled_from([" ", "-", "/", "\u00a0", "\u2009", "\u200b", "\u2011", "\t", " (", ") "]), max_size=4),
    st.data(),
)
def test_marks_anywhere_in_a_number_do_not_change_it(
    example: tuple[str, phonenumbers.PhoneNumber], marks: list[str], data: st.DataObject
) -> None:
    whole = write(example[1], PhoneNumberFormat.E164)
    written = whole
    for mark in marks:
        place = data.draw(st.integers(1, len(written)))
        written = written[:place] + mark + written[place:]
    assert outcome(written, None)[1] in (whole[1:], "")


@given(EXAMPLES, st.sampled_from(["\n", "\r\n", ";", " / ", "/", ", ", " or ", " & ", "|", " +"]))
def test_two_numbers_in_a_cell_never_become_one(example: tuple[str, phonenumbers.PhoneNumber], between: str) -> None:
    region, number = example
    national = write(number, PhoneNumberFormat.NATIONAL)
    cell = f"{national}{between}{national}"
    code, digits = outcome(cell, region)
    assert not digits or (code and not national.startswith("0")), (cell, digits)


@given(st.text(max_size=30), st.sampled_from([None, "GB", "US", "DE", "AR", "IT"]))
def test_any_text_is_a_number_or_refused(written: str, region: str | None) -> None:
    _, digits = outcome(written, region)
    assert not digits or (digits.isascii() and digits.isdigit() and 4 <= len(digits) <= 17)


@given(
    st.from_regex(r"[+0-9()., /x;\-eE]{1,25}", fullmatch=True), st.sampled_from([None, "GB", "US", "DE", "AR", "IT"])
)
def test_no_digit_is_added_but_the_country_code(written: str, region: str | None) -> None:
    """The digits of a number end with those of its cell, but for a decimal zero; only prefixes go or come."""
    _, digits = outcome(written, region)
    given_digits = bare(written).replace("+", "")
    if digits and region != "AR":
        assert any(digits.endswith(tail[-6:]) for tail in (given_digits, given_digits.rstrip("0")) if tail)
