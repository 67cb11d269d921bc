/* Today and the task list: what the machine does is told by the socket, and then shown as the server renders it. */
import { feed } from "./feed.js";
import { refresher } from "./fragments.js";

const POLL = 5000;
const SLOWLY = 30000; // estimates and “waiting since” grow old even when no task says anything

const soon = refresher(document.querySelector("[data-live]").dataset.live, { pause: 900 });
let live = false;
let last = Date.now();

feed(() => "/ws/tasks/", {
  onMessage({ type }) {
    if (type !== "log") soon(); // of the log nothing is shown here
  },
  onState(state) {
    if (state === "live" && !live) soon(); // what happened while the socket was away
    live = state === "live";
  },
});

setInterval(() => {
  if (document.hidden || Date.now() - last < (live ? SLOWLY : POLL)) return;
  last = Date.now();
  soon();
}, 1000);
