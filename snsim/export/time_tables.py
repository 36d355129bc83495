"""Formats with one row a time: luminosity and moments, from which other programs make pinched spectra."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from snsim.export.text import GUARDS, NUX_ONE, NUX_SUM, Array, guarded, notes, rows
from snsim.signal.table import SPECIES, Signal

_SNEWPY = ("NU_E", "NU_E_BAR", "NU_X")
_CSV = ("luminosity", "mean_energy", "mean_square_energy", "mean_cube_energy", "alpha")


def snewpy(signal: Signal) -> str:
    """Return the table of SNEWPY's `Analytic3Species`: columns apart by blanks, one line with their names."""
    time, luminosity, mean, square = guarded(signal)
    alpha = (2.0 * mean**2 - square) / (square - mean**2)
    header = " ".join(f"{what}_{who}" for who in _SNEWPY for what in ("L", "E", "ALPHA"))
    units = "TIME s, L erg/s, E mean energy in MeV, ALPHA pinching parameter"
    lines = _comments(notes(signal, units, NUX_ONE, GUARDS))
    return f"{lines}TIME {header}\n" + rows([time, *_by_species(luminosity, mean, alpha)])


def oconnor(signal: Signal) -> str:
    """Return the table of SNEWPY's `OConnor_2015`, which sntools reads too: nux summed, rms energies, a line on bounce.

    Its reader takes comments apart at the equals sign, so each has one.
    """
    time, luminosity, mean, square = guarded(signal)
    units = (
        "columns: time after bounce in s; luminosity of nue, anue, sum of four nux in erg/s; mean energies in MeV; roots "
        "of the mean square energies in MeV"
    )
    words = "".join(
        f"# note {k} = {line}\n" for k, line in enumerate(notes(signal, units, NUX_SUM, GUARDS), 1)
    )
    table = rows([time, luminosity * np.array([1.0, 1.0, 4.0]), mean, np.sqrt(square)])
    return f"# tbounce = 0.0\n{words}{table}"


def sntools_gamma(signal: Signal) -> str:
    """Return the table of sntools' format `gamma`: commas, <E>, <E^2> and L of nue, anue and one nux.

    No rows without light: sntools stays inside the table by itself, and its monotone cubics would feel them.
    """
    units = "columns: time in s; then for nue, anue, nux mean energy in MeV, mean square energy in MeV^2, luminosity in erg/s"
    window = "sntools begins and ends inside the table, so it has no rows with luminosity 0"
    columns = _by_species(signal.mean_energy, signal.mean_square_energy, signal.luminosity)
    return _comments(notes(signal, units, NUX_ONE, window)) + rows([signal.time, *columns], ",")


def csv(signal: Signal) -> str:
    """Return all that the table knows, with commas: the moments to <E^3> and alpha; nothing is added at the ends."""
    units = "units: time s, luminosity erg/s, energies MeV, MeV^2, MeV^3; moments are weighted with number"
    header = ",".join(f"{name}_{who}" for who in SPECIES for name in _CSV)
    columns = _by_species(*(getattr(signal, name) for name in _CSV))
    return _comments(notes(signal, units, NUX_ONE)) + f"time,{header}\n" + rows([signal.time, *columns], ",")


def _by_species(*columns: Array) -> list[Array]:
    """Columns of (time, species) in the order first species: all columns, second species, ..."""
    return [values[:, s] for s in range(len(SPECIES)) for values in columns]


def _comments(lines: Sequence[str]) -> str:
    return "".join(f"# {line}\n" for line in lines)
