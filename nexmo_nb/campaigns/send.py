"""Sending a plan: each row of a batch at most once ever, at the API's pace, under a cap on the cost."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.campaigns.decisions import Estimate, check_cap, sum_spent
from nexmo_nb.campaigns.outcome import plan_outcome_frame
from nexmo_nb.campaigns.plan import check_plan
from nexmo_nb.campaigns.runner import Message, Runner
from nexmo_nb.errors import NexmoError
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.sms.request import OPTIONS, build_fields
from nexmo_nb.state.sends import Entry, compute_digest

BATCH_OPTIONS = tuple(name for name in OPTIONS if name != "client_ref")  # every message has a reference of its own


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
        Its name: a recipient gets one message a batch, and another message needs another name.
    max_cost : float, optional
        At most so much, in the account's currency, for the whole batch. Refused before the first message if the plan's
        high estimate passes it; stopped before it is passed if the real prices turn out higher. Of two runs of one
        batch at the same time each keeps it by itself. Default: no cap.
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
        If there is no credit left, or the account is refused. As below, ``.parts`` is the frame, and the rest stays
        planned.
    RateLimitedError, UnreachableError
        If Nexmo could not be reached, or refused for speed, twenty times in a row, with pauses that grow to 8 seconds
        between them, or asked for a pause of over a minute.
    KeyboardInterrupt
        After what is in flight is finished and recorded, and the way to go on is printed.

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
    session = session_or_current(session)
    check_plan(plan)
    name = validation.check_text("batch", batch, longest=200)
    workers = validation.check_int("workers", workers, 1, 32)
    resend = validation.check_bool("resend_not_found", resend_not_found)
    progress = validation.check_bool("progress", progress)
    rows = plan[plan["problem"].isna()]

    requests, estimates = _build_requests(rows, options), _read_estimates(rows)
    entries = [_build_entry(session.ledger.new_id(), fields) for fields in requests.values()]
    known = session.ledger.add_batch(name, entries, resend_not_found=resend)
    planned = [to for to in requests if known[to].state == "planned"]
    left = None
    if max_cost is not None:
        spent = sum_spent(session.ledger.read_sends(batch=name), estimates)
        left = _check_cap(max_cost, rows[rows["to"].isin(planned)], spent)
    messages = {to: Message(known[to].id, requests[to], estimates[to]) for to in planned}
    runner = Runner(session, name, messages, left=left)
    try:
        runner.run(workers, progress=progress)
    except KeyboardInterrupt:
        print(runner.status_message())  # noqa: T201 - said to the person who interrupted
        raise
    result = plan_outcome_frame(plan, session.ledger.read_sends(batch=name))
    if runner.state.error is not None:
        raise _build_error(runner.state.error, runner.status_message(), result)
    if runner.state.is_capped:
        warnings.warn(
            f"Stopped before max_cost={max_cost} was passed: messages cost more than was estimated. "
            f"{runner.status_message()} It needs a higher cap.",
            stacklevel=2,
        )
    return result


def _build_requests(rows: pd.DataFrame, options: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Build the fields of the request of every row, by recipient."""
    options = {validation.check_choice("options", name, BATCH_OPTIONS): value for name, value in options.items()}
    requests: dict[str, dict[str, str]] = {}
    for to, sender, text, encoding in zip(rows["to"], rows["sender"], rows["text"], rows["encoding"], strict=True):
        kind = "unicode" if encoding == "ucs2" else "text"
        fields = build_fields(to, sender, kind, text=None if pd.isna(text) else str(text), **options)
        if fields["to"] != to:  # what a batch sent is found by the number as it stands in the plan
            raise validation.invalid_argument("plan", to, f"numbers as plan_sms() writes them, here {fields['to']!r}")
        if fields["to"] in requests:
            advice = "Two rows without a problem have this number."
            raise validation.invalid_argument("plan", to, "each recipient once", advice)
        requests[fields["to"]] = fields
    return requests


def _build_entry(code: str, fields: Mapping[str, str]) -> Entry:
    what = f"send an SMS to {fields['to']}"
    # Options such as ttl may change between runs; who gets what from whom may not.
    content = {name: fields[name] for name in ("to", "from", "type", "text")}
    return Entry(code, what, "sms", compute_digest(content), fields["to"], fields["from"], fields["text"])


def _read_estimates(rows: pd.DataFrame) -> dict[str, Estimate]:
    return {
        to: Estimate(*(0.0 if pd.isna(price) else float(price) for price in prices))
        for to, *prices in zip(rows["to"], rows["price_low"], rows["price_high"], strict=True)
    }


def _check_cap(max_cost: Any, todo: pd.DataFrame, spent: float) -> float:
    """Give what is left of a cap, or refuse one that the rows which are not sent yet could pass."""
    return check_cap(
        max_cost,
        spent=spent,
        high=float(todo["price_high"].sum()),
        messages=len(todo),
        unpriced=int(todo["price_high"].isna().sum()),
        currencies=todo["currency"].nunique(),
    )


def _build_error(cause: NexmoError, status: str, result: pd.DataFrame) -> NexmoError:
    return type(cause)(
        f"{cause} {status}",
        status=cause.status,
        code=cause.code,
        retry_after=cause.retry_after,
        meaning=cause.meaning,
        parts=result,
    )
