"""A request as it was read, and the answer to it: all that the HTTP server and the endpoints share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple

BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
Accident = Mapping[str, Any]
"""An accident that was scheduled: its `kind` and details. Empty where nothing is to go wrong."""


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    json: Any
    headers: Mapping[str, str]
    problem: str = ""
    scheme: str = "http"

    @property
    def pairs(self) -> dict[str, str]:
        """Parameters of endpoints that accept them in the query or in the form."""
        return {**self.query, **self.form}

    @property
    def fields(self) -> dict[str, str]:
        """Parameters of endpoints that accept them in the query, in the form or (for older clients) as JSON."""
        members = self.json if isinstance(self.json, dict) else {}
        texts = {name: str(value) for name, value in members.items() if value is not None}
        return {**self.query, **texts, **self.form}

    @property
    def origin(self) -> str:
        """The address that the client asked, to which links in an answer must lead: its header goes along."""
        return f"{self.scheme}://{self.headers.get('Host', '')}"

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()


class Answer(NamedTuple):
    """Status, body (JSON, or bytes that are sent as they are) and headers beyond the usual ones."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = {}

    def encode_body(self) -> bytes:
        if self.status in BODILESS:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
