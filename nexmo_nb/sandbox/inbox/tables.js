// Tables of requests, of calls, applications and numbers, the newest first; and of numbers that have an effect.

import { createNode, createTime, formatMoney, PAGE, reconcile, renderMore } from "/nodes.js";

export class Table {
  // `columns`: for each name, what gives a cell's content for an item. `nouns`: what the items are.
  constructor(panel, { caption, columns, nouns, keyOf, signatureOf }) {
    Object.assign(this, { columns, nouns, keyOf, signatureOf, shown: PAGE, items: [] });
    this.body = createNode("tbody", {});
    const names = Object.keys(columns).map((name) => createNode("th", { scope: "col" }, name));
    const head = createNode("thead", {}, createNode("tr", {}, ...names));
    this.more = createNode("button", { class: "more", type: "button", hidden: "" });
    this.more.addEventListener("click", () => {
      this.shown += PAGE;
      this.render(this.items);
      if (this.more.hidden) panel.focus({ preventScroll: true });
    });
    this.table = createNode("table", {}, createNode("caption", {}, caption), head, this.body);
    panel.append(createNode("p", { class: "empty", hidden: "" }), this.table, this.more);
  }

  render(items) {
    this.items = items;
    this.table.hidden = items.length === 0;
    const newest = items.slice(-this.shown).reverse();
    const { keyOf, signatureOf } = this;
    reconcile(this.body, newest, { keyOf, signatureOf, build: (item) => this.buildRow(item) });
    renderMore(this.more, this.shown, items.length, this.nouns);
  }

  buildRow(item) {
    // The name of the column stands before the cell where there is no room for columns.
    const cells = Object.entries(this.columns).map(([name, read]) =>
      createNode("td", { "data-name": name }, ...[read(item)].flat()));
    return createNode("tr", {}, ...cells);
  }
}

export function readSent(request) {
  return Object.keys(request.form).length > 0 ? request.form : request.json ?? request.query;
}

function buildAnswer(request) {
  const answer = request.answer ?? "";
  const summary = answer.length > 90 ? `${answer.slice(0, 90)}…` : answer || "(empty)";
  return createNode("details", {}, createNode("summary", {}, summary), createNode("code", {}, answer));
}

export const REQUESTS = {
  caption: "What was asked and answered; the newest 500 at most.",
  nouns: "requests",
  keyOf: (request) => request.number,
  signatureOf: (request) => request.revision,
  columns: {
    Method: (request) => request.method,
    Path: (request) => request.path,
    By: (request) => request.auth ?? "",
    Status: (request) => String(request.status ?? "none yet"),
    "What was sent, and answered": (request) => [
      createNode("code", {}, JSON.stringify(readSent(request))),
      buildAnswer(request),
    ],
  },
};

function buildDetails(details) {
  const pairs = details.map(([name, value]) =>
    createNode("div", {}, createNode("dt", {}, name), createNode("dd", {}, value)));
  return pairs.length > 0 ? createNode("dl", {}, ...pairs) : "";
}

export const ACTIVITY = {
  caption: "Calls that were placed, and how they ended; applications and numbers that were changed.",
  nouns: "entries",
  keyOf: (entry) => entry,
  columns: {
    Time: (entry) => createTime(entry.time),
    What: (entry) => entry.what,
    Which: (entry) => entry.subject,
    Details: (entry) => buildDetails(Object.entries(entry.details)),
    Price: (entry) => entry.price && formatMoney(entry.price, entry.currency) + (entry.per && ` a ${entry.per}`),
  },
};

export const NUMBERS = {
  caption: "Numbers that nobody has, each with an effect in this sandbox: write to one, or call it. “nn” is a code in two digits.",
  nouns: "numbers",
  keyOf: (each) => each.number,
  columns: {
    Number: (each) => `+${each.number}`,
    "What happens": (each) => each.effect,
    Codes: (each) => buildDetails(each.codes.map(({ code, meaning }) => [code, meaning])),
  },
};
