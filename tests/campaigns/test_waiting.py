"""Which of the messages that wait is next: none waits for the number of another, and none starves."""

from __future__ import annotations

from collections import Counter

import pytest

from nexmo_nb.campaigns.waiting import Waiting

LANES = {"a1": "A", "x1": "", "x2": "", "a2": "A", "b1": "B", "x3": "", "a3": "A"}


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def waiting(time: Time) -> Waiting:
    return Waiting(LANES, clock=time)


def leave(waiting: Waiting, count: int) -> list[str]:
    chosen = waiting.choose(count)
    waiting.take(chosen)
    return chosen


def test_messages_from_one_sender_leave_in_the_order_of_the_plan(time: Time) -> None:
    waiting = Waiting(dict.fromkeys("abcdef", ""), clock=time)
    assert leave(waiting, 2) == ["a", "b"]
    waiting.append("a")
    waiting.put_back(["b"])
    assert waiting.list_ids() == leave(waiting, 9) == ["b", "c", "d", "e", "f", "a"]
    assert (len(waiting), waiting.choose(1), waiting.seconds_until_free()) == (0, [], 0.0)


def test_senders_take_turns_and_the_one_that_was_served_last_comes_last(waiting: Waiting) -> None:
    assert leave(waiting, 2) == ["a1", "x1"]
    assert leave(waiting, 2) == ["b1", "a2"]
    assert leave(waiting, 9) == ["x2", "a3", "x3"]


def test_what_is_chosen_waits_until_it_is_taken(waiting: Waiting) -> None:
    assert waiting.choose(4) == waiting.choose(4) == ["a1", "x1", "b1", "a2"]
    assert (waiting.choose(0), waiting.choose(-1), len(waiting)) == ([], [], 7)


def test_a_busy_sender_does_not_hold_up_the_others_and_goes_on_when_it_is_free(waiting: Waiting, time: Time) -> None:
    waiting.delay("A", 1.0)
    assert leave(waiting, 9) == ["x1", "b1", "x2", "x3"]
    assert (waiting.choose(9), waiting.seconds_until_free()) == ([], 1.0)
    time.now += 0.25
    assert (waiting.choose(9), waiting.seconds_until_free()) == ([], 0.75)
    time.now += 0.75
    assert (waiting.seconds_until_free(), leave(waiting, 9)) == (0.0, ["a1", "a2", "a3"])


def test_the_first_that_is_left_is_the_first_of_the_plan(waiting: Waiting) -> None:
    leave(waiting, 3)
    assert waiting.find_first() == "x2"
    waiting.put_back(["a1"])
    assert waiting.find_first() == "a1"


def test_no_sender_starves_however_many_wait_for_another(time: Time) -> None:
    lanes = {f"x{n}": "" for n in range(500)} | {f"{lane}{n}": lane for lane in "ABCD" for n in range(10)}
    waiting, served = Waiting(lanes, clock=time), Counter[str]()
    for _ in range(10):  # seconds, in each of which there is room for thirty and each number has one
        left = 30
        while left and (chosen := waiting.choose(1)):
            waiting.take(chosen)
            lane = lanes[chosen[0]]
            if lane:
                waiting.delay(lane, 1.0)
            served[lane] += 1
            left -= 1
        time.now += 1.0
    assert served == {"A": 10, "B": 10, "C": 10, "D": 10, "": 260}
