import numpy as np
import pytest
from scipy.integrate import quad

from microphysics import _registry
from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.eos.electron_gas import ElectronGas
from microphysics.errors import ExtrapolationWarning, PhysicsWarning, UnknownNameError
from microphysics.nuclei import Nucleus
from microphysics.opacity import OpacitySet
from microphysics.processes.alpha_scattering import ALPHA_RADIUS
from microphysics.processes.nucleus_scattering import NucleusScattering
from microphysics.processes.settings import Settings
from microphysics.structure.horowitz import Horowitz1997
from microphysics.structure.plasma import electron_screening
from microphysics.weak.cevns import CEvNS
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.form_factors import Gaussian, helm

HBAR_C = CODATA.hbar_c * 1e13
S2 = WeakCouplings().sin2_theta_w
A, Z = 86.0, 40.5


@pytest.fixture
def matter():
    # point 17 of the NuLib set, for which the size of the electron cloud's effect was computed apart
    return from_composition([1e12], [1.5], [0.34], [0.2798], [2e-4], [0.02], [0.7], [A], [Z])


class Entry:
    def __init__(self, name, value):
        self.name, self.value = name, value

    def load(self):
        return self.value


@pytest.fixture
def plug_in(monkeypatch):
    """Offer a structure factor as another package would, through an entry point."""

    def offer(name, factory):
        monkeypatch.setattr(
            _registry,
            "entry_points",
            lambda group: [Entry(name, factory)] if group == "microphysics.structure_factors" else [],
        )

    return offer


def opacity(matter, energy, **choices):
    settings = Settings(**{"structure_factor": "none", **choices})
    return NucleusScattering(settings)(np.asarray(energy, dtype=float), matter).scattering


def mean_amplitude(matter, energy, **choices):
    """Root of kappa_tr over that of unit amplitude: |A| averaged over angles with 1 - x^2."""
    strength = CODATA.sigma0 / (4.0 * CODATA.electron_mass**2) * np.asarray(energy) ** 2
    return np.sqrt(
        opacity(matter, energy, **choices)[:, 0] / (matter.number_density_heavy[0] * strength * 2.0 / 3.0)
    )


def test_forward_amplitude_is_that_of_neutral_matter(matter):
    # q << k_sc: the electrons screen completely; per ion n_e - n_n/2 for nue and -n_n/2 for nux, i.e. |Z - N/2| and N/2
    # 1e-5: q^2/k_sc^2 at E = 1 keV
    nue, anue, nux = mean_amplitude(matter, [1e-3])
    assert nue[0] == pytest.approx(abs(Z - 0.5 * (A - Z)), rel=1e-5)
    assert anue[0] == nue[0]
    assert nux[0] == pytest.approx(0.5 * (A - Z), rel=1e-5)


def test_brt06_has_the_other_sign_for_all_flavours(matter):
    # -(N + 8 s^2 Z)/2: no potential of neutral matter
    for amplitude in mean_amplitude(matter, [1e-3], electron_polarization="brt06"):
        assert amplitude[0] == pytest.approx(0.5 * (A - Z + 8.0 * S2 * Z), rel=1e-5)


def test_cloud_is_not_seen_at_large_momentum_transfer(matter):
    # q >> k_sc (E = 300 MeV against k_sc = 3.4 MeV); point nuclei, so that large q counts
    energy = np.array([300.0])
    bare = opacity(matter, energy, form_factor="point", electron_polarization="none")
    for choice in ("physical", "brt06"):
        ratio = opacity(matter, energy, form_factor="point", electron_polarization=choice) / bare
        # the first order is 2 C_V Z/A k_sc^2/q^2 averaged: 5e-4
        np.testing.assert_allclose(ratio, 1.0, atol=2e-3)
        assert (ratio != 1.0).all()


def test_size_of_the_effect(matter):
    # computed apart, rho = 1e12, T = 1.5, no S, two digits: physical nue 0.40, 0.76, 0.90; brt06 2.02, 1.29, 1.11;
    # nux +3 %, +1 % at 5 and 10 MeV. Quoted for s^2 = 0.2312: the coupling of nux, -1/2 + 2 s^2, is small
    energy = np.array([5.1, 10.4, 17.0])
    settings = {"form_factor": "burrows", "couplings": WeakCouplings(sin2_theta_w=0.2312)}
    bare = opacity(matter, energy, electron_polarization="none", **settings)[0, 0]
    physical = opacity(matter, energy, electron_polarization="physical", **settings)[:, 0] / bare
    brt06 = opacity(matter, energy, electron_polarization="brt06", **settings)[:, 0] / bare
    np.testing.assert_allclose(physical[0], [0.40, 0.76, 0.90], atol=0.01)
    np.testing.assert_array_equal(physical[1], physical[0])
    np.testing.assert_allclose(physical[2, :2], [1.03, 1.01], atol=0.005)
    np.testing.assert_allclose(brt06[0], [2.02, 1.29, 1.11], atol=0.02)


def test_zero_of_the_nue_amplitude(matter, plug_in):
    # Q_W(q^2 + k^2) = Z (1 + 4 s^2) k^2 where nucleus and cloud cancel: q^2 = k^2 [(Z/A)(1 + 4 s^2)/W - 1], W = Q_W/A.
    # A structure factor that lets one angle through turns the opacity into |A(q)|^2
    class OneAngle:
        name, references, validity = "one-angle", (), "test"

        def __init__(self, on_out_of_range="clamp"):
            pass

        def __call__(self, q, matter):
            window = np.zeros(q.shape)
            window[..., 11::32] = 1.0
            return window

    plug_in("one-angle", OneAngle)
    x = np.polynomial.legendre.leggauss(32)[0][11]
    w = (A - Z - (1.0 - 4.0 * S2) * Z) / A
    k2 = electron_screening(matter)[0]
    q = np.sqrt(k2 * (Z / A * (1.0 + 4.0 * S2) / w - 1.0))
    energy = q * HBAR_C / np.sqrt(2.0 * (1.0 - x))
    choices = {"structure_factor": "one-angle", "form_factor": "point", "angle_nodes": 32}
    around = opacity(matter, energy * np.array([0.9, 1.0, 1.1]), **choices)
    assert 1.0 < energy < 20.0
    # exact zero: what is left is rounding squared
    assert around[0, 0, 1] < 1e-20 * around[0, 0, [0, 2]].min()
    assert (around[2, 0] > 0.0).all()


def test_angular_integral_against_quadrature(matter, plug_in):
    # one integral over form factor, cloud and S(q) together, written again from the formula
    class Debye:
        name, references, validity = "debye", ("nobody",), "test"
        kappa2 = 0.02

        def __init__(self, on_out_of_range="clamp"):
            self.on_out_of_range = on_out_of_range

        def __call__(self, q, matter):
            assert q.shape[0] == matter.density.size
            return q**2 / (q**2 + self.kappa2)

    plug_in("debye", Debye)
    k2 = electron_screening(matter)[0]
    form_factor = helm(Nucleus.of(A, Z))
    for species, c_v in ((0, 0.5 + 2.0 * S2), (2, -0.5 + 2.0 * S2)):
        for energy in (6.0, 30.0):

            def integrand(x, energy=energy, c_v=c_v):
                q2 = 2.0 * energy**2 * (1.0 - x) / HBAR_C**2
                nucleus = (Z * (0.5 - 2.0 * S2) - 0.5 * (A - Z)) * float(form_factor(np.sqrt(q2)))
                amplitude = nucleus + Z * c_v * k2 / (q2 + k2)
                return (1.0 - x * x) * amplitude**2 * q2 / (q2 + Debye.kappa2)

            g2 = (CODATA.fermi_constant * CODATA.hbar_c * energy) ** 2 / (2.0 * np.pi)
            expected = matter.number_density_heavy[0] * g2 * quad(integrand, -1.0, 1.0, epsrel=1e-11)[0]
            ours = opacity(matter, [energy], structure_factor="debye")[species, 0, 0]
            assert ours == pytest.approx(expected, rel=1e-6)
    process = NucleusScattering(Settings(structure_factor="debye"))
    assert "nobody" in process.references


def test_average_multiplies_from_outside(matter):
    energy = np.array([3.0, 8.0, 25.0])
    average = Horowitz1997().transport_average(energy, matter)[0]
    ratio = opacity(matter, energy, structure_factor="horowitz1997") / opacity(matter, energy)
    for species in range(3):
        np.testing.assert_allclose(ratio[species, 0], average, rtol=1e-12)
    assert average[0] < 0.2


def test_size_of_the_form_factor():
    # transport cross section x 0.82 at A = 86, E = 26 MeV, x 0.97 at 10 MeV (computed apart, two digits)
    matter = from_composition([1e11], [1.5], [0.4], 0.0, 0.0, 0.0, [1.0], [86.0], [36.0])
    energy = np.array([10.0, 26.0])
    none = {"electron_polarization": "none"}
    ratio = opacity(matter, energy, form_factor="burrows", **none) / opacity(
        matter, energy, form_factor="point", **none
    )
    np.testing.assert_allclose(ratio[0, 0], [0.97, 0.82], atol=0.01)


@pytest.mark.parametrize(("t", "mu"), [(50.0, 100.0), (80.0, 3.0)])
def test_screening_of_relativistic_electrons(t, mu):
    # (4 alpha/pi)(mu^2 + pi^2 T^2/3), corrections (m_e/T)^2 = 1e-4
    zone = from_composition([1e12], [t], [0.3], 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, chemical_potential_electron=mu)
    expected = 4.0 * CODATA.fine_structure / np.pi * (mu**2 + np.pi**2 * t**2 / 3.0) / HBAR_C**2
    assert electron_screening(zone)[0] == pytest.approx(expected, rel=1e-4)


def test_screening_in_other_limits():
    # cold: k^2 = (4 alpha/pi) p_F E_F; corrections (pi T/mu)^2/6 x 2 = 1e-4 at T = 0.05, mu = 10
    cold = from_composition(
        [1e9], [0.05], [0.5], 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, chemical_potential_electron=10.0
    )
    momentum = np.sqrt(100.0 - CODATA.electron_mass**2)
    expected = 4.0 * CODATA.fine_structure / np.pi * momentum * 10.0 / HBAR_C**2
    assert electron_screening(cold)[0] == pytest.approx(expected, rel=3e-4)
    # dilute: Debye, k^2 = 4 pi e^2 (n_- + n_+)/T
    dilute = from_composition([1e3], [0.06], [0.5], 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    state = ElectronGas().state(dilute.temperature, dilute.chemical_potential_electron)
    both = (state.density_electron + state.density_positron) * 1e-39
    expected = 4.0 * np.pi * CODATA.coulomb_squared * 1e13 * both / dilute.temperature
    assert electron_screening(dilute)[0] == pytest.approx(expected[0], rel=1e-3)


def test_zones_without_nuclei_and_blocks():
    # more zones than one block, some empty: nothing is shifted from one zone to another
    n = 600
    x_heavy = np.where(np.arange(n) % 7 == 3, 0.0, 0.5)
    matter = from_composition(
        np.geomspace(1e9, 1e12, n),
        np.linspace(1.0, 3.0, n),
        0.4,
        0.3,
        0.2,
        0.0,
        x_heavy,
        np.linspace(40.0, 90.0, n),
        20.0,
    )
    energy = np.array([4.0, 20.0])
    everything = opacity(matter, energy, structure_factor="horowitz1997")
    assert (everything[:, x_heavy == 0.0] == 0.0).all()
    assert (everything[:, x_heavy > 0.0] > 0.0).all()
    for i in (0, 255, 256, 299, 599):
        alone = opacity(matter.select(slice(i, i + 1)), energy, structure_factor="horowitz1997")
        np.testing.assert_allclose(everything[:, i], alone[:, 0], rtol=1e-13)


def test_alpha_particles():
    matter = from_composition([1e9], [1.0], [0.5], 0.0, 0.0, [1.0], 0.0, 0.0, 0.0)
    energy = np.array([10.0, 40.0])

    def kappa(finite):
        return OpacitySet.from_names(["alpha_scattering"], Settings(alpha_form_factor=finite)).spectral(
            matter, energy
        )

    bare = kappa(False).scattering[0]
    expected = 8.0 / 3.0 * CODATA.sigma0 * (energy / CODATA.electron_mass) ** 2 * S2**2
    for species in range(3):
        np.testing.assert_allclose(bare[species, 0], matter.number_density_alpha[0] * expected, rtol=1e-12)
    assert pytest.approx(1.67, abs=0.02) == ALPHA_RADIUS  # fm, measured
    # finite size: 1 - <q^2> r^2/3 with <q^2> = 2 E^2 (transport average of 1 - x: 1) to first order
    ratio = kappa(True).scattering[0, 0, 0] / bare[0, 0]
    first_order = 1.0 - 2.0 * energy**2 / HBAR_C**2 * ALPHA_RADIUS**2 / 3.0
    assert (np.abs(ratio - first_order) < 0.6 * (1.0 - first_order) ** 2).all()
    xs = CEvNS(Nucleus.named("He4"), Gaussian(np.float64(ALPHA_RADIUS)))
    np.testing.assert_allclose(
        bare[0, 0] * ratio, matter.number_density_alpha[0] * xs.transport(energy), rtol=0.06
    )


def test_unknown_names():
    with pytest.raises(
        UnknownNameError, match=r"unknown electron polarization 'physicl'.*Did you mean 'physical'"
    ):
        NucleusScattering(Settings(electron_polarization="physicl"))
    with pytest.raises(UnknownNameError, match=r"unknown form factor 'hlm'.*Did you mean 'helm'"):
        NucleusScattering(Settings(form_factor="hlm"))
    with pytest.raises(UnknownNameError, match=r"unknown structure factor.*Did you mean 'horowitz1997'"):
        NucleusScattering(Settings(structure_factor="horowitz97"))


def test_references_name_what_was_used():
    process = NucleusScattering(Settings())
    text = " ".join(process.references)
    for name in ("Freedman 1974", "Helm 1956", "Lucco Castello", "Leinson"):
        assert name in text
    bare = NucleusScattering(
        Settings(electron_polarization="none", structure_factor="none", form_factor="point")
    )
    assert "Leinson" not in " ".join(bare.references)


def test_what_a_model_does_not_describe_is_said():
    dense = from_composition([1e13, 5e13], 3.0, 0.3, 0.1, 0.0, 0.0, 0.9, 150.0, 45.0)
    with pytest.warns(ExtrapolationWarning, match=r"^1 zone\(s\) above 3e\+13 g/cm3 hold nuclei"):
        opacity(dense, [10.0])
    with pytest.warns(PhysicsWarning, match="'msa' is that of a rigid background"):
        NucleusScattering(Settings(structure_factor="msa"))
    for quiet in ({"electron_polarization": "none"}, {"structure_factor": "none"}):
        NucleusScattering(Settings(**{"structure_factor": "msa", **quiet}))
