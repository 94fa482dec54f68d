"""Lines of any bytes: encodings, line ends, damage, offsets."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims.listings import text_lines
from claims.listings.text_lines import MAX_LINE, WIDE_ENCODINGS, Line, read_lines

ENCODINGS = ["utf-8", "cp1252", "latin-1", *sorted(WIDE_ENCODINGS)]


def lines_of(content: bytes, encoding: str = "utf-8") -> list[Line]:
    return list(read_lines(io.BytesIO(content), encoding))


def test_lines_end_at_the_three_line_ends_only() -> None:
    content = "one\ntwo\r\nthree\rfour\x0bstill\x85still\u2028still\n\nlast".encode()
    assert [line.text for line in lines_of(content)] == ["one", "two", "three", "four still\x85still\u2028still", "", "last"]


def test_line_numbers_and_offsets_count_from_the_beginning_of_the_file() -> None:
    assert [line[:3] for line in lines_of("é\r\nb\n".encode())] == [(1, 0, "é"), (2, 4, "b")]


@pytest.mark.parametrize("encoding", ["utf-8", *sorted(WIDE_ENCODINGS)])
def test_byte_order_mark_is_no_text(encoding: str) -> None:
    assert [line.text for line in lines_of("\ufeffTitle\n\ufeffmore".encode(encoding), encoding)] == ["Title", "more"]


def test_nul_and_other_controls_become_spaces() -> None:
    assert lines_of(b"a\x00b\x1bc\td\n")[0].text == "a b c\td"


def test_invalid_byte_is_replaced_and_told_with_its_line() -> None:
    good, bad = lines_of("déjà\nvu \n".encode().replace(b"vu ", b"v\xffu "))
    assert not good.problem
    assert bad.text == "v\ufffdu "
    assert "\ufffd" in bad.problem
    assert bad.number == 2


def test_end_inside_a_character_is_told() -> None:
    (line,) = lines_of("naïve é".encode()[:-1])
    assert line.text == "naïve \ufffd"
    assert line.problem


@pytest.mark.parametrize("end", [b"\nnext", b"\r\nnext", b"\rnext"])
def test_very_long_line_is_cut_and_reading_goes_on(end: bytes) -> None:
    first, second = lines_of(b"x" * 5_000_000 + end)
    assert len(first.text) == MAX_LINE
    assert "characters" in first.problem
    assert second == Line(2, 5_000_000 + len(end) - 4, "next", "")


def test_very_long_last_line_is_cut() -> None:
    (line,) = lines_of(b"x" * 3_000_000)
    assert len(line.text) == MAX_LINE
    assert line.problem


def test_line_end_split_between_blocks_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_lines, "BLOCK_BYTES", 4)
    assert [line[:3] for line in lines_of(b"abc\r\ndef\r\rg")] == [(1, 0, "abc"), (2, 5, "def"), (3, 9, ""), (4, 10, "g")]


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace"))))
def test_reading_from_any_line_gives_the_same_lines(encoding: str, content: bytes) -> None:
    whole = lines_of(content, encoding)
    assert [line.number for line in whole] == list(range(1, len(whole) + 1))
    for line in whole:
        rest = list(read_lines(io.BytesIO(content), encoding, offset=line.offset, number=line.number))
        assert rest == whole[line.number - 1 :]


@given(content=st.binary(max_size=300), block=st.integers(1, 9))
def test_blocks_do_not_show(content: bytes, block: int) -> None:
    whole = lines_of(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_lines, "BLOCK_BYTES", block)
        assert lines_of(content) == whole
