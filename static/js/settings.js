/* The daily run: the browser knows which time zone this is. A new schedule begins with it; another one is only asked. */
const zone = document.getElementById("zone");
const own = document.getElementById("own-zone");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

function offer() {
  own.hidden = zone.value === here;
}

if ([...zone.list.options].some((option) => option.value === here)) {
  if ("new" in zone.dataset && !zone.hasAttribute("aria-invalid")) zone.value = here;
  own.textContent = `Use ${here}, where this browser is`;
  own.addEventListener("click", () => {
    zone.value = here;
    offer();
    zone.focus();
  });
  zone.addEventListener("input", offer);
  offer();
}
