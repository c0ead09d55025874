// Shows what arrived, and what was asked, as it happens. Everything that anybody sent becomes text, never markup.
"use strict";

const byId = (id) => document.getElementById(id);
let version = "";
let chosenRecipient = "";
let threads = new Map();
const openedAnswers = new Set();

function createNode(tag, text, attributes = {}) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

const formatTime = (time) => new Date(time).toLocaleTimeString();
const countOf = (items, noun) => `${items.length} ${noun}${items.length === 1 ? "" : "s"}`;
const textOf = (message) => message.text ?? message.vcard ?? message.vcal
  ?? (message.title ? `${message.title}\n${message.url}` : `${message.udh ?? ""} ${message.body ?? ""}`.trim());

function renderItem(item) {
  const isCall = item.api !== undefined;
  const node = createNode("li", undefined, isCall ? { class: "voice" } : {});
  node.append(createNode("p", isCall ? (item.text || "(a recording)") : textOf(item)));
  if (isCall) {
    node.append(createNode("small", `Voice call, ${item.api}, ${formatTime(item.time)}`));
    return node;
  }
  const caption = createNode("small");
  caption.append("From ", createNode("b", item.sender), `, ${item.type}, ${item.encoding}, `
    + `${countOf(item.parts, "part")}, ${Number(item.price).toFixed(4)} EUR, ${formatTime(item.time)}`);
  node.append(caption);
  return node;
}

function renderThreads() {
  document.querySelector(".empty").hidden = threads.size > 0;
  if (!threads.has(chosenRecipient)) chosenRecipient = threads.keys().next().value ?? "";
  byId("phones").replaceChildren(...[...threads].map(([to, items]) => {
    const button = createNode("button", undefined, { "aria-current": String(to === chosenRecipient), type: "button" });
    button.append(createNode("span", `+${to}`), createNode("small", countOf(items, "message")));
    button.addEventListener("click", () => { chosenRecipient = to; renderThreads(); });
    const row = createNode("li");
    row.append(button);
    return row;
  }));
  byId("thread").replaceChildren(...(threads.get(chosenRecipient) ?? []).map(renderItem));
}

function groupByRecipient(messages, calls) {
  const items = [...messages, ...calls].sort((a, b) => (a.time < b.time ? 1 : -1));
  const groups = new Map();
  for (const item of items) groups.set(item.to, [...(groups.get(item.to) ?? []), item]);
  return groups;
}

function renderAnswer(request) {
  const node = createNode("details", undefined, openedAnswers.has(request.at) ? { open: "" } : {});
  node.addEventListener("toggle", () => (node.open ? openedAnswers.add(request.at) : openedAnswers.delete(request.at)));
  const answer = request.answer ?? "";
  const summary = answer.length > 90 ? `${answer.slice(0, 90)}…` : answer || "(empty)";
  node.append(createNode("summary", summary), createNode("code", answer));
  return node;
}

function renderLog(requests) {
  byId("log").replaceChildren(...requests.slice().reverse().map((request) => {
    const sent = Object.keys(request.form).length ? request.form : request.json ?? request.query;
    const row = createNode("tr");
    for (const text of [request.method, request.path, request.auth ?? "", request.status ?? "none yet"]) {
      row.append(createNode("td", String(text)));
    }
    const contentCell = createNode("td");
    contentCell.append(createNode("code", JSON.stringify(sent)), renderAnswer(request));
    row.append(contentCell);
    return row;
  }));
}

const fetchPage = async (name) => (await fetch(`/_sandbox/${name}`)).json();

async function refresh() {
  try {
    const state = await fetchPage("state");
    byId("balance").textContent = `Balance: ${state.balance.toFixed(4)} EUR.`;
    byId("note").textContent = "Nothing here leaves this machine.";
    if (state.version !== version) {
      const names = ["messages", "calls", "requests"];
      const [messages, calls, requests] = await Promise.all(names.map((name) => fetchPage(`${name}?last=500`)));
      threads = groupByRecipient(messages, calls);
      renderThreads();
      renderLog(requests);
      version = state.version;
    }
  } catch {
    byId("note").textContent = "The sandbox has ended.";
  }
}

for (const tab of document.querySelectorAll("[role=tab]")) {
  tab.addEventListener("click", () => {
    for (const other of document.querySelectorAll("[role=tab]")) {
      other.setAttribute("aria-selected", String(other === tab));
      byId(other.getAttribute("aria-controls")).hidden = other !== tab;
    }
  });
}

refresh();
setInterval(refresh, 1000);
