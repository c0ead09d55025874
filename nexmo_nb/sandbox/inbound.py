"""Messages that somebody writes to one of the account's numbers."""

from __future__ import annotations

import re
from typing import Any

from nexmo_nb.sandbox.data import find_country, find_network
from nexmo_nb.sandbox.segments import is_gsm_character, split_gsm, split_ucs2
from nexmo_nb.sandbox.validation import show
from nexmo_nb.sandbox.webhooks import queue_received
from nexmo_nb.sandbox.world import World

LONGEST_TEXT = 3200


def receive_sms(world: World, sender: Any, to: Any, text: Any) -> dict[str, Any]:
    """Let somebody write to a number of the account; ValueError where that could not be. Return what was received."""
    writer, number = _read_number("sender", sender), _read_number("to", to)
    if not isinstance(text, str) or not 1 <= len(text) <= LONGEST_TEXT:
        raise ValueError(f"text: got {show(text)}; allowed: text of 1 to {LONGEST_TEXT:,} characters.")
    is_gsm = all(map(is_gsm_character, text))
    country = find_country(writer)
    with world.lock:
        if number not in world.owned:
            shown = ", ".join(list(world.owned)[:5])
            raise ValueError(f"to: got {show(to)}; allowed: a number that the account has, such as {shown}.")
        parts = split_gsm(text) if is_gsm else split_ucs2(text)
        received = {
            "sender": writer,
            "to": number,
            "type": "text" if is_gsm else "unicode",
            "encoding": "gsm7" if is_gsm else "ucs2",
            "text": text,
            "parts": [{"message_id": world.new_id(), "text": part} for part in parts],
            "network": find_network(country, writer).code if country else "",
            "country": country.code if country else "",
            "time": world.format_now(),
        }
        world.received.append(received)
        queue_received(world, received)
        return dict(received)


def _read_number(name: str, value: Any) -> str:
    digits = re.sub("[ +]", "", value) if isinstance(value, str) else ""
    if not re.fullmatch("[0-9]{7,15}", digits):
        raise ValueError(f"{name}: got {show(value)}; allowed: a number with its country code, such as '447700900123'.")
    return digits
