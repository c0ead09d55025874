"""The sandbox's state: one account with its money, numbers and applications, and every request that was made."""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from nexmo_nb.sandbox.clock import Clock
from nexmo_nb.sandbox.data import (
    COUNTRIES,
    build_msisdn,
    build_numbers_for_rent,
    find_country,
    find_network,
    hash_to_int,
)
from nexmo_nb.sandbox.validation import read_amount, show

# Published limits: requests in any second, by family of endpoints.
RATES = {"sms": 30, "calls": 3, "numbers": 3, "owned": 1, "pricing": 1, "reports": 10, "call-control": 15}

LARGEST_FACTOR = 1e6
"""By which prices may differ from those of the start."""


def generate_key() -> tuple[str, str]:
    """Return private and public RSA key as PEM text."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


def list_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, str]:
    """List the values that differ, each with what it was and what it is."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return {name: f"{before.get(name, '(none)')} → {after.get(name, '(none)')}" for name in names}


@dataclass
class World:
    """State that depends only on the seed and the order of calls. `lock` guards it."""

    seed: int
    owned_at_start: int
    balance_at_start: float
    limits: bool
    time: Clock

    def __post_init__(self) -> None:
        self.api_key = f"{hash_to_int(self.seed, 'key'):032x}"[:8]
        self.api_secret = f"S{hash_to_int(self.seed, 'secret'):032x}"[:16]
        self.signature_secret = f"{hash_to_int(self.seed, 'signature'):032x}"
        self.lock = threading.RLock()
        self.snapshots: dict[str, str] = {}
        # Told that a webhook was added. The lock is held: it must not wait.
        self.on_webhook: Callable[[], None] = lambda: None
        self._key_pair: tuple[str, str] | None = None
        # Told of each change of a call's state, once it is made, with the call. The lock is held: they must not wait.
        self.call_listeners: list[Callable[[dict[str, Any], dict[str, str]], None]] = []
        self.reset()

    def reset(self) -> None:
        with self.lock:
            self.instance = uuid.uuid4().hex[:12]
            self.time.reset()
            self.counter = self.changes = 0
            self.balance = Decimal(str(self.balance_at_start))
            self.spent = self.subaccount_spent = Decimal(0)
            self.settings = {"moCallBackUrl": "", "drCallBackUrl": "", "httpForwardMethod": "GET_QUERY_PARAMS"}
            first = str(uuid.UUID(int=hash_to_int(self.seed, "secret id"), version=4))
            self.secrets = {first: {"secret": self.api_secret, "created_at": "2024-05-01T08:00:00Z"}}
            self.messages: list[dict[str, Any]] = []
            self.received: list[dict[str, Any]] = []
            self.webhooks: list[dict[str, Any]] = []
            # When each that waits is due, and its number: the first one comes first, as `heapq` has it.
            self.webhook_queue: list[list[float]] = []
            self.calls: list[dict[str, Any]] = []
            self.activity: list[dict[str, Any]] = []
            self.requests: list[dict[str, Any]] = []
            self.failures: list[dict[str, Any]] = []
            self.reports: dict[str, dict[str, Any]] = {}
            self.usage: list[dict[str, str]] = []
            self.report_price = Decimal("0.0004")
            self.windows: defaultdict[str, deque[float]] = defaultdict(deque)
            self.application_id = self.new_id()
            self.applications = {app["id"]: app for app in self._build_applications()}
            # Shared with other worlds of the seed: what is bought is a copy.
            self.rent = {number["msisdn"]: number for number in build_numbers_for_rent(self.seed)}
            owned = map(self._build_owned_number, range(self.owned_at_start))
            self.owned = {number["msisdn"]: number for number in owned}
            self.numbers_at_start = tuple(self.owned)
            self.factors: dict[str, Decimal] = {}

    def new_id(self) -> str:
        """Create the next id: a UUID that depends on the seed and the count only."""
        self.counter += 1
        return str(uuid.UUID(int=hash_to_int(self.seed, "id", self.counter), version=4))

    def now(self) -> datetime:
        return self.time.now()

    def format_now(self, timespec: str = "milliseconds") -> str:
        return self.now().isoformat(timespec=timespec)

    def get_key_pair(self) -> tuple[str, str]:
        """Return the demo application's key pair. It is generated when first needed, since that takes a while."""
        with self.lock:
            if self._key_pair is None:
                self._key_pair = generate_key()
            return self._key_pair

    def get_public_key(self, app: Mapping[str, Any]) -> str:
        return str(app["public_key"] or self.get_key_pair()[1])

    def is_secret(self, key: str, secret: str) -> bool:
        """Tell whether these are the account's key and one of its secrets."""
        return key == self.api_key and secret in [each["secret"] for each in self.secrets.values()]

    def acquire_slot(self, family: str, rate: int | None = None) -> float:
        """Take one of the family's slots in the current second; otherwise return the seconds until one is free.

        `rate` is how many a second has of them, where they are no endpoints' but a sender's.
        """
        rate = RATES.get(family) if rate is None else rate
        if not self.limits or rate is None:
            return 0.0
        window, now = self.windows[family], self.time.count_seconds()
        while window and window[0] <= now - 1.0:
            window.popleft()
        if len(window) >= rate:
            return window[0] + 1.0 - now
        window.append(now)
        return 0.0

    def spend(self, amount: Decimal) -> bool:
        """Deduct an amount from the balance; False, and no change, where there is too little."""
        if amount > self.balance:
            return False
        self.charge(amount)
        return True

    def charge(self, amount: Decimal) -> None:
        """Deduct what is known only afterwards, as what a call cost, whether or not so much is left."""
        self.balance -= amount
        self.spent += amount

    def note_activity(
        self, what: str, subject: str, details: Mapping[str, Any], price: str = "", per: str = ""
    ) -> None:
        """Note a call, or a change of an application or number, for the inbox; details that are empty are left out."""
        filled = {name: str(value) for name, value in details.items() if value not in (None, "")}
        entry = {"what": what, "subject": subject, "details": filled, "price": price, "per": per}
        self.activity.append({"time": self.format_now(), **entry})

    def note_call(self, to: str, details: Mapping[str, Any]) -> None:
        """Note a new call for the inbox, with the price of a minute where it goes to a number of the market."""
        is_number = to.isdigit()
        country = find_country(to) if is_number else None
        price = self.current_price(country.code, find_network(country, to).voice) if country else ""
        self.note_activity("Call placed", f"+{to}" if is_number else to, details, price, "minute" if price else "")

    def current_price(self, country: str, price: str) -> str:
        """Apply the country's price changes to a price of the list."""
        return f"{Decimal(price) * self.factors.get(country, Decimal(1)):.8f}"

    def reprice(self, country: str, factor: float) -> None:
        """Multiply a country's current prices by a factor; ValueError for an unknown country or a wrong factor."""
        if not isinstance(country, str) or country not in COUNTRIES:
            raise ValueError(f"country: got {show(country)}; allowed: {', '.join(COUNTRIES)}.")
        change = Decimal(str(read_amount("factor", factor, LARGEST_FACTOR)))
        with self.lock:
            product = self.factors.get(country, Decimal(1)) * change
            if product > LARGEST_FACTOR:
                raise ValueError(f"factor: the prices would be {product:,.0f} times those of the start.")
            self.factors[country] = product

    def copy_entries(self, name: str) -> list[dict[str, Any]]:
        """Copy `messages`, `received`, `webhooks`, `calls` or `requests`, oldest first."""
        with self.lock:
            return [dict(entry) for entry in getattr(self, name)]

    def _build_applications(self) -> list[dict[str, Any]]:
        def build_hook(name: str, method: str) -> dict[str, Any]:
            return {f"{name}_url": {"address": f"https://example.org/{name}", "http_method": method}}

        voice = {"webhooks": build_hook("answer", "GET") | build_hook("event", "POST")}
        messages = {"webhooks": build_hook("inbound", "POST") | build_hook("status", "POST")}
        apps = [
            (self.application_id, "Reminders", {"voice": voice}),
            (self.new_id(), "Support desk", {"messages": messages}),
            (self.new_id(), "Hotline", {"voice": {**voice, "region": "eu-west"}, "messages": messages}),
        ]
        # Without keys of their own: the demo's pair stands in, so that a new sandbox need not generate three.
        return [{"id": code, "name": name, "public_key": None, "capabilities": uses} for code, name, uses in apps]

    def _build_owned_number(self, n: int) -> dict[str, Any]:
        country = COUNTRIES[("GB", "US", "PT", "DE", "NA")[n % 5]]
        first = hash_to_int(self.seed, "owned", country.code) * 10_000 + 1
        number: dict[str, Any] = {
            "country": country.code,
            "msisdn": build_msisdn(country, "mobile-lvn", first + n),
            "type": "mobile-lvn",
            "features": ["VOICE", "SMS"] if n % 3 else ["SMS", "VOICE"],
        }
        if n % 4 == 0:
            number["app_id"] = self.application_id
        if n % 5 == 1:
            number["moHttpUrl"] = "https://example.org/inbound"
        if n % 6 == 2:
            number |= {"voiceCallbackType": "tel", "voiceCallbackValue": "447700900001"}
            number["voiceStatusCallback"] = "https://example.org/ended"
        if n % 7 == 3:
            number |= {"messagesCallbackType": "app", "messagesCallbackValue": self.application_id}
        if n % 8 == 5:
            number["limitations"] = [{"feature": "SMS", "type": "OUTBOUND", "reach": "DOMESTIC"}]
        return number
