"""The page for a manager: one file, whose sums are those of the records, and that any browser shows well."""

from __future__ import annotations

import base64
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from browsers import BROWSER_MARKS, find_violations

import nexmo_nb as nx

pytestmark = pytest.mark.usefixtures("pyplot")


def build_records(days: int = 300, **changes: Any) -> pd.DataFrame:
    count = 4 * days
    countries = ["NA", "GB", "PT", "FR"]
    return pd.DataFrame(
        {
            "received": pd.date_range("2025-01-01", periods=days, tz="UTC").repeat(4),
            "to": "447700900123",
            "country": pd.array(countries * days, dtype="string"),
            "network_name": pd.array([f"<b>{name}</b> & Söhne" for name in countries] * days, dtype="string"),
            "status": (["delivered"] * 3 + ["failed"]) * days,
            "price": [0.1, 0.02, 0.03, 0.04] * days,
            "currency": "EUR",
            "account_ref": [f"campaign {n % 20}" for n in range(count)],
        }
    ).assign(**changes)


class Page(HTMLParser):
    """The texts of a page, its tables as rows of texts, and all that it refers to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.rows: list[list[str]] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        self.links += [value or "" for name, value in attrs if name in ("src", "srcset", "href", "action", "data")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if data.strip() and self.tags[-1] in ("th", "td"):
            self.rows[-1].append(data)

    def read_svgs(self) -> list[str]:
        return [base64.b64decode(link.partition(",")[2]).decode() for link in self.links]


@pytest.fixture(scope="module")
def costs(pyplot: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the page of the records, for tests that only read it."""
    return nx.report(build_records(), tmp_path_factory.mktemp("page") / "costs.html")


def test_sums_and_shares_are_those_of_the_records(costs: Path) -> None:
    page = Page(costs)
    assert "57.00 EUR" in page.texts
    assert "75.0%" in page.texts
    assert "2025-01-01 to 2025-10-27, UTC" in page.texts
    rows = {row[0]: row[-2:] for row in page.rows}
    assert rows["Namibia"] == ["30.00", "52.6%"]
    assert rows["<b>NA</b> & Söhne"] == ["30.00", "52.6%"]
    assert rows["failed"] == ["12.00", "21.1%"]
    assert rows["other (5)"][0] == "6.00"
    assert rows["2025-02"] == ["5.32", "9.3%"]
    assert [row[-2] for row in page.rows if row[0] == "all"] == ["57.00"] * 5


def test_the_page_is_one_file_and_asks_nobody(costs: Path) -> None:
    path = nx.report(build_records(), "costs.html", title="Costs <script>alert(1)</script>")
    page = Page(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(page.links) == 4
    assert all(link.startswith("data:image/svg+xml;base64,") for link in page.links)
    assert not {"script", "iframe", "link", "b"} & set(page.tags)
    assert "447700900123" not in path.read_text()
    for svg in page.read_svgs():
        assert not re.search(r"(href|src)=.(?!#)|url\((?!#)|@import|<script", svg)
    assert nx.report(build_records(), "again.html").read_text() == costs.read_text()


def test_two_currencies_have_figures_tables_and_panels_of_their_own() -> None:
    both = pd.concat([build_records(40), build_records(40, currency="USD", price=1.0), build_records(3, currency=None)])
    page = Page(nx.report(both, "costs.html"))
    assert {"7.60 EUR", "160.00 USD", "0.57 no currency"} <= set(page.texts)
    assert {"By country, EUR", "By country, USD", "By country, no currency"} <= set(page.texts)


def test_a_bill_is_told_by_product() -> None:
    bill = build_records(10).rename(columns={"price": "amount", "received": "day"})
    bill = bill.assign(product=["SMS", "MESSAGES"] * 20, messages=2, parts=3, seconds=0.0, account="a", tag=None)
    page = Page(nx.report(bill, "bill.html"))
    assert {row[0] for row in page.rows} >= {"SMS", "MESSAGES", "2025-01-10"}
    assert len(page.links) == 2


def test_frames_of_the_toolkit_are_taken(session: nx.Session) -> None:
    parts = nx.send_sms("+44 7700 900123", "Hello", sender="Demo")
    for frame in (parts, nx.sent(), nx.records(), nx.delivery(parts), nx.records().iloc[:0]):
        text = nx.report(frame, "costs.html").read_text()
        assert "What messages cost" in text
        assert "447700900123" not in text


def test_what_cannot_be_reported_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(nx.InvalidRequestError, match="a frame with price"):
        nx.report(build_records().drop(columns="price"), "costs.html")
    with pytest.raises(nx.InvalidRequestError, match=r"\.html"):
        nx.report(build_records(), "costs.pdf")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(nx.InvalidRequestError, match=r"pip install 'nexmo_nb\[plot\]'"):
        nx.report(build_records(), "costs.html")
    assert not Path("costs.html").exists()


@pytest.mark.slow
class TestInABrowser:
    pytestmark = BROWSER_MARKS

    @pytest.mark.parametrize("width", [320, 390, 1200])
    def test_nothing_is_wider_than_the_screen_and_all_can_be_read(self, browser: Any, costs: Path, width: int) -> None:
        page = browser.new_page(viewport={"width": width, "height": 800})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(costs.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("[...document.images].every(each => each.complete && each.naturalWidth > 0)")
        assert {url.partition(":")[0] for url in asked} == {"file"}
        assert find_violations(page, "body") == []
        page.close()

    def test_it_is_printed_on_a_few_pages(self, browser: Any, costs: Path) -> None:
        page = browser.new_page()
        page.goto(costs.as_uri())
        printed = page.pdf(format="A4")
        assert 1 < printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page ") <= 6
        page.close()
