"""Which end of a cost is the better one."""

from __future__ import annotations

from claims.boards.rows import measure_of
from claims.terms import CostMeasure, Direction

_MORE_IS_BETTER = frozenset({CostMeasure.THROUGHPUT, CostMeasure.SPEED, CostMeasure.COMPRESSION})
_LESS_IS_BETTER = frozenset(
    {
        CostMeasure.PARAMETERS,
        CostMeasure.FLOPS,
        CostMeasure.MACS,
        CostMeasure.LATENCY,
        CostMeasure.GPU_HOURS,
        CostMeasure.GPU_DAYS,
        CostMeasure.TPU_HOURS,
        CostMeasure.TRAINING_TIME,
        CostMeasure.SEARCH_TIME,
        CostMeasure.TRAINING_COST,
        CostMeasure.INFERENCE_COST,
        CostMeasure.INFERENCE_TIME,
        CostMeasure.EPOCHS,
        CostMeasure.STEPS,
        CostMeasure.NFE,
        CostMeasure.MODEL_SIZE,
        CostMeasure.MEMORY,
        CostMeasure.ENERGY,
        CostMeasure.STORAGE,
    }
)


_COST_DIRECTIONS: dict[str, Direction] = {
    measure.value: Direction.HIGHER if measure in _MORE_IS_BETTER else Direction.LOWER if measure in _LESS_IS_BETTER else Direction.UNKNOWN
    for measure in CostMeasure
}


def cost_direction(measure: str) -> Direction:
    """Return which end of a measure, or of a cost's column, is plainly the better one; of tokens or a batch size nobody can say."""
    return _COST_DIRECTIONS.get(measure_of(measure), Direction.UNKNOWN)
