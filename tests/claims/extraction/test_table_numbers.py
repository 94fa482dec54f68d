"""What numbers of tables come to."""

from __future__ import annotations

import pytest

from claims.extraction.table_numbers import UNITS_OFFERED, scale_of
from claims.terms import CostMeasure


@pytest.mark.parametrize("unit", UNITS_OFFERED)
def test_unit_that_is_offered_is_one_of_some_cost(unit: str) -> None:
    assert any(scale_of(measure, unit) is not None for measure in CostMeasure)


@pytest.mark.parametrize(
    ("measure", "unit", "scale"),
    [
        (CostMeasure.PARAMETERS, "M", 1e6),
        (CostMeasure.FLOPS, "GFLOPs", 1e9),
        (CostMeasure.FLOPS, "GMACs", None),
        (CostMeasure.MACS, "GMACs", 1e9),
        (CostMeasure.LATENCY, "ns", 1e-9),
        (CostMeasure.TRAINING_TIME, "days", 86400.0),
        (CostMeasure.GPU_HOURS, "days", 24.0),
        (CostMeasure.GPU_DAYS, "", 24.0),
        (CostMeasure.MEMORY, "GB", 1e9),
        (CostMeasure.MEMORY, "", None),
        (CostMeasure.LATENCY, "parsecs", None),
    ],
)
def test_unit_is_converted_or_refused(measure: CostMeasure, unit: str, scale: float | None) -> None:
    assert scale_of(measure, unit) == scale
