"""Each form and session tells where it is: sandbox or live, whose account, what is left of money and calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.session.badge import Badge

FORMS = [nx.sms_form, nx.voice_form, nx.number_form, nx.application_form]
EACH = pytest.mark.parametrize("make", FORMS, ids=lambda make: make.__name__)


@pytest.fixture
def live(sandbox: Sandbox, tmp_path: Path) -> Iterator[nx.Session]:
    """A session whose credentials were given: what answers at the URL may be a gateway to the real thing."""
    with nx.connect(
        sandbox.url, api_key=sandbox.api_key, api_secret=sandbox.api_secret, state_dir=tmp_path / "live"
    ) as session:
        yield session


def count_balance_requests(sandbox: Sandbox) -> int:
    return sum(request["path"] == "/account/get-balance" for request in sandbox.requests)


@EACH
def test_every_form_begins_with_the_badge(session: nx.Session, make: Callable[[], Any]) -> None:
    first = make().children[0].value
    assert ">SANDBOX</span>" in first
    assert f"key {session.account.api_key}" in first
    assert "balance not read yet" in first


@EACH
def test_a_session_that_may_be_live_says_so_in_red(live: nx.Session, make: Callable[[], Any]) -> None:
    first = make().children[0].value
    assert ">LIVE</span>" in first
    assert "#b00020" in first
    assert "SANDBOX" not in first


def test_a_session_tells_where_it_is_and_asks_for_nothing(session: nx.Session, sandbox: Sandbox) -> None:
    asked = len(sandbox.requests)
    assert repr(session).startswith(f"<nexmo_nb session: SANDBOX, at {sandbox.url}, key {sandbox.api_key}, ")
    assert "balance not read yet, 0 of 1,000,000 calls in 60 s>" in repr(session)
    assert ">SANDBOX</span>" in session._repr_html_()
    assert len(sandbox.requests) == asked
    nx.balance()
    assert "balance EUR 25.00, 1 of 1,000,000 calls" in repr(session)


def test_a_closed_session_still_tells_where_it_was(session: nx.Session) -> None:
    session.close()
    assert repr(session).startswith("<nexmo_nb session: SANDBOX, ")


def test_a_send_tells_the_balance(session: nx.Session, sandbox: Sandbox) -> None:
    parts = nx.send_sms("+44 7700 900123", "Hello", sender="Demo", key="once")
    assert session.last_balance == parts.balance[0]
    plan = nx.plan_sms(["+44 7700 900124"], "Hello", sender="Demo")
    sent = nx.send_many(plan, batch="b", progress=False)
    assert session.last_balance == pytest.approx(parts.balance[0] - sent.price[0])
    after = session.last_balance
    nx.send_sms("+44 7700 900123", "Hello", sender="Demo", key="once")  # recorded, not sent: its balance is an old one
    assert session.last_balance == after
    assert count_balance_requests(sandbox) == 0


def test_a_first_preview_reads_the_balance_and_no_later_one(session: nx.Session, sandbox: Sandbox) -> None:
    form = nx.voice_form()
    form.to.value, form.text.value = "+44 7700 900123", "Hello"
    for _ in range(2):
        form.preview.click()
        assert "balance EUR 25.00" in form.children[0].value
    assert count_balance_requests(sandbox) == 1


def test_a_preview_goes_on_where_the_balance_cannot_be_read(session: nx.Session, sandbox: Sandbox) -> None:
    form = nx.voice_form()
    form.to.value, form.text.value = "+44 7700 900123", "Hello"
    sandbox.fail_next("http", code=403, times=9, path="/account/get-balance")
    form.preview.click()
    assert not form.send.disabled
    assert "balance not read yet" in form.children[0].value


def test_the_badge_follows_what_was_spent(session: nx.Session) -> None:
    form = nx.number_form()
    form.search.click()
    form.pick.picked = form.confirm.value = form.found.msisdn[0]
    form.preview.click()
    before = form.children[0].value
    form.send.click()
    assert form.message.startswith("Rented")
    assert session.last_balance is not None
    assert f"EUR {session.last_balance:,.2f}" in form.children[0].value
    assert form.children[0].value != before


def test_markup_in_an_address_is_shown_as_text() -> None:
    badge = Badge(True, "https://x/<img>", "k<b>", "EUR", None, None, 100, 60.0)
    assert "<img" not in badge.to_html()
    assert "k&lt;b&gt;" in badge.to_html()
    assert badge.to_text() == "LIVE, at https://x/<img>, key k<b>, balance not read yet, 100 calls in 60 s"


@pytest.mark.parametrize(("where", "begins"), [("live", "LIVE, key k"), ("sandbox", "SANDBOX, key k")])
def test_a_place_that_the_word_names_is_not_named_again(where: str, begins: str) -> None:
    assert Badge(where == "live", where, "k", "EUR", 1234.5, 1, 100, 60.0).to_text() == (
        f"{begins}, balance EUR 1,234.50, 1 of 100 calls in 60 s"
    )
