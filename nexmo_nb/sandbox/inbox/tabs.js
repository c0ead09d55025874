// Tabs as the ARIA Authoring Practices describe them: one stop for Tab, arrows go from one to the next.

import { byId } from "/nodes.js";

export function connectTabs(tabs, showPanel) {
  const select = (chosen) => {
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      byId(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
    showPanel(chosen.getAttribute("aria-controls"));
  };
  for (const tab of tabs) {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (event) => {
      const next = findNeighbour(tabs, tab, event.key, ["ArrowLeft", "ArrowRight"]);
      if (next === undefined) return;
      event.preventDefault();
      next.focus();
      select(next);
    });
  }
  select(tabs[0]);
}

// Finds where a key leads from an item of a list: round and round with arrows, to the ends with Home and End.
export function findNeighbour(items, item, key, [back, on]) {
  const places = { [back]: items.indexOf(item) - 1, [on]: items.indexOf(item) + 1, Home: 0, End: items.length - 1 };
  return key in places ? items[(places[key] + items.length) % items.length] : undefined;
}
