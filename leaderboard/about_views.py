"""What the site says of itself: to readers how it works, to search engines where to look."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from claims import boards
from leaderboard import sitemaps
from leaderboard.addresses import absolute
from leaderboard.rendering import render
from leaderboard.templatetags.head_tags import cite_board

# Of what has parameters alone: the boards themselves are for everybody, each combination of their settings and orders is not.
ROBOTS = """\
User-agent: *
Disallow: /admin/
Disallow: /review/
Disallow: /decide/
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
@cache_control(public=True, max_age=3600)
def robots(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ROBOTS.format(sitemap=absolute(reverse("sitemap"))), content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=3600)
def sitemap_index(request: HttpRequest) -> HttpResponse:
    """The file that names the files of all sections."""
    files = []
    for name, section in sitemaps.SECTIONS.items():
        address = absolute(reverse("sitemap-section", args=[name]))
        files += [f"{address}?p={number}" if number > 1 else address for number in range(1, section.count_files() + 1)]
    return HttpResponse(sitemaps.write_index(files), content_type="application/xml")


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
    return HttpResponse(sitemaps.write_file(entries), content_type="application/xml")
