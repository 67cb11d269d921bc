/* Fragments: the server renders them, and each goes where its id is. Nothing moves unless something changed. */

/* What may differ without anything having changed: the mask of the form token, and an open menu. */
const plain = (html) => html.replace(/(name="csrfmiddlewaretoken" value=")[^"]*/g, "$1").replace(/ open=""/g, "");

/* Where an element is inside another one, as child indexes: to find its successor after a swap. */
function pathTo(element, top) {
  const path = [];
  for (let at = element; at !== top; at = at.parentElement) path.unshift([...at.parentElement.children].indexOf(at));
  return path;
}

export function swap(html) {
  const arrived = new DOMParser().parseFromString(html, "text/html");
  for (const fresh of [...arrived.body.children]) {
    const old = fresh.id && document.getElementById(fresh.id);
    if (!old || plain(old.outerHTML) === plain(fresh.outerHTML)) continue;
    const held = old.contains(document.activeElement) ? pathTo(document.activeElement, old) : null;
    old.replaceWith(fresh);
    if (held) held.reduce((at, index) => at?.children[index], fresh)?.focus({ preventScroll: true });
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
