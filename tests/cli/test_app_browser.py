"""The app in a real browser, by its command: what a person sees and reaches by keys, on the sandbox and live."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from browsers import BROWSER_MARKS, find_violations, take_screenshot
from notebook_page import FOCUSED_NAME

from nexmo_nb.sandbox import Sandbox

pytestmark = BROWSER_MARKS
TABS = ("Send SMS", "Send a campaign", "Call and say a text", "Rent and give back numbers", "Applications")
DEVELOPERS_WORDS = re.compile(r"python|session|kernel|dataframe|parameter|notebook|\bnx\.|\(\)", re.IGNORECASE)
SERVING = re.compile(r"running at:\n(http://\S+)")
# A gateway that speaks the same wire is live to the client: so a test needs no account, and reaches no host of Nexmo.
LIVE_NOTEBOOK = """{"cells": [{"cell_type": "code", "execution_count": null, "id": "a", "metadata": {}, "outputs": [],
"source": ["import os\\n", "import nexmo_nb as nx\\n", "from nexmo_nb.forms.app import App\\n",
"login = {name: os.environ['NEXMO_' + name.upper()] for name in ('api_key', 'api_secret')}\\n",
"App(nx.connect(os.environ['GATEWAY'], **login))"]}], "metadata": {"kernelspec": {"display_name": "Python 3",
"language": "python", "name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}"""


@contextmanager
def serve_app(folder: Path, *options: str, **variables: str) -> Iterator[tuple[str, Path]]:
    """Run the command as a person does; give the address that it prints, and the file of all that it prints."""
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        **variables,
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "nexmo_nb.cli", "app", *options, f"--port={port}"]
    log = folder / "app.log"
    with log.open("w") as file:
        # In a group of its own, as in a terminal, where Ctrl-C reaches the command and its server.
        app = subprocess.Popen(
            words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file, process_group=0
        )
        try:
            while not (found := SERVING.search(log.read_text())):
                assert app.poll() is None, log.read_text()
                time.sleep(0.1)
            yield found[1], log
        finally:
            os.killpg(app.pid, signal.SIGINT)
            app.wait(60)


def open_app(browser: Any, url: str, width: int) -> Any:
    page = browser.new_page(viewport={"width": width, "height": 1080})
    page.set_default_timeout(60_000)
    page.goto(url)
    page.get_by_role("button", name="Preview").wait_for()
    return page


def check_page(page: Any) -> None:
    """Check what holds for each form: no violation, no word of developers, nothing wider than the page."""
    assert find_violations(page, ".nexmo-nb-app") == []
    assert DEVELOPERS_WORDS.search(page.inner_text("body")) is None
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app on the sandbox; each visit has a kernel and a sandbox of its own."""
    folder = tmp_path_factory.mktemp("app")
    with serve_app(folder, "--no-browser", HOME=str(folder), NEXMO_NB_STATE_DIR=str(folder / "state")) as (url, _):
        yield url


@pytest.mark.parametrize("width", [1400, 420])
def test_keys_alone_choose_a_form_and_send_and_no_word_is_a_developers(width: int, browser: Any, app: str) -> None:
    page = open_app(browser, app, width)
    assert page.get_by_role("tab").all_inner_texts() == list(TABS)
    assert page.get_by_text("SANDBOX").count() == 2
    page.keyboard.press("Tab")
    for place, title in enumerate(TABS):
        if place:
            page.keyboard.press("ArrowRight")
            page.keyboard.press("Enter")
        page.get_by_role("heading", name=title, exact=True).wait_for()
        assert page.evaluate(FOCUSED_NAME) == title
        check_page(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=TABS[0], exact=True).wait_for()
    for name, text in (("From", "Demo"), ("To", "+44 7700 900000"), ("Country", ""), ("Text", "Hello Ana!")):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUSED_NAME) == name
        page.keyboard.type(text)
    page.get_by_text("1 part, room for 150 more").wait_for()
    for name in ("Advanced", "Preview"):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUSED_NAME) == name
    page.keyboard.press("Enter")
    page.locator(".nexmo-nb-figure").wait_for()
    page.locator("button.mod-primary:enabled").wait_for()
    take_screenshot(page, "app" if width == 1400 else "app_narrow")
    check_page(page)
    for _ in range(3):  # past the two tables, which keys scroll
        page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED_NAME) == "Send"
    page.keyboard.press("Enter")
    page.get_by_text("1 accepted.").wait_for()
    assert page.locator("details").count() == 0
    check_page(page)
    page.close()


def test_a_live_app_is_red_and_lets_nobody_in_without_its_token(browser: Any, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "mine.ipynb").write_text(LIVE_NOTEBOOK)
    login = {"NEXMO_API_KEY": sandbox.api_key, "NEXMO_API_SECRET": sandbox.api_secret, "GATEWAY": sandbox.url}
    with serve_app(tmp_path, "mine.ipynb", "--live", "--yes", **login) as (url, log):
        address, _, token = url.partition("?token=")
        assert address.startswith("http://127.0.0.1:")
        assert len(token) > 20
        page = browser.new_page()
        page.goto(address)
        assert page.get_by_text("LIVE").count() == 0
        assert "/login" in page.url
        page.close()
        page = open_app(browser, url, 1400)
        badges = page.get_by_text("LIVE", exact=True)
        assert badges.count() == 2
        assert {badge.evaluate("node => getComputedStyle(node).backgroundColor") for badge in badges.all()} == {
            "rgb(176, 0, 32)"
        }
        page.get_by_text("What you send here reaches people, and costs money.").wait_for()
        take_screenshot(page, "app_live")
        check_page(page)
        shown = page.content() + log.read_text()
        page.close()
    assert "the account with the key" in shown
    assert sandbox.api_secret not in shown
