"""From a title and an abstract to claims and costs: the stages in order."""

from __future__ import annotations

from claims.extraction.drafts import Extraction
from claims.extraction.merging import merge_repeats
from claims.extraction.owners import OwnerFinder, own_names
from claims.extraction.reading import PaperReader
from claims.extraction.scene import read_scene
from claims.extraction.text import normalise
from claims.extraction.vocabulary import Vocabulary
from claims.terms import TextField

EXTRACTOR_VERSION = "0.1.0"
"""Part of a run's identity: raised with every change of what is read."""


def extract(title: str, abstract: str, vocabulary: Vocabulary) -> Extraction:
    """Read the claims and costs of a paper.

    All offsets are into `title` and `abstract` as given. Never raises, whatever the text; the same texts and vocabulary give
    the same result. A number of the title that the abstract repeats is returned once, with its place in the abstract.
    """
    clean_title = normalise(title)
    own = own_names(clean_title, normalise(abstract), vocabulary)
    reader = PaperReader(vocabulary, OwnerFinder(own, clean_title))
    reader.read(read_scene(title, vocabulary, own), TextField.TITLE)
    reader.read(read_scene(abstract, vocabulary, own), TextField.ABSTRACT)
    return merge_repeats(Extraction(tuple(reader.claims), tuple(reader.costs), tuple(reader.untaken)))
