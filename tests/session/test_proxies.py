"""A proxy gets its login, and nothing that shows a session has it; no setting weakens the way to Nexmo."""

from __future__ import annotations

import base64
import http.client
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from helpers import connected
from raw_server import OneAnswerServer
from requests.utils import get_auth_from_url, prepend_scheme_if_needed, select_proxy

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.session.proxies import ProxyAdapter, take_logins

PASSWORD = "Pa55/w%rd"
LOGIN = "user:Pa55%2Fw%25rd"
BASIC = "Basic " + base64.b64encode(f"user:{PASSWORD}".encode()).decode()
LIVE = {"api_key": "abcd1234", "api_secret": "S3cretS3cret"}


REFUSAL = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[OneAnswerServer]:
    proxy = OneAnswerServer(REFUSAL)
    monkeypatch.setenv("HTTPS_PROXY", f"http://{LOGIN}@127.0.0.1:{proxy.port}")
    yield proxy
    proxy.listener.close()


def test_a_proxys_login_reaches_the_proxy_and_shows_nowhere(
    proxy: OneAnswerServer, capsys: pytest.CaptureFixture[str]
) -> None:
    session = nx.connect("live", **LIVE)
    session.pause = lambda _: None
    with pytest.raises(nx.UnreachableError, match="proxy") as caught:
        nx.applications()
    assert f"Proxy-Authorization: {BASIC}".encode().lower() in proxy.seen[0].lower()
    assert session.proxies["https"] == f"http://127.0.0.1:{proxy.port}"
    adapter = session.get_adapter("https://rest.nexmo.com")
    shown = [repr(session), vars(session), vars(adapter), nx.show_connection().to_csv(), repr(caught.value)]
    problem = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    said = " ".join([*map(str, shown), *problem.format(), *capsys.readouterr()])
    for secret in ("Pa55", BASIC):
        assert secret not in said


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:pw@proxy.test:8080", "http://proxy.test:8080"),
        ("HTTP://user:pw@Proxy.Test:8080/", "http://proxy.test:8080/"),
        ("user:pw@proxy.test:8080", "http://proxy.test:8080"),
        ("socks5h://user:p%40w@proxy.test", "socks5h://proxy.test"),
        ("http://proxy.test:8080", "http://proxy.test:8080"),
        ("proxy.test:8080", "proxy.test:8080"),
    ],
)
def test_a_login_is_taken_out_of_a_proxys_url_and_found_again_by_it(url: str, shown: str) -> None:
    proxies, logins = take_logins({"https": url, "no": "localhost"})
    assert proxies == {"https": shown, "no": "localhost"}
    chosen = prepend_scheme_if_needed(select_proxy("https://e.org", proxies), "http")
    assert list(logins) == ([chosen] if "@" in url else [])
    assert [get_auth_from_url(login.reveal())[0] for login in logins.values()] == ["user"] * len(logins)


def test_a_socks_proxy_is_asked_with_its_login(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("requests.adapters.HTTPAdapter.proxy_manager_for", lambda _, proxy, **__: asked.append(proxy))
    _, logins = take_logins({"https": "socks5h://user:pw@proxy.test"})
    ProxyAdapter(logins).proxy_manager_for("socks5h://proxy.test")
    assert asked == ["socks5h://user:pw@proxy.test"]


@pytest.mark.parametrize("url", ["http://user:Pa55word/x@[bad", "http://user:Pa55word@pr@xy:port", "http://Pa55word@"])
def test_a_proxy_that_cannot_be_read_is_refused_without_being_shown(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    with pytest.raises(nx.InvalidRequestError, match="^HTTPS_PROXY: got '<hidden>'") as caught:
        nx.connect("live", **LIVE)
    problem = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "Pa55word" not in "".join(problem.format()).replace(repr(url), "")


@pytest.mark.parametrize("value", [False, None, 0, "", b""])
def test_the_check_of_certificates_cannot_be_switched_off(session: nx.Session, value: Any) -> None:
    before = session.verify
    with pytest.raises(nx.InvalidRequestError, match=r"^session\.verify: got .*always checked"):
        session.verify = value
    assert session.verify == before


def test_other_certificates_may_be_named(session: nx.Session, tmp_path: Any) -> None:
    session.verify = str(tmp_path)
    assert session.verify == str(tmp_path)


def test_the_environment_is_not_read_again(session: nx.Session) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"^session\.trust_env: got True"):
        session.trust_env = True
    session.trust_env = False
    assert session.trust_env is False


@pytest.mark.parametrize("where", ["the sandbox", "live"])
def test_what_http_client_prints_for_debugging_holds_no_credential(
    where: str,
    sandbox: Sandbox,
    proxy: OneAnswerServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 5)
    if where == "the sandbox":
        with connected(sandbox):
            nx.applications()
            with pytest.warns(DeprecationWarning, match="legacy"):
                nx.send_voice("447700900123", "Hello", api="tts")
    else:
        nx.connect("live", **LIVE).pause = lambda _: None
        with pytest.raises(nx.UnreachableError):
            nx.applications()
        assert proxy.seen
    said = capsys.readouterr().out
    for secret in ("Authorization", sandbox.api_secret, BASIC):
        assert secret not in said
