"""Sending again what was refused of a batch, as it was or with another text or sender, and nothing else."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd

from nexmo_nb import validation
from nexmo_nb.campaigns.batch import run_batch
from nexmo_nb.campaigns.batches import check_known
from nexmo_nb.campaigns.outcome import PLAN_COLUMNS, find_meaning
from nexmo_nb.campaigns.plan import TextType, plan_sms
from nexmo_nb.campaigns.progress_bar import hide_progress, show_progress
from nexmo_nb.campaigns.rows import build_digest
from nexmo_nb.campaigns.send import Doubtful, OnCap, Unpriced, check_settings, warn_of_rest
from nexmo_nb.frames import Column, frame, join_frames
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.sms.apis import ApiName, find_api

TEMPORARY = ("1", "5", "10", "13", "1000", "1030", "throttled")
"""Codes of refusals that pass by themselves, of both APIs: throttled, an error at Nexmo, no room, no communication."""
ALL = "all"
_CODE = re.compile("[A-Za-z0-9-]{1,40}")
COLUMNS = (Column("to"), Column("text"), Column("sender"), Column("code"))
"""What a text or a function of the row may use."""


def retry(
    batch: Any,
    *,
    codes: str | int | Iterable[str | int] | None = None,
    text: str | Callable[[dict[str, Any]], str] | None = None,
    sender: Any = None,
    doubtful: Doubtful = "refuse",
    max_cost: float | None = None,
    unpriced: Unpriced = "refuse",
    on_cap: OnCap = "refuse",
    workers: int | None = None,
    progress: bool = True,
    resend_not_found: bool = False,
    api: ApiName | None = None,
    session: Session | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Send again what Nexmo refused of a batch: as it was, or with another text or sender, since nothing had been sent.

    Whoever was accepted, in part as well, or whose outcome is unknown, is left alone, whatever is called again or
    interrupted. Call it again to continue after a stop.

    Parameters
    ----------
    batch : str
        Its name, or what `nexmo_nb.batch` returned.
    codes : str, int or iterable, optional
        Which refusals: their codes, such as ``"15"``, or ``"all"``. Default: those that pass by themselves (1
        throttled, 5 internal error at Nexmo, 10 too many connections, 13 communication failed); with a `text` or
        `sender`, all.
    text : str or function, optional
        Another text, as for `plan_sms`: ``{to}``, ``{text}``, ``{sender}`` and ``{code}`` are replaced, and a function
        gets these as a dict. Default: the text that was refused.
    sender : str or int, optional
        Another sender, as for `plan_sms`. Default: the sender that was refused.
    doubtful, unpriced, on_cap : str
        What to do with rows that have a warning or no price, or that cost too much, as for `send_many`.
    max_cost : float, optional
        At most so much for the whole batch, with what it has cost so far, as for `send_many`. Default: as its last run,
        if that had a cap.
    workers : int, optional
        Messages in flight at once, 1 to 64. Default: as many as the limit needs.
    progress : bool
        Whether to show a bar of what is tried again.
    resend_not_found : bool
        True: also those that `settle` looked up and did not find. Your decision: a report may be late.
    api : {"sms", "messages"}, optional
        By which API, as for `send_many`. Default: that of the connection.
    session : Session, optional
        Default: the current one.
    **options
        Of every message, as for `send_many`.

    Returns
    -------
    pandas.DataFrame
        One row a message that is tried again, in the order of the batch, with the columns of `send_many`. It has no
        rows where nothing was refused for one of the codes; a warning tells of other refusals.

    Raises
    ------
    InvalidRequestError
        If an argument is wrong, there is no such batch, rows have a warning, the cap is too low, or somebody has the
        text in the batch already; nothing is sent, and what was refused stays so.
    NexmoError
        What stops `send_many` stops this as well, twenty equal refusals in a row included.

    Notes
    -----
    Uses ``POST /sms/json``, https://developer.vonage.com/en/api/sms, as `send_many` does, under the same name: budget
    and cap count both. How often a message was refused stands in ``nexmo_nb.batch(…).rows``. A plan with another text
    or sender for these people, sent by `send_many` under the same name, replaces what was refused as well. The earlier
    plan may be sent again afterwards: whoever got the other text by now counts as done. ``discard`` takes back what is
    planned again and did not leave.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> plan = nx.plan_sms(["+44 7700 900000"], "Hello", sender="Demo")
    >>> session.sandbox.fail_next("status", path="/sms", code=15)
    >>> nx.send_many(plan, batch="hello", progress=False).meaning.tolist()
    ['illegal sender']
    >>> nx.retry("hello", sender="447700900001", progress=False).state.tolist()
    ['accepted']
    """
    session = session_or_current(session)
    settings = check_settings(
        getattr(batch, "name", batch), doubtful, max_cost, unpriced, on_cap, workers, resend_not_found
    )
    settings = settings._replace(api=find_api(api, session).name)
    wanted = _check_codes(codes, is_changed=text is not None or sender is not None)
    show = show_progress if validation.check_bool("progress", progress) else hide_progress
    check_known(session, settings.batch)
    refused = _read_refused(session, settings.batch, wanted, not_found=settings.resend_not_found)
    if not refused:
        return frame([], PLAN_COLUMNS)
    plan = plan_again(refused, text, sender, session)
    last = session.ledger.batches.read_last_runs().get(settings.batch, {})
    settings = settings._replace(
        refused={place: row["id"] for place, row in enumerate(refused)},
        max_cost=last.get("max_cost") if settings.max_cost is None else settings.max_cost,
    )
    run = run_batch(plan, options, settings, session, show)
    warn_of_rest(run, settings)
    return run.result


def plan_again(refused: Sequence[Mapping[str, Any]], text: Any, sender: Any, session: Session) -> pd.DataFrame:
    """Plan messages that were refused, as they were or with another text or sender, in their order."""
    groups: dict[tuple[Any, str], list[int]] = {}
    for place, row in enumerate(refused):
        kind = "auto" if text is not None else _find_type(row)
        groups.setdefault((row["sender"], kind), []).append(place)
    plans = []
    for (own, kind), places in groups.items():
        people = frame([{**refused[place], "to": f"+{refused[place]['to']}"} for place in places], COLUMNS)
        new = plan_sms(
            people,
            text,
            sender=own if sender is None else sender,
            type=cast("TextType", kind),
            duplicates="all",
            session=session,
        )
        # Whatever is found out about a number today, it is the same person, or nobody.
        new["to"] = people["to"].str.removeprefix("+")
        # Its hours go by what is known of this person, too, and not of the number alone.
        new["time_zone"] = pd.array([refused[place]["time_zone"] or pd.NA for place in places], dtype="string")
        plans.append((np.array(places), new))
    return join_frames(plans)


def _find_type(row: Mapping[str, Any]) -> str:
    """Find the encoding that a message was planned in: a text of GSM-7 may have been sent as Unicode."""
    is_unicode = build_digest(row["to"], row["sender"], row["text"], "ucs2") == row["digest"]
    return "unicode" if is_unicode else "auto"


def _check_codes(codes: Any, *, is_changed: bool) -> Sequence[str] | None:
    """Check codes of refusals; None: all."""
    if codes is None:
        return None if is_changed else TEMPORARY
    if isinstance(codes, str) and codes == ALL:
        return None
    allowed = "'all', or codes of refusals, such as '15'; batch(…).counts shows those that there are"
    given = [codes] if isinstance(codes, int) else validation.as_list("codes", codes, allowed)
    found = [str(code).strip() for code in given]
    for code in found:
        if not _CODE.fullmatch(code) or code == "0":
            raise validation.invalid_argument("codes", code, allowed)
    return found


def _read_refused(
    session: Session, batch: str, codes: Sequence[str] | None, *, not_found: bool
) -> list[dict[str, Any]]:
    """Read what was refused of a batch for one of some codes; None: whatever the code. Say what is left out."""
    session.ledger.mark_abandoned_unknown()
    rows = session.ledger.batches.read_refused(batch, not_found=not_found)
    chosen = [row for row in rows if codes is None or row["state"] == "not_found" or row["code"] in codes]
    if rows and not chosen and codes is not None:
        counts = Counter((row["code"], find_meaning(row["kind"], row["code"])) for row in rows)
        found = ", ".join(f"{count} with {code} ({meaning})" for (code, meaning), count in counts.most_common())
        warnings.warn(
            f"Nothing of the batch {batch!r} was sent again: its refusals are {found}, and asked for are the codes "
            f"{', '.join(codes)}. Correct the cause, and pass codes=…, or another text or sender.",
            stacklevel=3,
        )
    return chosen
