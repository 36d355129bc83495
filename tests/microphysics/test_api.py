"""Functions with Quantities: the same numbers as below, and what is said of wrong units."""

import numpy as np
import pytest
from astropy import units as u

import microphysics
from microphysics import IonPlasma, Nucleus, WeakCouplings
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.weak.cevns import CEvNS
from microphysics.weak.new_physics import MagneticMoment
from microphysics.weak.recoils import FluxMoments, recoil_spectrum

DENSITY, TEMPERATURE = 1e12 * u.g / u.cm**3, 1.5 * u.MeV
ENERGY = [5.0, 20.0] * u.MeV


def test_every_public_name_is_there():
    for name in microphysics.__all__:
        assert getattr(microphysics, name) is not None


def test_the_old_call_means_what_it_meant():
    alone = CEvNS(Nucleus.named("Ar40"))
    found = microphysics.cevns_cross_section("Ar40", 2e4 * u.keV)
    assert found.unit == "cm2"
    assert found.shape == ()
    assert found.value == alone.total(20.0)
    transport = microphysics.cevns_cross_section("Ar40", ENERGY, "transport", "klein_nystrand")
    assert (transport < microphysics.cevns_cross_section("Ar40", ENERGY)).all()
    assert microphysics.cevns_cross_section("Ar40", [[1.0, 2.0]] * u.MeV).shape == (1, 2)


def test_flavours_differ_by_radiative_corrections_only():
    loop = WeakCouplings(radiative=True)
    tree = [microphysics.cevns_cross_section("Xe", ENERGY, flavor=f) for f in ("nue", "anutau")]
    np.testing.assert_array_equal(*tree)
    corrected = [
        microphysics.cevns_cross_section("Xe", ENERGY, flavor=f, couplings=loop)
        for f in ("nue", "numu", "nutau")
    ]
    # g_p falls from e to mu to tau and has the other sign than g_n
    assert (corrected[0] < corrected[1]).all()
    assert (corrected[1] < corrected[2]).all()


def test_a_magnetic_moment_needs_a_threshold():
    moment = MagneticMoment(1e-10)
    with pytest.raises(OutOfRangeError, match="recoil_min"):
        microphysics.cevns_cross_section("Xe132", ENERGY, new_physics=moment)
    above = [
        microphysics.cevns_cross_section("Xe132", 2 * u.MeV, new_physics=terms, recoil_min=1 * u.eV)
        for terms in ((), [moment])
    ]
    # pi (alpha hbar c/m_e)^2 mu^2 Z^2 [ln(T_max/T_min) - ...], Z = 54, T_max = 65 eV
    expected = np.pi * (2.8179403e-13 * 1e-10 * 54.0) ** 2 * np.log(65.13)
    assert (above[1] - above[0]).value == pytest.approx(expected, rel=1e-2)


def test_differential_cross_section_integrates_to_the_total():
    recoil = np.linspace(0.0, 48.3, 4001) * u.keV
    spectrum = microphysics.cevns_differential_cross_section("Ar40", 30 * u.MeV, recoil)
    assert spectrum.unit == "cm2 / MeV"
    total = microphysics.cevns_cross_section("Ar40", 30 * u.MeV)
    assert (np.trapezoid(spectrum, recoil) / total).to_value("") == pytest.approx(1.0, rel=1e-5)


def test_recoil_spectrum_counts_nuclei_per_mass():
    energy, recoil = np.linspace(5.0, 50.0, 40), np.array([1e-3, 1e-2])
    flux = np.exp(-energy / 10.0)
    per_nucleus = recoil_spectrum(CEvNS(Nucleus.named("I127")), FluxMoments.of(energy, flux), recoil, "numu")
    found = microphysics.cevns_recoil_spectrum(
        "I127", recoil * u.MeV, energy * u.MeV, flux / (u.cm**2 * u.s * u.MeV), flavor="numu"
    )
    nuclei_per_kg = 1e3 * 6.02214076e23 / 126.904472
    np.testing.assert_allclose(found.to_value("1/(MeV kg s)"), per_nucleus * nuclei_per_kg, rtol=1e-7)
    fluence = microphysics.cevns_recoil_spectrum(
        "I127", recoil * u.MeV, energy * u.MeV, flux * 1e4 / (u.m**2 * u.MeV), flavor="numu"
    )
    assert fluence.unit == "1 / (keV kg)"
    np.testing.assert_allclose(fluence.value, found.value, rtol=1e-12)


def test_structure_factor_by_length_and_by_number():
    state = (DENSITY, TEMPERATURE, 0.35)
    a = microphysics.plasma_parameters(*state)["ion_sphere_radius"]
    q = [1.0, 4.0]
    reduced = microphysics.structure_factor(q, *state)
    assert reduced.unit.is_equivalent("")
    np.testing.assert_allclose(microphysics.structure_factor(q / a, *state), reduced, rtol=1e-12)
    np.testing.assert_allclose(microphysics.structure_factor((q / a).to("1/cm"), *state), reduced, rtol=1e-12)


def test_plasma_by_parameters_is_the_plasma_of_matter():
    found = microphysics.plasma_parameters(
        DENSITY, TEMPERATURE.to(u.K, u.temperature_energy()), nucleus="Fe56"
    )
    by_matter = microphysics.transport_average(20 * u.MeV, DENSITY, TEMPERATURE, nucleus="Fe56")
    reduced = (20 * u.MeV * found["ion_sphere_radius"] / (197.3269804 * u.MeV * u.fm)).to("")
    by_parameters = microphysics.transport_average(
        reduced, coupling=found["coupling"], screening=found["screening"]
    )
    assert by_matter.value == pytest.approx(by_parameters.value, rel=1e-7)
    kappa = found["screening_wave_number"] * found["ion_sphere_radius"]
    assert kappa.to_value("") == pytest.approx(found["screening"].value, rel=1e-12)


def test_the_equation_of_state_gives_the_nuclei():
    state = microphysics.thermodynamics(DENSITY, TEMPERATURE, 0.35)
    found = microphysics.plasma_parameters(DENSITY, TEMPERATURE, 0.35)
    for name in ("mass_number", "charge_number"):
        assert found[name] == state[f"{name}_heavy"]
    share = state["mass_fraction_heavy"] / state["mass_number_heavy"] * state["baryon_density"]
    assert found["number_density"].to_value("1/cm3") == pytest.approx(share.to_value("1/cm3"), rel=1e-9)


def test_states_and_q_broadcast():
    density = [[1e11], [1e12]] * u.g / u.cm**3
    found = microphysics.structure_factor([0.5, 2.0, 4.0], density, TEMPERATURE, nucleus="Fe56", model="msa")
    assert found.shape == (2, 3)
    assert microphysics.plasma_parameters(density, TEMPERATURE, 0.4)["coupling"].shape == (2, 1)


def test_models_are_passed_on():
    mine = IonPlasma.of(40.0).structure_factor("msa", [4.0])
    np.testing.assert_array_equal(microphysics.structure_factor([4.0], coupling=40.0, model="msa"), mine)


STATE = {"density": DENSITY, "temperature": TEMPERATURE, "electron_fraction": 0.35}


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: microphysics.cevns_cross_section("Ar40", 10.0), OutOfRangeError, "energy: expected an astropy"),
        (lambda: microphysics.cevns_cross_section("Ar40", 1 * u.s), OutOfRangeError, "energy: expected a unit like"),
        (lambda: microphysics.cevns_cross_section("Ar40", -1 * u.MeV), OutOfRangeError, "energy = -1 MeV"),
        (lambda: microphysics.cevns_cross_section("Ar40", 0 * u.MeV), OutOfRangeError, "must be positive"),
        (lambda: microphysics.cevns_cross_section("Ar41", ENERGY), UnknownNameError, "Did you mean 'Ar40'"),
        (lambda: microphysics.cevns_cross_section(40, ENERGY), OutOfRangeError, "nucleus: expected a name"),
        (lambda: microphysics.cevns_cross_section("Ar40", ENERGY, "totl"), UnknownNameError, "'total'"),
        (lambda: microphysics.cevns_cross_section("Ar40", ENERGY, form_factor="hlm"), UnknownNameError, "'helm'"),
        (lambda: microphysics.cevns_cross_section("Ar40", ENERGY, flavor="nux"), UnknownNameError, "nue"),
        (
            lambda: microphysics.cevns_cross_section("Ar40", ENERGY, recoil_min=1.0),
            OutOfRangeError,
            "recoil_min: expected an astropy",
        ),
        (
            lambda: microphysics.cevns_recoil_spectrum("Ar40", ENERGY, ENERGY, [1, 1] / u.cm**2),
            OutOfRangeError,
            "flux: expected a unit like",
        ),
        (lambda: microphysics.structure_factor(1.0), OutOfRangeError, "density, temperature, electron_fraction: missing"),
        (lambda: microphysics.structure_factor(1.0, DENSITY, nucleus="Fe56"), OutOfRangeError, "temperature: missing"),
        (lambda: microphysics.structure_factor(1.0, screening=1.0), OutOfRangeError, "coupling: missing"),
        (lambda: microphysics.structure_factor(1.0, DENSITY, coupling=1.0), OutOfRangeError, "density: leave out"),
        (lambda: microphysics.structure_factor(1.0 / u.fm, coupling=1.0), OutOfRangeError, "q: expected a pure number"),
        (lambda: microphysics.structure_factor(1.0 / u.s, **STATE), OutOfRangeError, "q: expected a unit like"),
        (lambda: microphysics.structure_factor(1.0, **STATE, model="tabel"), UnknownNameError, "'table'"),
        (lambda: microphysics.structure_factor(1.0, coupling=1.0 * u.m), OutOfRangeError, "expected a pure number"),
        (lambda: microphysics.transport_average(5 * u.s, **STATE), OutOfRangeError, "energy: expected a unit"),
        (lambda: microphysics.transport_average(0 * u.MeV, **STATE), OutOfRangeError, "energy = 0 MeV"),
        (
            lambda: microphysics.transport_average(1.0, DENSITY, TEMPERATURE, nucleus="Fe", eos=None),
            UnknownNameError,
            "Fe56",
        ),
    ],
)  # fmt: skip
def test_bad_input_is_said(call, error, words):
    with pytest.raises(error, match=words):
        call()


MATTER = (DENSITY, TEMPERATURE, 0.35, ENERGY)


def test_opacities_with_choices_are_those_of_the_settings():
    from microphysics.opacity import OpacitySet
    from microphysics.processes.settings import Settings
    from microphysics.weak.mediators import ZPrime

    choices = {
        "form_factor": "klein_nystrand",
        "structure_factor": "none",
        "couplings": WeakCouplings(sin2_theta_w=0.25),
        "new_physics": (ZPrime(1e-4, 30.0), MagneticMoment(1e-9)),
        "electron_polarization": "none",
    }
    names = ["nucleus_scattering", "alpha_scattering", "magnetic_scattering"]
    matter = microphysics.LattimerSwesty()([1e12], [1.5], [0.35]).matter
    energy = ENERGY.value
    seen = []
    for left_out in (None, *choices):
        some = {name: value for name, value in choices.items() if name != left_out}
        found = microphysics.opacities(*MATTER, names, **some)["scattering"]
        expected = OpacitySet.from_names(names, Settings(**some)).spectral(matter, energy).scattering
        np.testing.assert_array_equal([each.value for each in found.values()], expected)
        seen.append(float(expected.sum()))
    assert len(set(seen)) == len(seen)  # each choice matters


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: microphysics.cevns_cross_section("Xe", ENERGY, form_factor=3), "form_factor = 3: expected a name"),
        (lambda: microphysics.cevns_cross_section("Xe", ENERGY, new_physics=["nsi"]), "new_physics has 'nsi': expected"),
        (lambda: microphysics.cevns_cross_section("Xe", ENERGY, new_physics="nsi"), "new_physics has 'nsi': expected"),
        (
            lambda: microphysics.cevns_cross_section("Xe", ENERGY, new_physics=[MagneticMoment]),
            "new_physics has the class MagneticMoment",
        ),
        (lambda: microphysics.structure_factor(1.0, coupling=10.0, model=3), "model = 3: expected the name"),
        (lambda: microphysics.transport_average(1.0, coupling=10.0, model=3), "model = 3: expected the name"),
        (lambda: microphysics.opacities(*MATTER, form_factor=3), "form_factor = 3: expected a name"),
        (lambda: microphysics.opacities(*MATTER, structure_factor=3), "structure_factor = 3: expected a name"),
        (lambda: microphysics.opacities(*MATTER, new_physics=["nsi"]), "new_physics has 'nsi': expected"),
    ],
)  # fmt: skip
def test_what_is_no_model_is_said_in_one_sentence(call, words):
    with pytest.raises(OutOfRangeError) as caught:
        call()
    assert str(caught.value).startswith(words)


def test_unknown_polarization_is_named():
    with pytest.raises(UnknownNameError, match="Did you mean 'physical'"):
        microphysics.opacities(*MATTER, electron_polarization="physicl")


def test_choices_and_species_of_opacities():
    state = (1e12 * u.g / u.cm**3, 6 * u.MeV, 0.2, [10.0, 20.0] * u.MeV)
    plain = microphysics.opacities(*state, ["nucleon_scattering", "pair"], species=("numu", "anumu"))
    assert plain["scattering"]["nucleon_scattering"].shape == (2, 1, 2)
    assert plain["emissivity"]["pair"].unit.is_equivalent(u.MeV / (u.cm**3 * u.s * u.MeV * u.sr))
    assert (plain["delta"]["nucleon_scattering"][0] != plain["delta"]["nucleon_scattering"][1]).all()
    correlated = microphysics.opacities(*state, ["nucleon_scattering"], many_body="horowitz2017")
    assert (
        correlated["scattering"]["nucleon_scattering"][2]
        < plain["scattering"]["nucleon_scattering"].mean(axis=0)
    ).all()
    with pytest.raises(UnknownNameError, match=r"unknown choice 'many_bodies'.*Did you mean 'many_body'"):
        microphysics.opacities(*state, many_bodies="none")


def test_gray_opacities_take_the_same_choices():
    state = (1e12 * u.g / u.cm**3, 6 * u.MeV, 0.2, ["scattering_energy"], ["nucleon_scattering"])
    both = microphysics.gray_opacities(*state, species=("numu", "anumu"))["scattering_energy"]
    assert both.shape == (2, 1)
    assert both[0] > both[1]
    correlated = microphysics.gray_opacities(*state, species="numu", many_body="horowitz2017")
    assert correlated["scattering_energy"][0] < both[0]
    with pytest.raises(UnknownNameError, match="unknown choice 'many_bodi'"):
        microphysics.gray_opacities(*state, many_bodi="none")


def test_a_quantity_below_the_boundary_is_refused():
    matter = microphysics.LattimerSwesty()([1e12], [6.0], [0.2]).matter
    with pytest.raises(OutOfRangeError, match=r"energy: got a Quantity \(keV\).*microphysics.opacities"):
        microphysics.OpacitySet.from_names("pair").spectral(matter, [10.0, 20.0] * u.keV)
    one = microphysics.OpacitySet.from_names("nucleon_scattering").spectral(matter, [10.0], "nue")
    assert one.species == ("nue",)
