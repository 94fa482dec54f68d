"""Prepared queries: written once, asked each time."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import QuerySet

from claims.boards.prepared import Parameter, prepared
from claims.models import Condition

pytestmark = pytest.mark.django_db


def test_a_prepared_query_is_written_once_for_each_choice_and_asked_each_time(django_assert_num_queries: Any) -> None:
    written = []

    @prepared
    def fetch(condition: Parameter, *, kind: str) -> QuerySet[Condition, Any]:
        written.append(kind)
        return Condition.objects.filter(pk=condition, kind=kind).values_list("pk", "key")

    first = Condition.objects.create(kind="shots", key="0", value="zero-shot")
    second = Condition.objects.create(kind="shots", key="5", value="five-shot")
    with django_assert_num_queries(4):
        assert fetch(first.pk, kind="shots") == [(first.pk, "0")]
        assert fetch(second.pk, kind="shots") == [(second.pk, "5")]
        assert fetch(first.pk, kind="pretraining") == []
        assert fetch(first.pk, kind="shots") == [(first.pk, "0")]
    assert written == ["shots", "pretraining"]


def test_a_prepared_query_sees_what_has_changed_since() -> None:
    @prepared
    def fetch(condition: Parameter) -> QuerySet[Condition, Any]:
        return Condition.objects.filter(pk=condition).values_list("value")

    condition = Condition.objects.create(kind="shots", key="0", value="zero-shot")
    assert fetch(condition.pk) == [("zero-shot",)]
    Condition.objects.update(value="0-shot")
    assert fetch(condition.pk) == [("0-shot",)]
