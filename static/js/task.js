/* One task as it goes. The page is complete as it comes; this applies what happens after it, each event once. */
import { feed } from "./feed.js";
import { refresh, refresher } from "./fragments.js";
import { begin, write } from "./livetext.js";
import { append, follow } from "./log.js";

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
const soon = refresher(page.dataset.live, { then: refreshed });

/* For screen readers: what changed, once per change. */
function announce(words) {
  if (said.textContent !== words) said.textContent = words;
}

function refreshed() {
  began = performance.now();
  if (active()) return;
  stop();
  clearInterval(clock);
  link.textContent = "";
  document.querySelectorAll("#live .pen").forEach((pen) => pen.remove());
}

const withText = () => refresh(`${page.dataset.live}?text`);

async function ended() {
  await withText();
  refreshed();
}

function progress(message) {
  const shown = document.getElementById("task-state");
  if (shown) {
    shown.dataset.s = message.as || "running";
    shown.textContent = message.message;
    document.getElementById("task-percent").textContent = `${message.percent} %`;
    document.getElementById("task-progress").value = message.percent;
  }
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
    announce(`Attempt ${message.attempt}: ${message.quality_score} of 10`);
    withText(); // the attempt is stored now: show it as it is kept
  },
  complete(message) {
    announce(message.status === "completed" ? "Written, and waiting for you" : "The task has ended");
    document.title = message.status === "completed" ? `Done: ${title}` : title;
    ended();
  },
  error(message) {
    announce(`Failed: ${message.error_message}`);
    ended();
  },
};

function apply(message) {
  if (message.type === "delta") return write(message);
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
