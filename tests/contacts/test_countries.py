"""Countries are named by code or by name, in any language; what two countries are called is asked back."""

from __future__ import annotations

import sys
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nexmo_nb.contacts import countries as countries_module
from nexmo_nb.contacts.countries import (
    check_countries,
    check_country,
    check_region,
    countries,
    is_country,
    list_regions,
    name_country,
)
from nexmo_nb.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("GB", ["GB", "gb", " Gb ", "UK", "uk", "United Kingdom", "the United Kingdom", "Reino Unido", "Royaume-Uni"]),
        ("GB", ["Vereinigtes Königreich", "vereinigtes konigreich", "Great Britain", "England", "Scotland"]),
        ("US", ["US", "USA", "U.S.A.", "United States", "Estados Unidos", "États-Unis", "Vereinigte Staaten"]),
        ("PT", ["PT", "Portugal", "PORTUGAL", "Portugalia", "ポルトガル"]),
        ("CI", ["CI", "Ivory Coast", "Côte d’Ivoire", "Cote d'Ivoire"]),
        ("NA", ["NA", "Namibia", "Namíbia"]),
        ("DE", ["Germany", "Deutschland", "Alemania", "Allemagne", "Германия"]),
        ("CD", ["Democratic Republic of the Congo"]),
        ("TR", ["Türkiye", "Turkiye", "Turkey"]),
        ("XK", ["Kosovo"]),
        ("AQ", ["AQ", "Antarctica"]),
    ],
)
def test_a_country_has_many_names(code: str, names: list[str]) -> None:
    assert {name: check_country(name) for name in names} == dict.fromkeys(names, code)
    assert all(map(is_country, names))


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("Congo", r"CD \(Congo \(Kinshasa\)\) or CG"),
        ("Korea", "KP .* or KR"),
        ("Virgin Islands", "VG .* or VI"),
        ("Portgual", r"Did you mean PT \(Portugal\)\?"),
        ("Guinea Bissao", "GW"),
        ("Atlantis", "two-letter code"),
        ("XX", "two-letter code"),
        ("", "two-letter code"),
        ("351", "two-letter code"),
        (float("nan"), "keep_default_na=False"),
        (None, " None;"),
        (44, " 44;"),
        (b"GB", " b'GB';"),
        ("G" * 10_000, "10002 characters"),
    ],
)
def test_what_is_no_country_is_refused_with_the_reason(given: Any, why: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^country: got.*{why}"):
        check_country(given)


def test_every_country_is_known_by_its_code_and_its_english_name() -> None:
    table = countries()
    assert set(table.code) >= set(phonenumbers.SUPPORTED_REGIONS)
    assert table.code.is_monotonic_increasing
    assert table.code.is_unique
    assert table.name.is_unique
    assert table.notna().all().all()
    assert [check_country(name) for name in table.name] == table.code.tolist()
    assert [name_country(code) for code in table.code] == table.name.tolist()


def test_calling_codes_are_those_of_the_metadata() -> None:
    codes = dict(countries()[["code", "calling_code"]].values)
    assert {code: codes[code] for code in ("GB", "US", "CA", "PT", "KZ", "AQ", "XK")} == {
        "GB": "44",
        "US": "1",
        "CA": "1",
        "PT": "351",
        "KZ": "7",
        "AQ": "672",
        "XK": "383",
    }


def test_names_are_read_without_the_places_of_all_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("phonenumbers.geodata")]:
        monkeypatch.delitem(sys.modules, name)
    names = countries_module._load_names.__wrapped__()
    assert not [name for name in sys.modules if name.startswith("phonenumbers.geodata")]
    from phonenumbers.geodata.locale import LOCALE_DATA

    assert names == LOCALE_DATA


def test_a_name_of_any_language_is_that_country_or_asked_back() -> None:
    from phonenumbers.geodata.locale import LOCALE_DATA  # a second that only this test needs

    wrong = []
    for code in phonenumbers.SUPPORTED_REGIONS:
        for name in LOCALE_DATA.get(code, {}).values():
            if not name.startswith("*") and len(name) > 2 and is_country(name) and check_country(name) != code:
                wrong.append((code, name, check_country(name)))
    # Where a name means one country in English and another elsewhere, it is the English one.
    assert {(code, found) for code, _, found in wrong} <= ENGLISH_FIRST, wrong


ENGLISH_FIRST: set[tuple[str, str]] = set()


def test_only_countries_with_national_numbers_are_regions() -> None:
    assert check_region("Portugal") == "PT"
    for code in ("AQ", "BV", "UM"):
        with pytest.raises(InvalidRequestError, match=f"^region: got '{code}'.*{code} has none"):
            check_region(code)
    assert set(list_regions()) == set(phonenumbers.SUPPORTED_REGIONS)


def test_several_countries_are_given_once_each() -> None:
    assert check_countries(["GB", "Portugal", "uk"]) == ["GB", "PT"]
    assert check_countries("Portugal") == ["PT"]
    with pytest.raises(InvalidRequestError, match="^country: got 'Atlantis'"):
        check_countries(["GB", "Atlantis"])


@given(st.text(max_size=20))
def test_any_text_is_a_country_or_refused(written: str) -> None:
    assert not is_country(written) or check_country(written) in set(countries().code)
