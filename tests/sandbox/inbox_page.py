"""The inbox in a real browser: what fills it, and what a person finds on its page."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers import rented
from sandbox_client import Client

from nexmo_nb.sandbox import Sandbox

WIDE, NARROW = {"width": 1400, "height": 800}, {"width": 420, "height": 800}
LONG = "Please bring the papers that we asked you for, and be there ten minutes early. " * 4
ANA, BEN = "447700900123", "351912345678"
Open = Callable[..., Any]


def fill(client: Client, sandbox: Sandbox) -> None:
    """Send to two recipients, with a part refused, call, and change applications and numbers."""
    client.sms(to=ANA, text="Olá Ana! Your table is ready at 8.", type="unicode", client_ref="booking-17")
    client.sms(to=BEN, text="Hello Ben, your order has left.", client_ref="order-4")
    client.sms(to=ANA, text=LONG)
    sandbox.fail_next("partial")
    client.sms(to=BEN, text=LONG)
    client.sms(to=ANA, text="See you soon.")
    keys = {"api_key": sandbox.api_key, "api_secret": sandbox.api_secret}
    client.request("POST", "/tts/json", form={**keys, "to": ANA, "text": "Your table is ready"}, Authorization="")
    code = client.request("POST", "/v2/applications", {"name": "Bookings"})[1]["id"]
    client.request("DELETE", f"/v2/applications/{code}")
    country, number = rented(sandbox)
    assert client.request("POST", "/number/buy", form={"country": country, "msisdn": number})[0] == 200


def fill_with_many(client: Client, sandbox: Sandbox, count: int, recipients: int) -> None:
    """Put many messages into the sandbox's books, the newest to the last of the recipients."""
    client.sms(text="Your table is ready at eight.")
    (sent,) = sandbox.messages
    sandbox.world.messages[:] = [
        {
            **sent,
            "to": f"447700{n % recipients:06d}",
            "client_ref": f"reference-{n}",
            "parts": [{**sent["parts"][0], "message_id": sandbox.world.new_id()}],
        }
        for n in range(count)
    ]


def recipients_of(page: Any) -> Any:
    return page.get_by_role("list", name="Recipients").get_by_role("button")


def thread_of(page: Any) -> Any:
    return page.locator("#thread > li")


def open_tab(page: Any, name: str) -> Any:
    page.get_by_role("tab", name=name).click()
    return page.get_by_role("tabpanel", name=name)


def read_totals(page: Any) -> dict[str, str]:
    names, values = (page.locator(f"#totals {tag}").all_inner_texts() for tag in ("dt", "dd"))
    return dict(zip(names, values, strict=True))


def download(page: Any, kind: str) -> tuple[str, Path]:
    with page.expect_download() as found:
        page.get_by_role("button", name=f"Export {kind}").click()
    return found.value.suggested_filename, found.value.path()


def read_csv_rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
