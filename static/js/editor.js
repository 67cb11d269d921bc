/* The editor: measures while one writes, keeps a draft on this machine, saves on Ctrl+S, warns before words are lost. */
import { forget, keep, recall } from "./drafts.js";
import { measuring } from "./measure.js";

const form = document.querySelector("#editor");
const { title, body } = form.elements;
const name = form.dataset.draft;
const measure = measuring(form);
const stored = { title: title.defaultValue, body: body.defaultValue };
/* After a refusal the form holds what was typed, not what is stored. */
let saved = "refused" in form.dataset ? { title: "", body: "" } : stored;
let leaving = false;
let timer;

const typed = () => ({ title: title.value, body: body.value });
const same = (one, other) => one.title === other.title && one.body === other.body;
const unsaved = () => !same(typed(), saved);

function remember() {
  clearTimeout(timer);
  if (unsaved()) keep(name, typed());
  else forget(name);
}

form.addEventListener("input", () => {
  measure();
  clearTimeout(timer);
  timer = setTimeout(remember, 400);
});
addEventListener("pagehide", remember);
addEventListener("visibilitychange", () => document.hidden && remember());

form.addEventListener("submit", () => {
  remember();
  leaving = true; // the piece page forgets the draft once the server has said that it is saved
});
addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "s") {
    event.preventDefault();
    form.requestSubmit();
  }
});
addEventListener("beforeunload", (event) => {
  if (!leaving && unsaved()) event.preventDefault();
});
addEventListener("pageshow", () => (leaving = false));

/* A title is one line, in a field that shows all of it. */
title.addEventListener("keydown", (event) => event.key === "Enter" && !event.isComposing && (event.preventDefault(), body.focus()));

/* A draft that is not what is stored is offered, never put in by itself. */
const draft = recall(name);
const offer = document.querySelector("#draft");
if (draft && !same(draft, typed()) && !same(draft, stored)) {
  offer.querySelector(".when").textContent = new Date(draft.at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  offer.hidden = false;
}
offer.addEventListener("click", (event) => {
  if ("draftUse" in event.target.dataset) {
    title.value = draft.title;
    body.value = draft.body;
    measure();
    body.focus();
  } else if ("draftDrop" in event.target.dataset) {
    forget(name);
    title.focus();
  } else return;
  offer.hidden = true;
});

/* A browser that goes back may have put other words in the fields than those that were measured. */
if (!same(typed(), stored)) measure();
