"""What the made-up year has beside SMS and calls: messages of other channels, verifications, lookups and reports.

Each product has a random generator of its own, so that none changes what another one has.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from nexmo_nb.sandbox.data import build_msisdn, hash_to_int
from nexmo_nb.sandbox.record_fields import FIELDS, Record
from nexmo_nb.sandbox.traffic_draw import MonthDraw, Place, find_month_start, format_time

Fields = dict[str, str]
FREE = "0.00000000"
# Provider, its share, and what its messages say.
_CHANNELS = (
    ("rcs", 30, "Your order is on its way. See where it is."),
    ("whatsapp", 34, "Your appointment is tomorrow at 9:30."),
    ("mms", 8, "Our new opening hours"),
    ("viber_service_msg", 16, "Only today: 20 % off everything."),
    ("sms", 12, "Your parcel is at the door."),
)
# Type of a WhatsApp conversation, its share and price.
_SESSIONS = (("marketing", 30, "0.06910000"), ("utility", 50, "0.03500000"), ("authentication", 20, "0.04560000"))
_MESSAGE_STATUSES = (("delivered", 62), ("read", 24), ("submitted", 5), ("undeliverable", 6), ("rejected", 3))
_CHARGED = ("delivered", "read", "submitted")
_MMS_PRICE, _VIBER_PRICE = "0.01250000", "0.02900000"
_RCS_FACTOR = Decimal("0.85")
_VERIFY_FEE, _VERIFY_PRICE, _EMAIL_PRICE, _SILENT_PRICE = "0.04000000", "0.05720000", "0.00400000", "0.02800000"
_LOOKUPS = (("PRODUCT_HLR_LOOKUP_FORMAT", 40, FREE), ("PRODUCT_HLR_LOOKUP", 60, "0.03000000"))
# What a message that was turned into RCS has from the SMS that it was.
_TAKEN = (
    "client_ref direction from to message_body country country_name network network_name date_received date_finalized"
    " latency status workflow_id"
)
REPORT_PRICE = Decimal("0.0004")
REPORT_TIER = "1-1000000"
_REPORTED = (("SMS", 6), ("VOICE-CALL", 2), ("MESSAGES", 2))


class ProductBuilder:
    """Builds the other products of one month of an account; `share` is as of `MonthBuilder`."""

    def __init__(self, seed: object, account: str, owned: Sequence[str], month: int, share: float = 1.0) -> None:
        self._words, self._account, self._owned = (seed, "products", month), account, owned
        self.month, self._share = month, share

    def build(self, sms: Sequence[Record]) -> dict[str, list[Record]]:
        """Build the records of every product, oldest first; `sms` are the month's, some of which were sent as RCS."""
        converted = _find_converted(sms)
        builders: Mapping[str, Callable[[MonthDraw], Iterator[Fields]]] = {
            "MESSAGES": lambda draw: self._build_messages(draw, converted),
            "MESSAGES inbound": self._build_received,
            "VERIFY-API": self._build_verifications,
            "VERIFY-V2": self._build_verifications_v2,
            "NUMBER-INSIGHT": self._build_lookups,
            "REPORTS-USAGE": self._build_usage,
        }
        return {key: self._build_records(key, work) for key, work in builders.items()}

    def _build_records(self, key: str, work: Callable[[MonthDraw], Iterator[Fields]]) -> list[Record]:
        draw = MonthDraw(self._owned, self.month, *self._words, key)
        rows = sorted(work(draw), key=lambda fields: fields["date_received"])
        owner = {"account_id": self._account}
        return [tuple((owner | fields).get(name, "") for name in FIELDS[key]) for fields in rows]

    def _scale(self, count: int) -> int:
        return max(1, int(count * self._share))

    def _build_messages(self, draw: MonthDraw, converted: Sequence[Fields]) -> Iterator[Fields]:
        yield from self._build_converted(draw, converted)
        count = self._scale(480 + 20 * self.month)
        times, places, tails, ids = _draw_basics(draw, 2 * count)
        channels = draw.draw_weighted([share for _, share, _ in _CHANNELS], count).tolist()
        sessions = draw.draw_weighted([share for _, share, _ in _SESSIONS], count).tolist()
        statuses = draw.draw_weighted([share for _, share in _MESSAGE_STATUSES], count).tolist()
        latencies = draw.random.randint(300, 90_000, count).tolist()
        last = find_month_start(self.month + 1) - 1
        for n, channel in enumerate(channels):
            # Every second of the drawn times, and so on: the other ones are those of failovers.
            at, place, tail = times[2 * n], places[2 * n], tails[2 * n]
            provider, _, text = _CHANNELS[channel]
            if provider == "mms":
                place = next(each for each in draw.places if each.country.code == "US")
            status = _MESSAGE_STATUSES[statuses[n]][0]
            fields = _describe_message(ids[2 * n], at, place, provider, status, latencies[n])
            fields |= {"client_ref": f"m-{self.month:02d}{n:04d}", "from": draw.owned[n % len(draw.owned)]}
            fields |= {"to": build_msisdn(place.country, "mobile-lvn", tail), "message_body": text}
            fields |= _price_message(draw, place, provider, status, _SESSIONS[sessions[n]], fields["message_id"])
            has_failed = provider == "whatsapp" and status in ("undeliverable", "rejected")
            if not has_failed:
                yield fields
                continue
            workflow = {"workflow_id": f"wf{hash_to_int('failover', ids[2 * n]):032x}", "workflow_items_total": "2"}
            yield fields | workflow | {"workflow_items_number": "1"}
            second = _describe_message(ids[2 * n + 1], min(at + 40, last), place, "sms", "delivered", 2_000)
            second |= {name: fields[name] for name in ("client_ref", "from", "to", "message_body")}
            second |= _price_message(draw, place, "sms", "delivered", _SESSIONS[0], second["message_id"])
            yield second | workflow | {"workflow_items_number": "2"}

    def _build_converted(self, draw: MonthDraw, converted: Sequence[Fields]) -> Iterator[Fields]:
        """Build the RCS that SMS were turned into; a message of several parts is one."""
        by_code = {place.network.code: place for place in draw.places}
        for sms, code in zip(converted, draw.draw_ids(len(converted)), strict=True):
            price = f"{Decimal(draw.find_price(by_code[sms['network']].network)) * _RCS_FACTOR:.8f}"
            yield {name: sms[name] for name in _TAKEN.split()} | {
                "message_id": code, "id": code, "provider": "rcs", "currency": "EUR", "estimated_price": price,
                "total_price": price, "workflow_items_number": "1", "workflow_items_total": "1",
                "pricing_model": "single message", "tier_volume": "1-10000",
            }  # fmt: skip

    def _build_received(self, draw: MonthDraw) -> Iterator[Fields]:
        count = self._scale(70)
        own_numbers = draw.draw_own_numbers(count)
        providers = draw.draw_weighted((30, 50, 20), count).tolist()
        basics = zip(*_draw_basics(draw, count), own_numbers, providers, strict=True)
        for at, place, tail, code, own, provider in basics:
            yield {
                "message_id": code, "id": code, "direction": "inbound", "to": own, "message_body": "Yes, please",
                "from": build_msisdn(place.country, "mobile-lvn", tail), "date_received": format_time(at),
                "provider": ("rcs", "whatsapp", "viber_service_msg")[provider], "currency": "EUR", "total_price": FREE,
            }  # fmt: skip

    def _build_verifications(self, draw: MonthDraw) -> Iterator[Fields]:
        count = self._scale(60)
        basics = zip(*_draw_basics(draw, count), draw.random.random_sample(count).tolist(), strict=True)
        for at, place, tail, code, die in basics:
            calls = die > 0.85
            sms_price, tts_price = draw.find_price(place.network), place.network.voice if calls else FREE
            done = format_time(at + 30)
            yield {
                "request_id": code, "id": code, "from": "Bank", "to": build_msisdn(place.country, "mobile-lvn", tail),
                "locale": "en-gb", "number_type": "MOBILE", **_describe_place(place), "date_received": format_time(at),
                "date_finalized": done, "first_event_date": format_time(at), "last_event_date": done,
                "status": "SUCCESS" if die < 0.9 else "FAILED", "sms_event_count": "1",
                "tts_event_count": "1" if calls else "0", "pricing_model": "1",
                # The price is that of the request with all of its messages and calls.
                "price": f"{Decimal(_VERIFY_FEE) + Decimal(sms_price) + Decimal(tts_price):.8f}",
                "estimated_price": _VERIFY_FEE, "sms_price": sms_price, "tts_price": tts_price,
            }  # fmt: skip

    def _build_verifications_v2(self, draw: MonthDraw) -> Iterator[Fields]:
        count = self._scale(130)
        channels = draw.draw_weighted((90, 6, 4), count).tolist()
        parent = ""
        for at, place, tail, code, channel in zip(*_draw_basics(draw, count), channels, strict=True):
            to = build_msisdn(place.country, "mobile-lvn", tail)
            fields = {"request_id": code, "id": code, "to": to, "date_received": format_time(at), "currency": "EUR"}
            fields |= {"status": "completed" if tail % 12 else "expired", "client_ref": f"v-{code[:6]}"}
            place_fields = {name: value for name, value in _describe_place(place).items() if name != "country_name"}
            if channel == 0 or not parent:
                parent = code
                counts = dict.fromkeys(("tts", "whatsapp", "email", "silentauth", "rcs"), "0") | {"sms": "1"}
                fields |= {f"{name}_event_count": value for name, value in counts.items()} | place_fields
                yield fields | {
                    "channel": "v2", "locale": "en-gb", "if_fraud_check": "TRUE", "pin_length": "4",
                    "total_price": _VERIFY_PRICE,
                }  # fmt: skip
            elif channel == 1:
                address = {"to": f"person{tail}@example.org", "channel": "email", "parent_request_id": parent}
                yield fields | address | {"total_price": _EMAIL_PRICE}
            else:
                yield fields | place_fields | {
                    "channel": "silent_auth", "parent_request_id": parent, "total_price": _SILENT_PRICE
                }  # fmt: skip

    def _build_lookups(self, draw: MonthDraw) -> Iterator[Fields]:
        count = self._scale(160)
        kinds = draw.draw_weighted([share for _, share, _ in _LOOKUPS], count).tolist()
        for at, place, tail, code, kind in zip(*_draw_basics(draw, count), kinds, strict=True):
            product, _, price = _LOOKUPS[kind]
            yield {
                "request_id": code, "id": code, "product_type": product, "date_received": format_time(at),
                "number": build_msisdn(place.country, "mobile-lvn", tail), "status": "Success", "response_code": "0",
                **_describe_place(place), "network_type": "mobile", "valid": "valid", "ported": "not_ported",
                "reachable": "reachable", "first_name": "unknown", "last_name": "unknown", "total_price": price,
            }  # fmt: skip

    def _build_usage(self, draw: MonthDraw) -> Iterator[Fields]:
        count = self._scale(24)
        products = draw.draw_weighted([share for _, share in _REPORTED], count).tolist()
        items = draw.random.randint(40, 2_000, count).tolist()
        for at, code, product, written in zip(
            draw.draw_times(count), draw.draw_ids(count), products, items, strict=True
        ):
            span = (at // 86_400 * 86_400 - 86_400, at // 86_400 * 86_400)
            yield describe_usage(
                code, self._account, _REPORTED[product][0], span, written, at=at, job_type="SYNC_JOB_FROM_DATES"
            )


def describe_usage(
    code: str,
    account: str,
    product: str,
    span: tuple[float, float],
    written: int,
    *,
    at: float,
    job_type: str,
    price: Decimal = REPORT_PRICE,
    asked_by: str = "",
) -> Fields:
    """Describe a report that was read, as a record of REPORTS-USAGE; `span` is of the records, `at` of the request."""
    start, end = map(format_time, span)
    parameters = {"product": product, "account_id": account, "date_start": start, "date_end": end}
    return {
        "acc": asked_by or account, "product_type": "reports", "date_received": format_time(at),
        "date_started": format_time(at), "date_finished": format_time(at), "status": "SUCCESS", "account_id": account,
        "master_account_id": asked_by or account, "is_charged": "TRUE" if written else "FALSE",
        "request_params": json.dumps(parameters), "job_type": job_type, "requested_product": product,
        "items_written": str(written), "price": str(price), "currency": "EUR", "total_price": str(price * written),
        "id": code, "tier_volume": REPORT_TIER,
    }  # fmt: skip


def _find_converted(sms: Sequence[Record]) -> list[Fields]:
    """Find the SMS that were turned into RCS: of each message the first part."""
    place = FIELDS["SMS"].index("workflow_id")
    first = {record[place]: record for record in reversed(sms) if record[place]}
    return [dict(zip(FIELDS["SMS"], record, strict=True)) for record in reversed(first.values())]


def _draw_basics(draw: MonthDraw, count: int) -> tuple[list[float], list[Place], list[int], list[str]]:
    return draw.draw_times(count), draw.draw_places(count), draw.draw_tails(count), draw.draw_ids(count)


def _describe_place(place: Place) -> Fields:
    return dict(zip(("network", "network_name", "country", "country_name"), place.fields, strict=True))


def _describe_message(code: str, at: float, place: Place, provider: str, status: str, latency: int) -> Fields:
    """Describe a message of a channel; which channel tells country and network is documented."""
    fields = {
        "message_id": code, "id": code, "direction": "outbound", "provider": provider, "status": status,
        "date_received": format_time(at), "date_finalized": format_time(at + latency / 1000, "milliseconds"),
        "latency": str(latency), "error_code": "1020" if status == "rejected" else "", "currency": "EUR",
    }  # fmt: skip
    has_country = provider in ("sms", "mms", "rcs") or (provider == "whatsapp" and status in ("delivered", "read"))
    told: tuple[str, ...] = ("country", "country_name") if has_country else ()
    told += ("network", "network_name") if provider in ("sms", "mms") else ()
    return fields | {name: value for name, value in _describe_place(place).items() if name in told}


def _price_message(
    draw: MonthDraw, place: Place, provider: str, status: str, session: tuple[str, int, str], code: str
) -> Fields:
    if provider == "whatsapp":
        if status not in ("delivered", "read"):
            return {"total_price": FREE, "pricing_model": "per-message-pricing"}
        kind, _, price = session
        told = {"session_type": kind, "session_id": f"{hash_to_int('session', code):032x}", "pricing_type": "regular"}
        return told | {"total_price": price, "pricing_model": "per-message-pricing"}
    prices: dict[str, Any] = {"mms": _MMS_PRICE, "viber_service_msg": _VIBER_PRICE}
    price = prices.get(provider) or draw.find_price(place.network)
    if provider == "rcs":
        price = f"{Decimal(price) * _RCS_FACTOR:.8f}"
    tier = {"pricing_model": "single message", "tier_volume": "1-10000"} if provider == "rcs" else {}
    return {"estimated_price": price, "total_price": price if status in _CHARGED else FREE, **tier}
