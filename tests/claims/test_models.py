"""The rules that the database itself keeps."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from claims import keys
from claims.models import Alias, ChangeSet, Claim, Cost, Decision, Metric, MLModel, Paper, PaperText, Result
from tests.factories import make_benchmark, make_claim, make_paper, make_result

pytestmark = pytest.mark.django_db


def refuse(action: Any) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        action()


def test_arxiv_id_is_unique_and_empty_ones_are_not() -> None:
    make_paper("One", arxiv_id="2101.00001")
    make_paper("Two", arxiv_id="")
    make_paper("Three", arxiv_id="")
    refuse(lambda: Paper.objects.create(title="Four", title_key=keys.title_key("Four"), arxiv_id="2101.00001"))


def test_title_is_unique_only_among_papers_without_arxiv_id() -> None:
    make_paper("A Survey")
    make_paper("A Survey", arxiv_id="2101.00001")
    make_paper("A survey!", arxiv_id="2101.00002")
    refuse(lambda: Paper.objects.create(title="A SURVEY", title_key=keys.title_key("A SURVEY")))


def test_date_needs_both_ends_in_order_and_a_source() -> None:
    paper = make_paper(day=None)
    for fields in (
        {"first_day": date(2020, 1, 1)},
        {"first_day": date(2020, 1, 2), "last_day": date(2020, 1, 1), "date_source": "stated"},
        {"first_day": date(2020, 1, 1), "last_day": date(2020, 1, 1)},
        {"date_source": "stated"},
    ):
        refuse(lambda fields=fields: Paper.objects.filter(pk=paper.pk).update(**fields))


def test_paper_text_is_immutable() -> None:
    paper = make_paper()
    refuse(lambda: PaperText.objects.filter(paper=paper).update(abstract="Something else."))
    other = make_paper()
    PaperText.objects.filter(paper=paper).update(paper=other)  # a merge moves it


def test_decisions_are_append_only() -> None:
    changes = ChangeSet.objects.create(actor="lee", action="accept")
    decision = Decision.objects.create(change_set=changes, object_kind="claim", object_id=1, before={}, after={}, object_version=2)
    refuse(lambda: ChangeSet.objects.filter(pk=changes.pk).update(actor="kim"))
    refuse(lambda: Decision.objects.filter(pk=decision.pk).update(after={"state": "accepted"}))
    refuse(lambda: Decision.objects.filter(pk=decision.pk)._raw_delete("default"))
    refuse(lambda: ChangeSet.objects.filter(pk=changes.pk)._raw_delete("default"))


def test_change_set_is_undone_once() -> None:
    changes = ChangeSet.objects.create(actor="lee", action="accept")
    ChangeSet.objects.create(actor="lee", action="undo", undoes=changes)
    refuse(lambda: ChangeSet.objects.create(actor="kim", action="undo", undoes=changes))


@pytest.mark.parametrize(
    "fields",
    [
        {"value_max": 10.0},
        {"state": "rejected", "decided_by": "person"},
        {"reject_reason": "not_a_result"},
        {"state": "accepted", "decided_by": "nobody"},
        {"state": "perhaps"},
        {"role": "winner"},
        {"kind": "delta"},
        {"qualifier": "!"},
        {"confidence": 1.5},
        {"tier": "verified"},
        {"tier": "verified", "tier_reason": "so", "state": "accepted", "decided_by": "person"},
        {"tier": "verified", "tier_reason": "so", "tier_link": "https://example.org/"},
        {"end": 0},
        {"evidence_end": 1},
        {"paper_text": None},
        {"column": "top1"},
        {"metric": None},
    ],
)
def test_claim_keeps_its_rules(fields: dict[str, Any]) -> None:
    claim = make_claim("86.2%")
    refuse(lambda: Claim.objects.filter(pk=claim.pk).update(**fields))


def test_anchor_is_unique() -> None:
    claim = make_claim("86.2%")
    copy = Claim.objects.get(pk=claim.pk)
    copy.pk, copy.public_id = None, "another00000"
    refuse(copy.save)
    copy.ordinal = 1
    copy.save()


def test_cost_measure_is_one_of_the_terms() -> None:
    claim = make_claim("86.2%")
    assert claim.paper_text is not None
    place = {name: getattr(claim, name) for name in ("paper_text", "field", "start", "end", "evidence_start", "evidence_end")}
    refuse(lambda: Cost.objects.create(**place, stated="86.2", value=86.2, kind="absolute", role="proposed", measure="beauty"))


def test_row_is_unique_by_origin_model_variant_setting_and_role() -> None:
    benchmark, paper = make_benchmark(), make_paper()
    make_result(benchmark, paper, "SampleNet")
    refuse(lambda: make_result(benchmark, paper, "SampleNet"))
    make_result(benchmark, paper, "SampleNet", variant="large")
    make_result(benchmark, make_paper(), "SampleNet")
    refuse(lambda: Result.objects.create(benchmark=benchmark, role="proposed", model_key="x"))


def test_model_name_is_unique_within_its_paper_and_among_those_without() -> None:
    paper = make_paper()
    for number, owner in enumerate([paper, make_paper(), None]):
        MLModel.objects.create(name="RMT", name_key="rmt", slug=f"rmt-{number}", introduced_by=owner)
    for owner in (paper, None):
        refuse(lambda owner=owner: MLModel.objects.create(name="RMT", name_key="rmt", slug="rmt-9", introduced_by=owner))


def test_alias_is_unique_by_kind_key_and_scope_and_points_to_its_kind() -> None:
    metric = Metric.objects.create(name="Inception score", slug="inception-score")
    Alias.objects.create(kind="metric", text="IS", key="=IS", exact_case=True, metric=metric)
    Alias.objects.create(kind="metric", text="is", key="=is", exact_case=True, metric=metric)
    Alias.objects.create(kind="metric", text="IS", key="=IS", scope="other", exact_case=True, metric=metric)
    refuse(lambda: Alias.objects.create(kind="metric", text="IS", key="=IS", exact_case=True, metric=metric))
    refuse(lambda: Alias.objects.create(kind="dataset", text="IS", key="is", metric=metric))


def test_constraints_are_named_and_triggers_stand() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname")
        triggers = [name for (name,) in cursor.fetchall()]
    assert "claims_papertext_no_update" in triggers
    # On SQLite six of them keep the search's two FTS5 tables in step.
    assert len(triggers) == (11 if connection.vendor == "sqlite" else 3)


def test_two_papers_may_not_share_a_text_row() -> None:
    text = make_paper().current_text
    assert text is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        PaperText.objects.create(paper=text.paper, sha256=text.sha256, title=text.title, abstract=text.abstract)
