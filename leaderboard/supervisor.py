"""Child processes that live and end with the one that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_SECONDS = 20.0
"""How long a child may take to end after it was asked to. An idle worker takes about 5 seconds."""
MOST_RESTARTS = 5
RESTART_WINDOW_SECONDS = 120.0
"""A child that dies more than `MOST_RESTARTS` times within this is not started again."""
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Program:
    """What to run, and what it finds in its environment.

    One that is `restarted` comes back when it dies by itself; the death of any other ends everything.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    restarted: bool = False


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    deaths: deque[float] = field(default_factory=deque)


class Supervisor:
    """Starts programs, each in a process group of its own, and sees to it that none outlives it.

    A group of its own keeps a terminal's Ctrl-C away from the children: they end in order, and once.
    """

    def __init__(self, *, say: Callable[[str], None]) -> None:
        self._say = say
        self._children: list[_Child] = []
        self._signals = 0
        self.exit_code = 0

    @property
    def stopping(self) -> bool:
        """Whether a signal, or a child that can't be kept alive, asks for the end."""
        return self._signals > 0 or self.exit_code != 0

    def listen_to_signals(self) -> None:
        """From now on a stop signal is noted, and acted upon between two steps: no child is ever lost track of."""
        handle_stop_signals(self._note_signal)

    def _note_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    def start(self, program: Program) -> None:
        self._children.append(_Child(program, self._spawn(program)))

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - the commands are ours
            program.command,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            process_group=0,
            # Safe here: this process has no threads.
            preexec_fn=_make_end_with_parent(),
        )

    def look_after_children(self) -> None:
        """Start again what died, or note the exit code that ends everything."""
        for child in self._children:
            code = child.process.poll()
            if code is None or self.stopping:
                continue
            # What the dead one's own children hold (the schedule file, a listening socket) would be in the way.
            _signal_group(child.process.pid, signal.SIGKILL)
            name, how = child.program.name, _describe_exit(code)
            now = time.monotonic()
            child.deaths.append(now)
            while child.deaths[0] < now - RESTART_WINDOW_SECONDS:
                child.deaths.popleft()
            if not child.program.restarted:
                self._say(f"The {name} ended by itself ({how}). Stopping.")
            elif len(child.deaths) > MOST_RESTARTS:
                self._say(f"The {name} ended again ({how}), {len(child.deaths)} times in two minutes. Stopping.")
            else:
                self._say(f"The {name} ended by itself ({how}) and is started again.")
                child.process = self._spawn(child.program)
                continue
            self.exit_code = _shell_code(code) or 1

    def wait(self, seconds: float) -> None:
        """Look after the children for so long, or until a stop is asked for."""
        end = time.monotonic() + seconds
        while not self.stopping and (left := end - time.monotonic()) > 0:
            self.look_after_children()
            time.sleep(min(left, 0.1))

    def stop(self) -> None:
        """Ask all children to end, in the order in which they were started; kill what is left after the grace period.

        A second signal meanwhile ends the grace period.
        """
        patience = self._signals + 1
        # Only the first process of a group is asked: it ends its own children when they are done with what they do.
        for child in self._children:
            if child.process.poll() is None:
                child.process.terminate()
        end = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < end and self._signals < patience and any(child.process.poll() is None for child in self._children):
            time.sleep(0.05)
        for child in self._children:
            _signal_group(child.process.pid, signal.SIGKILL)
            child.process.wait()


def handle_stop_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in STOP_SIGNALS:
        # Who started this with a signal ignored (nohup) meant it.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


def _make_end_with_parent() -> Callable[[], None] | None:
    """Return what a new child calls to be told to end when this process is killed outright; None where there is no such call."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def end_with_parent() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
        if os.getppid() != parent:
            os._exit(1)

    return end_with_parent


def _signal_group(group: int, number: signal.Signals) -> None:
    # A group that nobody is left in, or (on macOS) that holds only what awaits its parent.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def _shell_code(code: int) -> int:
    """Return an exit code as a shell gives it: 128 and the signal's number for a process that was killed."""
    return 128 - code if code < 0 else code


def _describe_exit(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
