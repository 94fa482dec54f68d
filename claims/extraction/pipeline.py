"""From a title and an abstract to claims and costs: the stages in order."""

from __future__ import annotations

import re
from collections.abc import Iterator

from claims.extraction.confidence import rate
from claims.extraction.drafts import Extraction, Span, StatementDraft, UntakenNumber
from claims.extraction.merging import merge_repeats
from claims.extraction.pages import Page
from claims.extraction.paper import Paper
from claims.extraction.reading import PaperReader
from claims.extraction.text import cut_whole, has_digit
from claims.extraction.vocabulary import Vocabulary
from claims.terms import LARGEST, TextField

EXTRACTOR_VERSION = "0.2.2"
"""Part of a run's identity: raised with every change of what is read."""
_UNCERTAINTY = re.compile(r"±\s*(?P<number>\d+(?:[.,]\d+)*)")
MAX_TITLE, MAX_ABSTRACT = 2_000, 20_000
"""So many characters are read of a title and of an abstract: several times the longest real ones, and a bound on the work."""


def extract(title: str, abstract: str, vocabulary: Vocabulary) -> Extraction:
    """Read the claims and costs of a paper.

    All offsets are into `title` and `abstract` as given. Never raises, whatever the text; the same texts and vocabulary give
    the same result. A number of the title that the abstract repeats is returned once, with its place in the abstract. What
    stands behind `MAX_TITLE` and `MAX_ABSTRACT` is not read; `is_read_whole` says so beforehand.
    """
    title, abstract = cut_texts(title, abstract)
    if not has_digit(abstract) and not has_digit(title):
        return Extraction()  # as two papers of five
    paper = Paper(title, abstract, vocabulary)
    reader = PaperReader(paper)
    for text_field, page in paper.pages.items():
        reader.read(text_field)
        if page.has_spread:
            reader.untaken += _uncertainties(page, text_field)
    found = merge_repeats(_without_impossible(Extraction(tuple(reader.claims), tuple(reader.costs), tuple(reader.untaken))))
    scenes = {text_field: paper.scene(text_field) for text_field in TextField} if found.claims else {}
    return rate(found, scenes, vocabulary)


def _uncertainties(page: Page, text_field: TextField) -> Iterator[UntakenNumber]:
    """Yield the numbers behind "±" that were read together with the number before them."""
    own = {quantity.digits_start for quantity in page.quantities}
    for match in _UNCERTAINTY.finditer(page.text):
        if match.start("number") not in own:
            yield UntakenNumber(text_field, Span(*match.span("number")), "uncertainty")


def cut_texts(title: str, abstract: str) -> tuple[str, str]:
    """Return what `extract` reads of both texts; offsets stay."""
    return cut_whole(title, MAX_TITLE), cut_whole(abstract, MAX_ABSTRACT)


def is_read_whole(title: str, abstract: str) -> bool:
    """Say whether `extract` reads all of both texts."""
    return len(title) <= MAX_TITLE and len(abstract) <= MAX_ABSTRACT


def _without_impossible(found: Extraction) -> Extraction:
    """Return the extraction with impossible numbers among the untaken: "1e300 billion parameters" is no cost that a page could print."""
    impossible = [draft for draft in (*found.claims, *found.costs) if not is_possible(draft)]
    if not impossible:
        return found
    return Extraction(
        tuple(draft for draft in found.claims if is_possible(draft)),
        tuple(draft for draft in found.costs if is_possible(draft)),
        (*found.untaken, *(UntakenNumber(draft.text_field, draft.number, "out_of_bounds") for draft in impossible)),
    )


def is_possible(draft: StatementDraft) -> bool:
    """Say whether a statement's numbers are finite, of this world, and in order."""
    numbers = (draft.value, draft.value_max, draft.canonical_value, draft.canonical_max, draft.uncertainty)
    if not all(number is None or abs(number) <= LARGEST for number in numbers):  # NaN is not, either
        return False
    ordered = draft.value_max is None or draft.value_max >= draft.value
    return ordered and (draft.canonical_max is None or draft.canonical_value is None or draft.canonical_max >= draft.canonical_value)
