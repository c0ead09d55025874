"""CSV: what goes out comes back, and nobody else can read it."""

from __future__ import annotations

import csv
import gzip
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from depth import count_examples
from hypothesis import given, settings
from hypothesis import strategies as st

import nexmo_nb
import nexmo_nb as nx
from nexmo_nb.formulas import is_risky

CELLS = st.one_of(
    st.none(),
    st.sampled_from(
        [
            "NA",
            "null",
            "None",
            "nan",
            "007",
            "+44",
            "1e5",
            "True",
            '"',
            "a,b",
            "x\ny",
            "x\ry",
            "\r\n",
            " ",
            " x ",
            "=1+1",
            "'=1+1",
            "''1",
            "-1",
            "@x",
            "＝1",
            "1-2",
            "🎉",
        ]
    ),
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1),
)


@settings(max_examples=count_examples(90), deadline=None)
@given(
    texts=st.lists(st.tuples(CELLS, CELLS), max_size=6),
    data=st.data(),
    excel=st.booleans(),
)
def test_text_and_numbers_survive_the_round_trip(
    texts: list[tuple[Any, Any]], data: st.DataObject, excel: bool
) -> None:
    count = len(texts)
    floats = data.draw(st.lists(st.floats(allow_infinity=False, width=64), min_size=count, max_size=count))
    frame = pd.DataFrame(
        {
            "msisdn": pd.array([a for a, _ in texts], dtype="string"),
            "mine": pd.array([b for _, b in texts], dtype="string"),
            "price": pd.Series(floats, dtype="float64"),
            "parts": pd.Series(range(count), dtype="int64"),
        }
    )
    path = nx.to_csv(frame, "round.csv", excel=excel)
    pd.testing.assert_frame_equal(nx.read_csv(path), frame, check_exact=True)


def test_every_frame_of_the_toolkit_survives(session: nx.Session) -> None:
    nx.send_sms("+264 81 1234567", "Hello, “you”", sender="Demo", key="0042")
    frames = [
        nx.search_numbers(["NA", "US"], limit=5),
        nx.owned_numbers(),
        nx.applications(),
        nx.prices("NA"),
        nx.price_book("NA"),
        nx.subaccounts(),
        nx.budget(day=5),
        nx.records(),
        nx.sent(),
        nx.delivery(nx.sent()),
        nx.spend(nx.records(), by="country", freq="D"),
        nx.cost_per_delivered(nx.records()),
        nx.shorter_texts(nx.sent()),
        nx.anomalies(nx.records()),
        nx.bill("2025-12-01", "2025-12-02", products=["SMS", "NUMBERS"], progress=False),
        nx.plan_sms(["+44 7700 900000", "nonsense"], "Hello", sender="Demo"),
    ]
    for frame in frames:
        again = nx.read_csv(nx.to_csv(frame, "frame.csv"))
        pd.testing.assert_frame_equal(again, frame.astype(again.dtypes.to_dict()), check_exact=True)
        told = {name: str(kind) for name, kind in frame.dtypes.items() if str(kind) != "string"}
        assert {name: str(again.dtypes[name]) for name in told} == told


@pytest.mark.parametrize("cell", ["x\ry", "\r", "\n", " ", "\t", '"', None])
def test_a_column_alone_survives(cell: str | None) -> None:
    frame = pd.DataFrame({"text": pd.array([cell, "x", cell], dtype="string")})
    pd.testing.assert_frame_equal(nx.read_csv(nx.to_csv(frame, "alone.csv")), frame)


def test_a_spreadsheet_finds_utf_8_whole_numbers_and_no_formula() -> None:
    frame = pd.DataFrame(
        {
            "to": pd.array(["447700900123", None], dtype="string"),
            "text": ["=HYPERLINK(1)", "Olá"],
            "when": ["1-2", "\t=1"],
            "other": [447700900123, 1],
            "price": [-0.5, 1.0],
            "mixed": pd.Series([0.5, "+1"], dtype=object),
        }
    )
    path = nx.to_csv(frame, "sheet.csv", excel=True)
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(data.decode("utf-8-sig").splitlines()))
    assert rows[1] == ["'447700900123", "'=HYPERLINK(1)", "'1-2", "'447700900123", "-0.5", "0.5"]
    assert rows[2] == ["", "Olá", "'\t=1", "1", "1.0", "'+1"]
    assert nx.read_csv(path).to.iloc[0] == "447700900123"
    assert nx.read_csv(path).text.tolist() == frame.text.tolist()


def test_what_excel_itself_saved_is_read_as_it_is() -> None:
    Path("excel.csv").write_bytes(b"\xef\xbb\xbfto,text\r\n447700900123,'tis\r\n")
    assert nx.read_csv("excel.csv").values.tolist() == [["447700900123", "'tis"]]


def test_the_rule_for_texts_is_that_of_the_inbox() -> None:
    script = (Path(nexmo_nb.__file__).parent / "sandbox/inbox/exports.js").read_text(encoding="utf-8")
    formula = re.search(r"FORMULA = /\^(.*?)/;", script)
    number = re.search(r"LIKE_NUMBER = /\^(.*?)\$/i;", script)
    assert formula is not None
    assert number is not None
    cells = [
        "",
        "a",
        "1",
        "+1",
        " 1",
        "1e5",
        "1,5%",
        "1-2-3",
        "x1",
        *(c for c in map(chr, range(0x10000)) if c != "\x85"),
    ]
    theirs = re.compile(f"{formula[1]}|(?i:{number[1]})\\Z", re.ASCII)
    odd = [cell for cell in cells if bool(theirs.match(cell)) != is_risky(cell) and not cell.isspace()]
    assert odd == []


def test_a_packed_file_is_packed_and_private_and_the_same_each_time() -> None:
    frame = pd.Series(["447700900123"] * 1000, name="to").to_frame()
    path = nx.to_csv(frame, "a.csv.gz")
    assert gzip.decompress(path.read_bytes()) == nx.to_csv(frame, "a.csv").read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert nx.to_csv(frame, "b.csv.gz").read_bytes() == path.read_bytes()
    assert len(nx.read_csv(path)) == 1000


def test_a_file_that_earlier_versions_did_not_pack_is_read() -> None:
    Path("old.csv.gz").write_text("to\n007\n")
    assert nx.read_csv("old.csv.gz").to.tolist() == ["007"]


def test_other_kinds_of_packing_are_refused() -> None:
    with pytest.raises(
        nx.InvalidRequestError, match=r"'a\.csv\.zip'; allowed: a plain name, or one that ends in '\.gz'"
    ):
        nx.to_csv(pd.Series(["1"], name="to").to_frame(), "a.csv.zip")
    Path("broken.csv.gz").write_bytes(gzip.compress(b"to\r\n1\r\n")[:-9])
    with pytest.raises(nx.InvalidRequestError, match="path"):
        nx.read_csv("broken.csv.gz")


@pytest.mark.parametrize("name", ["a.csv.gz", "~/a.csv"])
def test_a_file_is_found_where_it_was_written(name: str) -> None:
    assert nx.read_csv(nx.to_csv(pd.Series(["007"], name="to").to_frame(), name)).to.tolist() == ["007"]
    assert nx.read_csv(name).to.tolist() == ["007"]


def test_missing_counts_and_flags_are_missing() -> None:
    frame = pd.DataFrame({"parts": pd.array([1, None], dtype="Int64"), "sms": pd.array([None, True], dtype="boolean")})
    pd.testing.assert_frame_equal(nx.read_csv(nx.to_csv(frame, "few.csv")), frame)


def test_only_the_owner_can_read_it_and_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = nx.to_csv(pd.Series(["1"], name="to").to_frame(), tmp_path / "a.csv")
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    twice = pd.DataFrame([["1", "2"]], columns=["to", "to"])
    with pytest.raises(nx.InvalidRequestError, match="names of their own"):
        nx.to_csv(twice, path)
    with pytest.raises(nx.InvalidRequestError, match="path"):
        nx.to_csv(pd.Series(["1"], name="to").to_frame(), tmp_path / "nowhere" / "a.csv")
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["a.csv"]


def test_own_columns_have_the_dtype_that_is_asked_for() -> None:
    Path("own.csv").write_text("score,zip\n1.5,01234\n,99999\n")
    found = nx.read_csv("own.csv", dtype={"score": "float64"})
    assert found.zip.tolist() == ["01234", "99999"]
    assert found.score.isna().tolist() == [False, True]
    Path("own.csv").write_text("n,yes\n1,True\n,\n2,\n")
    found = nx.read_csv("own.csv", dtype={"n": "int64", "yes": "bool"})
    assert [str(kind) for kind in found.dtypes] == ["Int64", "boolean"]
    assert found.n.isna().tolist() == [False, True, False]


def test_an_address_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetched(*_: Any, **__: Any) -> None:
        raise AssertionError("it was fetched")

    monkeypatch.setattr("urllib.request.urlopen", fetched)
    with pytest.raises(nx.InvalidRequestError, match="path"):
        nx.read_csv("http://127.0.0.1:9/a.csv")


def test_what_cannot_be_written_is_refused_in_words() -> None:
    with pytest.raises(nx.InvalidRequestError, match="UTF-8"):
        nx.to_csv(pd.Series(["\ud800"], name="to", dtype=object).to_frame(), "x.csv")
    with pytest.raises(nx.InvalidRequestError, match="path"):
        nx.to_csv(pd.Series(["1"], name="to").to_frame(), None)  # type: ignore[arg-type]
    assert not list(Path().glob("x.csv*"))


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        (None, {}, "path"),
        ("", {}, "path"),
        ("a,b\n1,2,3\n4,5,6\n", {}, "as many cells"),
        ("price\nten\n", {}, "price: got 'ten'"),
        ("parts\n1.5\n", {}, "parts"),
        ("parts\n\u0661\u0662\n", {}, "parts"),
        ("received\nyesterday\n", {}, "received"),
        ("a\n1\n", {"dtype": {"a": "category"}}, "dtype"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(content: str | None, options: dict[str, Any], says: str) -> None:
    if content is not None:
        Path("bad.csv").write_text(content)
    with pytest.raises(nx.InvalidRequestError, match=says):
        nx.read_csv("bad.csv", **options)
    with pytest.raises(nx.InvalidRequestError, match="frame"):
        nx.to_csv([1], "x.csv")  # type: ignore[arg-type]


def test_what_cannot_be_written_for_a_spreadsheet_is_refused_in_words_as_well() -> None:
    frame = pd.Series(["\ud800", "=1"], name="to", dtype=object).to_frame()
    with pytest.raises(nx.InvalidRequestError, match="UTF-8"):
        nx.to_csv(frame, "x.csv", excel=True)
