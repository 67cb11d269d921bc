/* The piece page: single keys, the queue on small screens, who reads it, a draft that was saved. Everything here only
   helps; links and forms do the work. */
import { reading } from "./claims.js";
import { forget } from "./drafts.js";
import { listen } from "./keys.js";
import { arrive } from "./undo.js";

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
  follow(document.querySelector(now));
}

/* With the focus on the link, htmx puts it on the same link of the page that comes. */
function follow(link) {
  link?.focus({ preventScroll: true });
  link?.click();
}

const button = (key) => document.querySelector(`.verdict form [data-key="${key}"]`);
const SENDS = { c: "requests the changes", r: "rejects it" };
let asked = ""; // the verdict that the reason in the field is for, once a key said it

/* Request changes and reject need a reason: their keys lead to the field first, and say what sends it. */
function verdict(key) {
  const field = document.querySelector("#feedback");
  if (!button(key) || !field) return;
  if (key === "a" || field.value.trim()) return button(key).click();
  asked = key;
  const says = document.querySelector("#sends");
  says.textContent = `Ctrl+Enter ${SENDS[key]}; Esc leaves the field.`;
  says.hidden = false;
  field.focus();
}

addEventListener("keydown", (event) => {
  if (event.target.id !== "feedback" || event.isComposing) return;
  if (event.key === "Escape") {
    event.target.blur();
    document.querySelector("#main").focus({ preventScroll: true });
  } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    button(asked)?.click();
  }
});

/* `[` and `]` go from change to change, and say which by the focus. */
function change(by) {
  const places = [...document.querySelectorAll("#main [data-place]")].filter((place) => place.checkVisibility());
  const at = places.indexOf(document.activeElement.closest("[data-place]"));
  const next = places[at < 0 ? (by > 0 ? 0 : places.length - 1) : Math.min(Math.max(at + by, 0), places.length - 1)];
  if (!next) return;
  if (next.tabIndex < 0) next.tabIndex = -1;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "center" });
}

const panel = (number) => () => follow(document.querySelectorAll("#side nav a")[number - 1]);
const press = (key) => () => document.querySelector(`[data-key="${key}"]`)?.click();

listen({
  a: () => verdict("a"),
  c: () => verdict("c"),
  r: () => verdict("r"),
  d: marks,
  e: press("e"),
  j: press("j"),
  k: press("k"),
  "[": () => change(-1),
  "]": () => change(1),
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((number) => [number, panel(number)])),
});

/* What was typed stays, whatever part of the page is changed around it. */
let typed = "";

settle();
reading();
if (document.querySelector("#refusal")) document.querySelector("#feedback")?.focus({ preventScroll: true });
else arrive(document.querySelector("h1"));
document.body.addEventListener("htmx:beforeSwap", () => (typed = document.querySelector("#feedback")?.value ?? ""));
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.target.id === "claim") return;
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
