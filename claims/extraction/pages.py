"""One text of a paper and its numbers, before any name is recognised in it."""

from __future__ import annotations

from bisect import bisect_left

from claims.extraction.quantities import find_quantities
from claims.extraction.rules import reasons
from claims.extraction.text import digit_places, holds_any, lowered, normalise, sentences

_LINKS = ("http", "www.", "github.com", "arxiv")
"""One of these stands in every match of `reasons.CODE_BEFORE`."""


class Page:
    """A text and its numbers. Offsets of everything are offsets into `original`.

    `text` is `original` normalised, `lower` that in lower case; `digits` are the places of all digits, `intervals` the confidence
    intervals and figures of tests in brackets, in order. What `has_citations`, `has_link`, `has_list`, `has_power` and `has_spread` say
    is asked of every number: few texts hold a "[", an address, a "1)", a power of ten or a "±" at all.
    """

    __slots__ = (
        "_sentences",
        "digits",
        "has_citations",
        "has_link",
        "has_list",
        "has_power",
        "has_spread",
        "intervals",
        "lower",
        "original",
        "quantities",
        "text",
    )

    def __init__(self, original: str) -> None:
        self.original = original
        self.digits = digit_places(original)
        self.text = normalise(original, self.digits)
        self.lower = lowered(self.text)
        self.quantities = find_quantities(self.text, self.digits)
        self.intervals = _find_intervals(self.text, self.digits) if self.quantities else []
        self.has_link = bool(self.quantities) and holds_any(self.lower, _LINKS)
        self.has_list = " 1)" in self.lower or self.lower.startswith("1)")
        self.has_citations = "[" in self.text
        self.has_power = "^" in self.text or "⁻" in self.text
        self.has_spread = "±" in self.text

        self._sentences: list[tuple[int, int]] | None = None

    @property
    def sentences(self) -> list[tuple[int, int]]:
        """Return where each sentence begins and ends."""
        if self._sentences is None:
            self._sentences = sentences(self.text)
        return self._sentences

    def in_interval(self, position: int) -> bool:
        """Say whether `position` lies in a confidence interval or a test's figures in brackets."""
        for start, end in self.intervals:  # noqa: SIM110 - any() of a generator takes three times as long, and every number is asked
            if start <= position < end:
                return True
        return False

    def with_digits(self, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return those of the spans that hold a digit."""
        digits = self.digits
        found = []
        for span in spans:
            index = bisect_left(digits, span[0])
            if index < len(digits) and digits[index] < span[1]:
                found.append(span)
        return found


def _find_intervals(text: str, digits: list[int]) -> list[tuple[int, int]]:
    """Return the intervals in order; what overlaps is one."""
    if "(" not in text and "[" not in text:
        return []
    found = [match.span() for match in reasons.INTERVAL.finditer(text)] if holds_any(text, reasons.INTERVAL_SIGNS) else []
    opened = [at - 1 for at in digits if at and text[at - 1] in "(["]  # the pattern begins with a bracket and a digit
    found += [match.span() for at in opened if (match := reasons.INTERVAL_BEHIND.match(text, at)) is not None]
    if len(found) < 2:
        return found
    merged: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if merged and start < merged[-1][1]:
            start, end = merged[-1][0], max(end, merged.pop()[1])
        merged.append((start, end))
    return merged
