"""Turns drafts into claims and costs, and keeps decisions when a paper's text changes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef

from claims import keys
from claims.errors import ClaimsError
from claims.extraction.drafts import UNNAMED_MODEL, ClaimDraft, CostDraft, Extraction, StatementDraft
from claims.models import Claim, Cost, Flag, ListingEntry, MLModel, Paper, PaperText, Run, RunText
from claims.services import catalog, decisions, search_names
from claims.services.papers import lock_papers
from claims.services.rows import update_rows
from claims.terms import AliasKind, DecidedBy, FlagKind, ListingState, Role


@dataclass(frozen=True, slots=True)
class Reading:
    """What extraction read from a stored text."""

    text: PaperText
    extraction: Extraction


def get_run(*, extractor_version: str, vocabulary_hash: str) -> Run:
    """Return the run of an extractor version with a vocabulary, made at its first use."""
    return Run.objects.get_or_create(extractor_version=extractor_version, vocabulary_hash=vocabulary_hash)[0]


def record_readings(run: Run, readings: Sequence[Reading]) -> None:
    """Store what was read, idempotently: a draft meets what stands at its anchor. Part of the caller's transaction."""
    RunText.objects.bulk_create(
        [
            RunText(
                run=run,
                paper_text=reading.text,
                untaken=[[found.text_field, found.number.start, found.number.end, found.reason] for found in reading.extraction.untaken],
            )
            for reading in readings
        ],
        ignore_conflicts=True,
    )
    drafts = [(reading.text, draft) for reading in readings for draft in (*reading.extraction.claims, *reading.extraction.costs)]
    papers = Paper.objects.in_bulk({reading.text.paper_id for reading in readings})
    models = _own_models(papers, drafts)
    names = _catalogue_entries(papers, readings)
    ordinals: Counter[tuple[Any, ...]] = Counter()
    claims: list[Claim] = []
    costs: list[Cost] = []
    for text, draft in drafts:
        anchor = (type(draft), text.pk, draft.text_field, draft.number.start, draft.number.end)
        fields = _fields(run, text, draft, models, ordinal=ordinals[anchor])
        ordinals[anchor] += 1
        if isinstance(draft, ClaimDraft):
            claims.append(
                Claim(
                    **fields,
                    dataset=names[AliasKind.DATASET].get(draft.dataset or ""),
                    metric=names[AliasKind.METRIC].get(draft.metric or ""),
                    task=names[AliasKind.TASK].get(draft.task or ""),
                    dataset_name=(draft.dataset or "")[:300],
                    metric_name=(draft.metric or "")[:300],
                    task_name=(draft.task or "")[:300],
                )
            )
        elif isinstance(draft, CostDraft):
            costs.append(Cost(**fields, measure=draft.measure, note=draft.note[:300]))
    Claim.objects.bulk_create(claims, ignore_conflicts=True, batch_size=500)
    Cost.objects.bulk_create(costs, ignore_conflicts=True, batch_size=500)
    _check_stored(Claim, claims)
    _check_stored(Cost, costs)


def _check_stored(table: type[Claim] | type[Cost], wanted: Sequence[Claim] | Sequence[Cost]) -> None:
    """Raise `ClaimsError` if a statement did not get in.

    To skip doubles SQLite says INSERT OR IGNORE, which passes over a broken constraint without a word.
    """
    texts = {statement.paper_text_id for statement in wanted}
    stored = set(table._default_manager.filter(paper_text__in=texts).values_list("paper_text_id", "field", "start", "end", "ordinal"))
    for statement in wanted:
        if (statement.paper_text_id, str(statement.field), statement.start, statement.end, statement.ordinal) not in stored:
            raise ClaimsError(f"“{statement.stated}” of “{statement.paper_text}” breaks a rule of the database.")


def _fields(run: Run, text: PaperText, draft: StatementDraft, models: Mapping[tuple[int, str], MLModel], *, ordinal: int) -> dict[str, Any]:
    key = model_key(draft.model)
    return {
        "paper_text": text,
        "run": run,
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
        "ml_model": models.get((text.paper_id, key)) if draft.role is Role.PROPOSED else None,
        "variant": (draft.variant or "")[:300],
        "setting": [{"kind": c.kind, "value": c.value, "text": c.text} for c in draft.setting],
        "inferred": list(draft.inferred),
        "confidence": draft.confidence,
        "rules": list(draft.rules),
    }


def model_key(name: str | None) -> str:
    """Return the key of a model's name, '' for an unnamed method."""
    return "" if not name or name == UNNAMED_MODEL else keys.name_key(name)


def _own_models(papers: Mapping[int, Paper], drafts: Iterable[tuple[PaperText, StatementDraft]]) -> dict[tuple[int, str], MLModel]:
    """Return the models that the papers propose by (paper, key); new names are added, each belonging to its paper."""
    wanted: dict[tuple[int, str], tuple[str, str]] = {}
    for text, draft in drafts:
        key = model_key(draft.model)
        if key and draft.role is Role.PROPOSED:
            sentence = text.part(draft.text_field)[draft.evidence.start : draft.evidence.end]
            wanted.setdefault((text.paper_id, key), (draft.model or "", sentence))
    if not wanted:
        return {}
    MLModel.objects.bulk_create(
        [
            MLModel(
                name=name[:300],
                name_key=key,
                slug=catalog.make_slug(name, unique_by=papers[paper].arxiv_id or papers[paper].title_key),
                introduced_by=papers[paper],
                introduced_in=sentence,
            )
            for (paper, key), (name, sentence) in sorted(wanted.items())
        ],
        ignore_conflicts=True,
    )
    found = list(MLModel.objects.filter(introduced_by__in={paper for paper, _ in wanted}).select_related("merged_into"))
    search_names.add_models(found)
    return {(model.introduced_by_id or 0, model.name_key): model.root() for model in found}


def _catalogue_entries(papers: Mapping[int, Paper], readings: Sequence[Reading]) -> dict[AliasKind, dict[str, Any]]:
    names: dict[AliasKind, dict[str, tuple[Paper, str]]] = {kind: {} for kind in AliasKind}
    for reading in readings:
        for draft in reading.extraction.claims:
            sentence = reading.text.part(draft.text_field)[draft.evidence.start : draft.evidence.end]
            for kind, name in ((AliasKind.DATASET, draft.dataset), (AliasKind.METRIC, draft.metric), (AliasKind.TASK, draft.task)):
                if name and name.strip():
                    names[kind].setdefault(name, (papers[reading.text.paper_id], sentence))
    return {kind: catalog.resolve_names(kind, found) for kind, found in names.items() if kind is not AliasKind.MODEL}


def link_quoted_models(model_keys: Iterable[str]) -> set[int]:
    """Link quoted baselines to the one model of their name, and unlink where there is none or more than one.

    Returns the ids of the papers whose statements changed; they are locked.
    """
    wanted = set(model_keys) - {""}
    models: dict[str, set[int]] = defaultdict(set)
    # Of two listings that close at once and know the same name, the second waits here and then sees what the first has linked.
    known = (
        MLModel.objects.select_for_update(of=("self",), no_key=True)
        .filter(name_key__in=wanted)
        .exclude(introduced_by__withdrawn=True)
        .order_by("pk")
    )
    for key, pk, root in known.values_list("name_key", "pk", "merged_into_id"):
        models[key].add(root or pk)
    targets = {key: next(iter(roots)) for key, roots in models.items() if len(roots) == 1}

    def quoted(table: type[Claim] | type[Cost]) -> Any:
        rows: Any = table._default_manager.filter(role=Role.BASELINE, model_key__in=wanted, paper_text__isnull=False)
        return rows.exclude(decided_by=DecidedBy.PERSON)

    changed: set[int] = set()
    for table in (Claim, Cost):
        for paper, key, model in quoted(table).values_list("paper_text__paper_id", "model_key", "ml_model_id").iterator():
            if model != targets.get(key):
                changed.add(paper)
    lock_papers(changed)
    for table in (Claim, Cost):
        rows = [row for row in quoted(table).filter(paper_text__paper__in=changed) if row.ml_model_id != targets.get(row.model_key)]
        for row in rows:
            row.ml_model_id = targets.get(row.model_key)
        update_rows(rows, ["ml_model"])
    return changed


def settle_texts(paper_ids: Iterable[int]) -> None:
    """Let only a paper's current text speak, and carry decisions over to it. The caller holds the papers' locks.

    What stands in an older text is hidden: retired by its own run. Its decision moves to the statement of the current text that
    states the same number in the same evidence (letters and digits compared), as a change set of its own, so that an older change
    can't be undone past it. A decided statement that finds no such heir stays and is flagged, unless its text was withdrawn: then it is
    hidden with it, decision and all. A text that becomes current again
    is shown again, with the last word that was spoken on it.
    """
    several = list(Paper.objects.filter(pk__in=set(paper_ids)).annotate(versions=Count("texts")).filter(versions__gt=1).order_by("pk"))
    if not several:
        return
    current = {paper.current_text_id for paper in several}
    withdrawn = _withdrawn_texts(several)
    carried: list[tuple[Any, dict[str, Any]]] = []
    for table in (Claim, Cost):
        # Not FOR UPDATE: whoever makes one of them the leader of a board needs its key at commit, while we may wait for the board.
        rows: list[Any] = list(
            table.objects.select_for_update(of=("self",), no_key=True)
            .filter(paper_text__paper__in=several)
            .select_related("paper_text")
            .order_by("paper_text_id", "field", "start", "ordinal")
        )
        keyed = _carry_keys(rows)
        heirs = {keyed[row.pk]: row for row in rows if row.paper_text_id in current}
        changed: dict[int, Any] = {}
        for row in rows:
            if row.paper_text_id in current:
                if row.retired_by_id is not None and row.retired_by_id == row.run_id:
                    _retire(row, None)
                    changed[row.pk] = row
                continue
            if row.retired_by_id is not None or row.run_id is None:
                continue
            heir = heirs.get(keyed[row.pk])
            if heir is None and row.decided_by == DecidedBy.PERSON and row.paper_text_id not in withdrawn:
                Flag.objects.get_or_create(
                    kind=FlagKind.GONE,
                    object_kind=table._meta.model_name or "",
                    object_id=row.pk,
                    defaults={"note": "The paper's newer text no longer states this number.", "run_id": row.run_id},
                )
                continue
            # A text that never was the current one (read late, or cut short) has nothing to say on what was decided meanwhile.
            spoken = row.version > 1 or row.decided_by != DecidedBy.NOBODY
            if heir is not None and spoken and decisions.state_of(heir) != decisions.state_of(row):
                carried.append((heir, decisions.state_of(heir)))
                decisions.set_state(heir, decisions.state_of(row))
                heir.version += 1
                changed[heir.pk] = heir
            _retire(row, row.run_id)
            changed[row.pk] = row
        fields = ["retired_by", "version", *decisions.DECIDED_FIELDS] + (["result"] if table is Claim else [])
        update_rows(changed.values(), fields)
    if carried:
        decisions.record("carry over", "ingest", carried, reason="The paper's text was replaced by a newer one.")


def _withdrawn_texts(papers: Iterable[Paper]) -> set[int]:
    """Return the texts that stand in withdrawn listings alone."""
    shown = ListingEntry.objects.filter(paper_text=OuterRef("pk"))
    standing = shown.exclude(listing__state=ListingState.WITHDRAWN)
    texts = PaperText.objects.filter(Exists(shown), ~Exists(standing), paper__in=papers)
    return set(texts.values_list("pk", flat=True))


def _retire(row: Any, run_id: int | None) -> None:
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
        measures = (row.metric_id, row.dataset_id) if isinstance(row, Claim) else (row.measure,)
        key = (row.paper_text.paper_id, row.kind, row.stated, keys.squash(row.evidence), *measures)
        place = (row.paper_text_id, *key)
        found[row.pk] = (*key, seen[place])
        seen[place] += 1
    return found
