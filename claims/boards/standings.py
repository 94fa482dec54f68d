"""All rows of a board in columns: what ranking, filtering and counting need of them, without an object for any row.

They are made of the board's rows in three or five queries, or unpacked from what a worker has kept of a large board. What is printed of
a row is not in here: that is fetched for the rows that are shown.
"""

from __future__ import annotations

import json
import logging
import math
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from django.db.models import Case, CharField, Func, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Coalesce

from claims import ranking
from claims.boards.families import family_key
from claims.boards.rows import MOST_LISTED, brings_extra_data, cost_key
from claims.errors import ClaimsError
from claims.models import Benchmark, BoardStandings, Claim, Cost, CostLink, ResultCondition, ResultValue
from claims.prepared import Parameter, prepared
from claims.querysets import canonical_high, canonical_low
from claims.terms import COMPARABLE_KINDS, ClaimKind, CurationState, DecidedBy, Qualifier, Role, Tier

LAYOUT = 1
"""Counts the rules by which standings were ever made: families, protocols, the order of ties, which cost is a row's. Columns and terms
tell of themselves."""
LEAST_KEPT = 200
"""Standings of boards with fewer ranking rows aren't kept: making them takes hardly longer than to fetch them."""

logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int32]

QUALIFIERS, STATES, ROLES, TIERS = tuple(Qualifier), tuple(CurationState), tuple(Role), ("", *Tier)
"""What codes in columns stand for: places in these."""
_QUALIFIER_CODES, _STATE_CODES, _ROLE_CODES, _TIER_CODES = (
    {str(term): code for code, term in enumerate(terms)} for terms in (QUALIFIERS, STATES, ROLES, TIERS)
)
EXACT, ACCEPTED, UNREVIEWED, VERIFIED, DISPUTED = (
    _QUALIFIER_CODES[Qualifier.EXACT],
    _STATE_CODES[CurationState.ACCEPTED],
    _STATE_CODES[CurationState.UNREVIEWED],
    _TIER_CODES[Tier.VERIFIED],
    _TIER_CODES[Tier.DISPUTED],
)


FOR_ALL, FOR_WHO_SEES_ALL, FOR_OTHERS = range(3)
"""Whose a row's cost is: the nearest to the score may be another one for readers from whom the score is hidden until its review."""


def codes_of(*qualifiers: Qualifier) -> list[int]:
    """Return the codes of qualifiers in columns."""
    return [_QUALIFIER_CODES[qualifier] for qualifier in qualifiers]


class BoardCondition(NamedTuple):
    """A condition of a board's rows; `word` is how most of them word it, among equals the shortest."""

    kind: str
    key: str
    value: str
    word: str


_DTYPES: dict[str, str] = {
    "pk": "<i8",
    "public_id": "S12",
    "day": "<i4",
    "role": "u1",
    "ranks": "?",
    "imported": "?",
    "named": "?",
    "extra": "?",
    "identity": "<i4",
    "family": "<i4",
    "protocol": "<i4",
    "name_place": "<i4",
    "texts": "u1",
    "score_row": "<i4",
    "score_metric": "<i8",
    "score_claim": "<i8",
    "score_low": "<f8",
    "score_high": "<f8",
    "score_stated": "<f8",
    "score_decimals": "<i2",
    "score_qualifier": "u1",
    "score_state": "u1",
    "score_by_policy": "?",
    "score_tier": "u1",
    "score_others": "<i4",
    "score_conflicts": "<i4",
    "price_row": "<i4",
    "price_key": "<i4",
    "price_cost": "<i8",
    "price_low": "<f8",
    "price_high": "<f8",
    "price_qualifier": "u1",
    "price_state": "u1",
    "price_reader": "u1",
    "condition_row": "<i4",
    "condition_code": "<i4",
    "condition_word": "<i4",
}


@dataclass(frozen=True, slots=True)
class Standings:
    """A board's rows in columns. Rows stand in the order of ties (`ranking.tie_key`); a code is a place in a list, -1 for none.

    Of rows: `day` as `ranking.day_number`; `ranks`, `imported` and `named` as `Row` has them; `extra`: it brings extra data; `identity`,
    the same for results of one model, variant and setting, and `family` of the model's name, both -1 for what nothing else is like;
    `protocol` in `protocols`; `name_place` in the order of names, the same for equal ones; `texts` are all models and variants.
    Of scores, by metric, then row: the numbers that rows show, with `low` in the canonical unit, `high` the upper end of a range, and
    `stated` the number in its own unit, NaN for none. Of prices, by key, then row: of each measure and condition the cost that goes with
    the row's primary score; `key` is in `keys`, and `reader` is `FOR_ALL`, or says who has another one there. Of conditions, by row:
    `code` in `conditions`, `word` in `words`. Unreviewed numbers are among all of them.
    """

    pk: Ints
    public_id: npt.NDArray[np.bytes_]
    day: Codes
    role: npt.NDArray[np.uint8]
    ranks: Flags
    imported: Flags
    named: Flags
    extra: Flags
    identity: Codes
    family: Codes
    protocol: Codes
    name_place: Codes
    texts: npt.NDArray[np.uint8]
    score_row: Codes
    score_metric: Ints
    score_claim: Ints
    score_low: Floats
    score_high: Floats
    score_stated: Floats
    score_decimals: npt.NDArray[np.int16]
    score_qualifier: npt.NDArray[np.uint8]
    score_state: npt.NDArray[np.uint8]
    score_by_policy: Flags
    score_tier: npt.NDArray[np.uint8]
    score_others: Codes
    score_conflicts: Codes
    price_row: Codes
    price_key: Codes
    price_cost: Ints
    price_low: Floats
    price_high: Floats
    price_qualifier: npt.NDArray[np.uint8]
    price_state: npt.NDArray[np.uint8]
    price_reader: npt.NDArray[np.uint8]
    condition_row: Codes
    condition_code: Codes
    condition_word: Codes
    keys: list[str]
    conditions: list[BoardCondition]
    words: list[str]
    protocols: list[list[tuple[str, str]]]

    def __len__(self) -> int:
        return len(self.pk)

    def names(self) -> tuple[list[str], list[str]]:
        """Return the models and the variants of all rows. A row whose model has no name has its paper's title."""
        texts = self.texts.tobytes().decode().split("\0") if len(self) else []
        return texts[::2], texts[1::2]


# ---- packed ----

_LISTS = ("keys", "conditions", "words", "protocols")


# Widest first, and the head as long as the widest needs it: then every column lies where the processor takes it up at once.
_PACKED = sorted(_DTYPES, key=lambda name: (name == "public_id", -np.dtype(_DTYPES[name]).itemsize))
_TERMS = [[*map(str, terms)] for terms in (QUALIFIERS, STATES, ROLES, TIERS)]


class UnreadableStandingsError(ClaimsError):
    """What is kept of a board was packed by another release, or is broken."""

    code = "standings_unreadable"


def pack(standings: Standings) -> bytes:
    """Return standings as compressed bytes: the length of a head, the head in JSON, and behind it the columns as they lie in memory.

    Compressed because PostgreSQL hands bytes over as hexadecimal text: a fifth of them is unpacked sooner than all are read.
    """
    columns = {name: np.ascontiguousarray(getattr(standings, name)) for name in _PACKED}
    head = {"columns": [[name, _DTYPES[name], len(column)] for name, column in columns.items()], "terms": _TERMS}
    head |= {name: getattr(standings, name) for name in _LISTS}
    written = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    written += b" " * (-len(written) % 8)
    lengthy = b"".join([len(written).to_bytes(8, "little"), written, *(column.tobytes() for column in columns.values())])
    return zlib.compress(lengthy, level=1)


def unpack(packed: bytes | memoryview) -> Standings:
    """Return what was packed; the columns are views of one piece of memory. Raises `UnreadableStandingsError`."""
    try:
        packed = zlib.decompress(packed)
        at = 8 + int.from_bytes(packed[:8], "little")
        head = json.loads(packed[8:at])
        if head["terms"] != _TERMS or [(name, dtype) for name, dtype, _ in head["columns"]] != [(name, _DTYPES[name]) for name in _PACKED]:
            raise UnreadableStandingsError("They were packed by a release with other columns or terms.")
        found: dict[str, Any] = {}
        for name, dtype, length in head["columns"]:
            found[name] = np.frombuffer(packed, dtype, count=length, offset=at) if length else np.empty(0, dtype)
            at += found[name].nbytes
        conditions = [BoardCondition(*condition) for condition in head["conditions"]]
        protocols = [[(kind, key) for kind, key in protocol] for protocol in head["protocols"]]
        return Standings(keys=head["keys"], conditions=conditions, words=head["words"], protocols=protocols, **found)
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise UnreadableStandingsError(f"They are broken: {error}") from error


@prepared
def _fetch_kept(benchmark: Parameter, version: Parameter) -> QuerySet[BoardStandings, Any]:
    return BoardStandings.objects.filter(benchmark=benchmark, board_version=version, layout=LAYOUT).values_list("packed")


def read_standings(benchmark: Benchmark) -> Standings:
    """Return the standings of a board: those that are kept, if they are of its version, else made anew."""
    if benchmark.row_count >= LEAST_KEPT:
        for (packed,) in _fetch_kept(benchmark.pk, benchmark.version):
            try:
                return unpack(packed)
            except UnreadableStandingsError as error:
                logger.warning("the standings of %s that are kept can't be read, so its rows are: %s", benchmark.slug, error.message)
    return make_standings(benchmark)


# ---- made ----


class _IsoDay(Func):
    """A date as "2025-11-12", whatever style of dates a session has."""

    template = "CAST(%(expressions)s AS text)"
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="to_char(%(expressions)s, 'YYYY-MM-DD')", **context)


class _Line(NamedTuple):
    """A row as it is sorted: its tie key, its id, and the rest of what `_fetch_scores` says of it."""

    tie: ranking.TieKey
    pk: int
    public_id: str
    model: str
    named: bool
    variant: str
    role: str
    day: str
    imported: bool
    identity: tuple[int, str, str] | None


def make_standings(benchmark: Benchmark) -> Standings:
    """Make a board's standings of its rows: three queries, and two more if a row has several costs of one measure.

    Plain tuples: a board of thousands makes no model instances.
    """
    lines: dict[int, _Line] = {}
    scores = []
    for *number, pk, public_id, model, variant, role, paper, title, day, ml_model, variant_key, setting_key in _fetch_scores(benchmark.pk):
        scores.append((pk, *number))
        if pk not in lines:
            # Two papers' names that no single model answers to may be two models.
            identity = (ml_model, variant_key, setting_key) if ml_model else None
            name, day = (model or title or "").replace("\0", " "), day or ""
            tie = ranking.tie_key(day, name, variant, public_id)
            lines[pk] = _Line(tie, pk, public_id, name, bool(model), variant.replace("\0", " "), role, day, paper is None, identity)
    ordered = sorted(lines.values())
    place = {line.pk: number for number, line in enumerate(ordered)}
    stated = _fetch_conditions(benchmark.pk)
    return Standings(
        **_row_columns(ordered),
        **_score_columns(scores, place),
        **_price_columns(benchmark, scores, place),
        **_condition_columns(stated, place),
    )


def _row_columns(lines: Sequence[_Line]) -> dict[str, Any]:
    imported = np.array([line.imported for line in lines], np.bool_)
    role = np.array([_ROLE_CODES[line.role] for line in lines], np.uint8)
    texts = "\0".join([text for line in lines for text in (line.model, line.variant)])
    return {
        "pk": np.array([line.pk for line in lines], np.int64),
        "public_id": np.array([line.public_id.encode() for line in lines], "S12"),
        "day": np.array([ranking.day_number(line.day) for line in lines], np.int32),
        "role": role,
        "ranks": imported | (role == _ROLE_CODES[Role.PROPOSED]),
        "imported": imported,
        "named": np.array([line.named for line in lines], np.bool_),
        "identity": _alike([line.identity for line in lines]),
        "family": _alike([family_key(line.model) or None if line.named else None for line in lines]),
        "name_place": _places([(line.tie[2], line.tie[3]) for line in lines]),
        "texts": np.frombuffer(texts.encode(), np.uint8),
    }


def _alike(values: Sequence[Any]) -> Codes:
    """Return a code for each value that stands there more than once, -1 for the others and for None."""
    counted = Counter(values)
    codes: dict[Any, int] = {}
    return np.array([codes.setdefault(v, len(codes)) if v is not None and counted[v] > 1 else -1 for v in values], np.int32)


def _places(values: Sequence[Any]) -> Codes:
    places = {value: place for place, value in enumerate(sorted(set(values)))}
    return np.array([places[value] for value in values], np.int32)


def _score_columns(scores: Sequence[tuple[Any, ...]], place: Mapping[int, int]) -> dict[str, Any]:
    names = ("row", "metric", "claim", "others", "conflicts", "state", "by", "tier", "qualifier", "low", "high", "stated", "decimals")
    ordered = sorted(((metric, place[pk], *rest) for pk, metric, *rest in scores), key=lambda values: values[:2])
    metric, row, *columns = zip(*ordered, strict=True) if ordered else [()] * len(names)
    of = dict(zip(names[2:], columns, strict=True))
    high = np.array(of["high"], np.float64)
    return {
        "score_row": np.array(row, np.int32),
        "score_metric": np.array(metric, np.int64),
        "score_claim": np.array(of["claim"], np.int64),
        "score_low": np.array(of["low"], np.float64),
        "score_high": high,
        "score_stated": np.where(np.isnan(high), np.array(of["stated"], np.float64), np.nan),
        "score_decimals": np.array(of["decimals"], np.int16),
        "score_qualifier": np.array([_QUALIFIER_CODES[qualifier] for qualifier in of["qualifier"]], np.uint8),
        "score_state": np.array([_STATE_CODES[state] for state in of["state"]], np.uint8),
        "score_by_policy": np.array([by == DecidedBy.POLICY for by in of["by"]], np.bool_),
        "score_tier": np.array([_TIER_CODES[tier] for tier in of["tier"]], np.uint8),
        "score_others": np.array(of["others"], np.int32),
        "score_conflicts": np.array(of["conflicts"], np.int32),
    }


@prepared
def _fetch_scores(benchmark: Parameter) -> QuerySet[ResultValue, Any]:
    # The title only where it stands for a name, the day as text: it is compared and counted, thousands of dates would be made for that.
    title = Case(When(result__model_name="", then="result__paper__title"), default=Value(""), output_field=TextField())
    shown = ResultValue.objects.filter(
        result__benchmark=benchmark,
        claim__retired_by__isnull=True,
        claim__state__in=[CurationState.ACCEPTED, CurationState.UNREVIEWED],
    )
    return shown.values_list(
        *("metric_id", "claim_id", "others", "conflicts", "claim__state", "claim__decided_by", "claim__tier", "claim__qualifier"),
        *(canonical_low("claim"), canonical_high("claim"), "claim__value", "claim__decimals", "result_id"),
        *("result__public_id", "result__model_name", "result__variant", "result__role", "result__paper_id"),
        *(title, _IsoDay(Coalesce("result__paper__last_day", "result__stated_day"))),
        *("result__ml_model_id", "result__variant_key", "result__setting_key"),
    )


class _Price(NamedTuple):
    """A cost that a row may show: its id, its state, how it is qualified, its ends in the canonical unit."""

    pk: int
    state: str
    qualifier: str
    low: float
    high: float | None


def _price_columns(benchmark: Benchmark, scores: Sequence[tuple[Any, ...]], place: Mapping[int, int]) -> dict[str, Any]:
    prices: dict[tuple[str, int], _Price] = {}
    rivals: dict[tuple[str, int], list[_Price]] = {}
    for result, measure, condition, *values in _fetch_prices(benchmark.pk):
        if result in place:
            price, key = _Price(*values), (cost_key(measure, condition), result)
            first = prices.setdefault(key, price)
            if first is not price:
                rivals.setdefault(key, [first]).append(price)
    others: dict[tuple[str, int], _Price] = {}
    if rivals:
        wanted = {result for _, result in rivals}
        primary = {
            pk: (claim, state) for pk, metric, claim, _, _, state, *_ in scores if metric == benchmark.primary_metric_id and pk in wanted
        }
        chosen, others = _choose_prices(benchmark, rivals, primary)
        prices |= chosen
    keys = sorted({key for key, _ in prices})
    codes = {key: code for code, key in enumerate(keys)}
    readers = dict.fromkeys(others, FOR_WHO_SEES_ALL)
    ordered = [(codes[key], place[result], readers.get((key, result), FOR_ALL), *price) for (key, result), price in prices.items()]
    ordered += [(codes[key], place[result], FOR_OTHERS, *price) for (key, result), price in others.items()]
    ordered.sort()
    code, row, reader, cost, state, qualifier, low, high = zip(*ordered, strict=True) if ordered else [()] * 8
    return {
        "keys": keys,
        "price_row": np.array(row, np.int32),
        "price_key": np.array(code, np.int32),
        "price_cost": np.array(cost, np.int64),
        "price_low": np.array(low, np.float64),
        "price_high": np.array(high, np.float64),
        "price_qualifier": np.array([_QUALIFIER_CODES[word] for word in qualifier], np.uint8),
        "price_state": np.array([_STATE_CODES[word] for word in state], np.uint8),
        "price_reader": np.array(reader, np.uint8),
    }


def visible_links(*, unreviewed: bool) -> QuerySet[CostLink]:
    """Return the ties of standing costs to rows, as far as readers see them: with SHOW_UNREVIEWED the `unreviewed`, too."""
    links = CostLink.objects.filter(tied=True, cost__retired_by__isnull=True)
    if unreviewed:
        return links.exclude(cost__state=CurationState.REJECTED)
    return links.filter(cost__state=CurationState.ACCEPTED)


@prepared
def _fetch_prices(benchmark: Parameter) -> QuerySet[CostLink, Any]:
    return (
        visible_links(unreviewed=True)
        .filter(result__benchmark=benchmark, cost__kind=ClaimKind.ABSOLUTE, cost__canonical_value__isnull=False)
        .values_list(
            *("result_id", "cost__measure", "cost__condition", "cost_id", "cost__state", "cost__qualifier"),
            *(canonical_low("cost"), canonical_high("cost")),
        )
    )


PLACE_FIELDS = ("paper_text_id", "field", "start", "end")
Place = tuple[int | None, str, int, int]
"""Where a number stands: the values of `PLACE_FIELDS`."""


def _choose_prices(
    benchmark: Benchmark, rivals: Mapping[tuple[str, int], Sequence[_Price]], primary: Mapping[int, tuple[int, str]]
) -> tuple[dict[tuple[str, int], _Price], dict[tuple[str, int], _Price]]:
    """Accepted before unreviewed, then the nearest to the score ("2.1 with 100 ms and 3.93 with 38 ms"), then the most exact.

    Among equals the first in the text. `primary` has the claims of the rows' primary scores, and their states. The second choices are those
    of readers who see accepted numbers alone, where they are other ones.
    """
    of_results = {result for _, result in rivals}
    few = len(of_results) <= 4 * MOST_LISTED
    costs = Cost.objects.filter(Q(links__result__in=of_results) if few else Q(links__result__benchmark=benchmark))
    stated = {
        pk: (value_max, decimals, (text, field, start, end))
        for pk, value_max, decimals, text, field, start, end in costs.values_list("pk", "value_max", "decimals", *PLACE_FIELDS)
    }
    claims = Claim.objects.filter(Q(pk__in=[claim for claim, _ in primary.values()]) if few else Q(result__benchmark=benchmark))
    places: dict[int, Place] = {pk: (text, field, start, end) for pk, text, field, start, end in claims.values_list("pk", *PLACE_FIELDS)}

    def choose(prices: Sequence[_Price], score: Place | None) -> _Price:
        def preference(price: _Price) -> tuple[Any, ...]:
            value_max, decimals, place = stated[price.pk]
            exact = ranking.exactness(qualifier=Qualifier(price.qualifier), value_max=value_max, decimals=decimals)
            return price.state != CurationState.ACCEPTED, _gap(place, score), exact, place_in_text(price.pk, place)

        # One that came while this was read is left for the next reader.
        return min((price for price in prices if price.pk in stated), key=preference, default=prices[0])

    chosen, others = {}, {}
    for cell, prices in rivals.items():
        claim, state = primary.get(cell[1], (0, ""))
        chosen[cell] = choose(prices, places.get(claim))
        accepted = [price for price in prices if price.state == CurationState.ACCEPTED]
        if accepted and state != CurationState.ACCEPTED and (other := choose(accepted, None)) is not chosen[cell]:
            others[cell] = other
    return chosen, others


def place_in_text(pk: int, place: Sequence[Any]) -> tuple[int, str, int, int]:
    """Return the sort key of numbers as they follow each other in a text; `place` begins with the values of `PLACE_FIELDS`."""
    return (place[0] or 0, place[1], place[2] or 0, pk)


def _gap(price: Place, score: Place | None) -> float:
    """Return how many characters stand between two numbers of a text; infinity without a score, or for one of another text."""
    if score is None or score[0] is None or score[:2] != price[:2]:
        return math.inf
    return float(max(0, price[2] - score[3], score[2] - price[3]))


def _condition_columns(stated: Sequence[tuple[Any, ...]], place: Mapping[int, int]) -> dict[str, Any]:
    worded = Counter((pk, text) for _, pk, _, _, _, text in stated)
    # The last and best of each stays.
    word = {pk: text for (pk, text), _ in sorted(worded.items(), key=lambda pair: (pair[1], -len(pair[0][1]), pair[0][1]))}
    known = {pk: BoardCondition(kind, key, value, word[pk]) for _, pk, kind, key, value, _ in stated}
    codes = {pk: code for code, pk in enumerate(known)}
    words: dict[str, int] = {}
    listed = sorted((place[row], codes[pk], words.setdefault(text, len(words))) for row, pk, _, _, _, text in stated if row in place)
    of_row: dict[int, set[tuple[str, str]]] = {}
    extra = np.zeros(len(place), np.bool_)
    conditions = list(known.values())
    for row, code, _ in listed:
        condition = conditions[code]
        if condition.kind in COMPARABLE_KINDS:
            of_row.setdefault(row, set()).add((condition.kind, condition.key))
        if brings_extra_data(condition.kind, condition.key):
            extra[row] = True
    protocols: dict[frozenset[tuple[str, str]], int] = {frozenset(): 0}
    protocol = np.zeros(len(place), np.int32)
    for row, terms in of_row.items():
        protocol[row] = protocols.setdefault(frozenset(terms), len(protocols))
    return {
        "condition_row": np.array([row for row, _, _ in listed], np.int32),
        "condition_code": np.array([code for _, code, _ in listed], np.int32),
        "condition_word": np.array([text for _, _, text in listed], np.int32),
        "extra": extra,
        "protocol": protocol,
        "conditions": conditions,
        "words": list(words),
        "protocols": [sorted(terms) for terms in protocols],
    }


@prepared
def _fetch_conditions(benchmark: Parameter) -> QuerySet[ResultCondition, Any]:
    found = ResultCondition.objects.filter(result__benchmark=benchmark).order_by("condition__kind", "condition__key")
    return found.values_list("result_id", "condition_id", "condition__kind", "condition__key", "condition__value", "text")
