"""What a plan adds up to."""

from __future__ import annotations

import pandas as pd

from nexmo_nb.arrow_frames import AnyFrame, to_pandas
from nexmo_nb.campaigns.dask_frames import is_dask
from nexmo_nb.campaigns.plan_sums import add_lines, check_plan, count_lines


def summary(plan: AnyFrame) -> pd.DataFrame:
    """Add a plan up by country.

    Parameters
    ----------
    plan : DataFrame
        As `plan_sms` returns it, of pandas or of Dask.

    Returns
    -------
    pandas.DataFrame
        One row a country, and a last one, ``total`` (one for each currency, should there be several): ``country``
        (text), ``recipients, parts`` (int; of rows that can be sent), ``price_low, price_high`` (float, in
        ``currency``), ``problems`` (int: rows that cannot be sent), ``doubtful`` (int: rows that can be sent and have a
        warning), ``unpriced`` (int: rows that can be sent and have no price; the prices leave them out).

    Raises
    ------
    InvalidRequestError
        If it is no plan.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> plan = nx.plan_sms(["+351 912 345 678", "+44 7700 900000"], "Hello", sender="Demo")
    >>> nx.summary(plan)[["country", "recipients", "parts"]].values.tolist()
    [['GB', 1, 1], ['PT', 1, 1], ['total', 2, 2]]
    """
    plan = to_pandas(plan)
    if is_dask(plan):
        from nexmo_nb.campaigns.dask_plan import add_up_partitions  # Dask is an extra

        return add_up_partitions(plan)
    check_plan(plan)
    return add_lines(count_lines(plan))
