/* The bell: asked for anew now and then, and when one comes back to the page. An open menu is left alone. */
import { refresh } from "./fragments.js";

const EVERY = 30000;
let last = Date.now();

async function look() {
  const bell = document.getElementById("bell");
  if (!bell || bell.open || document.hidden) return;
  last = Date.now();
  await refresh(bell.dataset.address);
}

setInterval(() => Date.now() - last >= EVERY && look(), 1000);
addEventListener("visibilitychange", () => Date.now() - last >= EVERY / 3 && look());
