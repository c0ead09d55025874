"""A made-up year of traffic, 2025: what the account sent, received and called before anybody connected.

Each month is made by itself, from the seed alone, when somebody asks for it. Rows are tuples of text in the order of
`FIELDS`.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from nexmo_nb.sandbox.data import COUNTRIES, Country, Network, digest
from nexmo_nb.sandbox.segments import in_gsm, split_gsm, split_ucs2

if TYPE_CHECKING:
    import numpy as np

    from nexmo_nb.sandbox.world import World

__all__ = ["FIELDS", "YEAR", "find", "rows", "totals"]

YEAR = 2025
# The fields of a record, by product, as the Reports API names them.
FIELDS: dict[str, tuple[str, ...]] = {
    product: tuple(names.split())
    for product, names in {
        "SMS": "account_id message_id account_ref client_ref direction from to forced_from changed_from concatenated"
        " message_body network network_name country country_name date_received date_finalized latency status error_code"
        " error_code_description currency total_price id dcs validity_period ip_address udh workflow_id tier_volume",
        "SMS inbound": "account_id message_id direction from to network network_name country country_name date_received"
        " currency total_price id message_body tier_volume",
        "VOICE-CALL": "account_id call_id direction from to forced_from network network_name country country_name"
        " date_start date_end duration status status_description status_code currency price total_price id tier_volume",
        "VOICE-FAILED": "account_id call_id direction from to network network_name country country_name date_start"
        " date_end status status_code status_description id",
        "VOICE-TTS": "account_id from to status trace_id premium language style length size start_time end_time"
        " duration currency price total_price tts_type tts_level call_id conversation_id creation_date id",
    }.items()
}
_WEIGHTS = {
    "GB": 30,
    "US": 14,
    "DE": 12,
    "PT": 10,
    "FR": 8,
    "ES": 6,
    "NA": 5,
    "IE": 4,
    "NL": 3,
    "PL": 3,
    "ZA": 3,
    "BR": 2,
}
# Networks whose price was another before a month of the year: the month of the change, and the factor before it.
_CHANGES = {
    "23410": (4, "0.92"),
    "23430": (10, "1.05"),
    "26202": (7, "0.88"),
    "310260": (3, "1.15"),
    "64901": (9, "0.80"),
    "26803": (6, "1.08"),
}
_POOR = ("64903", "21403")
# Status, share on a good network and on a poor one, and the error codes that it comes with.
_FATES = (
    ("delivered", 0.935, 0.70, ("0",)),
    ("failed", 0.028, 0.14, ("2", "8", "12")),
    ("expired", 0.018, 0.10, ("2", "7")),
    ("rejected", 0.010, 0.03, ("9", "4", "10")),
    ("unknown", 0.009, 0.03, ("1",)),
)
_WORDS = {
    "0": "Delivered",
    "1": "Unknown",
    "2": "Absent Subscriber - Temporary",
    "4": "Call Barred by User",
    "7": "Handset Busy",
    "8": "Network Error",
    "9": "Illegal Number",
    "10": "Illegal Message",
    "12": "Destination Unreachable",
}
# Tag, sender (a number: one that the account owns), share, text.
_TEMPLATES = (
    ("otp", "Bank", 22, "Your code is 482913. It is good for ten minutes. Never give it to anybody."),
    ("otp", "0", 14, "482913 is your code."),
    ("otp", "Shop", 8, "Código 482913. Não o diga a ninguém."),
    ("reminders", "1", 12, "Your appointment is tomorrow at 9:30. Reply C to cancel it."),
    ("reminders", "2", 9, "Olá! A sua mesa está pronta às 20h. Se não puder vir, responda C até às 18h de hoje."),
    (
        "reminders",
        "Clinic",
        7,
        "Reminder: your check-up is on Friday at 14:00. Please bring your card – and this text.",
    ),
    ("marketing", "Shop", 8, "Only today: 20 % off everything. Show this text at the till. Stop: reply S"),
    (
        "marketing",
        "Shop",
        7,
        "🎉 Only today: 20 % off everything in our shops! Show this text at the till. Stop: reply S",
    ),
    (
        "marketing",
        "3",
        5,
        "It’s back: the winter sale. Everything must go, so come early and bring your friends along!",
    ),
    ("marketing", "Shop", 4, "Our spring collection is here. " * 6 + "Stop: reply S"),
    ("alerts", "Demo", 2, "Your parcel is at the door. The courier waits for five minutes."),
    ("alerts", "4", 2, "Water is off in your street today from 9 to 12. We are sorry. Questions? Call us."),
)
_REPLIES = ("C", "S", "Yes", "Thank you", "When?", "Stop")


class Message(NamedTuple):
    """A template, cut into parts."""

    tag: str
    sender: str
    text: str
    parts: int
    dcs: str


def rows(world: World, product: str, direction: str | None, start: float, end: float) -> Iterator[tuple[str, ...]]:
    """Give the records of a product from `start` and before `end` (Unix seconds), oldest first."""
    key = f"{product} {direction}" if f"{product} {direction}" in FIELDS else product
    if key not in FIELDS:
        return
    names = FIELDS[key]
    place = next(names.index(name) for name in ("date_received", "date_start", "start_time") if name in names)
    way = names.index("direction") if direction and product == key and "direction" in names else None
    first, last = (datetime.fromtimestamp(max(0.0, at), tz=timezone.utc) for at in (start, end))
    # Records have whole seconds.
    low, high = _stamp(math.ceil(start)), _stamp(math.ceil(end))
    for month in range(1, 13):
        if (first.year, first.month) <= (YEAR, month) <= (last.year, last.month):
            found = _month(world, month)[key]
            begin, stop = (bisect_left(found, at, key=itemgetter(place)) for at in (low, high))
            yield from (row for row in found[begin:stop] if way is None or row[way] == direction)


def find(world: World, key: str, ids: Sequence[str]) -> list[tuple[str, ...]]:
    """Give the records with some ids, in their order; an id begins with its month."""
    if key not in FIELDS:
        return []
    places = [FIELDS[key].index(name) for name in ("message_id", "call_id", "id") if name in FIELDS[key]]
    wanted, found = set(ids), dict[str, list[tuple[str, ...]]]()
    # Month by month, so that none is made twice.
    for month in sorted({code[:2] for code in wanted} & {f"{n:02d}" for n in range(1, 13)}):
        for row in _month(world, int(month))[key]:
            for code in wanted.intersection([row[place] for place in places]):
                found.setdefault(code, []).append(row)
    return list(dict.fromkeys(row for code in ids for row in found.get(code, ())))


def totals(world: World, start: float, end: float) -> dict[tuple[str, str, str], tuple[int, Decimal]]:
    """Add up outbound SMS by country, network and status: how many records, and what they cost."""
    pick = itemgetter(*(FIELDS["SMS"].index(name) for name in ("country", "network", "status", "total_price")))
    sums: dict[tuple[str, str, str], tuple[int, Decimal]] = {}
    for (country, network, status, price), times in Counter(
        pick(row) for row in rows(world, "SMS", "outbound", start, end)
    ).items():
        count, cost = sums.get((country, network, status), (0, Decimal(0)))
        sums[country, network, status] = (count + times, cost + times * Decimal(price))
    return sums


def _month(world: World, month: int) -> dict[str, list[tuple[str, ...]]]:
    """Make a month, or give it again; the last few are kept."""
    with world.lock:
        found = world.traffic.get(month)
    if found is None:
        # Without the lock: whoever sends meanwhile must not wait, and a month that is made twice is the same twice.
        found = _Maker(world, month).make()
        with world.lock:
            while len(world.traffic) >= 4:
                del world.traffic[next(iter(world.traffic))]
            world.traffic[month] = found
    return found


class _Maker:
    """Makes one month, with random numbers of its own whose stream numpy has frozen."""

    def __init__(self, world: World, month: int) -> None:
        import numpy

        self.np, self.world, self.month = numpy, world, month
        self.random = numpy.random.RandomState(digest(world.seed, "traffic", month) % 2**32)
        self.begin = datetime(YEAR, month, 1, tzinfo=timezone.utc).timestamp()
        after = datetime(YEAR + month // 12, month % 12 + 1, 1, tzinfo=timezone.utc).timestamp()
        self.days = int((after - self.begin) // 86_400)
        # Two numbers rest from October on, and two were never used.
        owned = world.numbers_at_start
        self.owned = (owned[:-2] if month < 10 else owned[:-4]) or ("447400000000",)
        self.places = [(COUNTRIES[code], n) for code in _WEIGHTS for n in COUNTRIES[code].networks]

    def make(self) -> dict[str, list[tuple[str, ...]]]:
        """Make the records of all products."""
        return {
            "SMS": self._outbound(14_800 + 420 * self.month),
            "SMS inbound": self._inbound(1_500),
            "VOICE-CALL": self._calls(1_200),
            "VOICE-FAILED": self._failed(80),
            "VOICE-TTS": self._speeches(300),
        }

    def _outbound(self, count: int) -> list[tuple[str, ...]]:
        np, random, account = self.np, self.random, self.world.api_key
        shares = np.array([template[2] for template in _TEMPLATES], dtype=float)
        kinds = random.choice(len(_TEMPLATES), count, p=shares / shares.sum())
        messages = [_message(template, self.owned) for template in _TEMPLATES]
        times, places, fates = self._times(count), self._networks(count), random.random_sample((2, count))
        delays = np.clip(random.lognormal(8.0, 0.8, count), 250, 600_000).astype(int)
        tails = random.randint(0, 10**9, count)
        waits, ends = [], []
        for place, fate, pick, delay in zip(places, *fates.tolist(), delays.tolist(), strict=True):
            status, codes = _fate(fate, self.places[place][1].code)
            waits.append(86_400_000 + delay if status == "expired" else delay)
            ends.append((status, codes[int(pick * len(codes))]))
        seconds = np.array(times, dtype="int64")
        received = self._stamps(seconds, "s")
        finalized = self._stamps(seconds * 1000 + np.array(waits, dtype="int64"), "ms")
        prices = [self._price(network) for _, network in self.places]
        marks = iter(self._ids(2 * count + 500))
        found: list[tuple[str, ...]] = []
        for n, (kind, place) in enumerate(zip(kinds.tolist(), places, strict=True)):
            message, (country, network) = messages[kind], self.places[place]
            status, code = ends[n]
            price = "0.00000000" if status == "rejected" else prices[place]
            to = _number(country, int(tails[n]))
            reference = f"{message.tag}-{self.month:02d}{n:05d}"
            several = "TRUE" if message.parts > 1 else "FALSE"
            for _ in range(message.parts):
                mark = next(marks)
                found.append(
                    (account, mark, message.tag, reference, "outbound", message.sender, to, "", "", several)
                    + (message.text, network.code, network.name, country.code, country.name, received[n])
                    + (finalized[n], str(waits[n]), status, code, _WORDS[code], "", price, mark, message.dcs)
                    + ("", "", "", "", "")
                )
        return found

    def _inbound(self, count: int) -> list[tuple[str, ...]]:
        account, texts = self.world.api_key, self.random.choice(len(_REPLIES), count).tolist()
        ours, tails = self._ours(count), self.random.randint(0, 10**9, count).tolist()
        found: list[tuple[str, ...]] = []
        for at, place, mark, text, own, tail in zip(
            self._times(count), self._networks(count), self._ids(count), texts, ours, tails, strict=True
        ):
            country, network = self.places[place]
            found.append(
                (account, mark, "inbound", _number(country, tail), own, network.code, network.name, country.code)
                + (country.name, _stamp(at), "", "0.00000000", mark, _REPLIES[text], "")
            )
        return found

    def _calls(self, count: int) -> list[tuple[str, ...]]:
        account, seconds = self.world.api_key, self.random.lognormal(3.6, 0.7, count).astype(int) + 1
        found: list[tuple[str, ...]] = []
        for at, (country, network), mark, own, tail, long in self._each(count, seconds.tolist()):
            cost = f"{Decimal(network.voice) * long / 60:.8f}"
            found.append(
                (account, f"{mark[:-2]}-1", "outbound", own, _number(country, tail), "", network.code, network.name)
                + (country.code, country.name, _stamp(at), _stamp(at + long), str(long), "ANSWERED", "", "200", "EUR")
                + (network.voice, cost, mark, "")
            )
        return found

    def _failed(self, count: int) -> list[tuple[str, ...]]:
        account = self.world.api_key
        found: list[tuple[str, ...]] = []
        for at, (country, network), mark, own, tail, _ in self._each(count, [0] * count):
            found.append(
                (account, f"{mark[:-2]}-1", "outbound", own, _number(country, tail), network.code, network.name)
                + (country.code, country.name, _stamp(at), _stamp(at), "FAILED", "486", "Busy Here", mark)
            )
        return found

    def _speeches(self, count: int) -> list[tuple[str, ...]]:
        account, seconds = self.world.api_key, self.random.randint(4, 40, count).tolist()
        found: list[tuple[str, ...]] = []
        for at, (country, _), mark, own, tail, long in self._each(count, seconds):
            begun, ended = _stamp(at), _stamp(at + long)
            found.append(
                (account, own, _number(country, tail), "ok", mark, "FALSE", "en-GB", "0", str(long * 15), "1", begun)
                + (ended, str(long), "EUR", "0.00480000", f"{Decimal('0.0048') * long / 60:.8f}", "standard", "1")
                + (f"{mark[:-2]}-1", f"CON-{mark}", begun, mark)
            )
        return found

    def _each(self, count: int, further: list[int]) -> Iterator[tuple[Any, ...]]:
        """Give what every kind of call has: time, country and network, id, own number, digits; and one number more."""
        places = [self.places[place] for place in self._networks(count)]
        tails = self.random.randint(0, 10**9, count).tolist()
        return zip(self._times(count), places, self._ids(count), self._ours(count), tails, further, strict=True)

    def _times(self, count: int) -> list[float]:
        """Draw times, fewer at weekends and at night, in order."""
        days = self.np.arange(self.days)
        # The first of January 2025 was a Wednesday.
        week = (days + int((self.begin - datetime(YEAR, 1, 1, tzinfo=timezone.utc).timestamp()) // 86_400) + 2) % 7
        weights = self.np.where(week >= 5, 0.55, 1.0)
        hours = self.np.array(
            [1, 1, 1, 1, 1, 2, 4, 7, 10, 11, 11, 10, 9, 10, 10, 9, 9, 9, 8, 7, 5, 4, 2, 1], dtype=float
        )
        day = self.random.choice(self.days, count, p=weights / weights.sum())
        hour = self.random.choice(24, count, p=hours / hours.sum())
        seconds: np.ndarray[Any, Any] = day * 86_400 + hour * 3600 + self.random.randint(0, 3600, count)
        return [self.begin + second for second in self.np.sort(seconds).tolist()]

    def _networks(self, count: int) -> list[int]:
        weights = self.np.array([_WEIGHTS[c.code] / len(c.networks) for c, _ in self.places], dtype=float)
        drawn: list[int] = self.random.choice(len(self.places), count, p=weights / weights.sum()).tolist()
        return drawn

    def _ours(self, count: int) -> list[str]:
        return [self.owned[n] for n in self.random.choice(len(self.owned), count).tolist()]

    def _ids(self, count: int) -> list[str]:
        """Draw UUIDs that begin with the month."""
        drawn = self.random.bytes(16 * count).hex()
        marks = (drawn[32 * n : 32 * n + 32] for n in range(count))
        return [f"{self.month:02d}{m[2:8]}-{m[8:12]}-4{m[13:16]}-8{m[17:20]}-{m[20:]}" for m in marks]

    def _stamps(self, times: np.ndarray[Any, Any], unit: str) -> list[str]:
        """Write many times at once."""
        return [f"{at}+00:00" for at in self.np.datetime_as_string(times.astype(f"datetime64[{unit}]")).tolist()]

    def _price(self, network: Network) -> str:
        change = _CHANGES.get(network.code)
        if change is None or self.month >= change[0]:
            return network.sms
        return f"{Decimal(network.sms) * Decimal(change[1]):.8f}"


def _message(template: tuple[str, str, int, str], owned: Sequence[str]) -> Message:
    tag, sender, _, text = template
    plain = all(in_gsm(character) for character in text)
    parts = len(split_gsm(text) if plain else split_ucs2(text))
    return Message(
        tag, owned[int(sender) % len(owned)] if sender.isdigit() else sender, text, parts, "0" if plain else "8"
    )


def _fate(dice: float, network: str) -> tuple[str, tuple[str, ...]]:
    for status, good, poor, codes in _FATES:
        dice -= poor if network in _POOR else good
        if dice < 0:
            return status, codes
    return "unknown", ("1",)


def _number(country: Country, tail: int) -> str:
    room = country.digits - len(country.lead)
    return f"{country.prefix}{country.lead}{tail % 10**room:0{room}d}"


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, tz=timezone.utc).isoformat(timespec="seconds")
