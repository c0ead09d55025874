"""Identity Insights: whose network a number is on, and what else its operator tells, before a message is paid for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.arrow_frames import AnyFrame
from nexmo_nb.contacts.clean import read_numbers
from nexmo_nb.contacts.columns import read_columns, read_index
from nexmo_nb.contacts.regions import read_regions
from nexmo_nb.errors import (
    AuthenticationError,
    InvalidRequestError,
    NexmoError,
    RateLimitedError,
    UnknownOutcomeError,
    UnreachableError,
)
from nexmo_nb.frames import frame
from nexmo_nb.lookup.request import LIFETIMES, USUAL, Insight, build_request, check_insights
from nexmo_nb.lookup.response import COLUMNS, LASTING, describe_number, parse_insights, read_status
from nexmo_nb.lookup.spending import Costs, check_bounds, read_costs
from nexmo_nb.session import Session, session_or_current
from nexmo_nb.state.single_send import retry_on_interrupt

__all__ = ["lookup"]
MOST_DOUBTS = 5
"""Lookups in a row without an answer after which no other is made: each may have cost money."""


class _Found(NamedTuple):
    """What is known of a number: its insights, since when, what they cost now, and the error of a lookup."""

    insights: Mapping[str, Mapping[str, Any]] = {}
    at: float | None = None
    asked: int = 0
    error: str | None = None


def lookup(
    numbers: AnyFrame | pd.Series | Iterable[Any],
    *,
    insights: Iterable[Insight] = USUAL,
    to: str = "to",
    region: str | None = None,
    purpose: str | None = None,
    price: float | None = None,
    max_cost: float | None = None,
    max_numbers: int | None = 1_000,
    refresh: bool = False,
    session: Session | None = None,
) -> pd.DataFrame:
    """Look up whose network each number is on, by Identity Insights; each answer costs money once.

    Parameters
    ----------
    numbers : DataFrame, Series or iterable
        Numbers in any usual spelling. One that cannot be read is not asked for, and one that stands there twice is
        asked for once.
    insights : iterable of str
        What is asked: ``"original_carrier"`` and ``"current_carrier"`` (network, type, and from both whether the number
        was ported), ``"format"``, ``"roaming"``, ``"reachability"``. The last two come from the operators: the
        application needs an approval of the Network Registry, and they a `purpose`. Default: both carriers.
    to : str
        Of a DataFrame: the column of numbers.
    region : str, optional
        Country of numbers without a country code: a code, a name, or the name of a column that holds codes or names.
        Default: every number must have its country code.
    purpose : str, optional
        Why, as the application's network profile names it, such as ``"FraudPreventionAndDetection"``.
    price : float, optional
        What one insight of one number costs by your contract, in the account's currency. Nexmo publishes no list.
        Default: it is not known, and ``cost`` is missing.
    max_cost : float, optional
        At most so much for all; needs `price`. Refused before anything is asked. Default: no cap. Lookups do not count
        in the account's `budget`, which is for messages and calls.
    max_numbers : int, optional
        Refuses to ask for more numbers than that. None: no bound.
    refresh : bool
        True: ask again, and pay again, for what is kept. Default: answers are kept on this machine, for the account: 30
        days those of carriers and format, 15 minutes the others.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a number, with the index of `numbers`: ``number`` (digits), ``country, carrier, network`` (MCC and MNC),
        ``network_type`` (mobile, landline, tollfree, premium, virtual), ``ported, valid, reachable, roaming`` (boolean,
        missing where it is not known), ``format_status, original_carrier_status, current_carrier_status,
        roaming_status, reachability_status`` (``"OK"``, Nexmo's reason, or missing where it was not asked), ``error``
        (why something is missing), ``cost`` (float, in ``currency``; of this call, so 0 for what was kept, and at its
        first row for a number that stands there twice), ``looked_up`` (time in UTC). Carrier and network are the
        current ones, or the original ones where those are not told.

    Raises
    ------
    InvalidRequestError
        If an argument is wrong, the connection has no application and private key, or it would be more than `max_cost`
        or `max_numbers`: nothing was asked.
    AuthenticationError, RateLimitedError, UnreachableError
        If the application is refused, or Nexmo refuses for speed or cannot be reached. What was answered before is
        kept, and the same call goes on from there; so it does after an interrupt.
    UnknownOutcomeError
        If five lookups in a row got no answer. One alone is the ``error`` of its row.

    Notes
    -----
    ``POST /identity-insights/v1/requests``, a number a request, https://developer.vonage.com/en/api/identity-insights,
    on the European host. A lookup that left and got no answer may have cost money, and is not made again by itself;
    a later call asks again.
    Whether an insight that failed is charged is not documented: it counts. `add_lookup` puts what was found into a
    plan; `forget` reaches what is kept.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> found = nx.lookup(["+44 3069 990207", "12"])
    >>> found[["number", "network", "network_type", "ported"]].values.tolist()[0]
    ['443069990207', '23410', 'mobile', True]
    """
    session = session_or_current(session)
    names = check_insights(insights, purpose)
    purpose = None if purpose is None else validation.check_text("purpose", purpose, longest=100)
    costs = read_costs(price, session.account.currency)
    cap = None if max_cost is None else validation.check_amount("max_cost", max_cost)
    most = None if max_numbers is None else validation.check_int("max_numbers", max_numbers, 1)
    columns = read_columns(numbers, to)
    table = read_numbers(columns[to], read_regions(region, columns))
    wanted = table["to"][table["problem"].isna()].drop_duplicates().tolist()
    found = {} if validation.check_bool("refresh", refresh) else _find_kept(session, wanted, names)
    missing = {
        number: lacking
        for number in wanted
        if (lacking := [name for name in names if name not in found.get(number, _Found()).insights])
    }
    _announce(session, missing, costs, kept=len(wanted) - len(missing), max_cost=cap, max_numbers=most)
    _ask(session, missing, found, purpose)
    rows = _build_rows(table, found, costs)
    result = frame(rows, COLUMNS)
    result.index = read_index(numbers, len(rows))
    return result


def _find_kept(session: Session, numbers: Sequence[str], names: Sequence[str]) -> dict[str, _Found]:
    kept = session.insights.find(numbers, {name: LIFETIMES[name] for name in names})
    found: dict[str, _Found] = {}
    for (number, name), row in kept.items():
        before = found.get(number, _Found())
        at = row["saved"] if before.at is None else min(before.at, row["saved"])
        found[number] = _Found({**before.insights, name: json.loads(row["body"])}, at)
    return found


def _announce(
    session: Session,
    missing: Mapping[str, Sequence[str]],
    costs: Costs,
    *,
    kept: int,
    max_cost: float | None,
    max_numbers: int | None,
) -> None:
    """Say what will be asked and what it costs, or refuse it."""
    insights = sum(map(len, missing.values()))
    if not insights:
        return
    if not session.account.can_sign_calls:
        raise InvalidRequestError(
            "connect: lookup() needs an application and its private key; allowed: application_id= and private_key= of "
            "connect(), or NEXMO_APPLICATION_ID and NEXMO_PRIVATE_KEY. create_application() makes one. Nothing was "
            "asked."
        )
    check_bounds(len(missing), insights, costs, max_cost=max_cost, max_numbers=max_numbers)
    known = f" {kept:,} more are known." if kept else ""
    session.throttle.notify(
        f"To look up {len(missing):,} numbers, {insights:,} insights: {costs.describe(insights)}.{known}"
    )


def _ask(session: Session, missing: Mapping[str, Sequence[str]], found: dict[str, _Found], purpose: str | None) -> None:
    """Ask for what is missing, a number at a time, and keep each answer as it comes."""
    doubts = 0
    for number, names in missing.items():
        known = found.get(number, _Found())
        try:
            body = session.call(build_request(number, names, purpose))
        except (AuthenticationError, RateLimitedError, UnreachableError):
            raise
        except UnknownOutcomeError as problem:
            doubts += 1
            if doubts >= MOST_DOUBTS:
                raise
            found[number] = known._replace(asked=len(names), error=str(problem))
            continue
        except NexmoError as problem:  # of this number
            found[number] = known._replace(error=str(problem))
            continue
        doubts = 0
        answers = parse_insights(body, names)
        lasting = {name: json.dumps(each) for name, each in answers.items() if read_status(each) in LASTING}
        at = session.insights.clock()
        retry_on_interrupt(partial(session.insights.record, number, lasting, at))
        found[number] = _Found({**known.insights, **answers}, min(at, known.at or at), len(names))


def _build_rows(table: pd.DataFrame, found: Mapping[str, _Found], costs: Costs) -> list[dict[str, Any]]:
    """Build a row for each row of a list; what a number cost stands in its first one."""
    rows, seen = [], set()
    for number, problem in zip(table["to"], table["problem"], strict=True):
        each = found.get(number, _Found()) if validation.is_missing(problem) else _Found(error=problem)
        row = describe_number(each.insights)
        errors = "; ".join(text for text in (each.error, row["error"]) if text)
        cost = 0.0 if number in seen else costs.of(each.asked)
        rows.append(
            {
                **row,
                "number": number,
                "error": errors or None,
                "cost": cost,
                "currency": costs.currency,
                "looked_up": each.at,
            }
        )
        seen.add(number)
    return rows
