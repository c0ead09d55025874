"""Sending again what was refused: that and nothing else, as it was or with another text or sender, once."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import pytest
from campaign_helpers import count_received, make_plan, people, send_batch
from helpers import connected, digests_of

import nexmo_nb as nx
from nexmo_nb.campaigns.batch import read_standing
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state.sends import Outcome


def retry(**options: Any) -> pd.DataFrame:
    return nx.retry("b", progress=False, **options)


def refuse_first(sandbox: Sandbox, codes: list[int], plan: pd.DataFrame, **options: Any) -> pd.DataFrame:
    """Send a plan one by one, of which the first messages are refused, each with a code."""
    for code in codes:
        sandbox.fail_next("status", path="/sms", code=code)
    found = send_batch(plan, workers=1, **options)
    assert found.code[: len(codes)].tolist() == [str(code) for code in codes]
    return found


def read_states(batch: str = "b") -> Counter[str]:
    return Counter(nx.sent(batch, planned=True).state)


def test_by_itself_a_retry_sends_what_may_pass_now_and_nothing_else(session: nx.Session, sandbox: Sandbox) -> None:
    refuse_first(sandbox, [5, 7, 13, 15], make_plan(8))
    sandbox.fail_next("status", path="/sms", code=5)  # once more, for the first
    found = retry(workers=1)
    assert found.to.tolist() == [people(8)[0], people(8)[2]]
    assert found[["state", "code"]].values.tolist() == [["rejected", "5"], ["accepted", pd.NA]]
    assert count_received(sandbox) == Counter([*people(8)[4:], people(8)[2]])
    rows = nx.batch("b").rows
    assert rows.tries.tolist() == [2, 1, 2, 1, 1, 1, 1, 1]
    assert retry().state.tolist() == ["accepted"]
    assert nx.batch("b").rows.tries.tolist()[0] == 3
    with pytest.warns(UserWarning, match=r"Nothing of the batch 'b'.*1 with 7 \(number barred\), 1 with 15"):
        assert retry().empty
    assert max(count_received(sandbox).values()) == 1


@pytest.mark.parametrize("codes", ["15", 15, ["15"], ["7", 15], "all"])
def test_which_refusals_are_tried_again_may_be_said(session: nx.Session, sandbox: Sandbox, codes: Any) -> None:
    refuse_first(sandbox, [7, 15], make_plan(3))
    found = retry(codes=codes)
    assert len(found) == (2 if codes in ("all", ["7", 15]) else 1)
    assert set(found.state) == {"accepted"}


@pytest.mark.parametrize("codes", ["0", ["15", "x y"], 1.5, {"15": 1}])
def test_what_is_no_code_of_a_refusal_is_refused(session: nx.Session, sandbox: Sandbox, codes: Any) -> None:
    refuse_first(sandbox, [15], make_plan(1))
    with pytest.raises(nx.InvalidRequestError, match=r"^codes: got .*allowed: 'all', or codes of refusals, such as"):
        retry(codes=codes)


def test_another_sender_goes_to_those_who_were_refused_and_the_plan_of_before_may_be_sent_again(
    session: nx.Session, sandbox: Sandbox
) -> None:
    plan = make_plan(30)
    sandbox.fail_next("status", path="/sms", times=1000, code=15)
    with pytest.raises(nx.RejectedError, match=r"20 done \(0 accepted, 20 refused\), 10 left"):
        send_batch(plan, workers=1)
    sandbox.world.failures.clear()
    found = retry(sender="Another")
    assert (len(found), set(found.state)) == (20, {"accepted"})
    assert {message["sender"] for message in sandbox.messages} == {"Another"}
    # What is left goes out as planned, and those who have a message by now count as done.
    assert set(send_batch(plan).state) == {"accepted"}
    assert count_received(sandbox) == Counter(people(30))
    assert Counter(message["sender"] for message in sandbox.messages) == {"Another": 20, "Demo": 10}
    assert set(send_batch(plan).state) == {"accepted"}
    assert (nx.batch("b").counts.messages.tolist(), len(sandbox.messages)) == ([30], 30)


def test_another_text_is_what_the_result_of_the_earlier_plan_shows(session: nx.Session, sandbox: Sandbox) -> None:
    plan = make_plan(3, "Hello €")
    refuse_first(sandbox, [17], plan)
    found = retry(text=lambda row: row["text"].replace("€", "EUR"))
    assert found[["text", "state"]].values.tolist() == [["Hello EUR", "accepted"]]
    again = send_batch(plan)
    assert again.text.tolist() == ["Hello EUR", "Hello €", "Hello €"]
    assert again.state.tolist() == ["accepted"] * 3
    assert len(sandbox.messages) == 3
    # And another text for those who were accepted is refused, as ever.
    with pytest.raises(nx.InvalidRequestError, match="3 recipients were already sent another text"):
        send_batch(make_plan(3, "Bye"))


def test_a_plan_with_another_text_under_the_same_name_reaches_those_who_were_refused(
    session: nx.Session, sandbox: Sandbox
) -> None:
    refuse_first(sandbox, [15, 7], make_plan(2))
    session.ledger.mark_abandoned_unknown()
    plan = make_plan(2, "Bye")
    standing = read_standing(plan, "b", session)
    assert (standing.changed, standing.states) == (0, {})
    assert set(send_batch(plan).state) == {"accepted"}
    assert {(m["to"], m["text"]) for m in sandbox.messages} == {(to, "Bye") for to in people(2)}
    assert nx.batch("b").rows.tries.tolist() == [2, 2]


def test_who_got_something_or_may_have_is_left_alone(session: nx.Session, sandbox: Sandbox) -> None:
    """One of each state; a retry of everything, with another text, meets the one that was refused."""
    sandbox.fail_next("status", path="/sms", code=15)
    sandbox.fail_next("partial", path="/sms")
    sandbox.fail_next("drop-after", path="/sms", times=2)
    found = send_batch(make_plan(6, "a" * 200), workers=1)
    assert found.state.tolist() == ["rejected", "partial", "unknown", "unknown", "accepted", "accepted"]
    (lost,) = session.ledger.read_sends(batch="b", state="unknown")[:1]
    session.ledger.record_settled([(lost["id"], "not_found", [])])
    before = count_received(sandbox)
    assert retry(codes="all", text="Bye").to.tolist() == people(1)
    assert count_received(sandbox) - before == Counter(people(1))
    assert read_states() == {"accepted": 3, "partial": 1, "unknown": 1, "not_found": 1}
    # Whoever says so has those as well that were looked up and not found.
    assert retry(codes="all").empty
    assert retry(codes="all", resend_not_found=True).to.tolist() == [lost["recipient"]]
    assert read_states() == {"accepted": 4, "partial": 1, "unknown": 1}


def test_a_row_that_was_accepted_between_the_look_and_the_send_is_left_alone(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another kernel tries it again, with the text as it was, just before this one enters another text."""
    refuse_first(sandbox, [15, 15], make_plan(2))
    real = session.ledger.batches.replan

    def replan(batch: str, entries: Any, **options: Any) -> Any:
        first = entries[0][0]
        row = session.ledger.read_sends(ids=[first])[0]
        original = entries[0][1]._replace(digest=digests_of(session.ledger, [first])[first], body=row["body"])
        real(batch, [(first, original)])
        session.ledger.record_and_claim([], digests_of(session.ledger, [first]))
        session.ledger.record_outcomes([Outcome(first, [{"status": "0", "price": 0.04, "currency": "EUR"}])])
        return real(batch, entries, **options)

    monkeypatch.setattr(session.ledger.batches, "replan", replan)
    found = retry(text="Bye")
    assert found[["text", "state"]].values.tolist() == [["Hello", "accepted"], ["Bye", "accepted"]]
    assert [message["to"] for message in sandbox.messages] == people(2)[1:]


def test_the_encoding_of_before_is_kept(session: nx.Session, sandbox: Sandbox) -> None:
    refuse_first(sandbox, [5, 5], make_plan(2, type="unicode"))
    retry(workers=1)
    types = [request["form"]["type"] for request in sandbox.requests if request["path"] == "/sms/json"]
    assert types == ["unicode"] * 4
    assert nx.batch("b").counts.state.tolist() == ["accepted"]


def test_a_cap_holds_over_the_retry_and_what_it_refuses_changes_nothing(session: nx.Session, sandbox: Sandbox) -> None:
    plan = make_plan(4)
    price = float(plan.price_high.iloc[0])
    refuse_first(sandbox, [5, 5], plan, max_cost=price * 4)
    before = session.ledger.read_sends(batch="b")
    with pytest.raises(nx.InvalidRequestError, match="^max_cost: .*Nothing was sent"):
        retry(max_cost=price * 3)
    assert session.ledger.read_sends(batch="b") == before
    nx.budget(day=price * 3.5)
    with pytest.warns(UserWarning, match="Stopped before the budget"):
        found = retry(on_cap="stop")
    assert found.state.tolist() == ["accepted", "planned"]
    nx.budget(day="none")
    # The rest goes on by the same call, under the cap of before; so does the plan itself.
    assert nx.batch("b").max_cost == pytest.approx(price * 4)
    assert retry(on_cap="stop").state.tolist() == ["accepted"]
    assert count_received(sandbox) == Counter(people(4))
    assert nx.batch("b").cost == pytest.approx(sum(float(message["price"]) for message in sandbox.messages))


def test_what_waits_with_another_text_is_left_to_a_retry_by_the_plan_of_before(
    session: nx.Session, sandbox: Sandbox
) -> None:
    plan = make_plan(3)
    refuse_first(sandbox, [15, 15], plan)
    sandbox.fail_next("no-credit", path="/sms")
    with pytest.raises(nx.RejectedError, match="no credit"):
        retry(text="Bye", workers=1)
    found = send_batch(plan)
    assert found.state.tolist() == ["skipped", "skipped", "accepted"]
    assert "retry() sends it" in found.error[0]
    assert nx.batch("b").left == 2
    assert nx.discard("b") == 0
    assert send_batch(plan).state.tolist() == ["rejected", "rejected", "accepted"]
    assert retry(text="Bye").state.tolist() == ["accepted"] * 2


def test_nobody_gets_one_text_twice_by_a_retry_of_two(session: nx.Session, sandbox: Sandbox) -> None:
    (to,) = people(1)
    table = pd.DataFrame({"to": [to, to, to], "text": ["one", "two", "three"]})
    plan = nx.plan_sms(table, sender="Demo", duplicates="all")
    refuse_first(sandbox, [15, 15], plan)
    with pytest.raises(nx.InvalidRequestError, match="a text that 3519.* has in this batch already"):
        retry(text="three", sender="Demo")
    with pytest.raises(nx.InvalidRequestError, match="a text that 3519.* has in this batch already"):
        retry(text="three", sender="Other")
    assert read_states() == {"rejected": 2, "accepted": 1}
    found = retry(text="four")
    assert found.state.tolist() == ["accepted", "problem"]
    assert [message["text"] for message in sandbox.messages] == ["three", "four"]


def test_twenty_equal_refusals_stop_a_retry_as_well(session: nx.Session, sandbox: Sandbox) -> None:
    refuse_first(sandbox, [13] * 19, make_plan(19))
    refuse_first(sandbox, [13] * 19, make_plan(19, "Bye"), batch="c")
    session.ledger._transact(lambda c: c.execute("UPDATE sends SET batch = 'b'"))
    sandbox.fail_next("status", path="/sms", times=1000, code=13)
    with pytest.raises(nx.RejectedError, match=r"Batch 'b': 20 done \(0 accepted, 20 refused\), 18 left"):
        retry(workers=1)
    sandbox.world.failures.clear()
    assert len(retry()) == 38
    assert Counter(m["to"] for m in sandbox.messages) == Counter(people(19) * 2)


def test_a_retry_needs_a_batch_with_people_who_are_known(session: nx.Session, sandbox: Sandbox) -> None:
    refuse_first(sandbox, [5], make_plan(1))
    with pytest.raises(nx.InvalidRequestError, match="^batch: got 'bb'; allowed: .* such as 'b'"):
        nx.retry("bb")
    nx.forget(before="2100-01-01")
    with pytest.raises(nx.InvalidRequestError, match="allowed: a batch that was not forgotten"):
        retry()


def test_two_kernels_that_try_again_at_once_send_to_each_person_once(sandbox: Sandbox) -> None:
    with connected(sandbox) as one:
        refuse_first(sandbox, [5, 13] * 15, make_plan(40))
        with nx.connect(sandbox.url, calls=1_000_000, limits={"sms": (1_000_000, 1.0)}) as two:
            meeting = threading.Barrier(2, timeout=60)

            def work(session: nx.Session) -> pd.DataFrame:
                meeting.wait()
                return nx.retry("b", progress=False, session=session)

            with ThreadPoolExecutor(2) as pool:
                list(pool.map(work, (one, two)))
            assert count_received(sandbox) == Counter(people(40))
            assert set(nx.batch("b").rows.tries) == {1, 2}


RETRY = """
import sys
import nexmo_nb as nx
session = nx.connect(sys.argv[1], calls=1000000, limits=dict.fromkeys(("sms", "pricing", "reports"), (1000000, 1.0)))
print("ready", flush=True)
nx.retry("b", sender="Another", text=sys.argv[2] or None, codes="all", progress=False, workers=8)
"""


@pytest.mark.slow
@pytest.mark.parametrize("text", ["", "Bye"])
def test_a_retry_that_is_killed_and_called_again_reaches_everybody_once_at_most(text: str) -> None:
    with Sandbox(limits=False, balance=1000) as sandbox, connected(sandbox):
        plan = make_plan(200)
        sandbox.fail_next("status", path="/sms", times=1000, code=15)
        for _ in range(40):
            try:
                send_batch(plan, workers=32)
                break
            except nx.RejectedError:
                pass
        sandbox.world.failures.clear()
        assert read_states() == {"rejected": 200}
        for n in (1, 2):
            child = subprocess.Popen([sys.executable, "-c", RETRY, sandbox.url, text], stdout=subprocess.PIPE)
            while len(sandbox.messages) < n * 60 and child.poll() is None:
                time.sleep(0.002)
            child.kill()
            child.wait()
            assert child.stdout is not None
            child.stdout.close()
        assert len(sandbox.messages) < 200
        assert "ended before the run did" in (nx.batch("b").last_error or "")
        found = nx.retry("b", sender="Another", text=text or None, codes="all", progress=False)
        assert set(found.state) == {"accepted"}
        received = count_received(sandbox)
        assert max(received.values()) == 1
        states = read_states()
        assert set(states) <= {"accepted", "unknown"}
        assert set(people(200)) - set(received) <= set(nx.sent("b").query("state == 'unknown'").to)
        assert {message["text"] for message in sandbox.messages} == {text or "Hello"}
