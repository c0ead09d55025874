"""The session: one connection that caches, keeps the limit and carries every call. It knows no endpoint."""

from __future__ import annotations

import platform
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlencode, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter

from nexmo_nb.account import Account
from nexmo_nb.errors import NexmoError, NotFoundError, UnreachableError, without_traceback_of
from nexmo_nb.session.auth import Auth
from nexmo_nb.session.request import Listing, Request
from nexmo_nb.session.response import (
    Pages,
    Response,
    page_fingerprint,
    parse_page,
    parse_response,
    retry_wait,
    unanswered_error,
)
from nexmo_nb.session.transport import download_body, failure_reason, read_body, surely_unsent
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.price_history import PriceHistory
from nexmo_nb.state.report_requests import ReportRequests
from nexmo_nb.state.response_cache import ResponseCache, cache_lifetime, create_key
from nexmo_nb.state.throttle import Throttle, make_slot_id
from nexmo_nb.validation import invalid_argument

if TYPE_CHECKING:
    from nexmo_nb.sandbox import Sandbox


VERSION = "0.1.0"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PAGE = 100
CONNECT_TIMEOUT = 5.0


@dataclass
class _Attempt:
    """How far one attempt got: `left` says that the request may have reached the server."""

    left: bool = False


class Session(requests.Session):
    """One connection to Nexmo: cached, throttled, never sending a write twice.

    Made by `nexmo_nb.connect`. A context manager: leaving it closes the connection.

    It uses requests-cache below its ``CacheMixin``, as a backend (`ResponseCache`). The mixin would save a response
    before it is parsed and found sound, would read its body without a bound, and would sign a request before the wait
    for a slot of the throttle, which may be longer than a signature is valid.

    Parameters
    ----------
    account : Account
        Whose calls they are.
    throttle : Throttle
        Keeps the limits.
    cache : Path, optional
        File of the cache. Default: nothing is cached.
    timeout : float
        Seconds to wait for each part of a response.
    where : str
        What to call this connection.
    sandbox : Sandbox, optional
        An embedded sandbox that ends with the session.
    sleep : callable
        Waits some seconds; for tests.

    Attributes
    ----------
    account : Account
        Credentials (hidden), hosts and currency.
    throttle : Throttle
        ``throttle.status()`` tells how full the window is.
    cache : ResponseCache or None
        The cached responses.
    price_history, report_requests
        Price lists as they changed; reports that were requested and not read yet.
    sandbox : Sandbox or None
        The embedded sandbox, where there is one.
    """

    def __init__(
        self,
        account: Account,
        throttle: Throttle,
        *,
        cache: Path | None = None,
        timeout: float = 30.0,
        where: str = "live",
        sandbox: Sandbox | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__()
        self.account, self.throttle, self.where, self.sandbox = account, throttle, where, sandbox
        self.cache = ResponseCache(cache) if cache else None
        self._ledger: Ledger | None = None
        notes = throttle.path.with_name("notes.sqlite")
        self.price_history, self.report_requests = PriceHistory(notes), ReportRequests(notes)
        self._lock = threading.RLock()
        self._timeout, self.pause = (min(CONNECT_TIMEOUT, timeout), timeout), sleep
        agent = f"nexmo-nb/{VERSION} python/{platform.python_version()}"
        self.headers.update({"User-Agent": agent, "Accept": "application/json"})
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._read_environment()
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(max_retries=0, pool_maxsize=32))

    @property
    def ledger(self) -> Ledger:
        """The record of every send, opened when it is first needed.

        Raises
        ------
        UnreachableError
            If its file cannot be used: then nothing can be sent.
        """
        with self._lock:
            if self._ledger is None:
                self._ledger = Ledger(self.throttle.path.with_name("ledger.sqlite"))
            return self._ledger

    def call(self, request: Request, *, refresh: bool = False) -> Any:
        """Send one request and return its parsed body (None where there is none).

        1. A read looks into the cache, unless `refresh`.
        2. The throttle gives a slot, after a wait where the limit is reached.
        3. The request is prepared and signed, leaves, and its response is read, all within the timeout.
        4. The response is parsed: the body, or one typed error. A sound body of a read is saved in the cache.
        5. After an error, a read is tried again, up to three times. A write is tried again only where the server surely
           did nothing.

        Parameters
        ----------
        request : Request
            What to send.
        refresh : bool
            True: do not read the cache, and renew it.

        Raises
        ------
        NexmoError
            One of `nexmo_nb.errors`, by what went wrong.
        """
        return self.read_with_source(request, refresh=refresh).body

    def read_with_source(self, request: Request, *, refresh: bool = False) -> Response:
        """Do the same as `call`, and tell whether the body came from the cache."""
        attempts = 1
        while isinstance(answer := without_traceback_of(lambda: self._attempt(request, refresh)), NexmoError):
            wait = retry_wait(answer, attempts)
            if wait is None:
                raise answer
            self._wait_for_retry(request, wait)
            attempts += 1
        return answer

    def call_with_slot(self, request: Request) -> Any:
        """Send a request once, under a slot of the throttle that the caller holds and confirms.

        Raises
        ------
        NexmoError
            One of `nexmo_nb.errors`, by what went wrong.
        """
        answer = without_traceback_of(lambda: self._attempt(request, refresh=True, has_slot=True))
        if isinstance(answer, NexmoError):
            raise answer
        return answer.body

    def read_pages(
        self,
        request: Request,
        listing: Listing,
        *,
        limit: int | None = None,
        refresh: bool = False,
        take: Callable[[dict[str, Any]], Any] = lambda row: row,
    ) -> Pages:
        """Read page after page of 100 rows until there are no more, or `limit` rows.

        Parameters
        ----------
        request : Request
            The request, without its page.
        listing : Listing
            How the endpoint pages.
        limit : int, optional
            At most so many rows, and only as many requests as they need. Default: all.
        refresh : bool
            True: do not read the cache, and renew it.
        take : callable
            What to keep of a row, applied as each page comes. Default: the row.

        Raises
        ------
        NexmoError
            If any page fails, or the server repeats a page: a part of the rows is never returned as if it were all.
        """
        if refresh:
            # All pages of all lists of the family, because renewed pages and old ones would not fit together.
            self.drop_cached(request.family)
        rows: list[Any] = []
        fingerprints: set[str] = set()
        sources: set[bool] = set()
        total, number = 0, 1
        while True:
            params = {**(request.params or {}), listing.size: str(PAGE), listing.page: str(number)}
            response = self.read_with_source(replace(request, params=params), refresh=refresh)
            sources.add(response.cached)
            if len(sources) == 2:
                # Pages of different times may miss a row or show one twice.
                return self.read_pages(request, listing, limit=limit, refresh=True, take=take)
            page, announced = self._parse_new_page(request, listing, number, response.body, fingerprints)
            total = total if announced is None else announced
            rows += map(take, page)
            number += 1
            if limit is not None and len(rows) >= limit:
                return Pages(rows[:limit], max(total, len(rows)))
            # A total may be missing, or less than the rows that came: then a page that is not full is the last.
            if not page or len(rows) == total or (len(rows) > total and len(page) < PAGE):
                break
        if len(rows) < total:
            warnings.warn(
                f"The server announced {total} rows and gave {len(rows)} ({request.what}); "
                "read again with refresh=True.",
                stacklevel=3,
            )
        return Pages(rows, max(total, len(rows)))

    def drop_cached(self, family: str) -> None:
        """Delete the cached responses of a family: something that they show changed, or one of them is unfit."""
        if family and self.cache is not None:
            self.cache.delete_family(family)

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow no redirect: it could lead anywhere, with credentials."""

    def close(self) -> None:
        """Close the connection, its files, and the embedded sandbox if it has one."""
        super().close()
        if self.cache is not None:
            self.cache.responses.close()
        self.throttle.close()
        if self._ledger is not None:
            self._ledger.close()
        self.price_history.close()
        self.report_requests.close()
        if self.sandbox is not None:
            self.sandbox.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError("A session is not pickled or copied; connect again where it is needed.")

    def __repr__(self) -> str:
        limit = self.throttle.limit
        return (
            f"<nexmo_nb session: {self.where}, key {self.account.api_key}, {limit.calls} calls / {limit.seconds:g} s>"
        )

    def _attempt(self, request: Request, refresh: bool, *, has_slot: bool = False) -> Response | NexmoError:
        """Make one attempt. An error is returned, not raised, so that no object of the wire becomes part of it."""
        attempt = _Attempt()
        failure: NexmoError
        try:
            return self._find_cached(request, refresh) or self._fetch(request, attempt, has_slot)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as problem:
            was_sent = attempt.left and not surely_unsent(problem)
            failure = unanswered_error(request, failure_reason(problem), sent=was_sent)
        except BaseException as problem:
            # The ledger must know whether the send may have happened.
            problem.left = attempt.left  # type: ignore[attr-defined]
            if isinstance(problem, NexmoError) or not isinstance(problem, Exception) or not attempt.left:
                raise
            failure = unanswered_error(request, f"its answer could not be read ({type(problem).__name__})")
        finally:
            if attempt.left:
                for family in request.invalidates:
                    self.drop_cached(family)
        return failure

    def _find_cached(self, request: Request, refresh: bool) -> Response | None:
        """Look a read up in the cache."""
        if self.cache is None or refresh or not cache_lifetime(request.method, request.path):
            return None
        content = self.cache.find_body(self._cache_key(request))
        if content is None:
            return None
        body = parse_response(request, HTTPStatus.OK, {}, content)
        return None if isinstance(body, NexmoError) else Response(body, cached=True)

    def _fetch(self, request: Request, attempt: _Attempt, has_slot: bool) -> Response | NexmoError:
        """Send a request, parse what comes back, and keep the cache true."""
        auth = Auth(self.account, request.auth)
        version = self._get_version(request.family)
        status, headers, content = (self._transmit if has_slot else self._transmit_in_turn)(request, auth, attempt)
        body = parse_response(request, status, headers, content)
        is_sound = status == HTTPStatus.OK and not isinstance(body, NexmoError)
        if self.cache is not None and is_sound and (seconds := cache_lifetime(request.method, request.path)):
            self.cache.save_body(self._cache_key(request), content, seconds)
        if isinstance(body, NotFoundError) or self._get_version(request.family) is not version:
            # What is not found any more may still be shown by a list; what was read may be older than a change.
            self.drop_cached(request.family)
        return body if isinstance(body, NexmoError) else Response(body, cached=False)

    def _transmit_in_turn(self, request: Request, auth: Auth, attempt: _Attempt) -> tuple[int, Any, bytes]:
        """Wait for a slot of the throttle, transmit, and confirm the slot whatever happens."""
        slot = make_slot_id()
        try:
            self.throttle.acquire(slot, request.family)
            return self._transmit(request, auth, attempt)
        finally:
            # A slot that is not confirmed counts until it expires, which is safe; a response must not be lost for it.
            with suppress(UnreachableError):
                self.throttle.confirm(slot)

    def _transmit(self, request: Request, auth: Auth, attempt: _Attempt) -> tuple[int, Any, bytes]:
        """Put a request on the wire, and read status, headers and body of its response."""
        prepared = self.prepare_request(self._to_requests(request, auth))
        attempt.left = True
        response = self.send(prepared, stream=True, allow_redirects=False, timeout=self._timeout)
        if request.download_to is None or not 200 <= response.status_code < 300:
            return response.status_code, response.headers, read_body(response, self._timeout[1])
        download_body(response, request.download_to)
        return response.status_code, response.headers, b""

    def _to_requests(self, request: Request, auth: Auth) -> requests.Request:
        """Turn a request into one of the requests library."""
        return requests.Request(
            request.method,
            self.account.host(request.host) + request.path,
            headers={"Accept": "*/*"} if request.download_to else None,
            params=request.params,
            data=request.data,
            json=request.json,
            auth=auth,
        )

    def _cache_key(self, request: Request) -> str:
        query = f"?{urlencode(request.params)}" if request.params else ""
        return create_key(request.family, f"{self.account.host(request.host)}{request.path}{query}")

    def _get_version(self, family: str) -> object:
        return None if self.cache is None else self.cache.get_version(family)

    def _parse_new_page(
        self, request: Request, listing: Listing, number: int, body: Any, fingerprints: set[str]
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Parse a page that is not among those that came already, and add it to them."""
        try:
            page, total = parse_page(request, listing.rows, listing.total, body)
            fingerprint = page_fingerprint(page)
            if page and fingerprint in fingerprints:
                raise UnreachableError(f"Could not {request.what}: page {number} repeats an earlier page. Try again.")
        except UnreachableError:
            self.drop_cached(request.family)  # else the cache would show it again
            raise
        fingerprints.add(fingerprint)
        return page, total

    def _wait_for_retry(self, request: Request, wait: float) -> None:
        if wait > 1:
            self.throttle.notify(f"Waiting {wait:.0f} s to {request.what} again: the server asks for it.")
        try:
            self.pause(wait)
        except KeyboardInterrupt as interrupt:
            interrupt.left = False  # type: ignore[attr-defined] # the attempt before it surely did nothing
            raise

    def _read_environment(self) -> None:
        """Take proxies and CA bundle from the environment once, and nothing else: netrc holds logins of others."""
        settings = self.merge_environment_settings(self.account.api_host, {}, False, None, None)
        # A proxy must not see the credentials for addresses of this machine.
        is_local = urlsplit(self.account.api_host).hostname in LOOPBACK
        self.proxies = {} if is_local else dict(settings["proxies"])
        self.verify = settings["verify"] if isinstance(settings["verify"], str) else True
        if isinstance(self.verify, str) and not Path(self.verify).exists():
            allowed = "a file or folder of certificates that exists"
            raise invalid_argument("REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE", self.verify, allowed)
        self.trust_env = False
