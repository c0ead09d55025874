"""Where a session is: sandbox or live, whose account, what is left of money and calls; as text and as HTML. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import NamedTuple

_STYLE = "color:#fff;border-radius:4px;padding:.1rem .5rem;font-weight:bold;letter-spacing:.05em"
_LIVE_COLOUR, _SANDBOX_COLOUR = "#b00020", "#37474f"
NAMED = ("live", "sandbox")
"""What `connect` was told, where the badge's word says all of it."""
WORDS: Mapping[str, str] = {
    "live": "LIVE",
    "sandbox": "SANDBOX",
    "place": "at {where}",
    "key": "key {key}",
    "balance": "balance {currency} {amount}",
    "balance_unknown": "balance not read yet",
    "window": "{used} of {calls} calls in {seconds} s",
    "limit": "{calls} calls in {seconds} s",
}
"""The words of a badge; those of another language have the same names and places."""


class Badge(NamedTuple):
    """What a person must know before the button is pressed; None where it is not known."""

    is_live: bool
    where: str
    key: str
    currency: str
    balance: float | None
    used: int | None
    calls: int
    seconds: float

    def list_facts(self, words: Mapping[str, str] = WORDS) -> list[str]:
        """List what stands behind the word: where, unless the word says it, whose account, money and calls."""
        amount = None if self.balance is None else f"{self.balance:,.2f}"
        used = None if self.used is None else f"{self.used:,}"
        limit = {"used": used, "calls": f"{self.calls:,}", "seconds": f"{self.seconds:g}"}
        return [
            *([] if self.where in NAMED else [words["place"].format(where=self.where)]),
            words["key"].format(key=self.key),
            words["balance_unknown" if amount is None else "balance"].format(currency=self.currency, amount=amount),
            words["limit" if used is None else "window"].format(**limit),
        ]

    def to_text(self) -> str:
        return f"{WORDS['live' if self.is_live else 'sandbox']}, {', '.join(self.list_facts())}"

    def to_html(self, words: Mapping[str, str] = WORDS) -> str:
        colour = _LIVE_COLOUR if self.is_live else _SANDBOX_COLOUR
        word = words["live" if self.is_live else "sandbox"]
        # Where a sandbox listens tells nothing to whoever sees a form; where money goes does.
        shown = self if self.is_live else self._replace(where="sandbox")
        facts = escape(" · ".join(shown.list_facts(words)))
        return (
            f'<div style="margin:.2rem 0 .5rem"><span style="background:{colour};{_STYLE}">{word}</span> {facts}</div>'
        )
