"""Every send, before and after: the intent is on the disk before a request leaves, its outcome after it.

States of a row of a batch: ``planned`` -> ``claimed`` (by one process, which waits for its turn) -> ``sending`` (it
leaves) -> ``accepted``, ``partial``, ``rejected`` or ``unknown``; ``unknown`` becomes ``accepted`` or ``not_found``
when it is settled. A single send is entered as it leaves, in ``sending``. What surely was not sent goes back: a row of
a batch to ``planned``, a single send out of the ledger. When a process dies, what it had claimed goes back likewise,
and what had left becomes ``unknown``. No state but ``planned`` is ever sent.
"""

from nexmo_nb.ledger.book import Ledger
from nexmo_nb.ledger.entries import Enrolled, Entry, cost_of, digest, shown_state, unwritable

__all__ = ["Enrolled", "Entry", "Ledger", "cost_of", "digest", "shown_state", "unwritable"]
