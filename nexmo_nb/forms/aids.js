// What ipywidgets cannot do: attributes for those who hear a page or use keys, and where the focus is.
function render({ model, el }) {
  let observer = null;
  let ended = false;
  const findForm = () => el.closest(".nexmo-nb-form");

  const setAttributes = () => {
    for (const [selector, attributes] of Object.entries(model.get("attributes"))) {
      for (const node of findForm()?.querySelectorAll(selector) ?? []) {
        for (const [name, value] of Object.entries(attributes)) {
          if (value === null) node.removeAttribute(name);
          else node.setAttribute(name, value);
        }
      }
    }
  };

  const saveFile = (name, content) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type: "text/csv" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };

  // Only where the person works in this form, or where the focus was lost because a button went grey.
  const moveFocus = (focus, ifLost) => {
    const form = findForm();
    const here = document.activeElement;
    if (here === document.body || (!ifLost && form?.contains(here))) form?.querySelector(focus)?.focus();
  };

  const obey = ({ focus, ifLost, save }, buffers) => (save ? saveFile(save, buffers[0]) : moveFocus(focus, ifLost));

  // The form is put into the page after this, and its parts as they are shown.
  const start = () => {
    if (ended) return;
    const form = findForm();
    if (!form) {
      requestAnimationFrame(start);
      return;
    }
    observer = new MutationObserver(setAttributes);
    observer.observe(form, { childList: true, subtree: true });
    setAttributes();
  };

  model.on("change:attributes", setAttributes);
  model.on("msg:custom", obey);
  start();
  return () => {
    ended = true;
    observer?.disconnect();
    model.off("change:attributes", setAttributes);
    model.off("msg:custom", obey);
  };
}

export default { render };
