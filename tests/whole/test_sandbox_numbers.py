"""The sandbox's numbers, read by the client's rules: each can exist, and those that people send to raise no doubt."""

from __future__ import annotations

import pytest
from depth import take_some

import nexmo_nb as nx
from nexmo_nb.contacts.fictional import is_fictional
from nexmo_nb.contacts.numbers import find_warning, read_number
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.data import COUNTRIES, Country, build_msisdn, build_numbers_for_rent

MOBILE = ("mobile", "landline or mobile")
KINDS = {"mobile-lvn": MOBILE, "landline": ("landline", "landline or mobile"), "landline-toll-free": ("toll-free",)}


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_number_for_rent_is_one_of_its_country_and_type(seed: int) -> None:
    for offer in build_numbers_for_rent(seed):
        number = read_number(f"+{offer['msisdn']}")
        assert (number.digits, number.country) == (offer["msisdn"], offer["country"])
        assert number.kind in KINDS[offer["type"]]


@pytest.mark.parametrize("country", COUNTRIES.values(), ids=COUNTRIES)
def test_every_pattern_makes_numbers_that_can_exist(country: Country) -> None:
    for kind in country.plan:
        for tail in (0, 999_999_999_999, *take_some(range(10**11, 10**12, 7**10), 20)):
            number = read_number(f"+{build_msisdn(country, kind, tail)}")
            assert number.country == country.code
            assert number.kind in KINDS[kind]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_number_that_the_account_owns_can_be_sent_to_without_a_doubt(seed: int) -> None:
    with Sandbox(seed=seed) as sandbox:
        assert sandbox.world.owned
        for msisdn in sandbox.world.owned:
            assert is_fictional(msisdn) or find_warning(read_number(msisdn)) is None


def test_every_number_in_the_made_up_traffic_is_valid(session: nx.Session, sandbox: Sandbox) -> None:
    sent = nx.records(start="2025-11-28", end="2025-11-29")
    assert len(sent) > 100
    for number in {*sent["to"].unique(), *(each for each in sent.sender.unique() if each.isdigit())}:
        assert read_number(f"+{number}").kind is not None or is_fictional(number)
