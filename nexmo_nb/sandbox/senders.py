"""What a sender may do: how fast messages may leave from a number."""

from __future__ import annotations

import re

from nexmo_nb.sandbox.world import World

# Long numbers of the United States and Canada; those that are free to call have a pace of their own.
LONG_NUMBER = re.compile("[+]?1(?!800|833|844|855|866|877|888)[2-9][0-9]{2}[2-9][0-9]{6}")
MESSAGES_A_SECOND = 1


def acquire_sender_slot(world: World, sender: str) -> float:
    """Take the slot of a number in the current second; otherwise return the seconds until it is free."""
    if LONG_NUMBER.fullmatch(sender) is None:
        return 0.0
    return world.acquire_slot(f"from {sender.lstrip('+')}", MESSAGES_A_SECOND)
