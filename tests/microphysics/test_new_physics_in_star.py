"""The same terms change the opacity of a star and the cross section at Earth."""

import numpy as np
import pytest
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.errors import MicrophysicsError, OutOfRangeError
from microphysics.nuclei import Nucleus
from microphysics.opacity import OpacitySet
from microphysics.processes.helicity_flip import MagneticScattering
from microphysics.processes.nucleon_scattering import transport_cross_section, unblocked
from microphysics.processes.settings import Settings
from microphysics.structure.models import OneComponent, Uncorrelated
from microphysics.structure.plasma import electron_screening
from microphysics.weak.cevns import CEvNS
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.form_factors import helm
from microphysics.weak.mediators import MuTauMediator, Scalar, ZPrime, ZPrimeMixing
from microphysics.weak.moments import TransitionMoments
from microphysics.weak.new_physics import NSI, ChargeRadius, MagneticMoment, Millicharge

HBAR_C = CODATA.hbar_c * 1e13
A, Z = 86.0, 36.0
ENERGY = np.array([3.0, 10.0, 30.0])
PLAIN = {"structure_factor": "none", "electron_polarization": "none"}


@pytest.fixture
def nuclei():
    return from_composition([1e12], [1.5], [Z / A], 0.0, 0.0, 0.0, [1.0], [A], [Z])


@pytest.fixture
def nucleons():
    return from_composition([1e10], [5.0], [0.3], [0.7], [0.3], 0.0, 0.0, 0.0, 0.0)


def scattering(matter, name, *terms, role="scattering", energy=ENERGY, **choices):
    settings = Settings(new_physics=terms, **choices)
    return getattr(OpacitySet.from_names([name], settings).spectral(matter, energy), role)[0][:, 0]


def at_earth(terms, flavor, couplings=None):
    """Transport cross section of an infinitely heavy nucleus."""
    nucleus = Nucleus.of(A, Z)
    target = CEvNS(nucleus, helm(nucleus), couplings or WeakCouplings(), terms)

    def one(energy):
        return quad(
            lambda x: (1.0 - x) * float(target.dsigma_dcos(energy, x, flavor)), -1.0, 1.0, epsrel=1e-9
        )[0]

    return np.array([one(energy) for energy in ENERGY])


SHIFTS = {
    "nsi": (NSI(up={"ee": 0.1, "emu": 0.2}, down={"tautau": -0.3}),),
    "heavy": (ZPrime(1e-2, 1e4),),
    "light": (ZPrime(3e-5, 5.0, "b-l"),),
    "mu-tau": (MuTauMediator(5e-3, 20.0),),
    "mixing": (ZPrimeMixing(1e-2, 1e3, 1e-4),),
    "radius": (ChargeRadius({"ee": -0.8e-30, "mutau": 1e-30}),),
    "two": (NSI(up={"emu": 0.1}), ChargeRadius({"emu": 1e-30})),
}


@pytest.mark.parametrize("name", SHIFTS)
def test_opacity_is_density_times_cross_section(name, nuclei):
    ours = scattering(nuclei, "nucleus_scattering", *SHIFTS[name], **PLAIN)
    density = nuclei.number_density_heavy[0]
    for i, flavors in enumerate((("nue",), ("anue",), ("numu", "anumu", "nutau", "anutau"))):
        expected = np.mean([at_earth(SHIFTS[name], flavor) for flavor in flavors], axis=0)
        # 1e-4: q of the star against sqrt(2MT + T^2), E/M = 4e-4 at 30 MeV squared, and the quadrature
        np.testing.assert_allclose(ours[i], density * expected, rtol=1e-4)
    standard = scattering(nuclei, "nucleus_scattering", **PLAIN)
    assert (np.abs(ours / standard - 1.0) > 1e-3).any()


def test_radiative_couplings_tell_flavors(nuclei):
    couplings = WeakCouplings(radiative=True)
    ours = scattering(nuclei, "nucleus_scattering", couplings=couplings, **PLAIN)
    density = nuclei.number_density_heavy[0]
    np.testing.assert_allclose(ours[0], density * at_earth((), "nue", couplings), rtol=1e-4)
    mean = 0.5 * (at_earth((), "numu", couplings) + at_earth((), "nutau", couplings))
    np.testing.assert_allclose(ours[2], density * mean, rtol=1e-4)
    assert (ours[0] < ours[2]).all()


def test_electrons_hide_what_couples_like_the_photon(nuclei):
    """At q << k_sc a neutral atom has no charge radius; NSI stay."""
    low = {"energy": np.array([1e-3]), "structure_factor": "none"}
    standard = scattering(nuclei, "nucleus_scattering", **low)
    for terms, hidden in ((SHIFTS["radius"], True), (SHIFTS["mu-tau"], True), (SHIFTS["nsi"], False)):
        ratio = scattering(nuclei, "nucleus_scattering", *terms, **low) / standard
        assert (np.abs(ratio - 1.0) < 1e-5).all() == hidden


def test_electrons_hide_protons_from_a_boson_of_b_minus_l(nuclei):
    """Neutral matter has the B - L of its neutrons: the amplitude changes by N times the exchange at q = 0."""
    boson = ZPrime(3e-5, 5.0, "b-l")
    low = {"energy": np.array([1e-3]), "structure_factor": "none"}
    changed, standard = (
        np.sqrt(scattering(nuclei, "nucleus_scattering", *terms, **low)[:, 0]) for terms in ((boson,), ())
    )
    exchange = boson.shifts(0.0, "nue", WeakCouplings())[1]  # the neutron's, of either flavour
    # forward amplitudes: Z - N/2 = 11 for nue, -N/2 = -25 for the others
    n = A - Z
    assert changed[0] / standard[0] == pytest.approx(abs(1.0 + n * exchange / (Z - 0.5 * n)), rel=1e-5)
    assert changed[2] / standard[2] == pytest.approx(abs(1.0 - 2.0 * exchange), rel=1e-5)


def test_mixing_reaches_the_electrons_without_their_charged_current(nuclei):
    """Without a charge of its own the second boson only scales the neutral current: C_V of nue keeps its 1 of the W."""
    term = ZPrimeMixing(0.0, 1e3, 1e-2)
    couplings = WeakCouplings()
    squared = np.zeros(1)
    scale = term.shifts(squared, "nue", couplings)[1] / couplings.vector_neutron
    neutral = couplings.electron_couplings("numu")[0]
    for flavor in ("nue", "numu"):
        assert term.electron_shift(squared, flavor, couplings) == pytest.approx(scale * neutral, rel=1e-12)


def test_flavor_dependent_radiative_part_is_screened(nuclei):
    low = {"energy": np.array([1e-3]), "structure_factor": "none", "couplings": WeakCouplings(radiative=True)}
    electron, _, heavy = np.sqrt(scattering(nuclei, "nucleus_scattering", **low)[:, 0])
    bare = WeakCouplings(radiative=True)
    common = bare.vector_couplings("nue")[0] - bare.charge_radius_coupling("nue")
    vector_e, vector_x = bare.electron_couplings("nue")[0], bare.electron_couplings("numu")[0]
    neutral = Z * common + (A - Z) * bare.vector_couplings("nue")[1]
    assert electron / heavy == pytest.approx(
        abs(neutral + Z * vector_e) / abs(neutral + Z * vector_x), rel=1e-4
    )


def test_millicharge_needs_the_plasma(nuclei):
    terms = (Millicharge({"ee": 1e-10}),)
    assert np.isfinite(scattering(nuclei, "nucleus_scattering", *terms, structure_factor="none")).all()
    strong = scattering(nuclei, "nucleus_scattering", Millicharge({"ee": 1e-8}), structure_factor="none")
    assert (strong[0] > 2.0 * scattering(nuclei, "nucleus_scattering", structure_factor="none")[0]).any()


def magnetic(nuclei, energy, weight):
    """Closed form with the screened charge, point nuclei, mu = 1e-10 Bohr magnetons."""
    k2, k = electron_screening(nuclei)[0], energy / HBAR_C
    unit = np.pi * (CODATA.fine_structure * CODATA.hbar_c / CODATA.electron_mass) ** 2 * 1e-20 * Z**2

    def integrand(x):
        q2 = 2.0 * k**2 * (1.0 - x)
        return weight(x) * 2.0 * k**2 * q2 / (q2 + k2) ** 2

    return nuclei.number_density_heavy[0] * unit * quad(integrand, -1.0, 1.0, epsrel=1e-10)[0]


def test_magnetic_moment_in_the_plasma(nuclei):
    choices = {"structure_factor": "none", "form_factor": "point"}
    majorana = scattering(nuclei, "magnetic_scattering", MagneticMoment(1e-10), **choices)
    dirac = scattering(
        nuclei, "magnetic_scattering", MagneticMoment(1e-10, majorana=False), role="absorption", **choices
    )
    for i, energy in enumerate(ENERGY):
        assert majorana[:, i] == pytest.approx(magnetic(nuclei, energy, lambda x: 1.0 - x), rel=1e-4)
        assert dirac[:, i] == pytest.approx(magnetic(nuclei, energy, lambda x: 1.0), rel=1e-4)
    assert not scattering(nuclei, "magnetic_scattering", **choices).any()


def test_transition_moments_by_flavor(nuclei):
    """Lambda_tau alone turns nue into anumu and numu into anue, and leaves nutau alone: the mean of nux is 1/2."""
    moments = TransitionMoments((0.0, 0.0, 1e-10), basis="flavor")
    nue, anue, nux = scattering(
        nuclei, "magnetic_scattering", MagneticMoment(moments), structure_factor="none"
    )
    np.testing.assert_allclose(anue, nue, rtol=1e-12)
    np.testing.assert_allclose(nux, 0.5 * nue, rtol=1e-12)


def test_magnetic_moment_of_protons_alphas_and_correlated_nuclei(nuclei, nucleons):
    """Charges squared; S(q) of the nuclei makes the small angles that dominate rare."""
    term = MagneticMoment(1e-10)
    protons = scattering(nucleons, "magnetic_scattering", term)
    assert (protons > 0.0).all()
    free = scattering(nuclei, "magnetic_scattering", term, structure_factor="none")
    correlated = scattering(nuclei, "magnetic_scattering", term)
    assert (correlated[:, 0] < 0.1 * free[:, 0]).all()
    with pytest.raises(MicrophysicsError, match="magnetic_scattering needs S"):
        scattering(nuclei, "magnetic_scattering", term, structure_factor="horowitz1997")


def test_scalar_in_the_star(nuclei):
    boson = Scalar.from_quarks(1e-4, 1e-4, 5.0, majorana=True)
    ours = scattering(nuclei, "scalar_scattering", boson, structure_factor="none", form_factor="point")[0]
    charge = 1e-4 * (15.1 * Z + 14.0 * (A - Z))
    for found, energy in zip(ours, ENERGY, strict=True):

        def integrand(x, energy=energy):
            q2 = 2.0 * energy**2 * (1.0 - x)
            return (1.0 - x) * q2 / (q2 + 25.0) ** 2

        unit = CODATA.hbar_c**2 * 1e-8 * charge**2 / (8.0 * np.pi)
        expected = nuclei.number_density_heavy[0] * unit * quad(integrand, -1.0, 1.0)[0]
        assert found == pytest.approx(expected, rel=1e-4)


def test_shifts_reach_free_nucleons(nucleons):
    """c_v -> c_v + shift, off-diagonal parts squared beside it: (2/3)(c_v^2 + 5 c_a^2) without weak magnetism."""
    shift = {"up": {"ee": 0.2, "etau": 0.1}, "down": {"ee": -0.1}}
    ours = scattering(nucleons, "nucleon_scattering", NSI(**shift), weak_magnetism=False)
    plain = scattering(nucleons, "nucleon_scattering", weak_magnetism=False)
    couplings = WeakCouplings()
    scale = couplings.sigma0 / (4.0 * CODATA.electron_mass**2) * ENERGY**2 * 2.0 / 3.0
    expected = 0.0
    for density, mass, tree, diagonal, changing in (
        (nucleons.number_density_neutron, CODATA.neutron_mass, couplings.vector_neutron, 0.0, 0.1),
        (nucleons.number_density_proton, CODATA.proton_mass, couplings.vector_proton, 0.3, 0.2),
    ):
        targets = unblocked(density, nucleons.temperature, mass, CODATA.hbar_c)[0]
        expected = expected + targets * scale * ((tree + diagonal) ** 2 + changing**2 - tree**2)
    np.testing.assert_allclose(ours[0] - plain[0], expected, rtol=1e-9)
    # nutau changes into nue, numu does neither
    tau = (0.2**2 * nucleons.number_density_proton + 0.1**2 * nucleons.number_density_neutron) / 2.0
    np.testing.assert_allclose((ours[2] - plain[2]) / (scale * tau), 1.0, rtol=0.01)


def test_photon_like_shift_of_a_free_proton_is_screened(nucleons):
    ratio = scattering(nucleons, "nucleon_scattering", Millicharge({"ee": 1e-9}), weak_magnetism=False)
    assert np.isfinite(ratio).all()
    low = {"energy": np.array([1e-3]), "weak_magnetism": False}
    with_radius = scattering(nucleons, "nucleon_scattering", ChargeRadius({"ee": -1e-30}), **low)
    assert with_radius[0] == pytest.approx(scattering(nucleons, "nucleon_scattering", **low)[0], rel=1e-5)


@pytest.mark.parametrize("flavor", [0, 1])
def test_shifts_reach_scattering_on_electrons(nucleons, flavor):
    """A charge radius shifts C_V of electrons by -1 times that of protons, where they do not screen it (300 MeV)."""
    radius = ChargeRadius({"ee": -4e-32, "emu": 3e-32})
    energy = np.array([300.0])
    ours = scattering(nucleons, "electron_scattering", radius, energy=energy)[flavor, 0]
    standard = scattering(nucleons, "electron_scattering", energy=energy)[flavor, 0]
    couplings = WeakCouplings()
    vector, axial = couplings.electron_couplings(("nue", "anue")[flavor])
    shift = -radius.shifts(0.0, "nue", couplings)[0]
    changing = sum(p**2 for p, _ in radius.flavor_changing(0.0, "nue", couplings))

    def strength(v):
        return (v + axial) ** 2 + (v - axial) ** 2 / 3.0

    expected = (strength(vector + shift) + 4.0 / 3.0 * changing) / strength(vector)
    assert ours / standard == pytest.approx(expected, rel=1e-4)
    boson = ZPrime(1e-5, 1e4, "b-l")
    shifted = strength(vector - boson.shifts(0.0, "nue", couplings)[0]) / strength(vector)
    low = {"energy": np.array([5.0])}
    ratio = scattering(nucleons, "electron_scattering", boson, **low) / scattering(
        nucleons, "electron_scattering", **low
    )
    assert ratio[flavor, 0] == pytest.approx(shifted, rel=1e-6)
    hidden = scattering(nucleons, "electron_scattering", radius, energy=np.array([1e-3]))[flavor, 0]
    assert hidden / scattering(nucleons, "electron_scattering", energy=np.array([1e-3]))[
        flavor, 0
    ] == pytest.approx(1.0, abs=1e-5)


DIVERGENT = (
    (ZPrime(1e-6, 0.0), {}),
    (ZPrimeMixing(1e-6, 0.0, 0.0), {}),
    (Scalar(1e-5, 0.0, 1e-4, 1e-4), {}),
    (MagneticMoment(1e-10, majorana=False), {"electron_polarization": "none"}),
    (Millicharge({"ee": 1e-12}), {"electron_polarization": "brt06"}),
    (MuTauMediator(1e-4, 0.0), {"electron_polarization": "none"}),
)


@pytest.mark.parametrize(("term", "choices"), DIVERGENT, ids=lambda value: type(value).__name__)
def test_infinite_opacities_are_refused(term, choices):
    with pytest.raises(
        OutOfRangeError, match=f"^{type(term).__name__}: exchange without mass makes the opacity"
    ):
        Settings(new_physics=(term,), **choices)


def test_what_is_finite_without_mass_is_taken(nuclei):
    for term, choices in (
        (Scalar(1e-5, 0.0, 1e-4, 1e-4, majorana=True), {}),
        (MagneticMoment(1e-10), {"electron_polarization": "none"}),
        (MuTauMediator(1e-4, 0.0), {}),
    ):
        assert Settings(new_physics=(term,), **choices).new_physics == (term,)


def test_lowest_angles_are_resolved_where_electrons_hardly_screen():
    """k_sc = 0.01 MeV against 30 MeV and up: nothing hangs on the other energies of the grid."""
    thin = from_composition([1e6], [0.05], [0.45], 0.0, 0.0, 0.0, [1.0], [56.0], [26.0])
    term = MagneticMoment(1e-10, majorana=False)
    choices = {"structure_factor": "none", "role": "absorption"}
    alone = scattering(thin, "magnetic_scattering", term, energy=np.array([100.0]), **choices)
    wide = scattering(thin, "magnetic_scattering", term, energy=np.array([1e-3, 100.0]), **choices)
    np.testing.assert_allclose(alone[:, 0], wide[:, 1], rtol=1e-4)


def test_helicity_flips_ask_for_correlations_only_where_nuclei_are(nuclei):
    class Strict(Uncorrelated):
        def reduced(self, q, coupling, screening=0.0):
            assert (np.asarray(coupling) > 1.0).all()
            return super().reduced(q, coupling, screening)

        __call__ = OneComponent.__call__

    both = from_composition(
        [1e12, 1e12], [1.5, 5.0], [Z / A, 0.3], [0.0, 0.7], [0.0, 0.3], 0.0, [1.0, 0.0], A, Z
    )
    settings = Settings(new_physics=(MagneticMoment(1e-10),))
    object.__setattr__(settings, "structure", lambda: Strict())
    rates = OpacitySet((MagneticScattering(settings),)).spectral(both, ENERGY).scattering[0]
    np.testing.assert_allclose(
        rates[:, 0],
        scattering(nuclei, "magnetic_scattering", MagneticMoment(1e-10), structure_factor="none"),
        rtol=1e-12,
    )


def test_radiative_couplings_screen_alphas_without_new_physics():
    alphas = from_composition([1e11], [2.0], [0.5], 0.0, 0.0, [1.0], 0.0, 0.0, 0.0)
    couplings = WeakCouplings(radiative=True)
    nothing = ChargeRadius({"ee": 0.0}, relative_to="standard_model")
    with_term = scattering(alphas, "alpha_scattering", nothing, couplings=couplings)
    np.testing.assert_allclose(
        scattering(alphas, "alpha_scattering", couplings=couplings), with_term, rtol=1e-12
    )


@pytest.mark.parametrize("wrong", ["nsi", ["nsi"], {"nsi": {}}, [NSI], 5])
def test_what_is_no_term_is_refused(wrong):
    for make in (
        lambda: Settings(new_physics=wrong),
        lambda: CEvNS(Nucleus.named("Ar40"), new_physics=wrong),
    ):
        with pytest.raises(MicrophysicsError, match=r"new_physics.*expected"):
            make()


def test_no_shift_is_the_standard_model(nuclei, nucleons):
    nothing = NSI()
    for matter, name in ((nuclei, "nucleus_scattering"), (nucleons, "nucleon_scattering")):
        np.testing.assert_allclose(scattering(matter, name, nothing), scattering(matter, name), rtol=1e-12)
    level_1 = transport_cross_section(ENERGY, "p", 1, WeakCouplings(), True, np.zeros((3, 48)), 0.0)
    np.testing.assert_array_equal(level_1, transport_cross_section(ENERGY, "p", 1, WeakCouplings()))


def test_derivative_by_a_complex_step(nuclei):
    """d kappa/d eps exact: the same as a difference quotient."""
    step, base = 1e-30, 0.05

    def kappa(value):
        return scattering(nuclei, "nucleus_scattering", NSI(up={"ee": value}))[0]

    exact = kappa(base + 1j * step).imag / step
    np.testing.assert_allclose(exact, (kappa(base + 1e-5) - kappa(base - 1e-5)).real / 2e-5, rtol=1e-8)
