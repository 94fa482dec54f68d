"""The contract: an OpenAPI 3.1 document in which every parameter, member and error is described, made from the views themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from claims.api.pagination import MOST_ON_PAGE, PAGE_SIZE
from claims.filters import COMPARED_MEASURES, BoardFilterSet
from claims.terms import CurationState, Role, RowTier, Scope


class ErrorBody(serializers.Serializer[Any]):
    """What went wrong."""

    code = serializers.CharField(help_text="A stable word for programs.")
    message = serializers.CharField(help_text="What is wrong and what to do, for people. Its wording may change.")
    field = serializers.CharField(allow_null=True, help_text="The parameter or member that is to blame, null where none is.")


class Error(serializers.Serializer[Any]):
    """The one shape of every error."""

    error = ErrorBody()


_SAID: Mapping[int, str] = {
    400: "A parameter, a member or the whole request can't be understood: `field` names what is to blame, and `message` what is allowed.",
    401: "It needs a token, and has none, or one that is unknown, expired or revoked.",
    403: "The token, or its account, may not do this.",
    404: "There is nothing at this address.",
    406: "The API answers in JSON only (application/json).",
    409: "The object has changed since the version that the request names, or can't be changed so. Read it again, and decide again.",
    413: "The file is larger than this site takes.",
    415: "The body is of another type than those that are taken.",
    422: "The idempotency key was used for something else before.",
    429: "More was asked for than one client may in a minute. “Retry-After” says in how many seconds to go on.",
    503: "The site can't store anything just now. Nothing was kept; try again later.",
}


class Described(AutoSchema):
    """What the library finds out of a view, and what all of ours have in common: `fields`, `expand`, errors, scopes."""

    def get_override_parameters(self) -> list[Any]:
        view: Any = self.view
        if self.method != "GET" or not hasattr(view, "sort_fields"):
            return []
        serializer = view.get_serializer_class()
        if self.path.endswith("/boards/{slug}/"):
            return []  # it says of itself what it takes
        members = list(serializer().fields)
        parameters = [_names("fields", "The members that each entry has; all of them if it is left out.", members)]
        if serializer.joins:
            parameters.append(_names("expand", "The members that are embedded whole instead of in short.", list(serializer.joins)))
        return parameters

    def get_description(self) -> str:  # type: ignore[override]  # as the library's own does
        told = super().get_description()
        scope = self._scope()
        return f"{told}\n\nIt needs a token with the scope `{scope}`." if scope else told

    def get_auth(self) -> list[dict[str, Any]]:
        super().get_auth()  # describes the scheme
        return [{"token": []}] if self._scope() else [{}, {"token": []}]

    def get_tags(self) -> list[str]:
        parts = [part for part in self.path.split("/") if part]
        return [parts[2] if len(parts) > 2 else "root"]

    def _scope(self) -> Scope | None:
        scope: Scope | None = getattr(self.view, "scope", None)
        return scope if self.method not in ("GET", "HEAD", "OPTIONS") else None

    def _get_response_bodies(self, *args: Any, **kwargs: Any) -> Any:
        responses = super()._get_response_bodies(*args, **kwargs)
        for status in self._errors():
            told: Any = OpenApiResponse(Error, description=_SAID[status])
            responses.setdefault(str(status), self._get_response_for_code(told, str(status)))  # type: ignore[no-untyped-call]
        if self.method == "GET":
            responses["304"] = {"description": "What the client has (If-None-Match, If-Modified-Since) is still what there is."}
        return responses

    def _errors(self) -> list[int]:
        errors = [400, 401, 406, 429]
        if "{" in self.path:
            errors.append(404)
        if self._scope():
            errors += [403, 415]
            errors += getattr(self.view, "errors_of_writing", ())
        return sorted(errors)


def _names(name: str, description: str, members: list[str]) -> OpenApiParameter:
    schema = {"type": "array", "items": {"type": "string", "enum": members}, "minItems": 1, "uniqueItems": True}
    return OpenApiParameter(name, type=schema, style="form", explode=False, description=description)


def board_parameters(filterset: type[BoardFilterSet]) -> list[OpenApiParameter]:
    """Return what a board can be asked, as the contract describes it."""
    measures = list(COMPARED_MEASURES)
    members = ["id", "rank", "tied", "on_front", "model", "variant", "role", "setting", "state", "tier", "in_conflict", "paper", "date"]
    members += ["code_url", "scores", "costs"]
    described: dict[str, tuple[str, dict[str, Any]]] = {
        "setting": (
            "Conditions as “kind:key” (see `facets`), repeatable; “none” for rows that state none.",
            {"type": "array", "items": {"type": "string"}},
        ),
        "role": (
            "Own results (left out: these), quoted baselines, or both.",
            {"type": "string", "enum": [*(role.value for role in Role), "all"]},
        ),
        "year": ("The year of the paper.", {"type": "integer", "minimum": 1900, "maximum": 2999}),
        "state": (
            "What became of the row in review.",
            {"type": "string", "enum": [CurationState.ACCEPTED.value, CurationState.UNREVIEWED.value]},
        ),
        "tier": (
            "How far the row is checked: its weakest number decides, but for an objection, which holds for the whole row.",
            {"type": "string", "enum": [tier.value for tier in RowTier]},
        ),
        "as_of": ("The board as it stood on that day, by the papers' dates.", {"type": "string", "format": "date"}),
        "model": ("A part of a model's or variant's name.", {"type": "string", "maxLength": 200}),
        "like": ("Only the rows of the most common protocol.", {"type": "string", "enum": ["1"]}),
        "conflicts": ("Only the rows that others contradict.", {"type": "string", "enum": ["1"]}),
        "front": ("Only the rows of the front by `cost`.", {"type": "string", "enum": ["1"]}),
    }
    if missing := set(filterset.base_filters) - set(described):
        raise NotImplementedError(f"the contract says nothing of a board's {', '.join(sorted(missing))}")
    parameters = [OpenApiParameter(name, type=schema, description=text) for name, (text, schema) in described.items()]
    for measure in measures:
        words = measure.replace("_", " ")
        for end, which in (("min", "least"), ("max", "most")):
            text = f"The {which} {words} of a row, as people write it: 25M, 4.5G, 30 ms; a bare number in the column's unit."
            parameters.append(OpenApiParameter(f"{end}_{measure}", type={"type": "string", "maxLength": 40}, description=text))
    text = "The cost of the front: the key of a column, or a measure alone. Left out: the one that most rows state."
    parameters.append(OpenApiParameter("cost", type={"type": "string"}, description=text))
    text = "The columns that are told, by their keys or a cost's measure, repeatable; all of them if it is left out."
    parameters.append(OpenApiParameter("column", type={"type": "array", "items": {"type": "string"}}, description=text))
    text = "“model”, “date” or the key of a column, “-” for descending; left out: the board's own order. Missing values come last."
    parameters.append(OpenApiParameter("sort", type={"type": "string"}, description=text))
    text = "Where the page begins: as it stands in `next`, with the same filters and sort."
    parameters.append(OpenApiParameter("cursor", type={"type": "string"}, description=text))
    size = {"type": "integer", "minimum": 1, "maximum": MOST_ON_PAGE, "default": PAGE_SIZE}
    parameters.append(OpenApiParameter("page_size", type=size, description="How many rows a page has at most."))
    parameters.append(_names("fields", "The members that each row has; all of them if it is left out.", members))
    return parameters


def tidy(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Leave out what the library notes for itself."""
    _drop(result, "x-spec-enum-id")
    return result


def _drop(part: Any, name: str) -> None:
    if isinstance(part, dict):
        part.pop(name, None)
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _drop(inner, name)
