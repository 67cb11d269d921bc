/* A verdict can be undone for some seconds. Then the offer becomes the way to where it can be taken back. Without a
   script both are there all the time, and the server says when it is too late. */
const offers = document.querySelectorAll("[data-undo]");

for (const offer of offers) {
  const late = offer.parentElement.querySelector(".undo-late");
  setTimeout(() => {
    const focused = offer.contains(document.activeElement);
    offer.remove();
    late.textContent = "Too late to undo; open it to take it back";
    if (focused) late.focus();
  }, Number(offer.dataset.undo) * 1000);
}

/* What was said stands before the piece that is read next: its title says both. */
export function arrive(title) {
  const said = offers[0]?.closest(".note");
  if (!said || !title) return false;
  said.id ||= "just-said";
  title.tabIndex = -1;
  title.setAttribute("aria-describedby", said.id);
  title.focus({ preventScroll: true });
  return true;
}
