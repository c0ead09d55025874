"""The words that forms show: labels, choices, headings, what was done and what is doubtful. Pure.

Another language is another mapping with the same names in `LANGUAGES`. A text may have places in braces, for which
`say` is given values; the same names must stand in it in each language.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

_ENGLISH_OUTCOMES: Mapping[str, str] = {
    # What became of messages; the names end in the states of a send.
    "state_accepted": "{count} accepted",
    "state_partial": "{count} accepted in part",
    "state_rejected": "{count} refused",
    "state_unknown": "{count} of which nobody knows whether it was sent",
    "state_not_found": "{count} not found at Nexmo",
    "state_planned": "{count} not sent yet",
    "state_sending": "{count} being sent elsewhere",
    "state_skipped": "{count} left out",
    "state_problem": "{count} not sendable",
    "nothing": "Nothing was to be sent",
    "parts_refused": "{accepted} of {parts} parts were accepted; refused: {reasons}. Sent again, they would come twice",
    "no_reason": "no reason given",
    "not_accepted": "Not accepted, and why",
    "cost": "Cost: {cost} {currency}. Balance: {balance}.",
    "balance_unknown": "not known",
    "settle": " settle() looks it up.",
    "look_first": " Look at your account before you do it again.",
    "list_not_read": " The list could not be read again: {problem}",
    # What stands in the way of a plan, or is doubtful about it.
    "problems": "Cannot be sent: {count} of {total}",
    "doubts": "Careful: doubtful are {count} of {total}",
    "doubts_refuse": "Send will send nothing at all while they stand so. Correct them, or choose under Advanced, "
    "Doubtful rows.",
    "doubts_skip": "Send will leave them out.",
    "doubts_send": "Send will send to them as well.",
    "careful": "Careful",
    "more_rows": "{rows}, and {count} more",
    "code_": "other",
    "code_missing": "no number",
    "code_unreadable": "no phone number",
    "code_several_numbers": "several numbers",
    "code_extension": "number with an extension",
    "code_decimal": "number with a decimal point",
    "code_rounded": "rounded by a spreadsheet",
    "code_no_country_code": "no country code",
    "code_unknown_country_code": "unknown country code",
    "code_too_short": "too short",
    "code_too_long": "too long",
    "code_wrong_length": "wrong length",
    "code_renumbered": "number of before",
    "code_unknown_region": "unknown country",
    "code_duplicate": "twice in the list",
    "code_text_missing": "no text",
    "code_text_error_value": "text is an error value",
    "code_text_control": "control characters in the text",
    "code_text_too_long": "text too long",
    "code_text_encoding": "characters outside GSM-7",
    "code_text_format": "text cannot be written",
    "code_text_unknown_language": "no text in this language",
    "code_looks_national": "perhaps a national number",
    "code_not_valid": "perhaps no valid number",
    "code_not_mobile": "no mobile number",
    "code_premium": "premium number",
    "code_looks_rounded": "perhaps rounded",
    "code_leftover_name": "name in braces left in the text",
    # What was done with a call, a number, an application.
    "calling": "Calling {to}",
    "rented": "Rented: {number}",
    "given_back": "Given back: {number}",
    "created": "Created: {name}",
    "changed": "Changed: {name}",
    "deleted": "Deleted: {name}",
}
# Labels of controls, by the names of the parameters or attributes that they stand for.
_ENGLISH_LABELS: Mapping[str, str] = {
    "label_sender": "From",
    "label_to": "To",
    "label_region": "Country",
    "label_text": "Text",
    "label_type": "Type",
    "label_doubtful": "Doubtful rows",
    "label_client_ref": "Your reference",
    "label_ttl": "Deliver within, ms",
    "label_callback": "Receipt URL",
    "label_message_class": "Message class",
    "label_protocol_id": "Protocol number",
    "label_account_ref": "Billing tag",
    "label_entity_id": "Registered entity",
    "label_content_id": "Registered text",
    "label_status_report_req": "Receipt",
    "label_trusted_number": "Trusted number",
    "label_udh": "Header, hex",
    "label_body": "Content, hex",
    "label_title": "Title",
    "label_url": "Address",
    "label_validity": "Valid for, ms",
    "label_vcal": "Calendar entry",
    "label_vcard": "Business card",
    "label_language": "Language",
    "label_voice": "Voice",
    "label_repeat": "Say it how often",
    "label_audio_url": "Recording",
    "label_machine_detection": "On a machine",
    "label_event_callback": "Event URL",
    "label_name": "Name",
    "label_answer_url": "Answer URL",
    "label_answer_method": "Answer method",
    "label_event_url": "Event URL",
    "label_event_method": "Event method",
    "label_inbound_url": "Inbound URL",
    "label_status_url": "Status URL",
    "label_pick": "Application",
    "label_delete": "Delete",
    "label_action": "I want to",
    "label_countries": "Countries",
    "label_pattern": "With the digits",
    "label_match": "They stand",
    "label_sort": "Sort by",
    "label_number": "Number",
    "label_confirm": "Type it again",
    "hint_region": "of numbers without a country code",
}
# Texts of the forms themselves: buttons, hints, titles and sentences of their previews.
_ENGLISH_TEXTS: Mapping[str, str] = {
    "account_default": "as the account says",
    "yes": "yes",
    "no": "no",
    "hint_sender": "a number of yours, or a name",
    "advanced": "Advanced",
    "hint_advanced": "Everything else that an SMS can carry",
    "hint_numbers": "+44 7700 900000, one a line",
    "special_price": "Its parts and price are known when it is sent.",
    "verb_send": "Send",
    "special_message": "One message to {to}: {kind}",
    "sent_before": "This text to these numbers was sent before, and nobody knows whether it arrived; settle() "
    "looks it up: {numbers}",
    "senders_not_read": "Your numbers could not be read, but you can type one: {problem}",
    "rows_passed": "{count} rows were passed in",
    "parts_one": "1 part",
    "parts_many": "{parts} parts, which the phone joins",
    "first_of": "; the first of {count}",
    "sendable": "{count} of {total} can be sent",
    "hint_voice_sender": "a voice number of yours",
    "hint_recording": "https://… of a WAV or MP3 file",
    "verb_call": "Call",
    "machine_": "speaks at once",
    "machine_true": "waits for the tone",
    "machine_hangup": "hangs up",
    "call_price": "It costs {price}.",
    "recording": "(a recording)",
    "spoken": "spoken in {name}",
    "call_to": "A call to {to} ({country})",
    "no_price": "no price known",
    "price_a_minute": "{price} a minute",
    "hint_countries": "GB, PT, United States",
    "hint_pattern": "any",
    "hint_confirm": "the digits of the number",
    "give_back": "Give back {number} for good",
    "give_back_advice": "Somebody else may rent it then.",
    "rent": "Rent {number}",
    "rent_price": "It costs {once} once and {monthly} a month, without tax.",
    "found": "{count} numbers, the first {shown}",
    "search": "Search",
    "hint_delete": "type its name to delete it",
    "new_application": "a new one",
    "delete_for_good": "Delete for good",
    "change_application": "Change",
    "create_application": "Create",
    "hint_preview": "Shows what would be done, and its cost",
    "preview": "Preview",
    "hint_verb": "Needs a preview first",
    "changed_since": "Changed since the preview; preview again.",
    "same_call": "The same from Python:",
}
# Choices, by the values that they stand for; headings of tables, by the columns of the frames.
_ENGLISH_CHOICES: Mapping[str, str] = {
    "action_rent": "rent a number",
    "action_give back": "give a number back",
    "match_starts": "at the beginning",
    "match_contains": "anywhere",
    "match_ends": "at the end",
    "number_type_": "any",
    "number_type_landline": "landline",
    "number_type_mobile-lvn": "mobile",
    "number_type_landline-toll-free": "toll-free",
    "sort_monthly_cost": "price a month",
    "sort_setup_cost": "price of the setup",
    "sort_country": "country",
    "sort_msisdn": "number",
    "sms_type_auto": "as the text needs",
    "sms_type_text": "plain text",
    "sms_type_unicode": "text in any script",
    "sms_type_binary": "binary",
    "sms_type_wappush": "link (WAP push)",
    "sms_type_vcal": "calendar entry",
    "sms_type_vcard": "business card",
    "doubtful_refuse": "send nothing",
    "doubtful_skip": "leave them out",
    "doubtful_send": "send to them",
    "application_type_voice": "calls",
    "application_type_messages": "messages",
    "application_type_voice,messages": "calls and messages",
    "verb_rent": "Rent",
    "verb_give back": "Give back",
    "verb_create": "Create",
    "verb_change": "Save",
    "verb_delete": "Delete",
    "heading_to": "To",
    "heading_country": "Country",
    "heading_recipients": "Recipients",
    "heading_parts": "Parts",
    "heading_part": "Part",
    "heading_price": "Price",
    "heading_problem": "Problem",
    "heading_problems": "Cannot be sent",
    "heading_warning": "Doubt",
    "heading_doubtful": "Doubtful",
    "heading_unpriced": "Without a price",
    "heading_currency": "Currency",
    "heading_balance": "Balance",
    "heading_message_id": "Message",
    "heading_message_ids": "Messages",
    "heading_status": "Status",
    "heading_state": "State",
    "heading_code": "Code",
    "heading_error": "Reason",
    "heading_error_text": "What Nexmo said",
    "heading_meaning": "Meaning",
    "heading_network": "Network",
    "heading_client_ref": "Reference",
    "heading_call_id": "Call",
    "heading_api": "Interface",
    "heading_msisdn": "Number",
    "heading_type": "Type",
    "heading_sms": "SMS",
    "heading_voice": "Voice",
    "heading_mms": "MMS",
    "heading_monthly_cost": "A month",
    "heading_setup_cost": "Setup",
    "heading_id": "Id",
    "heading_private_key_path": "File of the private key",
    "total": "In all",
    "no_country": "not known",
    "price_range": "{currency} {low} to {high}",
    "price_unknown": "not known",
    "price_single": "{currency} {low}",
    "counter_one": "1 part, room for {left} more",
    "counter_many": "{parts} parts, room for {left} more",
    "counter_reason": "; short parts because of {characters}",
}
ENGLISH: Mapping[str, str] = {**_ENGLISH_OUTCOMES, **_ENGLISH_TEXTS, **_ENGLISH_LABELS, **_ENGLISH_CHOICES}
LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH}


def say(name: str, /, *, language: str = "en", **values: Any) -> str:
    """Say something, with the values that stand in it."""
    return LANGUAGES[language][name].format(**values)


def list_choices(kind: str, values: Iterable[str]) -> list[tuple[str, str]]:
    """List choices of a control: the words of each value, and the value."""
    return [(say(f"{kind}_{value}"), value) for value in values]


def say_state(state: str) -> str:
    """Say the state of a message, without a count."""
    return say(f"state_{state}", count="").strip() if f"state_{state}" in ENGLISH else state


def say_heading(column: str) -> str:
    """Say what a column of a frame holds; a column without words, of a list of the user's, stands for itself."""
    return ENGLISH.get(f"heading_{column}") or ENGLISH.get(f"label_{column}", column)


def say_price(low: float, high: float, currency: str) -> str:
    """Say what something costs, from the lowest price to the highest: EUR 0.0333 to 0.0423."""
    if math.isnan(low) or math.isnan(high):
        return say("price_unknown")
    shown = [f"{amount:.4f}" for amount in (low, high)]
    shown = [text[:-2] if text.endswith("00") else text for text in shown]
    name = "price_single" if shown[0] == shown[1] else "price_range"
    return say(name, currency=currency, low=shown[0], high=shown[1])


def say_code(code: str) -> str:
    """Say what a code of a problem or a doubt means; a code without words stands for itself."""
    return ENGLISH.get(f"code_{code}", code)
