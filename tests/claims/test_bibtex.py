"""BibTeX: keys, dates, addresses, and what hostile titles become. No database."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claims import bibtex
from claims.models import Paper
from claims.terms import DateSource

pytestmark = [pytest.mark.embedded, pytest.mark.either]


def make_paper(title: str = "SampleNet: Herons at 86.5%", **fields: Any) -> Paper:
    day = fields.pop("day", date(2022, 3, 10))
    dated = {"first_day": day, "last_day": fields.pop("last_day", day), "date_source": DateSource.STATED} if day else {}
    return Paper(**{"title": title, "public_id": "abcdefgh2345", "pk": 1, **dated, **fields})


def test_entry_of_a_paper() -> None:
    paper = make_paper(arxiv_id="2203.01234")
    assert bibtex.entry(paper) == (
        "@misc{samplenet2022-abcdefgh2345,\n"
        "  title         = {{SampleNet: Herons at 86.5\\%}},\n"
        "  year          = {2022},\n"
        "  month         = mar,\n"
        "  eprint        = {2203.01234},\n"
        "  archivePrefix = {arXiv},\n"
        "  url           = {https://arxiv.org/abs/2203.01234},\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("fields", "stated"),
    [
        ({"day": None}, ""),
        ({"last_day": date(2022, 3, 31)}, "2022 mar"),
        ({"last_day": date(2022, 12, 31)}, "2022"),
        ({"last_day": date(2023, 1, 1)}, ""),
        ({"date_source": DateSource.TABLE}, ""),
        ({"date_source": DateSource.YEAR_GIVEN}, "2022"),
        ({"date_source": DateSource.YEAR_INFERRED}, "2022 inferred"),
    ],
)
def test_entry_states_no_more_of_a_date_than_is_known(fields: dict[str, Any], stated: str) -> None:
    entry = bibtex.entry(make_paper(**fields))
    assert " ".join(re.findall(r"2022(?=\})|(?<= )mar(?=,)|inferred", entry)) == stated


@pytest.mark.parametrize(
    ("title", "key"),
    [
        ("A New Poincaré Net", "poincare2022-abcdefgh2345"),
        ("RMT", "rmt2022-abcdefgh2345"),
        ("一种新的方法", "paper2022-abcdefgh2345"),
        ("}{,@misc\\", "misc2022-abcdefgh2345"),
        ("x" * 2000, "x" * 20 + "2022-abcdefgh2345"),
    ],
)
def test_key_is_plain_and_the_papers_own(title: str, key: str) -> None:
    assert bibtex.cite_key(make_paper(title)) == key


def test_escape_leaves_no_command_to_run_and_no_brace_to_count() -> None:
    assert bibtex.escape("50% & $x_1^2$ #3 ~ {a}\\input{/etc/passwd}") == (
        r"50\% \& \$x\_1\textasciicircum{}2\$ \#3 \textasciitilde{} \textbraceleft{}a\textbraceright{}"
        r"\textbackslash{}input\textbraceleft{}/etc/passwd\textbraceright{}"
    )
    assert bibtex.escape("“Größe”\n\tπ 模型 👩‍🔬 \u202eevil\u202c\x00") == "“Größe” π 模型 👩‍🔬 evil"
    assert bibtex.escape("<b>|") == r"\textless{}b\textgreater{}\textbar{}"


def test_an_address_can_not_end_its_field() -> None:
    paper = make_paper(url="https://example.org/a_b?q=50%25&x={1}\\}#über")
    assert "{https://example.org/a_b?q=50%25&x=%7B1%7D%5C%7D#%C3%BCber}" in bibtex.entry(paper)
    assert "url" not in bibtex.entry(make_paper(url="javascript:alert(1)"))


@given(st.text(), st.text(max_size=20))
def test_braces_of_every_entry_are_balanced(title: str, address: str) -> None:
    entry = bibtex.entry(make_paper(title, url=f"https://{address}"))
    depth = 0
    for place, sign in enumerate(entry):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        assert depth >= 0
        assert depth > 0 or place < 5 or place >= len(entry) - 2  # it ends at its end
    assert depth == 0
    assert re.fullmatch(r"@misc\{[a-z0-9]+2022-abcdefgh2345,\n(  \w+ += .*,\n)+\}\n", entry)


def test_entries_name_each_paper_once() -> None:
    one, other = make_paper("One"), make_paper("Other", pk=2, public_id="other")
    written = bibtex.entries([one, other, one])
    assert [line for line in written.splitlines() if line.startswith("@")] == ["@misc{one2022-abcdefgh2345,", "@misc{other2022-other,"]
    assert "}\n\n@misc" in written
    assert bibtex.entries([]) == ""
