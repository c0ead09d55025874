"""Batches with hours, played by a clock that is given: nobody is sent to outside of them, whatever happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pandas as pd
import pytest
from campaign_helpers import count_received, make_plan, people, send_batch
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.campaigns.decisions import Estimate
from nexmo_nb.campaigns.openings import Opening
from nexmo_nb.campaigns.progress_bar import show_progress
from nexmo_nb.campaigns.run_state import Message
from nexmo_nb.campaigns.runner import Runner
from nexmo_nb.sandbox import Sandbox

EVENING = datetime(2026, 11, 30, 19, 30, tzinfo=timezone.utc)  # a Monday; 19:30 in Lisbon, 18:30 on the Azores
NINE_TO_EIGHT = ("09:00", "20:00")
BERLIN, BRAZIL, INDIA = "4915112345678", "5511987654321", "919812345678"
ZONES = {BERLIN: "Europe/Berlin", BRAZIL: "America/Sao_Paulo", INDIA: "Asia/Kolkata"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox whose clock stands still, and is moved by what waits."""
    with Sandbox(now=lambda: EVENING, limits=False, balance=10_000) as sandbox:
        sandbox.clock.freeze()
        yield sandbox


@pytest.fixture
def session(sandbox: Sandbox) -> Iterator[nx.Session]:
    session = connect_by_clock(sandbox)
    yield session
    session.close()


def connect_by_clock(sandbox: Sandbox, step: str = "5m") -> nx.Session:
    session = connected(sandbox, sleep=lambda _: sandbox.clock.move(step) and None)
    session.clock = lambda: sandbox.clock.now().timestamp()
    return session


def list_times(sandbox: Sandbox) -> dict[str, datetime]:
    """List when each recipient was sent to, by the sandbox's own book."""
    return {message["to"]: pd.Timestamp(message["time"]).floor("1s") for message in sandbox.messages}


def plan_world(text: str = "Hello") -> pd.DataFrame:
    return plan_looked_at(list(ZONES), text)


def plan_looked_at(recipients: list[str], text: str = "Hello", **options: Any) -> pd.DataFrame:
    """Plan for people in countries that do something to a sender, which somebody has looked at."""
    plan = nx.plan_sms(recipients, text, sender="Demo", **{"prices": False, **options})
    return plan.assign(warning=pd.Series(dtype="string"), warning_code=pd.Series(dtype="string"))


def test_a_run_waits_until_it_is_morning_where_each_recipient_is(sandbox: Sandbox, session: nx.Session) -> None:
    told: list[str] = []
    session.throttle.notify = told.append
    done = send_batch(plan_world(), window=NINE_TO_EIGHT, days="Mon-Sat")
    assert done.state.tolist() == ["accepted"] * 3
    times = {to: at.tz_convert(ZONES[to]) for to, at in list_times(sandbox).items()}
    assert times[BRAZIL].strftime("%a %H:%M") == "Mon 16:30"  # at once
    assert times[INDIA].strftime("%a %H:%M") == "Tue 09:00"
    assert times[BERLIN].strftime("%a %H:%M") == "Tue 09:00"
    assert told == [
        "Batch 'b': 2 messages wait. The first may leave at Tue 2026-12-01 03:30 UTC, in 8 h 00 min. An interrupt "
        "ends the wait.",
        "Batch 'b': 1 messages wait. The first may leave at Tue 2026-12-01 08:00 UTC, in 4 h 30 min. An interrupt "
        "ends the wait.",
    ]


def test_a_run_that_is_stopped_while_it_waits_is_gone_on_with_by_the_kept_hours(
    sandbox: Sandbox, session: nx.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    session.throttle.notify = interrupt
    with pytest.raises(KeyboardInterrupt):
        send_batch(plan_world(), window=NINE_TO_EIGHT)
    assert list(list_times(sandbox)) == [BRAZIL]
    session.throttle.notify = lambda _: None
    done = send_batch(plan_world())
    assert done.state.tolist() == ["accepted"] * 3
    assert list_times(sandbox)[BERLIN] == pd.Timestamp("2026-12-01T08:00", tz="UTC")
    assert count_received(sandbox) == Counter(list(ZONES))


def test_kept_hours_may_be_made_narrower_and_not_wider(sandbox: Sandbox, session: nx.Session) -> None:
    send_batch(plan_world(), window=NINE_TO_EIGHT, wait=False)
    for wider in ({"window": ("08:00", "20:00")}, {"window": ("00:00", "24:00")}):
        with pytest.raises(nx.InvalidRequestError, match="Quiet hours of a batch hold for all its runs"):
            send_batch(plan_world(), **wider)
    assert sandbox.messages == []
    send_batch(plan_world(), window=("10:00", "19:00"), days="Tue-Fri")
    assert list_times(sandbox) == {
        INDIA: pd.Timestamp("2026-12-01T04:30", tz="UTC"),
        BERLIN: pd.Timestamp("2026-12-01T09:00", tz="UTC"),
        BRAZIL: pd.Timestamp("2026-12-01T13:00", tz="UTC"),
    }


def test_a_batch_that_is_discarded_may_get_other_hours_and_nobody_gets_it_twice(
    sandbox: Sandbox, session: nx.Session
) -> None:
    send_batch(plan_world(), window=NINE_TO_EIGHT, wait=False)
    assert len(nx.run_due()) == 1
    assert nx.discard("b") == 2
    send_batch(plan_world())
    assert count_received(sandbox) == Counter(list(ZONES))
    assert set(list_times(sandbox).values()) == {pd.Timestamp(EVENING)}


def test_what_the_pace_keeps_past_the_hours_is_left_and_said(sandbox: Sandbox, session: nx.Session) -> None:
    """Each message takes ten minutes of the sandbox's clock, and Lisbon is open for half an hour."""
    plan = nx.plan_sms(people(10), "Hello", sender="Demo", prices=False).assign(time_zone="Europe/Lisbon")
    send = session.call_with_slot

    def send_slowly(*arguments: Any) -> Any:
        answer = send(*arguments)
        sandbox.clock.move("10m")
        return answer

    session.call_with_slot = send_slowly  # type: ignore[method-assign]
    with pytest.warns(UserWarning, match=r"7 messages of batch 'b' are left, .* begin Tue 2026-12-01 09:00 UTC"):
        done = send_batch(plan, window=NINE_TO_EIGHT, workers=1)
    assert done.state.value_counts().to_dict() == {"planned": 7, "accepted": 3}
    sandbox.clock.move("14h")
    session.call_with_slot = send  # type: ignore[method-assign]
    assert set(send_batch(plan).state) == {"accepted"}
    assert count_received(sandbox) == Counter(people(10))


def test_a_clock_that_is_set_while_a_message_is_claimed_lets_nothing_leave_at_night(
    sandbox: Sandbox, session: nx.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A laptop sleeps for four hours between the claim of a message and its request, and then goes on."""
    claim, moves = session.ledger.record_and_claim, iter(["4h"])

    def claim_slowly(*arguments: Any, **options: Any) -> Any:
        found = claim(*arguments, **options)
        sandbox.clock.move(next(moves, "0s"))
        return found

    monkeypatch.setattr(session.ledger, "record_and_claim", claim_slowly)
    with pytest.warns(UserWarning, match="5 messages of batch 'b' are left"):
        done = send_batch(make_plan(5, prices=False), at="2026-11-30T18:00Z", late="1d", window=NINE_TO_EIGHT)
    assert set(done.state) == {"planned"}
    assert sandbox.messages == []


def test_a_clock_that_is_set_back_makes_messages_wait_again(sandbox: Sandbox, session: nx.Session) -> None:
    times = iter([0.0, 0.0, -7200.0, -7200.0, -7200.0])
    session.clock = lambda: sandbox.clock.now().timestamp() + next(times, 0.0)
    done = send_batch(make_plan(1, prices=False), window=("18:00", "20:00"))
    assert done.state.tolist() == ["accepted"]


@pytest.mark.parametrize("doubtful", ["skip", "send"])
def test_rows_that_may_never_be_sent_are_refused_or_left_out_and_never_sent(
    sandbox: Sandbox, session: nx.Session, doubtful: str
) -> None:
    plan = plan_looked_at(["61412345678", BRAZIL])
    with pytest.raises(nx.InvalidRequestError, match=r"1 rows that may never be sent, in row 0; .* may be in 8 of"):
        send_batch(plan, window=("10:00", "14:00"))
    assert len(nx.sent(planned=True)) == 0
    done = send_batch(plan, window=("10:00", "14:00"), doubtful=doubtful)
    assert done.state.tolist() == ["skipped", "accepted"]
    assert done.error[0].startswith("time_zone: the number may be in 8 of them")
    known = plan.assign(time_zone=["Australia/Perth", None])
    assert send_batch(known, doubtful=doubtful).state.tolist() == ["accepted", "accepted"]
    assert list_times(sandbox)["61412345678"] == pd.Timestamp("2026-12-02T02:00", tz="UTC")


def test_a_number_of_no_known_zone_is_never_guessed_at(session: nx.Session) -> None:
    plan = nx.plan_sms(["+88213123456789"], "Hello", sender="Demo", prices=False)
    with pytest.raises(nx.InvalidRequestError, match="none is known for this number, so it cannot be told when it is"):
        send_batch(plan.assign(warning=None), window=NINE_TO_EIGHT)
    assert send_batch(plan, window=NINE_TO_EIGHT, doubtful="send", batch="c").state.tolist() == ["skipped"]
    moment = send_batch(plan, at="2026-11-30T20:00Z", doubtful="send")
    assert moment.state.tolist() == ["rejected"]  # by the sandbox: the moment is the same everywhere, so it left


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"at": "2026-12-01T00:30"}, r"at: got '2026-12-01T00:30:00'; .*past for 1 rows, in row 0, in Asia/Calcutta"),
        ({"at": "2026-11-30T19:00Z"}, "past for 3 rows"),
        ({"at": "2028-01-01"}, "a time to come, at most a year ahead"),
        ({"wait": False}, "wait: got False; allowed: True, for a batch that has no hours"),
        ({"window": ("22:00", "08:00")}, "over midnight"),
        ({"days": "never"}, "'never' is no day"),
    ],
)
def test_what_is_no_time_to_send_at_is_refused_and_nothing_is_kept(
    session: nx.Session, arguments: dict[str, Any], words: str
) -> None:
    plan = plan_looked_at([INDIA, BERLIN, BRAZIL])
    with pytest.raises(nx.InvalidRequestError, match=words):
        send_batch(plan, **arguments)
    assert len(nx.sent(planned=True)) == 0
    assert session.ledger.schedules.read("b") is None


def test_a_moment_that_has_passed_while_a_batch_waited_is_no_mistake(sandbox: Sandbox, session: nx.Session) -> None:
    send_batch(plan_world(), at="2026-12-01T09:00", wait=False)
    sandbox.clock.move("2d")
    assert send_batch(plan_world(), at="2026-12-01T09:00").state.tolist() == ["accepted"] * 3


def test_what_is_too_late_is_left_and_said(sandbox: Sandbox, session: nx.Session) -> None:
    send_batch(plan_world(), at="2026-12-01T09:00", late="4h", wait=False)
    sandbox.clock.move("15h")  # 10:30 in India two hours before, 11:30 in Berlin, 7:30 in Brazil
    due = nx.run_due().iloc[0]
    assert (due.accepted, due.left, due.next) == (1, 2, pd.Timestamp("2026-12-01T12:00", tz="UTC"))
    sandbox.clock.move("1d")
    with pytest.warns(UserWarning, match=r"2 messages .* too late for them by `late`: discard\('b'\) removes them"):
        done = send_batch(plan_world())
    assert done.state.tolist() == ["accepted", "planned", "planned"]
    assert pd.isna(nx.run_due().next[0])


def test_run_due_sends_what_is_due_of_all_batches_with_their_caps_and_options(
    sandbox: Sandbox, session: nx.Session
) -> None:
    lisbon = nx.plan_sms(people(4), "Hello", sender="Demo")
    price = float(lisbon.price_high[0])
    send_batch(lisbon, batch="capped", window=("10:00", "18:00"), wait=False, max_cost=2.5 * price, on_cap="stop",
               ttl=60_000, account_ref="shop")  # fmt: skip
    send_batch(
        plan_looked_at([BRAZIL, BERLIN], "Привет", prices=True), batch="later", at="2026-12-01T10:00", wait=False
    )
    first = nx.run_due().set_index("batch")
    assert first.accepted.to_dict() == {"capped": 0, "later": 0}
    assert first.left.to_dict() == {"capped": 4, "later": 2}
    assert first.next.to_dict() == {
        "capped": pd.Timestamp("2026-12-01T11:00", tz="UTC"), "later": pd.Timestamp("2026-12-01T09:00", tz="UTC")
    }  # fmt: skip
    assert sandbox.messages == []
    sandbox.clock.move("16h")
    second = nx.run_due().set_index("batch")
    assert second.accepted.to_dict() == {"capped": 2, "later": 1}
    assert second.error["capped"] == f"stopped before max_cost={2.5 * price} was passed"
    assert second.next["later"] == pd.Timestamp("2026-12-01T13:00", tz="UTC")
    fields = {message["to"]: message for message in sandbox.messages}
    assert second.cost["capped"] == pytest.approx(sum(float(fields[to]["price"]) for to in people(2)))
    assert {fields[to]["text"] for to in people(2)} == {"Hello"}
    assert fields[BERLIN]["text"] == "Привет"
    assert [fields[to]["type"] for to in (people(1)[0], BERLIN)] == ["text", "unicode"]
    assert set(nx.sent("capped").client_ref) == {fields[to]["client_ref"] for to in people(2)}
    sandbox.clock.move("4h")
    third = nx.run_due().set_index("batch")
    assert third.accepted.to_dict() == {"capped": 0, "later": 1}
    assert list(nx.run_due().batch) == ["capped"]


def test_run_due_leaves_alone_what_waits_for_the_caller_of_its_batch(sandbox: Sandbox, session: nx.Session) -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    session.throttle.notify = interrupt
    with pytest.raises(KeyboardInterrupt):
        send_batch(make_plan(3, prices=False), window=("10:00", "12:00"))
    sandbox.clock.move("15h")
    assert nx.run_due().empty
    assert sandbox.messages == []
    empty, filled = nx.run_due(), nx.run_due()
    assert list(empty.columns) == list(filled.columns)


def test_a_batch_that_cannot_go_on_does_not_keep_the_others_back(sandbox: Sandbox, session: nx.Session) -> None:
    for name in ("one", "two"):
        send_batch(make_plan(2, name), batch=name, window=NINE_TO_EIGHT, wait=False)
    settings = '{"max_cost": null, "api": "sms", "even_if_suppressed": null, "options": {"ttl": 1}}'
    statement = "UPDATE schedules SET settings = ? WHERE batch = 'one'"
    session.ledger._transact(lambda connection: connection.execute(statement, (settings,)))
    sandbox.clock.move("15h")
    due = nx.run_due().set_index("batch")
    assert due.accepted.to_dict() == {"one": 0, "two": 2}
    assert due.error["one"].startswith("ttl: got 1; allowed:")


def test_a_bar_counts_down_to_the_hours(session: nx.Session, capsys: pytest.CaptureFixture[str]) -> None:
    begin = EVENING.timestamp() + 28_740
    message = Message({"from": "Demo", "to": BERLIN, "text": "Hello"}, "d", Estimate(), Opening(begin, begin + 60))
    with show_progress(Runner(session, "b", {"a": message})) as refresh:
        refresh()
    assert "1 left ·  0.00, may leave in 7 h 59 min" in capsys.readouterr().err


def test_the_embedded_sandbox_gives_its_session_its_clock() -> None:
    with nx.connect("sandbox") as session:
        assert session.sandbox is not None
        session.sandbox.clock.freeze()
        session.sandbox.clock.move("36h")
        assert session.clock() == session.sandbox.clock.now().timestamp()


def test_whoever_says_stop_while_a_batch_waits_is_not_sent_to(sandbox: Sandbox, session: nx.Session) -> None:
    send_batch(plan_world(), window=NINE_TO_EIGHT, wait=False)
    nx.suppress([BRAZIL], reason="stop")
    due = nx.run_due().iloc[0]
    assert (due.accepted, due.refused, due.left) == (0, 1, 2)
    assert sandbox.messages == []


@pytest.mark.parametrize("wait", [True, False])
def test_a_retry_keeps_the_hours_and_the_time_zone_of_each_person_also_after_a_discard(
    sandbox: Sandbox, session: nx.Session, wait: bool
) -> None:
    """It is afternoon in New York, where the owner of a Portuguese number is; the next day is tried from its night."""
    plan = nx.plan_sms(people(2), "Hello", sender="Demo", prices=False)
    plan["time_zone"] = pd.Series(["America/New_York", pd.NA], dtype="string")
    sandbox.fail_next("status", path="/sms", times=2, code=5)
    send_batch(plan, window=NINE_TO_EIGHT, wait=wait)
    assert wait or len(nx.run_due()) == 1
    assert nx.batch("b").refused == 2
    nx.discard("b")
    sandbox.clock.move("10h")  # 05:30 in Lisbon, 00:30 in New York
    assert nx.retry("b", progress=False).state.tolist() == ["accepted"] * 2
    ana, rui = people(2)
    morning = pd.Timestamp("2026-12-01", tz="UTC")
    assert list_times(sandbox) == {rui: morning.replace(hour=10), ana: morning.replace(hour=14)}  # on the Azores, too
    assert nx.run_due().empty
