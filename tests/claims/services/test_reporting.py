"""What readers report: kept once, settled by curators with a reason, and forgotten as far as it tells who they are."""

from __future__ import annotations

from typing import Any

import pytest

from claims import verification
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.filters import ReviewFilterSet
from claims.models import Claim, Flag, Report
from claims.services import changes, curation, reporting
from claims.terms import CurationState, FlagKind, ReportKind, ReportOutcome
from tests import factories as make

pytestmark = pytest.mark.django_db


def send(claim: Claim, **changed: Any) -> Report:
    wish: dict[str, Any] = {
        "problem": ReportKind.WRONG_NUMBER,
        "text": "It is 68.2.",
        "contact": "ada@example.org",
        "form": "one",
    } | changed
    return reporting.report(claim, wish.pop("problem"), **wish)


def test_a_report_is_a_flag_that_the_queue_shows() -> None:
    claim = make.make_claim()
    report = send(claim)
    assert (report.flag.kind, report.flag.object_kind, report.flag.object_id) == (FlagKind.REPORT, "claim", claim.pk)
    assert report.flag.note == "The number is wrong. It is 68.2."
    wanted = ReviewFilterSet({"flag": "report"})
    wanted.check()
    assert list(wanted.select(Claim)) == [claim]


def test_the_same_form_and_the_same_words_are_one_report() -> None:
    claim = make.make_claim()
    first = send(claim)
    assert send(claim) == first
    assert send(claim, form="two") == first
    assert send(claim, form="three", text="It is 68.3.") != first
    reporting.settle(first, ReportOutcome.NO_PROBLEM, actor="kim", reason="It says 86.2.")
    assert send(claim) == first, "a form that is sent again later is the same still"
    assert send(claim, form="four") != first


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"text": "x" * 2001}, "text"), ({"contact": "x" * 201}, "contact"), ({"problem": ReportKind.OTHER, "text": " \n"}, "text")],
)
def test_what_is_too_long_or_says_nothing_is_refused(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidDecisionError) as refused:
        send(make.make_claim(), **changed)
    assert refused.value.field == field
    assert not Flag.objects.exists()


def test_so_many_reports_of_one_thing_wait_and_no_more() -> None:
    claim = make.make_claim()
    for number in range(reporting.MOST_OPEN):
        send(claim, form=str(number), text=str(number))
    with pytest.raises(reporting.TooManyReportsError):
        send(claim, form="more", text="more")
    assert send(make.make_claim("71.2%", benchmark=claim.result.benchmark if claim.result else None), text="another")


def test_settling_forgets_who_reported_and_undo_opens_the_report_again() -> None:
    report = send(make.make_claim())
    with pytest.raises(InvalidDecisionError):
        reporting.settle(report, ReportOutcome.DONE, actor="kim", reason=" ")
    made = reporting.settle(report, ReportOutcome.DONE, actor="kim", reason="Corrected.")
    assert (made.action, made.reason) == ("settle", "Done. Corrected.")
    report = Report.objects.select_related("flag").get()
    assert (report.contact, report.text, report.flag.settled_by) == ("", "It is 68.2.", made)
    with pytest.raises(StaleObjectError):
        reporting.settle(report, ReportOutcome.DONE, actor="lee", reason="Corrected, too.")
    changes.undo(made, actor="kim")
    assert [each.contact for each in reporting.list_waiting()] == [""]
    assert not [fault for fault in verification.find_faults() if fault.kind in ("report", "flag", "act")]


def test_a_decision_on_the_number_settles_what_is_reported_of_it() -> None:
    claim = make.make_claim()
    send(claim)
    made = curation.decide(claim, CurationState.REJECTED, actor="kim", version=1, reason="wrongly_read")
    report = Report.objects.select_related("flag").get()
    assert (report.flag.settled_by, report.contact) == (made, "")


def test_what_is_kept_of_a_settled_report_is_found() -> None:
    report = send(make.make_claim())
    reporting.settle(report, ReportOutcome.DONE, actor="kim", reason="Done.")
    Report.objects.update(contact="ada@example.org")
    [fault] = [fault for fault in verification.find_faults() if fault.kind == "report"]
    assert "it is settled, and how its reader can be reached is still kept" in str(fault)
