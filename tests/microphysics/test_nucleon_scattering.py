import numpy as np
import pytest
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.eos.nucleons import NEUTRON_GAS
from microphysics.processes.nucleon_scattering import NucleonScattering, transport_cross_section, unblocked
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings, nulib_couplings

COUPLINGS = WeakCouplings()
G2_PI = (CODATA.fermi_constant * CODATA.hbar_c) ** 2 / np.pi  # cm^2/MeV^2

VECTOR = {"n": -0.5, "p": 0.5 - 2.0 * 0.23863}
AXIAL = {"n": -0.5 * 1.2754, "p": 0.5 * 1.2754}
MASS = {"n": CODATA.neutron_mass, "p": CODATA.proton_mass}


def differential(x, energy, nucleon, sign, magnetism):
    """dsigma/dcos of Horowitz 2002, cm^2, from the formula."""
    c_v, c_a, e = VECTOR[nucleon], AXIAL[nucleon], energy / MASS[nucleon]
    eta = 1.0 / (1.0 + e * (1.0 - x))
    shape = c_v**2 * (1.0 + eta**2 - eta * (1.0 - x)) + c_a**2 * (1.0 + eta**2 + eta * (1.0 - x))
    shape += 2.0 * sign * c_a * (c_v + magnetism) * (1.0 - eta**2)
    last = magnetism**2 * (3.0 - x) + 4.0 * c_v * magnetism * (1.0 - x)
    shape += 0.5 * eta**2 * e**2 * (1.0 - x) * last
    return 0.5 * G2_PI * energy**2 * eta**2 * shape


@pytest.mark.parametrize("nucleon", ["n", "p"])
@pytest.mark.parametrize("sign", [1, -1])
def test_against_quadrature_of_the_differential_form(nucleon, sign):
    magnetism = COUPLINGS.magnetism_neutron if nucleon == "n" else COUPLINGS.magnetism_proton
    energy = np.array([0.1, 3.0, 30.0, 100.0, 250.0])
    ours = transport_cross_section(energy, nucleon, sign, COUPLINGS)
    expected = [
        quad(
            lambda x, e=e: (1.0 - x) * differential(x, e, nucleon, sign, magnetism), -1.0, 1.0, epsrel=1e-12
        )[0]
        for e in energy
    ]
    # 48 nodes for a rational function: rounding; sigma0 is made of the same constants
    np.testing.assert_allclose(ours, expected, rtol=1e-12)


@pytest.mark.parametrize("nucleon", ["n", "p"])
def test_elastic_level(nucleon):
    energy = np.array([1.0, 40.0])
    c_v, c_a = VECTOR[nucleon], AXIAL[nucleon]
    ours = transport_cross_section(energy, nucleon, 1, COUPLINGS, weak_magnetism=False)
    # (G_F^2 E^2/2 pi) int (1 - x)[c_v^2 (1 + x) + c_a^2 (3 - x)] dx = (2 G_F^2 E^2/3 pi)(c_v^2 + 5 c_a^2)
    integral = quad(lambda x: (1.0 - x) * (c_v**2 * (1.0 + x) + c_a**2 * (3.0 - x)), -1.0, 1.0)[0]
    np.testing.assert_allclose(ours, 0.5 * G2_PI * energy**2 * integral, rtol=1e-12)
    # and it is the limit of the full one: the corrections are of order 10 E/m
    full = transport_cross_section(np.array([1e-4]), nucleon, 1, COUPLINGS)
    assert full[0] == pytest.approx(ours[0] * 1e-8, rel=2e-6)


def test_number_by_hand():
    # neutron: 2/3 x 1.7612e-44/4 x (10/0.511)^2 x (0.25 + 5 x 0.4067) = 2.568e-42 cm^2
    ours = transport_cross_section(np.array([10.0]), "n", 1, COUPLINGS, weak_magnetism=False)[0]
    assert ours == pytest.approx(2.568e-42, rel=1e-3)


def test_antineutrinos_scatter_less_on_neutrons():
    # 7 %, 19 %, 30 % at 10, 32, 53 MeV (NuLib's couplings at its group centres, two digits)
    energy = np.array([10.38, 31.58, 52.96])
    for couplings, tolerance in ((nulib_couplings(), 0.005), (COUPLINGS, 0.012)):
        nu, anu = (transport_cross_section(energy, "n", sign, couplings) for sign in (1, -1))
        np.testing.assert_allclose(1.0 - anu / nu, [0.07, 0.19, 0.30], atol=tolerance)


def test_weak_magnetism_to_first_order():
    # the interference term, alone odd in the sign, is +-8 (c_v + F2) c_a e int (1-x)^2 dx/[...] to first order
    e = 1e-5
    for nucleon, magnetism in (("n", COUPLINGS.magnetism_neutron), ("p", COUPLINGS.magnetism_proton)):
        c_v, c_a = VECTOR[nucleon], AXIAL[nucleon]
        energy = np.array([e * MASS[nucleon]])
        nu, anu = (transport_cross_section(energy, nucleon, s, COUPLINGS)[0] for s in (1, -1))
        # weight (1-x): int 2 c_a (c_v + F2) 2 e (1-x)^2 dx = 4 c_a (c_v + F2) e 8/3 against (4/3)(c_v^2 + 5 c_a^2)
        expected = 8.0 * c_a * (c_v + magnetism) * e / (c_v**2 + 5.0 * c_a**2)
        assert (nu - anu) / (nu + anu) == pytest.approx(expected, rel=1e-3)
        assert expected > 0.0


def test_strange_axial_coupling():
    energy = np.array([10.0])
    strange = WeakCouplings(strange_axial_coupling=-0.1)
    ratio = {
        k: transport_cross_section(energy, k, 1, strange, False)[0]
        / transport_cross_section(energy, k, 1, COUPLINGS, False)[0]
        for k in "np"
    }
    c_a = {"n": -0.5 * (1.2754 - 0.1), "p": 0.5 * (1.2754 + 0.1)}
    for k in "np":
        assert ratio[k] == pytest.approx(
            (VECTOR[k] ** 2 + 5.0 * c_a[k] ** 2) / (VECTOR[k] ** 2 + 5.0 * AXIAL[k] ** 2)
        )
    assert ratio["n"] < 1.0 < ratio["p"]


def test_opacity_sums_the_targets():
    matter = from_composition([1e9, 1e13], [3.0, 8.0], [0.3, 0.1], [0.7, 0.9], [0.3, 0.1], 0.0, 0.0, 0.0, 0.0)
    energy = np.array([5.0, 30.0])
    rates = NucleonScattering(Settings())(energy, matter)
    assert rates.absorption is None
    assert rates.exchange is None
    for i, sign in enumerate((1, -1) * 3):
        expected = 0.0
        for k, density in (("n", matter.number_density_neutron), ("p", matter.number_density_proton)):
            targets = unblocked(density, matter.temperature, MASS[k], CODATA.hbar_c)
            expected = expected + targets[:, None] * transport_cross_section(energy, k, sign, COUPLINGS)
        np.testing.assert_allclose(rates.scattering[i], expected, rtol=1e-14)
    # dilute: all nucleons scatter
    assert unblocked(matter.number_density_neutron, matter.temperature, MASS["n"], CODATA.hbar_c)[
        0
    ] == pytest.approx(matter.number_density_neutron[0], rel=1e-4)


def test_blocking_interpolates_the_exact_one():
    # C37 has both limits of T dn/dmu: n, and 3nT/(2 E_F); between them it stays within 8 %
    density = np.geomspace(1e30, 1e41, 60)
    t = np.full_like(density, 10.0)
    exact = NEUTRON_GAS.state(t, NEUTRON_GAS.chemical_potential(density, t)).compressibility
    ratio = unblocked(density, t, CODATA.neutron_mass, CODATA.hbar_c) / exact
    np.testing.assert_allclose(ratio[[0, -1]], 1.0, rtol=1e-3)
    np.testing.assert_allclose(ratio, 1.0, atol=0.08)
    fermi = (CODATA.hbar_c * np.cbrt(3.0 * np.pi**2 * density[-1])) ** 2 / (2.0 * CODATA.neutron_mass)
    assert exact[-1] == pytest.approx(1.5 * density[-1] * 10.0 / fermi, rel=1e-3)
    assert unblocked(np.zeros(1), np.ones(1), 939.0, CODATA.hbar_c)[0] == 0.0
