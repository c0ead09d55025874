"""Plans: who would get what, in how many parts, at what price, and what stands in the way. Nothing is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, get_args

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.arrow_frames import AnyFrame, ArrowStream
from nexmo_nb.campaigns.dask_frames import is_dask
from nexmo_nb.campaigns.plan_rows import (
    PlanOptions,
    add_prices,
    list_countries,
    mark_repeated,
    plan_rows,
    read_price_ranges,
)
from nexmo_nb.campaigns.senders import Senders, check_senders, find_kept
from nexmo_nb.campaigns.suppression import mark_suppressed
from nexmo_nb.contacts.duplicates import DUPLICATES, Duplicates
from nexmo_nb.session import Session, find_session, session_or_current

TextType = Literal["auto", "text", "unicode"]
Spelling = Literal["gsm7"]


def plan_sms(
    recipients: AnyFrame | pd.Series | Iterable[Any],
    text: str | Mapping[str, str] | pd.Series | ArrowStream | Callable[[dict[str, Any]], str] | None = None,
    *,
    sender: str | int | Mapping[str | None, str | int] | None = None,
    pool: Iterable[str | int] | Mapping[str | None, Iterable[str | int]] | None = None,
    sender_column: str | None = None,
    to: str = "to",
    region: str | None = None,
    language: str | None = None,
    fill: bool = False,
    type: TextType = "auto",
    spelling: Spelling | None = None,
    duplicates: Duplicates = "first",
    prices: bool = True,
    session: Session | None = None,
) -> pd.DataFrame:
    """Plan a batch of SMS: check every row and say what it would cost. Nothing is sent.

    Parameters
    ----------
    recipients : DataFrame, Series or iterable
        One row a message. Columns other than `to` may fill the text. A DataFrame or Series of Dask gives a plan in Dask
        (needs ``pip install 'nexmo_nb[dask]'``).
    text : str, mapping, Series or function, optional
        Names in braces are replaced by the row's values, as in ``"Olá {name}, faltam {days} dias"``; write ``{{`` for a
        brace. A format may follow the name: ``{price:.2f}`` (two decimals), ``{day:%d.%m.%Y}`` (a date),
        ``{days:d}`` (a whole number). Without one, all values of a column are written alike: dates without a time as
        ``2026-11-24``, numbers with as many decimals as the one that needs most. A mapping holds a text for each
        language of the column `language`, a Series the text of each row by its label, and a function gets the row as a
        dict and returns its text. Default: the column ``text``.
    sender : str, int or mapping, optional
        A number of yours, or a name of at most 11 letters and digits. A mapping holds one for each country, by its code
        or name, and under None that of all others: ``{"US": "14155550100", "GB": "Acme", None: "Acme"}``.
    pool : list or mapping, optional
        Numbers of yours, of which each person always gets the same one, in every batch and on every machine: the one
        that last wrote to them, if the ledger knows it and it is in the pool, else one that follows from both numbers.
        They are used evenly. A list is for all countries that `sender` does not name, a mapping holds a list for each
        country: ``pool={"US": ["14155550100", "14155550101"]}, sender="Acme"``.
    sender_column : str, optional
        Name of a column of senders, one for each row; where a cell is empty, `sender` and `pool` count. One of the
        three must be given.
    to : str
        Name of the column of numbers.
    region : str, optional
        Country of numbers without a country code: a code, a name, or the name of a column that holds codes or names.
        Default: every number must have its country code.
    language : str, optional
        With a mapping: the column that says which of its texts a row gets; ``pt-BR`` gets ``pt`` if it has none of its
        own.
    fill : bool
        True: the texts of a column or Series have names in braces as well. Default: they are sent as they are.
    type : {"auto", "text", "unicode"}
        Default: text where GSM-7 has every character, else unicode; row by row.
    spelling : {"gsm7"}, optional
        ``"gsm7"``: a text that GSM-7 can carry with other spellings gets them (see `explain_encoding`), and
        ``given_text`` shows it as it was. Default: every text stays as it is.
    duplicates : {"first", "last", "all", "problem"}
        Which of several rows with one number is sent: the first, the last, all that have different texts, or none.
        Default: the first.
    prices : bool
        False: leave the prices out, and ask Nexmo nothing.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a recipient, with the index of `recipients`: ``to`` (digits), ``sender, text, country, kind, encoding``
        (text), ``parts`` (int; 0 where there is a problem), ``price_low, price_high`` (float, of the whole message over
        the networks of the country, in ``currency``), ``problem, problem_code`` (text; missing where the row can be
        sent), ``warning, warning_code`` (text; missing where nothing is doubtful), ``duplicate_of`` (the label of the
        row that is kept). Rows with a problem are never sent; those with a warning only if you say so (`send_many`).

    Raises
    ------
    InvalidRequestError
        If the sender, a column's name or another argument is wrong.
    NexmoError
        If the price list cannot be read.

    Notes
    -----
    Codes of numbers are those of `clean_contacts`. Problem codes of texts: ``text_missing``, ``text_error_value`` (a
    cell holds ``#N/A``, ``nan`` or the like), ``text_control`` (control characters), ``text_too_long``,
    ``text_encoding`` (outside GSM-7 with ``type="text"``), ``text_format``, ``text_unknown_language``. Warning code of
    texts: ``leftover_name`` (a name in braces is left in it). Letters with separate accents are composed, which keeps
    their look. Problem code of people: ``suppressed`` (they are on the do-not-send list, see `suppress`); such a row
    keeps its parts and its price, so that `send_many` can send it with ``even_if_suppressed``.

    Problem codes of senders: ``sender_missing`` (none is given for the country), ``sender_unreadable`` (a cell of
    `sender_column`). Warning codes, by what `sender_rules` knows of the country: ``sender_refused`` (as a name in the
    United States), ``sender_replaced`` (people see another one), ``sender_registration`` (a name must be registered).

    A list in Dask is read twice when it is planned: what the list decides as a whole (the country that most of it
    belongs to, the format of a column, numbers that stand in it twice) is that of the whole list, wherever its
    partitions end. Only whether a column of floats was rounded is decided for each partition. The rows are planned when
    they are computed, and again each time; ``plan.persist()`` keeps them. Texts as a Series must be a column of it.

    Prices come from the account's own list (`nexmo_nb.prices`), which is read once a day. The network of a number is
    not known beforehand, so there is a lowest and a highest price.

    Reads ``/account/get-pricing``, https://developer.vonage.com/en/api/pricing.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> people = [{"to": "+351 912 345 678", "name": "Ana"}, {"to": "12", "name": "Rui"}]
    >>> plan = nx.plan_sms(people, "Hello {name}", sender="Demo")
    >>> plan[["to", "text", "parts"]].values.tolist()
    [['351912345678', 'Hello Ana', 1], ['12', <NA>, 0]]
    """
    has_prices = validation.check_bool("prices", prices)
    options = PlanOptions(
        senders=_find_senders(sender, pool, sender_column, session),
        to=to,
        region=region,
        language=language,
        kind=validation.check_choice("type", type, get_args(TextType)),
        keep=validation.check_choice("duplicates", duplicates, DUPLICATES),
        spell=spelling is not None and validation.check_choice("spelling", spelling, get_args(Spelling)) == "gsm7",
        fill=validation.check_bool("fill", fill),
    )
    source = session_or_current(session) if has_prices else None
    keeper = find_session(session)  # of the do-not-send list, which asks Nexmo nothing
    if is_dask(recipients):
        from nexmo_nb.campaigns.dask_plan import plan_partitions  # Dask is an extra

        dask_plan: pd.DataFrame = plan_partitions(recipients, text, options, source, keeper)
        return dask_plan
    plan = plan_rows(recipients, text, options)
    mark_repeated(plan, options.keep)
    if source is not None and (countries := list_countries(plan)):
        add_prices(plan, read_price_ranges(countries, source))
    if keeper is not None:
        mark_suppressed(plan, keeper)
    return plan


def _find_senders(sender: Any, pool: Any, column: Any, session: Session | None) -> Senders:
    """Check who the messages are from, and read who of a pool wrote to whom before."""
    senders = check_senders(sender, pool, column)
    pools = senders.list_pools()
    if not pools:
        return senders
    ledger = session_or_current(session).ledger
    last = {number: ledger.read_recipients(number) for number in {number for pool in pools for number in pool}}
    return senders._replace(kept=find_kept(pools, last))
