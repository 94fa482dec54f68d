"""What extraction returns: claims and costs with their place in the text. Plain values, no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from claims.terms import ClaimKind, ConditionKind, CostMeasure, Qualifier, Role, TextField

UNNAMED_MODEL = "(this paper)"
"""The name of a method that its paper leaves without one."""
READER_RULE = "reader.second"
"""The rule id of claims that a second reader made or changed: no policy accepts them."""
PERSON_RULE = "person.added"
"""The rule id of what a person marked, and no extraction took."""


class Span(NamedTuple):
    """A run of a title or an abstract, in Unicode code points, end exclusive."""

    start: int
    end: int


class ConditionDraft(NamedTuple):
    """One condition of a setting.

    `value` is the comparable part ("5", "1%", "384x384", "zero-shot"), `text` the phrase as it is shown.
    """

    kind: ConditionKind
    value: str
    text: str


# Not frozen: a frozen draft takes four times as long to make. Nothing but `confidence.rate` changes one.
@dataclass(slots=True, unsafe_hash=True)
class StatementDraft:
    """A number that the text states, with the exact words around it.

    `number` and `evidence` are spans of the original `text_field`; `stated` is the text of `number`. `value` is the number as
    stated (83.74 for "83.74%"; costs are expanded to plain units, 21000000 for "21M parameters"), `value_max` the upper end
    of a range, `unit` as the annotation guide writes it ("%", "", "points", "x", "ms", "GPU days"). `canonical_value` is in
    the measure's one unit (`CANONICAL_UNITS`; percent 0-100) and None for deltas and ratios of costs. `decimals` is the
    stated precision: digits after the point of the number as printed. `model` is None where no name is in reach and
    `UNNAMED_MODEL` for the paper's own unnamed method. `inferred` names the slots that the text does not say itself
    ("metric", "dataset"). `confidence` is 0-1, `rules` the ids of the rules that made this draft.
    """

    text_field: TextField
    number: Span
    evidence: Span
    stated: str
    value: float
    value_max: float | None
    unit: str
    canonical_value: float | None
    canonical_max: float | None
    decimals: int
    uncertainty: float | None
    qualifier: Qualifier
    kind: ClaimKind
    role: Role
    model: str | None
    variant: str | None
    confidence: float = field(hash=False)
    rules: tuple[str, ...]
    setting: tuple[ConditionDraft, ...] = ()
    inferred: tuple[str, ...] = ()


@dataclass(slots=True, unsafe_hash=True)
class ClaimDraft(StatementDraft):
    """A number stated as a measured result.

    `dataset`, `metric` and `task` are canonical names where the vocabulary knows them, else as the text writes them, None
    where the text does not say. `dataset_written` is the dataset's name as the text has it.
    """

    dataset: str | None = None
    metric: str | None = None
    task: str | None = None
    dataset_written: str | None = None


@dataclass(slots=True, unsafe_hash=True)
class CostDraft(StatementDraft):
    """A number stated as the price of a model or method. `note` says on what ("on a V100"), '' if unsaid.

    `condition` keeps apart what the measure's one unit does not: rates of tokens, of images and of frames are never compared.
    """

    measure: CostMeasure = CostMeasure.OTHER
    note: str = ""
    condition: str = ""


class UntakenNumber(NamedTuple):
    """A number that is neither a claim nor a cost, and the id of the reason ("year", "part_of_name", "dataset_size")."""

    text_field: TextField
    number: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that one pass read from a title and an abstract, in the order of the text (title first)."""

    claims: tuple[ClaimDraft, ...] = ()
    costs: tuple[CostDraft, ...] = ()
    untaken: tuple[UntakenNumber, ...] = field(default=())
