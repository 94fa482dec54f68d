"""What a second reader was asked, and how much it was asked on a day."""

from __future__ import annotations

from django.db import models


class SecondReaderAnswer(models.Model):
    """What a model answered to the very words of a prompt: nobody asks twice, and reading again gives the same.

    `key` is a hash of the model's name and the prompt. `answer` is as it came and is checked each time that it is used.
    """

    key = models.CharField(max_length=64, unique=True)
    answer = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)


class SecondReaderDay(models.Model):
    """How many papers a second reader was asked about on a day (UTC)."""

    day = models.DateField(unique=True)
    asked = models.PositiveIntegerField(default=0)
