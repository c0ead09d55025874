"""Notebooks in a real browser: a server of notebooks on a sandbox, and what a person does and sees on its page."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from nexmo_nb.sandbox import Sandbox

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
FORMS = NOTEBOOKS / "04_forms.ipynb"
READY = """() => {
  const kernel = window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel;
  return kernel && kernel.connectionStatus === 'connected' && kernel.status === 'idle';
}"""
# The kernel answers in turn, and its answer counts as come when all that it said before has: so after an answer, what
# was clicked before is done. The second time around is for what the page sends when it has the answer to a click.
ANSWERED = """async () => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  for (let n = 0; n < 3; n++) {
    await kernel.requestKernelInfo();
    await new Promise(done => requestAnimationFrame(() => setTimeout(done, 20)));
  }
}"""
FOCUSED_NAME = """() => {
  const node = document.activeElement;
  return node.labels?.[0]?.textContent ?? node.textContent.trim();
}"""
# Fields that a screen reader could not name.
UNNAMED_FIELDS = """() => [...document.querySelectorAll('input, select, textarea')]
  .filter(node => node.offsetParent && !node.labels?.length && !node.getAttribute('aria-label'))
  .map(node => node.outerHTML.slice(0, 200))"""
# The least contrast of visible text in the forms, by the formula of WCAG 2, and where it is.
CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = parse(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.5) return colour;
    }
    return [255, 255, 255];
  };
  let least = [99, ''];
  for (const node of document.querySelectorAll('.jupyter-widgets *')) {
    const own = [...node.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!node.offsetParent || node.disabled || !(own || node.value)) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < least[0]) least = [ratio, node.outerHTML.slice(0, 160)];
  }
  return least;
}"""


COMMANDS = {
    "lab": ["jupyter", "lab", "notebooks", "--allow-root", "--LabApp.expose_app_in_browser=True"],
    "notebook": ["jupyter", "notebook", "notebooks", "--allow-root"],
    "voila": ["voila", "notebooks/04_forms.ipynb"],
}


class Server(NamedTuple):
    """A server of notebooks, connected to a sandbox; starting one takes longer than most tests."""

    kind: str
    folder: Path
    root: str
    token: str

    def open_forms(self) -> AbstractContextManager[str]:
        return self.open_notebook(FORMS)

    @contextmanager
    def open_notebook(self, source: Path) -> Iterator[str]:
        """Give the address of a new copy of a notebook, without any state of earlier ones, and end its kernel."""
        shutil.rmtree(self.folder / "state", ignore_errors=True)
        if self.kind == "voila":
            shutil.copy(source, self.folder / "notebooks" / FORMS.name)
            yield self.root  # a kernel for each visit
            return
        name = uuid.uuid4().hex
        shutil.copy(source, self.folder / "notebooks" / f"{name}.ipynb")
        page = f"lab/workspaces/{name}/tree" if self.kind == "lab" else "notebooks"
        yield f"{self.root}/{page}/{name}.ipynb?reset&token={self.token}"
        for session in json.loads(self.ask("GET", "/api/sessions")):
            self.ask("DELETE", f"/api/sessions/{session['id']}")

    def ask(self, method: str, path: str) -> bytes:
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(f"{self.root}{path}", method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return bytes(answer.read())


@contextmanager
def serve_notebooks(kind: str, strict: Sandbox, folder: Path) -> Iterator[Server]:
    """Serve a copy of the notebooks, connected to the sandbox, with a home and a state of its own."""
    shutil.copytree(NOTEBOOKS, folder / "notebooks")
    (folder / "home").mkdir()
    # Below the ports that the system gives to others, and one for each kind.
    port, token = 20_000 + (os.getpid() * 3 + list(COMMANDS).index(kind)) % 12_000, uuid.uuid4().hex
    news = folder / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    news.parent.mkdir(parents=True)
    news.write_text('{"fetchNews": "false", "checkForUpdates": false}')
    others = ("NEXMO_", "VONAGE_")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(others)},
        "HOME": str(folder / "home"),
        "NEXMO_NB_STATE_DIR": str(folder / "state"),
        "NEXMO_NB_CONNECT": strict.url,
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }
    options = ["--no-browser", f"--port={port}", "--JupyterNotebookApp.expose_app_in_browser=True"]
    options += [] if kind == "voila" else [f"--IdentityProvider.token={token}"]
    root = f"http://127.0.0.1:{port}"
    with (folder / f"{kind}.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", *COMMANDS[kind], *options], cwd=folder, env=environment, stdout=log, stderr=log
        )
        try:
            # Voila runs the whole notebook for each visit: only its static files answer at once.
            wait_for_url(f"{root}/voila/static/favicon.ico" if kind == "voila" else f"{root}/api/status?token={token}")
            yield Server(kind, folder, root, token)
        finally:
            server.terminate()
            server.wait(60)


def wait_for_url(url: str) -> None:
    for _ in range(3000):
        try:
            urllib.request.urlopen(url, timeout=60).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"no answer from {url}")


def write_notebook(path: Path, *cells: str) -> Path:
    """Write a notebook of some cells that are not run yet."""
    made = [
        {"cell_type": "code", "id": str(n), "metadata": {}, "execution_count": None, "outputs": [], "source": cell}
        for n, cell in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": made}
    path.write_text(json.dumps(content))
    return path


def set_theme(page: Any, theme: str) -> None:
    """Choose "Light" or "Dark" in JupyterLab or Notebook 7."""
    page.evaluate(
        "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", f"JupyterLab {theme}"
    )
    is_light = str(theme == "Light").lower()
    page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{is_light}'")


def open_and_run(page: Any, url: str) -> None:
    page.goto(url)
    page.wait_for_function(READY, timeout=60_000)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")


def run_all(page: Any, url: str) -> None:
    """Open the notebook of forms, and run it to its end."""
    open_and_run(page, url)
    page.get_by_role("button", name="Preview").nth(3).wait_for(timeout=60_000)
    page.wait_for_function(READY, timeout=60_000)


def wait_until_idle(page: Any, pause: float = 0) -> None:
    """Wait until the kernel has done what was clicked; first `pause` ms, where what must not come could come late."""
    page.wait_for_timeout(pause)
    page.wait_for_function(READY, timeout=60_000)
    page.evaluate(ANSWERED)
    page.wait_for_function(READY, timeout=60_000)


def type_text(page: Any, text: str) -> None:
    page.get_by_label("Text", exact=True).first.fill(text)
    wait_until_idle(page)
