"""Two whole runs against frozen numbers.

A change here is not a mistake by itself, but it must be meant: look at it, then `python tests/regression/renew.py`.
Tolerance 1e-6: the solver's own tolerance leaves 1e-9 in the answers, and 1e-7 in fluxes deep in the core.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

# the rough star has 60 zones and falls; that it is told is another test's business
pytestmark = pytest.mark.filterwarnings(
    "ignore::snsim.errors.UnresolvedWarning", "ignore:the star is not in a steady state"
)
DIFFERENCES = ("luminosity", "number_luminosity", "flux_factor", "exchange")


def renewal():
    spec = importlib.util.spec_from_file_location("regression_renewal", Path(__file__).with_name("renew.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def runs():
    module = renewal()
    return {name: module.numbers(result) for name, result in module.compute().items()}


@pytest.fixture(scope="module")
def frozen():
    return json.loads(renewal().FROZEN.read_text())


@pytest.mark.parametrize("name", ["quickstart", "rough"])
def test_numbers_are_frozen(runs, frozen, name):
    found, expected = runs[name], frozen[name]
    assert found.keys() == expected.keys()
    assert len(found) > 40
    wrong = []
    for key, value in expected.items():
        here, there = np.atleast_1d(found[key]), np.atleast_1d(np.array(value, dtype=float))
        # differences of large numbers: known to a part of their largest value
        scale = np.nanmax(np.abs(there)) if key.split("/")[-1].startswith(DIFFERENCES) else 0.0
        if not np.allclose(here, there, rtol=1e-6, atol=1e-6 * scale, equal_nan=True):
            wrong.append(f"{key}: {here} instead of {there}")
    assert not wrong, "\n".join(wrong)


def test_runs_differ(frozen):
    assert frozen["quickstart"].keys() == frozen["rough"].keys()
    assert frozen["quickstart"]["transport/luminosity"] != frozen["rough"]["transport/luminosity"]
