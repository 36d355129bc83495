import math

import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.eos.nse import SahaNSE
from microphysics.errors import OutOfRangeError
from microphysics.matter import MatterState
from microphysics.opacity import OpacitySet
from microphysics.processes.settings import Settings
from snsim.diagnostics.heating_rates import cooling_closed_form, first_principles
from snsim.diagnostics.neutrino_disk import (
    KELVIN11,
    RADIATION,
    SURFACE,
    Disk,
    accretion_regime,
    closed_form,
    solve_rings,
    two_stream,
)
from snsim.diagnostics.neutrino_disk_matter import FRACTIONS, own_opacities, steady_electron_fraction
from snsim.diagnostics.null_rays import schwarzschild_radius

SUN = CODATA.solar_mass
HORIZON = float(schwarzschild_radius(3.0 * SUN))


def rings(rate, radii, matter=None, **options):
    return solve_rings(Disk(3.0 * SUN, rate * SUN), np.asarray(radii) * HORIZON, matter, **options)


def test_reference_table(reference, read_columns):
    # a prototype with electron neutrinos alone
    table = read_columns(reference / "observables" / "ndaf_onezone.csv")
    for i, rate in enumerate(table["Mdot_Msun_s"]):
        found = rings(rate, [table["r_over_rs"][i]], closed_form(0.5, flavours=1))
        ours = {
            "rho_g_cc": found.density,
            "T_K": found.temperature / KELVIN11 * 1e11,
            "H_over_r": found.height / found.radius,
            "tau_total": found.depth,
            "Qnu_over_Qvisc": found.cooling / found.heating,
        }
        for name, value in ours.items():
            assert 1.0 / 1.3 < float(value[0]) / table[name][i] < 1.3, (rate, name)
            if table["Qnu_over_Qvisc"][i] > 0.7:  # not choked: nothing but the same closed forms
                assert float(value[0]) == pytest.approx(table[name][i], rel=0.04), (rate, name)


def test_published_radii_of_opaque_disks():
    # Di Matteo, Perna & Narayan 2002: opaque inside some 6 to 40 r_s for 0.1 to 10 solar masses a second
    x = np.geomspace(3.0, 100.0, 30)
    edges = []
    for rate in (0.1, 1.0, 10.0):
        found = rings(rate, x)
        edges.append(float(np.interp(-2.0 / 3.0, -found.depth, x)))
        # of the heat, 1.5 GM Mdot (1/r1 - 1/r2) without a boundary's torque, part is carried inwards
        heat = 1.5 * CODATA.gravitational_constant * 3.0 * rate * SUN**2 / HORIZON * (1.0 / 3.0 - 0.01)
        assert 0.2 * heat < found.luminosity < heat
    assert edges == sorted(edges)
    np.testing.assert_allclose(edges, [6.0, 15.0, 40.0], rtol=0.4)


@pytest.mark.parametrize("flavours", [1, 3])
def test_balance_holds(flavours):
    matter = closed_form(0.5, flavours)
    found = rings(1.0, [4.0, 10.0, 30.0, 100.0], matter)
    np.testing.assert_allclose(found.cooling + found.advection, found.heating, rtol=2e-4)
    rotation = np.sqrt(CODATA.gravitational_constant * 3.0 * SUN / found.radius**3)
    column = matter(found.density, found.temperature, found.height)
    np.testing.assert_allclose(column.pressure, found.density * (rotation * found.height) ** 2, rtol=1e-8)
    inflow = 6.0 * math.pi * 0.1 * rotation * found.height**3 * found.density
    np.testing.assert_allclose(inflow, SUN, rtol=1e-12)
    # no energy made: Q_visc integrates to a quarter of GM Mdot/r between r and infinity a face... of both faces
    np.testing.assert_allclose(
        4.0 * math.pi * found.radius**2 * found.heating,
        1.5 * CODATA.gravitational_constant * 3.0 * SUN * SUN / found.radius,
        rtol=1e-12,
    )


def test_heat_that_flows_in():
    # v_r (H/r) T s with v_r = Mdot/(4 pi r H rho): T s is 4/3 of the energy of what is relativistic, 3/2 nT of nucleons
    matter = closed_form(0.5)
    found = rings(1.0, [4.0, 10.0], matter)
    photons_and_pairs = 11.0 / 4.0 * RADIATION * found.temperature**4
    neutrinos = matter(found.density, found.temperature, found.height).neutrino_energy
    assert (neutrinos > 0.2 * photons_and_pairs).all()  # enough to be missed
    nucleons = found.density * found.temperature / CODATA.proton_mass / CODATA.gram_per_mev
    heat = 4.0 / 3.0 * (photons_and_pairs + neutrinos) + 1.5 * nucleons * CODATA.erg_per_mev
    speed = SUN / (4.0 * math.pi * found.radius * found.height * found.density)
    np.testing.assert_allclose(found.advection, speed * found.height / found.radius * heat, rtol=1e-12)


def test_where_the_heat_of_free_nucleons_holds():
    found = rings(0.1, [5.0, 30.0, 100.0], own_opacities())
    fraction = steady_electron_fraction(found.density, found.temperature, found.height)
    state = SahaNSE().state(found.density, found.temperature, fraction)
    assert (state.mass_fraction_alpha[:2] < 1e-3).all()
    assert state.mass_fraction_alpha[2] == pytest.approx(0.87, abs=0.01)
    degeneracy = state.chemical_potential_electron[0] / found.temperature[0]
    assert 1.0 + 15.0 / 7.0 * (degeneracy / math.pi) ** 2 == pytest.approx(1.4, abs=0.05)


def test_six_flavours_are_trapped_in_an_opaque_column():
    # E(nue) + E(anue) = 7/8 a T^4 [1 + 30/7 (eta/pi)^2 + 15/7 (eta/pi)^4], and four heavy ones of 7/16 a T^4 each
    density, temperature = np.array([1e12]), np.array([10.0])
    column = own_opacities(0.2)(density, temperature, np.array([1e13]))
    state = SahaNSE().state(density, temperature, np.array([0.2]))
    x = float(state.neutrino_degeneracy(("nue",))[0, 0]) / math.pi
    electron = 7.0 / 8.0 * (1.0 + 30.0 / 7.0 * x**2 + 15.0 / 7.0 * x**4)
    black = RADIATION * 1e4 * (electron + 4.0 * 7.0 / 16.0)
    # 24 energies
    assert float(column.neutrino_energy[0]) == pytest.approx(black, rel=5e-3)


def test_slab_has_its_limits():
    absorption, scattering = np.array([1e-6, 1e6]), np.zeros(2)
    emergent, filling = two_stream(absorption, scattering)
    # thin: volume emission 4 sigma T^4 kappa H; thick: diffusion, filled to equilibrium
    assert emergent[0] / 0.75 == pytest.approx(4.0 * absorption[0], rel=1e-5)
    assert emergent[1] / 0.75 == pytest.approx(4.0 / 3.0 * 2.0 / absorption[1], rel=1e-5)
    assert filling[1] == pytest.approx(1.0, rel=1e-5)
    assert two_stream(np.zeros(1), np.ones(1))[0] == 0.0
    assert SURFACE == pytest.approx(5.670374e-5 * (1.0 / CODATA.boltzmann) ** 4, rel=1e-6)
    assert pytest.approx(4.0 * SURFACE / CODATA.speed_of_light) == RADIATION


def test_own_opacities_solve_the_same_balance():
    found, closed = (rings(0.1, [5.0], matter) for matter in (own_opacities(), closed_form(0.5)))
    assert found.solutions[0] == 1
    np.testing.assert_allclose(found.cooling + found.advection, found.heating, rtol=1e-3)
    # electrons that are hardly degenerate press less than at T = 0, against fewer protons that absorb nue
    for name in ("height", "temperature", "density"):
        np.testing.assert_allclose(getattr(found, name), getattr(closed, name), rtol=0.3)
    # matter that cools by captures is rich in neutrons, 0.1 where it is dense (Chen & Beloborodov 2007)
    fraction = steady_electron_fraction(found.density, found.temperature, found.height)
    assert 0.1 < float(fraction[0]) < 0.25


def test_steady_electron_fraction_has_its_limits():
    # opaque: near beta equilibrium; hot and thin: captures of both kinds, half and half but for Q
    opaque = np.array([1e12]), np.array([8.0]), np.array([1e7])
    fraction = steady_electron_fraction(*opaque)
    matter = SahaNSE().state(opaque[0], opaque[1], fraction)
    degeneracy = matter.neutrino_degeneracy(("nue", "anue"))
    # nue have the shorter path, so that equal fluxes ask for a little more of them inside
    assert 0.0 < float(degeneracy[0, 0]) < 0.6
    thin = steady_electron_fraction(np.array([1e7]), np.array([5.0]), np.array([1e5]))
    assert 0.5 < float(thin[0]) < 0.55
    # beyond the ends of what is tried: cooler positrons still gain m_n - m_p, cold electrons are captured
    ends = steady_electron_fraction(np.array([1e5, 5e13]), np.array([1.0, 0.5]), np.array([1e5, 1e3]))
    np.testing.assert_array_equal(ends, FRACTIONS[::-1])


def test_thin_hot_column_cools_alike():
    density, temperature, height = np.array([1e9]), np.array([4.0]), np.array([1e6])
    ours, closed = (matter(density, temperature, height) for matter in (own_opacities(0.5), closed_form(0.5)))
    # capture 9e33 T11^6 rho10 and annihilation 5e33 T11^9 erg/cm^3/s leave out Q and m_e
    assert float(ours.cooling[0] / closed.cooling[0]) == pytest.approx(1.0, abs=0.2)
    assert 0.9 < float(ours.pressure[0] / closed.pressure[0]) < 1.1


def test_regimes_and_reasons():
    disk = Disk(3.0 * SUN, 0.01 * SUN)
    assert accretion_regime(disk) == "below ignition"
    assert accretion_regime(Disk(3.0 * SUN, SUN)) == "neutrino-cooled"
    assert accretion_regime(Disk(3.0 * SUN, 5.0 * SUN), 0.95) == "trapping"
    # ignition goes down with the viscosity
    assert accretion_regime(Disk(3.0 * SUN, 0.01 * SUN, 0.01)) == "neutrino-cooled"
    found = rings(1.0, [4.0, 40.0], closed_form(0.5))
    assert found.regime[0] == "opaque"
    assert rings(10.0, [10.0], closed_form(0.5, 1)).regime[0] in ("advective", "trapped")
    assert found.regime[1] == "transparent"
    nothing = rings(0.1, [10.0], thickness=(0.03, 0.05))
    assert nothing.regime == ("none",)
    assert np.isnan(nothing.density).all()
    assert nothing.reason[0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Disk(0.0, 1.0), "mass of the black hole = 0 g"),
        (lambda: Disk(1.0, -1.0), "accretion rate = -1 g/s"),
        (lambda: Disk(1.0, 1.0, 2.0), "viscosity alpha = 2"),
        (lambda: rings(1.0, [0.9]), "outside the horizon"),
        (lambda: rings(1.0, [9.0], thickness=(1.0, 0.5)), "thickness"),
        (lambda: closed_form(0.0), "electron fraction = 0"),
        (lambda: closed_form(flavours=4), "flavours = 4"),
        (lambda: own_opacities(0.7), "electron fraction = 0.7"),
        (lambda: accretion_regime(Disk(1.0, 1.0), 0.5), "spin = 0.5"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(OutOfRangeError, match=words):
        call()


def test_recalled_depths_beside_those_of_our_own_rates():
    """tau = q H/(7/2 sigma T^4) at 1e11 K and 1e10 g/cm3, electrons not degenerate; what docs/messengers.md says of them."""
    temperature = KELVIN11  # MeV
    flux = 3.5 * 0.25 * RADIATION * CODATA.speed_of_light * temperature**4
    capture = 1e10 * float(cooling_closed_form(temperature, 0.0, 0.5, 0.5, first_principles())) / flux
    assert capture == pytest.approx(4.5e-7, rel=0.01)
    energy = np.geomspace(0.3, 400.0, 300)
    one, none = np.ones(1), np.zeros(1)
    matter = MatterState(
        density=1e6 * one, temperature=temperature * one, electron_fraction=0.5 * one, mass_fraction_neutron=0.5 * one,
        mass_fraction_proton=0.5 * one, mass_fraction_alpha=none, mass_fraction_heavy=none, mass_number_heavy=none,
        charge_number_heavy=none, chemical_potential_electron=none, chemical_potential_neutron=none,
        chemical_potential_proton=none, mean_field_neutron=none, mean_field_proton=none, pressure=1e30 * one,
    )  # fmt: skip
    pairs = OpacitySet.from_names(("pair",), Settings(pair_species="all"))
    spectra = pairs.spectral(matter, energy, species=("nue", "anue", "nux"))
    filled = spectra.total_absorption[:, 0] / (1.0 + np.exp(energy / temperature)) * energy**4
    wave = 2.0 * np.pi * CODATA.hbar_c
    emitted = 4.0 * np.pi * CODATA.speed_of_light * np.trapezoid(filled, np.log(energy)) / wave**3
    annihilation = CODATA.erg_per_mev * float(emitted @ [1.0, 1.0, 4.0]) / flux
    assert annihilation == pytest.approx(1.87e-7, rel=0.01)
    assert 1.3 < 2.5e-7 / annihilation < 1.4
