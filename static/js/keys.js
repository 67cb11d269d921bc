/* Single keys: never inside a field, never with Ctrl, Alt or Cmd, and off for who switched them off on this machine. */
const KEPT = "copydesk-single-keys";
const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

const off = () => {
  if (document.body.dataset.keys === "off") return true; // in this person's settings, for every machine
  try {
    return localStorage.getItem(KEPT) === "off";
  } catch {
    return false; // storage is closed in some private windows
  }
};

/* `actions` maps a key to what it does. `?` always opens the list of keys. */
export function listen(actions) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return;
    if (event.target.closest?.(FIELDS)) return;
    const list = document.querySelector("#keys");
    const key = event.key.toLowerCase();
    if (key === "?" && list && !off()) {
      event.preventDefault();
      list.togglePopover();
    } else if (Object.hasOwn(actions, key) && !off() && !list?.matches(":popover-open")) {
      event.preventDefault();
      actions[key]();
    }
  });
  show();
  document.body.addEventListener("htmx:afterSettle", show);
  addEventListener("change", (event) => {
    if (event.target.id === "single-keys") localStorage.setItem(KEPT, event.target.checked ? "on" : "off");
  });
}

/* The switch works only with a script, so it appears with it. */
function show() {
  const box = document.querySelector("#single-keys");
  if (!box || document.body.dataset.keys === "off") return;
  box.checked = !off();
  box.closest("[hidden]")?.removeAttribute("hidden");
}
