"""Turns drafts into claims and costs, and keeps decisions when a paper's text changes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from claims import keys
from claims.errors import ClaimsError
from claims.extraction.drafts import UNNAMED_MODEL, ClaimDraft, CostDraft, Extraction, Span, StatementDraft
from claims.models import Claim, Cost, Decision, Flag, MLModel, Paper, PaperText, Run, RunText
from claims.services import catalog, decisions, search_names
from claims.services.papers import lock_papers, place_texts
from claims.services.rows import batches, insert_rows, update_rows
from claims.terms import FLAGS_OF_READINGS, REEXTRACT, AliasKind, DecidedBy, FlagKind, ListingState, Role, TextField

StatementTable = type[Claim] | type[Cost]


@dataclass(frozen=True, slots=True)
class Reading:
    """What extraction read from a stored text, and the numbers that a second reader could say more on and has not."""

    text: PaperText
    extraction: Extraction
    unanswered: frozenset[tuple[TextField, Span]] = frozenset()


def get_run(*, extractor_version: str, vocabulary_hash: str) -> Run:
    """Return the run of an extractor version with a vocabulary, made at its first use."""
    return Run.objects.get_or_create(extractor_version=extractor_version, vocabulary_hash=vocabulary_hash)[0]


def record_readings(run: Run, readings: Sequence[Reading]) -> None:
    """Store what was read, idempotently: a draft meets what stands at its anchor. Part of the caller's transaction."""
    record_run(run, readings)
    texts = {reading.text.pk: reading.text for reading in readings}
    for table, rows in draft_rows(run, readings).items():
        insert_rows(table, rows)
        check_stored(table, rows, texts)


def record_run(run: Run, readings: Sequence[Reading]) -> None:
    """Store that the run read the texts, the last of those that did, and which numbers it did not take."""
    RunText.objects.filter(run=run, paper_text__in=[reading.text.pk for reading in readings]).delete()
    insert_rows(
        RunText,
        [
            {
                "run_id": run.pk,
                "paper_text_id": reading.text.pk,
                "untaken": [[found.text_field, found.number.start, found.number.end, found.reason] for found in reading.extraction.untaken],
                "unanswered": bool(reading.unanswered),
            }
            for reading in readings
        ],
    )


def draft_rows(run: Run, readings: Sequence[Reading]) -> dict[StatementTable, list[dict[str, Any]]]:
    """Return the columns of the claims and the costs that were read; the models, datasets and metrics that they name are made."""
    drafts = [(reading.text, draft) for reading in readings for draft in (*reading.extraction.claims, *reading.extraction.costs)]
    papers = Paper.objects.only("arxiv_id", "title_key").in_bulk({reading.text.paper_id for reading in readings})
    models = _own_models(papers, drafts)
    names = _catalogue_entries(papers, readings)
    ordinals: Counter[tuple[Any, ...]] = Counter()
    claims: list[dict[str, Any]] = []
    costs: list[dict[str, Any]] = []
    for text, draft in drafts:
        anchor = (type(draft), text.pk, draft.text_field, draft.number.start, draft.number.end)
        fields = _fields(run, text, draft, models, ordinal=ordinals[anchor])
        ordinals[anchor] += 1
        if isinstance(draft, ClaimDraft):
            for kind, name in ((AliasKind.DATASET, draft.dataset), (AliasKind.METRIC, draft.metric), (AliasKind.TASK, draft.task)):
                entry = names[kind].get(name or "")
                fields[f"{kind}_id"] = entry.pk if entry is not None else None
                fields[f"{kind}_name"] = (name or "")[:300]
            claims.append(fields)
        elif isinstance(draft, CostDraft):
            costs.append(fields | {"measure": draft.measure, "note": draft.note[:300], "condition": draft.condition})
    return {Claim: claims, Cost: costs}


def check_stored(table: StatementTable, wanted: Sequence[dict[str, Any]], texts: Mapping[int, PaperText]) -> None:
    """Raise `ClaimsError` if a statement did not get in.

    To skip doubles SQLite says INSERT OR IGNORE, which passes over a broken constraint without a word.
    """
    anchor = ("paper_text_id", "field", "start", "end", "ordinal")
    read = {row["paper_text_id"] for row in wanted}
    stored = set(table._default_manager.filter(paper_text__in=read).values_list(*anchor))
    for row in wanted:
        if tuple(row[name] for name in anchor) not in stored:
            raise ClaimsError(f"“{row['stated']}” of “{texts[row['paper_text_id']]}” breaks a rule of the database.")


def _fields(run: Run, text: PaperText, draft: StatementDraft, models: Mapping[tuple[int, str], int], *, ordinal: int) -> dict[str, Any]:
    key = model_key(draft.model)
    return {
        "paper_text_id": text.pk,
        "run_id": run.pk,
        "ordinal": ordinal,
        "field": draft.text_field,
        "start": draft.number.start,
        "end": draft.number.end,
        "evidence_start": draft.evidence.start,
        "evidence_end": draft.evidence.end,
        "stated": draft.stated[:200],
        "value": draft.value,
        "value_max": draft.value_max,
        "unit": draft.unit[:40],
        "canonical_value": draft.canonical_value,
        "canonical_max": draft.canonical_max,
        "decimals": draft.decimals,
        "uncertainty": draft.uncertainty,
        "qualifier": draft.qualifier,
        "kind": draft.kind,
        "role": draft.role,
        "model_name": (draft.model or "")[:300] if key else "",
        "model_key": key,
        "ml_model_id": models.get((text.paper_id, key)) if draft.role is Role.PROPOSED else None,
        "variant": (draft.variant or "")[:300],
        "setting": [{"kind": c.kind, "value": c.value, "text": c.text} for c in draft.setting],
        "inferred": list(draft.inferred),
        "confidence": draft.confidence,
        "rules": list(draft.rules),
    }


def model_key(name: str | None) -> str:
    """Return the key of a model's name, '' for an unnamed method."""
    return "" if not name or name == UNNAMED_MODEL else keys.name_key(name)


def _own_models(papers: Mapping[int, Paper], drafts: Iterable[tuple[PaperText, StatementDraft]]) -> dict[tuple[int, str], int]:
    """Return the ids of the models that the papers propose, by (paper, key); new names are added, each belonging to its paper."""
    wanted: dict[tuple[int, str], tuple[str, str]] = {}
    for text, draft in drafts:
        key = model_key(draft.model)
        if key and draft.role is Role.PROPOSED:
            sentence = text.part(draft.text_field)[draft.evidence.start : draft.evidence.end]
            wanted.setdefault((text.paper_id, key), (draft.model or "", sentence))
    if not wanted:
        return {}
    insert_rows(
        MLModel,
        [
            {
                "name": name[:300],
                "name_key": key,
                "slug": catalog.make_slug(name, unique_by=papers[paper].arxiv_id or papers[paper].title_key),
                "introduced_by_id": paper,
                "introduced_in": sentence,
            }
            for (paper, key), (name, sentence) in sorted(wanted.items())
        ],
    )
    introduced = MLModel.objects.filter(introduced_by__in={paper for paper, _ in wanted})
    found = list(introduced.only("name", "name_key", "introduced_by", "merged_into"))
    search_names.add_models(found)
    return {(model.introduced_by_id or 0, model.name_key): model.merged_into_id or model.pk for model in found}


def _catalogue_entries(papers: Mapping[int, Paper], readings: Sequence[Reading]) -> dict[AliasKind, dict[str, Any]]:
    names: dict[AliasKind, dict[str, tuple[Paper, str]]] = {kind: {} for kind in AliasKind}
    for reading in readings:
        for draft in reading.extraction.claims:
            sentence = reading.text.part(draft.text_field)[draft.evidence.start : draft.evidence.end]
            for kind, name in ((AliasKind.DATASET, draft.dataset), (AliasKind.METRIC, draft.metric), (AliasKind.TASK, draft.task)):
                if name and name.strip():
                    names[kind].setdefault(name, (papers[reading.text.paper_id], sentence))
    return {kind: catalog.resolve_names(kind, found) for kind, found in names.items() if kind is not AliasKind.MODEL}


def hold_quoted_models(paper_ids: Iterable[int], *, model_keys: Iterable[str] = ()) -> tuple[set[str], set[int]]:
    """Lock what a change of the papers' standing may link anew: models, then papers; return the names and all locked papers.

    These are the models that share a name with one that the papers introduce or that a table brings (`model_keys`), the papers
    themselves, and those that quote such a name. Called before anything else is locked but listings, their parts and imports:
    `link_quoted_models` takes its locks in this order, too.
    """
    held, of_tables = set(paper_ids), set(model_keys) - {""}
    names = {key for ids in batches(held) for key in MLModel.objects.filter(introduced_by__in=ids).values_list("name_key", flat=True)}
    names |= of_tables
    lock_models(names)
    # A name that two others have links nothing, whatever becomes of these papers: the names that all the world quotes are often such.
    of_others = MLModel.objects.exclude(introduced_by__in=held)
    if of_tables:
        of_others = of_others.filter(introduced_by__isnull=False)
    names = {key for keys_ in batches(names) for key, models in _models_by_name(keys_, of_others).items() if len(models) < 2}
    quoting = find_quoting(names)
    lock_papers(held | quoting)
    return names, held | quoting


def link_quoted_models(model_keys: Iterable[str], *, among: Collection[int] | None = None) -> set[int]:
    """Link quoted baselines to the one model of their name, and unlink where there is none or more than one.

    A model that withdrawn papers alone introduce is none. Returns the ids of the papers whose statements changed; they are locked.
    `among` names the papers that are locked already: no others are touched.
    """
    wanted = set(model_keys) - {""}
    # Of two listings that close at once and know the same name, the second waits here and then sees what the first has linked.
    lock_models(wanted)
    stale: dict[StatementTable, list[int]] = {Claim: [], Cost: []}
    papers: set[int] = set()
    for names in batches(wanted):
        targets = _only_models(names)
        for table, rows in stale.items():
            quoted = _quoted(table).filter(model_key__in=names).values_list("pk", "paper_text__paper", "model_key", "ml_model_id")
            for pk, paper, key, model in quoted.iterator():
                if model != targets.get(key) and (among is None or paper in among):
                    rows.append(pk)
                    papers.add(paper)
    lock_papers(papers)
    for table, rows in stale.items():
        for pks in batches(rows):
            # As they are now, under the locks: a person may have decided on one meanwhile.
            linked = list(_quoted(table).filter(pk__in=pks))
            targets = _only_models({row.model_key for row in linked})
            for row in linked:
                row.ml_model_id = targets.get(row.model_key)
            update_rows(linked, ["ml_model"])
    return papers


def lock_models(names: Iterable[str]) -> None:
    """Lock the models of these names, by id whatever their names: two that wait never block each other."""
    named = (MLModel.objects.filter(name_key__in=keys_).values_list("pk", flat=True) for keys_ in batches(names))
    for ids in batches(pk for found in named for pk in found):
        list(MLModel.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def find_quoting(names: Collection[str]) -> set[int]:
    """Return the papers that quote these names as baselines which nobody decided on."""
    return {
        paper
        for keys_ in batches(names)
        for table in (Claim, Cost)
        for paper in _quoted(table).filter(model_key__in=keys_).values_list("paper_text__paper", flat=True)
    }


def _only_models(names: Iterable[str]) -> dict[str, int]:
    """Return the model of each name that has exactly one. Asked under the locks: the papers' standing may have changed before."""
    found = _models_by_name(names, MLModel.objects.all())
    return {key: next(iter(models)) for key, models in found.items() if len(models) == 1}


def find_only_model(key: str) -> MLModel | None:
    """Return the model of a name that exactly one has, as quoted baselines are linked."""
    return MLModel.objects.filter(pk__in=_only_models([key]).values()).first()


def _models_by_name(names: Iterable[str], among: QuerySet[MLModel]) -> dict[str, set[int]]:
    """Return, for each name, the models that papers or tables have brought which are not withdrawn; a merged one is its root."""
    models: dict[str, set[int]] = {key: set() for key in names}
    known = among.filter(name_key__in=list(models)).exclude(introduced_by__withdrawn=True).filter(_brought_by_somebody())
    for key, pk, root in known.values_list("name_key", "pk", "merged_into_id"):
        models[key].add(root or pk)
    return models


def _brought_by_somebody() -> Q:
    """A model that a paper introduced is one as long as it is read there; one of tables, as long as one of them stands; or one that a
    person reviewed."""
    own = [
        Exists(
            table._default_manager.filter(
                ml_model=Coalesce(OuterRef("merged_into"), OuterRef("pk")), role=Role.PROPOSED, retired_by__isnull=True
            )
        )
        for table in (Claim, Cost)
    ]
    stated = (
        Exists(
            table._default_manager.filter(ml_model=OuterRef("pk"), source_record__isnull=False).exclude(
                source_record__source__listing__state=ListingState.WITHDRAWN
            )
        )
        for table in (Claim, Cost)
    )
    return Q(introduced_by__isnull=False) & reduce(or_, map(Q, own)) | Q(reviewed=True) | reduce(or_, map(Q, stated))


def _quoted(table: StatementTable) -> Any:
    """The quoted baselines that nobody decided on."""
    rows: Any = table._default_manager.filter(role=Role.BASELINE, paper_text__isnull=False)
    return rows.exclude(decided_by=DecidedBy.PERSON)


def settle_texts(paper_ids: Iterable[int], *, told: list[tuple[Any, dict[str, Any]]] | None = None) -> set[int]:
    """Let only a paper's current text speak, and carry decisions over to it. The caller holds the papers' locks.

    What states the same number in the same evidence (letters and digits compared) is one statement, in however many texts it stands.
    The current text's speaks for all of them; the others are hidden: retired by their own runs. The last word that was spoken on any
    of them is carried over to the one that speaks, as a change set of its own, so that an older change can't be undone past it. Where
    the current text has no such statement and a person decided on it, that of the latest text that is not withdrawn stays and is
    flagged. A text that becomes current again, or comes back from a withdrawal, is shown again.

    All this depends on what stands in the database, and not on the order in which it came there. Returns the ids of the papers
    whose statements changed. Whoever gives a list to be `told` in gets what was carried over, each with its state before, and writes
    the decisions: they are part of another act.
    """
    several = list(Paper.objects.filter(pk__in=set(paper_ids)).annotate(versions=Count("texts")).filter(versions__gt=1).order_by("pk"))
    if not several:
        return set()
    current = {paper.current_text_id for paper in several}
    places = place_texts([paper.pk for paper in several])
    carried: list[tuple[Any, dict[str, Any]]] = []
    papers: set[int] = set()
    for table in (Claim, Cost):
        # Not FOR UPDATE: whoever makes one of them the leader of a board needs its key at commit, while we may wait for the board.
        rows: list[Any] = list(
            table.objects.select_for_update(of=("self",), no_key=True)
            .filter(paper_text__paper__in=several)
            .select_related("paper_text")
            .order_by("paper_text_id", "field", "start", "ordinal")
        )
        words = _last_words(table, several)
        # What no run read, or what another run retired, is nobody's older version.
        rows = [row for row in rows if row.retired_by_id in (None, row.run_id) and (row.run_id is not None or row.paper_text_id in current)]
        keyed = _carry_keys(rows)
        alike: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
        for row in rows:
            alike[keyed[row.pk]].append(row)
        changed: dict[int, Any] = {}
        outdated: list[Any] = []
        for same in alike.values():
            # A text that never was the current one (read late, or cut short) has nothing to say on what was decided meanwhile.
            spoken = [row for row in same if row.pk in words or row.decided_by != DecidedBy.NOBODY]
            last = max(spoken, key=lambda row: (words.get(row.pk, 0), row.retired_by_id is None, row.pk), default=None)
            speaker: Any = next((row for row in same if row.paper_text_id in current), None)
            if speaker is None and last is not None and last.decided_by == DecidedBy.PERSON:
                standing = [row for row in same if row.paper_text_id in places]
                speaker = min(standing, key=lambda row: places[row.paper_text_id], default=None)
                outdated += [speaker] if speaker is not None else []
            if speaker is not None and last is not None and speaker is not last and decisions.word_on(speaker) != decisions.word_on(last):
                carried.append((speaker, decisions.carry_over(last, speaker)))
                speaker.version += 1
                changed[speaker.pk] = speaker
            for row in same:
                if row is not speaker and row.retired_by_id is None:
                    retire(row, row.run_id)
                    changed[row.pk] = row
                elif row is speaker and row.retired_by_id is not None and row.retired_by_id == row.run_id:
                    retire(row, None)
                    changed[row.pk] = row
        fields = ["retired_by", "version", *decisions.columns_of(table)]
        update_rows(changed.values(), fields)
        papers |= {row.paper_text.paper_id for row in changed.values()}
        _flag_outdated(table, several, outdated)
        # What another text says now speaks for it: how its own is read is no longer of interest.
        hidden = [row.pk for row in changed.values() if row.retired_by_id is not None]
        of_readings = Flag.objects.filter(kind__in=FLAGS_OF_READINGS, object_kind=table._meta.model_name or "", object_id__in=hidden)
        of_readings.filter(settled_by__isnull=True).delete()
    if told is not None:
        told += carried
    elif carried:
        decisions.record("carry over", "ingest", carried, reason="The paper's text was replaced by a newer one.")
    return papers


def _last_words(table: StatementTable, papers: Sequence[Paper]) -> dict[int, int]:
    """Return the number of the last decision on each statement of the papers that one was made on; the higher, the later."""
    # Whatever was decided on has a later version than its first.
    decided: Any = table._default_manager.filter(paper_text__paper__in=papers, version__gt=1).values("pk")
    found = Decision.objects.filter(object_kind=table._meta.model_name or "", object_id__in=decided).order_by()
    found = found.exclude(change_set__action=REEXTRACT)
    return dict(found.values_list("object_id").annotate(last=Max("pk")))


def _flag_outdated(table: StatementTable, papers: Sequence[Paper], outdated: Iterable[Any]) -> None:
    """Flag the decided statements that a newer text no longer makes; an open flag that no longer holds is taken away."""
    kind = table._meta.model_name or ""
    flagged = {row.pk: row for row in outdated}
    of_these: Any = table._default_manager.filter(paper_text__paper__in=papers).values("pk")
    # With a key they are of a re-extraction.
    open_ = Flag.objects.filter(kind=FlagKind.GONE, object_kind=kind, object_id__in=of_these, key="", settled_by__isnull=True)
    gone = [pk for pk, statement in open_.values_list("pk", "object_id") if statement not in flagged]
    if gone:
        Flag.objects.filter(pk__in=gone).delete()
    for row in flagged.values():
        Flag.objects.get_or_create(
            kind=FlagKind.GONE,
            object_kind=kind,
            object_id=row.pk,
            key="",
            defaults={"note": "The paper's newer text no longer states this number.", "run_id": row.run_id},
        )


def retire(row: Any, run_id: int | None) -> None:
    """Hide a statement, or show it again (None). Its version moves on: who has it open in a form has an outdated view."""
    row.retired_by_id = run_id
    row.version += 1
    if run_id is not None and isinstance(row, Claim):
        row.result_id = None


def _carry_keys(rows: Iterable[Any]) -> dict[int, tuple[Any, ...]]:
    """Return what a statement is known by across the texts of its paper, by its id: the stated number, its evidence, what it
    measures, and which of several such it is in the order of the text."""
    seen: Counter[tuple[Any, ...]] = Counter()
    found = {}
    for row in rows:
        # As they were read: what a person made of one number says nothing of which of them it is.
        names = ("metric_id", "dataset_id") if isinstance(row, Claim) else ("measure",)
        measures = tuple(decisions.read_as(row, name) for name in names)
        key = (row.paper_text.paper_id, decisions.read_as(row, "kind"), row.stated, keys.squash(decisions.sentence_read(row)), *measures)
        place = (row.paper_text_id, *key)
        found[row.pk] = (*key, seen[place])
        seen[place] += 1
    return found
