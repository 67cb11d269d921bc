/* The images page: pictures come as they are made, and nothing moves of what one holds. */
import { feed } from "./feed.js";
import { refresher, swap } from "./fragments.js";

const POLL = 5000;
const page = document.getElementById("sheet");
const said = document.getElementById("sheet-said");
const soon = refresher(page.dataset.live, { then: arrived });
const feeds = new Map(); // task → {after, state, stop}

/* --- What is in the making --- */

const tileOf = (task) => document.getElementById(`making-${task}`);
const announce = (words) => {
  if (said.textContent !== words) said.textContent = words;
};

const minutes = (s) => (s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`);

function progress({ task_id, percent, message, as, seconds_left: left }) {
  const tile = tileOf(task_id);
  const bar = tile?.querySelector("progress");
  if (!bar) return soon();
  bar.value = percent;
  const state = tile.querySelector(".state");
  state.textContent = message;
  state.dataset.s = as || "running";
  tile.querySelector("[data-left]").textContent = left == null ? "" : `${minutes(left)} left`;
  if (as !== "running") announce(message);
}

function ended(message) {
  feeds.get(message.task_id)?.stop();
  announce(message.type === "error" ? `Not made: ${message.error_message}` : message.summary?.says || "It has ended");
  soon();
}

const HEARD = {
  progress,
  started: soon,
  complete: ended,
  error: ended,
  image_found({ alt }) {
    announce(alt ? `Here is one: ${alt}` : "Here is one more picture");
    soon();
  },
};

function apply(message) {
  const heard = feeds.get(message.task_id);
  if (!heard || message.type === "delta" || message.seq <= heard.after) return;
  heard.after = message.seq;
  HEARD[message.type]?.(message);
}

/* A socket for each task that is at work on the page. */
function follow() {
  for (const tile of document.querySelectorAll("[data-task]:not([data-ended])")) {
    const { task, after } = tile.dataset;
    if (feeds.has(Number(task))) continue;
    const heard = { after: Number(after), state: "away", stop: () => {} };
    feeds.set(Number(task), heard);
    heard.stop = feed(() => `/ws/tasks/${task}/?after=${heard.after}`, {
      onMessage: apply,
      onState: (now) => (heard.state = now),
    });
  }
  for (const [task, heard] of feeds) {
    if (tileOf(task) && !tileOf(task).hasAttribute("data-ended")) continue;
    heard.stop();
    feeds.delete(task);
  }
}

function arrived() {
  follow();
  count();
}

/* Without a socket the page is asked for; with one too, since the place in the queue changes without an event. */
setInterval(() => {
  if (!document.hidden && feeds.size) soon();
}, POLL);
follow();

/* --- The one in hand: what is typed of it is nobody else's, whatever arrives --- */

let offered = document.getElementById("alt")?.value; // what stands there without anybody having typed

function count() {
  const field = document.getElementById("alt");
  if (field) document.getElementById("alt-count").value = field.value.length;
}

addEventListener("change", ({ target }) => {
  if (target.name !== "image") return;
  const field = document.getElementById("alt");
  if (!field) return;
  if (field.value === offered) {
    field.value = offered = target.dataset.alt;
    count();
  }
  document.querySelector("[name=alt_of]").value = target.value;
});
addEventListener("input", ({ target }) => {
  if (target.id === "alt") count();
  if (target.id !== "count") return;
  document.querySelector("output[for=count]").value = target.value;
  document.querySelector("[data-count]").textContent = target.value;
});

/* --- One's own: what is too large is said before it is sent --- */

addEventListener("change", ({ target }) => {
  if (target.id !== "file") return;
  const most = Number(target.dataset.most);
  const size = (target.files[0]?.size ?? 0) / 1e6;
  target.setCustomValidity(size > most ? `It has ${Math.ceil(size)} MB; at most ${most} MB are taken.` : "");
  target.reportValidity();
});

/* --- More --- */

addEventListener("htmx:afterRequest", ({ detail }) => {
  if (detail.elt.id !== "more-form" || ![200, 400].includes(detail.xhr.status)) return;
  swap(detail.xhr.responseText);
  arrived();
  const wrong = document.querySelector("#more .error:not([hidden])");
  announce(wrong ? wrong.textContent.trim() : "It is queued");
  if (!wrong) document.querySelector("[data-task]:not([data-ended])")?.scrollIntoView({ block: "nearest" });
});
