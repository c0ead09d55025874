"""The months of 2025 that the sandbox makes up: what the account sent, received and called before anybody connected.

Each month depends on the seed alone. Records are tuples of text, in the order of `FIELDS`.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, NamedTuple

from nexmo_nb.sandbox.data import COUNTRIES, Country, Network, build_msisdn, hash_to_int
from nexmo_nb.sandbox.segments import is_gsm_character, split_gsm, split_ucs2

Record = tuple[str, ...]
YEAR = 2025
# The fields of a record by product, and by direction where that matters, as the Reports API names them.
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
# How often each country is written to and called.
_WEIGHTS = {
    "GB": 30, "US": 14, "DE": 12, "PT": 10, "FR": 8, "ES": 6, "NA": 5, "IE": 4, "NL": 3, "PL": 3, "ZA": 3, "BR": 2,
}  # fmt: skip
# Networks whose price changed during the year: the month of the change, and the factor on today's price before it.
_CHANGES = {
    "23410": (4, "0.92"), "23430": (10, "1.05"), "26202": (7, "0.88"),
    "310260": (3, "1.15"), "64901": (9, "0.80"), "26803": (6, "1.08"),
}  # fmt: skip
# Networks that deliver less.
_POOR = ("64903", "21403")
# Status, its share on a good network and on a poor one, and its possible error codes.
_OUTCOMES = (
    ("delivered", 0.935, 0.70, ("0",)),
    ("failed", 0.028, 0.14, ("2", "8", "12")),
    ("expired", 0.018, 0.10, ("2", "7")),
    ("rejected", 0.010, 0.03, ("9", "4", "10")),
    ("unknown", 0.009, 0.03, ("1",)),
)
_ERRORS = {
    "0": "Delivered", "1": "Unknown", "2": "Absent Subscriber - Temporary", "4": "Call Barred by User",
    "7": "Handset Busy", "8": "Network Error", "9": "Illegal Number", "10": "Illegal Message",
    "12": "Destination Unreachable",
}  # fmt: skip
# Tag, sender (a digit stands for a number that the account owns), share, text.
_TEMPLATES = f"""
otp|Bank|22|Your code is 482913. It is good for ten minutes. Never give it to anybody.
otp|0|14|482913 is your code.
otp|Shop|8|Código 482913. Não o diga a ninguém.
reminders|1|12|Your appointment is tomorrow at 9:30. Reply C to cancel it.
reminders|2|9|Olá! A sua mesa está pronta às 20h. Se não puder vir, responda C até às 18h de hoje.
reminders|Clinic|7|Reminder: your check-up is on Friday at 14:00. Please bring your card – and this text.
marketing|Shop|8|Only today: 20 % off everything. Show this text at the till. Stop: reply S
marketing|Shop|7|🎉 Only today: 20 % off everything in our shops! Show this text at the till. Stop: reply S
marketing|3|5|It’s back: the winter sale. Everything must go, so come early and bring your friends along!
marketing|Shop|4|{"Our spring collection is here. " * 6}Stop: reply S
alerts|Demo|2|Your parcel is at the door. The courier waits for five minutes.
alerts|4|2|Water is off in your street today from 9 to 12. We are sorry. Questions? Call us.
"""
_REPLIES = ("C", "S", "Yes", "Thank you", "When?", "Stop")
# Weights of the hours of a day.
_HOURS = (1, 1, 1, 1, 1, 2, 4, 7, 10, 11, 11, 10, 9, 10, 10, 9, 9, 9, 8, 7, 5, 4, 2, 1)
_WEEKEND = 0.55
_TTS_PRICE = "0.00480000"


class _Template(NamedTuple):
    tag: str
    sender: str
    share: int
    text: str
    parts: int
    dcs: str


class _Place(NamedTuple):
    country: Country
    network: Network

    @property
    def fields(self) -> Record:
        return self.network.code, self.network.name, self.country.code, self.country.name


class _Call(NamedTuple):
    start: float
    place: _Place
    id: str
    own: str
    other: str
    seconds: int

    @property
    def leg_id(self) -> str:
        return f"{self.id[:-2]}-1"

    @property
    def times(self) -> Record:
        """Start and end."""
        return format_time(self.start), format_time(self.start + self.seconds)


def find_month_start(month: int) -> float:
    """Find when a month begins, as Unix seconds; month 13 is the next January."""
    return datetime(YEAR + (month - 1) // 12, (month - 1) % 12 + 1, 1, tzinfo=timezone.utc).timestamp()


def format_time(at: float, timespec: str = "seconds") -> str:
    """Format Unix seconds as the Reports API does."""
    return datetime.fromtimestamp(at, tz=timezone.utc).isoformat(timespec=timespec)


class MonthBuilder:
    """Builds one month with a random generator of its own, whose stream numpy does not change between versions."""

    def __init__(self, seed: int, account: str, owned: Sequence[str], month: int) -> None:
        import numpy

        self._np, self._account, self._month = numpy, account, month
        self._random = numpy.random.RandomState(hash_to_int(seed, "traffic", month) % 2**32)
        # Two numbers are not used from October on, and two never.
        self._owned = (owned[:-2] if month < 10 else owned[:-4]) or ("447400000000",)
        self._places = [_Place(COUNTRIES[code], network) for code in _WEIGHTS for network in COUNTRIES[code].networks]

    def build(self) -> dict[str, list[Record]]:
        """Build the records of every product, oldest first."""
        # The order matters: each product continues the random stream of the one before.
        return {
            "SMS": self._build_outbound(14_800 + 420 * self._month),
            "SMS inbound": self._build_inbound(1_500),
            "VOICE-CALL": self._build_calls(1_200),
            "VOICE-FAILED": self._build_failed_calls(80),
            "VOICE-TTS": self._build_tts_calls(300),
        }

    def _build_outbound(self, count: int) -> list[Record]:
        templates = _parse_templates(self._owned)
        kinds = self._draw_weighted([template.share for template in templates], count).tolist()
        times, places = self._draw_times(count), self._draw_places(count)
        outcomes = self._draw_outcomes(places)
        tails = self._draw_tails(count)
        ids = iter(self._draw_ids(2 * count + 500))
        prices = {place.network.code: self._find_price(place.network) for place in self._places}
        records: list[Record] = []
        for n, (kind, at, place, outcome, tail) in enumerate(zip(kinds, times, places, outcomes, tails, strict=True)):
            template, (status, error, latency) = templates[kind], outcome
            price = "0.00000000" if status == "rejected" else prices[place.network.code]
            several = "TRUE" if template.parts > 1 else "FALSE"
            reference = f"{template.tag}-{self._month:02d}{n:05d}"
            to, finalized = (
                build_msisdn(place.country, "mobile-lvn", tail),
                format_time(at + latency / 1000, "milliseconds"),
            )
            for _ in range(template.parts):
                code = next(ids)
                records.append(
                    (self._account, code, template.tag, reference, "outbound", template.sender, to, "", "", several)
                    + (template.text, *place.fields, format_time(at), finalized, str(latency), status, error)
                    + (_ERRORS[error], "", price, code, template.dcs, "", "", "", "", "")
                )
        return records

    def _build_inbound(self, count: int) -> list[Record]:
        texts = self._random.choice(len(_REPLIES), count).tolist()
        own_numbers, tails = self._draw_own_numbers(count), self._draw_tails(count)
        times, places, ids = self._draw_times(count), self._draw_places(count), self._draw_ids(count)
        return [
            (
                self._account,
                code,
                "inbound",
                build_msisdn(place.country, "mobile-lvn", tail),
                own,
                *place.fields,
                format_time(at),
            )
            + ("", "0.00000000", code, _REPLIES[text], "")
            for at, place, code, text, own, tail in zip(times, places, ids, texts, own_numbers, tails, strict=True)
        ]

    def _build_calls(self, count: int) -> list[Record]:
        seconds = (self._random.lognormal(3.6, 0.7, count).astype(int) + 1).tolist()
        return [
            (self._account, call.leg_id, "outbound", call.own, call.other, "", *call.place.fields, *call.times)
            + (str(call.seconds), "ANSWERED", "", "200", "EUR", call.place.network.voice)
            + (_price_duration(call.place.network.voice, call.seconds), call.id, "")
            for call in self._draw_calls(seconds)
        ]

    def _build_failed_calls(self, count: int) -> list[Record]:
        return [
            (self._account, call.leg_id, "outbound", call.own, call.other, *call.place.fields, *call.times)
            + ("FAILED", "486", "Busy Here", call.id)
            for call in self._draw_calls([0] * count)
        ]

    def _build_tts_calls(self, count: int) -> list[Record]:
        return [
            (self._account, call.own, call.other, "ok", call.id, "FALSE", "en-GB", "0", str(call.seconds * 15), "1")
            + (*call.times, str(call.seconds), "EUR", _TTS_PRICE, _price_duration(_TTS_PRICE, call.seconds))
            + ("standard", "1", call.leg_id, f"CON-{call.id}", call.times[0], call.id)
            for call in self._draw_calls(self._random.randint(4, 40, count).tolist())
        ]

    def _draw_calls(self, seconds: list[int]) -> Iterator[_Call]:
        count = len(seconds)
        places, tails = self._draw_places(count), self._draw_tails(count)
        others = [build_msisdn(place.country, "mobile-lvn", tail) for place, tail in zip(places, tails, strict=True)]
        times, ids, own_numbers = self._draw_times(count), self._draw_ids(count), self._draw_own_numbers(count)
        return map(_Call, times, places, ids, own_numbers, others, seconds)

    def _draw_weighted(self, weights: Sequence[float], count: int) -> Any:
        """Draw positions in `weights`, as an array of numpy."""
        shares = self._np.array(weights, dtype=float)
        return self._random.choice(len(weights), count, p=shares / shares.sum())

    def _draw_times(self, count: int) -> list[float]:
        """Draw times in order, fewer at weekends and at night."""
        first_weekday, length = monthrange(YEAR, self._month)
        weights = [_WEEKEND if (first_weekday + day) % 7 >= 5 else 1.0 for day in range(length)]
        days, hours = self._draw_weighted(weights, count), self._draw_weighted(_HOURS, count)
        seconds = days * 86_400 + hours * 3600 + self._random.randint(0, 3600, count)
        start = find_month_start(self._month)
        return [start + second for second in sorted(seconds.tolist())]

    def _draw_places(self, count: int) -> list[_Place]:
        weights = [_WEIGHTS[place.country.code] / len(place.country.networks) for place in self._places]
        return [self._places[n] for n in self._draw_weighted(weights, count).tolist()]

    def _draw_outcomes(self, places: Sequence[_Place]) -> list[tuple[str, str, int]]:
        """Draw status, error code and latency in milliseconds."""
        count = len(places)
        dice, picks = self._random.random_sample((2, count)).tolist()
        latencies = self._np.clip(self._random.lognormal(8.0, 0.8, count), 250, 600_000).astype(int).tolist()
        outcomes = []
        for place, die, pick, latency in zip(places, dice, picks, latencies, strict=True):
            status, errors = _find_outcome(die, place.network.code)
            # A message expires after a day.
            late = 86_400_000 if status == "expired" else 0
            outcomes.append((status, errors[int(pick * len(errors))], late + latency))
        return outcomes

    def _draw_tails(self, count: int) -> list[int]:
        return [*self._random.randint(0, 10**9, count).tolist()]

    def _draw_own_numbers(self, count: int) -> list[str]:
        return [self._owned[n] for n in self._random.choice(len(self._owned), count).tolist()]

    def _draw_ids(self, count: int) -> list[str]:
        """Draw UUIDs that begin with the month."""
        drawn = self._random.bytes(16 * count).hex()
        parts = (drawn[32 * n : 32 * n + 32] for n in range(count))
        return [f"{self._month:02d}{p[2:8]}-{p[8:12]}-4{p[13:16]}-8{p[17:20]}-{p[20:]}" for p in parts]

    def _find_price(self, network: Network) -> str:
        month, factor = _CHANGES.get(network.code, (1, "1"))
        return network.sms if self._month >= month else f"{Decimal(network.sms) * Decimal(factor):.8f}"


def _parse_templates(owned: Sequence[str]) -> list[_Template]:
    templates = []
    for line in _TEMPLATES.strip().splitlines():
        tag, sender, share, text = line.split("|")
        sender = owned[int(sender) % len(owned)] if sender.isdigit() else sender
        is_gsm = all(map(is_gsm_character, text))
        parts = len(split_gsm(text) if is_gsm else split_ucs2(text))
        templates.append(_Template(tag, sender, int(share), text, parts, "0" if is_gsm else "8"))
    return templates


def _find_outcome(dice: float, network: str) -> tuple[str, Sequence[str]]:
    for status, good, poor, errors in _OUTCOMES:
        dice -= poor if network in _POOR else good
        if dice < 0:
            return status, errors
    return "unknown", ("1",)


def _price_duration(minute: str, seconds: int) -> str:
    return f"{Decimal(minute) * seconds / 60:.8f}"
