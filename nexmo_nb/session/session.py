"""The session: cache outside, throttle inside, wire innermost. It knows no endpoint."""

from __future__ import annotations

import platform
import re
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from http.client import OK
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import requests
import urllib3
from requests_cache import DO_NOT_CACHE, CacheMixin
from requests_cache.backends.base import BaseCache

from nexmo_nb.account import Account
from nexmo_nb.errors import NexmoError, NotFoundError, UnreachableError, without_traceback_of
from nexmo_nb.session.auth import Auth
from nexmo_nb.session.response import Request, parse_response, unanswered_error
from nexmo_nb.session.transport import content, surely_unsent, why
from nexmo_nb.session.wire import Adapter, ThrottleMixin, Trip, prepared
from nexmo_nb.state import response_cache as answer_cache
from nexmo_nb.state.ledger import Ledger
from nexmo_nb.state.ledger_sql import unwritable
from nexmo_nb.state.price_history import PriceHistory
from nexmo_nb.state.report_requests import ReportRequests
from nexmo_nb.state.sqlite import StateError
from nexmo_nb.state.throttle import Throttle
from nexmo_nb.validation import invalid_argument

if TYPE_CHECKING:
    from nexmo_nb.sandbox import Sandbox

__all__ = ["Listing", "Pages", "Session", "page_fingerprint"]

VERSION = "0.1.0"
TRIES = 3
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PAGE = 100
LONGEST_RETRY_AFTER = 60.0
"""Seconds of a server's Retry-After that are waited for; a longer one is the caller's decision."""
CONNECT_TIMEOUT = 5.0


class Listing(NamedTuple):
    """How an endpoint pages: names of the query's page and size, where the rows and their total stand."""

    page: str
    size: str
    rows: tuple[str, ...]
    total: str


class Pages(NamedTuple):
    """The rows of all pages, as they were taken, and how many the server says there are."""

    rows: list[Any]
    total: int


class Reading(NamedTuple):
    """A parsed answer, and whether it came from the cache."""

    body: Any
    cached: bool


def page_fingerprint(page: list[dict[str, Any]]) -> str:
    """Give what tells a page from every other: how long it is, and what stands first and last."""
    return repr((len(page), page[:1], page[-1:]))


class Session(CacheMixin, ThrottleMixin, requests.Session):
    """One connection to Nexmo: cached, throttled, never sending a write twice.

    Made by `nexmo_nb.connect`. A context manager: leaving it closes the connection.

    Parameters
    ----------
    account : Account
        Whose calls they are.
    throttle : Throttle
        Keeps the limits.
    cache : Path, optional
        File of the cache. Default: nothing is cached.
    timeout : float
        Seconds to wait for each part of an answer.
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
    notes : Notes
        Price lists as they changed, and reports that were ordered.
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
        lifetimes: dict[Any, Any] = {
            f"{host.split('://', 1)[1]}{path}": seconds
            for host in (account.rest_host, account.api_host)
            for path, seconds in answer_cache.LIFETIMES.items()
        }
        self._kept = answer_cache.ResponseCache(cache) if cache else None
        super().__init__(
            backend=self._kept or BaseCache(),
            expire_after=DO_NOT_CACHE,
            urls_expire_after=lifetimes if cache else None,
            allowable_methods=("GET",),
            key_fn=answer_cache.key,
        )
        self.account, self.throttle, self.where, self.sandbox = account, throttle, where, sandbox
        self._ledger: Ledger | None = None
        notes = throttle.path.with_name("notes.sqlite")
        self.price_history, self.report_requests = PriceHistory(notes), ReportRequests(notes)
        self._guard = threading.RLock()
        self._timeout, self.pause = (min(CONNECT_TIMEOUT, timeout), timeout), sleep
        self._auths = {kind: Auth(account, kind) for kind in ("basic", "form", "sms")}
        agent = f"nexmo-nb/{VERSION} python/{platform.python_version()}"
        self.headers.update({"User-Agent": agent, "Accept": "application/json"})
        del self.headers["Connection"]  # to keep it is what HTTP/1.1 does by itself
        self._read_environment()
        for scheme in ("https://", "http://"):
            self.mount(scheme, Adapter(max_retries=0, pool_maxsize=32))

    @property
    def ledger(self) -> Ledger:
        """The record of every send, opened when it is first needed.

        Raises
        ------
        UnreachableError
            If its file cannot be used: then nothing can be sent.
        """
        with self._guard:
            if self._ledger is None:
                path = self.throttle.path.with_name("ledger.sqlite")
                try:
                    self._ledger = Ledger(path)
                except StateError as problem:
                    raise unwritable(path, problem) from None
            return self._ledger

    def call(self, ask: Request, *, refresh: bool = False, leaving: Callable[[], None] = lambda: None) -> Any:
        """Do one request and return its parsed JSON (None where the answer has no body).

        In order: the cache, if `ask` only reads; a slot of the throttle; the wire; one typed error or the JSON. A read
        is tried three times. A write is tried again only where the server surely did nothing.

        Parameters
        ----------
        ask : Request
            What to request.
        refresh : bool
            True: do not read the cache, and renew it.
        leaving : callable
            Called when a slot is there, just before the request leaves; what it raises keeps the request back.

        Raises
        ------
        NexmoError
            One of `nexmo_nb.errors`, by what went wrong.
        """
        return self._read(ask, refresh, leaving).body

    def call_with_slot(self, ask: Request) -> Any:
        """Do a request as `call` does, once, under a slot of the throttle that the caller holds and stamps.

        Raises
        ------
        NexmoError
            One of `nexmo_nb.errors`, by what went wrong.
        """
        reading = without_traceback_of(lambda: self._try(ask, False, Trip(slot="")))
        if isinstance(reading, NexmoError):
            raise reading
        return reading.body

    def read_with_source(self, ask: Request, *, refresh: bool = False) -> Reading:
        """Do a read as `call` does, and tell whether its answer came from the cache."""
        return self._read(ask, refresh)

    def read_pages(
        self,
        ask: Request,
        listing: Listing,
        *,
        limit: int | None = None,
        refresh: bool = False,
        take: Callable[[dict[str, Any]], Any] = lambda row: row,
    ) -> Pages:
        """Read page after page of 100 rows until there are no more, or `limit` rows.

        Parameters
        ----------
        ask : Request
            The request, without its page.
        listing : Listing
            How the endpoint pages.
        limit : int, optional
            At most so many rows, and only as many requests as they need. Default: all.
        refresh : bool
            True: do not read the cache, and renew it.
        take : callable
            What to keep of a row, done as its page comes: thousands of objects at once keep the interpreter busy.
            Default: the row.

        Raises
        ------
        NexmoError
            If any page fails, or the server repeats a page: a part of the rows is never returned as if it were all.
        """
        if refresh:
            # All pages of all lists of the family: some renewed and some old would not fit together.
            self.drop_cached(ask.family)
        rows: list[Any] = []
        count, number, mixed, seen = 0, 1, set(), set()
        while True:
            query = {**(ask.params or {}), listing.size: str(PAGE), listing.page: str(number)}
            reading = self._read(replace(ask, params=query), refresh)
            mixed.add(reading.cached)
            if len(mixed) == 2:
                # Pages of different times may miss a row or show one twice.
                return self.read_pages(ask, listing, limit=limit, refresh=True, take=take)
            try:
                found, count = self._page(ask, listing, reading.body, count)
                mark = page_fingerprint(found)
                if found and mark in seen:
                    raise UnreachableError(f"Could not {ask.what}: page {number} repeats an earlier page. Try again.")
            except UnreachableError:
                self.drop_cached(ask.family)  # else it would be shown again
                raise
            seen.add(mark)
            rows += map(take, found)
            number += 1
            if limit is not None and len(rows) >= limit:
                return Pages(rows[:limit], max(count, len(rows)))
            # A total that is missing, or that more rows came than, says nothing: a page that is not full is the last.
            if not found or len(rows) == count or (len(rows) > count and len(found) < PAGE):
                break
        if len(rows) < count:
            warnings.warn(
                f"The server announced {count} rows and gave {len(rows)} ({ask.what}); read again with refresh=True.",
                stacklevel=3,
            )
        return Pages(rows, max(count, len(rows)))

    def close(self) -> None:
        """Close the connection, its files, and the embedded sandbox if it has one."""
        super().close()  # type: ignore[no-untyped-call]
        self.throttle.close()
        if self._ledger is not None:
            self._ledger.close()
        self.price_history.close()
        self.report_requests.close()
        if self.sandbox is not None:
            self.sandbox.close()

    def __repr__(self) -> str:
        limit = self.throttle.limit
        return (
            f"<nexmo_nb session: {self.where}, key {self.account.api_key}, {limit.calls} calls / {limit.seconds:g} s>"
        )

    @staticmethod
    def _page(ask: Request, listing: Listing, body: Any, count: int) -> tuple[list[dict[str, Any]], int]:
        """Take rows and total out of a page; `{}` is an empty one."""
        found: Any = body
        for name in listing.rows:
            found = found.get(name, []) if isinstance(found, dict) else found
        total = body.get(listing.total) if isinstance(body, dict) else "none"
        if total is not None:
            count, found = (int(total), found) if re.fullmatch("-?[0-9]{1,15}", str(total)) else (count, None)
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise UnreachableError(f"Could not {ask.what}: the answer is not a list of rows. Try again.")
        return found, count

    def _read(self, ask: Request, refresh: bool, leaving: Callable[[], None] = lambda: None) -> Reading:
        """Try until there is an answer, or an error that another try cannot or must not mend."""
        attempt = 1
        while isinstance(reading := without_traceback_of(lambda: self._try(ask, refresh, Trip(leaving))), NexmoError):
            wait = reading.retry_after if reading.retry_after is not None else 0.5 * 2 ** (attempt - 1)
            if not reading.retryable or attempt == TRIES or wait > LONGEST_RETRY_AFTER:
                raise reading
            if wait > 1:
                self.throttle.notify(f"Waiting {wait:.0f} s to {ask.what} again: the server asks for it.")
            try:
                self.pause(wait)
            except KeyboardInterrupt as interrupt:
                interrupt.left = False  # type: ignore[attr-defined] # the try before it surely did nothing
                raise
            attempt += 1
        return reading

    def _try(self, ask: Request, refresh: bool, trip: Trip) -> Reading | NexmoError:
        """Send once. An error is returned, so that nothing of the wire becomes part of it."""
        failure: NexmoError
        changes = self._changes(ask.family)
        try:
            trip.auth = self._auth(ask.auth)
            request = prepared(ask, self.account.host(ask.host), self.headers)
            kept, seconds = self._kept, lifetime(ask)
            key = answer_cache.key(request, family=ask.family)
            # Only what is there is looked for: the cache takes half a millisecond to see that it has nothing to give.
            there = kept is not None and bool(seconds) and not refresh and kept.holds(key)
            response = self._fetch(ask, request, trip, from_cache=there)
            fresh = not getattr(response, "from_cache", False)
            body = content(ask, response)
            answer = parse_response(ask, response.status_code, response.headers, body)
            sound = response.status_code == OK and not isinstance(answer, NexmoError)
            if kept is not None and seconds and fresh and sound:
                kept.keep(key, body, seconds)
            if isinstance(answer, NotFoundError) or self._changes(ask.family) != changes:
                # What was read may be older than a change that somebody made meanwhile.
                self.drop_cached(ask.family)
            return answer if isinstance(answer, NexmoError) else Reading(answer, cached=not fresh)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as problem:
            failure = unanswered_error(ask, why(problem), sent=trip.left and not surely_unsent(problem))
        except BaseException as problem:
            # Whoever keeps a record must know whether this may have happened.
            problem.left = trip.left  # type: ignore[attr-defined]
            if isinstance(problem, NexmoError) or not isinstance(problem, Exception) or not trip.left:
                raise
            failure = unanswered_error(ask, f"its answer could not be read ({type(problem).__name__})")
        finally:
            if trip.left:
                for family in ask.invalidates:
                    self.drop_cached(family)
        return failure

    def _fetch(
        self, ask: Request, request: requests.PreparedRequest, trip: Trip, *, from_cache: bool
    ) -> requests.Response:
        """Get an answer: from the cache, under a slot that the caller holds, or under one that is taken first."""
        stream = ask.download_to is not None
        options: dict[str, Any] = {"trip": trip, "timeout": self._timeout, "stream": stream}
        options |= {"proxies": self.proxies, "verify": self.verify}
        if not trip.slot:
            return self.exchange(request, **options)
        if from_cache:
            return self.send(request, family=ask.family, **options)
        return super(CacheMixin, self).send(request, family=ask.family, **options)

    def _changes(self, family: str) -> int:
        return 0 if self._kept is None else self._kept.changes.get(family, 0)

    def drop_cached(self, family: str) -> None:
        """Drop the cached answers of a family, because something in it changed, or one of them is unfit."""
        if family and self._kept is not None:
            self._kept.forget(family)

    def _auth(self, kind: str) -> Auth:
        if kind not in self._auths:
            self._auths[kind] = Auth(self.account, kind)
        return self._auths[kind]

    def _read_environment(self) -> None:
        """Take proxies and CA bundle from the environment once: per call it costs 100 µs, and brings netrc's logins."""
        settings = self.merge_environment_settings(self.account.api_host, {}, False, None, None)
        # A proxy has no business with this machine's own addresses, and must not see the credentials for them.
        local = urlsplit(self.account.api_host).hostname in LOOPBACK
        self.proxies = {} if local else dict(settings["proxies"])
        self.verify = settings["verify"] if isinstance(settings["verify"], str) else True
        if isinstance(self.verify, str) and not Path(self.verify).exists():
            allowed = "a file or folder of certificates that exists"
            raise invalid_argument("REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE", self.verify, allowed)
        self.trust_env = False


def lifetime(ask: Request) -> int:
    """Tell for how many seconds an answer is kept; 0 is never."""
    return (
        0
        if ask.is_write
        else next((seconds for path, seconds in answer_cache.LIFETIMES.items() if ask.path.startswith(path)), 0)
    )
