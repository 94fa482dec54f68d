"""What each sign of a statement is worth, and the share of right ones from so many points on.

Measured by tests/bench/calibration.py on 2026-11-28 in 310 annotated papers; not written by hand.
"""

from __future__ import annotations

Measured = tuple[dict[str, int], tuple[tuple[int, float], ...]]

ABSOLUTE: Measured = (
    {
        "dataset.known": 2,
        "dataset.longer_name": -2,
        "metric.generic": -1,
        "owner.assumed": -1,
        "range": -1,
    },
    ((-2, 0.62), (0, 0.87), (1, 0.96)),
)
RELATIVE: Measured = (
    {
        "dataset.known": 1,
        "dataset.none": -1,
        "kind.ratio": -1,
        "metric.none": -1,
        "metric.unknown": -1,
        "several_cells": -1,
    },
    ((-3, 0.43), (-1, 0.7), (1, 0.88)),
)
COST: Measured = (
    {
        "cost.count": 1,
        "cost.ratio": 1,
        "cost.unit": -1,
    },
    ((-1, 0.75), (0, 0.83), (1, 0.94)),
)
