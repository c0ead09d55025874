"""Pseudonyms: nobody reads a number out of a masked frame, and everything that groups it gives the same sums."""

from __future__ import annotations

import io
import multiprocessing
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import nexmo_nb as nx
from nexmo_nb.state.mask_key import read_mask_key

A, B = "447700900123", "351912345678"
MASK = re.compile("tel_[a-z2-7]{12}")


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "to": pd.array([A, B, A, None], dtype="string"),
            "sender": pd.array(["Demo", "12345", B, "Demo"], dtype="string"),
            "price": [0.5, 1.0, 2.0, 1234567.5],
            "text": [f"Call +44 7700 900123 or {B}.", "at 2026-11-24 15:30", "12.5", "none"],
            "received": pd.to_datetime(["2026-11-24"] * 4, utc=True),
        }
    )


def test_the_same_number_has_the_same_mask_and_others_another() -> None:
    masked = nx.mask(frame())
    first, second, third, missing = masked.to
    assert first == third != second
    assert MASK.fullmatch(first)
    assert MASK.fullmatch(second)
    assert missing is pd.NA
    assert masked.sender.tolist() == ["Demo", "12345", second, "Demo"]
    assert masked.text.tolist() == [f"Call {first} or {second}.", "at 2026-11-24 15:30", "12.5", "none"]
    assert masked[["price", "received"]].equals(frame()[["price", "received"]])
    assert masked.to.dtype == "string"


@pytest.mark.parametrize(
    "written",
    [f"+{A}", f"00{A}", "+44 7700 900123", "(+44) 7700-900-123", "+44.7700.900.123", int(A), float(A), Decimal(A), [A]],
)
def test_however_a_number_is_spelled_it_has_one_mask(written: object) -> None:
    table = pd.DataFrame({"to": pd.Series([A, written], dtype=object)})
    table["x"] = table.to
    masked = nx.mask(table)
    assert masked.to.iloc[0] == masked.x.iloc[0]
    for found in (masked.to.iloc[1], masked.x.iloc[1]):
        assert masked.to.iloc[0] in str(found)


def test_sums_by_number_are_those_of_the_numbers() -> None:
    before = frame().groupby("to").price.sum().sort_values().tolist()
    assert nx.mask(frame()).groupby("to").price.sum().sort_values().tolist() == before
    masked = nx.mask(frame()).merge(nx.mask(frame()).drop_duplicates("to"), on="to")
    assert len(masked) == 4


def test_no_form_of_a_masked_frame_shows_a_number() -> None:
    table = frame().set_index("to", drop=False).assign(nested=[{"a": A}, [B], None, 1], many=[int(A), 1, 2, 3])
    table.columns.name = A
    table[f"+{B}"] = pd.array([float(A), None, 1.0, 2.0])
    table["kind"] = table.to.astype("category")
    table.attrs["to"] = A
    masked = nx.mask(table)
    shown = [
        masked.style.to_html(),
        masked.to_html(),
        masked.to_string(),
        masked.to_json(orient="split", date_format="iso"),
    ]
    shown += [str(masked.attrs), nx.to_csv(masked, "m.csv").read_text()]
    book = io.BytesIO()
    masked.drop(columns="received").to_excel(book)
    shown.append(pd.read_excel(book).to_string())
    for text in shown:
        assert not re.search(r"7700 ?900 ?123|351 ?9123|4\.477009", text)
    assert A in table.to.tolist()
    assert table.attrs == {"to": A}


@pytest.mark.parametrize("name", ["nowhere", [], {}])
def test_what_names_no_column_is_refused(name: Any) -> None:
    with pytest.raises(nx.InvalidRequestError, match="columns: got .*; allowed: names of columns"):
        nx.mask(frame(), columns=[name])


def test_columns_that_are_named_are_masked_whole() -> None:
    masked = nx.mask(frame().assign(name=["Ann", "Bob", "Ann", None]), columns=["name", "text"])
    assert masked.name.iloc[0] == masked.name.iloc[2] != masked.name.iloc[1]
    assert all(MASK.fullmatch(text) for text in masked.text)
    assert nx.mask(frame(), columns=["to"]).to.equals(nx.mask(frame()).to)
    assert MASK.fullmatch(nx.mask(frame(), columns=["sender"]).sender.iloc[0])


def test_a_mask_is_not_masked_again() -> None:
    masked = nx.mask(frame())
    pd.testing.assert_frame_equal(nx.mask(masked), masked)


@pytest.mark.parametrize(
    "text", ["2026-11-24", "0.0333 0.0412", "d0a1b2c3-1234-4567-8901-123456789012", "26201", "10.5"]
)
def test_what_is_no_number_stays(text: str) -> None:
    assert nx.mask(pd.DataFrame({"x": [text]})).x.tolist() == [text]


def test_without_the_key_other_masks_come_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state" / "mask.key"
    first = nx.mask(frame()).to.iloc[0]
    assert nx.mask(frame()).to.iloc[0] == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_bytes()) == 32
    path.unlink()
    assert nx.mask(frame()).to.iloc[0] != first
    path.write_bytes(b"short")
    with pytest.raises(nx.InvalidRequestError, match=r"mask\.key: holds 5 bytes"):
        nx.mask(frame())


def read_key(folder: str) -> bytes:
    os.environ["NEXMO_NB_STATE_DIR"] = folder
    return read_mask_key()


@pytest.mark.slow
def test_processes_that_begin_at_once_have_one_key(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(read_key, [str(tmp_path / "new")] * 8))) == 1


@pytest.mark.parametrize(("table", "columns", "says"), [([1], (), "frame"), (frame(), "name", "columns: got 'name'")])
def test_what_cannot_be_masked_is_refused(table: pd.DataFrame, columns: str, says: str) -> None:
    with pytest.raises(nx.InvalidRequestError, match=says):
        nx.mask(table, columns=columns)


def test_half_a_surrogate_pair_is_masked_or_kept_like_any_text() -> None:
    table = pd.DataFrame({name: pd.Series(["\ud800", A], dtype=object) for name in ("to", "x", "name")})
    masked = nx.mask(table, columns="name")
    assert masked.to.iloc[0] == masked.x.iloc[0] == "\ud800"
    assert MASK.fullmatch(masked.name.iloc[0])
