// Recipients, and what was sent to the one that was chosen, each message with its receipts.

import { groupByRecipient } from "/feed.js";
import { byId, createNode, createTime, formatCount, formatMoney, PAGE, reconcile, renderMore } from "/nodes.js";
import { findNeighbour } from "/tabs.js";

const ENCODINGS = { gsm7: "GSM-7", ucs2: "Unicode" };
const panel = byId("messages");
const conversation = byId("conversation");
const [moreRecipients, moreMessages] = panel.querySelectorAll(".more");
const shown = { recipients: PAGE, messages: PAGE };
let current = [];
let chosen = "";

function buildRecipient([to, messages]) {
  const last = messages.at(-1);
  const button = createNode("button", { type: "button", "data-to": to });
  button.append(
    createNode("span", { class: "number" }, `+${to}`),
    createNode("small", {}, formatCount(messages.length, "message"), ", ", createTime(last.time)),
    createNode("span", { class: "preview" }, last.text),
  );
  if (to === chosen) button.setAttribute("aria-current", "true");
  return createNode("li", {}, button);
}

function findReceiptClass({ status }) {
  if (status === "delivered") return {};
  return { class: status === "submitted" ? "pending" : "refused" };
}

// A message that came in, from whoever the conversation is with.
function buildReceived(message) {
  const parts = formatCount(message.receipts.length, "part");
  const encoding = ENCODINGS[message.encoding] ?? message.type;
  const caption = createNode("small", {}, `To +${message.to}, ${encoding}, ${parts}, `, createTime(message.time));
  return createNode("li", { class: "received" }, createNode("p", {}, message.text), caption);
}

function buildMessage(message) {
  if (message.direction === "inbound") return buildReceived(message);
  const caption = createNode("small", {}, "From ", createNode("b", {}, message.sender), ", ");
  const encoding = ENCODINGS[message.encoding] ?? message.type;
  const parts = formatCount(message.receipts.length, "part");
  caption.append(`${encoding}, ${parts}, ${formatMoney(message.price, message.currency)}, `, createTime(message.time));
  if (message.client_ref) caption.append(createNode("span", { class: "reference" }, `Reference ${message.client_ref}`));
  const receipts = createNode("ul", { class: "receipts", "aria-label": "Receipts" });
  message.receipts.forEach((receipt, n) => {
    const name = message.receipts.length > 1 ? `Part ${n + 1}: ` : "";
    receipts.append(createNode("li", findReceiptClass(receipt), `${name}${receipt.status}, `, createTime(receipt.time)));
  });
  if (message.refused_parts) {
    receipts.append(createNode("li", { class: "refused" }, `${formatCount(message.refused_parts, "part")} refused`));
  }
  return createNode("li", {}, createNode("p", {}, message.text), caption, receipts);
}

export function renderConversations(messages = current) {
  current = messages;
  const groups = groupByRecipient(messages);
  const isChosenGone = !groups.has(chosen);
  if (isChosenGone) {
    chosen = groups.keys().next().value ?? "";
    shown.messages = PAGE;
    panel.dataset.pane = "list";
  }
  byId("list").hidden = conversation.hidden = groups.size === 0;
  reconcile(byId("phones"), [...groups].slice(0, shown.recipients), {
    keyOf: ([to]) => to,
    build: buildRecipient,
    signatureOf: ([to, sent]) => `${sent.length} ${sent.at(-1).receipts[0].message_id} ${to === chosen}`,
  });
  renderMore(moreRecipients, shown.recipients, groups.size, "recipients");
  renderThread(groups.get(chosen) ?? [], isChosenGone);
}

function renderThread(messages, isNew) {
  const isAtEnd = isNew || conversation.scrollHeight - conversation.scrollTop - conversation.clientHeight < 40;
  byId("who").textContent = `+${chosen}`;
  reconcile(byId("thread"), messages.slice(-shown.messages), { keyOf: (message) => message, build: buildMessage });
  renderMore(moreMessages, shown.messages, messages.length, "earlier messages");
  if (isAtEnd) conversation.scrollTop = conversation.scrollHeight;
}

function openConversation(to) {
  chosen = to;
  shown.messages = PAGE;
  panel.dataset.pane = "conversation";
  renderConversations();
  conversation.focus({ preventScroll: true });
  byId("thread").lastElementChild.scrollIntoView({ block: "nearest" });
}

function closeConversation() {
  panel.dataset.pane = "list";
  const button = [...byId("phones").querySelectorAll("button")].find((each) => each.dataset.to === chosen);
  (button ?? byId("phones").querySelector("button")).focus();
}

export function connectConversations() {
  byId("back").addEventListener("click", closeConversation);
  conversation.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeConversation();
  });
  byId("phones").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) openConversation(button.dataset.to);
  });
  byId("phones").addEventListener("keydown", (event) => {
    const buttons = [...byId("phones").querySelectorAll("button")];
    const next = findNeighbour(buttons, event.target, event.key, ["ArrowUp", "ArrowDown"]);
    if (next === undefined) return;
    event.preventDefault();
    next.focus();
  });
  moreRecipients.addEventListener("click", () => {
    const last = byId("phones").lastElementChild;
    shown.recipients += PAGE;
    renderConversations();
    last.nextElementSibling.querySelector("button").focus();
  });
  moreMessages.addEventListener("click", () => {
    const first = byId("thread").firstElementChild;
    shown.messages += PAGE;
    renderConversations();
    // What was read stays where it is, and the focus is not lost with the button.
    first.scrollIntoView({ block: "start" });
    if (moreMessages.hidden) conversation.focus({ preventScroll: true });
  });
}
