"""Applications: the webhooks and keys that voice calls and messages use, by version 2 of the API."""

from __future__ import annotations

import os
import warnings
from typing import Any

import pandas as pd

from nexmo_nb import validation
from nexmo_nb.applications.key_file import KeyFile
from nexmo_nb.applications.request import (
    LIST_REQUEST,
    ApplicationType,
    build_create_request,
    build_delete_request,
    build_get_request,
    build_update_request,
    check_application,
    check_changes,
)
from nexmo_nb.applications.response import (
    COLUMNS,
    CREATED_COLUMNS,
    LISTING,
    is_complete,
    parse_row,
    read_id,
    take_private_key,
)
from nexmo_nb.errors import UnreachableError, without_traceback_of
from nexmo_nb.frames import frame
from nexmo_nb.session import Request, Session, session_or_current
from nexmo_nb.validation import HttpMethod

__all__ = ["application", "applications", "create_application", "delete_application", "update_application"]


def applications(
    *,
    limit: int | None = None,
    page: int | None = None,
    refresh: bool = False,
    session: Session | None = None,
) -> pd.DataFrame:
    """List the account's applications.

    Parameters
    ----------
    limit : int, optional
        At most so many. Default: all; 100 come with each request.
    page : int, optional
        Only this page, counted from 1, of as many applications as `limit` says: 1 to 100, or else 10, as the API does.
        Default: no pages.
    refresh : bool
        True: ask the server again. Default: a cached answer of up to 5 minutes, if nothing changed since.
    session : Session, optional
        Default: the current one.

    Returns
    -------
    pandas.DataFrame
        One row an application, all text: ``id, name, type`` (comma-joined: voice, messages …), ``answer_url,
        answer_method, event_url, event_method`` (voice), ``inbound_url, status_url`` (messages), ``public_key,
        other_settings`` (as JSON, what else the API says: regions, timeouts, webhooks of other types …).
        ``.attrs["count"]`` is how many the server has in all, whatever `limit` and `page` are.

    Raises
    ------
    InvalidRequestError, NexmoError
        If an argument is wrong, and nothing is sent; if any page cannot be read.

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
    page, limit = validation.check_page(page, limit)
    refresh = validation.check_bool("refresh", refresh)
    pages = session.read_pages(LIST_REQUEST, LISTING, limit=limit, page=page, refresh=refresh)
    return frame(map(parse_row, pages.rows), COLUMNS, {"count": pages.total})


def application(application_id: str, *, refresh: bool = False, session: Session | None = None) -> pd.DataFrame:
    """Get one application by its id.

    Parameters
    ----------
    application_id : str
        As in the column ``id`` of `applications`.
    refresh, session : optional
        As for `applications`.

    Returns
    -------
    pandas.DataFrame
        One row, with the columns of `applications`.

    Raises
    ------
    InvalidRequestError, NotFoundError
        If it is no UUID, and nothing is sent; if the account has no such application.

    Notes
    -----
    ``GET /v2/applications/{id}``, https://developer.vonage.com/en/api/application.v2.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> nx.application(nx.applications().id[0]).shape
    (1, 11)
    """
    session = session_or_current(session)
    refresh = validation.check_bool("refresh", refresh)
    request = build_get_request(validation.check_application_id(application_id))
    return frame([parse_row(session.call(request, refresh=refresh))], COLUMNS)


def create_application(
    name: str,
    *,
    type: ApplicationType = "voice",
    answer_url: str | None = None,
    event_url: str | None = None,
    answer_method: HttpMethod = "GET",
    event_method: HttpMethod = "POST",
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
        Voice: where Nexmo fetches what a call does, and where it reports what happened.
    answer_method, event_method : {"GET", "POST"}
        Voice: the HTTP methods of these requests.
    inbound_url, status_url : str
        Messages: where inbound messages and their states are posted.
    public_key : str, optional
        PEM text of the public key of your own key pair. Default: Nexmo makes a pair.
    private_key_path : path, optional
        A new file for the private key that Nexmo made. Default: ``keys/<id>.key`` in the account's state folder, or
        a random name there where the id is no UUID.
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
        If no answer came: check with ``applications(refresh=True)``. The private key of such an application is lost.

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
    >>> made = nx.create_application("Survey", answer_url="https://example.org/a", event_url="https://example.org/e")
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
    request = build_create_request(body)
    if public_key is not None:
        return frame([parse_row(session.call(request))], CREATED_COLUMNS)
    key_file = KeyFile(session.throttle.path.parent / "keys", private_key_path)
    # No frame whose variables held the key may become part of a traceback.
    row = without_traceback_of(lambda: _create_and_save_key(session, request, key_file))
    return frame([row], CREATED_COLUMNS)


def update_application(
    application_id: str,
    *,
    name: str | None = None,
    type: ApplicationType | None = None,
    answer_url: str | None = None,
    event_url: str | None = None,
    answer_method: HttpMethod | None = None,
    event_method: HttpMethod | None = None,
    inbound_url: str | None = None,
    status_url: str | None = None,
    public_key: str | None = None,
    session: Session | None = None,
) -> pd.DataFrame:
    """Update an application; settings that are not given keep their value.

    Parameters
    ----------
    application_id, session
        As for `application`.
    name, type, answer_url, event_url, answer_method, event_method, inbound_url, status_url, public_key : str, optional
        As for `create_application`. Default: unchanged. A type that is not named is removed; a public key is that of a
        new pair of your own.

    Returns
    -------
    pandas.DataFrame
        One row: the application as it is now, with the columns of `applications`.

    Raises
    ------
    InvalidRequestError, NotFoundError
        If an argument is wrong or nothing is to change, and nothing is sent; if the account has no such application.
    UnknownOutcomeError
        If no answer came: check with ``application(…, refresh=True)``.

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
    changes = check_changes(
        name=name,
        type=type,
        answer_url=answer_url,
        event_url=event_url,
        answer_method=answer_method,
        event_method=event_method,
        inbound_url=inbound_url,
        status_url=status_url,
        public_key=public_key,
    )
    current = session.call(build_get_request(code), refresh=True)
    if not is_complete(current):
        raise UnreachableError(f"Could not update application {code}: it cannot be read as it is. Nothing was changed.")
    return frame([parse_row(session.call(build_update_request(code, current, changes)))], COLUMNS)


def delete_application(application_id: str, *, session: Session | None = None) -> None:
    """Delete an application; it cannot be undone.

    Parameters
    ----------
    application_id, session
        As for `application`.

    Raises
    ------
    InvalidRequestError, NotFoundError
        As for `application`.
    UnknownOutcomeError
        If no answer came: check with ``applications(refresh=True)``.

    Notes
    -----
    ``DELETE /v2/applications/{id}``, https://developer.vonage.com/en/api/application.v2.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> nx.delete_application(nx.applications().id[0])
    """
    request = build_delete_request(validation.check_application_id(application_id))
    session_or_current(session).call(request)


def _create_and_save_key(session: Session, request: Request, key_file: KeyFile) -> dict[str, Any]:
    """Create an application, and move its private key from the answer into the file."""
    try:
        body = session.call(request)
    except BaseException:
        key_file.delete()
        raise
    key, code = take_private_key(body), read_id(body)
    row = parse_row(body)
    if key is None:
        key_file.delete()
        warnings.warn(f"Nexmo's answer held no private key of the new application {code}.", stacklevel=5)
        return row
    return {**row, "private_key_path": key_file.write_key(key, code)}
