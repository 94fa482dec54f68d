"""A worker that is killed at any moment loses nothing and doubles nothing. On the embedded default: SQLite, a broker of files."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.sites import CHUNK_SIZE, CHUNKS, Site, kill_group, write_listing

pytestmark = [pytest.mark.embedded, pytest.mark.either]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site without a listing, to be copied."""
    site = Site(tmp_path_factory.mktemp("empty"))
    site.prepare()
    return site


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, empty: Site) -> Site:
    """A site with a listing that nobody has read yet, to be copied."""
    site = empty.copy(tmp_path_factory.mktemp("prepared"))
    site.store(write_listing(tmp_path_factory.mktemp("listing") / "orders.txt"))
    return site


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, prepared: Site) -> list[str]:
    site = prepared.copy(tmp_path_factory.mktemp("undisturbed"))
    with site.workers("worker", processes=2) as processes:
        site.wait_until_closed(processes)
    dump = site.dump()
    assert sum(line.startswith("claim ") for line in dump) > CHUNKS * CHUNK_SIZE
    return dump


@pytest.mark.parametrize("after", [1, 5, 10, 15, 20])
def test_killed_worker_leaves_the_same_database_as_an_undisturbed_one(
    after: int, tmp_path: Path, prepared: Site, undisturbed: list[str]
) -> None:
    site = prepared.copy(tmp_path)
    with site.workers("worker", processes=2) as processes:
        site.wait_for_chunks(after, processes)
        kill_group(processes[0])
    committed = site.chunks_done()
    assert after <= committed < CHUNKS, f"killed after chunk {committed} of {CHUNKS}: too late to prove anything"
    with site.workers("worker", processes=2) as processes:
        site.wait_until_closed(processes)
    assert site.dump() == undisturbed


def test_stopped_listing_is_not_written_any_more_and_reads_on_to_the_same_database(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, empty: Site
) -> None:
    """Stopped while two processes read: once the stop has answered, no part is written; read on, all are, and nothing twice.

    The listing is so long that it is not read to its end while the process starts that stops it.
    """
    chunks = 4 * CHUNKS
    prepared = empty.copy(tmp_path_factory.mktemp("long"))
    prepared.store(write_listing(tmp_path_factory.mktemp("listing") / "orders.txt", entries=chunks * CHUNK_SIZE))

    def act(name: str) -> str:
        code = (
            "from claims import tasks; from claims.models import Listing; from claims.services import uploads; "
            f"listing = Listing.objects.get(); uploads.{name}(listing, actor='test', version=listing.version); "
            "print(listing.chunks.filter(state='done').count(), listing.entries.count())"
        )
        return site.run("manage.py", "shell", "-v0", "-c", code).strip()

    site = prepared.copy(tmp_path)
    with site.workers("worker", processes=2) as processes:
        site.wait_for_chunks(2, processes)
        answered = act("stop")
        done, entries = map(int, answered.split())
        assert 2 <= done < chunks, f"stopped after part {done} of {chunks}: too late to prove anything"
        assert entries == done * CHUNK_SIZE
        # Longer than a lease and several sweeps.
        for _ in range(30):
            time.sleep(0.1)
            assert (site.chunks_done(), site.count("claims_listingentry")) == (done, entries)
        act("read_on")
        site.wait_until_closed(processes)
    undisturbed = prepared.copy(tmp_path_factory.mktemp("undisturbed-long"))
    with undisturbed.workers("worker", processes=2) as processes:
        undisturbed.wait_until_closed(processes)
    kept = [line for line in site.dump() if not line.startswith(("changeset ", "decision "))]
    assert kept == undisturbed.dump()


OLDER = """
from claims.models import Claim, Cost, Run
Run.objects.update(extractor_version="0.0.1")
Claim.objects.filter(pk__in=[pk for pk in Claim.objects.values_list("pk", flat=True) if pk % 3 == 0]).update(variant="old", decimals=5)
Cost.objects.filter(pk__in=[pk for pk in Cost.objects.values_list("pk", flat=True) if pk % 3 == 0]).delete()
"""
"""Makes it look as if an older version had read the texts, and read them otherwise."""


@pytest.mark.parametrize("after", [1, 8])
def test_killed_worker_leaves_what_was_read_again_as_an_undisturbed_one_does(
    after: int, tmp_path: Path, read_before: Site, read_again: list[str]
) -> None:
    site = read_before.copy(tmp_path)
    site.run("manage.py", "reextract", "--no-wait")
    done = "claims_reextractionchunk WHERE state = 'done'"

    def wait_for(number: int) -> None:
        end = time.monotonic() + 90
        with site.watch() as count:
            while count(done) < number:
                assert time.monotonic() < end, site.log("worker").read_text()[-4000:]
                time.sleep(0.002)

    with site.workers("worker", processes=2) as processes:
        wait_for(after)
        kill_group(processes[0])
    chunks = site.count("claims_reextractionchunk")
    assert after <= site.count(done) < chunks, "killed too late to prove anything"
    with site.workers("worker", processes=2):
        wait_for(chunks)
        while not site.count("claims_reextraction WHERE state = 'done'"):
            time.sleep(0.05)
    assert site.dump() == read_again
    assert site.count("claims_decision") > CHUNKS
    assert "Nothing to read again" in site.run("manage.py", "reextract")


@pytest.fixture(scope="module")
def read_before(tmp_path_factory: pytest.TempPathFactory, empty: Site) -> Site:
    """A site with papers that an older version has read, to be copied."""
    site = empty.copy(tmp_path_factory.mktemp("read-before"))
    site.run("manage.py", "ingest", str(write_listing(tmp_path_factory.mktemp("older") / "orders.txt")))
    site.run("manage.py", "shell", "-v0", "-c", OLDER)
    return site


@pytest.fixture(scope="module")
def read_again(tmp_path_factory: pytest.TempPathFactory, read_before: Site) -> list[str]:
    """What stands there when nobody was killed."""
    site = read_before.copy(tmp_path_factory.mktemp("read-again"))
    site.run("manage.py", "reextract", "--foreground")
    return site.dump()
