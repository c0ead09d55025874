"""Looks for secrets where none may be."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from urllib.parse import quote_plus

from nexmo_nb.sandbox import Sandbox


def find_leaks(folder: Path, sandbox: Sandbox) -> None:
    """Fail if a file of a folder holds a secret, except for the keys of new applications."""
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
