"""The slots of a run: taken for those of its messages that may leave now, whatever the others wait for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from nexmo_nb.campaigns.waiting import Waiting
from nexmo_nb.errors import UnreachableError
from nexmo_nb.state.throttle import Throttle, make_slot_id
from nexmo_nb.state.windows import BULK

FAMILY = "sms"
SHORTEST_WAIT = 0.001  # seconds; a number may become free between two looks at the clock


class Slots:
    """The slots that were taken and not used yet; `held` has them by the message, which no longer waits then.

    Every method but `give_back` raises `UnreachableError` if the limit cannot be kept.
    """

    def __init__(self, throttle: Throttle, waiting: Waiting) -> None:
        self.held: dict[str, str] = {}
        self._throttle, self._waiting = throttle, waiting

    def acquire(self, allowed: int, seconds: float, done: Sequence[str]) -> float:
        """Take slots for as many messages as are allowed, and confirm those that are done.

        `seconds` is what the last call gave: the time until the next slot is free; 0.0 if none is wanted.
        """
        while (chosen := self._waiting.choose(allowed - len(self.held))) or done:
            if seconds > 0 and not done:
                # Whoever waits looks without a lock first, so that many waiting processes do not hinder each other.
                seconds = self._throttle.seconds_until_free(FAMILY, BULK)
                if seconds > 0:
                    return seconds
            seconds = self._take(chosen, done)
            if seconds > 0:
                return seconds
            done = []  # those that are in a lane that is busy made room for others
        return max(SHORTEST_WAIT, self._waiting.seconds_until_free()) if allowed > len(self.held) else 0.0

    def give_back(self) -> None:
        """Give back the slots that no message left under."""
        if self.held:
            with suppress(UnreachableError):  # then they count until they expire
                self._throttle.give_back(list(self.held.values()))
            self.held.clear()

    def _take(self, chosen: Sequence[str], done: Sequence[str]) -> float:
        """Take what slots there are for messages; give the seconds until there are more, from whatever number."""
        ids = {make_slot_id(): send_id for send_id in chosen}
        senders = {slot: self._waiting.find_lane(send_id) for slot, send_id in ids.items()}
        grant = self._throttle.try_acquire_from(senders, FAMILY, BULK, done)
        for sender, seconds in grant.sender_waits.items():
            self._waiting.delay(sender, seconds)
        taken = {ids[slot]: slot for slot in grant.taken}
        self._waiting.take(taken)
        self.held |= taken
        return grant.wait
