"""A whole session with every kind of accident; then its secrets are looked for in all that it left behind."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from nexmo_nb.sandbox import Sandbox

SCRIPT = r'''
import copy, logging, os, pickle, signal, sys, traceback, warnings
import requests
import nexmo_nb as nx
from IPython.core.ultratb import VerboseTB

logging.basicConfig(level=logging.DEBUG, filename=sys.argv[2], force=True)
warnings.simplefilter("always")
url = sys.argv[1]
URLS = dict(answer_url="https://example.org/a", event_url="https://example.org/e")


def fail(kind, **detail):
    requests.post(f"{url}/_sandbox/fail", json={"kind": kind, **detail}, timeout=5).raise_for_status()


def tell(error):
    """All that a person or a tool could make of an exception."""
    print(repr(error), str(error), getattr(error, "parts", None))
    lines = traceback.TracebackException.from_exception(error, capture_locals=True).format(chain=True)
    print("".join(lines))
    VerboseTB(ostream=sys.stdout)(type(error), error, error.__traceback__)
    try:
        print(pickle.dumps(error, 0))
    except Exception as problem:
        print(problem)


def attempt(work, name):
    try:
        print(name, work())
    except BaseException as error:
        tell(error)


def everything():
    code = nx.applications().id[0]
    number = nx.search_numbers("PT", limit=1).msisdn[0]
    owned = nx.owned_numbers().iloc[0]
    made = nx.create_application("Survey", **URLS)
    print(made.to_csv(), made.to_html(), made.to_json())
    nx.application(code)
    nx.update_application(made.id[0], name="Other")
    nx.delete_application(made.id[0])
    nx.buy_number("PT", number)
    nx.update_number("PT", number, mo_http_url="https://example.org/in")
    nx.cancel_number("PT", number)
    print(nx.send_sms("447700900123", "Ola \u20ac", sender="Demo").to_html())
    nx.send_voice("447700900123", "Hello", api="tts")
    return nx.send_voice("447700900123", "Hello")


CALLS = {
    "list": lambda: nx.applications(refresh=True),
    "sms": lambda: nx.send_sms("447700900123", "Hello", sender="Demo"),
    "call": lambda: nx.send_voice("447700900123", "Hello"),
    "tts": lambda: nx.send_voice("447700900123", "Hello", api="tts"),
    "create": lambda: nx.create_application("Survey", **URLS),
    "buy": lambda: nx.buy_number("PT", "351900000000"),
}


def interrupt(*_):
    raise KeyboardInterrupt


def hidden():
    """Where a caller gets a secret from is its own affair; its line must not show the environment either."""
    return os.environ["NEXMO_API_SECRET"]


def renew():
    requests.post(f"{url}/_sandbox/reset", json={}, timeout=5).raise_for_status()


KEY = os.environ["NEXMO_API_KEY"]
FREE = dict.fromkeys(("sms", "calls", "numbers", "owned"), (100000, 1))
ACCIDENTS = {
    "429": {}, "500": {}, "drop-before": {}, "drop-after": {}, "garbage": {}, "truncated": {}, "throttled": {},
    "no-credit": {}, "redirect": {"location": "http://127.0.0.1:9/"}, "slow": {"seconds": 1.2},
}
for signed in (True, False):
    session = nx.connect(url, api_key=KEY, calls=100000, limits=FREE, timeout=0.3)
    session.pause = lambda _: None
    print(session, session.account, vars(session.account), nx.show_connection().to_html(), session.throttle.status())
    for thing in (session, session.account, session.account.api_secret):
        attempt(lambda: pickle.dumps(thing), "pickle")
        attempt(lambda: copy.copy(thing), "copy")
    attempt(everything, "everything")
    for kind, detail in ACCIDENTS.items():
        for name, call in CALLS.items():
            fail(kind, times=1 if kind == "slow" else 3, **detail)
            attempt(call, name)
            renew()
    signal.signal(signal.SIGALRM, interrupt)
    for name, call in CALLS.items():
        fail("slow", seconds=1.2)
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        attempt(call, "interrupted " + name)
        signal.setitimer(signal.ITIMER_REAL, 0)
        renew()
    session.close()
    os.environ.pop("NEXMO_SIGNATURE_SECRET", None)

attempt(lambda: nx.connect(url, api_key="bad:key", api_secret=hidden()), "bad key")
attempt(lambda: nx.connect(url, api_key="abcd1234", private_key=hidden()), "bad private key")
attempt(lambda: nx.connect("http://example.org", api_secret=hidden()), "bad url")
print("done")
'''


@pytest.mark.slow
def test_no_secret_is_left_anywhere(sandbox: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    key = folder.parent / "private.key.txt"
    key.write_text(sandbox.private_key)
    secrets = {
        "NEXMO_API_KEY": sandbox.api_key,
        "NEXMO_API_SECRET": sandbox.api_secret,
        "NEXMO_SIGNATURE_SECRET": sandbox.signature_secret,
        "NEXMO_APPLICATION_ID": sandbox.application_id,
        "NEXMO_PRIVATE_KEY": str(key),
        "NEXMO_NB_STATE_DIR": str(folder / "state"),
        "PYTHONHASHSEED": "0",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, sandbox.url, str(folder / "debug.log")],
        env={**os.environ, **secrets},
        cwd=folder,
        capture_output=True,
        timeout=300,
    )
    (folder / "stdout").write_bytes(done.stdout)
    (folder / "stderr").write_bytes(done.stderr)
    assert done.stdout.rstrip().endswith(b"done"), done.stderr[-3000:]
    # The search means something only if the accidents happened, and were told and logged at length.
    told = done.stdout.decode()
    assert {"sms", "tts"} <= set(re.findall(r"/(sms|tts)/json", (folder / "debug.log").read_text()))
    for word in ("everything", "UnknownOutcomeError", "UnreachableError", "RateLimitedError", "KeyboardInterrupt"):
        assert word in told

    pair = f"{sandbox.api_key}:{sandbox.api_secret}".encode()
    lines = [line for line in sandbox.private_key.splitlines() if "-----" not in line]
    needles = [
        sandbox.api_secret.encode(),
        quote_plus(sandbox.api_secret).encode(),
        base64.b64encode(pair),
        base64.b64encode(sandbox.api_secret.encode()),
        sandbox.signature_secret.encode(),
        *(line.encode() for line in lines),
    ]
    token = re.compile(rb"eyJ[\w-]{10,}\.eyJ[\w-]{10,}")
    made = re.compile(rb"-----BEGIN (RSA )?PRIVATE KEY-----")
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            found = [needle for needle in needles if needle in content]
            assert not found, (path, content[max(0, content.index(found[0]) - 600) :][:900])
            assert not token.search(content), path
            assert path.parent.name == "keys" or not made.search(content), path
