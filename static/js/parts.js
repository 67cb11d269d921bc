/* The parts of a run, several at once: what each does now, and its newest words, each in its own cell. */

const EVERY = 150; // a screen that changes more often cannot be read
const KEPT = 700; // letters; a cell shows the last lines

const texts = new Map(); // stage → (block → its text so far)
const changed = new Set();
let timer = 0;

export const areHere = () => document.getElementById("task-parts") !== null;

const cellOf = (stage) => document.getElementById(`stage-${stage}`);

/* Live text: block “17-hook” is the hook that stage 17 writes. */
export function write({ block, text }) {
  const [stage] = block.split("-", 1);
  if (!texts.has(stage)) texts.set(stage, new Map());
  texts.get(stage).set(block, text);
  later(stage);
}

/* What one part does now. False when its cell does not show it as running yet: then the server has to be asked. */
export function say({ stage_id, message, as }) {
  const state = cellOf(stage_id)?.querySelector(".state");
  if (!cellOf(stage_id)?.querySelector("[data-mine]")) return false;
  state.textContent = message;
  state.dataset.s = as || "running";
  return true;
}

/* What came before a new try is no longer what is being written. */
export function forget(stage) {
  texts.delete(String(stage));
}

function later(stage) {
  changed.add(stage);
  timer ||= setTimeout(show, EVERY);
}

function show() {
  timer = 0;
  for (const stage of changed) {
    const box = document.querySelector(`[data-mine="${stage}"]`);
    if (box) fill(box, stage);
  }
  changed.clear();
}

function fill(box, stage) {
  const text = [...(texts.get(stage)?.values() ?? [])].filter(Boolean).join("\n").slice(-KEPT);
  const line = box.firstElementChild ?? box.appendChild(document.createElement("span"));
  if (line.textContent !== text) line.textContent = text;
}

/* Cells that the server has just put there get the words that are known already. */
export function refill() {
  for (const box of document.querySelectorAll("[data-mine]")) fill(box, box.dataset.mine);
}
