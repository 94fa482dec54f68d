"""What a board consists of: rows, numbers, columns, facets, and its trade-off of score against cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from django.urls import reverse

from claims.models import Benchmark, Paper
from claims.terms import (
    ChartKind,
    ClaimKind,
    ConditionKind,
    CurationState,
    Direction,
    PointColour,
    Qualifier,
    Role,
    RowTier,
    Tier,
)

if TYPE_CHECKING:
    from claims.boards.corrections import Corrected
    from claims.boards.table import Rows


def cost_key(measure: str, condition: str) -> str:
    """Return the word for a cost's column: its measure and, behind a colon, what it was measured on, if that is said.

    Costs of one measure under different conditions never stand in one column: "throughput:RTX 5090, AMP" is another than on a CPU.
    """
    return f"{measure}:{condition}" if condition else measure


def measure_of(key: str) -> str:
    """Return the measure of a cost's column."""
    return key.partition(":")[0]


def condition_of(key: str) -> str:
    """Return what the costs of a column were measured on, '' where that is not said."""
    return key.partition(":")[2]


_NO_EXTRA_DATA = frozenset({"none", "nopre-training"})


def brings_extra_data(kind: str, key: str) -> bool:
    """Say whether a condition says that a model saw more than the board's own data."""
    return kind == ConditionKind.EXTRA_DATA and key not in _NO_EXTRA_DATA


MOST_LISTED = 25
"""How many points of a chart stand in its table, if its front has no more; the others stand in the board and in the chart's data."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Evidence in three parts: what stands before the number, the number as printed, what stands after it."""

    before: str
    number: str
    after: str

    @property
    def text(self) -> str:
        return self.before + self.number + self.after


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an imported number stands: a table's record, and the address of its page, '' for a table that was not uploaded."""

    table: str
    record: int
    url: str

    def __str__(self) -> str:
        return f"{self.table}, record {self.record}"


@dataclass(frozen=True, slots=True)
class OtherNumber:
    """A number that stands behind the one that its row shows; `conflicts` says that both can't be right.

    Its `paper` is that of the text which states it, its `origin` the record; one of them is None.
    """

    metric: str
    stated: str
    unit: str
    conflicts: bool
    paper_url: str
    origin: Origin | None


@dataclass(slots=True)
class Cell:
    """A number of a row, as stated.

    `rank_by` is what it ranks by, in the canonical unit. `read_as` names the claim's own metric where it stands in another's column.
    `others` counts the claims that stand behind a shown one, `conflicts` those of them that state another number. `evidence`, `origin`,
    `inferred`, `rules`, `corrected`, `tier_reason` and `tier_link` are filled only where the row shows its sentences, and `withheld` with
    the paper whose text would be shown and is withheld; `condition` is what a cost was measured on.
    """

    pk: int
    public_id: str
    stated: str
    value: float
    value_max: float | None
    canonical_value: float | None
    canonical_max: float | None
    unit: str
    decimals: int
    uncertainty: float | None
    qualifier: Qualifier
    kind: ClaimKind
    state: CurationState
    tier: str
    confidence: float
    rank_by: float | None
    read_as: str = ""
    others: int = 0
    conflicts: int = 0
    note: str = ""
    measure: str = ""
    condition: str = ""
    origin: Origin | None = None
    evidence: Sentence | None = None
    inferred: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    corrected: Corrected | None = None
    withheld: Paper | None = None
    tier_reason: str = ""
    tier_link: str = ""
    place: tuple[int | None, str, int, int, int, int] = (None, "", 0, 0, 0, 0)

    @property
    def cost_key(self) -> str:
        return cost_key(self.measure, self.condition)


class Number(NamedTuple):
    """What ranking needs of a claim or a cost, for every row of a board; a `Cell` is made only for a row that is printed.

    `stated` and `decimals` are what a score's text says, in its own unit: how exact it is. None for a cost, and for a range.
    """

    pk: int
    rank_by: float
    qualifier: Qualifier
    state: CurationState
    others: int = 0
    conflicts: int = 0
    stated: float | None = None
    decimals: int = 0


_NONE: Mapping[str, int] = MappingProxyType({})


@dataclass(eq=False)
class Row:
    """A row of a board. `rank` is None where nothing ranks it: a baseline, no primary value, or a metric without direction.

    `scores` and `prices` are the numbers of its columns, for every row; `cells`, `costs` and `all_costs` the same to print, and what
    the paper says of itself, only for the rows that are shown. `on_front` says that no row beats it on score and cost, by the cost that
    the board is compared by. `day` is the last day that the paper's date, or else the record's, may mean, as an ISO date, '' where it
    is not known. `source` names the table that the row is from, `record_url` leads to the record; `others` are filled for an opened
    row. `ranks`: a paper's own results and imported ones do; quoted baselines do not. `unreviewed`: one of its shown numbers is;
    `accepted_by_policy`: one of them is, and no person has seen it. `contested`: its own paper states several numbers for one of its
    shown ones. `rivals` are the rows of the same model, variant and setting if one contradicts this, `disputes` how many other numbers
    they state for which metric.
    """

    pk: int
    public_id: str
    model: str
    named: bool
    variant: str
    role: Role
    day: str
    imported: bool
    ranks: bool
    scores: dict[str, Number] = field(default_factory=dict)
    prices: dict[str, Number] = field(default_factory=dict)
    # Set later, some for printed rows alone: a board of thousands makes no empty lists for the others.
    conditions: Sequence[tuple[str, str, str]] = field(default=(), init=False)
    cells: dict[str, Cell] = field(init=False, repr=False)
    costs: dict[str, Cell] = field(init=False, repr=False)
    all_costs: list[Cell] = field(init=False, repr=False)
    paper_title: str = field(default="", init=False)
    paper_public_id: str = field(default="", init=False)
    first_day: date | None = field(default=None, init=False)
    last_day: date | None = field(default=None, init=False)
    source: str = field(default="", init=False)
    record_url: str = field(default="", init=False)
    others: Sequence[OtherNumber] = field(default=(), init=False)
    code_url: str = field(default="", init=False)
    model_slug: str = field(default="", init=False)
    rank: int | None = field(default=None, init=False)
    tied: bool = field(default=False, init=False)
    on_front: bool = field(default=False, init=False)
    unreviewed: bool = field(default=False, init=False)
    accepted_by_policy: bool = field(default=False, init=False)
    contested: bool = field(default=False, init=False)
    rivals: Sequence[Row] = field(default=(), init=False, repr=False)
    disputes: Mapping[str, int] = field(default_factory=lambda: _NONE, init=False)

    @property
    def withheld(self) -> Paper | None:
        """The paper whose text would be shown of this row, and is withheld; only where the row shows its sentences."""
        return next((cell.withheld for cell in (*self.cells.values(), *self.all_costs) if cell.withheld is not None), None)

    @property
    def in_conflict(self) -> bool:
        """Whether another number is stated for the same thing, in this row's own paper or elsewhere."""
        return self.contested or bool(self.rivals)

    @property
    def state(self) -> CurationState:
        """Accepted if every shown number is, else unreviewed."""
        return CurationState.UNREVIEWED if self.unreviewed else CurationState.ACCEPTED

    @property
    def tier(self) -> RowTier:
        """Disputed if one of the row's scores is, verified if all of them are; else what its state says."""
        tiers = {cell.tier for cell in self.cells.values()}
        if Tier.DISPUTED in tiers:
            return RowTier.DISPUTED
        if tiers == {Tier.VERIFIED.value}:
            return RowTier.VERIFIED
        return RowTier.EXTRACTED if self.unreviewed else RowTier.ACCEPTED

    @property
    def paper_url(self) -> str:
        return reverse("paper", args=[self.paper_public_id]) if self.paper_public_id else ""

    @property
    def model_url(self) -> str:
        """The page of the row's model, '' for a method without a name or one that the catalogue does not know."""
        return reverse("model", args=[self.model_slug]) if self.model_slug else ""

    @property
    def query(self) -> str:
        """The part of an address that opens this row on its board, whichever role it has."""
        return f"{'' if self.ranks else 'role=all&'}open={self.public_id}"

    @property
    def setting(self) -> list[str]:
        return [text for _, _, text in self.conditions]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers. `key` is the address' word for it: a metric's slug, or the `cost_key` of costs that were measured alike.

    `best` is the best number that a ranking row holds here, None where the direction is unknown; `typical` the median, in the
    canonical unit: what a page chooses a readable unit by.
    """

    key: str
    label: str
    unit: str
    direction: Direction
    is_cost: bool
    is_primary: bool
    count: int
    best: float | None = None
    typical: float = 0.0


@dataclass(frozen=True, slots=True)
class Facet:
    """A choice of a filter with the number of the board's rows that it holds for: of all for a role, else of the chosen role's."""

    value: str
    label: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class CostChoice:
    """A cost that the scores can be compared with, by its `cost_key`: `count` shown rows have both."""

    measure: str
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """Score against cost: the shown rows of all pages that have both, and the front among them, the cheapest first.

    `metric` is the primary column, `cost` the column of the chosen `measure` (a `cost_key`): None where no shown row has that cost.
    `measure` is '' if no row has any cost, and none was asked for. `front` holds ranking rows only, and none where a direction is
    unknown. `listed` are the points that are printed in words, too: the front, then the best. `uncosted` counts the shown rows without
    the cost; `uncosted_leader` is the one that leads the board, if it is among them.
    """

    metric: Column
    measure: str
    cost: Column | None
    choices: list[CostChoice]
    points: Rows
    front: Rows
    listed: Rows
    uncosted: int
    uncosted_leader: Row | None


@dataclass(frozen=True, slots=True)
class LikeForLike:
    """The protocol that most ranking rows share, and what other rows would hide it.

    `terms` are its conditions in words, none for rows that state no protocol. `hidden` counts the rows on other terms, `reasons` say on
    which: each row is counted once.
    """

    terms: list[str]
    hidden: int
    reasons: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class BoundEffect:
    """A bound on what rows cost: how many state more or less, and how many don't state it and are left out, too."""

    measure: str
    least: float | None
    most: float | None
    outside: int
    unstated: int


@dataclass(frozen=True, slots=True)
class Glance:
    """A board in a few lines. The best rows lead among all shown ones, among those without extra data, and among those under `limit`.

    `best_without_extra` is None where the leader itself states none. `record` holds the record among the rows with a date where that is not
    the best row. `broke` is the record that the holder broke, the best row or `record`, None if its number was the first one.
    `limit` is in parameters, None where too few rows state theirs.
    The counts are of shown rows; `accepted` are those whose numbers are all accepted.
    """

    best: Row | None
    best_without_extra: Row | None
    best_small: Row | None
    record: Row | None
    broke: Row | None
    limit: float | None
    accepted: int
    unreviewed: int
    imported: int
    in_conflict: int

    @property
    def rows(self) -> list[Row]:
        told = (self.best, self.best_without_extra, self.best_small, self.record, self.broke)
        return [row for row in told if row is not None]


@dataclass(frozen=True, slots=True)
class History:
    """The best score over time: the shown rows of all pages that have a score and a date, and the record setters among them.

    `metric` is the primary column. `records` holds ranking rows only, the earliest first, and none where the direction is unknown;
    `listed` are the latest of them, which are printed in words, too. `undated` counts the rows with a score and without a date;
    `undated_leader` is the one that leads the board, if it is among them.
    """

    metric: Column
    points: Rows
    records: Rows
    listed: Rows
    undated: int
    undated_leader: Row | None


@dataclass(frozen=True, slots=True)
class Family:
    """Models that share a name but for their size. `listed` are the rows that stand for it in words, the cheapest first."""

    name: str
    rows: list[Row]
    listed: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class Charting:
    """Which chart is shown, and how.

    `kinds` are those there is something to show in, and the shown one. `size` is the `cost_key` that the points' sizes stand for, ''
    where they stand for nothing; `sizes` are the costs to choose from. `colour` None is by origin. `has_families`: some of the
    chart's points are of one. `families` are all of these, the largest first, where the chart shows them; `panels` those that are drawn
    beside each other. `listed` are the rows that the chosen chart prints in
    words.
    """

    kind: ChartKind
    kinds: list[ChartKind]
    size: str
    sizes: list[CostChoice]
    colour: PointColour | None
    has_families: bool
    families: list[Family]
    panels: list[Family]
    listed: Sequence[Row]


@dataclass(slots=True)
class Board:
    """A ranked board.

    `rows` is one page, which begins at place `begin` (from 0); `shown` counts the rows that pass the filters, `total` all that the board
    has. `hidden_unreviewed` counts numbers that the site does not show before review; `baselines` quoted rows that a switch shows;
    `undated` the shown rows without a date. `as_of` is the day that the board is shown as of, `later` and `undated_hidden` the rows that
    it leaves out; the first and the last day are those of all rows. `like` says what "like for like" hides or would hide, None where all
    rows are on the same terms. `chosen_columns` are the keys of those that the reader asked for. `conflicts` counts the things for which
    several numbers are stated. Ranks count the shown rows. `opened` is the row that was asked for by its id, None if it isn't shown.
    `tradeoff`, `history` and `charting` are None where no row is shown or the benchmark has no primary metric.
    """

    benchmark: Benchmark
    columns: list[Column]
    rows: list[Row]
    shown: int
    total: int
    baselines: int
    undated: int
    hidden_unreviewed: int
    sort: str
    page: int
    pages: int
    settings: list[Facet]
    roles: list[Facet]
    years: list[Facet]
    states: list[Facet]
    tiers: list[Facet]
    filtered: bool
    begin: int = 0
    opened: Row | None = None
    tradeoff: Tradeoff | None = None
    as_of: date | None = None
    later: int = 0
    undated_hidden: int = 0
    first_day: str = ""
    last_day: str = ""
    like: LikeForLike | None = None
    is_like: bool = False
    bounds: list[BoundEffect] = field(default_factory=list)
    conflicts: int = 0
    glance: Glance | None = None
    chosen_columns: list[str] = field(default_factory=list)
    history: History | None = None
    charting: Charting | None = None

    @property
    def primary(self) -> Column | None:
        return next((column for column in self.columns if column.is_primary), None)

    @property
    def of_all_days(self) -> int:
        """How many rows the board has, whatever day it is shown as of."""
        return self.total + self.later + self.undated_hidden

    @property
    def has_costs(self) -> bool:
        return any(column.is_cost for column in self.columns)

    @property
    def ranked(self) -> bool:
        """Whether the primary metric's direction is known; a board without one is not ranked and says so."""
        metric = self.benchmark.primary_metric
        return metric is not None and metric.direction != Direction.UNKNOWN
