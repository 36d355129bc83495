from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.opacity import OpacitySet
from microphysics.processes.light_cluster_scattering import CLUSTERS, LightClusterScattering
from microphysics.processes.nucleon_scattering import total_cross_section, transport_cross_section
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.new_physics import NSI

COUPLINGS = WeakCouplings()
DEUTERON, TRITON, HELION = CLUSTERS
HBAR_C = CODATA.hbar_c * 1e13
SCALE = COUPLINGS.sigma0 / (4.0 * CODATA.electron_mass**2)  # G_F^2/pi


def matter_of(**fractions):
    matter = from_composition([1e12], [6.0], [0.3], [0.6], [0.2], 0.0, 0.0, 0.0, 0.0)
    return replace(matter, **{f"mass_fraction_{name}": np.array([x]) for name, x in fractions.items()})


def cross_sections(energy, cluster, **choices):
    """Transport and total, cm^2, of each row."""
    rates = LightClusterScattering(Settings(**choices))(energy, matter := matter_of(**{cluster.name: 0.1}))
    density = 0.1 * matter.baryon_density[0] / cluster.mass_number
    return rates.scattering[:, 0] / density, rates.collision[:, 0] / density


def test_absent_where_the_equation_of_state_does_not_know_them():
    plain = from_composition([1e12], [6.0], [0.3], [0.6], [0.2], 0.0, 0.0, 0.0, 0.0)
    rates = LightClusterScattering(Settings())(np.array([10.0]), plain)
    assert all(value is None for value in rates)
    result = OpacitySet.from_names(["light_cluster_scattering"]).spectral(plain, [10.0])
    assert not result.scattering.any()


@pytest.mark.parametrize("cluster", CLUSTERS, ids=lambda cluster: cluster.name)
def test_long_waves(cluster):
    # (2 G_F^2 E^2/3 pi)[(Z g_p + N g_n)^2 + 5 c_a^2], total 1 and 3: charges and the odd spin
    energy = np.array([0.1])
    z, n = cluster.charge_number, cluster.mass_number - cluster.charge_number
    vector = z * COUPLINGS.vector_proton + n * COUPLINGS.vector_neutron
    axial = 0.0 if cluster is DEUTERON else 0.951 * 1.2754 / 2.0
    transport, total = cross_sections(energy, cluster)
    assert_allclose(transport[:, 0], SCALE * 0.01 * 2.0 / 3.0 * (vector**2 + 5.0 * axial**2), rtol=1e-5)
    assert_allclose(total[:, 0], SCALE * 0.01 * (vector**2 + 3.0 * axial**2), rtol=1e-5)


def test_radii():
    # point protons of the deuteron: 2.12778^2 - 0.7071 + 0.1155 - 0.0332 = 1.9755^2; triton 1.6079, 3He 1.7841 fm
    for cluster, protons, neutrons, charge in (
        (DEUTERON, 1.9755, 1.9755, 2.12778),
        (TRITON, 1.6079, 1.7841, 1.7591),
        (HELION, 1.7841, 1.6079, 1.9661),
    ):
        shape = cluster.form_factor()
        assert shape.proton.rms_radius == pytest.approx(protons, abs=1e-3)
        assert shape.neutron.rms_radius == pytest.approx(neutrons, abs=1e-3)
        # and back to the charge by the slope at q = 0, of protons whose neighbours are neutrons of the same distribution;
        # the Darwin-Foldy term 0.033 fm^2 is no distribution
        slope = 6.0 * (1.0 - shape(np.array([1e-3]))[0]) * 1e6
        assert slope == pytest.approx(charge**2 - 0.0332, rel=1e-4)


@pytest.mark.parametrize("breakup", [False, True])
@pytest.mark.parametrize("cluster", CLUSTERS, ids=lambda cluster: cluster.name)
def test_by_quadrature(cluster, breakup):
    """Formula written out, adaptive quadrature over the angle."""
    shape = cluster.form_factor()
    z, n = cluster.charge_number, cluster.mass_number - cluster.charge_number
    g_p, g_n, c_a = COUPLINGS.vector_proton, -0.5, 1.2754 / 2.0
    kept = 1.0 / 3.0 if cluster is DEUTERON else 1.0
    energy = np.array([5.0, 30.0, 120.0])

    def differential(x, e):
        q = np.array([e / HBAR_C * np.sqrt(2.0 * (1.0 - x))])
        f_n = shape.amplitude(q, 0.0, 1.0)[0]
        f_odd = shape.amplitude(q, 1.0, 0.0)[0] if cluster is TRITON else f_n
        value = (1.0 + x) * shape.amplitude(q, z * g_p, n * g_n)[0] ** 2
        if cluster is not DEUTERON:
            value += (3.0 - x) * (0.951 * c_a * f_odd) ** 2
        if breakup:
            value += (1.0 + x) * (z * g_p**2 + n * g_n**2) * (1.0 - f_n**2)
            value += (3.0 - x) * (z + n) * c_a**2 * (1.0 - kept * f_n**2)
        return 0.5 * SCALE * e**2 * value

    transport, total = cross_sections(energy, cluster, cluster_breakup=breakup)
    for i, e in enumerate(energy):
        expected = quad(lambda x, e=e: (1.0 - x) * differential(x, e), -1.0, 1.0, epsrel=1e-10)[0]
        assert_allclose(transport[:, i], expected, rtol=2e-6)
        expected = quad(differential, -1.0, 1.0, args=(e,), epsrel=1e-10)[0]
        assert_allclose(total[:, i], expected, rtol=2e-6)


def test_gaussian_deuteron_against_its_wave_function():
    # Hulthen's e^(-a r) - e^(-b r): a from the binding energy, b from the same radius; its tail keeps F larger
    a = 0.2316

    def form(q, b):
        norm = 2.0 * a * b * (a + b) / (b - a) ** 2
        value = np.arctan(q / (4.0 * a)) + np.arctan(q / (4.0 * b)) - 2.0 * np.arctan(q / (2.0 * (a + b)))
        return norm * 2.0 / q * value

    low, high = 0.8, 3.0
    for _ in range(60):
        b = 0.5 * (low + high)
        radius = np.sqrt(6.0 * (1.0 - form(0.01, b))) / 0.01
        low, high = (b, high) if radius > 1.9755 else (low, b)
    for energy, largest in ((20.0, 0.005), (50.0, 0.06)):
        node, weight = np.polynomial.legendre.leggauss(40)
        q = energy / HBAR_C * np.sqrt(2.0 * (1.0 - node))
        exact = weight @ ((1.0 - node**2) * form(q, b) ** 2)
        gauss = weight @ ((1.0 - node**2) * np.exp(-(q**2) * 1.9755**2 / 3.0))
        assert 0.0 < 1.0 - gauss / exact < largest


@pytest.mark.parametrize("cluster", CLUSTERS, ids=lambda cluster: cluster.name)
def test_breakup_leads_from_coherent_to_free(cluster):
    energy = np.array([0.05, 400.0])
    choices = {"couplings": COUPLINGS}
    whole = np.stack(cross_sections(energy, cluster, **choices))[:, 0]
    broken = np.stack(cross_sections(energy, cluster, cluster_breakup=True, **choices))[:, 0]
    z, n = cluster.charge_number, cluster.mass_number - cluster.charge_number
    free = np.stack(
        [
            z * of(energy, "p", 1, COUPLINGS, False) + n * of(energy, "n", 1, COUPLINGS, False)
            for of in (transport_cross_section, total_cross_section)
        ]
    )
    if cluster is DEUTERON:  # singlets: 4/6 of the free axial cross section at any energy
        axial = 2.0 * SCALE * energy[0] ** 2 * (1.2754 / 2.0) ** 2
        extra = axial * np.array([5.0 * 2.0 / 3.0, 3.0]) * 2.0 / 3.0
        assert_allclose(broken[:, 0] - whole[:, 0], extra, rtol=1e-5)
    else:
        assert_allclose(broken[:, 0], whole[:, 0], rtol=1e-5)
    assert_allclose(broken[:, 1], free[:, 1], rtol=0.12)
    # in between never more than all of both
    grid = np.geomspace(1.0, 300.0, 20)
    parts = np.stack(cross_sections(grid, cluster, cluster_breakup=True))[:, 0]
    assert (parts > np.stack(cross_sections(grid, cluster))[:, 0]).all()


def test_kinds_add_up():
    energy = np.array([3.0, 30.0])
    shares = {"deuteron": 0.1, "triton": 0.05, "helion": 0.02}
    process = LightClusterScattering(Settings())
    together = process(energy, matter_of(**shares))
    alone = [process(energy, matter_of(**{name: x})) for name, x in shares.items()]
    assert_allclose(together.scattering, sum(rates.scattering for rates in alone), rtol=1e-13)
    assert_allclose(together.collision, sum(rates.collision for rates in alone), rtol=1e-13)
    none = process(energy, matter_of(deuteron=0.0))
    assert not none.scattering.any()


def test_new_physics_reaches_them():
    energy, step = np.array([20.0]), 1e-30

    def kappa(shift):
        settings = Settings(new_physics=(NSI(down={"ee": shift}),))
        return LightClusterScattering(settings)(energy, matter_of(triton=0.1)).scattering[:, 0, 0]

    slope = (kappa(0.0501) - kappa(0.0499)) / 2e-4
    assert_allclose(kappa(0.05 + 1j * step).imag[:2] / step, slope[:2], rtol=1e-6)
    assert_allclose(slope[2:], 0.0, atol=1e-12 * abs(slope[0]))
    assert LightClusterScattering(Settings()).species == ("nue", "anue", "nux")
