"""Reading at the addresses that the API of Papers with Code had, version 1, as its client 0.3.1 asks for them. Nothing can be written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from django.db.models import Q, QuerySet
from django.http import Http404, QueryDict
from django.urls import get_script_prefix
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from claims import boards
from claims.api.authentication import TokenAuthentication
from claims.api.base import Shared, answer_unchanged
from claims.api.boards import etag_of
from claims.api.compat import filters
from claims.api.compat import serializers as write
from claims.api.compat.paging import Page
from claims.api.compat.repositories import find_papers_of, find_repositories, read_repository, repositories_of, told_papers
from claims.api.compat.results import write_results
from claims.errors import UnknownFilterError
from claims.models import Area, Benchmark, Claim, Dataset, Paper, Result, Task
from claims.services import tokens
from claims.terms import ListingState

LISTS = ("papers", "repositories", "authors", "conferences", "areas", "tasks", "datasets", "methods", "evaluations")


class OldAuthentication(TokenAuthentication):
    """`Authorization: Token …`, as the old client sends it. A token of this site counts; one of the old site is left aside."""

    def authenticate(self, request: Request) -> Any:
        kind, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if kind.casefold() != "token":
            return super().authenticate(request)
        if not secret.strip().startswith(tokens.PREFIX):
            return None
        token = tokens.find(secret.strip())
        return token.user, token


_PART = re.compile("<str:([a-z]+)>")
"""A part of a route. Most of the old addresses have no name that they could be made by."""


class _Moved(Exception):  # noqa: N818 - an answer, and no fault
    """What an address names was merged or renamed: `key` is what the part of the address called `name` is now."""

    def __init__(self, name: str, key: str) -> None:
        super().__init__(name, key)
        self.name, self.key = name, key


class Old(Shared):
    """A view of the old API. It is another contract than ours, and so not in our document."""

    schema = None
    authentication_classes = [OldAuthentication]

    def handle_exception(self, exc: Exception) -> Response:
        """Lead on from the address of what was merged or renamed, with the rest of the address and what was asked."""
        if not isinstance(exc, _Moved):
            return super().handle_exception(exc)
        found: Any = self.request.resolver_match
        parts = {**found.captured_kwargs, exc.name: exc.key}
        path = _PART.sub(lambda part: quote(parts[part[1]], safe=""), found.route)
        address = self.request.build_absolute_uri(f"{get_script_prefix()}{path}")
        return Response(status=308, headers={"Location": f"{address}?{self.request.GET.urlencode()}".rstrip("?")})

    def check(self, filterset: type[filters.Paged] = filters.Paged, found: QuerySet[Any] | None = None) -> filters.Paged:
        """Return the filters of a list. Raises `UnknownFilterError` for what it can't be asked."""
        asked = filterset(self.request.GET, queryset=Paper.objects.none() if found is None else found)
        asked.check()
        return asked

    def check_entry(self) -> None:
        """Raise `UnknownFilterError` for any parameter: an entry has none."""
        if unknown := next(iter(self.request.query_params), None):
            raise UnknownFilterError(f"An entry has no parameter called “{unknown[:60]}”; it has none at all.", field=unknown[:60])

    def tell(self, found: QuerySet[Any], entry: Callable[[Any], write.Entry], filterset: type[filters.Paged] = filters.Paged) -> Response:
        """Return a page of what was found and passes the filters, in the order of its making."""
        passing = self.check(filterset, found).qs.order_by("pk")
        return Page.read(self.request).tell_found(self.request, passing, lambda rows: [entry(row) for row in rows])

    def tell_none(self, filterset: type[filters.Paged] = filters.Paged) -> Response:
        """Return the empty list of what is not known here."""
        self.check(filterset)
        return Page.read(self.request).tell(self.request, [], 0)

    def write_paper(self, paper: Paper) -> write.Entry:
        return write.write_paper(paper, self.request)


class Root(Old):
    """Where everything is."""

    def show(self, request: Request) -> Response:
        self.check_entry()
        return Response({name: reverse(f"compat:{name}", request=request) for name in LISTS})


class Refused(Old):
    """What only wrote."""


# ---- what is not known here ----


class Unknown(Old):
    """A kind of entry of which there are none: its lists are empty, and no id leads to one."""

    filterset: type[filters.Paged] = filters.Named

    def list(self, request: Request) -> Response:
        return self.tell_none(self.filterset)

    def retrieve(self, request: Request, **ids: str) -> Response:
        key = next(iter(ids.values()))
        raise Http404(f"Nothing is known of “{key[:60]}” here: this site knows papers, tasks, datasets and what was measured.")


# ---- papers and their code ----


class Papers(Old):
    def list(self, request: Request) -> Response:
        return self.tell(told_papers(), self.write_paper, filters.Papers)

    def search(self, request: Request) -> Response:
        passing = self.check(filters.ByText, told_papers()).qs.order_by("pk")
        return Page.read(request).tell_found(request, passing, lambda rows: write.write_papers_with_code(rows, request))

    def retrieve(self, request: Request, paper: str) -> Response:
        self.check_entry()
        return Response(self.write_paper(_find_paper(paper)))

    def datasets(self, request: Request, paper: str) -> Response:
        claims = _claims_of(_find_paper(paper))
        found = Q(pk__in=claims.values("dataset")) | Q(pk__in=claims.values("result__benchmark__dataset"))
        return self.tell(Dataset.objects.filter(found, merged_into__isnull=True), write.write_dataset)

    def tasks(self, request: Request, paper: str) -> Response:
        claims = _claims_of(_find_paper(paper))
        found = Q(pk__in=claims.values("task")) | Q(pk__in=claims.values("result__benchmark__task"))
        return self.tell(Task.objects.filter(found, merged_into__isnull=True), write.write_task)

    def methods(self, request: Request, paper: str) -> Response:
        _find_paper(paper)
        return self.tell_none()

    def repositories(self, request: Request, paper: str) -> Response:
        known = _find_paper(paper)
        self.check()
        page, found = Page.read(request), repositories_of([known])[known.pk]
        return page.tell(request, [write.write_repository(each) for each in found[page.begin : page.end]], len(found))

    def results(self, request: Request, paper: str) -> Response:
        rows = Result.objects.visible().own().filter(paper=_find_paper(paper), benchmark__merged_into__isnull=True)
        found = self.check(found=rows).qs.order_by("pk").values_list("pk", "benchmark_id")
        return Page.read(request).tell_found(request, found, self._write_results)

    def _write_results(self, rows: Sequence[tuple[int, int]]) -> Sequence[write.Entry]:
        ranks = boards.rank_on_boards({benchmark for _, benchmark in rows})
        return write_results([pk for pk, _ in rows], ranks, self.request)


def _find_paper(public_id: str) -> Paper:
    found = told_papers().filter(public_id=public_id).first()
    if found is None:
        if moved := Paper.objects.filter(public_id=public_id).values_list("merged_into__public_id", flat=True).first():
            raise _Moved("paper", moved)
        raise Http404(
            f"There is no paper with the id “{public_id[:60]}” here. Ids are this site's own: look for it by its title or arXiv id."
        )
    return found


def _claims_of(paper: Paper) -> QuerySet[Claim]:
    """Return what readers see of the numbers that a paper, or a table of it, states."""
    claims = Claim.objects.visible().filter(Q(paper_text__paper=paper) | Q(source_record__paper=paper))
    return claims.exclude(source_record__source__listing__state=ListingState.WITHDRAWN)


class Repositories(Old):
    def list(self, request: Request) -> Response:
        asked = self.check(filters.OfCode)
        assert isinstance(asked, filters.OfCode)  # noqa: S101 - what was asked for
        return Page.read(request).tell_found(request, asked.addresses, _write_repositories)

    def of_owner(self, request: Request, owner: str) -> Response:
        self.check()
        return Page.read(request).tell_found(request, find_repositories(owner=owner), _write_repositories)

    def retrieve(self, request: Request, owner: str, name: str) -> Response:
        self.check_entry()
        return Response(_write_repositories([_find_repository(owner, name)])[0])

    def papers(self, request: Request, owner: str, name: str) -> Response:
        _find_repository(owner, name)
        return self.tell(find_papers_of(owner, name), self.write_paper)


def _write_repositories(urls: Sequence[str]) -> Sequence[write.Entry]:
    return [write.write_repository(found) for url in urls if (found := read_repository(url))]


def _find_repository(owner: str, name: str) -> str:
    found: str | None = find_repositories(owner=owner, name=name).first()
    if found is None:
        raise Http404(f"No paper here names the repository “{owner[:60]}/{name[:60]}”.")
    return found


# ---- the catalogue ----


class Areas(Old):
    def list(self, request: Request) -> Response:
        return self.tell(Area.objects.all(), write.write_area, filters.Named)

    def retrieve(self, request: Request, area: str) -> Response:
        self.check_entry()
        return Response(write.write_area(_find(Area.objects.all(), "area", area)))

    def tasks(self, request: Request, area: str) -> Response:
        return self.tell(_TASKS.filter(area=_find(Area.objects.all(), "area", area)), write.write_task)


_TASKS = Task.objects.filter(merged_into__isnull=True)
_DATASETS = Dataset.objects.filter(merged_into__isnull=True)


def _find(entries: QuerySet[Any], kind: str, slug: str) -> Any:
    found = entries.filter(slug=slug).first()
    if found is None:
        if entries.model is not Area and (moved := boards.find_moved(entries.model, slug)):
            raise _Moved(kind, moved)
        raise Http404(f"There is no {kind} called “{slug[:60]}”.")
    return found


def _evaluations() -> QuerySet[Benchmark]:
    return Benchmark.objects.visible().with_names()


class Tasks(Old):
    def list(self, request: Request) -> Response:
        return self.tell(_TASKS.all(), write.write_task, filters.Named)

    def retrieve(self, request: Request, task: str) -> Response:
        self.check_entry()
        return Response(write.write_task(_find(_TASKS, "task", task)))

    def relatives(self, request: Request, task: str) -> Response:
        _find(_TASKS, "task", task)  # tasks stand in areas here, and not below each other
        return self.tell_none()

    def papers(self, request: Request, task: str) -> Response:
        rows = Result.objects.visible().filter(benchmark__task=_find(_TASKS, "task", task), benchmark__merged_into__isnull=True)
        return self.tell(told_papers().filter(pk__in=rows.values("paper")), self.write_paper)

    def evaluations(self, request: Request, task: str) -> Response:
        return self.tell(_evaluations().filter(task=_find(_TASKS, "task", task)), write.write_evaluation)


class Datasets(Old):
    def list(self, request: Request) -> Response:
        return self.tell(_DATASETS.all(), write.write_dataset, filters.FullyNamed)

    def retrieve(self, request: Request, dataset: str) -> Response:
        self.check_entry()
        return Response(write.write_dataset(_find(_DATASETS, "dataset", dataset)))

    def evaluations(self, request: Request, dataset: str) -> Response:
        return self.tell(_evaluations().filter(dataset=_find(_DATASETS, "dataset", dataset)), write.write_evaluation)


# ---- evaluation tables ----


class Evaluations(Old):
    """Boards as evaluation tables: what ranks, in the boards' order."""

    def list(self, request: Request) -> Response:
        return self.tell(_evaluations(), write.write_evaluation)

    def retrieve(self, request: Request, evaluation: str) -> Response:
        self.check_entry()
        return Response(write.write_evaluation(_find_evaluation(evaluation)))

    def metrics(self, request: Request, evaluation: str) -> Response:
        self.check()
        page = Page.read(request)

        def answer(benchmark: Benchmark) -> Response:
            told = write.write_metrics(_read(benchmark, page_size=1).columns)
            return page.tell(request, told[page.begin : page.end], len(told))

        return self._of_board(evaluation, answer)

    def metric(self, request: Request, evaluation: str, metric: str) -> Response:
        self.check_entry()

        def answer(benchmark: Benchmark) -> Response:
            columns = _read(benchmark, page_size=1).columns
            found = next((column for column in columns if write.metric_id(column) == metric), None)
            if found is None:
                raise Http404(f"This evaluation has no metric “{metric[:60]}”. It has {', '.join(map(write.metric_id, columns))}.")
            return Response(write.write_metric(found))

        return self._of_board(evaluation, answer)

    def results(self, request: Request, evaluation: str) -> Response:
        self.check()
        page = Page.read(request)

        def answer(benchmark: Benchmark) -> Response:
            board = _read(benchmark, page_size=page.size, behind=boards.Behind("", page.begin))
            return page.tell(request, self._write(board), board.shown)

        return self._of_board(evaluation, answer)

    def result(self, request: Request, evaluation: str, result: str) -> Response:
        self.check_entry()

        def answer(benchmark: Benchmark) -> Response:
            found = self._write(_read(benchmark, page_size=None, only=[result]))
            if not found:
                raise Http404(f"This evaluation has no result with the id “{result[:60]}”.")
            return Response(found[0])

        return self._of_board(evaluation, answer)

    def _of_board(self, slug: str, answer: Callable[[Benchmark], Response]) -> Response:
        """Return the answer about a board, or that it has not changed: its version says so before its rows are read."""
        benchmark = _find_evaluation(slug)
        etag = etag_of(boards.versions_of(benchmark), self.request)
        if (unchanged := answer_unchanged(self.request, etag)) is not None:
            return unchanged
        answered = answer(benchmark)
        answered["ETag"] = etag
        return answered

    def _write(self, board: boards.Board) -> Sequence[write.Entry]:
        ranks: Mapping[int, int | None] = {row.pk: row.rank for row in board.rows}
        return write_results([row.pk for row in board.rows], ranks, self.request)


def _find_evaluation(slug: str) -> Benchmark:
    try:
        found = boards.find_benchmark(slug)
    except Benchmark.DoesNotExist:
        raise Http404(f"There is no evaluation “{slug[:60]}”. Their ids are the slugs of this site's boards.") from None
    if found.slug != slug:
        raise _Moved("evaluation", found.slug)
    return found


def _read(benchmark: Benchmark, **how: Any) -> boards.Board:
    return boards.read_board(benchmark, QueryDict(), opened="", **how)
