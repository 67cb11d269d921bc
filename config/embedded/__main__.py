"""`python -m config.embedded exec -- CMD…`: run a command with both servers up and their addresses set."""

import argparse
import os
import subprocess
import sys

from config.embedded import AlreadyRunning, DataDir, EmbeddedError, serving, throwaway


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m config.embedded", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("exec", help="run a command with PostgreSQL and Valkey up")
    run.add_argument("--data", help="folder to keep the data in; without it an empty one that is deleted afterwards")
    run.add_argument("command", nargs="+", metavar="CMD", help="the command and its arguments, after --")
    given = parser.parse_args()
    try:
        if given.data:
            data = DataDir(given.data)
            hold = data.hold()
            hold.tell()
            return _run(data, given.command, durable=True)
        with throwaway() as data:
            return _run(data, given.command, durable=False)
    except (AlreadyRunning, EmbeddedError) as refused:
        sys.stderr.write(f"{refused}\n")
        return 1


def _run(data: DataDir, command: list[str], *, durable: bool) -> int:
    with serving(data, durable=durable) as addresses:
        data.secret("secret_key")
        done = subprocess.run(command, check=False, env=os.environ | addresses | {"COPYDESK_DATA": str(data.path)})
    return done.returncode if done.returncode >= 0 else 128 - done.returncode


if __name__ == "__main__":
    sys.exit(main())
