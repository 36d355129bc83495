"""Events: limits that are exact, published and reference numbers, invariances, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from astropy import units
from hypothesis import example, given, settings
from hypothesis import strategies as st

from microphysics.errors import OutOfRangeError, PhysicsWarning, UnknownNameError
from microphysics.targets import Target
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.moments import TransitionMoments
from microphysics.weak.new_physics import NSI, MagneticMoment
from microphysics.weak.recoils import smallest_energy
from snsim.detection import (
    DETECTORS,
    ConstantQuenching,
    CouplingTemplates,
    Detector,
    Expectation,
    GaussianSmearing,
    LindhardQuenching,
    PoissonSmearing,
    PolynomialQuenching,
    PreparedRecoils,
    Response,
    TabulatedEfficiency,
    TabulatedQuenching,
    Threshold,
    detector_of,
    effective_area,
    even_bins,
    events,
    monochromatic,
    pinched_fluence,
    pion_decay_at_rest,
    reactor,
    recoil_rate,
    solar,
    supernova_rate,
    tabulated,
    term_counts,
    time_spectrum,
)
from snsim.signal import Signal

YEAR = 3.15576e7
SIX = ("nue", "anue", "numu", "anumu", "nutau", "anutau")
BEAM = {"protons": 1.76e23, "pions_per_proton": 0.08}


def tonne(target="Xe", threshold="1 keVnr", **options):
    return Detector.of(target, mass="1 t", live_time="1 yr", threshold=threshold, **options)


def magnetic(moment):
    return MagneticMoment(TransitionMoments((0.0, 0.0, moment), basis="flavor"))


# -------------------------------------------------------------------------------------------------- exact limits


@pytest.mark.parametrize("target", ["Ar40", "Xe", "CsI"])
@pytest.mark.parametrize("keV", [0.0, 1.0, 7.0])
def test_a_line_gives_n_sigma(target, keV):
    detector = tonne(target, f"{keV} keVnr")
    flux = monochromatic("numu", 30.0, 1e7)
    expected = 1e7 * YEAR * detector.nuclei * detector.target.total(30.0, "numu", keV * 1e-3)
    assert events(flux, detector)[0] == pytest.approx(float(expected), rel=1e-9)
    assert effective_area(detector, [30.0])[0] == pytest.approx(float(expected) / 1e7 / YEAR, rel=1e-6)


@settings(max_examples=15, deadline=None)
@example(energy=54.997217997918206, above=2.0)  # a largest recoil that keV and back to MeV round up
@given(energy=st.floats(3.0, 80.0), above=st.floats(1.0001, 3.0))
def test_above_the_largest_recoil_there_is_exactly_nothing(energy, above):
    most = float(np.max(Target.of("Ar40").largest_recoil(energy))) * 1e3
    detector = tonne("Ar40", f"{most * above} keVnr")
    assert events(monochromatic("nue", energy, 1e10), detector)[0] == 0.0
    assert effective_area(detector, [energy])[0] == 0.0


def test_recoils_of_a_spectrum_add_up_to_the_events():
    """The integral of the rate over recoils, by a plain sum, is what a detector without response counts."""
    flux = pion_decay_at_rest("20 m", protons_per_second=1e15)
    target = Target.of("CsI")
    recoil = np.linspace(2e-3, 0.06, 40001)
    rate = recoil_rate(flux, target, recoil)
    detector = Detector.of("CsI", mass="1 g", live_time="1 s", threshold="2 keVnr")
    assert events(flux, detector)[0] == pytest.approx(np.trapezoid(rate, recoil), rel=2e-4)


def test_events_are_the_flux_times_the_area():
    flux = solar(["hep"])
    detector = tonne("Ar40", "5 keVnr")
    (part,) = flux.components
    area = effective_area(detector, part.energy[1:])
    expected = YEAR * np.trapezoid(part.density[1:] * area, part.energy[1:])
    assert events(flux, detector)[0] == pytest.approx(expected, rel=1e-3)


def test_prepared_recoils_are_the_same_rate():
    flux = pion_decay_at_rest("20 m", protons_per_second=1e15)
    target = Target.of("Ge")
    recoil = np.geomspace(1e-4, 0.05, 50)
    prepared = PreparedRecoils.of(target, recoil, flux.flavors)
    np.testing.assert_allclose(prepared.rate(flux.components), recoil_rate(flux, target, recoil), rtol=1e-12)


@settings(max_examples=10, deadline=None)
@given(
    flavor=st.sampled_from(SIX),
    other=st.sampled_from(SIX),
    energy=st.floats(5.0, 60.0),
    keV=st.floats(0.0, 5.0),
)
def test_flavours_and_antineutrinos_scatter_alike_at_tree_level(flavor, other, energy, keV):
    detector = tonne("Ar40", f"{keV} keVnr")
    one, two = (events(monochromatic(each, energy, 1e8), detector)[0] for each in (flavor, other))
    assert one == pytest.approx(two, rel=1e-14)
    assert one >= 0.0


def test_radiative_couplings_tell_families_apart_but_not_antineutrinos():
    target = Target.of("Ar40", couplings=WeakCouplings(radiative=True))
    detector = tonne(target, "1 keVnr")
    found = {each: events(monochromatic(each, 30.0, 1e8), detector)[0] for each in SIX}
    for each in ("nue", "numu", "nutau"):
        assert found[each] == pytest.approx(found[f"a{each}"], rel=1e-14)
    assert found["nue"] < found["numu"] < found["nutau"]


# ---------------------------------------------------------------------------------------------- units and sums


def test_exposure_in_any_unit():
    flux = solar(["8B"])
    options = {"threshold": "1 keVnr"}
    expected = events(flux, Detector.of("Xe", mass="2 t", live_time="0.5 yr", **options))[0]
    for given_ in (
        {"exposure": "1 t yr"},
        {"exposure": 365250.0 * units.kg * units.day},
        {"exposure": "365250 kg d", "mass": "3 kg"},
        {"exposure": "365250 kg d", "live_time": "40 d"},
        {"mass": 1e6 * units.g, "live_time": 365.25 * 24.0 * units.h},
    ):
        assert events(flux, Detector.of("Xe", **given_, **options))[0] == pytest.approx(expected, rel=1e-12)


def test_an_exposure_alone_is_a_julian_year_of_its_mass():
    found = Detector.of("Xe", exposure="3 t yr", threshold="1 keVnr")
    assert found.mass == pytest.approx(3e6, rel=1e-12)
    assert found.live_time == pytest.approx(365.25 * 86400.0, rel=1e-12)
    assert not found.known_mass
    given_ = Detector.of("Xe", exposure="3 t yr", mass="1 t", threshold="1 keVnr")
    assert given_.known_mass
    assert given_.live_time == pytest.approx(3.0 * 365.25 * 86400.0, rel=1e-12)
    fluence = monochromatic("nue", 30.0, 1e10, per_time=False)
    same = Detector.of("Xe", mass="1 t", threshold="1 keVnr")
    assert events(fluence, given_)[0] == events(fluence, same)[0]


@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.floats(1.01, 29.0), min_size=1, max_size=6, unique=True))
def test_bins_add_up(cuts):
    """Of any bins, however the response is."""
    flux = pion_decay_at_rest("20 m", protons=1e22)
    edges = np.array([1.0, *sorted(cuts), 30.0])
    for smearing in (None, GaussianSmearing(noise=0.3, root=0.2)):
        detector = Detector.of("CsI", mass="1 kg", threshold="1 keVnr", highest="30 keVnr", smearing=smearing)
        whole, parts = events(flux, detector), events(flux, detector, edges)
        assert parts.sum() == pytest.approx(whole[0], rel=1e-6)
        assert (parts >= 0.0).all()


def test_even_bins_hold_the_events():
    """All but a thousandth; as many whole numbers in each bin where photoelectrons are counted."""
    flux = pion_decay_at_rest("19.3 m", **BEAM)
    for detector in (
        detector_of("coherent_csi"),
        detector_of("coherent_csi", smearing=None),
        Detector.of("Ar", mass="1 t", threshold="20 keVnr"),
        Detector.of("Ar", mass="1 t", threshold="5 keVee", quenching=ConstantQuenching(0.25),
                    smearing=GaussianSmearing(root=0.5)),
    ):  # fmt: skip
        edges = even_bins(flux, detector, 10)
        assert 2 <= edges.size <= 11
        total = events(flux, detector)[0]
        assert 0.998 * total <= events(flux, detector, edges).sum() <= total * (1.0 + 1e-6)
    np.testing.assert_allclose(even_bins(flux, detector_of("coherent_csi"), 10)[:3], [5.5, 8.5, 11.5])
    with pytest.raises(OutOfRangeError, match="below the threshold"):
        even_bins(flux, Detector.of("Pb", mass="1 t", threshold="1 MeVnr"), 10)


def test_energies_and_light_are_one_scale():
    """10 pe at 2 per keVee and a quenching of 0.1 is 5 keVee, 50 keVnr."""
    flux = pion_decay_at_rest("20 m", protons=1e22)
    options = {"mass": "1 kg", "quenching": ConstantQuenching(0.1)}
    expected = events(flux, Detector.of("Na23", mass="1 kg", threshold="50 keVnr"))[0]
    for threshold, light in (("5 keVee", None), ("10 pe", 2.0), ("5000 eVee", None)):
        detector = Detector.of("Na23", threshold=threshold, light_yield=light, **options)
        assert events(flux, detector)[0] == pytest.approx(expected, rel=1e-9)


def test_narrow_smearing_changes_nothing_and_wide_smearing_brings_events_up():
    flux = solar(["8B"])
    sharp = events(flux, tonne("Xe", "2 keVnr"))[0]
    narrow = events(flux, tonne("Xe", "2 keVnr", smearing=GaussianSmearing(noise=1e-2)))[0]
    wide = events(flux, tonne("Xe", "2 keVnr", smearing=GaussianSmearing(noise=0.5)))[0]
    # to second order in the width: half of it times the slope of the spectrum at the threshold
    assert narrow == pytest.approx(sharp, rel=2e-3)
    assert wide > 1.3 * sharp


def test_counting_many_photoelectrons_is_sharp():
    flux = pion_decay_at_rest("20 m", protons=1e22)
    for light in (30.0, 300.0):
        options = {
            "mass": "1 kg",
            "quenching": ConstantQuenching(1.0),
            "light_yield": light,
            "threshold": f"{10.0 * light} pe",
        }
        sharp = events(flux, Detector.of("CsI", **options))[0]
        counted = events(flux, Detector.of("CsI", smearing=PoissonSmearing(), **options))[0]
        assert counted == pytest.approx(sharp, rel=6.0 / light)


# ------------------------------------------------------------------------------------------------ reference data


def test_flux_averaged_cross_sections_of_pions(reference, read_columns):
    columns = read_columns(reference / "cevns" / "pidar_flux_averaged.csv")
    names = {
        "unity": "point",
        "helm_LS": "helm",
        "klein_nystrand": "klein_nystrand",
        "helm_R0=1.2A13": "helm_a13",
    }
    flux = pion_decay_at_rest("20 m", protons=1e20)
    per_flavour = flux.total("numu")
    rows = zip(columns["nucleus"], columns["form_factor"], strict=True)
    for i, (nucleus, name) in enumerate(rows):
        target = Target.of(str(nucleus), form_factor=names[str(name)])
        detector = Detector.of(target, mass="1 kg", threshold="0 keVnr")
        by_part = Expectation.of(flux, detector).by_component()[:, 0] / per_flavour / detector.nuclei
        columns_of = ("numu_prompt_1e-40cm2", "nue_1e-40cm2", "numubar_1e-40cm2")
        expected = np.array([columns[column][i] for column in columns_of])
        np.testing.assert_allclose(by_part * 1e40, expected, rtol=1e-3)
        assert by_part.mean() * 1e40 == pytest.approx(columns["mean_of_three"][i], rel=1e-3)


def boron8_of(reference, read_columns, number):
    columns = read_columns(reference / "cevns" / "spectrum_8B.csv")
    shape = (columns["E_MeV"], columns["pdf_per_MeV"])
    return solar(["8B"], norms={"8B": number}, shapes={"8B": shape})


def test_solar_boron8_rates(reference, read_columns):
    """1 %. Where a spectrum is so steep that 0.2 % of the threshold are more, that much of the threshold instead."""
    columns = read_columns(reference / "cevns" / "solar_8B_rates.csv")
    flux = boron8_of(reference, read_columns, 5.16e6)
    for i, target in enumerate(("Xe", "Ar40")):
        for name, keV in (
            ("per_tonne_yr_T>0.1keV", 0.1),
            ("T>0.5", 0.5),
            ("T>1", 1.0),
            ("T>2", 2.0),
            ("T>3", 3.0),
        ):
            found = [
                events(flux, tonne(target, f"{keV * factor} keVnr"))[0] for factor in (0.998, 1.0, 1.002)
            ]
            expected = columns[name][i]
            near = abs(found[1] / expected - 1.0) <= 0.01
            assert near or found[2] <= expected <= 1.001 * found[0], (target, keV)


def rate_by_plain_quadrature(target, energy, density, keV):
    """Events per tonne and year above a recoil, straight lines between the points of a spectrum, Gauss in each interval."""
    node, weight = np.polynomial.legendre.leggauss(24)
    made, total = Target.of(target), 0.0
    for (nucleus, share), one in zip(made.composition, made.scattering, strict=True):
        least = float(smallest_energy(1e-3 * keV, nucleus.mass))
        cuts = np.unique(np.append(energy[energy > least], least))
        half = 0.5 * np.diff(cuts)[:, None]
        e = (0.5 * (cuts[1:] + cuts[:-1])[:, None] + half * node).ravel()
        span = 0.5 * (one.largest_recoil(e) - 1e-3 * keV)[:, None]
        recoil = 1e-3 * keV + span * (1.0 + node)
        sigma = (one.dsigma_dT(e[:, None], recoil, "nue") * span) @ weight
        total += share * np.sum((half * weight).ravel() * np.interp(e, energy, density) * sigma)
    return total / np.trapezoid(density, energy) * made.composition.atoms_per_gram * 1e6 * YEAR


BORON8_KEV = (0.1, 0.5, 1.0, 2.0, 3.0)
# what the docstring of `boron8_shape` and the page on detection say: per cent more than with the spectrum of Winter et al.
BORON8_MORE = {"Xe": (0.3, 1.1, 2.5, 7.1, 4.7), "Ar40": (0.3, 0.4, 0.7, 1.4, 2.3)}


@pytest.mark.parametrize("target", BORON8_MORE)
def test_boron8_tables_and_our_own_shape(target, reference, read_columns):
    """A table gives its own integral to 1e-3; our shape differs from it by what the documentation says."""
    columns = read_columns(reference / "cevns" / "spectrum_8B.csv")
    flux, ours = boron8_of(reference, read_columns, 5.16e6), solar(["8B"], norms={"8B": 5.16e6})
    for keV, more in zip(BORON8_KEV, BORON8_MORE[target], strict=True):
        detector = tonne(target, f"{keV} keVnr")
        exact = 5.16e6 * rate_by_plain_quadrature(target, columns["E_MeV"], columns["pdf_per_MeV"], keV)
        assert events(flux, detector)[0] == pytest.approx(exact, rel=1e-3)
        assert 100.0 * (events(ours, detector)[0] / exact - 1.0) == pytest.approx(more, abs=0.06)


def test_boron8_of_our_own_shape_against_the_table_of_rates(reference, read_columns):
    """Within its 1 % of the claimed errors; in xenon above 2 and 3 keV its own sums over recoils are off by 1.3 and 2.2 %."""
    columns = read_columns(reference / "cevns" / "solar_8B_rates.csv")
    names = ("per_tonne_yr_T>0.1keV", "T>0.5", "T>1", "T>2", "T>3")
    ours = solar(["8B"], norms={"8B": 5.16e6})
    for i, target in enumerate(BORON8_MORE):
        for name, keV, more in zip(names, BORON8_KEV, BORON8_MORE[target], strict=True):
            if target == "Xe" and keV > 1.0:
                continue
            found = events(ours, tonne(target, f"{keV} keVnr"))[0]
            assert found == pytest.approx(columns[name][i] * (1.0 + 0.01 * more), rel=0.01)


def test_boron8_cross_section_on_xenon(reference, read_columns):
    flux = boron8_of(reference, read_columns, 1.0)
    detector = Detector.of("Xe", mass="1 g", live_time="1 s", threshold="0 keVnr")
    assert events(flux, detector)[0] / detector.nuclei == pytest.approx(1.222e-39, rel=5e-3)


def test_xenonnt_expectation(reference, read_columns):
    columns = read_columns(reference / "cevns" / "xenonnt_nr_efficiency_sr0_sr1.csv")
    flux = boron8_of(reference, read_columns, 5.25e6)
    found = 0.0
    for exposure, name in ((1.174398, "eff_SR0"), (2.342593, "eff_SR1")):
        efficiency = TabulatedEfficiency(columns["T_nr_keV"], columns[name])
        found += events(flux, detector_of("xenonnt", exposure=f"{exposure} t yr", efficiency=efficiency))[0]
    assert found == pytest.approx(9.25, rel=0.02)


def test_supernova_in_xenon_and_argon(reference, read_columns):
    columns = read_columns(reference / "cevns" / "supernova_pinched_fluence.csv")
    kinds = {"nue": ("nue",), "nueb": ("anue",), "nux": ("numu", "nutau"), "nuxb": ("anumu", "anutau")}
    energy, mean, alpha = {}, {}, {}
    for i, (model, species) in enumerate(zip(columns["model"], columns["species"], strict=True)):
        for flavor in kinds[str(species)] if model == "s27.0co" else ():
            radiated = columns["E_tot_1e51erg_summed_over_multiplicity"][i] * 1e51
            energy[flavor] = radiated / len(kinds[str(species)])
            mean[flavor], alpha[flavor] = columns["mean_E_MeV"][i], columns["alpha"][i]
    flux = pinched_fluence(energy, mean, alpha, "10 kpc")
    expected = read_columns(reference / "cevns" / "supernova_burst_10kpc.csv")
    bounds = {
        "N_per_tonne_T>1eV": 1e-3,
        "T>0.5keV": 0.5,
        "T>1keV": 1.0,
        "T>2keV": 2.0,
        "T>3keV": 3.0,
        "T>5keV": 5.0,
    }
    for i, target in enumerate(expected["target"]):
        for column, keV in bounds.items():
            detector = Detector.of(str(target), mass="1 t", threshold=f"{keV} keVnr")
            assert events(flux, detector)[0] == pytest.approx(expected[column][i], rel=0.01)


def test_coherent_caesium_iodide():
    """173.8 with as many photoelectrons as expected, 178.1 counted; published 173 +- 48 (Akimov et al. 2017)."""
    flux = pion_decay_at_rest("19.3 m", **BEAM)
    assert events(flux, detector_of("coherent_csi", smearing=None))[0] == pytest.approx(173.8, rel=1e-3)
    assert events(flux, detector_of("coherent_csi"))[0] == pytest.approx(178.1, rel=1e-3)


def test_conus_plus():
    """347 +- 59 predicted by the collaboration (Ackermann et al. 2025)."""
    found = events(reactor("3.6 GW", "20.7 m"), detector_of("conus_plus"))[0]
    assert found == pytest.approx(347.0, abs=59.0)


# ----------------------------------------------------------------------------------------------------- templates


def test_templates_are_the_events():
    flux = pion_decay_at_rest("19.3 m", **BEAM)
    found = Expectation.of(flux, detector_of("coherent_csi"), np.arange(6.0, 31.0, 2.0))
    templates = CouplingTemplates.of(found)
    couplings = WeakCouplings()
    np.testing.assert_allclose(
        templates.counts(couplings.vector_proton, couplings.vector_neutron), found.counts(), rtol=1e-12
    )
    scan = WeakCouplings(sin2_theta_w=0.2)
    target = Target.of("CsI", couplings=scan)
    np.testing.assert_allclose(
        templates.counts([scan.vector_proton], [-0.5]), found.counts(target), rtol=1e-12
    )


def test_templates_know_flavours():
    flux = pion_decay_at_rest("20 m", protons=1e23)
    detector = Detector.of("Ar40", mass="1 kg", threshold="20 keVnr")
    found = Expectation.of(flux, detector)
    radiative = WeakCouplings(radiative=True)
    pairs = np.array([radiative.vector_couplings(each) for each in flux.flavors])
    expected = found.counts(Target.of("Ar40", couplings=radiative))
    np.testing.assert_allclose(
        CouplingTemplates.of(found).counts(pairs[:, 0], pairs[:, 1]), expected, rtol=1e-12
    )


def test_couplings_that_cancel_leave_nothing():
    """A blind spot, Z g_p = -N g_n with one form factor; the degenerate solution has the sign of both turned."""
    flux = pion_decay_at_rest("20 m", protons=1e23)
    templates = CouplingTemplates.of(
        Expectation.of(flux, Detector.of("Ar40", mass="1 kg", threshold="5 keVnr"))
    )
    standard = templates.counts(0.02274, -0.5)[0]
    assert abs(templates.counts(22.0, -18.0)[0]) < 1e-9 * templates.counts(22.0, 18.0)[0]
    assert templates.counts(-0.02274, 0.5)[0] == pytest.approx(standard, rel=1e-12)


def test_terms_that_add():
    flux = pion_decay_at_rest("20 m", protons=1e23)
    detector = Detector.of("Ge", mass="10 kg", threshold="1 keVnr")
    found = Expectation.of(flux, detector)
    one = term_counts(found, magnetic(1e-10))
    target = Target.of("Ge", new_physics=(magnetic(3e-10),))
    np.testing.assert_allclose(found.counts() + 9.0 * one, found.counts(target), rtol=1e-12)
    with pytest.raises(OutOfRangeError, match="NSI: interferes"):
        term_counts(found, NSI(up={"ee": 0.1}))


@pytest.mark.parametrize(("name", "beam", "error", "column"), [
    ("sns_germanium", 1.0, 0.2, "prototype_current"), ("sns_germanium_future", 3652.5 / 308.1, 0.1, "prototype_future"),
    ("sns_csi_future", 3652.5 / 308.1, 0.1, "prototype_future"),
])  # fmt: skip
def test_sensitivity_to_transition_moments(name, beam, error, column, reference, read_columns):
    """Miranda et al. 2019: (moment events)^2/[(1 + error) events] = 2.71, prompt neutrinos, one moment in the mass basis."""
    columns = read_columns(reference / "cevns" / "tmm_limits_sns.csv")
    detector = detector_of(name)
    flux = pion_decay_at_rest(f"{detector.baseline} cm", protons=beam * 1.76e23)
    one = term_counts(Expectation.of(flux.of("prompt"), detector), magnetic(1e-10))[0]
    squared = math.sqrt(2.71 * (1.0 + error) * events(flux, detector)[0]) / one
    s12, s13, s23 = math.sqrt(0.320), math.sqrt(0.0216), math.sqrt(0.547)
    c12, c13, c23 = (math.sqrt(1.0 - s**2) for s in (s12, s13, s23))
    muon = (-s12 * c23 - c12 * s23 * s13, c12 * c23 - s12 * s23 * s13, s23 * c13)
    ours = [math.sqrt(squared / (1.0 - u**2)) for u in muon]
    kind = "CsI" if "csi" in name else "HPGe"
    rows = (columns["detector"] == kind) & (columns["beam"] == "prompt")
    np.testing.assert_allclose(ours, columns[column][rows], rtol=5e-3)


# ---------------------------------------------------------------------------------------------------------- time


def test_time_spectrum_of_a_beam_adds_up():
    flux = pion_decay_at_rest("19.3 m", **BEAM, pulse_width="149 ns")
    found = Expectation.of(flux, detector_of("coherent_csi"), [6.0, 15.0, 30.0])
    edges = np.append(np.linspace(-1e-6, 6e-6, 29), 1.0)
    table = time_spectrum(found, edges)
    assert table.shape == (29, 2)
    np.testing.assert_allclose(table.sum(axis=0), found.counts(), rtol=1e-9)
    prompt = found.by_component()[0].sum() / found.total()
    early = table[edges[1:] <= 1e-6].sum() / found.total()
    assert prompt < early < prompt + 0.4 * (1.0 - prompt)


def test_supernova_rate_of_a_signal():
    """Events over time add up to those of its fluence."""
    from snsim.detection import signal_fluence

    time = np.linspace(0.0, 8.0, 60)
    fading = np.exp(-time / 2.0)[:, None] * [1.0, 0.9, 0.7]
    signal = Signal.from_pinching(time, 3e52 * fading, 10.0 + 3.0 * fading, 2.0 + fading)
    for target in (Target.of("Xe"), Target.of("Ar", couplings=WeakCouplings(radiative=True))):
        detector = Detector.of(target, mass="7 t", threshold="1 keVnr")
        rate = supernova_rate(signal, "10 kpc", detector)
        assert rate.shape == time.shape
        total = events(signal_fluence(signal, "10 kpc"), detector)[0]
        assert signal.interval @ rate == pytest.approx(total, rel=1e-3)


# ------------------------------------------------------------------------------------------------------ responses


def test_thresholds_are_read_with_what_they_count():
    assert Threshold.read("5 keVnr") == Threshold(5.0, "nr")
    assert Threshold.read("160 eVee") == Threshold(0.16, "ee")
    assert Threshold.read("28 eV_ee") == Threshold(0.028, "ee")
    assert Threshold.read("6 pe") == Threshold(6.0, "pe")


def test_lindhard_thresholds_of_the_literature():
    """100 eVee are 622 eVnr in germanium and 28 eVee 170 eVnr in silicon, with k = 0.133 Z^(2/3)/sqrt(A)."""
    for name, k, seen, recoil in (("Ge", 0.157, 0.1, 0.622), ("Si", 0.146, 0.028, 0.17)):
        quenching = LindhardQuenching.by_theory(name)
        assert quenching.k == pytest.approx(k, abs=5e-4)
        response = Response(seen, unit="ee", quenching=quenching)
        assert response.recoil(seen, 50.0) == pytest.approx(recoil, rel=0.03)


def test_lindhard_in_closed_form():
    """At e = 1 g is 4.7, whatever the element."""
    energy = 32.0 ** (7.0 / 3.0) / 11.5
    assert LindhardQuenching(32.0, 0.2)(np.array([energy]))[0] == pytest.approx(0.94 / 1.94, rel=1e-12)


def test_probabilities_of_counting():
    """Poisson's distribution: of a mean of 3, none to two are exp(-3)(1 + 3 + 9/2)."""
    response = Response(0.0, 100.0, "pe", ConstantQuenching(1.0), light_yield=1.0, smearing=PoissonSmearing())
    found = response.probabilities(np.array([3.0]), np.array([0.0, 3.0, 100.0]))
    expected = math.exp(-3.0) * 8.5
    np.testing.assert_allclose(found[:, 0], [expected, 1.0 - expected], rtol=1e-9)


def test_width_of_a_normal_distribution_has_three_parts():
    """In squares: noise, root sqrt(E), share E."""
    width = GaussianSmearing(noise=0.3, root=0.2, share=0.1).width(np.array([0.0, 4.0]))
    np.testing.assert_allclose(width, [0.3, math.sqrt(0.09 + 0.16 + 0.16)], rtol=1e-14)
    np.testing.assert_allclose(
        GaussianSmearing(share=0.1).width(np.array([2.0, 7.0])), [0.2, 0.7], rtol=1e-14
    )


def test_probabilities_of_a_normal_distribution():
    response = Response(0.0, 50.0, "nr", smearing=GaussianSmearing(noise=0.5))
    found = response.probabilities(np.array([10.0]), np.array([0.0, 10.5, 50.0]))
    np.testing.assert_allclose(found[:, 0], [0.8413447, 0.1586553], rtol=1e-6)


@pytest.mark.parametrize("name", DETECTORS)
def test_presets(name):
    detector = detector_of(name)
    assert detector.mass > 0.0
    assert detector.references
    assert detector.response.visible(50.0) > detector.response.low or name in ("coherent_csi", "xenonnt")


def test_presets_with_changes():
    changed = detector_of("darwin", live_time="2 yr", threshold="1 keVnr")
    assert changed.live_time == pytest.approx(2.0 * YEAR)
    other = detector_of(
        "cenns10", target=lambda name: Target.of(name, couplings=WeakCouplings(radiative=True))
    )
    assert other.target.scattering[0].couplings.radiative


# ------------------------------------------------------------------------------------------------------ bad input


def test_unknown_energies_of_a_flux_are_refused_where_they_matter():
    core = reactor("3.6 GW", "20.7 m")
    needed = 2.0 * 4.0 / (67.7e3 + 4.0) * 1e3
    detector = tonne("Ge", f"{0.8 * needed} keVnr")
    with pytest.raises(OutOfRangeError, match=r"reactor: is known from 2 MeV on, but recoils below 0\.1"):
        events(core, detector)
    with pytest.raises(OutOfRangeError, match="known from 2 MeV"):
        recoil_rate(core, Target.of("Ge"), [1e-5])
    assert events(core, tonne("Ge", "0.3 keVnr"))[0] > 0.0
    assert events(reactor("3.6 GW", "20.7 m", low="vogel_engel"), detector)[0] > 0.0
    assert smallest_energy(0.3e-3, Target.of("Ge70").scattering[0].nucleus.mass) > 2.0


LINE = monochromatic("nue", 30.0, 1.0)
WRONG = {
    "threshold without kind": (lambda: Threshold.read("5 keV"), OutOfRangeError, '"5 keVnr"'),
    "threshold kind": (lambda: Threshold(5.0, "keV"), UnknownNameError, "keV"),
    "negative threshold": (lambda: Threshold.read("-5 keVnr"), OutOfRangeError, "must not be negative"),
    "no mass": (lambda: Detector.of("Xe", threshold="1 keVnr"), OutOfRangeError, "mass: expected"),
    "mass without unit": (lambda: Detector.of("Xe", mass=5.0, threshold="1 keVnr"), OutOfRangeError, "mass = 5.0"),
    "zero mass": (lambda: Detector.of("Xe", mass="0 kg", threshold="1 keVnr"), OutOfRangeError, "must be positive"),
    "three of two": (lambda: Detector.of("Xe", mass="1 t", live_time="1 yr", exposure="1 t yr", threshold="1 keVnr"),
                     OutOfRangeError, "give two of the three"),
    "two kinds": (lambda: Detector.of("Xe", mass="1 t", threshold="1 keVnr", highest="2 keVee"), OutOfRangeError,
                  "is in ee, the threshold in nr"),
    "empty range": (lambda: Detector.of("Xe", mass="1 t", threshold="3 keVnr", highest="2 keVnr"), OutOfRangeError,
                    "3 to 2 nr is empty"),
    "light": (lambda: Detector.of("Xe", mass="1 t", threshold="3 pe", quenching=ConstantQuenching(0.1)), OutOfRangeError,
              "light_yield = None"),
    "no quenching of ee": (lambda: Detector.of("Ge", mass="1 kg", threshold="160 eVee"), OutOfRangeError,
                           "quenching: expected for a threshold in ee"),
    "no quenching of pe": (lambda: Detector.of("CsI", mass="1 kg", threshold="6 pe", light_yield=13.3), OutOfRangeError,
                           "quenching: expected for a threshold in pe"),
    "quenching of nr": (lambda: tonne(quenching=ConstantQuenching(0.1)), OutOfRangeError,
                        "quenching: is of a threshold in ee"),
    "light of ee": (lambda: tonne("Ge", "1 keVee", quenching=ConstantQuenching(0.1), light_yield=13.3), OutOfRangeError,
                    "light_yield = 13.3: is of a threshold in photoelectrons"),
    "light of nr": (lambda: tonne(light_yield=13.3), OutOfRangeError, "light_yield = 13.3: is of a threshold in"),
    "fluence without mass": (lambda: events(monochromatic("nue", 30.0, 1.0, per_time=False), detector_of("xenonnt")),
                             OutOfRangeError, "XENONnT.*: has an exposure alone"),
    "area without mass": (lambda: effective_area(detector_of("xenonnt"), [10.0]), OutOfRangeError, "exposure alone"),
    "counting keV": (lambda: Detector.of("Xe", mass="1 t", threshold="3 keVnr", smearing=PoissonSmearing()), OutOfRangeError,
                     "only photoelectrons are counted"),
    "no time": (lambda: events(LINE, Detector.of("Xe", mass="1 t", threshold="1 keVnr")), OutOfRangeError, "live_time"),
    "edges outside": (lambda: events(LINE, tonne(), [0.5, 2.0]), OutOfRangeError, "analysis goes from 1"),
    "edges fall": (lambda: events(LINE, tonne(), [3.0, 2.0]), OutOfRangeError, "rising"),
    "quenching": (lambda: ConstantQuenching(1.5), OutOfRangeError, "quenching factor = 1.5"),
    "lindhard": (lambda: LindhardQuenching(32.0, 0.0), OutOfRangeError, "k = 0.0"),
    "quenching table": (lambda: TabulatedQuenching(np.array([1.0, 2.0]), np.array([0.1, 1.2])), OutOfRangeError,
                        "quenching = 1.2"),
    "efficiency": (lambda: TabulatedEfficiency(np.array([1.0, 2.0]), np.array([0.1, -0.2])), OutOfRangeError,
                   "efficiency = -0.2"),
    "efficiency falls": (lambda: TabulatedEfficiency(np.array([2.0, 1.0]), np.array([0.1, 0.2])), OutOfRangeError,
                         "must rise"),
    "efficiency shapes": (lambda: TabulatedEfficiency(np.array([2.0, 3.0]), np.array([0.1])), OutOfRangeError,
                          "two columns"),
    "efficiency function": (lambda: events(LINE, tonne(efficiency=lambda x: 2.0 * np.ones(np.shape(x)))), OutOfRangeError,
                            "efficiency = 2"),
    "smearing": (lambda: GaussianSmearing(), OutOfRangeError, "one must be positive"),
    "preset": (lambda: detector_of("coherent"), UnknownNameError, "coherent_csi"),
    "other nuclei": (lambda: Expectation.of(LINE, tonne()).counts(Target.of("Ar40")), OutOfRangeError,
                     "nuclei of the detector"),
    "no timing": (lambda: time_spectrum(Expectation.of(LINE, tonne()), [0.0, 1.0]), OutOfRangeError, "pulse_width"),
    "time falls": (lambda: time_spectrum(Expectation.of(LINE, tonne()), [1.0, 0.0]), OutOfRangeError, "rising edges"),
    "coupling shape": (lambda: CouplingTemplates.of(Expectation.of(LINE, tonne())).counts([0.1, 0.2], -0.5), OutOfRangeError,
                       "g_p has shape"),
    "negative energy": (lambda: effective_area(tonne(), [-1.0]), OutOfRangeError, "expected positive"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_bad_input_has_one_clear_error(name):
    call, kind, words = WRONG[name]
    with pytest.raises(kind, match=words):
        call()


def test_a_flux_at_another_distance_is_warned_of():
    detector = detector_of("coherent_csi")
    with pytest.warns(
        PhysicsWarning, match=r"flux at 20 m, COHERENT CsI\[Na\], 2017 stands at 19.3 m; use Flux.at_distance"
    ):
        far = events(pion_decay_at_rest("20 m", **BEAM), detector)[0]
    near = events(pion_decay_at_rest("20 m", **BEAM).at_distance("19.3 m"), detector)[0]
    assert near / far == pytest.approx((20.0 / 19.3) ** 2, rel=1e-12)


def test_polynomial_quenching_is_kept_between_zero_and_one():
    argon = PolynomialQuenching((0.246, 7.8e-4))
    assert argon(np.array([20.0]))[0] == pytest.approx(0.2616)
    assert argon(np.array([1e6]))[0] == 1.0


def test_a_cut_table_is_not_taken_for_one_that_ends():
    """A user's table from 10 MeV on says nothing of recoils that lower energies make."""
    flux = tabulated([10.0, 20.0, 30.0], {"nue": [1.0, 2.0, 0.0]})
    with pytest.raises(OutOfRangeError, match="known from 10 MeV"):
        events(flux, tonne("Ar40", "1 keVnr"))
    assert events(flux, tonne("Ar40", "8 keVnr"))[0] > 0.0
