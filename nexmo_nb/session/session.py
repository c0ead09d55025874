"""The session: one connection that caches, keeps the limit and carries every call. It knows no endpoint."""

from __future__ import annotations

import os
import platform
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlencode

import requests
import urllib3

from nexmo_nb import __version__
from nexmo_nb.credentials import Account
from nexmo_nb.errors import NexmoError, NotFoundError, UnreachableError, without_traceback_of
from nexmo_nb.hosts import is_loopback
from nexmo_nb.session.auth import Auth
from nexmo_nb.session.badge import Badge
from nexmo_nb.session.pages import read_lists, warn_of_missing_rows
from nexmo_nb.session.proxies import Logins, take_logins
from nexmo_nb.session.request import Listing, Request
from nexmo_nb.session.response import (
    LateError,
    Pages,
    Response,
    late_error,
    parse_response,
    retry_wait,
    unanswered_error,
)
from nexmo_nb.session.transport import SLOWEST_FILE, Adapter, Attempt, download_body, failure_reason, read_body
from nexmo_nb.state.forks import renew_lock_in_forks
from nexmo_nb.state.insights import Insights
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.lifetimes import cache_lifetime, create_key
from nexmo_nb.state.notes_file import NotesFile
from nexmo_nb.state.price_history import PriceHistory
from nexmo_nb.state.report_requests import ReportRequests
from nexmo_nb.state.throttle import Throttle, make_slot_id
from nexmo_nb.validation import invalid_argument

if TYPE_CHECKING:
    from nexmo_nb.sandbox import Sandbox
    from nexmo_nb.state.postgres import PostgresStore
    from nexmo_nb.state.response_cache import ResponseCache

CONNECT_TIMEOUT = 5.0


class Session(requests.Session):
    """One connection to Nexmo: cached, throttled, never sending a write twice.

    Made by `nexmo_nb.connect`. A context manager: leaving it closes the connection.

    It uses requests-cache below its ``CacheMixin``, as a backend (`ResponseCache`). The mixin would save a response
    before it is parsed and found sound, would read its body without a bound, and would sign a request before the wait
    for a slot of the throttle, which may be longer than a signature is valid.

    Attributes
    ----------
    account : Account
        Credentials (hidden), hosts and currency.
    throttle : Throttle
        ``throttle.status()`` tells how full the window is.
    price_history, report_requests, insights
        Price lists as they changed; reports that were requested and not read yet; what was looked up of numbers.
    sandbox : Sandbox or None
        The embedded sandbox, which ends with the session.
    last_balance : float or None
        The balance of which an answer told last; `nexmo_nb.balance` reads it.
    """

    def __init__(
        self,
        account: Account,
        throttle: Throttle,
        *,
        cache: Path | None,
        timeout: float,
        where: str,
        store: PostgresStore | None = None,
    ) -> None:
        super().__init__()
        self.account, self.throttle, self.where, self.store = account, throttle, where, store
        self.cache = _open_cache(cache) if cache else None
        self.sandbox: Sandbox | None = None
        self.last_balance: float | None = None
        self._ledger: Ledger | None = None
        notes = throttle.path.with_name("notes.sqlite")
        self.price_history, self.report_requests = PriceHistory(notes), ReportRequests(notes)
        self.insights = Insights(notes)
        self._pid, self._lock = os.getpid(), threading.RLock()
        renew_lock_in_forks(self)
        self._timeout = (min(CONNECT_TIMEOUT, timeout), timeout)
        self.pause: Callable[[float], None] = time.sleep
        self.clock: Callable[[], float] = time.time
        agent = f"nexmo-nb/{__version__} python/{platform.python_version()}"
        self.headers.update({"User-Agent": agent, "Accept": "application/json", "Connection": "close"})
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        logins = self._read_environment()
        for scheme in ("https://", "http://"):
            self.mount(scheme, Adapter(logins))

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse settings of requests that would let credentials reach somebody else."""
        if name == "verify" and not value:
            allowed = "True, or the path of a file or folder of certificates: the server's is always checked"
            raise invalid_argument("session.verify", value, allowed)
        if name == "trust_env" and value and hasattr(self, "trust_env"):
            allowed = "False: connect() has read the environment's proxies and certificates, and netrc is never used"
            raise invalid_argument("session.trust_env", value, allowed)
        super().__setattr__(name, value)

    @property
    def timeout(self) -> float:
        """Seconds in which an answer must be whole."""
        return self._timeout[1]

    @property
    def _notes(self) -> tuple[NotesFile, ...]:
        return self.price_history, self.report_requests, self.insights

    @property
    def ledger(self) -> Ledger:
        """The record of every send, opened when first needed; UnreachableError if its file cannot be used."""
        with self._lock:
            if self._ledger is None:
                path = self.throttle.path.with_name("ledger.sqlite")
                self._ledger = Ledger(path, clock=lambda: self.clock(), store=self.store)  # noqa: PLW0108 - it may be set
            return self._ledger

    def call(self, request: Request, *, refresh: bool = False) -> Any:
        """Send one request and return its parsed body (None where there is none).

        1. A read looks into the cache, unless `refresh`.
        2. The throttle gives a slot, after a wait where the limit is reached.
        3. The request is prepared and signed, leaves, and its response is read, all within the timeout.
        4. The response is parsed: the body, or one typed error. A sound body of a read is saved in the cache.
        5. After an error, a read is tried again, up to three times; a write only where the server surely did nothing.
        """
        return self.read_with_source(request, refresh=refresh).body

    def read_with_source(
        self, request: Request, *, refresh: bool = False, first: Response | NexmoError | None = None
    ) -> Response:
        """Do the same as `call`, and tell whether the body came from the cache; `first` is what a first try gave."""
        attempts, answer = 1, first
        while not isinstance(answer, Response):
            if answer is not None:
                wait = retry_wait(answer, attempts)
                if wait is None:
                    raise answer
                self._wait_for_retry(request, wait)
                attempts += 1
            answer = without_traceback_of(lambda: self._attempt(request, self.make_attempt(), refresh))
        return answer

    def attempt_with_slot(self, request: Request, slot: str, attempt: Attempt) -> Response | NexmoError:
        """Send a read once under a slot that the caller took, and confirm the slot; a thread beside that of the caller.

        The caller, who looked into the cache and made the attempt, can break it off.
        """
        try:
            return without_traceback_of(lambda: self._attempt(request, attempt, refresh=True, slot=slot))
        finally:
            with suppress(UnreachableError):  # as below
                self.throttle.confirm(slot)

    def call_with_slot(self, request: Request, slot: str, attempt: Attempt) -> Any:
        """Send a request once, with no other try, under a slot of the throttle that the caller holds and confirms.

        The caller, who made the attempt, can break it off from another thread. LateError: the slot is too old; nothing
        was sent, and the slot is given back.
        """
        answer = without_traceback_of(lambda: self._attempt(request, attempt, refresh=True, slot=slot))
        if isinstance(answer, NexmoError):
            raise answer
        return answer.body

    def read_pages(
        self,
        request: Request,
        listing: Listing,
        *,
        limit: int | None = None,
        page: int | None = None,
        refresh: bool = False,
    ) -> Pages:
        """Read page after page of 100 rows until there are no more, or `limit` rows; or one page of `limit` rows.

        If a page fails or repeats an earlier one, the error is raised: a part of the rows is never returned as if it
        were all.
        """
        (found,) = read_lists(self, [request], listing, limit, refresh=refresh, page=page)
        warn_of_missing_rows(request, found, limit, page, stacklevel=3)
        return found

    def read_lists(
        self,
        requests: Sequence[Request],
        listing: Listing,
        *,
        limit: int | None = None,
        page: int | None = None,
        refresh: bool = False,
    ) -> list[Pages]:
        """Do the same as `read_pages` for several lists at once; the first one, in order, that fails raises."""
        lists = read_lists(self, requests, listing, limit, refresh=refresh, page=page)
        for request, found in zip(requests, lists, strict=True):
            warn_of_missing_rows(request, found, limit, page, stacklevel=3)
        return lists

    def find_cached(self, request: Request) -> Response | None:
        """Find the response to a read in the cache."""
        cache = self._find_cache(request)
        if cache is None or (saved := cache.find_body(self._create_key(request))) is None:
            return None
        body = parse_response(request, HTTPStatus.OK, {}, saved)
        return None if isinstance(body, NexmoError) else Response(body, cached=True)

    def drop_cached(self, family: str) -> None:
        """Delete the cached responses of a family: something that they show changed, or one of them is unfit."""
        if self.cache is not None:
            self.cache.delete_family(family)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow no redirect: it could lead anywhere, with credentials."""

    def rest(self) -> None:
        """Hold no connection, file or lock, as far as nothing is under way, until the session is used again."""
        super().close()  # what is under way keeps its connection
        for each in (self.cache, self.throttle, self._ledger, *self._notes):
            if each is not None:
                each.rest()

    def close(self) -> None:
        """Close the connection, its files, and the embedded sandbox if it has one.

        In a process that was forked from the one that connected, do nothing: there, all of these are still in use.
        """
        if self._pid != os.getpid():
            return
        super().close()
        for each in (self.cache, self.throttle, self._ledger, *self._notes, self.sandbox):
            if each is not None:
                each.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("A session is not pickled or copied; connect again where it is needed.")

    def note_balance(self, amount: float | None) -> None:
        """Keep the balance that an answer told of, if it did, for those who must not ask for it."""
        if amount is not None:
            self.last_balance = amount

    def describe(self) -> Badge:
        """Tell where the session is and what is left of money and calls; nothing is asked of Nexmo."""
        account, limit = self.account, self.throttle.limit
        used, calls = None, limit.calls
        with suppress(NexmoError):  # of a session that is closed
            used, calls, _ = self.throttle.status()
        # Only an account that a sandbox gave is surely not live: a URL may be that of a gateway.
        is_live = account.sources.get("api_key") != "sandbox"
        return Badge(
            is_live, self.where, account.api_key, account.currency, self.last_balance, used, calls, limit.seconds
        )

    def __repr__(self) -> str:
        return f"<nexmo_nb session: {self.describe().to_text()}>"

    def _repr_html_(self) -> str:
        return self.describe().to_html()

    def make_attempt(self) -> Attempt:
        """Make what one request and its answer are tried in, once, within the session's timeout."""
        return Attempt(self._timeout[1])

    def _attempt(self, request: Request, attempt: Attempt, refresh: bool, *, slot: str = "") -> Response | NexmoError:
        """Make one attempt. An error is returned, not raised, so that no object of the wire becomes part of it."""
        try:
            return self._answer(request, refresh, slot, attempt)
        except LateError:
            return late_error(request)  # a new one, whose traceback shows nothing of the wire
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as problem:
            return unanswered_error(request, failure_reason(problem, attempt), sent=attempt.left)
        except BaseException as problem:
            # The ledger must know whether the send may have happened.
            problem.left = attempt.left  # type: ignore[attr-defined]
            if isinstance(problem, NexmoError) or not isinstance(problem, Exception) or not attempt.left:
                raise
            return unanswered_error(request, f"its answer could not be read ({type(problem).__name__})")
        finally:
            if attempt.left:
                for family in request.invalidates:
                    self.drop_cached(family)

    def _answer(self, request: Request, refresh: bool, slot: str, attempt: Attempt) -> Response | NexmoError:
        """Answer a request from the cache, or else from the server, and keep the cache true."""
        if not refresh and (found := self.find_cached(request)) is not None:
            return found
        auth = Auth(self.account, request.auth)
        version = self._get_version(request.family)
        if slot:
            status, headers, content, doubt = self._transmit(request, auth, attempt, slot)
        else:
            status, headers, content, doubt = self._transmit_in_turn(request, auth, attempt)
        body = parse_response(request, status, headers, content, doubt)
        cache = self._find_cache(request)
        if cache is not None and status == HTTPStatus.OK and not isinstance(body, NexmoError):
            cache.save_body(self._create_key(request), content, cache_lifetime(request.method, request.path))
        if isinstance(body, NotFoundError) or self._get_version(request.family) is not version:
            # What is not found any more may still be shown by a list; what was read may be older than a change.
            self.drop_cached(request.family)
        return body if isinstance(body, NexmoError) else Response(body, cached=False)

    def _find_cache(self, request: Request) -> ResponseCache | None:
        """Find the cache for a request, where its response may be used again."""
        return self.cache if cache_lifetime(request.method, request.path) else None

    def _create_key(self, request: Request) -> str:
        url = self.account.base_url(request.host) + request.path
        return create_key(request.family, f"{url}?{urlencode(request.params)}" if request.params else url)

    def _transmit_in_turn(self, request: Request, auth: Auth, attempt: Attempt) -> tuple[int, Any, bytes, str]:
        """Transmit under a slot of the throttle, and confirm the slot whatever happens."""
        slot = make_slot_id()
        try:
            self.throttle.acquire(slot, request.family, sender=request.sender)
            request.check_again()
            return self._transmit(request, auth, attempt, slot)
        finally:
            # A slot that is not confirmed counts until it expires, which is safe; a response must not be lost for it.
            with suppress(UnreachableError):
                self.throttle.confirm(slot)

    def _transmit(self, request: Request, auth: Auth, attempt: Attempt, slot: str) -> tuple[int, Any, bytes, str]:
        """Put a request on the wire; give status, headers and body of its response, and a doubt of a write's."""
        url = self.account.base_url(request.host) + request.path
        headers = {"Accept": "*/*"} if request.download_to else None
        fields = {"params": request.params, "data": request.data, "json": request.json}
        prepared = self.prepare_request(requests.Request(request.method, url, headers, **fields, auth=auth))
        content = b""
        attempt.before_leaving = partial(self._check_slot, slot)
        with attempt:
            response = self.send(prepared, stream=True, allow_redirects=False, timeout=self._timeout)
            if request.download_to is None or not 200 <= response.status_code < 300:
                content = read_body(response)
            else:
                attempt.allow(SLOWEST_FILE)
                download_body(response, request.download_to)
            doubt = attempt.find_doubt() if request.is_write else ""
        return response.status_code, response.headers, content, doubt

    def _check_slot(self, slot: str) -> None:
        """Let nothing leave under a slot that is too old: this process may have been stopped, or the machine asleep."""
        if self.throttle.is_late(slot):
            self.throttle.give_back([slot])
            raise LateError("The slot is too old.")

    def _get_version(self, family: str) -> object:
        return None if self.cache is None else self.cache.get_version(family)

    def _wait_for_retry(self, request: Request, wait: float) -> None:
        if wait > 1:
            self.throttle.notify(f"Waiting {wait:.0f} s to {request.what} again: the server asks for it.")
        try:
            self.pause(wait)
        except KeyboardInterrupt as interrupt:
            interrupt.left = False  # type: ignore[attr-defined] # the attempt before it surely did nothing
            raise

    def _read_environment(self) -> Logins:
        """Take proxies and CA bundle from the environment once, and nothing else: netrc holds logins of others.

        Returns the logins of the proxies, which only the adapters are to know.
        """
        settings = self.merge_environment_settings(self.account.api_host, {}, False, None, None)
        # A proxy must not see the credentials for addresses of this machine.
        self.proxies, logins = take_logins({} if is_loopback(self.account.api_host) else settings["proxies"])
        self.verify = settings["verify"] if isinstance(settings["verify"], str) else True
        if isinstance(self.verify, str) and not Path(self.verify).exists():
            allowed = "a file or folder of certificates that exists"
            raise invalid_argument("REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE", self.verify, allowed)
        self.trust_env = False
        return logins


def _open_cache(path: Path) -> ResponseCache:
    # Its library imports the client of every database that it finds, which takes up to a second.
    from nexmo_nb.state.response_cache import ResponseCache

    return ResponseCache(path)
