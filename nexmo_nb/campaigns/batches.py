"""Batches as things: one with its counts, its money and its last run, and all of the account in a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NoReturn

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.campaigns.batch_card import Facts, card_html, card_text
from nexmo_nb.campaigns.caps import describe_room
from nexmo_nb.campaigns.outcome import describe_sends, find_meaning
from nexmo_nb.campaigns.progress import Progress, count_states
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.frames import TIME, Column, frame
from nexmo_nb.session import Session, session_or_current

STATES = ("accepted", "partial", "rejected", "unknown", "not_found", "sending", "planned")
COUNT_COLUMNS = (
    Column("state"), Column("code"), Column("meaning"), Column("messages", "int64"), Column("cost", "float64"),
    Column("currency"),
)  # fmt: skip
ROW_COLUMNS = (
    Column("to"), Column("country"), Column("state"), Column("code"), Column("meaning"), Column("error"),
    Column("tries", "int64"), Column("sender"), Column("text"), Column("parts", "int64"), Column("price", "float64"),
    Column("currency"), Column("message_ids"), Column("delivery"), Column("final_price", "float64"),
    Column("client_ref"), Column("created", TIME), Column("started", TIME), Column("finished", TIME),
)  # fmt: skip
BATCH_COLUMNS = (
    Column("batch"), Column("messages", "int64"), Column("accepted", "int64"), Column("refused", "int64"),
    Column("unknown", "int64"), Column("not_found", "int64"), Column("under_way", "int64"), Column("left", "int64"),
    Column("cost", "float64"), Column("currency"), Column("max_cost", "float64"), Column("began", TIME),
    Column("last_ran", TIME), Column("is_running", "bool"), Column("last_error"),
)  # fmt: skip
KILLED = "the process of its last run ended before the run did"


@dataclass(frozen=True, eq=False, repr=False)
class Batch:
    """A batch as it was when `nexmo_nb.batch` looked; a notebook shows it as a card.

    Attributes
    ----------
    name : str
    counts : pandas.DataFrame
        One row a state and reason: ``state, code, meaning`` (text), ``messages`` (int), ``cost`` (float, in
        ``currency``).
    total, accepted, refused, unknown, not_found, under_way, left : int
        Messages; accepted in part counts as accepted, and left is what is planned.
    cost : float
        What is known of prices, in `currency`.
    max_cost, money_left : float or None
        The cap of the last run, and what of it, or of the account's budget where that is less, may still be spent;
        what has no price yet counts with its estimate.
    began, last_ran : pandas.Timestamp or None
        When it was first entered, and when its last run began.
    is_running : bool
        Whether a run of it is under way, in this process or another.
    last_error : str or None
        Why the last run stopped; None if it came to its end.
    rows : pandas.DataFrame
        One row a message, read anew each time: ``to, country, state, code, meaning, error`` (text), ``tries`` (int: how
        often it left), ``sender, text, parts, price, currency, message_ids, delivery, final_price, client_ref``,
        ``created, started, finished`` (times in UTC).
    """

    name: str
    counts: pd.DataFrame
    progress: Progress
    max_cost: float | None
    money_left: float | None
    began: pd.Timestamp | None
    last_ran: pd.Timestamp | None
    is_running: bool
    last_error: str | None
    session: Session

    @property
    def total(self) -> int:
        return self.progress.total

    @property
    def accepted(self) -> int:
        return self.progress.accepted

    @property
    def refused(self) -> int:
        return self.progress.refused

    @property
    def unknown(self) -> int:
        return self.progress.unknown

    @property
    def not_found(self) -> int:
        return self.progress.not_found

    @property
    def under_way(self) -> int:
        return self.progress.elsewhere

    @property
    def left(self) -> int:
        return self.progress.left

    @property
    def cost(self) -> float:
        return self.progress.cost

    @property
    def currency(self) -> str:
        return self.progress.currency

    @property
    def rows(self) -> pd.DataFrame:
        ledger = self.session.ledger
        tries = ledger.batches.count_tries(self.name)
        sends = ledger.read_sends(batch=self.name)
        return frame(
            (
                {
                    **row,
                    "meaning": find_meaning(row["kind"], row["code"]),
                    "tries": tries.get(row["id"], 0) + (row["state"] != "planned"),
                }
                for row in describe_sends(sends)
            ),
            ROW_COLUMNS,
        )

    def __reduce__(self) -> NoReturn:
        self.session.__reduce__()  # a copy would need a copy of it

    def __repr__(self) -> str:
        return card_text(self._list_facts(), self.counts)

    def _repr_html_(self) -> str:
        return card_html(self._list_facts(), self.counts)

    def _list_facts(self) -> Facts:
        return Facts(
            self.name, self.progress, self.money_left, self.began, self.last_ran, self.is_running, self.last_error
        )


def batch(name: str, *, session: Session | None = None) -> Batch:
    """Look at a batch: counts by state and reason, cost, money left, and its last run.

    Parameters
    ----------
    name : str
        As it was given to `send_many`.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    Batch
        A card in a notebook, text in a shell. Its attributes: ``counts`` and ``rows`` (DataFrames), ``total, accepted,
        refused, unknown, not_found, under_way, left`` (int), ``cost, currency, max_cost, money_left, began, last_ran,
        is_running, last_error``; ``help(nx.batch(…))`` tells each.

    Raises
    ------
    InvalidRequestError
        If there is no such batch: it lists similar names.
    UnreachableError
        If the ledger cannot be read.

    Notes
    -----
    Nothing is asked of Nexmo, and nothing is sent. `batches` lists all of them. What to do next: `send_many` with the
    same plan goes on with what is left, `retry` sends again what was refused, `settle` looks up what is unknown, and
    `discard` removes what is left. Codes mean what https://developer.vonage.com/en/messaging/sms/guides/troubleshooting-sms
    says.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> plan = nx.plan_sms(["+44 7700 900000", "+44 3069 990007"], "Hello", sender="Demo")
    >>> done = nx.send_many(plan, batch="hello", progress=False)
    >>> found = nx.batch("hello")
    >>> found.accepted, found.refused, found.left
    (1, 1, 0)
    >>> found.counts[["state", "meaning", "messages"]].values.tolist()
    [['accepted', 'accepted', 1], ['rejected', 'number barred', 1]]
    """
    session = session_or_current(session)
    given = validation.check_name("name", name)
    session.ledger.mark_abandoned_unknown()
    groups = check_known(session, given)
    run = session.ledger.batches.read_last_runs().get(given, {})
    is_running = given in session.ledger.batches.find_running()
    cap = run.get("max_cost")
    progress = _sum_up(groups)._replace(cap=cap, currency=_find_currency(groups) or session.account.currency)
    return Batch(
        given,
        frame(_list_counts(groups), COUNT_COLUMNS),
        progress,
        cap,
        _find_money_left(session, given, cap),
        _to_time(min(group["created"] for group in groups)),
        _to_time(_find_last(groups, run)),
        is_running,
        _find_error(run, is_running=is_running),
        session,
    )


def batches(*, session: Session | None = None) -> pd.DataFrame:
    """List the batches of the account, the one that ran last first.

    Parameters
    ----------
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a batch: ``batch`` (text), ``messages, accepted, refused, unknown, not_found, under_way, left`` (int),
        ``cost`` (float, in ``currency``), ``max_cost`` (float, the cap of its last run), ``began, last_ran`` (times in
        UTC), ``is_running`` (bool), ``last_error`` (text, why the last run stopped).

    Raises
    ------
    UnreachableError
        If the ledger cannot be read.

    Notes
    -----
    Nothing is asked of Nexmo: these are the batches of the account's state on this machine, or of the database that
    ``connect(state=…)`` names. `batch` shows one of them. See https://developer.vonage.com/en/messaging/sms/overview.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> plan = nx.plan_sms(["+44 7700 900000"], "Hello", sender="Demo")
    >>> done = nx.send_many(plan, batch="hello", progress=False)
    >>> nx.batches()[["batch", "messages", "accepted", "left"]].values.tolist()
    [['hello', 1, 1, 0]]
    """
    session = session_or_current(session)
    session.ledger.mark_abandoned_unknown()
    runs, running = session.ledger.batches.read_last_runs(), session.ledger.batches.find_running()
    by_name: dict[str, list[dict[str, Any]]] = {}
    for group in session.ledger.batches.count_all():
        by_name.setdefault(validation.plain_name(group["batch"]), []).append(group)
    rows = [_describe_batch(name, groups, runs.get(name, {}), name in running) for name, groups in by_name.items()]
    rows.sort(key=lambda row: (row["last_ran"] or row["began"], row["batch"]), reverse=True)
    return frame(rows, BATCH_COLUMNS)


def check_known(session: Session, name: str) -> list[dict[str, Any]]:
    """Give the counts of a batch, or refuse a name that no batch has, with similar ones."""
    groups = session.ledger.batches.count_rows(name)
    if groups:
        return groups
    names = sorted({validation.plain_name(group["batch"]) for group in session.ledger.batches.count_all()})
    similar = find_similar(name, names)
    which = f", such as {', '.join(map(repr, similar))}" if similar else ""
    advice = "batches() lists them." if names else "Nothing was sent as a batch yet: see send_many."
    raise validation.invalid_argument("batch", name, f"the name of a batch of this account{which}", advice)


def find_similar(name: str, names: Iterable[str]) -> list[str]:
    """Find at most five names that are like one: written almost alike, or with one of them in the other."""
    by_folded = {each.casefold(): each for each in names}
    folded = name.casefold()
    close = get_close_matches(folded, by_folded, n=5)
    within = [each for each in by_folded if folded in each or each in folded]
    return [by_folded[each] for each in dict.fromkeys([*close, *within])][:5]


def _describe_batch(
    name: str, groups: Iterable[Mapping[str, Any]], run: Mapping[str, Any], is_running: bool
) -> dict[str, Any]:
    groups = list(groups)
    progress = _sum_up(groups)
    return {
        "batch": name,
        "messages": progress.total,
        **{kind: getattr(progress, kind) for kind in ("accepted", "refused", "unknown", "not_found", "left", "cost")},
        "under_way": progress.elsewhere,
        "currency": _find_currency(groups),
        "max_cost": run.get("max_cost"),
        "began": min(group["created"] for group in groups),
        "last_ran": _find_last(groups, run),
        "is_running": is_running,
        "last_error": _find_error(run, is_running=is_running),
    }


def _sum_up(groups: Iterable[Mapping[str, Any]]) -> Progress:
    """Sum counts of rows by state up to how far a batch is."""
    counts: Counter[str] = Counter()
    cost = 0.0
    for group in groups:
        counts[group["state"]] += int(group["messages"])
        cost += group["price"] or 0.0
    return count_states(counts)._replace(cost=round(cost, 8))


def _list_counts(groups: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = [
        {
            "state": group["state"],
            "code": group["code"],
            "meaning": "accepted" if group["state"] == "accepted" else find_meaning(group["kind"], group["code"]),
            "messages": group["messages"],
            "cost": group["price"],
            "currency": group["currency"],
        }
        for group in groups
    ]
    return sorted(rows, key=lambda row: (STATES.index(row["state"]), -row["messages"], row["code"] or ""))


def _find_currency(groups: Iterable[Mapping[str, Any]]) -> str | None:
    """Find the currency of a batch; None where its prices are in several, or none is known."""
    found = {group["currency"] for group in groups if group["currency"]}
    return found.pop() if len(found) == 1 else None


def _find_last(groups: Iterable[Mapping[str, Any]], run: Mapping[str, Any]) -> float | None:
    """Find when a batch ran last; of one of before, when its last message left."""
    times = [group["started"] for group in groups if group["started"] is not None]
    return run["ran"] if run else max(times, default=None)


def _find_error(run: Mapping[str, Any], *, is_running: bool) -> str | None:
    if not run or is_running:
        return None
    return KILLED if run["ended"] is None else run["error"]


def _find_money_left(session: Session, name: str, cap: float | None) -> float | None:
    """Find what may still be spent, by the cap of the last run and the account's budget; None: nothing limits it."""
    spent, _ = session.ledger.budgets.read_batch(name)
    room = None
    try:
        room = session.ledger.budgets.find_tightest()
    except InvalidRequestError:  # sends in several currencies: no budget can be kept, and sending says so
        return None
    left = [] if room is None else [describe_room(room).left]
    if cap is not None:
        left.append(cap - spent)
    return max(0.0, round(min(left), 8)) if left else None


def _to_time(seconds: float | None) -> pd.Timestamp | None:
    return None if seconds is None else pd.Timestamp(seconds, unit="s", tz="UTC")
