"""A recipient may get several texts of a batch: each once, and what was sent is never changed."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pandas as pd
import pytest
from campaign_helpers import make_plan, people, send_batch
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox


def plan_of(*texts: str, count: int = 1, **options: Any) -> pd.DataFrame:
    """Plan several texts for the same people."""
    return pd.concat([make_plan(count, text, **options) for text in texts], ignore_index=True)


def received(sandbox: Sandbox) -> Counter[tuple[str, str]]:
    return Counter((message["to"], message["text"]) for message in sandbox.messages)


def test_each_text_is_sent_once_whatever_is_run_again(session: nx.Session, sandbox: Sandbox) -> None:
    plan = plan_of("One", "Two", "Three", count=5)
    first = send_batch(plan)
    assert first.state.tolist() == ["accepted"] * 15
    assert first.message_ids.is_unique
    pd.testing.assert_frame_equal(send_batch(plan), first)
    pd.testing.assert_frame_equal(send_batch(plan[::-1])[::-1], first)
    assert received(sandbox) == Counter({(to, text): 1 for to in people(5) for text in ("One", "Two", "Three")})
    texts = nx.sent("b").set_index("message_ids").text
    assert texts[first.message_ids].tolist() == plan.text.tolist()


def test_who_stood_once_and_stands_twice_now_gets_only_the_new_text(session: nx.Session, sandbox: Sandbox) -> None:
    send_batch(make_plan(3, "One"))
    assert set(send_batch(plan_of("Two", "One", count=3)).state) == {"accepted"}
    assert received(sandbox) == Counter({(to, text): 1 for to in people(3) for text in ("One", "Two")})
    send_batch(make_plan(3, "One"))
    send_batch(make_plan(3, "Two"))
    assert len(sandbox.messages) == 6


@pytest.mark.parametrize("kind", ["drop-after", "drop-before", "500"])
def test_a_first_text_that_may_have_been_sent_is_not_sent_again(
    session: nx.Session, sandbox: Sandbox, kind: str
) -> None:
    sandbox.fail_next(kind, path="/sms")
    send_batch(make_plan(1, "One"))
    assert send_batch(plan_of("One", "Two")).state.tolist() == ["unknown", "accepted"]
    assert send_batch(plan_of("Two", "One")).state.tolist() == ["accepted", "unknown"]
    assert sum(request["path"] == "/sms/json" for request in sandbox.requests) == 2


@pytest.mark.parametrize(
    "texts", [["Other"], ["Other", "Two"], ["One", "Other"], ["Other", "Another"], ["Two", "Three", "Other"]]
)
def test_a_text_that_was_sent_cannot_be_changed(session: nx.Session, sandbox: Sandbox, texts: list[str]) -> None:
    send_batch(plan_of("One", "Two"))
    reason = r"^batch: got 'b', in which 1 recipients were already sent another text.*the first: row 'x'"
    plan = plan_of(*texts)
    plan.index = pd.Index(["x"] * len(plan))
    with pytest.raises(nx.InvalidRequestError, match=reason):
        send_batch(plan)
    assert len(sandbox.messages) == 2
    assert len(nx.sent("b")) == 2


def test_another_sender_does_not_make_another_text(session: nx.Session, sandbox: Sandbox) -> None:
    send_batch(plan_of("One", "Two"))
    plan = plan_of("One", "Two")
    plan.loc[0, "sender"] = "Other"
    with pytest.raises(nx.InvalidRequestError, match="from another sender"):
        send_batch(plan)
    both = pd.concat([plan_of("One"), plan_of("One").assign(sender="Other")])
    with pytest.raises(nx.InvalidRequestError, match="the same number and the same text"):
        send_batch(both, batch="c")
    assert len(sandbox.messages) == 2


def test_one_number_and_one_text_twice_are_refused(session: nx.Session, sandbox: Sandbox) -> None:
    plan = plan_of("One", "Two", "One").set_axis(["a", "b", "c"])
    with pytest.raises(nx.InvalidRequestError, match=r"^plan: got '35191.*The rows 'a' and 'c' have the same number"):
        send_batch(plan)
    assert (sandbox.messages, len(nx.sent())) == ([], 0)


def test_a_planned_text_can_be_changed_and_each_is_still_sent_once(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("no-credit", times=9, path="/sms")
    with pytest.raises(nx.RejectedError):
        send_batch(plan_of("One", "Two"), workers=1)
    sandbox.world.failures.clear()
    assert send_batch(plan_of("Two", "Other")).state.tolist() == ["accepted", "accepted"]
    assert received(sandbox) == Counter({(people(1)[0], "Two"): 1, (people(1)[0], "Other"): 1})
    assert sorted(nx.sent("b").text) == ["Other", "Two"]


def test_a_text_that_another_run_changed_is_not_sent_and_its_outcome_says_so(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the entry of a plan and its first message, another process runs the batch with another text."""
    real, once = session.ledger.record_and_claim, [1]

    def claim(outcomes: Any, digests: Any, *rest: Any) -> Any:
        if once:
            once.pop()
            other = connected(sandbox)
            send_batch(make_plan(2, "Other", session=other), session=other)
            other.close()
        return real(outcomes, digests, *rest)

    monkeypatch.setattr(session.ledger, "record_and_claim", claim)
    found = send_batch(make_plan(2, "One"), session=session)
    assert found.state.tolist() == ["planned", "planned"]
    assert found.error.str.contains("another content").all()
    assert received(sandbox) == Counter({(to, "Other"): 1 for to in people(2)})
    with pytest.raises(nx.InvalidRequestError, match="2 recipients were already sent another text"):
        send_batch(make_plan(2, "One", session=session), session=session)


def test_not_found_ones_are_sent_again_text_by_text(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("drop-before", path="/sms")
    plan = plan_of("One", "Two")
    assert send_batch(plan, workers=1).state.tolist() == ["unknown", "accepted"]
    assert nx.settle("b", delay=0).text.tolist() == ["One"]
    assert send_batch(plan).state.tolist() == ["not_found", "accepted"]
    assert send_batch(plan, resend_not_found=True).state.tolist() == ["accepted", "accepted"]
    assert received(sandbox) == Counter({(people(1)[0], "One"): 1, (people(1)[0], "Two"): 1})


def test_a_cap_counts_every_text(session: nx.Session, sandbox: Sandbox) -> None:
    plan = plan_of("One", "Two")
    high = float(plan.price_high.sum())
    with pytest.raises(nx.InvalidRequestError, match="for 2 messages"):
        send_batch(plan, max_cost=high * 0.9)
    sandbox.fail_next("drop-after", path="/sms")
    sandbox.fail_next("drop-after", path="/sms")
    assert send_batch(plan, max_cost=high).state.tolist() == ["unknown", "unknown"]
    with pytest.raises(nx.InvalidRequestError, match=f"{high:.4f} spent so far"):
        send_batch(plan_of("One", "Two", "Three"), max_cost=high)


def test_two_runs_at_once_one_with_one_text_and_one_with_two_send_each_once(sandbox: Sandbox) -> None:
    sessions = [connected(sandbox), connected(sandbox)]
    plans = [make_plan(80, "One", session=sessions[0]), plan_of("Two", "One", count=80, session=sessions[0])]
    threads = [
        threading.Thread(target=lambda plan=plan, session=session: send_batch(plan, session=session))
        for plan, session in zip(plans, sessions, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert received(sandbox) == Counter({(to, text): 1 for to in people(80) for text in ("One", "Two")})
    assert set(send_batch(plans[1], session=sessions[1]).state) == {"accepted"}
    for session in sessions:
        session.close()


def test_a_batch_of_several_texts_can_be_forgotten(session: nx.Session, sandbox: Sandbox) -> None:
    send_batch(plan_of("One", "Two"))
    assert nx.forget(before="2100-01-01") == 2
    with pytest.raises(nx.InvalidRequestError, match="not forgotten"):
        send_batch(plan_of("One", "Two"))
