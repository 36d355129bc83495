"""The table of runs/opacity-table as it is, built, checked and read by a reader that shares nothing with ours."""

from pathlib import Path

import numpy as np
import pytest
from opacity_tables import ERG, FortranReader

from microphysics.matter import SPECIES
from microphysics.opacity import OpacitySet, blackbody, equilibrium
from microphysics.tables.build import build_table
from microphysics.tables.check import check_nulib_file
from snsim.config.table import load_table_config, table_plan

EXAMPLE = Path(__file__).resolve().parents[2] / "runs" / "opacity-table"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")
def test_the_whole_default_table(tmp_path):
    plan = table_plan(load_table_config(EXAMPLE))
    assert plan.shape == (3, 51, 65, 82, 18)
    assert len(plan.processes) == 10
    path = tmp_path / "nulib.h5"
    build_table(plan, {"nulib": path}, jobs=2)
    report = check_nulib_file(path)
    assert report.ok, str(report)
    reader = FortranReader(path)
    opacities, eos = OpacitySet.from_names(plan.processes, plan.settings), plan.eos()
    rng = np.random.default_rng(7)
    nodes = [
        rng.integers(axis.size, size=40) for axis in (plan.density, plan.temperature, plan.electron_fraction)
    ]
    for i, k, j in zip(*nodes, strict=True):
        state = plan.density[i], plan.temperature[k], plan.electron_fraction[j]
        matter = eos(*([value] for value in state)).matter
        sums = opacities.totals(matter, plan.energy)
        found = reader(*state)
        widths = np.diff(plan.energy_edges)
        glow = (
            widths
            * blackbody(plan.energy)
            * equilibrium(plan.energy, matter.temperature, matter.neutrino_degeneracy())
        )
        for name, values in (
            ("absorption_opacity", sums.absorption),
            ("scattering_opacity", sums.scattering),
            ("emissivities", ERG * np.array([1.0, 1.0, 4.0])[:, None, None] * sums.absorption * glow),
        ):
            expected = np.maximum(values[:, 0], 1e-30 if name == "emissivities" else 1e-300)
            # the equation of state is solved from another neighbour: 1e-6 of a potential, times mu/T in cold matter
            np.testing.assert_allclose(
                np.log(found[name]),
                np.log(expected),
                rtol=1e-6,
                atol=1e-6,
                err_msg=f"{name} {SPECIES} {state}",
            )
