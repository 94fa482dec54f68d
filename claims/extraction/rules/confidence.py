"""What each sign of a statement is worth, and the share of right ones from so many points on.

Measured by tests/bench/calibration.py on 2026-11-28 in 500 annotated papers; not written by hand.
"""

from __future__ import annotations

Measured = tuple[dict[str, int], tuple[tuple[int, float], ...]]

ABSOLUTE: Measured = (
    {
        "dataset.longer_name": -3,
        "owner.assumed": -1,
    },
    ((-4, 0.27), (-1, 0.95)),
)
RELATIVE: Measured = (
    {
        "kind.ratio": -1,
        "metric.none": -2,
        "several_cells": -2,
    },
    ((-4, 0.32), (0, 0.87)),
)
COST: Measured = (
    {
        "cost.count": 1,
        "cost.ratio": 1,
        "cost.unit": -1,
    },
    ((-1, 0.7), (0, 0.82), (1, 0.89)),
)
