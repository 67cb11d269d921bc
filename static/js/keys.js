/* Single keys: never inside a field, never with Ctrl, Alt or Cmd, and off for who switched them off on this machine. */
const KEPT = "copydesk-single-keys";
const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const TOGETHER = 1000; // milliseconds in which two keys are one, as in “g q”

const off = () => {
  if (document.body.dataset.keys === "off") return true; // in this person's settings, for every machine
  try {
    return localStorage.getItem(KEPT) === "off";
  } catch {
    return false; // storage is closed in some private windows
  }
};

/* Brackets need AltGr on many keyboards, which browsers report as Ctrl and Alt. */
const held = (event) => !event.getModifierState("AltGraph") && (event.ctrlKey || event.altKey || event.metaKey);

const find = () => {
  const field = document.querySelector("#find");
  if (field) field.focus();
  else document.querySelector('[data-key="find"]')?.click();
};

/* What every page with keys has: undo, find, the queue. */
const everywhere = {
  z: () => (document.querySelector("[data-undo] button") ?? document.querySelector(".undo-late"))?.click(),
  "/": find,
  "g q": () => document.querySelector('.sections a[href$="/review/"]')?.click(),
};

/* `actions` maps a key, or two with a space between, to what it does. `?` always opens the list of keys. */
export function listen(actions) {
  const known = { ...everywhere, ...actions };
  let before = { key: "", at: 0 };
  addEventListener("keydown", (event) => {
    if (held(event) || event.repeat || event.isComposing) return;
    if (event.target.closest?.(FIELDS)) return;
    const list = document.querySelector("#keys");
    const key = event.key.toLowerCase();
    const both = event.timeStamp - before.at < TOGETHER ? `${before.key} ${key}` : "";
    before = { key, at: event.timeStamp };
    if (key === "?" && list && !off()) {
      event.preventDefault();
      list.togglePopover();
      return;
    }
    const name = Object.hasOwn(known, both) ? both : key;
    // An open list, of keys or of anything else, is read first.
    if (!Object.hasOwn(known, name) || off() || document.querySelector("dialog:popover-open")) return;
    event.preventDefault();
    before = { key: "", at: 0 };
    known[name]();
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
