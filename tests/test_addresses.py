"""Files at addresses of fsspec: whole or not there, never bought twice, and no credentials in what is said of them."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

import nexmo_nb as nx
from nexmo_nb import addresses
from nexmo_nb.reports.parquet import write_parquet
from nexmo_nb.sandbox import Sandbox

fsspec = pytest.importorskip("fsspec", reason="fsspec is not installed (it comes with the extra 'dask')")

SPAN = {"start": "2025-03-31T12:00", "end": "2025-04-01T12:00", "mode": "async"}
SECRET = "pa ss:w0rd"


@pytest.fixture(autouse=True)
def empty_memory() -> Iterator[None]:
    yield
    fsspec.filesystem("memory").store.clear()
    fsspec.filesystem("memory").pseudo_dirs[:] = [""]


def buy(to: Any) -> pd.DataFrame:
    return nx.records(**SPAN, to=to, progress=False)


def count_orders(sandbox: Sandbox) -> int:
    return sum(r["method"] == "POST" and r["path"] == "/v2/reports" for r in sandbox.requests)


@pytest.mark.parametrize(
    "address",
    [
        "memory://bucket/records",
        "local://{here}/out/records",
        "file://{here}/records",
    ],
)
def test_records_are_written_to_an_address_and_costs_are_read_from_it(
    session: nx.Session, sandbox: Sandbox, tmp_path: Path, address: str
) -> None:
    address = address.format(here=tmp_path)
    files = buy(address)
    bought = count_orders(sandbox)
    assert bought == len(files) == 2
    assert buy(address).values.tolist() == files.values.tolist()
    assert count_orders(sandbox) == bought  # a month whose file is there is not bought again
    local = buy(tmp_path / "local")
    for by in ("country", ["network", "status"]):
        wanted = nx.spend(tmp_path / "local", by)
        assert len(wanted) > 1
        pd.testing.assert_frame_equal(nx.spend(address, by), wanted)
        pd.testing.assert_frame_equal(nx.spend(files.path.tolist(), by), wanted)
    assert files.rows.tolist() == local.rows.tolist()
    pd.testing.assert_frame_equal(
        nx.cost_per_delivered(f"{address}/*.parquet"), nx.cost_per_delivered(local.path.tolist())
    )


def test_a_file_of_this_machine_is_its_owners_alone_by_whatever_name(session: nx.Session, tmp_path: Path) -> None:
    (path,) = {Path(each).parent for each in buy(f"file://{tmp_path}/records").path}
    assert path == tmp_path / "records"
    assert {each.stat().st_mode & 0o777 for each in path.iterdir()} == {0o600}


@pytest.mark.parametrize("address", ["memory://bucket", "local://{here}/out"])
def test_a_file_has_its_name_only_when_it_is_whole(tmp_path: Path, address: str) -> None:
    folder = addresses.Address("to", address.format(here=tmp_path))
    seen: list[list[str]] = []

    def give() -> Iterator[pd.DataFrame]:
        yield pd.DataFrame({"price": [1.0]})
        seen.append([each.name for each in folder.list_files(".parquet")])
        if len(seen) == 1:
            raise RuntimeError("the download broke off")
        yield pd.DataFrame({"price": [2.0]})

    for _ in range(2):
        if seen:
            write_parquet(folder / "one.parquet", give(), pd.DataFrame())
        else:
            with pytest.raises(nx.UnreachableError, match=r"one\.parquet could not be written"):
                write_parquet(folder / "one.parquet", give(), pd.DataFrame())
            assert folder.system.find(folder.path) == []  # nothing is left of it
    assert seen == [[], []]
    with (folder / "one.parquet").open() as file:
        assert pq.read_table(file)["price"].to_pylist() == [1.0, 2.0]
    assert [each.name for each in folder.list_files("")] == ["one.parquet"]


def test_a_folder_that_cannot_be_written_is_refused_before_anything_is_bought(
    session: nx.Session, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(f"Forbidden for {SECRET}")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "_open", refuse)
    with pytest.raises(nx.InvalidRequestError, match=r"to: got 'memory://bucket'; allowed: a folder that can be writ"):
        buy("memory://bucket")
    assert count_orders(sandbox) == 0


def test_a_package_that_is_missing_is_named_with_what_installs_it(
    session: nx.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **options: Any) -> Any:
        if name.split(".", maxsplit=1)[0] in missing:
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    missing = {"s3fs"}
    with pytest.raises(nx.InvalidRequestError, match=r"s3:// needs s3fs, which is missing: pip install s3fs"):
        buy("s3://bucket/records")
    missing = {"fsspec"}
    with pytest.raises(nx.InvalidRequestError, match=r"needs fsspec.*pip install 'nexmo_nb\[dask\]'"):
        nx.spend("memory://bucket/records")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense://bucket/x", "Protocol not known: nonsense"),
        ("memory://bucket/none", "There is no such file"),
        (f"ftp://ana:{SECRET.replace(' ', '%20')}@127.0.0.1:9/records", "ftp://ana@127.0.0.1:9/records"),
        (f"http://ana:{SECRET}@127.0.0.1:9/r.parquet?sig={SECRET}", "http://ana@127.0.0.1:9/r.parquet"),
    ],
)
def test_no_credentials_of_an_address_are_said(url: str, says: str) -> None:
    with pytest.raises(nx.NexmoError) as caught:
        nx.spend(url)
    assert says in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "w0rd" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("s3://bucket", True),
        ("simplecache::s3://bucket/x", True),
        ("C:\\records", False),
        ("records/2025", False),
        ("/a://b", False),
        (Path("x"), False),
    ],
)
def test_only_what_has_a_scheme_is_an_address(given: Any, found: bool) -> None:
    assert addresses.is_address(given) is found
