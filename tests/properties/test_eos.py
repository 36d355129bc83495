"""What the embedded equation of state promises at every point of its domain."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microphysics.constants import CODATA
from microphysics.eos.lattimer_swesty import LattimerSwesty

EOS = LattimerSwesty()


def check(state):
    for name in state.__dataclass_fields__:
        assert np.isfinite(getattr(state, name)).all(), name
    fractions = [getattr(state, f"mass_fraction_{kind}") for kind in ("neutron", "proton", "alpha", "heavy")]
    assert all((x >= 0).all() for x in fractions)
    np.testing.assert_allclose(sum(fractions), 1.0, rtol=0, atol=1e-10)
    per_nucleon = state.charge_number_heavy / np.maximum(state.mass_number_heavy, 1.0)
    charge = fractions[1] + 0.5 * fractions[2] + per_nucleon * fractions[3]
    np.testing.assert_allclose(charge, state.electron_fraction, rtol=0, atol=1e-10)
    nuclei = fractions[3] > 0
    assert ((state.mass_number_heavy > 0) == nuclei).all()
    assert (state.charge_number_heavy <= state.mass_number_heavy).all()
    assert (state.pressure > 0).all()
    assert (state.entropy > 0).all()
    assert (state.heat_capacity > 0).all()
    assert (state.sound_speed > 0).all()
    assert (state.sound_speed <= CODATA.speed_of_light).all()
    gibbs = (
        state.energy_baryon
        - state.temperature * state.entropy_baryon
        + (state.pressure_baryon / CODATA.erg_per_mev / state.baryon_density)
    )
    ye = state.electron_fraction
    mean = (1 - ye) * state.chemical_potential_neutron + ye * state.chemical_potential_proton
    np.testing.assert_allclose(gibbs, mean, rtol=1e-9, atol=1e-9)


@settings(deadline=None)
@given(st.floats(3.0, 15.0), st.floats(-2.0, 2.0), st.floats(0.01, 0.6))
def test_any_point(log_density, log_temperature, electron_fraction):
    check(EOS([10.0**log_density], [10.0**log_temperature], [electron_fraction]))


def random_points(number, seed):
    rng = np.random.default_rng(seed)
    return 10 ** rng.uniform(3, 15, number), 10 ** rng.uniform(-2, 2, number), rng.uniform(0.01, 0.6, number)


def test_ten_thousand_points():
    check(EOS(*random_points(10_000, 1)))


@pytest.mark.slow
def test_a_million_points():
    check(EOS(*random_points(1_000_000, 2026)))


@pytest.mark.slow
@pytest.mark.parametrize("incompressibility", [180.0, 375.0])
def test_other_forces(incompressibility):
    """Where neutron matter of K = 180 is stable, and sound of K = 375 slower than light."""
    rho, t, ye = random_points(100_000, 7)
    inside = (ye > 0.03) & (rho < 8e14)
    check(LattimerSwesty(incompressibility)(rho[inside], t[inside], ye[inside]))


def suspects(state, values, scale):
    """Where three neighbours of one phase are off a line by more than `scale`."""
    bend = np.abs(values[1:-1] - 0.5 * (values[:-2] + values[2:]))
    # a kink or a steep but resolved change bends its neighbourhood too; a jump bends two points only
    around = np.maximum(np.roll(bend, 3), np.roll(bend, -3))
    same = (state.phase[1:-1] == state.phase[:-2]) & (state.phase[1:-1] == state.phase[2:])
    return np.flatnonzero(same & (bend > scale) & (bend > 8 * around))


def scans(number, seed):
    """Lines along density, temperature and Y_e through random points."""
    rng = np.random.default_rng(seed)
    for k in range(number):
        rho, t, ye = 10 ** rng.uniform(6, 15), 10 ** rng.uniform(-2, 2), rng.uniform(0.01, 0.6)
        if k % 3 == 0:
            yield np.broadcast_arrays(np.geomspace(1e3, 3.2e15, 2400), t, ye)
        elif k % 3 == 1:
            yield np.broadcast_arrays(rho, np.geomspace(0.01, 100.0, 1600), ye)
        else:
            yield np.broadcast_arrays(rho, t, np.linspace(0.01, 0.6, 1200))


SMOOTH = {  # how, and the bend from which it may be a jump; photons' entropy, smooth, is 1e8 where matter is thin
    "pressure": (np.log, 2e-3),
    "entropy_baryon": (np.asarray, 2e-2),
    "mass_fraction_heavy": (np.asarray, 1e-2),
    "chemical_potential_neutron": (np.asarray, 5e-2),
}


def check_continuity(number, seed):
    for line in scans(number, seed):
        state = EOS(*line)
        where = tuple(x[0] for x in line)
        for name, (shape, scale) in SMOOTH.items():
            for k in suspects(state, shape(getattr(state, name)), scale):
                closer = EOS(
                    *(np.linspace(x[k], x[k + 2], 201) for x in line)
                )  # a jump stays, a steep change does not
                assert not suspects(closer, shape(getattr(closer, name)), scale).size, (name, where)
        # the free energy has no jumps, at transitions either, but where nuclei end by rule: 0.03 MeV
        free = state.energy - state.temperature * state.entropy
        bend = np.abs(free[1:-1] - 0.5 * (free[:-2] + free[2:]))
        around = np.maximum(np.roll(bend, 3), np.roll(bend, -3))
        assert (bend < np.maximum(8 * around, 0.03)).all(), where


def test_no_jumps_but_at_transitions():
    check_continuity(12, 5)


@pytest.mark.slow
def test_no_jumps_on_many_lines():
    check_continuity(600, 11)
