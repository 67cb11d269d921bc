/* The queue: rows by keys, what is ticked, who reads what. Without a script the links, boxes and buttons do the same. */
import { watching } from "./claims.js";
import { listen } from "./keys.js";
import { arrive } from "./undo.js";

const form = document.querySelector("#moving");
const rows = () => [...document.querySelectorAll(".triage > li")];
const ticked = () => [...document.querySelectorAll('.triage [name="piece"]:checked')];
const here = () => document.activeElement.closest?.(".triage > li");

function count() {
  const now = ticked().length;
  const most = Number(form.dataset.most);
  const over = now > most ? ` At most ${most} can be moved at once.` : "";
  const said = now ? `${now} piece${now === 1 ? "" : "s"} selected.${over}` : "";
  const line = document.querySelector("#chosen");
  if (line.textContent !== said) line.textContent = said;
}

function step(by) {
  const all = rows();
  const at = all.indexOf(here());
  all[at < 0 && by < 0 ? all.length - 1 : Math.min(Math.max(at + by, 0), all.length - 1)]?.querySelector(".t-link").focus();
}

function tick() {
  const box = here()?.querySelector('[name="piece"]');
  if (!box) return;
  box.checked = !box.checked;
  count();
}

/* A verdict in the list is asked for before it is given: of what is ticked, or else of the row that has the focus. */
const press = (name) => () => {
  if (!ticked().length) tick();
  if (ticked().length) form.querySelector(`[name="verb"][value="${name}"]`)?.click();
};

const view = (number) => () => document.querySelectorAll(".views a")[number - 1]?.click();

if (form) {
  for (const hidden of document.querySelectorAll(".keys[hidden]")) hidden.hidden = false;
  form.addEventListener("change", count);
  form.addEventListener("reset", () => setTimeout(count));
  count();
  watching(form);
}
const filters = document.querySelector(".bar");
filters?.addEventListener("change", (event) => event.target.matches("select") && filters.requestSubmit());
listen({
  j: () => step(1),
  k: () => step(-1),
  x: tick,
  e: () => {
    const link = here()?.querySelector(".t-link");
    if (link) location.href = new URL("edit/", new URL(link.href)).href;
  },
  ...(form ? { a: press("approve"), c: press("changes"), r: press("reject") } : {}),
  1: view(1),
  2: view(2),
  3: view(3),
  4: view(4),
});
if (location.hash === "#find") document.querySelector("#find")?.focus();
else arrive(document.querySelector("h1"));
