"""One run of a batch: a loop that takes slots, records in the ledger, keeps the budget, and has workers send.

One thread drives the loop and is the only one that changes the state. The workers only send; the thread that called
`Runner.run` only shows the progress and receives an interrupt, in whose place any thread may call `Runner.stop`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from threading import Event
from typing import Any

from nexmo_nb.campaigns import decisions, refusals
from nexmo_nb.campaigns.decisions import Action, Estimate, Prices, choose_action
from nexmo_nb.campaigns.progress import Progress, write_status
from nexmo_nb.campaigns.run_state import Message, RunState
from nexmo_nb.campaigns.slots import FAMILY, Slots
from nexmo_nb.campaigns.timetable import Timetable
from nexmo_nb.campaigns.waiting import Waiting
from nexmo_nb.campaigns.workers import Result, Workers
from nexmo_nb.errors import NexmoError, RateLimitedError, UnreachableError
from nexmo_nb.session import Request, Session, late_error, unanswered_error
from nexmo_nb.sms.apis import SMS, SmsApi
from nexmo_nb.sms.request import find_paced_sender
from nexmo_nb.state.budgets import Bounds, Claim
from nexmo_nb.state.sends import Outcome, sum_prices
from nexmo_nb.state.windows import BULK

PAUSE_STEP = 0.25  # seconds after which a pause looks whether somebody stopped the run
LAST_SECONDS = 1.0  # for which messages that were broken off may end by themselves


class Runner:
    """One run of a batch: `messages` in order, by the ids of their rows in the ledger.

    `bounds` are what the ledger keeps it to; None: its cost is not limited. `begun` is how far earlier runs have come.
    `even_if_suppressed` is why messages leave although their recipients said stop; None: such messages are refused.
    `api` is the one that the messages travel by. `notify` tells a person about a pause; None: as the throttle does.
    """

    def __init__(
        self,
        session: Session,
        batch: str,
        messages: Mapping[str, Message],
        *,
        bounds: Bounds | None = None,
        begun: Progress | None = None,
        api: SmsApi = SMS,
        even_if_suppressed: str | None = None,
    ) -> None:
        self.session, self.batch, self.messages, self.bounds = session, batch, messages, bounds
        self._api, self._even_if_suppressed = api, even_if_suppressed
        self.notify: Callable[[str], None] | None = None
        self._begun = Progress(len(messages)) if begun is None else begun
        lanes = {send_id: find_paced_sender(message.fields) for send_id, message in messages.items()}
        self.state = RunState(Waiting(lanes), Prices(bounds is not None, has_any=not api.names_price))
        openings = {send_id: message.opening for send_id, message in messages.items()}
        self.timetable = Timetable(openings, lambda: session.clock())  # noqa: PLW0108 - tests replace it
        self._look_at_hours(messages)
        self.slots = Slots(session.throttle, self.state.waiting)
        self._workers = Workers(self._send)
        self._stop = Event()
        self._hurry = Event()  # set as well: what is in flight is broken off

    def run(self, workers: int | None, watch: Watch) -> None:
        """Send until the queue is empty, the cap is reached, or something stops the run.

        Without a number of workers, there are as many as the limit keeps busy at the latency of the moment.
        """
        if not self.messages:
            return
        pool = ThreadPoolExecutor(1 + (workers or decisions.MOST_WORKERS), "nexmo_nb-batch")
        with watch(self) as refresh:
            driver: list[Future[None]] = []
            try:
                # An interrupt may come right after the thread has started: it must be stopped then, too.
                driver.append(pool.submit(self._drive, pool, workers))
                while wait(driver, timeout=0.2).not_done:
                    refresh()
            finally:
                self._wait_for_end(pool, driver)
                refresh()
            driver[0].result()
        if self.state.fault is not None:
            raise self.state.fault

    def _wait_for_end(self, pool: ThreadPoolExecutor, driver: Sequence[Future[None]]) -> None:
        """Wait for what is in flight, and begin nothing new. An interrupt, the second one then, breaks it off."""
        interrupt: KeyboardInterrupt | None = None
        while True:
            try:
                self._stop.set()
                self._workers.wake()
                wait(driver)
                break
            except KeyboardInterrupt as problem:
                interrupt = problem
                self._hurry.set()
        # A worker that still makes its connection is not waited for; it sends nothing any more.
        pool.shutdown(wait=not self._hurry.is_set())
        if interrupt is not None:
            raise interrupt

    @property
    def is_closed(self) -> bool:
        """Whether nothing is left but messages that wait for their hours."""
        return bool(self.timetable) and not self.state.waiting and not self.state.in_flight

    def stop(self, *, hurry: bool = False) -> None:
        """End the run as an interrupt does, from any thread; with `hurry`, as the second interrupt."""
        self._stop.set()
        if hurry:
            self._hurry.set()
        self._workers.wake()

    def status_message(self) -> str:
        return write_status(self.batch, self.read_progress(), is_refused=refusals.must_stop(self.state.alike, 1))

    def read_progress(self) -> Progress:
        """Read how far the batch is; any thread may."""
        begun, state = self._begun, self.state
        return begun._replace(
            accepted=begun.accepted + state.sent,
            refused=begun.refused + state.refused,
            unknown=begun.unknown + state.unknown,
            elsewhere=begun.elsewhere + state.elsewhere,
            cost=begun.cost + state.cost,
        )

    def _drive(self, pool: ThreadPoolExecutor, workers: int | None) -> None:
        """Run the loop; whatever happens in it, record what comes back, end the workers, give unused slots back."""
        try:
            self._run_loop(pool, workers)
        finally:
            self._stop.set()
            try:
                late = self._end_in_flight()
                self._record_and_claim([])
                for result in late:  # after they are recorded, whatever comes of this
                    self._handle_result(result)
            finally:
                self._workers.stop()
                self.slots.give_back()

    def _run_loop(self, pool: ThreadPoolExecutor, workers: int | None) -> None:
        """Send until nothing is in flight and nothing more may leave."""
        state, seconds = self.state, 0.0
        while not self._hurry.is_set():
            count = min(workers or self._count_workers(), len(self.messages))
            self._workers.start(pool, count)
            self._keep_hours()
            seconds = self._acquire_slots(self._count_allowed(count), seconds)
            chosen = list(self.slots.held)
            # The wait for a slot may have been long, or the clock was set: what may leave is looked at again.
            ready = self.timetable.let_in(chosen)
            claimed = self._record_and_claim(ready)
            for send_id in claimed:
                state.alone = "" if state.in_flight else send_id
                state.in_flight[send_id] = self.session.make_attempt()
                self._workers.submit(send_id, self.slots.held.pop(send_id))
            # A slot that is kept for later would have expired when it is used.
            self.slots.give_back()
            if len(claimed) < len(chosen):
                # Another process took the others, a budget or the clock keeps them back, or the ledger cannot be used.
                continue
            if state.in_flight or seconds > 0:
                timeout = self.session.throttle.poll_interval(seconds) if seconds > 0 else None
                for result in self._receive_results(timeout):
                    self._handle_result(result)
            elif state.backoff.is_due and not self._stop.is_set():
                self._pause()
            elif self.timetable and state.kept_by is None and not self._stop.is_set():
                self._wait_for_opening()
            else:
                state.is_capped = bool(state.waiting) and not self._stop.is_set()
                return

    def _keep_hours(self) -> None:
        """Let wait for a slot what may leave from now on, and no longer what may not any more."""
        if self.timetable.has_ended():
            self._look_at_hours(self.state.waiting.list_ids())
        for send_id in self.timetable.let_in_waiting():
            self.state.waiting.append(send_id)

    def _look_at_hours(self, ids: Iterable[str]) -> None:
        ids = list(ids)
        self.state.waiting.remove(set(ids).difference(self.timetable.let_in(ids)))

    def _wait_for_opening(self) -> None:
        """Wait until the hours of the next message begin; a stop ends the wait."""
        self._tell(f"Batch {self.batch!r}: {self.timetable.describe()} An interrupt ends the wait.")
        while (seconds := self.timetable.seconds_until_begin()) > 0 and not self._stop.is_set():
            self.session.pause(min(seconds, PAUSE_STEP))

    def _tell(self, message: str) -> None:
        notify = self.notify or self.session.throttle.notify
        notify(message)

    def _count_workers(self) -> int:
        """Count the workers that keep the pace of the limit, at the latency of the moment."""
        seconds = self.state.seconds
        try:
            pace = 0.0 if seconds is None else self.session.throttle.find_pace(FAMILY, BULK)
        except UnreachableError:  # the next slot will tell that the limit cannot be kept
            pace = 0.0
        return decisions.count_workers(pace, seconds)

    def _count_allowed(self, workers: int) -> int:
        state = self.state
        if self._stop.is_set() or state.kept_by is not None:
            return 0
        return decisions.count_allowed(workers, len(state.waiting), len(state.in_flight), state.prices, state.backoff)

    def _acquire_slots(self, allowed: int, seconds: float) -> float:
        """Take slots for messages, and confirm those of the results; see `Slots.acquire`."""
        try:
            return self.slots.acquire(allowed, seconds, [result.slot for result in self.state.results])
        except UnreachableError as problem:
            self._stop_batch(problem)
            return 0.0

    def _record_and_claim(self, ready: Sequence[str]) -> list[str]:
        """Record the results, and that messages leave now, in one transaction; return those that do leave."""
        state = self.state
        if not state.results and not ready:
            return []
        outcomes = [
            Outcome(each.id, each.rows, each.problem, is_unsent=choose_action(each.problem).returns_to_queue)
            for each in state.results
        ]
        claim = Claim(set(), [])
        try:
            digests = {send_id: self.messages[send_id].digest for send_id in ready}
            ledger, how = self.session.ledger, (self._find_bounds(), self._api.name, self._even_if_suppressed)
            claim = ledger.record_and_claim(outcomes, digests, *how)
        except UnreachableError as problem:  # what cannot be recorded is not sent
            state.waiting.put_back(ready)
            self._stop_batch(problem)
        else:
            state.waiting.put_back(claim.over_budget)
            state.kept_by = claim.kept_by
            state.refused += len(claim.suppressed)
            state.elsewhere += len(ready) - len(claim.over_budget) - len(claim.ids) - len(claim.suppressed)
        state.results = []
        return [send_id for send_id in ready if send_id in claim.ids]

    def _find_bounds(self) -> Bounds | None:
        """Find what the ledger keeps this run to, by what is known of prices and under way now."""
        if self.bounds is None:
            return None
        in_flight = sum(self.messages[send_id].estimate.high for send_id in self.state.in_flight)
        return self.bounds._replace(price_factor=self.state.prices.factor, in_flight=in_flight)

    def _send(self, send_id: str, slot: str) -> list[dict[str, Any]]:
        """Send one message under a slot, and return the rows of its parts; a worker calls it."""
        request = self._build_request(send_id)
        if not self.messages[send_id].opening.has(self.session.clock()):  # the wait for the ledger may have been long
            raise late_error(request)
        answer = self.session.call_with_slot(request, slot, self.state.in_flight[send_id])
        rows = self._api.parse_answer(answer, self._build_fields(send_id), self.session.account.currency)
        self.session.note_balance(rows[-1]["balance"])
        return rows

    def _build_request(self, send_id: str) -> Request:
        return self._api.build_request(self._build_fields(send_id), self.session.account.currency)

    def _build_fields(self, send_id: str) -> Mapping[str, str]:
        return {**self.messages[send_id].fields, "client-ref": send_id}

    def _end_in_flight(self) -> list[Result]:
        """Receive what is in flight. Once there is hurry, break it off; what does not end then is unknown."""
        state, found = self.state, list[Result]()
        while state.in_flight and not self._hurry.is_set():
            found += self._receive_results(None)
        for attempt in state.in_flight.values():
            attempt.break_off()
        end = time.monotonic() + LAST_SECONDS
        while state.in_flight and (left := end - time.monotonic()) > 0:
            found += self._receive_results(left)
        for send_id in state.in_flight:
            problem = unanswered_error(self._build_request(send_id), "it was broken off")
            state.results.append(Result(send_id, "", None, problem))
            found.append(state.results[-1])
        state.in_flight.clear()
        return found

    def _receive_results(self, timeout: float | None) -> list[Result]:
        """Wait for results, and keep them until they are recorded."""
        results = [self._set_aside(result) for result in self._workers.receive(timeout)]
        for result in results:
            self.state.in_flight.pop(result.id, None)
        self.state.results += results
        if results:
            self.state.kept_by = None  # what they cost is known now: there may be room again
        return results

    def _set_aside(self, result: Result) -> Result:
        """Make a refusal of a message that is throttled again and again while others come through."""
        if not isinstance(result.problem, RateLimitedError):
            return result
        state, others = self.state, self.state.sent + self.state.refused
        tries = state.throttled[result.id] = refusals.count_try(state.throttled.get(result.id), others)
        if not refusals.must_set_aside(tries, others):
            return result
        return result._replace(problem=refusals.set_aside_error(tries, result.problem))

    def _handle_result(self, result: Result) -> None:
        """Do what an answer calls for: count it, queue the message again, or stop."""
        state, problem, action = self.state, result.problem, choose_action(result.problem)
        was_alone = result.id == state.alone
        state.alike = refusals.follow(state.alike, action, problem)
        self._count_result(result, action)
        if action.returns_to_queue:
            state.waiting.append(result.id)
        else:
            state.seconds = decisions.average_seconds(state.seconds, result.seconds)
        if action is Action.RETRY:
            state.backoff = decisions.record_failure(
                state.backoff, getattr(problem, "retry_after", None), was_alone=was_alone
            )
        elif action is Action.ASSUME_PAID:
            state.backoff = decisions.record_doubt(state.backoff, was_alone=was_alone)
        elif action is not Action.REQUEUE:
            state.backoff = decisions.record_progress(state.backoff)
        if action is Action.RAISE:
            state.fault = state.fault or problem
            self._stop.set()
        elif not isinstance(problem, NexmoError):
            return
        elif decisions.must_stop(action, state.backoff):
            self._stop_batch(problem)
        elif action is Action.SKIP and refusals.must_stop(state.alike, len(state.waiting)):
            self._stop_batch(refusals.alike_error(state.alike, problem))

    def _count_result(self, result: Result, action: Action) -> None:
        if action is Action.COUNT:
            self._count_accepted(result.rows or [], self.messages[result.id].estimate)
        elif action is Action.SKIP:
            self.state.refused += 1
        elif action in (Action.ASSUME_PAID, Action.RAISE):
            self.state.unknown += 1

    def _count_accepted(self, rows: Sequence[Mapping[str, Any]], estimate: Estimate) -> None:
        """Add an accepted message to the counts, and learn from its price."""
        state = self.state
        state.sent += 1
        state.cost += sum_prices(rows) or 0
        price, is_known = decisions.find_price(rows, estimate)
        state.prices = decisions.learn_price(state.prices, price, estimate, is_known=is_known)

    def _pause(self) -> None:
        """Wait before a message is tried again; a stop ends the pause."""
        seconds = decisions.find_pause(self.state.backoff)
        self.state.backoff = decisions.record_pause(self.state.backoff)
        if seconds > 1:
            self._tell(f"Waiting {seconds:.0f} s to go on with batch {self.batch!r}.")
        while seconds > 0 and not self._stop.is_set():
            self.session.pause(min(seconds, PAUSE_STEP))
            seconds -= PAUSE_STEP

    def _stop_batch(self, problem: NexmoError) -> None:
        """Stop the batch: what is in flight is finished, nothing new is begun."""
        self.state.error = self.state.error or problem
        self._stop.set()


Watch = Callable[[Runner], AbstractContextManager[Callable[[], None]]]
"""What is told of a run when it begins and ends; its function is called several times a second meanwhile."""
