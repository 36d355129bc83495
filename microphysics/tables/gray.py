"""Gray tables: the energy means of an opacity set on a grid of states and neutrino temperatures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.eos.state import EquationOfState
from microphysics.errors import UnknownNameError
from microphysics.matter import SPECIES, MatterState
from microphysics.means import gray_means
from microphysics.opacity import OpacitySet
from microphysics.spectrum import FermiDirac
from microphysics.tables.nulib_gray import GrayTable

__all__ = ["DEGENERACIES", "gray_table"]

Array = NDArray[np.float64]

DEGENERACIES = ("equilibrium", "zero")
_MEANS = ("absorption_energy", "scattering_energy")
_EMISSIONS = ("emission_energy", "emission_number")


def gray_table(
    opacities: OpacitySet,
    eos: EquationOfState,
    density: ArrayLike,
    temperature: ArrayLike,
    electron_fraction: ArrayLike,
    neutrino_temperature: ArrayLike | None = None,
    *,
    degeneracy: str = "equilibrium",
    progress: Callable[[int, int], None] | None = None,
) -> GrayTable:
    """Average opacities over Fermi-Dirac spectra, for `write_nulib_gray`.

    Parameters
    ----------
    opacities : OpacitySet
        Processes.
    eos : EquationOfState
        Gives the matter.
    density, temperature, electron_fraction : array_like, shape (point,)
        Axes: g/cm^3, MeV, 1.
    neutrino_temperature : array_like, shape (point,), optional
        MeV; as in NuLib's script 12 values from 0.1 to 16 uniform in the logarithm.
    degeneracy : {"equilibrium", "zero"}
        Of the spectra at `neutrino_temperature`: mu_nu/T of the matter, or none. Zero where the matter has no free
        nucleons, and so no mu_nu.
    progress : callable, optional
        Called with the planes of one electron fraction that are done, and their number.

    Returns
    -------
    GrayTable
        Planck means, weighted with E^3 f. About 2 ms a state and neutrino temperature with all processes.

    Raises
    ------
    OutOfRangeError
        If the equation of state does not reach a state.
    UnknownNameError
        For another `degeneracy`.

    Notes
    -----
    Emission is NaN where mu_nu is undefined in `gray_means`; here it is 0, because such matter emits no nue and no anue.
    """
    if degeneracy not in DEGENERACIES:
        raise UnknownNameError("degeneracy of gray spectra", degeneracy, DEGENERACIES)
    rho, t, ye = (
        np.atleast_1d(np.asarray(axis, dtype=float)) for axis in (density, temperature, electron_fraction)
    )
    t_nu = (
        np.geomspace(0.1, 16.0, 12) if neutrino_temperature is None else np.atleast_1d(neutrino_temperature)
    )
    states = (ye.size, t.size, rho.size)
    own = {name: np.zeros((len(SPECIES), *states)) for name in (*_EMISSIONS, *_MEANS)}
    others = {name: np.zeros((len(SPECIES), t_nu.size, *states)) for name in _MEANS}
    for k, fraction in enumerate(ye):
        matter = eos(*np.broadcast_arrays(rho, t[:, None], fraction)).matter
        eta = _degeneracy(matter)
        in_equilibrium = gray_means(opacities, matter, _EMISSIONS)
        means = gray_means(opacities, matter, _MEANS, spectrum=_spectra(matter.temperature, eta))
        for name in own:
            found = np.nan_to_num(in_equilibrium[name]) if name in _EMISSIONS else means[name]
            own[name][:, k] = found.reshape(len(SPECIES), *states[1:])
        for i, value in enumerate(t_nu):
            spectra = _spectra(
                value * np.ones(eta.shape[1]), eta if degeneracy == "equilibrium" else 0.0 * eta
            )
            means = gray_means(opacities, matter, _MEANS, spectrum=spectra)
            for name in others:
                others[name][:, i, k] = means[name].reshape(len(SPECIES), *states[1:])
        if progress is not None:
            progress(k + 1, ye.size)
    return GrayTable(
        density=rho,
        temperature=t,
        electron_fraction=ye,
        neutrino_temperature=np.asarray(t_nu, dtype=float),
        emission=own["emission_energy"],
        number_emission=own["emission_number"],
        absorption_equilibrium=own["absorption_energy"],
        scattering_equilibrium=own["scattering_energy"],
        absorption=others["absorption_energy"],
        scattering=others["scattering_energy"],
        attributes={
            "means": "weighted with E^3 f",
            "degeneracy": f"of the spectra at tnue: {degeneracy}",
            "processes": ", ".join(process.name for process in opacities.processes),
            "references": "; ".join(opacities.references),
        },
    )


def _degeneracy(matter: MatterState) -> Array:
    """mu_nu/T by species, 0 where it is undefined."""
    return np.nan_to_num(matter.neutrino_degeneracy())


def _spectra(temperature: Array, degeneracy: Array) -> dict[str, FermiDirac]:
    return {name: FermiDirac(temperature, eta) for name, eta in zip(SPECIES, degeneracy, strict=True)}
