"""Where a session is: sandbox or live, whose account, what is left of money and calls; as text and as HTML. Pure."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

_STYLE = "color:#fff;border-radius:4px;padding:.1rem .5rem;font-weight:bold;letter-spacing:.05em"
_LIVE_COLOUR, _SANDBOX_COLOUR = "#b00020", "#37474f"
NAMED = ("live", "sandbox")
"""What `connect` was told, where the badge's word says all of it."""


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

    @property
    def word(self) -> str:
        return "LIVE" if self.is_live else "SANDBOX"

    @property
    def place(self) -> list[str]:
        """Where that is, unless the word says it."""
        return [] if self.where in NAMED else [f"at {self.where}"]

    @property
    def facts(self) -> list[str]:
        """What stands behind the word."""
        balance = "not read yet" if self.balance is None else f"{self.currency} {self.balance:,.2f}"
        used = "" if self.used is None else f"{self.used:,} of "
        window = f"{used}{self.calls:,} calls in {self.seconds:g} s"
        return [f"key {self.key}", f"balance {balance}", window]

    def to_text(self) -> str:
        return f"{self.word}, {', '.join([*self.place, *self.facts])}"

    def to_html(self) -> str:
        colour = _LIVE_COLOUR if self.is_live else _SANDBOX_COLOUR
        word = f'<span style="background:{colour};{_STYLE}">{self.word}</span>'
        # Where a sandbox listens tells nothing to whoever sees a form; where money goes does.
        facts = [*self.place, *self.facts] if self.is_live else self.facts
        return f'<div style="margin:.2rem 0 .5rem">{word} {escape(" · ".join(facts))}</div>'
