import warnings
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plasmas import ions, matter_of_coupling
from scipy.interpolate import CubicSpline

from microphysics._registry import STRUCTURE_FACTORS
from microphysics.errors import ExtrapolationWarning, OutOfRangeError
from microphysics.structure import hnc, table
from microphysics.structure.bridge import isomorph_factor
from microphysics.structure.models import transport_average
from microphysics.structure.plasma import coulomb_coupling, ion_sphere_radius, screening_parameter
from microphysics.structure.table import TabulatedLiquid
from microphysics.structure.yukawa import HypernettedChain, HypernettedChainBridge, largest_coupling

TABLE = TabulatedLiquid("error")
DIRECT = HypernettedChainBridge("error")


@lru_cache(maxsize=64)
def solution(coupling, screening):
    """S(q) of the integral equation, free of the grid of q and of every law that continues the table."""
    liquid = hnc.solve(coupling, screening)
    k = liquid.wave_number
    linear = lambda x: (x**2 + screening**2) / (x**2 + screening**2 + 3.0 * coupling)  # noqa: E731
    ratio = CubicSpline(k, liquid.structure[0, 0] / linear(k))
    return lambda q: ratio(q) * linear(q)


def test_registered():
    for name, model in (
        ("table", TabulatedLiquid),
        ("hnc", HypernettedChain),
        ("hncb", HypernettedChainBridge),
    ):
        assert STRUCTURE_FACTORS[name] is model
        assert model.name == name


def test_between_the_nodes():
    rng = np.random.default_rng(20211)
    screening = np.concatenate([[0.0, 0.0], rng.uniform(0.0, 1.0, 40), rng.uniform(1.0, 8.0, 20)])
    strongest = largest_coupling(screening)
    coupling = np.exp(rng.uniform(np.log(0.05), np.log(strongest)))
    q = np.sort(rng.uniform(0.07, 24.0, (len(screening), 200)), axis=1)
    found = TABLE.reduced(q, coupling[:, None], screening[:, None])
    expected = [solution(g, k)(x) for g, k, x in zip(coupling.tolist(), screening.tolist(), q, strict=True)]
    error = np.abs(found - expected)
    assert error.max() < 2e-3  # measured 6e-4
    assert np.quantile(error, 0.99) < 5e-4
    np.testing.assert_allclose(found, DIRECT.reduced(q, coupling[:, None], screening[:, None]), atol=2e-3)


def test_where_the_bridge_function_changes_its_law():
    for screening in (0.0, 0.3, 0.6):
        coupling = 5.0 / float(isomorph_factor(screening))
        q = np.linspace(0.1, 10.0, 100)
        np.testing.assert_allclose(
            TABLE.reduced(q, coupling, screening), solution(coupling, screening)(q), atol=1e-3
        )


@pytest.mark.parametrize("charge", [3.0, 10.0, 24.0, 60.0])
@pytest.mark.parametrize("screening", [8.5, 10.0, 15.0])
def test_few_nuclei_among_many_electrons(charge, screening):
    """Gamma kappa = Z^2 e^2 k_sc/T stays as nuclei become rare: 25 for iron at 1e12 g/cm3 and 1.4 MeV."""
    coupling = charge / screening
    q = np.linspace(0.1, 30.0, 300)
    found = TABLE.reduced(q, coupling, screening)
    np.testing.assert_allclose(found, solution(coupling, screening)(q), atol=1e-3)
    if charge >= 24.0:  # linear response is far off there
        linear = 1.0 / (1.0 + 3.0 * coupling / screening**2)
        assert found[0] - linear > 0.01


@pytest.mark.parametrize(("coupling", "screening"), [(0.01, 0.0), (0.015, 0.5), (0.02, 2.0), (0.2, 8.0)])
def test_weak_coupling(coupling, screening):
    q = np.linspace(0.1, 20.0, 200)
    expected = solution(coupling, screening)(q)
    np.testing.assert_allclose(TABLE.reduced(q, coupling, screening), expected, atol=2e-4)
    weaker = 0.01 * coupling
    linear = (q**2 + screening**2) / (q**2 + screening**2 + 3.0 * weaker)
    np.testing.assert_allclose(TABLE.reduced(q, weaker, screening), linear, atol=2e-5)
    np.testing.assert_allclose(TABLE.reduced(q, 0.0, screening), 1.0, rtol=1e-12)


@pytest.mark.parametrize("model", [TABLE, DIRECT], ids=["table", "hncb"])
def test_continuous_across_its_seams(model):
    q = np.linspace(0.1, 23.0, 100)
    # (Gamma, kappa) on both sides of where one law takes over from another
    step = 1e-7
    for below, above in (
        ((0.02 * (1 - step), 0.0), (0.02 * (1 + step), 0.0)),
        ((0.02 * (1 + 0.28 * 0.36) * (1 - step), 0.6), (0.02 * (1 + 0.28 * 0.36) * (1 + step), 0.6)),
        ((7.0, 8.0 * (1 - step)), (7.0, 8.0 * (1 + step))),
        ((1e-9, 0.0), (0.0, 0.0)),
    ):
        np.testing.assert_allclose(model.reduced(q, *below), model.reduced(q, *above), atol=1e-6)
    for coupling, screening in ((0.1, 0.0), (10.0, 0.6), (170.0, 0.0), (5.0, 10.0)):
        ends = 24.0 * np.array([1 - 1e-9, 1 + 1e-9]) * max(screening / 8.0, 1.0)
        left, right = model.reduced(ends, coupling, screening)
        assert left == pytest.approx(right, abs=1e-7)
        assert model.reduced(500.0, coupling, screening) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("coupling", [0.003, 0.1, 3.3, 41.0, 174.0])
def test_small_momenta(coupling):
    q = np.array([1e-6, 1e-4, 1e-3])
    np.testing.assert_allclose(TABLE.reduced(q, coupling, 0.0), q**2 / (3.0 * coupling), rtol=2e-4)
    for model in (TABLE, DIRECT):
        assert model.reduced(1e-6, coupling, 0.0) == pytest.approx(1e-12 / (3.0 * coupling), rel=1e-9)
        assert model.reduced(0.0, coupling, 0.0) == 0.0
    # electrons that screen leave S(0) finite: the compressibility
    for screening in (0.1, 0.6, 2.0):
        # the grid of the solution begins at 0.06
        expected = (
            solution(coupling, screening)(0.0)
            if coupling > 0.02
            else screening**2 / (screening**2 + 3 * coupling)
        )
        assert TABLE.reduced(0.0, coupling, screening) == pytest.approx(expected, rel=5e-3)


@pytest.mark.parametrize(("coupling", "expected"), [(10.0, 1.0005), (125.0, 1.0008)])
def test_small_energies_on_a_rigid_background(coupling, expected):
    """<S> = (2/3) E^2/Gamma: the law that a fit with a constant screening cannot have."""
    for model in (TABLE, DIRECT):
        average = transport_average(model.reduced, 0.05, coupling)
        assert average / (2.0 / 3.0 * 0.05**2 / coupling) == pytest.approx(expected, abs=2e-4)


def test_average_falls_with_the_coupling():
    coupling = np.geomspace(0.01, 175.0, 200)
    for screening in (0.0, 0.6):
        for energy in (0.1, 0.5, 1.0, 1.5):
            assert (np.diff(transport_average(TABLE.reduced, energy, coupling, screening)) < 0.0).all()


@settings(max_examples=200, deadline=None)
@given(
    share=st.floats(1e-8, 1.0 - 1e-12),  # at 1 the round-off of the product may lie above
    screening=st.one_of(st.just(0.0), st.floats(1e-3, 60.0)),
    q=st.floats(1e-3, 200.0),
)
def test_positive_and_bounded(share, screening, q):
    largest = float(largest_coupling(min(screening, 8.0))) * min(1.0, 8.0 / max(screening, 1e-9))
    value = float(TABLE.reduced(q, share * largest, screening))
    assert 0.0 < value < 3.4


def test_shapes():
    q = np.linspace(0.1, 9.0, 24).reshape(2, 3, 4)
    coupling, screening = np.array([3.0, 30.0]), np.array([0.0, 0.7])
    found = TABLE.reduced(q, coupling[:, None, None], screening[:, None, None])
    assert found.shape == q.shape
    for zone in range(2):
        np.testing.assert_array_equal(found[zone], TABLE.reduced(q[zone], coupling[zone], screening[zone]))
    # along the last axis too, and with q shared by the zones
    np.testing.assert_array_equal(TABLE.reduced(2.0, coupling, 0.5)[1], TABLE.reduced(2.0, 30.0, 0.5))
    shared = TABLE.reduced(q[:1], coupling[:, None, None], 0.5)
    np.testing.assert_array_equal(shared[1], TABLE.reduced(q[0], 30.0, 0.5))
    assert TABLE.reduced(1.0, 1.0).shape == ()


def test_of_matter():
    matter = ions(
        [1e12, 1e12, 1e11], [1.4, 1.4, 1.0], 95.0, 35.0, x_heavy=np.array([1.0, 0.0, 0.3]), mu_e=None
    )
    q = np.linspace(0.0, 1.0, 10).reshape(1, 2, 5) * np.ones((3, 1, 1))
    found = TABLE(q, matter)
    assert found.shape == q.shape
    assert (found[1] == 1.0).all()  # no nuclei
    for zone in (0, 2):
        expected = TABLE.reduced(
            q[zone] * ion_sphere_radius(matter)[zone],
            coulomb_coupling(matter)[zone],
            screening_parameter(matter)[zone],
        )
        np.testing.assert_allclose(found[zone], expected, rtol=1e-12)
    np.testing.assert_array_equal(TABLE(q[:1], matter), found)


def test_traces_of_nuclei_are_no_error():
    """Where nuclei vanish kappa = k_sc a grows without bound; the model goes on to S = 1."""
    trace = np.geomspace(1.0, 1e-9, 40)
    matter = ions(np.full(40, 3e12), np.full(40, 0.9), 100.0, 36.0, x_heavy=trace, mu_e=60.0)
    assert screening_parameter(matter).max() > 100.0
    found = TABLE(np.full((40, 1), 0.05), matter)[:, 0]
    rises = found < 0.8
    assert (np.diff(found[rises]) > 0.0).all()
    assert found[0] < 0.01
    np.testing.assert_allclose(found[20:], 1.0, atol=1e-3)
    assert found.max() < 1.1


def test_frozen_matter_is_refused_by_name():
    matter = matter_of_coupling([20.0, 400.0, 900.0, 100.0], mu_e=None)
    with pytest.raises(
        OutOfRangeError, match=r"2 zone\(s\) are above.*Gamma = 900, kappa = .* g/cm3, T = 1 MeV"
    ):
        TABLE(np.ones((4, 2)), matter)
    clamping = TabulatedLiquid("clamp")
    with pytest.warns(ExtrapolationWarning, match=r"2 zone\(s\)") as caught:
        clamped = clamping(np.ones((4, 2)), matter)
    assert len(caught) == 1
    assert (clamped > 0.0).all()
    with pytest.warns(ExtrapolationWarning):
        edge = clamping.reduced(4.2, 300.0, 0.6)
    np.testing.assert_array_equal(edge, TABLE.reduced(4.2, largest_coupling(0.6), 0.6))


def test_electrons_delay_freezing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TABLE.reduced(1.0, 174.9, 0.0)
        TABLE.reduced(1.0, 188.0, 0.6)
    with pytest.raises(OutOfRangeError):
        TABLE.reduced(1.0, 175.1, 0.0)
    with pytest.raises(OutOfRangeError):
        TABLE.reduced(1.0, 190.0, 0.6)


@pytest.mark.parametrize(("coupling", "screening"), [(-1.0, 0.0), (np.nan, 0.0), (1.0, -0.1), (1.0, np.inf)])
def test_nonsense_is_refused(coupling, screening):
    with pytest.raises(OutOfRangeError, match="needs Gamma >= 0 and kappa >= 0"):
        TabulatedLiquid("clamp").reduced(1.0, coupling, screening)


def test_plain_hypernetted_chain_is_another_model():
    q = np.linspace(0.1, 12.0, 100)
    plain, full = HypernettedChain().reduced(q, 40.0, 0.0), DIRECT.reduced(q, 40.0, 0.0)
    assert plain.max() == pytest.approx(1.4398, abs=1e-3)
    assert full.max() == pytest.approx(1.6164, abs=1e-3)


def test_states_are_solved_once(monkeypatch):
    model = HypernettedChainBridge()
    first = model.reduced(np.array([[1.0], [2.0]]), np.array([[3.0], [4.0]]), 0.0)
    monkeypatch.setattr(hnc, "column", None)
    np.testing.assert_array_equal(
        model.reduced(np.array([[1.0], [2.0]]), np.array([[3.0], [4.0]]), 0.0), first
    )


def test_reference_averages(reference, read_columns):
    columns = read_columns(reference / "structure_factor" / "horowitz_S_E.csv")
    for screening, expected in (
        (0.0, columns["S_hncb_ocp"]),
        (columns["kappa_TF"], columns["S_hncb_yukawa"]),
    ):
        found = transport_average(TABLE.reduced, columns["Ebar"], columns["Gamma"], screening, nodes=400)
        np.testing.assert_allclose(found, expected, atol=2e-4)


# rows of horowitz_S_E.csv, computed for this project: Gamma, kappa, E a/(hbar c), <S> without and with screening
FROZEN = (11.2342484, 0.555469804, 1.35294696, 0.1641793, 0.1786823)


def test_frozen_averages():
    coupling, screening, energy, rigid, screened = FROZEN
    assert transport_average(TABLE.reduced, energy, coupling) == pytest.approx(rigid, abs=1e-4)
    assert transport_average(TABLE.reduced, energy, coupling, screening) == pytest.approx(screened, abs=1e-4)


@pytest.mark.parametrize("row", [0, 5])
def test_rebuilding_a_column_gives_the_shipped_numbers(row):
    built = table.build_table(table.SCREENINGS[row : row + 1])[0]
    np.testing.assert_allclose(table.shipped_table()[row], built, rtol=0.0, atol=1.1e-5)


@pytest.mark.slow
def test_rebuilding_gives_the_shipped_file(tmp_path):
    table.write_table(tmp_path / "anew.npz")
    with np.load(tmp_path / "anew.npz") as anew:
        np.testing.assert_array_equal(anew["scaled_coupling"], table.SCALED_COUPLINGS)
        np.testing.assert_array_equal(anew["screening"], table.SCREENINGS)
        integers = np.cumsum(np.cumsum(anew["second_difference"], axis=-1), axis=-1)
    np.testing.assert_allclose(table.shipped_table(), 1e-5 * integers, rtol=0.0, atol=1.1e-5)
    assert (tmp_path / "anew.npz").stat().st_size < 500_000
