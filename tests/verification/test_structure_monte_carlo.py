"""Models of S(q) against Monte Carlo of the one-component plasma."""

import coulomb_monte_carlo as monte_carlo
import numpy as np
import pytest

from microphysics.structure import hnc
from microphysics.structure.models import transport_average
from microphysics.structure.table import TabulatedLiquid
from microphysics.structure.yukawa import HypernettedChain, HypernettedChainBridge

MODELS = {"hncb": HypernettedChainBridge("error"), "table": TabulatedLiquid("error")}
COUPLINGS = (1.0, 5.0, 10.0, 20.0, 40.0, 80.0, 125.0, 160.0)


@pytest.fixture(scope="module")
def simulated(reference, read_columns):
    """Simulations of this project with 686 ions and 6000 sweeps or more; a file's columns at one Gamma."""

    def columns(name, coupling):
        table = read_columns(reference / "structure_factor" / f"mc_ocp_{name}.csv")
        at = table["Gamma"] == coupling
        assert at.any()
        return {key: values[at] for key, values in table.items()}

    return columns


@pytest.mark.parametrize("coupling", COUPLINGS)
@pytest.mark.parametrize("name", MODELS)
def test_structure(simulated, name, coupling):
    run = simulated("Sq", coupling)
    q, structure, sigma = run["q"], run["S"], run["S_err"]
    difference = MODELS[name].reduced(q, coupling, 0.0) - structure
    near_peak = (coupling >= 100.0) & (q > 3.9) & (q < 4.7)
    allowed = np.hypot(4.0 * sigma, np.where(near_peak, 0.05, 0.015) * structure)
    # the errors of 20 blocks are themselves uncertain
    assert np.mean(np.abs(difference) > allowed) <= 0.01
    middle = (q > 0.5) & (q < 12.0)
    assert np.sqrt(np.mean((difference / sigma)[middle] ** 2)) <= 1.5


def test_plain_hypernetted_chain_fails(simulated):
    run = simulated("Sq", 40.0)
    difference = HypernettedChain().reduced(run["q"], 40.0, 0.0) - run["S"]
    assert np.sqrt(np.mean((difference / run["S_err"]) ** 2)) > 5.0


@pytest.mark.parametrize("coupling", COUPLINGS)
@pytest.mark.parametrize("name", MODELS)
def test_average(simulated, name, coupling):
    run = simulated("SE", coupling)
    found = transport_average(MODELS[name].reduced, run["Ebar"], coupling)
    allowed = 0.015 if coupling <= 80.0 else 0.025
    # the errors in the file are statistical and an allowance of 1 % for its interpolation
    assert (np.abs(found - run["S_mean"]) <= run["S_mean_err"] + allowed * run["S_mean"]).all()


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_pair_distribution(simulated, coupling):
    run = simulated("gr", coupling)
    liquid = hnc.solve(coupling)
    found = np.interp(run["r"], liquid.radius, liquid.pair[0, 0])
    near = run["r"] < 6.0
    assert np.abs(found - run["g"])[near].max() < 0.03 + 4.0 * run["g_err"][near].max()


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_energy(simulated, coupling):
    run = simulated("thermo", coupling)
    assert hnc.solve(coupling).energy == pytest.approx(run["u"][0], rel=1.5e-3, abs=4.0 * run["u_err"][0])


def test_madelung_energy():
    lattice = monte_carlo.body_centred_cubic(5)
    ewald = monte_carlo.Ewald(lattice.shape[1])
    waves = monte_carlo.density_waves(lattice, ewald.vectors, ewald.length)
    assert ewald.energy(lattice, waves) / lattice.shape[1] == pytest.approx(-0.895929, abs=2e-5)


@pytest.mark.parametrize("coupling", [10.0, pytest.param(40.0, marks=pytest.mark.slow)])
def test_own_simulation(coupling):
    """Needs no file: 250 ions, 400 sweeps from random positions and 800 to measure."""
    run = monte_carlo.sample(coupling, number=250, equilibration=400, production=800, seed=1)
    assert run.energy / coupling == pytest.approx(hnc.solve(coupling).energy / coupling, abs=2e-3)
    difference = MODELS["table"].reduced(run.q, coupling, 0.0) - run.structure
    bins = (run.q / 0.5).astype(int)
    averages = [difference[bins == each].mean() for each in np.unique(bins)]
    assert len(averages) >= 20
    assert np.abs(averages).max() <= 0.05
