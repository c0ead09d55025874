"""Credentials are found where they should be, in order, and shown nowhere."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest

from nexmo_nb.credentials import Account, Secret, find_credentials
from nexmo_nb.errors import InvalidRequestError
from nexmo_nb.sandbox.world import generate_key

UUID = "5d6f0b6e-0a4e-4c0e-9f5f-0a1b2c3d4e5f"
PEM = generate_key()[0]


def find(
    arguments: dict[str, str] | None = None,
    environ: dict[str, str] | None = None,
    folder: Path = Path("/nowhere"),
    ask: object = None,
) -> tuple[dict[str, object], dict[str, str]]:
    found, sources = find_credentials(
        arguments or {}, environ=environ or {}, home=folder / "home", folder=folder, ask=ask
    )  # type: ignore[arg-type]
    return {k: v.reveal() if isinstance(v, Secret) else v for k, v in found.items()}, sources


def test_arguments_come_before_the_environment() -> None:
    found, sources = find({"api_key": "given123"}, {"NEXMO_API_KEY": "env12345", "NEXMO_API_SECRET": "s3cret"})
    assert (found["api_key"], found["api_secret"]) == ("given123", "s3cret")
    assert sources == {"api_key": "argument", "api_secret": "environment"}


def test_both_families_of_variables_are_read() -> None:
    found, _ = find(
        environ={
            "VONAGE_API_KEY": "abcd1234",
            "NEXMO_API_SECRET": "one",
            "VONAGE_API_SECRET": "two",
            "VONAGE_APPLICATION_ID": UUID.upper(),
        }
    )
    assert (found["api_key"], found["api_secret"], found["application_id"]) == ("abcd1234", "one", UUID)


def test_the_files_of_the_vonage_cli_are_read_nearest_first(tmp_path: Path) -> None:
    (tmp_path / "home" / ".vonage").mkdir(parents=True)
    (tmp_path / ".vonagerc").write_text(json.dumps({"api-key": "near1234", "private-key": PEM}))
    (tmp_path / "home" / ".vonage" / "config.json").write_text(
        json.dumps({"api-key": "far12345", "api-secret": "s", "app-id": UUID})
    )
    found, sources = find(folder=tmp_path)
    assert found == {"api_key": "near1234", "api_secret": "s", "application_id": UUID, "private_key": PEM.strip()}
    assert sources["api_key"] == ".vonagerc"
    assert sources["api_secret"] == "~/.vonage/config.json"


@pytest.mark.parametrize("content", ["", "[1]", "{", '{"api-key": 5}'])
def test_a_broken_file_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / ".vonagerc").write_text(content)
    with pytest.raises(InvalidRequestError, match="api_key: no value found"):
        find(folder=tmp_path)


def test_a_person_is_asked_last_and_only_for_what_is_missing() -> None:
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return "hidden42"

    found, sources = find({"api_key": "abcd1234"}, ask=ask)
    assert asked == ["API secret: "]
    assert (found["api_secret"], sources["api_secret"]) == ("hidden42", "prompt")


@pytest.mark.parametrize("known", [{}, {"api_key": "abcd1234"}])
def test_an_empty_answer_is_no_credential(known: dict[str, str]) -> None:
    with pytest.raises(InvalidRequestError, match=f"^{'api_secret' if known else 'api_key'}: no value found"):
        find(known, ask=lambda _: "")


def test_nothing_anywhere_tells_every_place_that_was_looked_in() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        find()
    for place in ("NEXMO_API_KEY", "VONAGE_", "keyring", ".vonagerc", "config.json", "connect('sandbox')"):
        assert place in str(caught.value)


def test_a_private_key_may_be_a_path_or_text_with_written_out_line_breaks(tmp_path: Path) -> None:
    (tmp_path / "private.key").write_text(PEM)
    basic = {"api_key": "abcd1234", "api_secret": "s"}
    assert find({**basic, "private_key": str(tmp_path / "private.key")})[0]["private_key"] == PEM
    assert find({**basic, "private_key": PEM.replace("\n", "\\n")})[0]["private_key"] == PEM


@pytest.mark.parametrize(
    "wrong",
    [
        {"private_key": "/no/such/file"},
        {"private_key": "my-key"},
        {"private_key": "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"},
        {"application_id": "S3cretS3cret"},
        {"api_secret": "tail\x00"},
        {"api_key": "a:b"},
        {"application_id": "x"},
    ],
)
def test_a_wrong_credential_is_refused_without_being_shown(wrong: dict[str, str]) -> None:
    ((name, value),) = wrong.items()
    with pytest.raises(InvalidRequestError, match=f"^{name}: got") as caught:
        find({"api_key": "abcd1234", "api_secret": "s", **wrong})
    assert value == "x" or value not in str(caught.value)


def test_a_secret_is_in_no_repr_format_copy_or_pickle() -> None:
    account = Account("abcd1234", Secret("Topsecret1"), private_key=Secret(PEM))
    assert "Topsecret1" not in f"{account!r}{account.api_secret}{account.api_secret!r}{copy.deepcopy(account)!r}"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(account)


def test_where_only_arguments_count_nothing_else_is_read_or_asked(tmp_path: Path) -> None:
    (tmp_path / ".vonagerc").write_text('{"api-key": "abcd1234", "api-secret": "S3cretS3cret"}')
    environ = {"NEXMO_API_KEY": "abcd1234", "NEXMO_API_SECRET": "S3cretS3cret", "NEXMO_SIGNATURE_SECRET": "sign"}
    elsewhere = {"environ": environ, "folder": tmp_path, "home": tmp_path, "only_arguments": True}
    for given, lacking in (({}, "api_key"), ({"api_key": "abcd1234"}, "api_secret"), ({"api_secret": "s"}, "api_key")):
        with pytest.raises(InvalidRequestError, match=f"^{lacking}: no value given; allowed for an address of this"):
            find_credentials(given, ask=pytest.fail, **elsewhere)
    found, sources = find_credentials({"api_key": "abcd1234", "api_secret": "s"}, ask=pytest.fail, **elsewhere)
    assert set(found) == {"api_key", "api_secret"}
    assert set(sources.values()) == {"argument"}
