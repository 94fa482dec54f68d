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
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.html import format_html
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from claims import bibtex, boards, tasks
from claims import search as searching
from claims.api.caching import keep, make_etag
from claims.api.uploading import find_trouble
from claims.errors import (
    ClaimsError,
    InvalidDecisionError,
    ListingError,
    MappingError,
    StaleObjectError,
    StorageError,
    TooManyUploadsError,
    UnknownFilterError,
)
from claims.extraction.table_numbers import UNITS_OFFERED
from claims.models import Area, Benchmark, ChangeSet, Claim, Cost, Listing, Paper, SourceRecord
from claims.services import changes, curation, mappings, permissions, receipts, storage, table_receipts, uploads, withholding
from claims.terms import OPEN_STATES, CurationState, ListingState, RejectReason, SearchKind
from leaderboard import cards
from leaderboard import tasks as site_tasks
from leaderboard.addresses import absolute, local_address
from leaderboard.csv_files import stream_csv
from leaderboard.forms import ColumnsForm, DecisionForm, ListingForm, UploadForm, YearForm
from leaderboard.rendering import render
from leaderboard.templatetags import head_tags
from leaderboard.templatetags.paper_tags import number_statements
from leaderboard.templatetags.word_tags import plural
from leaderboard.unchanged import answer_unchanged, stamp_page

Params = ParamSpec("Params")

LISTINGS_ON_A_PAGE = 50
ENTRIES_ON_A_PAGE = 50
SUGGESTIONS = 8
_STATUS: dict[type[ClaimsError], int] = {TooManyUploadsError: 429, StorageError: 507}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The boards by area, the largest of each; `?area=` shows all of one. And what is new."""
    everything = request.GET.get("boards") == "all"
    chosen = request.GET.get("area") or None
    try:
        areas = boards.list_areas(single=everything, area=chosen)
    except Area.DoesNotExist:
        raise Http404(f"There is no area “{str(chosen)[:40]}” with boards.") from None
    context = {
        "areas": areas,
        "chosen": chosen,
        "specimen": boards.find_specimen(areas),
        "accepted_only": not settings.SHOW_UNREVIEWED,
        "left_out": 0 if everything else boards.count_single_boards(),
        "records": boards.list_latest_records(),
        "listings": boards.list_latest_listings(),
    }
    return render(request, "boards/home.html", context)


def of_board(
    view: Callable[Concatenate[HttpRequest, Benchmark, Params], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """Find the board of an address: none is a page that says so, and one that moved leads to where it is now, with its query."""

    @require_safe
    @wraps(view)
    def found(request: HttpRequest, slug: str, *args: Params.args, **kwargs: Params.kwargs) -> HttpResponseBase:
        try:
            benchmark = boards.find_benchmark(slug)
        except Benchmark.DoesNotExist:
            raise Http404(f"There is no board at “{slug}”.") from None
        if benchmark.slug != slug:
            return redirect(request.get_full_path().replace(f"/{slug}/", f"/{benchmark.slug}/", 1), permanent=True)
        return view(request, benchmark, *args, **kwargs)

    return found


@of_board
def board(request: HttpRequest, benchmark: Benchmark) -> HttpResponse:
    """A board. `?open=<row>` shows that row's sentences; a script asks for them alone."""
    may_curate = request.user.is_authenticated and permissions.may_curate(request.user)
    # What is flagged on a row that is open changes without its board.
    answer = "" if may_curate and "open" in request.GET else _answer_unchanged(request, benchmark)
    if isinstance(answer, HttpResponse):
        return answer
    query = request.GET.copy()
    opened = str((query.pop("open", None) or [""])[-1])
    try:
        with boards.in_turn():
            read = boards.read_board(benchmark, query, opened=opened)
    except UnknownFilterError as error:
        return _refuse_query(request, benchmark, error)
    ways_out = boards.list_ways_out(benchmark, query) if read.filtered and not read.rows else []
    address = absolute(benchmark.get_absolute_url())
    words = boards.find_words_of_row(read.opened) if read.opened is not None else {}
    context = {"board": read, "benchmark": benchmark, "ways_out": ways_out, "asked_for": opened, "address": address, "words": words}
    context["may_curate"] = may_curate
    context["flags"] = boards.find_flags_of_row(read.opened) if may_curate and read.opened is not None else {}
    alone = request.headers.get("X-Row") == opened and read.opened is not None
    response = render(request, "boards/_row_detail.html" if alone else "boards/board.html", context)
    return stamp_page(request, response, answer)


def _answer_unchanged(request: HttpRequest, benchmark: Benchmark) -> HttpResponse | str:
    """Return the answer to a reader who has a board's page as it is, else the page's ETag, '' for a page that says something once.

    It depends on the board's version, which every change of its rows or names moves, on what the site and this reader may see, on the
    query, and on this software.
    """
    return answer_unchanged(
        request,
        *(benchmark.public_id, benchmark.version, benchmark.task.version, benchmark.dataset.version, settings.SHOW_UNREVIEWED),
        *(settings.DATA_LICENSE_URL, benchmark.task.area),
    )


def _refuse_query(request: HttpRequest, benchmark: Benchmark, error: UnknownFilterError) -> HttpResponse:
    return render(request, "boards/bad_query.html", {"benchmark": benchmark, "message": error.message}, status=400)


MOST_COMPARED = 6


@of_board
def compare(request: HttpRequest, benchmark: Benchmark) -> HttpResponse:
    """The rows of a board that are named by `?row=`, side by side."""
    wanted = list(dict.fromkeys(request.GET.getlist("row")))
    read = boards.read_board(benchmark, QueryDict("role=all"), opened="", only=frozenset(wanted[:MOST_COMPARED]))
    context = {
        "board": read,
        "benchmark": benchmark,
        "missing": len(wanted[:MOST_COMPARED]) - len(read.rows),
        "cut": max(0, len(wanted) - MOST_COMPARED),
        "most": MOST_COMPARED,
    }
    return render(request, "boards/compare.html", context)


@of_board
def take_along(request: HttpRequest, benchmark: Benchmark, form: str) -> HttpResponse | StreamingHttpResponse:
    """The rows that a board's page shows, as a text to copy; `?rows=all` takes those of all its pages."""
    query = request.GET.copy()
    everything = query.pop("rows", [""])[-1] == "all"
    try:
        read = boards.read_board(benchmark, query, page_size=None if everything else boards.PAGE_SIZE, opened="")
    except UnknownFilterError as error:
        return _refuse_query(request, benchmark, error)
    from leaderboard import taking_along

    return taking_along.FORMS[form](read, request)


@require_safe
def chart(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A board's chart as JSON, for the board's own query; with `figure=plotly` the figure alone, as Plotly itself reads it.

    It is worked out anew only when the board or this software has changed.
    """
    try:
        benchmark = boards.find_benchmark(slug)
    except Benchmark.DoesNotExist:
        return _refuse_json("not_found", f"There is no board at “{slug}”.", status=404)
    query = request.GET.copy()
    query.pop("open", None)
    asked = query.urlencode()
    wanted = str((query.pop("figure", None) or [""])[-1])
    if benchmark.slug != slug:
        return redirect(f"{reverse('chart', args=[benchmark.slug])}?{asked}", permanent=True)
    if wanted not in ("", "plotly"):
        return _refuse_json("unknown_filter", f"There is no figure called “{wanted[:60]}”. There is plotly.", field="figure", status=400)

    def draw() -> HttpResponse:
        try:
            read = boards.read_board(benchmark, query, page_size=None, opened="")
        except UnknownFilterError as error:
            return _refuse_json(error.code, error.message, field=error.field, status=400)
        from leaderboard.charts.drawing import draw_board  # brings Plotly, which no other page needs and which takes its time

        drawn = draw_board(read)
        return JsonResponse(drawn["figure"] if wanted else drawn)

    etag = make_etag(benchmark.public_id, benchmark.version, settings.SHOW_UNREVIEWED, asked)
    return keep(request, etag, draw, caching="no-cache")


@of_board
def card(request: HttpRequest, benchmark: Benchmark) -> HttpResponseBase:
    """A board's picture for links to it. One that is not drawn yet is asked for, and an older one or the site's stands in for it.

    A worker draws: matplotlib would take a second and 50 MB of each web process, and who fetches such pictures asks again.
    """
    current = cards.find_card(benchmark)
    if current is None:
        site_tasks.ask_for_card(benchmark)
    shown = current or cards.find_older_card(benchmark)
    if shown is None:
        return _lead_to_sites_card()

    def show() -> HttpResponseBase:
        try:
            return FileResponse(shown.open("rb"), content_type="image/png")
        except OSError:
            return _lead_to_sites_card()  # removed meanwhile, for a later one

    asked_for_this = current is not None and request.GET.get("v") == cards.card_version(benchmark)
    caching = "public, max-age=31536000, immutable" if asked_for_this else "no-cache"
    return keep(request, make_etag(benchmark.public_id, shown.name), show, caching=caching)


def _lead_to_sites_card() -> HttpResponse:
    response = redirect(static("card.png"))
    response["Cache-Control"] = "no-store"
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
    tabled = number_statements(page.table_claims, page.table_costs, after=len(numbered) + len(earlier))
    context = {"page": page, "paper": page.paper, "numbered": numbered, "earlier": earlier, "tabled": tabled, "may_curate": may_curate}
    return render(request, "boards/paper.html", context)


@require_safe
def cite_paper(request: HttpRequest, public_id: str) -> HttpResponse:
    """A paper's BibTeX entry as a file."""
    found = Paper.objects.select_related("merged_into").filter(public_id=public_id).first()
    if found is None:
        raise Http404("There is no paper at this address.")
    if found.merged_into is not None:
        return redirect("cite-paper", found.merged_into.public_id)
    return _bibtex_file(bibtex.entry(found), name=bibtex.cite_key(found))


@of_board
def cite_board(request: HttpRequest, benchmark: Benchmark) -> HttpResponse:
    """A board's BibTeX entry as a file: this version of it, as of today."""
    return _bibtex_file(head_tags.cite_board(benchmark, today=timezone.now().date()), name=f"claimboard-{benchmark.slug}")


def _bibtex_file(text: str, *, name: str) -> HttpResponse:
    """Return BibTeX for a download; `name` is a plain word."""
    response = HttpResponse(text, content_type="application/x-bibtex; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.bib"'
    return response


@require_safe
def record(request: HttpRequest, public_id: str, number: int) -> HttpResponse:
    """A record of an uploaded table, as it stood there, with everything that was read from it."""
    table = _find_listing(public_id)
    may_curate = permissions.may_curate(request.user)
    try:
        page = boards.read_record(table, min(number, 2**31 - 1), for_curator=may_curate)
    except SourceRecord.DoesNotExist:
        raise Http404(f"{table.name} has no record {number}.") from None
    numbered = number_statements(page.claims, page.costs)
    context = {"page": page, "listing": table, "numbered": numbered, "may_curate": may_curate}
    return render(request, "boards/record.html", context)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What a query finds. A script asks for the first few as suggestions."""
    text, wanted = request.GET.get("q", ""), request.GET.get("kind", "")
    if request.headers.get("HX-Request"):
        response = render(request, "search/_suggestions.html", {"found": searching.search(text, page_size=SUGGESTIONS)})
    elif wanted and wanted not in list(SearchKind):
        context = {"unknown_kind": wanted, "anything": urlencode({"q": text})}
        response = render(request, "search/search.html", context, status=400)
    else:
        stated = request.GET.get("page", "")
        page = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 6 else 1
        found = searching.search(text, kind=SearchKind(wanted) if wanted else None, page=page)
        response = render(request, "search/search.html", _search_context(text, wanted, found))
    patch_vary_headers(response, ["HX-Request"])
    return response


def _search_context(text: str, kind: str, found: searching.Found) -> dict[str, object]:
    """Return what the search page shows around its results: the kinds to choose from, the pages, and what helps where it is empty."""

    def address(**changes: str | int) -> str:
        parameters: dict[str, str | int] = {"q": found.query.text, "kind": kind, **changes}
        return urlencode({name: value for name, value in parameters.items() if value})

    counts = {"": found.total} | {of.value: found.counts[of] for of in SearchKind}
    labels = {"": "All", "board": "Boards", "dataset": "Datasets", "model": "Models", "paper": "Papers"}
    shown = found.page * searching.PAGE_SIZE
    examples = [] if found.total else boards.list_largest_boards()
    return {
        "found": found,
        "kind": kind,
        "kinds": [
            {
                "label": labels[of],
                "count": count,
                "chosen": of == kind,
                "query": address(kind=of),
                "more": bool(found.more) if not of else of in found.more,
            }
            for of, count in counts.items()
            if count or of == kind
        ],
        "anything": address(kind=""),
        "previous": address(page=found.page - 1) if found.page > 1 else "",
        "next": address(page=found.page + 1) if found.page < found.pages else "",
        "first": shown - searching.PAGE_SIZE + 1,
        "left": counts[kind] - shown,
        "cut": searching.LONGEST_QUERY if len(text) > searching.LONGEST_QUERY else 0,
        "most": searching.MOST_OF_A_KIND,
        "asked_for_nothing": not text.strip(),
        "near": searching.suggest_words(found.query) if text.strip() and not found.total else [],
        "examples": examples,
        "site_is_empty": not examples,
    }


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
    told = f"{statement.stated}: {wish['state']}."
    if wish["state"] == CurationState.REJECTED and wish["reason"] == RejectReason.WRONGLY_READ:
        address = f"{reverse(f'correct-{kind}', args=[public_id])}?{urlencode({'next': _came_from(request)})}"
        told = format_html('{} What does the text say instead? <a href="{}">Correct it</a>', told, address)
    messages.success(request, told)
    return _back(request)


@require_POST
def undo(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take a change back, as a change of its own: decisions on numbers, or what was done with a listing."""
    if not request.user.is_authenticated:
        return redirect_to_login(_came_from(request))
    change_set = ChangeSet.objects.filter(public_id=public_id).first()
    may = permissions.may_curate(request.user) if change_set is None else permissions.may_undo(request.user, change_set)
    if not may:
        raise PermissionDenied("Your account may not take this change back. Ask who made it, or the operator of this site.")
    if change_set is None:
        raise Http404("There is no change at this address.")
    try:
        undone = changes.undo(change_set, actor=request.user.get_username())
    except ClaimsError as error:
        return _refuse(request, error.message, status=409)
    changed = changes.find_listing(change_set)
    paper = withholding.find_paper(change_set)
    if paper is not None:
        messages.success(request, f"Undone. The text of “{paper.title}” is {'withheld' if paper.text_withheld else 'shown'} again.")
        return _back(request)
    if changed is not None:
        tasks.announce_settling(changed)
    messages.success(
        request, f"The decision was undone. {undone.reason}".rstrip() if changed is None else f"Undone. {changed.name} is as it was before."
    )
    return _back(request)


@require_safe
def listings(request: HttpRequest) -> HttpResponse:
    """The uploads with their progress, all or those in one state."""
    counts = boards.count_listings()
    state = request.GET.get("state", "")
    if state and state not in list(ListingState):
        raise Http404(f"No listing is ever in the state “{state[:40]}”.")
    page = Paginator(boards.list_listings(state), LISTINGS_ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "listings/listings.html", {"page": page, "counts": counts, "total": sum(counts.values()), "state": state})


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
        name = storage.clean_name(file.name)
        years = boards.read_years(size=file.size)
        try:
            stored, created = storage.store_upload(file, name=file.name, actor=user.get_username(), uploaded_by=user, year=year)
        except (ListingError, StorageError, TooManyUploadsError) as error:
            form.add_error("file", error.message if name in error.message else f"{name} was not read. {error.message}")
            status = _STATUS.get(type(error), 400)
        else:
            if stored.state in OPEN_STATES:
                tasks.announce(stored)
            tasks.announce_settling(stored)
            if stored.state == ListingState.UNMAPPED and permissions.may_manage_listing(user, stored):
                return redirect("map-columns", stored.public_id)
            if stored.state == ListingState.WITHDRAWN:
                return _offer_to_put_back(request, stored, name=name)
            if stored.state == ListingState.CANCELLED:
                messages.info(request, f"{name} was uploaded before, and reading it was stopped.")
            elif not created and year is not None and years.get(stored.pk) != (stored.year, stored.year_source):
                messages.info(request, f"This file was uploaded before; its year is now {stored.year}.")
            elif not created and year is not None and stored.year != year:
                messages.info(request, _explain_kept_year(request, stored, name=name))
            elif not created:
                messages.info(request, f"{name} was uploaded before, byte for byte. This is its page; nothing is read twice.")
            return redirect(stored)
    return render(request, "listings/upload.html", {"form": form, "max_mb": settings.MAX_UPLOAD_MB}, status=status if form.errors else 200)


@require_safe
def listing(request: HttpRequest, public_id: str) -> HttpResponse:
    """A listing's receipt; while it is being read, its progress."""
    shown = _find_listing(public_id)
    receipt = receipts.read_receipt(shown)
    context: dict[str, object] = {"listing": shown, "receipt": receipt}
    asked_by_script = bool(request.headers.get("HX-Request"))
    if not receipt.running:
        wanted = request.GET.get("page")
        if receipt.holds_records:
            records = Paginator(boards.list_records(shown), ENTRIES_ON_A_PAGE).get_page(wanted)
            records.object_list = boards.name_records(records)
            context["entries"] = records
        else:
            context["entries"] = Paginator(boards.list_entries(shown), ENTRIES_ON_A_PAGE).get_page(wanted)
    if not (receipt.running and asked_by_script):
        context["may_manage"] = permissions.may_manage_listing(request.user, shown)
        context["may_curate"] = permissions.may_curate(request.user)
        context["year_form"] = YearForm()
        context["changes"] = receipts.list_changes(shown)
        context["withdrawal"] = boards.find_withdrawals([shown.pk] if shown.state == ListingState.WITHDRAWN else []).get(shown.pk)
    response = render(request, "listings/_receipt.html" if asked_by_script else "listings/listing.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def unread(request: HttpRequest, public_id: str) -> StreamingHttpResponse:
    """All that could not be read of a listing, as a table for spreadsheets."""
    shown = _find_listing(public_id)
    issues = receipts.list_issues(shown).values_list("line", "record", "column", "stated", "reason").iterator()
    rows = ((shown.name, *issue) for issue in issues)
    return stream_csv(rows, header=("file", "line", "record", "column", "value", "reason"), name=f"unread-{shown.public_id}.csv")


@require_safe
def unjoined(request: HttpRequest, public_id: str) -> StreamingHttpResponse:
    """All records and rows of a table that have no counterpart in the other tables of its collection, or another than these say."""
    shown = _find_listing(public_id)
    joins = table_receipts.find_joins_of(shown)
    rows = (
        (shown.name, join.table.name if join.table else "", missing.record, missing.model, missing.variant, missing.reason or join.reason)
        for join in joins
        for missing in join.missing
    )
    header = ("file", "other file", "record", "model", "variant", "reason")
    return stream_csv(rows, header=header, name=f"unjoined-{shown.public_id}.csv")


def for_managers(view: Callable[[HttpRequest, Listing], HttpResponse]) -> Callable[[HttpRequest, str], HttpResponse]:
    """Lead who is not signed in to the login page and refuse who may not manage the listing; answer what its service refuses."""

    @wraps(view)
    def guarded(request: HttpRequest, public_id: str) -> HttpResponse:
        managed = _find_listing(public_id)
        if not request.user.is_authenticated:
            return redirect_to_login(managed.get_absolute_url())
        if not permissions.may_manage_listing(request.user, managed):
            raise PermissionDenied("Your account may not change this listing. Who uploaded it may, and those who manage all listings.")
        try:
            response = view(request, managed)
        except ClaimsError as error:
            return _refuse(request, error.message, status=_STATUS.get(type(error), 409), back=managed.get_absolute_url())
        tasks.announce_settling(managed)
        return response

    return guarded


@require_POST
@for_managers
def stop_listing(request: HttpRequest, managed: Listing) -> HttpResponse:
    """Stop reading a listing."""
    uploads.stop(managed, actor=request.user.get_username(), version=_read_version(request))
    messages.success(request, f"Reading {managed.name} was stopped.")
    return redirect(managed)


@require_POST
@for_managers
def read_on(request: HttpRequest, managed: Listing) -> HttpResponse:
    """Let a stopped listing be read on."""
    uploads.read_on(managed, actor=request.user.get_username(), version=_read_version(request))
    tasks.announce(managed)
    return redirect(managed)


@require_POST
@for_managers
def retry_listing(request: HttpRequest, managed: Listing) -> HttpResponse:
    """Read what failed of a listing again."""
    uploads.retry(managed, actor=request.user.get_username(), version=_read_version(request))
    tasks.announce(managed)
    return redirect(managed)


@require_http_methods(["GET", "HEAD", "POST"])
@for_managers
def withdraw_listing(request: HttpRequest, managed: Listing) -> HttpResponse:
    """Say what withdrawing a listing would do; withdraw it."""
    if request.method == "POST":
        reason = " ".join(request.POST.get("reason", "").split())[:500]
        effect = uploads.withdraw(managed, actor=request.user.get_username(), version=_read_version(request), reason=reason)
        left = "numbers" if table_receipts.holds_records(managed) else "papers"
        rest = f" Its {left} leave the boards one after the other." if effect.papers is None else ""
        messages.success(request, f"{managed.name} was withdrawn.{rest}")
        return redirect(managed)
    if managed.state == ListingState.WITHDRAWN:
        return redirect(managed)
    context = {
        "listing": managed,
        "foreseen": receipts.foresee_withdrawal(managed),
        "holds_records": table_receipts.holds_records(managed),
    }
    return render(request, "listings/withdraw.html", context)


@require_POST
@for_managers
def correct_year(request: HttpRequest, managed: Listing) -> HttpResponse:
    """Correct the year of a listing's dates."""
    form = YearForm(request.POST)
    if not form.is_valid():
        said = " ".join(map(str, form.errors["year"])) if "year" in form.errors else "The form is incomplete. Look at the listing again."
        return _refuse(request, said, status=400, back=managed.get_absolute_url())
    wish = form.cleaned_data
    effect = uploads.set_year(
        managed,
        wish["year"] if wish["how"] == "given" else None,
        infer=wish["how"] == "inferred",
        actor=request.user.get_username(),
        version=wish["version"],
    )
    year = managed.year or "not known"
    if effect.papers is None:
        messages.success(request, f"The year is {year} now. Its papers are dated anew one after the other.")
    else:
        messages.success(request, f"The year is {year} now: {plural(effect.papers, 'paper,papers')} dated anew.")
    return redirect(managed)


@require_http_methods(["GET", "HEAD", "POST"])
@for_managers
def map_columns(request: HttpRequest, managed: Listing) -> HttpResponse:
    """Say what the columns of a table mean, with its first rows below; the table is read by it."""
    if managed.state != ListingState.UNMAPPED:
        if request.method == "POST":
            raise InvalidDecisionError(f"{managed.name} is read already; what its columns mean is settled.")
        return redirect(managed)
    head = storage.read_table_head(managed)
    known = mappings.recall(head.headers)
    shown = mappings.read_mapping(known) if known else head.guess()
    form = ColumnsForm(request.POST if request.method == "POST" else None, headers=head.headers, shown=shown)
    if form.is_valid():
        try:
            version = form.cleaned_data["version"]
            mappings.set_mapping(managed, form.mapping, headers=head.headers, actor=request.user.get_username(), version=version)
        except MappingError as error:
            form.refuse(error)
        else:
            managed.refresh_from_db()
            tasks.announce(managed)
            messages.success(request, f"{managed.name} is read by these columns. They are remembered for tables with the same headers.")
            return redirect(managed)
    elif "version" in form.errors:
        raise StaleObjectError("The form doesn’t say which version of the listing it was made for. Look at it again.")
    context = {
        "listing": managed,
        "form": form,
        "head": head,
        "rows": form.list_rows({header: [row[at] for row in head.rows[:3]] for at, header in enumerate(head.headers)}),
        "guessed": not known,
        "names": boards.list_names(),
        "units": ("%", *UNITS_OFFERED),
    }
    return render(request, "listings/columns.html", context, status=400 if form.errors else 200)


def _find_listing(public_id: str) -> Listing:
    try:
        return Listing.objects.get(public_id=public_id)
    except Listing.DoesNotExist:
        raise Http404("There is no listing at this address.") from None


def _read_version(request: HttpRequest) -> int:
    """Return the version of the listing that the form was based on; one that it can't have if the form doesn't say."""
    form = ListingForm(request.POST)
    form.is_valid()
    return int(form.cleaned_data.get("version", 0))


def _offer_to_put_back(request: HttpRequest, withdrawn: Listing, *, name: str) -> HttpResponse:
    """Answer an upload of the same bytes as a withdrawn listing's: it stays withdrawn until somebody says otherwise."""
    context = {
        "listing": withdrawn,
        "name": name,
        "withdrawal": boards.find_withdrawals([withdrawn.pk]).get(withdrawn.pk),
        "may_manage": permissions.may_manage_listing(request.user, withdrawn),
    }
    return render(request, "listings/withdrawn_before.html", context, status=409)


def _explain_kept_year(request: HttpRequest, stored: Listing, *, name: str) -> str:
    kept = f"{name} was uploaded before, byte for byte, and the year of that upload stays: {stored.year or 'not known'}."
    if permissions.may_manage_listing(request.user, stored):
        return f"{kept} You can correct it on this page."
    return f"{kept} Who uploaded it can correct it, and those who manage all listings."


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


def _refuse_json(code: str, message: str, *, field: str = "", status: int) -> JsonResponse:
    return JsonResponse({"error": {"code": code, "message": message, "field": field or None}}, status=status)


def _refuse(request: HttpRequest, message: str, *, status: int, back: str = "") -> HttpResponse:
    return render(request, "boards/refused.html", {"message": message, "back": back or _came_from(request)}, status=status)


def _back(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(_came_from(request))


def _came_from(request: HttpRequest) -> str:
    """Return the page that the form stood on, if it is one of ours; else the start page."""
    return local_address(request.POST.get("next", ""))
