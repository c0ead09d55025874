"""Plans that fit an amount of money."""

from __future__ import annotations

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.arrow_frames import AnyFrame, to_pandas
from nexmo_nb.campaigns.dask_frames import is_dask
from nexmo_nb.campaigns.plan_fit import fit_rows, measure_rows
from nexmo_nb.campaigns.plan_sums import check_plan


def fit_budget(plan: AnyFrame, amount: float) -> pd.DataFrame:
    """Keep as many rows of a plan, in its order, as an amount of money buys; mark the others as a problem.

    Parameters
    ----------
    plan : DataFrame
        As `plan_sms` returns it, of pandas or of Dask. Sort it before, if some people matter more than others.
    amount : float
        In the plan's currency. Each row counts its ``price_high``; a row with a problem costs nothing.

    Returns
    -------
    pandas.DataFrame
        The plan, with the same index and columns. From the first row on that the amount does not buy, and where a row
        has no price, ``problem`` says so, ``problem_code`` (if the plan has it) is ``over_budget``, ``parts`` is 0, and
        the prices are missing. The plan that was given stays as it is.

    Raises
    ------
    InvalidRequestError
        If it is no plan, or has prices in several currencies; if the amount is none.

    Notes
    -----
    What comes back can be sent with ``send_many(..., max_cost=amount)``, as long as its batch has cost nothing yet:
    `max_cost` covers all runs of a batch. To send the others later, send the plan that
    was given, or one that is fitted to a larger amount, under the same batch name: nobody is sent to twice.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> plan = nx.plan_sms(["+351 912 345 678", "+351 912 345 679"], "Hello", sender="Demo")
    >>> nx.fit_budget(plan, float(plan.price_high.iloc[0])).problem.isna().tolist()
    [True, False]
    """
    amount = validation.check_amount("amount", amount)
    plan = to_pandas(plan)
    if is_dask(plan):
        from nexmo_nb.campaigns.dask_plan import fit_partitions  # Dask is an extra

        fitted: pd.DataFrame = fit_partitions(plan, amount)
        return fitted
    check_plan(plan)
    found = measure_rows(plan).currencies
    if len(found) > 1:
        raise validation.invalid_argument("plan", ", ".join(found), "a plan in one currency", "Plan each by itself.")
    return fit_rows(plan, amount, amount)
