/* A socket that comes back: 1, 2, 4 … 30 s apart with some jitter. `address()` is asked anew each time. */

const GIVEN_UP = new Set([4401, 4404]); // not signed in, no such task: asking again does not help

export function feed(address, { onMessage, onState }) {
  let socket;
  let tries = 0;
  let timer = 0;
  let ended = false;

  function connect() {
    timer = 0;
    const url = new URL(address(), location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(url);
    socket.addEventListener("open", () => {
      tries = 0;
      onState("live");
    });
    socket.addEventListener("message", (event) => onMessage(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => {
      if (ended) return;
      if (GIVEN_UP.has(event.code)) {
        ended = true;
        return onState("closed");
      }
      onState("away");
      const pause = Math.min(1000 * 2 ** tries, 30000) * (0.8 + 0.4 * Math.random());
      tries += 1;
      timer = setTimeout(connect, pause);
    });
  }

  addEventListener("online", () => {
    if (!timer) return;
    clearTimeout(timer);
    connect();
  });
  connect();
  return function stop() {
    ended = true;
    clearTimeout(timer);
    socket.close();
  };
}
