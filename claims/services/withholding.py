"""Shows the text of a paper nowhere, because somebody asked for that, and shows it again. Nothing is erased.

Its abstracts, of all its texts, vanish from pages, API, feeds, dumps and embeds with everything that is cut out of them; title, date,
link, numbers, rows and ranks stay. Whether a text may be shown is said in one place: `PaperText.shown_abstract`, and for queries
`querysets.text_shown`. A listing that brings the paper again brings no text back, for it is the paper that is marked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import ChangeSet, Decision, Import, Paper
from claims.services import results, webhooks
from claims.services.papers import lock_papers
from claims.services.tables import lock_imports
from claims.services.tiers import check_reason
from claims.terms import SHOW_TEXT, WITHHOLD

FIELD = "text_withheld"


@transaction.atomic
def withhold_text(paper: Paper, *, actor: str, version: int, reason: str) -> ChangeSet:
    """Show a paper's abstract nowhere from now on. Undo shows it again.

    `version` is the paper's that the person saw. Raises `StaleObjectError` if the paper has changed since, `InvalidDecisionError`
    without a reason, and if its text is withheld already.
    """
    reason = check_reason(reason, "Say why: who asked for it, and on what ground.")
    return _decide(paper, timezone.now(), action=WITHHOLD, actor=actor, version=version, reason=reason)


@transaction.atomic
def show_text(paper: Paper, *, actor: str, version: int, reason: str) -> ChangeSet:
    """Show a paper's abstract again. Raises what `withhold_text` does."""
    reason = check_reason(reason, "Say why it may be shown again.")
    return _decide(paper, None, action=SHOW_TEXT, actor=actor, version=version, reason=reason)


@transaction.atomic
def undo(change_set: ChangeSet, *, actor: str) -> ChangeSet:
    """Take back that a text is withheld, or shown again, as a change set of its own.

    Raises `StaleObjectError` if somebody has decided on it since, or has merged it with a paper whose text stays as it is,
    `InvalidDecisionError` if the change was undone already.
    """
    decided = {decision.object_id: decision for decision in change_set.decisions.filter(object_kind="paper")}
    own = Paper.objects.filter(pk__in=decided)
    roots = {merged_into or pk for pk, merged_into in own.values_list("pk", "merged_into")}
    family = _lock(Q(pk__in=roots) | Q(merged_into__in=roots) | Q(pk__in=decided))
    locked = [paper for paper in family if paper.pk in decided]
    if ChangeSet.objects.filter(undoes=change_set).exists():
        raise InvalidDecisionError("This change was undone already.")
    # What else changes a paper, such as another listing, is nothing to this.
    if any(_state_of(paper) != decided[paper.pk].after for paper in locked):
        raise StaleObjectError("Somebody has decided on this paper’s text since; undo the later change first.")
    wanted = {pk: decision.before[FIELD] for pk, decision in decided.items()}
    values = {pk: datetime.fromisoformat(value) if value else None for pk, value in wanted.items()}
    # The words of merged papers stand at one of them: what hides those of one hides those of all.
    shown: dict[int, set[bool]] = defaultdict(set)
    for each in family:
        shown[each.merged_into_id or each.pk].add(values.get(each.pk, each.text_withheld) is None)
    if any(len(both) > 1 for both in shown.values()):
        raise StaleObjectError("This paper was merged with another one since, whose text stays as it is. Undo the merge first.")
    return _save(locked, values, action="undo", actor=actor, reason="", undoes=change_set)


def find_paper(change_set: ChangeSet) -> Paper | None:
    """Return the paper whose text a change set withheld or showed; None for any other."""
    decided = change_set.decisions.filter(object_kind="paper", after__has_key=FIELD).values("object_id")
    return Paper.objects.filter(pk__in=decided).order_by("pk").first()


def withheld_since() -> datetime | None:
    """Return when a text was withheld last that still is: dumps that were made before hold it. None if none is."""
    since: datetime | None = Paper.objects.aggregate(since=Max(FIELD))["since"]
    return since


def _decide(paper: Paper, value: datetime | None, *, action: str, actor: str, version: int, reason: str) -> ChangeSet:
    root = paper.merged_into or paper
    # What was merged into it has texts of its own, which may hold the same words.
    locked = _lock(Q(pk=root.pk) | Q(merged_into=root.pk))
    stands = next(each for each in locked if each.pk == root.pk)
    if stands.version != version:
        raise StaleObjectError("This paper was changed since you opened the page. Look at it again, then decide.")
    changing = [each for each in locked if (each.text_withheld is None) != (value is None)]
    if not changing:
        raise InvalidDecisionError("Its text is withheld already." if value else "Its text is shown already.")
    changes = _save(changing, dict.fromkeys((each.pk for each in changing), value), action=action, actor=actor, reason=reason)
    paper.refresh_from_db()
    return changes


def _lock(of_these: Q) -> list[Paper]:
    """Lock papers, behind the tables that name them: the order in which ingest takes them."""
    papers = set(Paper.objects.filter(of_these).values_list("pk", flat=True))
    lock_imports(*Import.objects.filter(records__paper__in=papers).distinct())
    locked = lock_papers(papers)
    if set(Paper.objects.filter(of_these).values_list("pk", flat=True)) != papers:
        raise StaleObjectError("This paper was merged with another one in this moment. Look at it again, then decide.")
    return locked


def _state_of(paper: Paper) -> dict[str, str | None]:
    return {FIELD: paper.text_withheld.isoformat() if paper.text_withheld else None}


def _save(
    locked: Sequence[Paper],
    values: dict[int, datetime | None],
    *,
    action: str,
    actor: str,
    reason: str,
    undoes: ChangeSet | None = None,
) -> ChangeSet:
    changes = ChangeSet.objects.create(actor=actor, action=action, reason=reason, undoes=undoes)
    for paper in locked:
        before = _state_of(paper)
        paper.text_withheld = values[paper.pk]
        paper.version += 1
        paper.save(update_fields=[FIELD, "version"])
        Decision.objects.create(
            change_set=changes,
            object_kind="paper",
            object_id=paper.pk,
            before=before,
            after=_state_of(paper),
            object_version=paper.version,
        )
    webhooks.forget_texts([paper.public_id for paper in locked if paper.text_withheld is not None])
    # What is kept of boards with its sentences is stale now.
    results.settle_papers(values)
    return changes
