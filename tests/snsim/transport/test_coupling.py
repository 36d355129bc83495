"""Kernels on energy groups and the collision integral: against the kernels themselves, conservation, equilibrium."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.errors import PhysicsWarning
from microphysics.opacity import OpacitySet
from microphysics.processes.electron_scattering_kernels import (
    collision_rate,
    energy_exchange,
    scattering_opacity,
    transport_opacity,
)
from microphysics.processes.pair_kernels import PairKernels, absorption_opacity
from microphysics.processes.settings import Settings
from microphysics.spectrum import occupation
from microphysics.weak.couplings import WeakCouplings
from snsim.transport import coupling as module
from snsim.transport._kernels.coupling import collide
from snsim.transport.coupling import exchanges, uncoupled
from snsim.transport.energy_groups import EnergyGroups

GROUPS = EnergyGroups.logarithmic()
SCATTERING = OpacitySet.from_names(["electron_scattering"])
PAIRS = OpacitySet.from_names(["pair", "bremsstrahlung"], Settings(pair_species="all"))
ALL = OpacitySet(SCATTERING.processes + PAIRS.processes)
# core, shocked mantle, cooling and gain layer: g/cm^3, MeV, and the lapse there
STATES = (
    np.array([3e13, 3e12, 8e10, 5e9]),
    np.array([24.0, 10.0, 4.0, 2.3]),
    np.array([0.26, 0.11, 0.15, 0.33]),
)
LAPSE = np.array([0.7, 0.85, 0.93, 0.98])


def matter_of(density, temperature, electron_fraction):
    """Free nucleons and the exact electron gas."""
    density, temperature, electron_fraction = map(np.atleast_1d, (density, temperature, electron_fraction))
    return from_composition(
        density,
        temperature,
        electron_fraction,
        1.0 - electron_fraction,
        electron_fraction,
        0.0,
        0.0,
        0.0,
        0.0,
    )


def flat(opacities, matter, species):
    """Couplings without redshift."""
    return exchanges(matter, np.ones_like(matter.density), opacities, GROUPS, species)


def collisions(f, coupling, zone=0):
    """Rate, scale and Jacobian."""
    rate, scale, jacobian = np.empty(f.size), np.empty(f.size), np.empty((f.size, f.size))
    collide(f, zone, coupling, rate, scale, jacobian)
    return rate, scale, jacobian


def fermi_dirac(temperature, degeneracy):
    return occupation(GROUPS.energy / temperature - degeneracy)


def rounding(scale, jacobian, f):
    """Of the exponents up to 1000, and of f itself: 1 - f has few digits left where f is nearly 1."""
    return 1e-12 * scale + 1e-15 * np.abs(jacobian) @ f + 1e-300


def partner_slope(f, coupling):
    """Sum over the partner's groups of |dC/dfbar| fbar."""
    slope = (1.0 - f)[:, None] * coupling.production[0] + f[:, None] * coupling.annihilation[0]
    return slope @ coupling.partner[0]


@pytest.mark.parametrize("name", ["nue", "anue", "nux"])
def test_kernels_at_the_local_energies_of_every_zone(name):
    matter = matter_of(*STATES)
    found = exchanges(matter, LAPSE, ALL, GROUPS, [name])[name].coupling
    front = 2.0 * np.pi / (CODATA.speed_of_light * (2.0 * np.pi * CODATA.hbar_c) ** 3)
    for i, alpha in enumerate(LAPSE):
        one = matter.select(np.array([i]))
        energy = GROUPS.energy / alpha
        weight = front * energy**2 * GROUPS.width / alpha
        kernels = {key: kernel.of([name]) for key, kernel in exact_kernels(one, energy).items()}
        exact = weight * kernels["electron_scattering"].phi_0[0, 0]
        off = ~np.eye(energy.size, dtype=bool)
        # far from the cusp, up-scattering by many T underflows in both
        seen = off & (exact > 1e-12 * exact.max())
        np.testing.assert_allclose(found.scatter[i][seen], exact[seen], rtol=2e-3)
        assert np.median(np.abs(found.scatter[i] / exact - 1.0)[seen]) < 2e-4
        total = exact.sum(axis=1)
        assert (np.abs(found.scatter[i] - np.where(off, exact, 0.0)).sum(axis=1) < 1e-3 * total).all()
        pairs = [kernels["pair"], kernels["bremsstrahlung"]]
        exact = weight * sum(pair.annihilation_0[0, 0] for pair in pairs)
        np.testing.assert_allclose(found.annihilation[i], exact, rtol=2e-3)
        assert np.median(np.abs(found.annihilation[i] / exact - 1.0)) < 5e-4
        exact = weight * sum(pair.production_0[0, 0] for pair in pairs)
        np.testing.assert_allclose(found.production[i], exact, rtol=2e-3)


def exact_kernels(matter, energy):
    return ALL.kernels(matter, energy, ["nue", "anue", "nux"])


def test_collision_rate_of_the_kernels_themselves():
    # without redshift the nodes are the groups
    matter = matter_of(*STATES)
    found = flat(SCATTERING, matter, ["nue"])["nue"]
    phi_0 = SCATTERING.kernels(matter, GROUPS.energy, ["nue"])["electron_scattering"].phi_0[0]
    rng = np.random.default_rng(1)
    for zone in range(4):
        f = rng.uniform(0.0, 1.0, GROUPS.energy.size)
        rate, scale, _ = collisions(f, found.coupling, zone)
        exact = collision_rate(GROUPS.energy, GROUPS.width, f[None], phi_0[zone : zone + 1], CODATA)[0]
        assert (np.abs(rate - exact / CODATA.speed_of_light) <= 1e-12 * scale).all()
        out = scattering_opacity(GROUPS.energy, GROUPS.width, f[None], phi_0[zone : zone + 1], CODATA)[0]
        within = GROUPS.width * GROUPS.energy**2 * np.diagonal(phi_0[zone]) * (1.0 - f)
        within *= 2.0 * np.pi / (CODATA.speed_of_light * (2.0 * np.pi * CODATA.hbar_c) ** 3)
        np.testing.assert_allclose(found.coupling.scatter[zone] @ (1.0 - f), out - within, rtol=1e-11)


def test_loss_to_partners_is_the_absorption_opacity():
    matter = matter_of(*STATES)
    opacities = OpacitySet.from_names(["pair"], Settings(pair_species="all"))
    found = flat(opacities, matter, ["nue"])["nue"]
    kernel = opacities.kernels(matter, GROUPS.energy, ["nue"])["pair"]
    pair = PairKernels(
        production=np.stack([kernel.production_0[0]]), annihilation=np.stack([kernel.annihilation_0[0]])
    )
    partner = found.coupling.partner
    eta = matter.neutrino_degeneracy(["anue"])[0]
    np.testing.assert_allclose(
        partner, occupation(GROUPS.energy / matter.temperature[:, None] - eta[:, None]), rtol=1e-12
    )
    exact = absorption_opacity(pair, GROUPS.energy, GROUPS.width, partner, WeakCouplings())
    np.testing.assert_allclose(found.transport, exact, rtol=1e-11)


def test_flux_in_equilibrium_sees_the_transport_opacity():
    matter = matter_of(*STATES)
    found = flat(SCATTERING, matter, ["nue"])["nue"].transport
    kernel = SCATTERING.kernels(matter, GROUPS.energy, ["nue"])["electron_scattering"]
    eta = matter.neutrino_degeneracy(["nue"])[0][:, None]
    x = GROUPS.energy / matter.temperature[:, None]
    f = occupation(x - eta)
    # 1 - f without cancellation; f (1 - f) falls below the smallest number in the coldest zone
    flux = f * occupation(eta - x)
    exact = transport_opacity(GROUPS.energy, GROUPS.width, f, flux, kernel.phi_0[0], kernel.phi_1[0], CODATA)
    assert (found > 0.0).all()
    np.testing.assert_allclose(found, exact, rtol=1e-9)


@settings(max_examples=30, deadline=None)
@given(
    st.floats(0.5, 50.0),
    st.floats(8.0, 14.5),
    st.floats(0.05, 0.5),
    st.floats(0.6, 1.0),
    st.floats(-5.0, 30.0),
)
def test_equilibrium_is_stationary_and_number_stays(temperature, log_density, ye, alpha, eta):
    matter = matter_of(10.0**log_density, temperature, ye)
    lapse = np.array([alpha])
    scattering = exchanges(matter, lapse, SCATTERING, GROUPS, ["anue"])["anue"].coupling
    f = fermi_dirac(alpha * temperature, eta)
    rate, scale, jacobian = collisions(f, scattering)
    assert (np.abs(rate) <= rounding(scale, jacobian, f)).all()
    f = fermi_dirac(1.7 * alpha * temperature, 0.3)
    rate, scale, _ = collisions(f, scattering)
    assert abs(rate @ GROUPS.number_weight) <= 1e-13 * (scale @ GROUPS.number_weight)
    pairs = exchanges(matter, lapse, PAIRS, GROUPS, ["nue"])["nue"].coupling
    # any pair of opposite degeneracies
    pairs = pairs._replace(partner=fermi_dirac(alpha * temperature, -eta)[None])
    f = fermi_dirac(alpha * temperature, eta)
    rate, scale, jacobian = collisions(f, pairs)
    assert (np.abs(rate) <= rounding(scale, jacobian, f) + 1e-15 * partner_slope(f, pairs)).all()


@settings(max_examples=20, deadline=None)
@given(st.floats(1.0, 30.0), st.floats(9.0, 14.0), st.floats(1.05, 4.0), st.floats(0.1, 1.0))
def test_energy_flows_from_hot_to_cold(temperature, log_density, hotter, filling):
    matter = matter_of(10.0**log_density, temperature, 0.2)
    coupling = flat(SCATTERING, matter, ["nux"])["nux"].coupling
    for factor, sign in ((hotter, -1.0), (1.0 / hotter, 1.0)):
        rate, scale, _ = collisions(filling * fermi_dirac(factor * temperature, 0.0), coupling)
        if (
            factor * temperature > 2.0 * GROUPS.energy[0]
        ):  # colder ones have hardly any of their neutrinos here
            assert sign * (rate @ GROUPS.energy_weight) > 0.0
    f = fermi_dirac(hotter * temperature, 0.0)
    phi_0 = SCATTERING.kernels(matter, GROUPS.energy, ["nux"])["electron_scattering"].phi_0[0]
    rate, scale, _ = collisions(f, coupling)
    exact = energy_exchange(GROUPS.energy, GROUPS.width, f[None], phi_0, CODATA)[0] / CODATA.speed_of_light
    assert abs(rate @ GROUPS.energy_weight - exact) <= 1e-11 * (scale @ GROUPS.energy_weight)


def test_twenty_groups_exchange_and_emit_as_many():
    # energy per length by scattering of a diluted hotter spectrum, and by pairs of a diluted one in equilibrium
    matter = matter_of(*STATES)
    results = []
    for groups in (GROUPS, EnergyGroups.logarithmic(80)):
        local = LAPSE * matter.temperature
        for opacities, hotter, filling in ((SCATTERING, 1.4, 0.5), (PAIRS, 1.0, 0.3)):
            coupling = exchanges(matter, LAPSE, opacities, groups, ["nux"])["nux"].coupling
            f = filling * occupation(groups.energy / (hotter * local[:, None]))
            results.append(
                [collisions(f[zone], coupling, zone)[0] @ groups.energy_weight for zone in range(4)]
            )
    np.testing.assert_allclose(results[0], results[2], rtol=1e-2)
    np.testing.assert_allclose(results[1], results[3], rtol=1e-2)


@pytest.mark.parametrize("name", ["nue", "nux"])
def test_jacobian_is_the_derivative(name):
    # the rate is quadratic in f, so that a central difference has rounding errors alone
    matter = matter_of(*STATES)
    coupling = exchanges(matter, LAPSE, ALL, GROUPS, [name])[name].coupling
    assert coupling.own_partner[0] == (name == "nux")
    f = np.random.default_rng(2).uniform(0.0, 1.0, GROUPS.energy.size)
    for zone in range(4):
        _, scale, jacobian = collisions(f, coupling, zone)
        for k in range(f.size):
            step = np.zeros_like(f)
            step[k] = 0.1
            up, down = collisions(f + step, coupling, zone)[0], collisions(f - step, coupling, zone)[0]
            assert (
                np.abs((up - down) / 0.2 - jacobian[:, k]) <= 1e-12 * (scale + np.abs(jacobian[:, k]))
            ).all()


def test_collision_integral_term_by_term():
    # numpy twin, with numbers that have nothing to do with each other
    rng = np.random.default_rng(3)
    coupling = uncoupled()._replace(
        **{key: rng.uniform(size=(2, 4, 4)) for key in ("scatter", "gain", "production", "annihilation")},
        partner=rng.uniform(size=(2, 4)),
    )
    f = rng.uniform(size=4)
    for own in (0, 1):
        both = coupling._replace(own_partner=np.full(1, own))
        partner = f if own else both.partner[1]
        gains = (1.0 - f) * (both.gain[1] @ f), (1.0 - f) * (both.production[1] @ (1.0 - partner))
        losses = f * (both.scatter[1] @ (1.0 - f)), f * (both.annihilation[1] @ partner)
        rate, scale, _ = collisions(f, both, 1)
        np.testing.assert_allclose(rate, sum(gains) - sum(losses), rtol=1e-12)
        np.testing.assert_allclose(scale, sum(gains) + sum(losses), rtol=1e-12)


def test_nothing_couples():
    rate, scale, jacobian = collisions(fermi_dirac(5.0, 0.0), uncoupled())
    assert not rate.any()
    assert not scale.any()
    assert not jacobian.any()
    assert not flat(OpacitySet(()), matter_of(*STATES), ["nue"])["nue"].processes


@pytest.mark.parametrize(("temperature", "mu"), [(0.05, 40.0), (0.05, -1.0), (3.0, 250.0), (0.5, 500.0)])
def test_cold_and_degenerate_matter_stays_finite(temperature, mu):
    matter = from_composition(
        [1e13],
        [temperature],
        [0.3],
        0.7,
        0.3,
        0.0,
        0.0,
        0.0,
        0.0,
        chemical_potential_electron=mu,
        pressure=1.0,
    )
    found = exchanges(matter, np.array([0.7]), ALL, GROUPS, ["nue", "anue", "nux"])
    for name, one in found.items():
        assert np.isfinite(one.transport).all(), name
        assert (one.transport >= 0.0).all(), name
        for values in one.coupling:
            assert np.isfinite(values).all(), name
            assert (values >= 0.0).all(), name


def test_zones_in_blocks_are_the_same(monkeypatch):
    matter = matter_of(*STATES)
    whole = exchanges(matter, LAPSE, ALL, GROUPS, ["nue", "nux"])
    monkeypatch.setattr(module, "_BLOCK", 3)
    parts = exchanges(matter, LAPSE, ALL, GROUPS, ["nue", "nux"])
    for name, one in whole.items():
        np.testing.assert_allclose(one.transport, parts[name].transport, rtol=1e-13)
        for field, values in one.coupling._asdict().items():
            np.testing.assert_allclose(values, getattr(parts[name].coupling, field), rtol=1e-13)


def test_kernels_that_know_no_new_physics_do_not_act():
    shifted = Settings(couplings=WeakCouplings(radiative=True))
    opacities = OpacitySet.from_names(["electron_scattering", "pair"], shifted)
    with pytest.warns(PhysicsWarning, match="electron_scattering: its kernels know nothing"):
        found = flat(opacities, matter_of(*STATES), ["nue", "nux"])
    assert found["nue"].processes == frozenset()
    assert found["nux"].processes == {"pair"}
    assert not found["nux"].coupling.scatter.size
