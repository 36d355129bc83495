import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.matter import MatterState
from microphysics.nuclei import Nucleus
from microphysics.processes.nucleus_scattering import NucleusScattering
from microphysics.processes.settings import Settings
from microphysics.weak.cevns import CEvNS
from microphysics.weak.couplings import FLAVORS, WeakCouplings
from microphysics.weak.form_factors import Gaussian, Point, helm

FORM_FACTOR = {"unity": lambda nucleus: Point(), "helm_LS": helm}

# computed for this project with an independent prototype (200-point quadrature); all of its tables are in verification
FROZEN = [
    ("Ar40", 10.0, "unity", 1.890239e-40, 1.259821e-40),
    ("Ar40", 50.0, "helm_LS", 3.463500e-39, 1.941969e-39),
    ("Fe56", 10.0, "helm_LS", 3.444646e-40, 2.277870e-40),
    ("Fe56", 30.0, "helm_LS", 2.739923e-39, 1.697567e-39),
]


@pytest.mark.parametrize(("name", "energy", "form_factor", "total", "transport"), FROZEN)
def test_frozen_cross_sections(name, energy, form_factor, total, transport):
    nucleus = Nucleus.named(name)
    xs = CEvNS(nucleus, FORM_FACTOR[form_factor](nucleus))
    # 1e-6: printed with seven digits, same constants (masses to 1e-8)
    assert float(xs.total(energy)) == pytest.approx(total, rel=1e-6, abs=0.0)
    assert float(xs.transport(energy)) == pytest.approx(transport, rel=1e-6, abs=0.0)


def test_by_hand():
    # sigma0 (E/m_e)^2 Q_W^2/16 in total and /24 in transport, F = 1, infinite mass: from dsigma_dcos alone
    nucleus, energy = Nucleus.of(95.0, 35.0), np.array([7.0])
    xs = CEvNS(nucleus, Point())
    q_w = 60.0 - (1.0 - 4.0 * 0.23863) * 35.0
    sigma0 = 1.7612e-44
    x, w = np.polynomial.legendre.leggauss(4)
    sigma = xs.dsigma_dcos(energy[:, None], x)
    assert float(sigma[0] @ w) == pytest.approx(
        sigma0 * (7.0 / 0.51099895) ** 2 * q_w**2 / 16.0, rel=1e-4, abs=0.0
    )
    transport = float(sigma[0] @ (w * (1.0 - x)))
    assert transport == pytest.approx(sigma0 * (7.0 / 0.51099895) ** 2 * q_w**2 / 24.0, rel=1e-4, abs=0.0)
    # G_F^2 (hbar c)^2/(6 pi) = 2.81029e-45 cm^2/MeV^2
    assert transport == pytest.approx(2.81029e-45 * q_w**2 * 49.0, rel=1e-5, abs=0.0)


def test_neutron_number_rule():
    # 0.42e-44 N^2 (E/MeV)^2 cm^2, which every text quotes, for a proton that does not couple (s^2 = 1/4)
    xs = CEvNS(Nucleus.named("Pb208"), Point(), WeakCouplings(sin2_theta_w=0.25))
    assert float(xs.total(2.0)) == pytest.approx(0.4215e-44 * 126.0**2 * 4.0, rel=1e-3, abs=0.0)


def test_transport_over_total():
    fe = Nucleus.named("Fe56")
    xs = CEvNS(fe, Point())
    energy = np.array([1.0, 10.0, 50.0])
    ratio = xs.transport(energy) / xs.total(energy)
    # the recoil lowers it; the coefficient of E/M is 1 to first order in E/M = 1e-3
    np.testing.assert_allclose(ratio, 2.0 / 3.0 * (1.0 - energy / fe.mass), atol=1e-6)


@pytest.mark.parametrize("energy", [5.0, 20.0, 50.0])
def test_gaussian_form_factor_in_closed_form(energy):
    # y = 4 b E^2, F^2 = exp(-b q^2): total 4(y-1+e^-y)/y^2 / 2, transport 8[(y-2)+(y+2)e^-y]/y^3 / (4/3)
    nucleus = Nucleus.of(90.0, 40.0)
    rms = 4.0
    xs, bare = CEvNS(nucleus, Gaussian(np.float64(rms))), CEvNS(nucleus, Point())
    b = rms**2 / 3.0 / (CODATA.hbar_c * 1e13) ** 2
    y = 4.0 * b * energy**2
    x, w = np.polynomial.legendre.leggauss(40)
    for weight, expected in (
        (w, 2.0 * (y - 1.0 + math.exp(-y)) / y**2),
        (w * (1.0 - x), 6.0 * ((y - 2.0) + (y + 2.0) * math.exp(-y)) / y**3),
    ):
        ratio = (xs.dsigma_dcos(energy, x) @ weight) / (bare.dsigma_dcos(energy, x) @ weight)
        # the closed forms lose digits as y^-3 (y = 0.01 at 5 MeV)
        assert float(ratio) == pytest.approx(expected, rel=1e-9, abs=0.0)


def test_recoil_and_angle_forms_agree_for_a_heavy_nucleus():
    # M -> infinity: dsigma/dcos = dsigma/dT E^2/M with T = E^2 (1 - cos)/M
    z, a = np.float64(26.0), np.float64(56.0)
    heavy = Nucleus(a, z, np.float64(1e14))
    xs = CEvNS(heavy, helm(heavy))
    energy, x = 40.0, np.linspace(-0.99, 0.99, 21)
    recoil = energy**2 * (1.0 - x) / heavy.mass
    np.testing.assert_allclose(
        xs.dsigma_dT(energy, recoil) * energy**2 / heavy.mass, xs.dsigma_dcos(energy, x), rtol=1e-8
    )
    # and the real nucleus differs by O(E/M) = 1e-3
    real = CEvNS(Nucleus.named("Fe56"))
    nodes, weight = np.polynomial.legendre.leggauss(40)
    assert float(real.dsigma_dcos(energy, nodes) @ weight) == pytest.approx(
        float(real.total(energy)), rel=2e-3, abs=0.0
    )


def test_recoil_spectrum_ends_at_the_largest_recoil():
    xs = CEvNS(Nucleus.named("Ar40"))
    largest = 2.0 * 30.0**2 / (xs.nucleus.mass + 60.0)
    assert xs.dsigma_dT(30.0, largest * (1.0 - 1e-9)) > 0.0
    assert xs.dsigma_dT(30.0, largest * (1.0 + 1e-9)) == 0.0


def zone(**values):
    """One zone of neutron-rich nuclei with electrons of 20 MeV."""
    names = {
        "density": 1e11,
        "temperature": 1.0,
        "electron_fraction": 0.4,
        "mass_fraction_neutron": 0.0,
        "mass_fraction_proton": 0.0,
        "mass_fraction_alpha": 0.0,
        "mass_fraction_heavy": 1.0,
        "mass_number_heavy": 95.0,
        "charge_number_heavy": 35.0,
        "chemical_potential_electron": 20.0,
        "chemical_potential_neutron": np.nan,
        "chemical_potential_proton": np.nan,
        "mean_field_neutron": 0.0,
        "mean_field_proton": 0.0,
        "pressure": 1e28,
    }
    return MatterState(**{k: np.array([v], dtype=float) for k, v in {**names, **values}.items()})


def test_opacity_is_density_times_the_same_cross_section():
    # star and detector use one object; S = F = 1 and no cloud: kappa = (2/3) n sigma, exact kinematics differ by E/M
    matter, energy = zone(), np.array([3.0, 10.0, 30.0])
    settings = Settings(form_factor="point", structure_factor="none", electron_polarization="none")
    kappa = NucleusScattering(settings)(energy, matter).scattering
    xs = CEvNS(Nucleus.of(95.0, 35.0), Point())
    x, w = np.polynomial.legendre.leggauss(4)
    for species in range(3):
        expected = matter.number_density_heavy[0] * (xs.dsigma_dcos(energy[:, None], x) @ (w * (1.0 - x)))
        np.testing.assert_allclose(kappa[species, 0], expected, rtol=1e-13)
    assert matter.number_density_heavy[0] == pytest.approx(
        1e11 / (95.0 * 1.66053906892e-24), rel=1e-8, abs=0.0
    )
    np.testing.assert_allclose(
        kappa[0, 0], matter.number_density_heavy[0] * xs.transport(energy), rtol=4.0 * 30.0 / xs.nucleus.mass
    )


def test_momentum_transfer_and_recoil_agree():
    # all terms at one q: (dsigma/dT)/(G_F^2 M/pi) = A^2 (1 - T/E - MT/2E^2), T from q^2 = 2MT + T^2
    xs = CEvNS(Nucleus.named("Xe132"))
    t, energy = 3e-3, 20.0
    mass = float(xs.nucleus.mass)
    q = math.sqrt(2.0 * mass * t + t**2) / (CODATA.hbar_c * 1e13)
    kinematic = 1.0 - t / energy - mass * t / (2.0 * energy**2)
    expected = float(xs.amplitude(q)) ** 2 * kinematic
    strength = (CODATA.fermi_constant * CODATA.hbar_c) ** 2 / math.pi
    assert float(xs.dsigma_dT(energy, t)) == pytest.approx(strength * mass * expected, rel=1e-11, abs=0.0)


@given(st.floats(0.5, 100.0), st.floats(0.0, 1.0), st.sampled_from(FLAVORS), st.booleans())
def test_coefficients_give_the_cross_section(energy, share, flavor, radiative):
    xs = CEvNS(Nucleus.named("Ge74"), couplings=WeakCouplings(radiative=radiative))
    t = share * float(xs.largest_recoil(energy))
    c0, c1, c2 = xs.recoil_coefficients(t, flavor)
    value = float(xs.dsigma_dT(energy, t, flavor))
    assert value == pytest.approx(float(c0 + c1 / energy + c2 / energy**2), rel=1e-12, abs=0.0)
    assert value >= -1e-12 * float(c0)
    partner = flavor[1:] if flavor.startswith("a") else "a" + flavor
    assert value == float(xs.dsigma_dT(energy, t, partner))


def test_flavors_differ_only_by_radiative_corrections():
    nucleus = Nucleus.named("Ar40")
    tree, loop = CEvNS(nucleus), CEvNS(nucleus, couplings=WeakCouplings(radiative=True))
    energy = np.array([10.0, 30.0])
    for flavor, ratio in (("nue", 0.997), ("numu", 1.025), ("nutau", 1.040)):
        np.testing.assert_array_equal(tree.total(energy, flavor), tree.total(energy, "nue"))
        # one shape for protons and neutrons: the ratio of the squared charges, published to three digits
        np.testing.assert_allclose(loop.total(energy, flavor) / tree.total(energy, flavor), ratio, atol=6e-4)
        by_hand = 18.0 * loop.couplings.vector_couplings(flavor)[0] - 22.0 * 0.5117
        expected = (by_hand / (18.0 * (0.5 - 2 * 0.23863) - 11.0)) ** 2
        np.testing.assert_allclose(
            loop.transport(energy, flavor) / tree.transport(energy), expected, rtol=1e-10
        )


def test_photon_amplitude_of_radiative_corrections():
    # only the flavour-dependent part couples through the photon; what is left is the same for all flavours
    xs = CEvNS(Nucleus.named("Ar40"), couplings=WeakCouplings(radiative=True))
    q = np.array([0.0, 0.3])
    rest = [xs.amplitude(q, flavor) - xs.photon_amplitude(q, flavor) for flavor in FLAVORS]
    for other in rest[1:]:
        np.testing.assert_allclose(other, rest[0], rtol=1e-14)
    np.testing.assert_allclose(xs.photon_amplitude(q, "numu"), 18.0 * 0.0114 * xs.form_factor(q), rtol=1e-13)
    np.testing.assert_array_equal(CEvNS(Nucleus.named("Ar40")).photon_amplitude(q), 0.0)
    assert xs.flavor_changing(q) == ()


@pytest.mark.parametrize(("sin2", "ratio"), [(0.23863, 1.491), (0.2312, 1.529)])
def test_mirror_nuclei(sin2, ratio):
    # [(5 g_p + 6 g_n)/(6 g_p + 5 g_n)]^2: published to four digits
    couplings = WeakCouplings(sin2_theta_w=sin2)
    boron, carbon = (CEvNS(Nucleus.of(11.0, z), Point(), couplings) for z in (5.0, 6.0))
    q = np.array(0.1)
    assert float(boron.amplitude(q) ** 2 / carbon.amplitude(q) ** 2) == pytest.approx(ratio, abs=5e-4)
    assert float(boron.total(10.0) / carbon.total(10.0)) == pytest.approx(ratio, rel=1e-3, abs=0.0)


@given(st.floats(0.1, 60.0), st.floats(4.0, 210.0))
def test_fully_coherent_limit(energy, mass_number):
    # G_F^2 E^2 Q^2/pi M/(M+2E) for F = 1: int (1 - T/E - MT/2E^2) dT = T_max/2 exactly
    nucleus = Nucleus.of(mass_number, 0.4 * mass_number)
    xs = CEvNS(nucleus, Point())
    mass = float(nucleus.mass)
    charge = 0.4 * mass_number * (0.5 - 2.0 * 0.23863) - 0.3 * mass_number
    strength = (CODATA.fermi_constant * CODATA.hbar_c) ** 2 / math.pi
    expected = strength * energy**2 * charge**2 * mass / (mass + 2.0 * energy)
    assert float(xs.total(energy)) == pytest.approx(expected, rel=1e-12, abs=0.0)


@pytest.mark.parametrize(("energy", "published"), [(5.0, 1.0), (10.0, 1.000001), (30.0, 1.001)])
def test_series_in_the_moments(energy, published):
    # F^2 = 1 + 2 eta_2 q^2 + (eta_2^2 + 2 eta_4) q^4 + ..., eta_2 = -<r^2>/6, eta_4 = <r^4>/120 (Balantekin), heavy limit:
    # int (1 + x) (2 E^2 (1 - x))^n dx = (2 E^2)^n 2^(n+2)/((n+1)(n+2))
    xs = CEvNS(Nucleus.named("Fe56"))
    r2, r4, r6 = xs.form_factor.moments()
    eta2, eta4, eta6 = -r2 / 6.0, r4 / 120.0, -r6 / 5040.0
    unit = 2.0 * (energy / (CODATA.hbar_c * 1e13)) ** 2
    terms = [1.0, 2.0 * eta2, eta2**2 + 2.0 * eta4, 2.0 * eta6 + 2.0 * eta2 * eta4]
    terms = [t * unit**n * 2.0 ** (n + 1) / ((n + 1) * (n + 2)) for n, t in enumerate(terms)]
    ratio = float(xs.legendre(energy, 0) / CEvNS(xs.nucleus, Point()).legendre(energy, 0))
    # what the series to fourth order misses is the sixth, up to the eighth: a tenth of it at 30 MeV
    assert ratio - sum(terms[:3]) == pytest.approx(terms[3], rel=0.12 * (energy / 30.0) ** 2, abs=1e-14)
    assert sum(terms[:3]) / ratio == pytest.approx(published, abs=6e-7 if energy < 20.0 else 6e-5)


@pytest.mark.parametrize("energy", [1.0, 20.0, 60.0])
def test_legendre_moments(energy):
    xs = CEvNS(Nucleus.named("Fe56"))
    moments = [float(xs.legendre(energy, order)) for order in range(4)]
    for order, polynomial in enumerate((lambda x: 1.0, lambda x: x, lambda x: 1.5 * x * x - 0.5)):
        # in units of the zeroth: orders above one nearly cancel at low energy
        value, _ = quad(
            lambda x, p=polynomial: p(x) * float(xs.dsigma_dcos(energy, x)) / moments[0],
            -1.0,
            1.0,
            epsabs=1e-12,
        )
        assert moments[order] / moments[0] == pytest.approx(value, rel=1e-9, abs=1e-12)
    # F = 1: (1 + x) has moments 2, 2/3, 0
    bare = CEvNS(xs.nucleus, Point())
    zeroth = float(bare.legendre(energy, 0))
    assert float(bare.legendre(energy, 1)) == pytest.approx(zeroth / 3.0, rel=1e-12, abs=0.0)
    assert float(bare.legendre(energy, 2)) == pytest.approx(0.0, abs=1e-12 * zeroth)
    # transport = order 0 - order 1, exact kinematics differ by O(E/M)
    transport = float(xs.transport(energy))
    assert moments[0] - moments[1] == pytest.approx(
        transport, rel=4.0 * energy / float(xs.nucleus.mass), abs=0.0
    )


def test_threshold():
    xs = CEvNS(Nucleus.named("Xe132"))
    energy = np.array([5.0, 20.0, 60.0])
    for threshold in (1e-6, 1e-3, 3e-3):
        for i, e in enumerate(energy):
            top = float(xs.largest_recoil(e))
            expected = 0.0
            if top > threshold:
                expected, _ = quad(
                    lambda t, e=e: float(xs.dsigma_dT(e, t)),
                    threshold,
                    top,
                    epsrel=1e-11,
                    epsabs=0.0,
                )
            value = float(xs.total(energy, recoil_min=threshold)[i])
            assert value == pytest.approx(expected, rel=1e-9, abs=0.0)
    # 1e-3 MeV is beyond what 5 MeV can give, and nothing is left
    assert xs.total(5.0, recoil_min=1e-3) == 0.0


def test_arrays_of_nuclei_broadcast():
    a, z = np.array([56.0, 132.0, 208.0])[:, None], np.array([26.0, 54.0, 82.0])[:, None]
    many = CEvNS(Nucleus.of(a, z))
    energy = np.array([1.0, 10.0])
    for method in ("total", "transport"):
        whole = getattr(many, method)(energy)
        assert whole.shape == (3, 2)
        for i in range(3):
            one = CEvNS(Nucleus.of(a[i, 0], z[i, 0]))
            np.testing.assert_allclose(whole[i], getattr(one, method)(energy), rtol=1e-13)
    np.testing.assert_allclose(many.legendre(energy, 1)[2], one.legendre(energy, 1), rtol=1e-13)


class AxialStandIn:
    """Remembers what it was asked."""

    def coefficients(self, recoil_energy, mass, flavor, couplings, vector_charge):
        self.asked = (recoil_energy, mass, flavor, couplings, vector_charge)
        sign = -1.0 if flavor.startswith("a") else 1.0
        return 1e-42, sign * 2e-42, 3e-42


def test_axial_part_adds_with_its_own_coefficients():
    axial = AxialStandIn()
    plain, with_spin = CEvNS(Nucleus.named("Ge74")), CEvNS(Nucleus.named("Ge74"), axial=axial)
    more = with_spin.dsigma_dT(10.0, 1e-3, "anue") - plain.dsigma_dT(10.0, 1e-3, "anue")
    assert float(more) == pytest.approx(1e-42 - 2e-43 + 3e-44, rel=1e-9, abs=0.0)
    recoil, mass, flavor, couplings, charge = axial.asked
    assert (float(recoil), flavor, couplings) == (1e-3, "anue", plain.couplings)
    assert mass == plain.nucleus.mass
    q = math.sqrt(2.0 * mass * 1e-3 + 1e-6) / (CODATA.hbar_c * 1e13)
    assert float(charge) == pytest.approx(float(plain.amplitude(q)), rel=1e-14, abs=0.0)
    # neutrinos and antineutrinos differ then, and the star's form knows c0 and c2 only
    assert with_spin.dsigma_dT(10.0, 1e-3, "nue") > with_spin.dsigma_dT(10.0, 1e-3, "anue")
    angle = with_spin.dsigma_dcos(10.0, 0.3) - plain.dsigma_dcos(10.0, 0.3)
    assert float(angle) == pytest.approx((100.0 * 1e-42 + 3e-42) / float(mass), rel=1e-6, abs=0.0)


@pytest.mark.parametrize("field", ["sin2_theta_w", "vev_ratio"])
def test_derivatives_by_a_complex_step(field):
    def sigma(value):
        return CEvNS(Nucleus.named("Ar40"), couplings=WeakCouplings(**{field: value})).transport(30.0)

    value, step = getattr(WeakCouplings(), field), 1e-5
    difference = (sigma(value + step) - sigma(value - step)) / (2.0 * step)
    derivative = sigma(value + 1e-30j).imag / 1e-30
    assert float(derivative) == pytest.approx(float(difference), rel=1e-7, abs=0.0)
    assert abs(derivative) > 0.1 * float(sigma(value))


def test_refusals():
    xs = CEvNS(Nucleus.named("Ar40"))
    for bad in (0.0, -1.0, math.nan):
        for method in (xs.total, xs.transport, xs.largest_recoil):
            with pytest.raises(OutOfRangeError, match=r"energy = .* must be positive"):
                method(np.array([10.0, bad]))
        for method in (xs.dsigma_dT, xs.dsigma_dcos):
            with pytest.raises(OutOfRangeError, match="energy"):
                method(bad, 0.01)
        with pytest.raises(OutOfRangeError, match="energy"):
            xs.legendre(bad, 0)
    with pytest.raises(OutOfRangeError, match=r"recoil_energy = -0\.1 MeV"):
        xs.dsigma_dT(10.0, -0.1)
    with pytest.raises(OutOfRangeError, match="recoil_min"):
        xs.total(10.0, recoil_min=-1e-3)
    with pytest.raises(OutOfRangeError, match="order"):
        xs.legendre(10.0, -1)
    for call in (
        xs.total,
        xs.transport,
        lambda e, f: xs.legendre(e, 0, f),
        lambda e, f: xs.dsigma_dT(e, 0.0, f),
    ):
        with pytest.raises(UnknownNameError, match=r"unknown neutrino flavor 'antinue'.*'anue'"):
            call(10.0, "antinue")


def test_names():
    assert Nucleus.named("Pb208").neutron_number == 126.0
    with pytest.raises(UnknownNameError, match=r"unknown nucleus 'Fe5'"):
        Nucleus.named("Fe5")
    # the formula for unnamed nuclei leaves the binding out: 1.2e-3 at iron
    iron = Nucleus.named("Fe56")
    assert float(Nucleus.of(56.0, 26.0).mass / iron.mass) == pytest.approx(1.0, abs=1.3e-3)


def test_energies_beyond_the_integration_are_refused():
    lead = CEvNS(Nucleus.named("Pb208"))
    for integral in (lead.total, lead.transport, lambda energy: lead.legendre(energy, 0)):
        assert float(integral(1000.0)) > 0.0
        with pytest.raises(
            OutOfRangeError, match=r"^energy = 1e\+06 MeV: integrals over recoils are made up to 2000 MeV"
        ):
            integral(1e6)
