"""What is asked: one request, before credentials and before it is a request of the requests library. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from nexmo_nb.errors import NexmoError


@dataclass(frozen=True)
class Request:
    """One request to Nexmo.

    Attributes
    ----------
    what : str
        What it does, in words, for messages: ``"search numbers in GB"``.
    family : str
        Whose limit and whose cached responses it belongs to.
    sender : str
        Number that a message is from, which may have a limit of its own; empty for a name.
    params, data, json : mapping, optional
        Query, form fields or JSON body, as for `requests.request`.
    auth : {"basic", "jwt", "form", "sms"}
        ``"sms"`` is signed where the account has a signature secret, else basic.
    download_to : Path, optional
        File to which a successful response is written as it comes, instead of being parsed; the call returns it.
    invalidates : tuple of str
        Families whose cached responses are no longer true afterwards.
    echo : mapping, optional
        What a success says of itself, where it does, by the API's names. One that says something else is another's.
    echo_rows : str
        Field of the body with a list whose every row says it. Default: the body itself says it.
    find_refusal : callable, optional
        Finds the error that a parsed body with a good HTTP status stands for, if it is no success.
    errors : mapping, optional
        Errors that HTTP statuses stand for here, where they are others than everywhere else.
    check_again : callable
        Raises an error if it may not leave any more; it is called after a wait for the limit.
    """

    what: str
    method: str
    path: str
    host: Literal["rest", "api", "insights"] = "rest"
    family: str = ""
    sender: str = ""
    params: Mapping[str, str] | None = None
    data: Mapping[str, str] | None = None
    json: Mapping[str, Any] | None = None
    auth: Literal["basic", "jwt", "form", "sms"] = "basic"
    download_to: Path | None = None
    invalidates: tuple[str, ...] = ()
    echo: Mapping[str, str] | None = None
    echo_rows: str = ""
    find_refusal: Callable[[Request, Any], NexmoError | None] | None = None
    errors: Mapping[int, type[NexmoError]] | None = None
    check_again: Callable[[], None] = lambda: None

    @property
    def is_write(self) -> bool:
        """Whether it may change something or cost money."""
        return self.method != "GET"


class Listing(NamedTuple):
    """How an endpoint pages: names of the parameters for page and size, where rows and their total stand."""

    page: str
    size: str
    rows: tuple[str, ...]
    total: str
