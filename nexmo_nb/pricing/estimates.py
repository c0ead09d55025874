"""What a single message or call may cost at most, by the account's price list."""

from __future__ import annotations

import math

from nexmo_nb import validation
from nexmo_nb.contacts.numbers import country_of
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.pricing import prices
from nexmo_nb.pricing.request import PricedProduct
from nexmo_nb.session import Session


def estimate_cost(session: Session, to: str, product: PricedProduct, units: int) -> float | None:
    """Estimate what parts of an SMS, or minutes of a call, cost at most over the networks of a number's country.

    None where the price list does not tell it. The list is read once a day.
    """
    country = country_of(to)
    found = None if country is None else prices(country, product=product, session=session)
    if found is None or found["price"].isna().all():
        return None
    others = sorted(set(found["currency"].dropna()) - {session.account.currency})
    if others:
        raise InvalidRequestError(
            f"currency: got prices in {', '.join(others)}; allowed: prices in {session.account.currency}, as the "
            f"account's currency is set. No cap can be kept. Nothing was sent. connect(currency={others[0]!r})."
        )
    return float(found["price"].max()) * units


def check_max_price(max_price: float, estimate: float | None) -> None:
    """Refuse a message that could cost more than `max_price`."""
    if estimate is None:
        raise validation.invalid_argument(
            "max_price", max_price, "a message with a price", "The price list has none. Nothing was sent; see prices()."
        )
    if estimate > max_price and not math.isclose(estimate, max_price, rel_tol=1e-9):
        raise validation.invalid_argument(
            "max_price", max_price, f"at least {estimate:.4f}, what the message may cost", "Nothing was sent."
        )
