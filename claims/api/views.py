"""The API's addresses: lists by cursor, and single entries by their ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from claims import boards, filters
from claims.api import serializers
from claims.api.boards import as_json
from claims.api.pagination import KeysetPagination
from claims.errors import UnknownFilterError
from claims.models import Benchmark, Claim, Cost, Dataset, Metric, MLModel, Paper, Result, Task
from claims.terms import ListingState


class Root(APIView):
    """Where everything is."""

    def get(self, request: Request) -> Response:
        names = ("boards", "claims", "costs", "papers", "models", "datasets", "tasks", "metrics")
        return Response({name: reverse(f"api:{name}", request=request) for name in names})


class Entries(generics.GenericAPIView[Any]):
    """What a list and its entries share: `fields=`, and that unknown parameters are refused."""

    pagination_class = KeysetPagination
    filterset_class: type[filters.ListFilterSet]
    sort_fields: Mapping[str, str] = {"id": "pk"}
    default_sort = "id"

    def get_serializer_context(self) -> dict[str, Any]:
        stated = self.request.query_params.get("fields")
        wanted = None if stated is None else [name for name in stated.split(",") if name]
        return {**super().get_serializer_context(), "wanted": wanted}

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found = self.filterset_class(self.request.query_params, queryset=queryset)
        found.check()
        return found.qs


class List(Entries):
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class One(Entries):
    def get(self, request: Request, key: str) -> Response:
        if unknown := next((name for name in request.query_params if name != "fields"), None):
            raise UnknownFilterError(f"An entry has no parameter called “{unknown[:60]}”. It knows fields.", field=unknown[:60])
        found = self.get_queryset().filter(**{self.lookup_field: key}).first()
        if found is None:
            raise Http404(f"There is nothing with the {self.lookup_field.replace('public_', '')} “{key[:60]}” here.")
        return Response(self.get_serializer(found).data)


# What a table brought that was withdrawn stands on no board, and is told no more than what a withdrawn paper states.
_OF_WITHDRAWN_TABLE = Q(source_record__source__listing__state=ListingState.WITHDRAWN)


class _Claims(Entries):
    serializer_class = serializers.ClaimEntry
    filterset_class = filters.ClaimFilterSet
    lookup_field = "public_id"
    sort_fields: Mapping[str, str] = {"id": "pk", "value": "canonical_value", "confidence": "confidence"}

    def get_queryset(self) -> QuerySet[Any]:
        return (
            Claim.objects.visible()
            .exclude(_OF_WITHDRAWN_TABLE)
            .select_related(
                *("paper_text__paper", "source_record__paper", "source_record__source", "ml_model", "run"),
                *("task", "dataset", "metric", "result__benchmark"),
            )
        )


class Claims(_Claims, List): ...


class OneClaim(_Claims, One): ...


class _Costs(Entries):
    serializer_class = serializers.CostEntry
    filterset_class = filters.CostFilterSet
    lookup_field = "public_id"
    sort_fields: Mapping[str, str] = {"id": "pk", "value": "canonical_value", "confidence": "confidence"}

    def get_queryset(self) -> QuerySet[Any]:
        return (
            Cost.objects.visible()
            .exclude(_OF_WITHDRAWN_TABLE)
            .select_related("paper_text__paper", "source_record__paper", "source_record__source", "ml_model", "run")
        )


class Costs(_Costs, List): ...


class OneCost(_Costs, One): ...


class _Papers(Entries):
    serializer_class = serializers.PaperEntry
    filterset_class = filters.PaperFilterSet
    lookup_field = "public_id"
    sort_fields: Mapping[str, str] = {"id": "pk", "date": "last_day", "title": "title"}

    def get_queryset(self) -> QuerySet[Any]:
        return Paper.objects.filter(merged_into__isnull=True, withdrawn=False).select_related("current_text")


class Papers(_Papers, List): ...


class OnePaper(_Papers, One): ...


class _Entries(Entries):
    """Entries of the catalogue, by their slug."""

    filterset_class = filters.EntryFilterSet
    lookup_field = "slug"
    sort_fields: Mapping[str, str] = {"id": "pk", "name": "name"}


class _Models(_Entries):
    serializer_class = serializers.ModelEntry

    def get_queryset(self) -> QuerySet[Any]:
        shown = Exists(Result.objects.visible().filter(ml_model=OuterRef("pk")))
        return MLModel.objects.filter(shown, merged_into__isnull=True).select_related("introduced_by")


class Models(_Models, List): ...


class OneModel(_Models, One): ...


class _Datasets(_Entries):
    serializer_class = serializers.DatasetEntry

    def get_queryset(self) -> QuerySet[Any]:
        return Dataset.objects.filter(merged_into__isnull=True).select_related("parent", "default_task", "default_metric")


class Datasets(_Datasets, List): ...


class OneDataset(_Datasets, One): ...


class _Tasks(_Entries):
    serializer_class = serializers.TaskEntry

    def get_queryset(self) -> QuerySet[Any]:
        return Task.objects.filter(merged_into__isnull=True).select_related("area", "primary_metric")


class Tasks(_Tasks, List): ...


class OneTask(_Tasks, One): ...


class _Metrics(_Entries):
    serializer_class = serializers.MetricEntry

    def get_queryset(self) -> QuerySet[Any]:
        return Metric.objects.filter(merged_into__isnull=True)


class Metrics(_Metrics, List): ...


class OneMetric(_Metrics, One): ...


class Boards(List):
    serializer_class = serializers.BoardEntry
    filterset_class = filters.BoardListFilterSet
    sort_fields: Mapping[str, str] = {"id": "pk", "changed": "changed", "slug": "slug", "rows": "shown_rows"}

    def get_queryset(self) -> QuerySet[Any]:
        return Benchmark.objects.visible().with_names()


class OneBoard(APIView):
    """A board with its columns, facets, front and a page of its rows. Its parameters are those of the board's page, and `page_size`."""

    def get(self, request: Request, slug: str) -> Response:
        try:
            benchmark = boards.find_benchmark(slug)
        except Benchmark.DoesNotExist:
            raise Http404(f"There is no board called “{slug[:60]}”.") from None
        if benchmark.slug != slug:
            address = reverse("api:board", args=[benchmark.slug], request=request)
            return Response(status=308, headers={"Location": f"{address}?{request.GET.urlencode()}".rstrip("?")})
        return Response(as_json(benchmark, request))
