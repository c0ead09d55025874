"""What the pages of the documentation show is run, and prints what they show."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_pages import DOCS, ROOT, Page, is_same, list_pages
from quick_connection import hurry

from nexmo_nb.sandbox import Sandbox

pytestmark = [
    pytest.mark.skipif(not DOCS.exists(), reason="runs in a checkout only"),
    pytest.mark.filterwarnings("default"),
]
# Pages that read many records or numbers, or send to many; one with a block for a shell starts processes.
SLOW = (
    "gallery",
    "recipes/money",
    "recipes/numbers",
    "recipes/sending",
    "recipes/sharing",
    "tutorials/bill",
    "tutorials/campaign",
    "tutorials/numbers",
)


def is_slow(path: Path) -> bool:
    has_shell = path.parent != ROOT and "\n```sh" in path.read_text(encoding="utf-8")
    return has_shell or str(path.relative_to(ROOT)).removeprefix("docs/").removesuffix(".md") in SLOW


@pytest.fixture
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Sandbox, Path]]:
    """A sandbox that nobody asked anything yet, which connect("sandbox") finds, and an empty folder to work in."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    hurry(monkeypatch)
    with Sandbox(limits=False) as sandbox:
        monkeypatch.setenv("NEXMO_NB_CONNECT", sandbox.url)
        yield sandbox, folder


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, id=str(path.relative_to(ROOT)), marks=[pytest.mark.slow] if is_slow(path) else [])
        for path in list_pages()
    ],
)
def test_a_page_prints_what_it_shows(path: Path, fresh: tuple[Sandbox, Path]) -> None:
    Page(path, *fresh).run()
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


RIGHT = """
# A page

```python
import nexmo_nb as nx

nx.connect("sandbox")
print("once")
nx.segments("Hello").parts
```

```text
once
1
```

```python
print("one line")
print("2026-11-28 07:30:00+00:00 127.0.0.1:1 fd0bd8b6-0d0f-4dd5-b5a0-5a3a4d3d5e0a")
nx.send_sms("12", "Hello", sender="Demo")
```

```text
…
2020-01-01T00:00:00Z 127.0.0.1:2 00000000-0d0f-4dd5-b5a0-5a3a4d3d5e0a
InvalidRequestError: to: got '12'…
```

<!-- skip: next "it is an example of another language" -->
```js
nothing()
```

```sh
echo '{"a": 1}'
```

```json
{"a":
 1}
```

```text
Only text.
```
"""


def run_page(text: str, fresh: tuple[Sandbox, Path]) -> int:
    path = fresh[1] / "page.md"
    path.write_text(text, encoding="utf-8")
    return Page(path, *fresh).run()


def test_a_page_is_run_block_by_block(fresh: tuple[Sandbox, Path]) -> None:
    assert run_page(RIGHT, fresh) == 7


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("```python\n1 + 1\n```\n\n```text\n3\n```\n", "printed:\n2"),
        ("```python\n1 / 0\n```\n", "division by zero"),
        ('```python\nimport nexmo_nb as nx\nnx.to_e164("12")\n```\n\nWords.\n', "got '12'"),
        ("```sh\nfalse\ntrue\n```\n", "sh ended with 1"),
        ("```sh\necho 1\n```\n\n```json\n2\n```\n", "printed:\n1"),
        ("```ruby\nputs 1\n```\n", "nothing runs 'ruby'"),
        ("<!-- skip: next -->\n```ruby\nputs 1\n```\n", "say why"),
    ],
)
def test_what_a_page_should_not_show_is_told(page: str, said: str, fresh: tuple[Sandbox, Path]) -> None:
    with pytest.raises(Exception, match="(?s)" + re.escape(said)):
        run_page(page, fresh)


def test_what_varies_is_taken_for_the_same_and_nothing_else() -> None:
    assert is_same("a  2020-01-01 b\n\n", "a 2026-11-28 07:30:00.5+00:00   b")
    assert is_same("a\n…\nd", "a\nb\nc\nd")
    assert not is_same("a\n…\nd", "a\nb\nc")
    assert not is_same("1.0", "1x0")
