// The page: asks the sandbox each second for what is new, and shows the tab that is chosen.

import { connectConversations, renderConversations } from "/conversations.js";
import { exportItems } from "/exports.js";
import { feed, fetchNumbers, findOther, groupByRecipient, poll, searchItems } from "/feed.js";
import { byId, createNode, formatCount, formatMoney } from "/nodes.js";
import { ACTIVITY, NUMBERS, readSent, REQUESTS, Table } from "/tables.js";
import { connectTabs } from "/tabs.js";

const PAUSE = 1000;
const requests = new Table(byId("requests"), REQUESTS);
const activity = new Table(byId("activity"), ACTIVITY);
const numbers = new Table(byId("numbers"), NUMBERS);
const search = byId("search");
let open = "messages";

// For each tab: what shows it, what the search looks at, how its items are counted, and what it says without any.
const VIEWS = {
  messages: {
    render: renderConversations,
    textsOf: ({ to, sender, text, client_ref: reference, receipts }) =>
      [to, sender, text, reference ?? "", ...receipts.map((receipt) => receipt.message_id)],
    count: (items) => `${formatCount(items.length, "message")} to ${formatCount(groupByRecipient(items).size, "recipient")}`,
    empty: "No messages yet: send one with send_sms.",
  },
  requests: {
    render: (items) => requests.render(items),
    textsOf: (request) => [
      `${request.method} ${request.path}`, request.auth ?? "", `${request.status}`, JSON.stringify(readSent(request)),
      request.answer ?? "",
    ],
    count: (items) => formatCount(items.length, "request"),
    empty: "No requests yet: whatever is asked of the sandbox shows here.",
  },
  activity: {
    render: (items) => activity.render(items),
    textsOf: ({ what, subject, details }) => [what, subject, ...Object.entries(details).flat()],
    count: (items) => (items.length === 1 ? "1 entry" : `${items.length.toLocaleString("en")} entries`),
    empty: "No calls or changes yet: call with send_voice, or rent a number with buy_number.",
  },
  numbers: {
    render: (items) => numbers.render(items),
    textsOf: ({ number, effect, codes }) => [number, effect, ...codes.map(({ meaning }) => meaning)],
    count: (items) => formatCount(items.length, "number"),
    empty: "No numbers.",
  },
};

const findShown = () => searchItems(feed[open], search.value, VIEWS[open].textsOf);

function render() {
  if (feed.totals === null) return;
  const { render: show, count, empty } = VIEWS[open];
  const items = findShown();
  const isSearch = search.value.trim() !== "";
  const message = byId(open).querySelector(".empty");
  message.hidden = items.length > 0;
  message.textContent = isSearch && feed[open].length > 0 ? `Nothing here has “${search.value.trim()}” in it.` : empty;
  byId("found").textContent = !isSearch ? "" : items.length > 0 ? `Found: ${count(items)}.` : "Nothing found.";
  for (const format of ["json", "csv"]) byId(`export-${format}`).disabled = items.length === 0;
  show(items);
}

function renderTotals({ messages, parts, calls, spent, balance, currency }) {
  const number = (count) => count.toLocaleString("en");
  const pairs = {
    Messages: number(messages),
    Parts: number(parts),
    Calls: number(calls),
    "Total cost": formatMoney(spent, currency),
    Balance: formatMoney(balance, currency),
  };
  byId("totals").replaceChildren(...Object.entries(pairs).map(([name, value]) =>
    createNode("div", {}, createNode("dt", {}, name), createNode("dd", {}, value))));
}

function tellNews(messages) {
  if (messages.length === 0) return;
  const time = new Date().toLocaleTimeString("en-GB");
  const last = messages.at(-1);
  const way = last.direction === "inbound" ? "from" : "to";
  byId("news").textContent = `New at ${time}: ${formatCount(messages.length, "message")}, the last ${way} +${findOther(last)}.`;
}

async function refresh() {
  const isFirst = feed.totals === null;
  let news;
  try {
    if (isFirst) await fetchNumbers();
    news = await poll();
    byId("note").textContent = "Nothing here leaves this machine.";
  } catch {
    byId("note").textContent = "The sandbox has ended.";
    return;
  } finally {
    setTimeout(refresh, PAUSE);
  }
  if (news === null && !isFirst) return;
  renderTotals(feed.totals);
  render();
  if (!isFirst) tellNews(news);
}

connectConversations();
connectTabs([...document.querySelectorAll("[role=tab]")], (name) => {
  open = name;
  render();
});
search.addEventListener("input", render);
for (const format of ["json", "csv"]) {
  byId(`export-${format}`).addEventListener("click", () => exportItems(format, open, findShown()));
}
refresh();
