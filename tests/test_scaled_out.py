"""Two workers on PostgreSQL and Redis: whatever is killed, flushed, restarted or done at once, nothing is lost and nothing doubled."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.sites import CHUNK_SIZE, CHUNKS, RedisServer, ScaledOutSite, Site, create_database, kill_group, write_listing

pytestmark = [pytest.mark.postgresql, pytest.mark.redis]

UPLOADS = 20


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_listing(tmp_path_factory.mktemp("listing") / "orders.txt")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, listing: Path) -> list[str]:
    """What the listing comes to when it is read in one go, on SQLite and without any worker."""
    site = Site(tmp_path_factory.mktemp("undisturbed"))
    site.make_tables()
    site.run("manage.py", "ingest", str(listing))
    dump = site.dump()
    assert sum(line.startswith("claim ") for line in dump) > CHUNKS * CHUNK_SIZE
    return dump


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, listing: Path, redis: RedisServer) -> Iterator[ScaledOutSite]:
    """A site with a listing that nobody has read yet, to be copied."""
    urls = {"DATABASE_URL": create_database(), "CELERY_BROKER_URL": redis.url(3)}
    site = ScaledOutSite(tmp_path_factory.mktemp("prepared"), urls)
    try:
        site.prepare(listing)
        yield site
    finally:
        site.remove()


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"), password="p@ss:w/rd")
    yield server
    server.kill()


@pytest.fixture
def site(tmp_path: Path, prepared: ScaledOutSite, redis: RedisServer) -> Iterator[ScaledOutSite]:
    redis.flush()
    site = prepared.copy(tmp_path)
    yield site
    site.remove()


def stopped_midway(site: Site, after: int) -> None:
    committed = site.chunks_done()
    assert after <= committed < CHUNKS, f"disturbed after chunk {committed} of {CHUNKS}: too late to prove anything"


@pytest.mark.parametrize("after", [1, 8, 16])
def test_killed_worker_and_flushed_redis_leave_the_same_database_as_an_undisturbed_run(
    after: int, site: ScaledOutSite, redis: RedisServer, undisturbed: list[str]
) -> None:
    with site.workers("one", "two") as (first, second):
        site.wait_for_chunks(after, [first, second])
        kill_group(first)
        redis.flush()
        stopped_midway(site, after)
        site.wait_until_closed([second])
    assert site.dump() == undisturbed


def test_killed_workers_are_followed_up_by_a_new_one(site: ScaledOutSite, undisturbed: list[str]) -> None:
    with site.workers("one", "two") as (first, second):
        site.wait_for_chunks(5, [first, second])
        kill_group(first)
        kill_group(second)
    stopped_midway(site, 5)
    with site.workers("three") as processes:
        site.wait_until_closed(processes)
    assert site.dump() == undisturbed


def test_workers_outlive_their_redis(site: ScaledOutSite, redis: RedisServer, undisturbed: list[str]) -> None:
    with site.workers("one", "two") as processes:
        site.wait_for_chunks(5, processes)
        redis.kill()
        stopped_midway(site, 5)
        time.sleep(1)
        redis.start()
        site.wait_until_closed(processes)
    assert site.dump() == undisturbed


def test_workers_outlive_a_restart_of_the_database(site: ScaledOutSite, undisturbed: list[str]) -> None:
    with site.workers("one", "two") as processes:
        ended = 0
        for after in (2, 6, 10):
            site.wait_for_chunks(after, processes)
            ended += site.hang_up()
        stopped_midway(site, 10)
        assert ended, "nobody was connected"
        site.wait_until_closed(processes)
    assert site.dump() == undisturbed
    assert not site.count("claims_listingchunk WHERE failures > 0"), "an outage is no fault of the listing"


def test_twenty_uploads_at_once_come_to_what_they_come_to_one_after_the_other(
    site: ScaledOutSite, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # Two of them are long, and go through the other queue.
    files = [write_listing(tmp_path / f"{number}.txt", entries=12 if number % 10 else 42, of=number) for number in range(UPLOADS)]
    # Two people bring the same file in the same moment, too.
    brought = [*files, files[0]]
    gate = threading.Barrier(len(brought))

    site.ask("DELETE FROM claims_listing RETURNING 1")
    with site.web_server() as visitor, site.workers("one", "two") as processes:

        def bring(path: Path) -> str:
            gate.wait()
            return visitor.upload(path)

        with ThreadPoolExecutor(len(brought)) as pool:
            pages = list(pool.map(bring, brought))
        assert len(set(pages)) == UPLOADS
        assert pages[-1] == pages[0], "the same bytes are one listing, and both are shown its page"
        site.wait_until_closed(processes)
    names = [str(row[0]) for row in site.ask("SELECT name FROM claims_listing ORDER BY id")]
    assert sorted(names) == sorted(path.name for path in files)
    assert site.count("claims_listing WHERE failures > 0") == 0
    assert site.ask("SELECT number, error FROM claims_listingchunk WHERE failures > 0") == []
    assert site.ask("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == [(0,)]
    alone = Site(tmp_path_factory.mktemp("alone"))
    alone.make_tables()
    alone.run("manage.py", "ingest", *(str(tmp_path / name) for name in names))
    found, expected = site.dump(), alone.dump()
    assert [*set(found) - set(expected), *set(expected) - set(found)] == []
    assert found == expected
