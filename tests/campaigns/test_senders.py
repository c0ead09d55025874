"""Who the messages of a plan are from: by country, by column, or out of a pool, whose number each person keeps."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
import pytest
from campaign_helpers import people, send_batch

import nexmo_nb as nx
from nexmo_nb.campaigns.senders import choose_from, find_kept
from nexmo_nb.sandbox import Sandbox

POOL = [f"44770090001{n}" for n in range(4)]
LONG = ["14155550100", "16045550101"]
US, CA, GB, PT, BR = "14155552671", "16045550123", "447700900000", "351912345678", "5511912345678"


def plan(recipients: Any, **options: Any) -> pd.DataFrame:
    return nx.plan_sms(recipients, "Hello", **{"prices": False, **options})


def list_codes(frame: pd.DataFrame, name: str) -> list[str | None]:
    return frame[name].astype(object).where(frame[name].notna(), None).tolist()


@pytest.mark.usefixtures("session")
def test_each_country_has_its_sender_and_a_doubt_says_what_becomes_of_it_before_anything_is_sent() -> None:
    by_name = plan([US, CA, BR, GB, "12"], sender="Acme")
    codes = ["sender_refused", "sender_refused", "sender_replaced", None, None]
    assert list_codes(by_name, "warning_code") == codes
    with pytest.raises(
        nx.InvalidRequestError, match=r"3 rows with a warning \(sender_refused: 2, sender_replaced: 1\)"
    ):
        send_batch(by_name)
    chosen = plan([US, CA, PT, GB, "12"], sender={"US": LONG[0], "Canada": int(LONG[1]), None: "Acme"})
    assert chosen.sender.tolist() == [*LONG, "Acme", "Acme", "Acme"]
    assert list_codes(chosen, "warning_code") == [None] * 5
    without = plan([US, PT, "12"], sender={"US": LONG[0]})
    assert list_codes(without, "problem_code") == [None, "sender_missing", "too_short"]
    assert (list_codes(without, "sender"), without.parts.tolist()) == ([LONG[0], None, None], [1, 0, 0])


@pytest.mark.usefixtures("session")
def test_a_column_says_who_each_row_is_from_and_an_empty_cell_leaves_it_to_the_others() -> None:
    table = pd.DataFrame({"to": [PT, GB, US, CA], "from": ["Acme", None, "", "x!"]}, index=list("abcd"))
    found = plan(table, sender_column="from", sender={"US": LONG[0]})
    assert list_codes(found, "sender") == ["Acme", None, LONG[0], None]
    assert list_codes(found, "problem_code") == [None, "sender_missing", None, "sender_unreadable"]
    assert found.index.tolist() == list("abcd")
    with pytest.raises(nx.InvalidRequestError, match=r"^sender_column: got 'form'; allowed: .* there are to, from"):
        plan(table, sender_column="form")


@pytest.mark.usefixtures("session")
def test_a_doubt_about_a_sender_comes_after_those_about_the_number_and_the_text() -> None:
    table = pd.DataFrame({"to": ["+14155550000", US], "text": ["Hi", "Hi {name}"]})
    found = nx.plan_sms(table, sender="Acme", prices=False)
    assert list_codes(found, "warning_code")[1] == "leftover_name"
    assert found.warning[1].endswith("'Acme' would be refused: use a number of yours.")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "sender"),
        ({"sender": {}}, "sender"),
        ({"sender": {"Atlantis": "Acme"}}, "sender"),
        ({"sender": {"US": "x!"}}, "sender"),
        ({"sender": "Acme", "pool": POOL}, "pool"),
        ({"sender": {None: "Acme"}, "pool": POOL}, "pool"),
        ({"sender": {"US": "Acme"}, "pool": {"USA": POOL}}, "pool"),
        ({"pool": []}, "pool"),
        ({"pool": POOL[0]}, "pool"),
        ({"pool": ["Acme"]}, "pool"),
        ({"pool": [*POOL, POOL[0]]}, "pool"),
        ({"pool": {"US": POOL[0]}}, "pool"),
        ({"sender_column": 5}, "sender_column"),
    ],
)
def test_what_does_not_say_who_it_is_from_is_refused(session: nx.Session, options: dict[str, Any], name: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match=f"^{name}: got"):
        plan([US], **options)


def test_out_of_a_pool_each_person_always_gets_the_same_number_and_all_are_used_evenly(session: nx.Session) -> None:
    numbers = people(2000)
    found = plan(numbers, pool=POOL).set_index("to").sender
    assert found.to_dict() == plan(numbers[::-1], pool=POOL[::-1]).set_index("to").sender.to_dict()
    assert all(430 <= count <= 570 for count in Counter(found).values())
    assert found.head(4).tolist() == [POOL[0], POOL[3], POOL[1], POOL[0]]  # as in every version and on every machine


def test_where_a_number_joins_or_leaves_the_pool_nobody_changes_who_need_not() -> None:
    numbers = people(500)
    before = {to: choose_from(POOL[:3], to) for to in numbers}
    joined = {to: choose_from(POOL, to) for to in numbers}
    moved = [to for to in numbers if before[to] != joined[to]]
    assert {joined[to] for to in moved} == {POOL[3]}
    assert 80 <= len(moved) <= 170
    left = {to: choose_from(POOL[:2], to) for to in numbers}
    assert all(left[to] == before[to] for to in numbers if before[to] != POOL[2])


def test_who_was_written_to_before_keeps_the_number_that_wrote_last_as_long_as_it_is_in_the_pool(
    session: nx.Session, sandbox: Sandbox
) -> None:
    """What was refused, planned only, or sent from elsewhere counts for nothing."""
    numbers = people(40)
    first = plan(numbers[:20], pool=POOL[:2])
    send_batch(first, "first")
    send_batch(plan(numbers[20:30], sender="41555"), "second")
    sandbox.fail_next("status", code=7, times=10, path="/sms")
    send_batch(plan(numbers[30:], sender=POOL[3]), "third")
    now = plan(numbers, pool=POOL).set_index("to").sender
    assert now[numbers[:20]].tolist() == first.sender.tolist()
    assert now[numbers[20:]].tolist() == [choose_from(POOL, to) for to in numbers[20:]]
    assert plan(numbers, pool=POOL[2:]).set_index("to").sender.to_dict() == {
        to: choose_from(POOL[2:], to) for to in numbers
    }
    last = next(number for number in POOL if number != now.iloc[0])
    nx.send_sms(numbers[0], "Hello", sender=last)
    assert plan(numbers, pool=POOL).set_index("to").sender[numbers[0]] == last


def test_only_who_would_get_another_number_is_kept_by_name() -> None:
    to = people(1)[0]
    usual = choose_from(POOL, to)
    other = next(number for number in POOL if number != usual)
    pool = tuple(POOL)
    assert find_kept([pool], {usual: [(to, 5.0)]}) == {pool: {}}
    assert find_kept([pool], {usual: [(to, 5.0)], other: [(to, 4.0)]}) == {pool: {}}
    assert find_kept([pool], {usual: [(to, 5.0)], other: [(to, 6.0)]}) == {pool: {to: other}}


def test_a_pool_is_for_the_countries_that_it_names_or_for_all_that_the_senders_do_not(session: nx.Session) -> None:
    some = plan([PT, US, GB], pool={"Portugal": POOL}, sender="Acme")
    rest = plan([PT, US, GB], pool=POOL, sender={"US": "Acme", "GB": "Acme"})
    assert some.sender.tolist() == rest.sender.tolist() == [choose_from(POOL, PT), "Acme", "Acme"]


@pytest.mark.slow
def test_a_plan_in_dask_has_the_senders_of_one_in_pandas(session: nx.Session) -> None:
    dask = pytest.importorskip("dask.dataframe")
    numbers = people(30) + [f"4477009001{n}" for n in range(10, 20)]
    send_batch(plan(numbers[:5], sender=POOL[3]), "before")
    table = pd.DataFrame({"to": numbers, "from": [None] * 35 + ["Acme"] * 5})
    options = {"pool": {"PT": POOL}, "sender": {"GB": "Demo"}, "sender_column": "from"}
    found = plan(dask.from_pandas(table, npartitions=3), **options).compute()
    assert found.sender.tolist() == plan(table, **options).sender.tolist()
    assert found.sender.tolist()[:5] == [POOL[3]] * 5
    assert found.sender.tolist()[-10:] == ["Demo"] * 5 + ["Acme"] * 5


def test_a_single_message_says_what_its_country_does_with_its_sender(session: nx.Session) -> None:
    with (
        pytest.warns(nx.DoubtfulSenderWarning, match="United States takes no names"),
        pytest.raises(nx.RejectedError) as e,
    ):
        nx.send_sms(US, "Hello", sender="Acme")
    assert e.value.code == "15"
    with pytest.warns(nx.DoubtfulSenderWarning, match="in Brazil, people see another sender"):
        nx.send_sms(BR, "Hello", sender="Acme")
