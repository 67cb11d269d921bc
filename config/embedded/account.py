"""Who runs the servers. PostgreSQL refuses to run as root, so root hands it to an account without rights."""

import functools
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Where root keeps what the unprivileged account could not reach otherwise.
REACHABLE = Path("/var/lib/copydesk")


@dataclass(frozen=True)
class Account:
    """`uid` and `gid` to run a server as; both None means: as whoever we are."""

    uid: int | None = None
    gid: int | None = None

    @property
    def popen(self) -> dict[str, Any]:
        """Arguments for subprocess that run a program as this account."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_reach(self, path: Path) -> bool:
        """Whether this account may enter or run `path`. Tried rather than computed: ACLs and mounts count too."""
        if self.uid is None:
            return os.access(path, os.X_OK)
        tried = subprocess.run(["test", "-x", str(path)], cwd="/", check=False, **self.popen)
        return tried.returncode == 0


def account_for(owned: Path) -> Account:
    """The account for a server whose data are in `owned` (which need not exist yet)."""
    if os.geteuid() != 0:
        return Account()
    if owned.exists() and (found := owned.stat()).st_uid != 0:
        return Account(found.st_uid, found.st_gid)
    return unprivileged()


@functools.cache
def unprivileged() -> Account:
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_uid, found.pw_gid)
    return Account(65534, 65534)


def make_reachable(folder: Path) -> None:
    """Let the servers' account pass through a folder that we just made ourselves (never a parent of it)."""
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)


def reachable_tree(account: Account, program: Path, root: Path, folders: list[str], say: str) -> Path:
    """`program` itself when `account` can run it, else a copy of the `folders` of `root` where it can.

    The copy is named by the program's size and time of change, so an upgrade makes a new one, and it is
    put in place by one rename, so it is whole or absent.
    """
    if account.can_reach(program):
        return program
    found = program.stat()
    copy = REACHABLE / "programs" / f"{program.name}-{found.st_size}-{int(found.st_mtime)}"
    if not copy.exists():
        sys.stderr.write(f"{say} cannot be reached by the account that runs it; keeping a copy in {copy}\n")
        copy.parent.mkdir(parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(dir=copy.parent))
        half.chmod(0o755)
        for folder in folders:
            leave = shutil.ignore_patterns("*.a", "include", "pgxs")
            shutil.copytree(root / folder, half / folder, ignore=leave)
        half.rename(copy)
    return copy / program.relative_to(root)
