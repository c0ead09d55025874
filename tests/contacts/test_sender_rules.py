"""What is known of senders by country, and what follows for one."""

from __future__ import annotations

import pytest

import nexmo_nb as nx
from nexmo_nb.contacts.sender_rules import RULES, find_sender_doubt
from nexmo_nb.sandbox.data import COUNTRIES
from nexmo_nb.sandbox.senders import find_shown_sender, is_refused


def test_each_row_says_what_it_knows_and_who_said_so() -> None:
    table = nx.sender_rules()
    assert list(table.columns) == ["country", "country_name", "names", "numbers", "note", "source", "url", "as_of"]
    assert 40 <= len(table) == table.country.nunique()
    assert {"US", "CA", "GB", "PT", "ES", "FR", "DE", "IT", "NL", "BR", "IN", "AE", "AU", "SG", "MX", "CN"} <= {
        *table.country
    }
    assert set(table.names) == {"allowed", "registration", "replaced", "refused"}
    assert set(table.numbers.dropna()) == {"local", "replaced"}
    assert table.url.str.startswith("https://").all()
    assert table.as_of.dropna().str.fullmatch(r"20[0-9]{2}-[01][0-9]").all()
    assert not table[["country_name", "source"]].isna().any(axis=None)


def test_a_country_is_named_by_code_or_name_and_nothing_is_said_of_one_that_is_not_known() -> None:
    assert nx.sender_rules("united states").country.tolist() == nx.sender_rules("us").country.tolist() == ["US"]
    unknown = nx.sender_rules("NA")
    assert (len(unknown), list(unknown.columns)) == (0, list(nx.sender_rules().columns))
    assert unknown.dtypes.equals(nx.sender_rules().dtypes)
    with pytest.raises(nx.InvalidRequestError, match=r"^country: got 'Atlantis'"):
        nx.sender_rules("Atlantis")


@pytest.mark.parametrize(
    ("sender", "country", "code"),
    [
        ("Acme", "US", "sender_refused"),
        ("14155550100", "US", None),
        ("16045550100", "US", None),
        ("18005550100", "US", None),
        ("41555", "US", None),
        ("447700900001", "US", "sender_refused"),
        ("447700900001", "GB", None),
        ("14155550100", "GB", "sender_refused"),
        ("Acme", "GB", None),
        ("Acme", "MX", "sender_replaced"),
        ("525512345678", "MX", "sender_replaced"),
        ("Acme", "SG", "sender_registration"),
        ("6581234567", "SG", None),
        ("Acme", "PT", None),
        ("Acme", "NA", None),
        ("Acme", None, None),
    ],
)
def test_a_sender_is_doubtful_where_its_country_is_known_to_do_something_about_it(
    sender: str, country: str | None, code: str | None
) -> None:
    found = find_sender_doubt(sender, country)
    assert (found and found[0]) == code
    assert found is None or (found[1].startswith("sender: ") and sender in found[1])


@pytest.mark.parametrize("code", sorted(COUNTRIES))
def test_the_sandbox_does_with_a_sender_what_the_table_says(code: str) -> None:
    """Each has a table of its own; what the operators block, and what is not registered, the sandbox lets through."""
    country = COUNTRIES[code]
    for sender in ("Acme", "41555", f"{country.prefix}9123456789", "264811234567"):
        doubt = find_sender_doubt(sender, code)
        doubt = None if doubt and (doubt[0] == "sender_registration" or code == "GB") else doubt
        shown = find_shown_sender(sender, country)
        found = "sender_refused" if is_refused(sender, country) else "sender_replaced" if shown != sender else None
        assert (sender, doubt and doubt[0]) == (sender, found)
    assert code in RULES or find_sender_doubt("Acme", code) is None
