"""Copydesk's own processes, as `up` runs them on one machine."""

import errno
import socket
import sys

from config.embedded import free_port
from config.embedded.data import PROJECT
from config.supervisor.child import Child

HEALTH_SECONDS = 2.0


def web(environment: dict[str, str], host: str, port: int) -> Child:
    command = [
        sys.executable, "-m", "uvicorn", "config.asgi:application", "--host", host, "--port", str(port),
        "--ws", "websockets-sansio", "--lifespan", "off", "--no-access-log", "--log-config", "config/uvicorn.json",
        "--timeout-graceful-shutdown", "5",
        # The lines are short: packing each for each socket costs more than it saves.
        "--ws-per-message-deflate", "false",
    ]  # fmt: skip
    near = "127.0.0.1" if host == "0.0.0.0" else "::1" if host == "::" else host
    return Child.of_command("web", command, environment, PROJECT, lambda: answers(near, port, "/healthz"))


def workers(environment: dict[str, str]) -> list[Child]:
    """One cluster; with SDXL a second one, where torch keeps its model and makes one picture after the other.

    Whoever names lanes has one cluster that serves those. The second is for one device: others have one each, which
    their own CUDA_VISIBLE_DEVICES tells apart.
    """
    if not environment.get("COPYDESK_SDXL") or environment.get("COPYDESK_LANES"):
        return [_cluster("worker", environment)]
    alone = {"COPYDESK_LANES": "gpu", "COPYDESK_WORKERS": "1", "COPYDESK_STAGES_AT_ONCE": "1"}
    return [_cluster("worker", environment | {"COPYDESK_LANES": "io"}), _cluster("gpu", environment | alone)]


def _cluster(name: str, environment: dict[str, str]) -> Child:
    """One that is at work would wait for the end of a stage. It need not: what is done is kept, and the lease gives the
    rest to the next one."""
    command = [sys.executable, "manage.py", "qcluster", "--skip-checks"]
    return Child.of_command(name, command, environment, PROJECT, patience=3.0)


def clock(environment: dict[str, str]) -> Child:
    return Child.of_command("clock", [sys.executable, "manage.py", "clock", "--skip-checks"], environment, PROJECT)


def starter(environment: dict[str, str]) -> Child | None:
    """The model server, unless another is configured; writes its address into `environment`."""
    if environment.get("OLLAMA_HOST") or environment.get("COPYDESK_STARTER_URL"):
        return None
    if "ollama" not in environment.get("COPYDESK_PROVIDER", "ollama"):
        return None
    port = free_port()
    environment["COPYDESK_STARTER_URL"] = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "pipeline.starter", "--port", str(port)]
    return Child.of_command(
        "starter", command, environment, PROJECT, lambda: answers("127.0.0.1", port, "/api/version")
    )


def answers(host: str, port: int, path: str) -> bool:
    """Whether an HTTP server there answers with success, or sends us on (to HTTPS).

    Spoken by hand: http.client would stay in memory for a few requests at the start.
    """
    try:
        with socket.create_connection((host, port), timeout=HEALTH_SECONDS) as line:
            line.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            status = line.makefile("rb").readline().split()
    except OSError:
        return False
    return len(status) > 1 and status[1][:1] in b"23"


def is_free(host: str, port: int) -> bool:
    """Whether `port` is free on `host`. Raises OSError when `host` is none of this machine's addresses."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as taken:
            if taken.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True
