"""Putting what was looked up into a plan: the price of the network that a number is on, and doubts about its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.arrow_frames import AnyFrame, to_pandas
from nexmo_nb.campaigns.dask_frames import is_dask
from nexmo_nb.campaigns.plan_sums import check_plan
from nexmo_nb.pricing import prices
from nexmo_nb.session import Session, session_or_current

NEEDED = ("number", "country", "network", "network_type")
DOUBT = ("warning", "warning_code")
NOT_MOBILE = "not_mobile"
"""The code of the doubt, as `clean_contacts` has it."""

Found = Mapping[Any, Any]


def add_lookup(plan: AnyFrame, found: AnyFrame, *, session: Session | None = None) -> pd.DataFrame:
    """Put what `lookup` found into a plan: exact prices, and a doubt where a number is none that gets SMS.

    Parameters
    ----------
    plan : DataFrame
        As `plan_sms` returns it.
    found : DataFrame
        As `lookup` returns it, in any order, for these numbers or others.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        The plan, with its index and columns, and ``network`` (MCC and MNC, text; missing where it is not known). Where
        the price list has that network, ``price_low`` and ``price_high`` are both its price. A number that is a
        landline, toll-free or premium has the warning code ``not_mobile``, unless it has a warning already; one that is
        mobile has none of that code any more.

    Raises
    ------
    InvalidRequestError
        If the plan or what was found is none.
    NexmoError
        If the price list cannot be read.

    Notes
    -----
    Nothing is looked up, and nothing is sent. Prices are those of the account's list (`prices`), which is read once a
    day, https://developer.vonage.com/en/api/pricing.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> plan = nx.plan_sms(["+44 3069 990207"], "Hello", sender="Demo")
    >>> plan = nx.add_lookup(plan, nx.lookup(plan))
    >>> bool((plan.price_low == plan.price_high).all()), plan.network.tolist()
    (True, ['23410'])
    """
    session = session_or_current(session)
    for name, given in (("plan", plan), ("found", found)):
        if is_dask(given):
            raise validation.invalid_argument(name, "a frame in Dask", "a frame of pandas: compute() it first")
    table, looked_up = to_pandas(plan), to_pandas(found)
    check_plan(table)
    if absent := [name for name in DOUBT if name not in table]:
        raise validation.invalid_argument(
            "plan", list(table.columns), f"a plan of plan_sms(), with {', '.join(absent)}"
        )
    lacking = [name for name in NEEDED if not isinstance(looked_up, pd.DataFrame) or name not in looked_up]
    if lacking:
        allowed = f"a frame as lookup() returns it, with the columns {', '.join(NEEDED)}"
        raise validation.invalid_argument("found", list(getattr(looked_up, "columns", ())), allowed)
    by_number = {row["number"]: row for row in looked_up.dropna(subset=["network_type"]).to_dict("records")}
    rows: list[Found] = [by_number.get(number, {}) for number in table["to"]]
    plan = table.copy()
    plan["network"] = pd.array([_get(row, "network") for row in rows], dtype="string")
    usable = plan["problem"].isna().to_numpy(dtype=bool)
    _write_prices(plan, rows, usable, session)
    _write_doubts(plan, rows, usable)
    return plan


def _get(row: Found, name: str) -> Any:
    value = row.get(name)
    return None if value is None or validation.is_missing(value) else value


def _write_prices(plan: pd.DataFrame, rows: list[Found], usable: Any, session: Session) -> None:
    """Write the price of its network where that is known; a plan without prices stays without."""
    if plan["price_high"].isna().all():
        return
    countries = sorted({row["country"] for row in rows if _get(row, "country") and _get(row, "network")})
    if not countries:
        return
    by_network = _list_prices(prices(countries, session=session))
    exact = [by_network.get((_get(row, "country"), _get(row, "network"))) for row in rows]
    amounts = pd.array(exact, dtype="Float64").to_numpy(dtype=float, na_value=float("nan")) * plan["parts"].to_numpy()
    is_exact = usable & ~pd.isna(amounts) & plan["price_high"].notna().to_numpy()
    for name in ("price_low", "price_high"):
        plan[name] = plan[name].where(~is_exact, amounts)


def _list_prices(table: pd.DataFrame) -> dict[tuple[Any, Any], float]:
    """List prices by country and network, also by the other codes of a network; of two, the higher one."""
    found: dict[tuple[Any, Any], float] = {}
    for row in table[table["price"].notna()].to_dict("records"):
        codes = {row["network_code"], *str(_get(row, "aliases") or "").split(",")}
        for code in (str(each).strip() for each in codes if not validation.is_missing(each) and str(each).strip()):
            found[row["country"], code] = max(row["price"], found.get((row["country"], code), 0.0))
    return found


def _write_doubts(plan: pd.DataFrame, rows: list[Found], usable: Any) -> None:
    warnings, codes = (plan[name].astype(object).where(plan[name].notna(), None).tolist() for name in DOUBT)
    for place, (row, is_usable) in enumerate(zip(rows, usable, strict=True)):
        kind = _get(row, "network_type")
        if kind is None or not is_usable:
            continue
        if kind == "mobile" and codes[place] == NOT_MOBILE:
            warnings[place], codes[place] = None, None
        elif kind in ("landline", "tollfree", "toll-free", "premium") and codes[place] is None:
            number = plan["to"].iloc[place]
            warnings[place] = f"+{number} is a {kind} number, as its operator tells; few of them get SMS."
            codes[place] = NOT_MOBILE
    for name, values in zip(DOUBT, (warnings, codes), strict=True):
        plan[name] = pd.array(values, dtype="string")
