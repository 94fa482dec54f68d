"""The review queue: what matters most to review, and who is looking at what."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from claims.models.claims import Claim, Cost
from claims.models.results import Benchmark


class Contender(models.Model):
    """An unreviewed claim that stands among the first three of its board: to accept or reject it changes what readers see first.

    Settled together with the board's leader, so that the queue begins with these without ranking a board. `rank` is the claim's among
    all that stand on the board, reviewed or not; equal numbers share one. `confidence` is the claim's: the queue asks for the most
    doubtful first.
    """

    claim = models.OneToOneField(Claim, on_delete=models.CASCADE, related_name="contender")
    benchmark = models.ForeignKey(Benchmark, on_delete=models.CASCADE, related_name="contenders")
    rank = models.PositiveSmallIntegerField()
    confidence = models.FloatField()

    class Meta:
        indexes = [models.Index(name="contender_by_doubt", fields=["confidence", "claim"])]


class ReviewLease(models.Model):
    """That a curator has a claim or a cost before them: nobody else is shown it until `until` (UTC).

    Of no number there are two: that two curators who ask at the same moment get different ones is up to the database.
    """

    claim = models.OneToOneField(Claim, on_delete=models.CASCADE, null=True, blank=True, related_name="lease")
    cost = models.OneToOneField(Cost, on_delete=models.CASCADE, null=True, blank=True, related_name="lease")
    curator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="review_leases")
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="review_lease_of_one",
                condition=Q(claim__isnull=False, cost__isnull=True) | Q(claim__isnull=True, cost__isnull=False),
                violation_error_message="A lease is of a claim or of a cost, exactly one of them.",
            )
        ]
        indexes = [models.Index(name="review_lease_by_end", fields=["until"])]
