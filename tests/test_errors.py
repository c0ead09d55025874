"""Errors travel: pickled, they keep their facts and gain nothing."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

import nexmo_nb as nx
from nexmo_nb import errors
from nexmo_nb.errors import NexmoError, without_traceback_of
from nexmo_nb.frames import Column, frame
from nexmo_nb.sandbox import Sandbox

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, NexmoError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_survives_a_pickle(kind: type[NexmoError]) -> None:
    parts = frame([{"to": "447700900000"}], (Column("to"),))
    error = kind("no", status=429, code="throttled", retry_after=2.5, meaning="too fast", parts=parts)
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert (str(back), back.status, back.code, back.retry_after, back.meaning) == (
        "no",
        429,
        "throttled",
        2.5,
        "too fast",
    )
    assert back.parts.equals(parts)


def test_only_what_surely_did_nothing_and_may_pass_is_retryable() -> None:
    assert {kind.__name__ for kind in KINDS if kind.retryable} == {"RateLimitedError", "UnreachableError"}


def test_an_invalid_request_is_a_value_error() -> None:
    assert issubclass(errors.InvalidRequestError, ValueError)


@pytest.mark.parametrize("kind", [NexmoError, KeyboardInterrupt, ZeroDivisionError])
def test_exceptions_without_a_traceback_lose_the_frames_below(kind: type[BaseException]) -> None:
    def deep() -> None:
        hidden = "hidden"
        try:
            raise OSError(hidden)
        except OSError as problem:
            raise kind("seen") from problem

    def catch() -> BaseException:
        with pytest.raises(kind, match="seen") as caught:
            without_traceback_of(deep)
        return caught.value

    # In a thread of its own: a test that strikes at any line may leave in this one an exception that is being handled.
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(catch).result()
    names = []
    trace = found.__traceback__
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    assert "deep" not in names
    assert found.__context__ is None
    assert found.__cause__ is None


def test_a_warning_of_a_send_points_to_the_line_that_called(session: nx.Session, sandbox: Sandbox) -> None:
    sandbox.fail_next("partial")
    with pytest.warns(nx.PartialSendWarning) as said:
        nx.send_sms("+44 7700 900123", "a" * 200, sender="Demo")
    plan = nx.plan_sms(["+44 7700 900123"], "Hello", sender="Demo")
    with pytest.warns(UserWarning, match="Stopped before") as stopped:
        nx.send_many(plan, batch="b", max_cost=0.0, on_cap="stop", progress=False)
    assert [warning.filename for warning in (*said, *stopped)] == [__file__] * 2
