"""Runs the blocks of a page of Markdown in order, and compares what they print with what the page shows.

Sybil finds the blocks and what is left out; CONTRIBUTING.md, section "Documentation", has the rules for writers.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import SkipTest

from sybil import Document, Example, Region, Sybil
from sybil.evaluators.python import pad
from sybil.parsers.markdown import SkipParser
from sybil.parsers.markdown.lexers import FencedCodeBlockLexer

import nexmo_nb as nx
from nexmo_nb.sandbox import Sandbox

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
ADDRESS = "http://127.0.0.1:8787"
SHOWN = ("text", "json")
# What differs from run to run: times, random references and ids, ports, folders of the test.
VARYING = (
    (r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?", "<time>"),
    (r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<id>"),
    (r"\b[0-9a-f]{32,}\b", "<reference>"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:<port>"),
)


def list_pages() -> list[Path]:
    """List the pages whose blocks are run: all but those that are made from docstrings, which other tests run."""
    made = (DOCS / "_build", DOCS / "reference")
    pages = [path for path in DOCS.rglob("*.md") if not any(folder in path.parents for folder in made)]
    return sorted([*ROOT.glob("*.md"), *pages])


class Page:
    """The blocks of a page, run in order in this process against one sandbox."""

    def __init__(self, path: Path, sandbox: Sandbox, folder: Path) -> None:
        self.path, self.sandbox, self.folder = path, sandbox, folder
        # The blocks for a shell of the pages in the root, such as the README, install the package.
        self.ignored = {"sh"} if path.parent == ROOT else set()
        self.printed, self.end, self.error = "", -1, None
        self.document = Sybil([self.find_blocks, SkipParser()]).parse(path)

    def find_blocks(self, document: Document) -> Iterator[Region]:
        for region in FencedCodeBlockLexer(r"[^{\s][^\n]*", {"language": "arguments", "source": "source"})(document):
            if region.lexemes["arguments"] not in self.ignored:
                yield Region(region.start, region.end, region.lexemes, self.run_block)

    def run(self) -> int:
        """Run all blocks; return how many were run or were output that was compared."""
        done = 0
        for example in self.document.examples():
            if example.region.evaluator != self.run_block and None in example.parsed and "end" not in example.parsed:
                raise AssertionError(f'{self.place(example)}: say why, as in <!-- skip: next "why" -->')
            try:
                example.evaluate()
            except SkipTest:
                continue
            done += example.region.evaluator == self.run_block
        self.raise_unshown()
        return done

    def run_block(self, example: Example) -> str | None:
        language, source = example.parsed["arguments"], example.parsed["source"]
        if language in SHOWN:
            return self.compare(language, source, example)
        self.raise_unshown()
        runners = {"python": self.run_python, "sh": self.run_shell}
        if language not in runners:
            return f'nothing runs {language!r}: python, sh, text, json, or <!-- skip: next "why" --> above it'
        self.printed, self.end = "", example.region.end
        runners[language](source, example)
        return None

    def run_python(self, source: Any, example: Example) -> None:
        """Run a block as a cell of a notebook: the value of its last expression is shown."""
        tree = ast.parse(pad(source, example.line + source.line_offset), str(self.path))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        is_quiet = source.rstrip().endswith(";")
        output = io.StringIO()
        with contextlib.redirect_stdout(output), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = lambda message, category, *_: output.write(f"{category.__name__}: {message}\n")
            try:
                exec(compile(tree, str(self.path), "exec"), self.document.namespace)
                if last is not None:
                    value = eval(compile(ast.Expression(last.value), str(self.path), "eval"), self.document.namespace)
                    output.write("" if value is None or is_quiet else f"{value!r}\n")
            except nx.NexmoError as error:
                output.write(f"{type(error).__name__}: {error}\n")
                self.error = error
        self.printed = output.getvalue()

    def run_shell(self, source: str, example: Example) -> None:
        """Run a block by sh, with `nexmo-nb` of this checkout; a command that fails ends it."""
        programs = self.folder / ".programs"
        if not programs.exists():
            programs.mkdir()
            script = programs / "nexmo-nb"
            script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT}/tests/quick_connection.py" "$@"\n')
            script.chmod(0o700)
            (self.folder / ".curlrc").write_text("fail-with-body\nsilent\nshow-error\n")
        number = next(iter(self.sandbox.world.owned))
        environment = {
            **os.environ,
            "HOME": str(self.folder),
            "NUMBER": number,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        }
        command = ["sh", "-e", "-c", str(source).replace(ADDRESS, self.sandbox.url)]
        ran = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert ran.returncode == 0, f"{self.place(example)}: sh ended with {ran.returncode}\n{ran.stdout}{ran.stderr}"
        self.printed = ran.stdout

    def compare(self, language: str, shown: str, example: Example) -> str | None:
        """Compare a block that stands right below one that ran with what that one printed; others are only text."""
        if self.end < 0 or self.document.text[self.end : example.region.start].strip():
            return None
        printed, self.end, self.error = self.printed, -1, None
        same = json.loads(printed) == json.loads(shown) if language == "json" else is_same(shown, printed)
        return None if same else f"shown:\n{shown}\nprinted:\n{printed}"

    def raise_unshown(self) -> None:
        """An error that a block ended in, and that the page does not show, is the page's."""
        error, self.error = self.error, None
        if error is not None:
            raise error

    def place(self, example: Example) -> str:
        return f"{self.path.name}, line {example.line}"


def normalise(text: str) -> str:
    """Replace what varies, and leave one blank for several: a table is as wide as what varies in it."""
    for pattern, name in VARYING:
        text = re.sub(pattern, name, text)
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())


def is_same(shown: str, printed: str) -> bool:
    """Tell whether a page shows what was printed; `…` stands for anything, a line of it alone for any lines."""
    parts = [re.escape(part) for part in normalise(shown).split("…")]
    return re.fullmatch(".*".join(parts), normalise(printed), re.DOTALL) is not None
