"""The one connection that carries every call: `connect`, `current`, and the `Session` they give.

Only this package speaks to the network. ``core`` is the way of a call, ``transfer`` fetches an answer within bounds,
``answers`` reads it, ``auth`` puts credentials on a request, ``cache`` keeps answers, ``connecting`` finds out whose
connection it is.
"""

from nexmo_nb.session.answers import Ask, field, no_answer, status_of, tidy
from nexmo_nb.session.connecting import connect, current, show_connection, using
from nexmo_nb.session.core import LONGEST_WAIT, Listing, Pages, Session

__all__ = [
    "LONGEST_WAIT",
    "Ask",
    "Listing",
    "Pages",
    "Session",
    "connect",
    "current",
    "field",
    "no_answer",
    "show_connection",
    "status_of",
    "tidy",
    "using",
]
