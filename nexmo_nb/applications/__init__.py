"""Applications: the webhooks and keys that voice calls and messages use. Version 2 of the wire, as flat rows."""

from __future__ import annotations

import copy
import os
import warnings
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.applications.key_file import KeyFile
from nexmo_nb.applications.request import (
    check_application,
    checked,
    flat,
    kinds_of,
    name_of,
    public_key_of,
    put,
    sound,
)
from nexmo_nb.errors import InvalidRequestError, NexmoError, UnreachableError, without_traceback_of
from nexmo_nb.frames import Column, frame
from nexmo_nb.session import Listing, Request, Session, field, session_or_current, unanswered_error

__all__ = [
    "application",
    "applications",
    "check_application",
    "create_application",
    "delete_application",
    "update_application",
]

COLUMNS = (
    Column("id"),
    Column("name"),
    Column("type"),
    Column("answer_url"),
    Column("answer_method"),
    Column("event_url"),
    Column("event_method"),
    Column("inbound_url"),
    Column("status_url"),
    Column("public_key"),
)
CREATED_COLUMNS = (*COLUMNS, Column("private_key_path"))

_PATH = "/v2/applications"
_FAMILY = "applications"
_LISTING = Listing(page="page", size="page_size", rows=("_embedded", "applications"), total="total_items")


def applications(*, limit: int | None = None, refresh: bool = False, session: Session | None = None) -> pd.DataFrame:
    """List the account's applications.

    Parameters
    ----------
    limit : int, optional
        At most so many. Default: all; 100 come with each request.
    refresh : bool
        True: ask anew. Default: an answer up to 5 minutes old will do, if nothing was changed since.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row an application, all text: ``id, name, type`` (comma-joined: voice, messages …), ``answer_url,
        answer_method, event_url, event_method`` (voice), ``inbound_url, status_url`` (messages), ``public_key``.
        ``.attrs["count"]`` is how many the server has in all.

    Raises
    ------
    InvalidRequestError
        If an argument is wrong; nothing is sent.
    NexmoError
        If any page cannot be read.

    Notes
    -----
    ``GET /v2/applications``, https://developer.vonage.com/en/api/application.v2.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> "voice" in set(nx.applications().type)
    True
    """
    session = session_or_current(session)
    limit = None if limit is None else validation.check_int("limit", limit, 1)
    ask = Request("list applications", "GET", _PATH, host="api", family=_FAMILY)
    found = session.read_pages(ask, _LISTING, limit=limit, refresh=validation.check_bool("refresh", refresh))
    return frame([flat(row) for row in found.rows], COLUMNS, {"count": found.total})


def application(application_id: str, *, refresh: bool = False, session: Session | None = None) -> pd.DataFrame:
    """Get one application by its id.

    Parameters
    ----------
    application_id : str
        As in the column ``id`` of `applications`.
    refresh : bool
        True: ask anew. Default: an answer up to 5 minutes old will do, if nothing was changed since.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row, with the columns of `applications`.

    Raises
    ------
    InvalidRequestError
        If it is no UUID; nothing is sent.
    NotFoundError
        If the account has no such application.

    Notes
    -----
    ``GET /v2/applications/{id}``, https://developer.vonage.com/en/api/application.v2.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> nx.application(nx.applications().id[0]).shape
    (1, 10)
    """
    return frame(
        [flat(_get(session_or_current(session), application_id, validation.check_bool("refresh", refresh)))], COLUMNS
    )


def create_application(
    name: str,
    *,
    type: str = "voice",
    answer_url: str | None = None,
    event_url: str | None = None,
    answer_method: str = "GET",
    event_method: str = "POST",
    inbound_url: str | None = None,
    status_url: str | None = None,
    public_key: str | None = None,
    private_key_path: str | os.PathLike[str] | None = None,
    session: Session | None = None,
) -> pd.DataFrame:
    """Create an application; its private key goes into a file that only you can read, and nowhere else.

    Parameters
    ----------
    name : str
        What to call it; need not be unique.
    type : {"voice", "messages", "voice,messages"}
        What it is for.
    answer_url, event_url : str
        Voice: where Nexmo asks what a call shall do, and where it reports what happened.
    answer_method, event_method : {"GET", "POST"}
        Voice: how it asks and reports.
    inbound_url, status_url : str
        Messages: where inbound messages and their states are posted.
    public_key : str, optional
        PEM text of your own key pair's public half. Default: Nexmo makes a pair.
    private_key_path : path, optional
        A new file for the private key that Nexmo made. Default: ``keys/<id>.key`` in the account's state folder.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row: the columns of `applications`, and ``private_key_path``, missing if you gave a `public_key`.

    Raises
    ------
    InvalidRequestError
        If an argument is wrong, or the file exists or cannot be written; nothing is sent.
    UnknownOutcomeError
        If no answer came: look with ``applications(refresh=True)``. The private key of such an application is lost.

    Warns
    -----
    UserWarning
        If Nexmo's answer held no private key.

    Notes
    -----
    ``POST /v2/applications``, https://developer.vonage.com/en/api/application.v2. The key comes once. Its file is
    made, mode 600, and its room on the disk taken before the request leaves.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> made = nx.create_application(
    ...     "Survey", answer_url="https://example.org/answer", event_url="https://example.org/event"
    ... )
    >>> made.name[0], made.type[0]
    ('Survey', 'voice')
    """
    session = session_or_current(session)
    body = check_application(
        name,
        type=type,
        answer_url=answer_url,
        event_url=event_url,
        answer_method=answer_method,
        event_method=event_method,
        inbound_url=inbound_url,
        status_url=status_url,
        public_key=public_key,
    )
    file = None if public_key is not None else KeyFile(session.throttle.path.parent / "keys", private_key_path)
    ask = Request(
        f"create application {name!r}",
        "POST",
        _PATH,
        host="api",
        family=_FAMILY,
        json=body,
        invalidates=(_FAMILY,),
        find_refusal=_without_id,
    )
    # Whatever fails, no frame that saw the key becomes part of the traceback.
    return frame([without_traceback_of(lambda: _send_for_key(session, ask, file))], CREATED_COLUMNS)


def update_application(
    application_id: str,
    *,
    name: str | None = None,
    type: str | None = None,
    answer_url: str | None = None,
    event_url: str | None = None,
    answer_method: str | None = None,
    event_method: str | None = None,
    inbound_url: str | None = None,
    status_url: str | None = None,
    public_key: str | None = None,
    session: Session | None = None,
) -> pd.DataFrame:
    """Change an application; what is left out keeps its value.

    Parameters
    ----------
    application_id : str
        As in the column ``id`` of `applications`.
    name, answer_url, event_url, answer_method, event_method, inbound_url, status_url : str, optional
        As for `create_application`. Default: unchanged.
    type : {"voice", "messages", "voice,messages"}, optional
        What it shall be for; a use that is not named is taken away. Default: unchanged.
    public_key : str, optional
        PEM text of the public half of a new key pair of yours. Default: unchanged.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row: the application as it is now, with the columns of `applications`.

    Raises
    ------
    InvalidRequestError
        If an argument is wrong, or there is nothing to change; nothing is sent.
    NotFoundError
        If the account has no such application.
    UnknownOutcomeError
        If no answer came: look with ``application(…, refresh=True)``.

    Notes
    -----
    ``PUT /v2/applications/{id}``, https://developer.vonage.com/en/api/application.v2, replaces everything. So the
    application is read first, and settings that this function has no name for are sent back as they were.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> first = nx.applications().id[0]
    >>> nx.update_application(first, name="Renamed").name[0]
    'Renamed'
    """
    session = session_or_current(session)
    code = validation.check_application_id(application_id)
    fields = checked(
        answer_url=answer_url,
        answer_method=answer_method,
        event_url=event_url,
        event_method=event_method,
        inbound_url=inbound_url,
        status_url=status_url,
    )
    kinds = None if type is None else kinds_of(type)
    changes = validation.drop_none({"name": None if name is None else name_of(name)})
    key = None if public_key is None else public_key_of(public_key)
    if not (fields or kinds or changes or key):
        raise validation.invalid_argument("update_application", None, "at least one setting to change")
    body = copy.deepcopy(_get(session, code, refresh=True))
    if not sound(body):
        raise UnreachableError(f"Could not update application {code}: it cannot be read as it is. Nothing was changed.")
    for name_ in ("id", "_links"):
        body.pop(name_, None)
    body.update(changes)
    if key:
        body["keys"] = {"public_key": key}
    put(body, kinds, fields)
    ask = Request(
        f"update application {code}",
        "PUT",
        f"{_PATH}/{code}",
        host="api",
        family=_FAMILY,
        json=body,
        invalidates=(_FAMILY,),
        find_refusal=_without_id,
    )
    return frame([flat(session.call(ask))], COLUMNS)


def delete_application(application_id: str, *, session: Session | None = None) -> None:
    """Delete an application; it cannot be undone.

    Parameters
    ----------
    application_id : str
        As in the column ``id`` of `applications`.
    session : Session, optional
        Default: the current one.

    Raises
    ------
    InvalidRequestError
        If it is no UUID; nothing is sent.
    NotFoundError
        If the account has no such application.
    UnknownOutcomeError
        If no answer came: look with ``applications(refresh=True)``.

    Notes
    -----
    ``DELETE /v2/applications/{id}``, https://developer.vonage.com/en/api/application.v2.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> nx.delete_application(nx.applications().id[0])
    """
    code = validation.check_application_id(application_id)
    what = f"delete application {code}"
    ask = Request(
        what,
        "DELETE",
        f"{_PATH}/{code}",
        host="api",
        family=_FAMILY,
        invalidates=(_FAMILY, "owned"),
        find_refusal=_not_empty,
    )
    session_or_current(session).call(ask)


def _send_for_key(session: Session, ask: Request, file: KeyFile | None) -> dict[str, Any]:
    """Create, and move the private key from the answer into its file."""
    try:
        answer = session.call(ask)
    except BaseException:
        if file:
            file.drop()
        raise
    row = flat(answer)
    keys = answer.get("keys")
    key = keys.pop("private_key", None) if isinstance(keys, dict) else None
    if file and isinstance(key, str) and key:
        row["private_key_path"] = file.keep(key, str(row["id"]))
    elif file:
        file.drop()
        warnings.warn(f"Nexmo's answer held no private key of the new application {row['id']}.", stacklevel=4)
    return row


def _get(session: Session, application_id: str, refresh: bool) -> dict[str, Any]:
    code = validation.check_application_id(application_id)
    ask = Request(
        f"get application {code}", "GET", f"{_PATH}/{code}", host="api", family=_FAMILY, find_refusal=_without_id
    )
    found: dict[str, Any] = session.call(ask, refresh=refresh)
    return found


def _not_empty(ask: Request, body: Any) -> NexmoError | None:
    return unanswered_error(ask, "the answer is not the one to a deletion", status=200) if body else None


def _without_id(ask: Request, body: Any) -> NexmoError | None:
    try:
        validation.check_application_id(field(body, "id"))
    except InvalidRequestError:
        return unanswered_error(ask, "the answer holds no application", status=200)
    return None
