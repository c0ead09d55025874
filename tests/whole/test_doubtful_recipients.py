"""Single sends: a doubtful number is said aloud, and where it is not certain whose it is nothing leaves."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

MOBILE = "+351 912 345 678"


def send_text(to: Any, **options: Any) -> Any:
    return nx.send_sms(to, "Hello", sender="Demo", **options)


def call(to: Any, **options: Any) -> Any:
    return nx.send_voice(to, "Hello", **options)


BOTH = pytest.mark.parametrize("send", [send_text, call])


@BOTH
@pytest.mark.parametrize("region", ["PT", "Portugal"])
@pytest.mark.parametrize("to", ["912 345 678", 912345678, MOBILE])
def test_a_national_number_goes_to_the_region_that_is_named(
    session: nx.Session, send: Callable[..., Any], to: Any, region: str
) -> None:
    assert send(to, region=region).to[0] == "351912345678"


@BOTH
def test_a_number_with_its_code_keeps_it_whatever_the_region(session: nx.Session, send: Callable[..., Any]) -> None:
    assert send("+44 7700 900000", region="PT").to[0] == "447700900000"


@BOTH
def test_the_region_is_no_part_of_what_a_key_stands_for(
    session: nx.Session, sandbox: Sandbox, send: Callable[..., Any]
) -> None:
    first = send(MOBILE, key="k")
    again = send("912 345 678", region="PT", key="k")
    pd.testing.assert_frame_equal(again, first)
    assert len(sandbox.messages) + len(sandbox.calls) == 1


@BOTH
@pytest.mark.parametrize("region", ["XX", "Congo", "", 351, "AQ"])
def test_what_is_no_region_is_refused(
    session: nx.Session, sandbox: Sandbox, send: Callable[..., Any], region: Any
) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^region: got"):
        send("912 345 678", region=region)
    assert sandbox.requests == []


def test_the_sender_does_not_take_the_region(session: nx.Session) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^sender: got"):
        nx.send_voice(MOBILE, "Hello", sender="0912345678", region="PT")


@BOTH
@pytest.mark.parametrize("to", ["351999345678", 351999345678])
def test_a_number_that_may_be_a_national_one_is_refused(
    session: nx.Session, sandbox: Sandbox, send: Callable[..., Any], to: Any
) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^to: got"):
        send(to)
    assert sandbox.requests == []


@BOTH
def test_the_refusal_says_how_to_say_who_is_meant(session: nx.Session, send: Callable[..., Any]) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"no '\+'.*name the region.*write it with a '\+'"):
        send("351999345678")


@BOTH
@pytest.mark.parametrize(
    ("to", "says"),
    [
        ("+351 999 345 678", "no valid number of Portugal"),
        ("+351 601 234 567", "premium number"),
        ("+351 912 300 000", "rounded"),
    ],
)
def test_other_doubts_are_said_once_and_the_message_leaves(
    session: nx.Session, sandbox: Sandbox, send: Callable[..., Any], to: str, says: str
) -> None:
    with pytest.warns(nx.DoubtfulNumberWarning, match=says) as said:
        send(to)
    assert len(said) == 1
    assert len(sandbox.messages) + len(sandbox.calls) == 1


def test_the_warning_stands_at_the_line_of_the_send(session: nx.Session) -> None:
    for send in (nx.send_sms, nx.send_voice):
        with pytest.warns(nx.DoubtfulNumberWarning) as said:
            send("+351 999 345 678", "Hello", sender="351912345678")
        assert said[0].filename == __file__


def test_a_warning_that_is_an_error_stops_the_send(session: nx.Session, sandbox: Sandbox) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(nx.DoubtfulNumberWarning):
            send_text("+351 999 345 678", key="k")
    assert sandbox.messages == []
    assert nx.sent().empty


def test_a_landline_is_fine_for_a_call_and_doubtful_for_an_sms(session: nx.Session, sandbox: Sandbox) -> None:
    call("+351 213 456 789")
    with pytest.warns(nx.DoubtfulNumberWarning, match="landline"):
        send_text("+351 213 456 789")
    assert (len(sandbox.calls), len(sandbox.messages)) == (1, 1)


@BOTH
@pytest.mark.parametrize("to", ["+44 7700 900000", "447700900000", "+33 6 39 98 00 00", MOBILE, "351912345678"])
def test_a_good_or_fictional_number_raises_no_doubt(session: nx.Session, send: Callable[..., Any], to: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        send(to)


def test_a_batch_does_not_say_its_doubts_again(session: nx.Session, sandbox: Sandbox) -> None:
    plan = nx.plan_sms(["+351 213 456 789", MOBILE], "Hello", sender="Demo")
    with warnings.catch_warnings():
        warnings.simplefilter("error", nx.DoubtfulNumberWarning)
        nx.send_many(plan, batch="b", doubtful="send", progress=False)
    assert len(sandbox.messages) == 2
