"""One FilterSet per resource, shared by pages and API. Unknown parameters and values are errors, never ignored."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol

import django_filters
from django import forms
from django.conf import settings
from django.db.models import BigIntegerField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery, Value

from claims.errors import UnknownFilterError
from claims.extraction.quantities import parse_cell
from claims.extraction.table_numbers import measure_price
from claims.models import (
    Benchmark,
    ChangeSet,
    Claim,
    Cost,
    CostLink,
    Decision,
    Flag,
    Listing,
    ListingEntry,
    Paper,
    Result,
    ResultCondition,
    Run,
    SourceRecord,
)
from claims.querysets import OWN, QUOTED, ResultQuerySet
from claims.terms import COMPARABLE_KINDS, FLAGS_ON_NUMBERS, ClaimKind, CostMeasure, CurationState, ListingState, Role, RowTier, Tier

COMPARED_MEASURES = dict.fromkeys(measure.value for measure in CostMeasure if measure is not CostMeasure.OTHER)
"""The measures whose numbers are comparable with each other."""


class Choosable(Protocol):
    """A condition of a board's rows, as far as it can be chosen."""

    @property
    def kind(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def value(self) -> str: ...


PROTOCOL = "protocol"
"""The group of the kinds that make a protocol: of it, as of any other kind, one choice must hold."""


def settings_by_kind(wanted: Sequence[str]) -> Mapping[str, list[str]]:
    """Return the keys of chosen settings by their kind; '' as a key means that nothing of the kind is stated."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for choice in wanted:
        kind, _, key = choice.partition(":")
        kinds[kind].append(key)
    return kinds


class StrictFilterSet(django_filters.FilterSet):
    """A FilterSet that refuses what it does not know.

    `reserved` are parameters that the page itself reads (sort, page).
    """

    reserved: frozenset[str] = frozenset({"sort", "page"})

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        # The library copies each filter, and makes a field and a widget of each, whatever is asked: a tenth of the time of an answer.
        asked = {} if data is None else data
        self.base_filters = OrderedDict((name, each) for name, each in type(self).base_filters.items() if name in asked)
        super().__init__(data, *args, **kwargs)

    def check(self) -> None:
        """Raise `UnknownFilterError`, which names the parameter and what is possible, for what can't be asked."""
        if not self.data:
            return
        known = {*type(self).base_filters, *self.filters, *self.reserved}
        for name in self.data:
            if name not in known:
                raise UnknownFilterError(f"This page has no filter called “{name[:60]}”. It knows {', '.join(sorted(known))}.", field=name)
        if not self.is_valid():
            name, errors = next(iter(self.form.errors.items()))
            raise UnknownFilterError(f"The filter “{name}” can't be used so: {' '.join(map(str, errors))}", field=name)


@dataclass(frozen=True, slots=True)
class Bound:
    """What a row may cost at least and at most, in the measure's canonical unit; None where there is no such bound."""

    measure: str
    least: float | None
    most: float | None


_LONGEST_PRICE = 40


class _PriceField(forms.Field):
    """A cost as people write it ("25M", "4.5 GMACs", "30 ms"), read as a table's cell is: a number in the canonical unit."""

    def __init__(self, *, measure: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.measure = CostMeasure(measure)

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        if not text:
            return None
        numbers = parse_cell(text) if len(text) <= _LONGEST_PRICE else ()
        price = measure_price(numbers[0], self.measure, "") if isinstance(numbers, tuple) and len(numbers) == 1 else None
        if price is None or price.canonical_value is None or price.canonical_max is not None or price.canonical_value < 0:
            raise forms.ValidationError(
                f"“{text[:40]}” can't be read as one number of {self.measure.replace('_', ' ')}. Write it like 25M, 4.5G or 30 ms."
            )
        return price.canonical_value


class _PriceFilter(django_filters.Filter):
    field_class = _PriceField


_COST_BOUNDS = ("min_", "max_")


class BoardFilterSet(StrictFilterSet):
    """Rows of one board.

    `setting` is a condition as "kind:key", repeatable: of what makes a protocol one must hold, and one of each other kind; "kind:" are
    the rows that state none of a kind, "none" those that state no protocol. `role`, `year` of the paper, `state`, and `tier`, how far
    the row is checked. `as_of` is the last day that papers may have; `model` a part of a model's or variant's name; `like` keeps the
    most common protocol; `conflicts` the rows that others contradict; `front` those that no row beats on both score and `cost`;
    `min_<measure>` and `max_<measure>` bound what a row costs. The rest is the page's own and leaves no
    row out.
    """

    reserved = StrictFilterSet.reserved | {"cost", "column", "density", "row", "chart", "size", "colour"}

    setting = django_filters.MultipleChoiceFilter(method="by_setting", label="Setting")
    role = django_filters.ChoiceFilter(
        choices=[(role.value, role.value) for role in Role] + [("all", "all")], method="by_role", label="Role"
    )
    year = django_filters.NumberFilter(method="by_year", min_value=1900, max_value=2999, decimal_places=0, label="Year")
    state = django_filters.ChoiceFilter(
        choices=[(state.value, state.value) for state in (CurationState.ACCEPTED, CurationState.UNREVIEWED)],
        method="by_state",
        label="State",
    )
    # What the rows that were read say themselves: the database isn't asked.
    tier = django_filters.ChoiceFilter(choices=[(tier.value, tier.value) for tier in RowTier], method="by_row", label="Tier")
    as_of = django_filters.DateFilter(method="by_row", label="As of", input_formats=["%Y-%m-%d"])
    model = django_filters.CharFilter(method="by_row", label="Model", max_length=200)
    like = django_filters.ChoiceFilter(choices=[("1", "yes")], method="by_row", label="Like for like")
    conflicts = django_filters.ChoiceFilter(choices=[("1", "yes")], method="by_row", label="In conflict")
    front = django_filters.ChoiceFilter(choices=[("1", "yes")], method="by_row", label="On the front")

    class Meta:
        model = Result
        fields: list[str] = []

    def __init__(self, data: Any, *, benchmark: Benchmark, conditions: Sequence[Choosable]) -> None:
        """`conditions` are those of the board's rows: what can be chosen as a setting."""
        super().__init__(data, queryset=Result.objects.all())
        self.benchmark = benchmark
        self.wanted_role = str((self.data or {}).get("role", ""))
        self.conditions = conditions
        kinds = dict.fromkeys(c.kind for c in self.conditions)
        if "setting" in self.filters:
            self.filters["setting"].extra["choices"] = [
                *((f"{c.kind}:{c.key}", c.value) for c in self.conditions),
                *((f"{kind}:", "not stated") for kind in kinds),
                ("none", "none stated"),
            ]
        # Two for each measure would take longer to make than the board: only those that are asked for.
        for name in data or {}:
            if name.startswith(_COST_BOUNDS) and (measure := name[4:]) in COMPARED_MEASURES:
                self.filters[name] = _PriceFilter(method="by_row", label=name, measure=measure)
                self.filters[name].parent = self  # type: ignore[attr-defined]  # as the library does for those of the class

    def check(self) -> None:
        super().check()
        for bound in self.bounds:
            if bound.least is not None and bound.most is not None and bound.least > bound.most:
                words = bound.measure.replace("_", " ")
                raise UnknownFilterError(
                    f"The least {words} (min_{bound.measure}) is above the most (max_{bound.measure}): no row can cost both.",
                    field=f"min_{bound.measure}",
                )

    def _wanted(self, name: str) -> Any:
        return self.form.cleaned_data.get(name) if self.data else None

    @property
    def as_of_day(self) -> date | None:
        return self._wanted("as_of") or None

    @property
    def wanted_model(self) -> str:
        return self._wanted("model") or ""

    @property
    def wanted_tier(self) -> str:
        return self._wanted("tier") or ""

    @property
    def wants_like(self) -> bool:
        return bool(self._wanted("like"))

    @property
    def wants_conflicts(self) -> bool:
        return bool(self._wanted("conflicts"))

    @property
    def wants_front(self) -> bool:
        return bool(self._wanted("front"))

    @property
    def bounds(self) -> list[Bound]:
        """The bounds on costs, one for each measure that has any."""
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for name in self.data or {}:
            if name in self.filters and name.startswith(_COST_BOUNDS) and (value := self._wanted(name)) is not None:
                found[name[4:]][name[:3]] = value
        return [Bound(measure, ends.get("min"), ends.get("max")) for measure, ends in found.items()]

    @property
    def wanted_year(self) -> str:
        year = self.form.cleaned_data.get("year") if self.data else None
        return "" if year is None else str(int(year))

    def passing(self) -> QuerySet[Any]:
        """Return the rows that pass; `check` comes first."""
        rows: ResultQuerySet[Result] = self.qs.for_board(self.benchmark)  # type: ignore[attr-defined]  # typed as any queryset
        return rows if self.wanted_role else rows.filter(self.role_condition())

    def role_condition(self) -> Q:
        """Return what holds for the rows of the chosen role. Quoted baselines are shown by a switch, not by default."""
        return {"all": OWN | QUOTED, Role.BASELINE.value: QUOTED}.get(self.wanted_role, OWN)

    def by_setting(self, rows: QuerySet[Any], name: str, wanted: list[str]) -> QuerySet[Any]:
        conditions = ResultCondition.objects.filter(result=OuterRef("pk"))
        passing: dict[str, Q] = {}
        for kind, keys in settings_by_kind(wanted).items():
            choice = Q()
            if kind == "none":
                choice = ~Q(Exists(conditions.filter(condition__kind__in=COMPARABLE_KINDS)))
            else:
                if stated := [key for key in keys if key]:
                    choice |= Q(Exists(conditions.filter(condition__kind=kind, condition__key__in=stated)))
                if "" in keys:
                    choice |= ~Q(Exists(conditions.filter(condition__kind=kind)))
            group = PROTOCOL if kind == "none" or kind in COMPARABLE_KINDS else kind
            passing[group] = passing[group] | choice if group in passing else choice
        for choice in passing.values():
            rows = rows.filter(choice)
        return rows

    def by_row(self, rows: QuerySet[Any], name: str, wanted: Any) -> QuerySet[Any]:
        return rows

    def by_role(self, rows: QuerySet[Any], name: str, role: str) -> QuerySet[Any]:
        return rows.filter(self.role_condition())

    def by_year(self, rows: QuerySet[Any], name: str, year: Any) -> QuerySet[Any]:
        return rows.filter(Q(paper__last_day__year=int(year)) | Q(paper__isnull=True, stated_day__year=int(year)))

    def by_state(self, rows: QuerySet[Any], name: str, state: str) -> QuerySet[Any]:
        # A row is what its visible values are: one hidden until its review says nothing about the others.
        row = Result.objects.filter(pk=OuterRef("pk"))
        if not settings.SHOW_UNREVIEWED:
            return rows.filter(Exists(row.visible())) if state == CurationState.ACCEPTED else rows.none()
        unreviewed = Exists(row.with_values(CurationState.UNREVIEWED))
        return rows.filter(unreviewed) if state == CurationState.UNREVIEWED else rows.filter(~unreviewed)


# ---- the review queue ----

ANY_FLAG = "any"
"""Asks for what is flagged, whatever for."""
_FEW = 500
"""So many numbers are named one by one."""


class ReviewFilterSet(StrictFilterSet):
    """Claims and costs in the review queue: `select` has those of either table.

    `listing` and `paper` are ids, `metric` is a slug, which costs don't have; `flag` asks for what is flagged so, which people may have
    decided on before; `version` is that of the extractor that read the number last.
    """

    reserved = frozenset({"at", "near", "without"})

    benchmark = django_filters.CharFilter(method="by_benchmark", label="Board", max_length=200)
    listing = django_filters.CharFilter(method="by_listing", label="Listing", max_length=12)
    min_confidence = django_filters.NumberFilter(
        field_name="confidence", lookup_expr="gte", min_value=0, max_value=1, label="At least this sure"
    )
    max_confidence = django_filters.NumberFilter(
        field_name="confidence", lookup_expr="lte", min_value=0, max_value=1, label="At most this sure"
    )
    flag = django_filters.ChoiceFilter(
        choices=[(kind.value, kind.value) for kind in FLAGS_ON_NUMBERS] + [(ANY_FLAG, ANY_FLAG)], method="by_flag", label="Flag"
    )
    version = django_filters.CharFilter(method="by_version", label="Extractor version", max_length=32)
    paper = django_filters.CharFilter(method="by_paper", label="Paper", max_length=12)
    metric = django_filters.CharFilter(method="by_metric", label="Metric", max_length=200)
    kind = django_filters.ChoiceFilter(choices=[(kind.value, kind.value) for kind in ClaimKind], label="Kind")
    role = django_filters.ChoiceFilter(choices=[(role.value, role.value) for role in Role], label="Whose")

    class Meta:
        model = Claim
        fields: list[str] = []

    @property
    def board(self) -> str:
        """The slug of the board that is asked for, '' if none is."""
        return self.stated("benchmark")

    def stated(self, name: str) -> str:
        """Return what is asked for under a name, '' for nothing."""
        return str((self.data or {}).get(name, ""))

    def select(self, table: type[Claim] | type[Cost]) -> QuerySet[Any]:
        """Return the claims or the costs that pass; `check` comes first."""
        wants_flagged = bool(self.data) and bool(self.form.cleaned_data.get("flag"))
        rows: QuerySet[Any] = table.objects.still_found() if wants_flagged else table.objects.awaiting_review()
        return self.filter_queryset(rows) if self.data else rows

    def by_benchmark(self, rows: QuerySet[Any], name: str, slug: str) -> QuerySet[Any]:
        if rows.model is Claim:
            return rows.filter(result__benchmark__slug=slug)
        return rows.filter(pk__in=CostLink.objects.filter(tied=True, result__benchmark__slug=slug).values("cost"))

    def by_listing(self, rows: QuerySet[Any], name: str, public_id: str) -> QuerySet[Any]:
        # Of a listing either is empty; asked for both at once, no index answers.
        texts = ListingEntry.objects.filter(listing__public_id=public_id)
        if texts.exists():
            return rows.filter(paper_text__in=texts.values("paper_text"))
        return rows.filter(source_record__in=SourceRecord.objects.filter(source__listing__public_id=public_id).values("pk"))

    def by_paper(self, rows: QuerySet[Any], name: str, public_id: str) -> QuerySet[Any]:
        papers = list(Paper.objects.filter(public_id=public_id).values_list("pk", flat=True))
        return rows.filter(Q(paper_text__paper__in=papers) | Q(source_record__paper__in=papers)) if papers else rows.none()

    def by_metric(self, rows: QuerySet[Any], name: str, slug: str) -> QuerySet[Any]:
        return rows.filter(metric__slug=slug) if rows.model is Claim else rows.none()

    def by_flag(self, rows: QuerySet[Any], name: str, kind: str) -> QuerySet[Any]:
        kinds = FLAGS_ON_NUMBERS if kind == ANY_FLAG else [kind]
        flags = Flag.objects.filter(kind__in=kinds, object_kind=rows.model._meta.model_name, settled_by__isnull=True)
        return rows.filter(pk__in=flags.values("object_id"))

    def by_version(self, rows: QuerySet[Any], name: str, version: str) -> QuerySet[Any]:
        runs = list(Run.objects.filter(extractor_version=version).values_list("pk", flat=True))
        few = list(rows.model._default_manager.filter(run__in=runs).order_by().values_list("pk", flat=True)[: _FEW + 1])
        # What a version read is most of what waits, or little of it, which a walk through all that waits would look for in vain.
        return rows.filter(pk__in=few) if len(few) <= _FEW else rows.filter(run__in=runs)


class BulkFilterSet(ReviewFilterSet):
    """The same on the page where many numbers are decided on, whose address says what is to be done with them, too."""

    reserved = frozenset({"act", "note", "flagged"})


# ---- the lists of the API ----


def _of(field: str, label: str) -> django_filters.CharFilter:
    return django_filters.CharFilter(field_name=field, lookup_expr="exact", label=label, max_length=200)


def _one_of(terms: Iterable[Any], label: str) -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(choices=[(term.value, term.value) for term in terms], label=label)


class ListFilterSet(StrictFilterSet):
    """A list that is read page by page; `fields` says which members of each entry are wanted."""

    reserved = frozenset({"sort", "cursor", "page_size", "fields", "expand"})


class StatementFilterSet(ListFilterSet):
    """What claims and costs have in common."""

    paper = _of("paper_text__paper__public_id", "id of the paper whose text states the number")
    model = _of("ml_model__slug", "slug of the model")
    kind = _one_of(ClaimKind, "absolute, delta or ratio")
    role = _one_of(Role, "proposed or baseline")
    state = _one_of(CurationState, "accepted, unreviewed or rejected; left out: all but the rejected")
    tier = _one_of(Tier, "verified or disputed")
    min_confidence = django_filters.NumberFilter(
        field_name="confidence", lookup_expr="gte", min_value=0, max_value=1, label="least confidence of the reading, 0 to 1"
    )


class ClaimFilterSet(StatementFilterSet):
    board = _of("result__benchmark__slug", "slug of the board that the claim stands on")
    task = _of("task__slug", "slug of the task")
    dataset = _of("dataset__slug", "slug of the dataset")
    metric = _of("metric__slug", "slug of the metric")

    class Meta:
        model = Claim
        fields: list[str] = []


class CostFilterSet(StatementFilterSet):
    measure = _one_of(CostMeasure, "what is measured")
    board = django_filters.CharFilter(method="by_board", label="slug of a board with a row that the cost is the price of", max_length=200)

    class Meta:
        model = Cost
        fields: list[str] = []

    def by_board(self, costs: QuerySet[Any], name: str, slug: str) -> QuerySet[Any]:
        return costs.filter(Exists(CostLink.objects.filter(cost=OuterRef("pk"), tied=True, result__benchmark__slug=slug)))


class PaperFilterSet(ListFilterSet):
    arxiv_id = django_filters.CharFilter(method="by_arxiv_id", label="arXiv id", max_length=200)
    since = django_filters.DateFilter(field_name="last_day", lookup_expr="gte", input_formats=["%Y-%m-%d"], label="first day of the papers")
    until = django_filters.DateFilter(field_name="last_day", lookup_expr="lte", input_formats=["%Y-%m-%d"], label="last day of the papers")

    class Meta:
        model = Paper
        fields: list[str] = []

    def by_arxiv_id(self, papers: QuerySet[Any], name: str, arxiv_id: str) -> QuerySet[Any]:
        # The index on them leaves out the papers without one, and SQLite takes it for a query that says so only.
        return papers.filter(arxiv_id=arxiv_id).exclude(arxiv_id="")


class BoardListFilterSet(ListFilterSet):
    task = _of("task__slug", "slug of the task")
    dataset = _of("dataset__slug", "slug of the dataset")
    area = _of("task__area__slug", "slug of the area")
    metric = _of("primary_metric__slug", "slug of the primary metric")

    class Meta:
        model = Benchmark
        fields: list[str] = []


class ListingFilterSet(ListFilterSet):
    state = _one_of(ListingState, "how far the listings are")
    name = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label="a part of the file's name", max_length=200)
    sha256 = _of("sha256", "SHA-256 of the file's bytes, in hexadecimal digits")

    class Meta:
        model = Listing
        fields: list[str] = []


DECIDED_KINDS = ("claim", "cost", "listing", "paper", "task", "dataset", "metric", "mlmodel")
"""What acts are on, as decisions name it."""
_BESIDE = 1_000
"""By so many acts the order of the keys may differ from that of the times: as many as are under way at once, and more."""


class DecisionFilterSet(ListFilterSet):
    """Acts. What they are on is asked for by its id: acts on it are few, and found by an index, however many there are of others."""

    action = _of("action", "what was done: accept, reject, undo and others")
    actor = _of("actor", "who did it")
    kind = django_filters.ChoiceFilter(
        choices=[(kind, kind) for kind in DECIDED_KINDS],
        method="by_kind",
        label="what it was done to: claim, cost, listing, paper, task, dataset, metric or mlmodel",
    )
    claim = django_filters.CharFilter(method="by_object", label="id of a claim that was decided on", max_length=200)
    cost = django_filters.CharFilter(method="by_object", label="id of a cost that was decided on", max_length=200)
    listing = django_filters.CharFilter(method="by_object", label="id of a listing that was decided on", max_length=200)
    paper = django_filters.CharFilter(method="by_paper", label="id of a paper that was decided on, or whose numbers were", max_length=200)
    board = django_filters.CharFilter(
        method="by_board", label="slug of a board whose numbers were decided on, rejected ones too", max_length=200
    )
    since = django_filters.DateFilter(method="by_first_day", input_formats=["%Y-%m-%d"], label="first day (UTC)")
    until = django_filters.DateFilter(method="by_last_day", input_formats=["%Y-%m-%d"], label="last day (UTC)")

    class Meta:
        model = ChangeSet
        fields: list[str] = []

    def by_kind(self, change_sets: QuerySet[Any], name: str, kind: str) -> QuerySet[Any]:
        of_kind = Decision.objects.filter(object_kind=kind)
        if kind not in ("claim", "cost"):
            return change_sets.filter(pk__in=of_kind.values("change_set"))
        # Nearly all acts are on numbers: the next ones are soon found one by one.
        return change_sets.filter(Exists(of_kind.filter(change_set=OuterRef("pk"))))

    def by_object(self, change_sets: QuerySet[Any], name: str, public_id: str) -> QuerySet[Any]:
        tables: Mapping[str, Any] = {"claim": Claim, "cost": Cost, "listing": Listing}
        return change_sets.filter(pk__in=_acts_on(**{name: tables[name].objects.filter(public_id=public_id)}))

    def by_paper(self, change_sets: QuerySet[Any], name: str, public_id: str) -> QuerySet[Any]:
        said = Q(paper_text__paper__public_id=public_id) | Q(source_record__paper__public_id=public_id)
        paper = Paper.objects.filter(public_id=public_id)
        return change_sets.filter(pk__in=_acts_on(claim=Claim.objects.filter(said), cost=Cost.objects.filter(said), paper=paper))

    def by_board(self, change_sets: QuerySet[Any], name: str, slug: str) -> QuerySet[Any]:
        board = Benchmark.objects.filter(slug=slug).first()
        if board is None:
            return change_sets.none()
        # What was rejected stands in no row, and would have: its dataset and task say where.
        of_board = Q(result__benchmark=board)
        rejected = Q(result__isnull=True, state=CurationState.REJECTED, dataset=board.dataset_id, kind=ClaimKind.ABSOLUTE)
        of_board |= rejected & (Q(task=board.task_id) | Q(task__isnull=True))
        tied = CostLink.objects.filter(result__benchmark=board, tied=True).values("cost")
        return change_sets.filter(pk__in=_acts_on(claim=Claim.objects.filter(of_board), cost=Cost.objects.filter(pk__in=tied)))

    # A day of `created` alone would leave the database to read all newer acts before the first of an old day, as they are sorted by key.

    def by_first_day(self, change_sets: QuerySet[Any], name: str, day: date) -> QuerySet[Any]:
        since = ChangeSet.objects.filter(created__gte=_start_of(day))
        return change_sets.filter(created__gte=_start_of(day), pk__gte=_key(since.order_by("created"), -_BESIDE))

    def by_last_day(self, change_sets: QuerySet[Any], name: str, day: date) -> QuerySet[Any]:
        if day == date.max:
            return change_sets
        until = ChangeSet.objects.filter(created__lt=_start_of(day + timedelta(days=1)))
        return change_sets.filter(created__lt=_start_of(day + timedelta(days=1)), pk__lte=_key(until.order_by("-created"), _BESIDE))


class LogFilterSet(DecisionFilterSet):
    """The same acts on a page, which goes on behind the act that is named by `before`."""

    reserved = frozenset({"before"})


def _acts_on(**objects: QuerySet[Any]) -> QuerySet[Any]:
    """Return the keys of the change sets that decided on any of the objects, by their kind: an index for each kind, not one for none."""
    found = [
        Decision.objects.filter(object_kind=kind, object_id__in=rows.order_by().values("pk")).order_by().values("change_set")
        for kind, rows in objects.items()
    ]
    return found[0].union(*found[1:]) if len(found) > 1 else found[0]


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _key(acts: QuerySet[Any], beside: int) -> ExpressionWrapper[Any]:
    """Return the key of the first of the acts, and `beside` it for those that were written at the same time."""
    return ExpressionWrapper(Subquery(acts.values("pk")[:1]) + Value(beside), output_field=BigIntegerField())


class EntryFilterSet(ListFilterSet):
    """Entries of the catalogue by a part of their name."""

    name = django_filters.CharFilter(field_name="name", lookup_expr="icontains", label="a part of the name", max_length=200)
    reviewed = django_filters.TypedChoiceFilter(
        choices=[("true", "yes"), ("false", "no")],
        coerce=lambda stated: stated == "true",
        label="whether it is shipped or confirmed by a curator",
    )
