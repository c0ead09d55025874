"""A table on a page of its own: a browser draws it from the state that Python would send, without a notebook."""

from __future__ import annotations

from typing import Any

from nexmo_nb.forms.table import Cell, ChoiceTable, Column, Row

WORDS = {
    "language": "en",
    "filter": "Filter",
    "scroll": "Scroll sideways for more",
    "all_rows": "{first} to {last} of {count}",
    "found_rows": "{first} to {last} of {count} found, of {total}",
    "no_rows": "No row has this text",
    "previous": "Previous page",
    "next": "Next page",
    "picked": "Picked: {row}",
    "nothing_picked": "Nothing is picked yet",
}
COLUMNS = [
    Column("Number"),
    Column("Country"),
    Column("Type"),
    Column("SMS"),
    Column("Voice"),
    Column("A month", is_number=True),
    Column("Setup", is_number=True),
]
# What `model` is to the table: its state, and who is told of changes.
SHOW = """async ({code, style, state}) => {
  document.head.append(Object.assign(document.createElement('style'), {textContent: style}));
  const told = {};
  window.model = {
    state, sent: [],
    get: (name) => state[name],
    set(name, value) { state[name] = value; (told['change:' + name] ?? []).forEach(each => each()); },
    save_changes() { this.sent.push(state.picked); },
    on: (name, call) => (told[name] ??= []).push(call),
    off: (name, call) => told[name].splice(told[name].indexOf(call), 1),
    told,
  };
  const url = URL.createObjectURL(new Blob([code], {type: 'text/javascript'}));
  const {render} = (await import(url)).default;
  window.cleanUp = render({model: window.model, el: document.querySelector('main')});
}"""


def make_rows(count: int) -> list[Row]:
    """Make rows whose prices, as texts, are in another order than their amounts; each eleventh has no price."""
    countries = ("United Kingdom", "São Tomé and Príncipe", "Portugal")
    rows = []
    for n in range(count):
        amount = None if n % 11 == 10 else (n * 37 % 400) / 4
        price = Cell("not known" if amount is None else f"EUR {amount:.2f}", amount)
        key = f"4477009{n:05d}"
        rows.append(Row(key, [f"+{key}", countries[n % 3], "mobile", "yes", "no", price, Cell("EUR 1.00", 1.0)]))
    return rows


def make_table(count: int) -> ChoiceTable:
    table = ChoiceTable(WORDS)
    table.show(make_rows(count), COLUMNS, "Numbers for rent")
    return table


def show_table(page: Any, table: ChoiceTable) -> None:
    """Draw a table on an empty page."""
    page.set_content('<!doctype html><html lang="en"><title>A table</title><main style="margin:1rem"></main></html>')
    state = {name: getattr(table, name) for name in ("words", "content", "picked")}
    page.evaluate(SHOW, {"code": ChoiceTable._esm, "style": ChoiceTable._css, "state": state})
