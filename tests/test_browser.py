"""Forms and inbox in a real browser: JupyterLab, a person's keystrokes and clicks, and the sandbox's own count."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from nexmo_nb.sandbox import Sandbox

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
MISSING = [
    name
    for name, there in (
        ("chromium (Debian's package of this name)", CHROMIUM),
        ("playwright (pip install 'nexmo_nb[browser]')", find_spec("playwright")),
        ("jupyterlab (pip install 'nexmo_nb[browser]')", find_spec("jupyterlab")),
    )
    if not there
]
# On a person's machine a missing browser is no fault; where every commit is checked it would hide one.
if MISSING and os.environ.get("CI"):
    raise RuntimeError(f"the browser tests must run here, and need {', '.join(MISSING)}")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}"),
    pytest.mark.filterwarnings("default"),
]
READY = """() => {
  const kernel = window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel;
  return kernel && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
}"""
HOSTILE = "<img src=x onerror=alert(1)> & co"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def strict() -> Iterator[Sandbox]:
    with Sandbox(limits=False) as sandbox:
        yield sandbox


@pytest.fixture
def lab(strict: Sandbox, tmp_path: Path) -> Iterator[str]:
    """JupyterLab on a copy of the notebooks, connected to the sandbox."""
    shutil.copytree(NOTEBOOKS, tmp_path / "notebooks")
    port, token = 20_000 + os.getpid() % 20_000, uuid.uuid4().hex
    options = ["--no-browser", "--allow-root", f"--port={port}", f"--IdentityProvider.token={token}"]
    news = tmp_path / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    news.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    environment = {
        **os.environ,
        "NEXMO_NB_CONNECT": strict.url,
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
    }
    command = [sys.executable, "-m", "jupyter", "lab", str(tmp_path / "notebooks"), *options]
    with (tmp_path / "lab.log").open("w") as log:
        server = subprocess.Popen(
            [*command, "--LabApp.expose_app_in_browser=True"], env=environment, stdout=log, stderr=log
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/api/status?token={token}")
            yield f"http://127.0.0.1:{port}/lab/workspaces/{uuid.uuid4().hex}/tree/04_forms.ipynb?reset&token={token}"
        finally:
            server.terminate()
            server.wait(20)


def _wait_for(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"no answer from {url}")


@pytest.fixture
def page(browser: Any, lab: str) -> Iterator[Any]:
    """The notebook of forms, run to its end."""
    page = browser.new_page(viewport={"width": 1100, "height": 1400})
    page.goto(lab)
    page.wait_for_function(READY, timeout=60_000)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.get_by_role("button", name="Preview").nth(3).wait_for(timeout=60_000)
    page.wait_for_function(READY, timeout=60_000)
    yield page
    page.close()


def settled(page: Any) -> None:
    """Wait until the kernel has done what was clicked."""
    page.wait_for_timeout(300)
    page.wait_for_function(READY, timeout=30_000)
    page.wait_for_timeout(300)


def write(page: Any, text: str) -> None:
    page.get_by_label("Text", exact=True).first.fill(text)
    settled(page)


def picture(page: Any, name: str, tmp_path: Path) -> None:
    """Keep what was seen: where SCREENSHOTS says, or with the test's own files."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    page.screenshot(path=folder / f"{name}.png")


def test_a_person_previews_double_clicks_and_sees_one_message(
    page: Any, browser: Any, strict: Sandbox, tmp_path: Path
) -> None:
    inbox = browser.new_page(viewport={"width": 1000, "height": 640})
    alerts: list[str] = []
    for each in (page, inbox):
        each.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
    inbox.goto(strict.url)
    write(page, HOSTILE)
    preview, send = (page.get_by_role("button", name=name).first for name in ("Preview", "Send"))
    assert send.is_disabled()
    preview.click()
    settled(page)
    picture(page, "lab", tmp_path)
    assert strict.messages == []
    send.dblclick()
    settled(page)
    assert [message["text"] for message in strict.messages] == [HOSTILE]
    page.get_by_text("Sent.").wait_for()
    inbox.get_by_text(HOSTILE, exact=True).wait_for(timeout=5_000)
    picture(inbox, "inbox_hostile", tmp_path)
    assert alerts == []
    inbox.close()


def test_clicks_that_queue_while_the_kernel_is_busy_send_one_message(page: Any, strict: Sandbox) -> None:
    write(page, "once")
    page.get_by_role("button", name="Preview").first.click()
    settled(page)
    strict.latency = 1.0
    send = page.get_by_role("button", name="Send").first
    for _ in range(3):
        send.dispatch_event("click")
    time.sleep(0.2)
    strict.latency = 0.0
    settled(page)
    settled(page)
    assert [message["text"] for message in strict.messages] == ["once"]


def test_enter_blur_and_running_the_cells_again_send_nothing(page: Any, strict: Sandbox) -> None:
    write(page, "never")
    page.get_by_role("button", name="Preview").first.click()
    settled(page)
    page.get_by_label("From").first.press("Enter")
    page.get_by_label("To", exact=True).first.press("Tab")
    settled(page)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    settled(page)
    assert page.get_by_role("button", name="Send").first.is_disabled()
    assert strict.messages == []


def test_each_form_and_the_inbox_look_right_wide_narrow_and_dark(
    page: Any, browser: Any, strict: Sandbox, tmp_path: Path
) -> None:
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    write(page, "Olá Ana! Your table is ready at 8. See you soon.")
    page.get_by_role("button", name="Preview").first.click()
    settled(page)
    forms = page.locator(".jp-OutputArea-output:has(button)")
    for n, name in enumerate(("sms_form", "voice_form", "application_form", "number_form")):
        forms.nth(n).scroll_into_view_if_needed()
        if name == "number_form":
            forms.nth(n).get_by_role("button", name="Search").click()
            settled(page)
        forms.nth(n).screenshot(path=folder / f"{name}.png")
        wide = forms.nth(n).locator(".widget-text, .widget-textarea, .widget-dropdown, .widget-combobox")
        room = forms.nth(n).bounding_box()
        boxes = [box for box in (each.bounding_box() for each in wide.all()) if box]
        assert boxes
        assert all(box["x"] + box["width"] <= room["x"] + room["width"] + 1 for box in boxes), name
    page.get_by_role("button", name="Send").first.click()
    settled(page)
    for name, width, scheme in (("inbox", 900, "light"), ("inbox_narrow", 400, "dark")):
        inbox = browser.new_page(viewport={"width": width, "height": 420}, color_scheme=scheme)
        inbox.goto(strict.url)
        inbox.get_by_text("Olá Ana!").first.wait_for(timeout=5_000)
        assert inbox.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        inbox.screenshot(path=folder / f"{name}.png")
        inbox.close()
