"""Sending a plan: each row of a batch at most once ever, at the API's pace, under a cap on the cost."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal, get_args

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.arrow_frames import AnyFrame, to_pandas
from nexmo_nb.campaigns.batch import Run, Settings, run_batch
from nexmo_nb.campaigns.dask_frames import is_dask
from nexmo_nb.campaigns.decisions import MOST_WORKERS
from nexmo_nb.campaigns.hours import When
from nexmo_nb.campaigns.plan_sums import check_plan
from nexmo_nb.campaigns.progress_bar import hide_progress, show_progress
from nexmo_nb.campaigns.rows import show_label
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.sms.apis import ApiName, find_api
from nexmo_nb.validation import check_exception

Doubtful = Literal["refuse", "skip", "send"]
Unpriced = Literal["refuse", "skip"]
OnCap = Literal["refuse", "stop"]


def send_many(
    plan: AnyFrame,
    *,
    batch: str,
    doubtful: Doubtful = "refuse",
    max_cost: float | None = None,
    unpriced: Unpriced = "refuse",
    on_cap: OnCap = "refuse",
    workers: int | None = None,
    progress: bool = True,
    resend_not_found: bool = False,
    api: ApiName | None = None,
    at: str | date | datetime | None = None,
    window: Sequence[Any] | str | None = None,
    days: Sequence[str] | str | None = None,
    late: timedelta | str | None = None,
    wait: bool = True,
    even_if_suppressed: str | None = None,
    session: Session | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Send a plan; every recipient gets each text of a batch at most once, whatever is run again.

    Run the same call again to continue after an interrupt, a crash or a stop: what was sent is not sent again, nor what
    may have been. Two notebooks may run the same batch at once; they share it, and what it may cost.

    Parameters
    ----------
    plan : DataFrame
        As `plan_sms` returns it, with any index. Rows with a problem are not sent. Two rows may have the same number,
        but then not the same text. A plan in Dask is sent by the workers of the cluster that is in use.
    batch : str
        Its name, in which blanks and invisible marks at the ends do not count: a recipient gets a text once a batch,
        and another message needs another name. A text that was sent
        cannot be changed; a plan in which it stands beside a further one for the same recipient sends the further one.
    doubtful : {"refuse", "skip", "send"}
        What to do with rows that have a warning and were not sent yet. Default: an error before anything is sent; skip
        leaves these rows out, send sends them as if they had none.
    max_cost : float, optional
        At most so much, in the account's currency, for the whole batch: what it has cost in all its runs, in this
        kernel and others, and on other machines that share its state, and the high estimates of what is under way or
        unknown. Refused before the first message if that and the plan's high estimate pass it (see `on_cap`); stopped
        before it is passed if the real prices turn out higher, or other runs spend of it. Two runs may have two caps:
        each sends nothing that would pass its own. Default: no cap. The account's `budget`, where one is set, caps
        every batch in the same way, single sends included.
    unpriced : {"refuse", "skip"}
        With `max_cost` or a budget, what to do with rows that have no price: no cap can be kept with them. Default: an
        error before anything is sent; skip leaves these rows out.
    on_cap : {"refuse", "stop"}
        What to do if the high estimate passes `max_cost` or the budget. Default: an error before anything is sent; stop
        sends in the plan's order as many rows as it allows, and the rest stays planned, with a warning. `fit_budget`
        shows before which ones.
    workers : int, optional
        Messages in flight at once, 1 to 64. Default: as many as the limit needs, which follows the time that a message
        takes: 8 until the first answer came, then 64 at most.
    progress : bool
        Whether to show a bar: what was accepted and refused, is unknown and left, and the cost, over all runs of the
        batch.
    resend_not_found : bool
        True: send those again that `settle` looked up and did not find. Your decision: a report may be late.
    api : {"sms", "messages"}, optional
        The API that the messages travel by, as for `send_sms`. Default: that of the connection. A batch may be
        continued by the other one: nobody gets a text twice for it.
    at : str or datetime, optional
        Not before this moment, at most a year ahead: text in ISO 8601 such as ``"2026-12-01T09:00"``, or a datetime.
        Without an offset it is that of the recipient's time zone; with one it is the same moment for all.
    window : (str, str), optional
        The time of day at which sending begins and ends in the recipient's time zone, such as ``("09:00", "20:00")``;
        within one day, ``"24:00"`` is its end. See below for numbers that may be in several zones.
    days : str or list, optional
        The days on which a message may leave there, such as ``"Mon-Sat"``, ``"Sun,Tue"`` or ``["Mon", "Wed"]``.
    late : timedelta or str, optional
        How long after `at` a message may still leave, such as ``"4h"``, ``"90m"`` or ``"2d"``. Default: there is no
        end.
    wait : bool
        With hours: whether to wait until they begin, as long as it takes. False: keep the rows and return; `run_due`
        sends them.
    even_if_suppressed : str, optional
        Why this must be sent also to people who are on the do-not-send list (see `suppress`), such as
        ``"recall of a product"``: rows with the problem ``suppressed`` are sent then, and `sent` shows the reason at
        their messages. It is for this run only. Default: nothing is sent to them; whoever is put on the list while a
        batch is under way, or between two runs of it, is refused with the code ``suppressed``.
    session : Session, optional
        Default: the current one.
    **options
        Any of ``status_report_req, ttl, callback, message_class, protocol_id, account_ref, entity_id, content_id,
        trusted_number``, as for `send_sms`, for every message; with ``api="messages"`` only those that it has.

    Returns
    -------
    pandas.DataFrame
        One row a row of the plan, in its order and with its index: ``to, state, message_ids`` (joined by spaces),
        ``parts`` (int), ``price`` (float, in ``currency``), ``code, meaning, error, client_ref``. States: accepted,
        partial, rejected, unknown (`settle` looks it up), not_found, planned (not sent yet), sending (by another
        process), skipped (left out in this run; ``error`` says why), problem (see the plan). Then ``country`` (of the
        number), ``country_name, network`` (MCC and MNC, as the answer named it), ``text``. Of a plan in Dask, the same
        in Dask: each partition is read from the ledger when it is computed, and nothing is sent by that.

    Raises
    ------
    InvalidRequestError
        If an argument is wrong, rows have a warning, the cap is too low or cannot be kept, or the batch was used for
        another message; nothing is sent.
    RejectedError, AuthenticationError
        If there is no credit left, or the account is refused; also after twenty messages in a row that were refused
        with one code (`retry` sends these again). As below, ``.parts`` is the frame, and the rest stays planned.
    RateLimitedError, UnreachableError
        If Nexmo could not be reached, or refused for speed, twenty times in a row, with pauses that grow to 8 seconds
        between them, or asked for a pause of over a minute.
    UnknownOutcomeError
        If twenty messages in a row got no answer: nobody knows what became of them, and the rest stays planned.
    KeyboardInterrupt
        After what is in flight is finished and recorded, and the way to go on is printed. A second interrupt does not
        wait for that: it ends the run within two seconds, and what has no answer then is unknown.

    Notes
    -----
    Uses ``POST /sms/json``, https://developer.vonage.com/en/api/sms, or ``POST /v1/messages``, in the bulk lane of the
    limit: other calls of yours do not wait behind it. The pace is that of ``connect(calls=…, period=…)`` and of Nexmo's
    30 messages a second. The answers of the Messages API tell no price: the high estimates count for `max_cost` and
    budgets until `delivery` has found the prices in Nexmo's records.

    Hours go by the time zones that the library phonenumbers knows for a number, or by the column ``time_zone`` of the
    plan, where it has one with names such as ``Europe/Moscow``. A number that may be in several zones is sent to only
    when it is within the hours in all of them; rows for which there is no such time, as for numbers of all of North
    America, and rows of which no zone is known, are refused, or left out as `doubtful` says, with the reason; they are
    never sent. Hours are kept with the batch: whoever goes on with it keeps them, and may only make them narrower. A
    run waits for the next hours of each row (``session.clock`` tells the time, which is looked at again as each message
    leaves); a row whose hours end before it could leave stays planned, with a warning that says when they begin again.

    A message that is throttled five times while others come through is set aside, as refused; `retry` tries it again. A
    plan with another text or sender under the same name goes to those who were refused as well.

    A plan in Dask is sent by partition, in no order among them, and twenty equal refusals in one of them end all.
    Each process of a worker connects by itself, and finds
    credentials as ``connect()`` does there: nothing secret comes from the caller. All must have the caller's account
    and state: a PostgreSQL (see `connect`), or files, if all workers are on this machine. What refuses a plan is
    decided over all of it, before anything leaves. After a worker died, another one gets its partition: nobody gets the
    message twice, and what was under way is unknown. An interrupt ends the workers as it ends a run here; where the
    caller's process is killed, they send the partitions that they have to the end.

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
    session = session_or_current(session)
    plan = to_pandas(plan)
    if not is_dask(plan):
        check_plan(plan)
    settings = check_settings(batch, doubtful, max_cost, unpriced, on_cap, workers, resend_not_found)
    settings = settings._replace(api=find_api(api, session).name)
    progress = validation.check_bool("progress", progress)
    is_waiting = validation.check_bool("wait", wait)
    when, exception = When(at, window, days, late), check_exception(even_if_suppressed)
    settings = settings._replace(when=when, is_waiting=is_waiting, even_if_suppressed=exception)
    if is_dask(plan):
        from nexmo_nb.campaigns.dask_send import send_partitions  # Dask is an extra

        outcome: pd.DataFrame = send_partitions(plan, options, settings, session, progress=progress)
        return outcome
    run = run_batch(plan, options, settings, session, show_progress if progress else hide_progress)
    warn_of_rest(run, settings)
    return run.result


def check_settings(  # noqa: PLR0917 - they are those of `Settings`, in its order
    batch: Any, doubtful: str, max_cost: Any, unpriced: str, on_cap: str, workers: Any, resend_not_found: Any
) -> Settings:
    """Check how a batch is to be sent."""
    return Settings(
        validation.check_name("batch", batch),
        validation.check_choice("doubtful", doubtful, get_args(Doubtful)),
        None if max_cost is None else validation.check_amount("max_cost", max_cost),
        validation.check_choice("unpriced", unpriced, get_args(Unpriced)),
        validation.check_choice("on_cap", on_cap, get_args(OnCap)),
        None if workers is None else validation.check_int("workers", workers, 1, MOST_WORKERS),
        validation.check_bool("resend_not_found", resend_not_found),
    )


def warn_of_rest(run: Run, settings: Settings) -> None:
    """Warn whoever called a public function of what a cap, or the end of its hours, left of a plan."""
    if run.first_left is not None and run.cap is not None:
        by = "everything that was sent" if run.cap.period else "all runs of the batch"
        is_foreseen = settings.on_cap == "stop"
        cause = "" if is_foreseen else " Messages cost more than was estimated, or others sent meanwhile."
        warnings.warn(
            f"Stopped before {run.cap.show()} was passed: {run.cap.spent:.4f} is spent, by {by}.{cause} {run.status} "
            f"It needs a higher cap. The first that is left is row {show_label(run.first_left.label)}.",
            stacklevel=3,
        )
    if run.left is not None:
        warnings.warn(
            f"{run.left.rows} messages of batch {settings.batch!r} are left, because their hours ended before they "
            f"could leave. {run.left.describe(settings.batch)} {run.status}",
            stacklevel=3,
        )
