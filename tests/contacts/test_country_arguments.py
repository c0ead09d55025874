"""Countries as arguments: a code or a name goes in, the code goes out; what is none, or several, is refused."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

import nexmo_nb as nx
from nexmo_nb.contacts.countries import check_countries, check_country
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.sandbox import Sandbox


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("gb", "GB"),
        (" PT ", "PT"),
        ("NA", "NA"),
        ("UK", "GB"),
        ("England", "GB"),
        ("Portugal", "PT"),
        ("deutschland", "DE"),
        ("España", "ES"),
        ("Espana", "ES"),
        ("日本", "JP"),
        ("The Gambia", "GM"),
    ],
)
def test_codes_and_names_are_accepted(given: str, code: str) -> None:
    assert check_country(given) == code


@pytest.mark.parametrize("code", ["AQ", "BV", "GS", "HM", "PN", "TF", "UM"])
def test_countries_without_numbers_of_their_own_are_countries(code: str) -> None:
    assert check_country(code) == code
    assert code in nx.countries().code.tolist()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("ZZ", "a two-letter code of ISO 3166-1, such as 'GB', or a name"),
        ("Congo", "CD .* or CG .*give the code"),
        ("Korea", "KP .* or KR .*give the code"),
        ("Portugl", "Did you mean PT"),
        ("", "code"),
        (float("nan"), "keep_default_na"),
        (None, "None"),
        (44, "44"),
    ],
)
def test_what_is_no_country_or_may_be_two_is_refused(given: object, why: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"^country: got .*{why}"):
        check_country(given)


def test_one_country_or_several_give_each_code_once() -> None:
    assert check_countries("Portugal") == ["PT"]
    assert check_countries(code for code in ("pt", "GB", "Portugal", "UK")) == ["PT", "GB"]
    assert check_countries([]) == []


@pytest.mark.parametrize("given", [None, 5, [None], {"GB": 1}, b"GB", ["GB", "Atlantis"]])
def test_what_holds_no_countries_is_refused(given: object) -> None:
    with pytest.raises(InvalidRequestError, match="^country: got .*allowed"):
        check_countries(given)


def test_every_function_takes_a_name(session: nx.Session, sandbox: Sandbox) -> None:
    assert set(nx.search_numbers(["Portugal", "uk"], limit=1).country) == {"PT", "GB"}
    assert set(nx.prices(["Portugal", "Deutschland"]).country) == {"PT", "DE"}
    assert set(nx.cheapest_numbers("Portugal").country) == {"PT"}
    owned = nx.owned_numbers(country="United Kingdom").msisdn[0]
    assert nx.update_number("United Kingdom", owned, mo_http_url="https://example.org/in").country[0] == "GB"
    assert nx.cancel_number("England", owned).country[0] == "GB"
    assert nx.buy_number("Great Britain", owned).country[0] == "GB"
    nx.send_sms("+351 912 345 678", "Hello", sender="Demo")
    later = datetime.now(timezone.utc) + timedelta(minutes=5)  # records end before `end`, and times are whole seconds
    assert nx.records(country="Portugal", end=later).country.tolist() == ["PT"]
    assert nx.plan_sms(["912 345 678"], "Hello", sender="Demo", region="Portugal").to[0] == "351912345678"
