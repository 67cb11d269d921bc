/* Fragments: the server renders them, and each goes where its id is. Nothing moves unless something changed. */

/* What may differ without anything having changed: the mask of the form token, and an open menu. */
const plain = (html) => html.replace(/(name="csrfmiddlewaretoken" value=")[^"]*/g, "$1").replace(/ open=""/g, "");

/* Where an element is inside another one, as child indexes: to find its successor after a swap. */
function pathTo(element, top) {
  const path = [];
  for (let at = element; at !== top; at = at.parentElement) path.unshift([...at.parentElement.children].indexOf(at));
  return path;
}

function replace(old, fresh) {
  const held = old.contains(document.activeElement) ? pathTo(document.activeElement, old) : null;
  old.replaceWith(fresh);
  if (held) held.reduce((at, index) => at?.children[index], fresh)?.focus({ preventScroll: true });
}

/* Only elements between its tags: what changed can be found further in. */
const isFrame = (element) =>
  element.children.length > 0 && [...element.childNodes].every((node) => node.nodeType !== Node.TEXT_NODE || !node.data.trim());

function attributes(old, fresh) {
  for (const { name } of [...old.attributes]) if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
}

/* Make `old` what `fresh` is, and touch no more of it than differs: of forty cells one changes, and neither the
   focus nor what a reader has marked in the others is lost. Children with an id are known by it. What carries
   `data-mine` belongs to a script as long as both sides have it. */
function settle(old, fresh) {
  if (old.dataset?.mine && old.dataset.mine === fresh.dataset.mine) return;
  if (plain(old.outerHTML) === plain(fresh.outerHTML)) return;
  if (old.tagName !== fresh.tagName || old.id !== fresh.id || !isFrame(old) || !isFrame(fresh)) return replace(old, fresh);
  attributes(old, fresh);
  const wanted = [...fresh.children];
  wanted.forEach((child, index) => {
    const here = old.children[index];
    const known = child.id ? [...old.children].find((other) => other.id === child.id) : here && !here.id ? here : null;
    if (!known) return old.insertBefore(child, here ?? null);
    if (known !== here) old.insertBefore(known, here);
    settle(known, child);
  });
  while (old.children.length > wanted.length) old.lastElementChild.remove();
}

export function swap(html) {
  const arrived = new DOMParser().parseFromString(html, "text/html");
  for (const fresh of [...arrived.body.children]) {
    const old = fresh.id && document.getElementById(fresh.id);
    if (old) settle(old, fresh);
  }
}

/* Fetch fragments and swap them in; false when the server did not answer as expected. */
export async function refresh(address) {
  try {
    const response = await fetch(address, { headers: { "HX-Request": "true" }, redirect: "error" });
    if (!response.ok) return false;
    swap(await response.text());
    return true;
  } catch {
    return false; // the network is away: the next round tries again
  }
}

/* A function that refreshes soon, once for many calls, and never twice at the same time. */
export function refresher(address, { pause = 150, then = () => {} } = {}) {
  let timer = 0;
  let under = false;
  return function soon() {
    if (timer) return;
    timer = setTimeout(async () => {
      timer = 0;
      if (under) return soon();
      under = true;
      if (await refresh(address)) then();
      under = false;
    }, pause);
  };
}
