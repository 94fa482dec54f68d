"""A text that was withdrawn at request is shown nowhere: every address of the site is asked, whatever stands there.

An address that is new is asked, too, with everything that its parameters may be; none has to be added here.
"""

from __future__ import annotations

import gzip
import itertools
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from pytest_django import Settings

from claims import boards, dumps, verification
from claims.errors import InvalidDecisionError, StaleObjectError
from claims.models import ChangeSet, Claim, Dataset, Delivery, Import, Paper, Result, SourceRecord
from claims.services import correction, curation, records, withholding
from claims.terms import CurationState, ListingState
from tests import factories as make
from tests.pages import count_queries, post_form, text_of

pytestmark = [pytest.mark.once, pytest.mark.django_db]

PHRASE = "zanzibar quokka lattice"
OLDER = "an older zanzibar quokka lattice"
ABSTRACT = (
    f"Here a {PHRASE} reaches 86.2% Top-1 accuracy on ImageNet-1K with 21M parameters. In 50 years no {PHRASE} did, and 7 others tried."
)
ROOT = Path(__file__).resolve().parents[2]


class Site:
    """A site on which one abstract stands wherever an abstract can stand."""

    def __init__(self, tmp_path: Path, settings: Settings) -> None:
        settings.DATA_DIR = tmp_path
        self.hook = make.make_webhook()
        board = make.make_benchmark()
        Dataset.objects.update(default_task=board.task)
        make.make_claim("70.1%", benchmark=board, paper=make.make_paper(abstract="It has 70.1% then.", day=date(2017, 1, 1)), model="Old")
        records.settle_records_alone([board.pk])
        paper = make.make_paper("On lattices", abstract=f"There {OLDER} has 66.6% Top-1 accuracy on ImageNet-1K.", day=date(2022, 1, 1))
        older = make.make_claim("66.6%", benchmark=board, paper=paper, model="OlderNet")
        make.make_reading(paper, [])
        self.listing = make.make_listing("papers.txt", paper, state=ListingState.DONE)
        paper.current_text = make.make_text(paper, abstract=ABSTRACT)
        paper.save()
        self.again = make.make_listing("again.txt", paper, state=ListingState.DONE)
        self.claim = make.make_claim("86.2%", benchmark=board, paper=paper, model="NewNet")
        row = self.claim.result
        assert row is not None
        Claim.objects.filter(pk=self.claim.pk).update(ml_model=row.ml_model)
        self.cost = make.make_cost("21M", paper=paper, result=row)
        places = [[found.start(), found.end()] for found in re.finditer(r"\b(?:50|7)\b", ABSTRACT)]
        make.make_reading(paper, [["abstract", start, end, "year"] for start, end in places])
        for claim in (older, self.claim):
            curation.decide(claim, CurationState.ACCEPTED, actor="kim", version=claim.version)
        self.corrected = correction.correct(self.claim, {"variant": "large"}, actor="kim", version=self.claim.version)
        row = Claim.objects.get(pk=self.claim.pk).result  # another one, with the variant
        assert row is not None
        model = row.ml_model
        assert model is not None
        model.introduced_in = ABSTRACT
        model.save()
        table = Import.objects.create(
            name="t.csv", sha256="1" * 64, format="csv", listing=make.make_listing("t.csv", state=ListingState.DONE)
        )
        self.record = SourceRecord.objects.create(
            source=table,
            number=1,
            paper=paper,
            raw={"title": paper.title, "abstract": ABSTRACT, "more": [f"… {ABSTRACT[:80]}"], "note": "86.2"},
        )
        self.benchmark, self.paper, self.row, self.model = board, Paper.objects.get(pk=paper.pk), Result.objects.get(pk=row.pk), model

    def values(self) -> dict[str, list[Any]]:
        """Return what each parameter of an address may be."""
        board = self.benchmark
        ids = [self.paper, self.claim, self.cost, self.listing, self.again, self.record.source.listing, self.hook]
        assert board.primary_metric is not None
        return {
            "slug": [board.slug, self.model.slug, board.dataset.slug, board.task.slug, board.primary_metric.slug],
            "public_id": [*(each.public_id for each in ids if each), *ChangeSet.objects.values_list("public_id", flat=True)[:1]],
            "kind": ["claim", "cost", "paper", "dataset"],
            "form": ["md", "tex", "csv", "bib", "atom", "json"],
            "paper": [self.paper.public_id],
            "number": [1],
            "section": ["papers", "boards"],
            "dump": [each.name for each in dumps.list_dumps()],
            "name": ["manifest.json", "papers.jsonl.gz", "claims.jsonl.gz"],
        }


QUERIES = {
    "board": "?role=all&open={row}",
    "compare": "?row={row}",
    "embed-board": "?open={row}",
    "search": "?q=NewNet",
    "review": "?at=cost-{cost}",
    "add-missed": "?field=abstract&start=0&end=1",
    "api:claims-list": "?expand=paper",
}


def list_addresses(site: Site) -> Iterator[tuple[str, str]]:
    """Yield each address of the site with everything that its parameters may be, and its name."""
    values = site.values()

    def walk(patterns: list[URLPattern | URLResolver], before: str, given: set[str]) -> Iterator[tuple[str, str]]:
        for pattern in patterns:
            names = given | set(pattern.pattern.regex.groupindex)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, f"{before}{pattern.namespace}:" if pattern.namespace else before, names)
            elif pattern.name and not before.startswith("admin"):
                name = before + pattern.name
                for chosen in itertools.product(*(values.get(each, ["x"]) for each in sorted(names))):
                    try:
                        path = reverse(name, kwargs=dict(zip(sorted(names), chosen, strict=True)))
                    except NoReverseMatch:
                        continue
                    query = QUERIES.get(name, "").format(row=site.row.public_id, cost=site.cost.public_id)
                    yield name, path + query

    yield from walk(get_resolver().url_patterns, "", set())


def find_telling(client: Client, site: Site) -> set[str]:
    """Return the names of the addresses that say something of the text."""
    telling = set()
    for name, path in list_addresses(site):
        answer = client.get(path)
        assert answer.status_code < 500, path
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        if path.endswith(".gz") and answer.status_code == 200:
            body = gzip.decompress(body)
        if PHRASE in re.sub(r"<[^>]+>", "", body.decode("utf-8", "replace")):
            telling.add(name)
    return telling


@pytest.fixture
def site(tmp_path: Path, settings: Settings) -> Site:
    return Site(tmp_path, settings)


PUBLIC = {
    *("home", "board", "compare", "paper", "board-feed", "feed", "listing", "record", "number-history", "dump-file"),
    *("api:papers-list", "api:papers-detail", "api:claims-list", "api:claims-detail", "api:costs-list", "api:costs-detail"),
    *("compat:papers", "compat:paper", "compat:search"),
}
OF_CURATORS = {"review", "correct-claim", "correct-cost", "tier", "add-missed"}


def find_faults_of_papers() -> list[str]:
    return [str(fault) for fault in verification.find_faults() if fault.kind in ("paper", "act")]


def withhold(site: Site, **changed: Any) -> ChangeSet:
    wish: dict[str, Any] = {"actor": "kim", "version": site.paper.version, "reason": "Its publisher asked for it."} | changed
    return withholding.withhold_text(site.paper, **wish)


def test_a_text_that_is_withheld_is_told_at_no_address_and_comes_back(client: Client, site: Site) -> None:
    curator = Client()
    curator.force_login(make.make_user("curator", "change_claim", "change_cost"))
    dumps.dump_site()
    told = find_telling(client, site)
    assert told >= PUBLIC, PUBLIC - told
    told = find_telling(curator, site)
    assert told >= OF_CURATORS, OF_CURATORS - told
    made = withhold(site)
    assert find_faults_of_papers() == []
    dumps.dump_site()
    assert find_telling(client, site) == set()
    assert find_telling(curator, site) == set()
    assert not Delivery.objects.filter(body__contains=PHRASE).exists()
    # What was read stays, with its row and its rank, and says where to look.
    page = client.get(f"/sota/{site.benchmark.slug}/?role=all&open={site.row.public_id}")
    assert "86.2" in text_of(page)
    assert text_of(page).count("Text withdrawn at request; see the paper itself") == 1
    assert boards.read_board(site.benchmark, {}).rows[0].model == "NewNet"
    assert "Text withdrawn at request" in text_of(client.get(site.paper.get_absolute_url()))
    withholding.undo(made, actor="lee")
    told = find_telling(client, site)
    assert told >= PUBLIC, PUBLIC - told
    assert find_faults_of_papers() == []


def test_another_listing_brings_no_text_back(client: Client, site: Site) -> None:
    withhold(site)
    text = make.make_text(site.paper, abstract=f"A third {PHRASE}.")
    Paper.objects.filter(pk=site.paper.pk).update(current_text=text)
    for address in (site.paper.get_absolute_url(), f"/api/v1/papers/{site.paper.public_id}/"):
        assert PHRASE not in client.get(address).content.decode()
    told = client.get(f"/api/v1/papers/{site.paper.public_id}/").json()
    assert (told["abstract"], told["text_withheld"]) == (None, True)


def test_withholding_is_undone_through_the_page_and_stands_in_the_log(curator: Client, site: Site) -> None:
    address = f"/papers/{site.paper.public_id}/text/"
    answer = post_form(curator, address, act="withhold", version=site.paper.version, reason=" ")
    assert (answer.status_code, "Say why" in text_of(answer)) == (400, True)
    answer = post_form(curator, address, act="withhold", version=site.paper.version, reason="<b>They</b> asked.")
    assert answer.status_code == 302
    assert post_form(curator, address, act="withhold", version=site.paper.version, reason="Again.").status_code == 409
    made = ChangeSet.objects.latest("pk")
    log = curator.get("/log/?kind=paper")
    assert "curator withheld the text of “On lattices” at request" in text_of(log)
    assert "<b>They</b>" not in log.content.decode()
    assert "curator withheld" in text_of(curator.get(f"/log/?paper={site.paper.public_id}"))
    [told] = list(curator.get("/api/v1/decisions/?action=withhold text").json()["results"])
    assert (told["objects"][0]["object"], told["objects"][0]["id"]) == ("paper", site.paper.public_id)
    assert post_form(curator, f"/changes/{made.public_id}/undo/", next="/log/").status_code == 302
    site.paper.refresh_from_db()
    assert site.paper.text_withheld is None
    assert post_form(curator, f"/changes/{made.public_id}/undo/", next="/log/").status_code == 409


def test_later_decisions_are_undone_first(site: Site) -> None:
    made = withhold(site)
    with pytest.raises(InvalidDecisionError, match="withheld already"):
        withhold(site)
    withholding.show_text(site.paper, actor="kim", version=site.paper.version, reason="They agreed.")
    with pytest.raises(StaleObjectError):
        withholding.undo(made, actor="kim")
    with pytest.raises(StaleObjectError):
        withhold(site, version=1_000)


def test_what_was_marked_behind_the_services_is_found(site: Site) -> None:
    withhold(site)
    Paper.objects.filter(pk=site.paper.pk).update(text_withheld=None)
    [fault] = find_faults_of_papers()
    assert "its text is shown, and by what was decided last it is withheld since" in fault


def test_texts_are_shown_in_one_way_alone() -> None:
    """Pages and the API say `shown_abstract`; a template or view that takes the abstract itself would show one that is withheld."""
    shown = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "leaderboard").rglob("*.py"), *(ROOT / "claims/api").rglob("*.py")]
    shown += list((ROOT / "claims/boards").rglob("*.py"))
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()[:100]}"
        for path in shown
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\.abstract\b|text\.part\(|__abstract|introduced_in", line) and "text_shown" not in line
    ]
    allowed = ("leaderboard/correction_views.py: text = paper.current_text.part", "claims/boards/catalogue.py")
    assert [each for each in found if not each.startswith(allowed)] == []


def test_pages_ask_no_more_for_a_text_that_is_withheld(client: Client, site: Site) -> None:
    address = f"/sota/{site.benchmark.slug}/?role=all&open={site.row.public_id}"
    shown = count_queries(client, address), count_queries(client, site.paper.get_absolute_url())
    withhold(site)
    assert (count_queries(client, address), count_queries(client, site.paper.get_absolute_url())) == shown
