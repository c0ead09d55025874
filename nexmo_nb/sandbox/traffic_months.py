"""The months of 2025 that the sandbox makes up: what the account sent, received and called before anybody connected.

Each month depends on the seed alone. Records are tuples of text, in the order of `FIELDS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from nexmo_nb.sandbox.codes import RECEIPT_ERRORS
from nexmo_nb.sandbox.data import build_msisdn, hash_to_int
from nexmo_nb.sandbox.record_fields import FIELDS, Record
from nexmo_nb.sandbox.segments import is_gsm_character, split_gsm, split_ucs2
from nexmo_nb.sandbox.traffic_draw import MonthDraw, Place, format_time

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
# Where SMS are turned into RCS.
RCS_COUNTRIES = ("GB", "US", "DE", "FR", "ES", "PT", "BR")
_REPLIES = ("C", "S", "Yes", "Thank you", "When?", "Stop")
_TTS_PRICE = "0.00480000"


class _Template(NamedTuple):
    tag: str
    sender: str
    share: int
    text: str
    parts: int
    dcs: str


class _Call(NamedTuple):
    start: float
    place: Place
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


class MonthBuilder(MonthDraw):
    """Builds the SMS and calls of one month of an account; of a subaccount, a share of what the main account has."""

    def __init__(self, seed: object, account: str, owned: Sequence[str], month: int, share: float = 1.0) -> None:
        super().__init__(owned, month, seed, "traffic", month)
        self._account, self._share = account, share

    def build(self) -> dict[str, list[Record]]:
        """Build the records of every product, oldest first."""
        # The order matters: each product continues the random stream of the one before.
        return {
            "SMS": self._build_outbound(self._scale(14_800 + 420 * self.month)),
            "SMS inbound": self._build_inbound(self._scale(1_500)),
            "VOICE-CALL": self._build_calls(self._scale(1_200)),
            "VOICE-FAILED": self._build_failed_calls(self._scale(80)),
            "VOICE-TTS": self._build_tts_calls(self._scale(300)),
        }

    def _scale(self, count: int) -> int:
        return int(count * self._share)

    def _build_outbound(self, count: int) -> list[Record]:
        templates = _parse_templates(self.owned)
        kinds = self.draw_weighted([template.share for template in templates], count).tolist()
        times, places = self.draw_times(count), self.draw_places(count)
        outcomes = self.draw_outcomes(places)
        tails = self.draw_tails(count)
        ids = iter(self.draw_ids(2 * count + 500))
        prices = {place.network.code: self.find_price(place.network) for place in self.places}
        prefix = "" if self._share == 1.0 else f"{self._account}-"
        records: list[Record] = []
        for n, (kind, at, place, outcome, tail) in enumerate(zip(kinds, times, places, outcomes, tails, strict=True)):
            template, (status, error, latency) = templates[kind], outcome
            price = "0.00000000" if status == "rejected" else prices[place.network.code]
            several = "TRUE" if template.parts > 1 else "FALSE"
            reference = f"{prefix}{template.tag}-{self.month:02d}{n:05d}"
            to, finalized = (
                build_msisdn(place.country, "mobile-lvn", tail),
                format_time(at + latency / 1000, "milliseconds"),
            )
            for _ in range(template.parts):
                code = next(ids)
                records.append(
                    (self._account, code, template.tag, reference, "outbound", template.sender, to, "", "", several)
                    + (template.text, *place.fields, format_time(at), finalized, str(latency), status, error)
                    + (RECEIPT_ERRORS[int(error)], "", price, code, template.dcs, "", "", "", "", "")
                )
        return _turn_into_rcs(records)

    def _build_inbound(self, count: int) -> list[Record]:
        texts = self.random.choice(len(_REPLIES), count).tolist()
        own_numbers, tails = self.draw_own_numbers(count), self.draw_tails(count)
        times, places, ids = self.draw_times(count), self.draw_places(count), self.draw_ids(count)
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
        seconds = (self.random.lognormal(3.6, 0.7, count).astype(int) + 1).tolist()
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
            for call in self._draw_calls(self.random.randint(4, 40, count).tolist())
        ]

    def _draw_calls(self, seconds: list[int]) -> Iterator[_Call]:
        count = len(seconds)
        places, tails = self.draw_places(count), self.draw_tails(count)
        others = [build_msisdn(place.country, "mobile-lvn", tail) for place, tail in zip(places, tails, strict=True)]
        times, ids, own_numbers = self.draw_times(count), self.draw_ids(count), self.draw_own_numbers(count)
        return map(_Call, times, places, ids, own_numbers, others, seconds)


def _turn_into_rcs(records: Sequence[Record]) -> list[Record]:
    """Turn some SMS into RCS: they cost nothing, and a record of MESSAGES with the same `workflow_id` has the price.

    They are taken from those that were rejected and cost nothing either, so that the sums of SMS stay the same.
    """
    status, country, reference = (FIELDS["SMS"].index(name) for name in ("status", "country", "client_ref"))
    return [
        _mark_as_rcs(record)
        if record[status] == "rejected" and record[country] in RCS_COUNTRIES and record[reference][-1] in "036"
        else record
        for record in records
    ]


def _mark_as_rcs(record: Record) -> Record:
    fields = dict(zip(FIELDS["SMS"], record, strict=True))
    workflow = f"wf{hash_to_int('workflow', fields['account_id'], fields['client_ref']):032x}"
    fields |= {"status": "delivered", "error_code": "0", "error_code_description": RECEIPT_ERRORS[0]}
    return tuple((fields | {"workflow_id": workflow}).values())


def _parse_templates(owned: Sequence[str]) -> list[_Template]:
    templates = []
    for line in _TEMPLATES.strip().splitlines():
        tag, sender, share, text = line.split("|")
        sender = owned[int(sender) % len(owned)] if sender.isdigit() else sender
        is_gsm = all(map(is_gsm_character, text))
        parts = len(split_gsm(text) if is_gsm else split_ucs2(text))
        templates.append(_Template(tag, sender, int(share), text, parts, "0" if is_gsm else "8"))
    return templates


def _price_duration(minute: str, seconds: int) -> str:
    return f"{Decimal(minute) * seconds / 60:.8f}"
