"""Many rows in one statement are what they would be one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import models

from claims.key_lists import any_of
from claims.models import Condition, Paper, PaperText, RunText
from claims.services.rows import BATCH, insert_rows, large_batches, set_values, update_rows
from claims.services.statements import get_run
from claims.terms import DateSource
from tests import factories as make

pytestmark = pytest.mark.django_db
LEFT_OUT = {"id", "public_id", "created"}


def fields_of(row: models.Model) -> dict[str, Any]:
    return {field.name: getattr(row, field.attname) for field in row._meta.concrete_fields if field.name not in LEFT_OUT}


def test_inserted_row_is_what_django_would_have_made() -> None:
    given = {
        "arxiv_id": "",
        "title_key": "k",
        "first_day": date(2024, 2, 29),
        "last_day": date(2024, 3, 1),
        "date_source": DateSource.STATED,
    }
    expected = Paper(title="Häufig", **given)
    before = datetime.now(UTC)
    insert_rows(Paper, [{"title": "Häufig", **given}])
    paper = Paper.objects.get()
    assert fields_of(paper) == fields_of(expected)
    assert before <= paper.created <= datetime.now(UTC)


def test_each_inserted_row_has_an_address_of_its_own() -> None:
    insert_rows(Paper, [{"title": str(number), "title_key": str(number)} for number in range(BATCH * 2 + 1)])
    assert Paper.objects.values("public_id").distinct().count() == BATCH * 2 + 1
    assert list(Paper.objects.order_by("pk").values_list("title", flat=True)) == [str(number) for number in range(BATCH * 2 + 1)]


def test_row_that_is_there_already_stays_as_it_is() -> None:
    insert_rows(Paper, [{"title": "First", "title_key": "k"}, {"title": "Second", "title_key": "k"}])
    insert_rows(Paper, [{"title": "Third", "title_key": "k"}, {"title": "Another", "title_key": "l"}])
    assert list(Paper.objects.order_by("pk").values_list("title", flat=True)) == ["First", "Another"]
    insert_rows(Paper, [])
    assert Paper.objects.count() == 2


def test_row_that_is_there_already_gets_what_is_to_be_updated() -> None:
    condition = make.make_condition("resolution", "384")
    rows = [{"kind": condition.kind, "key": condition.key, "value": "new"}, {"kind": condition.kind, "key": "other", "value": "other"}]
    insert_rows(Condition, rows, unique_fields=["kind", "key"], update_fields=["value"])
    assert list(Condition.objects.order_by("pk").values_list("key", "value")) == [(condition.key, "new"), ("other", "other")]


def test_dates_lists_and_links_are_updated() -> None:
    text = make.make_text(make.make_paper(), title="T", abstract="A")
    paper = text.paper
    paper.first_day, paper.last_day, paper.date_source = date(2024, 1, 1), date(2024, 1, 31), DateSource.STATED
    paper.curated_fields, paper.current_text = ["title"], text
    update_rows([paper], ["first_day", "last_day", "date_source", "curated_fields", "current_text"])
    assert fields_of(Paper.objects.get(pk=paper.pk)) == fields_of(paper)


def test_lists_come_back_as_lists() -> None:
    paper = make.make_paper()
    insert_rows(PaperText, [{"paper_id": paper.pk, "sha256": "0" * 64, "title": "100% %s", "abstract": "a\nb"}])
    text = PaperText.objects.get(sha256="0" * 64)
    untaken = [["abstract", 1, 2, "no “model”"]]
    insert_rows(RunText, [{"run_id": get_run(extractor_version="1", vocabulary_hash="h").pk, "paper_text_id": text.pk, "untaken": untaken}])
    assert (text.title, text.abstract) == ("100% %s", "a\nb")
    assert RunText.objects.get(paper_text=text).untaken == untaken


@pytest.mark.parametrize("count", [0, 1, BATCH, BATCH * 2 + 1])
def test_values_are_set_of_the_rows_that_are_named(count: int) -> None:
    text = make.make_text(make.make_paper(), title="T", abstract="A")
    insert_rows(Paper, [{"title": str(number), "title_key": str(number)} for number in range(count + 1)])
    *named, other = Paper.objects.exclude(pk=text.paper_id).order_by("pk")
    given = [(paper.pk, f"It's {paper.title}% “{{new}}”", number, text.pk) for number, paper in enumerate(named)]
    set_values(Paper, ["title", "version", "current_text"], given)
    found = Paper.objects.exclude(pk__in=[text.paper_id, other.pk]).order_by("pk")
    assert list(found.values_list("pk", "title", "version", "current_text_id")) == given
    assert fields_of(Paper.objects.get(pk=other.pk)) == fields_of(other)


@pytest.mark.parametrize("count", [0, 1, BATCH, BATCH * 2 + 1])
def test_parts_of_many_keys_find_each_of_them_once(count: int) -> None:
    insert_rows(Paper, [{"title": str(number), "title_key": str(number)} for number in range(count + 1)])
    wanted = list(Paper.objects.order_by("pk").values_list("pk", flat=True))[:count]
    found = [pk for keys in large_batches(wanted) for pk in Paper.objects.filter(pk__in=keys).order_by("pk").values_list("pk", flat=True)]
    assert found == wanted
    assert Paper.objects.filter(pk__in=any_of(wanted)).count() == count
    assert Paper.objects.filter(title_key__in=any_of([str(number) for number in range(count)])).count() == count
