"""Boards on other sites' pages: embeds, badges and sparklines, and what finds them.

All of it is for everybody: it asks about no reader, sets no cookie, and may be kept by caches. The embeds alone may be framed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from csp.constants import SELF
from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from claims import boards
from claims import search as searching
from claims.api.caching import SHARED, keep, make_etag
from claims.api.errors import error
from claims.errors import UnknownFilterError
from claims.models import Benchmark, Claim, Paper
from claims.terms import CurationState, DecidedBy, Direction, SearchKind
from leaderboard import badges, cards, embedding
from leaderboard.addresses import absolute
from leaderboard.embedding import Embed, Show, Theme, read_embed
from leaderboard.rendering import render
from leaderboard.templatetags.home_tags import claim_words, record_words
from leaderboard.templatetags.word_tags import NBSP

SVG = "image/svg+xml; charset=utf-8"
MOST_OFFERED = 50
"""So many boards the builder offers by name; any other one is found by its address or by words."""
LONGEST_LABEL = 80
SCRIPT_SECONDS = 3600


def _versions(benchmark: Benchmark) -> tuple[object, ...]:
    """Return what tells a board's state apart from any other."""
    return (benchmark.public_id, benchmark.version, benchmark.task.version, benchmark.dataset.version, settings.SHOW_UNREVIEWED)


def _keep(request: HttpRequest, make: Callable[[], HttpResponse], *parts: object, caching: str = SHARED) -> HttpResponseBase:
    """Return what `make` makes, or that the reader has it: an answer that depends on the address, on `parts` and on this software."""
    etag = make_etag(request.path, request.GET.urlencode(), request.get_host(), settings.SITE_URL, *parts)
    return keep(request, etag, make, caching=caching)


# ---- embeds ----


@xframe_options_exempt
@csp_replace({"frame-ancestors": ["*"]})  # type: ignore[arg-type]  # typed for views that take a request alone
@require_safe
def embed_board(request: HttpRequest, slug: str) -> HttpResponseBase:
    """A board as a small page for other sites' frames."""
    try:
        benchmark = boards.find_benchmark(slug)
    except Benchmark.DoesNotExist:
        return _say_trouble(request, f"There is no board at “{slug[:60]}”.", status=404)
    if benchmark.slug != slug:
        address = embedding.with_query(reverse("embed-board", args=[benchmark.slug]), request.GET.urlencode())
        return redirect(address, permanent=True)
    return _keep(request, lambda: _show_embed(request, benchmark), *_versions(benchmark), benchmark.task.area)


def _show_embed(request: HttpRequest, benchmark: Benchmark) -> HttpResponse:
    try:
        embed = read_embed(request.GET)
        board = boards.read_board(benchmark, embed.query, page_size=embed.rows, opened="")
    except UnknownFilterError as refused:
        return _say_trouble(request, refused.message, status=400, benchmark=benchmark)
    context = {
        "board": board,
        "benchmark": benchmark,
        "embed": embed,
        "site": urlsplit(settings.SITE_URL).netloc,
        "address": embedding.board_address(benchmark, embed),
    }
    return render(request, "embed/board.html", context)


def _say_trouble(request: HttpRequest, message: str, *, status: int, benchmark: Benchmark | None = None) -> HttpResponse:
    theme = request.GET.get("theme", "")
    context = {
        "message": message,
        "benchmark": benchmark,
        "address": absolute(benchmark.get_absolute_url() if benchmark else reverse("home")),
        "site": urlsplit(settings.SITE_URL).netloc,
        "theme": theme if theme in (Theme.LIGHT, Theme.DARK) else "",
        "own": embedding.OWN,
    }
    return render(request, "embed/trouble.html", context, status=status)


@require_safe
def script(request: HttpRequest) -> HttpResponseBase:
    """The script that other sites' pages load to have frames sized, at an address that stays."""
    text = _read_script()

    def make() -> HttpResponse:
        return HttpResponse(text, content_type="text/javascript; charset=utf-8")

    return _keep(request, make, text, caching=f"public, max-age={SCRIPT_SECONDS}")


@cache
def _read_script() -> str:
    return (Path(settings.BASE_DIR) / "static" / "js" / "embed.js").read_text(encoding="utf-8")


# ---- oEmbed ----


@require_safe
def oembed(request: HttpRequest) -> HttpResponseBase:
    """What a program embeds a board by that has its address alone, as https://oembed.com has it.

    Consumers send parameters of their own along: those are no mistake, and say nothing.
    """
    if request.GET.get("format", "json") != "json":
        return JsonResponse(error("not_implemented", "There is JSON alone: format=json."), status=501)
    try:
        width, height = (_read_bound(request.GET, name) for name in ("maxwidth", "maxheight"))
        if not request.GET.get("url"):
            raise UnknownFilterError("“url” is missing: the address of a board on this site.", field="url")
        found = _find_embed(request, request.GET["url"])
    except UnknownFilterError as refused:
        return JsonResponse(error(refused.code, refused.message, refused.field), status=400)
    if found is None:
        return JsonResponse(error("not_found", "There is no board of this site at that address.", "url"), status=404)
    benchmark, embed = found
    return _keep(
        request, lambda: JsonResponse(_describe(benchmark, embed, width, height)), *_versions(benchmark), cards.card_url(benchmark)
    )


def _read_bound(query: QueryDict, name: str) -> int | None:
    stated = query.get(name) or ""
    if not stated:
        return None
    if not (stated.isascii() and stated.isdigit() and 0 < len(stated) < 7 and int(stated)):
        raise UnknownFilterError(f"“{name}” is {stated[:20]}; it must be a number of pixels.", field=name)
    return int(stated)


def _find_embed(request: HttpRequest, url: str) -> tuple[Benchmark, Embed] | None:
    """Return the board and what of it an address of this site shows, None for any other address."""
    try:
        parts = urlsplit(url)
        match = resolve(unquote(parts.path))
    except (ValueError, Resolver404):
        return None
    ours = (urlsplit(settings.SITE_URL).netloc, request.get_host())
    if parts.scheme not in ("http", "https") or parts.netloc not in ours or match.url_name not in ("board", "embed-board"):
        return None
    try:
        benchmark = boards.find_benchmark(match.kwargs["slug"])
    except Benchmark.DoesNotExist:
        return None
    query = QueryDict(parts.query)
    return benchmark, read_embed(embedding.of_page(query) if match.url_name == "board" else query)


_CARD = (1200, 630)


def _describe(benchmark: Benchmark, embed: Embed, width: int | None, height: int | None) -> dict[str, Any]:
    """Return an oEmbed answer. Neither the frame nor the picture is larger than asked for: a picture that is has to be left out."""
    wide = min(embedding.WIDTH, width or embedding.WIDTH)
    guessed = embedding.guess_height(embed, benchmark.row_count)
    high = min(guessed, height or guessed)
    described: dict[str, Any] = {
        "version": "1.0",
        "type": "rich",
        "provider_name": "Claimboard",
        "provider_url": absolute(reverse("home")),
        "title": badges.clean(str(benchmark)),
        "html": embedding.frame(benchmark, embed, width=str(wide), height=high),
        "width": wide,
        "height": high,
        "cache_age": SCRIPT_SECONDS,
    }
    if (width is None or width >= _CARD[0]) and (height is None or height >= _CARD[1]):
        described |= {"thumbnail_url": cards.card_url(benchmark), "thumbnail_width": _CARD[0], "thumbnail_height": _CARD[1]}
    return described


# ---- badges and sparklines ----


def _draws(*known: str) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Make a view of an image answer what it can't draw by an image, too: programs see the status, people read the words."""

    def wrap(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @require_safe
        @wraps(view)
        def drawn(request: HttpRequest, **key: str) -> HttpResponseBase:
            try:
                embedding.refuse_unknown(request.GET, known)
                theme = _read_theme(request)
                if len(request.GET.get("label", "")) > LONGEST_LABEL:
                    raise UnknownFilterError(f"“label” has more than {LONGEST_LABEL} characters.", field="label")
                return view(request, theme, **key)
            except UnknownFilterError as refused:
                return _draw_trouble(f"can’t be drawn: {refused.field}", refused.message, status=400)
            except Http404 as missing:
                return _draw_trouble(str(missing), str(missing), status=404)

        return drawn

    return wrap


def _read_theme(request: HttpRequest) -> badges.Theme:
    stated = request.GET.get("theme") or badges.Theme.LIGHT
    if stated not in list(badges.Theme):
        raise UnknownFilterError(f"“theme” is {stated[:20]}; there are {', '.join(badges.Theme)}.", field="theme")
    return badges.Theme(stated)


def _draw_trouble(words: str, title: str, *, status: int) -> HttpResponse:
    response = HttpResponse(badges.draw_badge("Claimboard", words, title=title), content_type=SVG, status=status)
    response["Cache-Control"] = "no-cache"
    return response


def _find_board(slug: str) -> Benchmark:
    try:
        return boards.find_benchmark(slug)
    except Benchmark.DoesNotExist:
        raise Http404("no such board") from None


def _move(request: HttpRequest, name: str, key: str) -> HttpResponse:
    return redirect(embedding.with_query(reverse(name, args=[key]), request.GET.urlencode()), permanent=True)


@_draws("label", "theme")
def board_badge(request: HttpRequest, theme: badges.Theme, *, slug: str) -> HttpResponseBase:
    """Who leads a board, and with which number."""
    benchmark = _find_board(slug)
    if benchmark.slug != slug:
        return _move(request, "board-badge", benchmark.slug)

    def draw() -> HttpResponse:
        label = request.GET.get("label") or benchmark.dataset.name
        leader, metric = boards.find_leader(benchmark), benchmark.primary_metric
        if leader is None or metric is None:
            return HttpResponse(
                badges.draw_badge(label, "no ranked result", title=f"{benchmark}: no ranked result", theme=theme), content_type=SVG
            )
        number = f"{claim_words(leader)}{NBSP}{metric.unit or metric.name}"
        holder = _holder(leader)
        state = _state_words(leader.state, by_policy=leader.decided_by == DecidedBy.POLICY)
        title = f"{benchmark}: {number}{f' {metric.name}' if metric.unit else ''} by {holder}{state}"
        svg = badges.draw_badge(label, f"{number} by {holder}{state}", title=title, tone=_tone(state), theme=theme)
        return HttpResponse(svg, content_type=SVG)

    return _keep(request, draw, *_versions(benchmark))


def _holder(claim: Claim) -> str:
    result = claim.result
    if result is None:
        return claim.model_name or "another result"
    named = f"{result.model_name} {result.variant}".strip() if result.model_name else ""
    return named or (result.paper.title if result.paper else "an unnamed model")


def _state_words(state: str, *, by_policy: bool) -> str:
    """Say of a number that no person stands behind it: colour alone says nothing to many."""
    if state == CurationState.UNREVIEWED:
        return ", unreviewed"
    return ", auto-accepted" if by_policy else ""


def _tone(state: str) -> badges.Tone:
    return badges.Tone.PLAIN if state else badges.Tone.VOUCHED


@_draws("board", "label", "theme")
def paper_badge(request: HttpRequest, theme: badges.Theme, *, public_id: str) -> HttpResponseBase:
    """A paper's best rank, or its rank on the board that `?board=` names. One without any is told so, in grey."""
    paper = Paper.objects.select_related("merged_into").filter(public_id=public_id).first()
    if paper is None:
        raise Http404("no such paper")
    if paper.merged_into is not None:
        return _move(request, "paper-badge", paper.merged_into.public_id)
    chosen = _find_board(request.GET["board"]) if request.GET.get("board") else None
    on = boards.list_boards_of(paper, slug=chosen.slug if chosen else None)

    def draw() -> HttpResponse:
        label = request.GET.get("label") or "Claimboard"
        best = boards.find_best_rank(paper, on)
        if best is None:
            where = f" on {chosen.dataset.name}" if chosen else ""
            words = f"no ranked result{where}"
            return HttpResponse(badges.draw_badge(label, words, title=f"{paper.title}: {words}", theme=theme), content_type=SVG)
        state = _state_words(best.state, by_policy=best.by_policy)
        words = f"#{best.rank}{'=' if best.tied else ''} on {best.benchmark.dataset.name}{state}"
        metric = best.benchmark.primary_metric
        shared = ", shared" if best.tied else ""
        title = f"{paper.title}: rank {best.rank} of {best.of}{shared}, {best.benchmark}{f', by {metric.name}' if metric else ''}{state}"
        return HttpResponse(badges.draw_badge(label, words, title=title, tone=_tone(state), theme=theme), content_type=SVG)

    return _keep(request, draw, paper.public_id, paper.version, chosen, *(part for benchmark in on for part in _versions(benchmark)))


@_draws("theme")
def sparkline(request: HttpRequest, theme: badges.Theme, *, slug: str) -> HttpResponseBase:
    """A board's record as a small line of steps."""
    benchmark = _find_board(slug)
    if benchmark.slug != slug:
        return _move(request, "sparkline", benchmark.slug)
    today = timezone.localdate()

    def draw() -> HttpResponse:
        records, metric = boards.list_records_of(benchmark), benchmark.primary_metric
        leader = boards.find_leader(benchmark)
        undated = leader is not None and bool(records) and records[-1].claim_id != leader.pk
        words = record_words(records, leader_is_undated=undated) if records else "no record with a date"
        of = f"{metric.name}{f', {metric.unit}' if metric.unit else ''}: " if metric and records else ""
        lower = metric is not None and metric.direction == Direction.LOWER
        svg = badges.draw_sparkline(records, lower=lower, until=today, title=f"{benchmark}, {of}{words}", theme=theme)
        return HttpResponse(svg, content_type=SVG)

    return _keep(request, draw, *_versions(benchmark), today)


# ---- the page that builds the snippet ----

_OF_THE_BUILDER = ("board", "of")


@require_safe
@csp_update({"frame-src": SELF})
def builder(request: HttpRequest) -> HttpResponse:
    """Choose a board and what to show of it; take the snippet along. `?of=` is the board that the form's other fields were made for."""
    wanted = " ".join(request.GET.get("board", "").split())[:400]
    context: dict[str, Any] = {
        "wanted": wanted,
        "offered": boards.list_largest_boards(limit=MOST_OFFERED),
        "most_rows": embedding.MOST_ROWS,
    }
    benchmark = _look_up(wanted) if wanted else None
    if benchmark is None:
        found = searching.search(wanted[: searching.LONGEST_QUERY], kind=SearchKind.BOARD, page_size=8) if wanted else None
        context["hits"] = [hit.benchmark for hit in found.hits if hit.benchmark] if found else []
        return render(request, "embed/builder.html", context)
    try:
        context |= _build(request, benchmark)
    except UnknownFilterError as refused:
        context |= {"benchmark": benchmark, "refused": refused.message}
        return render(request, "embed/builder.html", context, status=400)
    return render(request, "embed/builder.html", context)


def _look_up(wanted: str) -> Benchmark | None:
    """Return the board of a slug, or of the address of its page; None for other words."""
    slug = wanted
    if "/" in wanted:
        try:
            match = resolve(unquote(urlsplit(wanted).path))
        except (ValueError, Resolver404):
            return None
        slug = match.kwargs.get("slug", "") if match.url_name in ("board", "embed-board") else ""
    try:
        return boards.find_benchmark(slug)
    except Benchmark.DoesNotExist:
        return None


def _build(request: HttpRequest, benchmark: Benchmark) -> dict[str, Any]:
    asked = embedding.of_page(request.GET)
    made_for = asked.get("of") or benchmark.slug
    for name in [*_OF_THE_BUILDER, *(name for name in asked if made_for != benchmark.slug and name not in embedding.OWN)]:
        asked.pop(name, None)
    for name in [name for name, values in asked.lists() if not any(values)]:
        del asked[name]  # a field of the form that was left as it was
    embed = read_embed(asked)
    board = boards.read_board(benchmark, embed.query, page_size=1, opened="")
    height = embedding.guess_height(embed, board.shown)
    page = absolute(benchmark.get_absolute_url())
    path = embedding.embed_path(benchmark, embed)
    return {
        "benchmark": benchmark,
        "board": board,
        "embed": embed,
        "shows": [(show.value, words) for show, words in _SHOWS.items()],
        "themes": [(theme.value, words) for theme, words in _THEMES.items()],
        "height": height,
        "path": path,
        "snippet": f"{embedding.frame(benchmark, embed, width='100%', height=height)}\n{embedding.sizing_script()}",
        "markdown": embedding.picture(embedding.badge_of_board(benchmark), page, f"{benchmark}: who leads"),
        "sparkline_markdown": embedding.picture(embedding.sparkline_of(benchmark), page, f"{benchmark}: the record over time"),
        "oembed": embedding.oembed_address(absolute(path)),
    }


_SHOWS = {Show.TABLE: "Table", Show.CHART: "Chart", Show.BOTH: "Both"}
_THEMES = {Theme.AUTO: "The reader’s", Theme.LIGHT: "Light", Theme.DARK: "Dark"}
