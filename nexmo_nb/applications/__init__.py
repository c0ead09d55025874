"""Applications: the webhooks and keys that voice calls and messages use. Version 2 of the wire, as flat rows."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from typing import Any

import pandas as pd

from nexmo_nb import checks
from nexmo_nb.applications.keyfile import KeyFile
from nexmo_nb.errors import InvalidRequestError, NexmoError, contained
from nexmo_nb.frames import Column, frame
from nexmo_nb.session import Ask, Listing, Session, current, no_answer

__all__ = ["application", "applications", "create_application", "delete_application", "update_application"]

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
_TYPES = ("voice", "messages")
_METHODS = ("GET", "POST")
# Where a flat field stands in the wire's nested object: capability, webhook, name in the webhook.
_PLACES = {
    "answer_url": ("voice", "answer_url", "address"),
    "answer_method": ("voice", "answer_url", "http_method"),
    "event_url": ("voice", "event_url", "address"),
    "event_method": ("voice", "event_url", "http_method"),
    "inbound_url": ("messages", "inbound_url", "address"),
    "status_url": ("messages", "status_url", "address"),
}
_NEEDS = {"voice": ("answer_url", "event_url"), "messages": ("inbound_url", "status_url")}


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
    session = session or current()
    limit = None if limit is None else checks.whole("limit", limit, 1)
    ask = Ask("list applications", "GET", _PATH, host="api", family=_FAMILY)
    found = session.pages(ask, _LISTING, limit=limit, refresh=refresh)
    return frame([_flat(row) for row in found.rows], COLUMNS, {"count": found.total})


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
    return frame([_flat(_get(session or current(), application_id, refresh))], COLUMNS)


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
    session = session or current()
    fields = _checked(
        answer_url=answer_url,
        answer_method=answer_method,
        event_url=event_url,
        event_method=event_method,
        inbound_url=inbound_url,
        status_url=status_url,
    )
    kinds = _kinds(type)
    body: dict[str, Any] = {"name": _name(name), "capabilities": {}}
    if public_key is not None:
        body["keys"] = {"public_key": _public_key(public_key)}
    _put(body, kinds, {k: v for k, v in fields.items() if _PLACES[k][0] in kinds or not k.endswith("_method")})
    file = None if public_key is not None else KeyFile(session.throttle.path.parent / "keys", private_key_path)
    ask = Ask(
        f"create application {name!r}",
        "POST",
        _PATH,
        host="api",
        family=_FAMILY,
        body=body,
        clears=(_FAMILY,),
        refusal=_without_id,
    )
    # Whatever fails, no frame that saw the key becomes part of the traceback.
    return frame([contained(lambda: _send_for_key(session, ask, file))], CREATED_COLUMNS)


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
    session = session or current()
    code = checks.application_id(application_id)
    fields = _checked(
        answer_url=answer_url,
        answer_method=answer_method,
        event_url=event_url,
        event_method=event_method,
        inbound_url=inbound_url,
        status_url=status_url,
    )
    kinds = None if type is None else _kinds(type)
    changes = checks.given({"name": None if name is None else _name(name)})
    key = None if public_key is None else _public_key(public_key)
    if not (fields or kinds or changes or key):
        raise checks.refused("update_application", None, "at least one setting to change")
    body = copy.deepcopy(_get(session, code, refresh=True))
    for name_ in ("id", "_links"):
        body.pop(name_, None)
    body.update(changes)
    if key:
        body["keys"] = {"public_key": key}
    _put(body, kinds, fields)
    ask = Ask(
        f"update application {code}",
        "PUT",
        f"{_PATH}/{code}",
        host="api",
        family=_FAMILY,
        body=body,
        clears=(_FAMILY,),
        refusal=_without_id,
    )
    return frame([_flat(session.call(ask))], COLUMNS)


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
    code = checks.application_id(application_id)
    what = f"delete application {code}"
    ask = Ask(what, "DELETE", f"{_PATH}/{code}", host="api", family=_FAMILY, clears=(_FAMILY, "owned"))
    (session or current()).call(ask)


def _send_for_key(session: Session, ask: Ask, file: KeyFile | None) -> dict[str, Any]:
    """Create, and move the private key from the answer into its file."""
    try:
        answer = session.call(ask)
    except BaseException:
        if file:
            file.drop()
        raise
    row = _flat(answer)
    key = (answer.get("keys") or {}).pop("private_key", None)
    if file and key:
        row["private_key_path"] = file.keep(key, str(row["id"]))
    elif file:
        file.drop()
    return row


def _get(session: Session, application_id: str, refresh: bool) -> dict[str, Any]:
    code = checks.application_id(application_id)
    ask = Ask(f"get application {code}", "GET", f"{_PATH}/{code}", host="api", family=_FAMILY, refusal=_without_id)
    found: dict[str, Any] = session.call(ask, refresh=refresh)
    return found


def _without_id(ask: Ask, body: Any) -> NexmoError | None:
    usable = isinstance(body, dict) and body.get("id")
    return None if usable else no_answer(ask, "the answer holds no application", status=200)


def _name(value: Any) -> str:
    return checks.text("name", value, longest=255)


def _kinds(value: Any) -> list[str]:
    names = value.split(",") if isinstance(value, str) else value
    allowed = "'voice', 'messages' or 'voice,messages'"
    if not isinstance(names, (list, tuple, set)) or not names:
        raise checks.refused("type", value, allowed)
    try:
        return sorted({checks.choice("type", name, _TYPES) for name in names}, key=_TYPES.index)
    except InvalidRequestError:
        raise checks.refused("type", value, allowed) from None


def _public_key(value: Any) -> str:
    if not isinstance(value, str) or "PUBLIC KEY-----" not in value or "PRIVATE" in value:
        # What was given is not shown: it may be the private half.
        raise checks.refused("public_key", "<hidden>", "PEM text that begins with '-----BEGIN PUBLIC KEY-----'")
    return checks.text("public_key", value, longest=8192, lines=True)


def _checked(**fields: str | None) -> dict[str, str]:
    """Check the webhook fields that were given."""
    return {
        name: checks.choice(name, value, _METHODS) if name.endswith("_method") else checks.url(name, value)
        for name, value in fields.items()
        if value is not None
    }


def _put(body: dict[str, Any], kinds: list[str] | None, fields: Mapping[str, str]) -> None:
    """Set fields at their places in the nested object, and check that each use has what it needs."""
    capabilities = body.get("capabilities") if isinstance(body.get("capabilities"), dict) else {}
    body["capabilities"] = capabilities
    assert isinstance(capabilities, dict)
    for kind in _TYPES:
        if kinds is not None and kind not in kinds:
            capabilities.pop(kind, None)
        elif kinds is not None:
            capabilities.setdefault(kind, {})
    for name, value in fields.items():
        kind, hook, key = _PLACES[name]
        if kind not in capabilities:
            raise checks.refused(name, value, f"{name} only for an application of type {kind!r}")
        webhook = capabilities[kind].setdefault("webhooks", {}).setdefault(hook, {})
        webhook[key] = value
        webhook.setdefault("http_method", "GET" if hook == "answer_url" else "POST")
    for kind in kinds or ():
        hooks = capabilities[kind].get("webhooks") or {}
        for name in _NEEDS[kind]:
            if not (hooks.get(name) or {}).get("address"):
                raise checks.refused(name, None, f"an absolute URL: an application of type {kind!r} needs it")


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Flatten an application; what it lacks is left out."""
    capabilities = row.get("capabilities") if isinstance(row.get("capabilities"), dict) else {}
    assert isinstance(capabilities, dict)
    uses = [kind for kind in _TYPES if kind in capabilities]
    uses += sorted(capabilities.keys() - set(_TYPES))
    flat: dict[str, Any] = {"id": row.get("id"), "name": row.get("name"), "type": ",".join(uses)}
    for name, (kind, hook, key) in _PLACES.items():
        webhooks = (capabilities.get(kind) or {}).get("webhooks") or {}
        flat[name] = (webhooks.get(hook) or {}).get(key)
    flat["public_key"] = (row.get("keys") or {}).get("public_key")
    return flat
