"""Coherent scattering against tables and published numbers.

Cross sections, rates and fluences marked "prototype" were computed for this project with an independent scratch program
(tree-level couplings with sin^2 theta_W = 0.23863, exact kinematics, 200-point Gauss-Legendre); tolerance 1e-4, 1e-3 for
fluxes of stopped pions and 1 % for rates on natural elements, where tables of abundances differ. A few numbers of each table
are frozen below, so that the comparison runs where the reference folder is not at hand.

Published: XENONnT 2024 (PRL 133, 191002) for 8B on xenon, COHERENT 2021 (PRL 126, 012002) for argon, Lang et al. 2016
(PRD 94, 103009) for supernova events in xenon.
"""

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from microphysics.constants import CODATA
from microphysics.nuclei import Composition, Nucleus
from microphysics.weak.cevns import CEvNS
from microphysics.weak.form_factors import Helm, KleinNystrand, Point
from microphysics.weak.moments import Mixing, TransitionMoments
from microphysics.weak.new_physics import MagneticMoment
from microphysics.weak.recoils import FluxMoments, recoil_spectrum

FORM_FACTORS = {
    "unity": lambda nucleus: Point(),
    "helm_LS": Helm.from_lewin_smith,
    "klein_nystrand": lambda nucleus: KleinNystrand(1.2 * np.cbrt(nucleus.mass_number), 0.7),
    "helm_R0=1.2A13": lambda nucleus: Helm(1.2 * np.cbrt(nucleus.mass_number), 0.9),
}
PION_MASS = 139.57039  # MeV (PDG 2024)
YEAR = 365.25 * 86400.0
KILOPARSEC = 3.0856775814913673e21  # cm


def cross_section(name, form_factor, *new_physics):
    nucleus = Nucleus.named(name)
    return CEvNS(nucleus, FORM_FACTORS[form_factor](nucleus), new_physics=new_physics)


# ---------------------------------------------------------------------------------------------- cross sections


@pytest.mark.parametrize(
    ("name", "energy", "form_factor", "total", "ratio"),
    [
        ("Ar40", 20.0, "klein_nystrand", 7.125540e-40, 0.646636),
        ("Fe56", 50.0, "unity", 8.734993e-39, 0.666027),
        ("Fe56", 50.0, "klein_nystrand", 5.817123e-39, 0.527209),
        ("Ge74", 10.0, "helm_LS", 6.800858e-40, 0.660404),
    ],
)
def test_frozen_totals(name, energy, form_factor, total, ratio):
    xs = cross_section(name, form_factor)
    assert float(xs.total(energy)) == pytest.approx(total, rel=1e-6, abs=0.0)
    assert float(xs.transport(energy) / xs.total(energy)) == pytest.approx(ratio, rel=2e-6, abs=0.0)


def test_totals(reference, read_columns):
    table = read_columns(reference / "cevns" / "sigma_total.csv")
    assert table["nucleus"].size == 90
    for i, (name, kind) in enumerate(zip(table["nucleus"], table["form_factor"], strict=True)):
        xs = cross_section(str(name), str(kind))
        assert (xs.nucleus.charge_number, xs.nucleus.neutron_number) == (table["Z"][i], table["N"][i])
        # editions of the mass table differ
        assert float(xs.nucleus.mass) == pytest.approx(table["bare_mass_MeV"][i], rel=1e-7, abs=0.0)
        energy = table["E_nu_MeV"][i]
        # 1e-4 is asked for; the printing allows 1e-6
        assert float(xs.total(energy)) == pytest.approx(table["sigma_cm2"][i], rel=2e-6, abs=0.0)
        assert float(xs.transport(energy)) == pytest.approx(
            table["sigma_transport_cm2"][i], rel=2e-6, abs=0.0
        )


def test_recoil_distributions(reference, read_columns):
    table = read_columns(reference / "cevns" / "dsigma_dT.csv")
    assert table["nucleus"].size == 8
    for i, name in enumerate(table["nucleus"]):
        energy, t = table["E_nu_MeV"][i], 1e-3 * table["T_keV"][i]
        for kind in ("unity", "helm_LS", "klein_nystrand"):
            ours = cross_section(str(name), kind).dsigma_dT(energy, t) * 1e-3
            assert float(ours) == pytest.approx(table[f"sm_{kind}_cm2_per_keV"][i], rel=2e-6, abs=0.0)
        magnetic = MagneticMoment(1e-10)
        nucleus = Nucleus.named(str(name))
        xs = CEvNS(nucleus, Point())
        c0, c1, c2 = magnetic.coefficients(np.array(t), nucleus, Point(), "nue", xs.couplings)
        ours = float(c0 + c1 / energy + c2 / energy**2) * 1e-3
        assert ours == pytest.approx(table["mag_mu1e-10_unity_cm2_per_keV"][i], rel=2e-6, abs=0.0)


# ------------------------------------------------------------------------------------------------ stopped pions


def michel(flavor, energy):
    """Spectra of muon decay at rest, normalised to one."""
    x = energy / CODATA.muon_mass
    if flavor == "nue":
        return 192.0 / CODATA.muon_mass * x**2 * (0.5 - x)
    return 64.0 / CODATA.muon_mass * x**2 * (0.75 - x)


def prompt_energy():
    """Muon neutrino of pi+ -> mu+ nu_mu."""
    return (PION_MASS**2 - CODATA.muon_mass**2) / (2.0 * PION_MASS)


def averaged(xs):
    """Cross sections averaged over the three spectra, cm^2: prompt numu, nue, anumu."""
    node, weight = np.polynomial.legendre.leggauss(80)
    top = 0.5 * CODATA.muon_mass
    energy, weight = 0.5 * top * (1.0 + node), 0.5 * top * weight
    delayed = [float((xs.total(energy, f) * michel(f, energy)) @ weight) for f in ("nue", "anumu")]
    return [float(xs.total(prompt_energy(), "numu")), *delayed]


def test_spectra_of_stopped_pions():
    assert prompt_energy() == pytest.approx(29.7921, abs=1e-4)
    node, weight = np.polynomial.legendre.leggauss(8)
    energy, weight = 0.25 * CODATA.muon_mass * (1.0 + node), 0.25 * CODATA.muon_mass * weight
    for flavor, mean in (("nue", 0.3), ("anumu", 0.35)):
        assert michel(flavor, energy) @ weight == pytest.approx(1.0, rel=1e-12, abs=0.0)
        # <E> = 0.3 and 0.35 of the muon's mass
        assert (michel(flavor, energy) * energy) @ weight == pytest.approx(
            mean * CODATA.muon_mass, rel=1e-12, abs=0.0
        )


@pytest.mark.parametrize(
    ("name", "form_factor", "expected"),
    [
        ("Ar40", "helm_LS", [14.9504, 17.5026, 22.3113]),
        ("Cs133", "unity", [213.1643, 268.0793, 357.4118]),
        ("I127", "helm_R0=1.2A13", [151.4273, 166.5183, 203.7721]),
    ],
)
def test_frozen_averages_over_stopped_pions(name, form_factor, expected):
    np.testing.assert_allclose(
        np.array(averaged(cross_section(name, form_factor))) * 1e40, expected, rtol=1e-5
    )


def test_averages_over_stopped_pions(reference, read_columns):
    table = read_columns(reference / "cevns" / "pidar_flux_averaged.csv")
    columns = ("numu_prompt_1e-40cm2", "nue_1e-40cm2", "numubar_1e-40cm2")
    for i, (name, kind) in enumerate(zip(table["nucleus"], table["form_factor"], strict=True)):
        ours = np.array(averaged(cross_section(str(name), str(kind)))) * 1e40
        # 1e-3 is asked for; same constants
        np.testing.assert_allclose(ours, [table[c][i] for c in columns], rtol=1e-5)
        assert ours.mean() == pytest.approx(table["mean_of_three"][i], rel=1e-5, abs=0.0)


def test_recoil_spectrum_of_stopped_pions_holds_the_same_events():
    # through the flux moments: int dR/dT dT = <sigma>; 2000 straight pieces miss 1e-6
    xs = cross_section("Cs133", "helm_LS")
    energy = np.linspace(0.0, 0.5 * CODATA.muon_mass, 2001)
    fluxes = {
        "numu": FluxMoments.of_lines(prompt_energy(), 1.0),
        "nue": FluxMoments.of(energy, michel("nue", energy)),
        "anumu": FluxMoments.of(energy, michel("anumu", energy)),
    }
    for (flavor, flux), expected in zip(fluxes.items(), averaged(xs), strict=True):
        top = float(xs.largest_recoil(prompt_energy() if flavor == "numu" else energy[-1]))
        node, weight = np.polynomial.legendre.leggauss(100)
        t = 0.5 * top * (1.0 + node)
        events = 0.5 * top * recoil_spectrum(xs, flux, t, flavor) @ weight
        assert events == pytest.approx(expected, rel=2e-6, abs=0.0)


def test_argon_cross_section_of_coherent():
    # 1.8e-39 cm^2 expected (COHERENT 2021), mean over the three flavours: two digits
    for kind in ("helm_LS", "klein_nystrand"):
        assert np.mean(averaged(cross_section("Ar40", kind))) == pytest.approx(1.8e-39, rel=0.03, abs=0.0)


def test_limits_from_delayed_neutrinos_have_the_published_ratios():
    # Miranda et al. 2019 (JHEP 07, 103): 54.5, 48.7, 49.8 for Lambda_1, 2, 3 in CsI. The ratios follow from mixing and from
    # the share of nue in the magnetic events, which spectra and efficiency of COHERENT 2017 fix: 6 to 30 photoelectrons,
    # 13.348 per keV of electrons, of which nuclei give 8.78 %
    mixing = Mixing()
    node, weight = np.polynomial.legendre.leggauss(60)
    electrons = 18.0 + 12.0 * node
    efficiency = 0.6655 / (1.0 + np.exp(-0.4942 * (electrons - 10.8507)))
    t = 1e-3 * electrons / (13.348 * 0.0878)
    energy = np.linspace(0.0, 0.5 * CODATA.muon_mass, 2001)
    form = TransitionMoments((1.0, 1.0, 1.0))
    mixed = np.zeros(3)
    for flavor in ("nue", "anumu"):
        flux = FluxMoments.of(energy, michel(flavor, energy))
        for name in ("Cs133", "I127"):
            whole = recoil_spectrum(cross_section(name, "helm_LS", MagneticMoment(1e-9)), flux, t, flavor)
            magnetic = whole - recoil_spectrum(cross_section(name, "helm_LS"), flux, t, flavor)
            events = (magnetic * efficiency) @ weight
            mixed += events * np.diag(form.quadratic_form(mixing.amplitudes(flavor)))
    # 5e-3: three digits, and bins of photoelectrons
    np.testing.assert_allclose(54.5 * np.sqrt(mixed[0] / mixed), [54.5, 48.7, 49.8], rtol=5e-3)


# --------------------------------------------------------------------------------------- natural elements


def atoms_per_tonne(composition):
    return 1e6 * composition.atoms_per_gram


def events_above(composition, flux, flavor, thresholds):
    """Events per atom and unit fluence above recoil thresholds (MeV), through the recoil spectrum."""
    result = np.zeros(len(thresholds))
    node, weight = np.polynomial.legendre.leggauss(64)
    for nucleus, share in composition:
        xs = CEvNS(nucleus)
        top = float(xs.largest_recoil(flux.energy[-1]))
        for i, threshold in enumerate(thresholds):
            if top > threshold:
                # in ln T: the spectrum falls over decades
                length = math.log(top / threshold)
                t = threshold * np.exp(0.5 * length * (1.0 + node))
                result[i] += share * 0.5 * length * (recoil_spectrum(xs, flux, t, flavor) * t) @ weight
    return result


def boron(reference, read_columns):
    table = read_columns(reference / "cevns" / "spectrum_8B.csv")
    energy, pdf = table["E_MeV"], table["pdf_per_MeV"]
    # 1e-3: normalised by the trapezoid rule before it was thinned
    assert np.trapezoid(pdf, energy) == pytest.approx(1.0, abs=1e-3)
    return FluxMoments.of(energy, pdf)


def solar_rate(name, flux, thresholds):
    """Events per tonne and year of the 8B flux 5.16e6/(cm^2 s)."""
    composition = Composition.of({name: 1.0})
    return events_above(composition, flux, "nue", thresholds) * 5.16e6 * YEAR * atoms_per_tonne(composition)


def test_solar_rates(reference, read_columns):
    """Eight of ten rates within 1 % at their thresholds, all ten at the thresholds they were made with.

    At the end of the spectrum the rate on Xe falls as T^-7 and T^-12: there the thresholds of the file count, which lie on
    a grid. Argon, whose spectrum is flat, tells them.
    """
    flux = boron(reference, read_columns)
    table = read_columns(reference / "cevns" / "solar_8B_rates.csv")
    thresholds = {"per_tonne_yr_T>0.1keV": 1e-4, "T>0.5": 5e-4, "T>1": 1e-3, "T>2": 2e-3, "T>3": 3e-3}
    assert np.all(table["flux_cm-2s-1"] == 5.16e6)
    rates = {
        str(name): np.array([table[column][i] for column in thresholds])
        for i, name in enumerate(table["target"])
    }
    nominal = list(thresholds.values())
    for name, expected in rates.items():
        ours = solar_rate(name, flux, nominal)
        close = np.ones(5, dtype=bool) if name == "Ar40" else np.array(nominal) < 1.5e-3
        np.testing.assert_allclose(np.asarray(ours)[close], expected[close], rtol=1e-2)
    norm = rates["Ar40"][0] / solar_rate("Ar40", flux, [1e-4])[0]

    def excess(threshold, expected):
        return norm * solar_rate("Ar40", flux, [threshold])[0] - expected

    made_with = [
        brentq(excess, 0.98 * t, 1.02 * t, args=(expected,), xtol=1e-9)
        for t, expected in zip(nominal[1:], rates["Ar40"][1:], strict=True)
    ]
    np.testing.assert_allclose(made_with, nominal[1:], rtol=2.5e-3)
    at_those = norm * np.asarray(solar_rate("Xe", flux, made_with))
    np.testing.assert_allclose(at_those, rates["Xe"][1:], rtol=1e-2)


def test_recoil_spectrum_and_thresholds_hold_the_same_solar_events(reference, read_columns):
    # the other order of integration: sigma above threshold first, then the straight lines of the spectrum, finely
    flux = boron(reference, read_columns)
    energy = np.linspace(flux.energy[0], flux.energy[-1], 20001)
    values = np.interp(energy, flux.energy, flux.flux)
    for threshold in (1e-4, 1e-3, 3e-3):
        sigma = CEvNS(Nucleus.named("Xe132")).total(energy, recoil_min=threshold)
        expected = float(np.trapezoid(values * sigma, energy))
        ours = events_above(Composition.of({"Xe132": 1.0}), flux, "nue", [threshold])[0]
        assert ours == pytest.approx(expected, rel=1e-4, abs=0.0)


def test_solar_boron_cross_section_on_xenon(reference, read_columns):
    # standard model 1.2e-39 cm^2 quoted by XENONnT 2024; prototype 1.222e-39 (Helm) and 1.248e-39 (F = 1)
    flux = boron(reference, read_columns)
    for form_factor, expected in (("helm_LS", 1.222e-39), ("unity", 1.248e-39)):
        mean = 0.0
        for nucleus, share in Composition.natural("Xe"):
            sigma = CEvNS(nucleus, FORM_FACTORS[form_factor](nucleus)).total(flux.energy)
            mean += share * float(np.trapezoid(flux.flux * sigma, flux.energy))
        assert mean == pytest.approx(expected, rel=2e-3, abs=0.0)
        assert mean == pytest.approx(1.2e-39, rel=0.05, abs=0.0)


# Garching models (LS220), time-integrated: energy in 1e51 erg summed over one, one, two, two species; <E>; pinching
BURST = {
    "nue": (59.91, 10.91, 2.11),
    "anue": (57.18, 13.68, 2.2),
    "numu": (104.12, 12.7, 1.85),
    "anumu": (110.62, 13.49, 1.73),
}


def burst_fluence(energy_1e51, mean, pinching, energy):
    """Neutrinos per cm^2 and MeV at 10 kpc with a pinched spectrum."""
    number = energy_1e51 * 1e51 / (mean * CODATA.erg_per_mev)
    shape = (pinching + 1.0) ** (pinching + 1.0) / (mean * math.gamma(pinching + 1.0))
    shape = shape * (energy / mean) ** pinching * np.exp(-(pinching + 1.0) * energy / mean)
    return number * shape / (4.0 * math.pi * (10.0 * KILOPARSEC) ** 2)


def burst_events(composition, thresholds):
    energy = np.linspace(0.0, 150.0, 3001)
    events = 0.0
    for flavor, values in BURST.items():
        flux = FluxMoments.of(energy, burst_fluence(*values, energy))
        events = events + events_above(composition, flux, flavor, thresholds)
    return events * atoms_per_tonne(composition)


THRESHOLDS = [1e-6, 5e-4, 1e-3, 2e-3, 3e-3, 5e-3]
# events per tonne above 1 eV, 0.5, 1, 2, 3, 5 keV (prototype)
BURST_EVENTS = {
    "Xe": [28.2404, 21.3543, 16.7434, 10.9740, 7.5425, 3.8508],
    "Ar": [7.8935, 7.2434, 6.6834, 5.7704, 5.0398, 3.9247],
}


@pytest.mark.parametrize("element", ["Xe", "Ar"])
def test_supernova_burst(element):
    events = burst_events(Composition.natural(element), THRESHOLDS)
    np.testing.assert_allclose(events, BURST_EVENTS[element], rtol=1e-2)


def test_supernova_burst_against_published_counts():
    # 35, 123, 704 events in 2, 7, 40 tonnes of xenon (Lang et al. 2016): 17.6 per tonne, thresholds near 0.7 to 1 keV
    above_07, above_1 = burst_events(Composition.natural("Xe"), [7e-4, 1e-3])
    assert above_1 < 17.6 < above_07


def test_frozen_inputs_are_the_reference(reference, read_columns):
    parameters = read_columns(reference / "cevns" / "supernova_pinched_fluence.csv")
    chosen = parameters["model"] == "s27.0co"
    columns = ("E_tot_1e51erg_summed_over_multiplicity", "mean_E_MeV", "alpha")
    assert [tuple(float(parameters[c][i]) for c in columns) for i in np.flatnonzero(chosen)] == list(
        BURST.values()
    )
    events = read_columns(reference / "cevns" / "supernova_burst_10kpc.csv")
    for i, element in enumerate(events["target"]):
        assert [float(values[i]) for values in list(events.values())[2:]] == BURST_EVENTS[str(element)]
