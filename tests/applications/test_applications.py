"""Applications: flat rows, updates that keep the rest, and a private key that is in one file only."""

from __future__ import annotations

import json
import resource
import stat
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.applications.response import parse_row
from nexmo_nb.sandbox import Sandbox

COLUMNS = [
    "id",
    "name",
    "type",
    "answer_url",
    "answer_method",
    "event_url",
    "event_method",
    "inbound_url",
    "status_url",
    "public_key",
    "other_settings",
]
URLS = {"answer_url": "https://example.org/a", "event_url": "https://example.org/e"}
MESSAGES = {"inbound_url": "https://example.org/i", "status_url": "https://example.org/s"}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def writes(sandbox: Sandbox) -> list[str]:
    return [request["method"] for request in sandbox.requests if request["method"] != "GET"]


def test_the_list_is_text_throughout(session: nx.Session) -> None:
    found = nx.applications()
    assert list(found.columns) == COLUMNS
    assert set(map(str, found.dtypes)) == {"string"}
    assert len(found) == found.attrs["count"] >= 2


def test_without_applications_the_frame_is_the_same_but_empty(session: nx.Session) -> None:
    for code in nx.applications().id:
        nx.delete_application(code)
    empty = nx.applications()
    assert (len(empty), list(empty.columns), set(map(str, empty.dtypes))) == (0, COLUMNS, {"string"})


def test_all_pages_of_applications_are_read(session: nx.Session, sandbox: Sandbox) -> None:
    seeded = len(nx.applications())
    for n in range(230):
        nx.create_application(f"App {n}", public_key=KEY, **URLS)
    before = len(sandbox.requests)
    found = nx.applications()
    assert len(found) == seeded + 230
    assert found.id.is_unique
    assert len(sandbox.requests) - before == 3


def test_create_writes_the_private_key_to_a_file_of_mode_600_and_nowhere_else(
    session: nx.Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    made = nx.create_application("Survey", answer_method="post", **URLS)
    assert list(made.columns) == [*COLUMNS, "private_key_path"]
    row = made.iloc[0]
    assert (row["name"], row.type, row.answer_url, row.answer_method, row.event_method) == (
        "Survey",
        "voice",
        URLS["answer_url"],
        "POST",
        "POST",
    )
    path = Path(row.private_key_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.name == f"{row.id}.key"
    text = path.read_text()
    assert text.startswith("-----BEGIN")
    assert "\n\n" not in text.strip()
    secret = text.splitlines()[3].encode()
    holders = [file for file in tmp_path.rglob("*") if file.is_file() and secret in file.read_bytes()]
    assert holders == [path]
    assert secret.decode() not in made.to_csv() + made.to_html()
    assert not list(path.parent.glob("*.new"))


def test_the_key_may_go_to_a_file_of_your_choice(session: nx.Session, tmp_path: Path) -> None:
    made = nx.create_application("Survey", private_key_path=tmp_path / "mine.key", **URLS)
    assert made.private_key_path[0] == str(tmp_path / "mine.key")
    assert "PRIVATE KEY" in (tmp_path / "mine.key").read_text()


def test_a_file_in_the_way_stops_the_creation_before_it_is_sent(
    session: nx.Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    (tmp_path / "mine.key").write_text("precious")
    with pytest.raises(nx.InvalidRequestError, match="^private_key_path: got"):
        nx.create_application("Survey", private_key_path=tmp_path / "mine.key", **URLS)
    assert (tmp_path / "mine.key").read_text() == "precious"
    assert sandbox.requests == []


@pytest.mark.parametrize("name", ["n" * 300, "no-folder/mine.key", "a\0b", "\ud800"])
def test_a_path_that_cannot_be_created_stops_the_creation_before_it_is_sent(
    session: nx.Session, sandbox: Sandbox, tmp_path: Path, name: str
) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^private_key_path: got"):
        nx.create_application("Survey", private_key_path=tmp_path / name, **URLS)
    assert sandbox.requests == []


def test_a_full_disk_stops_the_creation_before_it_is_sent(
    session: nx.Session, sandbox: Sandbox, tmp_path: Path
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))  # a file may not grow: as on a full disk
    try:
        with pytest.raises(nx.InvalidRequestError, match="disk with room"):
            nx.create_application("Survey", private_key_path=tmp_path / "mine.key", **URLS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert sandbox.requests == []
    assert not (tmp_path / "mine.key").exists()


@pytest.mark.parametrize("kind", ["drop-after", "drop-before", "500", "garbage"])
def test_a_creation_without_an_answer_leaves_no_file_and_is_sent_once(
    session: nx.Session, sandbox: Sandbox, tmp_path: Path, kind: str
) -> None:
    sandbox.fail_next(kind)
    with pytest.raises(nx.UnknownOutcomeError):
        nx.create_application("Survey", **URLS)
    assert writes(sandbox) == ["POST"]
    assert list(tmp_path.rglob("keys/*")) == []


@pytest.mark.parametrize("code", ["demo", 7, "../../x", "A" * 300, None])
def test_a_new_application_whose_id_is_no_uuid_keeps_its_answer_and_its_key(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, code: object
) -> None:
    real = sandbox.answer

    def answer(request: Any) -> Any:
        found, accident = real(request)
        if request.method == "POST":
            found = found._replace(body={**found.body, "id": code, "name": "Survey"})
        return found, accident

    monkeypatch.setattr(sandbox, "answer", answer)
    first, second = (nx.create_application("Survey", **URLS).iloc[0] for _ in range(2))
    assert (first["name"], first.answer_url) == ("Survey", URLS["answer_url"])
    assert pd.isna(first.id) if code is None else first.id == str(code)
    paths = [Path(each.private_key_path) for each in (first, second)]
    assert len({path.read_text() for path in paths}) == 2  # neither was written over the other
    assert {(path.parent.name, path.suffix) for path in paths} == {("keys", ".key")}
    assert sorted(paths[0].parent.iterdir()) == sorted(paths)


def test_settings_without_a_column_are_there_as_json_and_the_private_key_is_not(
    session: nx.Session, sandbox: Sandbox
) -> None:
    found = nx.create_application("Survey", **URLS).iloc[0]
    assert pd.isna(found.other_settings)
    others = {
        "privacy": {"improve_ai": False},
        "capabilities": {
            "voice": {"region": "eu-west", "webhooks": {"answer_url": {"socket_timeout": 1000}}},
            "verify": {"webhooks": {"status_url": {"address": "https://example.org/v", "http_method": "POST"}}},
        },
    }
    hook = {"address": URLS["answer_url"], "http_method": "GET"}
    body = {"id": found.id, "name": "x", "keys": {"public_key": KEY, "private_key": "SECRET"}, **others}
    body["capabilities"] = {
        **others["capabilities"],
        "voice": {"region": "eu-west", "webhooks": {"answer_url": {**hook, "socket_timeout": 1000}}},
        "vbc": {},
    }
    row = parse_row(body)
    assert json.loads(row["other_settings"]) == others
    assert (row["type"], row["answer_url"]) == ("voice,vbc,verify", URLS["answer_url"])
    assert "SECRET" not in str(row)


def test_with_a_public_key_of_your_own_there_is_no_private_one(session: nx.Session) -> None:
    made = nx.create_application("Survey", type="messages", public_key=KEY, **MESSAGES)
    assert pd.isna(made.private_key_path[0])
    assert (made.type[0], made.inbound_url[0], made.status_url[0]) == ("messages", *MESSAGES.values())
    assert pd.isna(made.answer_url[0])


def test_get_one(session: nx.Session) -> None:
    found = nx.applications()
    pd.testing.assert_frame_equal(nx.application(found.id[1]), found[1:2].reset_index(drop=True), check_like=True)


def test_an_update_keeps_everything_that_it_does_not_name(session: nx.Session, sandbox: Sandbox) -> None:
    made = nx.create_application("Survey", type="voice,messages", **URLS, **MESSAGES).iloc[0]
    changed = nx.update_application(made.id, name="Survey 2", answer_method="POST").iloc[0]
    assert (changed["name"], changed.answer_method) == ("Survey 2", "POST")
    assert made.type == "voice,messages"
    for name in ("type", "answer_url", "event_url", "event_method", "inbound_url", "status_url", "public_key"):
        assert changed[name] == made[name]
    assert nx.application(made.id).iloc[0].equals(changed)


def test_an_update_sends_back_what_it_has_no_name_for(session: nx.Session, sandbox: Sandbox) -> None:
    made = nx.create_application("Survey", **URLS).iloc[0]
    session.call(
        nx.session.Request(
            "set up",
            "PUT",
            f"/v2/applications/{made.id}",
            host="api",
            json={
                "name": "Survey",
                "privacy": {"improve_ai": False},
                "capabilities": {"voice": {"region": "eu-west", "signed_callbacks": True}, "vbc": {}},
            },
            invalidates=("applications",),
        )
    )
    nx.update_application(made.id, name="Other")
    sent = sandbox.requests[-1]["json"]
    assert sent["privacy"] == {"improve_ai": False}
    assert sent["capabilities"]["voice"]["region"] == "eu-west"
    assert "vbc" in sent["capabilities"]
    assert "id" not in sent
    assert "_links" not in sent


def test_a_changed_type_takes_away_and_adds_uses(session: nx.Session) -> None:
    made = nx.create_application("Survey", **URLS).iloc[0]
    changed = nx.update_application(made.id, type="messages", **MESSAGES).iloc[0]
    assert changed.type == "messages"
    assert pd.isna(changed.answer_url)


def test_delete(session: nx.Session) -> None:
    code = nx.applications().id[0]
    assert nx.delete_application(code) is None
    assert code not in nx.applications().id.tolist()
    with pytest.raises(nx.NotFoundError, match=code):
        nx.application(code)


@pytest.mark.parametrize(
    "call", [nx.application, nx.delete_application, lambda code: nx.update_application(code, name="x")]
)
def test_an_unknown_application_is_not_found(session: nx.Session, call: object) -> None:
    with pytest.raises(nx.NotFoundError, match="does not exist"):
        call(UNKNOWN)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"type": "fax"}, "type"),
        ({"type": ""}, "type"),
        ({"answer_url": None}, "answer_url"),
        ({"event_url": "nowhere"}, "event_url"),
        ({"answer_method": "PUT"}, "answer_method"),
        ({"inbound_url": "https://example.org"}, "inbound_url"),
        ({"type": "messages"}, "answer_url"),
        ({"type": "messages", "answer_url": None, "event_url": None}, "inbound_url"),
        ({"public_key": "ssh-rsa AAAA"}, "public_key"),
    ],
)
def test_a_wrong_creation_is_refused_before_anything_is_sent(
    session: nx.Session, sandbox: Sandbox, arguments: dict[str, str], names: str
) -> None:
    with pytest.raises(nx.InvalidRequestError, match=f"^{names}: got .*allowed: "):
        nx.create_application(**{"name": "Survey", **URLS, **arguments})
    assert sandbox.requests == []


def test_a_private_key_given_as_public_is_not_shown(session: nx.Session) -> None:
    with pytest.raises(nx.InvalidRequestError) as caught:
        nx.create_application("x", public_key="-----BEGIN PRIVATE KEY-----\nMIIEhidden", **URLS)
    assert "MIIE" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "arguments", "names"),
    [
        (UNKNOWN, {}, "update_application"),
        ("../x", {"name": "x"}, "application_id"),
        (UNKNOWN, {"type": "fax"}, "type"),
    ],
)
def test_a_wrong_update_is_refused_before_anything_is_sent(
    session: nx.Session, sandbox: Sandbox, code: str, arguments: dict[str, str], names: str
) -> None:
    with pytest.raises(nx.InvalidRequestError, match=f"^{names}: got"):
        nx.update_application(code, **arguments)
    assert sandbox.requests == []


def test_refusals_of_the_server_name_the_field(session: nx.Session, sandbox: Sandbox) -> None:
    body = json.loads('{"name": "x", "capabilities": {"voice": {"webhooks": {"answer_url": {"address": 5}}}}}')
    with pytest.raises(nx.InvalidRequestError, match="answer_url"):
        session.call(nx.session.Request("make it", "POST", "/v2/applications", host="api", json=body))


KEY = """-----BEGIN PUBLIC KEY-----
MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf
9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ==
-----END PUBLIC KEY-----
"""
