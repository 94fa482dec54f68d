"""What the API's entries look like. Every member is always there; what is not known is null."""

from __future__ import annotations

import datetime
from typing import Any

from rest_framework import serializers

from claims import ranking
from claims.errors import UnknownFilterError
from claims.models import Area, Benchmark, Claim, Cost, Dataset, Metric, MLModel, Paper, Task
from claims.models.claims import Statement
from claims.terms import CANONICAL_UNITS, CostMeasure


class Trimmed(serializers.Serializer[Any]):
    """A serializer of an entry of which `fields=` takes a part: as it is asked for in the context's "wanted"."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields = super().get_fields()
        wanted: list[str] | None = self.context.get("wanted")
        if wanted is None or (self.parent is not None and not isinstance(self.parent, serializers.ListSerializer)):
            return fields
        if unknown := next((name for name in wanted if name not in fields), None):
            raise UnknownFilterError(f"There is no member “{unknown[:60]}”. There are {', '.join(fields)}.", field="fields")
        return {name: field for name, field in fields.items() if name in wanted}


def _text(help_text: str, **options: Any) -> serializers.CharField:
    return serializers.CharField(read_only=True, help_text=help_text, **options)


def _number(help_text: str, **options: Any) -> serializers.FloatField:
    return serializers.FloatField(read_only=True, help_text=help_text, **options)


class Reference(serializers.Serializer[Any]):
    """An entry of the catalogue, in short."""

    slug = _text("Its stable word in addresses.")
    name = _text("Its name.")


class MetricReference(Reference):
    unit = _text("The unit of its numbers: “%” for percent from 0 to 100, '' for a bare number.")
    direction = _text("Which numbers are better: higher, lower, or unknown.")


class PaperReference(serializers.Serializer[Paper]):
    """A paper, in short."""

    id = _text("Its stable id.", source="public_id")
    title = _text("Its title.")
    arxiv_id = serializers.SerializerMethodField(help_text="Its arXiv id, null where it has none.")
    date = serializers.SerializerMethodField(help_text="The last day that its date may mean (ISO 8601), null where none is known.")

    def get_arxiv_id(self, paper: Paper) -> str | None:
        return paper.arxiv_id or None

    def get_date(self, paper: Paper) -> datetime.date | None:
        return paper.last_day


class PaperEntry(Trimmed, PaperReference):
    """A paper with its abstract."""

    first_day = serializers.DateField(read_only=True, allow_null=True, help_text="The first day that its date may mean.")
    last_day = serializers.DateField(read_only=True, allow_null=True, help_text="The last day that its date may mean.")
    date_source = serializers.SerializerMethodField(help_text="How the date is known, null where it is not.")
    abstract = serializers.SerializerMethodField(help_text="The abstract that is shown and read, null where there is none.")
    url = serializers.SerializerMethodField(help_text="Where the paper is, null where that is not known.")
    code_url = serializers.SerializerMethodField(help_text="Where its code is, null where that is not known.")
    page = serializers.SerializerMethodField(help_text="Its page on this site.")

    def get_date_source(self, paper: Paper) -> str | None:
        return paper.date_source or None

    def get_abstract(self, paper: Paper) -> str | None:
        return paper.current_text.abstract or None if paper.current_text else None

    def get_url(self, paper: Paper) -> str | None:
        return paper.url or None

    def get_code_url(self, paper: Paper) -> str | None:
        return paper.code_url or None

    def get_page(self, paper: Paper) -> str:
        return _absolute(self.context, paper.get_absolute_url())


def _absolute(context: Any, path: str) -> str:
    address: str = context["request"].build_absolute_uri(path)
    return address


class StatementEntry(Trimmed):
    """A number that a text or a table's record states."""

    id = _text("Its stable id.", source="public_id")
    kind = _text("absolute (a score or a price), delta (a difference) or ratio.")
    role = _text("proposed: of the paper's own method; baseline: quoted for another one.")
    model = serializers.SerializerMethodField(help_text="The model: its slug (null for a name no single model answers to) and its name.")
    variant = serializers.SerializerMethodField(help_text="Which form of the model, null where none is stated.")
    setting = serializers.JSONField(read_only=True, help_text="The conditions: kind, comparable value, and the text's own words.")
    value = _number("The number as stated, in `unit`.")
    value_max = _number("The upper end of a stated range, else null.", allow_null=True)
    stated = _text("The number's own characters.")
    unit = _text("The unit that the number is stated in, '' for none.")
    decimals = serializers.IntegerField(read_only=True, help_text="How many decimals are stated.")
    qualifier = _text("“=” exact, “~” about, “>”, “<”, “>=”, “<=” for bounds.")
    uncertainty = _number("What is stated behind ±, in `unit`, else null.", allow_null=True)
    canonical = serializers.SerializerMethodField(
        help_text="The number in the measure's one unit: value, value_max, unit; null where there is none."
    )
    evidence = serializers.SerializerMethodField(
        help_text="The sentence, and where it and the number stand in the title or abstract, in Unicode code points; null for a record."
    )
    record = serializers.SerializerMethodField(help_text="The table's record that states it, null for a text.")
    paper = serializers.SerializerMethodField(help_text="The paper, null for a record that names none.")
    confidence = _number("How sure the reading is, 0 to 1.")
    rules = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="The rules that took the number.")
    inferred = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="What the text leaves unsaid.")
    run = serializers.SerializerMethodField(help_text="What read it: extractor and vocabulary; null for a record.")
    state = _text("accepted or unreviewed.")
    decided_by = _text("nobody, policy (accepted by the site's threshold) or person.")
    tier = serializers.SerializerMethodField(help_text="verified or disputed, null for neither.")

    def get_model(self, one: Statement) -> dict[str, str | None] | None:
        if not one.model_name and one.ml_model is None:
            return None
        return {"slug": one.ml_model.slug if one.ml_model else None, "name": one.model_name or str(one.ml_model)}

    def get_variant(self, one: Statement) -> str | None:
        return one.variant or None

    def get_canonical(self, one: Claim | Cost) -> dict[str, Any] | None:
        if one.canonical_value is None:
            return None
        low, high = ranking.canonical(one.value, one.value_max, one.canonical_value, one.canonical_max)
        return {"value": low, "value_max": high, "unit": self.canonical_unit(one)}

    def canonical_unit(self, one: Any) -> str:
        raise NotImplementedError

    def get_evidence(self, one: Statement) -> dict[str, Any] | None:
        if one.paper_text is None:
            return None
        return {
            "text": one.evidence,
            "field": one.field,
            "start": one.evidence_start,
            "end": one.evidence_end,
            "number_start": one.start,
            "number_end": one.end,
        }

    def get_record(self, one: Statement) -> dict[str, Any] | None:
        record = one.source_record
        return {"table": record.source.name, "number": record.number, "column": one.column} if record else None

    def get_paper(self, one: Statement) -> dict[str, Any] | None:
        paper = one.paper_text.paper if one.paper_text else one.source_record.paper if one.source_record else None
        return dict(PaperReference(paper).data) if paper else None

    def get_run(self, one: Statement) -> dict[str, str] | None:
        return {"extractor": one.run.extractor_version, "vocabulary": one.run.vocabulary_hash} if one.run else None

    def get_tier(self, one: Statement) -> str | None:
        return one.tier or None


class ClaimEntry(StatementEntry):
    """A number stated as a result."""

    task = Reference(read_only=True, allow_null=True)
    dataset = Reference(read_only=True, allow_null=True)
    metric = MetricReference(read_only=True, allow_null=True)
    board = serializers.SerializerMethodField(help_text="The slug of the board that it stands on, null where it stands on none.")
    row = serializers.SerializerMethodField(help_text="The id of its row there.")

    def canonical_unit(self, one: Claim) -> str:
        return one.metric.unit if one.metric else ""

    def get_board(self, one: Claim) -> str | None:
        return one.result.benchmark.slug if one.result else None

    def get_row(self, one: Claim) -> str | None:
        return one.result.public_id if one.result else None


class CostEntry(StatementEntry):
    """A number stated as a price."""

    measure = _text("What is measured: parameters, flops, latency and others.")
    condition = serializers.SerializerMethodField(help_text="What it was measured on, null where that is not said.")
    note = serializers.SerializerMethodField(help_text="What else the text says of it, such as the device; null for nothing.")

    def canonical_unit(self, one: Cost) -> str:
        return CANONICAL_UNITS.get(CostMeasure(one.measure), "")

    def get_condition(self, one: Cost) -> str | None:
        return one.condition or None

    def get_note(self, one: Cost) -> str | None:
        return one.note or None


class EntryOfCatalogue(Trimmed, Reference):
    """An entry of the catalogue."""

    reviewed = serializers.BooleanField(read_only=True, help_text="Shipped or confirmed by a curator; else read out of a text.")


class TaskEntry(EntryOfCatalogue):
    area = serializers.SerializerMethodField(help_text="The area that its boards are grouped in: slug and name; null for none.")
    primary_metric = MetricReference(read_only=True, allow_null=True)

    def get_area(self, task: Task) -> dict[str, str] | None:
        area: Area | None = task.area
        return {"slug": area.slug, "name": area.name} if area else None


class DatasetEntry(EntryOfCatalogue):
    parent = Reference(read_only=True, allow_null=True)
    default_task = Reference(read_only=True, allow_null=True)
    default_metric = MetricReference(read_only=True, allow_null=True)
    description = serializers.SerializerMethodField(help_text="A few words on it, null for none.")

    def get_description(self, dataset: Dataset) -> str | None:
        return dataset.description or None


class MetricEntry(EntryOfCatalogue, MetricReference):
    family = serializers.SerializerMethodField(help_text="What kind of metric it is, null where that is not said.")
    lower_bound = _number("The least that it can be, in `unit`, null for no bound.", allow_null=True)
    upper_bound = _number("The most that it can be, in `unit`, null for no bound.", allow_null=True)

    def get_family(self, metric: Metric) -> str | None:
        return metric.family or None


class ModelEntry(EntryOfCatalogue):
    introduced_by = serializers.SerializerMethodField(help_text="The paper that introduced the model, null where none is known.")

    def get_introduced_by(self, model: MLModel) -> dict[str, Any] | None:
        return dict(PaperReference(model.introduced_by).data) if model.introduced_by else None


class BoardEntry(Trimmed):
    """A board: a task on a dataset."""

    slug = _text("Its stable word in addresses.")
    task = Reference(read_only=True)
    dataset = Reference(read_only=True)
    metric = MetricReference(read_only=True, allow_null=True, source="primary_metric")
    rows = serializers.IntegerField(read_only=True, source="shown_rows", help_text="How many ranking rows it shows.")
    version = serializers.IntegerField(read_only=True, help_text="Counts the board's changes.")
    changed = serializers.DateTimeField(read_only=True, help_text="When it last changed (ISO 8601, UTC).")
    page = serializers.SerializerMethodField(help_text="Its page on this site.")

    def get_page(self, board: Benchmark) -> str:
        return _absolute(self.context, board.get_absolute_url())
