"""An account: credentials, hosts and currency, and where credentials are found.

A secret lives in a `Secret`, which shows itself to nobody but the code that signs a request.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from getpass import getpass
from pathlib import Path
from typing import Any, NoReturn

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.validation import check_application_id, check_choice, invalid_argument

__all__ = ["Account", "Secret", "find_credentials"]

LIVE_REST = "https://rest.nexmo.com"
LIVE_API = "https://api.nexmo.com"
SIGNATURE_METHODS = ("md5hash", "md5", "sha1", "sha256", "sha512")
FIELDS = ("api_key", "api_secret", "application_id", "private_key", "signature_secret")
SECRET_FIELDS = ("api_secret", "private_key", "signature_secret")

_CLI_NAMES = {
    "api_key": "api-key",
    "api_secret": "api-secret",
    "application_id": "app-id",
    "private_key": "private-key",
}


class Secret:
    """A text that is kept out of every repr, format, pickle and copy.

    Examples
    --------
    >>> secret = Secret("not for your eyes")
    >>> secret, f"{secret}"
    (<secret>, '<secret>')
    """

    __slots__ = ("_reveal",)

    def __init__(self, value: str) -> None:
        # In a closure, because debuggers and Verbose tracebacks print attributes.
        self._reveal: Callable[[], str] = lambda: value

    def reveal(self) -> str:
        """Hand out the text: only to code that puts it on the wire."""
        return self._reveal()

    def __repr__(self) -> str:
        return "<secret>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.reveal() == self.reveal()

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not pickled; connect again where it is needed.")


@dataclass(frozen=True)
class Account:
    """Whose calls they are, and where they go.

    Attributes
    ----------
    api_key : str
        The account's public name, 8 characters.
    api_secret, signature_secret, private_key : Secret or None
        Shown to nobody.
    application_id : str or None
        The application whose key signs Voice API calls.
    signature_method : str
        How sends are signed where there is a signature secret.
    rest_host, api_host : str
        Base addresses, without a slash at the end.
    currency : str
        What the account is billed in: the API's prices of messages and numbers name none.
    sources : mapping
        Where each setting came from, for `nexmo_nb.show_connection`.
    """

    api_key: str
    api_secret: Secret
    application_id: str | None = None
    private_key: Secret | None = None
    signature_secret: Secret | None = None
    signature_method: str = "md5hash"
    rest_host: str = LIVE_REST
    api_host: str = LIVE_API
    currency: str = "EUR"
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def host(self, name: str) -> str:
        """Give the base address by its short name, ``"rest"`` or ``"api"``."""
        return self.rest_host if name == "rest" else self.api_host

    @property
    def can_sign_calls(self) -> bool:
        """Whether a Voice API call can be authorised."""
        return self.application_id is not None and self.private_key is not None

    @property
    def folder(self) -> str:
        """A name for this account's state, different for every host and key."""
        host = self.rest_host.split("://", 1)[1]
        return "".join(c if c.isalnum() or c in ".-" else "_" for c in f"{host}-{self.api_key}")


def find_credentials(
    arguments: Mapping[str, str | Secret | None],
    *,
    environ: Mapping[str, str] = os.environ,
    home: Path | None = None,
    folder: Path | None = None,
    ask: Callable[[str], str] | None = None,
) -> tuple[dict[str, str | Secret], dict[str, str]]:
    """Find the five credentials: arguments, environment, keyring, Vonage CLI files, then a hidden prompt.

    Parameters
    ----------
    arguments : mapping
        What the caller passed, by name; None or absent is looked for elsewhere.
    environ, home, folder : optional
        Environment, home folder and working folder to look in. Default: the process's own.
    ask : callable, optional
        Shows a prompt and returns the hidden answer. Default: `getpass` when a person is there to answer.

    Returns
    -------
    (credentials, sources) : (dict, dict)
        Values (secrets as `Secret`) and where each came from, by name.

    Raises
    ------
    InvalidRequestError
        If there is no API key or secret anywhere; it says where they are looked for.
    """
    home, folder = home or Path.home(), folder or Path.cwd()
    found: dict[str, str | Secret] = {}
    sources: dict[str, str] = {}
    places: Iterable[tuple[str, Callable[[str], str | Secret | None]]] = (
        ("argument", arguments.get),
        ("environment", lambda name: _from_environment(environ, name)),
        ("keyring", _from_keyring),
        (".vonagerc", _from_file(folder / ".vonagerc")),
        ("~/.vonage/config.json", _from_file(home / ".vonage" / "config.json")),
    )
    for source, look in places:
        for name in FIELDS:
            value = None if name in found else look(name)
            if value:
                found[name], sources[name] = _sealed(name, value), source
    if "api_key" not in found or "api_secret" not in found:
        _prompt(found, sources, ask or _asker())
    return found, sources


def _sealed(name: str, value: str | Secret) -> str | Secret:
    """Check one credential; a message never shows what was given."""
    value = (value.reveal() if isinstance(value, Secret) else value).strip()
    if name == "application_id":
        try:
            return check_application_id(value)
        except InvalidRequestError:
            # Not shown: it may be a secret that stands in the wrong place.
            raise invalid_argument(name, "<hidden>", "a UUID, as in the column 'id' of applications()") from None
    if name == "private_key":
        return Secret(_key_text(value))
    if not (value and value.isascii() and value.isprintable()) or (
        name == "api_key" and (":" in value or len(value) > 32)
    ):
        raise invalid_argument(
            name, "<hidden>", "the characters that the account's dashboard shows, without anything around"
        )
    return Secret(value) if name in SECRET_FIELDS else value


def _key_text(value: str) -> str:
    """Accept a private key as PEM text or as the path of a file that holds it."""
    if "-----BEGIN" not in value:
        try:
            value = Path(value).expanduser().read_text(encoding="ascii")
        except (OSError, ValueError):
            value = ""
    # A PEM kept in an environment variable often has its line breaks written out.
    value = value.replace("\\n", "\n")
    if "PRIVATE KEY-----" not in value:
        raise invalid_argument("private_key", "<hidden>", _KEY)
    try:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        load_pem_private_key(value.encode(), password=None)
    except Exception:  # whatever is wrong with it, the library's words may quote it
        raise invalid_argument("private_key", "<hidden>", _KEY, "It cannot be read.") from None
    return value


_KEY = "an RSA private key as PEM text without a password, or the path of a file that holds it"


def _from_environment(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(f"NEXMO_{name.upper()}") or environ.get(f"VONAGE_{name.upper()}")


def _from_keyring(name: str) -> str | None:
    try:
        import keyring

        found: str | None = keyring.get_password("nexmo_nb", name)
    except Exception:  # an absent extra or a locked keyring must not stand in the way of the other places
        return None
    return found


def _from_file(path: Path) -> Callable[[str], str | None]:
    """Read a configuration file of the Vonage CLI (JSON), once, if it is there."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = {}

    def look(name: str) -> str | None:
        value = content.get(_CLI_NAMES.get(name, "")) if isinstance(content, dict) else None
        return value if isinstance(value, str) else None

    return look


def _asker() -> Callable[[str], str] | None:
    """Tell whether a person can answer: a terminal, or a Jupyter kernel whose front end allows input."""
    if sys.stdin is not None and sys.stdin.isatty():
        return getpass
    kernel = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    allowed = getattr(getattr(kernel, "kernel", None), "_allow_stdin", False)
    return getpass if allowed else None


def _prompt(found: dict[str, Any], sources: dict[str, str], ask: Callable[[str], str] | None) -> None:
    for name, label in (("api_key", "API key: "), ("api_secret", "API secret: ")):
        if name in found:
            continue
        answer = _sealed(name, ask(label) or "-") if ask else None
        if ask is None or (isinstance(answer, Secret) and answer.reveal() == "-"):
            raise InvalidRequestError(
                f"{name}: no value found; allowed: the key and secret of the account's dashboard. Looked in: the "
                "arguments of connect(), NEXMO_API_KEY and NEXMO_API_SECRET (or VONAGE_…), the system keyring (needs "
                "pip install 'nexmo_nb[keyring]'), ./.vonagerc and ~/.vonage/config.json. Without an account, use "
                "connect('sandbox')."
            )
        found[name], sources[name] = answer, "prompt"


def check_signature_method(value: str) -> str:
    """Accept the name of a signature method as in the account's settings."""
    return check_choice("signature_method", value, SIGNATURE_METHODS)
