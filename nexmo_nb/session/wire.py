"""A request on its way: written, under a slot of the throttle, signed, and sent by few connections."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

import requests
import urllib3
from requests.adapters import HTTPAdapter

from nexmo_nb.errors import UnreachableError
from nexmo_nb.session.auth import FORM, Auth, put_body
from nexmo_nb.session.response import Request
from nexmo_nb.session.transport import load
from nexmo_nb.state.throttle import Throttle, make_slot_id

__all__ = ["Adapter", "ThrottleMixin", "Trip", "prepared"]


@dataclass
class Trip:
    """What became of one try, for telling a request that left from one that did not."""

    leaving: Callable[[], None] = lambda: None
    slot: str = field(default_factory=make_slot_id)
    """Empty: the caller holds one, and stamps it."""
    auth: Auth | None = None
    left: bool = False


class Adapter(HTTPAdapter):
    """An adapter for few hosts and answers without cookies: it does not look again at what it knows of each request."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._pools: dict[Any, Any] = {}

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> urllib3.HTTPConnectionPool:
        """Give the connections for a request, which are found once for each host."""
        url = str(request.url)
        way = (url[: url.index("/", len("https://"))], verify, cert, *(proxies or {}).items())
        if way not in self._pools:
            self._pools[way] = super().get_connection_with_tls_context(request, verify, proxies, cert)
        found: urllib3.HTTPConnectionPool = self._pools[way]
        return found

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """Give the address as it stands in the request: without a proxy, its path."""
        return super().request_url(request, proxies) if proxies else request.path_url

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Wrap an answer, of which only status, headers and content are asked for."""
        response = requests.Response()
        response.status_code, response.reason, response.headers = resp.status, resp.reason, resp.headers
        response.raw, response.request, response.url = resp, req, str(req.url)
        return response

    def close(self) -> None:
        """Close the connections."""
        self._pools.clear()
        super().close()


class ThrottleMixin:
    """Puts a slot of the throttle around every request that reaches the wire."""

    throttle: Throttle

    def send(self, request: requests.PreparedRequest, *, trip: Trip, family: str, **kwargs: Any) -> requests.Response:
        """Wait for a slot, send, and stamp the slot whatever happens."""
        try:
            self.throttle.acquire(trip.slot, family)
            return self.exchange(request, trip=trip, **kwargs)
        finally:
            # A slot without its stamp, as an interrupt in here leaves it, counts until it expires, which is safe; an
            # answer that came must not be lost for it.
            with suppress(UnreachableError):
                self.throttle.confirm(trip.slot)

    def exchange(self, request: requests.PreparedRequest, *, trip: Trip, **kwargs: Any) -> requests.Response:
        """Send under a slot that is there, and read the answer."""
        # Signed now, not before the wait: a signature and a token are good for a short time only.
        if trip.auth is not None:
            trip.auth(request)
        trip.leaving()
        trip.left = True
        whole = not kwargs.pop("stream")
        # Straight to the adapter: what requests does around it, redirects and cookies, is not wanted here.
        adapter = self.get_adapter(request.url)  # type: ignore[attr-defined]
        response: requests.Response = adapter.send(request, stream=True, **kwargs)
        if whole:
            load(response, kwargs["timeout"][1])
        return response


def prepared(ask: Request, host: str, headers: Mapping[str, str | bytes]) -> requests.PreparedRequest:
    """Write a request, without its credentials; cookies and hooks have no part in it.

    Field by field: what requests does to guess what it was given takes a tenth of a millisecond.
    """
    request = requests.PreparedRequest()
    request.method = ask.method
    request.url = _base(host) + quote(ask.path) + (f"?{urlencode(ask.params)}" if ask.params else "")
    # As they are: nobody asks for one of them in another case, and the library's mapping is slow to walk through.
    request.headers = dict(headers)  # type: ignore[assignment]
    if ask.download_to is not None:
        request.headers["Accept"] = "*/*"
    if ask.json is not None:
        put_body(request, json.dumps(ask.json, allow_nan=False).encode(), "application/json")
    elif ask.data is not None:
        put_body(request, urlencode(ask.data), FORM)
    elif ask.is_write:
        request.headers["Content-Length"] = "0"
    return request


@lru_cache
def _base(host: str) -> str:
    """Write a base address as it goes over the wire."""
    request = requests.PreparedRequest()
    request.prepare_url(host, None)
    return str(request.url).rstrip("/")
