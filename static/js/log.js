/* The log: lines as they come, by source, scrolled to the newest unless the reader scrolled up. */

const MOST = 2000;
const list = document.getElementById("log");
const tabs = document.querySelectorAll("#task-log [data-source]:is(a)");
const time = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
  timeZone: list.dataset.zone,
});

const near = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 24;

function cell(text) {
  const made = document.createElement("span");
  made.textContent = text;
  return made;
}

export function append({ seq, timestamp, source, level, message }) {
  if (list.querySelector(`[data-seq="${seq}"]`)) return;
  const stays = near(list);
  const line = document.createElement("li");
  Object.assign(line.dataset, { seq, source, l: level });
  line.append(cell(time.format(new Date(timestamp))), cell(source), cell(message));
  line.hidden = Boolean(list.dataset.shown) && list.dataset.shown !== source;
  list.append(line);
  if (list.children.length > MOST) list.firstElementChild.remove();
  for (const tab of tabs) {
    if (tab.dataset.source && tab.dataset.source !== source) continue;
    const count = tab.querySelector(".n");
    count.textContent = (Number(count.textContent.replace(/\D/g, "")) + 1).toLocaleString("en-GB");
  }
  if (stays) list.scrollTop = list.scrollHeight;
}

/* Tabs filter what is here, unless the server left lines out: then they are the links that they are. */
export function follow() {
  list.scrollTop = list.scrollHeight;
  if (list.dataset.shown || list.querySelector(":scope > li:not([data-seq])")) return;
  for (const tab of tabs) {
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      list.dataset.shown = tab.dataset.source;
      for (const other of tabs) other.removeAttribute("aria-current");
      tab.setAttribute("aria-current", "true");
      for (const line of list.children) {
        line.hidden = Boolean(tab.dataset.source) && line.dataset.source !== tab.dataset.source;
      }
      list.scrollTop = list.scrollHeight;
    });
  }
}
