"""The signal of a result: of its light curve, of its sequence of stars, or of a steady solution that is held for a while."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, PhysicsWarning
from snsim.errors import ConfigError
from snsim.result import Result
from snsim.series import HISTORY, TIME, moment, moments_in
from snsim.signal.spectra import Spectra
from snsim.signal.table import SPECIES, Signal
from snsim.variable import Group

Array = NDArray[np.float64]

_NEGLIGIBLE = 1e-6  # of the luminosity, what may flow inwards in groups far from the bright ones


def signal_of(result: Result, *, start: float = 0.0, duration: float = 1.0) -> Signal:
    """Return the signal of one result.

    Parameters
    ----------
    result : Result
        With a light curve (`evolution`), a sequence of stars (`history`), else with a steady solution (`transport`).
    start : float
        Time after bounce, s, of the run's t = 0, or of its steady star.
    duration : float
        For how long the luminosities of a steady solution are held, s, or of a sequence of one star; a light curve and a
        sequence have their own times.

    Returns
    -------
    Signal
        Moments at infinity.

    Raises
    ------
    ConfigError
        If there is no transport solution, or not of all three species.
    OutOfRangeError
        For times that are none.
    """
    name = result.provenance.get("title") or "run"
    words = {"source": f"snsim {result.provenance.get('snsim_version', '')}, {name}".replace(" ,", ",")}
    if "evolution" in result.groups:
        return _light_curve(result, start, words)
    if HISTORY in result.groups:
        times = result[HISTORY][TIME].values + start
        stars = [moment(result, index) for index in range(moments_in(result))]
        if len(stars) > 1:
            words["meaning"] = (
                f"{len(stars)} stars, each a steady state, linear in between; t = {start:g} s is where the sequence "
                "counts from"
            )
            return _steady_states(times, stars, words)
        start, result = float(times[0]), stars[0]
    if not (np.isfinite(duration) and duration > 0.0):
        raise OutOfRangeError(f"duration = {duration:g} s: must be positive")
    held = _steady(result)
    row: dict[str, Any] = {
        key: np.repeat(values[None], 2, axis=0) for key, values in held.items() if key != "group"
    }
    spectra = Spectra(held["group"], row.pop("number")) if "group" in held else None
    meaning = (
        f"a steady solution has no time: its luminosities are held from {start:g} s to {start + duration:g} s, and energies "
        f"and counts are those of {duration:g} s"
    )
    return Signal(
        [start, start + duration], **row, spectra=spectra, gray=spectra is None, meaning=meaning, **words
    )


def sequence_signal(pairs: Sequence[tuple[float, Result]]) -> Signal:
    """Return the signal of steady solutions at several times.

    Parameters
    ----------
    pairs : sequence of (float, Result)
        Times after bounce, s, rising, and results without a light curve.

    Returns
    -------
    Signal
        Linear between the times; with spectra if all results have the same groups.

    Raises
    ------
    ConfigError, OutOfRangeError
        As `signal_of`, and for a light curve or a sequence among the results, or fewer than two.

    Warns
    -----
    PhysicsWarning
        For results of different transport schemes or species: steps between them are not those of a star.
    """
    if len(pairs) < 2:
        raise OutOfRangeError(f"a sequence of {len(pairs)} results: expected at least two")
    for time, result in pairs:
        if "evolution" in result.groups:
            raise ConfigError(f"the result at {time:g} s has a light curve of its own: export it alone")
        if HISTORY in result.groups:
            raise ConfigError(
                f"the result at {time:g} s is a sequence with times of its own: export it alone"
            )
    _warn_of_mixture([result for _, result in pairs])
    words = {
        "source": f"{len(pairs)} steady results of snsim",
        "meaning": "steady solutions at the times given, linear in between: nothing is known of what was faster",
    }
    return _steady_states([time for time, _ in pairs], [result for _, result in pairs], words)


def _warn_of_mixture(results: Sequence[Result]) -> None:
    """Say that results were computed in different ways, as far as they tell."""
    schemes = [result.attributes.get("transport", {}).get("scheme", "") for result in results]
    groups = [result.groups.get("transport", {}) for result in results]
    species = [", ".join(map(str, group["species"].values)) for group in groups if "species" in group]
    for what, each in (("transport schemes", schemes), ("species", species)):
        different = list(dict.fromkeys(filter(None, each)))
        if len(different) > 1:
            warnings.warn(
                f"one signal of results with different {what} ({'; '.join(different)}): part of what changes from one to the "
                "next is the method, not the star",
                PhysicsWarning,
                stacklevel=3,
            )


def _steady_states(
    times: Sequence[float] | Array, results: Sequence[Result], words: dict[str, Any]
) -> Signal:
    """Steady solutions at rising times; with spectra if all have the same groups."""
    moments: list[dict[str, Any]] = [_steady(result) for result in results]
    groups = [m.get("group", np.empty(0)) for m in moments]
    same = groups[0].size > 0 and all(np.array_equal(group, groups[0]) for group in groups)
    columns = ("luminosity", "mean_energy", "mean_square_energy", "mean_cube_energy")
    table: dict[str, Any] = {name: np.stack([m[name] for m in moments]) for name in columns}
    spectra = Spectra(groups[0], np.stack([m["number"] for m in moments])) if same else None
    return Signal(times, **table, spectra=spectra, gray=any("group" not in m for m in moments), **words)


def _light_curve(result: Result, start: float, words: dict[str, Any]) -> Signal:
    group = result.groups["evolution"]
    wanted = {
        "luminosity": "luminosity_infinity",
        "mean_energy": "mean_energy_infinity",
        "mean_square_energy": "mean_square_energy_infinity",
        "mean_cube_energy": "mean_cube_energy_infinity",
    }
    missing = [key for key in wanted.values() if key not in group]
    if missing:
        raise ConfigError(f"evolution has no {', '.join(missing)}: an earlier version wrote it; run it again")
    order = _order(group, "evolution")
    columns: dict[str, Any] = {name: group[key].values[:, order] for name, key in wanted.items()}
    meaning = f"a frozen star that cools; t = {start:g} s is where the run begins"
    return Signal(group["time"].values + start, **columns, gray=True, meaning=meaning, **words)


def _steady(result: Result) -> dict[str, Array]:
    """Moments of a steady solution at infinity, by name of `Signal`; with groups also `group` and `number`."""
    group = result.groups.get("transport", {})
    if "luminosity_infinity" not in group:
        raise ConfigError("the result has no transport solution, so no neutrino signal")
    order = _order(group, "transport")
    found = {
        "luminosity": group["luminosity_infinity"].values[order, -1],
        "mean_energy": group["mean_energy_infinity"].values[order],
    }
    mean = found["mean_energy"]
    if "luminosity_spectrum_infinity" not in group:
        # ratios of moments are the same for every observer; those of the outermost zone's spectral shape
        local = group["mean_energy"].values[order, -1]
        square = (group["rms_number"].values[order, -1] / local) ** 2
        cube = (group["rms_energy"].values[order, -1] / local) ** 2
        return found | {"mean_square_energy": square * mean**2, "mean_cube_energy": cube * mean**3}
    energy = group["group"].values
    per_energy = group["luminosity_spectrum_infinity"].values[order]
    number = np.maximum(per_energy, 0.0) / CODATA.erg_per_mev / energy
    inward = (np.minimum(per_energy, 0.0) * energy).sum(axis=1) / (per_energy * energy).sum(axis=1)
    if (inward < -_NEGLIGIBLE).any():
        warnings.warn(
            f"groups in which neutrinos flow inwards carry {-inward.min():.1e} of the luminosity; the tabulated spectra "
            "leave them out",
            PhysicsWarning,
            stacklevel=3,
        )
    # groups are uniform in ln E: sums of E dN/dE are the integrals of the scheme itself
    weight = number * energy
    square, cube = ((weight * energy**n).sum(axis=1) / weight.sum(axis=1) for n in (2, 3))
    return found | {
        "mean_square_energy": square,
        "mean_cube_energy": cube,
        "group": energy,
        "number": number,
    }


def _order(group: Group, name: str) -> list[int]:
    """Where nue, anue and nux stand along the axis of species."""
    have = [str(species) for species in group["species"].values]
    missing = [species for species in SPECIES if species not in have]
    if missing:
        raise ConfigError(f"{name} has no {', '.join(missing)}: a signal needs {', '.join(SPECIES)}")
    return [have.index(species) for species in SPECIES]
