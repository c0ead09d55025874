"""What a connection is made of, as a table without secrets."""

from __future__ import annotations

import pandas as pd

from nexmo_nb.credentials import FIELDS, SECRET_FIELDS
from nexmo_nb.frames import Column, frame
from nexmo_nb.session.connect import session_or_current
from nexmo_nb.session.session import Session

_SETTINGS = (Column("setting"), Column("value"), Column("source"))


def show_connection(session: Session | None = None) -> pd.DataFrame:
    """Show each setting of a connection and where it came from; secrets only as ``set`` or ``not set``.

    Parameters
    ----------
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        Columns ``setting``, ``value``, ``source``, all text.

    Raises
    ------
    InvalidRequestError
        If `connect` was not called yet.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> nx.show_connection().set_index("setting").value["api_secret"]
    'set'
    """
    session = session_or_current(session)
    account, limit = session.account, session.throttle.limit
    values = {"where": session.where, "rest_host": account.rest_host, "api_host": account.api_host}
    for name in FIELDS:
        value = getattr(account, name)
        values[name] = "set" if value and name in SECRET_FIELDS else value or "not set"
    values |= {
        "signature_method": account.signature_method,
        "currency": account.currency,
        "sms_api": account.sms_api,
        "limit": f"{limit.calls} calls in {limit.seconds:g} s",
        "cache": "off" if session.cache is None else "on",
        "state": "files" if session.store is None else str(session.store),
        "state_dir": str(session.throttle.path.parent),
    }
    access = None if session.store is None else session.store.access
    sources = dict(account.sources)
    if access is not None:
        values["state_password"] = "set" if access.password_source else "not set"
        values["state_encrypted"] = "yes" if access.is_encrypted else "no"
        sources["state_password"] = access.password_source
    rows = [{"setting": key, "value": shown, "source": sources.get(key, "")} for key, shown in values.items()]
    return frame(rows, _SETTINGS)
