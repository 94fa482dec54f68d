"""Finds papers, models, datasets and boards by roughly written names.

The database gives candidates, Python ranks them, so that every database gives the same answer:

1. *Candidates.* A query becomes a formula over substrings of the folded names (`claims.keys.search_text`): all its words, or all
   of them as one ("image net"). Where that finds next to nothing, words that nobody wrote may be misspelt: each may also be one of
   the known words a letter or two away; and where that finds nothing, too, one word may be missing. A formula means the same to
   PostgreSQL (LIKE over a trigram index) and to SQLite (FTS5 with the trigram tokenizer), so the candidates are the same, too. Of
   each kind at most `MOST_OF_A_KIND` are judged: those that hold the query as a phrase first, then the shorter names. Names of what
   readers don't see take no places: papers that are merged or withdrawn have none, nor have models that withdrawn papers alone
   introduced, and of the other kinds `_SHOWN` asks.
2. *Rank*, a pure function: the exact name, then the exact alias, names that begin with the query, names that hold all its words,
   and then the rough ones, by likeness (rapidfuzz). Within these, likeness decides: a phrase before loose words, whole words
   before parts. How much of the name the query covers counts for models and datasets only: a longer title is no worse an answer.
   The kind and how much stands behind a name (rows of a board, numbers of a paper) add a few points: among names that are about
   equally like they decide. Ties go by name, then public id.

What readers may not see is left out for good after the candidates, in `_read_standing`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from claims import keys
from claims.models import Benchmark, Claim, Cost, Dataset, MLModel, Paper, Result
from claims.terms import SearchKind

LONGEST_QUERY = 200
"""In characters; a longer query is cut, and the page says so."""
MOST_WORDS = 12
MOST_OF_A_KIND = 200
MOST_LOOKED_AT = 5000
"""Of so many of a kind, the nearest, it is asked whether readers see them, where that takes a look at each."""
PAGE_SIZE = 20
FEW = 5
"""With fewer candidates than these a query may hold a misspelt word."""
MOST_NEAR = 5
"""How many known words may stand for a misspelt one."""
MOST_SUGGESTED_AT_FIRST = 20
"""How many are looked at for one word of a query that found nothing: some may be in hidden names alone."""
LEAST_LIKENESS = 45

FILLERS = frozenset({"a", "an", "and", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "via", "with"})
"""Words that a name may lack, if the query has others."""
_ARXIV = re.compile(r"(?:.*\barxiv(?:\.org/\w+)?[:/ .]\s*)?(\d{4}\.\d{4,5})(?:v\d+)?(?:\.pdf)?/?", re.IGNORECASE)


# -- ranking: no database ---------------------------------------------------------------------------------------------------------


class Tier(IntEnum):
    """How a name answers a query, the better the higher."""

    NONE = 0
    ROUGH = 1
    ALL_WORDS = 2
    PREFIX = 3
    EXACT_ALIAS = 4
    EXACT_NAME = 5


_OF_KIND = {SearchKind.BOARD: 3, SearchKind.DATASET: 2, SearchKind.MODEL: 1, SearchKind.PAPER: 0}
"""Points for the kind; each doubling of what stands behind a name is one point more, to 8."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name that may answer a query, as stored, with how much stands `behind` what it names (rows or numbers)."""

    kind: SearchKind
    object_id: int
    name: str
    key: str
    words: str
    alias: bool = False
    behind: int = 0
    public_id: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """What a reader asked for. `required` are its words without fillers, unless it has no others."""

    text: str
    words: tuple[str, ...]
    key: str
    required: tuple[str, ...]

    @classmethod
    def read(cls, text: str) -> Query:
        """Return the query that a text stands for. Any text is one; one without a letter or digit has no words."""
        text = text[:LONGEST_QUERY].strip()
        arxiv = _ARXIV.fullmatch(text)
        words = tuple(keys.search_words(arxiv[1] if arxiv else text)[:MOST_WORDS])
        required = tuple(dict.fromkeys(word for word in words if word not in FILLERS))
        return cls(text, words, "".join(words), required or words)


def rank(query: Query, candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the best name of each object, the best object first; what is not like the query at all is left out.

    Depends on its arguments only, whatever their order.
    """
    best: dict[tuple[str, int], tuple[tuple[Any, ...], Candidate]] = {}
    for candidate in candidates:
        tier, points = closeness(query, candidate)
        if tier is Tier.NONE:
            continue
        points += _OF_KIND[candidate.kind] + min(candidate.behind.bit_length(), 8)
        place = (-tier, -points, candidate.alias, candidate.name.casefold(), candidate.name, candidate.kind, candidate.public_id)
        known = best.get((candidate.kind, candidate.object_id))
        if known is None or place < known[0]:
            best[candidate.kind, candidate.object_id] = place, candidate
    return [candidate for _, candidate in sorted(best.values(), key=lambda pair: pair[0])]


def closeness(query: Query, candidate: Candidate) -> tuple[Tier, int]:
    """Return how a name answers the query, and within that its likeness in points from 0 to 100."""
    if not query.words:
        return Tier.NONE, 0
    if candidate.key == query.key:
        return (Tier.EXACT_ALIAS if candidate.alias else Tier.EXACT_NAME), 100
    plain, _, compounds = candidate.words.partition("|")
    words = plain.split()
    whole = " ".join(query.words)
    short = candidate.kind in (SearchKind.MODEL, SearchKind.DATASET)
    # In steps of 20 %, so that a letter more or less does not outweigh what stands behind a name.
    uncovered = 4 - min(4, 5 * len(query.key) // max(1, len(candidate.key))) if short else 2
    if plain.startswith(f" {whole} "):
        return Tier.PREFIX, 100 - uncovered - candidate.alias
    if candidate.key.startswith(query.key) or plain.startswith(f" {whole}"):
        return Tier.PREFIX, 90 - uncovered - candidate.alias
    found = [_word_points(word, words, candidate.words) for word in query.required]
    if all(found):
        points = sum(found) // len(found)
        if f" {whole} " in plain or f" {query.key} " in compounds:
            return Tier.ALL_WORDS, 100 - uncovered - candidate.alias
        if f" {whole}" in plain or (len(query.words) > 1 and f" {query.key} " in plain):
            return Tier.ALL_WORDS, 95 - uncovered - candidate.alias
        return Tier.ALL_WORDS, points * 9 // 10 - uncovered - candidate.alias
    likeness = _likeness(query, words, candidate.key)
    return (Tier.ROUGH, likeness - uncovered - candidate.alias) if likeness >= LEAST_LIKENESS else (Tier.NONE, 0)


def _word_points(word: str, words: Sequence[str], text: str) -> int:
    """Return 100 for a word of the name, 95 for its plural or singular, 90 for a beginning, 70 for a part, else 0."""
    if word in words:
        return 100
    if f"{word}s" in words or (word.endswith("s") and word[:-1] in words):
        return 95
    if f" {word}" in text:
        return 90
    # A letter or two stand within nearly every word.
    return 70 if len(word) > 2 and word in text else 0


def _likeness(query: Query, words: Sequence[str], key: str) -> int:
    """Return how like a name is: each word of the query to its likest, or the whole query to the whole name, whichever is better."""
    total = 0.0
    for word in query.required:
        found = process.extractOne(word, words, scorer=fuzz.ratio, score_cutoff=60)
        total += found[1] * len(word) if found else 0.0
    parts = total / max(1, sum(map(len, query.required)))
    return int(max(parts, fuzz.ratio(query.key, key, score_cutoff=60)))


# -- candidates: a formula, and a query per database ------------------------------------------------------------------------------

_Formula = list[list[list[str]]]
"""All of the groups; of a group any alternative; of an alternative all the substrings. Each has three characters or more."""


def _part(word: str) -> str:
    """Return the substring that finds a word. Parts of one or two letters are looked for at the beginning of words."""
    if len(word) > 4 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]  # "transformers" is also "transformer"
    return word if len(word) > 2 else f" {word}" if len(word) == 2 else f" {word} "


def _alternatives(word: str, near: Sequence[str] = ()) -> list[list[str]]:
    ways = [[_part(word)]]
    pieces = re.findall(r"[^\W\d]+|\d[\d.]*", word)
    if len(pieces) > 1 and "".join(pieces) == word and len(pieces[0]) > 2:
        ways.append([_part(piece) for piece in pieces])  # "resnet50" is also "resnet 50"
    return ways + [[f" {other} "] for other in near]


def _formulas(query: Query, near: dict[str, list[str]]) -> tuple[list[_Formula], list[_Formula], list[_Formula]]:
    """Return what to look for, at first, where that finds next to nothing, and where that finds nothing; any of each will do."""
    if len(query.key) < 3:
        # Nearly every title holds two given letters at the beginning of some word.
        return [[[[f" {query.key} "]]]], [], []
    words = [[_alternatives(word) for word in query.required]]
    rough = [[_alternatives(word, near.get(word, ())) for word in query.required]]
    if len(query.words) > 1:
        words.append([[[query.key]]])
        rough += [[[[f" {other} "]]] for other in near.get(query.key, ())]
    missing = [rough[0][:place] + rough[0][place + 1 :] for place in range(len(rough[0]))] if 1 < len(rough[0]) <= 6 else []
    return words, (rough if near else []), missing


def _write(formulas: Sequence[_Formula], holds: Callable[[str], str]) -> str:
    """Return formulas in the words that both databases share, AND, OR and brackets; `holds` writes that a substring is there."""

    def any_of(parts: Iterable[str]) -> str:
        return f"({' OR '.join(parts)})"

    def all_of(parts: Iterable[str]) -> str:
        return f"({' AND '.join(parts)})"

    return any_of(all_of(any_of(all_of(map(holds, way)) for way in group) for group in formula) for formula in formulas)


def _holds(table: str, column: str, formulas: Sequence[_Formula], *, only_if: str = "") -> tuple[str, list[str]]:
    """Return the condition that a row holds what the formulas say, with its parameters.

    Unless `only_if`, a condition on no row, holds, no row does, and the index is not even asked. Its parameters come first.
    """
    if connection.vendor == "sqlite":
        # A folded word holds no quote, so that every substring can be quoted: nothing in it is FTS5's own syntax.
        match = _write(formulas, lambda part: f'"{part}"')
        # A join in this order makes FTS5 wait for the condition; as a part of WHERE it would come second.
        wait = f"(SELECT 1 WHERE {only_if}) CROSS JOIN " if only_if else ""
        return f"id IN (SELECT f.rowid FROM {wait}{table}_fts AS f WHERE {table}_fts MATCH %s)", [match]  # noqa: S608 - own names
    values: list[str] = []

    def is_like(part: str) -> str:
        # A folded word holds no "%", "_" or backslash.
        values.append(f"%{part}%")
        return f"{column} LIKE %s"

    holds = _write(formulas, is_like)
    return f"({only_if}) AND {holds}" if only_if else holds, values


def _find_near_words(query: Query, *, loosely: bool = False, most: int = MOST_NEAR) -> dict[str, list[str]]:
    """Return, for each longer word of the query that is no known word, the known words a letter or two away, the nearest first.

    `loosely` allows a third of the letters to be wrong. At most so many for each word. One query.
    """
    words = {word for word in query.required if len(word) > 3}
    if 1 < len(query.words) < 4:
        words.add(query.key)  # "effi cientnet"
    wanted = {word: _most_wrong(word, loosely=loosely) for word in sorted(words) if len(word) <= 30 and not word[0].isdigit()}
    if not wanted:
        return {}
    parts: list[str] = []
    values: list[str | int] = []
    unknown = "NOT EXISTS (SELECT 1 FROM claims_searchword WHERE word = %s)"
    for word, wrong in wanted.items():
        # Words that are all known are meant as they stand; one of three letters or a number is no word of the list.
        spelt = [part for part in query.required if part in wanted and part != word] if word == query.key else []
        spelt = spelt or [word]
        pieces: list[_Formula] = [[[[piece]]] for piece in _pieces(f" {word} ", wrong)]
        holds, of_these = _holds("claims_searchword", "word", pieces, only_if=" OR ".join([unknown] * len(spelt)))
        parts.append(
            f"SELECT word FROM claims_searchword WHERE {holds} "  # noqa: S608 - own names
            "AND length(word) BETWEEN %s AND %s"
        )
        values += [*(f" {part} " for part in spelt), *of_these, len(word) + 2 - wrong, len(word) + 2 + wrong]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ".join(parts), values)
        known = sorted(word.strip() for (word,) in cursor.fetchall())
    near = {}
    for word, wrong in wanted.items():
        likest = process.extract(word, known, scorer=OSA.distance, score_cutoff=wrong, limit=None)
        likest.sort(key=lambda pair: (pair[1], -fuzz.ratio(word, pair[0]), pair[0]))
        if likest:
            near[word] = [str(other) for other, _, _ in likest[:most]]
    return near


def _most_wrong(word: str, *, loosely: bool) -> int:
    return max(2, len(word) // 3) if loosely else 1 if len(word) < 7 else 2


def _pieces(padded: str, wrong: int) -> list[str]:
    """Return substrings of which a word with so many wrong letters has kept one, of three characters or more.

    Cut into one piece more than there are wrong letters, one piece is whole. A short word has no such pieces; what shares any
    three characters with it is near enough to be looked at.
    """
    if len(padded) < 9 or wrong > 2:
        return [padded[first : first + 3] for first in range(len(padded) - 2)]
    return [padded[first:last] for first, last in pairwise(len(padded) * number // 3 for number in range(4))]


_SHOWN = {
    SearchKind.BOARD: "EXISTS (SELECT 1 FROM claims_benchmark AS b WHERE b.id = object_id AND {board})",
    SearchKind.DATASET: "EXISTS (SELECT 1 FROM claims_benchmark AS b WHERE b.dataset_id = object_id AND {board})",
    # OFFSET keeps PostgreSQL from reading all numbers of the site to answer for a few models.
    SearchKind.MODEL: "(EXISTS (SELECT 1 FROM claims_claim AS n WHERE n.ml_model_id = object_id AND {number} LIMIT 1 OFFSET 0) "
    "OR EXISTS (SELECT 1 FROM claims_cost AS n WHERE n.ml_model_id = object_id AND {number} LIMIT 1 OFFSET 0))",
}
"""The condition that readers see what a name stands for, of the kinds whose names don't go when it is hidden."""


def _shown() -> dict[SearchKind, str]:
    """Return the condition that readers see what a name of each kind stands for."""
    unreviewed = settings.SHOW_UNREVIEWED
    board = f"b.merged_into_id IS NULL AND b.{'row_count' if unreviewed else 'accepted_row_count'} > 0"
    number = f"n.retired_by_id IS NULL AND n.state {'<>' if unreviewed else '='} '{'rejected' if unreviewed else 'accepted'}'"
    return {kind: condition.format(board=board, number=number) for kind, condition in _SHOWN.items()}


def _is_shown() -> str:
    """Return the condition that readers see what a name stands for, of whatever kind."""
    return " OR ".join(["kind = 'paper'", *(f"kind = '{kind}' AND {condition}" for kind, condition in _shown().items())])


def _find_candidates(query: Query, near: dict[str, list[str]]) -> tuple[list[Candidate], set[SearchKind]]:
    """Return the names to judge, and the kinds of which there are more than were taken: one query."""
    first, rough, missing = _formulas(query, near)
    sqlite = connection.vendor == "sqlite"
    key = "key" if sqlite else 'key COLLATE "C"'
    # What the nearest are chosen by, a light row each; the names are fetched for the chosen ones alone.
    light = (
        f"SELECT id, kind, object_id, key, CASE WHEN key = %s THEN 0 WHEN {'instr' if sqlite else 'strpos'}(words, %s) > 0 THEN 1 ELSE 2 END "  # noqa: E501, S608 - own names
        "AS nearness, length(words) AS size FROM claims_searchname WHERE"
    )
    of_light = [query.key, " " + " ".join(query.words)]
    holds, of_these = _holds("claims_searchname", "words", first)
    # Between a key and the key with the largest character behind it stand all that begin with it.
    parts = [f"s1 AS ({light} {key} >= %s AND {key} < %s OR {holds})"]
    values = [*of_light, query.key, query.key + "\U0010ffff", *of_these]
    for formulas, limit in ((rough, FEW), (missing, 1)):
        if formulas:
            # Empty boards, of which the catalogue has many, and whatever else is hidden are no reason not to look further.
            earlier = " UNION ".join(f"SELECT kind, object_id FROM s{before}" for before in range(1, len(parts) + 1))  # noqa: S608 - own names
            few = f"(SELECT count(*) FROM (SELECT 1 FROM ({earlier}) AS f WHERE {_is_shown()} LIMIT {limit}) AS e) < {limit}"  # noqa: S608 - own names
            holds, of_these = _holds("claims_searchname", "words", formulas, only_if=few)
            parts.append(f"s{len(parts) + 1} AS ({light} {holds})")
            values += [*of_light, *of_these]
    # What is found twice is fetched once.
    every = " UNION ALL ".join(f"SELECT * FROM s{number}" for number in range(1, len(parts) + 1))  # noqa: S608 - own names
    order = f"ORDER BY nearness, size, {key}, object_id LIMIT"
    shown = _shown()
    nearest = " UNION ALL ".join(
        f"SELECT * FROM (SELECT id FROM (SELECT * FROM every WHERE kind = '{kind}' {order} {MOST_LOOKED_AT}) AS n "  # noqa: S608 - own names
        f"WHERE {shown[kind]} {order} {MOST_OF_A_KIND + 1}) AS {kind}s"
        if kind in shown
        else f"SELECT * FROM (SELECT id FROM every WHERE kind = '{kind}' {order} {MOST_OF_A_KIND + 1}) AS {kind}s"  # noqa: S608 - own names
        for kind in SearchKind
    )
    statement = (
        f"WITH {', '.join(parts)}, every AS ({every}) SELECT kind, object_id, name, key, words, alias "  # noqa: S608 - own names
        f"FROM claims_searchname WHERE id IN ({nearest})"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found = cursor.fetchall()
    kinds = {kind.value: kind for kind in SearchKind}
    names = [Candidate(kinds[kind], pk, name, key, words, bool(alias)) for kind, pk, name, key, words, alias in found]
    return names, {kind for kind, count in Counter(name.kind for name in names).items() if count > MOST_OF_A_KIND}


# -- what stands behind the candidates --------------------------------------------------------------------------------------------


def _read_standing(candidates: Iterable[Candidate]) -> dict[SearchKind, dict[int, tuple[int, str]]]:
    """Return (how much stands behind it, public id) of the objects that readers may see, by kind and id: a query or two per kind.

    This is where everything hidden is left out: what was merged into another, papers of withdrawn listings, boards and datasets
    without a row that readers see, and models of which they see no number.
    """
    ids: dict[SearchKind, set[int]] = {kind: set() for kind in SearchKind}
    for candidate in candidates:
        ids[candidate.kind].add(candidate.object_id)
    numbers = Claim.objects.visible().filter(paper_text__paper__in=ids[SearchKind.PAPER])
    of_papers = Counter(dict(numbers.values_list("paper_text__paper").annotate(count=Count("pk")).order_by()))
    papers = Paper.objects.filter(pk__in=ids[SearchKind.PAPER], merged_into__isnull=True, withdrawn=False)
    rows = Result.objects.visible().filter(ml_model__in=ids[SearchKind.MODEL])
    of_models = Counter(dict(rows.values_list("ml_model").annotate(count=Count("pk")).order_by()))
    seen = Exists(Claim.objects.visible().filter(ml_model=OuterRef("pk"))) | Exists(Cost.objects.visible().filter(ml_model=OuterRef("pk")))
    # A person may have decided on a number that quotes a model: it keeps its link when the model's own paper is withdrawn.
    lent = Exists(MLModel.objects.filter(merged_into=OuterRef("pk")).exclude(introduced_by__withdrawn=True))
    introduced = Q(introduced_by__isnull=True) | Q(introduced_by__withdrawn=False) | lent
    models = MLModel.objects.filter(introduced, seen, pk__in=ids[SearchKind.MODEL], merged_into__isnull=True)
    boards = Benchmark.objects.visible().filter(Q(pk__in=ids[SearchKind.BOARD]) | Q(dataset__in=ids[SearchKind.DATASET]))
    of_boards: dict[int, tuple[int, str]] = {}
    of_datasets: Counter[int] = Counter()
    for pk, public_id, dataset, count in boards.values_list("pk", "public_id", "dataset_id", F("shown_rows")):
        of_boards[pk] = count, public_id
        of_datasets[dataset] += count
    datasets = Dataset.objects.filter(pk__in=ids[SearchKind.DATASET] & of_datasets.keys(), merged_into__isnull=True)
    return {
        SearchKind.PAPER: {pk: (of_papers[pk], public_id) for pk, public_id in papers.values_list("pk", "public_id")},
        SearchKind.MODEL: {pk: (of_models[pk], public_id) for pk, public_id in models.values_list("pk", "public_id")},
        SearchKind.DATASET: {pk: (of_datasets[pk], public_id) for pk, public_id in datasets.values_list("pk", "public_id")},
        SearchKind.BOARD: of_boards,
    }


@dataclass(frozen=True, slots=True)
class Hit:
    """A result. `found` is the alias that answered, where the shown name does not; `behind` counts rows or numbers.

    `boards` are those to go on to (of a dataset or model), the largest first, at most `BOARDS_OF_A_HIT` of `board_count`.
    """

    kind: SearchKind
    name: str
    url: str
    found: str
    behind: int
    boards: Sequence[Benchmark] = ()
    board_count: int = 0
    benchmark: Benchmark | None = None
    leader: Claim | None = None
    paper: Paper | None = None


BOARDS_OF_A_HIT = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search. `counts` are of the results that were judged; of the kinds in `more` there are more than those.

    `instead` maps a word of the query that no name has to the word that was looked for in its place.
    """

    query: Query
    hits: list[Hit]
    counts: dict[SearchKind, int]
    more: frozenset[SearchKind]
    page: int = 1
    pages: int = 1
    instead: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def search(text: str, *, kind: SearchKind | None = None, page: int = 1, page_size: int = PAGE_SIZE) -> Found:
    """Return a page of what a text finds, of one kind or of all. A page beyond the last is the last.

    The number of queries does not depend on how much is found.
    """
    query = Query.read(text)
    if not query.words:
        return Found(query, [], dict.fromkeys(SearchKind, 0), frozenset())
    near = _find_near_words(query)
    candidates, full = _find_candidates(query, near)
    ranked = rank(query, _visible(candidates))
    counts = Counter(candidate.kind for candidate in ranked)
    chosen = [candidate for candidate in ranked if kind is None or candidate.kind == kind]
    pages = max(1, -(-len(chosen) // page_size))
    page = min(max(1, page), pages)
    shown = chosen[(page - 1) * page_size : page * page_size]
    return Found(
        query=query,
        hits=_read_hits(query, shown),
        counts={kind: counts[kind] for kind in SearchKind},
        more=frozenset(full),
        page=page,
        pages=pages,
        instead=_instead(query, near, ranked),
    )


def find_ids(kind: SearchKind, text: str, *, most: int) -> list[int]:
    """Return the ids of objects of a kind whose names hold all words of a text, shorter names first; what readers don't see is among them.

    No more than `most`, of the first few thousand that the index has. One query. Merged and withdrawn papers have no names.
    """
    query = Query.read(text)
    if not query.words:
        return []
    first, _, _ = _formulas(query, {})
    holds, values = _holds("claims_searchname", "words", first)
    of_kind = "SELECT object_id, length(words) AS size FROM claims_searchname WHERE kind = %s"
    found = f"{of_kind} AND {holds} LIMIT {MOST_LOOKED_AT}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT object_id FROM ({found}) AS f ORDER BY size, object_id", [kind.value, *values])  # noqa: S608 - own names
        return list(dict.fromkeys(pk for (pk,) in cursor.fetchall()))[:most]


def _visible(candidates: Sequence[Candidate]) -> list[Candidate]:
    standing = _read_standing(candidates)
    visible = []
    for name in candidates:
        known = standing[name.kind].get(name.object_id)
        if known is not None:
            visible.append(Candidate(name.kind, name.object_id, name.name, name.key, name.words, name.alias, *known))
    return visible


def _instead(query: Query, near: dict[str, list[str]], ranked: Sequence[Candidate]) -> dict[str, str]:
    """Return which of the near words the best result holds for each word that it lacks."""
    if not ranked:
        return {}
    best = ranked[0]
    return {
        word: other
        for word, others in near.items()
        if word not in best.words and word not in best.key
        for other in [next((other for other in others if f" {other} " in best.words), "")]
        if other
    }


def suggest_words(query: Query, *, limit: int = 5) -> list[str]:
    """Return known words that the reader of a query that found nothing may have meant, for each of its words the nearest first.

    Each finds something that readers see. Two queries.
    """
    near = _find_near_words(query, loosely=True, most=MOST_SUGGESTED_AT_FIRST)
    words = list(dict.fromkeys(other for word in query.required for other in near.get(word, ())))
    if not words:
        return []
    parts: list[str] = []
    values: list[str] = []
    for number, word in enumerate(words):
        holds, of_these = _holds("claims_searchname", "words", [[[[f" {word} "]]]])
        # Asked of the names that were found alone, which LIMIT keeps apart: SQLite else goes through all names of a kind.
        found = f"SELECT kind, object_id FROM claims_searchname WHERE {holds} LIMIT {MOST_LOOKED_AT}"  # noqa: S608 - own names
        parts.append(f"SELECT {number} WHERE EXISTS (SELECT 1 FROM ({found}) AS f WHERE {_is_shown()})")  # noqa: S608 - own names
        values += of_these
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        return [words[number] for number in sorted(number for (number,) in cursor.fetchall())][:limit]


def _answers(query: Query, name: str) -> bool:
    """Say whether a name holds all the query asks for, so that it needs no word about which alias did."""
    text = keys.search_text(name, whole=True)
    words = text.split()
    return query.key in words or all(_word_points(word, words, text) for word in query.required)


def _read_hits(query: Query, ranked: Sequence[Candidate]) -> list[Hit]:
    """Read what a page shows of its results: five queries, however many there are."""
    ids: dict[SearchKind, list[int]] = {kind: [c.object_id for c in ranked if c.kind is kind] for kind in SearchKind}
    papers = Paper.objects.in_bulk(ids[SearchKind.PAPER])
    models = MLModel.objects.select_related("introduced_by").in_bulk(ids[SearchKind.MODEL])
    datasets = Dataset.objects.in_bulk(ids[SearchKind.DATASET])
    leader = "leader" if settings.SHOW_UNREVIEWED else "accepted_leader"
    of_models: dict[int, set[int]] = {}
    rows = Result.objects.visible().filter(ml_model__in=ids[SearchKind.MODEL]).values_list("ml_model_id", "benchmark_id").distinct()
    for model, board in rows:
        of_models.setdefault(model or 0, set()).add(board)
    wanted = reduce(or_, (Q(pk__in=boards) for boards in of_models.values()), Q(pk__in=ids[SearchKind.BOARD]))
    boards = (
        Benchmark.objects.visible()
        .with_names()
        .select_related(f"{leader}__result__paper", f"{leader}__result__source")
        .filter(wanted | Q(dataset__in=ids[SearchKind.DATASET]))
        .order_by(F("shown_rows").desc(), "slug")
    )
    by_id: dict[int, Benchmark] = {board.pk: board for board in boards}
    of_datasets: dict[int, list[Benchmark]] = {}
    for row in by_id.values():
        of_datasets.setdefault(row.dataset_id, []).append(row)
    hits = []
    for found in ranked:
        on: list[Benchmark] = []
        paper: Paper | None = None
        benchmark: Benchmark | None = None
        if found.kind is SearchKind.PAPER:
            paper = papers[found.object_id]
            name, url = paper.title, paper.get_absolute_url()
        elif found.kind is SearchKind.MODEL:
            ml_model = models[found.object_id]
            name, paper = ml_model.name, ml_model.introduced_by
            on = [by_id[pk] for pk in by_id if pk in of_models.get(ml_model.pk, ())]
            url = ml_model.get_absolute_url()
        elif found.kind is SearchKind.DATASET:
            dataset = datasets[found.object_id]
            name, url, on = dataset.name, dataset.get_absolute_url(), of_datasets[found.object_id]
        else:
            benchmark = by_id[found.object_id]
            name, url = str(benchmark), benchmark.get_absolute_url()
        hits.append(
            Hit(
                kind=found.kind,
                name=name,
                url=url,
                found=found.name if found.alias and not _answers(query, name) else "",
                behind=found.behind,
                boards=on[:BOARDS_OF_A_HIT],
                board_count=len(on),
                benchmark=benchmark,
                leader=getattr(benchmark, leader) if benchmark is not None else None,
                paper=paper,
            )
        )
    return hits
