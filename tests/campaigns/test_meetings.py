"""What meets a batch while its process waits for a slot: the same batch with other content, and `forget`."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
import pytest
from campaign_helpers import make_plan, people, send_batch
from helpers import connected

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

WAITING = """
import sys
import nexmo_nb as nx
session = nx.connect(sys.argv[1], calls=1000000, limits={"sms": (1000000, 1.0)})
plan = nx.plan_sms(sys.argv[3:], "Hello", sender="Demo", prices=False)
real, turns = session.throttle.try_acquire_from, int(sys.argv[2])

def wait(*arguments, **options):
    global turns
    turns -= 1
    if not turns:
        print("waiting", flush=True)
        sys.stdin.readline()
    return real(*arguments, **options)

session.throttle.try_acquire_from = wait
found = nx.send_many(plan, batch="b", progress=False, workers=1)
print(*found.state)
print(*found.error.dropna().unique())
"""


class Waiting:
    def __init__(self, child: subprocess.Popen[str]) -> None:
        self.child = child

    def go_on(self) -> list[str]:
        """Let it have its slot, and give the lines that it printed at its end: the states, and the errors."""
        out, err = self.child.communicate("\n", timeout=60)
        assert self.child.returncode == 0, err
        return out.splitlines()


@contextmanager
def waiting(sandbox: Sandbox, count: int, *, turn: int = 1) -> Iterator[Waiting]:
    """Run the batch "b" to so many people in a process of its own, which waits for the slot of its n-th turn."""
    command = [sys.executable, "-c", WAITING, sandbox.url, str(turn), *people(count)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "waiting\n"
        try:
            yield Waiting(child)
        finally:
            child.kill()


# --- the same batch with other content -------------------------------------------------------------------------------

OTHERS = {"text": {"text": "Other"}, "sender": {"sender": "Elsewhere"}, "type": {"encoding": "ucs2"}}


def received(sandbox: Sandbox) -> list[tuple[str, ...]]:
    return sorted((each["to"], each["sender"], each["type"], each["text"]) for each in sandbox.messages)


@pytest.mark.slow
@pytest.mark.parametrize("change", OTHERS)
@pytest.mark.parametrize("sends", [True, False])
def test_what_another_process_made_another_message_of_does_not_leave_as_it_was(
    sandbox: Sandbox, change: str, sends: bool
) -> None:
    """The other process sends its own, or is refused for want of credit and leaves its rows planned."""
    with waiting(sandbox, 3) as process, connected(sandbox):
        if sends:
            send_batch(make_plan(3, prices=False).assign(**OTHERS[change]))
        else:
            sandbox.fail_next("no-credit", times=9, path="/sms")
            with pytest.raises(nx.RejectedError):
                send_batch(make_plan(3, prices=False).assign(**OTHERS[change]))
            sandbox.world.failures.clear()
        before = received(sandbox)
        states, error = process.go_on()
        assert states == "planned planned planned"
        assert "another content" in error
        assert received(sandbox) == before
        kept = nx.sent("b", planned=True)
        expected = {"text": "Hello", "sender": "Demo", **{k: v for k, v in OTHERS[change].items() if k != "encoding"}}
        assert set(kept.text) == {expected["text"]}
        assert set(kept.sender) == {expected["sender"]}
        send_batch(make_plan(3, prices=False).assign(**OTHERS[change]))
        assert len(sandbox.messages) == 3
        with pytest.raises(nx.InvalidRequestError, match="already sent another text"):
            send_batch(make_plan(3, prices=False))


# --- forgetting ------------------------------------------------------------------------------------------------------


def forget_all() -> tuple[int, list[str]]:
    """Forget, and give how many, and the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return nx.forget(before="2100-01-01"), [str(each.message) for each in caught]


@pytest.mark.slow
def test_forgetting_leaves_a_batch_alone_that_is_being_sent_elsewhere_and_says_so(sandbox: Sandbox) -> None:
    with connected(sandbox):
        nx.send_sms("447700900123", "Hello", sender="Demo")
        send_batch(make_plan(2, prices=False), batch="earlier")
        with waiting(sandbox, 4, turn=3) as process:
            sent_before = (nx.sent("b").state == "accepted").sum()
            count, (warning,) = forget_all()
            assert 1 <= sent_before < 4
            assert count == 3
            assert warning.startswith(f"{sent_before} messages were not forgotten, because their batch is being sent")
            assert not any(number in warning for number in people(4))
            assert process.go_on()[0] == "accepted accepted accepted accepted"
        assert nx.sent("b").to.tolist() == people(4)
        assert len(sandbox.messages) == 7
        assert forget_all() == (4, [])


@pytest.mark.slow
def test_a_batch_whose_process_died_is_forgotten_like_any_other(sandbox: Sandbox) -> None:
    with waiting(sandbox, 4, turn=3) as process:
        process.child.kill()
    with connected(sandbox):
        accepted = (nx.sent("b").state == "accepted").sum()
        assert accepted >= 1
        assert forget_all() == (accepted, [])
        with pytest.raises(nx.InvalidRequestError, match="not forgotten"):
            send_batch(make_plan(4, prices=False))


@pytest.mark.parametrize("end", ["it comes through", "it is refused", "a fault", "an interrupt", "two interrupts"])
def test_a_batch_that_ended_is_forgotten_however_it_ended(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    send_batch(make_plan(2, prices=False))
    problems = {"a fault": RuntimeError, "an interrupt": KeyboardInterrupt, "two interrupts": KeyboardInterrupt}
    if end == "it is refused":
        with pytest.raises(nx.InvalidRequestError):
            send_batch(make_plan(2, "Other", prices=False))
    elif end in problems:

        def fail(*_: Any, **__: Any) -> Any:
            raise problems[end]

        with monkeypatch.context() as patch:
            patch.setattr("nexmo_nb.campaigns.batch.Runner.run", fail)
            if end == "two interrupts":
                patch.setattr("nexmo_nb.state.ledger_sql.delete_runs", fail)
            with pytest.raises(problems[end]):
                send_batch(pd.concat([make_plan(2, text, prices=False) for text in ("Hello", "Other")]))
    assert forget_all() == (2, [])


def test_a_batch_of_this_process_is_left_alone_while_it_is_being_sent(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = session.ledger.record_and_claim, []

    def record(outcomes: Any, digests: Any, *rest: Any) -> Any:
        claimed = real(outcomes, digests, *rest)
        if not digests:  # the last of it: all are accepted
            seen.append(forget_all())
        return claimed

    send_batch(make_plan(2, prices=False))
    monkeypatch.setattr(session.ledger, "record_and_claim", record)
    found = send_batch(pd.concat([make_plan(2, text, prices=False) for text in ("Hello", "Other")]))
    assert found.state.tolist() == ["accepted"] * 4
    (_, (warning,)), *_ = seen
    assert "not forgotten" in warning
    assert nx.sent("b").to.notna().all()
