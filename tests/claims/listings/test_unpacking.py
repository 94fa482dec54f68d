"""Tables that gzip has packed."""

from __future__ import annotations

import gzip
import io
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.errors import ListingError, ListingTooLargeError, UnknownFormatError
from claims.listings import registry, unpacking
from claims.listings.base import Problem, TableRecord
from claims.listings.unpacking import MAX_UNPACKED_BYTES, open_table
from tests.fuzzing import fuzz

pytestmark = pytest.mark.embedded  # knows no database

HEADER = "model,img_size,top1,top1_err,top5,top5_err,param_count,crop_pct,interpolation\n"
TABLE = HEADER + "".join(
    f"lanet_{number}.ra2_in1k,224,81.{number % 1000:03},18.5,95.25,4.75,25.50,0.95,bicubic\n" for number in range(3000)
)
NAME = "results-imagenet.csv.gz"


def read(content: bytes) -> tuple[list[TableRecord], list[Problem]]:
    stream = io.BytesIO(content)
    reader, survey = registry.survey(stream, chunk_size=1000, name=NAME)
    found = [item for chunk in survey.chunks for item in reader.read(stream, survey, chunk)]
    records = [item for item in found if isinstance(item, TableRecord)]
    return records, [*survey.problems, *(item for item in found if isinstance(item, Problem))]


def pack(text: str) -> bytes:
    return gzip.compress(text.encode())


def make_bomb(begin: bytes, megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    packed = [packer.compress(begin)]
    packed += [packer.compress(bytes(1 << 20)) for _ in range(megabytes)]
    return b"".join([*packed, packer.flush()])


def test_packed_table_is_read() -> None:
    records, problems = read(pack(TABLE))
    assert len(records) == 3000
    assert problems == []


def test_archives_that_follow_one_another_are_one_table() -> None:
    lines = TABLE.splitlines(keepends=True)
    records, problems = read(b"".join(pack("".join(lines[at : at + 500])) for at in range(0, len(lines), 500)) + bytes(1000))
    assert len(records) == 3000
    assert problems == []


@pytest.mark.parametrize("share", [0.05, 0.5, 0.99])
def test_archive_cut_short_keeps_what_is_there(share: float) -> None:
    packed = pack(TABLE)
    records, problems = read(packed[: int(len(packed) * share)])
    assert 3000 * share / 2 < len(records) <= 3000
    assert "cut short" in problems[0].reason
    assert [record.number for record in records] == list(range(1, len(records) + 1))


def test_bad_checksum_keeps_all_and_is_told() -> None:
    packed = bytearray(pack(TABLE))
    packed[-6] ^= 1
    records, problems = read(bytes(packed))
    assert len(records) == 3000
    assert "damaged" in problems[0].reason


def test_damage_in_the_middle_keeps_what_stands_before_it() -> None:
    packed = pack(TABLE)
    middle = len(packed) // 2
    records, problems = read(packed[:middle] + b"\xff" * 200 + packed[middle + 200 :])
    assert records
    assert "damaged" in problems[0].reason


def test_something_behind_the_archive_is_told() -> None:
    records, problems = read(pack(TABLE) + b"and more")
    assert len(records) == 3000
    assert [problem.reason for problem in problems] == [unpacking._BEHIND]


def test_many_small_archives_are_bounded() -> None:
    begin = time.monotonic()
    found = open_table(io.BytesIO(gzip.compress(b"") * 50_000))
    assert [problem.reason for problem in found.problems] == [unpacking._MANY]
    assert time.monotonic() - begin < 10


@pytest.mark.parametrize("begin", [HEADER.encode() + b"a,1", b'[{"task": "Sorting", "datasets": [', b""])
def test_bomb_is_refused_with_the_limit(begin: bytes) -> None:
    bomb = make_bomb(begin, 200)
    assert len(bomb) < 1 << 20
    with pytest.raises(ListingTooLargeError, match="64 MB") as raised:
        registry.detect(io.BytesIO(bomb))
    assert "Split the table" in raised.value.message


@pytest.mark.parametrize("begin", [HEADER.encode(), b'[{"task": "Sorting", "datasets": [{"sota": {}}]}]\n'])
def test_table_that_is_too_large_is_refused_with_the_limit(begin: bytes) -> None:
    with pytest.raises(ListingTooLargeError, match="64 MB"):
        registry.detect(io.BytesIO(begin + b"a,b,c,d,e,f\n" * (MAX_UNPACKED_BYTES // 12)))


@pytest.mark.parametrize(
    "content", [pack("A title\n\nAnd an abstract of it, which is no table."), gzip.compress(pack(TABLE)), gzip.compress(b"")]
)
def test_what_is_no_table_stays_packed(content: bytes) -> None:
    with pytest.raises(UnknownFormatError, match=r"gzip archive; .*Nothing in it was unpacked"):
        registry.detect(io.BytesIO(content))


@fuzz(150)
@given(
    damage=st.lists(st.tuples(st.integers(0, 700), st.integers(0, 30), st.binary(max_size=8)), max_size=4),
    end=st.integers(0, 700),
)
def test_damaged_archive_gives_records_or_a_clear_error(damage: list[tuple[int, int, bytes]], end: int) -> None:
    content = pack(TABLE[:6000])
    for at, length, inserted in damage:
        content = content[:at] + inserted + content[at + length :]
    try:
        records, problems = read(content[: max(len(content) - end, 0)])
    except ListingError:
        return
    assert all(record.model for record in records)
    assert all(problem.reason and not problem.fatal for problem in problems)
