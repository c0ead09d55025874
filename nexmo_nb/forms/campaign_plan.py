"""What a campaign would send: which rows, at what cost, and what still keeps it from being sent. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from nexmo_nb.campaigns.batch import Standing
from nexmo_nb.campaigns.caps import Cap
from nexmo_nb.campaigns.decisions import TOLERANCE
from nexmo_nb.campaigns.plan_sums import find_doubtful
from nexmo_nb.campaigns.rows import show_label
from nexmo_nb.campaigns.summary import summary
from nexmo_nb.forms.markup import Markup, card_html, preview_html, table_html, text_html
from nexmo_nb.forms.outcome import Level
from nexmo_nb.forms.plans import show_prices, show_problems
from nexmo_nb.forms.words import Words

_TOTALS = ["country", "recipients", "parts", "price", "problems", "doubtful", "unpriced"]


class Budget(NamedTuple):
    """At most so much for the whole batch, and whether it may stop in the middle for that; None: no limit."""

    max_cost: float | None = None
    may_stop: bool = False


class Forecast(NamedTuple):
    """What Send would do as the choices stand."""

    messages: int
    low: float
    high: float
    unpriced: int  # left out, because no limit on the cost can be kept with them
    undecided: int
    cap: Cap | None  # the tighter one of the limit and the account's budget
    may_stop: bool

    @property
    def is_over(self) -> bool:
        """Whether the messages could cost more than they may."""
        return self.cap is not None and self.high > self.cap.left + TOLERANCE

    @property
    def can_send(self) -> bool:
        return bool(self.messages) and not self.undecided and (self.may_stop or not self.is_over)


def find_open_doubts(plan: pd.DataFrame, standing: Standing) -> list[int]:
    """Find the doubtful rows, by their places, that the batch has not dealt with."""
    return [place for place in np.flatnonzero(find_doubtful(plan)).tolist() if place not in standing.states]


def foresee(
    plan: pd.DataFrame, standing: Standing, doubts: Collection[int], choices: Mapping[int, str], budget: Budget
) -> Forecast:
    """Foresee what Send would do; `choices` has those of the doubtful rows, send or skip, by their places."""
    kept = plan["problem"].isna().to_numpy(dtype=bool, copy=True)
    left_out = [place for place in doubts if choices.get(place) != "send"]
    kept[[*left_out, *standing.states]] = False
    has_price = plan["price_high"].notna().to_numpy()
    limit = None if budget.max_cost is None else Cap(budget.max_cost, standing.spent)
    caps = [cap for cap in (limit, standing.budget) if cap is not None]
    unpriced = int((kept & ~has_price).sum()) if caps else 0
    kept = kept & has_price if unpriced else kept
    return Forecast(
        int(kept.sum()),
        float(plan["price_low"][kept].sum()),
        float(plan["price_high"][kept].sum()),
        unpriced,
        sum(place not in choices for place in doubts),
        min(caps, key=lambda cap: cap.left, default=None),
        budget.may_stop,
    )


def clear_doubts(plan: pd.DataFrame, choices: Mapping[int, str]) -> pd.DataFrame:
    """Take the warnings off the rows that are to be sent all the same; the others are left out for theirs."""
    sent = np.zeros(len(plan), dtype=bool)
    sent[[place for place, choice in choices.items() if choice == "send"]] = True
    return plan.assign(warning=plan["warning"].mask(sent), warning_code=plan["warning_code"].mask(sent))


def show_forecast(forecast: Forecast, plan: pd.DataFrame, standing: Standing, currency: str, words: Words) -> Markup:
    """Show the cost as the largest figure, how many messages that is, and what keeps it from being sent."""
    cost = words.say_price(forecast.low, forecast.high, currency) if forecast.high else words.say("no_price")
    counts = words.say("sendable", count=f"{forecast.messages:,}", total=f"{len(plan):,}")
    figure = preview_html(cost if forecast.messages else words.say("campaign_nothing"), counts)
    return Markup(figure + "".join(_show_cautions(forecast, standing, currency, words)))


def show_plan_tables(plan: pd.DataFrame, words: Words) -> list[Markup]:
    """Show the sums of the countries, and the rows that cannot be sent by the code of their problem."""
    totals = summary(plan)
    empty = [name for name in ("problems", "doubtful", "unpriced") if not totals[name].any()]
    sums = show_prices(totals, words)[_TOTALS].drop(columns=empty)
    return [
        table_html(sums, words.say("total"), words),
        *show_problems(plan, lambda place: name_row(plan, place), words),
    ]


def name_row(plan: pd.DataFrame, place: int) -> str:
    """Name a row as a person finds it in the list."""
    to = plan["to"].iloc[place]
    return show_label(plan.index[place]) + ("" if pd.isna(to) else f" ({to})")


def select_problems(table: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """Select the rows of the list that cannot be sent, each with what is wrong."""
    wrong = plan["problem"].notna().to_numpy()
    return join_list(table[wrong], plan[wrong][["problem_code", "problem"]])


def join_list(table: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Put what was found beside the list; a column of the list that has one of its names is called ``given_…``."""
    names = {name: f"given_{name}" if str(name) in found else str(name) for name in table.columns}
    added: dict[str, Any] = {str(name): found[name].array for name in found}
    return table.rename(columns=names).assign(**added)


def merge_settled(result: pd.DataFrame, settled: pd.DataFrame) -> pd.DataFrame:
    """Put into the result of a batch what `settle` found, by the references of its messages."""
    found = settled.dropna(subset="client_ref").drop_duplicates("client_ref").set_index("client_ref")
    places = [place for place, each in enumerate(result["client_ref"]) if not pd.isna(each) and each in found.index]
    changed = result.copy()
    for name in ("state", "message_ids", "parts", "price", "error"):
        column = changed[name].copy()
        values = found[name].reindex(result["client_ref"].iloc[places])
        column.iloc[places] = values.array
        changed[name] = column
    return changed


def _show_cautions(forecast: Forecast, standing: Standing, currency: str, words: Words) -> list[Markup]:
    found = []
    if standing.states:
        found.append((words.say("campaign_begun", count=f"{len(standing.states):,}"), Level.DOUBTFUL))
    if forecast.unpriced:
        found.append((words.say("campaign_unpriced", count=f"{forecast.unpriced:,}"), Level.DOUBTFUL))
    if forecast.cap is not None and forecast.is_over:
        level = Level.DOUBTFUL if forecast.may_stop else Level.BAD
        found.append((_describe_excess(forecast, forecast.cap, currency, words), level))
    if forecast.undecided:
        found.append((words.say_count("campaign_undecided", forecast.undecided), Level.BAD))
    return [card_html("", text_html(text), level) for text, level in found]


def _describe_excess(forecast: Forecast, cap: Cap, currency: str, words: Words) -> str:
    """Say how much it can cost, and what of it is allowed."""
    name = ("campaign_stops" if forecast.may_stop else "campaign_over") + ("_budget" if cap.period else "")
    needed, allowed = (f"{currency} {amount:,.2f}" for amount in (cap.spent + forecast.high, cap.amount))
    period = words.say(f"campaign_{cap.period}") if cap.period else ""
    return words.say(name, needed=needed, allowed=allowed, period=period)
