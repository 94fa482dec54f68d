"""Behind a test that commits the database is as empty as before, and keeps its rules."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection

from claims.models import Alias, ChangeSet, Claim, Dataset, Decision, Metric
from claims.services import curation
from claims.terms import CurationState
from tests import catalogue
from tests import factories as make
from tests.emptying import KEPT, all_tables, empty, list_filled

pytestmark = pytest.mark.django_db(transaction=True)


def fill() -> Claim:
    """Write to many tables, among them those of which no row may go."""
    make.make_member("curator", "curator")
    board = make.make_board(3)
    claim = make.make_claim(benchmark=board)
    curation.decide(claim, CurationState.ACCEPTED, actor="Ada", version=claim.version)
    make.make_listing("papers.txt", make.make_paper())
    make.make_webhook(owner=make.make_user("owner"))
    return claim


@pytest.mark.parametrize("time", ["once", "again"])
def test_nothing_is_left_but_what_is_made_of_the_models(time: str) -> None:
    assert list_filled(all_tables() - KEPT) in ([], ["auth_group", "auth_group_permissions"]), "what the test before has written"
    fill()
    Permission.objects.filter(codename="change_claim").delete()
    kinds = set(ContentType.objects.values_list("pk", flat=True))
    assert len(list_filled(all_tables() - KEPT)) > 20
    empty()
    assert list_filled(all_tables() - KEPT) == []
    assert Permission.objects.filter(codename="change_claim", content_type__model="claim").count() == 1
    assert set(ContentType.objects.values_list("pk", flat=True)) == kinds
    assert not Group.objects.exists()


def test_decisions_are_kept_as_before_once_the_database_was_emptied() -> None:
    for _ in range(2):
        fill()
        with pytest.raises(DatabaseError):
            ChangeSet.objects.all()._raw_delete("default")
        with pytest.raises(DatabaseError):
            Decision.objects.update(after={})
        empty()
    assert not Decision.objects.exists()


def test_row_that_refers_to_none_is_no_longer_taken_once_the_database_was_emptied() -> None:
    fill()
    empty()
    with pytest.raises(DatabaseError):
        Alias.objects.bulk_create([Alias(metric_id=-1, text="none", key="none")])


@pytest.mark.parametrize("changed", [False, True])
def test_catalogue_that_stands_is_left_as_it_was_loaded(changed: bool) -> None:
    there = catalogue.stand()
    next(there)
    before = [list(table.objects.order_by("pk").values()) for table in (Metric, Dataset, Alias)]
    fill()
    Dataset.objects.create(slug="new", name="New")
    if changed:
        Dataset.objects.filter(pk=before[1][0]["id"]).update(name="Other")
        Alias.objects.filter(pk=before[2][0]["id"]).delete()
    empty()
    assert [list(table.objects.order_by("pk").values()) for table in (Metric, Dataset, Alias)] == before
    assert set(list_filled(all_tables() - KEPT)) <= set(catalogue.standing())
    next(there, None)
    assert list_filled(all_tables() - KEPT) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM claims_searchword")
        assert cursor.fetchone() == (0,)
