"""What the API's entries look like. Every member is always there; what is not known is null."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from claims import ranking
from claims.boards.acts import name_of
from claims.boards.flagged import Flags
from claims.errors import UnknownFilterError
from claims.models import ChangeSet, Claim, Cost, Decision, Paper
from claims.models.claims import Statement
from claims.services import permissions
from claims.terms import (
    CANONICAL_UNITS,
    FLAGS_ON_NUMBERS,
    ClaimKind,
    ConditionKind,
    CostMeasure,
    CurationState,
    DateSource,
    DecidedBy,
    Direction,
    ListingState,
    Qualifier,
    RejectReason,
    Role,
    TextField,
    Tier,
    YearSource,
)

Fields = dict[str, serializers.Field[Any, Any, Any, Any]]


class Trimmed(serializers.Serializer[Any]):
    """An entry, of which `fields=` takes a part and which `expand=` embeds other entries in.

    What is asked for stands in the context: the names "wanted" (None: all) and "expanded". `joins` says of each member that can be
    expanded what the database is asked for along with it.
    """

    joins: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def get_fields(self) -> Fields:
        fields = super().get_fields()
        if self.parent is not None and not isinstance(self.parent, serializers.ListSerializer):
            return fields
        for name in self.context.get("expanded", ()):
            if name not in self.joins:
                known = f"What can be: {', '.join(self.joins)}." if self.joins else "Nothing here can be."
                raise UnknownFilterError(f"“{name[:60]}” can't be expanded. {known}", field="expand")
            fields[name] = self.expand(name)
        wanted: list[str] | None = self.context.get("wanted")
        if wanted is None:
            return fields
        if unknown := next((name for name in wanted if name not in fields), None):
            raise UnknownFilterError(f"There is no member “{unknown[:60]}”. There are {', '.join(fields)}.", field="fields")
        return {name: field for name, field in fields.items() if name in wanted}

    def expand(self, name: str) -> serializers.Field[Any, Any, Any, Any]:
        """Return the field that writes all of what the member `name` only names."""
        raise NotImplementedError


class _TextOrNull(serializers.CharField):
    """A text that is '' in the database where there is none, and null here."""

    def to_representation(self, value: Any) -> Any:
        return value or None


def _text(help_text: str, **options: Any) -> serializers.CharField:
    return serializers.CharField(read_only=True, help_text=help_text, **options)


def _text_or_null(help_text: str, **options: Any) -> serializers.CharField:
    return _TextOrNull(read_only=True, allow_null=True, help_text=help_text, **options)


def _word(terms: Any, help_text: str, **options: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=[term.value for term in terms], read_only=True, help_text=help_text, **options)


class _WordOrNull(serializers.ChoiceField):
    """One of closed terms, '' in the database where there is none, and null here."""

    def to_representation(self, value: Any) -> Any:
        return value or None


def _word_or_null(terms: Any, help_text: str, **options: Any) -> serializers.ChoiceField:
    return _WordOrNull(choices=[term.value for term in terms], read_only=True, allow_null=True, help_text=help_text, **options)


def _number(help_text: str, **options: Any) -> serializers.FloatField:
    return serializers.FloatField(read_only=True, help_text=help_text, **options)


def _count(help_text: str, **options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(read_only=True, help_text=help_text, **options)


def _time(help_text: str, **options: Any) -> serializers.DateTimeField:
    return serializers.DateTimeField(read_only=True, help_text=help_text, **options)


class _PageField(serializers.Field[Any, Any, str, Any]):
    """The address of an object's page on this site."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="*", read_only=True, help_text="The address of its page on this site.", **kwargs)

    def to_representation(self, value: Any) -> str:
        address: str = self.context["request"].build_absolute_uri(value.get_absolute_url())
        return address


class PageFieldInSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]  # registers itself
    target_class = "claims.api.serializers._PageField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        return {"type": "string", "format": "uri"}


class Lists(serializers.Serializer[Any]):
    """Where the lists are."""

    boards = serializers.URLField(help_text="The boards.")
    claims = serializers.URLField(help_text="Numbers stated as results.")
    costs = serializers.URLField(help_text="Numbers stated as prices.")
    papers = serializers.URLField(help_text="The papers.")
    models = serializers.URLField(help_text="The models that have a row on a board.")
    datasets = serializers.URLField(help_text="The datasets.")
    tasks = serializers.URLField(help_text="The tasks.")
    metrics = serializers.URLField(help_text="The metrics.")
    listings = serializers.URLField(help_text="The uploaded files.")
    decisions = serializers.URLField(help_text="What people, policies and commands did.")


# ---- the catalogue, in short ----


class Reference(serializers.Serializer[Any]):
    """An entry of the catalogue, in short."""

    slug = _text("Its stable word in addresses.")
    name = _text("Its name.")


class MetricReference(Reference):
    """A metric, in short."""

    unit = _text("The unit of its numbers: “%” for percent from 0 to 100, '' for a bare number.")
    direction = _word(Direction, "Which numbers are better.")


class NamedModel(serializers.Serializer[Any]):
    """A model as a text names it."""

    slug = _text("Its stable word in addresses; null for a name that no single model answers to.", allow_null=True)
    name = _text("Its name.")


class PaperReference(serializers.Serializer[Paper]):
    """A paper, in short."""

    id = _text("Its stable id.", source="public_id")
    title = _text("Its title.")
    arxiv_id = _text_or_null("Its arXiv id, null where it has none.")
    date = serializers.DateField(
        source="last_day", read_only=True, allow_null=True, help_text="The last day that its date may mean, null where none is known."
    )

    def to_representation(self, instance: Any) -> Any:
        """Tell nothing of a withdrawn paper, wherever it is named."""
        return None if instance.withdrawn else super().to_representation(instance)


class PaperEntry(Trimmed, PaperReference):
    """A paper with its abstract."""

    first_day = serializers.DateField(read_only=True, allow_null=True, help_text="The first day that its date may mean.")
    last_day = serializers.DateField(read_only=True, allow_null=True, help_text="The last day that its date may mean.")
    date_source = _word_or_null(DateSource, "How the date is known, null where it is not.")
    abstract = _text_or_null("The abstract that is shown and read, null where there is none or it is withheld.", source="shown_abstract")
    text_withheld = serializers.SerializerMethodField(
        help_text="Whether its text was withdrawn at request: what it states stays, and can be read in the paper itself."
    )
    url = _text_or_null("Where the paper is, null where that is not known.")
    code_url = _text_or_null("Where its code is, null where that is not known.")
    page = _PageField()

    def get_text_withheld(self, paper: Paper) -> bool:
        return paper.text_withheld is not None


# ---- claims and costs ----


class Condition(serializers.Serializer[Any]):
    """A part of a setting."""

    kind = _word(ConditionKind, "What kind of condition it is.")
    value = _text("The condition in comparable words.")
    text = _text("The text's own words.")


class CanonicalNumber(serializers.Serializer[Any]):
    """A number in the one unit that its measure is compared in."""

    value = _number("The number, or the lower end of a range, in `unit`.")
    value_max = _number("The upper end of a range in `unit`, else null.", allow_null=True)
    unit = _text("The unit: “%” from 0 to 100, s, bytes, count, GPU hours; '' for a bare number.")


class Evidence(serializers.Serializer[Any]):
    """The sentence that states a number. Offsets count Unicode code points from 0 in the field's text; ends are exclusive."""

    text = _text("The sentence, letter for letter; '' where the paper's text was withdrawn at request.")
    field = _word(TextField, "Where it stands.")
    start = _count("Where the sentence begins.")
    end = _count("Where it ends.")
    number_start = _count("Where the number begins.")
    number_end = _count("Where it ends.")


class Record(serializers.Serializer[Any]):
    """The record of an imported table that states a number."""

    table = _text("The table's name.")
    number = _count("The record's number in it, from 1.")
    column = _text("The column that the number stands in.")


class OpenFlag(serializers.Serializer[Any]):
    """Something that a person should look at, and that nobody has settled."""

    id = _text("Its stable id.", source="public_id")
    kind = _word(FLAGS_ON_NUMBERS, "What found it: a rule, a later reading or a reader's report.")
    note = _text("What it says.")
    created = _time("When it was found.")


class Run(serializers.Serializer[Any]):
    """The pass of extraction that read a number."""

    extractor = _text("The extractor's version.", source="extractor_version")
    vocabulary = _text("A digest of the names that it knew.", source="vocabulary_hash")


class StatementEntry(Trimmed):
    """A number that a text or a table's record states."""

    joins: ClassVar[Mapping[str, tuple[str, ...]]] = {"paper": ("paper_text__paper__current_text", "source_record__paper__current_text")}

    id = _text("Its stable id.", source="public_id")
    version = _count("Counts its changes: a decision names the version that it was made on.")
    kind = _word(ClaimKind, "absolute (a score or a price), delta (a difference) or ratio. Only absolute claims rank.")
    role = _word(Role, "proposed: of the paper's own method; baseline: quoted for another one.")
    model = serializers.SerializerMethodField(help_text="The model that the number is of, null where the method has no name.")
    variant = _text_or_null("Which form of the model, null where none is stated.")
    setting = Condition(many=True, read_only=True, help_text="On which terms it was measured.")
    value = _number("The number as stated, in `unit`.")
    value_max = _number("The upper end of a stated range, in `unit`, else null.", allow_null=True)
    stated = _text("The number's own characters.")
    unit = _text("The unit that the number is stated in, '' for none.")
    decimals = _count("How many decimals are stated.")
    qualifier = _word(Qualifier, "“=” exact, “~” about, “>”, “<”, “>=”, “<=” for bounds.")
    uncertainty = _number("What is stated behind ±, in `unit`, else null.", allow_null=True)
    canonical = serializers.SerializerMethodField(help_text="The number in its measure's one unit, null where that has none.")
    evidence = serializers.SerializerMethodField(help_text="The sentence that states it; null for a record of a table.")
    record = serializers.SerializerMethodField(help_text="The record that states it; null for a text.")
    paper = serializers.SerializerMethodField(help_text="The paper, null for a record that names none.")
    confidence = _number("How sure the reading is, 0 to 1.")
    rules = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="The rules that took the number.")
    inferred = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="What the text leaves unsaid.")
    corrected = serializers.SerializerMethodField(help_text="What extraction had read in the members that a person corrected.")
    run = Run(read_only=True, allow_null=True, help_text="What read it; null for a record.")
    state = _word(CurationState, "What became of it in review. Lists hold no rejected ones.")
    decided_by = _word(DecidedBy, "nobody, policy (accepted by the site's threshold) or person.")
    reject_reason = _word_or_null(RejectReason, "Why it was rejected, null where it was not.")
    tier = _word_or_null(Tier, "Whether somebody verified or disputes it, null for neither.")
    tier_reason = _text_or_null("Why it is verified or disputed, null for neither.")
    tier_link = _text_or_null("Where that can be read, null for neither.")
    flags = serializers.SerializerMethodField(
        help_text="What is flagged on it and open: for tokens with the scope `curate`, null for everybody else."
    )

    def expand(self, name: str) -> serializers.Field[Any, Any, Any, Any]:
        return _PaperOfStatement(read_only=True, allow_null=True, source="*")

    @extend_schema_field(OpenFlag(many=True, allow_null=True))
    def get_flags(self, one: Claim | Cost) -> list[Any] | None:
        flags: Flags | None = self.context.get("flags")
        if flags is None:
            return None
        return [OpenFlag(flag).data for flag in flags.get((one._meta.model_name or "", one.pk), ())]

    @extend_schema_field(NamedModel(allow_null=True))
    def get_model(self, one: Statement) -> dict[str, str | None] | None:
        if not one.model_name and one.ml_model is None:
            return None
        return {"slug": one.ml_model.slug if one.ml_model else None, "name": one.model_name or str(one.ml_model)}

    @extend_schema_field(CanonicalNumber(allow_null=True))
    def get_canonical(self, one: Claim | Cost) -> dict[str, Any] | None:
        if one.canonical_value is None:
            return None
        low, high = ranking.canonical(one.value, one.value_max, one.canonical_value, one.canonical_max)
        return {"value": low, "value_max": high, "unit": self.canonical_unit(one)}

    def get_corrected(self, one: Claim | Cost) -> dict[str, Any]:
        told = {name: value for name, value in one.extracted.items() if name in self.fields}
        if "model_name" in one.extracted:
            told["model"] = one.extracted["model_name"] or None
        if one.extracted.keys() & {"evidence_start", "evidence_end"}:
            told["evidence"] = {end: one.extracted.get(f"evidence_{end}", getattr(one, f"evidence_{end}")) for end in ("start", "end")}
        # What the text itself calls it.
        named = (name for name in ("task", "dataset", "metric") if f"{name}_id" in one.extracted)
        return told | {name: getattr(one, f"{name}_name") or None for name in named}

    def canonical_unit(self, one: Any) -> str:
        raise NotImplementedError

    @extend_schema_field(Evidence(allow_null=True))
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

    @extend_schema_field(Record(allow_null=True))
    def get_record(self, one: Statement) -> dict[str, Any] | None:
        record = one.source_record
        return {"table": record.source.name, "number": record.number, "column": one.column} if record else None

    @extend_schema_field(PaperReference(allow_null=True))
    def get_paper(self, one: Statement) -> dict[str, Any] | None:
        paper = _paper_of(one)
        return PaperReference().to_representation(paper) if paper else None


def _paper_of(one: Statement) -> Paper | None:
    return one.paper_text.paper if one.paper_text else one.source_record.paper if one.source_record else None


class _PaperOfStatement(PaperEntry):
    """The whole of the paper that a number is read from."""

    def to_representation(self, instance: Any) -> Any:
        paper = _paper_of(instance)
        return None if paper is None else super().to_representation(paper)


class ClaimEntry(StatementEntry):
    """A number stated as a result."""

    joins: ClassVar[Mapping[str, tuple[str, ...]]] = {
        **StatementEntry.joins,
        "task": ("task__area", "task__primary_metric"),
        "dataset": ("dataset__parent", "dataset__default_task", "dataset__default_metric"),
        "metric": ("metric",),
    }

    task = Reference(read_only=True, allow_null=True, help_text="The task, null where none is known.")
    dataset = Reference(read_only=True, allow_null=True, help_text="The dataset, null where none is known.")
    metric = MetricReference(read_only=True, allow_null=True, help_text="The metric, null where none is known.")
    board = _text(
        "The slug of the board that it stands on, null where it stands on none.",
        source="result.benchmark.slug",
        default=None,
        allow_null=True,
    )
    row = _text("The id of its row there, null where it stands on no board.", source="result.public_id", default=None, allow_null=True)

    def expand(self, name: str) -> serializers.Field[Any, Any, Any, Any]:
        whole: dict[str, type[Trimmed]] = {"task": TaskEntry, "dataset": DatasetEntry, "metric": MetricEntry}
        return whole[name](read_only=True, allow_null=True) if name in whole else super().expand(name)

    def canonical_unit(self, one: Claim) -> str:
        return one.metric.unit if one.metric else ""


class CostEntry(StatementEntry):
    """A number stated as a price."""

    measure = _word(CostMeasure, "What is measured.")
    condition = _text_or_null("What it was measured on, null where that is not said.")
    note = _text_or_null("What else the text says of it, such as the device; null for nothing.")

    def canonical_unit(self, one: Cost) -> str:
        return CANONICAL_UNITS.get(CostMeasure(one.measure), "")


# ---- the catalogue ----


class EntryOfCatalogue(Trimmed, Reference):
    """An entry of the catalogue."""

    reviewed = serializers.BooleanField(read_only=True, help_text="Shipped or confirmed by a curator; else read out of a text.")


class TaskEntry(EntryOfCatalogue):
    """What models are measured at."""

    area = Reference(read_only=True, allow_null=True, help_text="The area that its boards are grouped in, null for none.")
    primary_metric = MetricReference(
        read_only=True, allow_null=True, help_text="The metric that its boards rank by, null where none is known."
    )


class DatasetEntry(EntryOfCatalogue):
    """What models are measured on."""

    parent = Reference(read_only=True, allow_null=True, help_text="The dataset that it is a part of, null for none.")
    default_task = Reference(read_only=True, allow_null=True, help_text="What a number on it is of where the text names no task.")
    default_metric = MetricReference(read_only=True, allow_null=True, help_text="Its usual metric, null where none is known.")
    description = _text_or_null("A few words on it, null for none.")
    page = _PageField()


class MetricEntry(EntryOfCatalogue, MetricReference):
    """What is measured."""

    family = _text_or_null("What kind of metric it is, null where that is not said.")
    lower_bound = _number("The least that it can be, in `unit`, null for no bound.", allow_null=True)
    upper_bound = _number("The most that it can be, in `unit`, null for no bound.", allow_null=True)


class ModelEntry(EntryOfCatalogue):
    """A model or method."""

    joins: ClassVar[Mapping[str, tuple[str, ...]]] = {"introduced_by": ("introduced_by__current_text",)}

    introduced_by = PaperReference(read_only=True, allow_null=True, help_text="The paper that introduced it, null where none is known.")
    page = _PageField()

    def expand(self, name: str) -> serializers.Field[Any, Any, Any, Any]:
        return PaperEntry(read_only=True, allow_null=True)


class BoardEntry(Trimmed):
    """A board: a task on a dataset."""

    joins: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "task": ("task__area", "task__primary_metric"),
        "dataset": ("dataset__parent", "dataset__default_task", "dataset__default_metric"),
        "metric": ("primary_metric",),
    }

    slug = _text("Its stable word in addresses.")
    task = Reference(read_only=True, help_text="What is measured at.")
    dataset = Reference(read_only=True, help_text="What is measured on.")
    metric = MetricReference(read_only=True, allow_null=True, source="primary_metric", help_text="What it ranks by, null for none.")
    rows = _count("How many ranking rows it shows.", source="shown_rows")
    version = _count("Counts the board's changes.")
    changed = _time("When it last changed (UTC).")
    page = _PageField()

    def expand(self, name: str) -> serializers.Field[Any, Any, Any, Any]:
        if name == "metric":
            return MetricEntry(read_only=True, allow_null=True, source="primary_metric")
        return (TaskEntry if name == "task" else DatasetEntry)(read_only=True)


# ---- what was uploaded, and what was decided ----


class ListingEntry(Trimmed):
    """An uploaded file, and how far it is read."""

    id = _text("Its stable id.", source="public_id")
    version = _count("Counts its changes.")
    name = _text("The file's name.")
    sha256 = _text("The SHA-256 of its bytes, in hexadecimal digits.")
    size = _count("Its size in bytes.")
    format = _text_or_null("The format that it was read as, null where that is not known yet.")
    year = serializers.IntegerField(read_only=True, allow_null=True, help_text="The year that its dates are of, null where none is known.")
    year_source = _word_or_null(YearSource, "How the year is known, null where none is.")
    state = _word(ListingState, "How far it is. An unmapped table waits for somebody to say what its columns mean.")
    entries = _count("How many papers (of a table: records) it holds; 0 until it was surveyed.", source="entry_count")
    parts = _count("In how many parts it is read; 0 until it was surveyed.", source="chunks_total")
    parts_done = _count("How many of them are done.", source="chunks_done")
    error = _text_or_null("Why it failed, null where it did not.")
    created = _time("When it was uploaded (UTC).")
    closed = _time("When it was read to its end (UTC), null while it is not.", allow_null=True)
    page = _PageField()


class DecidedObject(serializers.Serializer[Decision]):
    """What a change did to one object."""

    object = serializers.SerializerMethodField(
        help_text="What kind of object it is: claim, cost, listing, paper or a part of the catalogue."
    )
    id = serializers.SerializerMethodField(help_text="The object's stable id, null where it has none.")
    version = _count("The object's version afterwards.", source="object_version")
    before = serializers.SerializerMethodField(help_text="What was decided or corrected, as it was; empty for what readers don't see.")
    after = serializers.SerializerMethodField(help_text="The same afterwards.")

    def get_object(self, decision: Decision) -> str:
        return decision.object_kind

    def get_before(self, decision: Decision) -> dict[str, Any]:
        return self._tell(decision, decision.before) if self._is_told(decision) else {}

    def get_after(self, decision: Decision) -> dict[str, Any]:
        return self._tell(decision, decision.after) if self._is_told(decision) else {}

    def _is_told(self, decision: Decision) -> bool:
        """Whether readers see the number; what is no number, such as a listing, they do."""
        return decision.object_kind not in ("claim", "cost") or self.get_id(decision) is not None

    def _tell(self, decision: Decision, state: dict[str, Any]) -> dict[str, Any]:
        """Return a state in the API's words: entries of the catalogue by their slugs, and nothing that is the database's own."""
        slugs: Mapping[tuple[str, int], str] = self.context.get("slugs", {})
        told = {}
        for name, value in state.items():
            if name.endswith("_id"):
                told[name.removesuffix("_id").removeprefix("ml_")] = slugs.get((name_of(decision, name), value))
            elif name not in ("extracted", "model_key", "alias", "aliases", "boards"):
                told[name] = value
        return told

    def get_id(self, decision: Decision) -> str | None:
        ids: Mapping[tuple[str, int], str] = self.context.get("public_ids", {})
        return ids.get((decision.object_kind, decision.object_id))


class DecisionEntry(Trimmed):
    """An act of a person, a policy or a command. It is kept for ever; taking it back is an act of its own."""

    id = _text("Its stable id.", source="public_id")
    action = _text("What was done: accept, reject, reopen, undo and others.")
    actor = serializers.SerializerMethodField(
        help_text="Who did it: a user's name, or the policy or command. It is told to requests with a token; null without one."
    )
    reason = _text_or_null("What was said for it, null for nothing.")
    created = _time("When (UTC).")
    undoes = _text("The id of the act that it takes back, null for none.", source="undoes.public_id", default=None, allow_null=True)
    undone_by = serializers.SerializerMethodField(help_text="The id of the act that took it back, null for none.")
    objects = DecidedObject(many=True, read_only=True, source="shown_decisions", help_text="What it was done to, at most 100 of them.")
    object_count = serializers.SerializerMethodField(help_text="What it was done to, counted.")

    def get_actor(self, change_set: ChangeSet) -> str | None:
        return change_set.actor if permissions.may_see_actors(self.context["request"].user) else None

    def get_object_count(self, change_set: ChangeSet) -> int:
        counted: Mapping[int, int] = self.context.get("object_counts", {})
        return counted.get(change_set.pk, 0)

    def get_undone_by(self, change_set: ChangeSet) -> str | None:
        return next((undone.public_id for undone in change_set.undone_by.all()), None)
