"""The acts of people, policies and commands, as the API tells them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import apps
from django.db.models import Count, Prefetch, Q, QuerySet
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from claims.api.serializers import DecisionEntry
from claims.models import ChangeSet, Dataset, Decision, Metric, MLModel, Task
from claims.models.base import Shown
from claims.terms import ListingState

MOST_OBJECTS = 100
"""So many of the objects of one act are told."""


def find_acts() -> QuerySet[Any]:
    """Return all acts, each with `shown_decisions`."""
    shown = Prefetch("decisions", queryset=Decision.objects.order_by("pk")[:MOST_OBJECTS], to_attr="shown_decisions")
    return ChangeSet.objects.select_related("undoes").prefetch_related("undone_by", shown)


def find_public_ids(acts: Iterable[Any]) -> dict[tuple[str, int], str]:
    """Return the public ids of what the acts' `shown_decisions` are on, by kind and key: a query for each kind.

    Of numbers only those are there that readers may look up: what is hidden from them elsewhere is not told here.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    for decision in (decision for act in acts for decision in act.shown_decisions):
        wanted[decision.object_kind].add(decision.object_id)
    tables = {model._meta.model_name: model for model in apps.get_app_config("claims").get_models() if issubclass(model, Shown)}
    told: dict[tuple[str, int], str] = {}
    for kind, ids in wanted.items():
        if kind in tables:
            table: Any = tables[kind]._default_manager
            rows = table.told().exclude(OF_WITHDRAWN_TABLE) if kind in NUMBERS else table.all()
            told |= {(kind, pk): public_id for pk, public_id in rows.filter(pk__in=ids).values_list("pk", "public_id")}
    return told


NUMBERS = ("claim", "cost")
# What a table brought that was withdrawn stands on no board, and is told no more than what a withdrawn paper states.
OF_WITHDRAWN_TABLE = Q(source_record__source__listing__state=ListingState.WITHDRAWN)


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
    counted = (
        Decision.objects.filter(change_set__in=[act.pk for act in acts]).order_by().values_list("change_set").annotate(count=Count("pk"))
    )
    return {"public_ids": find_public_ids(acts), "slugs": slugs, "object_counts": dict(counted)}


def tell_act(made: ChangeSet, request: Request, *, status: int = status.HTTP_201_CREATED) -> Response:
    """Return the answer to a request that decided something: the act as it is kept."""
    acts: Sequence[Any] = list(find_acts().filter(pk=made.pk))
    told = DecisionEntry(acts[0], context={"request": request} | context_of(acts)).data
    address = reverse("api:decisions-detail", args=[made.public_id], request=request)
    return Response(told, status=status, headers={"Location": address})
