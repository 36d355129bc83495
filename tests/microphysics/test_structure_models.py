import numpy as np
import pytest
from plasmas import HBAR_C, energy_of, ions, matter_of_coupling

from microphysics._registry import STRUCTURE_FACTORS
from microphysics.eos.composition import from_composition
from microphysics.errors import ExtrapolationWarning, OutOfRangeError, UnknownNameError
from microphysics.structure.closed_forms import DebyeHuckel, debye_huckel
from microphysics.structure.horowitz import Horowitz1997
from microphysics.structure.models import OneComponent, Uncorrelated, transport_average
from microphysics.structure.plasma import coulomb_coupling, ion_sphere_radius, screening_parameter

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
    matter = ions(*(table[name] for name in ("rho_g_cm3", "T_MeV", "A", "Z", "X_heavy")))
    np.testing.assert_allclose(table["E_MeV"] * ion_sphere_radius(matter) / HBAR_C, table["Ebar"], rtol=1e-8)
    model = Horowitz1997(clip=True, beta_2=6.667)
    for i, energy in enumerate(table["E_MeV"]):
        ours = model.transport_average(np.array([energy]), matter.select(slice(i, i + 1)))
        assert ours[0, 0] == pytest.approx(table["S_horowitz1997"][i], rel=1e-6)


def test_limit_of_long_waves():
    # 0.3/(0.6 + 3 Gamma) at E -> 0
    gamma = np.array([1.0, 10.0, 100.0])
    average = Horowitz1997().fit(gamma[:, None], np.array([[1e-6]]))
    np.testing.assert_allclose(average[:, 0], 0.3 / (0.6 + 3.0 * gamma), rtol=1e-9)


def test_exactly_one_beyond_the_cut():
    gamma = np.array([[1.0], [4.0], [100.0]])
    limit = 3.0 + 4.0 / np.sqrt(gamma)
    model = Horowitz1997()
    assert (model.fit(gamma, limit * np.array([1.0, 1.5, 1e6])) == 1.0).all()
    # the jump there is below 0.012
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
    # Gamma = 0.1, eps = 0.5: HNC gives 0.72, the clipped fit 0.19; stated accuracy 8 %
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
    edge = Horowitz1997().fit(np.array([[150.0]]), energy * ion_sphere_radius(matter)[1] / HBAR_C)
    assert average[1, 0] == pytest.approx(edge[0, 0], rel=1e-14)


def test_no_nuclei():
    matter = from_composition([1e10], [1.0], [0.5], [0.5], [0.5], 0.0, 0.0, 0.0, 0.0)
    assert Horowitz1997().transport_average(np.array([1.0, 10.0]), matter)[0] == pytest.approx([1.0, 1.0])
    np.testing.assert_array_equal(DebyeHuckel()(np.array([[0.0, 0.01]]), matter), 1.0)


def test_both_roundings_of_the_second_coefficient():
    # 20/3 and 6.667 appear in different codes; the difference in <S> reaches 1.1e-3
    energy, gamma = np.linspace(0.1, 5.0, 500)[None, :], np.array([[10.0], [40.0], [100.0]])
    difference = np.abs(Horowitz1997(beta_2=6.667).fit(gamma, energy) - Horowitz1997().fit(gamma, energy))
    assert 3e-4 < difference.max() < 1.1e-3


def test_average_weights_angles_as_the_transport_cross_section():
    # (3/4) int (1 + c)(1 - c) S dc at q^2 = 2 E^2 (1 - c); for S = q^p by hand: 12 (2E)^p/((4 + p)(6 + p)) * 2
    for power in (0, 1, 2, 4):
        average = transport_average(lambda q, g, k, p=power: q**p, [0.3, 2.0], 1.0)
        expected = 24.0 * np.array([0.6, 4.0]) ** power / ((4.0 + power) * (6.0 + power))
        np.testing.assert_allclose(average, expected, rtol=1e-12)
    cosine, weight = np.polynomial.legendre.leggauss(100)
    structure = debye_huckel(np.sqrt(2.0 * 1.7**2 * (1.0 - cosine)), 8.0, 0.5)
    by_angle = 0.75 * weight @ ((1.0 - cosine**2) * structure)
    assert transport_average(debye_huckel, 1.7, 8.0, 0.5) == pytest.approx(by_angle, rel=1e-10)


def test_average_broadcasts():
    energy, gamma = np.array([0.5, 1.0, 2.0]), np.array([[1.0], [10.0]])
    table = transport_average(debye_huckel, energy, gamma)
    assert table.shape == (2, 3)
    assert table[1, 2] == pytest.approx(float(transport_average(debye_huckel, 2.0, 10.0)), rel=1e-14)


class Recorded(OneComponent):
    name = "recorded"
    validity = "everywhere"

    def reduced(self, q, coupling, screening=0.0):
        self.seen = q, coupling, screening
        return np.broadcast_to(q * 1.0, np.broadcast_shapes(np.shape(q), np.shape(coupling)))


def test_step_to_ion_spheres():
    matter = ions([1e10, 1e12], [1.0, 1.5], [60.0, 90.0], [27.0, 34.0])
    model, q = Recorded(), np.array([[[0.01, 0.02]], [[0.03, 0.04]]])
    result = model(q, matter)
    radius = ion_sphere_radius(matter)[:, None, None]
    np.testing.assert_allclose(result, q * radius, rtol=1e-15)
    _, coupling, screening = model.seen
    np.testing.assert_array_equal(np.ravel(coupling), coulomb_coupling(matter))
    np.testing.assert_array_equal(np.ravel(screening), screening_parameter(matter))
    assert model(q[:1], matter).shape == q.shape  # the same q for all zones


def test_registered_models():
    names = {
        "none",
        "horowitz1997",
        "debye_huckel",
        "percus_yevick",
        "msa",
        "msa_eta",
        "mixture_lmr",
        "mixture_hnc",
    }
    assert names | {"file"} <= set(STRUCTURE_FACTORS)
    for name in names:
        model = STRUCTURE_FACTORS[name]("clamp")
        assert model.name == name
        assert model.validity
        assert model.on_out_of_range == "clamp"
    q = np.ones((2, 3, 4))
    np.testing.assert_array_equal(Uncorrelated()(q, None), q)
    np.testing.assert_array_equal(Uncorrelated().reduced(q, 3.0), q)
    with pytest.raises(UnknownNameError, match=r"Did you mean 'debye_huckel'"):
        STRUCTURE_FACTORS["debye-huckel"]
