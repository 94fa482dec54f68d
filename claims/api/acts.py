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
from claims.models import ChangeSet, Dataset, Decision, Metric, MLModel, Task
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


_NAMED: dict[str, Any] = {"task_id": Task, "dataset_id": Dataset, "metric_id": Metric, "ml_model_id": MLModel}
"""What a decision keeps by its key, and is told by its slug."""


def context_of(acts: Iterable[Any]) -> dict[str, Any]:
    """Return what serializers of these acts need: the ids of what was decided on, and the slugs of what it was said to be."""
    acts = list(acts)
    wanted: dict[str, set[int]] = defaultdict(set)
    for decision in (decision for act in acts for decision in act.shown_decisions):
        for state in (decision.before, decision.after):
            for name in _NAMED.keys() & state.keys():
                wanted[name] |= {state[name]} - {None}
    slugs = {
        (name, pk): slug for name, ids in wanted.items() for pk, slug in _NAMED[name].objects.filter(pk__in=ids).values_list("pk", "slug")
    }
    return {"public_ids": find_public_ids(acts), "slugs": slugs}


def tell_act(made: ChangeSet, request: Request, *, status: int = status.HTTP_201_CREATED) -> Response:
    """Return the answer to a request that decided something: the act as it is kept."""
    acts: Sequence[Any] = list(find_acts().filter(pk=made.pk))
    told = DecisionEntry(acts[0], context={"request": request} | context_of(acts)).data
    address = reverse("api:decisions-detail", args=[made.public_id], request=request)
    return Response(told, status=status, headers={"Location": address})
