"""What programs may write: listings, decisions, and their undoing. The same services and permissions as the pages'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from claims import boards, tasks
from claims.api.acts import tell_act
from claims.api.base import Entries
from claims.api.serializers import CostEntry, DecisionEntry, ListingEntry
from claims.api.uploading import RawFileParser, find_trouble
from claims.errors import ListingError, ListingTooLargeError, NotPermittedError, StorageError
from claims.models import ApiToken, ChangeSet, Listing
from claims.services import changes, correction, curation, permissions, receiving, tiers, uploads
from claims.services.uploads import FIRST_YEAR
from claims.terms import OPEN_STATES, ClaimKind, ConditionKind, CostMeasure, CurationState, Qualifier, RejectReason, Role, Scope, Tier


class _OfYear(serializers.Serializer[Any]):
    year = serializers.IntegerField(
        required=False, min_value=FIRST_YEAR, max_value=9999, help_text="The year that dates without one are of, the next one at most."
    )

    def validate_year(self, year: int) -> int:
        if year > uploads.last_year():
            raise ValidationError(f"The year is {uploads.last_year()} at most.")
        return year


class Upload(_OfYear):
    """A file, and what its dates leave open."""

    file = serializers.FileField(help_text="The listing.", allow_empty_file=True)


class UploadQuery(_OfYear):
    """What is said of a file that is sent as the body."""

    name = serializers.CharField(required=False, max_length=255, help_text="The file's name.")


class _Strict(serializers.Serializer[Any]):
    """Refuses members that it doesn't know: what is misspelt must not look as if it were done."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := next((name for name in data if name not in self.fields), None)):
            raise ValidationError({str(unknown)[:60]: f"There is no such member. There are {', '.join(self.fields)}."})
        return super().to_internal_value(data)


class Decide(_Strict):
    """A person's word on a claim or a cost."""

    state = serializers.ChoiceField([state.value for state in CurationState], help_text="What it is to be; unreviewed takes back.")
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="The version that the decision was made on.")
    reason = serializers.ChoiceField(
        [reason.value for reason in RejectReason], required=False, default="", help_text="Why it is rejected; a rejection needs one."
    )
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000, help_text="What is said for it.")


class SetTier(_Strict):
    """A person's word on whether a claim or a cost was checked at its source, or is objected to."""

    tier = serializers.ChoiceField(
        [tier.value for tier in Tier], allow_null=True, help_text="verified or disputed, which accepts the number, too; null takes it back."
    )
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="The version that this is said of.")
    reason = serializers.CharField(
        max_length=tiers.LONGEST_REASON, help_text="What was checked and how, what is objected to, or why it is no longer so."
    )
    link = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=tiers.LONGEST_LINK,
        help_text="Where that can be read, http or https; needed unless the tier is taken back.",
    )


class ConditionInput(_Strict):
    """A part of a setting."""

    kind = serializers.ChoiceField([kind.value for kind in ConditionKind], help_text="What kind of condition it is.")
    value = serializers.CharField(max_length=200, help_text="The condition in comparable words: 384x384, 5-shot.")
    text = serializers.CharField(max_length=300, help_text="The text's own words.")


class SpanInput(_Strict):
    """A run of the part of the text that the number stands in, in Unicode code points from 0."""

    start = serializers.IntegerField(min_value=0, max_value=2**31 - 1, help_text="Where it begins.")
    end = serializers.IntegerField(min_value=0, max_value=2**31 - 1, help_text="Where it ends, exclusive.")


class _Correct(_Strict):
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="The version that the correction was made on.")
    number = serializers.CharField(
        required=False, max_length=100, help_text="The number as people write it: 86.5%, 76.5-80.9, 25M, 4.5 GFLOPs, 30 ms."
    )
    qualifier = serializers.ChoiceField([each.value for each in Qualifier], required=False, help_text="How exactly it is stated.")
    kind = serializers.ChoiceField([each.value for each in ClaimKind], required=False, help_text="Only absolute claims rank.")
    role = serializers.ChoiceField([each.value for each in Role], required=False, help_text="proposed, or baseline for a quoted one.")
    model = serializers.CharField(
        required=False, allow_blank=True, max_length=300, help_text="The model's name, '' for the paper's own method without one."
    )
    variant = serializers.CharField(required=False, allow_blank=True, max_length=300, help_text="Which form of the model, '' for none.")
    setting = serializers.ListField(child=ConditionInput(), required=False, max_length=20, help_text="On which terms it was measured.")
    evidence = SpanInput(required=False, help_text="The sentence that states it; it holds the number, which keeps its place.")
    may_add = serializers.BooleanField(
        required=False, default=False, help_text="Whether a task, dataset or metric that nobody knows is added to the catalogue."
    )
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000, help_text="What is said for it.")


def _name(what: str) -> serializers.CharField:
    text = f"The {what}'s name or slug, null where it is not known."
    return serializers.CharField(required=False, allow_null=True, max_length=300, help_text=text)


class CorrectClaim(_Correct):
    """What a claim is to be. What is left out stays as it is."""

    task = _name("task")
    dataset = _name("dataset")
    metric = _name("metric")


class CorrectCost(_Correct):
    """What a cost is to be. What is left out stays as it is."""

    measure = serializers.ChoiceField([each.value for each in CostMeasure], required=False, help_text="What is measured.")
    condition = serializers.CharField(
        required=False, allow_blank=True, max_length=100, help_text="What it was measured on, '' where that is not said."
    )
    note = serializers.CharField(required=False, allow_blank=True, max_length=300, help_text="What else is said of it, '' for nothing.")


_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=f"Your own word for this upload, at most {receiving.LONGEST_KEY} characters: what is sent under it again is stored once.",
)
CORRECTED = OpenApiResponse(DecisionEntry, description="The act, and what it changed.")
_RAW = {"type": "string", "format": "binary", "description": "The file itself."}


class Uploads(Entries):
    """Takes listings."""

    scope = Scope.UPLOAD
    errors_of_writing = (409, 413, 422, 503)

    @extend_schema(
        operation_id="listings_create",
        parameters=[UploadQuery, _KEY],
        request={"multipart/form-data": Upload, "application/octet-stream": _RAW, "text/plain": _RAW},
        responses={
            201: OpenApiResponse(ListingEntry, description="It is stored, and a worker reads it: follow its `state`."),
            200: OpenApiResponse(ListingEntry, description="These bytes were uploaded before: this is their listing."),
        },
    )
    def create(self, request: Request) -> Response:
        """Upload a listing, as a form's file or as the body. It is stored at once and read by a worker: follow its `state`."""
        unknown = next((name for name in request.query_params if name not in ("name", "year")), None)
        if unknown:
            raise ValidationError({unknown[:60]: "An upload has no such parameter. It knows name and year."})
        key = request.META.get("HTTP_IDEMPOTENCY_KEY", "")
        if len(key) > receiving.LONGEST_KEY or not key.isprintable():
            raise ValidationError({"Idempotency-Key": f"A key has at most {receiving.LONGEST_KEY} printable characters."})
        asked = UploadQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        file, year = self._read_file(request, asked.validated_data.get("year"))
        listing, created = receiving.receive(file, name=file.name, user=request.user, year=year, key=key)  # type: ignore[arg-type]  # HasScope let a user in
        if listing.state in OPEN_STATES:
            tasks.announce(listing)
        tasks.announce_settling(listing)
        told = self.find_entries().get(pk=listing.pk)
        address = reverse("api:listings-detail", args=[listing.public_id], request=request)
        answer = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(self.get_serializer(told).data, status=answer, headers={"Location": address})

    def _read_file(self, request: Request, year: int | None) -> tuple[Any, int | None]:
        sent = request.data  # read first: what went wrong is known after that
        trouble = find_trouble(request._request)
        if trouble and trouble.stopped:
            raise ListingTooLargeError(f"{trouble.stopped} was not read. It is larger than this site takes; split it.")
        if trouble and trouble.unstored:
            raise StorageError(trouble.unstored)
        if trouble:
            raise ListingError(f"{trouble.broken} did not arrive whole. Send it again.")
        if request.content_type.startswith("multipart/"):
            form = Upload(data=sent)
            form.is_valid(raise_exception=True)
            return form.validated_data["file"], form.validated_data.get("year", year)
        file = request.FILES.get("file")
        if file is None:
            raise ValidationError({"file": "The body is empty. Send the listing as the body, or as the file of a form."})
        return file, year


UPLOAD_PARSERS = [MultiPartParser, RawFileParser]


class Decided(Entries):
    """Numbers that can be decided on."""

    scope = Scope.CURATE
    errors_of_writing = (409,)
    http_method_names = ["get", "head", "post", "patch"]

    def readable(self, statements: Any) -> QuerySet[Any]:
        """Return what readers may see. A rejected number has its address still, and stands in no list unless it is asked for."""
        wants_rejected = self.detail or self.request.query_params.get("state") == CurationState.REJECTED
        found: QuerySet[Any] = statements.told() if wants_rejected else statements.visible()
        return found

    def find_decidable(self) -> QuerySet[Any]:
        """Return what may be decided on, rejected or not."""
        raise NotImplementedError

    def _find(self, public_id: str) -> Any:
        statement = self.find_decidable().filter(public_id=public_id).first()
        if statement is None:
            raise Http404(f"There is nothing with the id “{public_id[:60]}” here.")
        return statement

    @extend_schema(request=Decide, responses={201: OpenApiResponse(DecisionEntry, description="The act, and what it changed.")})
    @action(detail=True, methods=["post"], filter_backends=[], pagination_class=None)
    def decide(self, request: Request, **key: str) -> Response:
        """Accept or reject the number, or take a decision on it back. The version that was looked at says that nobody else was quicker."""
        wish = Decide(data=request.data)
        wish.is_valid(raise_exception=True)
        statement = self._find(key["public_id"])
        said = wish.validated_data
        made = curation.decide(
            statement,
            CurationState(said["state"]),
            actor=request.user.get_username(),
            version=said["version"],
            reason=said["reason"],
            note=said["note"],
        )
        return tell_act(made, request)

    @extend_schema(request=SetTier, responses={201: OpenApiResponse(DecisionEntry, description="The act, and what it changed.")})
    @action(detail=True, methods=["post"], filter_backends=[], pagination_class=None)
    def tier(self, request: Request, **key: str) -> Response:
        """Say that the number is verified or disputed, or take that back. Who decides on it or corrects it later takes it back, too."""
        wish = SetTier(data=request.data)
        wish.is_valid(raise_exception=True)
        said, statement, actor = wish.validated_data, self._find(key["public_id"]), request.user.get_username()
        if said["tier"] is None:
            made = tiers.withdraw_tier(statement, actor=actor, version=said["version"], reason=said["reason"])
        else:
            how = {name: said[name] for name in ("version", "reason", "link")}
            made = tiers.set_tier(statement, Tier(said["tier"]), actor=actor, **how)
        return tell_act(made, request)

    def get_serializer(self, instance: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return what writes numbers; to a token that may decide on them it tells what is flagged, in one query for all."""
        context = self.get_serializer_context()
        wanted = context["wanted"]
        if instance is not None and self._may_see_flags() and (wanted is None or "flags" in wanted):
            keys = [one.pk for one in (instance if isinstance(instance, list) else [instance])]
            is_cost = self.get_serializer_class() is CostEntry
            context["flags"] = boards.find_open_flags([], keys) if is_cost else boards.find_open_flags(keys)
        kwargs.setdefault("context", context)
        return self.get_serializer_class()(instance, *args, **kwargs)

    def _may_see_flags(self) -> bool:
        token = self.request.auth
        return isinstance(token, ApiToken) and Scope.CURATE in token.scopes and permissions.may_curate(self.request.user)

    def _correct(self, request: Request, public_id: str, form: serializers.Serializer[Any]) -> Response:
        form.is_valid(raise_exception=True)
        said = dict(form.validated_data)
        version, reason, may_add = said.pop("version"), said.pop("reason"), said.pop("may_add")
        if "evidence" in said:
            said["evidence"] = said["evidence"]["start"], said["evidence"]["end"]
        if not said:
            raise ValidationError("Nothing is corrected: name a member, or accept the number as it is.")
        made = correction.correct(
            self._find(public_id),
            said,  # type: ignore[arg-type]  # the form has seen to it
            actor=request.user.get_username(),
            version=version,
            reason=reason,
            may_add=may_add,
        )
        return tell_act(made, request, status=200)


class Undoing(Entries):
    """Acts that can be taken back."""

    scope = Scope.CURATE
    errors_of_writing = (409,)

    def find_scope(self, request: Request) -> Scope | None:
        """What was done with a listing is taken back by who may upload, what was decided on numbers by who may decide."""
        made = ChangeSet.objects.filter(public_id=self.kwargs.get("public_id", "")).first()
        return Scope.UPLOAD if made is not None and changes.find_listing(made) is not None else Scope.CURATE

    @extend_schema(request=None, responses={201: OpenApiResponse(DecisionEntry, description="The act that takes the other one back.")})
    @action(detail=True, methods=["post"], filter_backends=[], pagination_class=None)
    def undo(self, request: Request, **key: str) -> Response:
        """Take an act back, as an act of its own. It is refused where something it changed has moved on.

        An act on a listing needs the scope `upload` instead.
        """
        made = ChangeSet.objects.filter(public_id=key["public_id"]).first()
        if made is None:
            raise Http404(f"There is nothing with the id “{key['public_id'][:60]}” here.")
        if not permissions.may_undo(request.user, made):
            raise NotPermittedError("The account of this token may not take this act back.")
        undone = changes.undo(made, actor=request.user.get_username())
        listing: Listing | None = changes.find_listing(made)
        if listing is not None:
            tasks.announce_settling(listing)
        return tell_act(undone, request)
