"""Electron capture on nuclei against other evaluations, a published table, and a collapsing core.

Reference numbers were computed for this project, see the README beside them; a few are frozen here.
"""

import contextlib
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from nulib_mode import matter_of
from scipy.optimize import root

from microphysics.constants import CODATA, NULIB
from microphysics.eos import LattimerSwesty
from microphysics.matter import SPECIES
from microphysics.opacity import OpacitySet
from microphysics.processes.capture_rates import (
    capture_rate,
    drop_q_value,
    equilibrium_q_value,
    neutrino_energy_loss,
    neutrino_mean_energy,
)
from microphysics.processes.capture_tables import read_capture_table
from microphysics.processes.charged_current import ChargedCurrent
from microphysics.processes.electron_capture import ElectronCapture
from microphysics.processes.settings import Settings
from microphysics.weak.couplings import nulib_couplings
from snsim.profiles.collapse import collapse_profile

RTOL = 1e-6
NUE = SPECIES.index("nue")


# ------------------------------------------------------------------------------------------------------------
# Langanke et al. 2003

# T, mu_e, Q (MeV); rate (1/s), energy loss (MeV/s)
FROZEN = [
    (0.7, 8.2, -3.0, 1.223964724e1, 4.259648611e1),
    (1.5, 35.8, -12.0, 5.025752500e4, 9.119625378e5),
    (1.0, 17.4, -25.0, 1.141675243e-3, 3.656244335e-3),
]


@pytest.mark.parametrize(("t", "mu_e", "q_value", "rate", "loss"), FROZEN)
def test_frozen_rates(t, mu_e, q_value, rate, loss):
    assert capture_rate(q_value, mu_e, t) == pytest.approx(rate, rel=RTOL)
    assert neutrino_energy_loss(q_value, mu_e, t) == pytest.approx(loss, rel=RTOL)


def test_rates(reference, read_columns):
    columns = read_columns(reference / "nulib" / "electron_capture_langanke2003.csv")
    state = columns["mu_e_MeV"], columns["T_MeV"]
    q = columns["Q_MeV"]
    rate = capture_rate(q, *state)
    np.testing.assert_allclose(rate, columns["lambda_exact_1_s"], rtol=RTOL)
    np.testing.assert_allclose(neutrino_energy_loss(q, *state), columns["Eloss_exact_MeV_s"], rtol=RTOL)
    np.testing.assert_allclose(
        neutrino_mean_energy(q - 2.5, *state), columns["mean_Enu_exact_MeV"], rtol=RTOL
    )
    # Takahashi's fits of the Fermi integrals, which NuLib uses, are good to 1e-4
    np.testing.assert_allclose(rate, columns["lambda_takahashi_1_s"], rtol=1e-4)


def test_rates_with_the_same_constants(reference, read_columns):
    columns = read_columns(reference / "nulib" / "electron_capture_langanke2003.csv")
    state = columns["Q_MeV"], columns["mu_e_MeV"], columns["T_MeV"]
    np.testing.assert_allclose(
        capture_rate(*state, constants=NULIB), columns["lambda_exact_1_s"], rtol=5e-10
    )  # printed with ten digits


# ------------------------------------------------------------------------------------------------------------
# Bruenn 1985 as NuLib has it


def test_bruenn(reference, read_columns):
    folder = reference / "nulib"
    points = read_columns(folder / "points.csv")
    energy = read_columns(folder / "energy_grid_24.csv")["energy_MeV"]
    columns = read_columns(folder / "processes.csv")
    theirs = columns["sig_nue_A_bruenn_cm2"] * columns["n_heavy_cm3"]
    theirs = theirs.reshape(points["point_id"].size, energy.size)
    process = ElectronCapture(Settings(couplings=nulib_couplings()), rate="bruenn")
    ours = process(energy, matter_of(points)).absorption[NUE]
    assert (theirs > 0.0).sum() >= 100
    np.testing.assert_allclose(ours, theirs, rtol=RTOL)


def test_frozen_bruenn():
    # point 14 (collapse_D2), group 5 of the same comparison
    names = ("rho_g_cm3", "T_MeV", "Ye", "Xn", "Xp", "Xalpha", "Xheavy", "Abar", "Zbar", "mu_e_MeV")
    values = (5e10, 0.9, 0.41, 0.1194, 6e-4, 0.03, 0.85, 66.0, 30.624, 13.92934939744, 6.058248159506)
    matter = matter_of(
        {name: np.array([value]) for name, value in zip((*names, "muhat_incl_dmnp_MeV"), values, strict=True)}
    )
    process = ElectronCapture(Settings(couplings=nulib_couplings()), rate="bruenn")
    found = process(np.array([10.38368519610992]), matter).absorption[NUE, 0, 0]
    assert found / matter.number_density_heavy[0] == pytest.approx(4.000087310e-42, rel=RTOL)


# ------------------------------------------------------------------------------------------------------------
# shell-model rates of Langanke & Martinez-Pinedo 2001 (At. Data Nucl. Data Tables 79, 1), as pynucastro ships them


@pytest.fixture(scope="module")
def shell_model():
    pynucastro = pytest.importorskip("pynucastro")
    folder = Path(pynucastro.__file__).parent / "data" / "tabular" / "langanke"
    files = sorted(folder.glob("*mmc01.txt"))
    if not files:
        pytest.skip("this pynucastro has no text table of Langanke & Martinez-Pinedo")
    with pytest.warns(UserWarning, match="does not belong to") as caught:
        table = read_capture_table(files[0])
    assert len(caught) == 2  # two misprinted charges: daughters Mn57 and Ga65
    return table


def test_published_table_is_read(shell_model):
    assert len(shell_model.nuclei) == 106
    assert {(1, 1), (45, 21), (57, 26), (57, 27), (65, 32)} <= set(shell_model.nuclei)
    rates = shell_model.nuclei[56, 26]
    assert rates.log10_rate.shape == (13, 11)
    assert rates.temperature[-1] == pytest.approx(100.0 * 1e9 * CODATA.boltzmann)


@pytest.mark.parametrize(("density", "bias", "scatter"), [(10.0, 0.2, 0.5), (11.0, 0.1, 0.4)])
def test_formula_against_the_shell_model(shell_model, density, bias, scatter):
    # log10 of the ratio at T9 = 10, Q values of measured masses: the paper's fit, read and evaluated by us
    masses = pytest.importorskip("pynucastro.nucdata.mass_table").MassTable().mass_diff
    excess = {key if isinstance(key, tuple) else (key.A, key.Z): value for key, value in masses.items()}
    t, mu_e = 10e9 * CODATA.boltzmann, {10.0: 10.56, 11.0: 23.832}[density]  # from the table
    keys = [key for key in shell_model.nuclei if key[0] >= 45 and (key[0], key[1] - 1) in excess]
    assert len(keys) > 95
    a, z = np.array(keys, dtype=float).T
    q = np.array([excess[key] - excess[key[0], key[1] - 1] for key in keys]) - CODATA.electron_mass
    found = shell_model.find(a, z, t, 10.0**density)
    assert found.known.all()
    ratio = (found.log_rate - np.log(capture_rate(q, mu_e, t))) / np.log(10.0)
    assert abs(ratio.mean()) < bias
    assert ratio.std() < scatter
    energies = found.mean_energy / neutrino_mean_energy(q - 2.5, mu_e, t)
    assert energies.mean() == pytest.approx(0.92, abs=0.05)


# ------------------------------------------------------------------------------------------------------------
# the mean nucleus against an equilibrium of all nuclei


def equilibrium_of_nuclei(rho, t, ye, excess, start):
    """Numbers of all nuclei (1/fm^3), their A and Q: an ideal gas with the Coulomb energy of ion spheres."""
    keys = [key for key in excess if key[0] <= 160 and (key[1] >= 1 or key == (1, 0))]
    a, z = np.array(keys, dtype=float).T
    mass = np.array([excess[key] for key in keys]) + a * CODATA.atomic_mass - z * CODATA.electron_mass
    daughter = np.array([excess.get((key[0], key[1] - 1), np.nan) for key in keys])
    q = np.array([excess[key] for key in keys]) - daughter - CODATA.electron_mass
    baryons = rho / (CODATA.atomic_mass * CODATA.gram_per_mev) * 1e-39
    sphere = (3.0 / (4.0 * np.pi * ye * baryons)) ** (1.0 / 3.0)
    coulomb = np.where(z > 1, -0.9 * CODATA.coulomb_squared * 1e13 * z ** (5.0 / 3.0) / sphere, 0.0)
    binding = z * CODATA.proton_mass + (a - z) * CODATA.neutron_mass - mass - coulomb
    states = 1.5 * np.log(mass * t / (2.0 * np.pi * (CODATA.hbar_c * 1e13) ** 2)) + np.log(1.0 + a % 2)

    def numbers(mu):
        return np.exp(np.clip((z * mu[1] + (a - z) * mu[0] + binding) / t + states, -700.0, 300.0))

    def excesses(mu):
        n = numbers(mu)
        return [np.log((a * n).sum() / baryons), (z * n).sum() / (a * n).sum() / ye - 1.0]

    for shift in np.linspace(-6.0, 2.0, 9):
        for tilt in (0.0, 1.0, 2.0, -1.0):
            guess = [start[0] + shift, start[0] + shift - start[1] - tilt + CODATA.nucleon_mass_difference]
            with warnings.catch_warnings(), contextlib.suppress(FloatingPointError):
                warnings.simplefilter("ignore", RuntimeWarning)
                solution = root(excesses, guess, tol=1e-10)
            if np.abs(solution.fun).max() < 1e-7:
                return numbers(solution.x), a, q
    raise AssertionError("no equilibrium found")


@pytest.mark.parametrize(
    ("rho", "t", "ye"),
    [(3.4e9, 0.82, 0.452), (2.46e10, 1.07, 0.424), (9e10, 1.27, 0.402), (3.2e11, 1.5, 0.372)],
)
def test_mean_nucleus_against_all_nuclei(rho, t, ye):
    masses = pytest.importorskip("pynucastro.nucdata.mass_table").MassTable().mass_diff
    excess = {key if isinstance(key, tuple) else (key.A, key.Z): value for key, value in masses.items()}
    matter = LattimerSwesty()([rho], [t], [ye]).matter
    difference = matter.chemical_potential_difference[0]
    n, a, q = equilibrium_of_nuclei(rho, t, ye, excess, (matter.chemical_potential_neutron[0], difference))
    heavy = (a > 16) & np.isfinite(q)
    mu_e = matter.chemical_potential_electron[0]
    together = (n * capture_rate(np.where(heavy, q, 0.0), mu_e, t))[heavy].sum() / (n * a)[heavy].sum()
    mean_a, mean_z = matter.mass_number_heavy[0], matter.charge_number_heavy[0]
    chosen = np.minimum(drop_q_value(mean_a, mean_z), equilibrium_q_value(difference, mean_a))
    assert 0.70 < capture_rate(chosen, mu_e, t) / mean_a / together < 0.95


# ------------------------------------------------------------------------------------------------------------
# a collapsing core


@pytest.fixture(scope="module")
def core():
    """Matter of the embedded star 2 ms before bounce, between 1e10 and 1e13 g/cm^3, and d ln rho/dt = -div v."""
    parameters = SimpleNamespace(
        central_density=2.78e13,
        core_radius=17.1e5,
        steepness=1.748,
        contraction_rate=530.0,
        infall_fraction=0.42,
    )
    profile = collapse_profile(parameters, LattimerSwesty())
    r, v = profile.radius, profile.velocity
    compression = -np.gradient(r * r * v, r) / r**2
    chosen = (profile.density > 1e10) & (profile.density < 1e13)
    rho = profile.density[chosen]
    slope = np.gradient(profile.electron_fraction, np.log(profile.density))[chosen]
    state = LattimerSwesty()(rho, profile.temperature[chosen], profile.electron_fraction[chosen])
    return state.matter, compression[chosen], slope


def captures(matter, name):
    """Electrons captured per baryon and second into empty neutrino states."""
    process = ElectronCapture(Settings()) if name == "nuclei" else ChargedCurrent(Settings())
    x, weight = np.polynomial.legendre.leggauss(200)
    energy, weight = 75.0 * (x + 1.0), 75.0 * weight
    spectra = OpacitySet((process,)).spectral(matter, energy)
    return 4.0 * np.pi * (spectra.emissivity[0, NUE] / energy) @ weight / matter.baryon_density


def test_capture_makes_the_electron_fraction_of_a_collapse(core):
    # before trapping, per e-folding of the density: dYe/dlnrho of the profile against captures over the compression rate
    matter, compression, slope = core
    nuclei, protons = captures(matter, "nuclei"), captures(matter, "protons")
    ratio = nuclei / compression / -slope
    log_rho = np.log10(matter.density)

    def at(density, values):
        return float(np.exp(np.interp(density, log_rho[::-1], np.log(values)[::-1])))

    # far too slow outside, just right where the core is about to trap, enough by far where neutrinos are shut in
    inwards = [at(density, ratio) for density in (10.2, 10.5, 11.0, 11.5, 12.0, 12.5)]
    assert (np.diff(inwards) > 0.0).all()
    assert inwards[0] < 0.1
    assert 0.5 < inwards[2] < 1.5
    assert inwards[-1] > 30.0
    # the electron fraction that is lost on the way from 1e10 to 3e11 g/cm^3
    free = (matter.density < 3e11) & (matter.density > 1e10)

    def lost(per_folding):
        return -np.trapezoid(per_folding[free], np.log(matter.density[free]))

    profile = lost(-slope)
    assert profile == pytest.approx(0.065, abs=0.002)
    assert 0.6 < lost(nuclei / compression) / profile < 1.1
    # more on nuclei than on protons, of which smooth masses make too many (Langanke et al. 2003 find ten times more)
    assert at(11.0, nuclei / protons) > 1.0
    assert at(12.0, nuclei / protons) > 3.0
