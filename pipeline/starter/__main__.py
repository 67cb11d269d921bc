"""`python -m pipeline.starter --port N`: serve the starter model until SIGTERM or SIGINT."""

import argparse
import os
import signal
import sys
import threading

from .door import Door
from .engine import Engine, find_weights
from .protocol import Ollama

STOPS = {signal.SIGTERM, signal.SIGINT}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m pipeline.starter", description="Serve the starter model.")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one; the ready line says which")
    parser.add_argument(
        "--threads", type=int, default=1, help="two on a core shared with others are far slower than one"
    )
    parser.add_argument("--slots", type=int, default=4, help="texts written at the same time")
    parser.add_argument("--ctx", type=int, default=2048, help="tokens in a slot, prompt and answer together")
    parser.add_argument("--queue", type=int, default=64, help="requests that may wait for a slot before others get 503")
    wanted = parser.parse_args()

    # llama.cpp takes both signals over while it loads. Held back until ours are set again, none is lost to it,
    # and its threads, which inherit this, never get one.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        door = Door(wanted.host, wanted.port, Ollama)
        door.engine = Engine(
            find_weights(), slots=wanted.slots, context=wanted.ctx, threads=wanted.threads, queue=wanted.queue
        )
    except (OSError, ValueError, RuntimeError) as problem:
        sys.exit(f"The starter model cannot start: {problem}")
    door.server_activate()

    def stop(*_: object) -> None:
        threading.Thread(target=door.shutdown).start()  # it waits for the loop below, so not on this thread

    for number in STOPS:
        signal.signal(number, stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    sys.stdout.write(f"ready {door.url}\n")
    sys.stdout.flush()
    door.serve_forever(poll_interval=0.1)
    door.server_close()
    if not door.engine.close():
        os._exit(1)  # something still runs inside llama.cpp, and leaving past it could crash


if __name__ == "__main__":
    main()
