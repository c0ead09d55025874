"""The log of requests, as tests and the inbox read it: without anything that authenticates."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from nexmo_nb.sandbox.accidents import NOT_ARRIVING
from nexmo_nb.sandbox.auth import name_auth_method
from nexmo_nb.sandbox.exchange import Accident, Answer, Request
from nexmo_nb.sandbox.world import World

HEADERS = ("User-Agent", "Accept", "Content-Type", "Host", "Cache-Control")
SECRETS = ("api_secret", "sig", "secret", "newSecret")
# Accidents after which the client has no status.
WITHOUT_STATUS = ("drop-before", "drop-after", "reset")
LONGEST_ANSWER = 2_000


def log_request(world: World, request: Request) -> dict[str, Any]:
    """Append a request to the log, and return its entry."""
    headers = {name.lower(): request.headers[name] for name in HEADERS if name in request.headers}
    scheme = request.headers.get("Authorization", "").partition(" ")[0]
    entry = {
        "at": world.time.count_seconds(),
        "method": request.method,
        "path": request.path,
        "query": _omit_secrets(request.query),
        "form": _omit_secrets(request.form),
        "json": _omit_secrets(request.json) if isinstance(request.json, dict) else request.json,
        "auth": name_auth_method(request),
        "headers": {**headers, **({"authorization": scheme} if scheme else {})},
        "status": None,
        "answer": None,
        "throttled": False,
        "note": "",
    }
    with world.lock:
        world.requests.append(entry)
        _mark_changed(world, entry)
        entry["number"] = entry["revision"]
    return entry


def log_answer(world: World, entry: dict[str, Any], answer: Answer, accident: Accident) -> None:
    kind = accident.get("kind", "")
    with world.lock:
        entry["status"] = None if kind in WITHOUT_STATUS else answer.status
        summary = f"({kind})" if kind in NOT_ARRIVING else _summarize_body(answer.body)
        entry["answer"] = f"{summary} {entry['note']}".strip()
        _mark_changed(world, entry)


def _mark_changed(world: World, entry: dict[str, Any]) -> None:
    """Give the entry the number of its last change, by which the inbox asks for what is newer than what it has."""
    world.changes += 1
    entry["revision"] = world.changes


def _summarize_body(body: Any) -> str:
    """Shorten a body, and leave out the private key of a new application."""
    if isinstance(body, bytes):
        return f"({len(body):,} bytes)"
    if body is None:
        return ""
    text = json.dumps(body, ensure_ascii=False)
    text = re.sub("-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----", "(private key)", text)
    return text if len(text) <= LONGEST_ANSWER else f"{text[:LONGEST_ANSWER]} …"


def _omit_secrets(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in SECRETS}
