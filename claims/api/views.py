"""What can be read: lists by cursor, and single entries by their ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from claims import boards, filters
from claims.api import serializers
from claims.api.acts import context_of, find_acts
from claims.api.base import Entries, Shared, answer_unchanged
from claims.api.boards import BoardFilters, BoardPage, as_json, asks_what_is_known, etag_of
from claims.api.bulk import Bulk
from claims.api.contract import board_parameters
from claims.api.writing import CORRECTED, UPLOAD_PARSERS, CorrectClaim, CorrectCost, Decided, Undoing, Uploads
from claims.boards.acts import OF_WITHDRAWN_TABLE
from claims.errors import NotAuthenticatedError
from claims.models import Benchmark, ChangeSet, Claim, Cost, Dataset, Listing, Metric, MLModel, Paper, Result, Task
from claims.services import permissions

LISTS = ("boards", "claims", "costs", "papers", "models", "datasets", "tasks", "metrics", "listings", "decisions")


class Root(Shared):
    """Where everything is."""

    @extend_schema(operation_id="root", responses={200: serializers.Lists})
    def show(self, request: Request) -> Response:
        return Response({name: reverse(f"api:{name}-list", request=request) for name in LISTS})


class Claims(Decided):
    """Numbers stated as results."""

    queryset = Claim.objects.none()
    serializer_class = serializers.ClaimEntry
    filterset_class = filters.ClaimFilterSet
    lookup_field = "public_id"
    sort_fields: Mapping[str, str] = {"id": "pk", "value": "canonical_value", "confidence": "confidence"}

    @extend_schema(request=CorrectClaim, responses={200: CORRECTED})
    def partial_update(self, request: Request, **key: str) -> Response:
        """Correct what was wrongly read, and accept it. The text's own characters stay, and what was read is kept beside it."""
        return self._correct(request, key["public_id"], CorrectClaim(data=request.data))

    def find_decidable(self) -> QuerySet[Any]:
        return Claim.objects.current().exclude(paper_text__paper__withdrawn=True)

    def find_entries(self) -> QuerySet[Any]:
        return (
            self.readable(Claim.objects)
            .exclude(OF_WITHDRAWN_TABLE)
            .select_related(
                *("paper_text__paper", "source_record__paper", "source_record__source", "ml_model", "run"),
                *("task", "dataset", "metric", "result__benchmark"),
            )
        )


class Costs(Decided):
    """Numbers stated as prices."""

    queryset = Cost.objects.none()
    serializer_class = serializers.CostEntry
    filterset_class = filters.CostFilterSet
    lookup_field = "public_id"
    sort_fields: Mapping[str, str] = {"id": "pk", "value": "canonical_value", "confidence": "confidence"}

    @extend_schema(request=CorrectCost, responses={200: CORRECTED})
    def partial_update(self, request: Request, **key: str) -> Response:
        """Correct what was wrongly read, and accept it. The text's own characters stay, and what was read is kept beside it."""
        return self._correct(request, key["public_id"], CorrectCost(data=request.data))

    def find_decidable(self) -> QuerySet[Any]:
        return Cost.objects.current().exclude(paper_text__paper__withdrawn=True)

    def find_entries(self) -> QuerySet[Any]:
        return (
            self.readable(Cost.objects)
            .exclude(OF_WITHDRAWN_TABLE)
            .select_related("paper_text__paper", "source_record__paper", "source_record__source", "ml_model", "run")
        )


class Papers(Entries):
    """Papers with their abstracts."""

    queryset = Paper.objects.none()
    serializer_class = serializers.PaperEntry
    filterset_class = filters.PaperFilterSet
    lookup_field = "public_id"
    sort_fields: Mapping[str, str] = {"id": "pk", "date": "last_day", "title": "title"}

    def find_entries(self) -> QuerySet[Any]:
        return Paper.objects.filter(merged_into__isnull=True, withdrawn=False).select_related("current_text")

    def find_moved(self, key: str) -> str | None:
        return Paper.objects.filter(public_id=key).values_list("merged_into__public_id", flat=True).first()


class OfCatalogue(Entries):
    """Entries of the catalogue, by their slug."""

    filterset_class = filters.EntryFilterSet
    lookup_field = "slug"
    sort_fields: Mapping[str, str] = {"id": "pk", "name": "name"}

    def find_moved(self, key: str) -> str | None:
        of_kind: Any = type(self)
        return boards.find_moved(of_kind.queryset.model, key)


class Models(OfCatalogue):
    """The models that have a row on a board."""

    queryset = MLModel.objects.none()
    serializer_class = serializers.ModelEntry

    def find_entries(self) -> QuerySet[Any]:
        shown = Exists(Result.objects.visible().filter(ml_model=OuterRef("pk")))
        return MLModel.objects.filter(shown, merged_into__isnull=True).select_related("introduced_by")


class Datasets(OfCatalogue):
    """What models are measured on."""

    queryset = Dataset.objects.none()
    serializer_class = serializers.DatasetEntry

    def find_entries(self) -> QuerySet[Any]:
        return Dataset.objects.filter(merged_into__isnull=True).select_related("parent", "default_task", "default_metric")


class Tasks(OfCatalogue):
    """What models are measured at."""

    queryset = Task.objects.none()
    serializer_class = serializers.TaskEntry

    def find_entries(self) -> QuerySet[Any]:
        return Task.objects.filter(merged_into__isnull=True).select_related("area", "primary_metric")


class Metrics(OfCatalogue):
    """What is measured."""

    queryset = Metric.objects.none()
    serializer_class = serializers.MetricEntry

    def find_entries(self) -> QuerySet[Any]:
        return Metric.objects.filter(merged_into__isnull=True)


class Boards(Entries):
    """The boards that have a row; and one with its columns, facets, front and rows."""

    queryset = Benchmark.objects.none()
    serializer_class = serializers.BoardEntry
    filterset_class = filters.BoardListFilterSet
    lookup_field = "slug"
    sort_fields: Mapping[str, str] = {"id": "pk", "changed": "changed", "slug": "slug", "rows": "shown_rows"}

    def find_entries(self) -> QuerySet[Any]:
        return Benchmark.objects.visible().with_names()

    @extend_schema(operation_id="boards_retrieve", parameters=board_parameters(BoardFilters), responses={200: BoardPage})
    def retrieve(self, request: Request, **key: str) -> Response:
        """A board with its columns, facets and front, and a page of its rows. Its filters are those of the board's page."""
        slug = key["slug"]
        has_some = {"HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"} & request.META.keys()
        if has_some and asks_what_is_known(request) and (known := boards.find_versions(slug)) is not None:
            unchanged = answer_unchanged(request, etag_of(known, request))
            if unchanged is not None:
                return unchanged
        with boards.in_turn():
            return self._compute(request, slug)

    def _compute(self, request: Request, slug: str) -> Response:
        try:
            benchmark = boards.find_benchmark(slug)
        except Benchmark.DoesNotExist:
            raise Http404(f"There is no board called “{slug[:60]}”.") from None
        if benchmark.slug != slug:
            address = reverse("api:boards-detail", args=[benchmark.slug], request=request)
            return Response(status=308, headers={"Location": f"{address}?{request.GET.urlencode()}".rstrip("?")})
        return Response(as_json(benchmark, request), headers={"ETag": etag_of(boards.versions_of(benchmark), request)})


class Listings(Uploads):
    """The uploaded files, and how far each is read."""

    parser_classes = UPLOAD_PARSERS

    queryset = Listing.objects.none()
    serializer_class = serializers.ListingEntry
    filterset_class = filters.ListingFilterSet
    lookup_field = "public_id"
    sort_fields: Mapping[str, str] = {"id": "pk", "created": "created", "name": "name"}
    default_sort = "-created"
    keeps = False

    def find_entries(self) -> QuerySet[Any]:
        return boards.list_listings()


class Decisions(Bulk, Undoing):
    """What people, policies and commands did, for ever: append-only."""

    queryset = ChangeSet.objects.none()
    serializer_class = serializers.DecisionEntry
    filterset_class = filters.DecisionFilterSet
    lookup_field = "public_id"
    # They get their keys in the order in which they are made.
    sort_fields: Mapping[str, str] = {"id": "pk", "created": "pk"}
    default_sort = "-created"
    keeps = False

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if "actor" in self.request.query_params and not permissions.may_see_actors(self.request.user):
            raise NotAuthenticatedError("Who did what is told to requests with a token: make one under “API tokens”.")
        return super().filter_queryset(queryset)

    def find_entries(self) -> QuerySet[Any]:
        return find_acts()

    def get_serializer(self, instance: Any = None, *args: Any, **kwargs: Any) -> Any:
        told = instance if isinstance(instance, list) else [] if instance is None else [instance]
        kwargs.setdefault("context", self.get_serializer_context() | context_of(told))
        return self.get_serializer_class()(instance, *args, **kwargs)
