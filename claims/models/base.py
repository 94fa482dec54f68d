"""What all models share: a public id, a version, and choices taken from the closed vocabularies."""

from __future__ import annotations

import base64
import secrets
from enum import StrEnum

from django.db import models

from claims.terms import LARGEST, ChunkState


def make_public_id() -> str:
    """Return 12 random letters and digits (60 bits): stable, opaque, safe in an address."""
    return base64.b32encode(secrets.token_bytes(8)).decode("ascii")[:12].lower()


def choices(terms: type[StrEnum]) -> list[tuple[str, str]]:
    return [(term.value, term.value.replace("_", " ")) for term in terms]


def is_one_of(field: str, terms: type[StrEnum], *, name: str, blank: bool = False) -> models.CheckConstraint:
    """Return the constraint that keeps `field` within `terms`, or '' where `blank`."""
    values = [term.value for term in terms] + ([""] if blank else [])
    return models.CheckConstraint(name=name, condition=models.Q(**{f"{field}__in": values}))


def is_finite(*fields: str, name: str) -> models.CheckConstraint:
    """Return the constraint that keeps numbers within what any page can print and any JSON can carry: no infinity, no NaN."""
    condition = models.Q()
    for field in fields:
        condition &= models.Q(**{f"{field}__isnull": True}) | models.Q(**{f"{field}__gte": -LARGEST, f"{field}__lte": LARGEST})
    return models.CheckConstraint(name=name, condition=condition, violation_error_message="A number is too large to be one.")


class Shown(models.Model):
    """Something that is shown or decided on.

    `version` counts its changes; a form that was based on an older one is refused.
    """

    public_id = models.CharField(max_length=12, unique=True, default=make_public_id, editable=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        abstract = True


class Chunk(models.Model):
    """A part of shared work that one worker does in one transaction.

    A leased chunk whose `lease_until` has passed is taken over. `attempts` counts how often it was taken, `failures` how often
    working on it raised an error that will not heal. `closed` is when it was done.
    """

    number = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=choices(ChunkState), default=ChunkState.WAITING)
    lease_owner = models.CharField(max_length=32, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failures = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    closed = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
