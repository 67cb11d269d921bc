/* The piece page: single keys, the queue on small screens, a draft that was saved. Everything here only helps;
   links and forms do the work. */
import { forget } from "./drafts.js";
import { listen } from "./keys.js";

const narrow = matchMedia("(max-width: 72rem)");

function settle() {
  const main = document.querySelector("main[data-piece]");
  if (!main) return;
  const rail = document.querySelector("#rail");
  if (narrow.matches && rail && !rail.dataset.settled) rail.open = false;
  if (rail) rail.dataset.settled = "";
  const here = rail?.querySelector("[aria-current]");
  // Not scrollIntoView: that would move the page as well, away from the title.
  if (here) rail.scrollTop = Math.max(0, here.offsetTop + here.offsetHeight - rail.clientHeight);
  if (document.querySelector('[data-tags~="saved"]')) forget(`${main.dataset.person}:${main.dataset.piece}`);
  const form = document.querySelector(".against");
  form?.querySelector("button")?.classList.add("vh");
}

/* Choosing a version compares at once; without a script there is a button. */
addEventListener("change", (event) => event.target.closest(".against")?.requestSubmit());

/* `d` turns the marks off and on. */
function marks() {
  const now = document.querySelector("#marks-clean[aria-current]") ? "#marks-changes" : "#marks-clean";
  document.querySelector(now)?.click();
}

/* Request changes and reject need a reason: their keys lead to the field first. */
function verdict(name) {
  const button = document.querySelector(`.verdict [data-key="${name}"]`);
  const field = document.querySelector("#feedback");
  if (!button || !field) return;
  if (name !== "a" && !field.value.trim()) field.focus();
  else button.click();
}

listen({
  a: () => verdict("a"),
  c: () => verdict("c"),
  r: () => verdict("r"),
  d: marks,
  e: () => document.querySelector('[data-key="e"]')?.click(),
  j: () => document.querySelector('[data-key="j"]')?.click(),
  k: () => document.querySelector('[data-key="k"]')?.click(),
});

/* What was typed stays, whatever part of the page is changed around it. */
let typed = "";

settle();
if (document.querySelector("#refusal")) document.querySelector("#feedback")?.focus({ preventScroll: true });
document.body.addEventListener("htmx:beforeSwap", () => (typed = document.querySelector("#feedback")?.value ?? ""));
document.body.addEventListener("htmx:afterSettle", () => {
  settle();
  const field = document.querySelector("#feedback");
  if (field && !field.value) field.value = typed;
  if (document.querySelector("#refusal")) field?.focus({ preventScroll: true });
  const said = document.querySelector(".verdict .messages");
  if (said) {
    said.tabIndex = -1;
    said.focus({ preventScroll: true });
  }
});
