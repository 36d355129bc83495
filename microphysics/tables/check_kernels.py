"""Check of the kernels in a file of NuLib's layout: signs, bounds, detailed balance, crossing, and size."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.tables.check_reference import KernelReference
from microphysics.tables.findings import Findings, shape_of
from microphysics.tables.nulib_layout import ANNIHILATION, KERNEL_FLOOR, PAIRS, PRODUCTION, SCATTERING, Sizes

__all__ = ["check_kernels"]

Array = NDArray[np.float64]

BOUND = 0.01  # by which |Phi_1| may exceed Phi_0: quadratures of some codes are that coarse
BALANCE = 1e-3  # relative
NEGLIGIBLE = 1e10 * KERNEL_FLOOR  # cm^3/s
PARTNERS = {
    "nue": "anue",
    "anue": "nue",
    "nux": "nux",
    "numutau": "anumutau",
    "anumutau": "numutau",
    "numu": "anumu",
    "anumu": "numu",
    "nutau": "anutau",
    "anutau": "nutau",
}


def check_kernels(
    file: Any, sizes: Sizes, rows: dict[str, Array], species: tuple[str, ...] | None, findings: Findings
) -> None:
    """Check whatever kernels are there, one species at a time.

    Parameters
    ----------
    file : h5py.File
        Open.
    sizes : Sizes
    rows : dict of ndarray
        Axes by the name of their dataset.
    species : tuple of str or None
        Unknown: crossing and size are not checked.
    findings : Findings
        Receives what is found.
    """
    names = species or tuple(f"species {s}" for s in range(sizes.species))
    reference = KernelReference(rows, findings)
    axes = ("neutrino_energies", "temp_Ipoints", "eta_Ipoints")
    comparable = species is not None and all((rows[axis] > 0.0).all() for axis in axes)
    if _both(file, SCATTERING, sizes.scattering_kernel, findings):
        for s, name in enumerate(names):
            phi = [np.asarray(file[dataset][:, s], dtype=np.float64) for dataset in SCATTERING]
            with np.errstate(all="ignore"):
                if _scattering(phi, name, rows, findings) and comparable:
                    reference.scattering(phi[0], name)
    if _both(file, PAIRS, sizes.pair_kernel, findings):
        for s, name in enumerate(names):
            phi = [np.asarray(file[dataset][:, :, s], dtype=np.float64) for dataset in PAIRS]
            with np.errstate(all="ignore"):
                if _pairs(phi, name, rows, findings) and comparable:
                    reference.pairs(phi[0][ANNIHILATION], name)
                partner = PARTNERS.get(name)
                if partner in names and names.index(partner) >= s:
                    _crossing(file, phi, name, partner, names, rows, findings)


def _both(file: Any, names: tuple[str, str], expected: tuple[int, ...], findings: Findings) -> bool:
    """Whether l = 0 and 1 are there in the right shape."""
    if not any(name in file for name in names):
        return False
    good = True
    for name in names:
        shape = shape_of(file.get(name))
        if shape is None:
            findings.add("error", name, "is missing, though its other moment is there")
            good = False
        elif shape != expected:
            hint = "; the axes stand in another order" if sorted(shape) == sorted(expected) else ""
            findings.add("error", name, f"has shape {shape}, the sizes say {expected}{hint}")
            good = False
    return good


def _place(name: str, rows: dict[str, Array], other: int, energy: int, eta: int, temperature: int) -> str:
    """Index and meaning of an element of (other energy, energy, degeneracy, T)."""
    energies = rows["neutrino_energies"]
    return (
        f"{name}, energy = {energies[energy]:.6g} MeV (index {energy}), "
        f"other energy = {energies[other]:.6g} MeV (index {other}), "
        f"mu_e/T = {rows['eta_Ipoints'][eta]:.6g} (index {eta}), temperature = "
        f"{rows['temp_Ipoints'][temperature]:.6g} MeV (index {temperature})"
    )


def _values(
    dataset: tuple[str, str],
    phi: list[Array],
    name: str,
    rows: dict[str, Array],
    findings: Findings,
    what: str = "",
) -> bool:
    """Check signs and bounds of (other energy, energy, degeneracy, T); whether all is finite."""
    place = partial(_place, name, rows)
    for moment in (0, 1):
        undefined = ~np.isfinite(phi[moment])
        findings.gather("error", dataset[moment], f"{what}is {{value}}", undefined, phi[moment], place)
    if not (np.isfinite(phi[0]).all() and np.isfinite(phi[1]).all()):
        return False
    findings.gather("error", dataset[0], f"{what}is {{value}}, negative", phi[0] < 0.0, phi[0], place)
    ratio = phi[1] / phi[0]
    beyond = (np.abs(phi[1]) > (1.0 + BOUND) * np.abs(phi[0])) & (np.abs(phi[1]) > NEGLIGIBLE)
    text = f"{what}is {{value}} times l = 0, more than 1: the rate is negative at some angle"
    findings.gather("error", dataset[1], text, beyond, ratio, place, size=np.abs(ratio))
    return True


def _scattering(phi: list[Array], name: str, rows: dict[str, Array], findings: Findings) -> bool:
    """Check kernels (out, in, degeneracy, T) of one species; whether all is finite."""
    if not _values(SCATTERING, phi, name, rows, findings):
        return False
    energy = rows["neutrino_energies"]
    up = energy[:, None] > energy  # (out, in)
    if not phi[0][up].any():
        findings.add(
            "note",
            SCATTERING[0],
            f"{name}: scattering to higher energies is empty; readers make it from the rest",
        )
        return True
    gain = np.where(up, energy[:, None] - energy, 0.0)[:, :, None, None] / rows["temp_Ipoints"]
    for moment in (0, 1):
        expected = np.swapaxes(phi[moment], 0, 1) * np.exp(-gain)
        scale = np.maximum(phi[0], np.swapaxes(phi[0], 0, 1) * np.exp(-gain))
        error = np.abs(phi[moment] - expected) / scale
        bad = up[:, :, None, None] & (scale > NEGLIGIBLE) & (error > BALANCE)
        text = "scattering to a higher energy breaks detailed balance by {value} (readers make that half themselves)"
        findings.gather(
            "warning", SCATTERING[moment], text, bad, error, partial(_place, name, rows), size=error
        )
    return True


def _pairs(phi: list[Array], name: str, rows: dict[str, Array], findings: Findings) -> bool:
    """Check kernels (production and annihilation, partner, energy, degeneracy, T) of one species; whether all is finite."""
    sound = [
        _values(PAIRS, [moment[kind] for moment in phi], name, rows, findings, what)
        for kind, what in ((PRODUCTION, "production "), (ANNIHILATION, "annihilation "))
    ]
    if not all(sound):
        return False
    energy = rows["neutrino_energies"]
    boltzmann = np.exp(-(energy[:, None] + energy)[:, :, None, None] / rows["temp_Ipoints"])
    for moment in (0, 1):
        expected = phi[moment][ANNIHILATION] * boltzmann
        scale = np.maximum(phi[0][PRODUCTION], phi[0][ANNIHILATION] * boltzmann)
        error = np.abs(phi[moment][PRODUCTION] - expected) / scale
        bad = (scale > NEGLIGIBLE) & (error > BALANCE)
        exchanged = (phi[0][PRODUCTION] > phi[0][ANNIHILATION])[bad].any() if moment == 0 else False
        hint = " (the two seem exchanged: production comes first)" if exchanged else ""
        text = f"production differs from annihilation exp(-(E + E')/T) by {{value}} of itself{hint}"
        findings.gather("error", PAIRS[moment], text, bad, error, partial(_place, name, rows), size=error)
    return True


def _crossing(
    file: Any,
    phi: list[Array],
    name: str,
    partner: str,
    names: tuple[str, ...],
    rows: dict[str, Array],
    findings: Findings,
) -> None:
    """Phi(E, E') of a neutrino is Phi(E', E) of its partner."""
    other = names.index(partner)
    scale = phi[0][ANNIHILATION]
    for moment in (0, 1):
        mirrored = np.asarray(file[PAIRS[moment]][ANNIHILATION, :, other], dtype=np.float64).swapaxes(0, 1)
        error = np.abs(phi[moment][ANNIHILATION] - mirrored) / scale
        bad = (scale > NEGLIGIBLE) & (error > BALANCE)
        text = f"annihilation of {name} and {partner} with the energies exchanged differ by {{value}}"
        # a mean over four kinds may have been made of neutrinos alone
        severity = "warning" if name == partner else "error"
        findings.gather(severity, PAIRS[moment], text, bad, error, partial(_place, name, rows), size=error)
