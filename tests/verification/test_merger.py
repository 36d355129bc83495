"""Trapped neutrinos of a merger remnant: ours, those of an M1 simulation, those in equilibrium with its matter."""

from __future__ import annotations

import numpy as np
import pytest

from snsim.verification import merger, published
from snsim.verification.problem import Outcome


@pytest.fixture(scope="module")
def found(reference):
    path = reference / "profiles"
    if not (path / merger.FILE.format("x")).is_file():
        pytest.skip(f"no merger profiles in {path}")
    return merger.comparisons(path, ("eddington",))


@pytest.mark.parametrize("axis", list(merger.AXES))
def test_trapped_neutrinos(found, axis):
    """Within what the simulation departs from equilibrium with its own matter, and 1 % of temperature."""
    rows = merger.trapped_rows(found[axis], "eddington", axis)
    assert len(rows) == 6
    for row in rows:
        assert row.passed, f"{row.quantity}: {row.error:.3f}, allowed is {row.tolerance:.3f}"
        assert row.tolerance < 0.15
        if axis == "z":  # there the simulation is in equilibrium but for anue in the centre
            assert row.tolerance < (0.045 if "per baryon" in row.quantity else 0.015)


@pytest.mark.parametrize("axis", list(merger.AXES))
def test_trapped_neutrinos_are_in_equilibrium(found, axis):
    """Ours against the Fermi gas of the file's own temperatures and potentials: what the zones leave of T (0.8 %)."""
    weight = found[axis].axis.dense
    (number, energy), (known, mean) = (
        gas.mean(weight) for gas in (found[axis].ours["eddington"], found[axis].equilibrium)
    )
    np.testing.assert_allclose(number, known, rtol=0.02)
    np.testing.assert_allclose(energy, mean, rtol=0.01)


def test_rows_outside_are_reported(found):
    rows = merger.outcome(found).rows
    assert len(rows) == 2 * 6 + 2 * 6 * len(merger.THINNER)
    assert sum(row.judged for row in rows) == 12
    assert all(row.verdict == "reported" for row in rows if not row.judged)


def test_without_files_it_is_skipped_and_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv(published.VARIABLE, str(tmp_path))
    for make in (lambda: None, (tmp_path / "profiles").mkdir):
        make()
        outcome = merger.merger(False)
        assert isinstance(outcome, Outcome)
        assert "SNSIM_REFERENCE" in outcome.skipped
        assert outcome.passed
