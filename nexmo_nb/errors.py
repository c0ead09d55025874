"""The error tree: one class for each thing a caller would do differently.

::

    NexmoError
    ├── InvalidRequestError (also ValueError)   wrong before or by the server's word; nothing was done
    ├── AuthenticationError                     key, secret, token or right to the product refused
    ├── NotFoundError                           no such number, application, message or path
    ├── RejectedError                           Nexmo understood and said no; .code .meaning .parts
    ├── RateLimitedError                        too fast; nothing was done; .retry_after
    ├── UnreachableError                        nothing was sent, or a read got no answer
    └── UnknownOutcomeError                     a write went out and no answer came: it may have happened

No error holds a request, a response or an account, so none can carry a credential into a traceback, a pickle or
a saved notebook.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

__all__ = [
    "AuthenticationError",
    "InvalidRequestError",
    "NexmoError",
    "NotFoundError",
    "PartialSendWarning",
    "RateLimitedError",
    "RejectedError",
    "UnknownOutcomeError",
    "UnreachableError",
    "without_traceback_of",
]


class NexmoError(Exception):
    """Whatever this toolkit raises on purpose.

    Parameters
    ----------
    message : str
        What was asked, what came back, what it means and what to do.
    status : int, optional
        HTTP status of the answer; None when there was none.
    code : str, optional
        Nexmo's own code: an SMS status such as ``"9"``, or the last word of an error type such as ``"throttled"``.
    retry_after : float, optional
        Seconds after which another try may succeed, where the server said so.
    meaning : str, optional
        What the code means, in a few words.
    parts : pandas.DataFrame, optional
        For sends: one row per part of the answer, as `nexmo_nb.send_sms` returns them.

    Examples
    --------
    >>> error = RateLimitedError("too fast", status=429, retry_after=2.0)
    >>> error.retryable, error.retry_after
    (True, 2.0)
    """

    retryable: ClassVar[bool] = False
    """Whether the same call may simply be made again: nothing was done, and the cause may pass by itself."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        meaning: str | None = None,
        parts: pd.DataFrame | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.meaning = meaning
        self.parts = parts

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args, self.__dict__.copy()


class InvalidRequestError(NexmoError, ValueError):
    """An argument is wrong, found here before anything was sent, or by the server. Nothing was done.

    Not raised when the request was well formed and Nexmo declined it (`RejectedError`).
    """


class AuthenticationError(NexmoError):
    """Key, secret, signature or token was refused, or the account has no right to the product. Nothing was done."""


class NotFoundError(NexmoError):
    """The number, application, message or path does not exist, or belongs to another account."""


class RejectedError(NexmoError):
    """Nexmo understood the request and said no: no credit, a barred number, a sender that is not allowed.

    `code` and `meaning` say why, `parts` holds the answer to a send. Sending the same again gives the same answer.
    """


class RateLimitedError(NexmoError):
    """The server said the calls come too fast. Nothing was done; try again after `retry_after` seconds."""

    retryable = True


class UnreachableError(NexmoError):
    """Nothing was sent, or a read got no usable answer. Nothing was changed and nothing was spent."""

    retryable = True


class UnknownOutcomeError(NexmoError):
    """A write went out and no usable answer came: it may have happened, and may have cost money.

    Never raised for reads. It is not `retryable`: making the call again might do the thing twice.
    """


class PartialSendWarning(UserWarning):
    """Nexmo accepted some parts of a message and refused others; the frame shows which."""


def without_traceback_of(work: Callable[[], T]) -> T:
    """Run `work`; what it raises comes out without its frames and causes.

    The locals of those frames may hold a credential, which a verbose traceback would print.
    """
    try:
        return work()
    except BaseException as problem:  # an interrupt, too, would carry the frames
        failure = problem.with_traceback(None)
        failure.__cause__ = failure.__context__ = None
    raise failure
