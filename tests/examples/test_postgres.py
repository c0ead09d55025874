"""A database to try the work of a team with."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import nexmo_nb as nx
from nexmo_nb.examples import start_postgres
from nexmo_nb.sandbox import Sandbox

HAS_POSTGRES = shutil.which("initdb") is not None or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
needs_postgres = pytest.mark.skipif(
    not HAS_POSTGRES and not os.environ.get("CI"), reason="PostgreSQL is not installed (Debian: apt install postgresql)"
)


@pytest.mark.slow
@needs_postgres
def test_what_is_sent_is_kept_while_the_database_is_stopped_and_gone_when_it_is_closed(tmp_path: Path) -> None:
    with Sandbox() as sandbox, start_postgres() as database:
        folder = database._folder
        session = nx.connect(sandbox.url, state=database.url, state_dir=tmp_path / "here")
        nx.send_sms("+44 7700 900000", "Hello", sender="Demo", key="one")
        database.stop()
        with pytest.raises(nx.UnreachableError, match="Nothing was sent"):
            nx.send_sms("+44 7700 900000", "Hello", sender="Demo", key="two")
        database.start()
        with nx.connect(sandbox.url, state=database.url, state_dir=tmp_path / "there"):
            nx.send_sms("+44 7700 900000", "Hello", sender="Demo", key="one")
            assert nx.sent().key.tolist() == ["one"]
        session.close()
        assert len(sandbox.messages) == 1
    assert not folder.exists()
    with pytest.raises(nx.UnreachableError, match="See that the database runs"):
        nx.connect("sandbox", state=database.url)


@pytest.mark.slow
@needs_postgres
def test_its_password_is_in_its_url_and_nowhere_else() -> None:
    with start_postgres() as database:
        password = database.url.partition("@")[0].rpartition(":")[2]
        assert len(password) > 20
        assert password not in repr(database)
        assert not (database._folder / "password").exists()
        wrong = database.url.replace(password, "wrong")
        with pytest.raises(nx.UnreachableError, match="password authentication failed"):
            nx.connect("sandbox", state=wrong)


def test_a_missing_postgres_is_said_with_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    with pytest.raises(nx.InvalidRequestError, match="apt install postgresql"):
        start_postgres()
