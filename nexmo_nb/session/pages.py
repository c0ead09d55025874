"""Lists, page by page: pages that are surely wanted are asked for before they are, as fast as the limit allows.

The thread that reads takes the slots of the throttle, and is the one that waits, warns and is interrupted; others only
carry requests. What came back is used in the order of the lists and their pages, so that rows, warnings and errors are
those of one page after the other.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple, Protocol

from nexmo_nb.errors import NexmoError, UnreachableError
from nexmo_nb.options import has_progress
from nexmo_nb.session.request import Listing, Request
from nexmo_nb.session.response import Pages, Response, parse_page
from nexmo_nb.session.transport import Attempt
from nexmo_nb.state.throttle import Throttle, make_slot_id
from nexmo_nb.state.windows import INTERACTIVE
from nexmo_nb.validation import LARGEST_PAGE as PAGE

MOST_IN_FLIGHT = 8
MOST_AHEAD = 10_000  # pages of a list, whatever it announces
QUIET_SECONDS = 2.0  # after which a bar appears
GLANCE = 0.2  # seconds after which a wait looks up: an interrupt may come to a thread that does not wait


class Source(Protocol):
    """What lists are read from: the session."""

    throttle: Throttle

    def find_cached(self, request: Request) -> Response | None: ...

    def make_attempt(self) -> Attempt: ...

    def attempt_with_slot(self, request: Request, slot: str, attempt: Attempt) -> Response | NexmoError: ...

    def read_with_source(
        self, request: Request, *, refresh: bool = False, first: Response | NexmoError | None = None
    ) -> Response: ...

    def drop_cached(self, family: str) -> None: ...


class Place(NamedTuple):
    """A page of one of the lists."""

    list: int
    page: int


def read_lists(
    session: Source,
    requests: Sequence[Request],
    listing: Listing,
    limit: int | None,
    *,
    refresh: bool,
    page: int | None = None,
) -> list[Pages]:
    """Read all pages of lists, or of each the one `page` of `limit` rows.

    If any fails, the first one that does, in order, raises its error.
    """
    if page is not None and limit is not None:
        return _read_page_of_each(_Reader(session, requests, listing, refresh, limit), page)
    reader = _Reader(session, requests, listing, refresh)
    try:
        reader.expect([Place(n, 1) for n in range(len(requests))])
        with suppress(NexmoError):  # it is raised when its turn comes
            for n in range(len(requests)):
                announced = _count_announced(requests[n], listing, reader.read(Place(n, 1)).body, limit)
                reader.expect([Place(n, page) for page in range(2, announced + 1)])
        return [_read_list(session, reader, n, limit) for n in range(len(requests))]
    finally:
        reader.close()


def _read_page_of_each(reader: _Reader, page: int) -> list[Pages]:
    try:
        places = [Place(n, page) for n in range(len(reader.requests))]
        reader.expect(places)
        return [_read_one_page(reader, place) for place in places]
    finally:
        reader.close()


def _read_one_page(reader: _Reader, place: Place) -> Pages:
    request, before = reader.requests[place.list], (place.page - 1) * reader.size
    body = reader.read(place).body
    try:
        rows, total = parse_page(request, reader.listing, body, set())
        if len(rows) > reader.size:  # of another size, it is not the page that was asked for
            reason = f"page {place.page} has {len(rows)} rows where {reader.size} at most were asked for"
            raise UnreachableError(f"Could not {request.what}: {reason}. Try again.")
    except UnreachableError:
        reader.session.drop_cached(request.family)  # else the cache would show it again
        raise
    if total is None and not rows and place.page > 1:
        # Behind the last page nothing is said of how many there are; the first one says it.
        total = _read_one_page(reader, place._replace(page=1)).total
    return Pages(rows, max(total or 0, before + len(rows) if rows else 0))


def _read_list(session: Source, reader: _Reader, n: int, limit: int | None) -> Pages:
    request, listing = reader.requests[n], reader.listing
    rows: list[dict[str, Any]] = []
    fingerprints: set[str] = set()
    sources: set[bool] = set()
    total = 0
    for number in count(1):
        response = reader.read(Place(n, number))
        sources.add(response.cached)
        if len(sources) == 2:
            # Pages of different times may miss a row or show one twice.
            return read_lists(session, [request], listing, limit, refresh=True)[0]
        try:
            page, announced = parse_page(request, listing, response.body, fingerprints)
        except UnreachableError:
            session.drop_cached(request.family)  # else the cache would show it again
            raise
        total = total if announced is None else announced
        rows += page
        if limit is not None and len(rows) >= limit:
            break
        # A total may be missing, or less than the rows that came: then a page that is not full is the last.
        if not page or len(rows) == total or (len(rows) > total and len(page) < PAGE):
            break
    reader.forget(n)
    return Pages(rows[:limit], max(total, len(rows)))


def warn_of_missing_rows(request: Request, found: Pages, limit: int | None, page: int | None, stacklevel: int) -> None:
    """Warn where less came than there is: in all, in the first `limit` rows, or on a page of `limit` rows."""
    left = found.total - (page - 1) * limit if page and limit else found.total
    if len(found.rows) < (left if limit is None else min(left, limit)):
        where = f" on page {page}" if page else ""
        warnings.warn(
            f"The server announced {found.total} rows and gave {len(found.rows)}{where} ({request.what}); "
            "read again with refresh=True.",
            stacklevel=stacklevel + 1,
        )


def _count_announced(request: Request, listing: Listing, body: Any, limit: int | None) -> int:
    """Count the pages that the first one announces, as far as they are wanted; 0 where it makes no sense."""
    try:
        rows, total = parse_page(request, listing, body, set())
    except UnreachableError:
        return 0
    if total is None or len(rows) < PAGE:
        return 0
    return min(MOST_AHEAD, math.ceil((total if limit is None else min(total, limit)) / PAGE))


class _Reader:
    """Reads pages of lists; those that are expected are asked for in their order, several at once."""

    def __init__(
        self, session: Source, requests: Sequence[Request], listing: Listing, refresh: bool, size: int = PAGE
    ) -> None:
        if refresh:
            # All pages of all lists of the family, because renewed pages and old ones would not fit together.
            for family in {request.family for request in requests}:
                session.drop_cached(family)
        self.requests, self.listing, self.size = requests, listing, size
        self.session, self._refresh = session, refresh
        self._expected: dict[Place, None] = {}  # in their order, not asked for yet
        self._flying: dict[Future[Response | NexmoError], tuple[Place, Attempt]] = {}
        self._answers: dict[Place, Response | NexmoError] = {}  # an error of a page's first try
        self._failed: dict[Place, NexmoError] = {}  # after all tries
        self._pool = ThreadPoolExecutor(MOST_IN_FLIGHT, "nexmo_nb-pages")  # starts threads as they are needed
        self._bar = _Bar(requests)

    def expect(self, places: Sequence[Place]) -> None:
        self._expected |= dict.fromkeys(places)
        self._bar.total += len(places)

    def forget(self, n: int) -> None:
        """Expect no page of a list any more."""
        self._expected = {place: None for place in self._expected if place.list != n}

    def read(self, place: Place) -> Response:
        """Read a page; what failed before it is wanted was its first try."""
        if place in self._expected and len(self._expected) == 1 and not self._flying:
            self._expected.clear()  # alone, it takes no thread
        while place in self._expected or any(place == flying for flying, _ in self._flying.values()):
            self._go_on()
        answer = self._answers.get(place)
        if isinstance(answer, Response):
            return answer
        if place in self._failed:
            raise self._failed[place]
        first = {} if answer is None else {"first": answer}
        try:
            answer = self.session.read_with_source(self._build_request(place), refresh=self._refresh, **first)
        except NexmoError as problem:
            self._failed[place] = problem
            raise
        self._keep(place, answer)
        return answer

    def close(self) -> None:
        """Break off what is still in flight."""
        for _, attempt in self._flying.values():
            attempt.break_off()
        self._pool.shutdown(wait=False)  # what has not begun yet sends nothing any more, and confirms its slot
        self._bar.close()

    def _build_request(self, place: Place) -> Request:
        request = self.requests[place.list]
        pages = {self.listing.size: str(self.size), self.listing.page: str(place.page)}
        return replace(request, params={**(request.params or {}), **pages})

    def _go_on(self) -> None:
        """Ask for one more page if there is room and a slot, else wait for one that is in flight."""
        if not self._expected or len(self._flying) == MOST_IN_FLIGHT:
            self._wait(GLANCE)
            return
        place = next(iter(self._expected))
        request = self._build_request(place)
        cached = None if self._refresh else self.session.find_cached(request)
        if cached is not None:
            self._keep(place, cached)
        elif (wait := self._send(place, request)) > 0:
            self._wait(wait)
            return
        del self._expected[place]

    def _send(self, place: Place, request: Request) -> float:
        """Have a page asked for, and return 0.0, or else the seconds after which to look for a slot again."""
        throttle, slot, attempt = self.session.throttle, make_slot_id(), self.session.make_attempt()
        try:
            if self._flying:
                taken, seconds = throttle.try_acquire([slot], request.family, INTERACTIVE)
                if not taken:
                    return throttle.poll_interval(seconds)
            else:
                throttle.acquire(slot, request.family)  # which tells a person of a long wait
            self._flying[self._pool.submit(self.session.attempt_with_slot, request, slot, attempt)] = place, attempt
        except BaseException:
            attempt.break_off()
            with suppress(UnreachableError):
                throttle.confirm(slot)
            raise
        return 0.0

    def _wait(self, seconds: float) -> None:
        """Wait for pages, and keep them; once one failed for good, no other is asked for."""
        done, _ = wait(self._flying, seconds, FIRST_COMPLETED)
        for future in done:
            answer, (place, _) = future.result(), self._flying.pop(future)
            self._keep(place, answer)
            if isinstance(answer, NexmoError) and not answer.retryable:
                self._expected.clear()

    def _keep(self, place: Place, answer: Response | NexmoError) -> None:
        self._answers[place] = answer
        self._bar.show(len(self._answers))


class _Bar:
    """A bar of pages, which appears when they take longer than a moment."""

    def __init__(self, requests: Sequence[Request]) -> None:
        others = len(requests) - 1
        self._words = requests[0].what + (f", and {others} more" if others else "") if requests else ""
        self._begun = time.monotonic()
        self._bar: Any = None
        self.total = 0

    def show(self, done: int) -> None:
        is_slow = time.monotonic() - self._begun > QUIET_SECONDS and done < self.total
        if self._bar is None and is_slow and has_progress():
            from tqdm.auto import tqdm  # takes 60 ms, which only a long list needs

            self._bar = tqdm(desc=self._words, unit="page", total=self.total, initial=done, leave=False)
        if self._bar is not None:
            self._bar.total = max(self.total, done)
            self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
