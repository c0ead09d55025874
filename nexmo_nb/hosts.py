"""Hosts: one name for each, however a URL spells it, and which of them are this machine itself. Pure."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

LOCAL = ("127.0.0.1", "localhost", "::1")
"""The usual names of this machine; the first stands for all of them."""
DEFAULT_PORTS = {"http": 80, "https": 443}


def read_host(url: str) -> str:
    """Read the host out of a URL: in lower case, without a dot at its end, an address in its shortest form."""
    host = (urlsplit(url).hostname or "").removesuffix(".")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def is_loopback(url: str) -> bool:
    """Tell whether a URL leads to this machine itself, where any program may listen."""
    host = read_host(url)
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def name_host(url: str) -> str:
    """Name the host, port and path of a URL, in the same way for each spelling that leads to the same place.

    Without the scheme: an account has one limit and one ledger, however its calls travel.
    """
    parts = urlsplit(url)
    host = LOCAL[0] if read_host(url) in LOCAL else read_host(url)
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
    return f"{host}{port}{parts.path.rstrip('/')}"
