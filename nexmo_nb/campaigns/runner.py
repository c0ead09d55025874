"""One run of a batch: slots of the throttle, the ledger and the money by one thread; the wire by several."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from itertools import islice
from queue import Empty, SimpleQueue
from threading import Event
from typing import Any, NamedTuple

from nexmo_nb.errors import (
    AuthenticationError,
    NexmoError,
    RateLimitedError,
    RejectedError,
    UnreachableError,
)
from nexmo_nb.session import LONGEST_RETRY_AFTER, Session
from nexmo_nb.sms.request import build_request
from nexmo_nb.sms.response import parse_parts
from nexmo_nb.state.sends import BatchRow, Outcome, sum_prices
from nexmo_nb.state.throttle import BULK, make_slot_id

__all__ = ["Run"]

# Refusals that the next recipient would get as well.
FATAL = ("9", "low-balance")
# So many refusals for speed, or failures to connect, one after the other, and the batch waits for a person.
PATIENCE = 20
FAMILY = "sms"
TOGETHER = 0.001
"""Seconds that an answer waits for others in flight, to be recorded together with them."""
LONGEST_PAUSE = 8.0
"""Seconds before a failed message is tried again, at most, where the server names none."""


class Answer(NamedTuple):
    """What came back for a message: the rows of its parts, or a problem; `slot` is the one that it left under."""

    to: str
    slot: str
    rows: list[dict[str, Any]] | None
    problem: BaseException | None


class Run:
    """One run of a batch.

    One thread takes slots of the throttle, writes in the ledger what leaves and what came back, and keeps the account
    of the money; it hands messages to the workers, which do nothing but send them.

    Parameters
    ----------
    session : Session
        Sends.
    batch : str
        Its name.
    forms, known : mapping
        The request and the ledger's row of each recipient, in order.
    estimates, lowest : mapping of str to float
        The highest and lowest price by recipient, as far as they are known.
    left : float, optional
        What may be spent. None: no cap.
    """

    def __init__(
        self,
        session: Session,
        batch: str,
        *,
        forms: Mapping[str, dict[str, str]],
        known: Mapping[str, BatchRow],
        estimates: Mapping[str, float],
        lowest: Mapping[str, float],
        left: float | None,
    ) -> None:
        self.session, self.batch = session, batch
        self.forms, self.known, self.estimates, self.lowest, self.left = forms, known, estimates, lowest, left
        self.queue = deque(to for to in forms if known[to].state == "planned")
        self.total = len(self.queue)
        self.trouble: NexmoError | None = None
        self.capped = False
        self.sent = self.parts = 0
        self.cost = 0.0
        self._flying: set[str] = set()
        self._came: list[Answer] = []  # not recorded yet
        self._jobs: SimpleQueue[tuple[str, str] | None] = SimpleQueue()
        self._answers: SimpleQueue[Answer | None] = SimpleQueue()
        self._stop = Event()
        self._broken: BaseException | None = None
        # How much dearer than its estimate a message was, at most; until one was paid for, one goes at a time.
        self._dearer = 1.0
        self._learned = left is None
        self._failures = self._pauses = 0
        self._due = False
        self._named: float | None = None

    def go(self, workers: int, progress: bool) -> None:
        """Send until the queue is empty or somebody stops it."""
        if not self.queue:
            return
        with bar(self, progress) as show, ThreadPoolExecutor(min(workers, len(self.queue)) + 1) as pool:
            tasks = []
            try:
                # In here, too, an interrupt may strike: what has begun must not send the rest.
                tasks += [pool.submit(self._drive, pool, min(workers, len(self.queue)))]
                while wait(tasks, timeout=0.2).not_done:
                    show()
            finally:
                # An interrupt: no new message is begun, those in flight are waited for.
                self._stop.set()
                self._answers.put(None)
                wait(tasks)
                show()
            tasks[0].result()
        if self._broken is not None:
            raise self._broken

    def told(self) -> str:
        """Say how the batch stands, and how to go on."""
        return (
            f"Batch {self.batch!r}: {self.sent} messages were sent in this run, {len(self.queue)} are left. Run the "
            "same call again to continue; nobody gets the message twice."
        )

    def done(self) -> int:
        """Tell for how many recipients there is nothing left to do."""
        return self.total - len(self.queue) - len(self._flying)

    def _drive(self, pool: ThreadPoolExecutor, workers: int) -> None:
        """Send, until nothing is in flight and nothing more may leave."""
        slots: list[str] = []
        try:
            # All of them before the first message leaves: one that was written down as leaving must find its worker.
            for _ in range(workers):
                pool.submit(self._work)
            self._loop(workers, slots)
        finally:
            self._stop.set()
            try:
                while self._flying:  # something went wrong in here
                    self._receive(None)
                self._advance([])
            finally:
                for _ in range(workers):
                    self._jobs.put(None)
                self._give_back(slots)

    def _loop(self, workers: int, slots: list[str]) -> None:
        waiting = 0.0
        while True:
            room = self._room(workers)
            waiting = self._take(slots, room, [answer.slot for answer in self._came], waiting)
            ready = [self.queue.popleft() for _ in range(min(len(slots), room))]
            leaving = self._advance(ready)
            for to in leaving:
                self._flying.add(to)
                self._jobs.put((to, slots.pop()))
            if len(leaving) < len(ready):
                continue  # another process took the others, or the ledger cannot be used
            # A slot that nothing left under would count from when it was taken, and be used when it no longer counts.
            self._give_back(slots)
            if self._flying or (waiting > 0 and not self._due):
                for answer in self._receive(self.session.throttle.poll_interval(waiting) if waiting > 0 else None):
                    self._sort(answer.to, answer.rows or [], answer.problem)
            elif self._due and not self._stop.is_set():
                self._pause()
            else:
                return

    def _work(self) -> None:
        """Send what it is handed, and nothing else."""
        while (job := self._jobs.get()) is not None:
            to, slot = job
            rows, problem = None, None
            form = {**self.forms[to], "client-ref": self.known[to].id}
            try:
                currency = self.session.account.currency
                rows = parse_parts(self.session.call_with_slot(build_request(form, currency)), currency)
            except BaseException as trouble:
                problem = trouble
            self._answers.put(Answer(to, slot, rows, problem))

    def _room(self, workers: int) -> int:
        """Tell how many messages may leave now: by what is in flight, what went wrong, and what may be spent."""
        if self._stop.is_set() or self._due:
            return 0
        most = 1 if self._failures else workers  # one at a time, until one comes through
        room = max(0, min(most - len(self._flying), len(self.queue)))
        if self.left is None or not room:
            return room
        flying, fit = sum(self.estimates.get(to, 0.0) for to in self._flying), 0
        for to in islice(self.queue, room):
            flying += self.estimates.get(to, 0.0)
            if flying * self._dearer > self.left + 1e-9:
                break
            fit += 1
        self.capped = not fit and not self._flying
        return fit if self._learned else min(fit, 1 - len(self._flying))

    def _take(self, slots: list[str], room: int, done: list[str], waiting: float = 0.0) -> float:
        """Take slots for as many messages, and stamp those that are done; seconds to wait for what is missing."""
        throttle = self.session.throttle
        wanted = [make_slot_id() for _ in range(room - len(slots))]
        try:
            if waiting > 0 and wanted and not done and (wait := throttle.seconds_until_free(FAMILY, BULK)) > 0:
                return wait
            taken, wait = throttle.try_acquire(wanted, FAMILY, BULK, done) if wanted or done else (0, 0.0)
        except UnreachableError as problem:
            self._halt(problem)
            return 0.0
        slots += wanted[:taken]
        return wait

    def _give_back(self, slots: list[str]) -> None:
        if slots:
            with suppress(UnreachableError):  # then they count until they expire
                self.session.throttle.give_back(slots)
            slots.clear()

    def _advance(self, ready: list[str]) -> list[str]:
        """Write down what came back and what leaves now; gives those that leave."""
        came, self._came = self._came, []
        outcomes = [
            Outcome(self.known[answer.to].id, answer.rows, answer.problem, back=_fatal(answer.problem))
            for answer in came
        ]
        codes = {to: self.known[to].id for to in ready}
        if not outcomes and not codes:
            return []
        try:
            left = self.session.ledger.record_and_claim(outcomes, list(codes.values()))
        except UnreachableError as problem:  # what cannot be recorded is not sent
            self.queue.extendleft(reversed(ready))
            self._halt(problem)
            return []
        return [to for to, code in codes.items() if code in left]

    def _receive(self, timeout: float | None) -> list[Answer]:
        """Wait for an answer, or until somebody stops the run; take all that came, for the next step to record."""
        found: list[Answer | None] = []
        with suppress(Empty):
            found.append(self._answers.get(timeout=timeout))
            if len(self._flying) > 1:
                time.sleep(TOGETHER)
            while True:
                found.append(self._answers.get_nowait())
        answers = [answer for answer in found if answer is not None]
        self._flying -= {answer.to for answer in answers}
        self._came += answers
        return answers

    def _sort(self, to: str, rows: list[dict[str, Any]], problem: BaseException | None) -> None:
        """Do what an answer calls for: take the money, try again later, or stop."""
        if isinstance(problem, (RateLimitedError, UnreachableError)):
            self.queue.append(to)
            self._failures, self._due, self._named = self._failures + 1, True, problem.retry_after
            if self._failures >= PATIENCE or (self._named or 0) > LONGEST_RETRY_AFTER:
                self._halt(problem)
            return
        self._failures = self._pauses = 0
        if problem is None:
            price = sum_prices(rows) or 0.0
            self.sent, self.parts, self.cost = self.sent + 1, self.parts + len(rows), self.cost + price
            priced = all(row["price"] is not None for row in rows if row["status"] == "0")
            self._spend(to, price if priced else max(price, self.estimates.get(to, 0.0)))
        elif isinstance(problem, (RejectedError, AuthenticationError)):
            if _fatal(problem):
                self.queue.append(to)
                self._halt(problem)
        else:
            self._spend(to, self.estimates.get(to, 0.0))  # nobody knows: it counts as paid for
            if not isinstance(problem, NexmoError):
                self._broken = self._broken or problem
                self._stop.set()

    def _spend(self, to: str, price: float) -> None:
        """Take what a message cost from what may be spent, and learn from it."""
        if self.left is None:
            return
        self.left, self._learned = self.left - price, True
        estimate = self.estimates.get(to, 0.0)
        if 0 < estimate < price:
            # Its network is not known: for another one the estimate may be wrong by as much more.
            self._dearer = max(self._dearer, price / (self.lowest.get(to) or estimate))

    def _pause(self) -> None:
        """Wait before a message is tried again: as long as the server asks, else longer each time."""
        wait = min(0.5 * 2**self._pauses, LONGEST_PAUSE) if self._named is None else self._named
        self._pauses, self._due = self._pauses + 1, False
        if wait > 1:
            self.session.throttle.notify(f"Waiting {wait:.0f} s to go on with batch {self.batch!r}.")
        while wait > 0 and not self._stop.is_set():
            self.session.pause(min(wait, 0.25))
            wait -= 0.25

    def _halt(self, problem: NexmoError) -> None:
        """Stop the batch: what is in flight is finished, nothing new is begun."""
        self.trouble = self.trouble or problem
        self._stop.set()


def _fatal(problem: BaseException | None) -> bool:
    """Tell whether the next message would be refused as well."""
    return isinstance(problem, AuthenticationError) or (isinstance(problem, RejectedError) and problem.code in FATAL)


@contextmanager
def bar(run: Run, wanted: bool) -> Iterator[Callable[[], None]]:
    """Show how far a run is, if wanted, each time that what it gives is called."""
    if not wanted:
        yield lambda: None
        return
    from tqdm.auto import tqdm  # 60 ms that only a batch needs

    with tqdm(total=run.total, desc=run.batch, unit="SMS") as shown:

        def show() -> None:
            waiting = "?"
            with suppress(UnreachableError):  # the messages themselves will tell that the limit cannot be kept
                waiting = f"{run.session.throttle.status().wait:.0f} s"
            shown.set_postfix(parts=run.parts, cost=f"{run.cost:.2f}", waiting=waiting, refresh=False)
            shown.update(run.done() - shown.n)

        yield show
