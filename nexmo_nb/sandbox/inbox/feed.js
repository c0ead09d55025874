// What the sandbox has told so far, and the search in it. Each poll asks only for what is new.

// As many as the sandbox tells at once; older ones go.
const MOST_REQUESTS = 500;

export const feed = {
  instance: "", revision: 0, totals: null, messages: [], received: 0, activity: [], requests: [], numbers: [],
};

// Gives the messages that arrived since the last poll; null if nothing changed at all.
export async function poll() {
  const { received } = feed;
  const counts = { messages: feed.messages.length - received, received, activity: feed.activity.length };
  const query = new URLSearchParams({ instance: feed.instance, revision: feed.revision, ...counts });
  const answer = await (await fetch(`/_sandbox/inbox?${query}`)).json();
  const isSame = answer.instance === feed.instance;
  if (!isSame) Object.assign(feed, { messages: [], received: 0, activity: [], requests: [] });
  // All times are written alike, so that texts are in the order of the times.
  const messages = [...answer.messages, ...answer.received].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  const isChanged = !isSame || answer.revision !== feed.revision || messages.length + answer.activity.length > 0;
  Object.assign(feed, {
    instance: answer.instance,
    revision: answer.revision,
    totals: answer.totals,
    messages: feed.messages.concat(messages),
    received: feed.received + answer.received.length,
    activity: feed.activity.concat(answer.activity),
    requests: mergeRequests(feed.requests, answer.requests),
  });
  return isChanged ? messages : null;
}

// Gives numbers that have an effect of their own; they are always the same.
export async function fetchNumbers() {
  feed.numbers = (await (await fetch("/_sandbox/numbers")).json()).reverse();
}

// A request comes a second time when it has been answered.
function mergeRequests(requests, changed) {
  const merged = new Map([...requests, ...changed].map((request) => [request.number, request]));
  return [...merged.values()].sort((a, b) => a.number - b.number).slice(-MOST_REQUESTS);
}

const haystacks = new WeakMap();

// Gives the items with a text that contains what is sought. Phone numbers are found however their digits are grouped.
export function searchItems(items, sought, textsOf) {
  const text = sought.trim().toLowerCase();
  const digits = text.replace(/[\s().+-]/g, "");
  const isNumber = /^\d{3,}$/.test(digits);
  return text === "" ? items : items.filter((item) => {
    if (!haystacks.has(item)) haystacks.set(item, textsOf(item).join("\n").toLowerCase());
    const haystack = haystacks.get(item);
    return haystack.includes(text) || (isNumber && haystack.includes(digits));
  });
}

// Gives the number of whoever is not the account: who was written to, or wrote.
export const findOther = (message) => (message.direction === "inbound" ? message.sender : message.to);

// Groups messages in the order of time by who is not the account, the one with the newest message first.
export function groupByRecipient(messages) {
  const groups = new Map();
  for (const message of messages.slice().reverse()) {
    const other = findOther(message);
    if (!groups.has(other)) groups.set(other, []);
    groups.get(other).push(message);
  }
  for (const group of groups.values()) group.reverse();
  return groups;
}
