"""What verification proves, and that it finds whatever is not as it was decided."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from pytest_django import Settings

from claims import verification
from claims.boards import standings as making
from claims.models import (
    Benchmark,
    BenchmarkMetric,
    BoardStandings,
    ChangeSet,
    Claim,
    Cost,
    CostLink,
    Decision,
    Metric,
    Record,
    Result,
    ResultValue,
)
from claims.services import correction, curation, policy, standings, uploads
from claims.terms import CurationState, RejectReason
from tests.reading import read, state_of_boards, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue")]


@pytest.fixture(autouse=True)
def _folders(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"


@pytest.fixture
def site(_folders: None) -> None:
    """A site on which all kinds of things were decided, taken back and decided again."""
    read(text(1, 2, 3))
    claim, other = number("71.5"), number("72.5")
    curation.decide(claim, CurationState.ACCEPTED, actor="lee", version=1)
    correction.correct(claim, {"number": "60-65%", "variant": "large"}, actor="lee", version=claim.version)
    rejected = curation.decide(other, CurationState.REJECTED, actor="lee", version=1, reason=RejectReason.WRONGLY_READ, note="why")
    curation.undo(rejected, actor="kim")
    other.refresh_from_db()
    curation.decide(other, CurationState.REJECTED, actor="lee", version=other.version, reason=RejectReason.NOT_A_RESULT)
    accepted = policy.accept_stored(0.0)
    assert accepted.claims
    curation.undo(ChangeSet.objects.get(action="accept by policy"), actor="lee")
    cost = Cost.objects.get(stated="4")
    curation.decide(cost, CurationState.ACCEPTED, actor="lee", version=cost.version)
    # A newer text of a paper takes over what was decided, and a listing that is withdrawn and put back changes nothing.
    listing = read(text(1, more="This is a newer text of the paper, and says the same of the net. "), "newer.txt")
    withdrawn = uploads.withdraw(listing, actor="lee", version=listing.version).change_set
    uploads.undo(withdrawn, actor="lee")
    board = Benchmark.objects.get(slug="image-classification-on-imagenet-1k")
    standings.keep(board, making.pack(making.make_standings(board)), layout=making.LAYOUT)


def number(stated: str) -> Claim:
    return Claim.objects.get(stated=stated, retired_by__isnull=True)


def verify() -> tuple[int, str]:
    said = io.StringIO()
    try:
        call_command("verify", stdout=said, stderr=io.StringIO())
    except SystemExit as end:
        return int(end.code or 0), said.getvalue()
    return 0, said.getvalue()


def faults() -> list[str]:
    return [str(fault) for fault in verification.find_faults()]


@contextmanager
def decisions_unprotected() -> Iterator[None]:
    append_only = import_module("claims.migrations.0002_append_only")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            names = [f"{table}_no_{event}" for table in append_only.APPEND_ONLY for event in ("update", "delete")]
            made = [cursor.execute("SELECT sql FROM sqlite_master WHERE name = %s", [name]).fetchone()[0] for name in names]
            for name in names:
                cursor.execute(f"DROP TRIGGER {name}")
            yield
            for statement in made:
                cursor.execute(statement)
        return
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def test_site_on_which_people_decided_has_no_fault_and_nothing_is_left_written(site: None) -> None:
    before = state_of_boards()
    versions = list(Benchmark.objects.order_by("pk").values_list("version", flat=True))
    assert faults() == []
    assert verify() == (0, "Every state has its decision, and every board shows what was decided.\n")
    assert state_of_boards() == before
    assert list(Benchmark.objects.order_by("pk").values_list("version", flat=True)) == versions


def test_empty_site_has_no_fault() -> None:
    assert verify()[0] == 0


def test_few_are_looked_at_at_once_and_none_is_left_out(site: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("STATEMENTS", "PAPERS", "RECORDS", "BOARDS", "ROWS"):
        monkeypatch.setattr(verification, name, 1)
    assert faults() == []
    Claim.objects.filter(stated="73.5").update(state="accepted", decided_by="person")
    assert [fault for fault in faults() if f"claim {number('73.5').public_id}: its state is “accepted”" in fault]


def of(stated: str) -> Any:
    return Claim.objects.filter(pk=number(stated).pk)


def set_behind(**fields: Any) -> Callable[[], object]:
    """Change a claim that was accepted and corrected, without a word."""
    return lambda: of("71.5").update(**fields)


def row_of(stated: str) -> Result:
    found = number(stated).result
    assert found is not None
    return found


def board() -> Any:
    return Benchmark.objects.filter(slug="image-classification-on-imagenet-1k")


CORRUPTED: dict[str, tuple[Callable[[], object], str]] = {
    "state": (set_behind(state="unreviewed"), "its state is “unreviewed”, and its last decision left “accepted”"),
    "state without a decision": (
        lambda: of("73.5").filter(version=3).update(state="accepted", decided_by="person"),
        "its state is “accepted”, and its last decision left “unreviewed”",
    ),
    "state of what nobody decided on": (
        lambda: Claim.objects.filter(stated="31.1").update(state="accepted", decided_by="person", version=1),
        "its state is “accepted”",
    ),
    "decided by": (set_behind(decided_by="policy"), "its decided by is “policy”"),
    "reject reason": (
        lambda: of("72.5").update(reject_reason="wrongly_read"),
        "its reject reason is “wrongly_read”, and its last decision left “not_a_result”",
    ),
    "tier": (set_behind(tier="verified", tier_reason="so", tier_link="https://example.org/"), "its tier is “verified”"),
    "version back": (lambda: of("72.5").update(version=2), "its version is 2, and its last decision left version"),
    "version on": (lambda: of("72.5").update(version=40), "its version is 40, and its last decision left version"),
    "corrected value": (set_behind(value=61.0), "its value is not what it was corrected to"),
    "corrected variant": (set_behind(variant="small"), "its variant is not what it was corrected to"),
    "mark of a correction": (set_behind(extracted={}), "it is marked as corrected in nothing, and its decisions say otherwise"),
    "mark without a correction": (lambda: of("73.5").update(extracted={"value": 1}), "it is marked as corrected in value"),
    "row of a claim": (lambda: of("73.5").update(result=row_of("71.5")), "and belongs in row"),
    "claim without its row": (lambda: of("73.5").update(result=None), "it stands in no row, and belongs in row"),
    "name of a row": (lambda: Result.objects.filter(pk=row_of("73.5").pk).update(model_name="Other"), "its model, variant or day"),
    "cost that is tied no more": (lambda: CostLink.objects.filter(cost__stated="6").delete(), "it is not tied to row"),
    "cost that is tied elsewhere": (
        lambda: CostLink.objects.filter(cost__stated="6", result=row_of("73.5")).update(result=row_of("71.5")),
        "and that is not so",
    ),
    "count of rows": (lambda: board().update(row_count=9), "its count of rows is 9, and would be 2"),
    "count of accepted rows": (lambda: board().update(accepted_row_count=0), "its count of accepted rows is 0, and would be 1"),
    "leader": (lambda: board().update(leader=number("71.5")), "its leader is"),
    "accepted leader": (lambda: board().update(accepted_leader=None), "its accepted leader is nothing"),
    "primary metric": (lambda: board().update(primary_metric=Metric.objects.get(name="mAP")), "its primary metric is"),
    "column": (
        lambda: BenchmarkMetric.objects.filter(benchmark__in=board()).update(column=Metric.objects.get(name="mAP")),
        "its column of",
    ),
    "shown claim": (
        lambda: ResultValue.objects.filter(result=row_of("73.5")).update(claim=number("71.5")),
        "it shows claim",
    ),
    "shown nothing": (lambda: ResultValue.objects.filter(result=row_of("73.5")).delete(), "it shows nothing, and would show claim"),
    "count of others": (lambda: ResultValue.objects.filter(result=row_of("73.5")).update(others=3), "before 3 others"),
    "record": (lambda: Record.objects.all().delete(), "its record of"),
    "record of another day": (lambda: Record.objects.filter(day__gt=date(2022, 5, 3)).update(value=1.0), "its record of"),
    "standings of a later version": (lambda: BoardStandings.objects.update(board_version=1000), "its standings are kept for version 1000"),
    "standings of other rows": (
        lambda: BoardStandings.objects.update(packed=making.pack(making.make_standings(Benchmark.objects.exclude(pk__in=board())[0]))),
        "its standings are not kept as its rows are",
    ),
}


def test_what_was_changed_behind_the_services_is_found(site: None) -> None:
    for what, (corrupt, message) in CORRUPTED.items():
        with transaction.atomic():
            corrupt()
            found = faults()
            assert [fault for fault in found if message in fault], (what, found)
            transaction.set_rollback(True)
    assert faults() == []
    set_behind(state="unreviewed")()
    board().update(row_count=9)
    found = faults()
    assert len(found) > 1
    assert verify() == (1, "".join(f"{fault}\n" for fault in found))


def last_decision(stated: str) -> Any:
    last = Decision.objects.filter(object_kind="claim", object_id=number(stated).pk).latest("pk")
    return Decision.objects.filter(pk=last.pk)


def undoing() -> Any:
    return Decision.objects.filter(change_set__action="undo", change_set__undoes__action="reject")


HISTORY: dict[str, tuple[Callable[[], object], str]] = {
    "lost": (lambda: last_decision("72.5")._raw_delete("default"), "and its last decision left “unreviewed”"),
    "first lost": (
        lambda: Decision.objects.filter(change_set__action="reject", change_set__undone_by__isnull=False)._raw_delete("default"),
        "it decided on claim",
    ),
    "of nothing": (lambda: last_decision("72.5").update(object_id=10**9), "it decided on a claim that is not there any more"),
    "of no listing": (
        lambda: last_decision("72.5").update(object_kind="listing", object_id=10**9),
        "it decided on a listing that is not there any more",
    ),
    "before": (
        lambda: last_decision("72.5").update(before={**last_decision("72.5").get().before, "state": "accepted"}),
        "found its state as “accepted”, and what was decided before had left “unreviewed”",
    ),
    "version": (lambda: last_decision("72.5").update(object_version=9), "made it version 9"),
    "undone otherwise": (
        lambda: undoing().update(after={**undoing().get().after, "state": "accepted", "decided_by": "person"}),
        "otherwise than it had been before",
    ),
    "undone in part": (lambda: undoing()._raw_delete("default"), "it leaves out claim"),
    "undone too early": (
        lambda: ChangeSet.objects.filter(undoes__action="reject").update(undoes=ChangeSet.objects.latest("pk")),
        "which came later",
    ),
}


def test_what_was_changed_in_the_history_is_found(site: None) -> None:
    for what, (corrupt, message) in HISTORY.items():
        with transaction.atomic():
            with decisions_unprotected():
                corrupt()
            found = faults()
            assert [fault for fault in found if message in fault], (what, found)
            transaction.set_rollback(True)
    assert faults() == []


def test_who_looks_while_boards_are_settled_is_told_so(site: None) -> None:
    from claims.models import Listing

    Listing.objects.update(unsettled_from=0)
    assert verify()[0] == 0
    board().update(row_count=9)
    errors = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("verify", stdout=io.StringIO(), stderr=errors)
    assert errors.getvalue() == "Workers are still settling boards. Look again when they are done.\n1 fault found.\n"
