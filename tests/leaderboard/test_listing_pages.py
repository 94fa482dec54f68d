"""What a listing's page lets people do, who may, and how it is refused."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from claims import tasks
from claims.models import Benchmark, ChangeSet, Claim, Cost, Listing, ListingChunk, Paper
from claims.services import ingest, storage, uploads
from claims.terms import ListingState
from tests import factories as make
from tests.catalogue import load_catalogue
from tests.pages import count_queries, post_form, text_of

pytestmark = [pytest.mark.once, pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue")]

TEXT = "".join(
    f"Net{number}: A Study of Number {number}\n\nWe study the number {number} for a long time and from many sides, as nobody has done "
    f"before us. Net{number} reaches {70 + number}.5% top-1 accuracy on ImageNet with {number + 3}M parameters.\n\n  • 2 authors\n·\n"
    f"May {number + 1}\n\n"
    for number in range(5)
)


@pytest.fixture(autouse=True)
def _catalogue(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    settings.CHUNK_SIZE = 2
    load_catalogue()


@pytest.fixture
def lee(client: Client) -> Client:
    """The one who uploads."""
    client.force_login(make.make_user("lee", "upload_listing"))
    return client


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The messages that workers are sent."""
    messages: list[tuple[str, int]] = []
    monkeypatch.setattr(tasks.read_listing, "apply_async", lambda arguments, **_: messages.append(("read", arguments[0])))
    monkeypatch.setattr(tasks.settle_listing, "apply_async", lambda arguments, **_: messages.append(("settle", arguments[0])))
    return messages


def upload(client: Client, text: str = TEXT, **fields: Any) -> Any:
    file = io.BytesIO(text.encode())
    file.name = "papers.txt"
    return client.post("/listings/upload/", {"file": file, **fields})


def uploaded(client: Client) -> Listing:
    assert upload(client).status_code == 302
    return Listing.objects.latest("pk")


def read(client: Client) -> Listing:
    return ingest.ingest_in_foreground(uploaded(client))


def test_year_that_comes_with_somebody_elses_file_is_not_taken_over(lee: Client) -> None:
    text = (
        TEXT + "Net9: A Study of Number 9\n\nWe study the number 9 for a long time and from many sides.\n\n  • 2 authors\n·\nMay 9, 2022\n"
    )
    assert upload(lee, text).status_code == 302
    listing = ingest.ingest_in_foreground(Listing.objects.get())
    assert (listing.year, listing.year_source) == (2023, "inferred")
    kim = Client()
    kim.force_login(make.make_user("kim", "upload_listing"))
    response = upload(kim, text, year="2019")
    listing.refresh_from_db()
    assert (listing.year, listing.year_source) == (2023, "inferred")
    shown = text_of(kim.get(response.headers["Location"]))
    assert "papers.txt was uploaded before, byte for byte, and the year of that upload stays: 2023. Who uploaded it can correct it" in shown
    upload(lee, text, year="2019")
    listing.refresh_from_db()
    assert (listing.year, listing.year_source) == (2019, "given")


def test_year_that_somebody_said_is_not_known_is_not_taken_over(lee: Client) -> None:
    listing = read(lee)
    uploads.set_year(listing, 2020, actor="lee")
    uploads.set_year(listing, None, actor="lee")
    response = upload(lee, year="2019")
    listing.refresh_from_db()
    assert (listing.year, listing.year_source) == (None, "")
    shown = text_of(lee.get(response.headers["Location"]))
    assert "the year of that upload stays: not known. You can correct it on this page." in shown


def begin(client: Client) -> Listing:
    listing = uploaded(client)
    ingest.plan_listing(listing.pk)
    ingest.read_next_chunk(listing.pk)
    listing.refresh_from_db()
    return listing


def act(client: Client, listing: Listing, name: str, **fields: Any) -> Any:
    listing.refresh_from_db()
    return post_form(client, f"{listing.get_absolute_url()}{name}/", **{"version": listing.version, **fields})


def page(client: Client, listing: Listing, **headers: str) -> str:
    return text_of(client.get(listing.get_absolute_url(), headers=headers)).replace("\u00a0", " ")


def state(listing: Listing) -> str:
    listing.refresh_from_db()
    return listing.state


# ---- stop, read on, retry ----


def test_reading_is_stopped_and_goes_on(lee: Client, sent: list[tuple[str, int]], django_capture_on_commit_callbacks: Any) -> None:
    listing = begin(lee)
    assert "Stop reading" in page(lee, listing)
    response = act(lee, listing, "stop")
    assert (response.headers["Location"], state(listing)) == (listing.get_absolute_url(), ListingState.CANCELLED)
    shown = page(lee, listing)
    assert "Reading papers.txt was stopped." in shown
    assert "Stopped at 2 of 5 entries" in shown
    assert "3 entries wait: read on to take in the rest, or withdraw the listing" in shown
    assert "lee stopped reading" in shown
    assert "Net1" in shown, "what was read is listed"
    with django_capture_on_commit_callbacks(execute=True):
        act(lee, listing, "read-on")
    assert (state(listing), set(sent)) == (ListingState.READING, {("read", listing.pk)})
    assert ingest.ingest_in_foreground(listing).state == ListingState.DONE
    assert "lee had it read on" in page(lee, listing)


def test_failed_parts_are_named_and_tried_again(lee: Client, sent: list[tuple[str, int]], django_capture_on_commit_callbacks: Any) -> None:
    listing = begin(lee)
    ListingChunk.objects.filter(number=1).update(state="failed", error="ValueError: a fault <b>")
    shown = page(lee, listing)
    assert "Parts that failed 1 of 3 entries 3 to 4, lines" in shown, "while the rest is being read"
    ingest.ingest_in_foreground(listing)
    response = lee.get(listing.get_absolute_url())
    assert "a fault &lt;b&gt;" in response.content.decode()
    assert "Try 1 failed part again" in text_of(response).replace("\u00a0", " ")
    with django_capture_on_commit_callbacks(execute=True):
        act(lee, listing, "retry")
    assert sent == [("read", listing.pk)]
    assert ingest.ingest_in_foreground(listing).state == ListingState.DONE
    assert "Parts that failed" not in page(lee, listing)
    assert "tried 1 failed part again" in page(lee, listing)


# ---- withdraw and put back ----


def test_withdrawal_names_its_effect_first_and_can_be_undone(lee: Client) -> None:
    listing = read(lee)
    paper = Paper.objects.get(title__startswith="Net4")
    foreseen = text_of(lee.get(f"{listing.get_absolute_url()}withdraw/")).replace("\u00a0", " ")
    assert "It takes 5 rows off 1 board." in foreseen
    assert "5 papers that no other listing shows leave the boards" in foreseen
    assert "Net4" in text_of(lee.get("/"))
    act(lee, listing, "withdraw", reason="not  ours <b>")
    assert state(listing) == ListingState.WITHDRAWN
    assert "Net4" not in text_of(lee.get("/"))
    board = Benchmark.objects.get(slug="image-classification-on-imagenet-1k")
    assert "Net4" not in text_of(lee.get(board.get_absolute_url()))
    source = lee.get(listing.get_absolute_url()).content.decode()
    assert "by lee (“<bdi>not ours &lt;b&gt;</bdi>”)." in source
    assert "Withdraw…" not in source
    shown = text_of(lee.get(paper.get_absolute_url()))
    assert "The listing papers.txt was withdrawn on" in shown
    assert "by lee (“not ours" in shown
    assert "its numbers stand on no board" in shown
    response = post_form(lee, f"/changes/{ChangeSet.objects.get().public_id}/undo/", next=listing.get_absolute_url())
    assert response.headers["Location"] == listing.get_absolute_url()
    assert "Undone. papers.txt is as it was before." in page(lee, listing)
    assert "Net4" in text_of(lee.get("/"))
    assert "was withdrawn" not in text_of(lee.get(paper.get_absolute_url()))


def test_withdrawn_listing_names_nobody_to_strangers(lee: Client) -> None:
    listing = read(lee)
    paper = Paper.objects.get(title__startswith="Net4")
    act(lee, listing, "withdraw")
    for address in (listing.get_absolute_url(), paper.get_absolute_url()):
        shown = text_of(Client().get(address))
        assert "withdrawn on" in shown
        assert "by lee" not in shown
        assert "Put it back" not in shown
    assert "Withdrew it" in page(Client(), listing)


def test_paper_of_a_withdrawn_and_a_standing_listing_says_which_is_which(lee: Client) -> None:
    read(lee)
    later = ingest.ingest_in_foreground(storage.store_upload(io.BytesIO(TEXT.encode() + b"\n\n"), name="b.txt", actor="lee")[0])
    uploads.withdraw(later, actor="lee", version=later.version)
    shown = text_of(lee.get(Paper.objects.get(title__startswith="Net4").get_absolute_url()))
    assert shown.count("this listing was withdrawn") == 1
    assert "stand on no board" not in shown


def test_same_file_again_offers_to_put_the_withdrawn_listing_back(lee: Client) -> None:
    listing = read(lee)
    act(lee, listing, "withdraw", reason="by mistake")
    response = upload(lee)
    shown = text_of(response)
    assert response.status_code == 409
    assert "papers.txt was uploaded before, byte for byte, as papers.txt , and withdrawn on" in shown
    assert "by lee (“by mistake”)." in shown
    assert "Put it back" in shown
    assert state(listing) == ListingState.WITHDRAWN
    other = Client()
    other.force_login(make.make_user("kim", "upload_listing"))
    shown = text_of(upload(other))
    assert "Put it back" not in shown
    assert "Who uploaded it can put it back" in shown


def test_same_file_again_leads_to_the_stopped_listing(lee: Client) -> None:
    listing = begin(lee)
    act(lee, listing, "stop")
    response = upload(lee)
    assert response.headers["Location"] == listing.get_absolute_url()
    assert "reading it was stopped" in page(lee, listing)
    assert state(listing) == ListingState.CANCELLED


def test_long_listing_says_how_far_its_withdrawal_is(
    lee: Client, sent: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(uploads, "SETTLE_AT_ONCE", 3)
    monkeypatch.setattr(uploads, "SETTLE_BATCH", 2)
    listing = read(lee)
    with django_capture_on_commit_callbacks(execute=True):
        act(lee, listing, "withdraw")
    assert sent == [("settle", listing.pk)]
    shown = page(lee, listing)
    assert "Its papers leave the boards one after the other." in shown
    assert "Taking papers off the boards: 0 of 5 entries" in shown
    assert "still stand on the boards as they did before" in shown
    assert "papers follow" in text_of(lee.get("/listings/"))
    uploads.settle_next(listing.pk)
    part = lee.get(listing.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert "2 of 5 entries" in part
    assert 'hx-trigger="every 1500ms"' in part
    assert "its numbers stand on no board" in text_of(lee.get(Paper.objects.get(title__startswith="Net4").get_absolute_url()))
    tasks.settle_listing(listing.pk)
    part = lee.get(listing.get_absolute_url(), headers={"HX-Request": "true"}).content.decode()
    assert "hx-get" not in part
    assert "Put it back" in part
    with django_capture_on_commit_callbacks(execute=True):
        post_form(lee, f"/changes/{ChangeSet.objects.get().public_id}/undo/", next=listing.get_absolute_url())
    assert sent[1:] == [("settle", listing.pk)]
    assert "Bringing papers up to date: 0 of 5 entries" in page(lee, listing)


# ---- the year ----


def test_year_is_corrected_and_the_effect_is_said(lee: Client) -> None:
    listing = read(lee)
    shown = page(lee, listing)
    assert "5 entries print their dates without a year and are dated by it." in shown
    act(lee, listing, "year", year="2024", how="given")
    shown = page(lee, listing)
    assert "The year is 2024 now: 5 papers dated anew." in shown
    assert "lee set the year: 2024, was not known" in shown
    assert Paper.objects.filter(first_day__year=2024).count() == 5
    act(lee, listing, "year", how="unknown")
    assert "The year is not known now: 5 papers dated anew." in page(lee, listing)
    last = ChangeSet.objects.latest("pk")
    post_form(lee, f"/changes/{last.public_id}/undo/", next=listing.get_absolute_url())
    assert "lee set the year back: 2024, was not known" in page(lee, listing)
    assert Paper.objects.filter(first_day__year=2024).count() == 5


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"year": "", "how": "given"}, 400, "No year was given."),
        ({"year": "soon", "how": "given"}, 400, "The year is not a number."),
        ({"year": "1200", "how": "given"}, 400, "The year must be one from 1950 to"),
        ({"year": "2024"}, 400, "The form is incomplete."),
        ({"how": "unknown"}, 409, "is that already"),
        ({"how": "inferred"}, 409, "spells out no year"),
    ],
)
def test_year_that_makes_no_sense_is_refused(lee: Client, fields: dict[str, str], status: int, words: str) -> None:
    listing = read(lee)
    response = act(lee, listing, "year", **fields)
    assert response.status_code == status
    assert words in text_of(response)
    assert f'href="{listing.get_absolute_url()}"' in response.content.decode()
    assert not ChangeSet.objects.exists()


# ---- who may ----

ACTS = ["stop", "read-on", "retry", "withdraw", "year"]


@pytest.mark.parametrize("name", ACTS)
def test_strangers_are_led_to_the_login_and_back(client: Client, name: str) -> None:
    listing = make.make_listing("a.txt", state=ListingState.READING)
    response = act(client, listing, name)
    assert response.headers["Location"] == f"/login/?next={listing.get_absolute_url()}"
    assert state(listing) == ListingState.READING


@pytest.mark.parametrize("name", ACTS)
def test_forged_forms_of_who_may_not_are_refused(client: Client, name: str) -> None:
    client.force_login(make.make_user("kim", "upload_listing", "change_claim", "change_cost"))
    listing = make.make_listing("a.txt", state=ListingState.READING, uploaded_by=make.make_user("lee", "upload_listing"))
    response = act(client, listing, name, year="2020", how="given")
    assert response.status_code == 403
    assert (state(listing), listing.version, ChangeSet.objects.count()) == (ListingState.READING, 1, 0)
    assert client.get(f"{listing.get_absolute_url()}withdraw/").status_code == 403
    shown = client.get(listing.get_absolute_url()).content.decode()
    assert not any(f"/{name}/" in shown for name in ACTS)


def test_undo_of_a_withdrawal_is_refused_to_who_may_not(client: Client) -> None:
    listing = make.make_listing("a.txt", state=ListingState.DONE)
    done = uploads.withdraw(listing, actor="lee", version=1).change_set
    address = f"/changes/{done.public_id}/undo/"
    assert post_form(client, address, next=listing.get_absolute_url()).headers["Location"] == f"/login/?next={listing.get_absolute_url()}"
    client.force_login(make.make_user("curator", "change_claim", "change_cost"))
    assert post_form(client, address).status_code == 403
    assert state(listing) == ListingState.WITHDRAWN
    client.force_login(make.make_user("manager", "manage_listing"))
    assert post_form(client, address, next=listing.get_absolute_url()).status_code == 302
    assert state(listing) == ListingState.DONE
    response = post_form(client, address, next=listing.get_absolute_url())
    assert response.status_code == 409
    assert "undone already" in text_of(response)


def test_uploader_without_the_permission_any_more_may_not(client: Client) -> None:
    former = make.make_user("lee")
    listing = make.make_listing("a.txt", state=ListingState.DONE, uploaded_by=former)
    client.force_login(former)
    assert act(client, listing, "withdraw").status_code == 403


@pytest.mark.parametrize("fields", [{"permissions": ["manage_listing"]}, {"is_superuser": True}])
def test_managers_and_superusers_may(client: Client, fields: dict[str, Any]) -> None:
    client.force_login(make.make_user("boss", *fields.pop("permissions", []), **fields))
    listing = make.make_listing("a.txt", state=ListingState.DONE)
    assert "Withdraw…" in page(client, listing)
    act(client, listing, "withdraw")
    assert state(listing) == ListingState.WITHDRAWN


@pytest.mark.parametrize("version", ["1", "", "x", "-1", "9" * 30])
def test_form_of_an_older_page_is_refused(lee: Client, version: str) -> None:
    listing = read(lee)
    act(lee, listing, "year", year="2024", how="given")
    response = act(lee, listing, "withdraw", version=version)
    assert response.status_code == 409
    assert "changed since you opened its page" in text_of(response)
    assert state(listing) == ListingState.DONE


def test_acts_are_forms_with_a_token_and_nothing_else(lee: Client) -> None:
    listing = read(lee)
    for name in ("stop", "read-on", "retry", "year"):
        assert lee.get(f"{listing.get_absolute_url()}{name}/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = lee.cookies
    assert act(strict, listing, "withdraw").status_code == 403
    assert state(listing) == ListingState.DONE


# ---- numbers that were not taken ----


def test_listing_page_counts_what_was_not_taken_and_links_examples(lee: Client) -> None:
    papers = [make.make_paper(f"Of <b>3</b> parts, {number}", abstract=f"In 2019 we read {number} <i>sets</i>.") for number in range(5)]
    for number, paper in enumerate(papers):
        make.make_reading(paper, [["title", 6, 7, "no_metric"], ["abstract", 3, 7, "year"]] if number else [["abstract", 3, 7, "year"]])
    listing = make.make_listing("a.txt", *papers, state=ListingState.DONE)
    response = lee.get(listing.get_absolute_url())
    shown = text_of(response)
    assert "9, by reason" in shown
    assert shown.index("a year") < shown.index("no metric or cost in reach")
    part = response.content.decode().partition('id="h-untaken"')[2].partition("</section>")[0]
    linked = [f'href="{paper.get_absolute_url()}#w-abstract-3"' in part for paper in papers]
    assert linked == [True, True, True, False, False]
    assert f'href="{papers[1].get_absolute_url()}#w-title-6"><q>Of &lt;b&gt;<mark class="no">3</mark>&lt;/b&gt; parts, 1</q></a>' in part


# ---- queries ----


def test_listing_page_asks_the_same_for_much_and_little(lee: Client) -> None:
    small, large = make.make_listing("a.txt", make.make_paper()), make.make_listing("b.txt", *[make.make_paper() for _ in range(50)])
    Listing.objects.update(state=ListingState.DONE, uploaded_by=lee.session["_auth_user_id"])
    for listing, times in ((small, 1), (large, 50)):
        listing.refresh_from_db()
        for number in range(times):
            uploads.set_year(listing, 1960 + number, actor="lee", version=listing.version)
        for number in range(times):
            ListingChunk.objects.create(listing=listing, number=number, first=number, last=number, offset=0, line=1, state="failed")
    for listing, reasons in ((small, ["year"]), (large, ["year", "count", "rank", "link"])):
        for entry in listing.entries.all():
            make.make_reading(entry.paper_text.paper, [["abstract", at, at + 1, reason] for at, reason in enumerate(reasons)])
    assert page(lee, large).count(" was ") >= 50
    assert count_queries(lee, small.get_absolute_url()) == count_queries(lee, large.get_absolute_url())
    for listing in (small, large):
        uploads.withdraw(listing, actor="lee", version=listing.version)
    assert count_queries(lee, small.get_absolute_url()) == count_queries(lee, large.get_absolute_url())
    withdrawn = Paper.objects.filter(withdrawn=True)
    assert withdrawn.count() == 51
    one = withdrawn[0]
    few = count_queries(lee, one.get_absolute_url())
    for number in range(20):
        again = make.make_listing(f"{number}.txt", one, state=ListingState.DONE)
        uploads.withdraw(again, actor="lee", version=1)
    assert count_queries(lee, one.get_absolute_url()) == few


def test_poll_asks_little_and_always_the_same(lee: Client) -> None:
    listing = begin(lee)
    address = listing.get_absolute_url()

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            part = lee.get(address, headers={"HX-Request": "true"}).content.decode()
        assert 'hx-trigger="every 1500ms"' in part
        return len(queries)

    assert count() == 4, "the listing, its parts, the failed ones, what could not be read"
    for number in range(10, 60):
        ListingChunk.objects.create(listing=listing, number=number, first=number, last=number, offset=0, line=1, state="failed")
    assert count() == 4


# ---- the list ----


def test_listings_can_be_filtered_by_state(client: Client) -> None:
    for number in range(3):
        make.make_listing(f"read-{number}.txt", state=ListingState.DONE)
    make.make_listing("stopped.txt", state=ListingState.CANCELLED)
    shown = text_of(client.get("/listings/"))
    assert "All 4 Read 3 Stopped 1" in shown
    shown = text_of(client.get("/listings/?state=cancelled"))
    assert "stopped.txt Stopped" in shown
    assert "read-0.txt" not in shown
    assert "No listing is in this state" in text_of(client.get("/listings/?state=failed"))
    assert client.get("/listings/?state=lost").status_code == 404
    few = count_queries(client, "/listings/?state=done")
    for number in range(20):
        make.make_listing(f"more-{number}.txt", state=ListingState.DONE)
    assert count_queries(client, "/listings/?state=done") == few


def test_receipt_says_what_no_person_accepted(lee: Client, settings: Settings) -> None:
    settings.AUTO_ACCEPT_CONFIDENCE = 0.01
    listing = read(lee)
    accepted = Claim.objects.filter(decided_by="policy").count() + Cost.objects.filter(decided_by="policy").count()
    assert accepted > 1
    assert f"{accepted} numbers are Auto-accepted , not reviewed by a person" in text_of(lee.get(listing.get_absolute_url()))
    assert "Auto-accepted , not" in text_of(lee.get(Benchmark.objects.filter(row_count__gt=0)[0].get_absolute_url()))
