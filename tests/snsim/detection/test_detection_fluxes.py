"""Fluxes: norms and shapes that are known, arithmetic, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from astropy import units
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.errors import ExtrapolationWarning, OutOfRangeError, PhysicsWarning, UnknownNameError
from snsim.detection import (
    SOLAR_MODELS,
    SOLAR_UNCERTAINTIES,
    Component,
    Flux,
    PionTiming,
    adiabatic,
    diffuse_background,
    monochromatic,
    pinched_fluence,
    pion_decay_at_rest,
    reactor,
    read_flux,
    signal_fluence,
    solar,
    tabulated,
)
from snsim.detection.sources.beta_decay import allowed_shape, coulomb_factor
from snsim.detection.sources.boron8 import boron8_shape, coulomb_shift
from snsim.detection.sources.pions import HIGHEST, PROMPT_ENERGY
from snsim.detection.sources.reactor import PRESSURIZED_WATER, fission_spectrum
from snsim.detection.sources.supernova import collapse_rate
from snsim.signal import Signal

SIX = ("nue", "anue", "numu", "anumu", "nutau", "anutau")
KPC = 3.0856775814913673e21


# ------------------------------------------------------------------------------------------------- pions at rest


def test_pions_give_each_flavour_once_per_pion():
    flux = pion_decay_at_rest("10 m", protons=1e20, pions_per_proton=0.1)
    expected = 1e19 / (4.0 * math.pi * 1e6)
    for flavor in ("numu", "nue", "anumu"):
        assert flux.total(flavor) == pytest.approx(expected, rel=1e-6)
    assert not flux.per_time
    assert flux.total() == pytest.approx(3.0 * expected, rel=1e-6)


def test_energies_of_pion_and_muon_decay():
    """The line at 29.79 MeV; mean energies 3/10 and 7/20 of the muon's mass."""
    flux = pion_decay_at_rest("10 m", protons=1e20)
    assert PROMPT_ENERGY == pytest.approx(29.792, abs=1e-3)
    e = np.linspace(0.0, HIGHEST, 20001)
    for flavor, share in (("nue", 0.3), ("anumu", 0.35)):
        f = flux.spectrum(e, flavor)
        mean = np.trapezoid(f * e, e) / np.trapezoid(f, e)
        assert mean == pytest.approx(share * CODATA.muon_mass, rel=1e-5)


def test_timing_of_a_short_pulse():
    """Means are the lifetimes, the delayed ones those of both; with no width the closed form of two exponentials."""
    timing = PionTiming(1e-10)
    t = np.linspace(-1e-8, 6e-5, 600001)
    for share, mean in (
        (timing.prompt, CODATA.pion_lifetime),
        (timing.delayed, CODATA.pion_lifetime + CODATA.muon_lifetime),
    ):
        assert np.trapezoid(1.0 - share(t[t >= 0]), t[t >= 0]) == pytest.approx(mean, rel=5e-3)
    late = 1e-6
    a, b = CODATA.muon_lifetime, CODATA.pion_lifetime
    exact = 1.0 - (a * math.exp(-late / a) - b * math.exp(-late / b)) / (a - b)
    assert float(timing.delayed(late)) == pytest.approx(exact, rel=1e-6)


def test_timing_rises_from_zero_to_one():
    timing = PionTiming(1.49e-7)
    t = np.linspace(-2e-6, 5e-5, 4001)
    for share in (timing.prompt(t), timing.delayed(t)):
        assert (np.diff(share) > -1e-15).all()
        assert share[0] < 1e-12
        assert share[-1] == pytest.approx(1.0, abs=1e-9)
    # the prompt ones come first
    assert (timing.prompt(t) >= timing.delayed(t)).all()


# ------------------------------------------------------------------------------------------------------ reactor


def test_antineutrinos_per_fission():
    """Of all energies 5.5 (Kopeikin 2012, Phys. At. Nucl. 75, 143), above 1.8 MeV 1.8 (Bemporad et al. 2002, RMP 74, 297)."""
    core = reactor("1 GW", "10 m", low="vogel_engel")
    energy = {"U235": 202.36, "U238": 205.99, "Pu239": 211.12, "Pu241": 214.26}
    mean = sum(PRESSURIZED_WATER[name] * energy[name] for name in energy)
    fissions = 1e16 / CODATA.erg_per_mev / mean / (4.0 * math.pi * 1e6)
    assert core.total() / fissions == pytest.approx(5.53, abs=0.1)
    assert core.total(above=1.8) / fissions == pytest.approx(1.81, abs=0.1)


def test_reactor_events_of_inverse_beta_decay():
    """Cross section per fission of the Huber-Mueller spectra: U235 6.67e-43, Pu239 4.36e-43 cm^2 (Giunti 2017)."""
    from snsim.sn1987a.detectors import inverse_beta_cross_section

    e = np.linspace(2.0, 10.0, 4001)
    for isotope, published in (
        ("U235", 6.67e-43),
        ("Pu239", 4.36e-43),
        ("U238", 10.1e-43),
        ("Pu241", 6.04e-43),
    ):
        found = np.trapezoid(fission_spectrum(isotope, e) * inverse_beta_cross_section(e), e)
        assert found == pytest.approx(published, rel=0.02)


# Vogel & Engel 1989, PRD 39, 3378, table II: MeV; U235, U238, Pu239, Pu241 per fission and MeV
VOGEL_ENGEL = np.array([
    [0.0, 0.0, 0.0, 0.0, 0.0], [7.813e-3, 0.024, 0.089, 0.14, 0.20], [1.563e-2, 0.092, 0.35, 0.56, 0.79],
    [3.12e-2, 0.35, 1.32, 2.13, 3.00], [6.25e-2, 0.61, 0.65, 0.64, 0.59], [0.125, 1.98, 2.02, 1.99, 1.85],
    [0.25, 2.16, 2.18, 2.08, 2.14], [0.50, 2.66, 2.91, 2.63, 2.82], [0.75, 2.66, 2.96, 2.58, 2.90],
    [1.0, 2.41, 2.75, 2.32, 2.63], [1.5, 1.69, 1.97, 1.48, 1.75], [2.0, 1.26, 1.50, 1.08, 1.32],
])  # fmt: skip


@pytest.mark.parametrize(
    ("column", "isotope", "number", "energy"),
    [
        (1, "U235", 4.022, 202.36),
        (2, "U238", 4.523, 205.99),
        (3, "Pu239", 3.847, 211.12),
        (4, "Pu241", 4.305, 214.26),
    ],
)
def test_antineutrinos_below_two_MeV_by_isotope(column, isotope, number, energy):
    """The table of Vogel & Engel point by point, and its integral; MeV per fission of Ma et al. 2013."""
    core = reactor("1 GW", "10 m", fractions={isotope: 1.0}, low="vogel_engel")
    fissions = 1e16 / CODATA.erg_per_mev / energy / (4.0 * math.pi * 1e6)
    (below,) = core.of("fission below 2 MeV").components
    np.testing.assert_allclose(below.energy, VOGEL_ENGEL[:, 0], rtol=1e-14)
    np.testing.assert_allclose(below.density, fissions * VOGEL_ENGEL[:, column], rtol=1e-12)
    assert below.total() == pytest.approx(fissions * number, rel=3e-4)


def test_a_reactor_is_counted_from_where_it_is_known():
    """Without the part below 2 MeV a seventh of what inverse beta decay can see is not counted."""
    known, both = (reactor("1 GW", "10 m", low=each) for each in ("none", "vogel_engel"))
    assert known.total(above=1.8) == known.total() == pytest.approx(both.total(above=2.0), rel=1e-12)
    assert known.total(above=1.8) / both.total(above=1.8) == pytest.approx(6.0 / 7.0, rel=5e-3)


def test_reactor_below_two_MeV_is_refused_unless_chosen():
    assert reactor("1 GW", "10 m").valid_from == 2.0
    assert reactor("1 GW", "10 m", low="vogel_engel").valid_from == 0.0
    with pytest.raises(OutOfRangeError, match="begin at 2 MeV"):
        fission_spectrum("U235", [1.5])


def test_reactor_warns_above_eight_MeV():
    with pytest.warns(ExtrapolationWarning, match="extrapolated from 8 to 10 MeV"):
        assert reactor("1 GW", "10 m", highest=10.0).highest == 10.0


# --------------------------------------------------------------------------------------------------------- Sun


def test_allowed_shape_without_charge_is_phase_space():
    """Total over E: the integral of E^2 p W, symmetric in momentum; endpoint far above m_e: 1/30 of its fifth power."""
    e = np.linspace(0.0, 500.0, 20001)
    assert coulomb_factor(0.0, 1.0, np.array([1.0]), np.array([2.0])) == pytest.approx(1.0, rel=1e-12)
    shape = allowed_shape(e, 500.0, 0.0, 1.0)
    assert np.trapezoid(shape, e) == pytest.approx(500.0**5 / 30.0, rel=6e-3)


def test_coulomb_factor_of_slow_positrons_and_electrons():
    """Near rest 2 pi y/(1 - exp(-2 pi y)) of a point charge, up to relativistic terms."""
    for charge in (-6.0, 6.0):
        p = np.array([0.05])
        w = np.sqrt(p**2 + CODATA.electron_mass**2)
        y = 2.0 * math.pi * CODATA.fine_structure * charge * w / p
        assert coulomb_factor(charge, 13.0, p, w) == pytest.approx(y / (1.0 - np.exp(-y)), rel=0.02)


@pytest.mark.parametrize(
    ("name", "highest", "mean"),
    [("pp", 0.4202, 0.2668), ("13N", 1.1985, 0.7063), ("15O", 1.7322, 0.9964), ("17F", 1.7385, 0.9977),
     ("hep", 18.773, 9.628)],
)  # fmt: skip
def test_solar_means_are_those_of_bahcall(name, highest, mean):
    """Bahcall 1997 (PRC 56, 3391): <E> of each source to 0.5 %; the thermal energy of pp adds 3 keV to it."""
    flux = solar([name])
    (part,) = flux.components
    assert part.highest == pytest.approx(highest, rel=2e-3)
    found = np.trapezoid(part.density * part.energy, part.energy) / part.total()
    assert found == pytest.approx(mean, rel=0.01)
    assert part.total() == pytest.approx(flux.total(), rel=1e-12)


# Vinyoles et al. 2017, ApJ 835, 202, table 6: 1/(cm^2 s) and relative errors
VINYOLES = {
    "B16-GS98": {
        "pp": (5.98e10, 0.006), "pep": (1.44e8, 0.01), "hep": (7.98e3, 0.30), "7Be": (4.93e9, 0.06),
        "8B": (5.46e6, 0.12), "13N": (2.78e8, 0.15), "15O": (2.05e8, 0.17), "17F": (5.29e6, 0.20),
    },
    "B16-AGSS09met": {
        "pp": (6.03e10, 0.005), "pep": (1.46e8, 0.009), "hep": (8.25e3, 0.30), "7Be": (4.50e9, 0.06),
        "8B": (4.50e6, 0.12), "13N": (2.04e8, 0.14), "15O": (1.44e8, 0.16), "17F": (3.26e6, 0.18),
    },
}  # fmt: skip


@pytest.mark.parametrize("model", VINYOLES)
def test_solar_models_number_by_number(model):
    published = VINYOLES[model]
    assert set(SOLAR_UNCERTAINTIES[model]) == set(published) == set(SOLAR_MODELS[model])
    flux = solar(model=model)
    for name, (number, error) in published.items():
        assert flux.of(name).total() == pytest.approx(number, rel=1e-9)
        assert SOLAR_UNCERTAINTIES[model][name] == error


def test_beryllium_leaves_lithium_excited_in_a_tenth_of_its_captures():
    """89.7 and 10.3 % (Bahcall 1994, PRD 49, 3923)."""
    (part,) = solar(["7Be"], norms={"7Be": 1e9}).components
    np.testing.assert_allclose(part.line_energy, [0.8618, 0.3843], rtol=1e-12)
    np.testing.assert_allclose(part.line_flux, [8.97e8, 1.03e8], rtol=1e-12)


def test_two_alphas_have_their_coulomb_waves():
    """Shift and penetrability from F and G at rho, l = 2."""
    import mpmath

    energy = np.array([0.5, 3.12, 10.0])
    shift, penetrability = coulomb_shift(energy)
    for i, e in enumerate(energy):
        mass = 0.5 * 3727.3794118
        k = math.sqrt(2.0 * mass * e) / (CODATA.hbar_c * 1e13)
        eta = 4.0 * CODATA.fine_structure * mass / (k * CODATA.hbar_c * 1e13)
        rho = 4.5 * k

        def wave(x, eta=eta):
            return mpmath.coulombg(2, eta, x) + 1j * mpmath.coulombf(2, eta, x)

        exact = complex(rho * mpmath.diff(wave, rho) / wave(rho))
        assert penetrability[i] == pytest.approx(exact.imag, rel=2e-5)
        assert shift[i] == pytest.approx(exact.real, rel=2e-4)


def test_boron8_against_the_measured_spectrum(reference, read_columns):
    """5 % up to 12.5 MeV and 13 % above: what the model leaves out; the mean is an input."""
    columns = read_columns(reference / "cevns" / "spectrum_8B.csv")
    energy, density = boron8_shape()
    e, published = columns["E_MeV"], columns["pdf_per_MeV"]
    ratio = np.interp(e, energy, density) / published
    assert np.trapezoid(density, energy) == pytest.approx(1.0, rel=1e-12)
    np.testing.assert_allclose(ratio[(e > 0.5) & (e < 12.5)], 1.0, atol=0.055)
    np.testing.assert_allclose(ratio[(e > 12.5) & (e < 16.1)], 1.0, atol=0.13)


# --------------------------------------------------------------------------------------------------- supernovae


def burst(**changes):
    kinds = ("nue", "anue", "nux")
    given = {"energy": 5e52, "mean_energy": 12.0, "alpha": 2.3} | changes
    return pinched_fluence(*(dict.fromkeys(kinds, value) for value in given.values()), "10 kpc")


def test_burst_has_its_energy_and_number():
    flux = burst()
    number = 5e52 / (12.0 * CODATA.erg_per_mev) / (4.0 * math.pi * (10.0 * KPC) ** 2)
    assert set(flux.flavors) == set(SIX)
    for flavor in SIX:
        assert flux.total(flavor) == pytest.approx(number, rel=1e-4)
    e = np.linspace(0.0, 140.0, 40001)
    f = flux.spectrum(e, "nue")
    assert np.trapezoid(f * e, e) / np.trapezoid(f, e) == pytest.approx(12.0, rel=1e-4)


def test_signal_gives_the_burst_of_its_moments():
    shape = (30, 3)
    signal = Signal.from_pinching(
        np.linspace(0.0, 5.0, 30), np.full(shape, 1e52), np.full(shape, 12.0), np.full(shape, 2.3)
    )
    found, expected = signal_fluence(signal, "10 kpc"), burst()
    for flavor in SIX:
        assert found.total(flavor) == pytest.approx(expected.total(flavor), rel=1e-4)


@pytest.mark.parametrize("ordering", ["normal", "inverted"])
def test_conversion_keeps_the_number_and_swaps_shares(ordering):
    from snsim.diagnostics.mixing import adiabatic_survival

    flux = pinched_fluence(
        {"nue": 5e52, "anue": 4e52, "nux": 3e52},
        {"nue": 10.0, "anue": 12.0, "nux": 14.0},
        {"nue": 2.5, "anue": 2.5, "nux": 2.0},
        "10 kpc",
    )
    mixed = adiabatic(flux, ordering)
    assert mixed.total() == pytest.approx(flux.total(), rel=1e-12)
    for e, mu, p in zip(("nue", "anue"), ("numu", "anumu"), adiabatic_survival(ordering), strict=True):
        expected = p * flux.total(e) + (1.0 - p) * flux.total(mu)
        assert mixed.total(e) == pytest.approx(expected, rel=1e-12)
    assert mixed.total("numu") == pytest.approx(mixed.total("nutau"), rel=1e-12)


def test_equal_flavours_are_not_changed_by_conversion():
    flux = burst()
    mixed = adiabatic(flux, "normal")
    e = np.linspace(1.0, 50.0, 20)
    for flavor in SIX:
        np.testing.assert_allclose(mixed.spectrum(e, flavor), flux.spectrum(e, flavor), rtol=1e-12)


def test_diffuse_background():
    """1.25e-4 collapses per year and Mpc^3 today (Horiuchi et al. 2009); near 0.1/(cm^2 s MeV) at 20 MeV (Beacom 2010)."""
    assert float(collapse_rate(np.array(0.0))) == pytest.approx(1.25e-4, rel=0.01)
    assert float(collapse_rate(np.array(1.0)) / collapse_rate(np.array(0.0))) == pytest.approx(9.3, rel=0.1)
    flux = diffuse_background()
    assert 0.05 < float(flux.spectrum(20.0, "anue")) < 0.2
    assert flux.total("nutau") == pytest.approx(flux.total("anumu"), rel=1e-12)


def test_diffuse_background_carries_a_sixth_of_the_energy_in_each_flavour():
    """int E phi dE = (c/H0) int R (E_tot/6)/(1 + z)^2 dz/sqrt(0.3 (1 + z)^3 + 0.7), whatever the temperature."""
    flux = diffuse_background(energy=2e53)
    mpc = 1e3 * KPC

    def redshifted(z):
        rate = float(collapse_rate(np.array(z))) / (365.25 * 86400.0 * mpc**3)
        return rate / (1.0 + z) ** 2 / math.sqrt(0.3 * (1.0 + z) ** 3 + 0.7)

    path = CODATA.speed_of_light / (70e5 / mpc)
    expected = path * 2e53 / 6.0 / CODATA.erg_per_mev * quad(redshifted, 0.0, 5.0)[0]
    for flavor in SIX:
        (part,) = flux.of(flavor).components
        assert np.trapezoid(part.energy * part.density, part.energy) == pytest.approx(expected, rel=2e-4)


# ---------------------------------------------------------------------------------------------------- arithmetic


@settings(max_examples=25, deadline=None)
@given(factor=st.floats(1e-6, 1e6), metres=st.floats(1.0, 1e3))
def test_multiples_sums_and_distances(factor, metres):
    flux = pion_decay_at_rest("20 m", protons=1e20)
    assert (factor * flux).total() == pytest.approx(factor * flux.total(), rel=1e-12)
    assert (flux + flux).total("nue") == pytest.approx(2.0 * flux.total("nue"), rel=1e-12)
    far = flux.at_distance(metres * units.m)
    assert far.total() * metres**2 == pytest.approx(flux.total() * 400.0, rel=1e-9)


def test_a_flux_during_a_time_is_a_fluence():
    flux = reactor("3.6 GW", "20.7 m")
    year = flux.during("2 d")
    assert not year.per_time
    assert year.total() == pytest.approx(flux.total() * 172800.0, rel=1e-12)


def test_lines_and_parts_by_name():
    sun = solar(["7Be", "8B"])
    assert sun.of("7Be").total() == pytest.approx(4.93e9)
    np.testing.assert_allclose(sun.of("7Be").components[0].line_energy, [0.8618, 0.3843])
    assert sun.of("8B").total() == pytest.approx(5.46e6)


def test_user_files(tmp_path):
    path = tmp_path / "atmosphere.csv"
    path.write_text("# a comment\nE_MeV,nue,anumu\n0,0,0\n10,2,1\n30,1,0.5\n60,0,0\n")
    flux = read_flux(path, reference="somebody 2020")
    assert flux.flavors == ("nue", "anumu")
    assert flux.total("nue") == pytest.approx(10.0 + 30.0 + 15.0)
    assert flux.name == "atmosphere"


# ------------------------------------------------------------------------------------------------------ bad input

WRONG = {
    "bare number": (lambda: pion_decay_at_rest(20.0, protons=1e20), OutOfRangeError, "distance = 20.0: .*without a unit"),
    "wrong unit": (lambda: reactor("3 kg", "20 m"), OutOfRangeError, "power = '3 kg'"),
    "wrong quantity": (lambda: reactor(3 * units.kg, "20 m"), OutOfRangeError, "power = 3.0 kg"),
    "negative": (lambda: pion_decay_at_rest("-2 m", protons=1e20), OutOfRangeError, "distance = -2 m: must be positive"),
    "both numbers": (lambda: pion_decay_at_rest("2 m", protons=1e20, protons_per_second=1.0), OutOfRangeError, "one of both"),
    "no protons": (lambda: pion_decay_at_rest("2 m", protons=0.0), OutOfRangeError, "number of protons = 0"),
    "fractions": (lambda: reactor("1 GW", "1 m", fractions={"U235": 0.5}), OutOfRangeError, "add up to 0.5"),
    "isotope": (lambda: reactor("1 GW", "1 m", fractions={"U233": 1.0}), UnknownNameError, "U233"),
    "low part": (lambda: reactor("1 GW", "1 m", low="flat"), UnknownNameError, "vogel_engel"),
    "solar": (lambda: solar(["9B"]), UnknownNameError, "9B"),
    "solar model": (lambda: solar(model="B16"), UnknownNameError, "B16-GS98"),
    "solar norm": (lambda: solar(["8B"], norms={"8B": -1.0}), OutOfRangeError, "8B = -1.0"),
    "flavour": (lambda: monochromatic("nux", 1.0, 1.0), UnknownNameError, "nux"),
    "line energy": (lambda: monochromatic("nue", -1.0, 1.0), OutOfRangeError, "positive"),
    "energies fall": (lambda: tabulated([2.0, 1.0], {"nue": [0.0, 0.0]}), OutOfRangeError, "increase"),
    "negative flux": (lambda: tabulated([1.0, 2.0], {"nue": [0.0, -1.0]}), OutOfRangeError, "must not be negative"),
    "nan": (lambda: tabulated([1.0, 2.0], {"nue": [0.0, math.nan]}), OutOfRangeError, "finite"),
    "no distance": (lambda: solar(["8B"]).at_distance("1 m"), OutOfRangeError, "no one point"),
    "factor": (lambda: solar(["8B"]) * -1.0, OutOfRangeError, "factor = -1"),
    "flux and fluence": (lambda: solar(["8B"]) + burst(), OutOfRangeError, "one is per second"),
    "fluence again": (lambda: burst().during("1 s"), OutOfRangeError, "already"),
    "no component": (lambda: Flux(()), OutOfRangeError, "at least one"),
    "no part": (lambda: solar(["8B"]).of("pp"), OutOfRangeError, "pp: solar 8B has 8B, nue"),
    "shares": (lambda: solar(["8B"]).converted({"nue": {"nue": 0.5}}), OutOfRangeError, "add up to 1"),
    "shares of an unknown flavour": (lambda: solar(["8B"]).converted({"nux": {"nue": 1.0}}), UnknownNameError, "nux"),
    "shares to an unknown flavour": (lambda: solar(["8B"]).converted({"nue": {"nue": 1.0, "nux": 0.0}}),
                                     UnknownNameError, "nux"),
    "no shares": (lambda: solar(["8B"]).converted({"nue": {}}), OutOfRangeError, "shares of nue: .* got 0"),
    "undefined shares": (lambda: solar(["8B"]).converted({"nue": {"nue": math.nan}}), OutOfRangeError, "got nan"),
    "empty table": (lambda: tabulated([], {"nue": []}), OutOfRangeError, r"table: energy has shape \(0,\)"),
    "table of one": (lambda: tabulated(2.0, {"nue": 1.0}), OutOfRangeError, "at least two values"),
    "table of two shapes": (lambda: tabulated([1.0, 2.0], {"nue": [0.0]}), OutOfRangeError, "table nue: density has shape"),
    "table of no flavour": (lambda: tabulated([1.0, 2.0], {}), OutOfRangeError, "at least one component"),
    "twice": (lambda: pinched_fluence({"numu": 1.0, "nux": 1.0}, {"numu": 1.0, "nux": 1.0}, {"numu": 2.0, "nux": 2.0},
                                      "1 kpc"), OutOfRangeError, "numu: given twice"),
    "no alpha": (lambda: pinched_fluence({"nue": 1.0}, {"nue": 1.0}, {}, "1 kpc"), OutOfRangeError, "no alpha"),
    "species": (lambda: pinched_fluence({"nuy": 1.0}, {"nuy": 1.0}, {"nuy": 2.0}, "1 kpc"), UnknownNameError, "nuy"),
    "temperature": (lambda: diffuse_background({"nue": 0.0}), OutOfRangeError, "temperature of nue = 0"),
    "pulse": (lambda: PionTiming(0.0), OutOfRangeError, "pulse_width"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_bad_input_has_one_clear_error(name):
    call, kind, words = WRONG[name]
    with pytest.raises(kind, match=words):
        call()


def test_a_grid_that_may_miss_the_peak_is_warned_of():
    with pytest.warns(PhysicsWarning, match="largest at 5 MeV, an end of its grid"):
        flux = tabulated([5.0, 10.0, 20.0], {"nue": [3.0, 2.0, 0.0]})
    assert flux.valid_from == 5.0


def test_a_table_that_is_cut_at_its_end_is_warned_of():
    with pytest.warns(
        PhysicsWarning, match="mine nue: the spectrum ends with 1 at 20 MeV.*nothing above is counted"
    ):
        flux = tabulated([0.0, 10.0, 20.0], {"nue": [0.0, 2.0, 1.0]}, name="mine")
    assert flux.total() == pytest.approx(25.0)
    assert tabulated([0.0, 10.0, 20.0], {"nue": [0.0, 2.0, 1e-3]}).total() == pytest.approx(20.005)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("E,nue\n1,2\n", "has the columns E, nue"),
        ("E_MeV,nux\n1,2\n", "expected E_MeV and some of"),
        ("E_MeV,nue\n1,x\n2,1\n", "line 2: '1,x'"),
        ("E_MeV,nue\n1,2,3\n2,1\n", "line 2: 3 values"),
        ("E_MeV,nue\n1,2\n", "at least two"),
    ],
)
def test_bad_files(tmp_path, text, words):
    path = tmp_path / "flux.csv"
    path.write_text(text)
    with pytest.raises(OutOfRangeError, match=words):
        read_flux(path)


def test_a_component_names_itself_in_errors():
    with pytest.raises(OutOfRangeError, match="mine nue: energy must be positive"):
        Component("nue", np.array([2.0, 1.0]), np.array([1.0, 1.0]), name="mine")
