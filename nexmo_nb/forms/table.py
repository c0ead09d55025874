"""A table in which a person picks one row: sorted, filtered and paged in the browser. table.js and table.css draw it.

`itables` was tried before: each of its widgets sends 740 KB of code, this one 13 KB. There a screen reader is not told
which row is picked, each row is a stop of the Tab key, and axe finds a fault on narrow screens.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import anywidget
import traitlets

from nexmo_nb.validation import invalid_argument

WORDS = (
    "language", "filter", "scroll", "all_rows", "found_rows", "no_rows", "previous", "next", "picked",
    "nothing_picked",
)  # fmt: skip
"""What a table says; `language` is a code such as "pt", by which it sorts, and writes counts."""
_FOLDER = Path(__file__).parent


class Column(NamedTuple):
    heading: str
    is_number: bool = False
    """Stands at the right, as prices do."""


class Cell(NamedTuple):
    """A text that is sorted by a value, such as a price by its amount; one that is not known, None, comes last."""

    text: str
    value: float | str | None


class Row(NamedTuple):
    key: str
    cells: Sequence[Cell | str]
    """A plain text is sorted as text. The first cell names the row: the button that picks it stands there."""


class ChoiceTable(anywidget.AnyWidget):
    """A table in which a person picks one row; `picked` is its key, or None.

    It is hidden until `show` gives it rows. All that it says is passed in as `words`, a text for each of `WORDS`: in
    "all_rows" stand {first}, {last} and {count}, in "found_rows", where a filter leaves some out, {total} as well, in
    "picked" {row}.
    """

    _esm = (_FOLDER / "table.js").read_text(encoding="utf-8")
    _css = (_FOLDER / "table.css").read_text(encoding="utf-8")
    words = traitlets.Dict().tag(sync=True)
    content = traitlets.Dict().tag(sync=True)
    picked = traitlets.Unicode(None, allow_none=True).tag(sync=True)

    def __init__(self, words: Mapping[str, str]) -> None:
        lacking = [name for name in WORDS if not isinstance(words.get(name), str)]
        if lacking:
            raise invalid_argument("words", ", ".join(words), f"a text for each of {', '.join(WORDS)}")
        self._keys: frozenset[str] = frozenset()
        super().__init__(words=dict(words), content=_write_content([], [], ""), layout={"width": "auto"})

    def show(self, rows: Sequence[Row], columns: Sequence[Column], caption: str) -> None:
        """Show rows in place of those of before; nothing is picked then."""
        counts = Counter(row.key for row in rows)
        for key, count in counts.items():
            if not key or count > 1:
                raise invalid_argument("rows", key, "a key of its own for each row", f"{count:,} rows have this one.")
        if any(len(row.cells) != len(columns) for row in rows):
            raise invalid_argument("rows", f"{len(columns)} columns", "rows with a cell for each column")
        with self.hold_sync():
            self.picked, self._keys = None, frozenset(counts)
            self.content = _write_content(rows, columns, caption)

    def clear(self) -> None:
        """Forget the rows, and hide the table."""
        self.show([], [], "")

    @traitlets.validate("picked")
    def _check_picked(self, proposal: Any) -> str | None:
        picked: str | None = proposal["value"]
        if picked is not None and picked not in self._keys:
            raise invalid_argument("picked", picked, "the key of a row that is shown, or None")
        return picked

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the browser sends. A click on a row that was replaced meanwhile picks nothing, and is undone."""
        if sync_data.get("picked") is not None and sync_data["picked"] not in self._keys:
            self.send_state("picked")
            return
        super().set_state({name: value for name, value in sync_data.items() if name == "picked"})


def _write_content(rows: Sequence[Row], columns: Sequence[Column], caption: str) -> dict[str, Any]:
    """Write a table as it is sent: a row is its key and its cells, a cell a text, or a text and its value."""
    return {
        "caption": caption,
        "columns": [column._asdict() for column in columns],
        "rows": [[row.key, *map(_write_cell, row.cells)] for row in rows],
    }


def _write_cell(cell: Cell | str) -> str | list[float | str | None]:
    if isinstance(cell, str):
        return cell
    if cell.value is None or isinstance(cell.value, str):
        return [cell.text, cell.value]
    value = float(cell.value)
    return [cell.text, value if math.isfinite(value) else None]
