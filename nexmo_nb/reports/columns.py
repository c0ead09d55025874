"""The columns of records by product: the API's fields, our names for them, and their dtypes. Pure.

Columns have the names of the other frames: the cost of a record is ``price``, who sent it is ``sender``.
Source: https://developer.vonage.com/en/api/reports.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, get_args

from nexmo_nb.frames import TIME, Column

Product = Literal[
    "SMS", "VOICE-CALL", "VOICE-FAILED", "VOICE-TTS", "SMS-TRAFFIC-CONTROL", "IN-APP-VOICE", "WEBSOCKET-CALL", "ASR",
    "AMD", "VERIFY-API", "VERIFY-V2", "NUMBER-INSIGHT", "CONVERSATION-EVENT", "CONVERSATION-MESSAGE", "MESSAGES",
    "VIDEO-API", "NETWORK-API-EVENT", "REPORTS-USAGE",
]  # fmt: skip
PRODUCTS: tuple[Product, ...] = get_args(Product)
DIRECTED = ("SMS", "MESSAGES")
"""Products of which either inbound or outbound records must be asked for."""
FREE = ("REPORTS-USAGE",)
"""Products whose records cost nothing to read."""
_PLACE = "country country_name network network_name"
_FIELDS = {
    "SMS": f"message_id client_ref account_ref direction from to {_PLACE} date_received"
    " date_finalized latency status error_code error_code_description total_price currency message_body concatenated"
    " forced_from changed_from dcs validity_period ip_address udh workflow_id tier_volume id account_id",
    "SMS inbound": f"message_id direction from to {_PLACE} date_received total_price currency"
    " message_body tier_volume id account_id",
    "MESSAGES": f"message_id client_ref direction provider from to {_PLACE} date_received date_finalized latency status"
    " error_code provider_error_code total_price currency estimated_price pricing_model pricing_type message_body"
    " session_type session_id workflow_id workflow_items_number workflow_items_total tier_volume id account_id",
    "MESSAGES inbound": "message_id direction provider from to network network_name date_received total_price currency"
    " message_body tier_volume id account_id",
    "VOICE-CALL": f"call_id direction from to {_PLACE} date_start date_end duration status"
    " status_code status_description total_price currency price forced_from tier_volume id account_id",
    "VOICE-FAILED": f"call_id direction from to {_PLACE} date_start date_end status status_code"
    " status_description id account_id",
    "VOICE-TTS": "call_id from to status language style creation_date start_time end_time duration length size"
    " total_price currency price premium tts_type tts_level trace_id conversation_id id account_id",
    "SMS-TRAFFIC-CONTROL": "message_id queued_time queue_duration status id account_id",
    "IN-APP-VOICE": "leg_id client_ref date_start date_end duration status total_price currency price request_id"
    " application_id conversation_id user_id id account_id",
    "WEBSOCKET-CALL": "call_id date_start date_end duration status total_price currency price id account_id",
    "ASR": "call_id direction from to call_date_start date_start date_end duration status status_description"
    " total_price currency price asr_type id account_id",
    "AMD": "call_id start_time end_time amd_detection_result amd_result_sent amd_beep_detection_result"
    " amd_user_defined_beep_timeout amd_user_defined_behavior amd_user_defined_mode total_price currency id account_id",
    "VERIFY-API": f"request_id from to locale number_type {_PLACE} date_received date_finalized first_event_date"
    " last_event_date status sms_event_count tts_event_count price currency estimated_price sms_price tts_price"
    " pricing_model id account_id",
    "VERIFY-V2": "request_id parent_request_id channel to locale country network network_name date_received status"
    " client_ref total_price currency sms_event_count tts_event_count whatsapp_event_count email_event_count"
    " silentauth_event_count rcs_event_count if_fraud_check pin_length id account_id",
    "NUMBER-INSIGHT": f"request_id product_type number {_PLACE} network_type date_received status response_code"
    " total_price currency valid ported reachable first_name last_name id account_id",
    "CONVERSATION-EVENT": "request_id client_ref creation_date total_price currency price application_id"
    " conversation_id user_id id account_id",
    "CONVERSATION-MESSAGE": "trace_id client_ref creation_date total_price currency price application_id"
    " conversation_id from_channel from_member_id from_user_id from_message_id other_ids id account_id",
    "VIDEO-API": "feature_name session_id date_start date_end duration total_price currency meeting_id subscriber_id"
    " archive_id broadcast_id hls_id composer_id application_id tier_volume id account_id",
    "NETWORK-API-EVENT": "product_name request_type msisdn country_code network record_creation_time event_time status"
    " response_result total_price currency application_id request_session_id product_path correlation_id id account_id",
    "REPORTS-USAGE": "requested_product job_type date_received date_started date_finished status is_charged"
    " items_written total_price currency price tier_volume request_params acc master_account_id product_type id"
    " account_id",
}
_NAMES = {
    "from": "sender",
    "date_received": "received",
    "date_finalized": "finalized",
    "date_start": "started",
    "date_started": "started",
    "date_end": "ended",
    "date_finished": "ended",
    "start_time": "started",
    "end_time": "ended",
    "creation_date": "created",
    "record_creation_time": "created",
    "queued_time": "queued",
    "error_code_description": "meaning",
    "status_description": "meaning",
    "message_body": "text",
    "msisdn": "number",
    "country_code": "country",
    "price": "rate",
    "total_price": "price",
}
_FLOATS = {
    "latency", "duration", "queue_duration", "rate", "price", "estimated_price", "sms_price", "tts_price",
    "items_written", "sms_event_count", "tts_event_count", "whatsapp_event_count", "email_event_count",
    "silentauth_event_count", "rcs_event_count",
}  # fmt: skip
_TIMES = {
    "received", "finalized", "started", "ended", "created", "queued", "call_date_start", "first_event_date",
    "last_event_date", "event_time",
}  # fmt: skip


def get_columns(product: str, direction: str | None, found: Iterable[str] = ()) -> dict[str, Column]:
    """Return the columns of a product's records by the API's names.

    The fields `found` that are not listed for it follow as text: by the API's name, with an underscore behind where
    that is the name of another column.
    """
    listed = (_FIELDS.get(f"{product} {direction}") or _FIELDS.get(product, "")).split()
    columns = {field: _build_column(field, listed) for field in listed}
    taken = {column.name for column in columns.values()}
    for field in found:
        if field not in columns:
            name = field
            while name in taken:
                name += "_"
            columns[field] = Column(name)
            taken.add(name)
    return columns


def _build_column(field: str, listed: Iterable[str]) -> Column:
    # Where no record has a total, its price is all that it costs.
    name = field if field == "price" and "total_price" not in listed else _NAMES.get(field, field)
    return Column(name, "float64" if name in _FLOATS else TIME if name in _TIMES else "string")
