"""Writes what is new on boards as Atom (RFC 4287) and as JSON Feed 1.1. No queries."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import strip_tags

from claims.boards import News
from claims.models import Benchmark
from claims.terms import DecidedBy, Direction
from leaderboard.addresses import absolute, is_web_address, paper_address
from leaderboard.templatetags.board_tags import paper_date_text
from leaderboard.templatetags.home_tags import claim_words, holder_name, record_step
from leaderboard.templatetags.word_tags import NBSP, undirected

# What an XML 1.0 document can't hold, in whatever way it is written: others' text may.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _plain(markup: str) -> str:
    """Return the words of our own markup, in one line, without marks of writing direction."""
    return undirected(" ".join(unescape(strip_tags(markup)).split()))


def _urn(kind: str, public_id: str) -> str:
    """Return the id of what has a public id: it stays when the site moves to another address, and when it gets another name."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"claimboard/{kind}/{public_id}").urn


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as feeds print it."""

    news: News

    @property
    def id(self) -> str:
        # Of the row, not of the number: where a later version reads the sentence anew, the news is the same.
        row = self.news.record.claim.result
        return _urn("record", row.public_id if row else self.news.record.claim.public_id)

    @property
    def number(self) -> str:
        metric = self.news.record.benchmark.primary_metric
        return NBSP.join(filter(None, [claim_words(self.news.record.claim), metric.unit if metric else ""]))

    @property
    def before(self) -> str:
        return claim_words(self.news.record.previous) if self.news.record.previous else ""

    @property
    def step(self) -> str:
        return str(record_step(self.news.record))

    @property
    def than(self) -> str:
        metric = self.news.record.benchmark.primary_metric
        return "than" if metric and metric.direction == Direction.LOWER else "over"

    @property
    def title(self) -> str:
        """Return "84.8 % by CoAtNet on ImageNet-1K Image Classification, +0.4 over ConvNeXt-XL"."""
        record = self.news.record
        board = f"{record.benchmark.dataset.name} {record.benchmark.task.name}"
        beaten = f"{self.step} {self.than} {_plain(holder_name(record.previous))}" if record.previous else "the first dated result"
        return f"{self.number} by {_plain(holder_name(record.claim))} on {undirected(board)}, {beaten}"

    @property
    def board_url(self) -> str:
        return absolute(self.news.record.benchmark.get_absolute_url())

    @property
    def url(self) -> str:
        row = self.news.record.claim.result
        return f"{self.board_url}?open={row.public_id}#row-{row.public_id}" if row else self.board_url

    @property
    def paper_url(self) -> str:
        """Return where the paper can be read; its page here, where nobody stated that."""
        paper = self.news.paper
        return (paper_address(paper) or absolute(paper.get_absolute_url())) if paper else ""

    @property
    def table_url(self) -> str:
        record = self.news.record.claim.source_record
        path = record.get_absolute_url() if record else ""
        return absolute(path) if path else ""

    @property
    def dated(self) -> str:
        record = self.news.record.claim.source_record
        of = self.news.paper or record
        return paper_date_text(of.first_day, of.last_day) if of else ""

    @property
    def state(self) -> str:
        claim = self.news.record.claim
        if claim.decided_by == DecidedBy.POLICY:
            return f"{claim.state} automatically, not reviewed by a person"
        return str(claim.state)

    @property
    def content(self) -> str:
        return render_to_string("feeds/entry.html", {"entry": self}).strip()

    @property
    def tags(self) -> list[str]:
        benchmark = self.news.record.benchmark
        names = [benchmark.task.area.name if benchmark.task.area else "", benchmark.task.name, benchmark.dataset.name]
        return [undirected(name) for name in dict.fromkeys(names) if name]


@dataclass(frozen=True, slots=True)
class Feed:
    """The feed of a board, or of the site where it is None; `changed` is when there was something new last."""

    benchmark: Benchmark | None
    entries: Sequence[Entry]
    changed: datetime

    @property
    def id(self) -> str:
        return _urn("feed", self.benchmark.public_id) if self.benchmark else _urn("feed of", settings.SITE_URL)

    @property
    def title(self) -> str:
        return f"New records of {undirected(str(self.benchmark))}" if self.benchmark else "New records on Claimboard"

    @property
    def description(self) -> str:
        return (
            "Results that became the record of their board, by when they became known here. "
            "Each opens the sentence that it was read from; the paper may be older."
        )

    @property
    def url(self) -> str:
        return absolute(self.benchmark.get_absolute_url() if self.benchmark else reverse("home"))

    def address(self, form: str) -> str:
        """Return where the feed is in a form, "atom" or "json"."""
        if self.benchmark:
            return absolute(reverse("board-feed", args=[self.benchmark.slug, form]))
        return absolute(reverse("feed", args=[form]))


class _Atom(Atom1Feed):
    """Atom with what an entry has in full as its content, where Django writes a summary."""

    def __init__(self, *, changed: datetime, **feed: Any) -> None:
        super().__init__(**feed)
        self._changed = changed

    def latest_post_date(self) -> datetime:
        return self._changed

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item | {"description": None})
        handler.addQuickElement("content", item["description"], {"type": "html"})
        if item["related"]:
            handler.addQuickElement("link", "", {"rel": "related", "href": item["related"]})


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def write_atom(feed: Feed) -> str:
    """Return the feed as an Atom document."""
    atom = _Atom(
        changed=feed.changed,
        title=_xml(feed.title),
        link=feed.url,
        description=feed.description,
        subtitle=feed.description,
        language="en",
        author_name="Claimboard",
        author_link=absolute(reverse("home")),
        feed_url=feed.address("atom"),
        feed_guid=feed.id,
        feed_copyright=" ".join(filter(None, [settings.DATA_LICENSE, settings.DATA_LICENSE_URL])),
    )
    for entry in feed.entries:
        atom.add_item(
            title=_xml(entry.title),
            link=entry.url,
            description=_xml(entry.content),
            unique_id=entry.id,
            pubdate=entry.news.known,
            updateddate=entry.news.known,
            categories=[_xml(tag) for tag in entry.tags],
            related=_xml(entry.paper_url),
        )
    return atom.writeString("utf-8")


def write_json(feed: Feed) -> dict[str, Any]:
    """Return the feed as the object of a JSON Feed."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.url,
        "feed_url": feed.address("json"),
        "description": feed.description,
        "language": "en",
        "authors": [{"name": "Claimboard", "url": absolute(reverse("home"))}],
        "items": [_json_item(entry) for entry in feed.entries],
    }


def _json_item(entry: Entry) -> dict[str, Any]:
    content = entry.content
    item: dict[str, Any] = {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "content_html": content,
        "content_text": unescape(strip_tags(content)).strip(),
        "date_published": entry.news.known.isoformat(),
        "date_modified": entry.news.known.isoformat(),
        "tags": entry.tags,
    }
    if is_web_address(entry.paper_url):
        item["external_url"] = entry.paper_url
    return item
