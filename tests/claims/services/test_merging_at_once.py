"""Two merges, or a merge and a decision, at once on PostgreSQL: one of them waits, and is told what the other did."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from claims import verification
from claims.errors import ClaimsError
from claims.models import Alias, Claim, Dataset
from claims.services import changes, curation, merging
from claims.terms import CurationState
from tests import factories as make

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

ROUNDS = 5


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run functions at the same moment, each with a connection of its own; return what they gave, or the error that they met."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return work()
        except ClaimsError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def two_datasets() -> tuple[Dataset, Dataset]:
    """Return two datasets on whose boards the same papers have a row."""
    papers = [make.make_paper(abstract=f"Net{n} reaches 80.{n}% and 70.{n}% on it.") for n in range(4)]
    found = []
    for name, first in (("HeronSet", "80"), ("Heron Set 2", "70")):
        board = make.make_benchmark(dataset=name)
        for n, paper in enumerate(papers):
            make.make_claim(
                f"{first}.{n}%", benchmark=board, paper=paper, model=f"Net{n}", model_key=f"net{n}", settled=False, task=board.task
            )
        Alias.objects.create(kind="dataset", text=name, key=name.lower(), dataset=board.dataset)
        found.append(board.dataset)
    return found[0], found[1]


def test_each_of_two_merged_into_the_other_ends_with_one_root() -> None:
    one, other = two_datasets()
    for _ in range(ROUNDS):
        one.refresh_from_db()
        other.refresh_from_db()

        def merge(source: Dataset, target: Dataset) -> Callable[[], Any]:
            return lambda: merging.merge(source, target, actor="kim", version=source.version)

        ended = at_once(merge(one, other), merge(other, one))
        made = [end for end in ended if not isinstance(end, Exception)]
        (refused,) = [end for end in ended if isinstance(end, ClaimsError)]
        assert len(made) == 1
        assert "itself" in refused.message
        root = Dataset.objects.get(merged_into__isnull=True, pk__in=[one.pk, other.pk])
        assert Claim.objects.filter(dataset=root).count() == 8
        changes.undo(made[0], actor="lee")
        assert Claim.objects.filter(dataset=one).count() == Claim.objects.filter(dataset=other).count() == 4


def test_same_merge_and_same_undo_twice_at_once_are_done_once() -> None:
    one, other = two_datasets()
    ended = at_once(*[lambda: merging.merge(one, other, actor="kim", version=1)] * 3)
    (made,) = [end for end in ended if not isinstance(end, Exception)]
    undone = at_once(*[lambda: changes.undo(made, actor="kim")] * 3)
    assert sum(not isinstance(end, Exception) for end in undone) == 1
    assert Claim.objects.filter(dataset=one).count() == 4


def test_decision_beside_a_merge_comes_before_it_or_is_stale() -> None:
    one, other = two_datasets()
    for _ in range(ROUNDS):
        one.refresh_from_db()
        claim = Claim.objects.filter(dataset=one).order_by("pk")[0]
        before = claim.version
        merged, decided = at_once(
            partial(merging.merge, one, other, actor="kim", version=one.version),
            partial(curation.decide, claim, CurationState.ACCEPTED, actor="ann", version=claim.version),
        )
        assert not isinstance(merged, Exception)
        claim.refresh_from_db()
        assert claim.dataset == other
        assert claim.version == before + (1 if isinstance(decided, Exception) else 2)
        changes.undo(merged, actor="lee")
        if not isinstance(decided, Exception):
            claim.refresh_from_db()
            curation.decide(claim, CurationState.UNREVIEWED, actor="ann", version=claim.version)
    faults = [str(fault) for fault in verification.find_faults()]
    assert not [fault for fault in faults if fault.startswith("claim") and "version" in fault]


def test_number_that_was_being_written_while_its_dataset_was_merged_is_gathered() -> None:
    one, other = two_datasets()
    merging.merge(one, other, actor="kim", version=1)
    stray = Claim.objects.filter(dataset=other).order_by("pk")[0]
    Claim.objects.filter(pk=stray.pk).update(dataset=one)
    assert merging.gather_strays() == 1
    stray.refresh_from_db()
    assert stray.dataset == other
    assert merging.gather_strays() == 0
