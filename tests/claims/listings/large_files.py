"""Large hostile files, written block by block. By hand: `python -m tests.claims.listings.large_files KIND MB` reads one and says what it took."""

from __future__ import annotations

import io
import resource
import sys
import tempfile
import time
from typing import BinaryIO, cast

from claims.errors import ListingError
from claims.listings import registry
from claims.listings.base import Problem

MB = 1 << 20
FIRST = (
    "OrderNet: On the Order of Layers\n\nWe study how the order of layers changes what a network learns. OrderNet reaches 81.5% top-1 accuracy on "
    "ImageNet with 25M parameters. It is better than the others that we know of.\n\n"
)
KINDS = {
    "one line": "x",
    "one line of words": "word and ",
    "blank lines": "\n",
    "lines of blanks": "   \n",
    "separators": "·\n\n",
    "footers": "• 4 authors\n·\nMar 3, 2023\n",
    "titles": "T\n\n",
    "one abstract": "We do it and it goes on and on, and this is long enough to be a paragraph and no title, with more words in it, so that it is long.\n\n",
    "papers": FIRST,
    "emoji": "😀",
}


def make_large_file(stream: BinaryIO, kind: str, megabytes: int) -> None:
    """Write two papers with so many megabytes of something else between them."""
    part = KINDS[kind].encode()
    block = part * (MB // len(part) + 1)
    stream.write(FIRST.encode())
    for _ in range(megabytes * MB // len(block) + 1):
        stream.write(block)
    stream.write(f"\n\n{FIRST.replace('Order', 'Other')}".encode())
    stream.seek(0)


def main(kind: str, megabytes: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryFile() as file:
        stream = cast("BinaryIO", file)
        make_large_file(stream, kind, megabytes)
        size = stream.seek(0, io.SEEK_END)
        begun = time.process_time()
        try:
            reader, survey = registry.survey(stream)
            surveyed = time.process_time()
            found = [type(item) for chunk in survey.chunks for item in reader.read(stream, survey, chunk)]
        except ListingError as error:
            sys.stdout.write(f"{kind}: refused: {error.message}\n")
            return
        read = time.process_time()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    problems = len(survey.problems) + found.count(Problem)
    sys.stdout.write(
        f"{kind}: {size / MB:.0f} MB, survey {surveyed - begun:.1f} s, reading {read - surveyed:.1f} s, {grown:.0f} MB of memory, "
        f"{survey.entries} entries, {problems} problems\n"
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
