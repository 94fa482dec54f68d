"""The acts of people, policies and commands, as the API tells them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db.models import Count, Prefetch, QuerySet
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from claims.api.serializers import DecisionEntry
from claims.boards.acts import find_named, find_public_ids
from claims.models import ChangeSet, Decision

MOST_OBJECTS = 100
"""So many of the objects of one act are told."""


def find_acts() -> QuerySet[Any]:
    """Return all acts, each with `shown_decisions`."""
    shown = Prefetch("decisions", queryset=Decision.objects.order_by("pk")[:MOST_OBJECTS], to_attr="shown_decisions")
    return ChangeSet.objects.select_related("undoes").prefetch_related("undone_by", shown)


def context_of(acts: Iterable[Any]) -> dict[str, Any]:
    """Return what serializers of these acts need: the ids of what was decided on, and the slugs of what it was said to be."""
    acts = list(acts)
    counted = (
        Decision.objects.filter(change_set__in=[act.pk for act in acts]).order_by().values_list("change_set").annotate(count=Count("pk"))
    )
    return context_of_decisions([decision for act in acts for decision in act.shown_decisions]) | {"object_counts": dict(counted)}


def context_of_decisions(decisions: Collection[Decision]) -> dict[str, Any]:
    """Return what serializers of these decisions need."""
    return {"public_ids": find_public_ids(decisions), "slugs": find_named(decisions, "slug")}


def tell_act(made: ChangeSet, request: Request, *, status: int = status.HTTP_201_CREATED) -> Response:
    """Return the answer to a request that decided something: the act as it is kept."""
    acts: Sequence[Any] = list(find_acts().filter(pk=made.pk))
    told = DecisionEntry(acts[0], context={"request": request} | context_of(acts)).data
    address = reverse("api:decisions-detail", args=[made.public_id], request=request)
    return Response(told, status=status, headers={"Location": address})
