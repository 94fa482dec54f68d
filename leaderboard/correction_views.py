"""What a curator makes of a number: correcting it, splitting a range, and adding what extraction missed."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.forms import BaseFormSet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from claims import boards
from claims import search as searching
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import ChangeSet, Claim, Cost, Paper, PaperText
from claims.services import correction, permissions
from claims.services.correction import Correction, Place
from claims.terms import AliasKind, ClaimKind, CostMeasure, Qualifier, Role, SearchKind
from leaderboard.addresses import local_address
from leaderboard.correction_forms import (
    ClaimForm,
    ConditionForm,
    Conditions,
    CostForm,
    PlaceForm,
    StatementForm,
    VersionForm,
    initial_of,
    read_setting,
)
from leaderboard.rendering import render
from leaderboard.templatetags.paper_tags import left_numbers, number_statements, whole

Params = ParamSpec("Params")
SUGGESTIONS = 8
_FORMS: dict[str, type[StatementForm]] = {"claim": ClaimForm, "cost": CostForm}
_TABLES: dict[str, type[Claim] | type[Cost]] = {"claim": Claim, "cost": Cost}


def _of_curators(
    view: Callable[Concatenate[HttpRequest, Params], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Params], HttpResponse]:
    """Lead who is not signed in to the login page and back, and refuse who may not decide on numbers."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not permissions.may_curate(request.user):
            raise PermissionDenied("Your account may not decide on numbers. Ask the operator of this site to make you a curator.")
        return view(request, *args, **kwargs)

    return guarded


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@_of_curators
def correct(request: HttpRequest, public_id: str, kind: str) -> HttpResponse:
    """Correct a claim or a cost, as `kind` says. A form that somebody else was quicker than comes back with what they did."""
    statement = _find(kind, public_id)
    if statement.retired_by_id is not None:
        return _refuse(
            request, "This number stands in an older text of its paper. Correct what the current one says.", back=_home(statement)
        )
    sent = _use_chosen_names(request.POST) if request.method == "POST" else None
    form, conditions = _forms_of(statement, sent)
    if sent is None and (number := request.GET.get("number", "")):
        form = _suggest(statement, number)
    acts: list[boards.ChangeSince] = []
    unknown: list[AliasKind] = []
    stale, status = False, 200
    if sent is not None:
        version = VersionForm(sent)
        if not version.is_valid():
            return _refuse(request, "The form doesn’t say which version of the number it was made for. Look at it again.", status=400)
        seen, status = version.cleaned_data["version"], 400
        stale = seen != statement.version
        if not stale and _are_valid(form, conditions):
            try:
                wanted = _read_wanted(form, conditions, statement)
                unknown = _find_unknown(form, wanted)
                if not form.errors:
                    made = correction.correct(
                        statement,
                        wanted,
                        actor=request.user.get_username(),
                        version=seen,
                        reason=form.cleaned_data["reason"],
                        may_add=form.cleaned_data["may_add"],
                    )
                    return _leave(request, f"{boards.number_as_written(statement)}: corrected.", made, home=_home(statement))
            except StaleObjectError:
                stale = True
            except InvalidDecisionError as error:
                form.refuse(error.field, error.message)
        if stale:
            statement = _find(kind, public_id)
            acts, status = boards.read_changes(statement, since=seen), 409
            form, conditions = _begin_anew(statement, form, conditions, sent)
    context = _context(form, conditions, unknown, statement=statement, kind=kind) | {
        "acts": acts,
        "stale": stale,
        "corrected": boards.read_corrections([statement]).get((kind, statement.pk)),
        "is_range": statement.value_max is not None and statement.paper_text is not None,
        "next": local_address(_next(request), default=_home(statement)),
    }
    return render(request, "correction/correct.html", context, status=status)


@require_POST
@_of_curators
def split(request: HttpRequest, public_id: str, kind: str) -> HttpResponse:
    """Make two numbers of a range."""
    statement = _find(kind, public_id)
    version = VersionForm(request.POST)
    if not version.is_valid():
        return _refuse(request, "The form doesn’t say which version of the number it was made for. Look at it again.", status=400)
    try:
        upper, made = correction.split(statement, actor=request.user.get_username(), version=version.cleaned_data["version"])
    except (StaleObjectError, InvalidDecisionError) as error:
        status = 409 if isinstance(error, StaleObjectError) else 400
        return _refuse(request, error.message, status=status, back=_home(statement))
    told = (
        f"{boards.number_as_written(statement)} and {boards.number_as_written(upper)} are two numbers now. Correct what tells them apart."
    )
    return _leave(request, told, made, home=_home(statement))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@_of_curators
def add(request: HttpRequest, public_id: str) -> HttpResponse:
    """Add a result or a cost that extraction missed: first its number's place in the text, then what it says."""
    paper = get_object_or_404(Paper.objects.select_related("current_text", "merged_into"), public_id=public_id)
    if paper.merged_into is not None:
        return redirect("add-missed", paper.merged_into.public_id)
    if paper.current_text is None:
        raise Http404("No listing gives a text of this paper.")
    if paper.text_withheld is not None:
        told = "The text of this paper was withdrawn at request: no number can be marked in it. Correct those that were read."
        return _refuse(request, told, back=paper.get_absolute_url())
    sent = _use_chosen_names(request.POST) if request.method == "POST" else None
    asked = sent if sent is not None else request.GET
    kind = "cost" if asked.get("as") == "cost" else "claim"
    place = PlaceForm(asked) if sent is not None or "start" in asked or "end" in asked else PlaceForm()
    if not place.is_valid():
        return _choose_place(request, paper, place)
    at = place.read_place()
    try:
        stated = correction.check_place(paper.current_text, at)
    except InvalidDecisionError as error:
        place.add_error(None, error.message)
        return _choose_place(request, paper, place)
    statement = _blank(kind, paper.current_text, at, stated)
    form = _FORMS[kind](sent, initial=initial_of(statement) | _guess(paper, at, stated))
    conditions = Conditions(sent, prefix="setting")
    unknown: list[AliasKind] = []
    if sent is not None and _are_valid(form, conditions):
        wanted = form.read_correction(every=True)
        wanted["setting"] = read_setting(conditions)
        try:
            unknown = _find_unknown(form, wanted)
            if not form.errors:
                added, made = correction.add(
                    _TABLES[kind],  # type: ignore[type-var]  # one of the two
                    paper.current_text,
                    at,
                    wanted,
                    actor=request.user.get_username(),
                    reason=form.cleaned_data["reason"],
                    may_add=form.cleaned_data["may_add"],
                )
                return _leave(request, f"{boards.number_as_written(added)}: added.", made, home=paper.get_absolute_url())
        except StaleObjectError as error:
            return _refuse(request, error.message, back=request.path)
        except InvalidDecisionError as error:
            form.refuse(error.field, error.message)
    context = _context(form, conditions, unknown, statement=statement, kind=kind) | {
        "paper": paper,
        "place": place,
        "next": local_address(_next(request), default=paper.get_absolute_url()),
    }
    return render(request, "correction/add.html", context, status=200 if sent is None else 400)


@require_safe
@_of_curators
def suggest_names(request: HttpRequest, kind: str) -> HttpResponse:
    """The catalogue's names for what is typed into a field of that kind: options of its list."""
    text = request.GET.get(kind, request.GET.get("q", ""))
    if kind == AliasKind.MODEL:
        hits = searching.search(text, kind=SearchKind.MODEL, page_size=SUGGESTIONS).hits
        found = [boards.Suggestion(hit.name, hit.found, reviewed=True) for hit in hits]
    else:
        found = boards.suggest_names(AliasKind(kind), text, most=SUGGESTIONS)
    return render(request, "correction/_names.html", {"found": found})


# ---- what the pages share ----


def _find(kind: str, public_id: str) -> Claim | Cost:
    """Return a number with its text. Raises `Http404`."""
    numbers: Any = _TABLES[kind].objects.select_related("paper_text__paper", "source_record__source__listing")
    if kind == "claim":
        numbers = numbers.select_related("task", "dataset", "metric")
    found: Claim | Cost | None = numbers.filter(public_id=public_id).first()
    if found is None:
        raise Http404(f"There is no {kind} at this address.")
    return found


def _home(statement: Claim | Cost) -> str:
    """Return the page that a number stands on."""
    if statement.paper_text is not None:
        return statement.paper_text.paper.get_absolute_url()
    return (statement.source_record.get_absolute_url() if statement.source_record is not None else "") or "/"


def _next(request: HttpRequest) -> str:
    return request.POST.get("next", "") or request.GET.get("next", "")


def _leave(request: HttpRequest, told: str, made: ChangeSet, *, home: str) -> HttpResponse:
    """Lead back, with a message that offers to undo what was made."""
    messages.success(request, told, extra_tags=made.public_id)
    return HttpResponseRedirect(local_address(_next(request), default=home))


def _refuse(request: HttpRequest, message: str, *, status: int = 409, back: str = "") -> HttpResponse:
    context = {"message": message, "back": back or local_address(_next(request), default=request.path)}
    return render(request, "boards/refused.html", context, status=status)


def _use_chosen_names(sent: QueryDict) -> QueryDict:
    """Put a name in its field that was chosen among those which may have been meant."""
    data = sent.copy()
    for kind in AliasKind:
        if name := data.get(f"use-{kind}"):
            data[kind.value] = name
    return data


def _forms_of(statement: Claim | Cost, sent: QueryDict | None) -> tuple[StatementForm, BaseFormSet[ConditionForm]]:
    kind = "cost" if isinstance(statement, Cost) else "claim"
    form = _FORMS[kind](sent, initial=initial_of(statement), of_table=statement.paper_text is None)
    return form, Conditions(sent, initial=statement.setting, prefix="setting")


def _suggest(statement: Claim | Cost, number: str) -> StatementForm:
    """Return a form as if somebody had written this number into it: to save it corrects the number alone."""
    data = QueryDict(mutable=True)
    for name, value in initial_of(statement).items():
        data[name] = data[f"initial-{name}"] = str(value)
    data["number"] = number[:100]
    return _forms_of(statement, data)[0]


def _begin_anew(
    statement: Claim | Cost, form: StatementForm, conditions: BaseFormSet[ConditionForm], sent: QueryDict
) -> tuple[StatementForm, BaseFormSet[ConditionForm]]:
    """Return the forms for a number that somebody else has changed: its fields as they are now, but for those that were written anew."""
    data, now = sent.copy(), initial_of(statement)
    for name, value in now.items():
        data[f"initial-{name}"] = str(value)
        if name not in form.changed_data:
            data[name] = str(value)
    kept = conditions.management_form.is_valid() and conditions.has_changed()
    fresh = _forms_of(statement, data)[0]
    return fresh, Conditions(data if kept else None, initial=statement.setting, prefix="setting")


def _are_valid(form: StatementForm, conditions: BaseFormSet[ConditionForm]) -> bool:
    """Ask both, so that all that is wrong is shown at once."""
    fine = form.is_valid()
    return conditions.is_valid() and fine


def _read_wanted(form: StatementForm, conditions: BaseFormSet[ConditionForm], statement: Claim | Cost) -> Correction:
    wanted = form.read_correction()
    if (setting := read_setting(conditions)) != statement.setting:
        wanted["setting"] = setting
    if not wanted:
        raise InvalidDecisionError("Nothing is changed. Change a field, or go back and accept the number as it is.")
    return wanted


def _find_unknown(form: StatementForm, wanted: Correction) -> list[AliasKind]:
    """Return the fields with names that nobody knows, and say so at each, unless they may be added."""
    if form.cleaned_data["may_add"]:
        return []
    unknown = correction.find_unknown_names(wanted)
    for kind in unknown:
        form.add_error(kind.value, f"The catalogue knows no {kind} of this name. Choose one that it knows, or add it below as a new one.")
    return unknown


def _context(
    form: StatementForm, conditions: BaseFormSet[ConditionForm], unknown: list[AliasKind], *, statement: Claim | Cost, kind: str
) -> dict[str, Any]:
    """Return what both pages show: the number in its text, the fields, and for names that nobody knows those which may be meant."""
    return {
        "statement": statement,
        "kind": kind,
        "form": form,
        "conditions": conditions,
        "asks_to_add": bool(unknown) or (form.is_bound and bool(form["may_add"].data)),
        "near": {kind.value: boards.find_near_names(kind, str(form[kind.value].data)) for kind in unknown},
    }


# ---- what was missed ----


def _choose_place(request: HttpRequest, paper: Paper, place: PlaceForm) -> HttpResponse:
    """Show the numbers that were not taken, each to be chosen, and the text to mark another one in."""
    page = boards.read_paper(paper.public_id, for_curator=True)
    numbered = number_statements(page.claims, page.costs)
    left = whole(left_numbers(page, numbered))
    context = {"page": page, "paper": paper, "place": place, "numbered": numbered, "left": left}
    return render(request, "correction/choose.html", context, status=400 if place.is_bound else 200)


def _blank(kind: str, text: PaperText, at: Place, stated: str) -> Claim | Cost:
    """Return a statement as the form begins with it; it is not stored."""
    first, last = correction.sentence_around(text, at)
    blank = _TABLES[kind](paper_text=text, field=at.field, start=at.start, end=at.end, stated=stated, value=0.0)
    blank.evidence_start, blank.evidence_end = first, last
    blank.kind, blank.role, blank.qualifier = ClaimKind.ABSOLUTE, Role.PROPOSED, Qualifier.EXACT
    if isinstance(blank, Cost):
        blank.measure = CostMeasure.PARAMETERS
    return blank


def _guess(paper: Paper, at: Place, stated: str) -> dict[str, str]:
    """Return what is likely: the number with the percent sign behind it, and the one model that the paper introduces."""
    text = paper.current_text.part(at.field) if paper.current_text else ""
    percent = re.match(r"[ \u00a0\u2009]?%", text[at.end : at.end + 2])
    models = list(paper.introduced_mlmodels.filter(merged_into__isnull=True).values_list("name", flat=True)[:2])
    return {"number": f"{stated}%" if percent else stated, "model": models[0] if len(models) == 1 else ""}
