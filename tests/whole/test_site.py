"""The site of the documentation: built without a warning, whole, of this host alone, and for everybody to read."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pandas as pd
import pytest
from browsers import BROWSER_MARKS, find_violations, take_screenshot

import nexmo_nb as nx

DOCS = Path(__file__).parent.parent.parent / "docs"
PACKAGES = ("sphinx", "myst_parser", "pydata_sphinx_theme", "sphinx_copybutton", "sphinx_design")
MISSING = [name for name in PACKAGES if find_spec(name) is None]
NEEDED = f"the tests of the site need {', '.join(MISSING)} (pip install 'nexmo_nb[docs]')"
pytestmark = [
    pytest.mark.skipif(not DOCS.exists(), reason="runs in a checkout only"),
    # As without a browser: no fault on a person's machine, and one where every commit is checked.
    pytest.mark.skipif(bool(MISSING) and not os.environ.get("CI"), reason=NEEDED),
]
OF_EACH_KIND = (
    "index",
    "tutorials/campaign",
    "recipes/money",
    "reference/index",
    "reference/send_sms",
    "reference/Session",
    "gallery",
    "sandbox",
    "search",
)
SEARCHES = {
    "unicode": "explanation/encodings",
    "refund": "recipes/outcomes",
    "rate limit": "explanation/window",
}


class Links(HTMLParser):
    """What a page leads to, what it loads, and the anchors that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.leads_to: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {value for value in (given.get("id"), given.get("name")) if value}
        self.leads_to += [given["href"]] if tag == "a" and given.get("href") else []
        self.loads += [value for value in (given.get("src"), given.get("href") if tag == "link" else None) if value]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built once as `make docs` builds it."""
    if MISSING:
        pytest.fail(NEEDED)
    folder = tmp_path_factory.mktemp("site")
    options = ["--fail-on-warning", "--keep-going", "--nitpicky", "--fresh-env", "--quiet"]
    command = [
        sys.executable,
        "-m",
        "sphinx",
        *options,
        "-d",
        str(folder / "doctrees"),
        str(DOCS),
        str(folder / "html"),
    ]
    built = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (built.returncode, built.stderr) == (0, "")
    return folder / "html"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Links]:
    paths = [path for path in site.rglob("*.html") if site / "_static" not in path.parents]
    return {path.relative_to(site).as_posix(): Links(path.read_text(encoding="utf-8")) for path in paths}


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """The site, served."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.slow
def test_no_link_leads_nowhere(site: Path, pages: dict[str, Links]) -> None:
    lost = []
    for page, links in pages.items():
        for link in [*links.leads_to, *links.loads]:
            target, anchor = urldefrag(urljoin(f"/{page}", link))
            path = unquote(urlsplit(target).path).lstrip("/")
            if urlsplit(target).netloc or urlsplit(target).scheme:
                continue
            path = f"{path}index.html" if path.endswith("/") or not path else path
            if not (site / path).is_file() or (anchor and path in pages and anchor not in pages[path].anchors):
                lost.append((page, link))
    assert len(pages) > 100
    assert lost == []


@pytest.mark.slow
def test_every_page_loads_from_its_own_host_alone(pages: dict[str, Links]) -> None:
    assert [(page, link) for page, links in pages.items() for link in links.loads if urlsplit(link).netloc] == []


@pytest.mark.slow
def test_everything_public_has_its_place_in_the_reference(site: Path, pages: dict[str, Links]) -> None:
    places = {anchor for page, links in pages.items() if page.startswith("reference/") for anchor in links.anchors}
    assert {f"nexmo_nb.{name}" for name in nx.__all__} <= places
    page = (site / "reference/send_sms.html").read_text(encoding="utf-8")
    assert re.search(r'<table class="columns.*message_id.*</table>', page, re.DOTALL)
    leads_to = pages["reference/index.html"].leads_to
    assert [
        name
        for name in nx.__all__
        if not any(link.partition("#")[0].lower() == f"{name}.html".lower() for link in leads_to)
    ] == []


def read_columns(name: str) -> dict[str, str]:
    """Read the columns of the table that the reference has of a function, with their types."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS / "_ext"))
        import columns

    function = getattr(nx, name)
    lines = columns.add_table((inspect.getdoc(function) or "").splitlines(), function)
    rows = re.findall(r"\* - (``.*)\n +- (.*)\n", "\n".join(lines))
    return {name: kind for names, kind in rows for name in re.findall("``(.*?)``", names)}


def name_type(dtype: Any) -> str:
    kinds = {"b": "bool", "i": "int", "f": "float", "M": "time, UTC"}
    return "text" if isinstance(dtype, pd.StringDtype) else kinds[dtype.kind]


@pytest.mark.parametrize("name", [name for name in nx.__all__ if inspect.isfunction(getattr(nx, name))])
def test_the_columns_of_each_docstring_are_of_a_known_type(name: str) -> None:
    assert set(read_columns(name).values()) <= {"", "text", "bool", "int", "float", "time", "time, UTC"}


@pytest.mark.slow
def test_the_columns_of_the_reference_are_those_of_the_frames(session: nx.Session) -> None:
    plan = nx.plan_sms(["447700900000"], "Hello", sender="Demo")
    frames = {
        "applications": nx.applications(),
        "clean_contacts": nx.clean_contacts(["447700900000"]).drop(columns="given_to"),
        "countries": nx.countries(),
        "price_book": nx.price_book("GB"),
        "prices": nx.prices("GB"),
        "search_numbers": nx.search_numbers("GB", limit=3),
        "send_sms": nx.send_sms("447700900000", "Hello", sender="Demo"),
        "send_many": nx.send_many(plan, batch="b", progress=False),
        "sent": nx.sent(),
        "show_connection": nx.show_connection(),
        "subaccounts": nx.subaccounts(),
        "summary": nx.summary(plan),
    }
    for name, frame in frames.items():
        shown = read_columns(name)
        given = {column: name_type(dtype) for column, dtype in frame.dtypes.items() if column != "currency"}
        shown.pop("currency", None)
        assert shown == given, name


class TestInTheBrowser:
    pytestmark = BROWSER_MARKS

    @pytest.mark.parametrize("name", OF_EACH_KIND)
    def test_a_page_can_be_read_by_everybody(self, name: str, browser: Any, address: str) -> None:
        found: list[str] = []
        asked: list[str] = []
        for theme in ("light", "dark"):
            with browser.new_context(color_scheme=theme) as context:
                page = context.new_page()
                page.on("request", lambda request: asked.append(request.url))
                for width in (1400, 420):
                    page.set_viewport_size({"width": width, "height": 1000})
                    page.goto(f"{address}/{name}.html")
                    assert page.locator("html").get_attribute("data-theme") == theme
                    found += [f"{theme}, {width}: {each}" for each in find_violations(page, "body")]
                    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                        found.append(f"{theme}, {width}: the page is wider than its window")
                    take_screenshot(page, f"site_{name.replace('/', '_')}_{theme}_{width}", full_page=True)
        assert found == []
        assert asked
        assert [url for url in asked if not url.startswith(address)] == []

    @pytest.mark.parametrize(("words", "right"), SEARCHES.items())
    def test_the_search_finds(self, words: str, right: str, browser: Any, address: str) -> None:
        with browser.new_context() as context:
            page = context.new_page()
            page.goto(f"{address}/index.html")
            page.get_by_role("button", name="Search").first.click()
            page.locator("dialog input[type=search]").fill(words)
            page.keyboard.press("Enter")
            page.locator("ul.search li a").first.wait_for()
            page.get_by_text("Search finished").or_(page.locator(".search-summary")).first.wait_for()
            found = [link.get_attribute("href") for link in page.locator("ul.search li > a").all()]
            assert any((link or "").startswith(f"{right}.html") for link in found[:5]), found
            page.locator(f'ul.search li > a[href^="{right}.html"]').first.click()
            page.wait_for_url(f"{address}/{right}.html*")
            assert words.split(maxsplit=1)[0] in page.locator("article").inner_text().lower()
