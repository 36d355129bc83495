import numpy as np
import pytest
from scipy.integrate import quad

from microphysics.errors import MicrophysicsError, OutOfRangeError, UnknownNameError
from microphysics.nuclei import Nucleus
from microphysics.weak.cevns import CEvNS
from microphysics.weak.densities import (
    Response,
    ShellModelResponses,
    TabulatedDensity,
    density_from_form_factor,
)
from microphysics.weak.form_factors import Gaussian, Helm, SymmetrizedFermi, check_normalisation
from microphysics.weak.proton_neutron import DARWIN_FOLDY, NUCLEON_MASS, ProtonNeutron

C, A = 4.1, 0.52
AR40 = Nucleus.named("Ar40")


def fermi_density(r):
    return np.sinh(C / A) / (np.cosh(r / A) + np.cosh(C / A))


def test_transform_of_a_fermi_density():
    r = np.linspace(0.0, 24.0, 481)
    table = TabulatedDensity(r, 0.17 * fermi_density(r))
    q = np.concatenate([[0.0, 1e-9, 1e-4, 5e-4, 7e-4], np.linspace(0.01, 4.0, 200)])
    # cubic spline of step 0.05: (h/a)^4/384 = 2e-7 of r rho in the surface
    np.testing.assert_allclose(table(q), SymmetrizedFermi(C, A)(q), atol=1e-7)
    np.testing.assert_allclose(table.moments(), SymmetrizedFermi(C, A).moments(), rtol=1e-6)
    check_normalisation(table)


def test_spline_is_integrated_exactly():
    # r rho = 49 r - r^3 is odd and cubic: the spline is the function, and F is exact at every q on a coarse, uneven grid
    r = np.array([0.0, 0.4, 1.3, 1.5, 3.0, 5.5, 7.0])

    def rho(r):
        return 49.0 - r**2

    table = TabulatedDensity(r, rho(r))
    norm, _ = quad(lambda r: r**2 * rho(r), 0.0, 7.0)
    x, w = np.polynomial.legendre.leggauss(180)  # for 45 waves
    nodes = 3.5 * (x + 1.0)
    for q in (0.0, 1e-3, 0.0014, 0.0015, 0.1, 1.0, 7.0, 40.0):
        expected = 3.5 * np.sum(w * nodes**2 * rho(nodes) * np.sinc(q * nodes / np.pi)) / norm
        assert float(table(q)) == pytest.approx(expected, rel=1e-12, abs=1e-14)
    assert table(np.ones((2, 3))).shape == (2, 3)
    r2, _ = quad(lambda r: r**4 * rho(r), 0.0, 7.0)
    assert table.moments()[0] == pytest.approx(r2 / norm, rel=1e-13)


def test_round_trip():
    # density -> F -> density -> F
    r = np.linspace(0.0, 14.0, 281)
    norm, _ = quad(lambda r: 4.0 * np.pi * r**2 * fermi_density(r), 0.0, 20.0)
    q = np.linspace(0.0, 12.0, 601)
    back = density_from_form_factor(q, TabulatedDensity(r, fermi_density(r))(q), r)
    # F at q = 12/fm is exp(-pi a q) = 3e-9 of its scale
    np.testing.assert_allclose(back, fermi_density(r) / norm, atol=3e-6 * fermi_density(0.0) / norm)
    again = TabulatedDensity(r, back)
    few = np.linspace(0.0, 3.0, 31)
    np.testing.assert_allclose(again(few), SymmetrizedFermi(C, A)(few), atol=1e-6)


def test_inverse_of_a_gaussian_in_closed_form():
    # exp(-q^2 R^2/6): rho = (3/(2 pi R^2))^(3/2) exp(-3 r^2/(2 R^2))
    rms = 2.5
    q, r = np.linspace(0.0, 8.0, 401), np.array([0.0, 0.5, 2.0, 4.0])
    expected = (1.5 / (np.pi * rms**2)) ** 1.5 * np.exp(-1.5 * r**2 / rms**2)
    np.testing.assert_allclose(density_from_form_factor(q, Gaussian(rms)(q), r), expected, atol=1e-8)


def test_grid_may_begin_off_the_origin():
    r = np.linspace(0.0, 16.0, 321)
    whole, cut = TabulatedDensity(r, fermi_density(r)), TabulatedDensity(r[1:], fermi_density(r[1:]))
    q = np.linspace(0.0, 3.0, 7)
    np.testing.assert_allclose(cut(q), whole(q), atol=1e-10)


def test_what_a_density_must_not_be():
    r = np.linspace(0.0, 16.0, 50)
    with pytest.raises(OutOfRangeError, match=r"radius must rise, but row 4 has 0\.3 after 0\.5"):
        TabulatedDensity(np.array([0.0, 0.2, 0.5, 0.3, 9.0]), np.ones(5))
    with pytest.raises(OutOfRangeError, match="must be positive"):
        TabulatedDensity(r, -fermi_density(r))
    with pytest.raises(OutOfRangeError, match="ends at 5 fm before the density does"):
        TabulatedDensity(np.linspace(0.0, 5.0, 50), fermi_density(np.linspace(0.0, 5.0, 50)))
    with pytest.raises(OutOfRangeError, match="ends at 4 fm before"):
        TabulatedDensity(np.linspace(0.0, 4.0, 50), np.ones(50))
    with pytest.raises(OutOfRangeError, match="must be finite"):
        TabulatedDensity(r, np.where(r > 3.0, np.nan, 1.0))
    with pytest.raises(OutOfRangeError, match="at least 4"):
        TabulatedDensity(r[:3], r[:3])
    with pytest.raises(OutOfRangeError, match="radius = -1"):
        TabulatedDensity(r - 1.0, fermi_density(r))
    # up to a thousandth may lie beyond the table: where this one ends it is less
    TabulatedDensity(np.linspace(0.0, 9.5, 50), fermi_density(np.linspace(0.0, 9.5, 50)))


def test_density_from_a_file(tmp_path):
    r = np.linspace(0.0, 14.0, 200)
    path = tmp_path / "argon.csv"
    lines = ["# my own calculation", "radius_fm, protons, neutrons"]
    lines += [f"{x!r}, {float(fermi_density(x))!r}, {float(fermi_density(x / 1.05))!r}" for x in r.tolist()]
    path.write_text("\n".join(lines))
    proton = TabulatedDensity.from_file(path, "protons")
    neutron = TabulatedDensity.from_file(path, "neutrons")
    assert proton.name == "argon.csv"
    # the same shape, stretched
    assert float(np.sqrt(neutron.moments()[0] / proton.moments()[0])) == pytest.approx(1.05, rel=1e-5)
    xs = CEvNS(AR40, ProtonNeutron(proton, neutron))
    assert float(xs.total(30.0)) < float(CEvNS(AR40, proton).total(30.0))
    with pytest.raises(
        MicrophysicsError, match="column density is missing; there are radius_fm, protons, neutrons"
    ):
        TabulatedDensity.from_file(path)
    with pytest.raises(MicrophysicsError, match=r"nothing\.csv: No such file"):
        TabulatedDensity.from_file(tmp_path / "nothing.csv")
    path.write_text("radius_fm,density\n0.0,x\n")
    with pytest.raises(MicrophysicsError, match="'x' in column density is no finite number"):
        TabulatedDensity.from_file(path)
    path.write_text("radius_fm,density\n")
    with pytest.raises(MicrophysicsError, match="no rows"):
        TabulatedDensity.from_file(path)


FILE = """\
# harmonic-oscillator responses, for the test alone
nucleus,response,b_fm,c0,c1,c2
Ar40,M_p,1.9,18,-10.0,1.1
Ar40,M_n,1.9,22,-14.0,1.9
Ar40,Phi''_p,1.9,-1.5,0.4,
Ar40,Phi''_n,1.9,-3.0,0.9,-0.05
Fe56,M_p,2.0,26,-15.0,
"""


@pytest.fixture
def responses(tmp_path):
    path = tmp_path / "responses.csv"
    path.write_text(FILE)
    return path


def test_point_nucleons_are_a_plain_form_factor(responses):
    # Phi'' = 0 and no radii: Z g_p F_p + N g_n F_n
    q = np.linspace(0.0, 1.5, 16)
    u = 0.5 * (q * 1.9) ** 2
    f_p = np.exp(-0.5 * u) * (18.0 - 10.0 * u + 1.1 * u**2) / 18.0
    f_n = np.exp(-0.5 * u) * (22.0 - 14.0 * u + 1.9 * u**2) / 22.0
    plain = ShellModelResponses.from_file(responses, AR40, nucleon_size=False)
    np.testing.assert_allclose(plain.amplitude(q, 0.4, -11.0), 0.4 * f_p - 11.0 * f_n, rtol=1e-13)
    np.testing.assert_allclose(plain(q), f_p, rtol=1e-13)
    check_normalisation(plain)
    # equal to a Gaussian: one shell without polynomial, F = exp(-u/2) = exp(-q^2 b^2/4), <r^2> = 3/2 b^2
    shell = ShellModelResponses(AR40, Response(1.9, (18.0,)), Response(1.9, (22.0,)), nucleon_size=False)
    np.testing.assert_allclose(
        CEvNS(AR40, shell).total(30.0), CEvNS(AR40, Gaussian(np.sqrt(1.5) * 1.9)).total(30.0)
    )


def test_combination_in_the_published_normalisation(responses):
    # with Q_p = 2 g_p, Q_n = 2 g_n the published line is twice our amplitude
    sized = ShellModelResponses.from_file(responses, AR40)
    q = np.linspace(0.0, 1.5, 16)
    u = 0.5 * (q * 1.9) ** 2
    f_p, f_n = (np.exp(-0.5 * u) * p for p in (18.0 - 10.0 * u + 1.1 * u**2, 22.0 - 14.0 * u + 1.9 * u**2))
    s_p, s_n = (np.exp(-0.5 * u) * p for p in (-1.5 + 0.4 * u, -3.0 + 0.9 * u - 0.05 * u**2))
    q_p, q_n = 2.0 * 0.02274, -1.0
    size_p, size_n = 1.0 - q**2 * 0.7071 / 6.0, -(q**2) * (-0.1155) / 6.0
    line = (q_p * size_p + q_n * size_n) * f_p + (q_n * size_p + q_p * size_n) * f_n
    k_p, k_n = 1.79284734463, -1.91304276
    relativistic = (q * 197.3269804 / 938.9187557) ** 2 / 4.0
    line += relativistic * (
        -0.5 * (q_p * f_p + q_n * f_n)
        + (q_p * (1.0 + 2.0 * k_p) + 2.0 * q_n * k_n) * s_p
        + (q_n * (1.0 + 2.0 * k_p) + 2.0 * q_p * k_n) * s_n
    )
    np.testing.assert_allclose(2.0 * sized.amplitude(q, 18.0 * 0.02274, -11.0), line, rtol=1e-8)


def test_charge_radius_of_calcium():
    # eight f7/2 neutrons, sum <sigma.l> = 8 x 3, make Phi''_n = -8 at q = 0 and take 0.10 fm^2 from the charge radius of
    # Ca48 (Ong, Berengut & Flambaum 2010); the Darwin-Foldy term adds 0.033 fm^2
    calcium = Nucleus.named("Ca48")

    def slope(phi):
        form = ShellModelResponses(
            calcium, Response(2.0, (20.0,)), Response(2.0, (28.0,)), spin_orbit_neutron=Response(2.0, (phi,))
        )
        q = 1e-3
        return 6.0 * (1.0 - float(form(q))) / q**2

    by_hand = 8.0 * 3.0 * (-1.91304) / (20.0 * NUCLEON_MASS**2)
    assert slope(-8.0) - slope(0.0) == pytest.approx(by_hand, rel=1e-5)
    assert by_hand == pytest.approx(-0.10, abs=5e-3)
    assert slope(0.0) == pytest.approx(1.5 * 4.0 + 0.7071 - 28.0 / 20.0 * 0.1155 + DARWIN_FOLDY, rel=1e-5)


def test_responses_that_do_not_fit(responses, tmp_path):
    with pytest.raises(MicrophysicsError, match="response M_n of Fe56 is missing"):
        ShellModelResponses.from_file(responses, Nucleus.named("Fe56"))
    with pytest.raises(UnknownNameError, match="unknown nucleus 'Ge74'; known are Ar40, Fe56"):
        ShellModelResponses.from_file(responses, Nucleus.named("Ge74"))
    bad = tmp_path / "bad.csv"
    bad.write_text(FILE.replace("M_n,1.9,22", "M_n,1.9,21"))
    with pytest.raises(OutOfRangeError, match="c0 = 21 of response M_n, must be N = 22"):
        ShellModelResponses.from_file(bad, AR40)
    bad.write_text(FILE.replace("Phi''_p", "Phi_p"))
    with pytest.raises(UnknownNameError, match="unknown response 'Phi_p'"):
        ShellModelResponses.from_file(bad, AR40)
    bad.write_text(FILE.replace("22,-14.0,1.9", "22,,1.9"))
    with pytest.raises(MicrophysicsError, match="c1 of Ar40 M_n is left out"):
        ShellModelResponses.from_file(bad, AR40)
    bad.write_text(FILE + "Ar40,M_p,1.9,18,,\n")
    with pytest.raises(MicrophysicsError, match="M_p of Ar40 stands there twice"):
        ShellModelResponses.from_file(bad, AR40)


def test_helm_sampled_is_helm():
    # through the whole chain: F tabulated, its density, its form factor again
    helm, q, r = Helm.from_lewin_smith(AR40), np.linspace(0.0, 7.0, 351), np.linspace(0.0, 12.0, 241)
    table = TabulatedDensity(r, density_from_form_factor(q, helm(q), r))
    few = np.linspace(0.0, 2.0, 21)
    np.testing.assert_allclose(table(few), helm(few), atol=2e-6)
