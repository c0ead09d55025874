"""The class `Sandbox`: a stand-in for Nexmo on 127.0.0.1."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
import weakref
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from nexmo_nb.sandbox.accidents import build_instead, schedule_accident, take_accident
from nexmo_nb.sandbox.call_course import advance_calls, go_on
from nexmo_nb.sandbox.clock import Clock
from nexmo_nb.sandbox.control import answer_control
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.failures import build_failure
from nexmo_nb.sandbox.http import Server
from nexmo_nb.sandbox.inbound import receive_sms
from nexmo_nb.sandbox.magic_numbers import find_accident, list_numbers
from nexmo_nb.sandbox.postman import Postman
from nexmo_nb.sandbox.request_log import log_answer, log_request
from nexmo_nb.sandbox.routes import dispatch_request
from nexmo_nb.sandbox.state_file import StateFile
from nexmo_nb.sandbox.webhooks import queue_call_event
from nexmo_nb.sandbox.world import World
from nexmo_nb.sandbox.world_state import restore_snapshot, take_snapshot

logger = logging.getLogger(__name__)


_CERTIFICATE = (
    "File of the certificate that clients of https are to trust; None without `tls`. It goes with the sandbox."
)


class Sandbox:
    """A stand-in for Nexmo on 127.0.0.1, with a demo account; it serves as soon as it is created.

    - `port`: 0 for any that is free. `url` is the whole address, which stands for both of Nexmo's hosts.
    - `seed`: chooses the made-up world. The same seed and the same calls give the same answers.
    - `latency`: seconds before each answer. `limits`: whether Nexmo's published rate limits are enforced.
    - `owned`, `balance`: count of numbers, and EUR, that the account has at the start.
    - `clock`, `now`: seconds for the rate limits and the log; the time of day. `Sandbox.clock` moves and freezes them.
    - `state`: a file from which the state is read at the start, and to which it is written, for the next run.
    - `tls`: to speak https as well as http, at the same port, for clients that speak nothing else; they are to trust
      the certificate whose file `certificate` names.
    - `idle`: seconds after which a connection that says nothing is closed.

    A call rings a second after it was placed, is answered after five, and ends when all is said; a number may ask for
    something else, and what comes of it costs money when it ends (`nexmo_nb.sandbox.call_course`).

    In a process that is forked from the one that made it, it can be looked at, but it neither serves nor ends there.

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
        tls: bool = False,
        idle: float = 60.0,
        state: str | Path | None = None,
    ) -> None:
        self.latency = latency
        self.clock = Clock(now, clock)
        self.world = World(seed, owned, balance, limits, self.clock)
        self._postman = Postman(self.world, lambda: go_on(self.world))
        self.world.call_listeners.append(lambda call, change: queue_call_event(self.world, call, change))
        self.world.on_webhook = self.clock.on_change = self._postman.wake
        # Looked up for each request, so that a test may replace it.
        self._server = Server(port, lambda request: self.answer(request), idle=idle, tls=tls)  # noqa: PLW0108
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._state_file = None if state is None else self._open_state(state)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        _sandboxes.add(self)

    api_key = property(lambda self: self.world.api_key, doc="Key of the demo account.")
    api_secret = property(lambda self: self.world.api_secret, doc="Secret of the demo account.")
    signature_secret = property(lambda self: self.world.signature_secret, doc="Secret for signed sends.")
    application_id = property(lambda self: self.world.application_id, doc="The demo account's voice application.")
    private_key = property(lambda self: self.world.get_key_pair()[0], doc="That application's private key, as PEM.")
    certificate = property(lambda self: self._server.tls and str(self._server.tls.certificate), doc=_CERTIFICATE)
    balance = property(lambda self: float(self._look().balance), doc="What the account has left, in EUR.")
    messages = property(lambda self: self.world.copy_entries("messages"), doc="Accepted messages, oldest first.")
    received = property(lambda self: self.world.copy_entries("received"), doc="Messages that came in, oldest first.")
    webhooks = property(
        lambda self: self.world.copy_entries("webhooks"), doc="What was or is to be posted, with each answer."
    )
    calls = property(lambda self: self._look().copy_entries("calls"), doc="Voice calls of either API, oldest first.")
    requests = property(lambda self: self.world.copy_entries("requests"), doc="All requests, in order of arrival.")

    def fail_next(self, kind: str, times: int = 1, path: str | None = None, **detail: Any) -> None:
        """Schedule an accident for the next `times` requests whose path starts with `path` (default: any).

        A `method` in `detail` narrows it further. ValueError if there is no such kind:

        - Not acted on: ``throttled`` (SMS status 1, else HTTP 429), ``429`` (`retry_after`: seconds for the header),
          ``500``, ``503``, ``http`` (`code`: any), ``redirect`` (`location`, `code`), ``drop-before`` (hangs up),
          ``no-credit``, ``status`` (`code`: the SMS status).
        - Acted on first: ``slow`` (`seconds` before the answer; default 60), ``drip`` (`seconds` before each byte;
          default 0.1), ``drop-after`` (hangs up), ``reset``, ``garbage`` (answers HTML), ``truncated`` (hangs up in
          the middle), ``short-length`` (announces less than it sends), ``bomb`` (`size` bytes, packed small),
          ``partial`` (SMS: only the first part is accepted).
        """
        schedule_accident(self.world, kind, times, path, **detail)

    def receive(self, sender: str, to: str, text: str) -> dict[str, Any]:
        """Let somebody write to a number that the account has, and return what came in.

        It is told to the number's own URL, else to the application that it is linked to, else to the account's URL.
        ValueError for a number that the account does not have.
        """
        return receive_sms(self.world, sender, to, text)

    def wait_for_webhooks(self, timeout: float = 10.0) -> bool:
        """Wait until each webhook that is due by the clock was posted once; False if that takes too many seconds."""
        return self._postman.wait_until_posted(timeout)

    def numbers(self) -> list[dict[str, Any]]:
        """List the magic numbers, each with its effect: numbers that nobody has, for tests of what goes wrong."""
        return list_numbers()

    def reprice(self, country: str, factor: float) -> None:
        """Multiply a country's current prices by `factor`; ValueError for an unknown country or a wrong factor."""
        self.world.reprice(country, factor)

    def reset(self) -> None:
        """Return to the state at the start, and to the real time."""
        self.world.reset()

    def snapshot(self) -> str:
        """Keep the state as it is, clock included, and return the name by which `restore` finds it."""
        return take_snapshot(self.world)

    def restore(self, snapshot: str) -> None:
        """Return to a snapshot, as often as one likes; ValueError where there is none of this name."""
        restore_snapshot(self.world, snapshot)

    def close(self) -> None:
        """Stop serving, also what is being served; in a forked process, do nothing."""
        self._server.close()
        self._thread.join()
        self._postman.close()
        if self._state_file:
            self._state_file.close()
            self._state_file = None

    def answer(self, request: Request) -> tuple[Answer, Accident]:
        """Answer a request; the second value is the accident that happens to the answer, empty for none."""
        try:
            return self._answer(request)
        finally:
            if self._state_file:
                self._state_file.note_change()

    def _answer(self, request: Request) -> tuple[Answer, Accident]:
        own_answer = answer_control(self._look(), request)
        if own_answer is not None:
            return own_answer, {}
        with self.world.lock:
            entry, accident = log_request(self.world, request), take_accident(self.world, request)
            accident = accident or find_accident(request)
        if not self._wait_before_answer(accident):
            return Answer(0), {"kind": "drop-before"}
        try:
            answer = build_instead(request, accident) or dispatch_request(self.world, request, accident, entry)
            log_answer(self.world, entry, answer, accident)
            return answer, accident
        except Exception:
            logger.exception("The sandbox failed at %s %s", request.method, request.path)
            answer = build_failure(request.path, 500, "Internal Server Error")
            log_answer(self.world, entry, answer, {})
            return answer, {}

    def _look(self) -> World:
        """Give the world as it is now: with the calls gone on."""
        advance_calls(self.world)
        return self.world

    def _let_go(self) -> None:
        """In a process that was just forked: hold no socket, and no lock of a thread that is not here."""
        self._server.let_go()
        self._state_file = None
        self._postman = Postman(self.world)
        self.world.on_webhook = self.clock.on_change = lambda: None
        self.world.lock = threading.RLock()

    def _open_state(self, path: str | Path) -> StateFile:
        try:
            return StateFile(path, self.world)
        except ValueError:
            self._server.server_close()
            self._postman.close()
            raise

    def _wait_before_answer(self, accident: Accident) -> bool:
        """Wait before an answer; False if the request is not to be answered, because of a reset or the end."""
        instance = self.world.instance
        wait = self.latency + (float(accident.get("seconds", 60)) if accident.get("kind") == "slow" else 0.0)
        return not wait or (not self._server.closing.wait(wait) and self.world.instance == instance)

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<sandbox {self.url}, key {self.api_key}>"


_sandboxes: weakref.WeakSet[Sandbox] = weakref.WeakSet()


def _let_sandboxes_go() -> None:
    for sandbox in list(_sandboxes):
        sandbox._let_go()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_let_sandboxes_go)


def serve(
    port: int,
    *,
    seed: int = 0,
    latency: float = 0.0,
    limits: bool = True,
    tls: bool = False,
    state: str | Path | None = None,
) -> None:
    """Run a sandbox until Ctrl-C or SIGTERM, and print its address; the arguments are those of `Sandbox`."""
    with Sandbox(port, seed=seed, latency=latency, limits=limits, tls=tls, state=state) as sandbox:
        # Both end alike, for what is not in the state's file yet is to be written.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        print(f"Sandbox: {sandbox.url} (Ctrl-C ends it)", flush=True)  # noqa: T201 - the reader waits for it
        if tls:
            print(f"It speaks https too; its certificate: {sandbox.certificate}", flush=True)  # noqa: T201
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(3600)
