"""What the sandbox knows: one account, its money, numbers and applications, and everything that was asked of it."""

from __future__ import annotations

import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from nexmo_nb.sandbox.data import COUNTRIES, digest, numbers_for_rent

__all__ = ["Answer", "Request", "World", "generate_key"]

# Published rates: requests in any second, by family.
RATES = {"sms": 30, "calls": 3, "numbers": 3, "owned": 1, "pricing": 1, "reports": 10}


@dataclass
class Request:
    """One request, read."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    json: Any
    headers: Mapping[str, str]
    problem: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """Parameters of a call that takes them in the query or the form alike, and JSON for older clients."""
        listed = self.json if isinstance(self.json, dict) else {}
        return {**self.query, **{k: str(v) for k, v in listed.items()}, **self.form}


class Answer(NamedTuple):
    """Status, body (JSON by default; bytes as they are; None for none) and further headers."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = {}


def generate_key() -> tuple[str, str]:
    """Make an RSA key pair: private and public half as PEM text."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@dataclass
class World:
    """State, deterministic from its seed and the order of calls; guarded by `lock`."""

    seed: int
    owned_at_start: int
    balance_at_start: float
    limits: bool
    clock: Callable[[], float]
    now: Callable[[], datetime]
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.api_key = f"{digest(self.seed, 'key'):032x}"[:8]
        self.api_secret = f"S{digest(self.seed, 'secret'):032x}"[:16]
        self.signature_secret = f"{digest(self.seed, 'signature'):032x}"
        self._key: tuple[str, str] | None = None
        # Made from the seed alone, so nothing that happens changes it.
        self.traffic: dict[int, dict[str, list[tuple[str, ...]]]] = {}
        self.reset()

    def reset(self) -> None:
        """Go back to how it all began."""
        with self.lock:
            self.instance = uuid.uuid4().hex[:12]
            self.counter = 0
            self.changes = 0
            self.balance = Decimal(str(self.balance_at_start))
            self.messages: list[dict[str, Any]] = []
            self.calls: list[dict[str, Any]] = []
            self.requests: list[dict[str, Any]] = []
            self.failures: list[dict[str, Any]] = []
            self.tokens: set[str] = set()
            self.reports: dict[str, dict[str, Any]] = {}
            self.windows: dict[str, deque[float]] = {family: deque() for family in RATES}
            self.application_id = self.new_id()
            self.applications = {app["id"]: app for app in self._applications()}
            self.rent = {number["msisdn"]: number for number in numbers_for_rent(self.seed)}
            self.owned = {number["msisdn"]: number for number in self._owned()}
            self.numbers_at_start = tuple(self.owned)
            self.factors: dict[str, Decimal] = {}

    def new_id(self) -> str:
        """Make up the next id: a UUID that depends on the seed and the count only."""
        self.counter += 1
        return str(uuid.UUID(int=digest(self.seed, "id", self.counter), version=4))

    def key_pair(self) -> tuple[str, str]:
        """Give the demo application's key pair, made when it is first needed: it takes a while."""
        with self.lock:
            if self._key is None:
                self._key = generate_key()
            return self._key

    def public_key(self, app: Mapping[str, Any]) -> str:
        """Give an application's public key."""
        return str(app["keys"].get("public_key") or self.key_pair()[1])

    def throttled(self, family: str) -> float:
        """Take a place in the family's second; else the seconds until one is free."""
        if not self.limits or family not in RATES:
            return 0.0
        window, now = self.windows[family], self.clock()
        while window and window[0] <= now - 1.0:
            window.popleft()
        if len(window) >= RATES[family]:
            return window[0] + 1.0 - now
        window.append(now)
        return 0.0

    def price(self, country: str, price: str) -> str:
        """Give a price of the list as it is now in a country."""
        return f"{Decimal(price) * self.factors.get(country, Decimal(1)):.8f}"

    def spend(self, amount: Decimal) -> bool:
        """Take money, if there is enough."""
        if amount > self.balance:
            return False
        self.balance -= amount
        return True

    def _applications(self) -> list[dict[str, Any]]:
        def hook(path: str, method: str) -> dict[str, str]:
            return {"address": f"https://example.org/{path}", "http_method": method}

        voice = {"webhooks": {"answer_url": hook("answer", "GET"), "event_url": hook("event", "POST")}}
        messages = {"webhooks": {"inbound_url": hook("inbound", "POST"), "status_url": hook("status", "POST")}}
        made = [
            (self.application_id, "Reminders", {"voice": voice}),
            (self.new_id(), "Support desk", {"messages": messages}),
            (self.new_id(), "Hotline", {"voice": {**voice, "region": "eu-west"}, "messages": messages}),
        ]
        # No key of its own: the demo's pair stands in, so that a new sandbox need not make three.
        return [{"id": code, "name": name, "keys": {}, "capabilities": uses} for code, name, uses in made]

    def _owned(self) -> list[dict[str, Any]]:
        countries = [COUNTRIES[code] for code in ("GB", "US", "PT", "DE", "NA")]
        found = []
        for n in range(self.owned_at_start):
            country = countries[n % len(countries)]
            room = country.digits - len(country.lead)
            tail = str(10 ** (room - 1) * (1 + digest(self.seed, "owned", country.code) % 8) + n)[-room:].zfill(room)
            number: dict[str, Any] = {
                "country": country.code,
                "msisdn": country.prefix + country.lead + tail,
                "type": "mobile-lvn",
                "features": ["VOICE", "SMS"] if n % 3 else ["SMS", "VOICE"],
            }
            if n % 4 == 0:
                number["app_id"] = self.application_id
            if n % 5 == 1:
                number["moHttpUrl"] = "https://example.org/inbound"
            if n % 6 == 2:
                number |= {"voiceCallbackType": "tel", "voiceCallbackValue": "447700900001"}
            found.append(number)
        return found
