"""The order of what a search finds: a pure function over plain rows."""

from __future__ import annotations

import itertools

import pytest

from claims import keys
from claims.search import Candidate, Query, Tier, closeness, rank
from claims.terms import SearchKind

BOARD, DATASET, MODEL, PAPER = SearchKind.BOARD, SearchKind.DATASET, SearchKind.MODEL, SearchKind.PAPER
_ids = itertools.count(1)


def name(kind: SearchKind, text: str, *, behind: int = 0, alias: bool = False, of: int = 0) -> Candidate:
    words = keys.search_text(text, whole=kind is not PAPER)
    pk = of or next(_ids)
    return Candidate(kind, pk, text, keys.search_key(text), words, alias, behind, f"id{pk:06}")


def ordered(text: str, *candidates: Candidate) -> list[str]:
    return [candidate.name for candidate in rank(Query.read(text), candidates)]


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        ("samplenet-1k", Tier.EXACT_NAME),
        ("Sample Net 1K", Tier.EXACT_NAME),
        ("sample", Tier.PREFIX),
        ("samplenet", Tier.PREFIX),
        ("1k samplenet", Tier.ALL_WORDS),
        ("amplen", Tier.ALL_WORDS),
        ("smaplenet", Tier.ROUGH),
        ("samplenet 1m", Tier.ROUGH),
        ("zebra", Tier.NONE),
        ("", Tier.NONE),
        ("?!", Tier.NONE),
    ],
)
def test_tier_says_how_a_name_answers(text: str, tier: Tier) -> None:
    assert closeness(Query.read(text), name(DATASET, "SampleNet-1K"))[0] is tier


def test_exact_name_comes_before_alias_prefix_words_and_rough_ones() -> None:
    rows = [
        name(MODEL, "DotNit"),
        name(PAPER, "How the order of layers makes DotNet better", behind=50),
        name(MODEL, "DotNet-XL", behind=50),
        name(DATASET, "DotNet", alias=True, behind=5),
        name(MODEL, "Dot Net"),
    ]
    for turned in range(len(rows)):
        rows = rows[turned:] + rows[:turned]
        found = [(row.kind, row.name) for row in rank(Query.read("dotnet"), rows)]
        assert found == [(MODEL, "Dot Net"), (DATASET, "DotNet"), (MODEL, "DotNet-XL"), (PAPER, rows_name(rows)), (MODEL, "DotNit")]


def rows_name(rows: list[Candidate]) -> str:
    return next(row.name for row in rows if row.kind is PAPER)


def test_longer_title_with_more_behind_it_comes_before_a_shorter_one() -> None:
    long = "Folding Paper Cranes: How Careful Creases in Every Layer Make a Better Crane"
    assert ordered("paper cranes", name(PAPER, "On Paper Cranes", behind=0), name(PAPER, long, behind=9)) == [long, "On Paper Cranes"]


def test_phrase_comes_before_the_same_words_apart() -> None:
    apart, phrase = "A Crane of Folded Paper", "The Folded Crane Reconsidered, at Length and in Depth"
    assert ordered("folded crane", name(PAPER, apart, behind=3), name(PAPER, phrase)) == [phrase, apart]


def test_object_is_listed_once_by_its_best_name() -> None:
    rows = [name(DATASET, "SampleNet-1K", of=7), name(DATASET, "SampleNet", alias=True, of=7), name(DATASET, "SN", alias=True, of=7)]
    assert ordered("samplenet", *rows) == ["SampleNet"]
    assert ordered("sn", *rows) == ["SN"]


def test_same_name_of_several_kinds_stands_board_dataset_model_paper() -> None:
    rows = [name(kind, "Crane") for kind in (PAPER, MODEL, DATASET, BOARD)]
    assert [row.kind for row in rank(Query.read("crane"), rows)] == [BOARD, DATASET, MODEL, PAPER]


def test_much_behind_a_name_outweighs_its_kind() -> None:
    rows = [name(DATASET, "Crane-A", behind=1), name(BOARD, "Crane-1K Folding", behind=60, alias=True)]
    assert [row.kind for row in rank(Query.read("crane"), rows)] == [BOARD, DATASET]


def test_order_does_not_hang_on_the_order_of_the_rows() -> None:
    rows = [name(kind, f"Crane {number % 3}", behind=number % 2) for number in range(12) for kind in SearchKind]
    query = Query.read("crane")
    first = rank(query, rows)
    for turned in range(0, len(rows), 5):
        assert rank(query, rows[turned:] + rows[:turned]) == first
    assert rank(query, reversed(rows)) == first


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("fine grained recogntion", "On Fine-Grained Recognition"),
        ("finegrained recognition", "On Fine-Grained Recognition"),
        ("recognition, fine-grained", "On Fine-Grained Recognition"),
        ("poincare", "Poincaré Layers"),
        ("ПОИНТ", "Поинт сеть"),
        ("图像", "图像 分类"),
        ("cranes", "The Crane"),
        ("seit++", "SeiT++"),
    ],
)
def test_spelling_is_forgiven(text: str, wanted: str) -> None:
    titles = ["On Fine-Grained Recognition", "Poincaré Layers", "Поинт сеть", "图像 分类", "The Crane", "SeiT++"]
    assert ordered(text, *(name(PAPER, title) for title in titles))[0] == wanted


@pytest.mark.parametrize("text", ["arXiv:2101.00001v3", "https://arxiv.org/abs/2101.00001", "2101.00001", " arxiv 2101.00001 "])
def test_arxiv_ids_are_understood(text: str) -> None:
    assert Query.read(text).key == "2101.00001"


def test_query_is_cut_and_its_fillers_are_not_required() -> None:
    assert len(Query.read("a " * 500).text) <= 200
    assert Query.read("the crane of the lake").required == ("crane", "lake")
    assert Query.read("of the").required == ("of", "the")
