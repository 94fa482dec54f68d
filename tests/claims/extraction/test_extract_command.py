"""The extract command: JSON lines in, the guide's form out, bad lines reported."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from tests.model_server import Reply, fills, says, serve_model

ROOT = Path(__file__).resolve().parents[3]
PAPER = {"id": "p1", "title": "FooNet: foo", "abstract": "FooNet reaches 81.5% top-1 accuracy on ImageNet with 21M parameters."}


def test_papers_become_claims_and_costs(tmp_path: Path) -> None:
    source, target = tmp_path / "papers.jsonl", tmp_path / "claims.jsonl"
    source.write_text(json.dumps(PAPER) + "\n\n" + json.dumps({**PAPER, "id": "p2", "abstract": "Nothing."}) + "\n", encoding="utf-8")
    call_command("extract", input=str(source), output=str(target))
    first, second = map(json.loads, target.read_text(encoding="utf-8").splitlines())
    assert second == {"id": "p2", "claims": [], "costs": []}
    assert set(first) == {"id", "claims", "costs"}
    assert first["claims"] == [
        {
            "model": "FooNet",
            "variant": None,
            "role": "proposed",
            "task": "Image Classification",
            "dataset": "ImageNet-1K",
            "metric": "Top-1 accuracy",
            "value": 81.5,
            "value_max": None,
            "unit": "%",
            "kind": "absolute",
            "qualifier": "=",
            "setting": [],
            "evidence": "FooNet reaches 81.5% top-1 accuracy on ImageNet with 21M parameters"[: len("FooNet reaches 81.5% top-1 accuracy on ImageNet with 21M parameters")],
        }
    ]  # fmt: skip
    assert first["costs"][0]["measure"] == "parameters"
    assert first["costs"][0]["value"] == 21_000_000


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"oops", "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"id": "x", "title": "t"}', '"abstract" is missing'),
        (b'{"id": 7, "title": "t", "abstract": "a"}', '"id" is no text'),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_bad_line_is_reported_and_the_others_are_read(tmp_path: Path, line: bytes, reason: str) -> None:
    source, target = tmp_path / "papers.jsonl", tmp_path / "claims.jsonl"
    good = json.dumps(PAPER).encode()
    source.write_bytes(good + b"\n" + line + b"\n" + good + b"\n")
    errors = io.StringIO()
    with pytest.raises(CommandError) as raised:
        call_command("extract", input=str(source), output=str(target), stderr=errors)
    assert raised.value.returncode == 1
    assert f"{source}:2: " in errors.getvalue()
    assert reason in errors.getvalue()
    assert len(target.read_text(encoding="utf-8").splitlines()) == 2


def test_missing_file_and_same_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="can't be opened"):
        call_command("extract", input=str(tmp_path / "none.jsonl"), output="-")
    source = tmp_path / "papers.jsonl"
    source.write_text(json.dumps(PAPER), encoding="utf-8")
    with pytest.raises(CommandError, match="is the input, too"):
        call_command("extract", input=str(source), output=str(source))


OPEN = "We propose FooNet. FooNet scores 81.5% accuracy. We look at the Birds of Nowhere collection only."


@pytest.mark.django_db(transaction=True)
def test_second_reader_is_asked_on_demand_only(tmp_path: Path, settings: Settings) -> None:
    source, target = tmp_path / "papers.jsonl", tmp_path / "claims.jsonl"
    papers = [PAPER, {**PAPER, "id": "p2", "abstract": OPEN}, {**PAPER, "id": "p3", "abstract": OPEN.replace("propose", "show")}]
    source.write_text("".join(json.dumps(paper) + "\n" for paper in papers), encoding="utf-8")
    errors = io.StringIO()
    with serve_model(says(fills(dataset="Birds of Nowhere")), Reply(status=400)) as model:
        settings.SECOND_READER_BASE_URL, settings.SECOND_READER_MODEL = model.address, "m"
        call_command("extract", input=str(source), output=str(target))
        assert model.requests == []
        without = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
        call_command("extract", "--second-reader", input=str(source), output=str(target), stderr=errors)
    found = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [paper["id"] for paper in found] == ["p1", "p2", "p3"]
    assert found[0] == without[0]
    assert sorted(str(paper["claims"][0]["dataset"]) for paper in found[1:]) == ["Birds of Nowhere", "None"]
    assert [paper["claims"][0]["dataset"] for paper in without[1:]] == [None, None]
    assert errors.getvalue() == "The second reader did not look at 1 of 3 papers: it did not answer: refused with status 400.\n"


def test_second_reader_that_is_not_configured_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "papers.jsonl"
    source.write_text(json.dumps(PAPER), encoding="utf-8")
    with pytest.raises(CommandError, match="There is no second reader"):
        call_command("extract", "--second-reader", input=str(source), output=str(tmp_path / "claims.jsonl"))


def test_several_processes_write_what_one_does(tmp_path: Path) -> None:
    source = tmp_path / "papers.jsonl"
    rows = [{**PAPER, "id": f"p{number}", "abstract": f"FooNet reaches {number}.5% accuracy."} for number in range(100)]
    lines = [json.dumps(row).encode() for row in rows]
    lines[20:20] = [b"", b"oops"]
    lines[90:90] = [b"[1]"]
    source.write_bytes(b"\n".join(lines))
    said, written = [], []
    for processes in (1, 3):
        target, errors = tmp_path / f"claims-{processes}.jsonl", io.StringIO()
        with pytest.raises(CommandError, match="2 lines could not be read"):
            call_command("extract", input=str(source), output=str(target), processes=processes, stderr=errors)
        said.append(errors.getvalue())
        written.append(target.read_bytes())
    assert said[0] == said[1]
    assert [line.partition(": ")[0] for line in said[0].splitlines()] == [f"{source}:22", f"{source}:91"]
    assert written[0] == written[1]
    assert [json.loads(line)["id"] for line in written[0].splitlines()] == [row["id"] for row in rows]


@pytest.mark.parametrize("processes", [0, -1])
def test_no_processes_are_refused(tmp_path: Path, processes: int) -> None:
    target = tmp_path / "claims.jsonl"
    with pytest.raises(CommandError, match="--processes must be at least 1"):
        call_command("extract", input="-", output=str(target), processes=processes)
    assert not target.exists()


@contextmanager
def reading(processes: int) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process of the command that has begun to write and waits for more papers."""
    command = [sys.executable, "manage.py", "extract", "--input", "-", "--output", "-", "--processes", str(processes)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write((json.dumps(PAPER) + "\n").encode() * 500)
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == "p1"
            yield process
        finally:
            process.kill()


def end_of(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    _, errors = process.communicate(timeout=30)
    return process.returncode, errors.decode()


@pytest.mark.embedded
@pytest.mark.parametrize("processes", [1, 2])
def test_ctrl_c_stops_without_a_trace(processes: int) -> None:
    with reading(processes) as process:
        os.killpg(process.pid, signal.SIGINT)  # a terminal tells all of them
        assert end_of(process) == (130, "CommandError: Stopped; the output holds the papers read so far.\n")


@pytest.mark.embedded
@pytest.mark.parametrize("processes", [1, 2])
def test_reader_that_has_enough_stops_it_without_a_trace(processes: int) -> None:
    with reading(processes) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, errors = process.communicate((json.dumps(PAPER) + "\n").encode() * 500, timeout=30)
        assert (process.returncode, errors) == (141, b"")


def children_of(pid: int) -> list[int]:
    return [int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def comes_true(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + 20
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.embedded
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds processes by /proc")
def test_process_that_is_killed_is_said() -> None:
    with reading(2) as process:
        os.kill(children_of(process.pid)[0], signal.SIGKILL)
        _, errors = process.communicate((json.dumps(PAPER) + "\n").encode() * 500, timeout=30)
        assert process.returncode == 1
        assert errors.startswith(b"CommandError: A process was ended from outside")
        assert b"Traceback" not in errors


@pytest.mark.embedded
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="finds processes by /proc")
def test_processes_do_not_outlive_a_killed_command() -> None:
    with reading(2) as process:
        children = children_of(process.pid)
        assert len(children) >= 2
        process.kill()
        assert comes_true(lambda: not any(map(is_running, children)))
