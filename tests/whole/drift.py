"""Known differences between the API and its published description, and the reasons.

Every difference must occur: a test fails for one that is no longer needed.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

from call_cases import CALLS, CHANGE, SHOW
from conformance import (
    ABORT,
    APP,
    APP_DELETE,
    APP_NEW,
    APP_PUT,
    APPS,
    BALANCE,
    BUY,
    CALL,
    CANCEL,
    MEDIA,
    ORDER,
    OWNED,
    PRICE,
    PRICES,
    RECORDS,
    REPORT,
    SEARCH,
    SMS,
    UPDATE,
)
from later_cases import LOOKUP, SENDING

__all__ = ["DIFFERENCES", "FUZZED", "KNOWN_DRIFT", "UNUSED", "Drift"]


class Drift(NamedTuple):
    """A reason, the endpoints where it applies, and the differences there."""

    why: str
    endpoints: tuple[str, ...]
    differences: tuple[str, ...]


def _list_new(place: str, names: str) -> tuple[str, ...]:
    return tuple(f"{place}/{name} is not described" for name in names.split())


def _list_accident(status: int, missing: str) -> tuple[str, ...]:
    """List how the one body that accidents of the sandbox have differs from a problem of RFC 7807."""
    place = f"answer {status}"
    lacking = tuple(f"{place}/{name} is missing" for name in missing.split())
    return (f"{place} content: application/json", *_list_new(place, "error-code error-code-label"), *lacking)


RECORD = (
    "account_ref forced_from changed_from id dcs validity_period ip_address udh workflow_id tier_volume status_code"
)

KNOWN_DRIFT = [
    Drift(
        "What reports cost is asked of a product that is newer than the description.",
        (RECORDS,),
        ("answer 200/product breaks enum",),
    ),
    Drift(
        "Keys in an address end up in logs. The API takes them in a header, too; for SMS nothing else is documented.",
        (SEARCH, OWNED, BUY, CANCEL, UPDATE, BALANCE, PRICE, PRICES, SMS),
        ("request credentials: basic",),
    ),
    Drift(
        "Likewise: the keys are described as parameters that are required.",
        (BALANCE, PRICE, PRICES),
        ("request query/api_key is missing", "request query/api_secret is missing"),
    ),
    Drift("Likewise.", (SMS,), ("request body/api_key is missing",)),
    Drift(
        "A signed send has a timestamp, and a SHA-256 or SHA-512 in hexadecimal is longer than the bounds of sig.",
        (SMS,),
        ("request body/timestamp is not described", "request body/sig breaks maxLength"),
    ),
    Drift("It came later.", (SMS,), ("request body/trusted-number is not described",)),
    Drift(
        "The description has true and false; an older one has 1, and 1 and 0 are what is sent in practice.",
        (SMS,),
        ("request body/status-report-req breaks type",),
    ),
    Drift(
        "Described are accepted messages, or errors of two fields. But one of several parts may be refused, and some "
        "refusals name the recipient.",
        (SMS,),
        ("answer 200/messages/*/error-text is not described",),
    ),
    Drift("They came later.", (SEARCH,), _list_new("answer 200/numbers/*", "initialPrice limitations")),
    Drift("They came later.", (OWNED,), _list_new("answer 200/numbers/*", "app_id limitations voiceStatusCallback")),
    Drift(
        "The gateway in front complains of what is missing.",
        (SEARCH, BUY, CANCEL, UPDATE),
        ("answer 400 is not described",),
    ),
    Drift(
        "Described for buying alone; the others give the same for a number that is not the account's. What a search "
        "gives for a wrong filter is not documented.",
        (SEARCH, CANCEL, UPDATE),
        ("answer 420 is not described",),
    ),
    Drift(
        "Limits are published elsewhere.",
        (SEARCH, OWNED, BUY, CANCEL, BALANCE, CALL, APPS, APP, APP_NEW, APP_DELETE, RECORDS, ORDER),
        ("answer 429 is not described",),
    ),
    Drift(
        "Recorded answers have a number, and the country's code in the list of all.",
        (PRICES,),
        ("answer 200/count breaks type", *_list_new("answer 200/countries/*", "countryCode")),
    ),
    Drift("Recorded answers have links.", (APPS, APP, APP_PUT), _list_new("answer 200", "_links")),
    Drift("Recorded answers have links.", (APP_NEW,), _list_new("answer 201", "_links")),
    Drift("Recorded answers have links.", (APPS,), _list_new("answer 200/_embedded/applications/*", "_links")),
    Drift("Recorded answers have the public key.", (APP,), _list_new("answer 200", "keys")),
    Drift("Recorded answers have the public key.", (APPS,), _list_new("answer 200/_embedded/applications/*", "keys")),
    Drift("Regions came later.", (APP, APP_PUT), _list_new("answer 200/capabilities/voice", "region")),
    Drift(
        "Regions came later.", (APPS,), _list_new("answer 200/_embedded/applications/*/capabilities/voice", "region")
    ),
    Drift(
        "A setting that the client does not know is sent back.",
        (APP_PUT,),
        _list_new("request body/capabilities/voice", "region"),
    ),
    Drift(
        "No refusal is described.",
        (CALL,),
        tuple(f"answer {status} is not described" for status in (400, 401, 402, 415)),
    ),
    Drift("Likewise, but for what is not there.", (CHANGE,), ("answer 400 is not described",)),
    Drift("They came later.", (CALLS,), _list_new("answer 200/_links", "first last next prev")),
    Drift(
        "Described for phones alone; other endpoints came later.",
        (SHOW,),
        _list_new("answer 200/to", "uri content-type extension user"),
    ),
    Drift(
        "Errors of reports are application/problem+json now.",
        (REPORT, ABORT, MEDIA),
        tuple(f"answer {status} content: application/problem+json" for status in (401, 404)),
    ),
    Drift("Likewise.", (ABORT,), ("answer 409 content: application/problem+json",)),
    Drift("Likewise.", (RECORDS, ORDER), tuple(f"answer {s} content: application/problem+json" for s in (403, 422))),
    Drift("Likewise.", (ORDER,), tuple(f"answer {s} content: application/problem+json" for s in (400, 401))),
    Drift(
        "Likewise, and so they have a type.",
        (RECORDS,),
        ("answer 401 is not described", "answer 403/type is not described"),
    ),
    Drift("Likewise, and may list parameters.", (RECORDS, ORDER), _list_new("answer 422", "invalid_parameters")),
    Drift(
        "Pages came later.",
        (RECORDS,),
        _list_new("request query", "cursor iv") + _list_new("answer 200", "cursor iv _links/next"),
    ),
    Drift("Filters came later.", (RECORDS,), _list_new("request query", "from to country network account_ref call_id")),
    Drift("It came later.", (ORDER,), _list_new("request body", "country") + _list_new("answer 200", "country")),
    Drift("It came later.", (REPORT,), _list_new("answer 200", "country")),
    Drift(
        "A call's status in records is now ANSWERED, MACHINE or ERROR.",
        (ORDER,),
        ("request body/status breaks enum", "answer 200/status breaks enum"),
    ),
    Drift("Likewise.", (REPORT,), ("answer 200/status breaks enum",)),
    Drift("Likewise.", (RECORDS,), ("answer 200/records/*/status breaks enum",)),
    Drift("Likewise.", (MEDIA,), ("answer 200/report/*/status breaks enum",)),
    Drift("Fields came later.", (RECORDS,), _list_new("answer 200/records/*", RECORD)),
    Drift("Fields came later.", (MEDIA,), _list_new("answer 200/report/*", f"{RECORD} concatenated")),
    Drift(
        "All values of records are text now.",
        (RECORDS,),
        tuple(
            f"answer 200/records/*/{name} breaks type"
            for name in ["concatenated", "latency", "duration", "price", "total_price"]
        ),
    ),
    Drift(
        "Described with exactly 40 characters; it is whatever was sent.",
        (RECORDS,),
        ("answer 200/records/*/client_ref breaks minLength",),
    ),
    Drift("Likewise.", (MEDIA,), ("answer 200/report/*/client_ref breaks minLength",)),
    Drift(
        "What the sandbox is told to fail with comes as from a gateway in front, which knows no API's format.",
        (SENDING,),
        (*_list_accident(404, "type title instance"), *_list_accident(500, "type title instance")),
    ),
    Drift("Likewise.", (LOOKUP,), (*_list_accident(500, "title detail"), *_list_accident(503, "title detail"))),
]

DIFFERENCES = [pair for drift in KNOWN_DRIFT for pair in product(drift.endpoints, drift.differences)]

UNUSED = {
    "request /api_(key|secret)": "The keys travel in a header.",
    ".* (/numbers)?/messagesCallback(Type|Value)": "Deprecated in the description itself.",
    ".*/capabilities/(rtc|vbc|voice/webhooks/fallback_answer_url).*": "Sent back as they are, but never set.",
    ".*/webhooks/[a-z_]+/(connection|socket)_timeout": "Likewise.",
    ".*/privacy/improve_ai": "Likewise.",
    "answer /keys/private_key": "Described for an update, too, which makes no key.",
    ".* /(include_subaccounts|callback_url)": "Not offered: a report is of one account, and is waited for.",
    "request /(answer_url|answer_method|length_timer|ringing_timer)": "Not offered: a call says what it is told.",
    "request /to/(dtmfAnswer|uri|content-type|headers/customer_id|extension)": "Not offered: a call goes to a number.",
    "request /ncco": "There, but what it holds is not described.",
    "request /(webhook_version|trusted_sender)": "Not offered: the other one is the default, or deprecated.",
    "request /sms/pool_id": "Not offered: a pool of senders is chosen from here.",
    "answer /workflow_id": "Of a message with others to fall back on, which is not offered.",
    "answer /insights/format/offline_location": "The sandbox knows no places within a country.",
    "answer /insights/roaming/country_codes": "No phone of the sandbox is abroad.",
    "answer /(account_id|currency|direction|include_message|price|show_concatenated)": "Older answers had them.",
}
"""Described fields that are never sent, or never answered: patterns of `side field`, and the reasons."""

FUZZED = {
    # No body is read whose length is not said.
    ".*": ("answer 411 is not described",),
    # What the API gives for a wrong filter is not documented.
    OWNED: ("answer 420 is not described",),
    # The sandbox speaks JSON alone.
    "POST /sms/.*": ("answer 404 is not described",),
    # Described are successes alone.
    "(GET|PUT|DELETE) /v1/calls.*": tuple(f"answer {status} is not described" for status in (400, 404, 415)),
}
"""How answers to made-up requests differ beside that, by patterns of endpoints."""
