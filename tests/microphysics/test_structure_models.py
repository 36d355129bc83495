import numpy as np
import pytest

from microphysics._registry import STRUCTURE_FACTORS
from microphysics.constants import CODATA
from microphysics.eos.composition import from_composition
from microphysics.errors import ExtrapolationWarning, OutOfRangeError
from microphysics.structure.models import Horowitz1997, Uncorrelated, coulomb_coupling, ion_sphere_radius


def ions(rho, t, a, z, x_heavy=1.0):
    rho, t = np.atleast_1d(rho), np.atleast_1d(t)
    return from_composition(
        rho,
        t,
        np.asarray(z) / np.asarray(a),
        0.0,
        0.0,
        0.0,
        x_heavy,
        a,
        z,
        chemical_potential_electron=10.0,
        pressure=1.0,
    )


def matter_of_coupling(gamma, a=60.0, z=27.0, t=1.0):
    """Nuclei with the given Gamma at temperature t."""
    radius = z**2 * CODATA.coulomb_squared / (np.asarray(gamma, dtype=float) * t)
    density = 3.0 / (4.0 * np.pi * radius**3) * a * CODATA.atomic_mass * CODATA.gram_per_mev
    return ions(density, np.full_like(density, t), a, z)


def energy_of(reduced, matter):
    return np.atleast_1d(reduced) * CODATA.hbar_c * 1e13 / ion_sphere_radius(matter)[0]


# reference/structure_factor/horowitz_S_E.csv, computed for this project: rho, T, A, Z, E, Gamma, <S> (beta_2 = 6.667)
FROZEN = [
    (1e10, 0.7, 60.0, 27.0, 2.0, 11.2342484, 1.95369973e-01),
    (1e10, 0.7, 60.0, 27.0, 5.0, 11.2342484, 9.72928341e-01),
    (1e11, 1.0, 70.0, 29.0, 2.0, 18.5664241, 2.32449890e-02),
    (1e11, 1.0, 70.0, 29.0, 5.0, 18.5664241, 2.41866080e-01),
]


@pytest.mark.parametrize(("rho", "t", "a", "z", "energy", "gamma", "expected"), FROZEN)
def test_frozen_averages(rho, t, a, z, energy, gamma, expected):
    matter = ions(rho, t, a, z)
    assert coulomb_coupling(matter)[0] == pytest.approx(gamma, rel=1e-7)  # the file's e^2 is 5e-8 lower
    average = Horowitz1997(beta_2=6.667).transport_average(np.array([energy]), matter)
    # 1e-6: the energy enters the exponent with E^2 x 6.7 and its constants agree to 1e-9
    assert average[0, 0] == pytest.approx(expected, rel=1e-6)


def test_reference_table(reference, read_columns):
    table = read_columns(reference / "structure_factor" / "horowitz_S_E.csv")
    names = ("rho_g_cm3", "T_MeV", "A", "Z", "X_heavy")
    matter = ions(*(table[name] for name in names))
    np.testing.assert_allclose(1e-39 * matter.number_density_heavy, table["n_ion_fm3"], rtol=1e-8)
    np.testing.assert_allclose(ion_sphere_radius(matter), table["a_fm"], rtol=1e-8)
    np.testing.assert_allclose(coulomb_coupling(matter), table["Gamma"], rtol=1e-7)
    model = Horowitz1997(clip=True, beta_2=6.667)
    for i, energy in enumerate(table["E_MeV"]):
        ours = model.transport_average(np.array([energy]), matter.select(slice(i, i + 1)))
        assert ours[0, 0] == pytest.approx(table["S_horowitz1997"][i], rel=1e-6)


def test_limit_of_long_waves():
    # 0.3/(0.6 + 3 Gamma) at E -> 0 (structure_factor.md 4)
    gamma = np.array([1.0, 10.0, 100.0])
    average = Horowitz1997().fit(gamma[:, None], np.array([[1e-6]]))
    np.testing.assert_allclose(average[:, 0], 0.3 / (0.6 + 3.0 * gamma), rtol=1e-9)


def test_exactly_one_beyond_the_cut():
    gamma = np.array([[1.0], [4.0], [100.0]])
    limit = 3.0 + 4.0 / np.sqrt(gamma)
    model = Horowitz1997()
    assert (model.fit(gamma, limit * np.array([1.0, 1.5, 1e6])) == 1.0).all()
    # the jump there is below 0.012 (structure_factor.md 4)
    assert (np.abs(1.0 - model.fit(gamma, limit * (1.0 - 1e-9))) < 0.013).all()


def test_ideal_gas_limit():
    energy = np.array([1.0, 5.0, 20.0])
    gamma = np.array([1e-4, 1e-3, 1e-2])
    matter = matter_of_coupling(gamma)
    average = Horowitz1997().transport_average(energy, matter)
    # 1 - <S> <= Gamma (1/S(1) - 1) <= 11 Gamma
    assert (1.0 - average >= 0.0).all()
    assert (1.0 - average <= 11.0 * gamma[:, None]).all()
    clipped = Horowitz1997(clip=True).transport_average(energy, matter)
    np.testing.assert_array_equal(clipped <= average, True)


def test_weak_coupling_against_integral_equations():
    # opacities.md 4.2: Gamma = 0.1, eps = 0.5: HNC gives 0.72, the clipped fit 0.19; stated accuracy 8 %
    matter = matter_of_coupling([0.1])
    energy = energy_of(0.5, matter)
    assert Horowitz1997().transport_average(energy, matter)[0, 0] == pytest.approx(0.72, rel=0.08)
    assert Horowitz1997(clip=True).transport_average(energy, matter)[0, 0] == pytest.approx(0.19, abs=0.005)


def test_continuous_where_the_continuation_begins():
    below, above = matter_of_coupling([1.0 - 1e-9]), matter_of_coupling([1.0 + 1e-9])
    model, energy = Horowitz1997(), energy_of([0.3, 1.0, 2.5, 5.0], below)
    np.testing.assert_allclose(
        model.transport_average(energy, below), model.transport_average(energy, above), rtol=1e-7
    )


def test_correlations_grow_with_coupling():
    # at E a = 1 hbar c every step in Gamma lowers <S>
    gamma = np.geomspace(1e-3, 140.0, 40)
    values = []
    for g in gamma:
        matter = matter_of_coupling([g])
        values.append(Horowitz1997().transport_average(energy_of(1.0, matter), matter)[0, 0])
    assert (np.diff(values) < 0.0).all()
    assert 0.0 < values[-1] < 0.02
    assert values[0] > 0.98


def test_above_the_fit():
    matter = matter_of_coupling([20.0, 204.0, 160.0])
    energy = np.array([10.0])
    with pytest.raises(
        OutOfRangeError, match=r"1 <= Gamma <= 150; 2 zone\(s\) are above, the worst has Gamma = 204"
    ):
        Horowitz1997("error").transport_average(energy, matter)
    with pytest.warns(ExtrapolationWarning, match="Gamma = 204 .*edge value is used"):
        average = Horowitz1997("clamp").transport_average(energy, matter)
    edge = Horowitz1997().fit(
        np.array([[150.0]]), energy * ion_sphere_radius(matter)[1] / (CODATA.hbar_c * 1e13)
    )
    assert average[1, 0] == pytest.approx(edge[0, 0], rel=1e-14)


def test_no_nuclei():
    matter = from_composition([1e10], [1.0], [0.5], [0.5], [0.5], 0.0, 0.0, 0.0, 0.0)
    assert coulomb_coupling(matter)[0] == 0.0
    assert np.isinf(ion_sphere_radius(matter)[0])
    assert Horowitz1997().transport_average(np.array([1.0, 10.0]), matter)[0] == pytest.approx([1.0, 1.0])


def test_registered_models():
    assert {"none", "horowitz1997"} <= set(STRUCTURE_FACTORS)
    for name in ("none", "horowitz1997"):
        model = STRUCTURE_FACTORS[name]("clamp")
        assert model.name == name
        assert model.validity
    q = np.ones((2, 3, 4))
    np.testing.assert_array_equal(Uncorrelated()(q, None), q)
