/* One task as it goes. The page is complete as it comes; this applies what happens after it, each event once. */
import { feed } from "./feed.js";
import { refresh, refresher } from "./fragments.js";
import { begin, write } from "./livetext.js";
import { append, follow } from "./log.js";
import * as parts from "./parts.js";

const POLL = 5000;
const page = document.getElementById("task");
const link = document.getElementById("task-link");
const said = document.getElementById("task-said");
const title = document.title;

let last = Number(page.dataset.after);
let stage = document.querySelector('[aria-current="step"]')?.dataset.stage || "";
let state = "away";
let began = performance.now(); // when the seconds on the page were right
let stop = () => {};

const active = () => ["queued", "running"].includes(document.getElementById("task-head").dataset.status);
const isRun = parts.areHere();
// Thirty stages may speak at once: one answer for all that they said in a second.
const soon = refresher(page.dataset.live, { pause: isRun ? 600 : 150, then: refreshed });

/* For screen readers: what changed, once per change. */
function announce(words) {
  if (said.textContent !== words) said.textContent = words;
}

function refreshed() {
  began = performance.now();
  if (isRun) sumUp();
  if (active()) return;
  stop();
  clearInterval(clock);
  link.textContent = "";
  document.querySelectorAll("#live .pen").forEach((pen) => pen.remove());
}

/* A run has many parts that change at once: what all of them come to is said, at most every few seconds. */
const CALM = 4000;
let calm = 0;
let summed = document.getElementById("task-state")?.textContent;
function sumUp() {
  parts.refill();
  const sum = document.getElementById("task-state")?.textContent;
  if (!sum || sum === summed || calm) return;
  announce(sum);
  summed = sum;
  calm = setTimeout(() => {
    calm = 0;
    sumUp();
  }, CALM);
}

const withText = () => refresh(`${page.dataset.live}?text`);

async function ended() {
  await withText();
  refreshed();
}

function advance({ percent }) {
  const bar = document.getElementById("task-progress");
  if (!bar || bar.value === percent) return;
  document.getElementById("task-percent").textContent = `${percent} %`;
  bar.value = percent;
}

/* Of one part of a run. */
function partly(message) {
  advance(message);
  if (message.as === "queued") parts.forget(message.stage_id);
  if (!parts.say(message)) soon();
  stage = message.stage;
}

function progress(message) {
  if (isRun && message.stage_id) return partly(message);
  const shown = document.getElementById("task-state");
  if (shown) {
    shown.dataset.s = message.as || "running";
    shown.textContent = message.message;
    advance(message);
  }
  if (isRun) soon(); // an idea was thought of
  if (message.stage !== stage) {
    stage = message.stage;
    announce(message.message);
    soon();
  } else if (message.as !== "running") {
    announce(message.message);
    if (message.as === "retry") soon(); // while a stage waits for its next run its seconds stand still
  }
}

const HEARD = {
  progress,
  log: append,
  started: soon,
  stage_complete: soon,
  image_found: soon,
  published: soon,
  refinement_started() {
    begin();
    soon();
  },
  quality(message) {
    if (isRun) return soon();
    announce(`Attempt ${message.attempt}: ${message.quality_score} of 10`);
    withText(); // the attempt is stored now: show it as it is kept
  },
  complete(message) {
    const made = message.summary?.says;
    const done = isRun && made ? `The run has ended: ${made}` : made || "Written, and waiting for you";
    announce(message.status === "completed" ? done : "The task has ended");
    document.title = message.status === "completed" ? `Done: ${title}` : title;
    ended();
  },
  error(message) {
    announce(`Failed: ${message.error_message}`);
    if (isRun && message.stage_id) return soon(); // the other parts go on
    ended();
  },
};

function apply(message) {
  if (message.type === "delta") return isRun ? parts.write(message) : write(message);
  if (message.seq <= last) return;
  last = message.seq;
  HEARD[message.type]?.(message);
}

/* Without a socket: the same events, asked for. */
async function poll() {
  let address = `${page.dataset.events}?after=${last}`;
  while (address) {
    const response = await fetch(address, { headers: { Accept: "application/json" } });
    if (!response.ok) return;
    const found = await response.json();
    found.results.forEach(apply);
    address = found.next;
  }
}

const SAYS = { live: "Live", away: "Polling every 5 s", closed: "Signed out. Reload the page." };
function connected(now) {
  state = now;
  link.textContent = SAYS[now];
}

function tick() {
  const passed = (performance.now() - began) / 1000;
  for (const figure of document.querySelectorAll("[data-seconds]")) {
    const seconds = Math.floor(Number(figure.dataset.seconds) + passed);
    if (seconds < 600) figure.textContent = `${seconds} s`;
  }
}

let rounds = 0;
const clock = setInterval(() => {
  if (document.hidden) return;
  tick();
  rounds += 1;
  if (rounds % (POLL / 1000)) return;
  soon(); // the place in the queue and the estimate change without an event of this task
  if (state === "away") poll().catch(() => {}); // the network is away: the next round tries again
}, 1000);

follow();
if (active()) {
  stop = feed(() => `/ws/tasks/${page.dataset.task}/?after=${last}`, { onMessage: apply, onState: connected });
} else {
  clearInterval(clock);
}
