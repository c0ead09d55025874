"""Sending a plan: each row of a batch at most once ever, at the API's pace, under a cap on the cost."""

from __future__ import annotations

import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any

import pandas as pd

from nexmo_nb import checks
from nexmo_nb.bulk.plan import check_plan
from nexmo_nb.errors import (
    AuthenticationError,
    NexmoError,
    RateLimitedError,
    RejectedError,
    StoppedError,
    UnreachableError,
)
from nexmo_nb.frames import Column, frame
from nexmo_nb.ledger import Enrolled, Entry, Ledger, cost_of, digest, shown_state
from nexmo_nb.session import Session, using
from nexmo_nb.sms.answer import meaning_of, transmit
from nexmo_nb.sms.form import CONTENT, fill
from nexmo_nb.throttle import BULK

__all__ = ["COLUMNS", "send_many"]

COLUMNS = (
    Column("to"),
    Column("state"),
    Column("message_ids"),
    Column("parts", "int64"),
    Column("price", "float64"),
    Column("currency"),
    Column("code"),
    Column("meaning"),
    Column("error"),
    Column("client_ref"),
)
# Refusals that the next recipient would get as well.
FATAL = ("9", "low-balance")
# So many refusals for speed, or failures to connect, one after the other, and the batch waits for a person.
PATIENCE = 20


def send_many(
    plan: pd.DataFrame,
    *,
    batch: str,
    max_cost: float | None = None,
    workers: int = 8,
    progress: bool = True,
    resend_not_found: bool = False,
    session: Session | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Send a plan; every recipient gets the message of a batch at most once, whatever is run again.

    Run the same call again to continue after an interrupt, a crash or a stop: what was sent is not sent again, nor what
    may have been. Two notebooks may run the same batch at once; they share it.

    Parameters
    ----------
    plan : DataFrame
        As `plan_sms` returns it. Rows with a problem are not sent.
    batch : str
        Its name, once and for all: a recipient gets one message a batch. Another message needs another name.
    max_cost : float, optional
        At most so much, in the account's currency, for the whole batch. Refused before the first message if the plan's
        high estimate passes it; stopped before it is passed if the real prices turn out higher. Default: no cap.
    workers : int
        Messages in flight at once, 1 to 32.
    progress : bool
        Whether to show a bar with the messages sent, their parts and cost.
    resend_not_found : bool
        True: send those again that `settle` looked up and did not find. Your decision: a report may be late.
    session : Session, optional
        Default: the current one.
    **options
        Any of ``status_report_req, ttl, callback, message_class, protocol_id, account_ref, entity_id, content_id,
        trusted_number``, as for `send_sms`, for every message.

    Returns
    -------
    pandas.DataFrame
        One row a row of the plan, in its order and with its index: ``to, state, message_ids`` (joined by spaces),
        ``parts`` (int), ``price`` (float, in ``currency``), ``code, meaning, error, client_ref``. States: accepted,
        partial, rejected, unknown (`settle` looks it up), not_found, planned (not sent yet), sending (by another
        process), problem (see the plan).

    Raises
    ------
    InvalidRequestError
        If an argument is wrong, the cap is too low, or the batch was used for another message; nothing is sent.
    RejectedError, AuthenticationError
        If there is no credit left, or the account is refused: the rest stays planned. ``.parts`` is the frame.
    RateLimitedError, UnreachableError
        If Nexmo could not be reached, or refused for speed, twenty times in a row: the rest stays planned.
    KeyboardInterrupt
        What is in flight is finished and recorded, and the way to go on is said.

    Notes
    -----
    Uses ``POST /sms/json``, https://developer.vonage.com/en/api/sms, in the bulk lane of the limit: other calls of
    yours do not wait behind it. The pace is that of ``connect(calls=…, period=…)`` and of Nexmo's 30 messages a second.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> plan = nx.plan_sms(["+351 912 345 678", "+44 7700 900000"], "Hello", sender="Demo")
    >>> nx.send_many(plan, batch="hello", max_cost=0.50, progress=False).state.tolist()
    ['accepted', 'accepted']
    >>> len(session.sandbox.messages), len(nx.send_many(plan, batch="hello", progress=False))
    (2, 2)
    >>> len(session.sandbox.messages)
    2
    """
    session = using(session)
    check_plan(plan)
    name = checks.text("batch", batch, longest=200)
    workers = checks.whole("workers", workers, 1, 32)
    again, shown = checks.flag("resend_not_found", resend_not_found), checks.flag("progress", progress)
    forms = _forms(plan, options)
    ledger = session.ledger
    entries = [_entry(ledger, form) for form in forms.values()]
    known = ledger.enroll(name, entries, resend_not_found=again)
    high, low = _estimates(plan, "price_high"), _estimates(plan, "price_low")
    left = _cap(max_cost, plan, known, ledger, name)
    run = _Run(session, name, forms=forms, known=known, estimates=high, lowest=low, left=left)
    try:
        run.go(workers, shown)
    except KeyboardInterrupt:
        print(run.told())  # noqa: T201 - said to the person who interrupted
        raise
    table = _outcome(plan, ledger.rows(batch=name))
    if run.trouble is not None:
        raise _stopped(run, table)
    if run.capped:
        warnings.warn(
            f"Stopped before max_cost={max_cost} was passed: messages cost more than was estimated. {run.told()} "
            "It needs a higher cap.",
            stacklevel=2,
        )
    return table


class _Run:
    """One run of a batch: a queue, its workers, and what may still be spent."""

    def __init__(
        self,
        session: Session,
        batch: str,
        *,
        forms: Mapping[str, dict[str, str]],
        known: Mapping[str, Enrolled],
        estimates: Mapping[str, float],
        lowest: Mapping[str, float],
        left: float | None,
    ) -> None:
        self.session, self.batch, self.ledger = session, batch, session.ledger
        self.forms, self.known, self.estimates, self.lowest, self.left = forms, known, estimates, lowest, left
        self.queue = deque(to for to in forms if known[to].state == "planned")
        self.total = len(self.queue)
        self.trouble: NexmoError | None = None
        self.capped = False
        self._stop = threading.Event()
        self._guard = threading.Condition()
        self._in_flight = 0
        self._flying = 0.0
        # How much dearer than its estimate a message was, at most; until one was paid for, one goes at a time.
        self._dearer = 1.0
        self._learned = left is None
        self._failures = 0
        self.sent = self.parts = 0
        self.cost = 0.0

    def go(self, workers: int, progress: bool) -> None:
        """Send until the queue is empty or somebody stops it."""
        if not self.queue:
            return
        with _bar(self, progress) as show, ThreadPoolExecutor(workers) as pool:
            tasks: list[Future[None]] = []
            try:
                # In here, too, an interrupt may strike: the workers that have begun must not send the rest.
                tasks += (pool.submit(self._work) for _ in range(min(workers, len(self.queue))))
                while wait(tasks, timeout=0.2).not_done:
                    show()
            finally:
                # An interrupt: no new message is begun, those in flight are waited for.
                self._stop.set()
                with self._guard:
                    self._guard.notify_all()
                wait(tasks)
                show()
            for task in tasks:
                task.result()

    def told(self) -> str:
        """Say how the batch stands, and how to go on."""
        return (
            f"Batch {self.batch!r}: {self.sent} messages were sent in this run, {len(self.queue)} are left. Run the "
            "same call again to continue; nobody gets the message twice."
        )

    def _work(self) -> None:
        while (to := self._next()) is not None:
            code = self.known[to].id
            price = None
            try:
                if self._claimed(to, code):
                    price = self._send(to, code)
            except BaseException:
                self._stop.set()
                raise
            finally:
                self._done(to, price)

    def _claimed(self, to: str, code: str) -> bool:
        try:
            return self.ledger.claim(code)
        except UnreachableError as problem:  # what cannot be recorded is not sent
            self._halt(problem, to)
            return False

    def _next(self) -> str | None:
        """Take the next recipient, once there is money for it."""
        with self._guard:
            while self.queue and not self._stop.is_set():
                flying = self._flying + self.estimates.get(self.queue[0], 0.0)
                fits = self.left is None or flying * self._dearer <= self.left + 1e-9
                if fits and (self._learned or not self._in_flight):
                    self._in_flight, self._flying = self._in_flight + 1, flying
                    return self.queue.popleft()
                if not self._in_flight:
                    self.capped = True
                    return None
                self._guard.wait(0.5)
            return None

    def _done(self, to: str, price: float | None) -> None:
        """Give back what was held for a message, and take what it cost."""
        with self._guard:
            estimate = self.estimates.get(to, 0.0)
            self._in_flight, self._flying = self._in_flight - 1, self._flying - estimate
            if self.left is not None and price is not None:
                self.left, self._learned = self.left - price, True
                if 0 < estimate < price:
                    # Its network is not known: for another one the estimate may be wrong by as much more.
                    low = self.lowest.get(to) or estimate
                    self._dearer = max(self._dearer, price / low)
            self._guard.notify_all()

    def _send(self, to: str, code: str) -> float | None:
        """Send one message and sort what became of it; the price, where there is one."""
        form = {**self.forms[to], "client-ref": code}
        try:
            rows = self.ledger.conclude(
                code,
                lambda leaving: transmit(form, self.session, lane=BULK, stopped=self._stop.is_set, leaving=leaving),
                _fatal,
            )
        except StoppedError:
            self._back(to)
        except (RateLimitedError, UnreachableError) as problem:
            self._back(to)
            with self._guard:
                self._failures += 1
                if self._failures >= PATIENCE:
                    self._halt(problem)
        except (RejectedError, AuthenticationError) as problem:
            if _fatal(problem):
                self._halt(problem, to)
        except NexmoError:
            return self.estimates.get(to, 0.0)  # nobody knows: it counts as paid for
        else:
            price = cost_of(rows) or 0.0
            with self._guard:
                self.sent, self.parts, self.cost = self.sent + 1, self.parts + len(rows), self.cost + price
                self._failures = 0
            return price
        return None

    def _back(self, to: str) -> None:
        with self._guard:
            self.queue.append(to)

    def _halt(self, problem: NexmoError, to: str | None = None) -> None:
        """Stop the batch: what is in flight is finished, nothing new is begun."""
        with self._guard:
            self.trouble = self.trouble or problem
            if to is not None:
                self.queue.append(to)
            self._stop.set()
            self._guard.notify_all()


def _fatal(problem: BaseException) -> bool:
    """Tell whether the next message would be refused as well."""
    return isinstance(problem, AuthenticationError) or (isinstance(problem, RejectedError) and problem.code in FATAL)


def _forms(plan: pd.DataFrame, options: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Write the request of every row without a problem, by recipient."""
    allowed = (
        "status_report_req",
        "ttl",
        "callback",
        "message_class",
        "protocol_id",
        "account_ref",
        "entity_id",
        "content_id",
        "trusted_number",
    )
    for name in options:
        checks.choice("options", name, allowed)
    forms: dict[str, dict[str, str]] = {}
    good = plan[plan["problem"].isna()]
    for to, sender, text, encoding in zip(good["to"], good["sender"], good["text"], good["encoding"], strict=True):
        content = {**dict.fromkeys(CONTENT), "text": None if pd.isna(text) else str(text)}
        form = fill(to, sender, "unicode" if encoding == "ucs2" else "text", content, options)
        if form["to"] in forms:
            raise checks.refused("plan", to, "each recipient once", "Two rows without a problem have this number.")
        forms[form["to"]] = form
    return forms


def _entry(ledger: Ledger, form: Mapping[str, str]) -> Entry:
    what = f"send an SMS to {form['to']}"
    # Options such as ttl may change between runs; who gets what from whom may not.
    content = {name: form[name] for name in ("to", "from", "type", "text")}
    return Entry(ledger.new_id(), what, "sms", digest(content), form["to"], form["from"], form["text"])


def _estimates(plan: pd.DataFrame, column: str) -> dict[str, float]:
    good = plan[plan["problem"].isna()]
    return {str(to): float(price) for to, price in zip(good["to"], good[column], strict=True) if pd.notna(price)}


def _cap(max_cost: Any, plan: pd.DataFrame, known: Mapping[str, Enrolled], ledger: Ledger, batch: str) -> float | None:
    """Tell what may still be spent, or refuse a cap that the high estimate passes."""
    if max_cost is None:
        return None
    if isinstance(max_cost, bool) or not isinstance(max_cost, (int, float)) or not 0 <= max_cost < 1e15:
        raise checks.refused("max_cost", max_cost, "an amount of the account's currency, 0 or more")
    good = plan[plan["problem"].isna()]
    # An empty list would choose columns, not rows.
    todo = good[good["to"].map(lambda to: known[str(to)].state == "planned").astype(bool)]
    if todo["price_high"].isna().any():
        count = int(todo["price_high"].isna().sum())
        raise checks.refused("max_cost", max_cost, "a plan with prices", f"{count} rows have none: no cap can be kept.")
    if todo["currency"].nunique() > 1:
        raise checks.refused("max_cost", max_cost, "a plan in one currency", "Amounts of several cannot be added.")
    spent = _spent(ledger, batch, good)
    high = float(todo["price_high"].sum())
    if spent + high > max_cost + 1e-9:
        raise checks.refused(
            "max_cost",
            max_cost,
            f"at least {spent + high:.4f}: {spent:.4f} spent so far and up to {high:.4f} for {len(todo)} messages",
            "Nothing was sent. Raise the cap or plan fewer recipients.",
        )
    return float(max_cost) - spent


def _spent(ledger: Ledger, batch: str, good: pd.DataFrame) -> float:
    """Add up what the batch cost; what nobody knows counts as its estimate."""
    guess = _estimates(good, "price_high")
    total = 0.0
    for row in ledger.rows(batch=batch):
        if row["price"] is not None:
            total += row["price"]
        elif row["state"] in ("claimed", "sending", "unknown"):
            total += guess.get(str(row["recipient"]), 0.0)
    return total


def _outcome(plan: pd.DataFrame, sends: list[dict[str, Any]]) -> pd.DataFrame:
    """Put the ledger's rows beside the plan's."""
    found = {row["recipient"]: row for row in sends}
    rows = []
    for to, problem in zip(plan["to"], plan["problem"], strict=True):
        if pd.notna(problem):
            rows.append({"to": to, "state": "problem", "parts": 0, "error": problem})
            continue
        row = found[str(to)]
        known = row["state"] in ("accepted", "partial", "rejected")
        meaning = {"accepted": "accepted"}.get(row["state"]) or (meaning_of(row["code"]) if row["code"] else None)
        facts = {
            "to": to,
            "state": shown_state(row["state"]),
            "parts": row["parts"] or 0,
            "meaning": meaning if known else None,
        }
        rows.append({**row, **facts})
    return frame(rows, COLUMNS).set_index(plan.index)


def _stopped(run: _Run, table: pd.DataFrame) -> NexmoError:
    """Make the error for a batch that stopped: the cause, and how to go on."""
    cause = run.trouble
    assert cause is not None
    return type(cause)(
        f"{cause} {run.told()}",
        status=cause.status,
        code=cause.code,
        retry_after=cause.retry_after,
        meaning=cause.meaning,
        parts=table,
    )


class _bar:  # noqa: N801 - used like a function
    """Shows how far a run is, if wanted."""

    def __init__(self, run: _Run, wanted: bool) -> None:
        self._run, self._wanted = run, wanted

    def __enter__(self) -> Callable[[], None]:
        if not self._wanted:
            return lambda: None
        from tqdm.auto import tqdm  # 60 ms that only a batch needs

        self._tqdm = tqdm(total=self._run.total, desc=self._run.batch, unit="SMS")
        self._begun = time.monotonic()
        return self._show

    def _show(self) -> None:
        run, waiting = self._run, "?"
        with suppress(UnreachableError):  # the messages themselves will tell that the limit cannot be kept
            waiting = f"{run.session.throttle.status().wait:.0f} s"
        self._tqdm.set_postfix(parts=run.parts, cost=f"{run.cost:.2f}", waiting=waiting, refresh=False)
        self._tqdm.update(run.total - len(run.queue) - run._in_flight - self._tqdm.n)

    def __exit__(self, *_: object) -> None:
        if self._wanted:
            self._tqdm.close()
