/* The form while it is filled in: sliders and figures agree, the types share what they can, and one click asks once. */
const form = document.getElementById("new-task");
const button = form.querySelector(".estimate button");

form.noValidate = true; // the server's sentences say more than the browser's, and htmx would not send an unfinished form

for (const slider of form.querySelectorAll("[data-for]")) {
  const figure = document.getElementById(slider.dataset.for);
  slider.addEventListener("input", () => (figure.value = slider.value));
  figure.addEventListener("input", () => (slider.value = figure.value));
}
for (const output of form.querySelectorAll("output[for]")) {
  const slider = document.getElementById(output.htmlFor.value);
  slider.addEventListener("input", () => (output.value = `±${slider.value} %`));
}

/* What was typed goes along to another type's form, which takes what it has a field for, and hands on the rest. */
for (const link of document.querySelectorAll("#types a")) {
  const type = new URL(link.href).searchParams.get("type");
  link.addEventListener("click", () => {
    const carried = new URLSearchParams(location.search);
    for (const name of ["like", "words", "csrfmiddlewaretoken"]) carried.delete(name);
    for (const { name } of form.elements) carried.delete(name);
    for (const [name, value] of new FormData(form)) {
      if (name !== "csrfmiddlewaretoken" && value && value.length <= 300) carried.append(name, value);
    }
    carried.set("type", type);
    link.search = carried;
  });
}

/* What the server says under a field is also said of the field. */
form.addEventListener("htmx:afterSettle", () => {
  for (const said of form.querySelectorAll('[id^="says-"]')) {
    const field = form.querySelector(`:is(input, select, textarea)[aria-describedby~="${said.id}"]`);
    if (said.classList.contains("error")) field?.setAttribute("aria-invalid", "true");
    else field?.removeAttribute("aria-invalid");
  }
});

form.addEventListener("submit", () => (button.disabled = true));
addEventListener("pageshow", () => (button.disabled = false));

const wrong = form.querySelector('[aria-invalid="true"]');
if (wrong) wrong.focus();
