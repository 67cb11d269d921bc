"""`up`: everything on one machine, from nothing to the line “Ready http://…”."""

import argparse
import json
import os
import sys

from config.embedded import AlreadyRunning, DataDir, EmbeddedError, Postgres, Server, Valkey
from config.embedded.data import Hold
from config.supervisor import preparation, programs
from config.supervisor.child import Child
from config.supervisor.supervisor import StartFailed, Stop, Supervisor
from config.supervisor.terminal import Terminal

DEFAULT_PORT, PORTS_TRIED = 8000, 100
SERVER_SECONDS, PROGRAM_SECONDS = 60.0, 120.0
# What another command on this data takes over while we run: DataDir.join_running.
SERVERS = ("DATABASE_URL", "COPYDESK_OWNER_URL", "REDIS_URL", "COPYDESK_STARTER_URL", "COPYDESK_URL")
WRITER = (
    *("OLLAMA_HOST", "COPYDESK_MODEL", "COPYDESK_PROVIDER", "COPYDESK_FALLBACK"),
    *("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL"),  # never a key: this is written to a file
    "COPYDESK_SDXL",
)
SHARED = (*SERVERS, *WRITER)


class Refused(Exception):
    """`up` cannot start as asked; the message says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=os.environ.get("COPYDESK_PORT") or None,
                        help="port of the website; default 8000, or the next free one")  # fmt: skip
    parser.add_argument("--host", default=os.environ.get("COPYDESK_HOST") or "127.0.0.1",
                        help="address to listen on; default 127.0.0.1 (this machine only)")  # fmt: skip
    parser.add_argument("--data", default=os.environ.get("COPYDESK_DATA") or None,
                        help="folder that keeps everything; default var/")  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run until somebody asks us to end; returns the exit status."""
    parser = argparse.ArgumentParser(prog="manage.py up", description=__doc__)
    add_arguments(parser)
    options = parser.parse_args(arguments)
    try:
        data = DataDir(options.data)
        hold = data.hold()
        try:
            return _serve(data, hold, options.host, choose_port(options.host, options.port))
        finally:
            hold.release()
    except (AlreadyRunning, EmbeddedError, Refused, StartFailed) as refused:
        sys.stderr.write(f"{refused}\n")
        return 1


def choose_port(host: str, given: int | None) -> int:
    """The port that was asked for, else the first free one from 8000 on. Raises Refused."""
    try:
        if given:
            if not programs.is_free(host, given):
                raise Refused(f"Port {given} is taken (or needs more rights). Choose another: make up PORT={given + 1}")
            return given
        for port in range(DEFAULT_PORT, DEFAULT_PORT + PORTS_TRIED):
            if programs.is_free(host, port):
                return port
    except OSError as error:
        raise Refused(f"Cannot listen on {host}: {error.strerror}. Try --host 127.0.0.1.") from error
    raise Refused(f"No port from {DEFAULT_PORT} to {DEFAULT_PORT + PORTS_TRIED - 1} is free. Give one: make up PORT=…")


def _serve(data: DataDir, hold: Hold, host: str, port: int) -> int:
    site = f"http://{_shown(host)}:{port}/"
    hold.tell(url=site)
    terminal = Terminal(data.path / "logs")
    environment = child_environment(data, host, site)
    with Supervisor(terminal) as supervisor:
        try:
            model = programs.starter(environment)
            if model:  # it loads its weights while the others start
                supervisor.start(model)
            servers = embedded_servers(data, environment)
            for server in servers:
                supervisor.start(server)
            supervisor.wait_ready(servers, SERVER_SECONDS)
            hold.tell(url=site, environment={name: environment[name] for name in SHARED if name in environment})
            preparation.prepare(data, environment, supervisor)
            # The page somebody waits for comes first: on two cores, loading all at once makes all of them late.
            web = programs.web(environment, host, port)
            supervisor.start(web)
            supervisor.wait_ready([web], PROGRAM_SECONDS)
            behind = [*programs.workers(environment), programs.clock(environment)]
            for program in behind:
                supervisor.start(program)
            supervisor.wait_ready([*behind, *([model] if model else [])], PROGRAM_SECONDS)
            greet(terminal, data, site, host)
            supervisor.watch()
        except Stop:
            terminal.say("Stopping.")
    return 0


def child_environment(data: DataDir, host: str, site: str) -> dict[str, str]:
    """What every process is told; what the caller's environment says wins."""
    data.secret("secret_key")  # settings read it from secrets.json
    defaults = {"DJANGO_SETTINGS_MODULE": "config.settings", "COPYDESK_URL": site.rstrip("/")}
    if host not in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "::"):
        defaults["COPYDESK_HOSTS"] = f"127.0.0.1,localhost,[::1],{_bracketed(host)}"
    return defaults | os.environ | {"COPYDESK_DATA": str(data.path)}


def embedded_servers(data: DataDir, environment: dict[str, str]) -> list[Child]:
    """The servers that nobody gave an address for; writes theirs into `environment`."""
    servers: list[Server] = []
    if not environment.get("DATABASE_URL"):
        postgres = Postgres(data.path)
        servers.append(postgres)
        environment |= postgres.addresses
    if not environment.get("REDIS_URL"):
        servers.append(Valkey(data.path, password=data.secret("valkey_password")))
        environment["REDIS_URL"] = servers[-1].url
    return [Child.of_server(server) for server in servers]


def greet(terminal: Terminal, data: DataDir, site: str, host: str) -> None:
    """The one block that says where it is and, the first time, who may come in."""
    terminal.say("")
    terminal.say(f"Ready {site}")
    terminal.say(f"  The desk: {site}desk/")
    if host in ("0.0.0.0", "::"):
        terminal.say("  Open to the network; list the names it is called by there in COPYDESK_HOSTS.")
    made = data.path / preparation.FIRST_USER
    if made.exists():
        user = json.loads(made.read_text())
        terminal.show(f"  Sign in:  {user['email']}")
        terminal.show(f"  Password: {user['password'] or '(the one in COPYDESK_PASSWORD)'}")
        if user["password"]:
            terminal.show("  It is shown this once. Change it: manage.py changepassword " + user["email"])
        made.unlink()
    terminal.say("  Ctrl-C stops everything.")
    terminal.say("")


def _shown(host: str) -> str:
    return "127.0.0.1" if host == "0.0.0.0" else "[::1]" if host == "::" else _bracketed(host)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
