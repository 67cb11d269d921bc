/* The board: how many are ticked, all that are shown at once, and single keys. Without a script the boxes and buttons
   do the same; more cards are behind a link. */
import { listen } from "./keys.js";

const MOVED = "copydesk-board-moved";
const form = document.querySelector("#moving");
const all = document.querySelector("#all-shown");
const loaded = Date.now();

/* Cards can be hidden (a lane shows its first ones on a small screen); what nobody sees is never ticked. */
const boxes = () => [...form.querySelectorAll('[name="piece"]')].filter((box) => box.checkVisibility());
const ticked = () => [...form.querySelectorAll('[name="piece"]:checked')];

function count() {
  const most = Number(form.dataset.most);
  const [here, now] = [boxes().length, ticked().length];
  const over = now > most ? ` At most ${most} can be moved at once.` : "";
  const said = now ? `${now} selected.${over}` : "";
  const line = document.querySelector("#chosen");
  if (line.textContent !== said) line.textContent = said;
  all.checked = now > 0 && now >= Math.min(here, most);
  all.indeterminate = now > 0 && !all.checked;
  all.labels[0].textContent = here > most ? `Select the first ${most}` : "Select all shown";
}

function tickAll() {
  const most = Number(form.dataset.most);
  const chosen = all.checked;
  boxes().forEach((box, index) => (box.checked = chosen && index < most));
  if (!chosen) for (const box of ticked()) box.checked = false;
  count();
}

/* The cards in reading order, and the one that has the focus. */
function step(by) {
  const cards = [...form.querySelectorAll(".card")].filter((card) => card.checkVisibility());
  const at = cards.indexOf(document.activeElement.closest?.(".card"));
  const next = cards[at < 0 && by < 0 ? 0 : Math.min(Math.max(at + by, 0), cards.length - 1)];
  next?.querySelector("h3 a").focus();
}

function tick() {
  const box = document.activeElement.closest?.(".card")?.querySelector('[name="piece"]');
  if (!box) return;
  box.checked = !box.checked;
  count();
}

/* With nothing ticked a key would only lead to a refusal. */
const press = (name) => () => ticked().length && form.querySelector(`[name="verb"][value="${name}"]`)?.click();

if (document.querySelector("[data-moved]")) {
  try {
    sessionStorage.setItem(MOVED, String(loaded));
  } catch {
    // storage is closed in some private windows: a board that the browser kept stays as it was until it is reloaded
  }
}

if (form) {
  for (const hidden of form.querySelectorAll(".choosing [hidden]")) hidden.hidden = false;
  form.addEventListener("change", (event) => (event.target === all ? tickAll() : count()));
  document.body.addEventListener("htmx:afterSettle", count);
  /* A browser can bring a page back as it was left. Its ticks are then still true, unless those pieces were moved. */
  addEventListener("pageshow", (event) => {
    let moved = 0;
    try {
      moved = Number(sessionStorage.getItem(MOVED));
    } catch {
      // as above
    }
    if (event.persisted && moved > loaded) location.reload();
    else count();
  });
  count();
  listen({
    j: () => step(1),
    k: () => step(-1),
    x: tick,
    a: press("approve"),
    c: press("changes"),
    r: press("reject"),
  });
}
