"""Install a wheel into an environment of its own, outside of the repository, and use it as somebody who has no more.

    python .ci/try_wheel.py dist/nexmo_nb-1.2.3-py3-none-any.whl [--borrow]

With --borrow, everything but the wheel itself is that of the environment that this runs in: it takes seconds, not
minutes. What is wrong raises.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path
from typing import Any


def install(wheel: Path, folder: Path, *, borrow: bool) -> Path:
    """Install the wheel; return the folder of the programs."""
    environment = folder / "environment"
    venv.create(environment, with_pip=not borrow)
    paths = sysconfig.get_paths(vars={"base": str(environment), "platbase": str(environment)})
    words = [sys.executable, "-m", "pip", "--python", str(environment)] if borrow else [Path(paths["scripts"], "pip")]
    subprocess.run([*words, "install", "--quiet", *(["--no-deps"] if borrow else []), str(wheel)], check=True)
    if borrow:  # a file there that names an editable install is not read, and so this wheel is the only one
        Path(paths["purelib"], "borrowed.pth").write_text(sysconfig.get_paths()["purelib"])
    return Path(paths["scripts"])


def try_commands(programs: Path, folder: Path, version: str, environment: dict[str, str]) -> None:
    def run(*words: str) -> str:
        command = [programs / words[0], *words[1:]]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            raise SystemExit(f"{' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    where = "import nexmo_nb; from importlib.metadata import version as v; print(nexmo_nb.__file__, v('nexmo_nb'))"
    file, installed = run("python", "-c", where).split()
    if not Path(file).is_relative_to(folder) or installed != version:
        raise SystemExit(f"got nexmo_nb {installed} from {file}; allowed: {version} from the wheel")
    if version not in run("nexmo-nb", "--version"):
        raise SystemExit(f"--version does not say {version}")
    if "All nine actions answered" not in run("nexmo-nb", "demo"):
        raise SystemExit("the demo did not come to its end")
    if "balance" not in run("nexmo-nb", "check", "--sandbox"):
        raise SystemExit("check shows no balance")
    # What is read from files of the package: words, styles, scripts, the page of the inbox.
    forms = "import nexmo_nb as nx; nx.connect('sandbox'); nx.set_options(language='pt')"
    if "Enviar" not in run("python", "-c", f"{forms}; print(nx.sms_form().send.description)"):
        raise SystemExit("the forms have no Portuguese words")


def try_lab(programs: Path, folder: Path, environment: dict[str, str]) -> None:
    """Open the notebooks that the wheel ships in a server, or see that a sentence says what to install for it."""
    tried = subprocess.run([programs / "python", "-c", "import jupyterlab"], capture_output=True, check=False)
    has_server = not tried.returncode
    command = [programs / "nexmo-nb", "lab", "--no-browser", "--allow-root", "--ServerApp.port=0"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    lab = subprocess.Popen(command, cwd=folder, env=environment, start_new_session=True, **pipes)
    assert lab.stdout is not None
    said = []
    try:
        for line in lab.stdout:
            said.append(line)
            if found := re.search(r"(http://127\.0\.0\.1:\d+)/lab\?(token=\w+)", line):
                break
        else:
            if has_server or "pip install 'nexmo_nb[lab]'" not in said[-1]:
                raise SystemExit("".join(said))
            return
        threading.Thread(target=lab.stdout.read, daemon=True).start()  # else a full pipe would stop the server
        listed = json.loads(ask_server(f"{found[1]}/api/contents?{found[2]}"))
        ask_server(f"{found[1]}/api/shutdown?{found[2]}", data=b"")
        lab.wait(timeout=60)
    finally:
        with contextlib.suppress(ProcessLookupError):  # it ended, as it should
            os.killpg(lab.pid, signal.SIGKILL)
        lab.wait()
    names = {each["name"] for each in listed["content"]}
    if not {"01_quickstart.ipynb", "people.csv"} <= names:
        raise SystemExit(f"the server shows {sorted(names)}")


def ask_server(address: str, data: bytes | None = None) -> bytes:
    """Ask a server that says its address before it listens there."""
    for left in reversed(range(100)):
        try:
            with urllib.request.urlopen(address, data, timeout=60) as answer:
                return answer.read()
        except urllib.error.URLError as problem:
            if not left or not isinstance(problem.reason, ConnectionRefusedError):
                raise
            time.sleep(0.2)
    raise AssertionError(address)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--borrow", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        # Nothing of the user's and of this repository is found.
        environment = {key: value for key, value in os.environ.items() if not re.match("NEXMO|VONAGE|PYTHON", key)}
        environment |= {"HOME": name, "NEXMO_NB_STATE_DIR": str(folder / "state"), "PYTHONUNBUFFERED": "1"}
        if options.borrow:
            environment["JUPYTERLAB_DIR"] = str(Path(sys.prefix, "share/jupyter/lab"))
        programs = install(options.wheel.resolve(), folder, borrow=options.borrow)
        work = folder / "work"
        work.mkdir()
        try_commands(programs, folder, options.wheel.name.split("-")[1], environment)
        try_lab(programs, work, environment)
    print(f"{options.wheel.name} can be used by itself.")


if __name__ == "__main__":
    main()
