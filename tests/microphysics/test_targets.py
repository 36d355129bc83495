"""Cross sections of isotopes, elements and compounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.nuclei import Composition, Nucleus
from microphysics.targets import Target, composition_of
from microphysics.weak.cevns import CEvNS
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.form_factors import Point
from microphysics.weak.mediators import ZPrime
from microphysics.weak.new_physics import NSI, MagneticMoment

ENERGY = np.array([5.0, 20.0, 50.0])


def test_an_isotope_is_its_cross_section():
    target, alone = Target.of("Ar40"), CEvNS(Nucleus.named("Ar40"))
    recoil = np.array([1e-3, 5e-2])
    for kind in ("total", "transport"):
        np.testing.assert_array_equal(getattr(target, kind)(ENERGY), getattr(alone, kind)(ENERGY))
    np.testing.assert_array_equal(target.dsigma_dT(30.0, recoil), alone.dsigma_dT(30.0, recoil))


def test_a_compound_is_the_mean_per_nucleus():
    mean = 0.5 * (Target.of("Cs133").total(ENERGY) + Target.of("I127").total(ENERGY))
    np.testing.assert_allclose(Target.of("CsI").total(ENERGY), mean, rtol=1e-14)
    fluorine, carbon = Target.of("F").transport(ENERGY), Target.of("C").transport(ENERGY)
    np.testing.assert_allclose(
        Target.of("CF4").transport(ENERGY), (4.0 * fluorine + carbon) / 5.0, rtol=1e-14
    )


def test_names_of_targets():
    assert [nucleus.name for nucleus in composition_of("H2").nuclei] == ["H2"]  # the deuteron, not the gas
    assert len(composition_of("Xe")) == 9
    pair = Composition.of({"Xe": 1.0})
    assert composition_of(pair) is pair
    assert composition_of(Nucleus.of(100.0, 44.0)).nuclei[0].mass_number == 100.0


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("Ar41", UnknownNameError, "Did you mean 'Ar40'"),  # not 41 atoms of argon
        ("ar40", OutOfRangeError, "Did you mean 'Ar40'"),
        ("Xe-136", OutOfRangeError, "Did you mean 'Xe136'"),
        ("Xx", UnknownNameError, "unknown element 'Xx'"),
        ("", OutOfRangeError, "target = ''"),
    ],
)
def test_unknown_targets(name, error, words):
    with pytest.raises(error, match=words):
        Target.of(name)


def test_largest_recoil_is_that_of_the_lightest():
    assert Target.of("CsI").largest_recoil(30.0) == Target.of("I127").largest_recoil(30.0)


@settings(max_examples=20, deadline=None)
@given(energy=st.floats(0.1, 80.0), share=st.floats(0.0, 0.9))
def test_mean_recoil_of_a_point_nucleus(energy, share):
    target = Target.of("Ge72", lambda nucleus: Point())
    largest = float(target.largest_recoil(energy))
    # dsigma/dT ~ 1 - T/E - M T/(2E^2), above a threshold
    mass, low = float(target.composition.nuclei[0].mass), share * largest
    slope = 1.0 / energy + mass / (2.0 * energy**2)
    integral = [
        (largest ** (n + 1) - low ** (n + 1)) / (n + 1)
        - slope * (largest ** (n + 2) - low ** (n + 2)) / (n + 2)
        for n in (0, 1)
    ]
    assert float(target.mean_recoil(energy, recoil_min=low)) == pytest.approx(
        integral[1] / integral[0], rel=1e-6
    )


def test_mean_recoil_with_singular_terms():
    moment = Target.of("Xe132", new_physics=(MagneticMoment(1e-10),))
    light = Target.of("Xe132", new_physics=(ZPrime(1e-4, 0.1),))
    for target, low in ((moment, 1e-6), (light, 0.0), (light, 1e-4)):
        recoil = np.geomspace(max(low, 1e-12), float(target.largest_recoil(20.0)), 200001)
        spectrum = target.dsigma_dT(20.0, recoil)
        mean = np.trapezoid(spectrum * recoil**2, np.log(recoil)) / np.trapezoid(
            spectrum * recoil, np.log(recoil)
        )
        assert float(target.mean_recoil(20.0, recoil_min=low)) == pytest.approx(mean, rel=1e-4)


def test_no_recoil_above_the_threshold():
    target = Target.of("Xe")
    assert target.total(3.0, recoil_min=1.0) == 0.0
    assert np.isnan(target.mean_recoil(3.0, recoil_min=1.0))


def test_everything_reaches_every_nucleus():
    couplings = WeakCouplings(radiative=True)
    terms = (NSI(up={"mumu": 0.1}),)
    mixed = Target.of("CsI", "klein_nystrand", couplings, terms, axial=True)
    for one in mixed.scattering:
        assert one.couplings is couplings
        assert one.new_physics == terms
        assert one.form_factor.name == "klein_nystrand"
        assert one.axial.spin == one.nucleus.spin > 0.0
    assert mixed.total(20.0, "numu") < 0.5 * mixed.total(20.0, "nutau")  # eps > 0 and g_n < 0
    recoil = 1e-3
    assert mixed.dsigma_dT(20.0, recoil, "numu") < 0.5 * mixed.dsigma_dT(20.0, recoil, "nutau")
    assert Target.of("Ar40", axial=True).scattering[0].axial is None


def test_a_form_factor_that_is_not_one_is_refused():
    class Half(Point):
        def __call__(self, q):
            return 0.5 * super().__call__(q)

    with pytest.raises(OutOfRangeError, match=r"F\(0\)"):
        Target.of("Ar40", lambda nucleus: Half())
