"""What readers report without an account, what curators make of it, and the text of a paper that is shown nowhere."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import Claim, Cost, Flag, Paper, Report
from claims.services import once, permissions, reporting, withholding
from claims.services.reporting import Reported
from claims.terms import FlagKind, ReportKind, ReportOutcome
from leaderboard import guessing
from leaderboard.addresses import local_address
from leaderboard.rendering import render
from leaderboard.views import for_curators

REPORTS_ON_A_PAGE = 50
OUTCOME_WORDS = {ReportOutcome.DONE: "Done", ReportOutcome.NO_PROBLEM: "No problem"}


class ReportForm(forms.Form):
    """A reader's report. Field checks only. `website` is for programs that fill in every field: people don't see it."""

    problem = forms.ChoiceField(error_messages={"required": "Choose what is wrong.", "invalid_choice": "There is no such choice."})
    text = forms.CharField(required=False)
    contact = forms.CharField(required=False)
    form = forms.CharField(required=False, max_length=once.LONGEST_NAME)
    website = forms.CharField(required=False)

    def __init__(self, *args: Any, problems: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.problems = problems
        self.fields["problem"].choices = problems  # type: ignore[attr-defined]  # a choice field


class SettleForm(forms.Form):
    outcome = forms.ChoiceField(choices=[(outcome.value, outcome.value) for outcome in ReportOutcome])
    reason = forms.CharField(required=False)


class TextForm(forms.Form):
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    act = forms.ChoiceField(choices=[("withhold", "withhold"), ("show", "show")])
    reason = forms.CharField(required=False)


# ---- readers ----


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def report(request: HttpRequest, kind: str, public_id: str) -> HttpResponse:
    """Report a problem with a number or a paper, without an account. So many an hour are taken from one address."""
    reported = _find_reported(kind, public_id)
    if isinstance(reported, Paper) and reported.merged_into is not None:
        return redirect("report", "paper", reported.merged_into.public_id)
    back = local_address(request.POST.get("next", "") or request.GET.get("next", ""), default=_home(reported))
    problems = [(kind.value, reporting.SAID[kind]) for kind in ReportKind if kind is not ReportKind.TAKEDOWN or isinstance(reported, Paper)]
    context: dict[str, Any] = {"reported": reported, "kind": kind, "next": back, "paper": _paper_of(reported)}
    if request.method != "POST":
        asked = request.GET.get("problem", "")
        form = ReportForm(initial={"problem": asked if asked in dict(problems) else ""}, problems=problems)
        return render(request, "report/report.html", context | _limits(form))
    if wait := guessing.count_report(request):
        form = ReportForm(request.POST, problems=problems)
        response = render(request, "report/report.html", context | _limits(form) | {"wait": guessing.wait_words(wait)}, status=429)
        response["Retry-After"] = str(wait)
        return response
    form = ReportForm(request.POST, problems=problems)
    if form.is_valid():
        wish = form.cleaned_data
        try:
            if not wish["website"]:
                problem = ReportKind(wish["problem"])
                reporting.report(reported, problem, text=wish["text"], contact=wish["contact"], form=wish["form"])
            return render(request, "report/thanks.html", context)
        except InvalidDecisionError as error:
            form.add_error(error.field or None, error.message)
    return render(request, "report/report.html", context | _limits(form), status=400)


def _limits(form: ReportForm) -> dict[str, Any]:
    sent = form.data.get("form", "") if form.is_bound else ""
    return {
        "form": form,
        "form_name": sent if 0 < len(sent) <= once.LONGEST_NAME else once.name_form(),
        "longest_text": reporting.LONGEST_TEXT,
        "longest_contact": reporting.LONGEST_CONTACT,
    }


def _find_reported(kind: str, public_id: str) -> Reported:
    """Return what is to be reported, if readers see it. Raises `Http404`."""
    if kind == "paper":
        return get_object_or_404(Paper.objects.select_related("merged_into"), public_id=public_id, withdrawn=False)
    rows: Any = (Cost if kind == "cost" else Claim)._default_manager
    names = ("metric", "dataset", "result__benchmark__dataset") if kind == "claim" else ()
    origin = ("paper_text__paper", "source_record__paper", "source_record__source__listing")
    found: Claim | Cost | None = rows.told().select_related(*names, *origin).filter(public_id=public_id).first()
    if found is None:
        raise Http404(f"There is no {kind} at this address.")
    return found


def _paper_of(reported: Reported) -> Paper | None:
    if isinstance(reported, Paper):
        return reported
    if reported.paper_text is not None:
        return reported.paper_text.paper
    return reported.source_record.paper if reported.source_record is not None else None


def _home(reported: Reported) -> str:
    paper = _paper_of(reported)
    if paper is not None:
        return paper.get_absolute_url()
    record = None if isinstance(reported, Paper) else reported.source_record
    return (record.get_absolute_url() if record is not None else "") or reverse("home")


# ---- curators ----


@require_safe
@never_cache
@for_curators
def reports(request: HttpRequest) -> HttpResponse:
    """What readers reported, the oldest first; `settled` ones, the last first, with the way back."""
    settled = request.GET.get("settled") == "1"
    page = Paginator(reporting.list_settled() if settled else reporting.list_waiting(), REPORTS_ON_A_PAGE).get_page(request.GET.get("page"))
    return _show(request, page, settled=settled)


def _show(request: HttpRequest, page: Any, *, settled: bool = False, wrong: str = "", message: str = "", status: int = 200) -> HttpResponse:
    listed = list(page.object_list)
    found = reporting.find_reported(listed)
    entries = [(each, found.get((each.flag.object_kind, each.flag.object_id))) for each in listed]
    context = {"page": page, "entries": entries, "settled": settled, "outcomes": OUTCOME_WORDS.items(), "wrong": wrong, "message": message}
    return render(request, "report/reports.html", context, status=status)


@require_POST
@never_cache
@for_curators
def settle(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say of a report that it is seen to, and how."""
    found = get_object_or_404(Report.objects.select_related("flag"), public_id=public_id)
    form = SettleForm(request.POST)
    if not form.is_valid():
        return _refuse(request, "The form is incomplete. Say whether something was done, and why.", reverse("reports"), status=400)
    wish = form.cleaned_data
    try:
        made = reporting.settle(found, ReportOutcome(wish["outcome"]), actor=request.user.get_username(), reason=wish["reason"])
    except InvalidDecisionError as error:
        page = Paginator(reporting.list_waiting(), REPORTS_ON_A_PAGE).get_page(1)
        return _show(request, page, wrong=found.public_id, message=error.message, status=400)
    except StaleObjectError as error:
        return _refuse(request, error.message, f"{reverse('reports')}?settled=1", status=409)
    messages.success(request, "The report is settled. How its reader could be reached is deleted.", extra_tags=made.public_id)
    return HttpResponseRedirect(reverse("reports"))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@for_curators
def paper_text(request: HttpRequest, public_id: str) -> HttpResponse:
    """Have a paper's abstract shown nowhere, because somebody asked for that, or shown again."""
    if not permissions.may_withhold_text(request.user):
        raise PermissionDenied("Your account may not have texts withheld. Ask the operator of this site to make you a curator.")
    paper = get_object_or_404(Paper.objects.select_related("merged_into", "current_text"), public_id=public_id)
    if paper.merged_into is not None:
        return redirect("paper-text", paper.merged_into.public_id)
    status = 200
    form = TextForm(request.POST) if request.method == "POST" else TextForm()
    if form.is_bound:
        status = 400
        if form.is_valid():
            wish = form.cleaned_data
            withholds = wish["act"] == "withhold"
            decide = withholding.withhold_text if withholds else withholding.show_text
            try:
                made = decide(paper, actor=request.user.get_username(), version=wish["version"], reason=wish["reason"])
                told = "is shown nowhere now. Its numbers stay" if withholds else "is shown again"
                messages.success(request, f"The text of “{paper.title}” {told}.", extra_tags=made.public_id)
                return HttpResponseRedirect(paper.get_absolute_url())
            except StaleObjectError as error:
                return _refuse(request, error.message, request.path, status=409)
            except InvalidDecisionError as error:
                form.add_error(error.field or None, error.message)
    asked = Flag.objects.filter(kind=FlagKind.REPORT, object_kind="paper", object_id=paper.pk, settled_by__isnull=True)
    waiting = Report.objects.filter(flag__in=asked, problem=ReportKind.TAKEDOWN).select_related("flag").order_by("pk")
    return render(request, "report/text.html", {"paper": paper, "form": form, "waiting": list(waiting)}, status=status)


def _refuse(request: HttpRequest, message: str, back: str, *, status: int) -> HttpResponse:
    return render(request, "boards/refused.html", {"message": message, "back": back}, status=status)
