"""The list of uploads, a listing's page and the upload form: what they show, in how many queries, and how they fail."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from claims.errors import InvalidDecisionError, UnknownFormatError
from claims.models import Listing, ListingIssue
from claims.services import storage, uploads
from claims.services.uploads import last_year
from claims.terms import ListingState
from leaderboard.forms import UploadForm
from tests import factories as make
from tests.pages import count_queries, text_of

pytestmark = [pytest.mark.once, pytest.mark.django_db]

SAMPLE = Path(django_settings.BASE_DIR) / "claims" / "samples" / "daily-papers-sample.txt"


def test_listings_show_state_and_size(client: Client) -> None:
    make.make_listing("first.txt", make.make_paper(), state=ListingState.DONE)
    make.make_listing("second.txt", state=ListingState.FAILED, error="It is a PDF.")
    text = text_of(client.get("/listings/")).replace("\u00a0", " ")
    assert "second.txt Failed – 1 kB" in text
    assert "first.txt Read 1 1 kB" in text


def test_listings_query_count_is_constant(client: Client) -> None:
    make.make_listing("a.txt")
    few = count_queries(client, "/listings/")
    for number in range(25):
        make.make_listing(f"{number}.txt", state=ListingState.READING)
    assert count_queries(client, "/listings/") == few


def test_listings_without_any_tell_how_to_begin(client: Client) -> None:
    assert "No listing yet" in text_of(client.get("/listings/"))


def test_listing_shows_its_receipt(client: Client) -> None:
    benchmark = make.make_benchmark()
    paper = make.make_paper(abstract="It reaches 81.5% in 2020.")
    make.make_claim("81.5%", benchmark=benchmark, paper=paper)
    make.make_reading(paper, [["abstract", 20, 24, "year"]])
    listing = make.make_listing("papers.txt", paper, make.make_paper(), state=ListingState.DONE, year=2020, year_source="inferred")
    text = text_of(client.get(listing.get_absolute_url())).replace("\u00a0", " ")
    assert "Read: 2 entries" in text
    assert "Papers 2 2 new, 0 known" in text
    assert "Claims 1" in text
    assert "2020 inferred: one more than the latest year" in text
    assert "Image Classification on ImageNet-1K 1 row" in text
    assert "a year It reaches 81.5% in 2020 . 1" in text
    assert paper.title in text


def test_listing_that_is_being_read_updates_itself(client: Client) -> None:
    listing = make.make_listing("papers.txt", make.make_paper(), state=ListingState.READING)
    page = client.get(listing.get_absolute_url()).content.decode()
    assert 'hx-trigger="every 1500ms"' in page
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    part = client.get(listing.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div class="receipt" id="receipt" hx-get=')
    Listing.objects.update(state=ListingState.DONE)
    part = client.get(listing.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert "hx-get" not in part
    assert 'hx-swap-oob="innerHTML"' in part


def test_listing_that_failed_says_why(client: Client) -> None:
    listing = make.make_listing("papers.pdf", state=ListingState.FAILED, error="papers.pdf was not read. It is a PDF <b>.")
    page = client.get(listing.get_absolute_url()).content.decode()
    assert "papers.pdf was not read. It is a PDF &lt;b&gt;." in page
    assert "every 1500ms" not in page, "it asks no more"


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 place line 1"), (500, "500 places line 1"), (700, "700 places, the first 500 are listed line 1")]
)
def test_listing_counts_all_places_that_could_not_be_read(client: Client, count: int, words: str) -> None:
    listing = make.make_listing("papers.txt", make.make_paper(), state=ListingState.DONE)
    ListingIssue.objects.bulk_create([ListingIssue(listing=listing, line=line + 1, reason="It is broken.") for line in range(count)])
    response = client.get(listing.get_absolute_url())
    assert f"Could not be read {words}" in text_of(response).replace("\u00a0", " ")
    assert response.content.count(b"It is broken.") == min(count, 500)


def test_listing_query_count_is_constant(client: Client) -> None:
    small = make.make_listing("a.txt", make.make_paper(), state=ListingState.DONE)
    large = make.make_listing("b.txt", *[make.make_paper() for _ in range(25)], state=ListingState.DONE)
    assert count_queries(client, small.get_absolute_url()) == count_queries(client, large.get_absolute_url())


def test_listing_that_does_not_exist_is_a_page_saying_so(client: Client) -> None:
    response = client.get("/listings/none/")
    assert response.status_code == 404
    assert "There is no listing at this address." in text_of(response)


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the store answer what the test wants."""

    def answer(result: Any) -> None:
        def store_upload(file: Any, **_: Any) -> Any:
            if isinstance(result, Exception):
                raise result
            return result

        monkeypatch.setattr(storage, "store_upload", store_upload)

    return answer


def file_named(name: str, content: bytes = b"A title\nAn abstract.\n") -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = name
    return file


def test_upload_stores_the_file_and_shows_its_page(uploader: Client, django_capture_on_commit_callbacks: Any) -> None:
    text = SAMPLE.read_bytes()
    with django_capture_on_commit_callbacks() as callbacks:
        response = uploader.post("/listings/upload/", {"file": file_named("papers.txt", text), "year": "2024"})
    listing = Listing.objects.get()
    assert response.headers["Location"] == listing.get_absolute_url()
    assert (listing.name, listing.year, listing.year_source, listing.actor) == ("papers.txt", 2024, "given", "uploader")
    assert len(callbacks) == 1
    response = uploader.post("/listings/upload/", {"file": file_named("same.txt", text)}, follow=True)
    assert response.redirect_chain[0][0] == listing.get_absolute_url()
    assert "same.txt was uploaded before, byte for byte" in text_of(response)
    assert Listing.objects.count() == 1


def test_upload_that_is_no_listing_is_refused_in_the_form(uploader: Client, stored: Callable[..., None]) -> None:
    stored(UnknownFormatError("It is a PDF; listings are text."))
    response = uploader.post("/listings/upload/", {"file": file_named("papers.pdf")})
    assert response.status_code == 400
    assert "papers.pdf was not read. It is a PDF; listings are text." in text_of(response)
    assert Listing.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "No file was chosen"),
        ({"file": file_named("a.txt", b"")}, "The file is empty"),
        ({"file": file_named("a.txt"), "year": "abc"}, "The year is not a number"),
        (
            {"file": file_named("a.txt"), "year": "2100"},
            f"The year must be one from 1950 to {last_year()}. Write it as 2025, or leave it empty.",
        ),
        ({"file": file_named("a.txt"), "year": "12"}, "The year must be one from 1950"),
    ],
)
def test_upload_form_says_what_is_wrong(uploader: Client, body: dict[str, Any], message: str) -> None:
    response = uploader.post("/listings/upload/", body)
    assert response.status_code == 400
    assert message in text_of(response)


def test_upload_above_the_limit_is_refused(uploader: Client, settings: Any) -> None:
    settings.MAX_UPLOAD_MB = 1
    response = uploader.post("/listings/upload/", {"file": file_named("big.txt", b"x" * (1024 * 1024 + 1))})
    assert response.status_code == 400
    assert "big.txt was not read. It is larger than 1 MB, the most that this site takes; split it." in text_of(response)


def test_upload_page_names_the_years_that_are_taken(uploader: Client) -> None:
    assert f'min="1950" max="{last_year()}"' in uploader.get("/listings/upload/").content.decode()


def test_year_after_the_next_is_refused_however_long_the_site_runs(uploader: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("claims.services.uploads.timezone", SimpleNamespace(now=lambda: datetime(2031, 12, 31, tzinfo=UTC)))
    assert 'max="2032"' in uploader.get("/listings/upload/").content.decode()
    errors = {year: UploadForm({"year": year}).errors.get("year") for year in ("2032", "2033")}
    assert errors == {"2032": None, "2033": ["The year must be one from 1950 to 2032. Write it as 2025, or leave it empty."]}
    with pytest.raises(InvalidDecisionError, match=r"The year can't be 2033. Give one from 1950 to 2032\."):
        uploads.set_year(make.make_listing("a.txt"), 2033, actor="kim")


def test_upload_again_with_a_year_says_what_became_of_it(uploader: Client) -> None:
    def upload(**fields: str) -> str:
        return text_of(uploader.post("/listings/upload/", {"file": file_named("a.txt", SAMPLE.read_bytes()), **fields}, follow=True))

    assert "uploaded before" not in upload()
    assert "This file was uploaded before; its year is now 2025." in upload(year="2025")
    assert (Listing.objects.get().year, Listing.objects.get().year_source) == (2025, "given")
    assert "a.txt was uploaded before, byte for byte" in upload(year="2025")
    assert "a.txt was uploaded before, byte for byte" in upload(year="2024")
    assert Listing.objects.get().year == 2025


def test_uploads_name_their_uploader_to_those_who_are_signed_in_alone(client: Client) -> None:
    listing = make.make_listing("papers.txt", state=ListingState.DONE, actor="lee.secret")
    addresses = ["/listings/", listing.get_absolute_url()]
    assert not any("lee.secret" in client.get(address).content.decode() for address in addresses)
    client.force_login(make.make_user("kim"))
    assert all("by lee.secret" in text_of(client.get(address)) for address in addresses)


def test_upload_needs_an_account_and_the_permission(client: Client) -> None:
    assert client.get("/listings/upload/").headers["Location"] == "/login/?next=/listings/upload/"
    client.force_login(make.make_user("reader"))
    response = client.get("/listings/upload/")
    assert response.status_code == 403
    assert "Your account may not upload listings." in text_of(response)
    assert 'href="/listings/upload/"' not in client.get("/login/", follow=True).content.decode().split("</nav>")[0]
