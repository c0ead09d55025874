"""A host has one name, however a URL spells it."""

from __future__ import annotations

import pytest

from nexmo_nb.hosts import is_loopback, name_host


@pytest.mark.parametrize(
    ("name", "urls"),
    [
        (
            "rest.nexmo.com",
            [
                "https://rest.nexmo.com",
                "https://REST.Nexmo.com",
                "https://rest.nexmo.com:443",
                "https://rest.nexmo.com.",
                "HTTPS://rest.nexmo.com.:443/",
            ],
        ),
        (
            "127.0.0.1:8787",
            [
                "http://127.0.0.1:8787",
                "http://localhost:8787",
                "http://LocalHost.:8787/",
                "http://[::1]:8787",
                "http://[0:0:0:0:0:0:0:1]:8787",
                "http://[::ffff:127.0.0.1]:8787",
                "https://localhost:8787",
            ],
        ),
        ("127.0.0.1", ["http://localhost", "http://localhost:80", "https://127.0.0.1:443"]),
        ("127.0.0.2", ["http://127.0.0.2"]),
        ("127.0.0.1:443", ["http://localhost:443"]),
        ("e.org:80", ["https://e.org:80"]),
        ("[fe80::1]:81", ["https://[FE80:0::1]:81"]),
        ("e.org/Gateway/v1", ["https://E.org/Gateway/v1", "https://e.org:443/Gateway/v1/"]),
    ],
)
def test_every_spelling_of_a_host_gives_its_one_name(name: str, urls: list[str]) -> None:
    assert [name_host(url) for url in urls] == [name] * len(urls)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8787", True),
        ("http://localhost.", True),
        ("https://[::1]", True),
        ("https://[::ffff:127.0.0.1]", True),
        ("https://127.7.7.7", True),
        ("https://rest.nexmo.com", False),
        ("https://10.0.0.1", False),
        ("https://localhost.example.org", False),
        ("https://127.0.0.1.example.org", False),
        ("https://[fe80::1]", False),
    ],
)
def test_this_machine_is_told_from_others(url: str, expected: bool) -> None:
    assert is_loopback(url) == expected
