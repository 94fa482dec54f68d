"""The explain command: every number of a text with its answer, for people and as JSON."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

SENTENCE = "FooNet reaches about 81.5 ± 0.4% top-1 accuracy on ImageNet, 1.2% higher than before, with 21M parameters and a ResNet-50."


def explained(*arguments: str, **options: Any) -> str:
    output = io.StringIO()
    call_command("explain", *arguments, stdout=output, **options)
    return output.getvalue()


def block(output: str, number: str) -> dict[str, str]:
    """Return the rows printed for a number of the text, by their labels; rules are joined."""
    lines = output[output.index(f" {number}  ") :].splitlines()
    rows: dict[str, str] = {"": lines[0]}
    label = ""
    for line in lines[1:]:
        if not line.startswith("    "):
            break
        label = line[4:16].strip() or label
        rows[label] = f"{rows.get(label, '')} {line[16:]}".strip()
    return rows


def test_every_number_is_marked_and_answered() -> None:
    output = explained(SENTENCE)
    assert "81.5[1] ± 0.4%[2] top-1[3]" in output
    claim = block(output, "81.5")
    assert claim[""] == " 81.5  claim"
    assert {slot: claim[slot] for slot in ("metric", "dataset", "task", "value", "unit", "kind", "qualifier", "model", "variant", "setting")} == {
        "metric": "Top-1 accuracy",
        "dataset": "ImageNet-1K",
        "task": "Image Classification",
        "value": "81.5 ± 0.4",
        "unit": "%",
        "kind": "absolute",
        "qualifier": "about",
        "model": "FooNet",
        "variant": "–",
        "setting": "–",
    }  # fmt: skip
    assert claim["role"].startswith("proposed")
    assert re.fullmatch(r"0\.\d\d", claim["confidence"])
    assert "its metric stands right behind it (metric.after)" in claim["rules"]
    assert block(output, "0.4") == {"": " 0.4  part of a number", "reason": "the uncertainty of the number before it (uncertainty)"}
    assert block(output, "1.2")["kind"] == "delta"
    cost = block(output, "21")
    assert (cost[""], cost["measure"], cost["value"]) == (" 21  cost", "parameters", "21,000,000")
    assert "5 numbers: 2 claims, 1 cost, 2 not taken." in " ".join(output.split())


def test_slot_that_the_text_does_not_say_is_marked_as_inferred() -> None:
    assert block(explained("FooNet reaches 81.5% on ImageNet."), "81.5")["metric"] == "Accuracy (inferred)"


def test_json_has_every_slot_and_the_offsets_hold() -> None:
    found = json.loads(explained(SENTENCE, "--json", "--title", "FooNet-2"))
    assert list(found) == ["title", "abstract", "extractor_version", "numbers"]
    for number in found["numbers"]:
        assert found[number["field"]][number["start"] : number["end"]] == number["stated"]
        assert bool(number["taken_as"]) != bool(number["reason"])
    claim = next(number for number in found["numbers"] if number["stated"] == "81.5")["taken_as"][0]
    assert set(claim) == {
        "type", "model", "variant", "role", "dataset", "metric", "task", "value", "value_max", "uncertainty", "unit", "kind", "qualifier",
        "setting", "confidence", "inferred", "evidence", "rules",
    }  # fmt: skip
    assert claim["rules"][0] == {"id": "score", "sentence": "a score: nothing beside it makes it a difference or a ratio"}
    cost = next(number for number in found["numbers"] if number["stated"] == "21")["taken_as"][0]
    assert (cost["type"], cost["measure"], cost["value"]) == ("cost", "parameters", 21_000_000)
    assert found["numbers"][0] == {
        "field": "title",
        "start": 7,
        "end": 8,
        "stated": "2",
        "taken_as": [],
        "reason": {"id": "part_of_name", "sentence": "part of a name, as in “ResNet-50” or “top-1”"},
    }


@pytest.mark.parametrize("columns", [40, 60, 200])
def test_print_fits_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = explained(SENTENCE + " " + "Long" * 30 + " 5.").splitlines()
    assert max(map(len, lines)) <= min(columns, 110)


def test_colours_are_for_terminals_and_those_who_ask() -> None:
    assert "\x1b" not in explained(SENTENCE)
    assert "\x1b[" in explained(SENTENCE, "--force-color")


def test_text_cannot_command_the_terminal() -> None:
    output = explained("FooNet\x1b[31m reaches\x07 81.5% \u202eaccuracy\udcff on ImageNet.")
    assert not re.search("[\x07\x1b\u202e\udcff]", output)
    assert block(output, "81.5")["metric"] == "Accuracy"


def test_text_comes_from_a_file_or_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "abstract.txt"
    file.write_bytes(b"\xef\xbb\xbf" + SENTENCE.encode() + b"\r\n")
    expected = explained(SENTENCE)
    assert explained("--file", str(file)) == expected
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(SENTENCE.encode())))
    assert explained("--file", "-") == expected


def test_text_without_a_number_says_so() -> None:
    assert "No number stands in this text." in explained("We go far.")


def test_what_is_not_read_is_said() -> None:
    errors = io.StringIO()
    explained("Far. " * 5000, stderr=errors)
    assert "20,000 of an abstract are read" in errors.getvalue()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "There is no text. Give a sentence in quotes"),
        ([" \n"], "There is no text. Give a sentence in quotes"),
        (["--file", "{}/missing.txt"], "missing.txt can't be read: No such file or directory. Name a text file"),
        (["--file", "{}"], "can't be read: Is a directory. Name a text file"),
        (["--file", "{}/empty.txt"], "empty.txt holds no text. Give a sentence in quotes"),
        (["--file", "{}/latin.txt"], "latin.txt is no text in UTF-8 (byte 4). Save it as plain text in UTF-8."),
        (["81.5%", "--file", "{}/empty.txt"], "There are two texts: give the sentence or --file, not both."),
    ],
)
def test_refusal_says_what_to_do(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "empty.txt").write_bytes(b"\n")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9 81.5%")
    with pytest.raises(CommandError, match=re.escape(said)):
        explained(*(argument.format(tmp_path) for argument in arguments))
