import numpy as np
import pytest

from microphysics import _registry
from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.opacity import OpacitySet
from microphysics.processes.contract import Rates, occupation
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import WeakCouplings

NAMES = (
    "charged_current",
    "nucleon_scattering",
    "nucleus_scattering",
    "alpha_scattering",
    "pair",
    "bremsstrahlung",
    "electron_scattering",
)
ENERGY = np.array([1.0, 5.0, 15.0, 60.0])


@pytest.fixture(scope="module")
def matter():
    # shocked nucleons, a silicon-like shell, the collapsing core
    return from_composition(
        [1e10, 1e8, 1e12],
        [2.5, 0.6, 1.5],
        [0.45, 0.5, 0.36],
        [0.5, 0.02, 0.2],
        [0.4, 0.01, 1e-3],
        [0.1, 0.5, 0.03],
        [0.0, 0.47, 0.769],
        [0.0, 56.0, 86.0],
        [0.0, 28.0, 36.0],
    )


def spectra(matter, names=NAMES, **couplings):
    settings = Settings(couplings=WeakCouplings(**couplings))
    return OpacitySet.from_names(names, settings).spectral(matter, ENERGY)


def test_every_process_is_registered():
    others = ("electron_capture", "neutron_decay", "light_cluster_scattering")
    assert {*NAMES, *others, "magnetic_scattering", "scalar_scattering"} == set(_registry.PROCESSES)


def test_shapes_roles_and_totals(matter):
    result = spectra(matter)
    shape = (len(NAMES), 3, 3, ENERGY.size)
    roles = {"charged_current": "absorption", "pair": "absorption", "bremsstrahlung": "absorption"}
    for role in ("absorption", "scattering", "exchange"):
        array = getattr(result, role)
        assert array.shape == shape
        assert array.dtype == np.float64
        assert (array >= 0.0).all()
        np.testing.assert_array_equal(getattr(result, f"total_{role}"), array.sum(axis=0))
        for i, name in enumerate(NAMES):
            acts = role == roles.get(name, "scattering") or (name, role) == (
                "electron_scattering",
                "exchange",
            )
            assert array[i].any() == acts, (name, role)
    assert result.processes == NAMES
    assert result.species == ("nue", "anue", "nux")


def test_no_process_hides_inside_another(matter):
    together = spectra(matter)
    for i, name in enumerate(NAMES):
        alone = spectra(matter, (name,))
        for role in ("absorption", "scattering", "exchange"):
            np.testing.assert_array_equal(getattr(together, role)[i], getattr(alone, role)[0])


def test_zones_and_energies_do_not_see_each_other(matter):
    together = spectra(matter)
    settings = Settings()
    chosen = OpacitySet.from_names(NAMES, settings)
    for role in ("absorption", "scattering", "exchange"):
        every = getattr(together, role)
        for zone in range(3):
            alone = getattr(chosen.spectral(matter.select([zone]), ENERGY), role)
            np.testing.assert_allclose(every[:, :, zone], alone[:, :, 0], rtol=1e-13)
        for k in range(ENERGY.size):  # the nodes in momentum transfer depend on the energies: 2e-5
            alone = getattr(chosen.spectral(matter, ENERGY[k : k + 1]), role)
            np.testing.assert_allclose(every[..., k], alone[..., 0], rtol=2e-5)


def test_equilibrium_and_emission(matter):
    result = spectra(matter)
    eta = matter.neutrino_degeneracy()
    mu_nu = (
        matter.chemical_potential_electron
        + matter.chemical_potential_proton
        - matter.chemical_potential_neutron
    )
    np.testing.assert_allclose(eta[0] * matter.temperature, mu_nu, rtol=1e-12)
    np.testing.assert_array_equal(eta[1], -eta[0])
    np.testing.assert_array_equal(eta[2], 0.0)
    x = ENERGY / matter.temperature[:, None] - eta[:, :, None]
    np.testing.assert_allclose(result.equilibrium, occupation(x), rtol=1e-14)
    black = CODATA.speed_of_light * ENERGY**3 / (2.0 * np.pi * CODATA.hbar_c) ** 3
    np.testing.assert_allclose(result.emissivity, result.absorption * black * result.equilibrium, rtol=1e-14)


def test_occupation_at_both_ends():
    assert occupation(np.array([-1e4, 0.0, 50.0, 1e4])) == pytest.approx(
        [1.0, 0.5, np.exp(-50.0), 0.0], rel=1e-14
    )


def test_undefined_neutrino_potential_emits_nothing():
    empty = from_composition([1e8], [0.4], [0.46], 0.0, 0.0, 0.0, 1.0, 56.0, 26.0)
    result = spectra(empty)
    assert np.isnan(result.degeneracy[:2]).all()
    np.testing.assert_array_equal(result.equilibrium[:2], 0.0)
    assert (result.equilibrium[2] > 0.0).all()
    assert np.isfinite(result.emissivity).all()


@pytest.mark.parametrize("energy", [[0.0, 1.0], [-1.0, 1.0], [1.0, 1.0], [2.0, 1.0], [1.0, np.nan]])
def test_energies_must_rise_and_be_positive(matter, energy):
    with pytest.raises(OutOfRangeError, match="must be positive and rising"):
        OpacitySet.from_names(["charged_current"]).spectral(matter, np.array(energy))


def test_unknown_process():
    with pytest.raises(
        UnknownNameError, match=r"unknown opacity process 'pairs'; known are .*Did you mean 'pair'\?"
    ):
        OpacitySet.from_names(["pairs"])


def test_references_once_each():
    references = OpacitySet.from_names(NAMES).references
    assert len(references) == len(set(references))
    assert any("Bruenn 1985" in r for r in references)
    assert any("Freedman 1974" in r for r in references)


class GreyScattering:
    """What a user would write: no base class, three attributes and a call."""

    name = "grey"
    references = ("me",)
    species = ("nue",)

    def __init__(self, kappa):
        self.kappa = kappa

    def __call__(self, energy, matter):
        opacity = self.kappa * matter.density[:, None] * np.ones(energy.size)
        return Rates(scattering=opacity[None])


def test_process_of_a_user(matter):
    built_in = OpacitySet.from_names(["pair"]).processes
    result = OpacitySet((*built_in, GreyScattering(1e-17))).spectral(matter, ENERGY)
    assert result.processes == ("pair", "grey")
    np.testing.assert_allclose(
        result.total_scattering[0], 1e-17 * matter.density[:, None] * np.ones(4), rtol=1e-15
    )
    assert not result.absorption[1].any()
    np.testing.assert_array_equal(result.collision[1], result.scattering[1])
    assert OpacitySet((GreyScattering(1.0),)).references == ("me",)


# --- derivatives to parameters and the vacuum expectation value -----------------------------------------------

ROLES = ("absorption", "scattering", "exchange")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("norm", ["lifetime", "tree"])
def test_everything_scales_with_the_vacuum_expectation_value(matter, name, norm):
    # v^-4 exactly, G_F^2 in every rate, also where the norm is a measured lifetime
    one = spectra(matter, (name,), charged_current_norm=norm)
    other = spectra(matter, (name,), charged_current_norm=norm, vev_ratio=1.3)
    for role in ROLES:
        np.testing.assert_allclose(getattr(other, role), getattr(one, role) * 1.3**-4, rtol=1e-13)
    assert sum(getattr(one, role).sum() for role in ROLES) > 0.0


@pytest.mark.parametrize(
    "parameter", ["sin2_theta_w", "vev_ratio", "axial_coupling", "strange_axial_coupling"]
)
@pytest.mark.parametrize("norm", ["lifetime", "tree"])
def test_derivative_by_complex_step(matter, parameter, norm):
    # exact derivatives to couplings through all processes
    value, step = getattr(WeakCouplings(), parameter), 1e-4
    exact = spectra(matter, charged_current_norm=norm, **{parameter: complex(value, 1e-30)})
    plain = spectra(matter, charged_current_norm=norm)
    up, down = (spectra(matter, charged_current_norm=norm, **{parameter: value + s}) for s in (step, -step))
    for role in ROLES:
        derivative = getattr(exact, role).imag / 1e-30
        difference = (getattr(up, role) - getattr(down, role)) / (2.0 * step)
        scale = np.maximum(np.abs(getattr(plain, role)), 1e-300)
        # central difference: f''' step^2/6 = 20 x 1e-8 for v^-4
        assert (np.abs(derivative - difference) < 1e-6 * scale).all()
        np.testing.assert_allclose(getattr(exact, role).real, getattr(plain, role), rtol=1e-14)
    assert getattr(exact, "scattering").imag.any()  # noqa: B009 - beside the loop over names


def test_derivative_to_the_vacuum_expectation_value_is_minus_four(matter):
    result = spectra(matter, vev_ratio=complex(1.0, 1e-30))
    for role in ROLES:
        total = getattr(result, f"total_{role}")
        np.testing.assert_allclose(total.imag / 1e-30, -4.0 * total.real, rtol=1e-13)
