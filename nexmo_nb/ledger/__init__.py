"""Every send, before and after: the intent is on the disk before a request leaves, its outcome after it.

States of a row of a batch: ``planned`` -> ``sending`` (it leaves) -> ``accepted``, ``partial``, ``rejected`` or
``unknown``; ``unknown`` becomes ``accepted`` or ``not_found`` when it is settled. A single send is entered as it
leaves, in ``sending``. What surely was not sent goes back: a row of a batch to ``planned``, a single send out of the
ledger. When a process dies, what it had in ``sending`` becomes ``unknown``. No state but ``planned`` is ever sent.
"""

from nexmo_nb.ledger.book import Ledger
from nexmo_nb.ledger.entries import Enrolled, Entry, Outcome, cost_of, digest, unwritable

__all__ = ["Enrolled", "Entry", "Ledger", "Outcome", "cost_of", "digest", "unwritable"]
