"""Sending a plan: each row of a batch at most once ever, at the API's pace, under a cap on the cost."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.campaigns.plan import check_plan
from nexmo_nb.campaigns.runner import Run
from nexmo_nb.errors import NexmoError
from nexmo_nb.frames import Column, frame
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.sms.request import CONTENT, build_fields
from nexmo_nb.sms.response import meaning_of_status
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.sends import BatchRow, Entry, compute_digest

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
        If there is no credit left, or the account is refused: the rest stays planned. ``.parts`` is the frame.
    RateLimitedError, UnreachableError
        If Nexmo could not be reached, or refused for speed, twenty times in a row, with pauses that grow to 8 seconds
        between them, or asked for a pause of over a minute: the rest stays planned.
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
    session = session_or_current(session)
    check_plan(plan)
    name = validation.check_text("batch", batch, longest=200)
    workers = validation.check_int("workers", workers, 1, 32)
    again, shown = (
        validation.check_bool("resend_not_found", resend_not_found),
        validation.check_bool("progress", progress),
    )
    forms = _forms(plan, options)
    ledger = session.ledger
    entries = [_entry(ledger, form) for form in forms.values()]
    known = ledger.add_batch(name, entries, resend_not_found=again)
    high, low = _estimates(plan, "price_high"), _estimates(plan, "price_low")
    left = _cap(max_cost, plan, known, ledger, name)
    run = Run(session, name, forms=forms, known=known, estimates=high, lowest=low, left=left)
    try:
        run.go(workers, shown)
    except KeyboardInterrupt:
        print(run.told())  # noqa: T201 - said to the person who interrupted
        raise
    table = _outcome(plan, ledger.read_sends(batch=name))
    if run.trouble is not None:
        raise _stopped(run, table)
    if run.capped:
        warnings.warn(
            f"Stopped before max_cost={max_cost} was passed: messages cost more than was estimated. {run.told()} "
            "It needs a higher cap.",
            stacklevel=2,
        )
    return table


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
        validation.check_choice("options", name, allowed)
    forms: dict[str, dict[str, str]] = {}
    good = plan[plan["problem"].isna()]
    for to, sender, text, encoding in zip(good["to"], good["sender"], good["text"], good["encoding"], strict=True):
        content = {**dict.fromkeys(CONTENT), "text": None if pd.isna(text) else str(text)}
        form = build_fields(to, sender, "unicode" if encoding == "ucs2" else "text", content, options)
        if form["to"] in forms:
            raise validation.invalid_argument(
                "plan", to, "each recipient once", "Two rows without a problem have this number."
            )
        forms[form["to"]] = form
    return forms


def _entry(ledger: Ledger, form: Mapping[str, str]) -> Entry:
    what = f"send an SMS to {form['to']}"
    # Options such as ttl may change between runs; who gets what from whom may not.
    content = {name: form[name] for name in ("to", "from", "type", "text")}
    return Entry(ledger.new_id(), what, "sms", compute_digest(content), form["to"], form["from"], form["text"])


def _estimates(plan: pd.DataFrame, column: str) -> dict[str, float]:
    good = plan[plan["problem"].isna()]
    return {str(to): float(price) for to, price in zip(good["to"], good[column], strict=True) if pd.notna(price)}


def _cap(max_cost: Any, plan: pd.DataFrame, known: Mapping[str, BatchRow], ledger: Ledger, batch: str) -> float | None:
    """Tell what may still be spent, or refuse a cap that the high estimate passes."""
    if max_cost is None:
        return None
    if isinstance(max_cost, bool) or not isinstance(max_cost, (int, float)) or not 0 <= max_cost < 1e15:
        raise validation.invalid_argument("max_cost", max_cost, "an amount of the account's currency, 0 or more")
    good = plan[plan["problem"].isna()]
    # An empty list would choose columns, not rows.
    todo = good[good["to"].map(lambda to: known[str(to)].state == "planned").astype(bool)]
    if todo["price_high"].isna().any():
        count = int(todo["price_high"].isna().sum())
        raise validation.invalid_argument(
            "max_cost", max_cost, "a plan with prices", f"{count} rows have none: no cap can be kept."
        )
    if todo["currency"].nunique() > 1:
        raise validation.invalid_argument(
            "max_cost", max_cost, "a plan in one currency", "Amounts of several cannot be added."
        )
    spent = _spent(ledger, batch, good)
    high = float(todo["price_high"].sum())
    if spent + high > max_cost + 1e-9:
        raise validation.invalid_argument(
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
    for row in ledger.read_sends(batch=batch):
        if row["price"] is not None:
            total += row["price"]
        elif row["state"] in ("accepted", "partial", "sending", "unknown"):
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
        meaning = {"accepted": "accepted"}.get(row["state"]) or (
            meaning_of_status(row["code"]) if row["code"] else None
        )
        facts = {
            "to": to,
            "state": row["state"],
            "parts": row["parts"] or 0,
            "meaning": meaning if known else None,
        }
        rows.append({**row, **facts})
    return frame(rows, COLUMNS).set_index(plan.index)


def _stopped(run: Run, table: pd.DataFrame) -> NexmoError:
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
