"""Logins of proxies: they travel to the proxy, and stand in nothing that shows a session's settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from requests.adapters import HTTPAdapter
from requests.utils import prepend_scheme_if_needed, urldefragauth

from nexmo_nb.credentials import HIDDEN, Secret
from nexmo_nb.validation import invalid_argument

Logins = Mapping[str, Secret]
"""URLs of proxies with their logins, by the same URLs without them."""


def take_logins(proxies: Mapping[str, str]) -> tuple[dict[str, str], Logins]:
    """Take the logins out of proxies, as the environment gives them; return the proxies without, and the logins."""
    shown: dict[str, str] = {}
    logins: dict[str, Secret] = {}
    for scheme, url in proxies.items():
        shown[scheme] = _drop_login(scheme, url) if "@" in url else url
        if "@" in url:
            logins[shown[scheme]] = Secret(_complete(url))
    return shown, logins


def _drop_login(scheme: str, url: str) -> str:
    try:
        shown = str(urldefragauth(_complete(url)))
    except (ValueError, TypeError):
        shown = url
    if "@" in shown:  # it is not shown: what cannot be read may be a password
        raise invalid_argument(f"{scheme.upper()}_PROXY", HIDDEN, "the URL of a proxy")
    return shown


def _complete(url: str) -> str:
    """Write a URL as requests does before it asks the adapter for a proxy of this URL."""
    return str(prepend_scheme_if_needed(url if "://" in url else f"http://{url}", "http"))  # type: ignore[no-untyped-call]


class ProxyAdapter(HTTPAdapter):
    """An adapter that knows the logins of the proxies that the session shows without them."""

    def __init__(self, logins: Logins, **options: Any) -> None:
        self._logins = logins
        super().__init__(**options)

    def proxy_headers(self, proxy: str) -> dict[str, str]:
        return super().proxy_headers(self._add_login(proxy))

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        # For SOCKS, requests reads the login out of the URL, and calls no `proxy_headers`.
        is_socks = proxy.lower().startswith("socks")
        return super().proxy_manager_for(self._add_login(proxy) if is_socks else proxy, **options)

    def _add_login(self, proxy: str) -> str:
        login = self._logins.get(proxy)
        return login.reveal() if login else proxy
