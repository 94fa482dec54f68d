"""Reads which papers may be one, and what merging or splitting them moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Q
from rapidfuzz import fuzz, process

from claims import keys
from claims.models import Claim, Flag, ListingEntry, Paper, PaperText, Result
from claims.terms import FlagKind

MOST_CANDIDATES = 8
MOST_COMPARED = 200
LEAST_LIKENESS = 80


@dataclass(frozen=True, slots=True)
class PaperMerge:
    """What merging `source` into `target` moves. `same_texts` are those that both have: their numbers are stated once then."""

    source: Paper
    target: Paper
    texts: int
    same_texts: int
    entries: int
    claims: int
    rows: int


@dataclass(frozen=True, slots=True)
class TextOfPaper:
    """A text of a paper, with the names of the listings that show it."""

    text: PaperText
    listings: list[str]
    is_current: bool


def find_candidates(paper: Paper, text: str, arxiv_id: str) -> list[Paper]:
    """Return the papers that one may be: the one of an arXiv id, or those whose titles hold what is typed; without a text what is flagged
    as the same, or nearly has its title."""
    standing = Paper.objects.filter(merged_into__isnull=True).exclude(pk=paper.pk)
    if arxiv_id:
        found = Paper.objects.select_related("merged_into").filter(arxiv_id=arxiv_id).first()
        root = (found.merged_into or found) if found is not None else None
        return [root] if root is not None and root.pk != paper.pk else []
    if text:
        wanted = " ".join(text.replace("\x00", " ").split())[:300]
        named = standing.filter(Q(title_key=keys.title_key(wanted)) | Q(title__icontains=wanted))
        return list(named.order_by(F("last_day").desc(nulls_last=True), "pk")[:MOST_CANDIDATES])
    flagged = Flag.objects.filter(kind=FlagKind.IDENTITY, object_kind="paper", settled_by__isnull=True)
    pairs = flagged.filter(Q(object_id=paper.pk) | Q(key=str(paper.pk))).values_list("object_id", "key")
    ids = {int(other) if pk == paper.pk else pk for pk, other in pairs if other.isdigit()}
    ids |= set(standing.filter(title_key=paper.title_key).values_list("pk", flat=True)[:MOST_CANDIDATES])
    start = paper.title[:12]
    near = {other.pk: other.title for other in standing.filter(title__istartswith=start).order_by("-pk")[:MOST_COMPARED]} if start else {}
    alike = process.extract(paper.title, near, scorer=fuzz.ratio, limit=MOST_CANDIDATES, score_cutoff=LEAST_LIKENESS)
    ids |= {pk for _, _, pk in alike}
    return list(standing.filter(pk__in=ids).order_by("pk")[:MOST_CANDIDATES])


def preview_merge(source: Paper, target: Paper) -> PaperMerge:
    """Return what merging one paper into another moves, in a fixed number of queries."""
    texts = source.texts.all()
    same = texts.filter(sha256__in=target.texts.values("sha256"))
    return PaperMerge(
        source=source,
        target=target,
        texts=texts.count(),
        same_texts=same.count(),
        entries=ListingEntry.objects.filter(paper_text__paper=source).count(),
        claims=Claim.objects.current().filter(Q(paper_text__paper=source) | Q(source_record__paper=source)).count(),
        rows=Result.objects.filter(paper=source, claims__isnull=False).distinct().count(),
    )


def list_texts(paper: Paper) -> Sequence[TextOfPaper]:
    """Return the texts of a paper where it has several: what may be split off."""
    texts = list(paper.texts.annotate(shown=Count("entries")).order_by("pk")[:50])
    if len(texts) < 2:
        return []
    shown = ListingEntry.objects.filter(paper_text__in=texts).values_list("paper_text", "listing__name").distinct().order_by("listing")
    names: dict[int, list[str]] = {}
    for text, name in shown:
        names.setdefault(text, []).append(name)
    return [TextOfPaper(text, names.get(text.pk, []), text.pk == paper.current_text_id) for text in texts]


def list_flagged(most: int = 50) -> list[tuple[Paper, Paper]]:
    """Return pairs of papers that are flagged as maybe one, the latest first: the one without an arXiv id first, two queries."""
    open_ = Flag.objects.filter(kind=FlagKind.IDENTITY, object_kind="paper", settled_by__isnull=True).order_by("-pk")[:most]
    pairs = [(flag.object_id, int(flag.key)) for flag in open_ if flag.key.isdigit()]
    papers = Paper.objects.filter(merged_into__isnull=True).in_bulk({pk for pair in pairs for pk in pair})
    return [(papers[other], papers[known]) for known, other in pairs if known in papers and other in papers]
