/* Copies a text as it is pasted elsewhere. Where the browser lets no page write to the clipboard (plain HTTP on another
   machine), the text is opened and selected, so that one key is left to press. */
const said = document.createElement("p");
said.className = "vh";
said.setAttribute("role", "status");
document.body.append(said);

async function taken(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // not allowed, or no such thing here
  }
}

addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copies]");
  if (!button) return;
  const box = button.parentElement.querySelector("details");
  const text = box.querySelector("textarea");
  const label = button.querySelector("span");
  const name = (button.dataset.copies ||= label.textContent);
  said.textContent = "";
  if (await taken(text.value)) {
    label.textContent = "Copied";
    button.dataset.done = "";
    said.textContent = `${name}: done, it can be pasted.`;
    setTimeout(() => {
      label.textContent = name;
      delete button.dataset.done;
    }, 2000);
    return;
  }
  box.open = true;
  text.focus();
  text.select();
  said.textContent = "This page may not copy by itself. The text is selected: press Control and C.";
});
