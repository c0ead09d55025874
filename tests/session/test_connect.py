"""Connecting: three places with the same code, settings from where they should come, and no secret shown."""

from __future__ import annotations

import base64
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import requests
import urllib3
from helpers import connected
from raw_server import OneAnswerServer

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

LIVE = {"api_key": "abcd1234", "api_secret": "Topsecret1"}


def test_the_embedded_sandbox_needs_nothing(tmp_path: Path) -> None:
    with nx.connect("sandbox") as session:
        assert nx.current() is session
        assert session.sandbox is not None
        assert len(nx.search_numbers("GB", limit=1)) == 1
        assert session.account.rest_host == session.account.api_host == session.sandbox.url
    with pytest.raises(requests.ConnectionError):
        requests.get(session.sandbox.url, timeout=60)


@pytest.mark.slow
def test_what_an_embedded_sandbox_leaves_behind_is_nothing(tmp_path: Path) -> None:
    code = "import nexmo_nb as nx; nx.connect('sandbox'); nx.applications()"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert [file for file in (tmp_path / "state").rglob("*") if file.is_file()] == []


@pytest.mark.slow
@pytest.mark.parametrize("given", ["argument", "variable"])
def test_a_url_leads_to_a_sandbox_of_another_process(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-m", "nexmo_nb.cli", "sandbox", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())
        assert found
        if given == "variable":
            monkeypatch.setenv("NEXMO_NB_CONNECT", found[0])
        with nx.connect(found[0] if given == "argument" else None) as session:
            assert session.where == found[0]
            assert nx.send_sms("447700900123", "Hello", sender="Demo").meaning.tolist() == ["accepted"]
            assert nx.send_voice("447700900123", "Hello").api.tolist() == ["calls"]
            assert len(requests.get(f"{found[0]}/_sandbox/messages", timeout=60).json()) == 1
    finally:
        server.terminate()
        server.wait(60)
        server.stdout.close() if server.stdout else None


class Wire(requests.adapters.HTTPAdapter):
    """Takes prepared requests instead of the network, and answers each as the API would."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        self.sent.append(request)
        answers = {
            "/sms/json": {"message-count": "1", "messages": [{"status": "0", "message-id": "x"}]},
            "/v1/calls": {"uuid": "u", "status": "started"},
            "/tts/json": {"call_id": "c", "status": "0", "error_text": "Success"},
        }
        path = request.path_url.split("?")[0]
        name = json.loads(request.body or "")["name"] if path.startswith("/v2/") and request.body else "x"
        fallback = {"id": "5d6f0b6e-0a4e-4c0e-9f5f-0a1b2c3d4e5f", "name": name, "error-code": "200", "capabilities": {}}
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = 200, request.url or "", request
        body = json.dumps(answers.get(path, {} if path == "/number/search" else fallback)).encode()
        body = b"" if request.method == "DELETE" else body
        answer.raw = urllib3.HTTPResponse(io.BytesIO(body), preload_content=False)
        return answer


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch, shared: Sandbox) -> Wire:
    """A live connection whose wire is cut just below the prepared request."""
    session = nx.connect("live", application_id=shared.application_id, private_key=shared.private_key, **LIVE)
    wire = Wire()
    session.mount("https://", wire)
    return wire


BASIC = "Basic " + base64.b64encode(b"abcd1234:Topsecret1").decode()
CODE = "5d6f0b6e-0a4e-4c0e-9f5f-0a1b2c3d4e5f"
REST, API = "https://rest.nexmo.com", "https://api.nexmo.com"


@pytest.mark.parametrize(
    ("call", "method", "url", "body"),
    [
        (
            lambda: nx.search_numbers("GB", pattern="077", features="VOICE,SMS"),
            "GET",
            f"{REST}/number/search?country=GB&pattern=077&search_pattern=0&features=SMS%2CVOICE&size=100&index=1",
            None,
        ),
        (
            lambda: nx.owned_numbers(country="GB", has_application=True),
            "GET",
            f"{REST}/account/numbers?country=GB&has_application=true&size=100&index=1",
            None,
        ),
        (lambda: nx.buy_number("GB", "447700900000"), "POST", f"{REST}/number/buy", "country=GB&msisdn=447700900000"),
        (
            lambda: nx.cancel_number("GB", "447700900000", target_api_key="sub12345"),
            "POST",
            f"{REST}/number/cancel",
            "country=GB&msisdn=447700900000&target_api_key=sub12345",
        ),
        (lambda: nx.applications(), "GET", f"{API}/v2/applications?page_size=100&page=1", None),
        (lambda: nx.application(CODE), "GET", f"{API}/v2/applications/{CODE}", None),
        (lambda: nx.delete_application(CODE), "DELETE", f"{API}/v2/applications/{CODE}", None),
        (
            lambda: nx.create_application("A", answer_url="https://x.org/a", event_url="https://x.org/e"),
            "POST",
            f"{API}/v2/applications",
            {
                "name": "A",
                "capabilities": {
                    "voice": {
                        "webhooks": {
                            "answer_url": {"address": "https://x.org/a", "http_method": "GET"},
                            "event_url": {"address": "https://x.org/e", "http_method": "POST"},
                        }
                    }
                },
            },
        ),
        (
            lambda: nx.update_application(CODE, name="B"),
            "PUT",
            f"{API}/v2/applications/{CODE}",
            {"name": "B", "error-code": "200", "capabilities": {}},
        ),
        (
            lambda: nx.send_sms("+44 7700 900000", "a&b é", sender="Demo", client_ref="r1"),
            "POST",
            f"{REST}/sms/json",
            "from=Demo&to=447700900000&type=text&text=a%26b+%C3%A9&client-ref=r1",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:The server announced", "ignore:Nexmo's answer held no private key")
def test_live_requests_are_prepared_as_the_api_wants_them(
    wire: Wire, call: Any, method: str, url: str, body: Any
) -> None:
    call()
    request = wire.sent[-1]
    assert (request.method, request.url) == (method, url)
    assert request.headers["Authorization"] == BASIC
    assert request.headers["Accept"] == "application/json"
    assert request.headers["User-Agent"].startswith("nexmo-nb/")
    assert (json.loads(request.body or "null") if isinstance(body, dict) else request.body) == body
    kind = {dict: "application/json", str: "application/x-www-form-urlencoded"}.get(type(body))
    assert request.headers.get("Content-Type") == kind


def test_a_live_voice_call_carries_a_token_of_the_application(wire: Wire, shared: Sandbox) -> None:
    nx.send_voice("+44 7700 900000", "Hello")
    (request,) = wire.sent
    assert (request.method, request.url) == ("POST", f"{API}/v1/calls")
    scheme, token = request.headers["Authorization"].split()
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (scheme, jwt.get_unverified_header(token)) == ("Bearer", {"alg": "RS256", "typ": "JWT"})
    assert claims["application_id"] == shared.application_id
    assert 30 <= claims["exp"] - claims["iat"] <= 86_400
    assert claims["jti"]


@pytest.mark.filterwarnings("ignore:The legacy")
def test_a_live_text_to_speech_call_carries_its_keys_in_the_body(wire: Wire) -> None:
    nx.send_voice("+44 7700 900000", "Hello", api="tts")
    (request,) = wire.sent
    assert request.url == f"{API}/tts/json"
    assert "Authorization" not in request.headers
    assert isinstance(request.body, str)
    assert parse_qs(request.body)["api_secret"] == ["Topsecret1"]


@pytest.mark.parametrize(
    "where",
    [
        "http://example.org",
        "http://10.0.0.1:80",
        "ftp://127.0.0.1",
        "production",
        "",
        "https://a:b@example.org",
        "https://example.org/?x=1",
        5,
    ],
)
def test_credentials_never_travel_in_clear_or_to_what_is_no_address(where: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"^(where|api_key): ") as caught:
        nx.connect(where)
    assert "a:b@" not in str(caught.value)


def listen(body: bytes) -> OneAnswerServer:
    return OneAnswerServer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


@pytest.fixture
def live_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The credentials of a live account in each place where they are looked for."""
    for name, value in LIVE.items():
        monkeypatch.setenv(f"NEXMO_{name.upper()}", value)
    monkeypatch.setenv("NEXMO_SIGNATURE_SECRET", "Topsecret2")
    (tmp_path / ".vonagerc").write_text(json.dumps({"api-key": "abcd1234", "api-secret": "Topsecret1"}))
    monkeypatch.setattr("nexmo_nb.credentials._find_prompt", lambda: pytest.fail)


@pytest.mark.usefixtures("live_everywhere")
@pytest.mark.parametrize("given", ["argument", "variable"])
@pytest.mark.parametrize("options", [{}, {"api_key": "abcd1234"}, {"api_secret": "other"}])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST."])
@pytest.mark.parametrize("body", [b"{}", b"[1]", b'{"api_key": "k"}', b"nonsense"])
def test_whatever_listens_on_this_machine_gets_no_credentials_of_the_environment(
    given: str, options: dict[str, str], host: str, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = listen(body)
    url = f"http://{host}:{other.port}"
    if given == "variable":
        monkeypatch.setenv("NEXMO_NB_CONNECT", url)
    with pytest.raises(nx.InvalidRequestError, match=r"^api_(key|secret): no value given.* as arguments of connect"):
        nx.connect(url if given == "argument" else None, **options)
    other.listener.close()
    assert b"Topsecret" not in b"".join(other.seen)
    assert b"uthorization" not in b"".join(other.seen)


@pytest.mark.usefixtures("live_everywhere")
def test_what_listens_on_this_machine_gets_the_credentials_that_are_given_for_it() -> None:
    other = listen(b'{"value": 1.5}')
    with nx.connect(f"http://127.0.0.1:{other.port}", api_key="local", api_secret="Secret5") as session:
        assert session.account.signature_secret is None
        assert set(session.account.sources.values()) == {"argument"}
        nx.balance()
    other.listener.close()
    assert base64.b64encode(b"local:Secret5") in b"".join(other.seen)


@pytest.mark.usefixtures("live_everywhere")
def test_a_sandbox_is_used_with_its_own_account_wherever_a_live_one_is_known(
    shared: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for where in (shared.url, None, "sandbox"):
        monkeypatch.setenv("NEXMO_NB_CONNECT", shared.url.upper().replace("HTTP", "Http"))
        with nx.connect(where) as session:
            assert session.sandbox is None
            assert session.account.api_key == shared.api_key
            assert set(session.account.sources.values()) == {"sandbox"}


@pytest.mark.usefixtures("live_everywhere")
def test_an_own_sandbox_starts_where_the_variable_leads_to_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    other = listen(b"{}")
    monkeypatch.setenv("NEXMO_NB_CONNECT", f"http://127.0.0.1:{other.port}")
    with nx.connect("sandbox") as session:
        assert session.sandbox is not None
    other.listener.close()
    assert b"uthorization" not in b"".join(other.seen)


@pytest.mark.parametrize("where", ["https://bücher.example", "https://a%2Eb.example"])
def test_a_host_is_written_in_plain_letters(where: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^where: got .* plain letters"):
        nx.connect(where, **LIVE)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"calls": 0}, "calls"),
        ({"calls": 1.5}, "calls"),
        ({"period": 0}, "period"),
        ({"period": 4000}, "period"),
        ({"timeout": None}, "timeout"),
        ({"timeout": -1}, "timeout"),
        ({"timeout": 601}, "timeout"),
        ({"currency": "euro"}, "currency"),
        ({"limits": {"fax": (1, 1)}}, "limits"),
        ({"limits": {"sms": 5}}, "limits"),
        ({"limits": {"+1 415": (1, 1.0)}}, "limits"),
        ({"limits": ["sms"]}, "limits"),
        ({"state_dir": 5}, "state_dir"),
        ({"state_dir": "~nosuchuser/x"}, "state_dir"),
        ({"signature_method": "crc"}, "signature_method"),
        ({"api_key": "a:b"}, "api_key"),
        ({"private_key": "/no/such/file"}, "private_key"),
        ({"application_id": "x"}, "application_id"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(options: dict[str, Any], names: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match=f"^{names}: got"):
        nx.connect("live", **{**LIVE, **options})


def test_a_limit_is_found_in_any_spelling() -> None:
    limits = {"SMS": (1, 2.0), "+1 415 555 0100": (3, 1.0), 447700900001: (4, 1.0)}
    session = nx.connect("live", limits=limits, **LIVE)
    found = {name: limit[:2] for name, limit in session.throttle.families.items()}
    assert (found["sms"], found["14155550100"], found["447700900001"]) == ((1, 2.0), (3, 1.0), (4, 1.0))


@pytest.mark.parametrize("variable", ["http://[bad", "http://127.0.0.1:port", "https://nexmo.invalid", "live"])
def test_the_embedded_sandbox_starts_where_the_variable_leads_to_no_sandbox(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEXMO_NB_CONNECT", variable)
    with nx.connect("sandbox") as session:
        assert session.where == "sandbox"


def test_credentials_for_the_embedded_sandbox_are_refused() -> None:
    with pytest.raises(nx.InvalidRequestError, match="demo account of its own"):
        nx.connect("sandbox", **LIVE)


def test_without_credentials_it_says_where_it_looked() -> None:
    with pytest.raises(nx.InvalidRequestError, match="NEXMO_API_KEY"):
        nx.connect()


def test_functions_before_a_connection_say_what_to_do() -> None:
    with pytest.raises(nx.InvalidRequestError, match=r"connect\('sandbox'\)"):
        nx.owned_numbers()


def test_the_connection_is_shown_with_sources_and_without_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEXMO_API_SECRET", "Topsecret1")
    nx.connect("live", api_key="abcd1234", calls=30, period=1)
    shown = nx.show_connection()
    assert list(shown.columns) == ["setting", "value", "source"]
    settings = shown.set_index("setting")
    assert settings.loc["api_key"].tolist() == ["abcd1234", "argument"]
    assert settings.loc["api_secret"].tolist() == ["set", "environment"]
    assert settings.value["private_key"] == "not set"
    assert settings.value["limit"] == "30 calls in 1 s"
    assert "Topsecret1" not in shown.to_csv()


def test_a_state_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(nx.InvalidRequestError, match="^state_dir: .*NEXMO_NB_STATE_DIR"):
        nx.connect("live", state_dir=tmp_path / "file" / "below", **LIVE)


def test_a_damaged_record_of_the_limit_is_said(tmp_path: Path) -> None:
    path = nx.connect("live", **LIVE).throttle.path
    nx.current().close()
    path.write_bytes(b"garbage " * 1000)
    with pytest.raises(nx.InvalidRequestError, match="^state_dir: .*throttle.sqlite"):
        nx.connect("live", **LIVE)


def test_every_file_is_the_users_alone(session: nx.Session, tmp_path: Path) -> None:
    nx.applications()
    files = list((tmp_path / "state").rglob("*"))
    assert {oct(path.stat().st_mode & 0o777) for path in files if path.is_file()} == {"0o600"}
    assert {oct(path.stat().st_mode & 0o777) for path in files if path.is_dir()} == {"0o700"}


def test_a_sandbox_that_was_started_again_is_another_account(shared: Sandbox) -> None:
    with Sandbox() as one:
        first = connected(one).throttle.path
        port = int(one.url.rsplit(":", 1)[1])
    with Sandbox(port) as two:
        assert connected(two).throttle.path != first


def test_the_version_is_told_to_the_server(shared: Sandbox) -> None:
    assert str(connected(shared).headers["User-Agent"]).startswith(f"nexmo-nb/{nx.__version__} python/")


def test_what_a_stand_in_calls_itself_leads_out_of_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(limits=False) as odd:
        odd.world.instance = "../../../elsewhere"
        with nx.connect(odd.url) as session:
            folder = session.throttle.path.parent
    assert folder.resolve().is_relative_to(tmp_path / "state")
    assert folder.parent == tmp_path / "state"
