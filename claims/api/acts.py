"""The acts of people, policies and commands, as the API tells them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import apps
from django.db.models import Count, Prefetch, QuerySet
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from claims.api.serializers import DecisionEntry
from claims.models import ChangeSet, Decision
from claims.models.base import Shown

MOST_OBJECTS = 100
"""So many of the objects of one act are told."""


def find_acts() -> QuerySet[Any]:
    """Return all acts, each with `shown_decisions` and `object_count`."""
    shown = Prefetch("decisions", queryset=Decision.objects.order_by("pk")[:MOST_OBJECTS], to_attr="shown_decisions")
    return ChangeSet.objects.select_related("undoes").annotate(object_count=Count("decisions")).prefetch_related("undone_by", shown)


def find_public_ids(acts: Iterable[Any]) -> dict[tuple[str, int], str]:
    """Return the public ids of what the acts' `shown_decisions` are on, by kind and key: a query for each kind."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for decision in (decision for act in acts for decision in act.shown_decisions):
        wanted[decision.object_kind].add(decision.object_id)
    tables = {model._meta.model_name: model for model in apps.get_app_config("claims").get_models() if issubclass(model, Shown)}
    return {
        (kind, pk): public_id
        for kind, ids in wanted.items()
        if kind in tables
        for pk, public_id in tables[kind]._default_manager.filter(pk__in=ids).values_list("pk", "public_id")
    }


def tell_act(made: ChangeSet, request: Request) -> Response:
    """Return the answer to a request that decided something: the act as it is kept."""
    acts: Sequence[Any] = list(find_acts().filter(pk=made.pk))
    told = DecisionEntry(acts[0], context={"request": request, "public_ids": find_public_ids(acts)}).data
    address = reverse("api:decisions-detail", args=[made.public_id], request=request)
    return Response(told, status=status.HTTP_201_CREATED, headers={"Location": address})
