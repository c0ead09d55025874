"""The stand-in on 127.0.0.1: which endpoint answers what, and the accidents that it can be told to have."""

from __future__ import annotations

import json
import math
import re
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from nexmo_nb.sandbox import accidents, account, applications, auth, inbox, numbers, reports, sms, voice
from nexmo_nb.sandbox.accidents import KINDS
from nexmo_nb.sandbox.data import COUNTRIES
from nexmo_nb.sandbox.http import Server
from nexmo_nb.sandbox.world import Answer, Request, World

__all__ = ["KINDS", "Sandbox", "serve"]

Endpoint = Callable[[World, Request, Mapping[str, Any] | None], Answer]

LONGEST_NOTE = 2_000
written = json.JSONEncoder(ensure_ascii=False).encode

# Path, methods, family of the rate limit, and what answers.
ROUTES: list[tuple[re.Pattern[str], tuple[str, ...], str, Endpoint]] = [
    (re.compile(path), methods, family, endpoint)
    for path, methods, family, endpoint in (
        ("/sms/json", ("GET", "POST"), "", sms.send),
        ("/tts/json", ("GET", "POST"), "calls", voice.tts),
        ("/v1/calls", ("POST",), "calls", voice.call),
        ("/v1/calls/[0-9a-f-]+", ("GET",), "", voice.calls),
        ("/v2/applications", ("GET", "POST"), "", applications.collection),
        ("/v2/applications/[^/]+", ("GET", "PUT", "DELETE"), "", applications.single),
        ("/number/search", ("GET",), "numbers", numbers.search),
        ("/account/numbers", ("GET",), "owned", numbers.owned),
        ("/number/(buy|cancel|update)", ("POST",), "numbers", numbers.change),
        ("/account/get-balance", ("GET",), "", account.balance),
        ("/account/settings", ("POST",), "", account.settings),
        ("/account/top-up", ("POST",), "", account.top_up),
        ("/v2/reports", ("POST",), "reports", reports.create),
        ("/v2/reports/records", ("GET",), "reports", reports.records),
        ("/v2/reports/[0-9a-f-]+", ("GET", "DELETE"), "reports", reports.single),
        ("/v3/media/[0-9a-f-]+", ("GET",), "", reports.media),
        ("/account/get-(full-|prefix-)?pricing/outbound/[a-z-]+", ("GET",), "pricing", account.pricing),
    )
]


class Sandbox:
    """A stand-in for Nexmo on 127.0.0.1, with a demo account; it serves as soon as it is made.

    Parameters
    ----------
    port : int
        Default: any that is free.
    seed : int
        Which made-up world: same seed and same calls, same answers.
    latency : float
        Seconds before each answer.
    limits : bool
        Whether Nexmo's published rate limits are enforced.
    owned : int
        How many numbers the account has at the start.
    balance : float
        EUR at the start.
    clock, now : callable, optional
        Seconds for the rate limits and the log; the time of day.

    Attributes
    ----------
    url : str
        Where it listens; it stands for both of Nexmo's hosts.
    api_key, api_secret, signature_secret, application_id : str
        The demo account.

    Examples
    --------
    >>> with Sandbox() as sandbox:
    ...     sandbox.url.startswith("http://127.0.0.1:")
    True
    """

    def __init__(
        self,
        port: int = 0,
        *,
        seed: int = 0,
        latency: float = 0.0,
        limits: bool = True,
        owned: int = 12,
        balance: float = 25.0,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self.latency = latency
        self.world = World(seed, owned, balance, limits, clock, now)
        self.closing = threading.Event()
        self._server = Server(port, self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    api_key = property(lambda self: self.world.api_key, doc="Key of the demo account.")
    api_secret = property(lambda self: self.world.api_secret, doc="Secret of the demo account.")
    signature_secret = property(lambda self: self.world.signature_secret, doc="Secret for signed sends.")
    application_id = property(lambda self: self.world.application_id, doc="The demo account's voice application.")
    private_key = property(lambda self: self.world.key_pair()[0], doc="PEM text of that application's private key.")
    messages = property(lambda self: self._snapshot("messages"), doc="Messages that were accepted, oldest first.")
    calls = property(lambda self: self._snapshot("calls"), doc="Voice calls of either API, oldest first.")
    requests = property(lambda self: self._snapshot("requests"), doc="Every request, in order of arrival.")

    @property
    def balance(self) -> float:
        """What the account has left, in EUR."""
        return float(self.world.balance)

    def fail_next(self, kind: str, times: int = 1, path: str | None = None, **detail: Any) -> None:
        """Have an accident at the next requests.

        Parameters
        ----------
        kind : str
            Not acted on: ``throttled`` (SMS status 1, else HTTP 429), ``429`` (`retry_after`: seconds for the header),
            ``500``, ``503``, ``http`` (`code`: any), ``redirect`` (`location`, `code`), ``drop-before`` (hangs up),
            ``no-credit``, ``status`` (`code`: the SMS status). Acted on first: ``slow`` (`seconds` before the answer;
            default 60), ``drip`` (a byte each 0.1 `seconds`), ``drop-after`` (hangs up), ``reset``, ``garbage``
            (answers HTML), ``truncated`` (hangs up in the middle), ``short-length`` (announces less than it sends),
            ``bomb`` (`size` bytes, packed small), ``partial`` (SMS: only the first part is accepted).
        times : int
            How many requests.
        path : str, optional
            Only requests whose path starts so. Default: any. A `method` in `detail` narrows it further.
        **detail
            See `kind`.

        Raises
        ------
        ValueError
            If there is no such kind.
        """
        if kind not in KINDS:
            raise ValueError(f"kind: got {kind!r}; allowed: {', '.join(KINDS)}.")
        with self.world.lock:
            self.world.failures.append({"kind": kind, "times": times, "path": path or "", **detail})

    def reprice(self, country: str, factor: float) -> None:
        """Change the prices of a country from now on.

        Parameters
        ----------
        country : str
            Its code.
        factor : float
            By what the prices of now are multiplied.

        Raises
        ------
        ValueError
            If there is no such country, or no such price.
        """
        if country not in COUNTRIES:
            raise ValueError(f"country: got {country!r}; allowed: {', '.join(COUNTRIES)}.")
        if not 0 <= factor < math.inf:
            raise ValueError(f"factor: got {factor!r}; allowed is 0 or more.")
        with self.world.lock:
            now = self.world.factors.get(country, Decimal(1))
            self.world.factors[country] = now * Decimal(str(factor))

    def reset(self) -> None:
        """Go back to how it all began."""
        self.world.reset()

    def close(self) -> None:
        """Stop serving, whatever is under way."""
        if not self.closing.is_set():
            self.closing.set()
            self._server.shutdown()
            self._server.hang_up()
            self._server.server_close()
            self._thread.join()

    def answer(self, request: Request) -> tuple[Answer, Mapping[str, Any]]:
        """Answer a request; the second value is the accident that the answer is to have, if any."""
        if request.path in inbox.FILES and request.method in ("GET", "HEAD"):
            return inbox.page(request.path), {}
        if request.path.startswith("/_sandbox/"):
            return self._control(request), {}
        world = self.world
        with world.lock:
            entry = _logged(world, request)
            world.requests.append(entry)
            world.changes += 1
            failure = self._failure(request)
        kind = failure["kind"] if failure else ""
        wait = self.latency + (float(failure.get("seconds", 60)) if failure and kind == "slow" else 0)
        instance = world.instance
        # A request that waits while everything is reset belongs to a world that is gone.
        if wait and (self.closing.wait(wait) or world.instance != instance):
            return Answer(0), {"kind": "drop-before"}
        answer = accidents.instead(request, failure) or self._routed(request, failure, entry)
        with world.lock:
            entry["status"] = None if kind.startswith("drop") or kind == "reset" else answer.status
            entry["answer"] = _noted(answer, kind)
            world.changes += 1
        return answer, failure or {}

    def _snapshot(self, name: str, last: int = 0) -> list[dict[str, Any]]:
        with self.world.lock:
            return [dict(entry) for entry in getattr(self.world, name)[-last:]]

    def _state(self) -> dict[str, Any]:
        """Say whether anything is new: the version changes with every request, and with its answer."""
        return {"version": f"{self.world.instance}-{self.world.changes}", "balance": self.balance}

    def _failure(self, request: Request) -> dict[str, Any] | None:
        for failure in self.world.failures:
            meant = failure.get("method", request.method) == request.method
            if failure["times"] > 0 and meant and request.path.startswith(failure["path"]):
                failure["times"] -= 1
                return failure
        return None

    def _routed(self, request: Request, failure: Mapping[str, Any] | None, entry: dict[str, Any]) -> Answer:
        if request.problem and not request.path.startswith("/v2/"):
            return Answer(400, {"type": "BAD_REQUEST", "error_title": request.problem})
        found = next((route for route in ROUTES if route[0].fullmatch(request.path)), None)
        if found is None:
            return Answer(404, {"type": "NOT_FOUND", "error_title": "Not Found"})
        _, methods, family, endpoint = found
        if request.method not in methods:
            return applications.problem(405, "#wrong-verb", "Invalid Request", "The method is not allowed.")
        if family:
            with self.world.lock:
                wait = self.world.throttled(family)
            if wait:
                entry["throttled"] = True
                return accidents.too_fast(1)
        return endpoint(self.world, request, failure)

    def _control(self, request: Request) -> Answer:
        name = request.path.removeprefix("/_sandbox/")
        if request.method == "GET" and name in ("messages", "calls", "requests"):
            last = request.query.get("last", "0")
            return Answer(200, self._snapshot(name, int(last) if last.isdigit() else 0))
        if request.method == "GET" and name == "state":
            return Answer(200, self._state())
        if request.method == "GET" and name == "account":
            names = ("api_key", "api_secret", "application_id", "private_key", "signature_secret")
            # The signature secret is the account's; a client that has it signs, so it is offered under another name.
            shown = {name: getattr(self, name) for name in names if name != "signature_secret"}
            return Answer(200, {**shown, "instance": self.world.instance, "signature": self.signature_secret})
        if request.method == "POST" and name == "reset":
            self.reset()
            return Answer(200, {"done": True})
        if request.method == "POST" and name == "reprice" and isinstance(request.json, dict):
            try:
                self.reprice(str(request.json.get("country")), float(request.json.get("factor", 1)))
            except (TypeError, ValueError) as problem:
                return Answer(400, {"error": str(problem)})
            return Answer(200, {"done": True})
        if request.method == "POST" and name == "fail":
            try:
                self.fail_next(**(request.json if isinstance(request.json, dict) else request.form))
            except (TypeError, ValueError) as problem:
                return Answer(400, {"error": str(problem)})
            return Answer(200, {"done": True})
        return Answer(404, {"error": "no such page"})

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<sandbox {self.url}, key {self.api_key}>"


def _logged(world: World, request: Request) -> dict[str, Any]:
    """Write down a request, without what proves who asked."""
    shown = ("User-Agent", "Accept", "Content-Type", "Host", "Cache-Control")
    headers = {name.lower(): request.headers[name] for name in shown if name in request.headers}
    scheme = (request.headers.get("Authorization") or "").partition(" ")[0]
    return {
        "at": world.clock(),
        "method": request.method,
        "path": request.path,
        "query": _without(request.query),
        "form": _without(request.form),
        "json": _without(request.json) if isinstance(request.json, dict) else request.json,
        "auth": auth.how(request),
        "headers": {**headers, **({"authorization": scheme} if scheme else {})},
        "status": None,
        "answer": None,
        "throttled": False,
    }


def _noted(answer: Answer, accident: str) -> str:
    """Write an answer down in short, without a new application's private key."""
    if accident in accidents.HIDDEN:
        return f"({accident})"
    if isinstance(answer.body, bytes):
        return f"({len(answer.body):,} bytes)"
    if answer.body is None:
        return ""
    text = written(answer.body)
    if "PRIVATE KEY" in text:
        text = re.sub(r"-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----", "(private key)", text)
    return text if len(text) <= LONGEST_NOTE else f"{text[:LONGEST_NOTE]} …"


def _without(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in ("api_secret", "sig")}


def serve(port: int, *, seed: int = 0, latency: float = 0.0, limits: bool = True) -> None:
    """Run a sandbox until Ctrl-C, and say where it is.

    Parameters
    ----------
    port, seed, latency, limits
        As for `Sandbox`.
    """
    with Sandbox(port, seed=seed, latency=latency, limits=limits) as sandbox:
        print(f"Sandbox: {sandbox.url} (Ctrl-C ends it)", flush=True)  # noqa: T201 - what a person waits for
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            return
