"""The command that prints a board."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import CommandError, call_command

from claims.models import Claim
from claims.terms import CostMeasure, CurationState, DecidedBy, Qualifier, Role
from tests import factories as make

pytestmark = [pytest.mark.once, pytest.mark.django_db]


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_board_json_has_the_promised_keys() -> None:
    benchmark = make.make_board(rows=2)
    board = json.loads(run("board", benchmark.slug, "--json"))
    assert list(board) == ["slug", "front", "rows"]
    best, other = board["rows"]
    assert board["front"] == {"metric": "Top-1 accuracy", "cost": "parameters", "rows": [other["id"], best["id"]]}
    assert list(best) == [
        *("id", "rank", "paper", "date", "model", "variant", "role", "setting", "state", "accepted_automatically"),
        *("metrics", "costs", "units", "qualifiers", "evidence", "records"),
    ]
    assert best["rank"] == 1
    assert best["metrics"] == {"Top-1 accuracy": 60.5}
    assert best["costs"] == {"parameters": 6e6}
    assert best["units"] == {"Top-1 accuracy": "%", "parameters": ""}
    assert best["qualifiers"] == {"Top-1 accuracy": "=", "parameters": "="}
    assert (best["state"], best["accepted_automatically"], other["accepted_automatically"]) == ("unreviewed", False, False)
    assert best["variant"] is None
    assert best["evidence"].keys() == {"Top-1 accuracy", "parameters"}
    assert all("60.5%" in sentence for sentence in best["evidence"].values())


def test_board_prints_its_front_of_a_chosen_cost() -> None:
    benchmark = make.make_board(rows=2)
    assert run("board", benchmark.slug).count("; on the front") == 2
    assert "on the front" not in run("board", benchmark.slug, "--cost", "flops")
    board = json.loads(run("board", benchmark.slug, "--cost", "flops", "--json"))
    assert board["front"] == {"metric": "Top-1 accuracy", "cost": "flops", "rows": []}
    with pytest.raises(CommandError, match=r"no cost called “colour”.*parameters"):
        call_command("board", benchmark.slug, "--cost", "colour")


def test_board_says_of_an_imported_row_whether_it_was_accepted() -> None:
    benchmark = make.make_benchmark()
    make.make_imported_row(benchmark, "Vouched for", "90.1")
    make.make_imported_row(benchmark, "As it came", "80.2")
    Claim.objects.filter(model_name="Vouched for").update(state=CurationState.ACCEPTED, decided_by="person")
    assert run("board", benchmark.slug).splitlines()[1:] == [
        "   1  Vouched for: Top-1 accuracy 90.1%; imported; accepted",
        "   2  As it came: Top-1 accuracy 80.2%; imported; unreviewed",
    ]


def test_unknown_board_names_the_known_ones() -> None:
    benchmark = make.make_board(rows=2)
    with pytest.raises(CommandError, match=benchmark.slug):
        call_command("board", "no-such-board")


def test_board_keeps_how_exactly_a_number_is_stated_and_in_which_unit() -> None:
    benchmark = make.make_benchmark(dataset="CIFAR-10")
    abstract = "OrderNet reaches more than 97% with about 650M parameters in 3 days at 4.5G FLOPs."
    paper = make.make_paper("OrderNet", abstract=abstract)
    claim = make.make_claim("97%", benchmark=benchmark, paper=paper, model="OrderNet", qualifier=Qualifier.OVER)
    make.make_cost("650M", paper=paper, result=claim.result, value=650e6, qualifier=Qualifier.ABOUT)
    training = CostMeasure.TRAINING_TIME
    make.make_cost("3", paper=paper, result=claim.result, measure=training, value=3.0, canonical_value=259200.0, unit="days")
    make.make_cost("4.5", paper=paper, result=claim.result, measure=CostMeasure.FLOPS, value=4.5e9, decimals=1)
    assert run("board", benchmark.slug).splitlines() == [
        "Image Classification on CIFAR-10: 1 row",
        "   1  OrderNet: Top-1 accuracy > 97%, flops 4.5 G, parameters ≈ 650M, training time 3 days; unreviewed",
    ]
    row = json.loads(run("board", benchmark.slug, "--json"))["rows"][0]
    assert row["metrics"] == {"Top-1 accuracy": 97.0}
    assert row["costs"] == {"parameters": 650e6, "training_time": 259200.0, "flops": 4.5e9}
    assert row["units"] == {"Top-1 accuracy": "%", "parameters": "", "training_time": "s", "flops": ""}
    assert row["qualifiers"] == {"Top-1 accuracy": ">", "parameters": "~", "training_time": "=", "flops": "="}


def test_board_marks_quoted_rows_and_prints_states() -> None:
    benchmark = make.make_benchmark()
    make.make_claim("81.5%", benchmark=benchmark, model="OrderNet", state=CurationState.ACCEPTED)
    make.make_claim("80.5%", benchmark=benchmark, model="OldNet", role=Role.BASELINE)
    _, best, quoted = run("board", benchmark.slug).splitlines()
    assert best == "   1  OrderNet: Top-1 accuracy 81.5%; accepted"
    assert quoted == "   -  OldNet: Top-1 accuracy 80.5%; quoted; unreviewed"


def test_board_says_what_no_person_has_accepted() -> None:
    claim = make.make_claim("86.2%", state=CurationState.ACCEPTED, decided_by=DecidedBy.POLICY)
    assert claim.result is not None
    slug = claim.result.benchmark.slug
    assert run("board", slug).splitlines()[1].endswith("; auto-accepted")
    (row,) = json.loads(run("board", slug, "--json"))["rows"]
    assert (row["state"], row["accepted_automatically"]) == ("accepted", True)
