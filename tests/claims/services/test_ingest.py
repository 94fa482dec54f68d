from __future__ import annotations

import io
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from claims.models import (
    Benchmark,
    Claim,
    Cost,
    Delivery,
    Listing,
    ListingChunk,
    ListingEntry,
    MLModel,
    Paper,
    PaperText,
    Result,
    ResultValue,
    Run,
    RunText,
)
from claims.services import ingest, leases, receipts, storage, uploads
from claims.terms import ChunkState, DateSource, ListingState, Role
from tests import factories as make
from tests.catalogue import load_catalogue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_catalogue")]

FIRST = """\
new

Daily Papers

byAK and the research community

Nov 4

OrderNet: On the Order of Layers

We study how the order of layers changes what a network learns. OrderNet reaches 81.5% top-1 accuracy on ImageNet with 25M parameters. It is 1.2% better than the network we started from.

  • 4 authors
·
Mar 3, 2023

A Short Note on Padding

Padding is often ignored. Our padding reaches 76.1% top-1 accuracy on ImageNet, outperforming OrderNet's 74.0%.

  • 1 authors
·
Jun 26 3
"""

SECOND = """\
new

A Short Note on Padding

Padding is often ignored. Our padding reaches 76.1% top-1 accuracy on ImageNet, outperforming OrderNet's 74.0%.

ThirdNet: Three Layers Are Enough

Three layers are enough for small images, as we show at length in this paper. We take layers away one by one, train again, and count what is lost until nothing is left to take. ThirdNet has an error rate of 4.25% on CIFAR-10 and needs 3M parameters.
"""


@pytest.fixture(autouse=True)
def _catalogue(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    load_catalogue()


def upload(text: str | bytes, name: str = "papers.txt", *, year: int | None = None) -> tuple[Listing, bool]:
    content = text.encode() if isinstance(text, str) else text
    return storage.store_upload(io.BytesIO(content), name=name, actor="test", year=year)


def read(text: str | bytes, name: str = "papers.txt", *, year: int | None = None) -> Listing:
    return ingest.ingest_in_foreground(upload(text, name, year=year)[0])


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows that reading a listing makes, without the listing's own."""
    tables = (Paper, PaperText, Claim, Cost, MLModel, Benchmark, Result, ResultValue, Run, RunText)
    return {table.__name__: list(table._default_manager.order_by("pk").values_list()) for table in tables}


def test_listing_becomes_papers_claims_and_rows() -> None:
    listing = read(FIRST)
    assert (listing.state, listing.year, listing.year_source) == (ListingState.DONE, 2024, "inferred")
    claim = Claim.objects.get(value=81.5)
    assert claim.paper_text is not None
    assert claim.paper_text.abstract[claim.start : claim.end] in ("81.5%", "81.5")
    assert "81.5%" in claim.evidence
    assert claim.result is not None
    assert claim.result.benchmark.slug == "image-classification-on-imagenet-1k"
    assert claim.result.model_name == "OrderNet"
    assert list(claim.result.costs.values_list("measure", "canonical_value")) == [("parameters", 25e6)]
    delta = Claim.objects.get(value=1.2)
    assert delta.kind == "delta"
    assert delta.result is None


def test_date_without_year_is_completed_by_the_inferred_year() -> None:
    read(FIRST)
    paper = Paper.objects.get(title__startswith="A Short Note")
    assert (paper.first_day, paper.date_source) == (date(2024, 6, 26), DateSource.YEAR_INFERRED)


def test_year_given_by_the_uploader_wins() -> None:
    read(FIRST, year=2025)
    paper = Paper.objects.get(title__startswith="A Short Note")
    assert (paper.first_day, paper.date_source) == (date(2025, 6, 26), DateSource.YEAR_GIVEN)


def test_quoted_baseline_links_to_the_only_model_of_its_name() -> None:
    read(FIRST)
    quoted = Claim.objects.get(value=74.0, role="baseline")
    assert quoted.ml_model == MLModel.objects.get(name="OrderNet")
    assert quoted.result is not None
    assert quoted.result.ml_model == quoted.ml_model


def test_same_file_again_changes_nothing() -> None:
    read(FIRST)
    before = everything()
    listing, created = upload(FIRST)
    assert not created
    ingest.ingest_in_foreground(listing)
    assert everything() == before


def test_same_text_with_other_line_ends_changes_no_paper_and_no_claim() -> None:
    read(FIRST)
    before = everything()
    listing, created = upload(FIRST.replace("\n", "\r\n"))
    assert created
    ingest.ingest_in_foreground(listing)
    assert everything() == before
    assert receipts.read_receipt(listing).papers_known == 2


def test_overlapping_file_adds_what_is_new_and_leaves_the_rest() -> None:
    read(FIRST)
    before = everything()
    listing = read(SECOND)
    after = everything()
    assert Paper.objects.count() == 3
    for table in ("Paper", "PaperText", "Claim", "Cost", "Result", "RunText"):
        assert after[table][: len(before[table])] == before[table], table
    receipt = receipts.read_receipt(listing)
    assert (receipt.entries, receipt.papers_new, receipt.papers_known, receipt.dated) == (2, 1, 1, 0)


def test_later_listing_fills_the_date_that_an_earlier_one_lacked() -> None:
    read(SECOND)
    assert Paper.objects.get(title__startswith="A Short Note").first_day is None
    read(FIRST)
    assert Paper.objects.get(title__startswith="A Short Note").first_day == date(2024, 6, 26)


def test_curated_date_stays() -> None:
    read(SECOND)
    Paper.objects.filter(title__startswith="A Short Note").update(
        first_day=date(2020, 1, 1), last_day=date(2020, 1, 1), date_source=DateSource.CURATOR, curated_fields=["date"]
    )
    read(FIRST)
    assert Paper.objects.get(title__startswith="A Short Note").first_day == date(2020, 1, 1)


def test_same_paper_twice_in_a_file_is_one_paper() -> None:
    body = SECOND.split("new\n\n")[1]
    listing = read("new\n\n" + body + "\n" + body)
    receipt = receipts.read_receipt(listing)
    assert (receipt.entries, receipt.papers_new, receipt.papers_known) == (4, 2, 2)
    assert Paper.objects.count() == 2


def test_cut_abstract_later_does_not_replace_the_whole_one() -> None:
    read(SECOND)
    whole = Paper.objects.get(title__startswith="ThirdNet").current_text
    read(SECOND[:-60])
    paper = Paper.objects.get(title__startswith="ThirdNet")
    assert paper.texts.count() == 2
    assert paper.current_text == whole


def test_new_text_takes_over_and_keeps_a_persons_decision() -> None:
    read(SECOND)
    old = Claim.objects.get(value=4.25)
    Claim.objects.filter(pk=old.pk).update(state="accepted", decided_by="person")
    read(SECOND.replace("as we show at length in this paper", "as we show at some length below"))
    new = Claim.objects.exclude(pk=old.pk).get(value=4.25)
    old.refresh_from_db()
    assert new.paper_text == Paper.objects.get(title__startswith="ThirdNet").current_text
    assert (new.state, new.decided_by) == ("accepted", "person")
    assert old.retired_by is not None
    assert Result.objects.with_values().filter(paper__title__startswith="ThirdNet").count() == 1


def test_reading_a_chunk_twice_or_after_losing_the_lease_writes_nothing() -> None:
    listing, _ = upload(FIRST)
    ingest.plan_listing(listing.pk)
    chunk = ingest._lease_chunk(listing.pk)
    assert chunk is not None
    ListingChunk.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert ingest.read_next_chunk(listing.pk) is not None
    before = everything()
    with pytest.raises(leases.LeaseLostError):
        ingest._read_chunk(chunk)
    assert everything() == before


def test_leased_chunk_is_left_alone_until_its_time_is_over() -> None:
    listing, _ = upload(FIRST)
    ingest.plan_listing(listing.pk)
    assert ingest._lease_chunk(listing.pk) is not None
    assert ingest.read_next_chunk(listing.pk) is None
    assert not ingest.close_listing(listing.pk)


def test_lease_is_renewed_while_a_long_chunk_is_read(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.CHUNK_LEASE_SECONDS = 0.0
    renewals: list[int] = []
    monkeypatch.setattr(ingest, "_renew", lambda chunk: renewals.append(chunk.number))
    listing = read(FIRST)
    assert (listing.state, renewals) == (ListingState.DONE, [0, 0, 0]), "after each of two texts, and when the transaction begins"


def test_chunk_that_keeps_failing_fails_its_listing_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a fault in a rule")

    monkeypatch.setattr(ingest, "extract", broken)
    listing = read(FIRST)
    assert listing.state == ListingState.FAILED
    assert "a fault in a rule" in listing.error
    assert ListingChunk.objects.get().failures == leases.MAX_ERRORS
    assert not Paper.objects.exists()
    monkeypatch.undo()
    again, created = upload(FIRST)
    assert not created
    assert ingest.ingest_in_foreground(again).state == ListingState.DONE


def test_outage_uses_up_no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    listing, _ = upload(FIRST)
    ingest.plan_listing(listing.pk)

    def away(*_: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr("claims.services.papers.merge_entries", away)
    for _ in range(leases.MAX_LEASES + 2):
        with pytest.raises(OperationalError):
            ingest.read_next_chunk(listing.pk)
    monkeypatch.undo()
    assert ListingChunk.objects.get().attempts == 0
    assert ingest.ingest_in_foreground(listing).state == ListingState.DONE


def test_file_that_shrank_after_its_survey_fails_its_listing(settings: Settings) -> None:
    listing, _ = upload(FIRST)
    ingest.plan_listing(listing.pk)
    path = storage.stored_path(listing.sha256)
    path.write_bytes(path.read_bytes()[:120])
    listing = ingest.ingest_in_foreground(listing)
    assert listing.state == ListingState.FAILED
    assert listing.error


def test_year_given_with_the_same_bytes_again_dates_the_papers() -> None:
    read(SECOND.replace("Padding is often ignored.", "Padding is often ignored, we find.") + "\n  • 2 authors\n·\nMay 5\n")
    assert Paper.objects.get(title__startswith="ThirdNet").first_day is None
    text = SECOND.replace("Padding is often ignored.", "Padding is often ignored, we find.") + "\n  • 2 authors\n·\nMay 5\n"
    listing, created = upload(text, year=2024)
    assert (created, listing.year, listing.year_source) == (False, 2024, "given")
    paper = Paper.objects.get(title__startswith="ThirdNet")
    assert (paper.first_day, paper.date_source) == (date(2024, 5, 5), DateSource.YEAR_GIVEN)
    assert upload(text, year=2020)[0].year == 2024, "a given year is not overwritten by an upload"


def test_listing_that_can_not_be_closed_does_not_stop_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = upload(FIRST)
    ingest.plan_listing(first.pk)
    while ingest.read_next_chunk(first.pk):
        pass
    second, _ = upload(SECOND)

    def broken(*_: object) -> None:
        raise ValueError("a fault in linking")

    monkeypatch.setattr(ingest, "_link_quoted_models", broken)
    assert [work.listing_id for work in ingest.find_work(force=False)] == [second.pk]


def test_listing_that_can_never_be_closed_fails_with_the_reason_and_is_closed_by_a_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    listing, _ = upload(FIRST)
    ingest.plan_listing(listing.pk)
    while ingest.read_next_chunk(listing.pk):
        pass

    def broken(*_: object) -> None:
        raise ValueError("a fault in linking")

    monkeypatch.setattr(ingest, "_link_quoted_models", broken)
    for tried in range(1, leases.MAX_ERRORS + 1):
        ingest.find_work(force=False)
        listing.refresh_from_db()
        assert (listing.failures, listing.lease_until) == (tried, None)
    assert listing.state == ListingState.FAILED
    assert listing.error == "Its parts were read, but it could not be closed: ValueError: a fault in linking"
    assert ingest.find_work(force=True) == []
    monkeypatch.undo()
    uploads.retry(listing, actor="kim")
    assert ingest.close_listing(listing.pk)
    listing.refresh_from_db()
    assert (listing.state, listing.error) == (ListingState.DONE, "")
    assert Paper.objects.count() == 2


def test_outage_while_a_listing_is_closed_uses_up_no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    listing, _ = upload(FIRST)
    ingest.plan_listing(listing.pk)
    while ingest.read_next_chunk(listing.pk):
        pass

    def away(*_: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(ingest, "_link_quoted_models", away)
    for _ in range(leases.MAX_LEASES + 2):
        with pytest.raises(OperationalError):
            ingest.close_listing(listing.pk)
    monkeypatch.undo()
    assert ingest.close_listing(listing.pk)


def test_close_that_is_cut_off_keeps_what_it_linked_and_the_next_does_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    listing, _ = upload(FIRST)
    ingest.plan_listing(listing.pk)
    while ingest.read_next_chunk(listing.pk):
        pass
    quoted = Claim.objects.filter(role=Role.BASELINE, model_key="ordernet")
    assert quoted.filter(ml_model=None).count() == quoted.count() == 1, "a part knows nothing of what others introduce"
    monkeypatch.setattr(ingest, "LINK_BATCH", 1)
    monkeypatch.setattr(ingest, "_find_quoted_names", lambda _: {"ordernet", "zzz"})
    link = ingest._link_quoted_models

    def killed(listing: Listing, names: list[str]) -> None:
        if names == ["zzz"]:
            raise SystemExit
        link(listing, names)

    monkeypatch.setattr(ingest, "_link_quoted_models", killed)
    with pytest.raises(SystemExit):
        ingest.close_listing(listing.pk)
    assert not quoted.filter(ml_model=None).exists(), "what was linked stays so"
    assert not ingest.close_listing(listing.pk), "somebody seems to be at it"
    Listing.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    monkeypatch.undo()
    assert ingest.close_listing(listing.pk)
    assert quoted.get().ml_model == MLModel.objects.get(name="OrderNet")
    assert quoted.get().result is not None


def test_close_that_goes_forward_does_not_fail_however_often_time_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    listing, _ = upload(FIRST)
    ingest.plan_listing(listing.pk)
    while ingest.read_next_chunk(listing.pk):
        pass
    Listing.objects.update(failures=leases.MAX_ERRORS - 1, attempts=leases.MAX_LEASES - 1)
    monkeypatch.setattr(ingest, "LINK_BATCH", 1)
    monkeypatch.setattr(ingest, "_find_quoted_names", lambda _: {"ordernet", "zzz"})
    link = ingest._link_quoted_models

    def slow(listing: Listing, names: list[str]) -> None:
        if names == ["zzz"]:
            raise ValueError("time ran out")
        link(listing, names)

    monkeypatch.setattr(ingest, "_link_quoted_models", slow)
    assert ingest.close_listing(listing.pk) is None
    listing.refresh_from_db()
    assert (listing.state, listing.failures) == (ListingState.READING, 1)


def test_sweep_finds_lost_messages_and_leases_that_ran_out(settings: Settings) -> None:
    listing, _ = upload(FIRST)
    assert [work.listing_id for work in ingest.find_work(force=False)] == [listing.pk]
    ingest.note_hint(listing.pk)
    assert ingest.find_work(force=False) == []
    assert [work.listing_id for work in ingest.find_work(force=True)] == [listing.pk]
    ingest.plan_listing(listing.pk)
    ingest._lease_chunk(listing.pk)
    assert ingest.find_work(force=True) == [], "somebody is at it"
    ListingChunk.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert ingest.find_work(force=False) == [], "a message was sent since"
    Listing.objects.update(hinted=timezone.now() - timedelta(seconds=5))
    assert [work.listing_id for work in ingest.find_work(force=False)] == [listing.pk]


def test_sweep_closes_a_listing_whose_worker_died_before_it_could() -> None:
    listing, _ = upload(FIRST)
    ingest.plan_listing(listing.pk)
    while ingest.read_next_chunk(listing.pk):
        pass
    assert Listing.objects.get().state == ListingState.READING
    assert ingest.find_work(force=False) == []
    assert Listing.objects.get().state == ListingState.DONE


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "windows-1252"])
def test_other_encodings_read_alike(encoding: str) -> None:
    text = FIRST.replace("A Short Note", "Möbius: a Näive Note")
    listing = read(text.encode(encoding))
    assert listing.state == ListingState.DONE
    assert Paper.objects.filter(title__startswith="Möbius: a Näive Note").count() == 1
    assert Claim.objects.filter(value=81.5, result__isnull=False).count() == 1


def test_hostile_text_is_kept_as_text_and_offsets_hold() -> None:
    text = FIRST.replace("We study how", "<script>alert(1)</script> \x00 𝔘𝔫𝔦 \u202e code 😀 We study how")
    read(text)
    claim = Claim.objects.get(value=81.5)
    assert claim.paper_text is not None
    assert "\x00" not in claim.paper_text.abstract
    assert "<script>" in claim.paper_text.abstract
    assert claim.paper_text.abstract[claim.start : claim.end] == claim.stated
    assert "81.5" in claim.stated


def test_very_long_title_and_cut_file_are_read() -> None:
    title = "LongNet: " + "on and on " * 200
    listing = read(FIRST.replace("OrderNet: On the Order of Layers", title.strip())[:-120])
    assert listing.state == ListingState.DONE
    assert Paper.objects.filter(title=title.strip()).count() == 1


def test_broken_bytes_are_reported_with_their_line() -> None:
    listing = read(FIRST.encode().replace(b"often", b"oft\xffen"))
    assert listing.state == ListingState.DONE
    issue = receipts.read_receipt(listing).issues[0]
    assert issue.line == 19
    assert Paper.objects.count() == 2


def test_two_papers_may_propose_the_same_name() -> None:
    other = SECOND.replace("ThirdNet: Three Layers Are Enough", "OrderNet: Ordering Nets").replace("ThirdNet", "OrderNet")
    read(FIRST)
    read(other)
    assert MLModel.objects.filter(name="OrderNet").count() == 2
    quoted = Claim.objects.get(value=74.0, role="baseline")
    assert quoted.ml_model is None, "two models of that name: which one is meant is not guessed"


def test_entries_know_their_lines() -> None:
    read(FIRST)
    entry = ListingEntry.objects.order_by("position").first()
    assert entry is not None
    assert FIRST.splitlines()[entry.first_line - 1] == entry.paper_text.title
    assert ListingChunk.objects.get().state == ChunkState.DONE


STUDIES = "".join(
    f"Net{number}: A Study of Number {number}\n\nWe study the number {number} for a long time and from many sides, as nobody has done before us. "
    f"Net{number} reaches {70 + number}.5% top-1 accuracy on ImageNet, which is a good number.\n\n  • 2 authors\n·\nMay {number + 1}, 2022\n\n"
    for number in range(4)
)


def told() -> list[dict[str, Any]]:
    return [json.loads(body) for body in Delivery.objects.order_by("pk").values_list("body", flat=True)]


def test_webhooks_are_told_of_the_best_of_each_part_and_of_the_close_once(settings: Settings) -> None:
    settings.CHUNK_SIZE = 2
    make.make_webhook()
    listing = ingest.ingest_in_foreground(upload(STUDIES)[0])
    assert ingest.close_listing(listing.pk) is False
    *records, done = told()
    assert [(event["type"], event["data"]["claim"]["stated"]) for event in records] == [("record.new", "71.5"), ("record.new", "73.5")]
    said = done["data"]["listing"]
    assert (done["type"], said["id"], said["name"]) == ("listing.done", listing.public_id, listing.name)
    assert (said["state"], said["entries"], said["claims"], said["error"]) == ("done", 4, 4, None)
    assert said["page"] == f"{settings.SITE_URL}/listings/{listing.public_id}/"


def test_webhooks_are_told_of_a_listing_that_could_not_be_read() -> None:
    make.make_webhook()
    ingest._fail_listing(upload(STUDIES)[0], ListingState.WAITING, "It is a PDF.")
    (event,) = told()
    assert (event["data"]["listing"]["state"], event["data"]["listing"]["error"]) == ("failed", "It is a PDF.")
