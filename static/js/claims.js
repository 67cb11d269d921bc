/* Who reads a piece: said once the page is seen, again as long as somebody is at it, and asked for otherwise. */
import { swap } from "./fragments.js";

const EVERY = 20_000;

const seen = () => document.visibilityState === "visible";
const csrf = () => JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");

async function ask(address, method) {
  try {
    const response = await fetch(address, { method, headers: { "HX-Request": "true", ...csrf() }, redirect: "error" });
    if (response.ok) swap(await response.text());
  } catch {
    // the network is away: the next round tries again
  }
}

/* On the page of a piece. Reading somebody else's is not at odds with anything: it stays theirs until it is taken over. */
export function reading() {
  const at = () => document.querySelector("#claim")?.dataset.at;
  let left = false; // who leaves a piece to others does not get it back by moving the mouse
  let active = true;
  const round = () => {
    if (!at() || !seen()) return;
    ask(at(), active && !left ? "POST" : "GET");
    active = false;
  };
  for (const name of ["keydown", "pointerdown", "scroll", "pointermove"]) {
    addEventListener(name, () => (active = true), { passive: true });
  }
  document.addEventListener("submit", (event) => {
    if (event.target.closest("#claim")) left = event.submitter?.name === "leave";
  });
  document.addEventListener("visibilitychange", () => seen() && round());
  setInterval(round, EVERY);
  round();
}

/* In the queue: the words change where they stand, and nothing moves. */
export function watching(form) {
  const rows = [...form.querySelectorAll('[name="piece"]')].map((box) => `piece=${box.value}`);
  const { claims, count } = form.dataset;
  const address = `${claims}${claims.includes("?") ? "&" : "?"}${rows.join("&")}&count=${encodeURIComponent(count)}`;
  const round = () => seen() && ask(address, "GET");
  document.addEventListener("visibilitychange", round);
  setInterval(round, EVERY);
}
