"""Labelled variables of a result back to background, opacities and solution: `records` the other way round."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.matter import MatterState
from microphysics.opacity import OpacitySpectra
from snsim.transport.background import Background
from snsim.transport.solution import SpectralField, TransportSolution
from snsim.variable import Group, Variable

Array = NDArray[np.float64]

_OPTIONAL = ("mass_fraction_deuteron", "mass_fraction_triton", "mass_fraction_helion")


def restore_background(profile: Group) -> Background:
    """Return the star that `records.profile_group` wrote.

    Raises
    ------
    KeyError
        Naming a variable that is missing.
    """
    matter: dict[str, Any] = {
        field.name: _float(profile[field.name]) for field in fields(MatterState) if field.name in profile
    }
    matter["baryon_mass"] = float(profile["baryon_mass"].values)
    missing = [f.name for f in fields(MatterState) if f.name not in matter and f.name not in _OPTIONAL]
    if missing:
        raise KeyError(missing[0])
    own = [field.name for field in fields(Background) if field.name not in ("matter", "shock_radius")]
    return Background(
        **{name: _float(profile[name]) for name in own},
        matter=MatterState(**matter),
        shock_radius=float(profile["shock_radius"].values),
    )


def restore_spectra(opacity: Group, background: Background) -> OpacitySpectra:
    """Return the opacities that `records.opacity_group` wrote.

    The scattering without weight follows from the stored anisotropy, to round-off.

    Raises
    ------
    KeyError
        Naming a variable that is missing.
    """
    scattering = _float(opacity["scattering"])
    transport_share = 1.0 - _float(opacity["delta"]) / 3.0
    collision = np.divide(
        scattering, transport_share, out=np.zeros_like(scattering), where=transport_share > 0.0
    )
    return OpacitySpectra(
        species=_names(opacity["species"]),
        processes=_names(opacity["process"]),
        energy=_float(opacity["energy"]),
        absorption=_float(opacity["absorption"]),
        scattering=scattering,
        exchange=_float(opacity["exchange"]),
        collision=collision,
        temperature=background.matter.temperature,
        degeneracy=_float(opacity["degeneracy"]),
    )


def restore_solution(transport: Group) -> TransportSolution:
    """Return the solution that `records.transport_group` wrote.

    Raises
    ------
    KeyError
        Naming a variable that is missing.
    """
    species = _names(transport["species"])
    flux_factor = _float(transport["flux_factor"]).copy()
    flux_factor[:, 0] = np.nan  # stored as 0: nothing flows through the centre
    special = {
        "species",
        "flux_factor",
        "converged",
        "iterations",
        "residual_history",
        "spectral",
        "worst_zone",
    }
    plain = [field.name for field in fields(TransportSolution) if field.name not in special]
    arrays: dict[str, Any] = {name: _float(transport[name]) for name in plain}
    history = transport.get("residual_history")
    return TransportSolution(
        species=species,
        flux_factor=flux_factor,
        converged=bool(transport["converged"].values),
        iterations=np.asarray(transport["iterations"].values, dtype=np.int64),
        residual_history=() if history is None else tuple(_float(history)),
        spectral=_spectral(transport),
        **arrays,
    )


def _spectral(transport: Group) -> SpectralField | None:
    if "occupation" not in transport:
        return None
    factor = transport.get("eddington_factor")
    return SpectralField(
        energy=_float(transport["group"]),
        occupation=_float(transport["occupation"]),
        occupation_flux=_float(transport["occupation_flux"]),
        rms_number=_float(transport["rms_number"]),
        rms_energy=_float(transport["rms_energy"]),
        eddington_factor=None if factor is None else _float(factor),
        worst=(),
    )


def _float(variable: Variable) -> Array:
    return np.ascontiguousarray(variable.values, dtype=np.float64)


def _names(variable: Variable) -> tuple[str, ...]:
    return tuple(str(name) for name in variable.values)
