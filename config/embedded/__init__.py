"""PostgreSQL and Valkey from their wheels: real servers without root, Docker or a system package.

Nothing here imports Django, because settings need the addresses that these servers are given.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.embedded.account import make_reachable
from config.embedded.data import AlreadyRunning, DataDir
from config.embedded.postgres import Postgres
from config.embedded.server import EmbeddedError, Server
from config.embedded.valkey import Valkey, free_port

__all__ = [
    "AlreadyRunning",
    "DataDir",
    "EmbeddedError",
    "Postgres",
    "Server",
    "Valkey",
    "ephemeral",
    "free_port",
    "serving",
    "throwaway",
]


@contextmanager
def serving(data: DataDir, *, durable: bool = True) -> Iterator[dict[str, str]]:
    """Both servers on `data` while the block runs; yields DATABASE_URL, COPYDESK_OWNER_URL and REDIS_URL.

    With `durable=False` nothing is forced to disk: for data that is thrown away.
    Start it in a thread that lives as long as the block: on Linux the servers end with it.
    """
    data.make()
    postgres = Postgres(data.path, durable=durable)
    valkey = Valkey(data.path, password=data.secret("valkey_password"), durable=durable)
    servers: list[Server] = [postgres, valkey]
    try:
        for server in servers:
            server.spawn()
        for server in servers:
            server.wait_until_ready()
        yield {**postgres.addresses, "REDIS_URL": valkey.url}
    finally:
        for server in reversed(servers):
            server.stop()


@contextmanager
def ephemeral() -> Iterator[dict[str, str]]:
    """Both servers on a new, empty folder that is deleted afterwards; for tests and tools."""
    with throwaway() as data, serving(data, durable=False) as addresses:
        yield addresses


@contextmanager
def throwaway() -> Iterator[DataDir]:
    """A data folder for as long as the block runs."""
    folder = Path(tempfile.mkdtemp(prefix="copydesk-"))
    make_reachable(folder)
    elsewhere = folder / "postgres.path"
    try:
        yield DataDir(folder)
    finally:
        if elsewhere.exists():
            shutil.rmtree(Path(elsewhere.read_text().strip()).parent)
        shutil.rmtree(folder)
