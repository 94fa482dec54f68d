"""The pages of the catalogue's models and datasets."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from claims import boards
from claims.models import Dataset, MLModel
from leaderboard.rendering import render

PAGED = {"results": "page", "costs": "costs", "quoting": "papers"}
"""The lists of a model's page that have pages of their own, and what their addresses call them."""


def read_page_number(stated: str) -> int:
    """Return the page that an address asks for; what is none is the first."""
    return int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 9 else 1


@require_safe
def model(request: HttpRequest, slug: str) -> HttpResponse:
    """A model: its results over all boards, its costs, its papers and those that quote it."""
    try:
        found = boards.find_model(slug)
    except MLModel.DoesNotExist:
        raise Http404(f"There is no model at “{slug}”.") from None
    if found.slug != slug:
        return redirect(found, permanent=True)
    pages = {part: read_page_number(request.GET.get(name, "")) for part, name in PAGED.items()}
    return render(request, "catalogue/model.html", {"page": boards.read_model(found, pages), "model": found})


@require_safe
def dataset(request: HttpRequest, slug: str) -> HttpResponse:
    """A dataset: the boards on it with their leaders."""
    try:
        found = boards.find_dataset(slug)
    except Dataset.DoesNotExist:
        raise Http404(f"There is no dataset at “{slug}”.") from None
    if found.slug != slug:
        return redirect(found, permanent=True)
    return render(request, "catalogue/dataset.html", {"page": boards.read_dataset(found), "dataset": found})
