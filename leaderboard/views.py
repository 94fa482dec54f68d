"""The pages: one short function each. Reads come from `claims.boards` and the receipts, writes from the services."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from claims import boards, tasks
from claims.errors import (
    ClaimsError,
    ListingError,
    StaleObjectError,
    StorageError,
    TooManyUploadsError,
    UnknownFilterError,
)
from claims.models import Benchmark, ChangeSet, Claim, Cost, Listing, Paper
from claims.services import curation, ingest, permissions, receipts
from claims.terms import CurationState, ListingState
from leaderboard.forms import DecisionForm, UploadForm
from leaderboard.templatetags.board_tags import number_statements
from leaderboard.uploads import find_trouble

Params = ParamSpec("Params")

LISTINGS_ON_A_PAGE = 50
ENTRIES_ON_A_PAGE = 50
_STATUS: dict[type[ClaimsError], int] = {TooManyUploadsError: 429, StorageError: 507}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The boards by area."""
    everything = request.GET.get("boards") == "all"
    areas = boards.list_areas(single=everything)
    left_out = 0 if everything else boards.count_single_boards()
    count = sum(len(area.boards) for area in areas)
    return render(request, "boards/home.html", {"areas": areas, "count": count, "left_out": left_out})


@require_safe
def board(request: HttpRequest, slug: str) -> HttpResponse:
    """A board. `?open=<row>` shows that row's sentences; a script asks for them alone."""
    try:
        benchmark = boards.find_benchmark(slug)
    except Benchmark.DoesNotExist:
        raise Http404(f"There is no board at “{slug}”.") from None
    if benchmark.slug != slug:
        return redirect(benchmark, permanent=True)
    query = request.GET.copy()
    opened = str((query.pop("open", None) or [""])[-1])
    try:
        read = boards.read_board(benchmark, query, opened=opened)
    except UnknownFilterError as error:
        return render(request, "boards/bad_query.html", {"benchmark": benchmark, "message": error.message}, status=400)
    ways_out = boards.list_ways_out(benchmark, query) if read.filtered and not read.rows else []
    context = {"board": read, "benchmark": benchmark, "ways_out": ways_out, "asked_for": opened}
    alone = request.headers.get("X-Row") == opened and read.opened is not None
    response = render(request, "boards/_row_detail.html" if alone else "boards/board.html", context)
    patch_vary_headers(response, ["X-Row"])
    return response


@require_safe
def paper(request: HttpRequest, public_id: str) -> HttpResponse:
    """A paper's title and abstract with everything that was read from it."""
    may_curate = permissions.may_curate(request.user)
    try:
        page = boards.read_paper(public_id, for_curator=may_curate)
    except Paper.DoesNotExist:
        raise Http404("There is no paper at this address.") from None
    if page.paper.merged_into is not None:
        return redirect(page.paper.merged_into)
    numbered = number_statements(page.claims, page.costs)
    earlier = number_statements(page.earlier_claims, page.earlier_costs, after=len(numbered))
    context = {"page": page, "paper": page.paper, "numbered": numbered, "earlier": earlier, "may_curate": may_curate}
    return render(request, "boards/paper.html", context)


def for_curators(
    view: Callable[Concatenate[HttpRequest, Params], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Params], HttpResponse]:
    """Lead who is not signed in to the login page, and refuse who may not decide on numbers."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(_came_from(request))
        if not permissions.may_curate(request.user):
            raise PermissionDenied("Your account may not decide on numbers. Ask the operator of this site to make you a curator.")
        return view(request, *args, **kwargs)

    return guarded


@require_POST
@for_curators
def decide(request: HttpRequest, kind: str, public_id: str) -> HttpResponse:
    """Accept, reject or take back to unreviewed one claim or cost, as `kind` says."""
    statement: Claim | Cost
    statement = get_object_or_404(Cost, public_id=public_id) if kind == "cost" else get_object_or_404(Claim, public_id=public_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _refuse(request, "The decision is incomplete. Accept the number, or reject it with a reason.", status=400)
    wish = form.cleaned_data
    try:
        curation.decide(
            statement,
            CurationState(wish["state"]),
            actor=request.user.get_username(),
            version=wish["version"],
            reason=wish["reason"] if wish["state"] == CurationState.REJECTED else "",
        )
    except ClaimsError as error:
        return _refuse(request, error.message, status=409 if isinstance(error, StaleObjectError) else 400)
    messages.success(request, f"{statement.stated}: {wish['state']}.")
    return _back(request)


@require_POST
@for_curators
def undo(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a decision back, as a decision of its own."""
    change_set = get_object_or_404(ChangeSet, public_id=public_id)
    try:
        curation.undo(change_set, actor=request.user.get_username())
    except ClaimsError as error:
        return _refuse(request, error.message, status=409)
    messages.success(request, "The decision was undone.")
    return _back(request)


@require_safe
def listings(request: HttpRequest) -> HttpResponse:
    """The uploads with their progress."""
    page = Paginator(boards.list_listings(), LISTINGS_ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "listings/listings.html", {"page": page})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The upload form. The file is stored at once and read by a worker."""
    user = cast("User", request.user)
    if not permissions.may_upload(user):
        raise PermissionDenied("Your account may not upload listings. Ask the operator of this site for the permission “upload listings”.")
    form, status = UploadForm(), 400
    if request.method == "POST":
        files = request.FILES  # read first: what went wrong is known after that
        trouble = find_trouble(request)
        stopped, broken, unstored = (trouble.stopped, trouble.broken, trouble.unstored) if trouble else ("", "", "")
        form = UploadForm(request.POST, files, stopped=stopped, broken=broken, unstored=unstored)
        status = 507 if unstored else 400
    if form.is_valid():
        file, year = form.cleaned_data["file"], form.cleaned_data["year"]
        years = boards.read_years(size=file.size)
        try:
            stored, created = ingest.store_upload(file, name=file.name, actor=user.get_username(), uploaded_by=user, year=year)
        except (ListingError, StorageError, TooManyUploadsError) as error:
            name = ingest.clean_name(file.name)
            form.add_error("file", error.message if name in error.message else f"{name} was not read. {error.message}")
            status = _STATUS.get(type(error), 400)
        else:
            if stored.state in (ListingState.WAITING, ListingState.READING):
                tasks.announce(stored)
            if not created and year is not None and years.get(stored.pk) != (stored.year, stored.year_source):
                messages.info(request, f"This file was uploaded before; its year is now {stored.year}.")
            elif not created:
                messages.info(
                    request, f"{ingest.clean_name(file.name)} was uploaded before, byte for byte. This is its page; nothing is read twice."
                )
            return redirect(stored)
    return render(request, "listings/upload.html", {"form": form, "max_mb": settings.MAX_UPLOAD_MB}, status=status if form.errors else 200)


@require_safe
def listing(request: HttpRequest, public_id: str) -> HttpResponse:
    """A listing's receipt; while it is being read, its progress."""
    try:
        shown = Listing.objects.get(public_id=public_id)
    except Listing.DoesNotExist:
        raise Http404("There is no listing at this address.") from None
    receipt = receipts.read_receipt(shown)
    entries = None if receipt.running else Paginator(boards.list_entries(shown), ENTRIES_ON_A_PAGE).get_page(request.GET.get("page"))
    context = {"listing": shown, "receipt": receipt, "entries": entries}
    response = render(request, "listings/_receipt.html" if request.headers.get("HX-Request") else "listings/listing.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Lead browsers that ask by habit, as on the admin's pages, to the icon."""
    return redirect(static("favicon.svg"))


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer whether the site and its database are there."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("database unreachable", status=503, content_type="text/plain")
    return HttpResponse("ok", content_type="text/plain")


def _refuse(request: HttpRequest, message: str, *, status: int) -> HttpResponse:
    return render(request, "boards/refused.html", {"message": message, "back": _came_from(request)}, status=status)


def _back(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(_came_from(request))


def _came_from(request: HttpRequest) -> str:
    """Return the page that the form stood on, if it is one of ours; else the start page."""
    came_from = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(came_from, allowed_hosts=None) and came_from.startswith("/")
    return came_from if ours else "/"
