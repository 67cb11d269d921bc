"""`manage.py up`, from an empty folder to a running desk and back to nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import psycopg
import pytest
from django.contrib.auth.hashers import check_password
from processes import Reader, eventually, exists

from config.embedded import DataDir, free_port, throwaway
from config.supervisor.up import Refused, choose_port


def plain_environment(**more: str) -> dict[str, str]:
    """As a person's shell has it, without what the tests set for themselves."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("COPYDESK_", "OLLAMA_"))}
    kept.pop("DATABASE_URL", None)
    kept.pop("REDIS_URL", None)
    return kept | more


class Up(Reader):
    """`up` on a folder and a port of its own, without a model server."""

    def __init__(self, data: DataDir, port: int = 0) -> None:
        self.data, self.port = data, port or free_port()
        command = [sys.executable, "manage.py", "up", "--data", str(data.path), "--port", str(self.port)]
        environment = plain_environment(OLLAMA_HOST="http://127.0.0.1:9")
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        super().__init__(subprocess.Popen(command, env=environment, start_new_session=True, **output))

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, ConnectionError, TimeoutError):
            return False

    def children(self) -> dict[str, int]:
        """Process ids by name, as the kernel knows them."""
        shown = subprocess.run(["ps", "-axwwo", "pid=,ppid=,args="], capture_output=True, text=True, check=True)
        names = {
            "uvicorn": "web",
            "qcluster": "worker",
            " clock": "clock",
            "valkey-server": "valkey",
            "postgres": "postgres",
        }
        found = {}
        for line in shown.stdout.splitlines():
            pid, parent, arguments = line.split(None, 2)
            if int(parent) == self.process.pid:
                found |= {name: int(pid) for word, name in names.items() if word in arguments}
        return found

    @property
    def database(self) -> str:
        return str(self.data.holder()["environment"]["DATABASE_URL"])

    def users(self) -> list[tuple[str, str, str]]:
        with psycopg.connect(self.database) as connection:
            return connection.execute("SELECT email, role, password FROM content_user").fetchall()


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    with throwaway() as data:
        running = Up(data)
        try:
            running.wait_for(f"\nReady http://127.0.0.1:{running.port}/\n")
            running.wait_for("Ctrl-C stops everything")
            yield running
        finally:
            running.end()


def test_the_first_start_serves_and_lets_the_first_person_in(up: Up) -> None:
    email, password = up.wait_for(r"Sign in:  (\S+)\n  Password: (\S+)\n")
    assert up.answers()
    [(kept_email, role, hashed)] = up.users()
    assert (kept_email, role) == (email, "admin")
    assert check_password(password, hashed)
    assert sorted(up.children()) == ["clock", "postgres", "valkey", "web", "worker"]


@pytest.mark.parametrize("table", ["content_version", "content_decision", "content_auditentry"])
def test_the_application_comes_as_a_role_that_adds_to_the_trail_and_cannot_change_it(up: Up, table: str) -> None:
    with psycopg.connect(up.database, autocommit=True) as desk:
        refused = [
            f"UPDATE {table} SET id = id",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
            f"DROP TABLE {table} CASCADE",
            "UPDATE content_auditlane SET number = 0",
            "SET session_replication_role = replica",
            "SET ROLE copydesk",
            "CREATE TABLE public.mine (id int)",
            "COPY content_user TO PROGRAM 'cat'",
            f"SELECT pg_read_file('/etc/passwd') FROM {table} UNION SELECT pg_read_file('/etc/passwd')",
        ]
        for statement in refused:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                desk.execute(statement)
        role = desk.execute("SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert role.fetchone() == (False, False, False)


def test_the_password_is_in_no_file(up: Up) -> None:
    found = re.search(r"Password: (\S+)", up.text)
    assert found
    password = found[1]
    files = [path for path in up.data.path.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if password.encode() in path.read_bytes()]


def test_a_second_up_on_the_same_data_is_told_where_the_first_one_is(up: Up) -> None:
    command = [sys.executable, "manage.py", "up", "--data", str(up.data.path)]
    second = subprocess.run(command, env=plain_environment(), capture_output=True, text=True, check=False)
    assert second.returncode == 1
    said = f"Copydesk is already running at http://127.0.0.1:{up.port}/ (pid {up.process.pid}) on this data."
    assert said in second.stderr
    assert up.answers()


def test_another_command_asks_the_model_that_was_configured_for_up(up: Up) -> None:
    doctor = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        env=plain_environment(COPYDESK_DATA=str(up.data.path)),
        capture_output=True,
        text=True,
    )

    assert "No model answers at http://127.0.0.1:9." in doctor.stdout
    assert doctor.returncode == 1


@pytest.mark.parametrize("name", ["web", "worker", "clock", "valkey", "postgres"])
def test_whatever_is_killed_comes_back(up: Up, name: str) -> None:
    before = up.children()
    os.kill(before[name], signal.SIGKILL)
    up.wait_for(rf"{name} stopped \(signal 9\), starting it again")
    up.wait_for(rf"{name} is back")
    after = up.children()
    assert after.keys() == before.keys()
    assert after[name] != before[name]
    assert eventually(up.answers)
    assert len(up.users()) == 1


def test_a_stopped_desk_leaves_no_process_and_starts_again_with_its_data() -> None:
    with throwaway() as data:
        first = Up(data)
        first.wait_for("Ready http")
        left = [*first.children().values(), first.process.pid]
        assert first.stop(signal.SIGTERM) == 0
        assert not [pid for pid in left if exists(pid)]
        assert not first.answers()
        prepared = (data.path / "prepared.json").stat().st_mtime_ns

        again = Up(data, first.port)  # at another address the articles, which name it, would be set anew
        try:
            again.wait_for("Ready http")
            assert len(again.users()) == 1
            assert "Password" not in again.text
            assert (data.path / "prepared.json").stat().st_mtime_ns == prepared
        finally:
            again.end()


def test_the_first_person_is_the_one_the_environment_names() -> None:
    script = (
        "import os, psycopg, subprocess, sys\n"
        "for _ in range(2): subprocess.run([sys.executable, 'manage.py', 'prepare'], check=True)\n"
        "print(psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT email, role FROM content_user').fetchall())\n"
        "print(open(os.environ['COPYDESK_DATA'] + '/first_user.json').read())"
    )
    done = subprocess.run(
        [sys.executable, "-m", "config.embedded", "exec", "--", sys.executable, "-c", script],
        env=plain_environment(COPYDESK_EMAIL="ada@paper.example", COPYDESK_PASSWORD="of my own choosing"),
        capture_output=True,
        text=True,
        check=True,
    )
    rows, told = done.stdout.splitlines()
    assert rows == "[('ada@paper.example', 'admin')]"
    assert json.loads(told) == {"email": "ada@paper.example", "password": None}


def test_asking_without_a_running_desk_says_how_to_start_it(tmp_path: Path) -> None:
    asked = subprocess.run(
        [sys.executable, "manage.py", "generate", "Why lime plaster dries slowly"],
        env=plain_environment(COPYDESK_DATA=str(tmp_path), DATABASE_URL="postgresql://nobody@127.0.0.1:9/none"),
        capture_output=True,
        text=True,
    )

    assert asked.returncode == 1
    assert asked.stderr.startswith("CommandError: PostgreSQL does not answer: ")
    assert "make up" in asked.stderr
    assert "Traceback" not in asked.stderr


def test_a_port_that_was_asked_for_and_is_taken_is_an_error() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(Refused, match="is taken"):
            choose_port("127.0.0.1", other.getsockname()[1])


def test_without_a_wish_the_next_free_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        monkeypatch.setattr("config.supervisor.up.DEFAULT_PORT", taken)
        assert taken < choose_port("127.0.0.1", None) <= taken + 100


def test_an_address_of_another_machine_is_refused_with_a_way_out() -> None:
    with pytest.raises(Refused, match="--host"):
        choose_port("192.0.2.1", 8000)
