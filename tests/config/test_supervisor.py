"""The loop that keeps processes running, with stand-ins for Copydesk's own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import Reader, eventually, exists

# argv: the folder for logs, then the shell line of each child, ready as soon as it runs unless it says “never”.
STAND_IN = """
    import os, signal, sys
    from pathlib import Path
    from config.supervisor.child import Child
    from config.supervisor.supervisor import StartFailed, Stop, Supervisor
    from config.supervisor.terminal import Terminal

    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # a run under nohup hands it on ignored, and it would stay so
    folder, *lines = sys.argv[1:]
    terminal = Terminal(Path(folder))
    with Supervisor(terminal) as supervisor:
        children = [
            Child.of_command(f"child{n}", ["sh", "-c", line], dict(os.environ), Path("/"), ready=lambda line=line: "never" not in line)
            for n, line in enumerate(lines, 1)
        ]
        try:
            for child in children:
                supervisor.start(child)
            supervisor.wait_ready(children, 30)
            terminal.say("Ready")
            supervisor.watch()
        except Stop:
            terminal.say("Stopping.")
        except StartFailed as failed:
            terminal.say(str(failed))
            sys.exit(1)
"""


class StandIn(Reader):
    """A supervisor in a process of its own, and what it prints."""

    def __init__(self, logs: Path, *lines: str) -> None:
        command = [sys.executable, "-c", textwrap.dedent(STAND_IN), str(logs), *lines]
        super().__init__(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))


Run = Callable[..., StandIn]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    running: list[StandIn] = []

    def start(*lines: str) -> StandIn:
        running.append(StandIn(tmp_path / "logs", *lines))
        return running[-1]

    yield start
    for each in running:
        each.end()


def test_every_line_carries_the_name_of_its_process_and_is_kept_in_a_file(run: Run, tmp_path: Path) -> None:
    up = run("echo one; printf 'half a line'; exec sleep 600", "echo two >&2; exec sleep 600")
    up.wait_for("child1   | one")
    up.wait_for("child2   | two")
    up.stop(signal.SIGTERM)
    assert (tmp_path / "logs" / "child1.log").read_text() == "one\nhalf a line\n"
    assert (tmp_path / "logs" / "child2.log").read_text() == "two\n"
    assert "\033[" not in up.text  # not a terminal


def test_a_killed_process_is_started_again_and_its_children_do_not_stay(run: Run) -> None:
    up = run("sleep 600 & echo pids $$ $!; wait")
    pid, orphan = up.wait_for(r"pids (\d+) (\d+)")
    os.kill(int(pid), signal.SIGKILL)
    up.wait_for(r"child1 stopped \(signal 9\), starting it again")
    up.wait_for("child1 is back")
    again, _ = up.wait_for(r"pids (\d+) (\d+)")
    assert again != pid
    assert eventually(lambda: not exists(int(orphan)))


def test_a_process_that_keeps_crashing_is_tried_less_and_less_often(run: Run) -> None:
    up = run("echo pids $$ 0; exec sleep 600")
    for announced in ("starting it again\n", "starting it again in 1 s", "starting it again in 2 s"):
        pid, _ = up.wait_for(r"pids (\d+) (\d+)")
        os.kill(int(pid), signal.SIGKILL)
        up.wait_for(announced)


def test_a_process_that_never_starts_ends_the_start_with_its_last_words(run: Run) -> None:
    up = run("echo pids $$ 0; exec sleep 600", "echo never: no such module >&2; exit 3")
    pid, _ = up.wait_for(r"pids (\d+) (\d+)")
    up.wait_for("child2   | never: no such module")
    up.wait_for(r"child2 does not start \(status 3\)")
    assert up.ended() == 1
    assert not exists(int(pid))


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_politely(run: Run, asked: signal.Signals) -> None:
    up = run("trap 'echo goodbye; exit' TERM; echo pids $$ 0; while :; do sleep 0.05; done")
    pid, _ = up.wait_for(r"pids (\d+) (\d+)")
    up.wait_for("Ready")
    assert up.stop(asked) == 0
    assert "child1   | goodbye" in up.text
    assert not exists(int(pid))


def test_a_second_ctrl_c_does_not_wait_for_the_polite(run: Run) -> None:
    up = run("trap '' TERM; echo pids $$ 0; while :; do sleep 0.05; done")
    pid, _ = up.wait_for(r"pids (\d+) (\d+)")
    up.wait_for("Ready")
    up.process.send_signal(signal.SIGINT)
    up.wait_for("Stopping")
    assert up.stop(signal.SIGINT) == 0
    assert not exists(int(pid))


def test_nothing_stays_behind_when_the_supervisor_is_killed(run: Run) -> None:
    up = run("sleep 600 & echo pids $$ $!; wait")
    pids = [int(pid) for pid in up.wait_for(r"pids (\d+) (\d+)")]
    up.process.kill()
    assert eventually(lambda: not any(exists(pid) for pid in pids))


def test_output_with_nobody_left_to_read_it_goes_on_into_the_file(run: Run, tmp_path: Path) -> None:
    up = run("echo pids $$ 0; while :; do echo tick; sleep 0.05; done")
    up.wait_for("tick")
    assert up.process.stdout
    up.process.stdout.close()
    log = tmp_path / "logs" / "child1.log"
    seen = log.read_text().count("tick")
    assert eventually(lambda: log.read_text().count("tick") > seen + 5)
    assert up.process.poll() is None
