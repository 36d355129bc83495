"""The table of the neutrino signal: what it refuses, what follows from it, and that it is seen from infinity."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from signals_by_hand import (
    ALPHA,
    CUBE,
    GROUPS,
    LAPSE,
    LUMINOSITY,
    MEAN,
    SQUARE,
    cooling_signal,
    light_curve,
    sequence_result,
    steady_result,
)

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, PhysicsWarning
from microphysics.spectrum import FermiDirac, Pinched
from snsim.config.load import load_config
from snsim.errors import ConfigError
from snsim.pipeline import simulate
from snsim.result import Result
from snsim.signal import (
    MULTIPLICITY,
    Signal,
    Spectra,
    number_in_bins,
    number_rate,
    sequence_signal,
    signal_of,
)
from snsim.transport.evolution_records import _higher_moments
from snsim.variable import Variable

TWO = [0.0, 1.0]
ONES = np.ones((2, 3))


def flat(**changes):
    given = {
        "time": TWO,
        "luminosity": LUMINOSITY * ONES,
        "mean_energy": MEAN * ONES,
        "mean_square_energy": SQUARE * ONES,
    }
    return Signal(**(given | changes))


def spoiled(values, value):
    values = np.array(values * ONES)
    values[1, 2] = value
    return values


# ---------------------------------------------------------------------------------------------- what follows from it


def test_moments_of_pinched_spectra():
    signal = flat()
    np.testing.assert_allclose(signal.alpha, ALPHA * ONES, rtol=1e-13)
    np.testing.assert_allclose(signal.mean_cube_energy, CUBE * ONES, rtol=1e-13)
    again = Signal.from_pinching(TWO, LUMINOSITY * ONES, MEAN * ONES, ALPHA * ONES)
    np.testing.assert_allclose(again.mean_square_energy, signal.mean_square_energy, rtol=1e-13)


def test_energy_and_number():
    time = np.array([0.0, 1.0, 3.0])
    luminosity = LUMINOSITY * np.array([[1.0], [3.0], [0.0]])
    signal = Signal.from_pinching(time, luminosity, MEAN * np.ones((3, 1)), ALPHA * np.ones((3, 1)))
    np.testing.assert_allclose(signal.energy, 5.0 * LUMINOSITY, rtol=1e-14)
    np.testing.assert_allclose(signal.number, 5.0 * LUMINOSITY / MEAN / CODATA.erg_per_mev, rtol=1e-14)
    assert signal.total_energy == pytest.approx(5.0 * (4e52 + 3.5e52 + 4.0 * 2e52), rel=1e-14)
    assert signal.interval.sum() == pytest.approx(3.0)


# ------------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time": [0.0, 0.0]}, r"time: must rise, got 0 s after 0 s"),
        ({"time": [1.0, 0.5]}, r"time: must rise, got 0.5 s after 1 s"),
        ({"time": [0.0, np.nan]}, r"time\[1\] is no finite number"),
        ({"time": [0.0]}, r"at least two times"),
        ({"luminosity": spoiled(LUMINOSITY, -1.0)}, r"luminosity = -1 erg/s at t = 1 s, nux: must be >= 0"),
        ({"luminosity": spoiled(LUMINOSITY, np.nan)}, r"luminosity = nan erg/s at t = 1 s, nux: .* finite"),
        ({"mean_energy": spoiled(MEAN, 0.0)}, r"mean_energy = 0 MeV at t = 1 s, nux: must be > 0"),
        ({"mean_square_energy": spoiled(SQUARE, np.inf)}, r"mean_square_energy = inf MeV\^2 at t = 1 s, nux"),
        ({"mean_square_energy": SQUARE[:2] * np.ones((2, 1))}, r"mean_square_energy has shape \(2, 2\)"),
        ({"mean_cube_energy": 0.9 * SQUARE**2 / MEAN * ONES}, r"mean_cube_energy.*no spectrum has"),
        # a standard deviation, squared, in the place of <E^2>
        (
            {"mean_square_energy": (SQUARE - MEAN**2) * ONES},
            r"t = 0 s, nue.*standard deviation taken for an rms",
        ),
        ({"mean_square_energy": MEAN**2 * ONES}, r"must be above <E>\^2"),
    ],
)
def test_arrays_that_are_refused(changes, words):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(OutOfRangeError, match=words):
            flat(**changes)


@pytest.mark.parametrize("alpha", [-1.0, -2.5])
def test_alpha_that_is_none(alpha):
    with pytest.raises(OutOfRangeError, match=rf"alpha = {alpha:g} at t = 1 s, nux: must be > -1"):
        Signal.from_pinching(TWO, LUMINOSITY * ONES, MEAN * ONES, spoiled(ALPHA, alpha))


def test_moments_weighted_with_energy_are_warned_of():
    spectrum = FermiDirac.from_mean_energy(MEAN)
    with pytest.warns(PhysicsWarning, match=r"alpha = -0.087.* of n.* at 0 s.*energy-weighted <E\^3>/<E>"):
        flat(mean_square_energy=spectrum.rms_energy**2 * ONES)
    right = flat(mean_square_energy=spectrum.rms_number**2 * ONES)
    assert right.alpha.min() == pytest.approx(2.3014, rel=1e-4)


def test_spectra_of_another_signal_are_refused():
    spectra = Spectra(GROUPS, 1.1 * number_rate(flat(), GROUPS))
    with pytest.raises(OutOfRangeError, match="integral of the tabulated spectrum"):
        flat(spectra=spectra)
    with pytest.raises(OutOfRangeError, match=r"spectra\.number has shape"):
        flat(spectra=Spectra(GROUPS, np.ones((3, 3, GROUPS.size))))
    for energy, number, words in (
        (GROUPS[::-1], 1.0, "rise"),
        (GROUPS, -1.0, ">= 0"),
        (GROUPS, np.nan, "finite"),
    ):
        with pytest.raises(OutOfRangeError, match=words):
            Spectra(energy, np.full((2, 3, GROUPS.size), number))


def test_parts_add_up():
    signal = cooling_signal()
    edges = [0.0, 0.33, 1.0, 4.99, 5.0]
    pieces = [signal.between(a, b) for a, b in pairwise(edges)]
    np.testing.assert_allclose(sum(piece.energy for piece in pieces), signal.energy, rtol=1e-13)
    np.testing.assert_allclose(sum(piece.number for piece in pieces), signal.number, rtol=1e-5)
    whole = signal.between(0.0, 5.0)
    np.testing.assert_allclose(whole.mean_square_energy, signal.mean_square_energy, rtol=1e-13)
    np.testing.assert_allclose(whole.mean_cube_energy, signal.mean_cube_energy, rtol=1e-13)
    assert pieces[1].meaning.endswith("; here from 0.33 s to 1 s of it")
    held = signal_of(steady_result(groups=True)).between(0.25, 0.5)
    np.testing.assert_allclose(held.spectra.luminosity, held.luminosity, rtol=1e-3)
    for start, end in ((-0.1, 1.0), (1.0, 1.0), (4.0, 5.1)):
        with pytest.raises(OutOfRangeError, match="no part of a signal"):
            signal.between(start, end)


# ------------------------------------------------------------------------------------------------------------ spectra


def test_spectra_have_the_moments_of_the_table():
    signal = cooling_signal()
    energy = np.geomspace(1e-3, 400.0, 6001)
    per_log = number_rate(signal, energy) * energy
    number = np.trapezoid(per_log, np.log(energy), axis=-1)
    np.testing.assert_allclose(number, signal.number_luminosity, rtol=1e-8)
    for order, expected in (
        (1, signal.mean_energy),
        (2, signal.mean_square_energy),
        (3, signal.mean_cube_energy),
    ):
        moment = np.trapezoid(per_log * energy**order, np.log(energy), axis=-1) / number
        np.testing.assert_allclose(moment, expected, rtol=1e-8)


def test_bins_hold_what_the_spectra_have():
    signal = cooling_signal()
    edges = np.linspace(0.0, 300.0, 61)
    numbers = number_in_bins(signal, edges)
    np.testing.assert_allclose(numbers.sum(axis=-1), signal.number_luminosity, rtol=1e-12)
    fine = np.linspace(10.0, 15.0, 2001)
    inside = np.trapezoid(number_rate(signal, fine), fine, axis=-1)
    np.testing.assert_allclose(numbers[:, :, 2], inside, rtol=1e-6)


def test_between_and_beyond_the_times():
    signal = Signal.from_pinching(TWO, LUMINOSITY * np.array([[1.0], [3.0]]), MEAN * ONES, ALPHA * ONES)
    energy = np.array([5.0, 20.0])
    rates = number_rate(signal, energy, [-0.001, 0.0, 0.25, 1.0, 1.001])
    assert not rates[[0, -1]].any()
    np.testing.assert_allclose(rates[2], 1.5 * rates[1], rtol=1e-14)
    np.testing.assert_allclose(rates[3], 3.0 * rates[1], rtol=1e-14)


@pytest.mark.parametrize("count", [20, 60])
def test_groups_give_the_spectrum_that_they_sample(count):
    smooth = flat()
    groups = np.geomspace(0.5, 200.0, count)
    tabulated = flat(spectra=Spectra(groups, number_rate(smooth, groups)))
    energy = np.linspace(1.0, 60.0, 200)
    np.testing.assert_allclose(
        number_rate(tabulated, energy), number_rate(smooth, energy), rtol={20: 2e-2, 60: 3e-4}[count]
    )
    edges = np.linspace(1.0, 60.0, 60)
    np.testing.assert_allclose(
        number_in_bins(tabulated, edges), number_in_bins(smooth, edges), rtol={20: 2e-2, 60: 3e-4}[count]
    )


# -------------------------------------------------------------------------------------------------------- from results


@pytest.mark.parametrize("groups", [False, True])
def test_a_steady_result_is_seen_from_infinity(groups):
    signal = signal_of(steady_result(groups=groups))
    tolerance = 1e-6 if groups else 1e-13
    np.testing.assert_allclose(signal.luminosity, LUMINOSITY * ONES, rtol=1e-14)
    np.testing.assert_allclose(signal.mean_energy, MEAN * ONES, rtol=1e-14)
    np.testing.assert_allclose(signal.mean_square_energy, SQUARE * ONES, rtol=tolerance)
    np.testing.assert_allclose(signal.mean_cube_energy, CUBE * ONES, rtol=tolerance)
    # what a local moment, or a second redshift, would have given
    for wrong in (1.0 / LAPSE, LAPSE):
        assert not np.allclose(signal.mean_square_energy, SQUARE * wrong**2, rtol=0.1)
    assert signal.gray is not groups
    assert (signal.spectra is not None) is groups


def test_the_window_of_a_steady_result_is_said():
    signal = signal_of(steady_result(), start=0.2, duration=0.3)
    assert signal.time.tolist() == [0.2, 0.5]
    assert "a steady solution has no time: its luminosities are held from 0.2 s to 0.5 s" in signal.meaning
    assert signal.total_energy == pytest.approx(0.3 * LUMINOSITY @ MULTIPLICITY)
    for duration in (0.0, -1.0, np.nan):
        with pytest.raises(OutOfRangeError, match="duration"):
            signal_of(steady_result(), duration=duration)


def test_a_light_curve_has_the_energy_of_the_run():
    result = light_curve()
    signal, evolution = signal_of(result, start=0.1), result["evolution"]
    np.testing.assert_array_equal(signal.luminosity, evolution["luminosity_infinity"].values)
    np.testing.assert_array_equal(signal.mean_square_energy, evolution["mean_square_energy_infinity"].values)
    np.testing.assert_allclose(signal.time, evolution["time"].values + 0.1)
    assert signal.total_energy == pytest.approx(evolution["energy_radiated"].values @ MULTIPLICITY, rel=1e-12)
    old = {k: v for k, v in evolution.items() if not k.startswith("mean_square")}
    with pytest.raises(ConfigError, match=r"mean_square_energy_infinity.*run it again"):
        signal_of(Result(result.groups | {"evolution": old}))


def test_results_in_sequence():
    pairs = [(0.05, steady_result()), (0.1, steady_result(2.0)), (0.3, steady_result(0.5))]
    signal = sequence_signal(pairs)
    assert signal.gray
    assert signal.total_energy == pytest.approx((0.05 * 1.5 + 0.2 * 1.25) * LUMINOSITY @ MULTIPLICITY)
    with_groups = sequence_signal([(t, steady_result(groups=True)) for t in (0.0, 1.0)])
    assert with_groups.spectra is not None
    assert not with_groups.gray
    mixed = sequence_signal([(0.0, steady_result()), (1.0, steady_result(groups=True))])
    assert mixed.spectra is None
    assert mixed.gray
    with pytest.raises(OutOfRangeError, match="must rise"):
        sequence_signal([pairs[1], pairs[0]])
    with pytest.raises(OutOfRangeError, match="at least two"):
        sequence_signal(pairs[:1])
    with pytest.raises(ConfigError, match="light curve of its own"):
        sequence_signal([pairs[0], (1.0, light_curve())])


@pytest.mark.parametrize("groups", [False, True])
def test_the_stars_of_a_sequence_in_one_result(groups):
    result = sequence_result(groups=groups)
    history, signal = result["history"], signal_of(result, start=0.01)
    np.testing.assert_allclose(signal.time, [0.06, 0.11, 0.31], rtol=1e-14)
    np.testing.assert_allclose(signal.luminosity, LUMINOSITY * np.array([[1.0], [2.0], [0.5]]), rtol=1e-14)
    names = {"mean_energy": "mean_energy", "mean_square_energy": "mean_energy_squared"}
    for ours, theirs in (names | {"mean_cube_energy": "mean_energy_cubed"}).items():
        np.testing.assert_allclose(getattr(signal, ours), history[f"{theirs}_infinity"].values, rtol=1e-6)
    assert signal.gray is not groups
    assert (signal.spectra is not None) is groups
    assert signal.total_energy == pytest.approx((0.05 * 1.5 + 0.2 * 1.25) * LUMINOSITY @ MULTIPLICITY)
    assert "3 stars, each a steady state" in signal.meaning
    with pytest.raises(ConfigError, match=r"at 1 s is a sequence with times of its own"):
        sequence_signal([(0.0, steady_result()), (1.0, result)])


def test_a_sequence_of_one_star_is_held():
    result = sequence_result()
    one = {
        name: {
            key: replace(each, values=each.values[:1]) if each.dims[:1] == ("time",) else each
            for key, each in group.items()
        }
        for name, group in result.groups.items()
    }
    signal = signal_of(Result(one), duration=0.2)
    np.testing.assert_allclose(signal.time, [0.05, 0.25], rtol=1e-14)
    np.testing.assert_allclose(signal.luminosity, LUMINOSITY * ONES, rtol=1e-14)


def test_results_without_a_signal():
    result = steady_result()
    with pytest.raises(ConfigError, match="no transport solution"):
        signal_of(Result({"profile": result["profile"]}))
    two = Variable(("species",), np.array(["nue", "anue", "numu"]), "1", "neutrino species")
    with pytest.raises(ConfigError, match="transport has no nux"):
        signal_of(Result({"transport": result["transport"] | {"species": two}}))


def test_species_are_found_by_name():
    result = steady_result()
    turned = {
        name: replace(variable, values=variable.values[[2, 0, 1]])
        for name, variable in result["transport"].items()
    }
    signal = signal_of(Result({"transport": turned}))
    np.testing.assert_allclose(signal.luminosity[0], LUMINOSITY, rtol=1e-14)
    np.testing.assert_allclose(signal.mean_square_energy[0], SQUARE, rtol=1e-13)


def test_groups_that_flow_inwards_are_left_out_and_said():
    result = steady_result(groups=True)
    variable = result["transport"]["luminosity_spectrum_infinity"]
    values = variable.values.copy()
    values[2, -8:] = -1e-3 * values[2].max()
    changed = result["transport"] | {"luminosity_spectrum_infinity": replace(variable, values=values)}
    with pytest.warns(PhysicsWarning, match="flow inwards"), pytest.raises(OutOfRangeError):
        signal_of(Result({"transport": changed | {"luminosity_infinity": _brighter(changed, 1.5)}}))


def _brighter(transport, factor):
    variable = transport["luminosity_infinity"]
    return replace(variable, values=factor * variable.values)


def test_moments_that_an_evolution_stores():
    degeneracy, mean = np.array([[0.0, 1.0, 2.0]]), np.array([[10.0, 12.0, 14.0]])
    found = _higher_moments(mean, degeneracy)
    spectrum = FermiDirac.from_mean_energy(mean, degeneracy)
    np.testing.assert_allclose(found["mean_square_energy_infinity"].values, spectrum.moment(2), rtol=1e-12)
    np.testing.assert_allclose(found["mean_cube_energy_infinity"].values, spectrum.moment(3), rtol=1e-12)
    assert found["mean_cube_energy_infinity"].unit == "MeV3"


# ------------------------------------------------------------------------------------------------------ runs


@pytest.mark.parametrize("scheme", ["gray", "multigroup"])
@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")
def test_signal_of_a_run(scheme, tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(
        f'schema = 1\n[grid]\nzones = 60\n[diagnostics]\nnames = []\n[transport]\nscheme = "{scheme}"\n'
    )
    result = simulate(load_config(path))
    transport, signal = result["transport"], signal_of(result)
    np.testing.assert_array_equal(signal.luminosity[0], transport["luminosity_infinity"].values[:, -1])
    assert (
        signal.luminosity[0] < 0.999 * transport["luminosity"].values[:, -1]
    ).all()  # this star's lapse tells
    np.testing.assert_array_equal(signal.mean_energy[1], transport["mean_energy_infinity"].values)
    lapse = result["profile"]["lapse"].values[-1]
    local = transport["rms_number"].values[:, -1] * lapse
    # of the density in the outermost zone; what flows out of it is the same but for the flux factors
    np.testing.assert_allclose(np.sqrt(signal.mean_square_energy[0]), local, rtol=5e-3)
    assert (signal.alpha > 1.5).all()
    if scheme == "multigroup":
        energy = signal.spectra.energy
        weight = signal.spectra.number[0] * energy
        mean = (weight * energy).sum(axis=-1) / weight.sum(axis=-1)
        np.testing.assert_allclose(mean, signal.mean_energy[0], rtol=1e-12)
        half = np.sqrt(energy[1] / energy[0])
        fine = np.geomspace(energy[0] / half, energy[-1] * half, 8001)[1:-1]
        rate = number_rate(signal, fine)[0]
        total = np.trapezoid(rate * fine, np.log(fine), axis=-1)
        np.testing.assert_allclose(total, signal.number_luminosity[0], rtol=2e-4)
        # groups know the tail: at 50 MeV there are fewer nue than a pinched form has
        pinched = Pinched(signal.mean_energy[0], signal.alpha[0]).density(np.array([50.0]))[:, 0]
        assert number_rate(signal, [50.0])[0, 0, 0] < 0.5 * pinched[0] * signal.number_luminosity[0, 0]
