"""Files that are no listings though they say so, and texts that go beyond all bounds."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from claims.errors import EmptyListingError, ListingError, UnknownFormatError
from claims.listings import daily_papers, registry, text_lines
from claims.listings.base import ListedPaper, Problem, Survey

PAPER = """\
OrderNet: On the Order of Layers

We study how the order of layers changes what a network learns. OrderNet reaches 81.5% top-1 accuracy on ImageNet with 25M parameters. It is better.

  • 4 authors
·
Mar 3, 2023

"""
OTHER = PAPER.replace("Order", "Other")


def read(content: bytes, *, chunk_size: int = 100) -> tuple[Survey, list[ListedPaper], list[Problem]]:
    stream = io.BytesIO(content)
    reader, survey = registry.survey(stream, chunk_size=chunk_size)
    papers, problems = [], list(survey.problems)
    for chunk in survey.chunks:
        for found in reader.read(stream, survey, chunk):
            if isinstance(found, Problem):
                problems.append(found)
            elif isinstance(found, ListedPaper):
                papers.append(found)
    return survey, papers, problems


def zipped(name: str = "papers.txt") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, PAPER * 50)
    return target.getvalue()


def tarred(form: int) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=form) as archive:
        member = tarfile.TarInfo("papers.txt")
        text = (PAPER * 2000).encode()
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return target.getvalue()


def tar_of_old() -> bytes:
    """Return a tar archive of the time before the format had a mark."""
    content = bytearray(tarred(tarfile.USTAR_FORMAT))
    content[257:265] = bytes(8)
    content[148:156] = b" " * 8
    content[148:156] = b"%06o\0 " % sum(content[:512])
    return bytes(content)


ARCHIVES = {
    "ZIP archive or an office document": zipped(),
    "a ZIP archive": zipped("word/document.xml"),
    "gzip archive": gzip.compress(PAPER.encode()),
    "bzip2 archive": bz2.compress(PAPER.encode()),
    "xz archive": lzma.compress(PAPER.encode()),
    "LZMA archive": lzma.compress(PAPER.encode(), format=lzma.FORMAT_ALONE),
    "tar archive": tarred(tarfile.USTAR_FORMAT),
    "a tar archive": tarred(tarfile.GNU_FORMAT),
    "tar archive;": tar_of_old(),
    "Zstandard archive": b"\x28\xb5\x2f\xfd\x04\x00\x01\x00\x00abc",
    "7-Zip archive": b"7z\xbc\xaf\x27\x1c\x00\x04",
    "LZ4 archive": b"\x04\x22\x4d\x18\x64\x40",
    "RAR archive": b"Rar!\x1a\x07\x01\x00",
    "cabinet archive": b"MSCF\x00\x00\x00\x00",
    "Debian package": b"!<arch>\ndebian-binary   ",
}


@pytest.mark.parametrize("kind", ARCHIVES)
def test_archive_is_named_and_stays_packed(kind: str) -> None:
    with pytest.raises(UnknownFormatError, match=kind.rstrip(";")) as raised:
        registry.detect(io.BytesIO(ARCHIVES[kind]))
    assert "Unpack it, and upload the text files" in raised.value.message


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + PAPER.encode(), "a PDF"),
        (b"\x89PNG\r\n\x1a\n" + PAPER.encode(), "a PNG image"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 " + PAPER.encode(), "an image"),
        (b"SQLite format 3\x00" + PAPER.encode(), "an SQLite database"),
        (b"\x7fELF\x02\x01\x01" + PAPER.encode(), "a program"),
        (b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + PAPER.encode(), "a program"),
        (b"PAR1\x15\x04\x15" + PAPER.encode(), "a Parquet table"),
        (b"%!PS-Adobe-3.0\n" + PAPER.encode(), "a PostScript document"),
        (b"<!-- saved -->\n<html>\n" + PAPER.encode(), "a web page"),
        (b"From: <Saved by Blink>\nSnapshot-Content-Location: x\n\n" + PAPER.encode(), "a saved web page"),
    ],
)
def test_file_of_another_kind_is_refused_with_what_to_do(content: bytes, kind: str) -> None:
    with pytest.raises(UnknownFormatError, match=kind) as raised:
        registry.detect(io.BytesIO(content))
    assert any(word in raised.value.message for word in ("save", "Only text can be read")), raised.value.message
    assert "A listing is a text file" in raised.value.message


@pytest.mark.parametrize("papers", [1, 2000])
def test_text_with_an_archive_at_its_end_is_refused(papers: int) -> None:
    with pytest.raises(UnknownFormatError, match="a ZIP archive at its end"):
        registry.detect(io.BytesIO((PAPER * papers).encode() + zipped()))


@pytest.mark.parametrize(
    "title", ["RIFFusion: Music from Images", "PAR1: Partly Autoregressive", "BZhang Loss", "GIF89 Revisited", "MSCF: Many Scales"]
)
def test_title_that_begins_like_another_format_is_a_title(title: str) -> None:
    _, papers, _ = read(PAPER.replace("OrderNet: On the Order of Layers", title).encode())
    assert [paper.title for paper in papers] == [title]


# -- odd Unicode ------------------------------------------------------------------------------------------------------------------


def test_lone_surrogates_become_marks_of_damage() -> None:
    for content in (
        PAPER.encode().replace(b"We study", b"We \xed\xa0\x80 study"),
        PAPER.replace("We study", "We \ud800 study").encode("utf-16", "surrogatepass"),
        PAPER.replace("We study", "We \udc00 study").encode("utf-16-le", "surrogatepass"),
        PAPER.replace("We study", "We \udfff study").encode("utf-32", "surrogatepass"),
    ):
        _, (paper,), problems = read(content)
        assert "\ufffd" in paper.abstract
        assert not any("\ud800" <= character <= "\udfff" for character in paper.title + paper.abstract)
        assert [problem.line for problem in problems] == [3]


def test_text_is_not_normalised() -> None:
    odd = "e\u0301 \u00e9 \ufb01 \u200d \u202e \u2067 \u00ad \u0378 \U000e0041 \u2028 \u0085 \u3164 " + "a" + "\u0301" * 1000 + " end"
    _, (paper,), problems = read(PAPER.replace("We study", odd + " We study").encode())
    assert paper.abstract.startswith(odd)
    assert problems == []


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x0c", "\x1b", "\x7f", "\ufffe", "\uffff"])
def test_what_a_feed_or_database_can_not_hold_becomes_a_space(character: str) -> None:
    _, (paper,), _ = read(PAPER.replace("We study", f"We{character}study").encode())
    assert paper.abstract.startswith("We study")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_numbers_are_those_of_an_editor(end: str) -> None:
    text = (
        "one \u2028 two \u2029 three \u0085 four \x0b five \x0c six" + PAPER[PAPER.index("\n") :] + PAPER.replace("better", "b\udcffetter")
    )
    content = text.replace("\n", end).encode("utf-8", "surrogateescape")
    _, papers, problems = read(content)
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    assert [paper.first_line for paper in papers] == [1, 9]
    assert lines[papers[1].first_line - 1] == b"OrderNet: On the Order of Layers"
    (problem,) = problems
    assert problem.line is not None
    assert b"\xff" in lines[problem.line - 1]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_files_joined_with_their_byte_order_marks_read_as_one(encoding: str) -> None:
    codec = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}.get(encoding, encoding)
    _, papers, _ = read(PAPER.encode(encoding) + ("\ufeff" + OTHER).encode(codec))
    assert [paper.title for paper in papers] == ["OrderNet: On the Order of Layers", "OtherNet: On the Other of Layers"]


def test_reason_that_quotes_a_title_reads_from_left_to_right() -> None:
    turned = "\u202eOrd\u2067erNet: On the\u200f Order of Layers"
    _, papers, problems = read((PAPER + PAPER.replace("OrderNet: On the Order of Layers", turned).partition("  •")[0] + OTHER).encode())
    assert papers[1].title == turned
    assert [problem.reason.partition("”")[0] for problem in problems] == ["“OrderNet: On the Order of Layers"]


def test_mixed_encodings_cost_only_the_damaged_letters() -> None:
    other = OTHER.partition("  •")[0]
    content = PAPER.replace("We study", "Naïve – we study").encode() + other.replace("We study", "Naïve – we study").encode("cp1252")
    _, papers, problems = read(content)
    assert papers[0].abstract.startswith("Naïve – we study")
    assert papers[1].abstract.startswith("Na\ufffdve \ufffd we study")
    assert {problem.line for problem in problems} == {11}


def test_text_in_seven_bits_stays_as_it_is() -> None:
    _, (paper,), _ = read(PAPER.replace("We study", "Na+AO8-ve we study").encode())
    assert paper.abstract.startswith("Na+AO8-ve we study")


# -- beyond all bounds ------------------------------------------------------------------------------------------------------------


def test_title_and_abstract_beyond_all_bounds_are_cut_with_a_reason() -> None:
    text = PAPER + PAPER.replace("On the Order", "word " * 2000).replace("We study", "and more words " * 10_000 + "We study") + OTHER
    _, papers, problems = read(text.encode())
    assert (len(papers[1].title), len(papers[1].abstract)) == (daily_papers.MAX_TITLE, daily_papers.MAX_ABSTRACT)
    assert papers[2].title == "OtherNet: On the Other of Layers"
    assert [problem.line for problem in problems] == [9, 11]
    assert "title has more than 4,000 characters" in problems[0].reason
    assert "abstract has more than 100,000 characters" in problems[1].reason


def test_abstract_of_many_small_paragraphs_is_cut_too() -> None:
    _, papers, problems = read((PAPER.partition("  •")[0] + "T\n\n" * 200_000 + OTHER).encode())
    assert len(papers[0].abstract) <= daily_papers.MAX_ABSTRACT
    assert papers[1].title == "OtherNet: On the Other of Layers"
    assert papers[1].first_line == 5 + 400_000
    assert any("abstract has more than" in problem.reason for problem in problems)


@pytest.mark.parametrize("blank", ["\n", "\r\n", "\r", "  \t\n"])
def test_blank_lines_are_counted_and_cost_nothing(monkeypatch: pytest.MonkeyPatch, blank: str) -> None:
    cleaned: list[int] = []
    clean = text_lines._clean

    def clean_counted(number: int, offset: int, text: str, *, cut: bool) -> text_lines.Line:
        cleaned.append(number)
        return clean(number, offset, text, cut=cut)

    monkeypatch.setattr(text_lines, "_clean", clean_counted)
    content = PAPER.replace("\n", blank.strip(" \t")).encode() + blank.encode() * 1_000_000 + OTHER.encode()
    _, papers, problems = read(content)
    assert [paper.first_line for paper in papers] == [1, 1_000_009]
    assert problems == []
    assert len(cleaned) < 100_000, "lines that were looked at: those of the first 64 KB, which tell the format"


@pytest.mark.parametrize("block", [1, 2, 3, 7])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_skipped_lines_leave_numbers_and_offsets_as_they_are(monkeypatch: pytest.MonkeyPatch, block: int, encoding: str) -> None:
    content = "a\r\n\r\n\r\r\n  \n\t\n\n b\n\rc\r\r\rd\n\n\n".encode(encoding)
    wanted = [line for line in text_lines.read_lines(io.BytesIO(content), encoding) if line.text.strip()]
    monkeypatch.setattr(text_lines, "BLOCK_BYTES", block)
    lines = list(text_lines.read_lines(io.BytesIO(content), encoding, skip_blank=True))
    assert [line for line in lines if line.text.strip()] == wanted
    assert [bool(line.text.strip()) for line in lines if line.number in (1, 2)][:2] == [True, False], "a paragraph's end stays"


@pytest.mark.parametrize("content", [b"\xc2\xb7\n" * 5000, b"---\n" * 5000, b"===\n\n" * 5000, b"Mar 3, 2023\n\n" * 5000])
def test_file_of_separators_only_is_refused_with_a_reason(content: bytes) -> None:
    with pytest.raises(ListingError, match="A listing is a text file"):
        registry.survey(io.BytesIO(content))


def test_million_blank_lines_alone_are_an_empty_listing() -> None:
    with pytest.raises(EmptyListingError, match="only blank lines"):
        registry.survey(io.BytesIO(b"\n" * 1_000_000))


READ_WITHIN_BOUNDS = """
import resource, sys
from claims.listings import registry
from claims.listings.base import Problem
from tests.claims.listings.large_files import make_large_file

path, kind, megabytes = sys.argv[1], sys.argv[2], int(sys.argv[3])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with open(path, "w+b") as stream:
    make_large_file(stream, kind, megabytes)
    reader, survey = registry.survey(stream)
    titles, reasons, longest = [], [problem.reason for problem in survey.problems], 0
    for chunk in survey.chunks:
        for found in reader.read(stream, survey, chunk):
            if isinstance(found, Problem):
                reasons.append(found.reason)
            else:
                titles.append(found.title)
                longest = max(longest, len(found.abstract))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, len(titles), titles[0][:8], titles[-1][:8], longest, len(reasons), sep="|")
"""


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("kind", "megabytes", "complaints"),
    [
        ("one line", 100, True),
        ("blank lines", 32, False),
        ("separators", 1, True),
        ("titles", 1, True),
        ("one abstract", 8, True),
        ("emoji", 20, True),
    ],
)
def test_memory_does_not_follow_the_file(tmp_path: Path, kind: str, megabytes: int, complaints: bool) -> None:
    command = [sys.executable, "-c", READ_WITHIN_BOUNDS, str(tmp_path / "large.txt"), kind, str(megabytes)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    grown, count, first, last, longest, reasons = done.stdout.strip().split("|")
    assert int(grown) < 40, "MB of memory above that of the imports"
    assert (int(count), first, last) == (2, "OrderNet", "OtherNet"), "everything around it is kept"
    assert int(longest) <= daily_papers.MAX_ABSTRACT
    assert (int(reasons) > 0) == complaints
