"""Connecting: to Nexmo, to the embedded sandbox, or to anything at a URL that speaks the same wire."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import warnings
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args
from urllib.parse import urlsplit

import requests
import urllib3

from nexmo_nb.credentials import FIELDS, SECRET_FIELDS, Account, Secret, find_credentials
from nexmo_nb.errors import InvalidRequestError, UnreachableError, without_traceback_of
from nexmo_nb.hosts import is_loopback, read_host
from nexmo_nb.session.database import find_database, make_store
from nexmo_nb.session.limits import check_limits, check_seconds
from nexmo_nb.session.session import Session
from nexmo_nb.session.transport import Adapter, Attempt, read_body
from nexmo_nb.state.account_folder import find_account_folder, name_folder
from nexmo_nb.state.files import find_state_dir, make_private_folder
from nexmo_nb.state.limits import Limit
from nexmo_nb.state.throttle import LEAVE_WITHIN, SLOT_LIFETIME, Throttle
from nexmo_nb.validation import check_bool, check_choice, check_int, check_url, invalid_argument

if TYPE_CHECKING:
    from nexmo_nb.sandbox import Sandbox
    from nexmo_nb.state.postgres_connection import Address as PostgresAddress

LONGEST_TIMEOUT = 600.0
SignatureMethod = Literal["md5hash", "md5", "sha1", "sha256", "sha512"]
SmsApi = Literal["sms", "messages"]
_current: Session | None = None
_opened: weakref.WeakSet[Session] = weakref.WeakSet()
_opened_lock = threading.Lock()


class _Options(NamedTuple):
    limit: Limit
    limits: dict[str, Limit]
    cache: bool
    timeout: float
    state_dir: str | os.PathLike[str] | None
    accept_restored_ledger: bool
    database: PostgresAddress | None
    database_source: str


def connect(
    where: str | None = None,
    *,
    api_key: str | None = None,
    api_secret: str | None = None,
    application_id: str | None = None,
    private_key: str | None = None,
    signature_secret: str | None = None,
    signature_method: SignatureMethod = "md5hash",
    calls: int = 100,
    period: float = 60.0,
    limits: Mapping[str, tuple[int, float]] | None = None,
    cache: bool = True,
    timeout: float = 30.0,
    currency: str = "EUR",
    sms_api: SmsApi = "sms",
    state: str | None = None,
    state_dir: str | os.PathLike[str] | None = None,
    accept_restored_ledger: bool = False,
) -> Session:
    """Connect, and make the connection the current one.

    Parameters
    ----------
    where : str, optional
        ``"live"``; ``"sandbox"``, which starts the embedded sandbox and uses its demo account; or the URL of a running
        sandbox or of a gateway that speaks the same wire. Default: the variable NEXMO_NB_CONNECT, else ``"live"``.
        If that variable is the URL of a running sandbox, ``"sandbox"`` is that one.
    api_key, api_secret, application_id, private_key, signature_secret : str, optional
        Credentials; `private_key` is PEM text or a file's path. Default: looked for in NEXMO_API_KEY and
        NEXMO_API_SECRET or VONAGE_API_KEY and VONAGE_API_SECRET (likewise …_APPLICATION_ID, …_PRIVATE_KEY,
        …_SIGNATURE_SECRET), the system keyring under the service ``nexmo_nb``, the Vonage CLI's ``./.vonagerc`` and
        ``~/.vonage/config.json``, then a hidden prompt. A URL on this machine gets only what is given here, or a
        sandbox's own. With `signature_secret`, SMS are signed and carry no secret.
    signature_method : {"md5hash", "md5", "sha1", "sha256", "sha512"}
        How SMS are signed, as in the account's settings. Default: Nexmo's own default.
    calls, period : int, float
        At most `calls` requests in any `period` seconds (at most 3600), over all processes of this user on this
        machine, or on all machines with one `state`, that use the same account. Where several give different limits,
        all of them hold, for each process, while they live, and it is said.
    limits : mapping, optional
        Other limits by family, such as ``{"sms": (60, 1.0)}``, and of the messages from a number of yours, such as
        ``{"14155550100": (10, 1.0)}``. Families: sms, calls, numbers, owned, pricing, reports. Default: Nexmo's
        published ones; from each long number of the United States and Canada one message a second.
    cache : bool
        Whether reads may be answered from earlier answers (numbers for 10 minutes, owned numbers and applications for
        5, prices for a day; the balance never).
    timeout : float
        Seconds in which an answer must be whole, at most 600; a connection is waited for at most 5, a report's file an
        hour.
    currency : str
        What the account is billed in, for the column ``currency``.
    sms_api : {"sms", "messages"}
        The API that SMS travel by where a call does not say it with ``api=…``: messages is for accounts that do not get
        the SMS API any more.
    state : str, optional
        The URL of a PostgreSQL database, ``"postgresql://user@host/database"``, that the machines of a team share: the
        limit, the record of what was sent and the budgets of an account are there then, for all of them (needs
        ``pip install 'nexmo_nb[postgres]'``). A password comes from the URL, PGPASSWORD, ``~/.pgpass`` or a service
        file; ``sslmode=require`` behind a ``?`` encrypts the way to another host. Prices that were seen, reports that
        were requested and not read, and cached answers stay on each machine. Default: the variable NEXMO_NB_STATE,
        which the embedded sandbox does not use; else files of this machine.
    state_dir : path, optional
        Where files are kept. Default: the variable NEXMO_NB_STATE_DIR, else the platform's user data folder.
    accept_restored_ledger : bool
        True, once: send although the record of what was sent is an older copy, so that what was sent since then may be
        sent again. Default: nothing is sent with an older copy.

    Returns
    -------
    Session
        Also what `current` returns from now on.

    Raises
    ------
    InvalidRequestError
        If credentials are missing, or an argument or the files cannot be used. Connecting sends nothing, except that it
        asks a sandbox for its demo account.
    UnreachableError
        If the database that `state` names cannot be reached or used.

    Notes
    -----
    Earlier sessions go on working. What they keep open and do not use is closed, until they are used again.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> session = nx.connect("sandbox")
    >>> nx.current() is session
    True
    >>> session.close()
    """
    global _current  # noqa: PLW0603 - one connection serves all cells of a notebook
    arguments = _hide_credentials([api_key, api_secret, application_id, private_key, signature_secret])
    database, database_source = find_database(state)
    api_key = api_secret = application_id = private_key = signature_secret = state = None
    options = _Options(
        Limit(check_int("calls", calls, 1, 1_000_000), check_seconds("period", period, SLOT_LIFETIME)),
        check_limits(limits),
        check_bool("cache", cache),
        check_seconds("timeout", timeout, LONGEST_TIMEOUT),
        (os.environ.get("NEXMO_NB_STATE_DIR") or None) if _is_empty(state_dir) else state_dir,
        check_bool("accept_restored_ledger", accept_restored_ledger),
        database,
        database_source,
    )
    method = check_choice("signature_method", signature_method, get_args(SignatureMethod))
    settings = {"currency": _check_currency(currency), "signature_method": method}
    settings["sms_api"] = check_choice("sms_api", sms_api, get_args(SmsApi))
    target = where if where is not None else os.environ.get("NEXMO_NB_CONNECT") or "live"
    if not isinstance(target, str):
        raise invalid_argument("where", target, "'live', 'sandbox' or a URL")
    with _opened_lock:
        earlier = list(_opened)
    for session in earlier:
        session.rest()
    # No frame that held a credential may become part of a traceback.
    _current = without_traceback_of(lambda: _open_session(target, arguments, settings, options))
    return _current


def current() -> Session:
    """Give the session that functions use when they are not given one.

    Returns
    -------
    Session
        The one that `connect` made last.

    Raises
    ------
    InvalidRequestError
        If `connect` was not called yet.

    Examples
    --------
    >>> import nexmo_nb as nx
    >>> nx.connect("sandbox")
    <nexmo_nb session: SANDBOX, ...>
    >>> nx.current().account.currency
    'EUR'
    """
    if _current is None:
        raise InvalidRequestError(
            "session: not connected; allowed: a session from connect(). Call connect('sandbox') to try things out, "
            "or connect() with your account."
        )
    return _current


def find_session(session: Session | None) -> Session | None:
    """Give the session that a function was given, or the current one; None where nobody connected."""
    return None if session is None and _current is None else session_or_current(session)


def session_or_current(session: Session | None) -> Session:
    """Check the session that a function was given, or else give the current one."""
    if session is None:
        return current()
    if not isinstance(session, Session):
        raise invalid_argument("session", session, "a session from connect(); None: the current one")
    return session


def _add_source(sources: Mapping[str, str], options: _Options) -> dict[str, str]:
    """Add who named the database, if there is one, to where the settings came from."""
    return {**sources, **({"state": options.database_source} if options.database else {})}


def _hide_credentials(values: Sequence[Any]) -> dict[str, str | Secret | None]:
    """Hide the credentials, by name. This must not raise, because its frame holds them in clear."""
    return {
        # Each may hold a secret, because a caller may have swapped two. What is not text is refused later.
        name: None if _is_empty(value) else Secret(value if isinstance(value, str) else "\0")
        for name, value in zip(FIELDS, values, strict=True)
    }


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value)


def _open_session(target: str, arguments: dict[str, Any], settings: dict[str, Any], options: _Options) -> Session:
    has_arguments = any(arguments.values())
    if target == "sandbox":
        if has_arguments:
            raise invalid_argument(
                "where", target, "no credentials beside it: the sandbox has a demo account of its own"
            )
        # The sandbox that ``nexmo-nb lab`` started for its notebooks, if there is one.
        target = (os.environ.get("NEXMO_NB_CONNECT") or "").rstrip("/")
        if not target.lower().startswith("http") or not _fetch_demo_account(target, options.timeout)[0]:
            return _open_embedded_sandbox(settings, options)
    demo: dict[str, Any] = {}
    instance = ""
    if target != "live":
        target = _check_where_url(target)
        settings = {**settings, "rest_host": target, "api_host": target, "insights_host": target}
        if not has_arguments:
            demo, instance = _fetch_demo_account(target, options.timeout)
    if demo:
        credentials, sources = demo, dict.fromkeys(demo, "sandbox")
    else:
        credentials, sources = find_credentials(arguments, only_arguments=target != "live" and is_loopback(target))
    account = Account(**credentials, **settings, sources=_add_source(sources, options))
    parent = _make_state_dir(options.state_dir, find_state_dir())
    # A sandbox that was started again has forgotten everything: state of the earlier one must not be used for it.
    folder = find_account_folder(parent, account.rest_host, account.api_key, instance)
    # The folder of this machine may have a name of before, and that of another machine not.
    name = f"{name_folder(account.rest_host, account.api_key)}{instance}"
    return _make_session(account, target, options, folder, name)


def _open_embedded_sandbox(settings: dict[str, Any], options: _Options) -> Session:
    from nexmo_nb.sandbox import Sandbox  # cli, tests and connect() alone start one

    if options.database_source != "argument":
        options = options._replace(database=None)  # nobody else can use this sandbox
    folder = Path(tempfile.mkdtemp(prefix="sandbox-", dir=_make_state_dir(options.state_dir, tempfile.gettempdir())))
    sandbox = Sandbox()
    demo, _ = _fetch_demo_account(sandbox.url, options.timeout)
    sources = _add_source(dict.fromkeys(demo, "sandbox"), options)
    settings = {**settings, **dict.fromkeys(("rest_host", "api_host", "insights_host"), sandbox.url)}
    account = Account(**demo, **settings, sources=sources)
    session = _make_session(account, "sandbox", options, folder, folder.name)
    session.sandbox = sandbox
    session.clock = lambda: sandbox.clock.now().timestamp()
    weakref.finalize(session, _end_sandbox, sandbox, folder, os.getpid())
    return session


def _end_sandbox(sandbox: Sandbox, folder: Path, pid: int) -> None:
    """End an embedded sandbox and delete its folder; but not in a forked process, which has neither to itself."""
    if os.getpid() == pid:
        sandbox.close()
        shutil.rmtree(folder, ignore_errors=True)


def _make_session(account: Account, where: str, options: _Options, folder: Path, name: str) -> Session:
    """Make a session with its files in a folder; `name` is that of the account on all machines."""
    make_private_folder(folder)
    store = None if options.database is None else make_store(options.database, name)
    try:
        throttle = Throttle(
            folder / "throttle.sqlite",
            calls=options.limit.calls,
            period=options.limit.seconds,
            limits=options.limits,
            hold=LEAVE_WITHIN + options.timeout,
            store=store,
        )
    except UnreachableError as problem:
        if store is not None:
            raise UnreachableError(
                f"state: got {str(store)!r}; allowed: a database that can be used. {problem}"
            ) from None
        raise InvalidRequestError(
            f"state_dir: got {str(folder)!r}; allowed: a folder whose files can be read and written. {problem}"
        ) from None
    if store is not None and store.access is not None and store.access.advice:
        warnings.warn(store.access.advice, stacklevel=6)
    cache = folder / "cache.sqlite" if options.cache else None
    session = Session(account, throttle, cache=cache, timeout=options.timeout, where=where, store=store)
    with _opened_lock:
        _opened.add(session)
    if options.accept_restored_ledger and not session.ledger.accept_older():
        warnings.warn(
            "accept_restored_ledger=True: the ledger is the newest. Leave it out, or the next older copy is accepted "
            "as well, without a word.",
            stacklevel=6,
        )
    return session


def _fetch_demo_account(url: str, timeout: float) -> tuple[dict[str, Any], str]:
    """Ask a sandbox on this machine for its demo account and its instance, which ends its folder's name.

    Both are empty where the URL leads to something else, or to another machine.
    """
    try:
        if not is_loopback(url):
            return {}, ""
        with requests.Session() as wire, Attempt(timeout):
            wire.trust_env = False
            for scheme in ("https://", "http://"):
                wire.mount(scheme, Adapter())
            response = wire.get(f"{url}/_sandbox/account", timeout=timeout, allow_redirects=False, stream=True)
            answer = json.loads(read_body(response))
        found = {name: answer[name] for name in FIELDS if isinstance(answer.get(name), str)}
    except (OSError, urllib3.exceptions.HTTPError, ValueError, AttributeError):
        return {}, ""
    if not {"api_key", "api_secret"} <= found.keys():
        return {}, ""
    instance = "".join(c for c in str(answer.get("instance", "")) if c.isalnum())[:40]
    return {name: Secret(value) if name in SECRET_FIELDS else value for name, value in found.items()}, f"-{instance}"


def _check_where_url(value: str) -> str:
    url = check_url("where", value).rstrip("/")
    parts = urlsplit(url)
    host = read_host(url)
    if not host.isascii() or "%" in host:
        raise invalid_argument("where", value, "a host in plain letters and digits; one in others by its name in xn--")
    if parts.scheme != "https" and not is_loopback(url):
        raise invalid_argument(
            "where", value, "https, or http on this machine (127.0.0.1)", "Credentials never travel in clear."
        )
    if parts.query or parts.fragment:
        raise invalid_argument("where", value, "'live', 'sandbox' or a base URL without query")
    return url


def _check_currency(value: Any) -> str:
    if not isinstance(value, str) or not (len(value) == 3 and value.isascii() and value.isalpha()):
        raise invalid_argument("currency", value, "a code of ISO 4217, such as 'EUR'")
    return value.upper()


def _make_state_dir(chosen: str | os.PathLike[str] | None, default: str) -> Path:
    try:
        return make_private_folder(Path(default if chosen is None else chosen).expanduser().absolute())
    except InvalidRequestError:
        raise
    except (TypeError, ValueError, RuntimeError):
        raise invalid_argument("state_dir", chosen, "the path of a folder") from None
