"""A whole run of slots in made-up time: numbers send side by side at their pace, and the others as fast as they may."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from nexmo_nb.campaigns.slots import Slots
from nexmo_nb.campaigns.waiting import Waiting
from nexmo_nb.state.limits import Limit
from nexmo_nb.state.throttle import Throttle

NUMBERS = [f"1415555010{n}" for n in range(4)]
TOOK = 0.02  # seconds that a message takes
WORKERS = 16


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def run(slots: Slots, waiting: Waiting, time: Time) -> dict[str, list[float]]:
    """Send all that waits as a run does, and tell when messages left in each lane."""
    moments, flying, wait = defaultdict[str, list[float]](list), list[tuple[float, str]](), 0.0
    while waiting or flying:
        done = [slot for end, slot in flying if end <= time.now]
        flying = [each for each in flying if each[0] > time.now]
        wait = slots.acquire(min(len(waiting), WORKERS - len(flying)), wait, done)
        for send_id, slot in slots.held.items():
            moments[waiting.find_lane(send_id)].append(time.now)
            flying.append((time.now + TOOK, slot))
        slots.held.clear()
        ends = [end for end, _ in flying] + ([time.now + wait] if wait > 0 else [])
        assert ends or not waiting
        time.now = min(ends, default=time.now)
    return dict(moments)


@pytest.mark.parametrize("first", ["numbers", "others"])
def test_four_numbers_send_four_a_second_together_while_the_others_have_the_rest(tmp_path: Path, first: str) -> None:
    time = Time()
    limits = {"sms": Limit(30, 1.0, from_answer=False)}
    throttle = Throttle(tmp_path / "t", calls=100_000, period=60.0, limits=limits, boot="b", clock=time)
    paced = {f"n{n}": NUMBERS[n % 4] for n in range(80)}
    others = {f"o{n}": "" for n in range(400)}
    waiting = Waiting(paced | others if first == "numbers" else others | paced, clock=time)
    moments = run(Slots(throttle, waiting), waiting, time)
    throttle.close()
    assert {lane: len(found) for lane, found in moments.items()} == {**dict.fromkeys(NUMBERS, 20), "": 400}
    gaps = [later - earlier for number in NUMBERS for earlier, later in pairwise(moments[number])]
    assert min(gaps) >= 1.0 + TOOK  # from the answer
    assert max(gaps) <= 1.05 + TOOK + 0.1  # none waits long after it is free
    assert max(moments[number][-1] for number in NUMBERS) - 1000.0 <= 19 * 1.12
    # The account has room for 30 a second: the others have what the numbers leave.
    assert moments[""][-1] - 1000.0 == pytest.approx(400 / (30 - 4 / 1.07), abs=1.5)
