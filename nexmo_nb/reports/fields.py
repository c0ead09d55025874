"""What a record holds, by product: the wire's fields, and the columns that they become. Pure.

Names are those of the other frames: what a message or call cost is ``price``, who sent it is ``sender``. Source:
https://developer.vonage.com/en/api/reports.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nexmo_nb.frames import TIME, Column

__all__ = ["DIRECTED", "PRODUCTS", "columns_of"]

_SMS = (
    "message_id client_ref account_ref direction from to country country_name network network_name date_received"
    " date_finalized latency status error_code error_code_description total_price currency message_body concatenated"
    " forced_from changed_from dcs validity_period ip_address udh workflow_id tier_volume id account_id"
)
_SMS_IN = (
    "message_id direction from to country country_name network network_name date_received total_price currency"
    " message_body tier_volume id account_id"
)
_CALL = (
    "call_id direction from to country country_name network network_name date_start date_end duration status"
    " status_code status_description total_price currency price forced_from tier_volume id account_id"
)
_FAILED = (
    "call_id direction from to country country_name network network_name date_start date_end status status_code"
    " status_description id account_id"
)
_TTS = (
    "call_id from to status language style creation_date start_time end_time duration length size total_price currency"
    " price premium tts_type tts_level trace_id conversation_id id account_id"
)
# Fields of products without a list here have the names that the records give them.
PRODUCTS: Mapping[str, str] = {
    "SMS": _SMS,
    "SMS inbound": _SMS_IN,
    "VOICE-CALL": _CALL,
    "VOICE-FAILED": _FAILED,
    "VOICE-TTS": _TTS,
    **dict.fromkeys(
        (
            "SMS-TRAFFIC-CONTROL",
            "IN-APP-VOICE",
            "WEBSOCKET-CALL",
            "ASR",
            "AMD",
            "VERIFY-API",
            "VERIFY-V2",
            "NUMBER-INSIGHT",
            "CONVERSATION-EVENT",
            "CONVERSATION-MESSAGE",
            "MESSAGES",
            "VIDEO-API",
            "NETWORK-API-EVENT",
            "REPORTS-USAGE",
        ),
        "",
    ),
}
DIRECTED = ("SMS", "MESSAGES")
"""Products of which either inbound or outbound records must be asked for."""
_NAMES = {
    "from": "sender",
    "date_received": "received",
    "date_finalized": "finalized",
    "date_start": "started",
    "date_end": "ended",
    "start_time": "started",
    "end_time": "ended",
    "creation_date": "created",
    "error_code_description": "meaning",
    "status_description": "meaning",
    "message_body": "text",
    "price": "rate",
    "total_price": "price",
}
_FLOATS = ("latency", "duration", "rate", "price")
_TIMES = ("received", "finalized", "started", "ended", "created")


def columns_of(product: str, direction: str | None, found: Iterable[str] = ()) -> dict[str, Column]:
    """Give the columns of a product's records, by the wire's names; `found` are the fields of those without a list."""
    listed = PRODUCTS.get(f"{product} {direction}") or PRODUCTS[product]
    return {name: _column(name) for name in (listed.split() or found)}


def _column(field: str) -> Column:
    name = _NAMES.get(field, field)
    return Column(name, "float64" if name in _FLOATS else TIME if name in _TIMES else "string")
