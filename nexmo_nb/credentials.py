"""Credentials: where they are found, how they stay hidden, and the account that they belong to."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from getpass import getpass
from pathlib import Path
from typing import Any, NoReturn

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.validation import check_application_id, invalid_argument

FIELDS = ("api_key", "api_secret", "application_id", "private_key", "signature_secret")
SECRET_FIELDS = ("api_secret", "private_key", "signature_secret")
HIDDEN = "<hidden>"
"""Shown in messages in place of a credential."""

_CLI_KEYS = {"api_key": "api-key", "api_secret": "api-secret", "application_id": "app-id", "private_key": "private-key"}
_PROMPTS = {"api_key": "API key: ", "api_secret": "API secret: "}
_ONLY_ARGUMENTS = (
    "{}: no value given; allowed for an address of this machine: credentials as arguments of connect(), api_key=… and "
    "api_secret=…, or none where a sandbox answers (`nexmo-nb sandbox` runs one), which has an account of its own. Any "
    "program may listen there, so it gets nothing from the environment, the keyring or files."
)


class Secret:
    """A text that appears in no repr, format or pickle; only code that puts it into a request reveals it."""

    __slots__ = ("reveal",)

    def __init__(self, value: str) -> None:
        # In a closure, because debuggers and verbose tracebacks print attributes.
        self.reveal: Callable[[], str] = lambda: value

    def __repr__(self) -> str:
        return "<secret>"

    def __deepcopy__(self, memo: object = None) -> Secret:
        return self

    __copy__ = __deepcopy__

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not pickled; connect again where it is needed.")


@dataclass(frozen=True)
class Account:
    """The account that makes the calls, and the hosts that they go to.

    `rest_host`, `api_host` and `insights_host` are base URLs without a slash at the end. `sms_api` is
    the API that SMS travel by. `currency` is what the account is billed in:
    the API's prices of messages and numbers do not name it. `sources` tells where each credential came from, by name.
    """

    api_key: str
    api_secret: Secret
    application_id: str | None = None
    private_key: Secret | None = None
    signature_secret: Secret | None = None
    signature_method: str = "md5hash"
    rest_host: str = "https://rest.nexmo.com"
    api_host: str = "https://api.nexmo.com"
    insights_host: str = "https://api-eu.vonage.com"
    currency: str = "EUR"
    sms_api: str = "sms"
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def base_url(self, name: str) -> str:
        """Return the base URL of ``"rest"``, ``"api"`` or ``"insights"``, the hosts of the API."""
        return {"rest": self.rest_host, "api": self.api_host, "insights": self.insights_host}[name]

    @property
    def can_sign_calls(self) -> bool:
        """Whether a Voice API call can be authorised."""
        return self.application_id is not None and self.private_key is not None


def find_credentials(
    arguments: Mapping[str, str | Secret | None],
    *,
    environ: Mapping[str, str] = os.environ,
    home: Path | None = None,
    folder: Path | None = None,
    ask: Callable[[str], str] | None = None,
    only_arguments: bool = False,
) -> tuple[dict[str, str | Secret], dict[str, str]]:
    """Find the credentials in the arguments, environment, keyring or Vonage CLI files, or by a hidden prompt.

    `folder` is the working folder; `ask` shows a prompt and returns the answer; with `only_arguments`, no other place
    is looked in. Return the credentials (secrets as `Secret`) and where each came from, by name. InvalidRequestError:
    one of them cannot be used, or there is no API key or no secret.
    """
    found: dict[str, str | Secret] = {}
    sources: dict[str, str] = {}
    places: dict[str, Callable[[str], str | Secret | None]] = {
        "argument": arguments.get,
        "environment": lambda name: environ.get(f"NEXMO_{name.upper()}") or environ.get(f"VONAGE_{name.upper()}"),
        "keyring": _read_keyring,
        ".vonagerc": _read_cli_file((folder or Path.cwd()) / ".vonagerc").get,
        "~/.vonage/config.json": _read_cli_file((home or Path.home()) / ".vonage" / "config.json").get,
        "prompt": lambda name: _prompt_for(name, ask or _find_prompt()) if name in _PROMPTS else None,
    }
    if only_arguments:
        places = {"argument": arguments.get}
    for source, read in places.items():
        for name in FIELDS:
            if name not in found and (value := read(name)):
                found[name], sources[name] = _check_credential(name, value), source
    for name in _PROMPTS:
        if name not in found:
            raise InvalidRequestError(_ONLY_ARGUMENTS.format(name))
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


def _read_keyring(name: str) -> Any:
    try:
        import keyring

        return keyring.get_password("nexmo_nb", name)
    except Exception:  # without the extra, or with a locked keyring, the other places are still read
        return None


def _read_cli_file(path: Path) -> dict[str, str]:
    """Read the credentials in a configuration file (JSON) of the Vonage CLI; none if it cannot be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        values = {name: content.get(key) for name, key in _CLI_KEYS.items()}
    except (OSError, ValueError, AttributeError):  # the last: it is JSON, but no object
        return {}
    return {name: value for name, value in values.items() if isinstance(value, str)}


def _find_prompt() -> Callable[[str], str] | None:
    """Return `getpass` if a person can answer: in a terminal, or in a Jupyter front end that allows input."""
    if sys.stdin is not None and sys.stdin.isatty():
        return getpass
    kernel = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getpass if getattr(getattr(kernel, "kernel", None), "_allow_stdin", False) else None


def _prompt_for(name: str, ask: Callable[[str], str] | None) -> str:
    answer = ask(_PROMPTS[name]) if ask else ""
    if not answer:
        raise InvalidRequestError(
            f"{name}: no value found; allowed: the key and secret of the account's dashboard. Looked in: the "
            "arguments of connect(), NEXMO_API_KEY and NEXMO_API_SECRET (or VONAGE_…), the system keyring (needs "
            "pip install 'nexmo_nb[keyring]'), ./.vonagerc and ~/.vonage/config.json. Without an account, use "
            "connect('sandbox')."
        )
    return answer
