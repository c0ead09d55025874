"""Webhooks that are to be posted, by the sandbox's clock: which, when, and when again."""

from __future__ import annotations

import heapq
import ipaddress
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from nexmo_nb.sandbox.world import World

Webhook = dict[str, Any]
# A failed one is posted again after 5 s, then after twice as long each time, up to a quarter of an hour.
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 900.0
LIFETIMES = {"receipt": timedelta(hours=72), "inbound": timedelta(hours=24), "status": timedelta(hours=24)}
"""For how long each kind is posted again. A call's event is tried twice, whatever the time."""
TRIES_OF_EVENTS = 2


def add_webhook(world: World, webhook: Mapping[str, Any], due: datetime) -> None:
    """Add a webhook that is due at a time. One to an address that is not of this machine is kept, and never posted.

    It has the `kind`, `url`, `method`, `format` (``query``, ``form``, ``json``), `signature` (``sig``, ``jwt`` or none)
    and the `fields`.
    """
    entry = {**webhook, "number": len(world.webhooks) + 1, "due": due.isoformat(), "tries": []}
    problem = find_problem(entry["url"])
    world.webhooks.append({**entry, "state": f"not called: {problem}" if problem else "waiting"})
    if not problem:
        heapq.heappush(world.webhook_queue, [due.timestamp(), entry["number"]])
        world.on_webhook()


def find_problem(url: str) -> str:
    """Find why an address is not called; empty where it is one of this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        is_here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        return "the sandbox calls only addresses of this machine, such as http://127.0.0.1:5000/hook"
    return "" if parts.scheme == "http" else "the sandbox calls http:// addresses only"


def take_due(world: World) -> Webhook | None:
    """Take the webhook that is due first; None where none is due yet."""
    with world.lock:
        if not world.webhook_queue or world.webhook_queue[0][0] > world.now().timestamp():
            return None
        _, number = heapq.heappop(world.webhook_queue)
        return world.webhooks[int(number) - 1]


def find_next_due(world: World) -> float | None:
    """Find when the next webhook is due, as Unix seconds of the sandbox's clock; None where none waits."""
    with world.lock:
        return float(world.webhook_queue[0][0]) if world.webhook_queue else None


def note_try(world: World, webhook: Webhook, answer: int | str) -> None:
    """Note a webhook's answer, a status or why there was none; where it failed, plan when it is posted again."""
    with world.lock:
        if not any(each is webhook for each in world.webhooks[webhook["number"] - 1 : webhook["number"]]):
            return  # all was reset meanwhile
        now = world.now()
        webhook["tries"].append({"time": now.isoformat(), "answer": answer})
        if isinstance(answer, int) and HTTPStatus.OK <= answer < HTTPStatus.MULTIPLE_CHOICES:
            webhook["state"] = "done"
            return
        pause = min(FIRST_PAUSE * 2 ** (len(webhook["tries"]) - 1), LONGEST_PAUSE)
        again = now + timedelta(seconds=pause)
        lifetime = LIFETIMES.get(webhook["kind"])
        is_over = again > datetime.fromisoformat(webhook["due"]) + lifetime if lifetime else False
        if is_over or (lifetime is None and len(webhook["tries"]) >= TRIES_OF_EVENTS):
            webhook["state"] = "given up"
        else:
            heapq.heappush(world.webhook_queue, [again.timestamp(), webhook["number"]])
