"""Merges what listings show into papers.

A paper's own fields are settled from all its entries, by rules that don't depend on which entry was read first: two workers may
read chunks in any order.
"""

from __future__ import annotations

import calendar
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import Min, QuerySet

from claims import keys
from claims.listings.base import ListedPaper, StatedDate, TableRecord
from claims.models import Flag, Import, Listing, ListingEntry, Paper, PaperText, SourceRecord
from claims.services import search_names
from claims.services.rows import batches, insert_rows, update_rows
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
    owner = {position: paper.merged_into_id or paper.pk for position, paper in papers.items()}
    shown = {entry.position: (owner[entry.position], keys.text_sha256(entry.title, entry.abstract)) for entry in listed}
    wanted = {shown[entry.position]: (entry.title, entry.abstract) for entry in listed}
    insert_rows(
        PaperText,
        [
            {"paper_id": paper, "sha256": sha, "title": title, "abstract": abstract}
            for (paper, sha), (title, abstract) in sorted(wanted.items())
        ],
    )
    paper_ids = set(owner.values())
    texts = {
        (text.paper_id, text.sha256): text
        for text in PaperText.objects.filter(paper__in=paper_ids, sha256__in=[sha for _, sha in wanted]).order_by("pk")
        if (text.paper_id, text.sha256) in wanted
    }
    insert_rows(
        ListingEntry,
        [
            {
                "listing_id": listing.pk,
                "paper_text_id": texts[shown[entry.position]].pk,
                "position": entry.position,
                "first_line": entry.first_line,
                "last_line": entry.last_line,
                "arxiv_id": entry.arxiv_id,
                "url": entry.url,
                "stated_year": entry.date.year if entry.date else None,
                "stated_month": entry.date.month if entry.date else None,
                "stated_day": entry.date.day if entry.date else None,
                "organisation": entry.organisation[:300],
                "authors": entry.authors,
                "comments": entry.comments,
            }
            for entry in listed
        ],
    )
    return Merged(list(texts.values()), settle_papers(paper_ids))


@dataclass(frozen=True, slots=True)
class _Named:
    """A paper as a record names it."""

    position: int
    title: str
    arxiv_id: str
    url: str


UNTITLED = "arXiv:"
"""What the title of a paper begins with of which nobody has said more than its arXiv id."""


def merge_records(records: Sequence[TableRecord]) -> dict[int, int]:
    """Find or make the papers that records name, and lock them; return their ids by the records' numbers. Part of the caller's transaction.

    A record with neither a title nor an arXiv id names no paper.
    """
    named = []
    for record in records:
        title = record.paper_title or (f"{UNTITLED}{record.arxiv_id}" if record.arxiv_id else "")
        if keys.squash(title):
            named.append(_Named(record.number, title, record.arxiv_id, record.paper_url[:500]))
    found = _find_and_lock_papers(named) if named else {}
    _name_untitled({number: paper.pk for number, paper in found.items()}, {record.number: record.paper_title for record in records})
    return {number: paper.merged_into_id or paper.pk for number, paper in found.items()}


def _name_untitled(found: Mapping[int, int], titles: Mapping[int, str]) -> None:
    """Give papers of which only an arXiv id was known the title that a record states. They are locked."""
    wanted = {found[number]: title for number, title in sorted(titles.items(), reverse=True) if title and number in found}
    unnamed = Paper.objects.filter(title__startswith=UNTITLED, current_text__isnull=True)
    untitled = [paper for ids in batches(wanted) for paper in unnamed.filter(pk__in=ids)]
    for paper in untitled:
        paper.title, paper.title_key = wanted[paper.pk], keys.title_key(wanted[paper.pk])
        paper.version += 1
    update_rows(untitled, ["title", "title_key", "version"])
    search_names.keep_papers([paper.pk for paper in untitled], words=False)


def lock_papers(paper_ids: Iterable[int]) -> list[Paper]:
    """Lock papers until the transaction ends, and return them as they are now.

    Whoever writes a paper, its statements or its rows does this first: ids in order, so that two wait and never block each other.
    What only points to a paper (a new text's foreign key) needn't wait.
    """
    return [paper for ids in batches(paper_ids) for paper in _locking().filter(pk__in=ids)]


def _locking() -> QuerySet[Paper]:
    return Paper.objects.select_for_update(no_key=True).order_by("pk")


@dataclass(slots=True)
class _Known:
    """A stored paper, as much of it as tells which entries are its."""

    pk: int
    arxiv_id: str
    title_key: str
    merged_into_id: int | None


def _find_and_lock_papers(listed: Sequence[ListedPaper] | Sequence[_Named]) -> dict[int, _Known]:
    """Find or make the paper of each entry, by position, and lock it."""
    title_keys = {entry.position: keys.title_key(entry.title) for entry in listed}
    papers = _find_papers(listed, title_keys)
    while True:
        new: dict[str, dict[str, str]] = {}
        for entry in listed:
            key = title_keys[entry.position]
            if entry.position not in papers:
                new.setdefault(
                    entry.arxiv_id or key, {"arxiv_id": entry.arxiv_id, "title": entry.title, "title_key": key, "url": entry.url}
                )
        if new:
            # In the order of their keys, so that two workers that add the same papers wait for each other in the same order; and
            # before any lock, so that nobody waits for who waits here.
            insert_rows(Paper, [paper for _, paper in sorted(new.items())])
            papers = _find_papers(listed, title_keys)
        for ids in batches(pk for paper in papers.values() for pk in (paper.pk, paper.merged_into_id) if pk is not None):
            list(_locking().filter(pk__in=ids).values_list("pk", flat=True))
        # As they are now, under the locks: another worker may have given a paper without an arXiv id another one meanwhile.
        papers = _find_papers(listed, title_keys, complete=True)
        if len(papers) == len(listed):
            return papers


def _find_papers(
    listed: Sequence[ListedPaper] | Sequence[_Named], title_keys: Mapping[int, str], *, complete: bool = False
) -> dict[int, _Known]:
    """Return the known paper of each entry, by position.

    To `complete` is to give a paper without an arXiv id the one that an entry knows, and to flag what contradicts itself.
    """
    columns = Paper.objects.values_list("pk", "arxiv_id", "title_key", "merged_into_id")
    ids = {entry.arxiv_id for entry in listed if entry.arxiv_id}
    # Their index leaves out the papers without one: SQLite takes it for a query that says so only, and walks all papers otherwise.
    by_id = {row[1]: _Known(*row) for row in columns.filter(arxiv_id__in=ids).exclude(arxiv_id="")} if ids else {}
    by_title: dict[str, list[_Known]] = defaultdict(list)
    for row in columns.filter(title_key__in=set(title_keys.values())).order_by("pk"):
        by_title[row[2]].append(_Known(*row))
    found: dict[int, _Known] = {}
    for entry in listed:
        same_title = by_title[title_keys[entry.position]]
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
                Paper.objects.filter(pk=without_id.pk).update(arxiv_id=entry.arxiv_id)
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


class _Dated(NamedTuple):
    first: date
    last: date
    source: DateSource


class _Text(NamedTuple):
    pk: int
    paper: int
    title: str
    abstract: str


class _Shown(NamedTuple):
    """What a listing says of a paper, however often it does."""

    listing: Listing
    text: _Text
    stated_year: int | None
    stated_month: int | None
    stated_day: int | None
    url: str


def settle_papers(paper_ids: Iterable[int]) -> set[int]:
    """Settle date, text, title and address of the papers from all their entries; return those that changed.

    The best sourced date wins, then the earliest upload. The text of the latest upload is current, unless it is cut: a proper
    beginning of another text of the paper. What a curator set stays. A paper that stands in withdrawn listings alone is
    withdrawn, and keeps what it had; so does one that was merged into another.
    """
    papers = {paper.pk: paper for paper in lock_papers(paper_ids)}
    entries = _load_entries(papers)
    records = _load_records(papers)
    changed, fresh, renamed, turned = [], [], [], []
    fields: set[str] = set()
    for pk, paper in papers.items():
        before, title = _settled_fields(paper), paper.title
        _settle(paper, entries[pk], records[pk])
        differing = {name for name, value in _settled_fields(paper).items() if value != before[name]}
        if differing:
            # A fresh paper is filled for the first time, which changes nothing that anybody has seen.
            paper.version += before["current_text"] is not None
            changed.append(paper)
            fields |= differing
        if before["current_text"] is None and paper.title == title and not paper.withdrawn:
            fresh.append(paper)
        elif paper.title != title or "withdrawn" in differing:
            renamed.append(pk)
        if "withdrawn" in differing:
            turned.append(pk)
    update_rows(changed, sorted(fields | {"version"}))
    search_names.add_papers(fresh)
    search_names.keep_papers(renamed, words=False)
    search_names.keep_models_of(turned)
    return {paper.pk for paper in changed}


def _load_entries(papers: Collection[int]) -> dict[int, list[_Shown]]:
    """Return the entries of each paper in the order of upload, of those that are alike in one listing only the first.

    A file may show the same paper a hundred thousand times; what is loaded then is one entry and one text.
    """
    rows = list(
        ListingEntry.objects.filter(paper_text__paper__in=papers)
        .values_list("listing_id", "paper_text_id", "stated_year", "stated_month", "stated_day", "url")
        .annotate(first=Min("position"))
        .order_by("listing_id", "first")
    )
    listings = Listing.objects.in_bulk({row[0] for row in rows})
    columns = PaperText.objects.values_list("pk", "paper_id", "title", "abstract")
    texts = {row[0]: _Text(*row) for row in columns.filter(paper__in=papers)}
    entries: dict[int, list[_Shown]] = defaultdict(list)
    for listing, text, *stated, _ in rows:
        entries[texts[text].paper].append(_Shown(listings[listing], texts[text], *stated))
    return entries


class _Recorded(NamedTuple):
    """What a record says of its paper."""

    first_day: date | None
    last_day: date | None
    withdrawn: bool


def _load_records(papers: Collection[int]) -> dict[int, list[_Recorded]]:
    """Return what records of tables say of each paper, in the order of upload: their days, and whether their table was withdrawn.

    Of records that say the same in one table only the first: a file may name one paper a hundred thousand times.
    """
    records: dict[int, list[_Recorded]] = defaultdict(list)
    alike = ("paper_id", "source__listing_id", "source__listing__state", "first_day", "last_day")
    found = SourceRecord.objects.filter(paper__in=papers).order_by().values_list(*alike).annotate(first=Min("number"))
    for paper, _, state, first_day, last_day, _ in found.order_by("source__listing_id", "first"):
        records[paper or 0].append(_Recorded(first_day, last_day, state == ListingState.WITHDRAWN))
    return records


def is_withdrawn(source: Import) -> bool:
    """Say whether a table was withdrawn: nothing of it stands on any board then."""
    return source.listing is not None and source.listing.state == ListingState.WITHDRAWN


def _settled_fields(paper: Paper) -> dict[str, object]:
    return {
        "current_text": paper.current_text_id,
        "first_day": paper.first_day,
        "last_day": paper.last_day,
        "date_source": paper.date_source,
        "title": paper.title,
        "title_key": paper.title_key,
        "url": paper.url,
        "withdrawn": paper.withdrawn,
    }


def _settle(paper: Paper, entries: Sequence[_Shown], records: Sequence[_Recorded]) -> None:
    if paper.merged_into_id is not None:
        paper.withdrawn = True  # what of it speaks is its root's by now
    elif entries:
        paper.withdrawn = all(entry.listing.state == ListingState.WITHDRAWN for entry in entries)
    else:
        paper.withdrawn = bool(records) and all(record.withdrawn for record in records)
    if paper.withdrawn:
        return
    entries = [entry for entry in entries if entry.listing.state != ListingState.WITHDRAWN]
    if "date" not in paper.curated_fields:
        dates = [found for entry in entries if (found := _read_date(entry)) is not None]
        dates += [found for record in records if (found := _read_day(record)) is not None]
        best = max(dates, key=lambda found: _STRENGTH[found.source], default=None)  # the first of equals
        paper.first_day = best.first if best else None
        paper.last_day = best.last if best else None
        paper.date_source = best.source if best else ""
    text = _current_text(entries)
    if text is not None:
        paper.current_text_id = text.pk
        if "title" not in paper.curated_fields:
            if paper.title.startswith(UNTITLED):
                paper.title_key = keys.title_key(text.title)
            paper.title = text.title
    if "url" not in paper.curated_fields and not paper.url:
        paper.url = next((entry.url for entry in entries if entry.url), "")


def _current_text(entries: Sequence[_Shown]) -> _Text | None:
    """Return the text of the latest upload, its first entry there; never one that merely is another's beginning."""
    return next(iter(_order_texts(entries)), None)


def _order_texts(entries: Sequence[_Shown]) -> list[_Text]:
    """Return the texts that entries show: the latest upload's first, those that merely are another's beginning last."""
    # Sorting keeps the order of equals: within an upload the first entry comes first.
    latest = {entry.text.pk: entry.text for entry in sorted(entries, key=lambda entry: -entry.listing.pk)}
    abstracts = {text.abstract for text in latest.values()}

    def is_cut(text: _Text) -> bool:
        return any(len(other) > len(text.abstract) and other.startswith(text.abstract) for other in abstracts)

    return sorted(latest.values(), key=is_cut)


def place_texts(paper_ids: Collection[int]) -> dict[int, int]:
    """Return the place of each of the papers' texts among those of its paper: of several that state something the first speaks.

    A text that stands in withdrawn listings alone has none; one that no listing shows comes last.
    """
    places = dict.fromkeys(PaperText.objects.filter(paper__in=paper_ids, entries__isnull=True).values_list("pk", flat=True), sys.maxsize)
    for entries in _load_entries(paper_ids).values():
        standing = [entry for entry in entries if entry.listing.state != ListingState.WITHDRAWN]
        places |= {text.pk: place for place, text in enumerate(_order_texts(standing))}
    return places


def _read_date(entry: _Shown) -> _Dated | None:
    """Return the days that an entry's date may mean; None without a date, without a year to complete it, or for 30 Feb."""
    listing = entry.listing
    year = entry.stated_year or listing.year
    if entry.stated_month is None or year is None:
        return None
    source = DateSource.STATED
    if entry.stated_year is None:
        source = DateSource.YEAR_GIVEN if listing.year_source == YearSource.GIVEN else DateSource.YEAR_INFERRED
    first, last = _days(year, entry.stated_month, entry.stated_day)
    return _Dated(first, last, source) if first is not None and last is not None else None


def _read_day(record: _Recorded) -> _Dated | None:
    if record.first_day is None or record.last_day is None or record.withdrawn:
        return None
    return _Dated(record.first_day, record.last_day, DateSource.TABLE)


def possible_days(stated: StatedDate | None) -> tuple[date | None, date | None]:
    """Return the first and the last day that a date with its year may mean; (None, None) without a date or a year, or for 30 Feb."""
    return _days(stated.year, stated.month, stated.day) if stated is not None and stated.year is not None else (None, None)


def _days(year: int, month: int | None, day: int | None) -> tuple[date | None, date | None]:
    try:
        if month is None:
            return date(year, 1, 1), date(year, 12, 31)
        if day is not None:
            return date(year, month, day), date(year, month, day)
        return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
    except ValueError:
        return None, None
