"""The whole bill of an account: the records of all products that can cost something, and the rent of numbers."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from datetime import date, datetime
from functools import partial

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.costs.bill_lines import BILL_COLUMNS, build_bill, sort_bill
from nexmo_nb.costs.numbers import number_costs
from nexmo_nb.costs.rent import RENT, RENT_COLUMNS, build_rent
from nexmo_nb.frames import concat_frames, frame
from nexmo_nb.numbers import owned_numbers, search_numbers
from nexmo_nb.options import hide_progress
from nexmo_nb.reports import records
from nexmo_nb.reports.columns import DIRECTED, PRODUCTS
from nexmo_nb.session import Session, session_or_current

COSTLESS = ("VOICE-FAILED", "SMS-TRAFFIC-CONTROL")
"""Products whose records have no price: to read them would only cost."""
BILLED = (*(product for product in PRODUCTS if product not in COSTLESS), RENT)


def bill(
    start: str | date | datetime,
    end: str | date | datetime,
    *,
    products: str | Iterable[str] = "all",
    include_subaccounts: bool = False,
    max_records: int | None = 100_000,
    progress: bool = True,
    session: Session | None = None,
) -> pd.DataFrame:
    """Put everything that an account was charged for into one frame, by day. Each record that it reads costs money.

    Parameters
    ----------
    start, end : str or datetime
        From, and before, as text in ISO 8601; UTC unless they say otherwise. Nexmo keeps records for 13 months.
    products : str or iterable of str
        Names of the Reports API, such as ``["SMS", "MESSAGES", "VOICE-CALL"]``, and ``"NUMBERS"`` for the rent of
        numbers. Default: all but ``VOICE-FAILED`` and ``SMS-TRAFFIC-CONTROL``, which have no price.
    include_subaccounts : bool
        True: with the records of subaccounts, which ``account`` tells apart. Default: this account's alone. Rent is
        that of this account's numbers.
    max_records : int, optional
        As for `records`, of each product and direction.
    progress : bool
        Show a bar where several months are read.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row for all that a day has of the same kind: ``day`` (its beginning, in UTC), ``product`` (as in
        `products`), ``channel`` (sms; rcs, whatsapp, mms, viber_service_msg …; call, tts, asr …; of verifications,
        look-ups, video and others what the record says; of reports the product that was read; of numbers their type),
        ``direction, country, network, status, account`` (the API key), ``tag`` (text: ``account_ref`` of SMS),
        ``messages`` (int: messages, calls, verifications, look-ups, reports; each once), ``parts`` (int: parts of SMS,
        records of reports, else as many as messages), ``seconds`` (float), ``amount`` (float, in ``currency``),
        ``estimated`` (bool: rent, or a price that is still to come, for which the estimate counts, or 0).

    Raises
    ------
    NexmoError
        If any part cannot be read: a part of a bill is never returned as if it were all. An `InvalidRequestError` if an
        argument is wrong, or it would be more than `max_records`.

    Notes
    -----
    ``GET /v2/reports/records`` and ``POST /v2/reports``, https://developer.vonage.com/en/api/reports; ``REPORTS-USAGE``
    is free to read. An SMS that was turned into RCS has a record in both products, with one ``workflow_id``: it counts
    once, where its cost is. A message whose parts ended differently counts in the row of its first part, so that
    messages can be added up. Charges beside a call, such as those of ``ASR``, are records of their own. Rent is an
    estimate, because Nexmo does not report it: the numbers that are owned now, at what the cheapest of their country
    and type costs a month now, over the whole time until now; it stands at the first day of each month.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> bill = nx.bill("2025-12-01", "2025-12-02", products=["SMS", "MESSAGES", "VOICE-CALL"])
    >>> sorted(bill["product"].unique())
    ['MESSAGES', 'SMS', 'VOICE-CALL']
    """
    session = session_or_current(session)
    wanted = _check_products(products)
    span = validation.check_time("start", start), validation.check_time("end", end)
    if not span[0] < span[1]:
        raise validation.invalid_argument("end", end, "a time after start")
    whole = validation.check_bool("include_subaccounts", include_subaccounts)
    first, last = (pd.Timestamp(at, unit="s", tz="UTC") for at in span)
    read = partial(
        records, start=first, end=last, include_subaccounts=whole, max_records=max_records, progress=progress,
        session=session,
    )  # fmt: skip
    frames = {
        product: [read(product, direction=direction) for direction in ("outbound", "inbound")]
        if product in DIRECTED
        else [read(product)]
        for product in PRODUCTS
        if product in wanted
    }
    found = build_bill(frames)
    if RENT not in wanted:
        return found
    until = min(span[1], session.ledger.clock())
    with nullcontext() if progress else hide_progress():
        numbers = owned_numbers(session=session)
        countries = sorted(numbers["country"].dropna().unique())
        offered = number_costs(search_numbers(countries, session=session)) if countries else frame([], RENT_COLUMNS)
    rent = build_rent(numbers, offered, (span[0], until), session.account)
    return sort_bill(concat_frames([found, rent], frame([], BILL_COLUMNS)))


def _check_products(products: str | Iterable[str]) -> set[str]:
    allowed = "names of products, or 'all'"
    names = validation.as_list("products", products, allowed)
    if names == ["all"]:
        return set(BILLED)
    if not names:
        raise validation.invalid_argument("products", names, allowed)
    return {validation.check_choice("products", name, (*PRODUCTS, RENT)) for name in names}
