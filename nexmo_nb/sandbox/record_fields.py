"""The fields of a record by product, and by direction where that matters, as the Reports API names them."""

from __future__ import annotations

Record = tuple[str, ...]
"""The values of a record, all of them text, in the order of its fields."""
_MESSAGE = "account_id message_id direction from to"
_PLACE = "network network_name country country_name"
FIELDS: dict[str, tuple[str, ...]] = {
    product: tuple(names.split())
    for product, names in {
        "SMS": "account_id message_id account_ref client_ref direction from to forced_from changed_from concatenated"
        f" message_body {_PLACE} date_received date_finalized latency status error_code"
        " error_code_description currency total_price id dcs validity_period ip_address udh workflow_id tier_volume",
        "SMS inbound": f"{_MESSAGE} {_PLACE} date_received currency total_price id message_body tier_volume",
        "MESSAGES": "account_id message_id client_ref direction from to message_body country country_name provider"
        " provider_error_code network network_name session_type session_id date_received date_finalized latency status"
        " error_code currency estimated_price total_price workflow_id workflow_items_number workflow_items_total"
        " pricing_model pricing_type id tier_volume",
        "MESSAGES inbound": f"{_MESSAGE} message_body provider network network_name date_received currency total_price"
        " id tier_volume",
        "VOICE-CALL": f"account_id call_id direction from to forced_from {_PLACE}"
        " date_start date_end duration status status_description status_code currency price total_price id tier_volume",
        "VOICE-FAILED": f"account_id call_id direction from to {_PLACE} date_start"
        " date_end status status_code status_description id",
        "VOICE-TTS": "account_id from to status trace_id premium language style length size start_time end_time"
        " duration currency price total_price tts_type tts_level call_id conversation_id creation_date id",
        "VERIFY-API": f"account_id request_id from to locale number_type {_PLACE} date_received"
        " date_finalized first_event_date last_event_date status sms_event_count tts_event_count currency pricing_model"
        " price estimated_price sms_price tts_price id",
        "VERIFY-V2": "account_id request_id parent_request_id channel to locale network network_name country status"
        " client_ref date_received sms_event_count tts_event_count whatsapp_event_count email_event_count"
        " silentauth_event_count rcs_event_count if_fraud_check pin_length currency total_price id",
        "NUMBER-INSIGHT": "account_id request_id product_type number date_received status response_code network"
        " network_name network_type country country_name valid ported reachable first_name last_name currency"
        " total_price id",
        "REPORTS-USAGE": "acc product_type date_received date_started date_finished status account_id master_account_id"
        " is_charged request_params job_type requested_product items_written price currency total_price id tier_volume",
    }.items()
}
# What a page of records does not show as text.
NUMBERS = {"REPORTS-USAGE": ("request_params", "items_written", "price", "total_price")}


def find_key(product: str, direction: str | None) -> str:
    """Find the key of `FIELDS` for a product and a direction; the product itself where it has none."""
    key = f"{product} {direction}"
    return key if key in FIELDS else product


def find_amount_field(key: str) -> str | None:
    """Find the field that says what a record cost; None where records cost nothing."""
    return next((name for name in ("total_price", "price") if name in FIELDS[key]), None)
