"""Merges what listings show into papers.

A paper's own fields are settled from all its entries, by rules that don't depend on which entry was read first: two workers may
read chunks in any order.
"""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Min

from claims import keys
from claims.listings.base import ListedPaper
from claims.models import Flag, Listing, ListingEntry, Paper, PaperText
from claims.services import search_names
from claims.services.rows import update_rows
from claims.terms import DateSource, FlagKind, ListingState, YearSource

_STRENGTH = {source: strength for strength, source in enumerate(DateSource)}


@dataclass(frozen=True, slots=True)
class Merged:
    """The texts that a run of entries shows, and which of its papers are new or have changed."""

    texts: list[PaperText]
    changed: set[int]


def merge_entries(listing: Listing, listed: Sequence[ListedPaper]) -> Merged:
    """Find or make the paper and the text of each entry, and record the entries. Part of the caller's transaction.

    A paper is known by its arXiv id, else by its title. Where the two point to different papers the id decides and the pair is
    flagged.
    """
    papers = _find_and_lock_papers(listed)
    roots = {pk: paper.merged_into_id or pk for pk, paper in ((paper.pk, paper) for paper in papers.values())}
    owner = {entry.position: roots[papers[entry.position].pk] for entry in listed}
    wanted = {(owner[entry.position], keys.text_sha256(entry.title, entry.abstract)): (entry.title, entry.abstract) for entry in listed}
    PaperText.objects.bulk_create(
        [
            PaperText(paper_id=paper, sha256=sha, title=title, abstract=abstract)
            for (paper, sha), (title, abstract) in sorted(wanted.items())
        ],
        ignore_conflicts=True,
    )
    paper_ids = set(owner.values())
    texts = {
        (text.paper_id, text.sha256): text
        for text in PaperText.objects.filter(paper__in=paper_ids, sha256__in=[sha for _, sha in wanted]).order_by("pk")
        if (text.paper_id, text.sha256) in wanted
    }
    ListingEntry.objects.bulk_create(
        [
            ListingEntry(
                listing=listing,
                paper_text=texts[owner[entry.position], keys.text_sha256(entry.title, entry.abstract)],
                position=entry.position,
                first_line=entry.first_line,
                last_line=entry.last_line,
                arxiv_id=entry.arxiv_id,
                url=entry.url,
                stated_year=entry.date.year if entry.date else None,
                stated_month=entry.date.month if entry.date else None,
                stated_day=entry.date.day if entry.date else None,
                organisation=entry.organisation[:300],
                authors=entry.authors,
                comments=entry.comments,
            )
            for entry in listed
        ],
        ignore_conflicts=True,
    )
    return Merged(list(texts.values()), settle_papers(paper_ids))


def lock_papers(paper_ids: Iterable[int]) -> list[Paper]:
    """Lock papers until the transaction ends, and return them as they are now.

    Whoever writes a paper, its statements or its rows does this first: ids in order, so that two wait and never block each other.
    What only points to a paper (a new text's foreign key) needn't wait.
    """
    return list(Paper.objects.select_for_update(no_key=True).filter(pk__in=set(paper_ids)).order_by("pk"))


def _find_and_lock_papers(listed: Sequence[ListedPaper]) -> dict[int, Paper]:
    """Find or make the paper of each entry, by position, and lock it."""
    papers = _find_papers(listed)
    while True:
        new = {}
        for entry in listed:
            identity = entry.arxiv_id or keys.title_key(entry.title)
            if entry.position not in papers and identity not in new:
                new[identity] = Paper(arxiv_id=entry.arxiv_id, title=entry.title, title_key=keys.title_key(entry.title), url=entry.url)
        if new:
            # In the order of their keys, so that two workers that add the same papers wait for each other in the same order; and
            # before any lock, so that nobody waits for who waits here.
            Paper.objects.bulk_create([paper for _, paper in sorted(new.items())], ignore_conflicts=True)
            papers = _find_papers(listed)
        lock_papers(pk for paper in papers.values() for pk in (paper.pk, paper.merged_into_id) if pk is not None)
        # As they are now, under the locks: another worker may have given a paper without an arXiv id another one meanwhile.
        papers = _find_papers(listed, complete=True)
        if len(papers) == len(listed):
            return papers


def _find_papers(listed: Sequence[ListedPaper], *, complete: bool = False) -> dict[int, Paper]:
    """Return the known paper of each entry, by position.

    To `complete` is to give a paper without an arXiv id the one that an entry knows, and to flag what contradicts itself.
    """
    ids = {entry.arxiv_id for entry in listed if entry.arxiv_id}
    by_id = {paper.arxiv_id: paper for paper in Paper.objects.filter(arxiv_id__in=ids)} if ids else {}
    by_title: dict[str, list[Paper]] = defaultdict(list)
    for paper in Paper.objects.filter(title_key__in={keys.title_key(entry.title) for entry in listed}).order_by("pk"):
        by_title[paper.title_key].append(paper)
    found: dict[int, Paper] = {}
    for entry in listed:
        same_title = by_title[keys.title_key(entry.title)]
        without_id = next((paper for paper in same_title if not paper.arxiv_id), None)
        if not entry.arxiv_id:
            if without_id or same_title:
                found[entry.position] = without_id or same_title[0]
            continue
        known = by_id.get(entry.arxiv_id)
        if known is None and without_id is not None:
            without_id.arxiv_id = entry.arxiv_id
            known = by_id[entry.arxiv_id] = without_id
            if complete:
                without_id.save(update_fields=["arxiv_id"])
                search_names.keep_papers([without_id.pk], words=False)
        elif complete and known is not None and without_id is not None and known.pk != without_id.pk:
            Flag.objects.get_or_create(
                kind=FlagKind.IDENTITY,
                object_kind="paper",
                object_id=known.pk,
                key=str(without_id.pk),
                defaults={"note": f"The title of {entry.arxiv_id} is also that of a paper without an arXiv id."},
            )
        if known is not None:
            found[entry.position] = known
    return found


@dataclass(frozen=True, slots=True)
class _Dated:
    first: date
    last: date
    source: DateSource


def settle_papers(paper_ids: Iterable[int]) -> set[int]:
    """Settle date, text, title and address of the papers from all their entries; return those that changed.

    The best sourced date wins, then the earliest upload. The text of the latest upload is current, unless it is cut: a proper
    beginning of another text of the paper. What a curator set stays. A paper that stands in withdrawn listings alone is
    withdrawn, and keeps what it had.
    """
    papers = {paper.pk: paper for paper in lock_papers(paper_ids)}
    entries = _load_entries(papers)
    changed, fresh, renamed = [], [], []
    fields: set[str] = set()
    for pk, paper in papers.items():
        before, title = _settled_fields(paper), paper.title
        _settle(paper, entries[pk])
        differing = {name for name, value in _settled_fields(paper).items() if value != before[name]}
        if differing:
            # A fresh paper is filled for the first time, which changes nothing that anybody has seen.
            paper.version += before["current_text"] is not None
            changed.append(paper)
            fields |= differing
        if before["current_text"] is None:
            fresh.append(paper)
        elif paper.title != title or "withdrawn" in differing:
            renamed.append(pk)
    update_rows(changed, sorted(fields | {"version"}))
    search_names.add_papers(fresh)
    search_names.keep_papers(renamed, words=False)
    return {paper.pk for paper in changed}


def _load_entries(papers: Collection[int]) -> dict[int, list[ListingEntry]]:
    """Return the entries of each paper in the order of upload, of those that are alike in one listing only the first.

    A file may show the same paper a hundred thousand times; what is loaded then is one entry and one text.
    """
    alike = ("listing_id", "paper_text_id", "stated_year", "stated_month", "stated_day", "url")
    rows = list(
        ListingEntry.objects.filter(paper_text__paper__in=papers)
        .values(*alike)
        .annotate(first=Min("position"))
        .order_by("listing_id", "first")
    )
    listings = Listing.objects.in_bulk({row["listing_id"] for row in rows})
    texts = {text.pk: text for text in PaperText.objects.filter(paper__in=papers)}
    entries: dict[int, list[ListingEntry]] = defaultdict(list)
    for row in rows:
        text = texts[row["paper_text_id"]]
        fields = {name: row[name] for name in ("stated_year", "stated_month", "stated_day", "url")}
        entries[text.paper_id].append(ListingEntry(listing=listings[row["listing_id"]], paper_text=text, position=row["first"], **fields))
    return entries


def _settled_fields(paper: Paper) -> dict[str, object]:
    return {
        "current_text": paper.current_text_id,
        "first_day": paper.first_day,
        "last_day": paper.last_day,
        "date_source": paper.date_source,
        "title": paper.title,
        "url": paper.url,
        "withdrawn": paper.withdrawn,
    }


def _settle(paper: Paper, entries: Sequence[ListingEntry]) -> None:
    paper.withdrawn = bool(entries) and all(entry.listing.state == ListingState.WITHDRAWN for entry in entries)
    if paper.withdrawn:
        return
    entries = [entry for entry in entries if entry.listing.state != ListingState.WITHDRAWN]
    if "date" not in paper.curated_fields:
        dates = [found for entry in entries if (found := read_date(entry)) is not None]
        best = max(dates, key=lambda found: _STRENGTH[found.source], default=None)  # the first of equals
        paper.first_day = best.first if best else None
        paper.last_day = best.last if best else None
        paper.date_source = best.source if best else ""
    text = _current_text(entries)
    if text is not None:
        paper.current_text = text
        if "title" not in paper.curated_fields:
            paper.title = text.title
    if "url" not in paper.curated_fields and not paper.url:
        paper.url = next((entry.url for entry in entries if entry.url), "")


def _current_text(entries: Sequence[ListingEntry]) -> PaperText | None:
    """Return the text of the latest upload, its first entry there; never one that merely is another's beginning."""
    # Sorting keeps the order of equals: within an upload the first entry comes first.
    latest = [entry.paper_text for entry in sorted(entries, key=lambda entry: -entry.listing_id)]
    abstracts = {text.abstract for text in latest}
    for text in latest:
        if not any(len(other) > len(text.abstract) and other.startswith(text.abstract) for other in abstracts):
            return text
    return None


def read_date(entry: ListingEntry) -> _Dated | None:
    """Return the days that an entry's date may mean; None without a date, without a year to complete it, or for 30 Feb."""
    listing = entry.listing
    year = entry.stated_year or listing.year
    if entry.stated_month is None or year is None:
        return None
    source = DateSource.STATED
    if entry.stated_year is None:
        source = DateSource.YEAR_GIVEN if listing.year_source == YearSource.GIVEN else DateSource.YEAR_INFERRED
    try:
        if entry.stated_day is not None:
            day = date(year, entry.stated_month, entry.stated_day)
            return _Dated(day, day, source)
        return _Dated(
            date(year, entry.stated_month, 1), date(year, entry.stated_month, calendar.monthrange(year, entry.stated_month)[1]), source
        )
    except ValueError:
        return None
