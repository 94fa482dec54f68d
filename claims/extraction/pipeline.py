"""From a title and an abstract to claims and costs: the stages in order."""

from __future__ import annotations

from claims.extraction.drafts import Extraction, StatementDraft, UntakenNumber
from claims.extraction.merging import merge_repeats
from claims.extraction.owners import OwnerFinder, own_names
from claims.extraction.reading import PaperReader
from claims.extraction.scene import read_scene
from claims.extraction.text import cut_whole, normalise
from claims.extraction.vocabulary import Vocabulary
from claims.terms import LARGEST, TextField

EXTRACTOR_VERSION = "0.1.1"
"""Part of a run's identity: raised with every change of what is read."""
MAX_TITLE, MAX_ABSTRACT = 2_000, 20_000
"""So many characters are read of a title and of an abstract: several times the longest real ones, and a bound on the work."""


def extract(title: str, abstract: str, vocabulary: Vocabulary) -> Extraction:
    """Read the claims and costs of a paper.

    All offsets are into `title` and `abstract` as given. Never raises, whatever the text; the same texts and vocabulary give
    the same result. A number of the title that the abstract repeats is returned once, with its place in the abstract. What
    stands behind `MAX_TITLE` and `MAX_ABSTRACT` is not read; `is_read_whole` says so beforehand.
    """
    title, abstract = cut_whole(title, MAX_TITLE), cut_whole(abstract, MAX_ABSTRACT)
    clean_title, clean_abstract = normalise(title), normalise(abstract)
    own = own_names(clean_title, clean_abstract, vocabulary)
    reader = PaperReader(vocabulary, OwnerFinder(own, clean_title))
    reader.read(read_scene(title, clean_title, vocabulary, own), TextField.TITLE)
    reader.read(read_scene(abstract, clean_abstract, vocabulary, own), TextField.ABSTRACT)
    return merge_repeats(_without_impossible(Extraction(tuple(reader.claims), tuple(reader.costs), tuple(reader.untaken))))


def is_read_whole(title: str, abstract: str) -> bool:
    """Say whether `extract` reads all of both texts."""
    return len(title) <= MAX_TITLE and len(abstract) <= MAX_ABSTRACT


def _without_impossible(found: Extraction) -> Extraction:
    """Return the extraction with impossible numbers among the untaken: "1e300 billion parameters" is no cost that a page could print."""
    impossible = [draft for draft in (*found.claims, *found.costs) if not _is_possible(draft)]
    if not impossible:
        return found
    return Extraction(
        tuple(draft for draft in found.claims if _is_possible(draft)),
        tuple(draft for draft in found.costs if _is_possible(draft)),
        (*found.untaken, *(UntakenNumber(draft.text_field, draft.number, "out_of_bounds") for draft in impossible)),
    )


def _is_possible(draft: StatementDraft) -> bool:
    numbers = (draft.value, draft.value_max, draft.canonical_value, draft.canonical_max, draft.uncertainty)
    if not all(number is None or abs(number) <= LARGEST for number in numbers):  # NaN is not, either
        return False
    ordered = draft.value_max is None or draft.value_max >= draft.value
    return ordered and (draft.canonical_max is None or draft.canonical_value is None or draft.canonical_max >= draft.canonical_value)
