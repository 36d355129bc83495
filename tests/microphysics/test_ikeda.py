import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from microphysics.errors import OutOfRangeError
from microphysics.nuclei import Nucleus
from microphysics.weak.ikeda import (
    SingleParticleLevel,
    StrengthFunction,
    gamow_teller_sum_rule,
    quenching,
    single_particle_strengths,
    spin_strength,
)


@pytest.mark.parametrize("orbital", range(6))
def test_spin_is_three(orbital):
    """<sigma.sigma> = 3, and the matrix is symmetric."""
    spins = [orbital + 0.5] + ([orbital - 0.5] if orbital else [])
    for spin in spins:
        assert sum(spin_strength(orbital, spin, final) for final in spins) == pytest.approx(3.0, rel=1e-14)
    if orbital:
        up, down = spins
        back = spin_strength(orbital, down, up) * (2 * down + 1)
        assert spin_strength(orbital, up, down) * (2 * up + 1) == pytest.approx(back, rel=1e-14)


@pytest.mark.parametrize(("orbital", "spin"), [(0, 0.5), (1, 1.5), (1, 0.5), (2, 1.5), (3, 3.5)])
def test_matrix_elements_from_the_spin_operator(orbital, spin):
    """|<j m'|sigma|j m>|^2 summed over m' from Clebsch-Gordan coefficients of l and 1/2."""

    def state(j, m):
        """Amplitudes of spin up and down."""
        a = np.sqrt(max(orbital + m + 0.5, 0.0) / (2 * orbital + 1))
        b = np.sqrt(max(orbital - m + 0.5, 0.0) / (2 * orbital + 1))
        return np.array([a, b]) if j > orbital else np.array([-b, a])

    m = spin  # a stretched state of this j
    up, down = state(spin, m)
    total = {}
    for final in (orbital + 0.5, orbital - 0.5):
        if final < 0.0:
            continue
        strength = 0.0
        for shift in (-1, 0, 1):
            if abs(m + shift) > final:
                continue
            u, d = state(final, m + shift)
            if shift == 0:
                strength += (u * up - d * down) ** 2  # sigma_z
            elif shift == 1:
                strength += 2.0 * (u * down) ** 2  # sigma_+ turns down to up
            else:
                strength += 2.0 * (d * up) ** 2
        total[final] = strength
    for final, strength in total.items():
        assert strength == pytest.approx(spin_strength(orbital, spin, final), abs=1e-12)


shells = st.lists(
    st.tuples(
        st.integers(0, 4), st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.floats(0.0, 1.0)
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda shell: shell[0],
)


@given(shells)
def test_sum_rule_of_any_occupation(drawn):
    levels = []
    for orbital, *shares in drawn:
        for spin, neutrons, protons in zip(
            (orbital + 0.5, orbital - 0.5)[: 2 if orbital else 1], shares[::2], shares[1::2], strict=False
        ):
            size = 2.0 * spin + 1.0
            levels.append(
                SingleParticleLevel(0, orbital, spin, neutrons=neutrons * size, protons=protons * size)
            )
    minus, plus = single_particle_strengths(levels)
    excess = sum(level.neutrons - level.protons for level in levels)
    assert minus.total - plus.total == pytest.approx(3.0 * excess, abs=1e-10)


def test_closed_shells_have_known_strengths():
    """Ca48: eight neutrons in f7/2; to f7/2 (9/7 each) and f5/2 (12/7): 24 together. O16 and Ca40: none."""
    f7 = SingleParticleLevel(0, 3, 3.5, -9.9, -9.6, neutrons=8.0)
    f5 = SingleParticleLevel(0, 3, 2.5, -1.2, -1.0)
    minus, plus = single_particle_strengths([f7, f5])
    assert minus.total == pytest.approx(24.0, rel=1e-14)
    assert plus.total == 0.0
    assert quenching(minus, plus, Nucleus.named("Ca48")) == pytest.approx(1.0, rel=1e-14)
    by_energy = dict(zip(minus.energy.round(6), minus.strength, strict=True))
    assert by_energy[0.3] == pytest.approx(8.0 * 9.0 / 7.0, rel=1e-14)
    assert by_energy[8.9] == pytest.approx(8.0 * 12.0 / 7.0, rel=1e-14)
    full = [SingleParticleLevel(0, 1, j, neutrons=2 * j + 1, protons=2 * j + 1) for j in (1.5, 0.5)]
    assert [side.total for side in single_particle_strengths(full)] == [0.0, 0.0]


def test_sum_rule_and_quenching():
    assert float(gamow_teller_sum_rule(Nucleus.named("Zr90"))) == 30.0
    minus, plus = StrengthFunction([10.0], [17.0]), StrengthFunction([1.0], [2.0])
    assert quenching(minus, plus, Nucleus.named("Zr90")) == 0.5
    with pytest.raises(OutOfRangeError, match="Ca40: N - Z = 0"):
        quenching(minus, plus, Nucleus.named("Ca40"))


def test_strength_functions(tmp_path):
    energy = np.linspace(0.0, 20.0, 201)
    giant = StrengthFunction.of_density(energy, np.exp(-0.5 * (energy - 10.0) ** 2) / np.sqrt(2.0 * np.pi))
    assert giant.total == pytest.approx(1.0, rel=1e-9)
    assert giant.mean_energy == pytest.approx(10.0, rel=1e-9)
    (tmp_path / "strength.csv").write_text("energy_MeV, strength\n1.0, 2.0\n3.0, 2.0\n")
    read = StrengthFunction.from_file(tmp_path / "strength.csv")
    assert (read.total, read.mean_energy) == (4.0, 2.0)
    assert np.isnan(StrengthFunction([1.0], [0.0]).mean_energy)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: StrengthFunction([1.0], [-1.0]), "strength = -1: must be >= 0"),
        (lambda: StrengthFunction([1.0, 2.0], [1.0]), "must be equal columns"),
        (lambda: SingleParticleLevel(0, 1, 2.5), "spin = 2.5 of l = 1: must be"),
        (
            lambda: SingleParticleLevel(0, 0, 0.5, neutrons=3.0),
            r"neutrons = 3: must be from 0 to 2 j \+ 1 = 2",
        ),
        (
            lambda: single_particle_strengths([SingleParticleLevel(0, 1, 1.5, neutrons=1.0)]),
            "so j = 0.5 must be there too",
        ),
        (lambda: single_particle_strengths([SingleParticleLevel(0, 0, 0.5)] * 2), "there twice"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(OutOfRangeError, match=words):
        call()
