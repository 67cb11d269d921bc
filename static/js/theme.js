/* Light or dark, as this person chose on this machine. Runs before the first paint; without it the system decides. */
(() => {
  const KEY = "copydesk-theme";
  const root = document.documentElement;
  const kept = () => {
    try {
      return localStorage.getItem(KEY) || "";
    } catch {
      return ""; // storage is closed in some private windows: the system decides
    }
  };
  const apply = (theme) => {
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
  };
  apply(kept());
  addEventListener("storage", (event) => event.key === KEY && apply(event.newValue || ""));
  addEventListener("DOMContentLoaded", () => {
    const choice = document.querySelector(".themes");
    if (!choice) return;
    const chosen = choice.querySelector(`[value="${CSS.escape(kept())}"]`);
    if (chosen) chosen.checked = true;
    choice.hidden = false;
    choice.addEventListener("change", (event) => {
      apply(event.target.value);
      localStorage.setItem(KEY, event.target.value);
    });
  });
})();
