"""The extract command: JSON lines in, the guide's form out, bad lines reported."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

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
