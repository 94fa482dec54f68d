"""Every answer that may be kept says what it is known by and since when it is the same, and is not sent again to who has it."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.utils.http import http_date
from pytest_django import Settings

from claims import dumps
from claims.api import caching, dating
from claims.models import (
    Area,
    Benchmark,
    ChangeSet,
    Claim,
    Cost,
    Dataset,
    Listing,
    Metric,
    MLModel,
    Paper,
    Result,
    SourceRecord,
    Task,
)
from claims.services import catalog, curation, records, uploads
from claims.terms import CostMeasure, CurationState, Direction, RejectReason
from leaderboard import cards
from tests import factories as make
from tests.once import WriteOnce

pytestmark = [pytest.mark.once, pytest.mark.django_db]

V1, OLD = "/api/v1", "/compat/paperswithcode/api/v1"


@dataclass
class Site:
    """A site with something behind every address, and the clock that it goes by."""

    board: Benchmark
    claim: Claim
    cost: Cost
    paper: Paper
    listing: Listing
    made: ChangeSet
    settings: Settings
    monkeypatch: pytest.MonkeyPatch
    now: int = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())

    def address(self, path: str) -> str:
        names = {"board": self.board.slug, "claim": self.claim.public_id, "cost": self.cost.public_id, "paper": self.paper.public_id}
        row = Result.objects.visible().filter(benchmark=self.board, ml_model__isnull=False).latest("pk")
        assert row.ml_model is not None
        names |= {"result": row.public_id, "model": row.ml_model.slug, "listing": self.listing.public_id, "act": self.made.public_id}
        dump = dumps.list_dumps()[0].name if "{dump}" in path else ""
        return path.format(**names, dump=dump, card=cards.card_version(self.board))

    # ---- what happens to a site ----

    def decide(self) -> None:
        """Reject the number that leads the board."""
        curation.decide(self.claim, CurationState.REJECTED, actor="Ada", version=self.claim.version, reason=RejectReason.NOT_A_RESULT)

    def undo(self) -> None:
        curation.undo(self.made, actor="Bo")

    def rename(self) -> None:
        for table in (Task, Dataset, Metric, MLModel):
            table.objects.update(name=Concat(F("name"), Value(" anew")), version=F("version") + 1)
        Area.objects.update(name=Concat(F("name"), Value(" anew")))

    def ship(self) -> None:
        """Load a catalogue that says otherwise what the board's metric is called."""
        catalog.touch_boards({(Metric, self.board.primary_metric_id or 0)})

    def retitle(self) -> None:
        Paper.objects.update(title=Concat(F("title"), Value(", revised")), version=F("version") + 1)

    def move_code(self) -> None:
        Paper.objects.exclude(code_url="").update(code_url="https://github.com/lab/nets/tree/main")

    def withdraw(self) -> None:
        """Withdraw the listing of the paper, which leaves lists with all that it states."""
        listing = Listing.objects.get(pk=self.listing.pk)
        uploads.withdraw(listing, actor="Ada", reason="By its author's wish.", version=listing.version)

    def hide(self) -> None:
        self.settings.SHOW_UNREVIEWED = False

    def upgrade(self) -> None:
        self.monkeypatch.setattr(caching, "software_version", lambda: "another release")

    def move(self) -> None:
        self.settings.SITE_URL = "https://moved.example.org"

    def dump(self) -> None:
        self.decide()
        dumps.dump_site()

    def lose_dump(self) -> None:
        """Delete the newest dump: an older one is the latest again."""
        shutil.rmtree(dumps.list_dumps()[0].folder)


CHANGES: dict[str, tuple[Callable[[Site], None], ...]] = {
    # -- the API --
    f"{V1}/": (),
    f"{V1}/boards/": (Site.decide, Site.rename, Site.hide),
    f"{V1}/boards/?fields=slug,rows&sort=-rows": (Site.decide,),
    f"{V1}/boards/{{board}}/": (Site.decide, Site.rename, Site.ship, Site.hide, Site.upgrade, Site.withdraw),
    f"{V1}/boards/{{board}}/?fields=id&sort=-top-1-accuracy": (Site.decide,),
    f"{V1}/claims/": (Site.decide, Site.rename, Site.retitle, Site.hide, Site.withdraw),
    f"{V1}/claims/?fields=id&board={{board}}": (Site.decide, Site.withdraw),
    f"{V1}/claims/{{claim}}/": (Site.decide, Site.rename, Site.retitle),
    f"{V1}/costs/": (Site.withdraw, Site.retitle, Site.hide),
    f"{V1}/costs/{{cost}}/": (Site.retitle,),
    f"{V1}/papers/": (Site.retitle, Site.move_code, Site.withdraw),
    f"{V1}/papers/{{paper}}/": (Site.retitle,),
    f"{V1}/models/": (Site.rename, Site.hide),
    f"{V1}/models/{{model}}/": (Site.rename,),
    f"{V1}/datasets/": (Site.rename,),
    f"{V1}/datasets/imagenet-1k/": (Site.rename,),
    f"{V1}/tasks/": (Site.rename,),
    f"{V1}/tasks/image-classification/": (Site.rename,),
    f"{V1}/metrics/": (Site.rename,),
    f"{V1}/metrics/top-1-accuracy/": (Site.rename,),
    f"{V1}/listings/": (Site.withdraw,),
    f"{V1}/listings/{{listing}}/": (Site.withdraw,),
    f"{V1}/decisions/": (Site.decide, Site.undo),
    f"{V1}/decisions/{{act}}/": (Site.undo,),
    f"{V1}/openapi.json": (Site.upgrade,),
    # -- that of Papers with Code --
    f"{OLD}/": (),
    f"{OLD}/search/?q=sample": (Site.retitle, Site.withdraw),
    f"{OLD}/papers/": (Site.retitle, Site.withdraw),
    f"{OLD}/papers/{{paper}}/": (Site.retitle,),
    f"{OLD}/papers/{{paper}}/datasets/": (Site.rename,),
    f"{OLD}/papers/{{paper}}/tasks/": (Site.rename,),
    f"{OLD}/papers/{{paper}}/methods/": (),
    f"{OLD}/papers/{{paper}}/repositories/": (Site.move_code,),
    f"{OLD}/papers/{{paper}}/results/": (Site.decide, Site.rename, Site.hide),
    f"{OLD}/repositories/": (Site.move_code, Site.withdraw),
    f"{OLD}/repositories/Lab": (Site.move_code,),
    f"{OLD}/repositories/Lab/": (Site.move_code,),
    f"{OLD}/repositories/Lab/Nets/": (Site.move_code,),
    f"{OLD}/repositories/Lab/Nets/papers/": (Site.retitle,),
    f"{OLD}/authors/": (),
    f"{OLD}/conferences/": (),
    f"{OLD}/methods/": (),
    f"{OLD}/areas/": (Site.rename,),
    f"{OLD}/areas/vision/": (Site.rename,),
    f"{OLD}/areas/vision/tasks/": (Site.rename,),
    f"{OLD}/tasks/": (Site.rename,),
    f"{OLD}/tasks/image-classification/": (Site.rename,),
    f"{OLD}/tasks/image-classification/parents/": (),
    f"{OLD}/tasks/image-classification/children/": (),
    f"{OLD}/tasks/image-classification/papers/": (Site.retitle, Site.decide),
    f"{OLD}/tasks/image-classification/evaluations/": (Site.hide,),
    f"{OLD}/datasets/": (Site.rename,),
    f"{OLD}/datasets/imagenet-1k/": (Site.rename,),
    f"{OLD}/datasets/imagenet-1k/evaluations/": (Site.hide,),
    f"{OLD}/evaluations/": (Site.hide,),
    f"{OLD}/evaluations/{{board}}/": (),
    f"{OLD}/evaluations/{{board}}/metrics/": (Site.decide, Site.rename, Site.ship),
    f"{OLD}/evaluations/{{board}}/metrics/top-1-accuracy/": (Site.rename, Site.ship),
    f"{OLD}/evaluations/{{board}}/results/": (Site.decide, Site.rename, Site.hide, Site.withdraw),
    f"{OLD}/evaluations/{{board}}/results/{{result}}/": (Site.decide, Site.ship),
    # -- feeds, and what stands on other sites' pages --
    "/feed.atom": (Site.decide, Site.rename, Site.hide, Site.move),
    "/feed.json": (Site.decide, Site.rename),
    "/sota/{board}/feed.atom": (Site.decide, Site.rename, Site.withdraw),
    "/sota/{board}/feed.json": (Site.decide, Site.rename, Site.ship),
    "/sota/{board}/badge.svg": (Site.decide, Site.rename, Site.hide),
    "/sota/{board}/sparkline.svg": (Site.decide, Site.ship),
    "/papers/{paper}/badge.svg": (Site.decide, Site.retitle, Site.rename),
    "/embed/sota/{board}/": (Site.decide, Site.rename, Site.upgrade),
    "/embed/sota/{board}/?show=both&rows=2": (Site.decide, Site.hide),
    "/embed.js": (Site.upgrade,),
    "/oembed?url=http://testserver/sota/{board}/": (Site.decide, Site.rename, Site.move),
    # -- the site --
    "/sota/{board}/": (Site.decide, Site.rename, Site.upgrade),
    "/sota/{board}/chart.json": (Site.decide, Site.ship, Site.hide),
    "/sota/{board}/card.png": (Site.upgrade,),
    "/sota/{board}/card.png?v={card}": (Site.upgrade,),
    "/robots.txt": (Site.move,),
    "/sitemap.xml": (Site.move,),
    "/sitemap-boards.xml": (Site.move, Site.hide),
    "/api/client.py": (Site.upgrade,),
    "/dumps/latest/manifest.json": (Site.dump, Site.lose_dump),
    "/dumps/latest/claims.jsonl.gz": (Site.lose_dump,),
    "/dumps/{dump}/manifest.json": (),
    "/dumps/{dump}/claims.parquet": (),
}


Rows = tuple[Benchmark, Claim, Cost, Paper, Listing, ChangeSet]


@pytest.fixture(scope="module")
def rows(for_module: WriteOnce) -> Rows:
    return for_module(make_rows)


@pytest.fixture
def site(rows: Rows, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Site:
    settings.DATA_DIR = tmp_path
    settings.SITE_URL = "http://testserver"
    board, claim, cost, paper, listing, made = copy.deepcopy(rows)
    # What drew it is tested elsewhere, and would take a second each time.
    cards.store_card(board, b"a picture")
    made_site = Site(board, claim, cost, paper, listing, made, settings, monkeypatch)
    monkeypatch.setattr(dating, "_now", lambda: made_site.now)
    return made_site


def make_rows() -> Rows:
    board = make.make_board(3)
    make.make_imported_row(board, "Tabled", "60.1", {CostMeasure.PARAMETERS: 25e6})
    Result.objects.filter(paper__isnull=True).update(stated_day=date(2021, 5, 6))
    make.add_metric(board, make.make_metric("Error", unit="", direction=Direction.LOWER))
    claim = Claim.objects.filter(result__benchmark=board).latest("value")
    assert claim.paper_text is not None
    paper = claim.paper_text.paper
    Paper.objects.filter(pk=paper.pk).update(code_url="https://github.com/Lab/Nets")
    SourceRecord.objects.update(code_url="https://gitlab.com/lab/tables")
    listing = make.make_listing("papers.txt", paper, state="done")
    accepted = Claim.objects.filter(result__benchmark=board, paper_text__isnull=False).earliest("value")
    made = curation.decide(accepted, CurationState.ACCEPTED, actor="Ada", version=accepted.version)
    records.settle_records_alone([board.pk])
    board.refresh_from_db()
    claim.refresh_from_db()
    cost = Cost.objects.get(paper_text=claim.paper_text)
    return board, claim, cost, paper, listing, made


@pytest.fixture
def kept(site: Site, request: pytest.FixtureRequest) -> None:
    """Two dumps where the address is that of one."""
    if "/dumps/" in request.node.callspec.params["path"]:
        dumps.dump_site()
        make.make_claim("59.9%", benchmark=site.board, model="Later")
        dumps.dump_site()


def read(response: Any) -> bytes:
    content: bytes = response.getvalue()
    return content


def headers_of(response: Any) -> dict[str, str]:
    return {name: value for name, value in response.items() if name != "Content-Security-Policy"}


def dated(site: Site, path: str, response: Any) -> str:
    """Return the date of an answer that was given for the first time."""
    changed: str = response["Last-Modified"]
    if "/dumps/{dump}/" not in path:  # what a dump holds never changes: its files have the date of their writing
        assert changed == http_date(site.now)
    return changed


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("path", CHANGES)
def test_what_may_be_kept_is_not_sent_again(client: Client, site: Site, path: str) -> None:
    address = site.address(path)
    first = client.get(address)
    assert (first.status_code, first["ETag"][:1]) == (200, '"')
    assert read(first)
    changed = dated(site, path, first)
    caches_may = first["Cache-Control"]
    assert "no-store" not in caches_may
    head = client.head(address)
    assert (head.status_code, read(head), headers_of(head)) == (200, b"", headers_of(first))
    site.now += 100
    same = {"If-None-Match": first["ETag"]}
    since = {"If-Modified-Since": changed}
    for method in (client.get, client.head):
        for has in (same, since, same | since, same | {"If-Modified-Since": http_date(0)}):
            again = method(address, headers=has)
            assert (again.status_code, read(again)) == (304, b"")
            assert (again["ETag"], again["Last-Modified"], again["Cache-Control"]) == (first["ETag"], changed, caches_may)
        for has_not in ({"If-None-Match": '"other"'} | since, {"If-Modified-Since": http_date(0)}):
            answer = method(address, headers=has_not)
            assert (answer.status_code, answer["ETag"], answer["Last-Modified"]) == (200, first["ETag"], changed)
            read(answer)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(("path", "change"), [(path, change) for path, changes in CHANGES.items() for change in changes])
def test_no_date_is_before_the_last_change(client: Client, site: Site, path: str, change: Callable[[Site], None]) -> None:
    """The change comes in the very second in which somebody asked, where no date tells the two answers apart."""
    address = site.address(path)
    before = client.get(address)
    told = dated(site, path, before)
    read(before)
    change(site)
    for asked in (client.head, client.get):
        answer = asked(address, headers={"If-Modified-Since": told})
        assert (answer.status_code, answer["ETag"] != before["ETag"], answer.get("Last-Modified")) == (200, True, None)
        read(answer)
    assert client.get(address, headers={"If-None-Match": before["ETag"]}).status_code == 200
    # Who was told no date may go by when the answer came.
    assert client.get(address, headers={"If-Modified-Since": http_date(site.now)}).status_code == 200
    site.now += 1
    after = client.get(address, headers={"If-Modified-Since": told})
    assert (after.status_code, after["ETag"], after["Last-Modified"]) == (200, answer["ETag"], http_date(site.now))
    read(after)
    for has in ({"If-Modified-Since": after["Last-Modified"]}, {"If-None-Match": after["ETag"]}):
        assert client.get(address, headers=has).status_code == 304


def test_answer_that_comes_back_is_not_taken_for_the_one_in_between(client: Client, site: Site) -> None:
    """Undoing brings a list back to its very bytes: its first date is not that of what was there meanwhile."""
    address = f"{V1}/claims/?fields=id,state"
    first = client.get(address)
    site.now += 10
    made = curation.decide(site.claim, CurationState.REJECTED, actor="Ada", version=site.claim.version, reason=RejectReason.NOT_A_RESULT)
    client.get(address)
    site.now += 1
    between = client.get(address)
    curation.undo(made, actor="Bo")
    again = client.get(address, headers={"If-Modified-Since": between["Last-Modified"]})
    assert (again.status_code, again["ETag"]) == (200, first["ETag"])
    assert again["ETag"] != between["ETag"]


def test_day_that_passes_draws_another_line(client: Client, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the database changes at midnight, and the line goes on to today."""
    address = f"/sota/{site.board.slug}/sparkline.svg"
    told = client.get(address)["Last-Modified"]
    monkeypatch.setattr("leaderboard.embed_views.timezone.localdate", lambda: date(2031, 5, 6))
    assert client.get(address, headers={"If-Modified-Since": told}).status_code == 200


@pytest.mark.parametrize(
    "path", [f"{V1}/boards/{{board}}/?page_size=none", f"{V1}/claims/?colour=red", "/embed/sota/{board}/?rows=none", "/feed.json?a=b"]
)
def test_refusal_is_never_called_unchanged(client: Client, site: Site, path: str) -> None:
    for _ in range(2):
        answer = client.get(site.address(path), headers={"If-Modified-Since": http_date(site.now + 1000)})
        assert answer.status_code == 400
        assert "Last-Modified" not in answer


def test_answers_with_and_without_a_token_have_dates_of_their_own(client: Client, site: Site) -> None:
    from claims.services import tokens

    _, secret = tokens.create(make.make_user(), name="x", scopes=["read"], days=None)
    anybody = client.get(f"{V1}/decisions/")
    site.now += 50
    known = client.get(f"{V1}/decisions/", headers={"Authorization": f"Bearer {secret}"})
    assert known["Last-Modified"] == http_date(site.now)
    assert known["ETag"] != anybody["ETag"]
    assert client.get(f"{V1}/decisions/", headers={"If-Modified-Since": anybody["Last-Modified"]}).status_code == 304


def test_every_address_of_the_api_is_tried() -> None:
    tried = {resolve(path.format_map(_Any()).partition("?")[0]).route.replace("^", "") for path in CHANGES}
    of_apis = {route for route in _routes(get_resolver().url_patterns) if route.startswith((f"{V1}/"[1:], f"{OLD}/"[1:]))}
    # What is written to, and what has no entry that could be asked for.
    left = {route.partition("api/v1/")[2] for route in of_apis - tried}
    assert {route for route in left if not route.startswith(("authors/<", "conferences/<", "methods/<"))} == {
        "rpc/evaluation-synchronize/",
        *(
            f"{kind}/(?P<public_id>[-a-zA-Z0-9_]+)/{act}/$"
            for kind, act in (("claims", "decide"), ("costs", "decide"), ("claims", "tier"), ("costs", "tier"), ("decisions", "undo"))
        ),
        "decisions/bulk/$",
    }


class _Any(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "x"


def _routes(patterns: Any, above: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, above + str(pattern.pattern))
        elif isinstance(pattern, URLPattern):
            yield (above + str(pattern.pattern)).replace("^", "")
