"""Numbers read by columns are those that are read one by one: each number, doubt and problem, of every country."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import phonenumbers
import pyarrow as pa
import pytest
from depth import take_some
from hypothesis import given
from hypothesis import strategies as st

from nexmo_nb.contacts import clean, plain_numbers
from nexmo_nb.contacts.clean import clean_contacts, read_numbers
from nexmo_nb.contacts.countries import list_regions
from nexmo_nb.contacts.plain_kinds import find_countries_and_kinds, is_national
from nexmo_nb.contacts.plain_numbers import read_plain_numbers
from nexmo_nb.contacts.regions import Regions
from nexmo_nb.contacts.renumbering import CALLING_CODES, CHANGES
from nexmo_nb.contacts.rules import (
    KINDS,
    Dialling,
    find_calling_code,
    find_country_and_kind,
    find_national_kind,
    find_rules,
    is_complete,
)

ByRows = Callable[..., pd.DataFrame]
REGIONS = sorted(list_regions())
# A number of another country, of each kind that decides something, and what people write that is no plain number.
FOREIGN = ["+351912345678", "447400123456", "0044 7400 123456", "14155550123", "+4930123456", "12", "091 23 45", "x"]


def write_pairs(n: int) -> list[tuple[str, str]]:
    """Write numbers of every kind of every country in many ways, each with its country; `n` chooses their digits."""
    chance = random.Random(n)
    return [
        (region, written)
        for region in REGIONS
        for national in _vary(region, chance)
        for written in chance.sample(list(_spell(region, national)), 4)
    ]


def _vary(region: str, chance: random.Random) -> Iterator[str]:
    """Give an example of each kind of number of a country: as it is, with other digits, too short and too long."""
    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)
    for kind in KINDS:
        described = getattr(metadata, kind, None)
        example = described.example_number if described is not None else None
        if example:
            digits = list(example)
            for _ in range(chance.randint(1, 3)):
                digits[chance.randrange(len(digits))] = chance.choice("0123456789")
            yield from (example, "".join(digits))
            yield chance.choice([example[:-1], example + "0", example[:-5] + "00000"])


def _spell(region: str, national: str) -> Iterator[str]:
    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)
    code, prefix = find_calling_code(region), metadata.national_prefix or "0"
    parted = " ".join(national[n : n + 3] for n in range(0, len(national), 3))
    yield from (code + national, f"+{code}{national}", f"00{code}{national}", national, prefix + national)
    yield from (f"+{code} {parted}", f"00 {code}-{parted}", f"{prefix}{parted}", f"({prefix}{national[:2]}) {national}")
    yield from (f"+{code} (0) {national}", f"011{code}{national}", f"0011{code}{national}", f"8{national}")


@pytest.fixture(autouse=True)
def _even_single_numbers_are_read_by_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nexmo_nb.contacts.plain_kinds.FEWEST", 1)


@pytest.fixture
def by_rows(monkeypatch: pytest.MonkeyPatch) -> ByRows:
    """Read numbers one by one, all of them."""

    def read(column: Any, regions: Regions) -> pd.DataFrame:
        with monkeypatch.context() as patched:
            patched.setattr(clean, "read_plain_numbers", lambda texts, region: [])
            return read_numbers(column, regions)

    return read


def test_numbers_of_every_country_are_the_same_without_a_region(by_rows: ByRows) -> None:
    column = pd.Series([written for _, written in take_some(write_pairs(1), 5)], dtype="str")
    found = read_numbers(column, Regions())
    pd.testing.assert_frame_equal(found, by_rows(column, Regions()))
    assert found["warning_code"].nunique() == 5
    assert found["problem_code"].nunique() >= 5


def test_numbers_of_every_country_are_the_same_with_their_region(by_rows: ByRows) -> None:
    pairs = take_some(write_pairs(2), 5)
    column, regions = (pd.Series([pair[n] for pair in pairs], dtype=object) for n in (1, 0))
    found = read_numbers(column, Regions(column=regions))
    pd.testing.assert_frame_equal(found, by_rows(column, Regions(column=regions)))
    assert found["warning_code"].nunique() == 4
    assert found["problem_code"].nunique() >= 5


@pytest.mark.parametrize("region", ["AR", "AU", "BR", "CI", "GB", "GG", "IT", "KZ", "MX", "NO", "PT", "RU", "SG", "US"])
def test_numbers_of_a_list_with_a_majority_are_the_same(by_rows: ByRows, region: str) -> None:
    own = [written for each, written in write_pairs(3) if each == region]
    certain = [each for each in own if each.startswith("+")]
    others = [written for _, written in random.Random(3).sample(write_pairs(3), 600)]
    column = pd.Series([*own, *others, *certain * (1 + 1500 // len(certain))], dtype=object)
    for regions in (Regions(), Regions(region)):
        pd.testing.assert_frame_equal(read_numbers(column, regions), by_rows(column, regions))


def test_the_usual_numbers_of_every_country_are_read_by_columns() -> None:
    # Argentina has a prefix of no digits, so that every number of it is looked at one by one.
    for region in set(REGIONS) - {"AR"}:
        metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)
        example = metadata.mobile.example_number if metadata.mobile is not None else None
        if example:
            number = f"+{find_calling_code(region)}{example}"
            texts = pa.array([number, number.replace("+", "00"), "x"])
            assert [place for found in read_plain_numbers(texts, None) for place in found.places] == [0, 1], region


def test_most_national_numbers_of_a_region_are_read_by_columns() -> None:
    texts = pa.array(
        ["07400 123456", "7400123456", "447400123456", "+351 912 345 678", "00351912345678", "(0)7400-123456"]
    )
    found = read_plain_numbers(texts, "GB")
    assert sorted(place for each in found for place in each.places) == [0, 1, 2, 3, 4, 5]
    assert {digits for each in found for digits in each.digits.to_pylist()} == {"447400123456", "351912345678"}


def test_what_may_be_a_national_number_as_well_is_not_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No mobile number of today's plans may be both; those of tomorrow might."""
    monkeypatch.setattr(plain_numbers, "is_national", lambda digits, region: np.ones(len(digits), dtype=bool))
    texts = pa.array(["351912345678", "447400123456", "+351912345678"])
    found: dict[int, bool] = {}
    for each in read_plain_numbers(texts, None):
        found |= dict(zip(each.places.tolist(), each.is_certain.tolist(), strict=True))
    assert found == {0: False, 1: True, 2: True}
    assert [place for each in read_plain_numbers(texts, "PT") for place in each.places] == [2]


def test_a_number_in_which_a_prefix_puts_other_digits_is_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = pa.array(["077400123456", "447400123456"])
    for group, expected in ((0, [0, 1]), (1, [1])):
        monkeypatch.setattr(plain_numbers, "read_dialling", lambda region, group=group: Dialling("00", "0(7)?", group))
        assert sorted(place for each in read_plain_numbers(texts, "GB") for place in each.places) == expected


def test_country_and_kind_of_any_digits_are_those_of_the_rules() -> None:
    chance = random.Random(4)
    samples = [f"{start}{chance.randrange(10**12):012d}"[: chance.randint(4, 15)] for start in range(1, 1000)] * 2
    samples += [written for _, written in write_pairs(4) if written.isdigit() and 4 <= len(written) <= 15]
    found = zip(*(each.tolist() for each in find_countries_and_kinds(pa.array(samples))), strict=True)
    for digits, (country, kind, is_whole) in zip(samples, found, strict=True):
        rules = find_rules(digits)
        assert is_whole == (rules is not None and is_complete(digits, rules))
        if rules is not None and is_whole:
            assert (country, kind) == find_country_and_kind(digits, rules), digits


@pytest.mark.parametrize("region", ["DK", "GB", "IT", "NO", "PT", "SG", "US"])
def test_national_numbers_are_those_of_the_rules(region: str) -> None:
    digits = [written for _, written in write_pairs(5)[::3] if written.isdigit()]
    code = find_calling_code(region)
    expected = [find_national_kind(each, region, code) is not None for each in digits]
    assert is_national(pa.array(digits), region).tolist() == expected
    assert any(expected)


def test_each_country_that_changed_its_numbers_is_looked_at_one_by_one() -> None:
    assert {len([code for code in CALLING_CODES if change.before.pattern.startswith(code)]) for change in CHANGES} == {
        1
    }


ODD = [
    "+351 912 345 678", 351912345678, np.int64(447400123456), None, pd.NA, float("nan"), 4.47701e11, True,
    b"351912345678", Decimal(351912345678), "351912345678.0", "tel:+351912345678", "=\"+351912345678\"",
    "\u0663\u0665\u0661912345678",
    "+351\u00a0912345678", "912 345 678", "", " ", " " * 300 + "1", "+351912345678 ", "+351" + " " * 250 + "912345678",
    "(351) 912-345-678", "+(351)912345678", "()", "+", "0", "000351912345678", "+00351912345678", "1" * 30,
    "5215512345678", "521 55 1234 5678", "+5215512345678", "447700900123", "+44 7700 900123", "3519\n12345678",
    np.str_("351912345678"),
]  # fmt: skip


@pytest.mark.parametrize("region", [None, "PT", "GB", "US", "MX"])
def test_odd_cells_of_a_list_are_the_same(by_rows: ByRows, region: str | None) -> None:
    for column in (ODD, pd.Series(ODD, dtype=object), pd.Series(ODD, dtype=object).astype("category")):
        pd.testing.assert_frame_equal(read_numbers(column, Regions(region)), by_rows(column, Regions(region)))


@pytest.mark.parametrize(
    "dtype", ["int64", "uint64", "Int64", "float64", "Float64", "str", "string", "string[python]", "string[pyarrow]"]
)
def test_numbers_of_every_dtype_are_the_same(by_rows: ByRows, dtype: str) -> None:
    numbers = [351912345678, 447400123456, 12, 912345678, 10**15, 4477009000000]
    column = pd.Series(pd.Series(numbers).astype(dtype), index=[5, 5, 4, 3, 2, 1])
    pd.testing.assert_frame_equal(read_numbers(column, Regions()), by_rows(column, Regions()))


def test_rows_whose_region_is_odd_are_the_same(by_rows: ByRows) -> None:
    names = ["GB", "Portugal", None, "Atlantis", " ", 5, "uk", float("nan"), "pt "]
    pairs = [(number, name) for number in [*FOREIGN, "07400 123456", "912 345 678"] for name in names]
    columns = {"to": [number for number, _ in pairs], "land": [name for _, name in pairs]}
    for column in (columns["land"], pd.Series(columns["land"], dtype=object)):
        regions = Regions(column=column)
        pd.testing.assert_frame_equal(read_numbers(columns["to"], regions), by_rows(columns["to"], regions))


def test_a_column_of_very_many_regions_is_the_same(by_rows: ByRows) -> None:
    names = [f"town {n}" for n in range(600)] + ["PT"]
    numbers = ["912345678"] * len(names)
    pd.testing.assert_frame_equal(read_numbers(numbers, Regions(column=names)), by_rows(numbers, Regions(column=names)))


@given(
    st.lists(st.text("0123456789+() -./x\u00a0\u0663", max_size=18), max_size=30),
    st.sampled_from([None, "PT", "GB", "US", "IT", "AU", "BR", "RU"]),
)
def test_any_cells_are_the_same(cells: list[str], region: str | None) -> None:
    column = [*cells, *FOREIGN]
    found = read_numbers(column, Regions(region))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(clean, "read_plain_numbers", lambda texts, region: [])
        pd.testing.assert_frame_equal(found, read_numbers(column, Regions(region)))


def test_index_columns_and_duplicates_of_a_list_stay(by_rows: ByRows) -> None:
    table = pd.DataFrame(
        {"to": ["+351912345678", "12", "00351 912345678"], "name": ["Ana", "Rui", "Eva"]},
        index=pd.Index(["a", "b", "a"], name="to"),
    )
    found = clean_contacts(table)
    assert found.index.equals(table.index)
    assert found["to"].tolist() == ["351912345678", "12", "351912345678"]
    assert found["duplicate_of"].fillna("").tolist() == ["", "", "a"]
    assert found["name"].tolist() == ["Ana", "Rui", "Eva"]


def test_few_numbers_of_a_country_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nexmo_nb.contacts.plain_kinds.FEWEST", 3)
    texts = pa.array(["+351912345678", "+447400123456", "+351912345679", "+351912345670", "+447400123457"])
    assert [place for found in read_plain_numbers(texts, None) for place in found.places] == [0, 2, 3]


def test_pieces_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read_numbers(FOREIGN * 3, Regions())
    monkeypatch.setattr("nexmo_nb.contacts.columns.AT_ONCE", 5)
    monkeypatch.setattr("nexmo_nb.contacts.clean.ROWS_AT_ONCE", 2)
    pd.testing.assert_frame_equal(read_numbers(FOREIGN * 3, Regions()), whole)
