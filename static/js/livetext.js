/* Live text: each message carries the whole of one block so far, so one that is missed does no harm. */

const pen = document.createElement("span");
pen.className = "pen";

let stale = false; // what is shown belongs to the attempt before

/* The next block begins a new attempt. */
export function begin() {
  stale = true;
}

export function write({ block, kind, text, final }) {
  const box = document.getElementById("live");
  if (!box) return;
  const stays = box.scrollHeight - box.scrollTop - box.clientHeight < 48;
  box.querySelector("[data-empty]")?.remove();
  let place = box.querySelector(`[data-block="${CSS.escape(block)}"]`);
  if (!place) {
    if (stale) box.replaceChildren();
    stale = false;
    place = document.createElement(kind === "p" ? "p" : "h3");
    place.dataset.block = block;
    box.append(place);
  }
  place.textContent = text;
  if (final) pen.remove();
  else place.append(pen);
  if (stays) box.scrollTop = box.scrollHeight;
}
