"""The one connection that carries every call: `connect`, `current`, and the `Session` they give.

Only this package speaks to the network. ``core`` is the way of a call, ``transfer`` fetches an answer within bounds,
``answers`` reads it, ``auth`` puts credentials on a request, ``cache`` keeps answers, ``connecting`` finds out whose
connection it is.
"""

from nexmo_nb.session.answers import Ask, no_answer, tidy
from nexmo_nb.session.connecting import connect, current, show_connection
from nexmo_nb.session.core import Listing, Pages, Session

__all__ = ["Ask", "Listing", "Pages", "Session", "connect", "current", "no_answer", "show_connection", "tidy"]
