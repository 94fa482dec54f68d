"""Papers and their texts."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from claims.models.base import Shown, choices, is_one_of
from claims.terms import DateSource


class Paper(Shown):
    """A paper, known by its arXiv id or else by its title's key.

    `first_day` and `last_day` bound its date (equal where the day is known, both null where nothing is); `date_source` says
    how it is known. `curated_fields` names what a later listing may not overwrite. `current_text` is the text that is shown and
    extracted from; older texts stay, because evidence points into them. `withdrawn` papers are in withdrawn listings alone: they
    have their page, and no row on any board. `text_withheld` is since when its abstract, of whatever text, is shown nowhere, because
    somebody asked for that; null for one that is shown (`PaperText.shown_abstract`).
    """

    arxiv_id = models.CharField(max_length=32, blank=True, default="")
    title = models.TextField()
    title_key = models.CharField(max_length=64)
    first_day = models.DateField(null=True, blank=True)
    last_day = models.DateField(null=True, blank=True)
    date_source = models.CharField(max_length=16, choices=choices(DateSource), blank=True, default="")
    url = models.URLField(max_length=500, blank=True, default="")
    code_url = models.URLField(max_length=500, blank=True, default="")
    curated_fields = models.JSONField(default=list, blank=True)
    current_text = models.ForeignKey("claims.PaperText", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_papers")
    withdrawn = models.BooleanField(default=False)
    text_withheld = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="paper_arxiv_id_unique", fields=["arxiv_id"], condition=~Q(arxiv_id="")),
            models.UniqueConstraint(name="paper_title_unique_without_arxiv_id", fields=["title_key"], condition=Q(arxiv_id="")),
            models.CheckConstraint(
                name="paper_date_whole",
                condition=Q(first_day__isnull=True, last_day__isnull=True, date_source="")
                | (Q(first_day__isnull=False, last_day__gte=F("first_day")) & ~Q(date_source="")),
                violation_error_message="A date needs its first and last possible day, in order, and its source.",
            ),
            is_one_of("date_source", DateSource, name="paper_date_source_known", blank=True),
            models.CheckConstraint(name="paper_not_merged_into_itself", condition=~Q(merged_into=F("id"))),
        ]
        indexes = [
            models.Index(name="paper_by_title_key", fields=["title_key"]),
            models.Index(name="paper_by_day", fields=["last_day"]),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("paper", args=[self.public_id])

    @property
    def shown_abstract(self) -> str:
        """The abstract of its current text as far as it may be shown: '' for none, and for one that is withheld."""
        return "" if self.text_withheld is not None or self.current_text is None else self.current_text.abstract


class PaperText(models.Model):
    """A title and abstract as a listing gave them, immutable (by a trigger, too): evidence offsets stay true for ever.

    `title` and `abstract` are what was read, and what services read. What is shown to anybody, curators among them, is
    `shown_abstract` and `shown_part`, which say nothing of a paper whose text is withheld; its paper must be loaded.
    """

    paper = models.ForeignKey(Paper, on_delete=models.PROTECT, related_name="texts")
    sha256 = models.CharField(max_length=64)
    title = models.TextField()
    abstract = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(name="paper_text_unique", fields=["paper", "sha256"])]

    def __str__(self) -> str:
        return self.title

    def part(self, text_field: str) -> str:
        """Return the title or the abstract, whichever `text_field` names."""
        return self.title if text_field == "title" else self.abstract

    @property
    def is_withheld(self) -> bool:
        return self.paper.text_withheld is not None

    @property
    def shown_abstract(self) -> str:
        """The abstract as far as it may be shown: '' for one that is withheld."""
        return "" if self.is_withheld else self.abstract

    def shown_part(self, text_field: str) -> str:
        """Return the title or the abstract, as far as it may be shown."""
        return self.title if text_field == "title" else self.shown_abstract
