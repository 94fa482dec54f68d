"""What each sign of a statement is worth, and the share of right ones from so many points on.

Measured by tests/bench/calibration.py on 2026-11-28 in 310 annotated papers; not written by hand.
"""

from __future__ import annotations

Measured = tuple[dict[str, int], tuple[tuple[int, float], ...]]

ABSOLUTE: Measured = (
    {
        "dataset.known": 1,
        "dataset.longer_name": -3,
        "metric.inferred": -1,
        "owner.assumed": -2,
    },
    ((-4, 0.13), (-2, 0.67), (-1, 0.97)),
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
    ((-3, 0.4), (-1, 0.72), (1, 0.84)),
)
COST: Measured = (
    {
        "cost.ratio": 1,
        "cost.speed": 1,
        "cost.unit": -1,
    },
    ((-1, 0.75), (0, 0.9), (1, 0.96)),
)
