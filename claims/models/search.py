"""The names that a search looks through. Kept by `claims.services.search_names`; nothing here is a source of anything."""

from __future__ import annotations

from django.db import models

from claims.models.base import choices, is_one_of
from claims.terms import SearchKind


class SearchName(models.Model):
    """A name or an alias of something that can be found, as shown and as a search compares it.

    `key` and `words` are made by `claims.keys.search_key` and `search_text`. `words` has a trigram index (see the migration):
    GIN on PostgreSQL, on SQLite the table claims_searchname_fts that triggers on this one keep in step.
    """

    kind = models.CharField(max_length=8, choices=choices(SearchKind))
    object_id = models.BigIntegerField()
    name = models.TextField()
    key = models.CharField(max_length=200)
    words = models.TextField()
    alias = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="search_name_unique", fields=["kind", "object_id", "key"]),
            is_one_of("kind", SearchKind, name="search_name_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name


class SearchWord(models.Model):
    """A word of some name, between blanks: what a misspelled word of a query is compared with.

    Words are only ever added; one that no name holds any longer is dropped when the names are rebuilt.
    """

    word = models.CharField(max_length=60, unique=True)

    def __str__(self) -> str:
        return self.word
