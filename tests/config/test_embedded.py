"""PostgreSQL and Valkey from their wheels: real processes, killed for real."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from config.embedded import AlreadyRunning, DataDir, EmbeddedError, Postgres, Valkey, ephemeral, throwaway
from config.embedded.postgres import DATABASE
from config.embedded.valkey import free_port

is_root = os.geteuid() == 0


@pytest.fixture
def data() -> Iterator[DataDir]:
    # Not tmp_path: pytest closes its parents to others, and as root the database is run by another.
    with throwaway() as folder:
        yield folder


@pytest.fixture(scope="module")
def new_cluster() -> Iterator[Path]:
    """Made once: initdb takes most of the time of these tests."""
    with throwaway() as folder:
        server = Postgres(folder.path)
        server.start()
        server.stop()
        yield server.cluster


@pytest.fixture
def postgres(data: DataDir, new_cluster: Path) -> Iterator[Postgres]:
    subprocess.run(["cp", "-a", new_cluster, data.path], check=True)
    server = Postgres(data.path)
    server.start()
    yield server
    server.stop()


def count_notes(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM note").fetchone()
    assert row
    return int(row[0])


def write_note(url: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS note (text text)")
        connection.execute("INSERT INTO note VALUES ('kept')")


def eventually(happened: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.02)
    return happened()


def test_a_new_folder_gets_a_utf8_database_that_keeps_every_commit(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url) as connection:
        asked = [
            connection.execute(f"SHOW {name}").fetchone()
            for name in ("server_encoding", "synchronous_commit", "fsync", "listen_addresses")
        ]
        locale = connection.execute(
            "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = %s", [DATABASE]
        ).fetchone()
    assert asked == [("UTF8",), ("on",), ("on",), ("",)]
    assert locale == ("b", "C.UTF-8")
    assert postgres.alive()


def test_a_stopped_database_is_gone_and_comes_back_with_its_rows(postgres: Postgres, data: DataDir) -> None:
    write_note(postgres.url)
    with psycopg.connect(postgres.url) as connection:
        connection.execute("DROP ROLE copydesk_desk")  # there was none in data of before
    postgres.stop()
    assert not postgres.alive()

    again = Postgres(data.path)
    try:
        assert count_notes(again.start()) == 1
        with psycopg.connect(again.addresses["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("copydesk_desk",)
    finally:
        again.stop()


def test_a_database_killed_with_sessions_open_starts_again_with_every_commit(postgres: Postgres) -> None:
    write_note(postgres.url)
    with psycopg.connect(postgres.url) as session:
        session.execute("INSERT INTO note VALUES ('never committed')")
        assert postgres.process
        postgres.process.kill()
        postgres.process.wait(60)
        assert count_notes(postgres.start()) == 1
        session.close()


def test_a_pid_file_of_a_process_that_is_gone_does_not_stop_the_start(postgres: Postgres) -> None:
    write_note(postgres.url)
    leave_pid_file(postgres, pid_that_is_gone())
    assert count_notes(postgres.start()) == 1


def test_a_pid_file_whose_number_another_program_has_now_does_not_stop_the_start(postgres: Postgres) -> None:
    write_note(postgres.url)
    leave_pid_file(postgres, os.getpid())
    assert count_notes(postgres.start()) == 1


def test_a_pid_file_of_a_zombie_does_not_stop_the_start(postgres: Postgres) -> None:
    write_note(postgres.url)
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)  # ended, and not yet collected
    leave_pid_file(postgres, zombie.pid)
    assert count_notes(postgres.start()) == 1
    zombie.wait(60)


def leave_pid_file(postgres: Postgres, pid: int) -> None:
    """As a server that was killed leaves it, with `pid` in the place of its own."""
    pid_file = postgres.cluster / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    postgres.stop()
    pid_file.write_text("\n".join([str(pid), *lines[1:]]) + "\n")
    postgres.account.own(pid_file)


def pid_that_is_gone() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait(60)
    return ended.pid


def test_a_second_server_on_the_same_cluster_is_refused(postgres: Postgres, data: DataDir) -> None:
    write_note(postgres.url)
    with pytest.raises(EmbeddedError, match="still runs"):
        Postgres(data.path).start()
    assert count_notes(postgres.url) == 1


def test_a_cluster_that_was_only_half_made_is_made_again(data: DataDir) -> None:
    half = data.path / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    server = Postgres(data.path)
    try:
        server.start()
        assert server.alive()
        assert not half.exists()
    finally:
        server.stop()


def test_a_folder_with_a_long_name_still_gets_a_socket(data: DataDir) -> None:
    deep = data.path / ("a-name-far-too-long-for-a-socket-" * 4)
    deep.mkdir()
    server = Postgres(deep)
    try:
        write_note(server.start())
        assert count_notes(server.url) == 1
        assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
    finally:
        server.stop()
        server.socket_dir.rmdir()


def test_a_socket_folder_that_others_may_enter_is_refused(data: DataDir) -> None:
    server = Postgres(data.path)
    server.socket_dir.mkdir(mode=0o777)
    server.socket_dir.chmod(0o777)
    with pytest.raises(EmbeddedError, match="private"):
        server.start()


@pytest.mark.skipif(not is_root, reason="only root has rights to give up")
def test_root_hands_the_database_to_an_account_without_rights(postgres: Postgres) -> None:
    assert postgres.process
    assert Path(f"/proc/{postgres.process.pid}").stat().st_uid not in (0, os.geteuid())
    assert stat.S_IMODE(postgres.cluster.stat().st_mode) == 0o700


@pytest.mark.skipif(not is_root, reason="only root has rights to give up")
def test_root_keeps_the_database_where_the_account_can_reach_it(data: DataDir, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = data.path / "home"
    closed.mkdir(mode=0o700)
    reachable = data.path / "elsewhere"
    monkeypatch.setattr("config.embedded.postgres.REACHABLE", reachable)
    kept = DataDir(closed / "var")
    kept.make()

    first = Postgres(kept.path)
    write_note(first.start())
    first.stop()
    moved = closed / "moved"
    kept.path.rename(moved)
    second = Postgres(moved)
    try:
        assert count_notes(second.start()) == 1
        assert second.cluster.is_relative_to(reachable)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        second.stop()


def test_the_queue_asks_for_its_password_and_survives_a_kill(data: DataDir) -> None:
    server = Valkey(data.path, password="right", port=free_port())
    url = server.start()
    assert server.process
    try:
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=server.port).ping()
        redis.Redis.from_url(url).rpush("queue", "ticket")
        redis.Redis.from_url(url).execute_command("WAITAOF", 1, 0, 5000)
        arguments = subprocess.run(
            ["ps", "-wwo", "args=", "-p", str(server.process.pid)], capture_output=True, check=True
        )
        assert b"right" not in arguments.stdout

        server.process.kill()
        server.process.wait(60)
        assert server.start() == url
        assert redis.Redis.from_url(url).lrange("queue", 0, -1) == [b"ticket"]
    finally:
        server.stop()


def test_throwaway_servers_leave_nothing_behind() -> None:
    with ephemeral() as addresses:
        write_note(addresses["COPYDESK_OWNER_URL"])
        assert count_notes(addresses["COPYDESK_OWNER_URL"]) == 1
        with psycopg.connect(addresses["COPYDESK_OWNER_URL"]) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
        assert row
        cluster = Path(row[0])
        assert cluster.exists()
    assert not cluster.parent.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells children of their parent's death on Linux only")
def test_servers_end_with_a_process_that_is_killed(data: DataDir) -> None:
    script = (
        "import sys, time\nfrom config.embedded import DataDir, serving\n"
        "with serving(DataDir(sys.argv[1])):\n  print('up', flush=True)\n  time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(data.path)], stdout=subprocess.PIPE)
    assert parent.stdout
    assert parent.stdout.readline() == b"up\n"
    postmaster = int((data.path / "postgres" / "postmaster.pid").read_text().split()[0])

    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    assert eventually(lambda: not (data.path / "postgres" / "postmaster.pid").exists())
    assert eventually(lambda: not Path(f"/proc/{postmaster}").exists())


def test_a_command_runs_with_both_servers_and_hands_on_its_status() -> None:
    script = (
        "import os, sys, psycopg, redis\n"
        "psycopg.connect(os.environ['DATABASE_URL']).execute('SELECT 1')\n"
        "sys.exit(7 if redis.Redis.from_url(os.environ['REDIS_URL']).ping() else 1)"
    )
    command = [sys.executable, "-m", "config.embedded", "exec", "--", sys.executable, "-c", script]
    assert subprocess.run(command, check=False).returncode == 7


def test_data_that_somebody_holds_is_refused_with_their_address(data: DataDir) -> None:
    hold = data.hold()
    hold.tell(url="http://127.0.0.1:8123/", environment={"DATABASE_URL": "postgresql:///there"})
    with pytest.raises(AlreadyRunning, match=rf"already running at http://127.0.0.1:8123/ \(pid {os.getpid()}\)"):
        DataDir(data.path).hold()
    assert DataDir(data.path).holder()["environment"] == {"DATABASE_URL": "postgresql:///there"}

    hold.release()
    DataDir(data.path).hold().release()
    assert data.holder() == {}


def test_secrets_are_made_once_and_are_nobody_elses_business(data: DataDir) -> None:
    key = data.secret("secret_key")
    kept = data.path / "secrets.json"
    assert DataDir(data.path).secret("secret_key") == key == json.loads(kept.read_text())["secret_key"]
    assert len(key) >= 50
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
