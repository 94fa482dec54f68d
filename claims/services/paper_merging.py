"""Merges papers that are one, and splits off what is another paper's. Each is one act, and undo is one, too.

A merged paper keeps its row, its address leads to its root, and its texts, records and models go there. Where both have the same text, that
of the root speaks; the other's numbers are hidden with their paper, and what a person said of them is said of the root's. Statements, rows
and boards are settled then as ingest settles them: they follow from whose text is whose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from claims import keys
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import (
    ChangeSet,
    Claim,
    Cost,
    Decision,
    Flag,
    Import,
    ListingEntry,
    MergedRows,
    MLModel,
    Paper,
    PaperText,
    Result,
    SourceRecord,
)
from claims.services import decisions, papers, results, search_names, statements, tables
from claims.services.merging import keep
from claims.services.rows import batches
from claims.services.updates import lock_state
from claims.terms import MERGE, SPLIT_PAPER, DecidedBy, FlagKind

_TABLES: Mapping[str, Any] = {
    table._meta.model_name or "": table for table in (PaperText, ListingEntry, SourceRecord, MLModel, Result, Paper, Claim, Cost)
}
_NUMBERS: Mapping[str, Any] = {"claim": Claim, "cost": Cost}


@transaction.atomic
def merge(source: Paper, target: Paper, *, actor: str, version: int, reason: str = "") -> ChangeSet:
    """Merge a paper into another one, or into what that was merged into; return the change set, which undo takes back.

    `version` is that of `source` that the person saw. Raises `StaleObjectError` if it was changed since, and `InvalidDecisionError` for a
    paper that is merged already, and for one into itself.
    """
    lock_state()
    gone, root = _load(source.pk), _load(target.pk)
    root = root.merged_into or root
    if gone.merged_into is not None:
        raise InvalidDecisionError(
            f"“{_title(gone)}” was merged into “{_title(gone.merged_into)}” already. Undo that first, if it is wrong."
        )
    if gone.pk == root.pk:
        raise InvalidDecisionError("A paper can't be merged into itself. Choose another one.")
    names, held = _lock([gone.pk, root.pk])
    gone, root = _load(gone.pk), _load(root.pk)
    if gone.version != version:
        raise StaleObjectError(f"“{_title(gone)}” was changed since you opened its page. Look at it again, then merge.")
    _check_texts_alike(gone, root)
    changes = ChangeSet.objects.create(actor=actor, action=MERGE, reason=reason)
    before: dict[str, Any] = {"merged_into_id": None}
    after: dict[str, Any] = {"merged_into_id": root.pk}
    _move_texts(changes, gone, root)
    _move(changes, SourceRecord.objects.filter(paper=gone), "paper_id", root.pk)
    _move(changes, Paper.objects.filter(merged_into=gone), "merged_into_id", root.pk)
    _move_models(changes, gone, root)
    _move(changes, _rows_without_twin(Result.objects.filter(paper=gone), root.pk), "paper_id", root.pk)
    Paper.objects.filter(pk=gone.pk).update(merged_into=root, withdrawn=True, version=F("version") + 1)
    if gone.arxiv_id and not root.arxiv_id and not _has_title(gone.title_key, apart_from=root.pk):
        before["arxiv_id"], after["arxiv_id"] = gone.arxiv_id, ""
        _give_arxiv_id(gone.arxiv_id, gone.pk, root.pk)
    words = _carry_words(gone, root)
    told: list[tuple[Any, dict[str, Any]]] = []
    _settle([gone.pk, root.pk], names, held, told=told)
    said = {(type(row), row.pk) for row, _ in words}
    words += [(row, was) for row, was in told if (type(row), row.pk) not in said]
    _record(changes, gone.pk, before, after)
    _record_words(changes, words)
    pair = {gone.pk, root.pk}
    asked = Flag.objects.filter(kind=FlagKind.IDENTITY, object_kind="paper", object_id__in=pair, key__in=[str(pk) for pk in pair])
    asked.filter(settled_by__isnull=True).update(settled_by=changes)
    source.refresh_from_db()
    return changes


@transaction.atomic
def split(paper: Paper, texts: Collection[int], *, arxiv_id: str, actor: str, version: int, reason: str = "") -> tuple[Paper, ChangeSet]:
    """Make a paper of its own of some of a paper's texts, with the entries of listings that show them; return it and the change set.

    `arxiv_id` is the new paper's, '' if it has none: then its title must be its own. Raises `StaleObjectError` if the paper was changed
    since `version`, `InvalidDecisionError` if no text, or all of them, would go.
    """
    lock_state()
    names, held = _lock([paper.pk])
    whole = _load(paper.pk)
    if whole.merged_into is not None:
        raise InvalidDecisionError(f"“{_title(whole)}” was merged into another paper. Split that one.")
    if whole.version != version:
        raise StaleObjectError(f"“{_title(whole)}” was changed since you opened its page. Look at it again, then split it.")
    if whole.text_withheld is not None:
        raise InvalidDecisionError("Its text is withheld, and that of the new paper would be shown. Show it first, then split.")
    going = list(whole.texts.filter(pk__in=texts).order_by("pk"))
    if not going:
        raise InvalidDecisionError("Choose the texts that are another paper's.", field="texts")
    if not whole.texts.exclude(pk__in=texts).exists():
        raise InvalidDecisionError("All texts would go, and the paper would have none. Leave it at least one.", field="texts")
    title = going[-1].title
    if arxiv_id and Paper.objects.filter(arxiv_id=arxiv_id).exists():
        raise InvalidDecisionError(f"There is a paper with the arXiv id {arxiv_id} already. Split, then merge the two.", field="arxiv_id")
    key = keys.title_key(title)
    if not arxiv_id and Paper.objects.filter(arxiv_id="", title_key=key).exists():
        raise InvalidDecisionError(
            "A paper without an arXiv id has this title already: give the arXiv id of the new one.", field="arxiv_id"
        )
    made = Paper.objects.create(arxiv_id=arxiv_id, title=title, title_key=key, current_text=None)
    changes = ChangeSet.objects.create(actor=actor, action=SPLIT_PAPER, reason=reason)
    _move(changes, PaperText.objects.filter(pk__in=[text.pk for text in going]), "paper_id", made.pk)
    of_made = [Q(**{f"{kind}s__paper_text__paper": made.pk}) for kind in _NUMBERS]
    of_whole = [Q(**{f"{kind}s__paper_text__paper": whole.pk}) for kind in _NUMBERS]
    own = MLModel.objects.filter(introduced_by=whole)
    stays = set(own.filter(of_whole[0] | of_whole[1]).values_list("pk", flat=True))
    goes = set(own.filter(of_made[0] | of_made[1]).values_list("pk", flat=True)) - stays
    _move(changes, MLModel.objects.filter(pk__in=goes), "introduced_by_id", made.pk)
    _show_again([whole.pk, made.pk])
    stated = Claim.objects.filter(result=OuterRef("pk"))
    rows = Result.objects.filter(Exists(stated.filter(paper_text__paper=made)), paper=whole)
    _move(changes, rows.exclude(Exists(stated.exclude(paper_text__paper=made))), "paper_id", made.pk)
    _settle([whole.pk, made.pk], names, held)
    _record(changes, made.pk, {"merged_into_id": whole.pk}, {"merged_into_id": None})
    made.refresh_from_db()
    paper.refresh_from_db()
    return made, changes


@transaction.atomic
def undo(change_set: ChangeSet, *, actor: str) -> ChangeSet:
    """Part merged papers again, or put back together what was split, as a change set of its own: what moved goes back.

    Raises `StaleObjectError` if the papers were merged or changed otherwise since, or if somebody decided since on a number that was told
    what had been said of another; `InvalidDecisionError` if it was undone already, or if the text of one part of a split alone is withheld.
    """
    lock_state()
    if ChangeSet.objects.filter(undoes=change_set).exists():
        raise InvalidDecisionError("This change was undone already.")
    decision = change_set.decisions.get(object_kind="paper")
    gone = _load(decision.object_id)
    parts = decision.after["merged_into_id"] is not None
    other = decision.after["merged_into_id"] if parts else decision.before["merged_into_id"]
    names, held = _lock([gone.pk, other])
    gone, root = _load(gone.pk), _load(other)
    if root.merged_into is not None:
        raise StaleObjectError(f"“{_title(root)}” was itself merged into “{_title(root.merged_into)}” since; undo that merge first.")
    if gone.merged_into_id != decision.after["merged_into_id"]:
        raise StaleObjectError(f"“{_title(gone)}” was merged or parted again since; undo the later change first.")
    if not parts:
        _check_texts_alike(gone, root)
    changes = ChangeSet.objects.create(actor=actor, action="undo", undoes=change_set)
    words = _take_words_back(change_set)
    now, before = (root.pk, gone.pk) if parts else (gone.pk, root.pk)
    for moved in change_set.merged_rows.order_by("-pk"):
        _move_back(changes, moved, now)
    Paper.objects.filter(pk=gone.pk).update(merged_into=decision.before["merged_into_id"], withdrawn=not parts, version=F("version") + 1)
    said = {"merged_into_id": decision.after["merged_into_id"]}
    if "arxiv_id" in decision.before:
        said["arxiv_id"] = decision.after["arxiv_id"]
        if root.arxiv_id == decision.before["arxiv_id"]:
            _give_arxiv_id(root.arxiv_id, root.pk, gone.pk)
    _show_again([now, before])
    _settle([gone.pk, root.pk], names, held)
    _record(changes, gone.pk, said, decision.before)
    _record_words(changes, words)
    Flag.objects.filter(settled_by=change_set).update(settled_by=None)
    return changes


# ---- taking ----


def _load(pk: int) -> Paper:
    return Paper.objects.select_related("merged_into").get(pk=pk)


def _title(paper: Paper) -> str:
    return paper.title if len(paper.title) <= 100 else f"{paper.title[:99]}…"


def _check_texts_alike(one: Paper, other: Paper) -> None:
    """Raise `InvalidDecisionError` where the text of one paper alone is withheld: as one paper it would be shown, or the other's not."""
    if (one.text_withheld is None) != (other.text_withheld is None):
        withheld = one if one.text_withheld is not None else other
        raise InvalidDecisionError(
            f"The text of “{_title(withheld)}” is withheld, and that of the other one is shown. Withhold both, or show both, then merge."
        )


def _lock(paper_ids: Collection[int]) -> tuple[set[str], set[int]]:
    """Lock the papers and all that their standing may link anew, in the order in which ingest does."""
    tables.lock_imports(*Import.objects.filter(records__paper__in=paper_ids).distinct())
    return statements.hold_quoted_models(paper_ids)


def _has_title(title_key: str, *, apart_from: int) -> bool:
    return Paper.objects.filter(arxiv_id="", title_key=title_key).exclude(pk=apart_from).exists()


def _give_arxiv_id(arxiv_id: str, giver: int, taker: int) -> None:
    """Let the paper that stands have the id: it is unique, so the other one lets go of it first."""
    title_key = Paper.objects.values_list("title_key", flat=True).get(pk=giver)
    clash = Paper.objects.filter(pk=taker, arxiv_id="", title_key=title_key).exists()
    if clash:
        # Of two without an id each has a title of its own: for a moment the taker has another.
        Paper.objects.filter(pk=taker).update(title_key=keys.digest("taking", str(taker)))
    Paper.objects.filter(pk=giver).update(arxiv_id="")
    Paper.objects.filter(pk=taker).update(arxiv_id=arxiv_id)
    if clash:
        Paper.objects.filter(pk=taker).update(title_key=title_key)


# ---- moving ----


def _move(changes: ChangeSet, rows: Any, field: str, after: int) -> None:
    """Let rows name another paper, or another text, and keep what they named."""
    stood: dict[str, list[int]] = defaultdict(list)
    for pk, value in rows.order_by("pk").values_list("pk", field):
        stood[str(value)].append(pk)
    ids = [pk for some in stood.values() for pk in some]
    for some in batches(ids):
        rows.model._default_manager.filter(pk__in=some).update(**{field: after}, **_bump(rows.model))
    keep(changes, rows.model._meta.model_name, field, stood)


def _bump(table: Any) -> dict[str, Any]:
    return {"version": F("version") + 1} if table in (Claim, Cost) else {}


def _move_texts(changes: ChangeSet, gone: Paper, root: Paper) -> None:
    """Move the texts that the root has not; of one that it has the entries of listings alone."""
    there = dict(root.texts.values_list("sha256", "pk"))
    for text in gone.texts.order_by("pk"):
        if text.sha256 in there:
            _move(changes, ListingEntry.objects.filter(paper_text=text), "paper_text_id", there[text.sha256])
        else:
            _move(changes, PaperText.objects.filter(pk=text.pk), "paper_id", root.pk)


def _move_models(changes: ChangeSet, gone: Paper, root: Paper) -> None:
    """Let the root introduce the paper's models; one of a name that it introduces itself becomes one with that."""
    own = dict(MLModel.objects.filter(introduced_by=root).values_list("name_key", "pk"))
    for model in MLModel.objects.filter(introduced_by=gone).order_by("pk"):
        same = own.get(model.name_key)
        if same is None:
            _move(changes, MLModel.objects.filter(pk=model.pk), "introduced_by_id", root.pk)
            continue
        standing = MLModel.objects.values_list("merged_into", flat=True).get(pk=same) or same
        if model.merged_into_id is not None or standing == model.pk:
            continue
        for table in (Claim, Cost, Result):
            _move(changes, table._default_manager.filter(ml_model=model), "ml_model_id", standing)
        _move(changes, MLModel.objects.filter(merged_into=model), "merged_into_id", standing)
        _move(changes, MLModel.objects.filter(pk=model.pk), "merged_into_id", standing)


def _rows_without_twin(rows: Any, paper: int) -> Any:
    """Return those of the rows that have no equal among the rows of a paper."""
    same = {name: OuterRef(name) for name in ("benchmark", "model_key", "variant_key", "setting_key", "role")}
    return rows.filter(~Exists(Result.objects.filter(paper=paper, **same)))


def _move_back(changes: ChangeSet, moved: MergedRows, root: int) -> None:
    """Let rows name what they named before, unless they name something else by now; keep which these were."""
    table = _TABLES[moved.object_kind]
    back: dict[str, list[int]] = defaultdict(list)
    for stood, ids in moved.moved.items():
        for some in batches(ids):
            rows = table._default_manager.filter(pk__in=some)
            if moved.field in ("paper_id", "introduced_by_id"):
                rows = rows.filter(**{moved.field: root})
            if table is Result and moved.field == "paper_id":
                rows = _rows_without_twin(rows, int(stood))
            for pk, value in list(rows.values_list("pk", moved.field)):
                back[str(value) if value is not None else ""].append(pk)
                table._default_manager.filter(pk=pk).update(**{moved.field: int(stood) if stood.isdigit() else None}, **_bump(table))
    keep(changes, moved.object_kind, moved.field, back)


def _show_again(paper_ids: Iterable[int]) -> None:
    """Show the numbers of papers that have one text only by now: no other text of theirs speaks instead."""
    for pk in paper_ids:
        if PaperText.objects.filter(paper=pk).count() != 1:
            continue
        for table in _NUMBERS.values():
            hidden = table._default_manager.filter(paper_text__paper=pk, retired_by__isnull=False, retired_by=F("run"))
            hidden.update(retired_by=None, version=F("version") + 1)


# ---- what people said ----


def _carry_words(gone: Paper, root: Paper) -> list[tuple[Any, dict[str, Any]]]:
    """Let the numbers of a text that both papers have be what people said of the hidden ones; return them with what they were before."""
    carried: list[tuple[Any, dict[str, Any]]] = []
    twins = dict(root.texts.values_list("sha256", "pk"))
    for table in _NUMBERS.values():
        spoken = table._default_manager.filter(paper_text__paper=gone, decided_by=DecidedBy.PERSON, retired_by__isnull=True)
        for one in spoken.select_related("paper_text").order_by("pk"):
            anchor = {name: getattr(one, name) for name in ("field", "start", "end", "ordinal")}
            there = table._default_manager.select_related("paper_text").filter(paper_text=twins.get(one.paper_text.sha256), **anchor)
            speaker = there.exclude(decided_by=DecidedBy.PERSON).filter(retired_by__isnull=True).first()
            if speaker is not None:
                carried.append((speaker, decisions.carry_over(one, speaker)))
                _save(speaker)
    return carried


def _take_words_back(change_set: ChangeSet) -> list[tuple[Any, dict[str, Any]]]:
    taken: list[tuple[Any, dict[str, Any]]] = []
    for decision in change_set.decisions.filter(object_kind__in=list(_NUMBERS)).order_by("pk"):
        row = _NUMBERS[decision.object_kind]._default_manager.select_related("paper_text").get(pk=decision.object_id)
        if row.version != decision.object_version:
            raise StaleObjectError(f"“{row.stated}” was decided on, or read in another text, since. Undo that first, then the merge.")
        before = decisions.state_of(row) | {name: getattr(row, name) for name in decision.before if name not in decisions.DECIDED_FIELDS}
        decisions.set_state(row, decision.before)
        _save(row)
        taken.append((row, before))
    return taken


def _save(row: Any) -> None:
    row.version += 1
    row.save(update_fields=[*decisions.columns_of(type(row)), "version"])


def _record_words(changes: ChangeSet, words: Sequence[tuple[Any, dict[str, Any]]]) -> None:
    for row, before in words:
        row.refresh_from_db()
        after = decisions.state_of(row) | {name: getattr(row, name) for name in before if name not in decisions.DECIDED_FIELDS}
        Decision.objects.create(
            change_set=changes,
            object_kind=row._meta.model_name,
            object_id=row.pk,
            before=before,
            after=after,
            object_version=row.version,
        )


# ---- settling ----


def _settle(
    paper_ids: Collection[int], names: Iterable[str], held: Collection[int], *, told: list[tuple[Any, dict[str, Any]]] | None = None
) -> None:
    """Bring papers, statements, rows, boards and names in step with whose text is whose; `told` is as in `settle_texts`."""
    changed = papers.settle_papers(paper_ids) | set(paper_ids)
    changed |= statements.settle_texts(paper_ids, told=told)
    linked = statements.link_quoted_models(names, among=held)
    results.settle_papers(changed | linked)
    search_names.keep_papers(paper_ids)
    search_names.keep_models_of(paper_ids)
    search_names.add_words(paper_ids)


def _record(changes: ChangeSet, paper: int, before: dict[str, Any], after: dict[str, Any]) -> None:
    version = Paper.objects.values_list("version", flat=True).get(pk=paper)
    Decision.objects.create(change_set=changes, object_kind="paper", object_id=paper, before=before, after=after, object_version=version)
