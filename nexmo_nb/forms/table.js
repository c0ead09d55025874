// A table in which a person picks one row. table.py gives the content and all words; only what is picked goes back.
// Everything is written as text nodes and attributes, never as markup.

const PAGE_LENGTH = 50;
// Of each node that can have the focus: else a notebook takes arrows and Enter for a move between its cells.
const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// As it is searched: small, without accents and the plus of numbers.
function fold(text) {
  return text.normalize("NFD").replace(/\p{M}|\+/gu, "").toLowerCase();
}

// A cell is a text, or a text and the value that it is sorted by; null: not known.
const textOf = (cell) => (Array.isArray(cell) ? cell[0] : cell);
const valueOf = (cell) => (Array.isArray(cell) ? cell[1] : cell);
const styleOf = (column) => ({ class: column.is_number ? "number" : "" });

function sortRows(rows, column, direction, collator) {
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
  return [...rows].sort((one, other) => {
    const [a, b] = [valueOf(one.cells[column]), valueOf(other.cells[column])];
    if (a === null || b === null) return (a === null) - (b === null); // not known: last, in both directions
    return direction * compare(a, b);
  });
}

// The parts of the page, in their order.
function makeParts(words) {
  const button = (text) => make("button", { type: "button", class: "jupyter-button", ...OWN_KEYS }, text);
  const parts = {
    filter: make("input", { type: "search", autocomplete: "off", spellcheck: "false", ...OWN_KEYS }),
    hint: make("div", { class: "hint" }, words.scroll),
    caption: make("span", {}),
    head: make("tr", {}),
    body: make("tbody", {}),
    count: make("span", { role: "status" }),
    previous: button(words.previous),
    next: button(words.next),
    picked: make("div", { class: "picked" }),
  };
  parts.table = make("table", {}, make("caption", {}, parts.caption), make("thead", {}, parts.head), parts.body);
  parts.scroller = make("div", { class: "scroller", role: "region", ...OWN_KEYS }, parts.table);
  // On a narrow screen the two buttons go to the next line together.
  const turn = make("div", { class: "pages" }, parts.previous, parts.next);
  parts.pages = make("div", { class: "pages" }, parts.count, turn);
  parts.label = make("label", {}, words.filter, parts.filter);
  const { label, hint, scroller, pages, picked } = parts;
  parts.root = make("div", { class: "nexmo-nb-choice", lang: words.language }, label, hint, scroller, pages, picked);
  return parts;
}

function render({ model, el }) {
  const words = model.get("words");
  const number = new Intl.NumberFormat(words.language);
  const collator = new Intl.Collator(words.language);
  const parts = makeParts(words);
  const group = `row-${Math.random().toString(36).slice(2)}`;
  let rows, found, page, sorted;

  function showContent() {
    const { caption, columns, rows: sent } = model.get("content");
    rows = sent.map(([key, ...cells]) => ({ key, cells, searched: fold([key, ...cells.map(textOf)].join("\n")) }));
    sorted = { column: null, direction: 1 };
    parts.root.hidden = !columns.length;
    parts.filter.value = "";
    parts.caption.textContent = caption;
    parts.scroller.setAttribute("aria-label", caption);
    parts.head.replaceChildren(...columns.map(makeHeading));
    showFound();
    showPicked();
  }

  function makeHeading(described, column) {
    const arrow = make("span", { "aria-hidden": "true" });
    const button = make("button", { type: "button", ...OWN_KEYS }, described.heading, arrow);
    button.addEventListener("click", () => {
      sorted = { column, direction: sorted.column === column ? -sorted.direction : 1 };
      [...parts.head.children].forEach((cell) => cell.removeAttribute("aria-sort"));
      button.parentNode.setAttribute("aria-sort", sorted.direction > 0 ? "ascending" : "descending");
      showFound();
    });
    return make("th", { scope: "col", ...styleOf(described) }, button);
  }

  // A row is found if each typed word stands in one of its cells.
  function showFound() {
    const typed = fold(parts.filter.value).split(/\s+/);
    found = rows.filter((row) => typed.every((word) => row.searched.includes(word)));
    if (sorted.column !== null) found = sortRows(found, sorted.column, sorted.direction, collator);
    showPage(0);
  }

  function showPage(shown) {
    page = shown;
    const first = page * PAGE_LENGTH;
    const last = Math.min(first + PAGE_LENGTH, found.length);
    const { columns } = model.get("content");
    parts.body.replaceChildren(...found.slice(first, last).map((row) => makeRow(row, columns)));
    const told = { first: first + 1, last, count: found.length, total: rows.length };
    for (const name in told) told[name] = number.format(told[name]);
    const sentence = found.length < rows.length ? words.found_rows : words.all_rows;
    parts.count.textContent = fill(found.length ? sentence : words.no_rows, told);
    // Not `disabled`: the focus would be lost where a person turned to the last page.
    parts.previous.setAttribute("aria-disabled", first === 0);
    parts.next.setAttribute("aria-disabled", last === found.length);
    parts.scroller.scrollTop = 0;
    markPicked();
  }

  function makeRow({ key, cells }, columns) {
    const choice = make("input", { type: "radio", name: group, value: key, ...OWN_KEYS });
    const named = make("label", {}, choice, textOf(cells[0]));
    const others = cells.slice(1).map((cell, n) => make("td", styleOf(columns[n + 1]), textOf(cell)));
    return make("tr", {}, make("th", { scope: "row" }, named), ...others);
  }

  function markPicked() {
    for (const row of parts.body.rows) {
      const choice = row.querySelector("input");
      choice.checked = choice.value === model.get("picked");
      row.classList.toggle("mod-picked", choice.checked);
    }
  }

  function showPicked() {
    const row = rows.find(({ key }) => key === model.get("picked"));
    parts.picked.textContent = row ? fill(words.picked, { row: textOf(row.cells[0]) }) : words.nothing_picked;
    markPicked();
  }

  function showHint() {
    const { scrollWidth, clientWidth, scrollHeight, clientHeight } = parts.scroller;
    parts.hint.hidden = scrollWidth <= clientWidth;
    if (scrollWidth > clientWidth || scrollHeight > clientHeight) parts.scroller.setAttribute("tabindex", "0");
    else parts.scroller.removeAttribute("tabindex");
  }

  parts.filter.addEventListener("input", showFound);
  // A click anywhere in a row picks it; the label does that by itself.
  parts.body.addEventListener("click", ({ target }) => {
    const choice = target.closest("tr").querySelector("input");
    if (!target.closest("label")) choice.click();
    choice.focus({ preventScroll: true });
  });
  parts.body.addEventListener("change", ({ target }) => {
    model.set("picked", target.value);
    model.save_changes();
  });
  for (const [button, step] of [[parts.previous, -1], [parts.next, 1]]) {
    button.addEventListener("click", () => {
      if (button.getAttribute("aria-disabled") === "false") showPage(page + step);
    });
  }
  model.on("change:content", showContent);
  model.on("change:picked", showPicked);
  const resized = new ResizeObserver(showHint);
  resized.observe(parts.scroller);
  resized.observe(parts.table);
  el.append(parts.root);
  showContent();
  return () => {
    resized.disconnect();
    model.off("change:content", showContent);
    model.off("change:picked", showPicked);
  };
}

export default { render };
