"""What the columns of a table mean: guessed from headers and first rows, or written on a command line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from claims.errors import ClaimsError
from claims.listings.base import Column
from claims.listings.headers import read_header
from claims.terms import ColumnMeaning, ConditionKind, CostMeasure

GUESSED_ROWS = 50
"""So many rows are looked at, and shown to who says what the columns mean."""

# Which words of a header mean what: in lower case, with single blanks between them
_WORDS: dict[str, Column] = {
    word: column
    for words, column in (
        (
            "model|models|model name|method|methods|method name|architecture|arch|network|algorithm|approach|system",
            Column(ColumnMeaning.MODEL),
        ),
        ("variant|version|model variant|config|configuration|checkpoint", Column(ColumnMeaning.VARIANT)),
        (
            "paper|paper title|title|publication|reference|article",
            Column(ColumnMeaning.PAPER_TITLE),
        ),
        (
            "paper url|paper link|url|link|arxiv|arxiv id|arxiv url|arxiv link|doi|pdf|pdf url|source url",
            Column(ColumnMeaning.PAPER_URL),
        ),
        ("date|year|paper date|publication date|published|release date|released|submitted", Column(ColumnMeaning.DATE)),
        ("code|code url|code link|repo|repository|github|github url|implementation", Column(ColumnMeaning.CODE_URL)),
        ("task|task name|subtask", Column(ColumnMeaning.TASK)),
        ("dataset|data set|dataset name|benchmark|test set|corpus|evaluated on", Column(ColumnMeaning.DATASET)),
        (
            "resolution|img size|image size|input size|crop size|image resolution|input resolution|res",
            Column(ColumnMeaning.CONDITION, ConditionKind.RESOLUTION),
        ),
        (
            "extra data|extra training data|additional data|uses additional data|pretrain|pretraining|pretrained on|pretraining data",
            Column(ColumnMeaning.CONDITION, ConditionKind.EXTRA_DATA),
        ),
        ("shots|shot|n shots|num shots|k shot", Column(ColumnMeaning.CONDITION, ConditionKind.SHOTS)),
        ("split|eval split|test split", Column(ColumnMeaning.CONDITION, ConditionKind.SPLIT)),
        ("ensemble", Column(ColumnMeaning.CONDITION, ConditionKind.ENSEMBLE)),
        ("protocol|evaluation protocol", Column(ColumnMeaning.CONDITION, ConditionKind.PROTOCOL)),
        (
            "rank|ranking|position|#|no|no.|nr|id|index|idx|row|seed|notes|note|comment|comments|remarks|unnamed: 0",
            Column(ColumnMeaning.IGNORE),
        ),
        ("top 1|top1|top 1 acc|top1 acc|top 1 accuracy|acc@1|acc 1|acc1|top 1 %|prec@1", Column(ColumnMeaning.METRIC, "Top-1 accuracy")),
        ("top 5|top5|top 5 acc|top5 acc|top 5 accuracy|acc@5|acc 5|acc5|prec@5", Column(ColumnMeaning.METRIC, "Top-5 accuracy")),
        ("acc|acc.|accuracy|test acc|test accuracy", Column(ColumnMeaning.METRIC, "Accuracy")),
    )
    for word in words.split("|")
}
ONCE = frozenset(set(ColumnMeaning) - {ColumnMeaning.IGNORE, ColumnMeaning.METRIC, ColumnMeaning.COST, ColumnMeaning.CONDITION})
"""The meanings that one column of a table may have."""

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_GAPS = re.compile(r"[\s_\-/]+")
_UNIT_BEHIND = re.compile(r"[_ ](ms|sec|secs|s|mb|gb|m|g|b)$", re.IGNORECASE)
_PER_CENT = re.compile(r"\s*(?:\(\s*%\s*\)|\[\s*%\s*\]|%)$")
_NUMBER = re.compile(
    r"[~≈<>≤≥*_]{0,4}\s{0,3}[-+−]?\s?\.?\d[\d,.' ]{0,20}(?:[eE][-+]?\d{1,3})?\s{0,3}(?:%|[A-Za-zµ/]{1,6}|±.{0,20}|\(.{0,20}\)|[*†‡_]{0,4})"
)
_DATE = re.compile(r"(?:19|20)\d\d(?:[-/.]\d{1,2}(?:[-/.]\d{1,2})?)?(?:[T ]\d\d:.{0,20})?|[A-Z][a-z]{2,8}\.? \d{1,2}, (?:19|20)\d\d")
_URL = re.compile(r"(?:https?://|www\.)\S+|arxiv:\s?\d\S+", re.IGNORECASE)
_PAPER = re.compile(rf"{_URL.pattern}|\d{{4}}\.\d{{4,5}}(?:v\d+)?|[a-z.-]+/\d{{7}}", re.IGNORECASE)
"""An address, or an arXiv id alone: a number, too, so that the header must say what it is."""
_REPOSITORY = re.compile(r"(?:https?://)?(?:www\.)?(?:github|gitlab|huggingface|bitbucket)\.(?:com|co|org)/", re.IGNORECASE)
_NOTHING = frozenset(("", "-", "--", "–", "—", "?", "n/a", "na", "nan", "none", "null", "tba", "tbd"))


def is_nothing(text: str) -> bool:
    """Say whether a cell states nothing: it is blank, or holds what stands for that."""
    return text.strip().lower() in _NOTHING


def guess_meanings(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Column]:
    """Return what each column seems to mean, by its header and by its values in the first rows.

    Of several columns that seem to be the one model, paper or date of a record, the first is it. A table without a word for its models
    has them in its first column of text.
    """
    guesses: list[Column] = []
    taken: set[tuple[ColumnMeaning, str, str]] = set()
    for at, header in enumerate(headers):
        stated = [row[at] for row in rows[:GUESSED_ROWS] if at < len(row) and not is_nothing(row[at])]
        guess = _guess(header, stated)
        key = (guess.meaning, "" if guess.meaning in ONCE else guess.name, guess.condition)
        if guess.meaning is not ColumnMeaning.IGNORE and key in taken and guess.meaning is not ColumnMeaning.CONDITION:
            # Two columns of one metric or cost would contradict each other in each row.
            again = guess.meaning is ColumnMeaning.METRIC and (ColumnMeaning.METRIC, header, "") not in taken
            guess = Column(ColumnMeaning.METRIC, header[:_LONGEST_NAME], guess.unit) if again else Column(ColumnMeaning.IGNORE)
            key = (guess.meaning, guess.name, guess.condition)
        taken.add(key)
        guesses.append(guess)
    if not any(guess.meaning is ColumnMeaning.MODEL for guess in guesses):
        for at, guess in enumerate(guesses):
            stated = [row[at] for row in rows[:GUESSED_ROWS] if at < len(row) and not is_nothing(row[at])]
            if guess.meaning is ColumnMeaning.IGNORE and stated and _is_text(stated):
                guesses[at] = Column(ColumnMeaning.MODEL)
                break
    return guesses


_LONGEST_NAME = 200


def _guess(header: str, stated: Sequence[str]) -> Column:
    """Return what one column seems to mean; `stated` are its values that state something."""
    words = _PER_CENT.sub("", " ".join(_GAPS.sub(" ", _CAMEL.sub(" ", header)).lower().split()))
    per_cent = "%" if "%" in header else ""
    named = _WORDS.get(words) or _WORDS.get(words.replace(" ", ""))
    if named is not None:
        return _weigh(named, stated, per_cent)
    if stated and _all(_REPOSITORY, stated):
        return Column(ColumnMeaning.CODE_URL)
    if stated and _all(_URL, stated):
        return Column(ColumnMeaning.PAPER_URL)
    metric, measure, unit = read_header(header)
    if measure is None:
        # "latency_ms", "params_m"
        spelled = _UNIT_BEHIND.sub(r" (\1)", _CAMEL.sub(" ", header))
        if spelled != header:
            _, measure, unit = read_header(spelled)
    if stated and measure is None and _all(_DATE, stated) and any("-" in value or " " in value for value in stated):
        return Column(ColumnMeaning.DATE)
    if not stated or not _mostly(_NUMBER, stated):
        return Column(ColumnMeaning.IGNORE)
    if measure is not None:
        return Column(ColumnMeaning.COST, measure, unit)
    return Column(ColumnMeaning.METRIC, (metric or header)[:_LONGEST_NAME], unit if unit == "%" else per_cent)


def _weigh(named: Column, stated: Sequence[str], per_cent: str) -> Column:
    """Return what a header's word means, unless the values say otherwise."""
    if named.meaning is ColumnMeaning.METRIC:
        if stated and not _mostly(_NUMBER, stated):
            return Column(ColumnMeaning.IGNORE)
        return Column(ColumnMeaning.METRIC, named.name, per_cent)
    if named.meaning is ColumnMeaning.PAPER_TITLE and stated and _all(_PAPER, stated):
        return Column(ColumnMeaning.PAPER_URL)
    if named.meaning is ColumnMeaning.PAPER_URL and stated:
        if _all(_REPOSITORY, stated):
            return Column(ColumnMeaning.CODE_URL)
        if not _mostly(_PAPER, stated):
            return Column(ColumnMeaning.IGNORE)
    if named.meaning is ColumnMeaning.DATE and stated and not _mostly(_DATE, stated):
        return Column(ColumnMeaning.IGNORE)
    if named.meaning is ColumnMeaning.CODE_URL and stated and not _mostly(_URL, stated) and not _mostly(_REPOSITORY, stated):
        return Column(ColumnMeaning.IGNORE)
    return named


def _all(pattern: re.Pattern[str], stated: Iterable[str]) -> bool:
    return all(pattern.match(value.strip()) is not None for value in stated)


def _mostly(pattern: re.Pattern[str], stated: Sequence[str]) -> bool:
    return sum(pattern.fullmatch(value.strip()) is not None for value in stated) * 2 >= len(stated)


def _is_text(stated: Sequence[str]) -> bool:
    return not _mostly(_NUMBER, stated) and not _mostly(_DATE, stated)


# -- written out ----------------------------------------------------------------------------------------------------------------

_PARTS = re.compile(r"(?<!\\):")


def write_column(column: Column) -> str:
    """Return a column's meaning as a command line takes it: "metric:Top-1 accuracy:%", "cost:parameters:M:RTX 5090", "model"."""
    parts = [str(column.meaning), *(part.replace(":", r"\:") for part in (column.name, column.unit, column.condition))]
    while not parts[-1]:
        parts.pop()
    return ":".join(parts)


def read_column(written: str) -> Column:
    r"""Return the meaning that `write_column` writes; "\:" is a colon within a part. Raises `ClaimsError` for one that isn't known."""
    meaning, *rest = (part.replace(r"\:", ":").strip() for part in _PARTS.split(written))
    if meaning not in list(ColumnMeaning):
        raise ClaimsError(f"“{meaning}” is no meaning of a column. Known are {', '.join(ColumnMeaning)}.")
    found = ColumnMeaning(meaning)
    most = {ColumnMeaning.METRIC: 2, ColumnMeaning.COST: 3, ColumnMeaning.CONDITION: 1}.get(found, 0)
    if len(rest) > most:
        raise ClaimsError(f"“{written}” says too much: write {_FORMS.get(found, meaning)}.")
    name, unit, condition = (*rest, "", "", "")[:3]
    if found is ColumnMeaning.COST and name not in list(CostMeasure):
        raise ClaimsError(f"“{name}” is no measure of a cost. Known are {', '.join(CostMeasure)}.")
    if found is ColumnMeaning.CONDITION and name not in list(ConditionKind):
        raise ClaimsError(f"“{name}” is no kind of condition. Known are {', '.join(ConditionKind)}.")
    return Column(found, name, unit, condition)


_FORMS = {
    ColumnMeaning.METRIC: "metric:NAME or metric:NAME:UNIT",
    ColumnMeaning.COST: "cost:MEASURE, cost:MEASURE:UNIT or cost:MEASURE:UNIT:MEASURED ON",
    ColumnMeaning.CONDITION: "condition:KIND",
}
