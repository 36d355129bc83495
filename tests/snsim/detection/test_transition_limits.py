"""Limits on transition magnetic moments: the table of 2019, ratios fixed by mixing, closed forms, contours."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.targets import Target
from microphysics.weak.moments import Mixing, TransitionMoments
from microphysics.weak.new_physics import MagneticMoment
from snsim.detection import Detector, Expectation, monochromatic
from snsim.detection.coherent_csi import CoherentCount, Forecast, coherent_expectation
from snsim.detection.intervals import threshold
from snsim.detection.limits_table import EXPERIMENTS, table_of_limits
from snsim.detection.moment_setups import SETUPS, setup_of
from snsim.detection.transition_limits import MomentEvents, added_events, moment_contours, moment_limits

RISE = threshold(0.9)


@pytest.fixture(scope="module")
def rows():
    return {(row.experiment, row.flux, row.scenario): row for row in table_of_limits()}


@pytest.fixture(scope="module")
def csi():
    return MomentEvents.of(coherent_expectation())


def test_spallation_rows_are_the_printed_ones(rows):
    """All 25 printed limits that are at hand within 4 %, one experiment's setup for prompt, delayed and all moduli."""
    ratios = [
        ratio
        for row in rows.values()
        if row.flux in ("prompt", "delayed")
        for ratio in row.ratio
        if not math.isnan(ratio)
    ]
    assert len(ratios) == 25
    np.testing.assert_allclose(ratios, 1.0, atol=0.04)


def test_table_of_the_reference(rows, reference, read_columns):
    """An independent computation: 24 numbers for CsI and HPGe; its CsI counts photoelectrons without their fluctuations."""
    columns = read_columns(reference / "cevns/tmm_limits_sns.csv")
    for i in range(len(columns["detector"])):
        name, beam, k = columns["detector"][i], columns["beam"][i], int(columns["Lambda_i"][i]) - 1
        for scenario in ("current", "future"):
            row = rows[name, beam, scenario]
            published = float(
                columns[f"published_{scenario}" + ("_1e-10muB" if scenario == "current" else "")][i]
            )
            assert row.published[k] == published
            ours = (row.as_written if row.compared == "as written" else row.statistics_only)[k]
            tolerance = 0.04 if (name, scenario) == ("CsI", "current") else 0.006
            assert ours == pytest.approx(float(columns[f"prototype_{scenario}"][i]), rel=tolerance)


def test_errors_of_the_prediction_weaken_the_limits_as_known(rows):
    assert rows["HPGe", "prompt", "current"].as_written[0] == pytest.approx(48.9, rel=0.005)
    assert rows["LAr", "prompt", "future"].as_written[0] == pytest.approx(29.7, rel=0.005)


def test_solar_row_to_rounding(rows):
    row = rows["Borexino", "solar", "current"]
    for ours, printed, exact in zip(row.statistics_only, row.published, (0.438, 0.358, 0.283), strict=True):
        assert round(ours, 2) == pytest.approx(printed, rel=1e-9)
        assert ours == pytest.approx(exact, rel=2e-3)


def test_reactor_rows_are_of_the_printed_size(rows):
    """Fluxes of the paper are not known: 1.9, 0.90, 3.2 and 1.0 come out as 1.46, 0.84, 2.83 and 0.99."""
    found = {
        name: rows[name, "reactor", "current"].ratio[0] for name in ("CONUS", "CONNIE", "TEXONO", "RED100")
    }
    expected = {"CONUS": 0.77, "CONNIE": 0.94, "TEXONO": 0.88, "RED100": 0.99}
    assert found == pytest.approx(expected, rel=0.01)


@settings(max_examples=20, deadline=None)
@given(*[st.floats(0.05, 0.95)] * 3, st.floats(-math.pi, math.pi))
def test_ratios_are_those_of_the_mixing_alone(s12, s13, s23, delta):
    """Lambda_i/Lambda_j = sqrt[(1 - |U_aj|^2)/(1 - |U_ai|^2)] where one flavour is seen, whatever the detector."""
    mixing = Mixing(s12, s13, s23, delta)
    found = table_of_limits(["HPGe", "CONUS"], ["current"], mixing)
    for row in found:
        weight = 1.0 - np.abs(mixing.matrix[{"prompt": 1, "reactor": 0}.get(row.flux, 0)]) ** 2
        if row.flux != "delayed":
            for limits in (row.statistics_only, row.as_written):
                np.testing.assert_allclose(
                    np.array(limits) * np.sqrt(weight), limits[0] * math.sqrt(weight[0])
                )


def test_limits_add_the_events_that_they_say(csi):
    """A detector with the limiting moment expects as many more events."""
    found = moment_limits(csi, CoherentCount())
    moments = TransitionMoments((found.moduli[0], 0.0, 0.0))
    target = Target.of("CsI", new_physics=(MagneticMoment(moments),))
    expectation = coherent_expectation()
    assert expectation.total(target) - expectation.total() == pytest.approx(found.added, rel=1e-9)


def test_added_events_in_closed_form():
    """a^2 = Delta V without pulls; (1 - Delta s^2) a^2 - 2 Delta s^2 N a = Delta (V + s^2 N^2) with one."""
    n, stat, s = 173.0, 0.2, 0.2
    assert added_events(n, Forecast(n, stat)).high == pytest.approx(math.sqrt(RISE * 1.2 * n), rel=1e-5)
    roots = np.roots([1.0 - RISE * s**2, -2.0 * RISE * s**2 * n, -RISE * (1.2 * n + (s * n) ** 2)])
    assert added_events(n, Forecast(n, stat, s)).high == pytest.approx(roots.max(), rel=1e-5)


def test_data_that_give_no_limit_say_so(csi):
    """A prediction that is off by 70 % can be off by anything: the chi-square never exceeds 1/0.7^2."""
    found = moment_limits(csi, Forecast(csi.standard, 0.2, 0.7))
    assert np.isnan(found.moduli).all()
    assert "no limit" in found.reason
    assert not moment_limits(csi, CoherentCount()).reason


def test_an_excess_is_no_limit_from_zero(csi):
    """More counts than expected move the best value, and the limit, up."""
    excess = added_events(csi.standard, CoherentCount(counted=400.0))
    assert excess.best == pytest.approx(400.0 - 6.0 - csi.standard, rel=1e-3)
    assert excess.high > added_events(csi.standard, CoherentCount()).high


def test_processes_add_up_and_flavours_that_are_not_seen_give_no_limit(csi):
    np.testing.assert_allclose(
        csi.form(), csi.form(process="prompt") + csi.form(process="delayed"), rtol=1e-12
    )
    line = monochromatic("numu", 30.0, 1e7)
    detector = Detector.of("Ge", mass="15 kg", live_time="1 yr", threshold="5 keVnr")
    events = MomentEvents.of(Expectation.of(line, detector))
    flavor = TransitionMoments((1.0, 1.0, 1.0), basis="flavor")
    found = moment_limits(events, Forecast(events.standard, 0.2), flavor)
    assert math.isinf(found.moduli[1])  # |Lambda_mu| couples the other two flavours
    assert found.moduli[0] == pytest.approx(found.moduli[2], rel=1e-12)


def test_contour_meets_the_limits_on_its_axes(csi):
    """Along an axis the region of one parameter's threshold ends where the limit is."""
    count = CoherentCount()
    limits = np.array(moment_limits(csi, count, process="prompt").moduli)
    grid = np.linspace(0.0, 1.3, 100)
    level = 0.7415  # of two parameters: the same rise of 2.706
    assert threshold(level, 2) == pytest.approx(RISE, abs=2e-3)
    found = moment_contours(
        csi, count, grid * limits[0], grid * limits[1], process="prompt", confidence_levels=(level,)
    )
    (line,) = found.lines[level]
    assert not found.reason
    ends = line[np.argmin(line, axis=0)]
    assert ends[0, 1] == pytest.approx(limits[1], rel=2e-3)
    assert ends[1, 0] == pytest.approx(limits[0], rel=2e-3)


def test_every_point_of_a_contour_adds_as_many_events(csi):
    """Two moduli interfere: the events of both are those of a target with both."""
    grid = 1e-10 * np.linspace(0.0, 90.0, 100)
    found = moment_contours(csi, CoherentCount(), grid, grid, confidence_levels=(0.7415,))
    (line,) = found.lines[0.7415]
    added = added_events(csi.standard, CoherentCount()).high
    for x, y in line[:: len(line) // 5]:
        target = Target.of("CsI", new_physics=(MagneticMoment(TransitionMoments((x, y, 0.0))),))
        assert coherent_expectation().total(target) - csi.standard == pytest.approx(added, rel=3e-3)


def test_phases_tilt_the_contour(csi):
    """Two moduli interfere through the phase between them."""
    plain, turned = (
        csi.form(TransitionMoments((1.0, 1.0, 1.0), phases=(0.0, phase, 0.0))) for phase in (0.0, math.pi)
    )
    assert turned[0, 1] == pytest.approx(-plain[0, 1], rel=1e-12)
    assert abs(plain[0, 1]) > 0.02 * plain[0, 0]


def test_every_setup_has_its_place_in_the_table(rows):
    assert {row.experiment for row in rows.values()} == set(EXPERIMENTS)
    assert len(rows) == 4 * 2 * 2 + 5 * 2 + 1
    assert setup_of("hpge") is SETUPS[1]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda csi: table_of_limits(["HPGG"]), UnknownNameError, "HPGe"),
        (lambda csi: table_of_limits(["HPGe"], ["now"]), UnknownNameError, "scenario"),
        (
            lambda csi: moment_limits(csi, CoherentCount(), confidence_level=1.2),
            OutOfRangeError,
            "confidence level",
        ),
        (lambda csi: csi.form(process="promt"), UnknownNameError, "prompt"),
        (lambda csi: added_events(0.0, Forecast(1.0, 0.2)), OutOfRangeError, "nothing is expected"),
        (
            lambda csi: moment_contours(csi, CoherentCount(), [0, 1, 2], [0, 1, 2], which=(1, 1)),
            OutOfRangeError,
            "which",
        ),
    ],
)
def test_bad_input_is_named(csi, call, error, words):
    with pytest.raises(error, match=words):
        call(csi)
