"""One account has one folder of state: spellings of its host lead to it, and so do the names that it had before."""

from __future__ import annotations

import sqlite3
import string
import warnings
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state.account_folder import choose_folder, find_account_folder, is_former_name, name_folder

HOST, KEY = "http://127.0.0.1:8787", "abcd1234"
SPELLINGS = ["http://127.0.0.1:8787", "http://localhost:8787", "http://LOCALHOST.:8787", "http://[::1]:8787"]


def former_name(url: str, key: str) -> str:
    """Name a folder as versions before did, which took the host as it was spelled."""
    host = url.split("://", 1)[1]
    return "".join(c if c.isalnum() or c in ".-" else "_" for c in f"{host}-{key}")


def put(parent: Path, name: str, *, ledger: bool = True) -> None:
    (parent / name).mkdir(parents=True)
    (parent / name / ("ledger.sqlite" if ledger else "cache.sqlite")).touch()


def test_the_folder_of_a_real_account_is_named_as_before() -> None:
    assert name_folder("https://rest.nexmo.com", KEY) == former_name("https://rest.nexmo.com", KEY)


keys = st.text([*string.ascii_letters, *string.digits, *"-_+/. %"], min_size=1, max_size=4)
hosts = st.sampled_from(["https://a", "https://a-b", "https://a:8", "https://a/8", "https://a/B", "https://a.b", HOST])


@given(st.tuples(hosts, keys), st.tuples(hosts, keys))
@example(("https://a", "ab"), ("https://a", "AB"))
@example(("https://a", "b-c"), ("https://a-b", "c"))
@example(("https://a/b", "c"), ("https://a/B", "c"))
@example(("https://a", "%2F"), ("https://a", "/"))
def test_two_accounts_never_share_a_name_even_where_case_does_not_count(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    assert (name_folder(*one).lower() == name_folder(*other).lower()) == (one == other)
    assert set(name_folder(*one)) <= {*string.ascii_letters, *string.digits, *".-%"}


@pytest.mark.parametrize("key", ["a/b", "a+b", "a_b", "a-b", "A-b"])
def test_keys_that_differ_in_a_special_character_have_folders_of_their_own(tmp_path: Path, key: str) -> None:
    for other in {"a/b", "a+b", "a_b", "a-b", "A-b"} - {key}:
        put(tmp_path, name_folder(HOST, other))
    assert not find_account_folder(tmp_path, HOST, key).exists()


@given(
    st.sampled_from(["https://gw.example.org", "https://GW.Example.org:443", "https://gw.example.org."]),
    st.sampled_from(["https://gw.example.org", "https://gw.EXAMPLE.org.:443"]),
    st.sampled_from(["", "/Nexmo", "/Nexmo/v_1"]),
    keys,
)
def test_a_folder_of_before_is_known_by_each_spelling_of_its_host(one: str, other: str, path: str, key: str) -> None:
    assert is_former_name(former_name(one + path, key), other + path, key)
    assert not is_former_name(former_name(one + path, key), other + path, key + "x")
    assert not is_former_name(former_name(one + path, key), "https://gw2.example.org" + path, key)


@pytest.mark.parametrize("before", SPELLINGS)
@pytest.mark.parametrize("now", SPELLINGS)
def test_the_folder_that_an_account_had_before_is_used(tmp_path: Path, before: str, now: str) -> None:
    put(tmp_path, f"{former_name(before, KEY)}-instance")
    put(tmp_path, f"{former_name(before, 'other')}-instance")
    assert find_account_folder(tmp_path, now, KEY, "-instance").name == f"{former_name(before, KEY)}-instance"
    assert find_account_folder(tmp_path, now, KEY).name == name_folder(now, KEY)


def test_a_folder_of_another_path_in_other_capitals_is_not_taken(tmp_path: Path) -> None:
    put(tmp_path, former_name("https://e.org/Nexmo", KEY))
    assert not find_account_folder(tmp_path, "https://e.org/nexmo", KEY).exists()


def test_two_ledgers_of_one_account_are_refused_with_their_names(tmp_path: Path) -> None:
    names = [former_name(SPELLINGS[0], KEY), former_name(SPELLINGS[1], KEY)]
    for name in names:
        put(tmp_path, name)
    with pytest.raises(nx.InvalidRequestError, match="^state_dir: .* holds 2 ledgers of this account") as caught:
        find_account_folder(tmp_path, HOST, KEY)
    assert all(name in str(caught.value) for name in names)
    (tmp_path / names[0]).rename(tmp_path / "elsewhere")
    assert find_account_folder(tmp_path, HOST, KEY).name == names[1]


def test_a_ledger_of_before_beside_one_of_today_is_refused_as_well(tmp_path: Path) -> None:
    put(tmp_path, name_folder(HOST, KEY))
    put(tmp_path, former_name(HOST, KEY))
    with pytest.raises(nx.InvalidRequestError, match="holds 2 ledgers"):
        find_account_folder(tmp_path, HOST, KEY)


def test_of_several_folders_the_one_with_the_ledger_is_used_and_said(tmp_path: Path) -> None:
    put(tmp_path, former_name(SPELLINGS[0], KEY), ledger=False)
    put(tmp_path, former_name(SPELLINGS[1], KEY))
    with pytest.warns(UserWarning, match="localhost_8787-abcd1234 is used; no send was recorded in 127.0.0.1_8787"):
        assert find_account_folder(tmp_path, HOST, KEY).name == former_name(SPELLINGS[1], KEY)


@pytest.mark.parametrize(
    ("found", "ledgers", "expected"),
    [
        ([], [], "now"),
        (["now"], [], "now"),
        (["before"], [], "before"),
        (["before", "now"], [], "now"),
        (["before", "now"], ["before"], "before"),
        (["before", "older"], [], "before"),
    ],
)
def test_the_folder_to_use_is_the_ledgers_then_todays_then_any(
    found: list[str], ledgers: list[str], expected: str
) -> None:
    assert choose_folder("now", found, ledgers) == expected


def test_a_folder_that_several_keys_shared_is_used_until_it_is_copied(tmp_path: Path) -> None:
    put(tmp_path, former_name(HOST, "a/b"))
    for key in ("a/b", "a+b", "a_b"):
        with pytest.warns(UserWarning, match="may also be the folder of an account whose API key differs"):
            assert find_account_folder(tmp_path, HOST, key).name == former_name(HOST, "a/b")
    put(tmp_path, name_folder(HOST, "a/b"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find_account_folder(tmp_path, HOST, "a/b").name == name_folder(HOST, "a/b")


def test_every_spelling_of_a_sandbox_has_its_one_window_and_its_one_ledger(sandbox: Sandbox) -> None:
    port = sandbox.url.rsplit(":", 1)[1]
    folders = set()
    for host in ("127.0.0.1", "localhost", "LOCALHOST"):
        with nx.connect(f"http://{host}:{port}") as session:
            parts = nx.send_sms("447700900123", "Hello", sender="Demo", key="once")
            folders.add(session.throttle.path.parent)
            assert parts.meaning.tolist() == ["accepted"]
    assert len(folders) == 1
    assert len(sandbox.messages) == 1


def test_a_key_that_was_taken_under_a_name_of_before_is_taken(sandbox: Sandbox, tmp_path: Path) -> None:
    with nx.connect(sandbox.url) as session:
        nx.send_sms("447700900123", "Hello", sender="Demo", key="once")
        folder = session.throttle.path.parent
    before = folder.with_name(former_name(sandbox.url.replace("127.0.0.1", "localhost"), sandbox.api_key))
    folder.rename(f"{before}-{sandbox.world.instance}")
    with nx.connect(sandbox.url) as session:
        nx.send_sms("447700900123", "Hello", sender="Demo", key="once")
        assert session.throttle.path.parent.name.startswith("localhost_")
    assert len(sandbox.messages) == 1
    assert not folder.exists()
    with sqlite3.connect(Path(f"{before}-{sandbox.world.instance}") / "ledger.sqlite") as connection:
        assert connection.execute("SELECT COUNT(*) FROM sends").fetchone() == (1,)
    connection.close()


def test_a_folder_that_cannot_be_listed_is_said(tmp_path: Path) -> None:
    with pytest.raises(nx.InvalidRequestError, match="^state_dir: .* cannot be read"):
        find_account_folder(tmp_path / "nowhere", HOST, KEY)
