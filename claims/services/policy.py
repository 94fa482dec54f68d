"""Accepts by itself what is sure enough, where the site's operator asks for that. Marked as such: no person has seen it.

The results that abstracts state (absolute, whoever's they are) and their costs are accepted, each by its own confidence: both make up
what a board shows. Differences and ratios stand on no board, records of tables were not read out of a sentence, and what a second
reader had a hand in has no measured confidence.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from claims.models import ChangeSet, Claim, Cost, Decision, Paper
from claims.services import curation, decisions, results
from claims.services.papers import lock_papers
from claims.services.rows import batches, update_rows
from claims.terms import ACCEPT_BY_POLICY, ClaimKind, CurationState, DecidedBy

ACTOR = "policy"
BATCH = 200
"""How many papers one transaction and one change set of `accept_stored` are about."""
_SECOND_READER = "reader."
_ACCEPTED = {"state": CurationState.ACCEPTED.value, "decided_by": DecidedBy.POLICY.value}


def _is_sure(threshold: float) -> Q:
    """What stands, nobody has decided on, and is sure enough."""
    return Q(
        paper_text__isnull=False,
        retired_by__isnull=True,
        kind=ClaimKind.ABSOLUTE,
        state=CurationState.UNREVIEWED,
        decided_by=DecidedBy.NOBODY,
        confidence__gte=threshold,
    )


def accept_new(text_ids: Collection[int]) -> set[int]:
    """Accept what was just read in these texts and is sure enough, as one change set; nothing if the site asks for none.

    Returns the ids of the papers of what was accepted. Part of the caller's transaction, which holds the papers' locks and settles
    them afterwards.
    """
    threshold: float | None = settings.AUTO_ACCEPT_CONFIDENCE
    if threshold is None or not text_ids:
        return set()
    statements = _find_sure(list(text_ids), threshold)
    _accept(statements, threshold)
    return {statement.paper_text.paper_id for statement in statements if statement.paper_text is not None}


def holds_for(confidence: float, rules: Collection[str], *, judged: float) -> bool:
    """Say whether an acceptance of a statement that was `judged` with one confidence holds for a reading of this confidence.

    Without a setting nobody knows what was asked for then, so it must be as sure as what was accepted.
    """
    threshold: float | None = settings.AUTO_ACCEPT_CONFIDENCE
    return confidence >= (judged if threshold is None else threshold) and not _is_of_second_reader(rules)


@dataclass(slots=True)
class Accepted:
    """How many statements were accepted, or would be."""

    claims: int = 0
    costs: int = 0

    def count(self, statements: Sequence[Claim | Cost]) -> None:
        self.claims += sum(isinstance(statement, Claim) for statement in statements)
        self.costs += sum(isinstance(statement, Cost) for statement in statements)


def accept_stored(threshold: float, *, dry_run: bool = False) -> Accepted:
    """Accept all that stands and is at least so sure, in batches of papers, a transaction and a change set each.

    `dry_run` changes nothing. Nothing that a person decided, took back or undid is touched.
    """
    accepted = Accepted()
    sure = [
        table._default_manager.filter(_is_sure(threshold)).order_by().values_list("paper_text__paper", flat=True) for table in (Claim, Cost)
    ]
    for papers in batches({paper for found in sure for paper in found if paper is not None}, BATCH):
        with transaction.atomic():
            lock_papers(papers)
            texts = list(Paper.objects.filter(pk__in=papers, current_text__isnull=False).values_list("current_text", flat=True))
            statements = _find_sure([text for text in texts if text is not None], threshold)
            accepted.count(statements)
            if statements and not dry_run:
                _accept(statements, threshold)
                results.settle_papers({statement.paper_text.paper_id for statement in statements if statement.paper_text is not None})
    return accepted


def _find_sure(text_ids: Collection[int], threshold: float) -> list[Claim | Cost]:
    """Lock and return what a policy may accept in these texts. The papers are locked."""
    found: list[Claim | Cost] = []
    for table in (Claim, Cost):
        rows = [
            row
            for ids in batches(text_ids)
            for row in table._default_manager.select_for_update(of=("self",), no_key=True)
            .filter(_is_sure(threshold), paper_text__in=ids)
            .select_related("paper_text")
            .order_by("pk")
            if not _is_of_second_reader(row.rules)
        ]
        spoken = _spoken_of(table, {row.paper_text.paper_id for row in rows if row.paper_text is not None})
        found += [row for row in rows if row.paper_text is not None and (row.paper_text.paper_id, row.stated) not in spoken]
    return found


def _is_of_second_reader(rules: Collection[str]) -> bool:
    return any(rule.startswith(_SECOND_READER) for rule in rules)


def _spoken_of(table: type[Claim] | type[Cost], papers: Collection[int]) -> set[tuple[int | None, str]]:
    """Return the numbers of the papers, as (paper, as stated), that a person once said a word on, in whichever text of the paper.

    Who takes an acceptance back leaves the number unreviewed, and not to the policy.
    """
    # Whatever was decided on has a later version than its first.
    known = {
        row.pk: (row.paper_text.paper_id, row.stated)
        for ids in batches(papers)
        for row in table._default_manager.filter(paper_text__paper__in=ids, version__gt=1)
        .select_related("paper_text")
        .only("stated", "paper_text__paper")
        if row.paper_text is not None
    }
    words = Decision.objects.filter(object_kind=table._meta.model_name or "", change_set__action__in=curation.ACTIONS_OF_PEOPLE)
    return {known[pk] for ids in batches(known) for pk in words.filter(object_id__in=ids).values_list("object_id", flat=True)}


def _accept(statements: Sequence[Claim | Cost], threshold: float) -> ChangeSet | None:
    changed = []
    for statement in statements:
        before = decisions.state_of(statement)
        decisions.set_state(statement, before | _ACCEPTED)
        statement.version += 1
        changed.append((statement, before))
    for table in (Claim, Cost):
        update_rows([row for row in statements if isinstance(row, table)], [*decisions.DECIDED_FIELDS, "version"])
    reason = f"Confidence of {threshold:g} or more."
    return decisions.record(ACCEPT_BY_POLICY, ACTOR, changed, reason=reason) if changed else None
