"""Histories of ejecta as labelled variables, and as a result that files and figures take."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.nse import DENSITY_RANGE, ELECTRON_FRACTION_RANGE, TEMPERATURE_RANGE
from snsim.diagnostics._labels import labelled
from snsim.ejecta.histories import MARKS, R_PROCESS, R_PROCESS_RANGE, History, histogram
from snsim.ejecta.physics import EjectaPhysics
from snsim.result import Result
from snsim.variable import Variable

Array = NDArray[np.float64]

__all__ = ["GROUP", "ejecta_group", "options_toml", "to_result"]

GROUP = "ejecta"
ABSORPTION = "Qian & Woosley 1996, ApJ 471, 331"
MAGNETISM = "Horowitz 2002, PRD 65, 043001"
REDSHIFT = "Fuller & Qian 1996, Nucl. Phys. A 606, 167"
THRESHOLD = "Lippuner & Roberts 2015, ApJ 815, 82"
METHOD = "Hochbruck, Ostermann & Schweitzer 2009, SIAM J. Numer. Anal. 47, 786"
_PAD = "a trajectory with fewer rows than the longest"
_NO_MARK = "the temperature begins below this value, or ends above"
_NO_GAS = "at the mark the parcel is outside the range of the gases: " + ", ".join(
    f"{name} {low:g} to {high:g}{unit}"
    for name, (low, high), unit in (
        ("Y_e", ELECTRON_FRACTION_RANGE, ""),
        ("density", DENSITY_RANGE, " g/cm3"),
        ("temperature", TEMPERATURE_RANGE, " MeV"),
    )
)
_NO_RADIUS = "no radii were given"
_NOT_GIVEN = "no electron fraction was given along the trajectory"
_NO_FREEZE = "absorption is slower than the expansion from the first row on, or still faster in the last"
_NOTE = (
    f"Y_e at 5 GK below {R_PROCESS}; the threshold lies between {R_PROCESS_RANGE[0]} and {R_PROCESS_RANGE[1]}, "
    "lower for higher entropy and slower expansion"
)


def ejecta_group(histories: Sequence[History], physics: EjectaPhysics) -> dict[str, Variable]:
    """Return the variables of a set of histories; rows are padded with NaN to the longest.

    Parameters
    ----------
    histories : sequence of History
        At least one.
    physics : EjectaPhysics
        What they were found with.

    Returns
    -------
    dict of Variable
        Over (tracer, row), (tracer,), (tracer, mark), (bin,) and scalars. What a trajectory does not have is NaN.
    """
    clock = "proper time of the parcel" if physics.time_frame == "proper" else "time at infinity"
    papers = "; ".join(_references(physics))
    found: dict[str, Variable] = {
        "tracer": Variable(
            ("tracer",), np.array([h.trajectory.name for h in histories]), "1", "name of the trajectory"
        )
    }
    along: dict[str, tuple[Callable[[History], Any], str, str, dict[str, str]]] = {
        "time": (lambda h: h.trajectory.time, "s", "time", {"definition": clock}),
        "temperature": (lambda h: h.trajectory.temperature, "MeV", "temperature", {}),
        "density": (lambda h: h.trajectory.density, "g/cm3", "density", {}),
        "radius": (lambda h: h.trajectory.radius, "cm", "radius", {}),
        "electron_fraction": (
            lambda h: h.electron_fraction,
            "1",
            "electron fraction",
            {"references": papers},
        ),
        "electron_fraction_given": (
            lambda h: h.trajectory.electron_fraction,
            "1",
            "electron fraction in the file of the trajectory",
            {},
        ),
        "alpha_fraction": (lambda h: h.alpha_fraction, "1", "mass fraction of alpha particles", {}),
        "rate_nue": (lambda h: h.rate_nue, "1/s", "absorption of nue per neutron", {}),
        "rate_anue": (lambda h: h.rate_anue, "1/s", "absorption of anue per proton", {}),
        "rate_positron": (lambda h: h.rate_positron, "1/s", "capture of e+ per neutron", {}),
        "rate_electron": (lambda h: h.rate_electron, "1/s", "capture of e- per proton", {}),
        "expansion_time": (lambda h: h.expansion_time, "s", "expansion time", {"definition": "r/|dr/dtau|"}),
    }
    rows = np.array([h.trajectory.rows for h in histories])
    absent = {
        "radius": (_without_radius(histories), _NO_RADIUS),
        "expansion_time": (_without_radius(histories), _NO_RADIUS),
        "electron_fraction_given": (
            np.array([h.trajectory.electron_fraction is None for h in histories]),
            _NOT_GIVEN,
        ),
    }
    nowhere = np.zeros(rows.size, dtype=np.bool_)
    for name, (get, unit, words, labels) in along.items():
        values = _padded([get(h) for h in histories], int(rows.max()))
        missing, why = absent.get(name, (nowhere, ""))
        # a trajectory that lacks the quantity is named for that, not for its length
        reason = _reasons((missing, why), ((rows < rows.max()) & ~missing, _PAD))
        found[name] = labelled(("tracer", "row"), values, unit, words, reason=reason, **labels)
    return found | _summaries(histories) | _distribution(histories)


def _without_radius(histories: Sequence[History]) -> NDArray[np.bool_]:
    return np.array([h.trajectory.radius is None for h in histories])


def _reasons(*causes: tuple[NDArray[np.bool_], str]) -> str:
    """Words of the causes that occur anywhere."""
    return "; ".join(words for where, words in causes if where.any())


def _padded(values: Sequence[Array | None], longest: int) -> Array:
    table = np.full((len(values), longest), np.nan)
    for row, value in zip(table, values, strict=True):
        if value is not None:
            row[: value.size] = value
    return table


def _summaries(histories: Sequence[History]) -> dict[str, Variable]:
    """One number, or one at each mark, for every parcel."""
    each, marks = ("tracer",), ("tracer", "mark")
    at_marks = np.array([h.at_marks for h in histories])
    entropies = np.array([h.entropy_at_marks for h in histories])
    radii = np.array([h.freeze_out_radius for h in histories])
    no_mark, no_radius = np.isnan(at_marks), _without_radius(histories)
    return {
        "mark": Variable(("mark",), np.array(MARKS), "GK", "temperature at which Y_e is taken"),
        "at_mark": labelled(
            marks,
            at_marks,
            "1",
            "electron fraction where the temperature falls through a mark for the last time",
            reason=_NO_MARK,
        ),
        "entropy_at_mark": labelled(
            marks,
            entropies,
            "1",
            "entropy there, k_B per baryon",
            definition="nucleons, alphas, electrons, positrons, photons",
            reason=_reasons((no_mark, _NO_MARK), (np.isnan(entropies) & ~no_mark, _NO_GAS)),
        ),
        "final": Variable(
            each, np.array([h.final for h in histories]), "1", "electron fraction in the last row"
        ),
        "deciding": Variable(
            each,
            np.array([h.deciding for h in histories]),
            "1",
            "electron fraction at 5 GK, or the final one where 5 GK is not crossed",
        ),
        "freeze_out_radius": labelled(
            each,
            radii,
            "cm",
            "radius where absorption becomes slower than the expansion",
            definition="1/(lambda_nue + lambda_anue) = r/|dr/dtau|, the last time",
            reason=_reasons((no_radius, _NO_RADIUS), (np.isnan(radii) & ~no_radius, _NO_FREEZE)),
        ),
        "r_process": Variable(
            each,
            np.array([int(h.r_process) for h in histories], dtype=np.int64),
            "1",
            "1 where a full r-process is to be expected",
            {"definition": _NOTE, "references": THRESHOLD},
        ),
        "mass": labelled(
            each,
            np.array([h.trajectory.mass for h in histories]),
            "g",
            "mass of the parcel",
            reason="not given",
        ),
    }


def _distribution(histories: Sequence[History]) -> dict[str, Variable]:
    """Mass over Y_e, its mean, and the share below the threshold."""
    masses = np.array([h.trajectory.mass for h in histories])
    known = not np.isnan(masses).any()
    weights = masses / masses.sum() if known else np.full(masses.size, 1.0 / masses.size)
    by = "weighted with mass" if known else "all parcels alike, as not all masses are known"
    values = np.array([h.deciding for h in histories])
    edges, mass = histogram(histories)
    total = float(masses.sum()) / CODATA.solar_mass if known else math.nan
    return {
        "bin": Variable(("bin",), 0.5 * (edges[1:] + edges[:-1]), "1", "electron fraction, middle of a bin"),
        "bin_edge": Variable(("edge",), edges, "1", "electron fraction, edges of the bins"),
        "bin_mass": Variable(
            ("bin",),
            mass,
            "Msun" if known else "1",
            "mass of ejecta" if known else "share of ejecta",
            {"definition": f"by electron fraction at 5 GK or finally, {by}"},
        ),
        "mean_electron_fraction": labelled(
            (),
            float(weights @ values),
            "1",
            "mean electron fraction at 5 GK, or the final one where 5 GK is not crossed",
            definition=by,
        ),
        "r_process_share": labelled(
            (),
            float(weights @ (values < R_PROCESS)),
            "1",
            f"share of ejecta with Y_e below {R_PROCESS}",
            definition=f"{_NOTE}; {by}",
            references=THRESHOLD,
        ),
        "total_mass": labelled((), total, "Msun", "mass of the ejecta", reason="not all masses are known"),
    }


def _references(physics: EjectaPhysics) -> list[str]:
    """Papers of what was used."""
    papers = [ABSORPTION]
    if physics.weak_magnetism:
        papers.append(MAGNETISM)
    if physics.luminosity_at != "tracer":
        papers.append(REDSHIFT)
    return [*papers, METHOD]


def options_toml(physics: EjectaPhysics) -> str:
    """Return the options as TOML, couplings that differ from the defaults included."""
    lines = ["[ejecta]"]
    for option in fields(physics):
        value = getattr(physics, option.name)
        if option.name != "couplings" and value is not None:
            lines.append(f"{option.name} = {json.dumps(value)}")
    default = type(physics.couplings)()
    changed = {
        entry.name: getattr(physics.couplings, entry.name)
        for entry in fields(physics.couplings)
        if entry.name != "constants"
        and getattr(physics.couplings, entry.name) != getattr(default, entry.name)
    }
    if changed:
        lines += ["[ejecta.couplings]", *(f"{name} = {json.dumps(value)}" for name, value in changed.items())]
    return "\n".join(lines) + "\n"


def to_result(histories: Sequence[History], physics: EjectaPhysics) -> Result:
    """Return a result with one group, `ejecta`; its provenance is the caller's business."""
    return Result({GROUP: ejecta_group(histories, physics)}, options_toml(physics))
