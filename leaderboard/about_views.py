"""What the site says of itself: to readers how it works, to search engines where to look."""

from __future__ import annotations

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from claims import boards
from claims.api.caching import check, keep, make_etag, software_version
from claims.boards.quality import MOST_OF_ALL, Part
from leaderboard import sitemaps
from leaderboard.addresses import absolute
from leaderboard.finders import find_library_address
from leaderboard.rendering import render
from leaderboard.templatetags.head_tags import cite_board
from leaderboard.unchanged import answer_unchanged, stamp_page

# Of what has parameters alone: the boards themselves are for everybody, each combination of their settings and orders is not.
ROBOTS = """\
User-agent: *
Disallow: /admin/
Disallow: /review/
Disallow: /decide/
Disallow: /report/
Disallow: /changes/
Disallow: /hooks/
Disallow: /login/
Disallow: /account/
Disallow: /invitation/
Disallow: /listings/upload/
Disallow: /search/?
Disallow: /dumps/*/
Disallow: /sota/*?
Disallow: /sota/*/rows.
Disallow: /sota/*/compare/
Allow: /sota/*?page=
Allow: /sota/*/card.png?
Allow: /sota/

Sitemap: {sitemap}
"""


@require_safe
def method(request: HttpRequest) -> HttpResponse:
    """What the states, ranks and marks mean, where numbers come from, under which licence they are and how to cite a board."""
    largest = boards.list_largest_boards(limit=1)
    context = {
        "example": largest[0] if largest else None,
        "citation": cite_board(largest[0], today=timezone.now().date()) if largest else "",
        "license": settings.DATA_LICENSE,
        "license_url": settings.DATA_LICENSE_URL,
        "shows_unreviewed": settings.SHOW_UNREVIEWED,
        "accepts_from": settings.AUTO_ACCEPT_CONFIDENCE,
    }
    return render(request, "about/method.html", context)


@require_safe
def quality(request: HttpRequest) -> HttpResponse:
    """What people made of what was read; `?all=` shows all lines of a part."""
    stated = request.GET.get("all", "")
    if stated and stated not in list(Part):
        raise Http404(f"There is no part “{stated[:40]}” of this page.")
    answer = answer_unchanged(request, boards.last_decision())
    if isinstance(answer, HttpResponse):
        return answer
    read = _read_quality(Part(stated) if stated else None)
    context = {
        "quality": read,
        "parts": [(part, *PART_WORDS[part], read.parts[part]) for part in PART_WORDS if part in read.parts],
        "library": find_library_address() if read.whole else "",
        "most": MOST_OF_ALL,
        "all": stated,
    }
    return stamp_page(request, render(request, "about/quality.html", context), answer)


def _read_quality(everything: Part | None = None) -> boards.Quality:
    """Count anew only after another decision: with many of them that takes some tenths of a second."""
    key = f"quality:{software_version()}:{boards.last_decision()}:{everything or ''}"
    read: boards.Quality | None = cache.get(key)
    if read is None:
        read = boards.read_quality(everything=everything)
        cache.set(key, read, timeout=24 * 3600)
    return read


PART_WORDS = {
    Part.MONTH: ("Over time", "Month of the decision", "by the month in which a claim came to be what it is"),
    Part.EXTRACTOR: ("By extractor version", "Version", "that read the claim"),
    Part.CONFIDENCE: ("By confidence", "Confidence", "that the reading was given; 1 is sure"),
    Part.AREA: ("By field", "Field", "of the task that the text names, else of what its dataset or metric is for"),
    Part.METRIC: ("By metric", "Metric as read", "also where a curator found that it is another"),
    Part.DATASET: ("By dataset", "Dataset as read", "also where a curator found that it is another"),
}
"""The parts in the order of the page: title, head of their first column, and what they are told apart by."""


@require_safe
def quality_chart(request: HttpRequest) -> HttpResponseBase:
    """The chart of that page as JSON."""

    def draw() -> HttpResponse:
        from leaderboard.charts.shares import draw_quality  # brings Plotly, which takes its time

        return JsonResponse(draw_quality(_read_quality()))

    return keep(request, make_etag("quality", boards.last_decision()), draw, caching="no-cache")


@require_safe
@cache_control(public=True, max_age=3600)
def robots(request: HttpRequest) -> HttpResponse:
    text = ROBOTS.format(sitemap=absolute(reverse("sitemap")))
    return check(request, HttpResponse(text, content_type="text/plain; charset=utf-8"))


@require_safe
@cache_control(public=True, max_age=3600)
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """The file that names the files of all sections."""
    files = []
    for name, section in sitemaps.SECTIONS.items():
        address = absolute(reverse("sitemap-section", args=[name]))
        files += [f"{address}?p={number}" if number > 1 else address for number in range(1, section.count_files() + 1)]
    return check(request, HttpResponse(sitemaps.write_index(files), content_type="application/xml"))


@require_safe
@cache_control(public=True, max_age=3600)
def sitemap(request: HttpRequest, section: str) -> HttpResponse:
    """A file of a section."""
    stated = request.GET.get("p", "1")
    try:
        number = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 11 else 0
        entries = sitemaps.SECTIONS[section].read_file(number)
    except LookupError:
        raise Http404("The site’s map has no such part.") from None
    return check(request, HttpResponse(sitemaps.write_file(entries), content_type="application/xml"))
