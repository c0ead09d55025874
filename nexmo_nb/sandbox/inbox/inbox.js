// Shows what arrived, and what was asked, as it happens. Everything that anybody sent becomes text, never markup.
"use strict";

const byId = (id) => document.getElementById(id);
let version = "";
let chosen = "";
let threads = new Map();
const opened = new Set();

function make(tag, text, attributes = {}) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

const clock = (time) => new Date(time).toLocaleTimeString();
const content = (message) => message.text ?? message.vcard ?? message.vcal
  ?? (message.title ? `${message.title}\n${message.url}` : `${message.udh ?? ""} ${message.body ?? ""}`.trim());

function bubble(item) {
  const voice = item.api !== undefined;
  const node = make("li", undefined, voice ? { class: "voice" } : {});
  node.append(make("p", voice ? (item.text || "(a recording)") : content(item)));
  if (voice) {
    node.append(make("small", `Voice call, ${item.api}, ${clock(item.time)}`));
    return node;
  }
  const parts = item.parts.length === 1 ? "1 part" : `${item.parts.length} parts`;
  const line = make("small");
  line.append("From ", make("b", item.sender), `, ${item.type}, ${item.encoding}, ${parts}, `
    + `${Number(item.price).toFixed(4)} EUR, ${clock(item.time)}`);
  node.append(line);
  return node;
}

function show() {
  document.querySelector(".empty").hidden = threads.size > 0;
  if (!threads.has(chosen)) chosen = threads.keys().next().value ?? "";
  byId("phones").replaceChildren(...[...threads].map(([to, items]) => {
    const button = make("button", undefined, { "aria-current": String(to === chosen), type: "button" });
    button.append(make("span", `+${to}`), make("small", items.length === 1 ? "1 message" : `${items.length} messages`));
    button.addEventListener("click", () => { chosen = to; show(); });
    const row = make("li");
    row.append(button);
    return row;
  }));
  byId("thread").replaceChildren(...(threads.get(chosen) ?? []).map(bubble));
}

function group(messages, calls) {
  const items = [...messages, ...calls].sort((a, b) => (a.time < b.time ? 1 : -1));
  threads = new Map();
  for (const item of items) threads.set(item.to, [...(threads.get(item.to) ?? []), item]);
  show();
}

function answered(request) {
  const node = make("details", undefined, opened.has(request.at) ? { open: "" } : {});
  node.addEventListener("toggle", () => (node.open ? opened.add(request.at) : opened.delete(request.at)));
  const short = request.answer ?? "";
  node.append(make("summary", short.length > 90 ? `${short.slice(0, 90)}…` : short || "(empty)"), make("code", short));
  return node;
}

function log(requests) {
  byId("log").replaceChildren(...requests.slice().reverse().map((request) => {
    const sent = Object.keys(request.form).length ? request.form : request.json ?? request.query;
    const row = make("tr");
    for (const text of [request.method, request.path, request.auth ?? "", request.status ?? "none yet"]) {
      row.append(make("td", String(text)));
    }
    const both = make("td");
    both.append(make("code", JSON.stringify(sent)), answered(request));
    row.append(both);
    return row;
  }));
}

const read = async (name) => (await fetch(`/_sandbox/${name}`)).json();

async function look() {
  try {
    const state = await read("state");
    byId("balance").textContent = `Balance: ${state.balance.toFixed(4)} EUR.`;
    byId("note").textContent = "Nothing here leaves this machine.";
    if (state.version !== version) {
      const [messages, calls, requests] = await Promise.all(["messages", "calls", "requests"].map((n) => read(`${n}?last=500`)));
      group(messages, calls);
      log(requests);
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

look();
setInterval(look, 1000);
