// Writes what the search shows to a file. A spreadsheet reads each cell of the CSV as it was: nothing that anybody
// wrote becomes a formula, and no phone number or reference a rounded number or a date.

import { readSent } from "/tables.js";

const FORMULA = /^[=+\-@\t\r\n'＝＋－＠]/;
const LIKE_NUMBER = /^\s*[\d.,:/\s-]+(e[+-]?\d+)?\s*%?$/i;

// An apostrophe before a cell makes it text; read_contacts takes it off.
const defuse = (text) => (FORMULA.test(text) || LIKE_NUMBER.test(text) ? `'${text}` : text);
const quote = (text) => (/[",;\r\n]/.test(text) || text.trim() !== text ? `"${text.replaceAll('"', '""')}"` : text);
const exact = (value) => ({ value });

// For each kind of item its columns. What stands in `exact` is the sandbox's own: counts, money and times.
const COLUMNS = {
  messages: {
    received: (message) => exact(message.time),
    to: (message) => `+${message.to}`,
    from: (message) => message.sender,
    direction: (message) => message.direction ?? "outbound",
    text: (message) => message.text,
    type: (message) => message.type,
    encoding: (message) => message.encoding,
    parts: (message) => exact(message.receipts.length),
    refused_parts: (message) => exact(message.refused_parts),
    price: (message) => exact(message.price),
    currency: (message) => message.currency,
    status: (message) => message.receipts.at(-1).status,
    finalized: (message) => exact(message.receipts.at(-1).time),
    country: (message) => message.country,
    network: (message) => message.network,
    client_ref: (message) => message.client_ref ?? "",
    message_ids: (message) => message.receipts.map((receipt) => receipt.message_id).join(" "),
  },
  activity: {
    time: (entry) => exact(entry.time),
    what: (entry) => entry.what,
    which: (entry) => entry.subject,
    price: (entry) => exact(entry.price),
    per: (entry) => entry.per,
    currency: (entry) => entry.currency,
    details: (entry) => JSON.stringify(entry.details),
  },
  numbers: {
    number: (each) => `+${each.number}`,
    effect: (each) => each.effect,
    codes: (each) => JSON.stringify(each.codes),
  },
  requests: {
    method: (request) => request.method,
    path: (request) => request.path,
    by: (request) => request.auth ?? "",
    status: (request) => exact(request.status ?? ""),
    sent: (request) => JSON.stringify(readSent(request)),
    answer: (request) => request.answer ?? "",
  },
};

function formatCell(content) {
  return quote(typeof content === "object" ? String(content.value) : defuse(String(content)));
}

function formatCsv(kind, items) {
  const columns = COLUMNS[kind];
  const lines = items.map((item) => Object.values(columns).map((read) => formatCell(read(item))).join(","));
  // By the mark at the beginning a spreadsheet knows that it is UTF-8.
  return `\ufeff${[Object.keys(columns).join(","), ...lines].join("\r\n")}\r\n`;
}

const FORMATS = {
  json: { type: "application/json", write: (_, items) => `${JSON.stringify(items, null, 2)}\n` },
  csv: { type: "text/csv;charset=utf-8", write: formatCsv },
};

export function exportItems(format, kind, items) {
  const { type, write } = FORMATS[format];
  const address = URL.createObjectURL(new Blob([write(kind, items)], { type }));
  const link = document.createElement("a");
  Object.assign(link, { href: address, download: `sandbox_${kind}.${format}` }).click();
  // Later, for the browser may not have begun.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
