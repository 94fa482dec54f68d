"""One FilterSet per resource, shared by pages and API. Unknown parameters and values are errors, never ignored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from claims.errors import UnknownFilterError
from claims.models import Benchmark, Condition, Result, ResultCondition
from claims.querysets import OWN, QUOTED, ResultQuerySet
from claims.terms import CurationState, Role


class StrictFilterSet(django_filters.FilterSet):
    """A FilterSet that refuses what it does not know.

    `reserved` are parameters that the page itself reads (sort, page).
    """

    reserved: frozenset[str] = frozenset({"sort", "page"})

    def check(self) -> None:
        """Raise `UnknownFilterError`, which names the parameter and what is possible, for what can't be asked."""
        if not self.data:
            return
        known = set(self.filters) | self.reserved
        for name in self.data:
            if name not in known:
                raise UnknownFilterError(f"This page has no filter called “{name[:60]}”. It knows {', '.join(sorted(known))}.", field=name)
        if not self.is_valid():
            name, errors = next(iter(self.form.errors.items()))
            raise UnknownFilterError(f"The filter “{name}” can't be used so: {' '.join(map(str, errors))}", field=name)


class BoardFilterSet(StrictFilterSet):
    """Rows of one board: `setting` (a condition's key, repeatable: all must hold; "none" for rows without any), `role`, `year`
    of the paper and `state`. `cost` and what else the chart is drawn by are the board's own: they leave no row out."""

    reserved = StrictFilterSet.reserved | {"cost", "chart", "size", "colour"}

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

    class Meta:
        model = Result
        fields: list[str] = []

    def __init__(self, data: Any, *, benchmark: Benchmark, conditions: Sequence[Condition]) -> None:
        """`conditions` are those of the board's rows: what can be chosen as a setting."""
        super().__init__(data, queryset=Result.objects.all())
        self.benchmark = benchmark
        self.wanted_role = str((self.data or {}).get("role", ""))
        self.conditions = conditions
        self.filters["setting"].extra["choices"] = [(f"{c.kind}:{c.key}", c.value) for c in self.conditions] + [("none", "none stated")]

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
        for choice in wanted:
            if choice == "none":
                rows = rows.filter(setting_key="")
            else:
                kind, _, key = choice.partition(":")
                rows = rows.filter(Exists(ResultCondition.objects.filter(result=OuterRef("pk"), condition__kind=kind, condition__key=key)))
        return rows

    def by_role(self, rows: QuerySet[Any], name: str, role: str) -> QuerySet[Any]:
        return rows.filter(self.role_condition())

    def by_year(self, rows: QuerySet[Any], name: str, year: Any) -> QuerySet[Any]:
        return rows.filter(Q(paper__last_day__year=int(year)))

    def by_state(self, rows: QuerySet[Any], name: str, state: str) -> QuerySet[Any]:
        # A row is what its visible values are: one hidden until its review says nothing about the others.
        row = Result.objects.filter(pk=OuterRef("pk"))
        if not settings.SHOW_UNREVIEWED:
            return rows.filter(Exists(row.visible())) if state == CurationState.ACCEPTED else rows.none()
        unreviewed = Exists(row.with_values(CurationState.UNREVIEWED))
        return rows.filter(unreviewed) if state == CurationState.UNREVIEWED else rows.filter(~unreviewed)
