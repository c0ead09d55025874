"""Numbers: search those for rent, list those owned, and buy, update and cancel them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.contacts.countries import check_country
from nexmo_nb.contacts.numbers import check_msisdn
from nexmo_nb.frames import frame, frame_from_columns
from nexmo_nb.numbers.request import (
    CallbackType,
    Match,
    NumberType,
    build_change_request,
    build_owned_request,
    build_search_requests,
    check_settings,
)
from nexmo_nb.numbers.response import (
    COLUMNS,
    LISTING,
    OWNED_COLUMNS,
    RESULT_COLUMNS,
    find_settings,
    parse_columns,
    parse_result,
)
from nexmo_nb.session import Session, session_or_current

__all__ = ["buy_number", "cancel_number", "owned_numbers", "search_numbers", "update_number"]


def search_numbers(
    country: str | Iterable[str],
    *,
    pattern: str | int | None = None,
    match: Match = "starts",
    features: str | Iterable[str] | None = None,
    type: NumberType | None = None,
    limit: int | None = None,
    page: int | None = None,
    refresh: bool = False,
    session: Session | None = None,
) -> pd.DataFrame:
    """Search numbers for rent in one country or several.

    Parameters
    ----------
    country : str or iterable of str
        Codes of ISO 3166-1, or names, such as ``"GB"``, ``"Portugal"`` or ``["GB", "PT"]``; `nexmo_nb.countries` lists
        them.
    pattern : str or int, optional
        Digits that the number must contain; as text, so that leading zeros stay. Default: any number.
    match : {"starts", "contains", "ends"}
        Where in the number `pattern` must be; a number starts with its country code.
    features : str or iterable of str, optional
        Any of SMS, VOICE and MMS, in any order; the number has all of them. Default: any.
    type : {"landline", "mobile-lvn", "landline-toll-free"}, optional
        Default: any.
    limit : int, optional
        At most so many numbers of each country. Default: all; 100 come with each request.
    page : int, optional
        Only this page, counted from 1, of as many numbers of each country as `limit` says: 1 to 100, or else 10, as the
        API does. Default: no pages.
    refresh : bool
        True: ask the server again. Default: a cached answer of up to 10 minutes is used.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a number: ``country, msisdn, type`` (text), ``sms, voice, mms`` (bool), ``monthly_cost, setup_cost``
        (float, in ``currency``), ``limitations`` (text: what it cannot do, such as ``SMS OUTBOUND DOMESTIC``, as the
        API words it). ``.attrs["count"]`` is how many the server has in all, whatever `limit` and `page` are.

    Raises
    ------
    InvalidRequestError, NexmoError
        If an argument is wrong, and nothing is sent; if any page of any country cannot be read.

    Notes
    -----
    ``GET /number/search``, https://developer.vonage.com/en/api/numbers. Prices are per month and once, without tax.
    Several countries, and several pages of one, are asked for at once, nearly three requests a second, with a bar where
    they take longer than two seconds, unless `nexmo_nb.set_options` says otherwise.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> numbers = nx.search_numbers(["GB", "PT"], features=["VOICE", "SMS"], limit=5)
    >>> sorted(set(numbers.country))
    ['GB', 'PT']
    """
    session = session_or_current(session)
    page, limit = validation.check_page(page, limit)
    refresh = validation.check_bool("refresh", refresh)
    requests = build_search_requests(country, pattern, match, features, type)
    lists = session.read_lists(requests, LISTING, limit=limit, page=page, refresh=refresh)
    rows = [row for pages in lists for row in pages.rows]
    count = sum(pages.total for pages in lists)
    return frame_from_columns(parse_columns(rows, session.account.currency), COLUMNS, {"count": count})


def owned_numbers(
    *,
    country: str | None = None,
    pattern: str | int | None = None,
    match: Match = "starts",
    application_id: str | None = None,
    has_application: bool | None = None,
    limit: int | None = None,
    page: int | None = None,
    refresh: bool = False,
    session: Session | None = None,
) -> pd.DataFrame:
    """List the numbers that the account rents.

    Parameters
    ----------
    country, pattern, match : optional
        As for `search_numbers`, but one country at most. Default: all countries, any number.
    application_id : str, optional
        Only numbers linked to this application. Default: any.
    has_application : bool, optional
        True: only numbers linked to an application; False: only those that are not. Default: all.
    limit : int, optional
        At most so many numbers. Default: all; 100 come with each request, and Nexmo allows one request a second.
    page : int, optional
        As for `search_numbers`.
    refresh : bool
        True: ask the server again. Default: a cached answer of up to 5 minutes, if nothing changed since.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row a number: the columns of `search_numbers` and ``app_id, mo_http_url, voice_callback_type,
        voice_callback_value, voice_status_callback, messages_callback_type, messages_callback_value`` (text). The API
        does not return the costs of owned numbers: they are missing values.
        ``.attrs["count"]`` is how many the server has in all, whatever `limit` and `page` are.

    Raises
    ------
    InvalidRequestError, NexmoError
        If an argument is wrong, and nothing is sent; if any page cannot be read.

    Notes
    -----
    ``GET /account/numbers``, https://developer.vonage.com/en/api/numbers.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> len(nx.owned_numbers(limit=3))
    3
    """
    session = session_or_current(session)
    request = build_owned_request(country, pattern, match, application_id, has_application)
    page, limit = validation.check_page(page, limit)
    refresh = validation.check_bool("refresh", refresh)
    pages = session.read_pages(request, LISTING, limit=limit, page=page, refresh=refresh)
    columns = parse_columns(pages.rows, session.account.currency)
    return frame_from_columns(columns, OWNED_COLUMNS, {"count": pages.total})


def buy_number(
    country: str, msisdn: str | int, *, target_api_key: str | None = None, session: Session | None = None
) -> pd.DataFrame:
    """Rent a number that `search_numbers` found; its setup and first month are charged at once.

    Parameters
    ----------
    country, msisdn : str, str or int
        The number, as in these columns of `search_numbers`; the country is a code of ISO 3166-1, or a name.
    target_api_key : str, optional
        The subaccount that gets it. Default: this account.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row: ``country, msisdn, status, meaning`` (text).

    Raises
    ------
    InvalidRequestError, RejectedError
        If an argument is wrong, and nothing is sent; if the number is not for rent, or needs an address that only the
        dashboard can take.
    AuthenticationError
        If the credentials are refused, or the balance is too small: Nexmo answers both alike.
    UnknownOutcomeError
        If no answer came: check with `owned_numbers` before you repeat it.

    Notes
    -----
    ``POST /number/buy``, https://developer.vonage.com/en/api/numbers. Never sent twice by itself.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> number = nx.search_numbers("GB", limit=1).msisdn[0]
    >>> nx.buy_number("GB", number).meaning[0]
    'success'
    """
    return _change_number("buy", country, msisdn, session, target_api_key=target_api_key)


def cancel_number(
    country: str, msisdn: str | int, *, target_api_key: str | None = None, session: Session | None = None
) -> pd.DataFrame:
    """Cancel an owned number; it cannot be undone, and somebody else may rent the number then.

    Parameters
    ----------
    country, msisdn, target_api_key, session
        As for `buy_number`: the number, the subaccount that has it.

    Returns
    -------
    pandas.DataFrame
        One row: ``country, msisdn, status, meaning`` (text).

    Raises
    ------
    InvalidRequestError, RejectedError
        If an argument is wrong, and nothing is sent; if the account does not have the number.
    UnknownOutcomeError
        If no answer came: check with `owned_numbers`.

    Notes
    -----
    ``POST /number/cancel``, https://developer.vonage.com/en/api/numbers.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> first = nx.owned_numbers(limit=1).iloc[0]
    >>> nx.cancel_number(first.country, first.msisdn).status[0]
    '200'
    """
    return _change_number("cancel", country, msisdn, session, target_api_key=target_api_key)


def update_number(
    country: str,
    msisdn: str | int,
    *,
    app_id: str | None = None,
    mo_http_url: str | None = None,
    mo_smpp_sys_type: str | None = None,
    voice_callback_type: CallbackType | None = None,
    voice_callback_value: str | None = None,
    voice_status_callback: str | None = None,
    session: Session | None = None,
) -> pd.DataFrame:
    """Change what an owned number is linked to; settings that are not given keep their value.

    Parameters
    ----------
    country, msisdn, session
        As for `cancel_number`.
    app_id : str, optional
        Id of the application that handles its calls and messages.
    mo_http_url : str, optional
        Where inbound messages go; Nexmo fetches it first and wants HTTP 200. ``""`` removes it.
    mo_smpp_sys_type : str, optional
        System type of an SMPP client.
    voice_callback_type : {"sip", "tel", "app"}, optional
        Where calls go.
    voice_callback_value : str, optional
        The SIP address, number, or application's id.
    voice_status_callback : str, optional
        Where the end of a call is reported. ``""`` removes it.

    Returns
    -------
    pandas.DataFrame
        One row: ``country, msisdn, status, meaning`` (text).

    Raises
    ------
    InvalidRequestError, NotFoundError
        If an argument is wrong or nothing is to change, and nothing is sent; if the account does not have the number.
    UnknownOutcomeError
        If no answer came: check with `owned_numbers`.

    Notes
    -----
    ``POST /number/update``, https://developer.vonage.com/en/api/numbers. An update clears the inbound URL that it
    leaves out, and perhaps other settings; so the number is read first, and everything that the API shows is sent
    along. Only ``mo_smpp_sys_type`` cannot be kept: the API does not show it.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> first = nx.owned_numbers(limit=1).iloc[0]
    >>> nx.update_number(first.country, first.msisdn, mo_http_url="https://example.org/in").status[0]
    '200'
    """
    session = session_or_current(session)
    settings = check_settings(
        app_id=app_id,
        mo_http_url=mo_http_url,
        mo_smpp_sys_type=mo_smpp_sys_type,
        voice_callback_type=voice_callback_type,
        voice_callback_value=voice_callback_value,
        voice_status_callback=voice_status_callback,
    )
    country, msisdn = check_country(country), check_msisdn(msisdn)
    # The API finds a number only by digits that it contains.
    pages = session.read_pages(build_owned_request(country, msisdn, "contains"), LISTING, refresh=True)
    kept = find_settings(pages.rows, country, msisdn)
    return _change_number("update", country, msisdn, session, **(kept | settings))


def _change_number(action: str, country: Any, msisdn: Any, session: Session | None, **fields: Any) -> pd.DataFrame:
    request = build_change_request(action, country, msisdn, **fields)
    body = session_or_current(session).call(request)
    return frame([parse_result(request, body)], RESULT_COLUMNS)
