import math

import numpy as np
import pytest

from microphysics.energy_panels import EnergyQuadrature, zone_blocks
from microphysics.errors import OutOfRangeError
from microphysics.spectral_shapes import BinnedShape, FermiShape, PinchedShape, shape_of
from microphysics.spectrum import Binned, FermiDirac, Pinched, fermi

NONE = np.full(1, np.nan)


def integral(values, quadrature):
    return np.sum(values * quadrature.weight, axis=-1)


@pytest.mark.parametrize("eta", [-20.0, 0.0, 7.0, 60.0, 3000.0])
def test_fermi_integrals(eta):
    t = 0.7
    quadrature = EnergyQuadrature.resolving(np.array([eta * t]), np.array([t]), NONE)
    x = quadrature.energy / t
    occupation = np.exp(-np.logaddexp(0.0, x - eta))
    for order in range(6):
        # a panel of 4 T across the edge leaves 1e-10 of F_0, and 60 T above it there is nothing left
        assert integral(x**order * occupation, quadrature) / t == pytest.approx(fermi(order, eta), rel=1e-9)


def test_two_temperatures_far_apart_on_one_grid():
    quadrature = EnergyQuadrature.resolving(np.array([0.3, 60.0]), np.array([0.02, 15.0]), NONE)
    for mu, t in ((0.3, 0.02), (60.0, 15.0)):
        x = quadrature.energy / t
        value = integral(x**3 * np.exp(-np.logaddexp(0.0, x - mu / t)), quadrature) / t
        assert value == pytest.approx(fermi(3, mu / t), rel=1e-8)
    assert quadrature.energy.size < 500


def test_roots_at_thresholds_from_both_sides():
    centre, width = np.zeros(1), np.full(1, 2.0)
    quadrature = EnergyQuadrature.resolving(centre, width, np.array([[3.7, np.nan], [1.2, -5.0]]))
    e = quadrature.energy
    above = integral(np.sqrt(np.maximum(e - 3.7, 0.0)) * np.exp(-e / 2.0), quadrature)
    assert above == pytest.approx(math.exp(-1.85) * 2.0**1.5 * math.gamma(1.5), rel=1e-9)
    below = integral(np.sqrt(np.maximum(1.2 - e, 0.0)), quadrature)
    assert below == pytest.approx(1.2**1.5 / 1.5, rel=1e-9)
    # without them a root inside a panel costs five digits
    plain = EnergyQuadrature.resolving(centre, width, NONE)
    e = plain.energy
    missed = integral(np.sqrt(np.maximum(e - 3.7, 0.0)) * np.exp(-e / 2.0), plain)
    assert abs(missed / above - 1.0) > 1e-4


def test_grid_rises_from_near_zero_and_is_bounded():
    rng = np.random.default_rng(3)
    centre, width = 10.0 ** rng.uniform(-3, 2.2, 300), 10.0 ** rng.uniform(-2, 2.2, 300)
    quadrature = EnergyQuadrature.resolving(
        centre, width, 10.0 ** rng.uniform(-2, 2, 40), np.geomspace(0.1, 300, 40)
    )
    assert (np.diff(quadrature.energy) > 0.0).all()
    assert (quadrature.weight > 0.0).all()
    assert 0.0 < quadrature.energy[0] < 1e-3 * width.min()
    assert quadrature.weight.sum() == pytest.approx(centre.max() + 42.0 * width.max(), rel=1e-12)
    assert quadrature.energy.size < 20000


def test_what_is_undefined_is_left_out():
    both = EnergyQuadrature.resolving(np.array([5.0, np.nan]), np.array([1.0, 1.0]), NONE)
    alone = EnergyQuadrature.resolving(np.array([5.0]), np.array([1.0]), NONE)
    np.testing.assert_array_equal(both.energy, alone.energy)


def test_blocks_hold_every_zone_once_and_like_with_like():
    rng = np.random.default_rng(5)
    t = 10.0 ** rng.uniform(-2, 2, 1000)
    thresholds = np.stack([rng.choice([1.8, 2.5, 40.0], 1000), np.full(1000, np.nan)], axis=1)
    blocks = zone_blocks(t, thresholds, rng.normal(size=1000))
    np.testing.assert_array_equal(np.sort(np.concatenate(blocks)), np.arange(1000))
    assert len(blocks) < 40
    for block in blocks:
        assert block.size <= 64
        assert np.ptp(np.log2(t[block])) < 1.0
    every = rng.uniform(1.0, 50.0, (1000, 1))
    blocks = zone_blocks(np.full(1000, 5.0), every, np.zeros(1000))
    assert max(np.unique(every[block]).size for block in blocks) <= 32  # those within 3e-4 T count as one
    assert len(zone_blocks(np.full(3, 5.0), np.empty((3, 0)), np.zeros(3))) == 1


# --- shapes of spectra --------------------------------------------------------------------------------------------------

ENERGY = np.geomspace(0.01, 200.0, 60)


def test_fermi_shape_far_from_one():
    shape = FermiShape(np.array([2.0, 2.0, 2.0]), np.array([-3000.0, 0.5, 3000.0]))
    x = ENERGY / 2.0
    np.testing.assert_allclose(shape.occupation(ENERGY)[0], np.exp(-x), rtol=1e-9)
    f = 1.0 / (1.0 + np.exp(x - 0.5))
    np.testing.assert_allclose(shape.occupation(ENERGY)[1], f * (1.0 + math.exp(-0.5)), rtol=1e-13)
    np.testing.assert_allclose(shape.edge(ENERGY)[1] * shape.peak[1], f * (1.0 - f), rtol=1e-13)
    np.testing.assert_array_equal(shape.occupation(ENERGY)[2], 1.0)
    np.testing.assert_array_equal(shape.peak[[0, 2]], [0.0, 0.25])


def test_shapes_follow_their_spectra():
    grid = np.geomspace(0.05, 300.0, 4000)
    for parent in (Pinched([9.0, 15.0], [2.6, 3.1]), FermiDirac([3.0, 4.0], [0.0, 2.0])):
        shape = shape_of(parent, 2, "nue")
        sampled = shape_of(Binned(grid, parent.density(grid)), 2, "nue")
        for each in (shape, sampled, shape.select(np.array([0, 1]))):
            density = each.occupation(ENERGY[10:50]) * ENERGY[10:50] ** 2
            ratio = density / parent.density(ENERGY[10:50])
            np.testing.assert_allclose(ratio, np.broadcast_to(ratio[:, :1], ratio.shape), rtol=1e-4)
    assert isinstance(shape_of(Pinched(9.0, 3.0), 4, "nue"), PinchedShape)
    binned = shape_of(Binned([1.0, 2.0, 4.0], [1.0, 3.0, 1.0]), 2, "nux")
    assert isinstance(binned, BinnedShape)
    outside = binned.occupation(np.array([0.5, 0.99, 4.01, 100.0]))
    np.testing.assert_array_equal(outside, 0.0)
    assert binned.occupation(np.array([math.sqrt(2.0)]))[0, 0] == pytest.approx(2.0 / 3.0 / 2.0, rel=1e-12)


def test_spectra_that_do_not_fit():
    with pytest.raises(
        OutOfRangeError, match=r"spectrum of nux has the shape \(3,\): expected one for all of 2 zones"
    ):
        shape_of(FermiDirac([1.0, 2.0, 3.0], 0.0), 2, "nux")
    with pytest.raises(
        OutOfRangeError, match="spectrum of nue is a float: expected FermiDirac, Pinched or Binned"
    ):
        shape_of(4.0, 2, "nue")
