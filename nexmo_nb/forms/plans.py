"""What forms show of a plan before it is sent: cost, first text, rows, sums by country, problems and doubts. Pure."""

from __future__ import annotations

from typing import Any

import pandas as pd

from nexmo_nb.campaigns.summary import summary
from nexmo_nb.forms.markup import Markup, bubble_html, groups_html, preview_html, table_html
from nexmo_nb.forms.outcome import Level, NameRow, group_doubts, group_problems
from nexmo_nb.forms.widgets import show_country
from nexmo_nb.forms.words import Words

MOST_ROWS_SHOWN = 200
_COLUMNS = ["to", "country", "parts", "price", "problem", "warning"]
_TOTALS = ["country", "recipients", "parts", "price", "problems", "doubtful", "unpriced"]


def show_plan(plan: pd.DataFrame, doubtful: str, sender: str, words: Words) -> list[Markup]:
    """Show the cost of what would be sent, the first text, the rows, and the sums of the countries.

    `doubtful` is what becomes of the doubtful rows, as `send_many` takes it.
    """
    sendable = plan[plan.problem.isna()]
    kept = sendable[sendable.warning.isna()] if doubtful == "skip" else sendable
    first = sendable.iloc[0]
    others = words.say("first_of", count=f"{len(sendable):,}") if len(sendable) > 1 else ""
    bubble = bubble_html(first.text, f"{sender}, {words.say_count('parts', first.parts)}{others}")
    counts = words.say("sendable", count=f"{len(kept):,}", total=f"{len(plan):,}")
    sums = show_prices(summary(kept).query("country == 'total'"), words)
    name = "rows_shown" if len(plan) > MOST_ROWS_SHOWN else "rows_one" if len(plan) == 1 else "rows_many"
    rows = words.say(name, count=f"{len(plan):,}", shown=MOST_ROWS_SHOWN)
    totals = summary(plan)
    empty = [name for name in ("problems", "doubtful", "unpriced") if not totals[name].any()]
    return [
        preview_html(" + ".join(filter(None, sums.price)) or words.say("no_price"), counts, bubble),
        table_html(_show_rows(plan.head(MOST_ROWS_SHOWN), words), rows, words),
        table_html(show_prices(totals, words)[_TOTALS].drop(columns=empty), words.say("total"), words),
    ]


def show_problems(plan: pd.DataFrame, name_row: NameRow, words: Words) -> list[Markup]:
    """Show the rows that cannot be sent, by the code of their problem."""
    groups = group_problems(plan, name_row, words)
    count = sum(group.rows for group in groups)
    return groups_html(words.say("problems", count=f"{count:,}", total=f"{len(plan):,}"), groups, Level.BAD)


def show_doubts(plan: pd.DataFrame, choice: str, name_row: NameRow, words: Words) -> list[Markup]:
    """Show the doubtful rows by their code, and what `choice` makes of them."""
    groups = group_doubts(plan, name_row, words)
    count = sum(group.rows for group in groups)
    title = words.say("doubts", count=f"{count:,}", total=f"{len(plan):,}")
    return groups_html(title, groups, Level.DOUBTFUL, words.say(f"doubts_{choice}"))


def show_prices(table: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Put the prices of a plan or its sums into one column, as money, and countries by name."""
    amounts = zip(table.price_low, table.price_high, table.currency, strict=True)
    prices = [
        "" if pd.isna(low) or pd.isna(money) else words.say_price(low, high, money) for low, high, money in amounts
    ]
    countries = [
        words.say("total") if code == "total" else show_country(code, words) for code in table.country.fillna("unknown")
    ]
    return table.assign(price=prices, country=countries)


def _show_rows(plan: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Put the rows of a plan into words; the reasons of their problems and doubts stand in cards of their own."""
    codes: dict[str, Any] = {
        name: [None if pd.isna(code) else words.say_code(code) for code in plan[f"{name}_code"]]
        for name in ("problem", "warning")
    }
    return show_prices(plan.assign(**codes), words)[_COLUMNS]
