"""The account's own numbers, to be chosen as senders."""

from __future__ import annotations

from nexmo_nb.forms.widgets import show_country
from nexmo_nb.forms.words import Words
from nexmo_nb.numbers import owned_numbers
from nexmo_nb.session import Session

MOST_SENDERS = 200


def read_senders(session: Session, words: Words) -> dict[str, str]:
    """Read the account's numbers, by the words that offer each."""
    owned = owned_numbers(session=session).head(MOST_SENDERS)
    return {
        f"{number} ({show_country(country, words)})": number
        for number, country in zip(owned.msisdn, owned.country, strict=True)
    }
