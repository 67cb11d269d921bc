"""A second process that ends everything if the supervisor is killed before it can.

It waits at a pipe that only the supervisor holds open. The pipe's end means that the supervisor is gone,
however it went, and by then the guard knows which process groups are left. It also inherits the lock on the
data, so nobody else may start on them before the last process has ended.
"""

import contextlib
import os
import signal
import time
import traceback

GRACE_SECONDS = 10.0


class Guard:
    """Told of every process group; `close` sends it home."""

    def __init__(self) -> None:
        self.groups: dict[int, int] = {}
        self._fork()

    def watch(self, group: int, stop: signal.Signals) -> None:
        self.groups[group] = int(stop)
        self._tell(f"+ {group} {int(stop)}\n")

    def forget(self, group: int) -> None:
        if self.groups.pop(group, None):
            self._tell(f"- {group} 0\n")

    def close(self) -> None:
        os.close(self.mouth)
        os.waitpid(self.pid, 0)

    def _tell(self, line: str) -> None:
        try:
            os.write(self.mouth, line.encode())
        except BrokenPipeError:  # somebody killed the guard: post another
            self.close()
            self._fork()
            for group, stop in self.groups.items():
                os.write(self.mouth, f"+ {group} {stop}\n".encode())

    def _fork(self) -> None:
        ears, self.mouth = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.close(self.mouth)
                _stand(ears)
            except BaseException:  # nothing may return from here into a second supervisor
                traceback.print_exc()
            finally:
                os._exit(0)
        os.close(ears)


def _stand(ears: int) -> None:
    os.setsid()  # not a part of the terminal's group: a Ctrl-C there is not for us
    signal.set_wakeup_fd(-1)
    for asked in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(asked, signal.SIG_IGN)
    left: dict[int, int] = {}
    with open(ears) as lines:
        for line in lines:
            sign, group, number = line.split()
            if sign == "+":
                left[int(group)] = int(number)
            else:
                left.pop(int(group), None)
    deadline = time.monotonic() + GRACE_SECONDS
    for each, polite in left.items():
        signal_group(each, polite)
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {group: stop for group, stop in left.items() if group_lives(group)}
    for each in left:
        signal_group(each, signal.SIGKILL)


def signal_group(group: int, number: int) -> None:
    """Signal every process of a group that may be gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS, of a group of zombies
        return False
    return True
