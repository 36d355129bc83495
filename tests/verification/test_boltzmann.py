"""Gray transport against published Boltzmann models (Liebendoerfer et al. 2005, ApJ 620, 840), with their own level of rates.

The functions are those of `benchmarks/boltzmann.py`, which prints the same numbers. Bounds: luminosity and rms energy at
450 km in the fluid frame within 12 % (nue, anue), luminosity of nux within 20 %, its rms energy within 12 %, radius of flux
factor 1/4 within 5 km, gross heating within 20 %.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "boltzmann.py"
COOLING = {"p050ms": 47.0e51, "p100ms": 14.1e51, "p250ms": 3.86e51}
LUMINOSITY = {"nue": 0.10, "anue": 0.10, "nux": 0.12}


@pytest.fixture(scope="module")
def benchmark_module(reference):
    if not (reference / "boltzmann").is_dir():
        pytest.skip(f"no boltzmann/ in {reference}")
    spec = importlib.util.spec_from_file_location("boltzmann_benchmark", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    module.REFERENCE = reference
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize("time", ["p050ms", "p100ms", "p250ms"])
def test_agile_boltztran(benchmark_module, time):
    found = benchmark_module.compare("AB", time, "bruenn")
    for name, bound in LUMINOSITY.items():
        ours, theirs = found.luminosity[name]
        assert ours == pytest.approx(theirs, rel=bound)
        ours, theirs = found.rms_number[name]
        assert ours == pytest.approx(theirs, rel=0.10)
        ours, theirs = found.flux_radius[name]
        assert ours == pytest.approx(theirs, abs=2.6e5)
    ours, theirs = found.heating
    assert ours == pytest.approx(theirs, rel=0.15)
    # cooling follows from the matter alone, erg/s
    assert found.cooling == pytest.approx(COOLING[time], rel=0.02)


def test_bounds_are_those_of_the_benchmark(benchmark_module):
    assert {name: pair[0] for name, pair in benchmark_module.BOUNDS.items()} == LUMINOSITY
    assert {pair[1] for pair in benchmark_module.BOUNDS.values()} == {0.10}
    assert benchmark_module.RADIUS_BOUND == 2.6
    assert benchmark_module.HEATING_BOUND == 0.15
