"""The error tree: one class for each case that a caller handles differently.

::

    NexmoError
    ├── InvalidRequestError (also ValueError)   wrong before or by the server's word; nothing was done
    ├── AuthenticationError                     key, secret, token or right to the product refused
    ├── NotFoundError                           no such number, application, message or path
    ├── RejectedError                           Nexmo understood and said no; .code .meaning .parts
    ├── RateLimitedError                        too fast; nothing was done; .retry_after
    ├── UnreachableError                        nothing was sent, or a read got no answer
    └── UnknownOutcomeError                     a write went out and no answer came: it may have happened

No error holds a request, a response or an account, so that none carries a credential into a traceback, a pickle or a
saved notebook.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")
Error = TypeVar("Error", bound="NexmoError")
_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_IPYTHON = f"{os.sep}IPython{os.sep}"


class NexmoError(Exception):
    """The base class of this package's errors.

    Parameters
    ----------
    message : str
        What was asked, what the answer was, what it means and what to do.
    status : int, optional
        HTTP status of the answer; None if there was none.
    code : str, optional
        Nexmo's code: an SMS status such as ``"9"``, or the last word of an error type, such as ``"throttled"``.
    retry_after : float, optional
        Seconds after which another try may succeed, if the server named them.
    meaning : str, optional
        What the code means, in a few words.
    parts : pandas.DataFrame, optional
        For sends: one row per part of the answer, as `nexmo_nb.send_sms` returns them.
    parameter : str, optional
        The argument that is wrong, by its name; the message begins with it.
    allowed : str, optional
        What it may be, in words.

    Examples
    --------
    >>> error = RateLimitedError("too fast", status=429, retry_after=2.0)
    >>> error.retryable, error.retry_after
    (True, 2.0)
    """

    retryable: ClassVar[bool] = False
    """Whether the same call may be made again, because nothing was done and the cause may be temporary."""
    _cell: int | None = None
    """The number of the cell in which IPython first showed it."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        meaning: str | None = None,
        parts: pd.DataFrame | None = None,
        parameter: str | None = None,
        allowed: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.meaning = meaning
        self.parts = parts
        self.parameter = parameter
        self.allowed = allowed

    def with_message(self: Error, message: str, *, parts: pd.DataFrame | None = None) -> Error:
        """Build the same error with another message, and with other parts.

        Parameters
        ----------
        message : str
            What it says.
        parts : pandas.DataFrame, optional
            Its `parts`. Default: none.

        Returns
        -------
        NexmoError
            Of the same class, with the same facts.
        """
        facts = {**self.__dict__, "parts": parts}
        facts.pop("_cell", None)  # it was not shown yet
        error = type(self)(message)
        error.__dict__.update(facts)
        return error

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args, self.__dict__.copy()

    def _render_traceback_(self) -> list[str]:
        """Give the lines that a notebook shows: the user's own and the sentence; all of them for ``%tb``.

        IPython calls this method of an exception, for ``%tb`` as well, which runs in a later cell.
        """
        shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
        if shell is None:
            return traceback.format_exception(self)
        if self._cell is None:
            self._cell = shell.execution_count
        if self._cell != shell.execution_count:
            every: list[str] = shell.InteractiveTB.structured_traceback(
                type(self), self, self.__traceback__, tb_offset=1
            )
            return every
        lines = [f"line {number}: {line}" for number, line in _list_lines_of_user(self)]
        return [*lines, f"{type(self).__name__}: {self}", "(%tb in a cell of its own shows every line.)"]


class InvalidRequestError(NexmoError, ValueError):
    """An argument is wrong, as found before anything was sent or by the server. Nothing was done.

    Not raised if the request was well formed and Nexmo declined it (`RejectedError`).
    """


class AuthenticationError(NexmoError):
    """Key, secret, signature or token was refused, or the account has no right to the product. Nothing was done."""


class NotFoundError(NexmoError):
    """The number, application, message or path does not exist, or belongs to another account."""


class RejectedError(NexmoError):
    """Nexmo understood the request and declined it: no credit, a barred number, a sender that is not allowed.

    `code` and `meaning` give the reason, `parts` the answer to a send. The same request gets the same answer again.
    """


class RateLimitedError(NexmoError):
    """The server said that the calls come too fast. Nothing was done; try again after `retry_after` seconds."""

    retryable = True


class UnreachableError(NexmoError):
    """Nothing was sent, or a read got no usable answer. Nothing was changed and nothing was spent."""

    retryable = True


class UnknownOutcomeError(NexmoError):
    """A write was sent and no usable answer came: it may have happened, and may have cost money.

    Never raised for reads. Not `retryable`: the same call, made again, may do the thing twice.
    """


class DoubtfulNumberWarning(UserWarning):
    """A message or call goes to a number that is possible and doubtful: not valid, premium, or rounded perhaps.

    Of an SMS also where the number is no mobile one. Where it is not certain whose number it is, nothing is sent, and
    an `InvalidRequestError` is raised.
    """


class DoubtfulSenderWarning(UserWarning):
    """A message goes from a sender that its country is known to refuse, to replace, or to want registered before."""


class PartialSendWarning(UserWarning):
    """Nexmo accepted some parts of a message and refused others; the frame shows which."""


def _list_lines_of_user(problem: BaseException) -> list[tuple[int | None, str | None]]:
    """List the lines, with their numbers, through which a call came into this package."""
    found = []
    for frame in traceback.extract_tb(problem.__traceback__):
        if frame.filename.startswith(_PACKAGE):
            break
        if _IPYTHON not in frame.filename:
            found.append((frame.lineno, frame.line))
    return found


def without_traceback_of(work: Callable[[], T]) -> T:
    """Run `work`, and raise its exceptions without their traceback and causes.

    The local variables of those frames may hold a credential, which a verbose traceback would print.
    """
    try:
        return work()
    except BaseException as problem:  # a KeyboardInterrupt has a traceback, too
        failure = problem.with_traceback(None)
        failure.__cause__ = failure.__context__ = None
    raise failure
