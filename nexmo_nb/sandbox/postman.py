"""The one thread that posts webhooks when the sandbox's clock says that they are due."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import logging
import socket
import threading
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from nexmo_nb.sandbox.signatures import sign_fields
from nexmo_nb.sandbox.webhook_queue import Webhook, find_next_due, note_try, take_due
from nexmo_nb.sandbox.world import World

logger = logging.getLogger(__name__)
CONNECT_TIMEOUT, ANSWER_TIMEOUT = 3.0, 15.0


class Postman:
    """Posts webhooks, one after the other. The thread begins with the first one, and ends by `close`.

    `go_on` lets happen what is due in the world beside webhooks, and says when to do so next, as Unix seconds of the
    sandbox's clock, or None.
    """

    def __init__(self, world: World, go_on: Callable[[], float | None] = lambda: None) -> None:
        self._world, self._go_on = world, go_on
        self._condition = threading.Condition()
        # How often something changed, and up to which change all that was due is posted.
        self._changes = self._handled = 0
        self._is_closing = False
        self._thread: threading.Thread | None = None
        self._connection: http.client.HTTPConnection | None = None

    def wake(self) -> None:
        """Look again at what is due: a webhook was added, or the clock was moved."""
        with self._condition:
            self._changes += 1
            if self._thread is None and not self._is_closing and self._world.webhook_queue:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()
            self._condition.notify_all()

    def wait_until_posted(self, timeout: float) -> bool:
        """Wait until all that is due by now was posted once; False if that takes longer than `timeout` seconds."""
        self.wake()
        with self._condition:
            wanted = self._changes
            return self._thread is None or self._condition.wait_for(lambda: self._handled >= wanted, timeout)

    def close(self) -> None:
        """End, also what is being posted."""
        with self._condition:
            self._is_closing = True
            self._condition.notify_all()
            thread, connection = self._thread, self._connection
        if connection and connection.sock:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
        if thread:
            thread.join()

    def _run(self) -> None:
        while not self._is_closing:
            seen = self._changes
            next_change = self._go_on()
            webhook = take_due(self._world)
            if webhook is None:
                self._rest(seen, next_change)
                continue
            try:
                answer = self._post(webhook)
            except Exception:  # the thread goes on: others have webhooks as well
                logger.exception("The sandbox failed to post a webhook to %s", webhook["url"])
                answer = "the sandbox failed"
            if not self._is_closing:
                note_try(self._world, webhook, answer)

    def _rest(self, seen: int, next_change: float | None) -> None:
        """Wait for a change, or until something is due."""
        dues = [due for due in (find_next_due(self._world), next_change) if due is not None]
        wait = None
        if dues and not self._world.time.is_frozen:
            wait = max(0.0, min(dues) - self._world.now().timestamp())
        with self._condition:
            if self._changes == seen and not self._is_closing:
                self._handled = seen
                self._condition.notify_all()
                self._condition.wait(wait)

    def _post(self, webhook: Webhook) -> int | str:
        """Post a webhook, and return its answer's status, or in words why there is none."""
        parts = urlsplit(webhook["url"])
        target, body, headers = build_request(self._world, webhook)
        # Not looked up: a name server has no say in what is this machine.
        host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
        connection = http.client.HTTPConnection(host, parts.port or 80, timeout=CONNECT_TIMEOUT)
        with self._condition:
            self._connection = connection
        try:
            connection.connect()
            with self._condition:
                if self._is_closing:  # which looked for a connection to end before this one was there
                    return "no answer: the sandbox ended"
            connection.sock.settimeout(ANSWER_TIMEOUT)
            connection.request(webhook["method"], target, body, {**headers, "Host": parts.netloc.rpartition("@")[2]})
            return connection.getresponse().status
        except (OSError, http.client.HTTPException, ValueError) as problem:
            return f"no answer: {problem or type(problem).__name__}"
        finally:
            connection.close()


def build_request(world: World, webhook: Webhook) -> tuple[str, bytes | None, dict[str, str]]:
    """Build target, body and headers of a webhook, signed with the account's signature secret as of now."""
    parts, fields = urlsplit(webhook["url"]), dict(webhook["fields"])
    now = int(world.now().timestamp())
    if webhook["signature"] == "sig":
        fields |= {"timestamp": str(now), "nonce": str(uuid.uuid4())}
        fields["sig"] = sign_fields(fields, world.signature_secret)
    query, body, headers = parts.query, None, {"User-Agent": "Nexmo/MessagingHUB/v1.0", "Accept": "*/*"}
    if webhook["format"] == "query":
        query = "&".join(filter(None, (query, urlencode(fields))))
    elif webhook["format"] == "form":
        body, headers["Content-Type"] = urlencode(fields).encode(), "application/x-www-form-urlencoded"
    else:
        body, headers["Content-Type"] = json.dumps(fields).encode(), "application/json"
    if webhook["signature"] == "jwt":
        headers["Authorization"] = f"Bearer {_build_token(world, webhook, body, now)}"
    return f"{parts.path or '/'}{'?' if query else ''}{query}", body, headers


def _build_token(world: World, webhook: Webhook, body: bytes | None, now: int) -> str:
    """Build the token that proves who posts, and by its `payload_hash` that the body is as it was."""
    import jwt

    claims: dict[str, Any] = {"iat": now, "jti": str(uuid.uuid4()), "iss": "Vonage", "api_key": world.api_key}
    if webhook["application_id"]:
        claims["application_id"] = webhook["application_id"]
    if body is not None:
        claims["payload_hash"] = hashlib.sha256(body).hexdigest()
    return jwt.encode(claims, world.signature_secret, algorithm="HS256")
