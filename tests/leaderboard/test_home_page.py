"""The home page: its boards with their records, what is new, in how many queries, and what it leaves out."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from claims.boards import home
from claims.models import Benchmark, Claim, Listing, ListingChunk, Metric, Result
from claims.services import records
from claims.terms import CurationState, Direction, ListingState, Qualifier
from tests import factories as make
from tests.pages import count_queries, text_of

pytestmark = pytest.mark.django_db

TODAY = date(2024, 1, 1)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda *_: TODAY)


def add(benchmark: Benchmark, model: str, number: str, day: date | None, **fields: Any) -> Claim:
    paper = make.make_paper(f"{model} of {day}", abstract=f"It reaches {number} there.", day=day)
    return make.make_claim(number, benchmark=benchmark, paper=paper, model=model, **fields)


def settled(benchmark: Benchmark) -> Benchmark:
    """Return the board with the records of its numbers."""
    records.settle_records_alone([benchmark.pk])
    return benchmark


def words_of(response: Any) -> str:
    return text_of(response).replace("\u00a0", " ")


def sparks(response: Any) -> list[tuple[str, str]]:
    """Return (label, path) of each sparkline."""
    return re.findall(r'<svg class="spark" [^>]*aria-label="([^"]*)"><path d="([^"]*)"', response.content.decode())


def test_home_lists_boards_by_area_with_leader_size_and_last_change(client: Client) -> None:
    board = make.make_board(3)
    make.make_board(2, benchmark=make.make_benchmark("Machine Translation", "WMT", area="Language"))
    Benchmark.objects.filter(pk=board.pk).update(changed=datetime(2023, 11, 12, 8, 30, tzinfo=UTC))
    response = client.get("/")
    text = words_of(response)
    leader = Result.objects.get(benchmark=board, model_name="SampleNet-2")
    assert "Vision 1 board" in text
    assert "Language 1 board" in text
    assert "SampleNet-2 61.0 Top-1 accuracy, % ↑ no dated result 3 results 12 Nov 2023" in text
    page = response.content.decode()
    assert f'href="/sota/{board.slug}/?open={leader.public_id}#row-{leader.public_id}"' in page
    assert '<time data-age datetime="2023-11-12T08:30:00+00:00">12 Nov 2023</time>' in page
    assert 'id="area-vision"' in page
    assert 'href="#area-vision"' in page
    assert 'style="' not in page


def test_record_is_a_line_of_steps_up_for_better_and_said_in_words(client: Client) -> None:
    board = make.make_benchmark()
    for model, number, day in (("A", "80.1", date(2020, 1, 1)), ("B", "85.1", date(2022, 1, 1)), ("C", "90.15", date(2023, 1, 1))):
        add(board, model, number, day)
    settled(board)
    lower = make.make_benchmark("Image Generation", "CIFAR-10", metric=make.make_metric("FID", unit="", direction=Direction.LOWER))
    add(lower, "D", "4.5", date(2021, 3, 1))
    add(lower, "E", "2.5", date(2022, 1, 1))
    settled(lower)
    single = make.make_benchmark("Detection", "COCO")
    add(single, "F", "50.5", date(2022, 1, 1), qualifier=Qualifier.AT_MOST)
    settled(single)
    response = client.get("/")
    assert dict(sparks(response)) == {
        "80.1 to 90.15 since Jan 2020": "M4.0 26.0H64.0V15.1H94.0V4.0H124.0",
        "4.5 to 2.5 since Mar 2021": "M38.9 26.0H64.0V4.0H124.0",
        "up to 50.5 since Jan 2022": "M64.0 4.0H124.0",
    }
    assert "Record since 2020" in words_of(response)


@pytest.mark.once
def test_board_without_dates_says_so(client: Client) -> None:
    board = make.make_benchmark()
    add(board, "A", "80.1", None)
    add(board, "B", "81.1", None)
    response = client.get("/")
    settled(board)
    assert sparks(response) == []
    assert "no dated result" in words_of(response)
    assert "Record Results" in words_of(response)
    assert "None yet. A record is a result with a date" in words_of(response)


@pytest.mark.once
def test_leader_without_a_date_is_said_beside_the_line_that_it_is_not_in(client: Client) -> None:
    board = make.make_benchmark()
    add(board, "A", "80.1", date(2020, 1, 1))
    add(board, "B", "91.1", None)
    settled(board)
    response = client.get("/")
    assert [label for label, _ in sparks(response)] == ["80.1 since Jan 2020, the leader has no date"]
    assert "leader has no date" in words_of(response)


def test_new_records_tell_the_step_and_open_the_row(client: Client) -> None:
    board = make.make_benchmark()
    add(board, "Older", "90.5%", date(2021, 1, 1))
    newer = add(board, "Newer <b>", "90.94%", date(2023, 11, 12))
    settled(board)
    lower = make.make_benchmark("Image Generation", "CIFAR-10", metric=make.make_metric("FID", unit="", direction=Direction.LOWER))
    add(lower, "Worse", "2.5", date(2021, 1, 1))
    add(lower, "Better", "1.88", date(2022, 1, 1))
    settled(lower)
    response = client.get("/")
    text = words_of(response)
    assert "12 Nov 2023 Newer &lt;b&gt; 90.94 % Top-1 accuracy on ImageNet-1K , +0.44 over Older" in text
    assert "1 Jan 2022 Better 1.88 FID on CIFAR-10 , 0.62 better than Worse" in text
    assert "1 Jan 2021 Worse 2.5 FID on CIFAR-10 , the first dated result" in text
    assert text.index("12 Nov 2023 Newer") < text.index("1 Jan 2022 Better") < text.index("1 Jan 2021 Worse")
    assert newer.result is not None
    row = newer.result.public_id
    assert response.content.decode().count(f'href="/sota/{board.slug}/?open={row}#row-{row}"') == 3


@pytest.mark.once
def test_model_without_a_name_is_called_by_its_paper_and_looks_like_it(client: Client) -> None:
    board = make.make_benchmark()
    paper = make.make_paper("Building <b> Models", abstract="It reaches 65% there.", day=date(2021, 1, 1))
    make.make_claim("65%", benchmark=board, paper=paper, model="")
    page = client.get("/").content.decode()
    assert (
        '<td class="c-lead"><bdi class="model--unnamed" title="A model without a name, of the paper “Building &lt;b&gt; Models”">'
        "Building &lt;b&gt; Models</bdi></td>" in page
    )


def test_home_opens_with_a_number_in_its_sentence(client: Client) -> None:
    """The leader of the largest board that has one to be read at once: no record of a table, no sentence of half a page."""
    tabled = make.make_benchmark()
    for number in range(4):
        make.make_imported_row(tabled, f"Net-{number}", f"8{number}.5")
    Benchmark.objects.update(leader=Claim.objects.order_by("-value")[0], row_count=4)
    assert client.get("/").context["specimen"] is None
    wordy = make.make_benchmark("Image Classification", "CIFAR-10")
    for number in range(3):
        paper = make.make_paper(f"Wordy {number}", abstract=f"{'So many words it says, ' * 20}and reaches 9{number}.5% at last.")
        make.make_claim(f"9{number}.5%", benchmark=wordy, paper=paper, model="Wordy")
    assert client.get("/").context["specimen"] is None
    board = make.make_benchmark("Object Detection", "COCO")
    for score in ("50.5%", "51.5%"):
        claim = make.make_claim(score, benchmark=board, model="Net <b>")
    page = client.get("/")
    assert page.context["specimen"].claim == claim
    assert '<blockquote>It reaches <mark class="mark">51.5%</mark> Top-1 accuracy on COCO.</blockquote>' in page.content.decode()
    assert "Net &lt;b&gt; leads Object Detection on COCO 51.5" in text_of(page)
    assert claim.result is not None
    assert f'?open={claim.result.public_id}#row-{claim.result.public_id}">' in page.content.decode()


def test_steps_are_told_before_firsts(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "LATEST", 2)
    board = make.make_benchmark()
    for number in range(3):
        add(board, f"Net{number}", f"8{number}.5", date(2020 + number, 1, 1))
    settled(board)
    fresh = make.make_benchmark("Detection", "COCO")
    add(fresh, "Fresh", "50.5", date(2023, 6, 1))
    settled(fresh)
    found = home.list_latest_records()
    assert [(record.claim.model_name, record.day.year) for record in found] == [("Net2", 2022), ("Net1", 2021)]


def test_latest_listings_say_what_came_of_them(client: Client) -> None:
    make.make_board(2)
    done = make.make_listing("read <i>.txt", make.make_paper(), state=ListingState.DONE)
    Listing.objects.filter(pk=done.pk).update(closed=datetime(2023, 11, 12, 8, 30, tzinfo=UTC))
    for number, found in enumerate((5, 7)):
        ListingChunk.objects.create(listing=done, number=number, first=0, last=1, offset=0, line=1, found_claims=found)
    make.make_listing("waiting.txt", state=ListingState.WAITING)
    make.make_listing("withdrawn.txt", state=ListingState.WITHDRAWN)
    text = words_of(client.get("/"))
    assert "12 Nov 2023, 08:30 read &lt;i&gt;.txt 1 entry, 12 new results read" in text
    assert "waiting.txt waiting to be read" in text
    assert "withdrawn.txt" not in text


@pytest.mark.once
def test_home_without_boards_tells_how_to_begin(client: Client) -> None:
    text = text_of(client.get("/"))
    assert "No board yet" in text
    assert "Upload a listing" in text
    assert "manage.py ingest" in text
    assert "Boards appear when a listing with results has been read." in text


def test_home_without_an_accepted_number_says_what_it_waits_for(client: Client, settings: Any) -> None:
    make.make_board(2)
    settings.SHOW_UNREVIEWED = False
    text = text_of(client.get("/"))
    assert "No board yet Boards appear when a result has been accepted: this site shows what was accepted." in text


@pytest.mark.once
def test_panels_without_news_tell_how_there_will_be_some(client: Client) -> None:
    make.make_board(2)
    text = words_of(client.get("/"))
    assert "None yet. A record is a result with a date that is better than all before it on its board." in text
    assert "None yet. Upload a listing : a text file of papers, or a table of results." in text


def test_home_counts_the_boards_that_it_leaves_out(client: Client) -> None:
    make.make_board(2)
    lonely = make.make_benchmark("Detection", "COCO", reviewed=False)
    make.make_board(1, benchmark=lonely)
    response = client.get("/")
    assert lonely.slug not in response.content.decode()
    assert "1 board that nobody has reviewed, with one result, is not listed" in words_of(response)
    assert lonely.slug in client.get("/?boards=all").content.decode()


def test_large_area_shows_its_largest_boards_and_leads_to_all(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "BOARDS_OF_AN_AREA", 2)
    for number in range(4):
        make.make_board(1 + number, benchmark=make.make_benchmark("Task", f"Set {number}"))
    make.make_board(1, benchmark=make.make_benchmark("Machine Translation", "WMT", area="Language"))
    page = client.get("/").content.decode()
    assert ["task-on-set-" + n for n in "0123" if f"/sota/task-on-set-{n}/" in page] == ["task-on-set-2", "task-on-set-3"]
    assert '<a href="?area=vision">All 4' in page
    page = client.get("/?area=vision").content.decode()
    assert all(f"/sota/task-on-set-{number}/" in page for number in range(4))
    assert "machine-translation" not in page
    assert '<a class="chip" href="?area=language">Language <b>1</b></a>' in page
    assert '<a class="chip" href="?area=vision" aria-current="true">Vision <b>4</b></a>' in page
    assert "/sota/task-on-set-0/" in client.get("/?boards=all").content.decode()


def test_boards_of_no_area_have_a_page_of_their_own(client: Client) -> None:
    board = make.make_board(2)
    board.task.area = None
    board.task.save()
    page = client.get("/?area=other").content.decode()
    assert f"/sota/{board.slug}/" in page
    assert "Other" in page


@pytest.mark.parametrize("area", ["nowhere", "x" * 10_000, "<b>", "\x00", "🙂"])
def test_unknown_area_is_not_found(client: Client, area: str) -> None:
    make.make_board(2)
    response = client.get("/", {"area": area})
    assert response.status_code in (400, 404)


def test_board_without_a_leader_says_why(client: Client, settings: Any) -> None:
    unranked = make.make_benchmark("Task", "Set 0", metric=make.make_metric("Spread", direction=Direction.UNKNOWN))
    add(unranked, "A", "1.5", date(2022, 1, 1))
    bounds = make.make_benchmark("Task", "Set 1")
    add(bounds, "B", "90.5", date(2022, 1, 1), qualifier=Qualifier.OVER)
    silent = make.make_benchmark("Task", "Set 2", metric=make.make_metric("Recall"))
    add(silent, "C", "1.5", date(2022, 1, 1), metric=make.add_metric(silent, make.make_metric("Precision")))
    bare = make.make_benchmark("Task", "Set 3")
    add(bare, "D", "1.5", date(2022, 1, 1))
    Benchmark.objects.update(leader=None, accepted_leader=None)
    Benchmark.objects.filter(pk=bare.pk).update(primary_metric=None)
    text = words_of(client.get("/"))
    assert "on Set 0 Not ranked: nobody has said whether a higher or a lower Spread is better 1 result" in text
    assert "on Set 1 No leader: Top-1 accuracy is stated only as a bound, such as “more than 90” 1 result" in text
    assert "on Set 2 No leader: no own result states Recall 1 result" in text
    assert "on Set 3 Not ranked: no primary metric 1 result" in text
    settings.SHOW_UNREVIEWED = False
    Benchmark.objects.update(accepted_row_count=1)
    text = words_of(client.get("/"))
    assert "on Set 1 No leader: no accepted result states Top-1 accuracy" in text


def test_home_shows_what_is_accepted_where_unreviewed_is_hidden(client: Client, settings: Any) -> None:
    benchmark = make.make_board(2)
    for number, day in (("50.5%", date(2020, 1, 1)), ("51.5%", date(2021, 1, 1))):
        add(benchmark, "Vouched", number, day, state=CurationState.ACCEPTED)
    settled(benchmark)
    settings.SHOW_UNREVIEWED = False
    response = client.get("/")
    assert "Vouched 51.5" in text_of(response)
    assert [label for label, _ in sparks(response)] == ["50.5 to 51.5 since Jan 2020"]
    assert "+1.0 over Vouched" in words_of(response)
    assert "SampleNet" not in text_of(response)


@pytest.mark.once
def test_metric_of_no_direction_has_no_line(client: Client) -> None:
    board = make.make_board(2)
    settled(board)
    Metric.objects.update(direction=Direction.UNKNOWN)
    settled(board)
    Benchmark.objects.update(leader=None)
    assert sparks(client.get("/")) == []


@pytest.mark.once
def test_home_query_count_is_constant(client: Client) -> None:
    addresses = ("/", "/?boards=all", "/?area=vision")
    settled(make.make_board(2))
    make.make_listing("first.txt", state=ListingState.DONE)
    few = [count_queries(client, address) for address in addresses]
    for number in range(50):
        settled(
            make.make_board(2, benchmark=make.make_benchmark("Task", f"Set {number}", area=f"Area {number % 3}" if number else "Vision"))
        )
        make.make_listing(f"{number}.txt", state=ListingState.DONE)
    assert [count_queries(client, address) for address in addresses] == few
    assert max(few) <= 9
