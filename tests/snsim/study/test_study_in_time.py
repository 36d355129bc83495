"""Stars in time as points of a study: sequences and evolutions count with their last time."""

from __future__ import annotations

import numpy as np
import pytest
from points_by_hand import INLINE

from snsim.output.reader import read_result
from snsim.study.collect import collect
from snsim.study.plan import make_plan, read_study
from snsim.study.record import State
from snsim.study.survey import survey
from snsim.study.sweep import sweep

BASE = """
schema = 1
title = "in time"
[base.profile]
format = "analytic"
[base.grid]
zones = 20
[base.opacity]
energies = 12
[axes]
grid.r_outer = ["500 km", "600 km"]
"""
SEQUENCE = """
[base.sequence]
times = ["50 ms", "100 ms"]
[base.sequence.profile]
shock_radius = ["150 km", "144 km"]
"""
EVOLUTION = """
[base.evolution]
duration = "0.2 ms"
"""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::snsim.errors.UnresolvedWarning")
@pytest.mark.parametrize(
    ("more", "group"), [(SEQUENCE, "history"), (EVOLUTION, "evolution")], ids=("sequence", "evolution")
)
def test_the_last_time_counts(tmp_path, more, group):
    (tmp_path / "study.toml").write_text(BASE + more)
    plan = make_plan(read_study(tmp_path))
    report = sweep(plan, INLINE)
    assert (report.computed, report.failures) == (2, [])
    found = collect(plan, report.rows)
    assert found.collected == 2
    stored = read_result(found.file)[group]["luminosity_infinity"]
    assert stored.dims == ("grid.r_outer", "species")
    for index, point in enumerate(plan.points):
        alone = read_result(plan.folder(point))[group]["luminosity_infinity"]
        np.testing.assert_array_equal(stored.values[index], alone.values[-1])
    found.file.unlink()
    collect(plan)  # from the files
    again = read_result(found.file)[group]["luminosity_infinity"]
    np.testing.assert_array_equal(again.values, stored.values)
    assert survey(plan).counts()[State.DONE] == 2
    assert sweep(make_plan(read_study(tmp_path)), INLINE).before == 2
