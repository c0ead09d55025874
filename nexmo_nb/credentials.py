"""An account: credentials, hosts and currency, and where credentials are found.

Secrets are held in a `Secret`, whose text only the code that signs a request reads.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from getpass import getpass
from pathlib import Path
from typing import NoReturn

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.validation import check_application_id, check_choice, invalid_argument

LIVE_REST = "https://rest.nexmo.com"
LIVE_API = "https://api.nexmo.com"
SIGNATURE_METHODS = ("md5hash", "md5", "sha1", "sha256", "sha512")
FIELDS = ("api_key", "api_secret", "application_id", "private_key", "signature_secret")
SECRET_FIELDS = ("api_secret", "private_key", "signature_secret")
HIDDEN = "<hidden>"
"""Shown in messages in place of a credential."""

_CLI_NAMES = {
    "api_key": "api-key",
    "api_secret": "api-secret",
    "application_id": "app-id",
    "private_key": "private-key",
}


class Secret:
    """A text that appears in no repr, format, pickle or copy.

    Examples
    --------
    >>> secret = Secret("not for your eyes")
    >>> secret, f"{secret}"
    (<secret>, '<secret>')
    """

    __slots__ = ("_reveal",)

    def __init__(self, value: str) -> None:
        # In a closure, because debuggers and verbose tracebacks print attributes.
        self._reveal: Callable[[], str] = lambda: value

    def reveal(self) -> str:
        """Return the text; only for code that puts it into a request."""
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
    """The account that makes the calls, and the hosts that they go to.

    Attributes
    ----------
    api_key : str
        The account's public name, 8 characters.
    api_secret, signature_secret, private_key : Secret or None
        Never shown.
    application_id : str or None
        The application whose key signs Voice API calls.
    signature_method : str
        How SMS are signed if there is a signature secret.
    rest_host, api_host : str
        Base URLs, without a slash at the end.
    currency : str
        The account's currency: the API's prices of messages and numbers do not name it.
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

    def base_url(self, name: str) -> str:
        """Return the base URL of ``"rest"`` or ``"api"``, the two hosts of the API."""
        return self.rest_host if name == "rest" else self.api_host

    @property
    def can_sign_calls(self) -> bool:
        """Whether a Voice API call can be authorised."""
        return self.application_id is not None and self.private_key is not None

    @property
    def folder(self) -> str:
        """The name of the folder of this account's state, different for every host and key."""
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
        What the caller passed, by name; a credential that is absent or None is looked for elsewhere.
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
        ("environment", lambda name: _read_environment(environ, name)),
        ("keyring", _read_keyring),
        (".vonagerc", _read_cli_file(folder / ".vonagerc").get),
        ("~/.vonage/config.json", _read_cli_file(home / ".vonage" / "config.json").get),
    )
    for source, read in places:
        for name in FIELDS:
            value = None if name in found else read(name)
            if value:
                found[name], sources[name] = _check_credential(name, value), source
    if "api_key" not in found or "api_secret" not in found:
        _prompt_for_missing(found, sources, ask or _find_prompt())
    return found, sources


def _check_credential(name: str, value: str | Secret) -> str | Secret:
    """Check one credential and hide it if it is a secret; no message shows its value."""
    value = (value.reveal() if isinstance(value, Secret) else value).strip()
    if name == "application_id":
        try:
            return check_application_id(value)
        except InvalidRequestError:
            # The value may be a secret that was given in the wrong place.
            raise invalid_argument(name, HIDDEN, "a UUID, as in the column 'id' of applications()") from None
    if name == "private_key":
        return Secret(_read_private_key(value))
    is_printable = bool(value) and value.isascii() and value.isprintable()
    if not is_printable or (name == "api_key" and (":" in value or len(value) > 32)):
        allowed = "the characters that the account's dashboard shows, without anything around"
        raise invalid_argument(name, HIDDEN, allowed)
    return Secret(value) if name in SECRET_FIELDS else value


def _read_private_key(value: str) -> str:
    """Accept a private key as PEM text or as the path of a file that holds it."""
    allowed = "an RSA private key as PEM text without a password, or the path of a file that holds it"
    if "-----BEGIN" not in value:
        try:
            value = Path(value).expanduser().read_text(encoding="ascii")
        except (OSError, ValueError):
            value = ""
    # In an environment variable, a PEM text often has a backslash and an "n" for each line break.
    value = value.replace("\\n", "\n")
    if "PRIVATE KEY-----" not in value:
        raise invalid_argument("private_key", HIDDEN, allowed)
    try:
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        load_pem_private_key(value.encode(), password=None)
    except Exception:  # of any kind: the library's message may quote the key
        raise invalid_argument("private_key", HIDDEN, allowed, "It cannot be read.") from None
    return value


def _read_environment(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(f"NEXMO_{name.upper()}") or environ.get(f"VONAGE_{name.upper()}")


def _read_keyring(name: str) -> str | None:
    try:
        import keyring

        found: str | None = keyring.get_password("nexmo_nb", name)
    except Exception:  # without the extra, or with a locked keyring, the other places are still read
        return None
    return found


def _read_cli_file(path: Path) -> dict[str, str]:
    """Read the credentials in a configuration file (JSON) of the Vonage CLI; none if it cannot be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    values = {name: content.get(cli_name) for name, cli_name in _CLI_NAMES.items()}
    return {name: value for name, value in values.items() if isinstance(value, str)}


def _find_prompt() -> Callable[[str], str] | None:
    """Return `getpass` if a person can answer: in a terminal, or in a Jupyter front end that allows input."""
    if sys.stdin is not None and sys.stdin.isatty():
        return getpass
    kernel = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    allowed = getattr(getattr(kernel, "kernel", None), "_allow_stdin", False)
    return getpass if allowed else None


def _prompt_for_missing(
    found: dict[str, str | Secret], sources: dict[str, str], ask: Callable[[str], str] | None
) -> None:
    """Ask for the API key and secret where they were not found.

    Raises
    ------
    InvalidRequestError
        If nobody can be asked, or the answer is empty.
    """
    for name, label in (("api_key", "API key: "), ("api_secret", "API secret: ")):
        if name in found:
            continue
        answer = ask(label) if ask else ""
        if not answer:
            raise _make_missing_error(name)
        found[name], sources[name] = _check_credential(name, answer), "prompt"


def _make_missing_error(name: str) -> InvalidRequestError:
    return InvalidRequestError(
        f"{name}: no value found; allowed: the key and secret of the account's dashboard. Looked in: the "
        "arguments of connect(), NEXMO_API_KEY and NEXMO_API_SECRET (or VONAGE_…), the system keyring (needs "
        "pip install 'nexmo_nb[keyring]'), ./.vonagerc and ~/.vonage/config.json. Without an account, use "
        "connect('sandbox')."
    )


def check_signature_method(value: str) -> str:
    """Accept the name of a signature method as in the account's settings."""
    return check_choice("signature_method", value, SIGNATURE_METHODS)
