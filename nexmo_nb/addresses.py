"""Files at addresses of fsspec, such as ``s3://bucket/records``, so far as they are read and written like local ones.

What an address holds of credentials stands in no message and in no frame.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from nexmo_nb.errors import InvalidRequestError, UnreachableError
from nexmo_nb.validation import invalid_argument

_PASSWORD = re.compile(r"(?<=//)([^/@:?]*):([^/@]*)@")
_QUERY = re.compile(r"\?([^#]*)")


def read_local_path(given: Any) -> Any:
    """Give the path of a ``file://`` address, and anything else as it is."""
    if not isinstance(given, str) or not given.lower().startswith("file://"):
        return given
    parts = urlsplit(given)
    if parts.netloc not in ("", "localhost"):
        raise invalid_argument("path", given, "file:///path, of this machine")
    return url2pathname(parts.path)


def is_address(given: Any) -> bool:
    """Tell whether something has a scheme: it is no path then, and goes through fsspec."""
    return isinstance(given, str) and re.match(r"[A-Za-z][\w.+-]*:(?:/|:[a-z0-9]+:/)/", given) is not None


class Address:
    """A file or a folder at an address; `str` shows it without credentials.

    `parameter` names the argument that it was given as.
    """

    def __init__(self, parameter: str, url: str) -> None:
        self.parameter = parameter
        self._hidden = [each for found in _PASSWORD.findall(url) for each in (found[1], unquote(found[1])) if each]
        self._hidden += [query for query in _QUERY.findall(url) if query]
        self._shown = _QUERY.sub("", _PASSWORD.sub(r"\1@", url)).rstrip("/")
        self.system, self.path = self._open(url)

    def __str__(self) -> str:
        return self._shown

    def __repr__(self) -> str:
        return f"<{self._shown}>"

    def __truediv__(self, name: str) -> Address:
        return self._move_to(f"{self.path.rstrip('/')}/{name}", f"{self._shown}/{name}")

    def __lt__(self, other: Address) -> bool:
        return self.path < other.path

    @property
    def name(self) -> str:
        return str(self.path.rpartition("/")[2])

    def exists(self) -> bool:
        with self.naming("looked at"):
            return bool(self.system.exists(self.path))

    def open(self, mode: str = "rb") -> IO[bytes]:
        with self.naming("opened"):
            try:
                return self.system.open(self.path, mode)  # type: ignore[no-any-return]
            except FileNotFoundError:
                if "w" not in mode:
                    raise
            # Folders of a bucket need not be made, and buckets are not made by the way.
            self.system.makedirs(self.path.rpartition("/")[0], exist_ok=True)
            return self.system.open(self.path, mode)  # type: ignore[no-any-return]

    @contextmanager
    def write_whole(self) -> Iterator[IO[bytes]]:
        """Write a file that has its name only when it is whole."""
        part = self._move_to(f"{self.path}.part", f"{self._shown}.part")
        with self.naming("written"):
            try:
                with part.open("wb") as file:
                    yield file
                self.system.mv(part.path, self.path)
            finally:
                with suppress(Exception):  # it is gone, or its file system is
                    if self.system.exists(part.path):
                        self.system.rm_file(part.path)

    def check_writable(self) -> None:
        """Refuse a folder in which no file can be written, before anything is paid for."""
        probe = self / f".nexmo_nb-{secrets.token_hex(4)}"
        try:
            with probe.open("wb") as file:
                file.write(b"")
            probe.system.rm_file(probe.path)
        except Exception as problem:
            advice = problem.args[0] if isinstance(problem, UnreachableError) else self.hide(str(problem))
            raise invalid_argument(self.parameter, self._shown, "a folder that can be written", advice) from None

    def list_files(self, suffix: str) -> list[Address]:
        """List the files in it that end so, those in its folders too; of a file or a pattern, what it means."""
        with self.naming("listed"):
            if self.system.isfile(self.path):
                return [self]
            if any(character in self.path for character in "*?["):
                found = self.system.glob(self.path)
            else:
                found = [each for each in self._find() if each.endswith(suffix) and not self._is_hidden(each)]
        root = self._shown.partition(self.path.lstrip("/").partition("*")[0])[0]
        return sorted(self._move_to(each, f"{root}{each.lstrip('/')}") for each in found)

    def hide(self, text: str) -> str:
        """Take what the address holds of credentials out of a text."""
        for each in self._hidden:
            text = text.replace(each, "…")
        return text

    @contextmanager
    def naming(self, what: str) -> Iterator[None]:
        """Turn what a file system raises into one error, which holds no credentials."""
        try:
            yield
        except InvalidRequestError:
            raise
        except (OSError, ValueError, RuntimeError) as problem:
            reason = self.hide(f"{type(problem).__name__}: {problem}")
            raise UnreachableError(f"{self._shown} could not be {what} ({reason}).") from None

    def _find(self) -> list[str]:
        try:
            return list(self.system.find(self.path))
        except FileNotFoundError:
            return []

    def _is_hidden(self, path: str) -> bool:
        inside = path[len(self.path) :] if path.startswith(self.path) else path
        return any(part.startswith((".", "_")) for part in inside.split("/"))

    def _move_to(self, path: str, shown: str) -> Address:
        found = object.__new__(Address)
        found.parameter, found.system, found._hidden = self.parameter, self.system, self._hidden
        found.path, found._shown = path, shown
        return found

    def _open(self, url: str) -> tuple[Any, str]:
        try:
            from fsspec.core import url_to_fs
        except ImportError:
            raise InvalidRequestError(
                f"{self.parameter}: got {self._shown!r}, which needs fsspec; allowed: a path of this machine. Install "
                "it: pip install 'nexmo_nb[dask]', or fsspec alone."
            ) from None
        try:
            return url_to_fs(url)  # type: ignore[no-any-return]
        except ImportError as problem:
            advice = _find_package(url) or self.hide(str(problem))
        except Exception as problem:  # of the file system's own library
            advice = self.hide(f"{type(problem).__name__}: {problem}")
        allowed = "a path, or an address that fsspec knows, such as s3://bucket/folder"
        raise invalid_argument(self.parameter, self._shown, allowed, advice) from None


def _find_package(url: str) -> str:
    """Say how the package for a scheme is installed; empty where that is not known."""
    from fsspec.registry import known_implementations

    scheme = url.partition(":")[0].lower()
    package = str(known_implementations.get(scheme, {}).get("class", "fsspec")).partition(".")[0]
    return "" if package == "fsspec" else f"{scheme}:// needs {package}, which is missing: pip install {package}"
