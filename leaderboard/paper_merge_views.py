"""Papers that are one, and papers that are two: merging by an arXiv id, an address or a title, and splitting texts off. For curators."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from claims.boards import twins
from claims.errors import ClaimsError, StaleObjectError
from claims.listings.links import find_arxiv_id, read_bare_arxiv_id
from claims.models import Paper
from claims.services import paper_merging
from leaderboard.entry_forms import MergeForm, SplitForm
from leaderboard.rendering import render
from leaderboard.views import for_curators

_INCOMPLETE = "The form is incomplete, or it doesn’t say which version of the paper it was made for. Look at it again."


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_curators
def merge(request: HttpRequest, public_id: str) -> HttpResponse:
    """Choose which paper this one is, see what moves, and merge them; or split off what is another paper's."""
    paper = _find(public_id)
    back = reverse("merge-paper", args=[public_id])
    if request.method == "POST":
        return _merge(request, paper, back)
    if paper.merged_into is not None:
        return redirect("merge-paper", paper.merged_into.public_id)
    text, into = request.GET.get("q", "").strip(), request.GET.get("into", "")
    arxiv_id = find_arxiv_id(text) or read_bare_arxiv_id(text)
    target = Paper.objects.select_related("merged_into").filter(public_id=into).first() if into else None
    if into and target is None:
        raise Http404("There is no paper at this address to merge into.")
    if target is not None:
        target = target.merged_into or target
    context: dict[str, Any] = {"paper": paper, "q": text, "arxiv_id": arxiv_id, "itself": target is not None and target.pk == paper.pk}
    if target is not None and target.pk != paper.pk:
        context["preview"] = twins.preview_merge(paper, target)
    else:
        context["candidates"] = twins.find_candidates(paper, text, arxiv_id)
        context["texts"] = twins.list_texts(paper)
    return render(request, "entries/merge_paper.html", context)


def _merge(request: HttpRequest, paper: Paper, back: str) -> HttpResponse:
    form = MergeForm(request.POST)
    if not form.is_valid():
        return _refuse(request, _INCOMPLETE, back, status=400)
    wish = form.cleaned_data
    target = Paper.objects.filter(public_id=wish["into"]).first()
    if target is None:
        return _refuse(request, "There is no such paper any more. Choose another one.", back, status=400)
    try:
        made = paper_merging.merge(paper, target, actor=request.user.get_username(), version=wish["version"], reason=wish["reason"])
    except ClaimsError as error:
        return _refuse(request, error.message, back, status=409 if isinstance(error, StaleObjectError) else 400)
    messages.success(request, "The two papers are one now.", extra_tags=made.public_id)
    return HttpResponseRedirect((target.merged_into or target).get_absolute_url())


@require_POST
@for_curators
def split(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make a paper of its own of some of a paper's texts."""
    paper = _find(public_id)
    back = reverse("merge-paper", args=[public_id])
    form = SplitForm(request.POST)
    if not form.is_valid():
        return _refuse(request, _INCOMPLETE, back, status=400)
    wish = form.cleaned_data
    stated = wish["arxiv_id"].strip()
    arxiv_id = find_arxiv_id(stated) or read_bare_arxiv_id(stated)
    if stated and not arxiv_id:
        return _refuse(request, f"“{stated[:60]}” is no arXiv id, and no address of arXiv. Paste one such as 2101.00001.", back, status=400)
    texts = [int(text) for text in request.POST.getlist("texts") if text.isascii() and text.isdigit() and len(text) < 16]
    try:
        made, changes = paper_merging.split(
            paper, texts, arxiv_id=arxiv_id, actor=request.user.get_username(), version=wish["version"], reason=wish["reason"]
        )
    except ClaimsError as error:
        return _refuse(request, error.message, back, status=409 if isinstance(error, StaleObjectError) else 400)
    messages.success(request, "These texts are a paper of their own now.", extra_tags=changes.public_id)
    return HttpResponseRedirect(made.get_absolute_url())


def _find(public_id: str) -> Paper:
    return get_object_or_404(Paper.objects.select_related("merged_into", "current_text"), public_id=public_id)


def _refuse(request: HttpRequest, message: str, back: str, *, status: int) -> HttpResponse:
    return render(request, "boards/refused.html", {"message": message, "back": back}, status=status)
