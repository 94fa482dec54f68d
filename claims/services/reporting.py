"""What readers without an account report: kept as a flag, which curators see and settle."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import ChangeSet, Claim, Cost, Flag, Paper, Report
from claims.services import curation, once
from claims.services.tiers import check_reason
from claims.terms import FlagKind, ReportKind, ReportOutcome

LONGEST_TEXT, LONGEST_CONTACT = 2000, 200
MOST_OPEN = 20
"""So many reports of one number or paper wait at most: who looks at these sees what the next ones would say."""
SAID = {
    ReportKind.WRONG_NUMBER: "The number is wrong",
    ReportKind.WRONG_NAMES: "The model, dataset or metric is wrong",
    ReportKind.NOT_THIS_PAPERS: "It is not this paper’s",
    ReportKind.DUPLICATE: "It is there twice",
    ReportKind.OTHER: "Something else",
    ReportKind.TAKEDOWN: "Take the text down",
}
OUTCOMES = {ReportOutcome.DONE: "Done.", ReportOutcome.NO_PROBLEM: "No problem."}
Reported = Claim | Cost | Paper


class TooManyReportsError(InvalidDecisionError):
    """Enough was said of something already, and nobody has looked at it yet."""

    code = "too_many_reports"


def report(reported: Reported, problem: ReportKind, *, text: str = "", contact: str = "", form: str = "") -> Report:
    """Keep a reader's report of a number or a paper. The same form sent twice, or the same words while they wait, are one report.

    `form` is the name of the form (`once.name_form`). Raises `InvalidDecisionError`, with the field that is to blame, for what is too
    long and for a problem that says nothing without words; `TooManyReportsError` if enough of them wait.
    """
    text, contact = (" ".join(said.replace("\0", " ").split()) for said in (text, contact))
    if len(text) > LONGEST_TEXT:
        raise InvalidDecisionError(f"Say it in at most {LONGEST_TEXT:,} characters; these are {len(text):,}.", field="text")
    if len(contact) > LONGEST_CONTACT:
        raise InvalidDecisionError(f"How we can reach you takes at most {LONGEST_CONTACT} characters.", field="contact")
    if problem is ReportKind.OTHER and not text:
        raise InvalidDecisionError("Say in a few words what is wrong.", field="text")
    kind, key = reported._meta.model_name or "", once.key_of(form or once.name_form())
    of_it = Report.objects.filter(flag__kind=FlagKind.REPORT, flag__object_kind=kind, flag__object_id=reported.pk)
    waiting = of_it.filter(flag__settled_by__isnull=True)
    if (known := of_it.filter(flag__key=key).first() or waiting.filter(problem=problem, text=text).first()) is not None:
        return known
    if waiting.count() >= MOST_OPEN:
        raise TooManyReportsError(f"{MOST_OPEN} reports of it wait for a curator already. They will look at it; come back later.")
    try:
        with transaction.atomic():
            note = f"{SAID[problem]}. {text}".rstrip()
            flag = Flag.objects.create(kind=FlagKind.REPORT, object_kind=kind, object_id=reported.pk, key=key, note=note)
            return Report.objects.create(flag=flag, problem=problem, text=text, contact=contact)
    except IntegrityError:
        # The same form, sent twice at once.
        return of_it.get(flag__key=key)


def list_waiting() -> QuerySet[Report]:
    """Return the reports that nobody has looked at, the oldest first."""
    return Report.objects.filter(flag__settled_by__isnull=True).select_related("flag").order_by("pk")


def list_settled() -> QuerySet[Report]:
    """Return the reports that curators settled, the last first."""
    return Report.objects.filter(flag__settled_by__isnull=False).select_related("flag__settled_by").order_by("-flag__settled_by", "-pk")


def find_reported(reports: Sequence[Report]) -> dict[tuple[str, int], Reported]:
    """Return what reports are about, by its kind and key: a query for each kind."""
    found: dict[tuple[str, int], Reported] = {}
    texts = ("paper_text__paper", "source_record__source__listing", "source_record__paper")
    rows: dict[str, QuerySet[Claim] | QuerySet[Cost] | QuerySet[Paper]] = {
        "claim": Claim.objects.select_related("metric", "dataset", "result__benchmark__dataset", *texts).defer("source_record__raw"),
        "cost": Cost.objects.select_related(*texts).defer("source_record__raw"),
        "paper": Paper.objects.all(),
    }
    for kind, of_kind in rows.items():
        if keys := {each.flag.object_id for each in reports if each.flag.object_kind == kind}:
            found |= {(kind, row.pk): row for row in of_kind.filter(pk__in=keys)}
    return found


@transaction.atomic
def settle(reported: Report, outcome: ReportOutcome, *, actor: str, reason: str) -> ChangeSet:
    """Say of a report that it is seen to, and how. How its reader may be asked is deleted; undo opens it again, without that.

    Raises `StaleObjectError` if somebody settled it before, `InvalidDecisionError` without a reason.
    """
    reason = check_reason(reason, "Say what was done, or why there is no problem.")
    try:
        changes = curation.settle_flags([reported.flag], actor=actor, reason=f"{OUTCOMES[outcome]} {reason}")
    except InvalidDecisionError:
        raise StaleObjectError("Somebody settled this report before you. Look at what they said of it.") from None
    reported.refresh_from_db()
    return changes
