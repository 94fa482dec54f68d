"""What is written once for a module is there for each of its tests, and gone behind the last."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from claims.models import Area
from tests.once import WriteOnce


@pytest.fixture(scope="module")
def area(for_module: WriteOnce) -> Area:
    return for_module(lambda: Area.objects.create(slug="once", name="Written once"))


@pytest.fixture(scope="module", autouse=True)
def _gone_at_the_end(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    yield
    with django_db_blocker.unblock():
        assert not Area.objects.filter(slug__in=["once", "own"]).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("time", ["first", "second"])
def test_each_test_finds_it_as_it_was_written_and_takes_back_its_own(area: Area, time: str) -> None:
    assert list(Area.objects.values_list("slug", "name")) == [("once", "Written once")]
    Area.objects.filter(pk=area.pk).update(name=f"Changed by the {time}")
    Area.objects.create(slug="own", name="Of a test")
