/* Asks the desk what it says of the text as it stands, with the code of its own checks, and shows it. The last question
   wins; while there is no answer to it, the figures say so rather than show those of another text. */
import { swap } from "./fragments.js";

const PAUSE = 150; // ms after a key
const LONGEST = 600; // ms after the first key, for who never pauses
const PATIENCE = 1500; // then the figures shown are no longer those of this text
const AGAIN = 5000; // then a desk that could not be reached is asked once more
const QUIET = 1200; // ms without a key, then a change of verdict is read out

export function measuring(form) {
  const page = form.closest("main");
  const voice = page.querySelector("#said");
  let told = page.querySelector("#standing").dataset.said;
  let question;
  let soon;
  let since = 0;
  let late;
  let quiet;

  function tell(says = page.querySelector("#standing").dataset.said) {
    if (says !== told) voice.textContent = told = says;
  }

  function behind(is) {
    page.toggleAttribute("data-behind", is);
    if (is) tell("Not counted yet. The desk does not answer.");
  }

  async function ask() {
    since = 0;
    question?.abort();
    const mine = (question = new AbortController());
    clearTimeout(late);
    late = setTimeout(behind, PATIENCE, true);
    try {
      const answer = await fetch(form.dataset.measure, {
        method: "POST",
        body: new FormData(form),
        headers: { "HX-Request": "true" },
        redirect: "error",
        signal: mine.signal,
      });
      if (!answer.ok) throw new Error(answer.statusText);
      const fragments = await answer.text();
      if (mine !== question) return;
      clearTimeout(late);
      swap(fragments);
      behind(false);
      clearTimeout(quiet);
      quiet = setTimeout(tell, QUIET);
    } catch {
      if (mine !== question) return; // a newer question is under way
      clearTimeout(late);
      behind(true);
      soon = setTimeout(ask, AGAIN);
    }
  }

  return () => {
    clearTimeout(quiet);
    clearTimeout(soon);
    since ||= performance.now();
    soon = setTimeout(ask, Math.min(PAUSE, since + LONGEST - performance.now()));
  };
}
