"""``/conversions/{sms,voice}``: that the person who got a code used it. It is noted with the message."""

from __future__ import annotations

from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.refusals import FAILED, check_required
from nexmo_nb.sandbox.validation import read_flag
from nexmo_nb.sandbox.world import World


def note_conversion(world: World, request: Request, _: Accident) -> Answer:
    """Note a conversion, and answer nothing, as is documented; a message that was not sent from here is nobody's."""
    fields = request.pairs
    check_required(**{"message-id": fields.get("message-id")})
    try:
        is_converted = read_flag(fields.get("delivered", "true"))
    except ValueError:
        return FAILED
    code = fields["message-id"]
    mark = {"is_converted": is_converted}
    with world.lock:
        for message in world.messages:
            # A list of its own: a copy of the message may be on its way.
            message["parts"] = [part | mark if part["message_id"] == code else part for part in message["parts"]]
        for call in world.calls:
            call.update(mark if call["id"] == code else {})
    return Answer(200)
