"""A worker that is killed at any moment loses nothing and doubles nothing. On the embedded default: SQLite, a broker of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sites import CHUNK_SIZE, CHUNKS, Site, kill_group, write_listing

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with a listing that nobody has read yet, to be copied."""
    site = Site(tmp_path_factory.mktemp("prepared"))
    site.prepare()
    site.upload(write_listing(tmp_path_factory.mktemp("listing") / "orders.txt"))
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
