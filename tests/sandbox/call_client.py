"""A client of the Voice API for the sandbox's tests, and a clock that they move."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

import jwt
from sandbox_client import TO, Client

from nexmo_nb.sandbox import Sandbox

CALL = {"to": [{"type": "phone", "number": TO}], "random_from_number": True, "ncco": [{"action": "talk", "text": "Hi"}]}


def build_token(sandbox: Sandbox, key: str | None = None, **claims: Any) -> str:
    now = int(time.time())
    whole = {
        "application_id": sandbox.application_id,
        "iat": now,
        "exp": now + 60,
        "jti": str(uuid.uuid4()),
        **claims,
    }
    return jwt.encode({k: v for k, v in whole.items() if v is not None}, key or sandbox.private_key, algorithm="RS256")


class Clock:
    """The time of day of a sandbox, which stands still until it is moved."""

    START = datetime(2026, 3, 4, 5, 6, 7, tzinfo=timezone.utc)

    def __init__(self) -> None:
        self.at = self.START

    def __call__(self) -> datetime:
        return self.at

    def restart(self) -> None:
        self.at = self.START

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Caller(Client):
    """Sends each request with a token."""

    def __init__(self, sandbox: Sandbox, clock: Clock) -> None:
        super().__init__(sandbox)
        self.clock = clock

    def ask(self, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
        bearer = f"Bearer {build_token(self.sandbox)}"
        return self.request(method, f"/v1/calls{path}", body, Authorization=bearer)

    def place(self, to: str = TO, **change: Any) -> str:
        """Place a call, and return its path below ``/v1/calls``."""
        status, body = self.ask("POST", "", {**CALL, "to": [{"type": "phone", "number": to}], **change})
        assert status == 201, body
        return f"/{body['uuid']}"

    def follow(self, path: str, *seconds: float) -> list[str]:
        """Tell a call's state after some seconds, one after the other."""
        states = []
        for each in seconds:
            self.clock.move(each)
            states.append(self.ask("GET", path)[1]["status"])
        return states
