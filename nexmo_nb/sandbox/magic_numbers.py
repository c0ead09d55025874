"""Numbers with an effect of their own, for tests: who writes to or calls one meets a refusal, a bad receipt, silence.

They are 03069 990xxx, which Ofcom sets aside for organisations in films: nobody has one, they are valid, and they are
not 07700 900xxx, which examples take for people. So nobody meets an effect by chance.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from nexmo_nb.sandbox.codes import RECEIPT_ERRORS, STATUS_TEXTS
from nexmo_nb.sandbox.exchange import Accident, Request

PREFIX = "443069990"
SECONDS_UNTIL_RECEIPT = 2.0
SECONDS_UNTIL_EXPIRY = 72 * 3600.0
SLOW_SECONDS = 3.0


class Course(NamedTuple):
    """What becomes of a message that was accepted: the status and error code of its receipt, and when it comes."""

    status: str = "delivered"
    error: int = 0
    seconds: float = SECONDS_UNTIL_RECEIPT


class MagicNumber(NamedTuple):
    """A number, or a hundred of them that end in a code, and what they do.

    - `number`: its digits; ``nn`` stands for one of the `codes`, in two digits.
    - `effect`: what happens, in words. `codes`: each with its meaning.
    - `accident`: what happens to a request to send to it, or to call it, as `fail_next` names it.
    - `course`: what becomes of a message to it. `call`: what comes of a call to it.
    """

    number: str
    effect: str
    codes: Mapping[int, str] = MappingProxyType({})
    accident: Accident = MappingProxyType({})
    course: Course = Course()
    call: str = "completed"
    is_refused: bool = False
    is_ported: bool = False


MAGIC_NUMBERS = (
    MagicNumber(
        f"{PREFIX}0nn",
        "An SMS is refused with status nn.",
        codes={code: text for code, text in STATUS_TEXTS.items() if code != 1},
        is_refused=True,
    ),
    MagicNumber(
        f"{PREFIX}1nn",
        f"An SMS is accepted, and {SECONDS_UNTIL_RECEIPT:.0f} seconds later its receipt says failed, with err-code nn.",
        codes={code: text for code, text in RECEIPT_ERRORS.items() if code},
        course=Course("failed"),
    ),
    MagicNumber(
        f"{PREFIX}200",
        "Throttled for ever: an SMS is refused with status 1, a call with HTTP 429.",
        accident={"kind": "throttled"},
    ),
    MagicNumber(
        f"{PREFIX}201",
        "Of an SMS the first part is accepted, and the others are refused with status 1; so is an SMS of one part.",
        accident={"kind": "partial"},
    ),
    MagicNumber(
        f"{PREFIX}202",
        f"Slow: the answer to an SMS or call comes after {SLOW_SECONDS:.0f} seconds.",
        accident={"kind": "slow", "seconds": SLOW_SECONDS},
    ),
    MagicNumber(
        f"{PREFIX}203",
        "No answer, and nothing done: the sandbox hangs up before it acts on an SMS or call.",
        accident={"kind": "drop-before"},
    ),
    MagicNumber(
        f"{PREFIX}204",
        "No answer, but done: the sandbox acts on an SMS or call, and hangs up.",
        accident={"kind": "drop-after"},
    ),
    MagicNumber(
        f"{PREFIX}205",
        "A phone that is off: the receipt of an SMS says expired after 72 hours, or after its ttl.",
        course=Course("expired", 2, SECONDS_UNTIL_EXPIRY),
    ),
    MagicNumber(
        f"{PREFIX}206",
        f"Opted out: {SECONDS_UNTIL_RECEIPT:.0f} seconds later the receipt of an SMS says rejected, with err-code 9.",
        course=Course("rejected", 9),
    ),
    MagicNumber(
        f"{PREFIX}207",
        "Ported: the receipt and the records of an SMS name another network than the answer does.",
        is_ported=True,
    ),
    MagicNumber(
        f"{PREFIX}208",
        f"A landline: {SECONDS_UNTIL_RECEIPT:.0f} seconds later the receipt of an SMS says failed, with err-code 12.",
        course=Course("failed", 12),
    ),
    MagicNumber(f"{PREFIX}300", "A call to it ends as busy.", call="busy"),
    MagicNumber(f"{PREFIX}301", "Nobody answers a call to it: it ends as unanswered.", call="unanswered"),
    MagicNumber(f"{PREFIX}302", "A machine answers a call to it.", call="machine"),
    MagicNumber(f"{PREFIX}303", "A call to it rings until its ringing_timer ends: timeout.", call="timeout"),
    MagicNumber(f"{PREFIX}304", "A call to it is rejected.", call="rejected"),
    MagicNumber(f"{PREFIX}305", "A call to it fails.", call="failed"),
)
"""All of them; docs/sandbox.md, the inbox and `Sandbox.numbers` show this table."""
_PLAIN = MagicNumber("", "A number like any other.")
_BY_NUMBER = {each.number: each for each in MAGIC_NUMBERS}


def find_magic(number: str) -> MagicNumber:
    """Find what a number does; of one that is like any other, all is as usual."""
    magic = _BY_NUMBER.get(number) or _BY_NUMBER.get(f"{number[:-2]}nn", _PLAIN)
    return magic if not magic.codes or read_code(number) in magic.codes else _PLAIN


def read_code(number: str) -> int:
    """Read the code that a number of a table's row with codes ends in; -1 where it does not."""
    return int(number[-2:]) if number[-2:].isdecimal() else -1


def find_course(number: str, ttl: str = "") -> Course:
    """Find what becomes of a message to a number; `ttl`, in milliseconds, is how long it may wait for a phone."""
    magic = find_magic(number)
    course = magic.course._replace(error=read_code(number)) if magic.codes else magic.course
    return course._replace(seconds=int(ttl) / 1000) if ttl and course.status == "expired" else course


def find_accident(request: Request) -> Accident:
    """Find what happens to a request by the number that it sends to or calls; empty for most."""
    if request.path in ("/sms/json", "/tts/json"):
        return find_magic(request.fields.get("to", "")).accident
    if (request.method, request.path) == ("POST", "/v1/messages") and isinstance(request.json, dict):
        return find_magic(str(request.json.get("to", ""))).accident
    if request.path == "/identity-insights/v1/requests" and isinstance(request.json, dict):
        return find_magic(str(request.json.get("phone_number", "")).lstrip("+")).accident
    if (request.method, request.path) == ("POST", "/v1/calls") and isinstance(request.json, dict):
        to = request.json.get("to")
        number = to[0].get("number") if isinstance(to, list) and to and isinstance(to[0], dict) else None
        return find_magic(number).accident if isinstance(number, str) else {}
    return {}


def list_numbers() -> list[dict[str, Any]]:
    """List the table as JSON has it."""
    return [
        {
            "number": each.number,
            "effect": each.effect,
            "codes": [{"code": f"{code:02d}", "meaning": meaning} for code, meaning in each.codes.items()],
        }
        for each in MAGIC_NUMBERS
    ]
