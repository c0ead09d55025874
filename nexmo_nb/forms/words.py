"""The words that forms show about what was done and what is doubtful, in one place. Pure.

Another language is another mapping with the same names in `LANGUAGES`. A text may have places in braces, for which
`say` is given values; the same names must stand in it in each language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ENGLISH: Mapping[str, str] = {
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
    "Doubtful row.",
    "doubts_skip": "Send will leave them out.",
    "doubts_send": "Send will send to them as well.",
    "careful": "Careful",
    "more_rows": "{rows}, and {count} more",
    "column_outcome": "What",
    "column_count": "Rows",
    "column_which": "Which",
    "column_why": "Why",
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
LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": ENGLISH}


def say(name: str, /, *, language: str = "en", **values: Any) -> str:
    """Say something, with the values that stand in it."""
    return LANGUAGES[language][name].format(**values)


def say_code(code: str) -> str:
    """Say what a code of a problem or a doubt means; a code without words stands for itself."""
    return ENGLISH.get(f"code_{code}", code)
