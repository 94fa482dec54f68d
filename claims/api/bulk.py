"""Many decisions at once, for programs: first a dry run, then exactly what it showed."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from claims.api.acts import tell_act
from claims.api.base import Entries
from claims.api.serializers import DecisionEntry
from claims.filters import ReviewFilterSet
from claims.services import bulk
from claims.services.bulk import Preview, Seen, Wish
from claims.terms import CurationState, RejectReason

_LAST = 2**63 - 1
_FILTERS = tuple(ReviewFilterSet.base_filters)


class SeenInput(serializers.Serializer[Any]):
    """What a dry run showed, as it told it."""

    digest = serializers.RegexField(r"\A[0-9a-f]{64}\Z", help_text="The digest of the numbers and their versions.")
    last_claim = serializers.IntegerField(min_value=0, max_value=_LAST, help_text="Claims that came later are no part of it.")
    last_cost = serializers.IntegerField(min_value=0, max_value=_LAST, help_text="Costs that came later are no part of it.")


class DecideMany(serializers.Serializer[Any]):
    """A person's word on all undecided numbers that pass some filters."""

    state = serializers.ChoiceField(
        [CurationState.ACCEPTED.value, CurationState.REJECTED.value], help_text="What they are to be; an undo takes all of it back."
    )
    reason = serializers.ChoiceField(
        [reason.value for reason in RejectReason], required=False, default="", help_text="Why they are rejected; a rejection needs one."
    )
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=500, help_text="What is said for it.")
    filters = serializers.DictField(
        child=serializers.CharField(max_length=200),
        allow_empty=False,
        help_text=f"Which numbers, at least one of: {', '.join(_FILTERS)}. They mean what they mean in the review queue.",
    )
    flagged = serializers.BooleanField(
        required=False, default=False, help_text="Whether an acceptance takes in numbers that are flagged, too."
    )
    seen = SeenInput(required=False, help_text="What the dry run showed; without it nothing is done but a dry run.")


class ManyForeseen(serializers.Serializer[Any]):
    """What it would do; nothing is done."""

    claims = serializers.IntegerField(help_text="Results and improvements that it would decide on.")
    costs = serializers.IntegerField(help_text="Costs that it would decide on.")
    papers = serializers.IntegerField(help_text="Papers that state them.")
    boards = serializers.IntegerField(help_text="Boards on which they stand.")
    leased = serializers.IntegerField(help_text="Left out: a curator has them on their screen now.")
    flagged = serializers.IntegerField(help_text="Left out: they are flagged.")
    decided = serializers.IntegerField(help_text="Left out: somebody decided on them before.")
    most = serializers.IntegerField(help_text="So many can be decided on at once.")
    seen = SeenInput(allow_null=True, help_text="What to send along to do just that; null for none, or too many.")


_DRY = OpenApiParameter("dry_run", OpenApiTypes.STR, enum=["1"], description="Say what it would do, and do nothing.")


class Bulk(Entries):
    """Acts on many numbers."""

    @extend_schema(
        operation_id="decisions_bulk",
        request=DecideMany,
        parameters=[_DRY],
        responses={
            201: OpenApiResponse(DecisionEntry, description="The act, and the first of what it changed."),
            200: OpenApiResponse(ManyForeseen, description="With `dry_run=1`: what it would do."),
        },
    )
    @action(detail=False, methods=["post"], filter_backends=[], pagination_class=None)
    def bulk(self, request: Request) -> Response:
        """Accept or reject all undecided numbers that pass filters. A dry run says what that would do, and `seen`; sent along, it is done.

        It is refused where the numbers are other ones meanwhile. It is one act, which one undo takes back.
        """
        dry = request.query_params.get("dry_run")
        if unknown := next((name for name in request.query_params if name != "dry_run"), None):
            raise ValidationError({unknown[:60]: "There is no such parameter. It knows dry_run."})
        if dry not in (None, "1"):
            raise ValidationError({"dry_run": "It is 1, or left out."})
        form = DecideMany(data=request.data)
        form.is_valid(raise_exception=True)
        said = form.validated_data
        query = QueryDict(mutable=True)
        for name, value in said["filters"].items():
            query[name] = value
        wish = Wish(ReviewFilterSet(query), CurationState(said["state"]), said["reason"], said["note"], said["flagged"])
        if unknown := next((name for name in said["filters"] if name not in _FILTERS), None):
            raise ValidationError({"filters": f"There is no filter “{unknown[:60]}”. There are {', '.join(_FILTERS)}."})
        if dry:
            return Response(_tell(bulk.preview(wish, curator=request.user)))  # type: ignore[arg-type]  # HasScope let a user in
        if "seen" not in said:
            raise ValidationError({"seen": "Make a dry run first (dry_run=1), and send along what it showed."})
        made = bulk.decide(wish, Seen(**said["seen"]), curator=request.user)  # type: ignore[arg-type]  # the same
        return tell_act(made, request)


def _tell(found: Preview) -> dict[str, Any]:
    counts = {name: getattr(found, name) for name in ("claims", "costs", "papers", "boards", "leased", "flagged", "decided")}
    return counts | {"most": bulk.MOST, "seen": found.seen._asdict() if found.seen is not None else None}
