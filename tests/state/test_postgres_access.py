"""Who a PostgreSQL lets in, by which password, over which connection, with which rights; and what an error says."""

from __future__ import annotations

import datetime
import os
import pickle
import secrets
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from postgres_server import PASSWORD, USER, PostgresServer

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox
from nexmo_nb.state.database import StateError
from nexmo_nb.state.postgres import PostgresDatabase, PostgresStore
from nexmo_nb.state.postgres_connection import Address

LAYOUTS = (("CREATE TABLE things (name TEXT PRIMARY KEY)",),)


@pytest.fixture
def schema() -> str:
    return f"test {secrets.token_hex(8)}"


def let_in(address: Address, schema: str) -> Address:
    """Open a database, write into it, and give its address."""
    database = PostgresDatabase(address, schema, "things", LAYOUTS)
    database.transact(lambda c: c.execute("INSERT INTO things (name) VALUES ('x')"))
    database.close()
    return address


def by_url(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, folder: Path) -> tuple[str, str]:
    return postgres.url().replace("tester@", f"tester:{quote(PASSWORD, safe='')}@"), "URL"


def by_variable(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, folder: Path) -> tuple[str, str]:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    return postgres.url(), "PGPASSWORD"


def by_password_file(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, folder: Path) -> tuple[str, str]:
    quoted = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    (folder / "pass").write_text(f"127.0.0.1:{postgres.port}:*:{USER}:{quoted}\n")
    (folder / "pass").chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(folder / "pass"))
    return postgres.url(), ".pgpass"


def by_service_file(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, folder: Path) -> tuple[str, str]:
    lines = ["[team]", "host=127.0.0.1", f"port={postgres.port}", f"user={USER}", f"password={PASSWORD}"]
    (folder / "service").write_text("\n".join([*lines, "dbname=postgres"]))
    monkeypatch.setenv("PGSERVICEFILE", str(folder / "service"))
    return "postgresql:///?service=team", "service file or .pgpass"


def by_socket(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, folder: Path) -> tuple[str, str]:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    return (
        f"postgresql://{USER}@/postgres?host={quote(str(postgres.folder), safe='')}&port={postgres.port}",
        "PGPASSWORD",
    )


def by_second_host(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, folder: Path) -> tuple[str, str]:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    return f"postgresql://{USER}@127.0.0.1:1,localhost:{postgres.port}/postgres", "PGPASSWORD"


WAYS = [by_url, by_variable, by_password_file, by_service_file, by_socket, by_second_host]


@pytest.mark.parametrize("way", WAYS)
def test_a_password_is_found_and_told_of_but_never_shown(
    way: Callable[..., tuple[str, str]],
    postgres: PostgresServer,
    schema: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    url, source = way(postgres, monkeypatch, tmp_path)
    with Sandbox() as sandbox, nx.connect(sandbox.url, state=url, state_dir=tmp_path / "state") as session:
        nx.send_sms("351910000001", "Hello", sender="Demo")
        shown = nx.show_connection().set_index("setting")
        assert tuple(shown.loc["state_password"]) == ("set", source)
        assert tuple(shown.loc["state_encrypted"]) == ("no", "")
        assert shown.source["state"] == "argument"
        texts = [repr(session), repr(session.store), repr(vars(session.store)), str(session.store), shown.to_string()]
    texts += [path.read_text(errors="replace") for path in tmp_path.glob("state/**/*") if path.is_file()]
    assert [text for text in texts if PASSWORD in text or quote(PASSWORD, safe="") in text] == []
    assert_address_is_shown_whole(url, schema)


def assert_address_is_shown_whole(url: str, schema: str) -> None:
    """What is shown of an address is one by which the same place is found, with the password from elsewhere."""
    address = let_in(Address(url), schema)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", PASSWORD)
        assert str(let_in(Address(str(address)), f"{schema} 2")) == str(address)


def test_no_secret_of_an_address_is_shown_or_pickled(schema: str) -> None:
    address = Address(
        "postgresql://a%40b:hunter2secret@[::1]:1,x.example:2/d%20b?sslpassword=hunter2key&sslmode=disable"
    )
    assert str(address) == "postgresql://a%40b@[::1]:1,x.example:2/d%20b?sslmode=disable"
    assert "hunter2" not in f"{vars(address)}{address!r}{PostgresStore(address, schema)}"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(address)


@pytest.mark.parametrize("state", [5, Path("postgresql://a@b/c"), b"postgresql://a@b/c"])
def test_what_is_no_text_is_no_address(state: object) -> None:
    with pytest.raises(nx.InvalidRequestError, match="postgresql://user@host"):
        nx.connect("sandbox", state=state)  # type: ignore[arg-type]


def make_certificate(folder: Path, name: str) -> None:
    """Make a certificate that signs itself, for a host, and its key."""
    key = rsa.generate_private_key(65537, 2048)
    subject, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(1))
        .not_valid_after(now + datetime.timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.key").write_bytes(pem)
    (folder / "server.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


@pytest.mark.slow
def test_the_url_says_how_safe_the_connection_is(
    postgres: PostgresServer, address: Address, schema: str, tmp_path: Path
) -> None:
    """The name of the host is no other's; its address is this machine's."""
    data = postgres.folder / "data"
    make_certificate(data, "db.example")
    owner = data.stat()
    for name in ("server.key", "server.crt"):
        (data / name).chmod(0o600)

        os.chown(data / name, owner.st_uid, owner.st_gid)
    certificate = tmp_path / "root.crt"
    certificate.write_bytes((data / "server.crt").read_bytes())

    def reach(host: str, **settings: object) -> Address:
        shown = "".join(f"&{name}={quote(str(value), safe='')}" for name, value in settings.items())
        url = f"postgresql://{USER}@{host}:{postgres.port}/postgres?hostaddr=127.0.0.1{shown}"
        return let_in(Address(url), f"{schema} {secrets.token_hex(4)}")

    clear = reach("db.example").access
    assert clear is not None
    assert not clear.is_encrypted
    assert "sslmode=require" in clear.advice
    for settings in ({"sslmode": "disable"}, {"sslmode": "allow"}):
        assert reach("db.example", **settings).access.advice == ""  # type: ignore[union-attr]
    assert reach("localhost").access.advice == ""  # type: ignore[union-attr]
    with pytest.raises(StateError, match="SSL"):
        reach("db.example", sslmode="require")
    with (
        Sandbox() as sandbox,
        pytest.warns(UserWarning, match=r"The connection to db\.example is not encrypted") as told,
    ):
        state = f"postgresql://{USER}@db.example:{postgres.port}/postgres?hostaddr=127.0.0.1"
        nx.connect(sandbox.url, state=state, state_dir=tmp_path).close()
    assert [warning.filename for warning in told] == [__file__]
    with postgres.configured(ssl="on"), warnings.catch_warnings():
        for settings in ({}, {"sslmode": "require"}, {"sslmode": "verify-full", "sslrootcert": certificate}):
            found = reach("db.example", **settings)
            assert found.access is not None
            assert found.access.is_encrypted
            assert found.access.advice == ""
        with pytest.raises(StateError, match="does not match host name"):
            reach("other.example", sslmode="verify-full", sslrootcert=certificate)
        make_certificate(tmp_path, "db.example")
        with pytest.raises(StateError, match="certificate verify failed"):
            reach("db.example", sslmode="verify-full", sslrootcert=tmp_path / "server.crt")


@pytest.fixture
def role(postgres: PostgresServer) -> Iterator[Callable[..., tuple[str, Address]]]:
    """Make a role with no right but to log in, and its address."""
    made: list[str] = []

    def work() -> tuple[str, Address]:
        name = f"Role {secrets.token_hex(4)}"
        postgres.execute(f"CREATE ROLE \"{name}\" LOGIN PASSWORD 'open'")
        made.append(name)
        return name, Address(postgres.url(user=f"{quote(name)}:open"))

    yield work
    for name in made:
        postgres.execute(f'DROP OWNED BY "{name}" CASCADE', f'DROP ROLE "{name}"')


def find_command(advice: str, beginning: str) -> str:
    return advice[advice.index(beginning) :].split(";", maxsplit=1)[0]


def test_a_role_without_rights_is_told_what_an_administrator_runs(
    postgres: PostgresServer, role: Callable[[], tuple[str, Address]], schema: str
) -> None:
    (name, address), (other, address_of_other) = role(), role()
    with pytest.raises(StateError, match=f'the role "{name}" may not make the schema') as caught:
        let_in(address, schema)
    postgres.execute(find_command(caught.value.advice, "CREATE SCHEMA"))
    let_in(address, schema)
    with pytest.raises(StateError, match="may not make the schema") as caught:
        let_in(address, f"{schema} 2")
    postgres.execute(find_command(caught.value.advice, "GRANT"))
    let_in(address, f"{schema} 2")

    with pytest.raises(StateError, match=f'the role "{other}" may not use .* of the role "{name}"') as caught:
        let_in(address_of_other, schema)
    postgres.execute(find_command(caught.value.advice, "GRANT"))
    as_owner = f"{postgres.url(user=f'{quote(other)}:open')}?options=-c%20role%3D{quote(name).replace('%20', '%5C%20')}"
    PostgresDatabase(Address(as_owner), schema, "more", (("CREATE TABLE more (name TEXT)",),)).close()
    assert postgres.execute(f"SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = '{schema}'") == [(name,)]
    for table in ("things", "layouts"):
        postgres.execute(f'ALTER TABLE "{schema}".{table} OWNER TO {USER}')
    with pytest.raises(StateError, match=f"of the role {USER}"):
        let_in(address, schema)


def test_a_database_that_cannot_hold_every_text_is_refused(
    postgres: PostgresServer, address: Address, schema: str
) -> None:
    postgres.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(StateError, match="encoded in LATIN1") as caught:
        let_in(Address(postgres.url("latin")), schema)
    postgres.execute(
        caught.value.advice.removeprefix("Make one with ").split(",")[0].replace("…", "utf8"), "DROP DATABASE latin"
    )
    let_in(Address(postgres.url("utf8")), schema)


def test_a_client_with_an_encoding_of_its_own_changes_nothing(
    postgres: PostgresServer, address: Address, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "latin1")
    database = PostgresDatabase(Address(postgres.url()), schema, "things", LAYOUTS)
    database.transact(lambda c: c.execute("INSERT INTO things (name) VALUES (?)", ("ü😀",)))
    assert database.read(lambda c: c.execute("SELECT name FROM things").fetchall()) == [("ü😀",)]
    database.close()


@pytest.mark.slow
def test_a_database_that_is_only_read_is_refused_and_of_several_hosts_the_other_is_found(
    postgres: PostgresServer, address: Address, schema: str
) -> None:
    with postgres.standby() as port:
        with pytest.raises(StateError, match="read-only|standby") as caught:
            let_in(Address(f"postgresql://{USER}@127.0.0.1:{port}/postgres"), schema)
        assert "A standby is refused" in caught.value.advice
        let_in(Address(f"postgresql://{USER}@127.0.0.1:{port},127.0.0.1:{postgres.port}/postgres"), schema)
    with postgres.configured(default_transaction_read_only="on"), pytest.raises(StateError, match="read-only"):
        let_in(Address(postgres.url()), f"{schema} 2")


def test_the_account_has_one_schema_whatever_its_folders_are_called(
    postgres: PostgresServer, address: Address, tmp_path: Path
) -> None:
    """A folder that an earlier version made has another name on one of two machines."""
    with Sandbox() as sandbox:
        keys = {"api_key": "Team1", "api_secret": "x" * 16}
        old = f"127.0.0.1_{sandbox.url.rpartition(':')[2]}-Team1"
        (tmp_path / "one" / old).mkdir(parents=True)
        stores = []
        for machine in ("one", "two"):
            with nx.connect(sandbox.url, **keys, state=postgres.url(), state_dir=tmp_path / machine) as session:
                stores.append((str(session.store), session.throttle.path.parent.name))
    assert stores[0][0] == stores[1][0]
    assert stores[0][1] == old != stores[1][1]
