// Builds the page's nodes. What anybody wrote becomes text, never markup.

// Items of a list that are shown at first, and each time that more are asked for.
export const PAGE = 100;

export const byId = (id) => document.getElementById(id);

export function createNode(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export const formatCount = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

export const formatMoney = (amount, currency) =>
  `${currency} ${Number(amount).toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 4 })}`;

// Making a format takes longer than using it.
const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const calendar = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

export function createTime(time) {
  const date = new Date(time);
  const day = calendar.format(date);
  const text = day === calendar.format(new Date()) ? clock.format(date) : `${day}, ${clock.format(date)}`;
  return createNode("time", { datetime: time }, text);
}

const nodesOf = new WeakMap();

// Makes the children of a node those of some items, and leaves the ones alone that are there already: neither focus nor
// selection nor what was opened is lost. An item is built anew when its signature changes.
export function reconcile(parent, items, { keyOf, build, signatureOf = () => "" }) {
  const kept = nodesOf.get(parent) ?? new Map();
  const focused = [...kept.keys()].find((key) => kept.get(key).node.contains(document.activeElement));
  const next = new Map();
  for (const item of items) {
    const [key, signature] = [keyOf(item), signatureOf(item)];
    const old = kept.get(key);
    next.set(key, old?.signature === signature ? old : { node: build(item), signature });
  }
  for (const [key, { node }] of kept) if (next.get(key)?.node !== node) node.remove();
  let place = parent.firstChild;
  for (const { node } of next.values()) {
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
  }
  nodesOf.set(parent, next);
  const node = next.get(focused)?.node;
  if (node && !node.contains(document.activeElement)) node.querySelector("button, summary")?.focus({ preventScroll: true });
}

// Shows `count` items, and the button that asks for more of them.
export function renderMore(button, count, total, nouns) {
  button.hidden = count >= total;
  button.textContent = `Show more ${nouns} (${count.toLocaleString("en")} of ${total.toLocaleString("en")} are shown)`;
}
