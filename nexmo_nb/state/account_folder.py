"""The folder of an account's state: its name, and how those are found that earlier versions named in another way."""

from __future__ import annotations

import os
import re
import string
import warnings
from collections.abc import Sequence
from pathlib import Path

from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.hosts import DEFAULT_PORTS, LOCAL, name_host

_PLAIN = frozenset(string.ascii_lowercase + string.digits + ".")


def name_folder(url: str, api_key: str) -> str:
    """Name the folder of an account, by the URL of its host: another name for every other account.

    Capitals are encoded as well, because some file systems take them for small letters.
    """
    return f"{_encode(name_host(url))}-{_encode(api_key)}"


def find_account_folder(parent: Path, url: str, api_key: str, instance: str = "") -> Path:
    """Find the folder of an account's state in `parent`, which may have a name of before; it may not exist yet.

    `instance` ends the name. InvalidRequestError: several folders have a ledger, and none of them knows what the others
    have sent.
    """
    name = f"{name_folder(url, api_key)}{instance}"
    found = [each for each in _list_names(parent) if each == name or is_former_name(each, url, api_key, instance)]
    is_shared = "_" in _replace(api_key)  # the former name stands for other keys as well
    if is_shared and name in found:
        found = [name]
    ledgers = [each for each in found if (parent / each / "ledger.sqlite").exists()]
    if len(ledgers) > 1:
        raise InvalidRequestError(
            f"state_dir: {parent} holds {len(ledgers)} ledgers of this account, each in a folder of its own: "
            f"{', '.join(ledgers)}; allowed: one. None of them knows what the others have sent, so it could be sent "
            "again. Keep the folder whose keys and batches you still need, and move the others elsewhere; do not "
            "delete them. For what only they know, use other keys and batch names."
        )
    chosen = choose_folder(name, found, ledgers)
    if len(found) > 1:
        unused = ", ".join(each for each in found if each != chosen)
        _warn(f"{parent} holds several folders of this account. {chosen} is used; no send was recorded in {unused}.")
    if chosen != name and is_shared:
        _warn(
            f"{parent / chosen} may also be the folder of an account whose API key differs from this one in its "
            "special characters only: then they share keys and limits. To part them, close all sessions and copy it to "
            f"{parent / name}."
        )
    return parent / chosen


def choose_folder(name: str, found: Sequence[str], ledgers: Sequence[str]) -> str:
    """Choose the folder to use: the one with the ledger, else the one of today's name, else one that is there."""
    return next(iter([*ledgers, *(each for each in found if each == name), *found]), name)


def is_former_name(folder: str, url: str, api_key: str, instance: str = "") -> bool:
    """Tell whether earlier versions could have given an account's folder this name.

    They took host, port and path as they were spelled, and put ``_`` in place of each special character.
    """
    host, slash, path = name_host(url).partition("/")
    tail = f"{_replace(slash + path)}-{_replace(api_key)}{instance}"
    heads = {_replace(head).lower() for head in _spell_host(host)}
    return folder.endswith(tail) and folder[: len(folder) - len(tail)].lower() in heads


def _spell_host(host: str) -> list[str]:
    """List the ways in which a host, with its port where it has one, may have been spelled; case aside."""
    name, port = re.fullmatch(r"(.*?)(:\d+)?", host).groups()  # type: ignore[union-attr] # it fits every text
    names = [LOCAL[0], LOCAL[1], f"[{LOCAL[2]}]"] if name == LOCAL[0] else [name]
    ports = [port] if port else ["", *(f":{number}" for number in DEFAULT_PORTS.values())]
    return [f"{each}{dot}{end}" for each in names for dot in ("", ".") for end in ports]


def _list_names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError as problem:
        raise InvalidRequestError(
            f"state_dir: {folder} cannot be read ({problem.strerror}); allowed: a folder that can be read and written."
        ) from None


def _warn(message: str) -> None:
    warnings.warn(message, stacklevel=3)


def _encode(text: str) -> str:
    return "".join(c if c in _PLAIN else "".join(f"%{byte:02X}" for byte in c.encode()) for c in text)


def _replace(text: str) -> str:
    return "".join(c if c.isalnum() or c in ".-" else "_" for c in text)
