from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from leaderboard import supervisor as module
from leaderboard.supervisor import Program, Supervisor

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(said: list[str]) -> Iterator[Supervisor]:
    under_test = Supervisor(say=said.append)
    yield under_test
    under_test.stop()


def _program(code: str, *, name: str = "child", restarted: bool = False) -> Program:
    return Program(name, [sys.executable, "-c", code], os.environ, restarted=restarted)


def _wait_for(path: Path) -> str:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if path.exists() and (text := path.read_text()):
            return text
        time.sleep(0.02)
    raise AssertionError(f"{path.name} was not written")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # One that awaits its parent has ended.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()  # without /proc the signal alone tells


def _wait_until_ended(*pids: int) -> None:
    """Wait: a killed process takes a moment to go."""
    end = time.monotonic() + 10
    while any(map(_is_alive, pids)):
        assert time.monotonic() < end, f"one of {pids} is still there"
        time.sleep(0.05)


def test_supervisor_takes_over_the_exit_code_of_a_program_that_dies(supervisor: Supervisor, said: list[str]) -> None:
    supervisor.start(_program("raise SystemExit(7)", name="web server"))
    supervisor.wait(10)
    assert supervisor.stopping
    assert supervisor.exit_code == 7
    assert said == ["The web server ended by itself (exit code 7). Stopping."]


def test_supervisor_treats_an_end_without_an_error_as_one(supervisor: Supervisor) -> None:
    supervisor.start(_program("pass"))
    supervisor.wait(10)
    assert supervisor.exit_code == 1


def test_supervisor_starts_a_worker_again_but_not_for_ever(
    supervisor: Supervisor, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_RESTARTS", 2)
    supervisor.start(_program("import os; os.kill(os.getpid(), 9)", name="worker", restarted=True))
    supervisor.wait(20)
    assert supervisor.exit_code == 128 + signal.SIGKILL
    assert said == ["The worker ended by itself (SIGKILL) and is started again."] * 2 + [
        "The worker ended again (SIGKILL), 3 times in two minutes. Stopping."
    ]


def test_supervisor_kills_what_does_not_end_in_time_and_its_children(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "GRACE_SECONDS", 0.3)
    supervisor.start(
        _program(f"""
import os, signal, time
from pathlib import Path
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child:
    Path({str(tmp_path / "pids")!r}).write_text(f"{{os.getpid()}} {{child}}")
time.sleep(60)
""")
    )
    pids = [int(pid) for pid in _wait_for(tmp_path / "pids").split()]
    assert all(map(_is_alive, pids))
    supervisor.stop()
    _wait_until_ended(*pids)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a child of its parent's death")
def test_children_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    child = f"import os, pathlib, time; pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid())); time.sleep(60)"
    parent = (
        "import os, sys, time; from leaderboard.supervisor import Program, Supervisor\n"
        f"Supervisor(say=print).start(Program('child', [sys.executable, '-c', {child!r}], os.environ)); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT)
    orphan = int(_wait_for(tmp_path / "pid"))
    process.kill()
    process.wait()
    _wait_until_ended(orphan)
