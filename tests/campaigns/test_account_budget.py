"""The account's budget: kept over batches, single sends and calls, over processes, kills and midnights."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from campaign_helpers import make_plan, people, send_batch
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state.budgets import find_span
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.sends import Entry, Outcome

TO = people(1)[0]
TEXT = "Your table is ready."


def at(text: str) -> float:
    return float(pd.Timestamp(text, tz="UTC").timestamp())


def spent_of(sandbox: Sandbox) -> float:
    return sum(float(message["price"]) for message in sandbox.messages)


def send(**options: Any) -> pd.DataFrame:
    return nx.send_sms(TO, TEXT, sender="Demo", **options)


@pytest.fixture
def highest(session: nx.Session) -> float:
    """What a message to `TO` may cost at most."""
    return float(nx.prices("PT").price.max())


def test_a_budget_is_set_shown_changed_and_taken_away(session: nx.Session) -> None:
    assert nx.budget().amount.isna().all()
    assert nx.budget(month=200, day=20).amount.tolist() == [20, 200]
    assert nx.budget(day=5.5).amount.tolist() == [5.5, 200]
    table = nx.budget(day="none")
    assert table[["budget", "currency"]].values.tolist() == [["day", "EUR"], ["month", "EUR"]]
    assert table.amount.isna().tolist() == table.left.isna().tolist() == [True, False]
    assert (table.until - table.since).dt.days.tolist()[0] == 1
    assert nx.budget().equals(table)


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "5", True, "None "])
@pytest.mark.parametrize("name", ["day", "month"])
def test_what_is_no_amount_is_refused(session: nx.Session, name: str, value: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match=f"^{name}: got .*allowed: 'none' "):
        nx.budget(**{name: value})
    assert nx.budget().amount.isna().all()


@pytest.mark.parametrize("period", ["day", "month"])
def test_a_single_message_that_could_pass_the_budget_is_not_sent(
    session: nx.Session, sandbox: Sandbox, highest: float, period: str
) -> None:
    nx.budget(**{period: highest * 0.99})
    with pytest.raises(nx.InvalidRequestError, match=rf"^budget: got .*for up to {highest:.4f}; .* a {period}: 0.0000"):
        send()
    assert (sandbox.messages, len(nx.sent(planned=True))) == ([], 0)
    nx.budget(**{period: highest})
    send()
    assert nx.budget().spent.tolist() == pytest.approx([spent_of(sandbox)] * 2)
    with pytest.raises(nx.InvalidRequestError, match=f"{spent_of(sandbox):.4f} were spent since"):
        send()
    assert len(sandbox.messages) == 1


def test_of_two_budgets_the_tighter_one_holds(session: nx.Session, sandbox: Sandbox, highest: float) -> None:
    nx.budget(day=highest * 0.5, month=100)
    with pytest.raises(nx.InvalidRequestError, match="a day: "):
        send()
    nx.budget(day=100, month=0)
    with pytest.raises(nx.InvalidRequestError, match="a month: "):
        send()
    assert sandbox.messages == []


def test_without_a_budget_or_a_cap_no_price_is_asked_for(session: nx.Session, sandbox: Sandbox) -> None:
    send()
    assert [request["path"] for request in sandbox.requests] == ["/sms/json"]


def test_a_message_without_a_price_is_not_sent_under_a_budget(session: nx.Session, sandbox: Sandbox) -> None:
    nx.budget(day=5)
    with pytest.raises(nx.InvalidRequestError, match="^budget: got .*whose price is not known"):
        nx.send_sms("+244 923 123 456", "Hello", sender="Demo")  # the sandbox's market has no Angola
    with pytest.raises(nx.InvalidRequestError, match=r"^budget: got 5\.0; allowed: a plan with prices\. 2 rows"):
        send_batch(make_plan(2, prices=False))
    assert (sandbox.messages, len(nx.sent(planned=True))) == ([], 0)
    skipped = send_batch(make_plan(2, prices=False), unpriced="skip")
    assert skipped.state.tolist() == ["skipped"] * 2


def test_what_nobody_knows_and_what_is_under_way_count_with_their_estimate(
    session: nx.Session, sandbox: Sandbox, highest: float
) -> None:
    nx.budget(day=2.5 * highest)
    sandbox.fail_next("drop-after", path="/sms")
    with pytest.raises(nx.UnknownOutcomeError):
        send()
    assert nx.budget().spent.tolist() == pytest.approx([highest] * 2)
    session.ledger.record_intent(Entry("e" * 40, "w", "sms", "d", "1", "s", "b", estimate=highest))
    session.ledger._owner.begin(["e" * 40], in_this_thread=False)  # in another thread, which has not ended
    assert nx.budget().spent.tolist() == pytest.approx([2 * highest] * 2)
    with pytest.raises(nx.InvalidRequestError, match="^budget: got"):
        send()
    nx.settle(delay=0)
    assert nx.budget().spent.tolist() == pytest.approx([spent_of(sandbox) + highest] * 2)


@pytest.mark.parametrize(("kind", "error"), [("no-credit", nx.RejectedError), ("503", nx.UnknownOutcomeError)])
def test_what_was_refused_costs_nothing_and_what_may_have_been_sent_its_estimate(
    session: nx.Session, sandbox: Sandbox, highest: float, kind: str, error: type[nx.NexmoError]
) -> None:
    nx.budget(day=highest)
    sandbox.fail_next(kind, times=1, path="/sms")
    with pytest.raises(error):
        send()
    assert nx.budget().spent[0] == pytest.approx(0 if error is nx.RejectedError else highest)


def test_what_settling_does_not_find_costs_nothing(session: nx.Session, sandbox: Sandbox, highest: float) -> None:
    nx.budget(day=highest)
    sandbox.fail_next("drop-before", path="/sms")
    with pytest.raises(nx.UnknownOutcomeError):
        send()
    with pytest.raises(nx.InvalidRequestError, match="^budget"):
        send()
    assert nx.settle(delay=0).state.tolist() == ["not_found"]
    assert nx.budget().spent[0] == 0
    send()


def test_a_key_that_was_sent_before_needs_no_budget_and_no_price(
    session: nx.Session, sandbox: Sandbox, highest: float
) -> None:
    first = send(key="k", max_price=highest)
    sandbox.reprice("PT", 3.0)
    nx.budget(day=0)
    asked = len(sandbox.requests)
    assert send(key="k", max_price=highest).message_id.tolist() == first.message_id.tolist()
    assert len(sandbox.requests) == asked


def test_a_key_that_was_refused_keeps_its_record_where_the_budget_refuses_it(
    session: nx.Session, sandbox: Sandbox
) -> None:
    sandbox.fail_next("no-credit", path="/sms")
    with pytest.raises(nx.RejectedError):
        send(key="k")
    nx.budget(day=0)
    with pytest.raises(nx.InvalidRequestError, match="^budget"):
        send(key="k")
    assert nx.sent().state.tolist() == ["rejected"]
    nx.budget(day="none")
    send(key="k")
    assert nx.sent().state.tolist() == ["accepted"]


def test_a_batch_that_could_pass_the_budget_is_refused_or_stops(session: nx.Session, sandbox: Sandbox) -> None:
    plan = make_plan(10)
    price = float(plan.price_high[0])
    nx.budget(month=4.5 * price)
    with pytest.raises(nx.InvalidRequestError, match=r"^budget: got .*0\.0000 spent this month .*for 10 messages"):
        send_batch(plan)
    assert (sandbox.messages, len(nx.sent(planned=True))) == ([], 0)
    said = (
        r"Stopped before the budget of .* a month was passed: \d\.\d{4} is spent, by everything that was sent\. Batch"
    )
    with pytest.warns(UserWarning, match=said):
        found = send_batch(plan, on_cap="stop")
    assert 4 <= (found.state == "accepted").sum() < 10
    assert spent_of(sandbox) <= 4.5 * price
    with pytest.raises(nx.InvalidRequestError, match="spent this month"):
        send_batch(plan)
    nx.budget(month="none")
    assert set(send_batch(plan).state) == {"accepted"}


def test_a_batch_that_is_complete_can_be_run_again_whatever_is_left(session: nx.Session) -> None:
    plan = make_plan(3)
    first = send_batch(plan)
    nx.budget(day=0)
    pd.testing.assert_frame_equal(send_batch(plan), first)


def test_of_a_cap_and_a_budget_the_tighter_one_is_named(session: nx.Session, sandbox: Sandbox) -> None:
    plan = make_plan(4)
    price = float(plan.price_high[0])
    nx.budget(day=2 * price)
    with pytest.raises(nx.InvalidRequestError, match="^budget: got"):
        send_batch(plan, max_cost=10 * price)
    with pytest.warns(UserWarning, match="Stopped before max_cost="):
        send_batch(plan, max_cost=price, on_cap="stop")
    assert spent_of(sandbox) <= price


def test_a_budget_in_another_currency_is_not_compared_with_prices(session: nx.Session, sandbox: Sandbox) -> None:
    send()
    session.ledger.budgets.write({"day": 100.0}, "USD")
    with pytest.raises(nx.InvalidRequestError, match=r"^budget: got sends of this day in EUR; allowed: sends in USD"):
        send()
    with pytest.raises(nx.InvalidRequestError, match="^budget: got sends of this day in EUR"):
        send_batch(make_plan(2))
    assert len(sandbox.messages) == 1


def test_a_plan_in_another_currency_is_refused(session: nx.Session, sandbox: Sandbox) -> None:
    plan = make_plan(2).assign(currency=pd.array(["USD"] * 2, dtype="string"))
    nx.budget(day=5)
    with pytest.raises(nx.InvalidRequestError, match=r"allowed: a plan in EUR, as the budget is\. Amounts of several"):
        send_batch(plan)
    assert sandbox.messages == []


def test_a_call_counts_with_the_minutes_that_it_takes_to_speak(sandbox: Sandbox) -> None:
    keys = {"api_key": sandbox.api_key, "api_secret": sandbox.api_secret}
    with connected(sandbox, **keys, application_id=sandbox.application_id, private_key=sandbox.private_key):
        minute = float(nx.prices("GB", product="voice").price.max())
        nx.budget(day=2.5 * minute)
        nx.send_voice("+44 7700 900000", "Hello", language="en-gb")
        assert nx.budget().spent[0] == pytest.approx(minute)
        with pytest.raises(nx.InvalidRequestError, match="^budget: got call 447700900000"):
            nx.send_voice("+44 7700 900000", "x" * 601, repeat=2, language="en-gb")
        assert nx.budget().unpriced.tolist() == [0, 0]
        assert len(sandbox.calls) == 1


# --- one message ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "parts"), [("Hello", 1), ("Hello " * 30, 2), ("Olá 🎉 " * 12, 2)])
def test_a_message_that_may_cost_more_than_its_max_price_is_not_sent(
    session: nx.Session, sandbox: Sandbox, highest: float, text: str, parts: int
) -> None:
    with pytest.raises(nx.InvalidRequestError, match=rf"^max_price: got .*at least {parts * highest:.4f}, what the"):
        nx.send_sms(TO, text, sender="Demo", max_price=parts * highest - 0.0001)
    assert (sandbox.messages, len(nx.sent(planned=True))) == ([], 0)
    assert len(nx.send_sms(TO, text, sender="Demo", max_price=parts * highest)) == parts


@pytest.mark.parametrize("value", [-1, float("nan"), "5", True])
def test_a_max_price_that_is_no_amount_is_refused(session: nx.Session, sandbox: Sandbox, value: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^max_price: got"):
        send(max_price=value)
    assert sandbox.requests == []


def test_a_max_price_needs_a_price(session: nx.Session, sandbox: Sandbox) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"^max_price: got 5\.0; allowed: a message with a price"):
        nx.send_sms("+244 923 123 456", "Hello", sender="Demo", max_price=5)
    assert sandbox.messages == []


def test_a_price_list_that_cannot_be_read_keeps_a_capped_message_back(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("500", times=9, path="/account/get-pricing")
    with pytest.raises(nx.UnreachableError):
        send(max_price=5)
    assert sandbox.messages == []


# --- time ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "now", "since", "until"),
    [
        ("day", "2026-11-27T00:00", "2026-11-27", "2026-11-28"),
        ("day", "2026-11-27T23:59:59.999", "2026-11-27", "2026-11-28"),
        ("day", "2024-02-29T12:00", "2024-02-29", "2024-03-01"),
        ("month", "2026-12-31T23:59:59.999", "2026-12-01", "2027-01-01"),
        ("month", "2027-01-01T00:00", "2027-01-01", "2027-02-01"),
        ("month", "2024-02-29T12:00", "2024-02-01", "2024-03-01"),
    ],
)
def test_periods_are_days_and_months_in_utc(period: str, now: str, since: str, until: str) -> None:
    assert find_span(period, at(now)) == (at(since), at(until))


def test_at_midnight_in_utc_the_day_begins_anew_and_the_month_goes_on(
    session: nx.Session, sandbox: Sandbox, highest: float
) -> None:
    nx.budget(day=1.5 * highest, month=2.5 * highest)
    session.ledger.clock = lambda: at("2026-11-29T23:59:59.9")
    send()
    with pytest.raises(nx.InvalidRequestError, match=r"a day: .* since 2026-11-29 00:00 UTC"):
        send()
    session.ledger.clock = lambda: at("2026-11-30T00:00:00")
    send()
    assert nx.budget().spent.tolist() == pytest.approx([spent_of(sandbox) / 2, spent_of(sandbox)], rel=0.2)
    session.ledger.clock = lambda: at("2026-11-30T23:59:59")
    with pytest.raises(nx.InvalidRequestError, match="^budget"):
        send()
    session.ledger.clock = lambda: at("2026-12-01T00:00:00")
    send()
    assert nx.budget().spent.tolist() == pytest.approx([spent_of(sandbox) / 3] * 2, rel=0.2)


def test_a_message_counts_on_the_day_on_which_it_left_whenever_its_answer_comes(tmp_path: Path) -> None:
    now = at("2026-11-30T23:59:59")
    ledger = Ledger(tmp_path / "ledger.sqlite", clock=lambda: now)
    ledger.record_intent(Entry("e" * 40, "w", "sms", "d", "1", "s", "b", estimate=0.5))
    now = at("2026-12-01T00:00:01")
    assert [row["spent"] for row in ledger.budgets.describe("EUR")] == [0, 0]
    ledger.record_outcomes([Outcome("e" * 40, [{"status": "0", "price": 0.75, "currency": "EUR"}])])
    assert [row["spent"] for row in ledger.budgets.describe("EUR")] == [0, 0]
    now = at("2026-11-30T12:00")
    assert [row["spent"] for row in ledger.budgets.describe("EUR")] == [0.75, 0.75]
    ledger.close()


def test_a_clock_that_was_set_back_gives_no_new_money(session: nx.Session, sandbox: Sandbox, highest: float) -> None:
    nx.budget(day=1.5 * highest)
    session.ledger.clock = lambda: at("2026-11-29T12:00")
    send()
    session.ledger.clock = lambda: at("2026-11-28T12:00")
    with pytest.raises(nx.InvalidRequestError, match="^budget"):
        send()
    assert len(sandbox.messages) == 1


# --- what counts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "cost"),
    [
        (Outcome("", [{"status": "0", "price": 0.2}, {"status": "0", "price": 0.3}]), 0.5),
        (Outcome("", [{"status": "0", "price": 2.0}]), 2.0),
        (Outcome("", [{"status": "0", "price": 0.2}, {"status": "0", "price": None}]), 1.0),
        (Outcome("", [{"status": "0", "price": 1.2}, {"status": "0", "price": "free"}]), 1.2),
        (Outcome("", [{"status": "0", "price": 0.2}, {"status": "1", "price": None}]), 0.2),
        (Outcome("", [{"status": "0", "price": None}]), 1.0),
        (Outcome("", [{"status": "started"}]), 1.0),
        (Outcome("", None, nx.RejectedError("no")), 0.0),
        (Outcome("", None, nx.UnknownOutcomeError("?")), 1.0),
        (Outcome("", None, nx.UnreachableError("no"), is_unsent=True), 0.0),
        (Outcome("", None, RuntimeError("?")), 1.0),
    ],
)
@pytest.mark.parametrize("is_batch", [False, True])
def test_a_send_counts_as_its_answer_says(tmp_path: Path, outcome: Outcome, cost: float, is_batch: bool) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    entry = Entry("e" * 40, "w", "sms", "d", "1", "s", "b", estimate=1.0)
    if is_batch:
        ledger.add_batch("b", [entry])
        assert ledger.budgets.describe("EUR")[0]["spent"] == 0
        ledger.record_and_claim([], {entry.id: "d"})
    else:
        ledger.record_intent(entry)
    assert ledger.budgets.describe("EUR")[0]["spent"] == 1.0
    ledger.record_outcomes([outcome._replace(id=entry.id)])
    assert ledger.budgets.describe("EUR")[0]["spent"] == pytest.approx(cost)
    ledger.close()


def test_rows_are_claimed_in_order_up_to_the_budget_and_no_further(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    entries = [
        Entry(c * 40, "w", "sms", "d", c, "s", "b", estimate=e) for c, e in zip("abc", (0.1, 0.2, 0.01), strict=True)
    ]
    ledger.add_batch("b", entries)
    ledger.budgets.write({"day": 0.29}, "EUR")
    digests = {entry.id: "d" for entry in entries}
    assert ledger.record_and_claim([], digests)[:2] == ({"a" * 40}, ["b" * 40, "c" * 40])
    # What the first one cost is known in the same transaction: less than its estimate, so there is room for the second.
    back = Outcome("a" * 40, [{"status": "0", "price": 0.09, "currency": "EUR"}])
    del digests["a" * 40]
    assert ledger.record_and_claim([back], digests)[:2] == ({"b" * 40}, ["c" * 40])
    ledger.budgets.write({"day": None}, "EUR")
    assert ledger.record_and_claim([], {"c" * 40: "d"})[:2] == ({"c" * 40}, [])
    ledger.close()


def test_a_row_that_is_planned_anew_has_todays_estimate(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    entry = Entry("e" * 40, "w", "sms", "d", "1", "s", "b", estimate=1.0)
    ledger.add_batch("b", [entry])
    ledger.add_batch("b", [entry._replace(id="f" * 40, estimate=2.0)])
    ledger.record_and_claim([], {entry.id: "d"})
    assert ledger.budgets.describe("EUR")[0]["spent"] == 2.0
    ledger.close()


@pytest.mark.parametrize(("max_cost", "sent"), [(None, 2), (1000, 1)])
def test_a_budget_that_is_set_while_a_batch_is_sent_stops_it(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, max_cost: float | None, sent: int
) -> None:
    """Under a cap one message leaves alone, until its price is known."""
    real, calls = session.ledger.record_and_claim, []

    def claim(outcomes: Any, leaving: Any, *rest: Any) -> Any:
        calls.append(leaving)
        if len(calls) == 2:
            nx.budget(day=0)
        return real(outcomes, leaving, *rest)

    monkeypatch.setattr(session.ledger, "record_and_claim", claim)
    with pytest.warns(
        UserWarning,
        match=rf"Stopped before the budget of 0 a day was passed: .* {30 - sent} left\. .*The first that is "
        rf"left is row {sent}\.",
    ):
        found = send_batch(make_plan(30), workers=2, max_cost=max_cost)
    assert found.state.tolist() == ["accepted"] * sent + ["planned"] * (30 - sent)
    assert len(sandbox.messages) == sent


def test_what_came_back_cheaper_leaves_room_for_more(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process sets the budget; each message costs a quarter of its estimate, or a little less."""
    plan = make_plan(40)
    plan[["price_low", "price_high"]] *= 4
    estimate, real, calls = float(plan.price_high[0]), session.ledger.record_and_claim, []

    def claim(outcomes: Any, leaving: Any, *rest: Any) -> Any:
        calls.append(leaving)
        if len(calls) == 2:
            session.ledger.budgets.write({"day": 8 * estimate}, "EUR")
        return real(outcomes, leaving, *rest)

    monkeypatch.setattr(session.ledger, "record_and_claim", claim)
    with pytest.warns(UserWarning, match="Stopped before the budget of .* a day was passed"):
        send_batch(plan, workers=2)
    assert 7 * estimate < spent_of(sandbox) <= 8 * estimate


# --- processes -----------------------------------------------------------------------------------------------------

SENDER = """
import sys, warnings
import nexmo_nb as nx
warnings.simplefilter("ignore")
free = dict.fromkeys(("sms", "pricing", "reports"), (1000000, 1.0))
session = nx.connect(sys.argv[1], calls=1000000, limits=free)
plan = nx.plan_sms([f"3519{12_340_001 + n:08d}" for n in range(300)], "Hello", sender="Demo")
print("ready", flush=True)
sys.stdin.readline()
if sys.argv[2] == "single":
    for to in plan.to:
        try:
            nx.send_sms(to, "Single", sender="Demo")
        except nx.InvalidRequestError:
            break
else:
    nx.send_many(plan, batch=sys.argv[2], progress=False, on_cap="stop", workers=8)
print("done", flush=True)
"""


@pytest.fixture
def rich() -> Iterator[Sandbox]:
    with Sandbox(limits=False, balance=10_000) as sandbox:
        yield sandbox


def start(sandbox: Sandbox, name: str) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", SENDER, sandbox.url, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


@pytest.mark.slow
def test_processes_keep_one_budget_together_and_use_nearly_all_of_it(rich: Sandbox) -> None:
    """Two batches and one process of single messages, each of which alone would pass the budget."""
    with connected(rich):
        highest = float(nx.prices("PT").price.max())
        nx.budget(day=100 * highest)
    children = [start(rich, name) for name in ("one", "two", "single")]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        out, err = child.communicate(timeout=600)
        assert out == "done\n", err
    assert 98 * highest <= spent_of(rich) <= 100 * highest + 1e-9
    with connected(rich):
        assert nx.budget().spent[0] == pytest.approx(spent_of(rich))


@pytest.mark.slow
def test_killed_again_and_again_a_sender_does_not_pass_the_budget(rich: Sandbox) -> None:
    """What was under way when the process was killed counts with its estimate, for it may have been sent."""
    with connected(rich):
        highest = float(nx.prices("PT").price.max())
        nx.budget(day=60 * highest)
    for n in range(6):
        child = start(rich, f"b{n}")
        assert child.stdin is not None
        goal = len(rich.messages) + 5 + n
        child.stdin.write("go\n")
        child.stdin.flush()
        while len(rich.messages) < goal and child.poll() is None:
            time.sleep(0.0005)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        assert spent_of(rich) <= 60 * highest + 1e-9
    with connected(rich), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert nx.budget().spent[0] >= spent_of(rich) - 1e-9
        send_batch(make_plan(300), "last", on_cap="stop")
        assert spent_of(rich) <= 60 * highest + 1e-9
        nx.settle(delay=0)
        assert nx.budget().spent[0] == pytest.approx(spent_of(rich))


def test_two_sessions_see_one_budget(sandbox: Sandbox) -> None:
    one, two = connected(sandbox), connected(sandbox)
    nx.budget(day=7, session=one)
    assert nx.budget(session=two).amount[0] == 7
    one.close()
    two.close()
