"""Prepared queries: written once, asked each time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.forms import model_to_dict
from django.test.utils import CaptureQueriesContext

from claims.boards import find_benchmark, in_turn
from claims.models import Area, Benchmark, Condition, Dataset, Metric, Task
from claims.prepared import Parameter, prepared, prepared_for_keys

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


def test_joined_entries_are_those_that_django_makes(django_assert_num_queries: Any) -> None:
    area = Area.objects.create(name="Vision", slug="vision", position=1)
    metric = Metric.objects.create(name="Accuracy", slug="accuracy", unit="%", direction="higher", upper_bound=100)
    task = Task.objects.create(name="Sorting", slug="sorting", area=area)
    dataset = Dataset.objects.create(name="Cards", slug="cards")
    full = Benchmark.objects.create(task=task, dataset=dataset, slug="full", primary_metric=metric)
    bare = Benchmark.objects.create(
        task=Task.objects.create(name="Alone", slug="alone"), dataset=dataset, slug="bare", changed=full.changed
    )
    for made in (full, bare):
        with django_assert_num_queries(1):
            found = find_benchmark(made.slug)
            of_area = found.task.area
            of_metric = found.primary_metric
        expected = Benchmark.objects.with_names().get(pk=made.pk)
        for ours, theirs in (
            (found, expected),
            (found.task, expected.task),
            (found.dataset, expected.dataset),
            (of_metric, expected.primary_metric),
            (of_area, expected.task.area),
        ):
            assert ours == theirs
            if ours is not None and theirs is not None:
                assert model_to_dict(ours) == model_to_dict(theirs)
                assert ours._state.db == theirs._state.db
                assert not ours._state.adding
        assert found.changed == expected.changed


def test_threads_compute_boards_one_after_the_other_on_sqlite_alone() -> None:
    inside: list[int] = []
    most = 0
    both = threading.Barrier(2, timeout=0.3)

    def compute() -> None:
        nonlocal most
        with in_turn():
            inside.append(1)
            # Two that are in there meet here; one that is alone waits in vain.
            with contextlib.suppress(threading.BrokenBarrierError):
                both.wait()
            most = max(most, len(inside))
            inside.pop()

    threads = [threading.Thread(target=compute) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == (1 if connection.vendor == "sqlite" else 2)


@pytest.mark.parametrize("count", [0, 1, 50, 51, 500, 501])
def test_a_query_for_keys_finds_each_of_them_once(count: int, django_assert_num_queries: Any) -> None:
    made = Condition.objects.bulk_create(Condition(kind="shots", key=str(n), value=f"{n}-shot") for n in range(502))

    @prepared_for_keys
    def fetch(conditions: Sequence[Any], *, kind: str) -> QuerySet[Condition, Any]:
        return Condition.objects.filter(pk__among=conditions, kind=kind).order_by("pk").values_list("pk", "value")

    wanted = [(condition.pk, condition.value) for condition in made[:count]]
    for _ in range(2):
        with django_assert_num_queries(1 if count else 0):
            assert fetch([pk for pk, _ in wanted], kind="shots") == wanted
    assert fetch([pk for pk, _ in wanted], kind="steps") == []


def test_a_query_for_keys_of_texts_finds_them(django_assert_num_queries: Any) -> None:
    Condition.objects.bulk_create(Condition(kind="shots", key=key, value=key) for key in ("0", "5", "{1,2}", '"', "\\"))

    @prepared_for_keys
    def fetch(names: Sequence[Any]) -> QuerySet[Condition, Any]:
        return Condition.objects.filter(key__among=names).order_by("key").values_list("key")

    wanted = ["{1,2}", '"', "\\", "7"]
    assert sorted(fetch(wanted)) == sorted((key,) for key in wanted[:3])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL alone takes a list of keys as one parameter.")
def test_a_query_for_keys_is_written_once_for_any_number_of_them() -> None:
    written = []

    @prepared_for_keys
    def fetch(conditions: Sequence[Any]) -> QuerySet[Condition, Any]:
        written.append(conditions)
        return Condition.objects.filter(pk__among=conditions).values_list("pk")

    with CaptureQueriesContext(connection) as asked:
        for count in (1, 51, 500):
            fetch(list(range(count)))
    assert len(written) == 1
    assert all(" = ANY (" in query["sql"] and " IN (" not in query["sql"] for query in asked)
