"""S(q) and its average by plasma parameters and by matter."""

import numpy as np
import pytest

from microphysics.errors import ExtrapolationWarning, MicrophysicsError, OutOfRangeError, UnknownNameError
from microphysics.ion_plasma import IonPlasma
from microphysics.nuclei import Nucleus
from microphysics.structure.closed_forms import debye_huckel
from microphysics.structure.horowitz import Horowitz1997
from microphysics.structure.table import TabulatedLiquid
from microphysics.weak.couplings import WeakCouplings

Q = np.array([0.5, 2.0, 4.3, 9.0])
IRON = Nucleus.named("Fe56")


def matter(density=1e12, temperature=1.5):
    return IonPlasma.of_nucleus(IRON, density, temperature)


def test_matter_and_its_parameters_agree():
    plasma = matter()
    bare = IonPlasma.of(plasma.coupling, plasma.screening)
    np.testing.assert_array_equal(plasma.structure_factor("table", Q), bare.structure_factor("table", Q))
    direct = TabulatedLiquid()((Q / float(plasma.radius))[None, :], plasma.matter)[0]
    np.testing.assert_allclose(plasma.structure_factor("table", Q), direct, rtol=1e-12)


def test_plasma_parameters_by_hand():
    plasma = matter()
    density = 1e12 / (56.0 * 1.66053907e-24) * 1e-39  # per fm^3
    radius = (3.0 / (4.0 * np.pi * density)) ** (1.0 / 3.0)
    assert float(plasma.radius) == pytest.approx(radius, rel=1e-8)
    assert float(plasma.coupling) == pytest.approx(26.0**2 * 1.43996448 / (radius * 1.5), rel=1e-7)
    assert float(plasma.screening) == pytest.approx(0.185 * 26.0 ** (1.0 / 3.0), rel=0.01)


def test_states_broadcast_against_q():
    plasma = matter([[1e11], [1e12]], 1.5)
    assert plasma.structure_factor("table", Q).shape == (2, 4)
    for i, density in enumerate((1e11, 1e12)):
        for model in ("table", "mixture_lmr"):
            np.testing.assert_allclose(
                plasma.structure_factor(model, Q)[i], matter(density).structure_factor(model, Q), rtol=1e-12
            )
            np.testing.assert_allclose(
                plasma.transport_average(model, Q)[i], matter(density).transport_average(model, Q), rtol=1e-12
            )


def test_the_average_of_linear_response():
    """12 int t^3 (1 - t^2) x^2 t^2/(x^2 t^2 + 3 Gamma) dt in closed form."""
    energy, coupling = 1.5, 0.2
    b = 3.0 * coupling / (4.0 * energy**2)
    # with u = t^2: 6 int u (1 - u) u/(u + b) du = 6 (1/6 - b/2 + ...), by polynomial division
    log = np.log((1.0 + b) / b)
    exact = 6.0 * (1.0 / 2.0 - 1.0 / 3.0 + b / 2.0 - b - b**2 + b * (b + b**2) * log)
    found = IonPlasma.of(coupling).transport_average("debye_huckel", energy)
    assert float(found) == pytest.approx(exact, rel=1e-9)


def test_the_fit_of_the_average_alone():
    plasma = matter()
    energy = np.array([5.0, 10.0, 20.0])
    reduced = energy * float(plasma.radius) / 197.3269804
    direct = Horowitz1997().transport_average(energy, plasma.matter)[0]
    np.testing.assert_allclose(plasma.transport_average("horowitz1997", reduced), direct, rtol=1e-8)
    with pytest.raises(MicrophysicsError, match=r"no S\(q\)"):
        plasma.structure_factor("horowitz1997", Q)
    with pytest.warns(ExtrapolationWarning, match="horowitz1997"):
        strong = IonPlasma.of(160.0).transport_average("horowitz1997", 1.0)
    assert strong == Horowitz1997().reduced_average(np.array(1.0), np.array(150.0))


def test_a_mixture_of_one_species_is_that_species():
    plasma = matter()
    np.testing.assert_allclose(
        plasma.structure_factor("mixture_hnc", Q), plasma.structure_factor("table", Q), rtol=1e-10
    )


def test_a_mixture_is_weighted_with_weak_charges():
    from microphysics.eos.composition import from_composition

    state = from_composition([1e11], [2.0], [0.48], 0.0, 0.0, 0.3, 0.7, 56.0, 26.0)
    plasma = IonPlasma.of_matter(state)
    q = np.array([3.0])
    g = WeakCouplings()
    charges = np.array([26.0 * g.vector_proton + 30.0 * g.vector_neutron, 2.0 * (g.vector_proton - 0.5)])
    from microphysics.structure.mixture import LinearMixture

    densities = np.array([state.number_density_heavy[0], state.number_density_alpha[0]])
    coherent = LinearMixture().coherent_sum(charges[:, None, None], (q / plasma.radius)[None, :], state)
    expected = coherent[0, 0] / (densities @ charges**2)
    assert plasma.structure_factor("mixture_lmr", q)[0] == pytest.approx(expected, rel=1e-12)
    assert expected != pytest.approx(plasma.structure_factor("table", q)[0], rel=0.02)


def test_a_model_of_somebody_else_needs_only_a_call():
    class Mine:
        name, references, validity = "mine", (), "always"

        def __call__(self, q, matter):
            assert q.shape == (matter.density.size, q.size // matter.density.size)
            return 1.0 + q

    plasma = matter()
    found = plasma.structure_factor(Mine(), Q)
    np.testing.assert_allclose(found, 1.0 + Q / float(plasma.radius), rtol=1e-12)
    with pytest.raises(MicrophysicsError, match="needs a density"):
        IonPlasma.of(1.0).structure_factor(Mine(), Q)


def test_no_nuclei_no_correlations():
    from microphysics.eos.composition import from_composition

    state = from_composition([1e12], [10.0], [0.3], 0.7, 0.3, 0.0, 0.0, 0.0, 0.0)
    plasma = IonPlasma.of_matter(state)
    assert np.isinf(plasma.radius).all()
    np.testing.assert_array_equal(plasma.structure_factor("table", Q), np.ones(4))
    np.testing.assert_array_equal(plasma.structure_factor("mixture_lmr", Q), np.ones(4))


def test_rigid_background_by_default():
    np.testing.assert_allclose(
        IonPlasma.of(0.1).structure_factor("debye_huckel", Q), debye_huckel(Q, 0.1, 0.0), rtol=1e-15
    )
    screened = IonPlasma.of(0.1, 0.5).structure_factor("debye_huckel", Q)
    assert (screened > IonPlasma.of(0.1).structure_factor("debye_huckel", Q)).all()


def test_bad_input_is_said():
    with pytest.raises(OutOfRangeError, match="coupling = -1"):
        IonPlasma.of(-1.0)
    with pytest.raises(OutOfRangeError, match="screening = nan"):
        IonPlasma.of(1.0, np.nan)
    with pytest.raises(OutOfRangeError, match="q = -1"):
        IonPlasma.of(1.0).structure_factor("table", -1.0)
    with pytest.raises(OutOfRangeError, match="energy = 0"):
        IonPlasma.of(1.0).transport_average("table", 0.0)
    with pytest.raises(OutOfRangeError, match=r"density = -1 g/cm3"):
        matter(-1.0)
    with pytest.raises(UnknownNameError, match="Did you mean 'table'"):
        IonPlasma.of(1.0).structure_factor("tabel", Q)
