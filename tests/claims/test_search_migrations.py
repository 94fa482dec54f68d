"""The migrations that make the search's names: they fill what was there before, and go back."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from claims import keys
from claims.models import Alias, Benchmark, Paper, SearchName, SearchWord
from claims.services import search_names
from tests import factories as make

FILL = importlib.import_module("claims.migrations.0006_fill_search_names")
MAKE = importlib.import_module("claims.migrations.0005_search_names")


def dump() -> tuple[set[Any], set[Any]]:
    return set(SearchName.objects.values_list("kind", "object_id", "name", "key", "words", "alias")), set(
        SearchWord.objects.values_list("word", flat=True)
    )


@pytest.mark.django_db
def test_fill_gives_the_names_that_the_services_keep() -> None:
    board = make.make_board(2)
    root, gone = make.make_paper("The Heron Paper", arxiv_id="2201.00001"), make.make_paper("Größer: 图像-分类, “Poincaré” & C++ 3.5 | x_y")
    Paper.objects.filter(pk=root.pk).update(merged_into=gone)  # the later one is the root
    make.make_paper("???")
    for kind, text, of in (("dataset", "ILS-VRC", board.dataset), ("task", "Naming images", board.task)):
        Alias.objects.create(kind=kind, text=text, key=keys.name_key(text), **{kind: of})
    search_names.rebuild()
    kept = dump()
    assert len(kept[0]) > 10
    FILL.empty(apps, None)
    assert dump() == (set(), set())
    FILL.fill(apps, None)
    assert dump() == kept


@pytest.mark.django_db(transaction=True)
def test_migrations_go_back_and_forth_over_data() -> None:
    make.make_paper("The Heron Paper")
    assert Benchmark.objects.count() == 0
    latest = [node for node in MigrationExecutor(connection).loader.graph.leaf_nodes() if node[0] == "claims"]
    try:
        MigrationExecutor(connection).migrate([("claims", "0002_append_only")])
        assert "claims_searchname" not in connection.introspection.table_names()
    finally:
        MigrationExecutor(connection).migrate(latest)
    assert list(SearchName.objects.values_list("key", flat=True)) == ["theheronpaper"]


def test_missing_extension_is_named_with_what_to_do() -> None:
    class Cursor:
        def __enter__(self) -> Cursor:
            return self

        def __exit__(self, *args: object) -> None:
            pass

        def execute(self, text: str) -> None:
            pass

        def fetchone(self) -> None:
            return None

    class Editor:
        connection = SimpleNamespace(vendor="postgresql", cursor=Cursor)

        def execute(self, text: str) -> None:
            raise DatabaseError("permission denied to create extension")

    with pytest.raises(DatabaseError, match=r"superuser run: CREATE EXTENSION pg_trgm.*permission denied"):
        MAKE.create(None, Editor())
