"""Who held a board's record, and since when."""

from __future__ import annotations

from django.db import models

from claims.models.base import is_finite
from claims.models.results import Benchmark


class Record(models.Model):
    """A number that was better than all before it on its board: what a history of the board shows without reading its rows.

    Settled together with the board's leader, twice as that is: among all numbers, and (`accepted_only`) among the accepted ones.
    `day` is the last that the date of the paper, or of the imported record, may mean; what has no date sets no record. `value` is
    what the number ranks by, in the metric's unit (percent is 0-100). `previous` is the number that held the record until then, null
    for the first. `known` is when the number became the last of its board's records on this site: what feeds tell news by. Null for
    one that was beaten already when it came, as most are when a table or an old listing is read.
    """

    benchmark = models.ForeignKey(Benchmark, on_delete=models.CASCADE, related_name="records")
    claim = models.ForeignKey("claims.Claim", on_delete=models.CASCADE, related_name="+")
    previous = models.ForeignKey("claims.Claim", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    day = models.DateField()
    value = models.FloatField()
    accepted_only = models.BooleanField(default=False)
    known = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="record_one_a_day", fields=["benchmark", "accepted_only", "day"]),
            is_finite("value", name="record_finite"),
        ]
        indexes = [
            models.Index(name="record_latest", fields=["accepted_only", "-day"]),
            models.Index(name="record_newest", fields=["accepted_only", "-known"], condition=models.Q(known__isnull=False)),
        ]
