"""Neutrinos of the Sun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.nuclei import Nucleus
from snsim.detection.sources.beta_decay import allowed_shape
from snsim.detection.sources.boron8 import REFERENCES as BORON8_REFERENCES
from snsim.detection.sources.boron8 import boron8_shape
from snsim.detection.sources.flux import Component, Flux

Array = NDArray[np.float64]

# 1/(cm^2 s) at the Earth: Vinyoles et al. 2017, ApJ 835, 202, table 6
SOLAR_MODELS: Mapping[str, Mapping[str, float]] = {
    "B16-GS98": {
        "pp": 5.98e10,
        "pep": 1.44e8,
        "hep": 7.98e3,
        "7Be": 4.93e9,
        "8B": 5.46e6,
        "13N": 2.78e8,
        "15O": 2.05e8,
        "17F": 5.29e6,
    },
    "B16-AGSS09met": {
        "pp": 6.03e10,
        "pep": 1.46e8,
        "hep": 8.25e3,
        "7Be": 4.50e9,
        "8B": 4.50e6,
        "13N": 2.04e8,
        "15O": 1.44e8,
        "17F": 3.26e6,
    },
}
SOLAR_UNCERTAINTIES: Mapping[str, Mapping[str, float]] = {
    "B16-GS98": {
        "pp": 0.006, "pep": 0.01, "hep": 0.30, "7Be": 0.06, "8B": 0.12, "13N": 0.15, "15O": 0.17, "17F": 0.20,
    },
    "B16-AGSS09met": {
        "pp": 0.005, "pep": 0.009, "hep": 0.30, "7Be": 0.06, "8B": 0.12, "13N": 0.14, "15O": 0.16, "17F": 0.18,
    },
}  # fmt: skip
"""Relative standard deviations of the same table."""
_MODEL_REFERENCE = "Vinyoles et al. 2017, ApJ 835, 202"
_LINE_REFERENCE = "Bahcall 1994, PRD 49, 3923"
# MeV, in the Sun, and the share of each: 7Be to the ground and to the first excited state of 7Li (Bahcall 1994); pep
_LINES = {"pep": ((1.442, 1.0),), "7Be": ((0.8618, 0.897), (0.3843, 0.103))}
# difference of the atomic masses, MeV (AME2020), charge and mass number of the daughter
_POSITRONS = {"13N": (2.22047, 6.0, 13.0), "15O": (2.75417, 7.0, 15.0), "17F": (2.76047, 8.0, 17.0)}
_POINTS = 801


def solar(
    components: Sequence[str] | None = None,
    *,
    model: str = "B16-GS98",
    norms: Mapping[str, float] | None = None,
    shapes: Mapping[str, tuple[Array, Array]] | None = None,
) -> Flux:
    """Return the neutrinos of the Sun as they are born, electron neutrinos all.

    Parameters
    ----------
    components : sequence of str, optional
        Of pp, pep, hep, 7Be, 8B, 13N, 15O, 17F; all by default.
    model : str
        Of `SOLAR_MODELS`: which solar model the numbers of neutrinos are from.
    norms : mapping of str to float, optional
        Other numbers, 1/(cm^2 s), such as ``{"8B": 5.25e6}`` (Aharmim et al. 2013, PRC 88, 025501).
    shapes : mapping of str to (energy, density), optional
        Other spectra (MeV, any normalisation), such as a table of 8B.

    Raises
    ------
    UnknownNameError
        For an unknown component or model.
    OutOfRangeError
        For norms or shapes that are negative.

    Notes
    -----
    Coherent scattering is blind to which flavour arrives, but for radiative corrections and new physics; there, use
    `Flux.converted`. Shapes are those of allowed beta decays; 8B as in `boron8`, to 5 % below 12.5 MeV and 13 % above of the
    spectrum of Winter et al. 2006 (PRC 73, 025503), which in xenon makes 2.5 % more events above 1 keV and 7.1 % above 2 keV
    (give a table with `shapes` for less); lines without width.

    Examples
    --------
    >>> f"{solar(['8B', 'hep']).total():.4g} /cm2/s"
    '5.468e+06 /cm2/s'
    """
    if model not in SOLAR_MODELS:
        raise UnknownNameError("solar model", model, SOLAR_MODELS)
    numbers = {**SOLAR_MODELS[model], **(norms or {})}
    chosen = tuple(SOLAR_MODELS[model]) if components is None else tuple(components)
    for name in (*chosen, *(norms or {}), *(shapes or {})):
        if name not in SOLAR_MODELS[model]:
            raise UnknownNameError("solar neutrinos", name, SOLAR_MODELS[model])
    parts = tuple(_component(name, numbers[name], (shapes or {}).get(name)) for name in chosen)
    references = [_MODEL_REFERENCE]
    references += [_LINE_REFERENCE] if "7Be" in chosen else []
    references += BORON8_REFERENCES if "8B" in chosen and "8B" not in (shapes or {}) else []
    return Flux(parts, name=f"solar {', '.join(chosen)}", references=tuple(references))


def _component(name: str, number: float, shape: tuple[Array, Array] | None) -> Component:
    if not 0.0 <= number < np.inf:
        raise OutOfRangeError(f"norms: {name} = {number}: must not be negative")
    none = np.empty(0)
    if shape is None and name in _LINES:
        energies, shares = np.array(_LINES[name]).T
        return Component("nue", none, none, energies, number * shares, name)
    energy, density = _shape(name) if shape is None else (np.asarray(each, dtype=float) for each in shape)
    norm = float(np.trapezoid(density, energy))
    if not norm > 0.0:
        raise OutOfRangeError(f"shapes: {name}: the integral of the spectrum must be positive, got {norm:g}")
    return Component("nue", energy, density * (number / norm), name=name)


def _shape(name: str) -> tuple[Array, Array]:
    """Energies and spectrum of a continuous component, not normalised."""
    if name == "8B":
        return boron8_shape()
    mass = {each: float(Nucleus.named(each).mass) for each in ("H2", "He3", "He4")}
    electron, proton = CODATA.electron_mass, CODATA.proton_mass
    if name == "pp":
        endpoint, charge, number = 2.0 * proton - mass["H2"] - electron, 1.0, 2.0
    elif name == "hep":
        endpoint, charge, number = mass["He3"] + proton - mass["He4"] - electron, 2.0, 4.0
    else:
        difference, charge, number = _POSITRONS[name]
        endpoint = difference - 2.0 * electron
    energy = np.linspace(0.0, endpoint, _POINTS)
    return energy, allowed_shape(energy, endpoint, -charge, number)
