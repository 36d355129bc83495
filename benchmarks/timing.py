"""How long a job takes, the same way in every benchmark."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

REPEATS = 5


def median_seconds(job: Callable[[], object]) -> float:
    """Median wall time of `REPEATS` calls after one to warm up, s."""
    job()
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        job()
        times.append(time.perf_counter() - began)
    return statistics.median(times)
