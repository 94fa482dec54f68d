"""Several transactions at once on PostgreSQL: what each may see and must wait for. SQLite has one writer at a time."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.http import QueryDict
from django.utils import timezone
from pytest_django import Settings

from claims import verification
from claims.errors import InvalidDecisionError, StaleObjectError, WebhookError
from claims.extraction import pipeline
from claims.extraction.drafts import Extraction
from claims.extraction.pipeline import extract
from claims.extraction.vocabulary import Vocabulary
from claims.filters import ReviewFilterSet
from claims.models import (
    Benchmark,
    ChangeSet,
    Claim,
    Contender,
    Cost,
    Dataset,
    Decision,
    Delivery,
    Flag,
    Listing,
    ListingChunk,
    MLModel,
    Paper,
    PaperText,
    ReextractionChunk,
    Report,
    Result,
    ReviewLease,
    Webhook,
)
from claims.services import (
    catalog,
    contenders,
    correction,
    curation,
    deliveries,
    flagging,
    ingest,
    papers,
    queue,
    reextraction,
    reporting,
    results,
    statements,
    storage,
    tiers,
    uploads,
    webhooks,
)
from claims.terms import (
    AliasKind,
    ChunkState,
    CurationState,
    DeliveryState,
    ListingState,
    RejectReason,
    ReportKind,
    ReportOutcome,
    Role,
    TextField,
    Tier,
    WebhookEvent,
)
from tests import factories as make
from tests.catalogue import load_catalogue
from tests.claims.services.test_second_reader import race_for_the_budget
from tests.receiver import Reply, receive

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_catalogue")]

Answer = TypeVar("Answer")


@pytest.fixture(autouse=True)
def _catalogue(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.UPLOAD_DIR = tmp_path / "uploads"
    settings.CHUNK_SIZE = 2
    load_catalogue()


class Threads:
    """Runs functions at once, each with a connection of its own to the database."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def start(self, work: Callable[[], Answer]) -> Future[Answer]:
        def run() -> Answer:
            try:
                return work()
            finally:
                connections.close_all()

        return self._pool.submit(run)


@pytest.fixture
def threads() -> Iterator[Threads]:
    with ThreadPoolExecutor(8) as pool:
        yield Threads(pool)


def wait_until_blocked_or_done(future: Future[Any]) -> bool:
    """Wait until another transaction waits for a lock, and return True; False if the work is over without that."""
    end = time.monotonic() + 30
    while not future.done():
        assert time.monotonic() < end
        with connection.cursor() as cursor:
            # Within a transaction the statistics stand still otherwise.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'"
            )
            if cursor.fetchone()[0]:
                return True
        time.sleep(0.01)
    return False


def write(numbers: range, *, words: str = "from many sides", name: str = "Net", quoted: str = "") -> str:
    outdone = f", outperforming {quoted}'s 49.5%" if quoted else ""
    return "new\n\nDaily Papers\n\n" + "".join(
        f"{name}{number}: A Study of Number {number}\n\nWe study the number {number} for a long time and {words}, as nobody has before. "
        f"{name}{number} reaches {50 + number % 40}.{number % 10}% top-1 accuracy on ImageNet{outdone}. "
        f"It has {number + 1}M parameters.\n\n  • 2 authors\n·\nMay {1 + number % 28}, 2022\n\n"
        for number in numbers
    )


def upload(text: str) -> Listing:
    return storage.store_upload(io.BytesIO(text.encode()), name="x.txt", actor="test")[0]


def test_budget_of_the_second_reader_is_never_overdrawn_by_many_workers(settings: Settings) -> None:
    settings.SECOND_READER_DAILY_BUDGET = 20
    race_for_the_budget()


def test_reextraction_that_two_begin_at_once_is_one(threads: Threads, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest.ingest_in_foreground(upload(write(range(4))))
    monkeypatch.setattr(pipeline, "EXTRACTOR_VERSION", "9.0.0")
    with transaction.atomic():
        first = reextraction.start(actor="lee")
        second = threads.start(lambda: reextraction.start(actor="kim"))
        assert wait_until_blocked_or_done(second)
    joined = second.result()
    assert first is not None
    assert joined is not None
    assert (joined.pk, joined.actor) == (first.pk, "lee")
    assert ReextractionChunk.objects.count() == 2


def test_chunk_is_leased_to_one_of_those_who_ask_at_once(threads: Threads) -> None:
    listing = upload(write(range(24)))
    ingest.plan_listing(listing.pk)
    gate = threading.Barrier(6)

    def take() -> int | None:
        gate.wait()
        chunk = ingest._lease_chunk(listing.pk)
        return chunk.number if chunk else None

    for _ in range(2):
        taken = [future.result() for future in [threads.start(take) for _ in range(6)]]
        assert len(set(taken)) == 6
    assert ListingChunk.objects.filter(state=ChunkState.LEASED, attempts=1).count() == 12


def test_chunk_that_is_being_written_is_not_waited_for(threads: Threads) -> None:
    listing = upload(write(range(6)))
    ingest.plan_listing(listing.pk)
    with transaction.atomic():
        ListingChunk.objects.select_for_update().get(number=0)
        chunk = threads.start(lambda: ingest._lease_chunk(listing.pk)).result(timeout=30)
    assert chunk is not None
    assert chunk.number == 1


@pytest.mark.parametrize("again", [False, True], ids=["new-board", "known-board"])
def test_board_settled_by_two_at_once_counts_the_rows_of_both(threads: Threads, *, again: bool) -> None:
    before = write(range(20, 22))
    ingest.ingest_in_foreground(upload(before if again else before.replace("ImageNet", "CIFAR-10")))
    listing = upload(write(range(4)))
    ingest.plan_listing(listing.pk)
    first, second = ingest._lease_chunk(listing.pk), ingest._lease_chunk(listing.pk)
    assert first is not None
    assert second is not None
    with transaction.atomic():
        ingest._read_chunk(first)
        other = threads.start(lambda: ingest._read_chunk(second))
        assert wait_until_blocked_or_done(other), "the second did not wait, so it can't have counted the rows of the first"
    other.result(timeout=30)
    board = Benchmark.objects.get(slug="image-classification-on-imagenet-1k")
    rows = Result.objects.with_values().filter(benchmark=board, role=Role.PROPOSED)
    assert (board.row_count, rows.count()) == (6 if again else 4, 6 if again else 4)
    assert board.leader is not None
    assert board.leader.value == max(Claim.objects.filter(result__benchmark=board, role=Role.PROPOSED).values_list("value", flat=True))


@pytest.mark.parametrize("newest_first", [False, True])
def test_paper_whose_texts_are_read_at_once_speaks_with_the_newest(threads: Threads, *, newest_first: bool) -> None:
    ingest.ingest_in_foreground(upload(write(range(1))))
    chunks = []
    for words in ("from one side", "from two sides"):
        listing = upload(write(range(1), words=words))
        ingest.plan_listing(listing.pk)
        chunks.append(ingest._lease_chunk(listing.pk))
    first, second = reversed(chunks) if newest_first else chunks
    assert first is not None
    assert second is not None
    with transaction.atomic():
        ingest._read_chunk(first)
        other = threads.start(lambda: ingest._read_chunk(second))
        assert wait_until_blocked_or_done(other)
    other.result(timeout=30)
    paper = Paper.objects.get()
    assert paper.texts.count() == 3
    assert paper.current_text is not None
    assert "from two sides" in paper.current_text.abstract
    assert set(Claim.objects.filter(retired_by__isnull=True).values_list("paper_text", flat=True)) == {paper.current_text_id}
    assert Benchmark.objects.get(slug="image-classification-on-imagenet-1k").row_count == 1


def test_extraction_and_papers_do_not_wait_for_a_board(threads: Threads, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock on a board is taken last: what another worker does before that goes on meanwhile."""
    ingest.ingest_in_foreground(upload(write(range(20, 22))))
    reached = threading.Event()
    link_costs = results._link_costs

    def note(*given: Any) -> None:
        link_costs(*given)
        reached.set()

    monkeypatch.setattr(results, "_link_costs", note)
    listing = upload(write(range(2)))
    ingest.plan_listing(listing.pk)
    with transaction.atomic():
        list(Benchmark.objects.select_for_update(no_key=True).order_by("pk"))
        reading = threads.start(lambda: ingest.read_next_chunk(listing.pk))
        assert reached.wait(30)
    reading.result(timeout=30)
    assert ListingChunk.objects.get(listing=listing).state == ChunkState.DONE


def test_quoted_model_is_linked_rightly_when_two_listings_close_at_once(threads: Threads) -> None:
    """One listing quotes a model that it brings, another brings a second model of that name: then nobody knows which is meant."""
    quoting = upload(write(range(1), name="Solo") + write(range(1, 2), name="Other", quoted="Solo0").split("Daily Papers\n\n")[1])
    bringing = upload(write(range(1), name="Solo", words="from one side").replace("A Study of", "Another Study of"))
    for listing in (quoting, bringing):
        ingest.plan_listing(listing.pk)
        while ingest.read_next_chunk(listing.pk):
            pass
    quoted = Claim.objects.get(role=Role.BASELINE, value=49.5)
    solo = quoted.model_key
    # As it was a moment before the second listing's models were there.
    own = Claim.objects.get(role=Role.PROPOSED, model_key=solo, paper_text__entries__listing=quoting).ml_model
    with transaction.atomic():
        list(MLModel.objects.select_for_update(no_key=True).filter(name_key=solo))
        Claim.objects.filter(pk=quoted.pk).update(ml_model=own)
        closing = threads.start(lambda: ingest.close_listing(bringing.pk))
        assert wait_until_blocked_or_done(closing)
    closing.result(timeout=30)
    quoted.refresh_from_db()
    assert quoted.ml_model is None
    with transaction.atomic():
        assert statements.link_quoted_models([solo]) == set()


def test_decision_made_while_its_paper_is_read_anew_is_kept(threads: Threads) -> None:
    """A curator goes through the claims while listings with other texts of the same papers, in other orders, are read."""
    count = 12
    ingest.ingest_in_foreground(upload(write(range(count))))
    waiting = [
        upload(write(numbers, words=f"from {turn} sides")) for turn, numbers in enumerate([range(count), range(count - 1, -1, -1)] * 2)
    ]
    for listing in waiting:
        ingest.plan_listing(listing.pk)
    ready = threading.Barrier(5)

    def read(listing: Listing) -> None:
        ready.wait()
        while ingest.read_next_chunk(listing.pk) is not None:
            pass
        ingest.close_listing(listing.pk)

    def decide(role: Role) -> dict[float, CurationState]:
        ready.wait()
        decided: dict[float, CurationState] = {}
        end = time.monotonic() + 60
        for number, value in enumerate(sorted(set(Claim.objects.values_list("value", flat=True)))):
            state, reason = (CurationState.ACCEPTED, "") if number % 2 else (CurationState.REJECTED, "wrongly_read")
            while True:
                claim = Claim.objects.standing().filter(value=value, role=role, retired_by__isnull=True).first()
                assert time.monotonic() < end, (value, decided)
                if claim is None:
                    continue
                try:
                    curation.decide(claim, state, actor="curator", version=claim.version, reason=reason)
                except StaleObjectError:
                    continue
                decided[value] = state
                break
        return decided

    reading = [threads.start(partial(read, listing)) for listing in waiting]
    deciding = threads.start(lambda: decide(Role.PROPOSED))
    for future in reading:
        future.result(timeout=60)
    decided = deciding.result(timeout=60)
    assert len(decided) == count
    assert set(Listing.objects.values_list("state", flat=True)) == {ListingState.DONE}
    assert not ListingChunk.objects.exclude(failures=0, attempts=1).exists(), "no deadlock, no failure"
    current = Claim.objects.filter(paper_text__in=Paper.objects.values("current_text"), value__in=decided)
    assert {claim.value: (claim.state, claim.decided_by, claim.retired_by_id) for claim in current} == {
        value: (state, "person", None) for value, state in decided.items()
    }
    assert Decision.objects.filter(change_set__actor="curator").count() == count
    board = Benchmark.objects.get(slug="image-classification-on-imagenet-1k")
    accepted = sum(state == CurationState.ACCEPTED for state in decided.values())
    assert (board.row_count, board.accepted_row_count) == (accepted, accepted)


def test_quoted_model_is_unlinked_when_it_is_withdrawn_while_the_quoting_listing_closes(threads: Threads) -> None:
    bringing, quoting = upload(write(range(1), name="Solo")), upload(write(range(1, 2), name="Other", quoted="Solo0"))
    ingest.ingest_in_foreground(bringing)
    ingest.plan_listing(quoting.pk)
    while ingest.read_next_chunk(quoting.pk):
        pass
    quoted = Claim.objects.get(role=Role.BASELINE, value=49.5)
    bringing.refresh_from_db()
    with transaction.atomic():
        uploads.withdraw(bringing, actor="test", version=bringing.version)
        closing = threads.start(lambda: ingest.close_listing(quoting.pk))
        assert wait_until_blocked_or_done(closing), "the withdrawal holds the model"
    closing.result(timeout=30)
    quoted.refresh_from_db()
    assert quoted.ml_model is None


def test_withdrawals_of_listings_that_quote_each_other_wait_and_do_not_block_each_other(threads: Threads) -> None:
    """Each settles papers of the other: models and papers are locked in one order, whoever comes first."""
    listings = [
        upload(write(range(first, 8, 2)) + write(range(20 + first, 28, 2), name="Quoting", quoted=f"Net{1 - first}").split("Papers\n\n")[1])
        for first in (0, 1)
    ]
    for listing in listings:
        ingest.ingest_in_foreground(listing)
    assert Claim.objects.filter(role=Role.BASELINE, ml_model__isnull=False).count() == 8
    ready = threading.Barrier(2)

    def turn(pk: int) -> None:
        ready.wait()
        for _ in range(5):
            listing = Listing.objects.get(pk=pk)
            effect = uploads.withdraw(listing, actor="test", version=listing.version)
            uploads.undo(effect.change_set, actor="test")

    before = sorted(Claim.objects.values_list("pk", "ml_model", "result"))
    for turning in [threads.start(partial(turn, listing.pk)) for listing in listings]:
        turning.result(timeout=60)
    assert sorted(Claim.objects.values_list("pk", "ml_model", "result")) == before


def test_two_workers_read_again_while_a_curator_decides_and_a_listing_is_read(threads: Threads, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes first at a paper: each number is replaced or decided on, none twice, and the boards count what stands."""
    count = 16

    def read_otherwise(title: str, abstract: str, vocabulary: Vocabulary) -> Extraction:
        found = extract(title, abstract, vocabulary)
        return replace(found, claims=tuple(replace(claim, model="Solo") for claim in found.claims))

    ingest.ingest_in_foreground(upload(write(range(count)) + write(range(30, 34), name="Quoting", quoted="Solo").split("Papers\n\n")[1]))
    monkeypatch.setattr(pipeline, "EXTRACTOR_VERSION", "9.0.0")
    monkeypatch.setattr(pipeline, "extract", read_otherwise)
    started = reextraction.start(actor="test")
    assert started is not None
    other = upload(write(range(0, count, 3), words="from two sides"))
    ingest.plan_listing(other.pk)
    ready = threading.Barrier(4)

    def reread() -> int:
        ready.wait()
        read = 0
        while reextraction.read_next_chunk(started.pk) is not None:
            read += 1
        return read

    def read() -> None:
        ready.wait()
        while ingest.read_next_chunk(other.pk) is not None:
            pass
        ingest.close_listing(other.pk)

    def decide() -> dict[int, dict[str, Any]]:
        ready.wait()
        decided = {}
        for pk in Claim.objects.filter(role=Role.PROPOSED).order_by("-pk").values_list("pk", flat=True):
            claim = Claim.objects.get(pk=pk)
            try:
                curation.decide(claim, CurationState.ACCEPTED, actor="curator", version=claim.version)
            except StaleObjectError:
                continue
            decided[pk] = {"value": claim.value, "model_name": claim.model_name}
        return decided

    reading = [threads.start(reread) for _ in range(2)]
    others = threads.start(read)
    deciding = threads.start(decide)
    assert sum(future.result(timeout=120) for future in reading) == started.chunks.count() == 10
    others.result(timeout=120)
    decided = deciding.result(timeout=120)
    assert decided
    assert reextraction.close(started.pk)
    assert not ReextractionChunk.objects.exclude(failures=0, attempts=1, state=ChunkState.DONE).exists(), "no deadlock, no failure"
    assert not ListingChunk.objects.exclude(failures=0, attempts=1).exists()
    for pk, words in decided.items():
        assert Claim.objects.filter(pk=pk, **words, state="accepted", decided_by="person").exists()
    undecided = Claim.objects.exclude(decided_by="person").filter(retired_by=None, run__extractor_version="9.0.0")
    assert set(undecided.values_list("model_name", flat=True)) <= {"Solo"}
    assert sorted(Claim.objects.filter(role=Role.PROPOSED, retired_by=None).values_list("value", flat=True)) == sorted(
        50 + number % 40 + number % 10 / 10 for number in (*range(count), *range(30, 34))
    ), "none twice and none lost"
    board = Benchmark.objects.get(slug="image-classification-on-imagenet-1k")
    rows = Result.objects.with_values().filter(benchmark=board, role=Role.PROPOSED)
    assert board.row_count == rows.count()
    assert set(Claim.objects.filter(role=Role.BASELINE, retired_by=None).values_list("ml_model", flat=True)) == {None}, "many are called so"


def test_delivery_is_sent_by_one_of_the_workers_that_come_at_once(threads: Threads, settings: Settings) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with receive(Reply(drip=0.05)) as receiver:
        owner = make.make_user("owner", "upload_listing")
        for number in range(4):
            webhook = make.make_webhook(f"{receiver.address}/{number}", owner=owner)
            for _ in range(3):
                webhooks.send_test(webhook)
        gate = threading.Barrier(6)

        def work() -> int:
            gate.wait()
            count = 0
            # One who finds all webhooks busy comes again: that is what the next message is for.
            while deliveries.deliver_next() or Delivery.objects.exclude(state=DeliveryState.DELIVERED).exists():
                count += 1
            return count

        for future in [threads.start(work) for _ in range(6)]:
            future.result()
    assert len(receiver.ids) == len(set(receiver.ids)) == 12
    assert set(Delivery.objects.values_list("state", "attempts")) == {(DeliveryState.DELIVERED, 1)}


def test_webhook_that_is_deleted_while_an_event_is_written_fails_nobody(threads: Threads) -> None:
    webhook = make.make_webhook(owner=make.make_user("owner", "upload_listing"))
    with transaction.atomic():
        assert webhooks._find_subscribers(WebhookEvent.LISTING_DONE) == [webhook]
        threads.start(lambda: webhooks.delete(Webhook.objects.get())).result()
        webhooks._write([webhook], WebhookEvent.LISTING_DONE, [("listing:x", {})])
    assert not deliveries.deliver_next()
    assert not deliveries.are_due()
    Delivery.objects.update(created=timezone.now() - 2 * deliveries.KEPT)
    assert deliveries.forget_old() == 1


def test_two_webhooks_of_one_owner_at_once_are_no_more_than_one_may_have(threads: Threads, settings: Settings) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    owner = make.make_user("owner", "upload_listing")
    for number in range(webhooks.MOST_WEBHOOKS - 1):
        make.make_webhook(f"https://example.org/{number}", owner=owner)
    gate = threading.Barrier(2)

    def create(number: int) -> bool:
        gate.wait()
        try:
            webhooks.create_webhook(owner, url=f"http://127.0.0.1/{number}", events=["record.new"])
        except WebhookError:
            return False
        return True

    made = [threads.start(partial(create, number)) for number in range(2)]
    assert sorted(future.result() for future in made) == [False, True]


def test_correction_that_names_something_new_waits_for_a_reading_of_the_same_name(threads: Threads) -> None:
    """Both make the same dataset: who holds the paper makes it first, and the other one finds it."""
    claim = make.make_claim("81%")
    assert claim.paper_text is not None
    paper = claim.paper_text.paper
    with transaction.atomic():
        papers.lock_papers([paper.pk])
        correcting = threads.start(
            lambda: correction.correct(claim, {"dataset": "Brand New Set"}, actor="lee", version=claim.version, may_add=True)
        )
        assert wait_until_blocked_or_done(correcting)
        catalog.resolve_names(AliasKind.DATASET, {"Brand New Set": (paper, "It is new.")})
    correcting.result(timeout=30)
    claim.refresh_from_db()
    assert claim.dataset == Dataset.objects.get(name="Brand New Set")


def test_of_two_corrections_of_one_number_the_second_is_told(threads: Threads) -> None:
    claim = make.make_claim("81%")

    def correct(number: str) -> bool:
        try:
            correction.correct(Claim.objects.get(pk=claim.pk), {"number": number}, actor="lee", version=1)
        except StaleObjectError:
            return False
        return True

    done = [threads.start(partial(correct, f"{70 + place}%")) for place in range(8)]
    assert sorted(one.result(timeout=30) for one in done) == [False] * 7 + [True]
    assert Decision.objects.count() == 1


def test_number_that_several_add_at_once_is_added_once(threads: Threads) -> None:
    ingest.ingest_in_foreground(upload(write(range(1), words="from 93.5 sides")))
    text = PaperText.objects.get()
    start = text.abstract.index("93.5")

    def add() -> bool:
        try:
            place = correction.Place(TextField.ABSTRACT, start, start + 4)
            correction.add(Claim, PaperText.objects.get(), place, {"dataset": "Brand New Set"}, actor="lee", may_add=True)
        except InvalidDecisionError:
            return False
        return True

    done = [threads.start(add) for _ in range(8)]
    assert sorted(one.result(timeout=30) for one in done) == [False] * 7 + [True]
    assert Claim.objects.filter(stated="93.5").count() == 1
    assert Decision.objects.count() == 1


def make_curators(count: int) -> list[User]:
    return [make.make_user(f"curator-{number}", "change_claim", "change_cost") for number in range(count)]


def make_waiting(count: int) -> list[Claim]:
    """Return claims that wait for their review, three on a paper; a part of them is among the first of its board."""
    board = make.make_benchmark(dataset="Waiting")
    claims = []
    for number in range(0, count, 3):
        paper = make.make_paper(f"A study {number}", abstract="First 70.1% there. Then 71.2% here. At last 72.3% elsewhere.")
        claims += [
            make.make_claim(said, benchmark=board, paper=paper, model=f"Net {number} {said}", settled=False)
            for said in ("70.1%", "71.2%", "72.3%")
        ]
    contenders.settle([board])
    return claims


def test_curators_who_ask_at_once_look_at_different_numbers(threads: Threads) -> None:
    make_waiting(9)
    together = threading.Barrier(8)

    def ask(curator: User) -> queue.Key | None:
        together.wait()
        return queue.take(curator, ReviewFilterSet(QueryDict()))

    keys = [asked.result() for asked in [threads.start(partial(ask, curator)) for curator in make_curators(8)]]
    assert None not in keys
    assert len(set(keys)) == 8
    assert ReviewLease.objects.count() == 8


def test_number_whose_lease_ran_out_goes_to_one_of_those_who_ask_at_once(threads: Threads) -> None:
    claim = make_waiting(3)[0]
    *curators, gone = make_curators(9)
    ReviewLease.objects.create(claim=claim, curator=gone, until=timezone.now() - timedelta(minutes=1))
    together = threading.Barrier(8)

    def ask(curator: User) -> queue.Key | None:
        together.wait()
        return queue.take_this(curator, claim, ReviewFilterSet(QueryDict()))

    keys = [asked.result() for asked in [threads.start(partial(ask, curator)) for curator in curators]]
    assert [key for key in keys if key is not None] == [queue.key_of(claim)]


def test_many_curators_decide_on_each_number_once_and_lose_none(threads: Threads) -> None:
    claims = make_waiting(120)

    def work(curator: User) -> int:
        done = 0
        near: Claim | Cost | None = None
        while (key := queue.take(curator, ReviewFilterSet(QueryDict()), near=near)) is not None:
            near = key.table.objects.get(pk=key.pk)
            state = CurationState.REJECTED if key.pk % 3 else CurationState.ACCEPTED
            reason = "" if state is CurationState.ACCEPTED else RejectReason.NOT_A_RESULT.value
            queue.decide(near, state, curator=curator, version=near.version, reason=reason)
            done += 1
        return done

    done = [working.result() for working in [threads.start(partial(work, curator)) for curator in make_curators(8)]]
    assert sum(done) == len(claims)
    assert sorted(Decision.objects.values_list("object_id", flat=True)) == sorted(claim.pk for claim in claims)
    assert {claim.state for claim in Claim.objects.all()} == {"accepted", "rejected"}
    assert set(Claim.objects.values_list("version", flat=True)) == {2}
    assert not ReviewLease.objects.exists()
    assert not Contender.objects.exists()
    for name, count in zip(User.objects.order_by("pk").values_list("username", flat=True), done, strict=True):
        assert ChangeSet.objects.filter(actor=name).count() == count


def test_eight_who_decide_on_the_same_five_hundred_claims_decide_each_once(threads: Threads) -> None:
    """They go through all of them, two beside each other: of those who come to a number at once, one decides and the others are told."""
    benchmarks = [make.make_benchmark(dataset=f"Set {number}") for number in range(20)]
    claims = []
    for number in range(100):
        paper = make.make_paper(abstract=" ".join(f"It reaches {place}{number:02}.5% there." for place in range(1, 6)))
        claims += [
            make.make_claim(
                f"{place}{number:02}.5%",
                benchmark=benchmarks[number % 20],
                paper=paper,
                task=benchmarks[0].task,
                model=f"Net{place}",
                model_key=f"net{place}",
                on_board=False,
                settled=False,
            )
            for place in range(1, 6)
        ]
    results.settle_papers_alone({claim.paper_text.paper_id for claim in claims if claim.paper_text is not None})
    states = [CurationState.ACCEPTED, CurationState.REJECTED]

    # Of each paper one number alone, and the others at once.
    groups = [group for at in range(0, len(claims), 5) for group in (claims[at : at + 1], claims[at + 1 : at + 5])]

    def decide(curator: int) -> tuple[list[int], int]:
        first = curator // 2 * 50
        decided, told = [], 0
        for number, group in enumerate(groups[first:] + groups[:first]):
            state = states[(curator + number) % 2]
            reason = RejectReason.NOT_A_RESULT if state is CurationState.REJECTED else ""
            seen = list(Claim.objects.filter(pk__in=[claim.pk for claim in group]))
            if any(claim.version > 1 for claim in seen):
                continue
            try:
                curation.decide_all([(claim, 1) for claim in seen], state, actor=f"curator {curator}", reason=reason)
            except StaleObjectError:
                told += 1
            else:
                decided += [claim.pk for claim in group]
        return decided, told

    done = [threads.start(partial(decide, curator)) for curator in range(8)]
    answers = [one.result(timeout=300) for one in done]
    decided = [pk for some, _ in answers for pk in some]
    assert sorted(decided) == sorted(claim.pk for claim in claims), "each is decided once, and none is lost"
    # two begin at each place, and one of them may be a moment behind the other all the way
    assert sum(bool(some) for some, _ in answers) >= 4, "they decided side by side"
    assert sum(told for _, told in answers), "some came to the same number at once"
    kept = Decision.objects.filter(object_kind="claim").select_related("change_set")
    assert sorted((decision.object_id, decision.change_set.actor) for decision in kept) == sorted(
        (pk, f"curator {curator}") for curator, (some, _) in enumerate(answers) for pk in some
    )
    assert set(kept.values_list("object_version", flat=True)) == {2}
    accepted = Claim.objects.filter(state=CurationState.ACCEPTED).count()
    assert sum(Benchmark.objects.values_list("row_count", flat=True)) == accepted
    assert sum(Benchmark.objects.values_list("accepted_row_count", flat=True)) == accepted
    assert [str(fault) for fault in verification.find_faults()] == [], "the history adds up, and the board shows it"
    _take_back_at_once(threads)


def _take_back_at_once(threads: Threads) -> None:
    """Eight undo the same twenty-four acts: each is taken back once."""
    acts = list(ChangeSet.objects.order_by("pk")[:24])

    def undo(curator: int) -> int:
        first = curator // 2 * 6
        done = 0
        for act in acts[first:] + acts[:first]:
            with contextlib.suppress(InvalidDecisionError, StaleObjectError):
                curation.undo(act, actor=f"curator {curator}")
                done += 1
        return done

    done = [threads.start(partial(undo, curator)) for curator in range(8)]
    assert sum(one.result(timeout=300) for one in done) == len(acts)
    assert ChangeSet.objects.filter(undoes__in=acts).count() == len(acts)
    assert [str(fault) for fault in verification.find_faults()] == []


def test_of_two_who_revert_one_number_the_second_is_told(threads: Threads) -> None:
    claim = make.make_claim("81%")
    curation.decide(claim, CurationState.ACCEPTED, actor="lee", version=1)
    curation.decide(claim, CurationState.REJECTED, actor="lee", version=2, reason=RejectReason.NOT_A_RESULT)
    first = Decision.objects.select_related("change_set").earliest("pk")

    def revert(*, before: bool) -> bool:
        try:
            curation.revert(Claim.objects.get(pk=claim.pk), first, actor="ann", version=3, before=before)
        except StaleObjectError:
            return False
        return True

    done = [threads.start(partial(revert, before=bool(place % 2))) for place in range(8)]
    assert sorted(one.result(timeout=30) for one in done) == [False] * 7 + [True]
    assert Decision.objects.count() == 3


# ---- tiers and reports ----


def test_of_two_curators_who_set_a_tier_at_once_one_is_told(threads: Threads) -> None:
    claim = make.make_claim()
    with transaction.atomic():
        wish: dict[str, Any] = {"version": 1, "reason": "Seen.", "link": "https://example.org/"}
        tiers.set_tier(Claim.objects.get(pk=claim.pk), Tier.VERIFIED, actor="kim", **wish)
        other = threads.start(lambda: tiers.set_tier(Claim.objects.get(pk=claim.pk), Tier.DISPUTED, actor="lee", **wish))
        assert wait_until_blocked_or_done(other)
    with pytest.raises(StaleObjectError):
        other.result(30)
    claim.refresh_from_db()
    assert (claim.tier, claim.version, Decision.objects.filter(object_id=claim.pk).count()) == ("verified", 2, 1)


def test_a_form_that_is_sent_twice_at_once_is_one_report(threads: Threads) -> None:
    claim = make.make_claim()
    with transaction.atomic():
        first = reporting.report(claim, ReportKind.WRONG_NUMBER, form="one")
        other = threads.start(lambda: reporting.report(claim, ReportKind.WRONG_NUMBER, form="one"))
        assert wait_until_blocked_or_done(other)
    assert other.result(30) == first


def test_of_two_who_settle_a_report_at_once_one_is_told(threads: Threads) -> None:
    report = reporting.report(make.make_claim(), ReportKind.WRONG_NUMBER, contact="ada@example.org")
    with transaction.atomic():
        reporting.settle(report, ReportOutcome.DONE, actor="kim", reason="Corrected.")
        other = threads.start(
            lambda: reporting.settle(Report.objects.select_related("flag").get(), ReportOutcome.NO_PROBLEM, actor="lee", reason="Fine.")
        )
        assert wait_until_blocked_or_done(other)
    with pytest.raises(StaleObjectError):
        other.result(30)


def test_who_looks_at_boards_waits_for_nobody_who_settles_a_flag(threads: Threads) -> None:
    board = make.make_benchmark()
    for number in ("71.2%", "74.0%", "80.9%"):
        make.make_claim(number, benchmark=board, task=board.task, model=f"Net {number}")
    make.make_claim("0.76", benchmark=board, task=board.task, model="Wrong")
    flagging.flag_all()
    make.make_claim("82.0%", benchmark=board, task=board.task, model="Later")
    flag = Flag.objects.get()
    Flag.objects.filter(pk=flag.pk).update(note="Words of before.")
    with transaction.atomic():
        curation.settle_flags([flag], actor="kim")
        assert threads.start(flagging.flag_all).result(30).boards == 1
    flag.refresh_from_db()
    assert (flag.note, flag.settled_by is None) == ("Words of before.", False)
