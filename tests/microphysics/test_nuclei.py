import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.isotopes import elements, isotopes
from microphysics.nuclei import Composition, Nucleus

AVOGADRO = 6.02214076e23  # 1/mol, and grams per mole are atomic mass units to 4e-10


def shares(composition):
    return {nucleus.name: share for nucleus, share in composition}


def test_table_is_whole():
    assert len(isotopes()) == 287
    for name, isotope in isotopes().items():
        assert name == f"{isotope.symbol}{isotope.mass_number}"
        assert 0 <= isotope.charge_number <= isotope.mass_number
        # an odd number of nucleons makes a half-integer spin
        assert (2.0 * isotope.spin) % 2 == isotope.mass_number % 2
        even = isotope.charge_number % 2 == 0 and isotope.mass_number % 2 == 0
        assert not even or isotope.spin == 0.0
        # binding per nucleon, MeV: 1.1 of the deuteron to 8.79 of nickel 62
        neutrons = isotope.mass_number - isotope.charge_number
        free = (
            isotope.charge_number * (CODATA.proton_mass + CODATA.electron_mass)
            + neutrons * CODATA.neutron_mass
        )
        binding = free - isotope.mass_number * CODATA.atomic_mass - isotope.mass_excess
        assert name == "H1" or 1.1 < binding / isotope.mass_number < 8.796
    for names in elements().values():
        assert sum(isotopes()[name].abundance for name in names) == pytest.approx(1.0, abs=1e-14)
        assert len({isotopes()[name].charge_number for name in names}) == 1
    wanted = "H He C N O F Ne Na Mg Al Si S Ar Ca Ti Fe Ni Zn Ge Br Sr Mo Cd Te I Xe Cs W Pb".split()
    assert set(wanted) <= set(elements())


def test_binding_is_smooth_along_the_table():
    # Weizsaecker's formula (16 to 8 MeV coefficients, Rohlf 1994) misses no measured binding of A > 12 by 14 MeV: a digit
    # typed wrong in front of the point would show
    for isotope in isotopes().values():
        a, z = isotope.mass_number, isotope.charge_number
        if a <= 12:
            continue
        free = z * (CODATA.proton_mass + CODATA.electron_mass) + (a - z) * CODATA.neutron_mass
        binding = free - a * CODATA.atomic_mass - isotope.mass_excess
        pairing = 12.0 / np.sqrt(a) * ((z % 2 == 0) + ((a - z) % 2 == 0) - 1)
        drop = (
            15.75 * a
            - 17.8 * a ** (2 / 3)
            - 0.711 * z**2 / a ** (1 / 3)
            - 23.7 * (a - 2 * z) ** 2 / a
            + pairing
        )
        assert abs(binding - drop) < 14.0, isotope


@pytest.mark.parametrize(
    ("name", "z", "spin", "mass_u"),
    [
        # atomic masses in u as CIAAW and NIST print them (from AME2020)
        ("He4", 2, 0.0, 4.002603254),
        ("C12", 6, 0.0, 12.0),
        ("N14", 7, 1.0, 14.003074004),
        ("F19", 9, 0.5, 18.998403162),
        ("Na23", 11, 1.5, 22.989769282),
        ("Ar40", 18, 0.0, 39.962383122),
        ("Fe56", 26, 0.0, 55.934935537),
        ("Ge73", 32, 4.5, 72.923458954),
        ("I127", 53, 2.5, 126.904472),
        ("Xe129", 54, 0.5, 128.904780857),
        ("Xe131", 54, 1.5, 130.905084128),
        ("Cs133", 55, 3.5, 132.905451958),
        ("Pb208", 82, 0.0, 207.976652),
    ],
)
def test_named_isotopes(name, z, spin, mass_u):
    nucleus = Nucleus.named(name)
    assert (nucleus.name, float(nucleus.charge_number), nucleus.spin) == (name, z, spin)
    atomic = float(nucleus.mass) + z * CODATA.electron_mass
    # the last digit of iodine and lead is 1e-6 u
    assert atomic / CODATA.atomic_mass == pytest.approx(mass_u, abs=1.1e-6)


def test_unknown_names_list_what_is_near():
    with pytest.raises(UnknownNameError, match=r"unknown nucleus 'Fe59'; known are Fe54, Fe56, Fe57, Fe58"):
        Nucleus.named("Fe59")
    with pytest.raises(UnknownNameError, match=r"unknown nucleus 'Fe'; known are Fe54"):
        Nucleus.named("Fe")
    with pytest.raises(UnknownNameError, match=r"unknown element 'xe132'"):
        Nucleus.named("xe132")
    with pytest.raises(UnknownNameError, match=r"unknown element 'Xx'"):
        Composition.natural("Xx")
    with pytest.raises(UnknownNameError, match=r"unknown element 'Xx'"):
        Composition.molecule("CsXx")
    with pytest.raises(UnknownNameError, match=r"unknown nucleus 'Xe137'"):
        Composition.molecule("[Xe137]F2")
    with pytest.raises(UnknownNameError, match=r"unknown element 'Xe132'"):
        Composition.natural("Xe132")


def test_averages_have_no_spin():
    nucleus = Nucleus.of(np.array([60.0, 90.0]), np.array([26.0, 36.0]))
    assert nucleus.spin == 0.0
    np.testing.assert_array_equal(nucleus.neutron_number, [34.0, 54.0])


def test_natural_elements():
    xenon = shares(Composition.natural("Xe"))
    # IUPAC 2013 (Meija et al. 2016)
    assert xenon["Xe132"] == pytest.approx(0.26909, abs=1e-5)
    assert xenon["Xe129"] == pytest.approx(0.26401, abs=1e-5)
    assert len(xenon) == 9
    assert shares(Composition.natural("I")) == {"I127": 1.0}
    nickel = shares(Composition.natural("Ni"))
    assert "Ni56" not in nickel
    assert len(nickel) == 5


@pytest.mark.parametrize(
    ("formula", "grams_per_mole", "atoms"),
    [
        # sums of the standard atomic weights (IUPAC 2021); natural variation of lead 0.0005
        ("CsI", 259.810, 2),
        ("NaI", 149.894, 2),
        ("PbWO4", 455.03, 6),
        ("CaWO4", 287.91, 6),
        ("CF3I", 195.910, 5),
        ("Ar", 39.948, 1),
        ("Ge", 72.630, 1),
        ("Si", 28.085, 1),
        ("Xe", 131.293, 1),
        ("Gd2(SO4)3", 602.66, 17),
        ("D2O", 20.027, 3),
        ("H2", 2.016, 2),
        ("C12H22O11", 342.30, 45),
    ],
)
def test_molecules(formula, grams_per_mole, atoms):
    composition = Composition.molecule(formula)
    assert composition.fractions.sum() == pytest.approx(1.0, abs=1e-14)
    mean = composition.mean_mass / CODATA.atomic_mass
    assert mean * atoms == pytest.approx(grams_per_mole, rel=2e-4)
    assert composition.atoms_per_gram == pytest.approx(atoms * AVOGADRO / grams_per_mole, rel=2e-4)
    # exactly: N_A of carbon-12 weigh 12 g to the 4e-10 between the mole and the atomic mass unit
    assert Composition.molecule("C12").atoms_per_gram * 12.0 == pytest.approx(AVOGADRO, rel=1e-8)


def test_counts_of_a_molecule():
    tungstate = shares(Composition.molecule("PbWO4"))
    by_element = {}
    for name, share in tungstate.items():
        symbol = isotopes()[name].symbol
        by_element[symbol] = by_element.get(symbol, 0.0) + 6.0 * share
    assert by_element == {"Pb": pytest.approx(1.0), "W": pytest.approx(1.0), "O": pytest.approx(4.0)}
    assert shares(Composition.molecule("Xe132")) == {"Xe132": 1.0}
    enriched = shares(Composition.molecule("[Xe136]F2"))
    assert enriched == {"Xe136": pytest.approx(1.0 / 3.0), "F19": pytest.approx(2.0 / 3.0)}
    heavy_water = shares(Composition.molecule("D2O"))
    assert heavy_water["H2"] == pytest.approx(2.0 / 3.0)
    assert "H1" not in heavy_water
    assert shares(Composition.molecule("Cs(I)")) == shares(Composition.molecule("CsI"))


def test_mixture_by_number():
    mixture = shares(Composition.of({"Ge76": 87.0, "Ge74": 13.0}))
    assert mixture == {"Ge76": pytest.approx(0.87), "Ge74": pytest.approx(0.13)}
    half = shares(Composition.of({"Na": 2.0, "I127": 2.0}))
    assert half == {"Na23": 0.5, "I127": 0.5}


@given(st.dictionaries(st.sampled_from(["Ar", "Xe", "Xe136", "Ge", "He4"]), st.floats(1e-3, 1e3), min_size=1))
def test_scale_of_the_shares_does_not_matter(given_shares):
    one = Composition.of(given_shares)
    other = Composition.of({name: 7.0 * share for name, share in given_shares.items()})
    assert one.fractions.sum() == pytest.approx(1.0, abs=1e-13)
    np.testing.assert_allclose(one.fractions, other.fractions, rtol=1e-13)
    masses = [float(n.mass + n.charge_number * CODATA.electron_mass) for n in one.nuclei]
    assert min(masses) <= one.mean_mass * (1.0 + 1e-14)
    assert one.mean_mass <= max(masses) * (1.0 + 1e-14)


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("", "is empty"),
        ("Cs-I", "'-I'"),
        ("cs", "'cs'"),
        ("2H", "'2H'"),
        ("Gd2(SO4", r"a \( without \)"),
        ("SO4)3", r"a \) without \("),
        ("[Xe]F2", r"'\[Xe\]F2'"),
    ],
)
def test_formula_that_cannot_be_read(formula, said):
    with pytest.raises(OutOfRangeError, match=said):
        Composition.molecule(formula)


def test_shares_out_of_range():
    with pytest.raises(OutOfRangeError, match="share of Xe = -1"):
        Composition.of({"Xe": -1.0})
    with pytest.raises(OutOfRangeError, match="at least one"):
        Composition.of({"Xe": 0.0})
    with pytest.raises(OutOfRangeError, match="share of Xe = nan"):
        Composition.of({"Xe": float("nan")})
