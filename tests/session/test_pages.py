"""Several lists at once: the same rows and errors as one after the other, and nothing that goes on after the end."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pandas as pd
import pytest
from helpers import connected, ending, hold_answers, join_workers

import nexmo_nb as nx
from nexmo_nb.options import hide_progress
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.sandbox.exchange import Answer
from nexmo_nb.session import pages

COUNTRIES = ["GB", "PT", "US", "ES", "FR"]
FEW: dict[str, Any] = {"pattern": "00", "match": "contains"}  # a page of each country, or two


def list_asked(sandbox: Sandbox) -> list[tuple[str, str]]:
    asked = [request["query"] for request in sandbox.requests if request["path"] == "/number/search"]
    return [(query["country"], query["index"]) for query in asked]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox for each test: what one breaks off may arrive, and be counted, when the next one has begun."""
    with Sandbox(limits=False) as sandbox:
        yield sandbox


def fail_for(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, **answers: Answer | Callable[[], Answer]) -> None:
    """Answer the searches of some countries otherwise."""
    real = sandbox.answer

    def answer(request: Any) -> Any:
        found = answers.get(request.query.get("country", ""))
        return real(request) if found is None else (found() if callable(found) else found, {})

    monkeypatch.setattr(sandbox, "answer", answer)


def wait_for(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.001)


def count_held(session: nx.Session) -> int:
    statement, at = "SELECT COUNT(*) FROM slots WHERE at > ?", session.throttle._clock()
    return int(session.throttle._database.read(lambda c: c.execute(statement, (at,)).fetchone()[0]))


@pytest.mark.parametrize("limit", [None, 150, 30])
@pytest.mark.parametrize("cache", [True, False])
def test_several_countries_give_what_each_of_them_gives_in_their_order(
    sandbox: Sandbox, cache: bool, limit: int | None
) -> None:
    with connected(sandbox, cache=False):
        apart = [nx.search_numbers(country, limit=limit) for country in COUNTRIES]
        asked = sorted(list_asked(sandbox))
    sandbox.reset()
    with connected(sandbox, cache=cache) as session:
        found = nx.search_numbers(COUNTRIES, limit=limit)
        assert sorted(list_asked(sandbox)) == asked  # not a request more
        assert session.throttle.status().used == len(asked)
        assert count_held(session) == 0
        pd.testing.assert_frame_equal(found, pd.concat(apart, ignore_index=True), check_dtype=True)
        assert found.attrs["count"] == sum(each.attrs["count"] for each in apart)
        pd.testing.assert_frame_equal(nx.search_numbers(COUNTRIES, limit=limit), found)
        assert len(list_asked(sandbox)) == len(asked) * (1 if cache else 2)


@pytest.mark.parametrize(
    ("read", "lists", "names"),
    [
        (lambda **given: nx.search_numbers(["PT", "GB"], **given), 2, ("size", "index")),
        (nx.owned_numbers, 1, ("size", "index")),
        (nx.applications, 1, ("page_size", "page")),
    ],
    ids=["search", "owned", "applications"],
)
def test_single_pages_put_together_are_the_whole_list(
    session: nx.Session, sandbox: Sandbox, read: Callable[..., pd.DataFrame], lists: int, names: tuple[str, str]
) -> None:
    whole = read()
    each_list = [whole] if lists == 1 else [rows for _, rows in whole.groupby("country", sort=False)]
    for size, asked in ((1, 1), (3, "3"), (10, None), (100, 100)):
        before = len(sandbox.requests)
        found = [read(page=number, limit=asked) for number in (1, "2")]
        queries = [request["query"] for request in sandbox.requests[before:]]
        assert {tuple(query[name] for name in names) for query in queries} <= {(str(size), "1"), (str(size), "2")}
        assert [each.attrs["count"] for each in found] == [whole.attrs["count"]] * 2
        assert all(each.dtypes.equals(whole.dtypes) for each in found)
        for n, page in enumerate(found):
            rows = pd.concat([each[n * size : (n + 1) * size] for each in each_list], ignore_index=True)
            pd.testing.assert_frame_equal(page, rows)
    before = len(sandbox.requests)
    behind = read(page=5000, limit=100)
    assert (len(behind), behind.attrs["count"]) == (0, whole.attrs["count"])
    assert behind.dtypes.equals(whole.dtypes)
    # An empty page of numbers does not say how many there are: the first one is looked at, here in the cache.
    assert len(sandbox.requests) - before == lists
    read(page=1, limit=100)
    assert len(sandbox.requests) - before == lists  # from the cache
    read(page=1, limit=100, refresh=True)
    assert len(sandbox.requests) - before == 2 * lists


@pytest.mark.parametrize(
    ("body", "rows", "count", "said"),
    [
        ({}, 0, 0, None),
        ({"count": 0, "numbers": []}, 0, 0, None),
        ({"numbers": [{"msisdn": "1"}]}, 1, 3, None),  # two are before it
        ({"count": 3, "numbers": [{"msisdn": "1"}]}, 1, 3, None),
        ({"count": 9, "numbers": [{"msisdn": "1"}]}, 1, 9, "announced 9 rows and gave 1 on page 2"),
        ({"count": 9, "numbers": [{"msisdn": str(n)} for n in range(3)]}, None, None, "2 at most were asked for"),
        ({"count": "many", "numbers": []}, None, None, "not a list of rows"),
    ],
)
def test_a_page_that_is_not_the_one_asked_for_is_said(
    session: nx.Session,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    body: dict[str, Any],
    rows: int | None,
    count: int | None,
    said: str | None,
) -> None:
    asked = []

    def answer() -> Answer:
        asked.append(1)
        return Answer(200, body)

    fail_for(sandbox, monkeypatch, GB=answer)
    if rows is None:
        for _ in range(2):  # and it is not kept
            with pytest.raises(nx.UnreachableError, match=said):
                nx.search_numbers("GB", page=2, limit=2)
        assert len(asked) == 2
        return
    with pytest.warns(UserWarning, match=said) if said else nullcontext():
        found = nx.search_numbers("GB", page=2, limit=2)
    assert (len(found), found.attrs["count"]) == (rows, count)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"page": 0}, "page"),
        ({"page": -1}, "page"),
        ({"page": 1.5}, "page"),
        ({"page": True}, "page"),
        ({"page": 1, "limit": 0}, "limit"),
        ({"page": 1, "limit": 101}, "limit"),
    ],
)
def test_a_wrong_page_is_refused_before_anything_is_sent(
    session: nx.Session, sandbox: Sandbox, given: dict[str, Any], name: str
) -> None:
    for read in (nx.applications, nx.owned_numbers, lambda **given: nx.search_numbers("GB", **given)):
        with pytest.raises(nx.InvalidRequestError, match=f"^{name}: got .*allowed: a whole number from 1"):
            read(**given)
    assert sandbox.requests == []


def test_as_many_pages_as_may_be_are_in_flight_at_once(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "latency", 0.001)
    released, countries = hold_answers(sandbox, monkeypatch), nx.countries().code[:12].tolist()
    seen: list[int] = []

    def release() -> None:
        wait_for(lambda: len(list_asked(sandbox)) == pages.MOST_IN_FLIGHT)
        seen.append(session.throttle.status().used)
        released.set()

    thread = threading.Thread(target=release)
    thread.start()
    with ending():
        nx.search_numbers(countries, limit=1)
    thread.join()
    assert seen == [pages.MOST_IN_FLIGHT]  # no slot is taken for a page that must wait
    assert len(list_asked(sandbox)) == 12


def test_only_what_the_cache_lacks_is_asked_for(session: nx.Session, sandbox: Sandbox) -> None:
    for country in COUNTRIES[::2]:
        nx.search_numbers(country, **FEW)
    before = len(list_asked(sandbox))
    nx.search_numbers(COUNTRIES, **FEW)
    assert {country for country, _ in list_asked(sandbox)[before:]} == set(COUNTRIES[1::2])
    nx.search_numbers(COUNTRIES, refresh=True, **FEW)
    before = len(list_asked(sandbox))
    nx.search_numbers(COUNTRIES, **FEW)  # all of them are in the cache, and not the last one alone
    assert len(list_asked(sandbox)) == before


REFUSED = Answer(401, {"error_title": "Unauthorized"})


def test_a_country_that_fails_raises_its_error_at_once_and_the_first_one_counts(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last country does not answer, and is not waited for; the third one fails before the second does."""
    released, third_failed = threading.Event(), threading.Event()

    def answer_never() -> Answer:
        released.wait(600)
        return Answer(404, {})

    def fail_second() -> Answer:
        third_failed.wait(60)
        return REFUSED

    def fail_third() -> Answer:
        third_failed.set()
        return Answer(404, {})

    fail_for(sandbox, monkeypatch, PT=REFUSED)
    with pytest.raises(nx.AuthenticationError) as alone:
        nx.search_numbers("PT")
    monkeypatch.undo()
    fail_for(sandbox, monkeypatch, PT=fail_second, US=fail_third, FR=answer_never)
    with connected(sandbox, timeout=600) as patient:
        with ending(), pytest.raises(nx.AuthenticationError) as caught:
            nx.search_numbers(COUNTRIES, **FEW)
        assert str(caught.value) == str(alone.value)
        join_workers()  # although an answer did not come yet
        assert count_held(patient) == 0
    released.set()


def test_after_a_refusal_no_other_country_is_asked_for(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first country answers late: when the others that were in flight were refused, and it alone is waited for."""
    released, waits, really_wait = threading.Event(), itertools.count(), pages.wait
    first, *others = nx.countries().code

    def wait(flying: Any, seconds: float | None, when: str) -> Any:
        if next(waits):
            released.set()
        return really_wait(flying, seconds, when)

    def answer_late() -> Answer:
        released.wait(600)
        return Answer(200, {})

    fail_for(sandbox, monkeypatch, **{first: answer_late}, **dict.fromkeys(others, REFUSED))
    monkeypatch.setattr(pages, "wait", wait)
    refused: list[str] = []
    attempt = session.attempt_with_slot
    monkeypatch.setattr(session, "attempt_with_slot", lambda r, *rest: refused.append(r.what) or attempt(r, *rest))
    with ending(), pytest.raises(nx.AuthenticationError, match=f"search numbers in {others[0]}"):
        nx.search_numbers([first, *others])
    join_workers()
    assert len(refused) == pages.MOST_IN_FLIGHT


@pytest.mark.parametrize("kind", ["500", "429", "drop-before"])
def test_a_page_that_fails_for_a_moment_is_asked_for_again_and_no_other(
    session: nx.Session, sandbox: Sandbox, waits: list[float], kind: str
) -> None:
    expected = nx.search_numbers(COUNTRIES, refresh=True, **FEW)
    count = len(list_asked(sandbox))
    sandbox.fail_next(kind, path="/number/search")
    pd.testing.assert_frame_equal(nx.search_numbers(COUNTRIES, refresh=True, **FEW), expected)
    assert len(list_asked(sandbox)) == 2 * count + 1
    assert waits == [0.5]


def test_a_country_that_keeps_failing_is_tried_as_often_as_alone(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    tries: list[str] = []

    def fail() -> Answer:
        tries.append("US")
        return Answer(503, {})

    fail_for(sandbox, monkeypatch, US=fail)
    with pytest.raises(nx.UnreachableError, match="search numbers in US"):
        nx.search_numbers(COUNTRIES, **FEW)
    assert (tries, waits) == (["US"] * 3, [0.5, 1.0])


def test_an_interrupt_ends_it_at_once_and_nothing_goes_on(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "latency", 0.001)
    released = hold_answers(sandbox, monkeypatch)

    def interrupt() -> None:
        wait_for(lambda: len(list_asked(sandbox)) == len(COUNTRIES))
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with connected(sandbox, timeout=600) as patient:
        with ending(), pytest.raises(KeyboardInterrupt):
            nx.search_numbers(COUNTRIES, session=patient)
        thread.join()
        join_workers()  # although no answer came yet
        assert count_held(patient) == 0
    released.set()
    monkeypatch.undo()
    assert set(nx.search_numbers(COUNTRIES, session=session).country) == set(COUNTRIES)
    assert list_asked(sandbox).count(("GB", "1")) == 2


def test_a_fault_of_our_own_is_raised_and_holds_nothing(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(session, "send", fail)
    with ending(), pytest.raises(MemoryError):
        nx.search_numbers(COUNTRIES)
    join_workers()
    assert count_held(session) == 0


def test_pages_in_flight_are_no_reason_to_tell_of_a_wait(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slots that have no answer yet count until they expire, which is long."""
    monkeypatch.setattr(sandbox, "latency", 0.001)
    released = hold_answers(sandbox, monkeypatch)
    real, tries = session.throttle.try_acquire, itertools.count()

    def try_acquire(wanted: list[str], *arguments: Any) -> tuple[int, float]:
        number = next(tries)
        if number == 3:
            released.set()
        return (0, 61.0) if number in (1, 2) else real(wanted, *arguments)

    monkeypatch.setattr(session.throttle, "try_acquire", try_acquire)
    monkeypatch.setattr(session.throttle, "poll_interval", lambda _: 0.001)
    monkeypatch.setattr(session.throttle, "notify", pytest.fail)
    assert set(nx.search_numbers(COUNTRIES, **FEW).country) == set(COUNTRIES)


def test_a_bar_counts_the_pages_where_they_take_long_and_leaves_nothing(
    session: nx.Session, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    nx.search_numbers(COUNTRIES, **FEW)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(pages, "QUIET_SECONDS", 0.0)
    nx.search_numbers(COUNTRIES, refresh=True, **FEW)
    shown = capsys.readouterr().err
    assert "search numbers in GB, and 4 more:" in shown
    assert "/5 [" in shown
    assert shown.split("\r")[-1].strip() == ""
    with hide_progress():
        nx.search_numbers(COUNTRIES, refresh=True, **FEW)
    nx.set_options(progress=False)
    nx.search_numbers(COUNTRIES, refresh=True, **FEW)
    nx.owned_numbers()  # a single page
    assert capsys.readouterr().err == ""


def test_missing_rows_are_told_where_the_user_called(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"country": "PT", "msisdn": "351912345678"}]
    pages_of_pt = [{"count": 2, "numbers": rows}, {}]
    fail_for(sandbox, monkeypatch, PT=lambda: Answer(200, pages_of_pt.pop(0)))
    with pytest.warns(UserWarning, match=r"announced 2 rows and gave 1 \(search numbers in PT\)") as caught:
        nx.search_numbers(["GB", "PT"], **FEW)
    assert [each.filename for each in caught] == [__file__]
