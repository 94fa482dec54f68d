"""What readers without an account say is wrong with a number or a paper."""

from __future__ import annotations

from django.db import models

from claims.models.base import Shown, choices, is_one_of
from claims.models.decisions import Flag
from claims.terms import ReportKind


class Report(Shown):
    """A reader's word on what is flagged by it: a claim, a cost or a paper.

    Its flag says whether a curator has seen to it. `text` is what the reader wrote. `contact` is how they may be asked: curators alone
    see it, no dump for others holds it, and it is deleted with the decision that settles the report.
    """

    flag = models.OneToOneField(Flag, on_delete=models.CASCADE, related_name="report")
    problem = models.CharField(max_length=16, choices=choices(ReportKind))
    text = models.TextField(blank=True, default="")
    contact = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints = [is_one_of("problem", ReportKind, name="report_problem_known")]

    def __str__(self) -> str:
        return self.flag.note
