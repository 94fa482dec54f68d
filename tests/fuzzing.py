"""How long fuzz tests run: briefly and always the same by default; FUZZ=20 makes them twenty times as long, and different each time."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

FACTOR = int(os.environ.get("FUZZ", "1"))


def fuzz(examples: int) -> settings:
    """Return the settings of a fuzz test that tries so many examples, or FUZZ times as many."""
    return settings(
        max_examples=examples * FACTOR,
        deadline=None,
        derandomize=FACTOR == 1,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.filter_too_much,
            HealthCheck.function_scoped_fixture,
        ],
    )
