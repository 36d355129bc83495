"""Gray opacities with Quantities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from microphysics.api._quantities import plain, positive, settings_of
from microphysics.errors import OutOfRangeError


def gray_opacities(
    density: Any,
    temperature: Any,
    electron_fraction: Any,
    names: Sequence[str] | None = None,
    processes: Sequence[str] | None = None,
    eos: Any = None,
    *,
    neutrino_temperature: Any = None,
    neutrino_degeneracy: Any = 0.0,
    species: Sequence[str] = ("nue", "anue", "nux"),
    **choices: Any,
) -> dict[str, Any]:
    """Energy means of neutrino opacities of matter in nuclear statistical equilibrium, each by its name.

    Parameters
    ----------
    density, temperature : Quantity
        One value or shape (zone,); a temperature in K or as an energy.
    electron_fraction : float or array_like
        Shape (zone,).
    names : sequence of str, optional
        Of `microphysics.means.MEANS`, which says what each is; all of them by default.
    processes : sequence of str, optional
        Names; all built-in ones by default (``snsim list processes``).
    eos : EquationOfState, optional
        Composition and potentials; `LattimerSwesty` by default.
    neutrino_temperature : Quantity, optional
        Of Fermi-Dirac spectra of all species, one value or shape (species, zone); neutrinos in equilibrium with the matter
        by default.
    neutrino_degeneracy : float or array_like
        eta of those spectra, likewise.
    species : sequence of str
        Flavours or groups, as in `opacities`.
    **choices
        Fields of `Settings` by name, as in `opacities`.

    Returns
    -------
    dict of str to Quantity
        Shape (species, zone): 1/cm for mean opacities, cm for the moments ``diffusion_*`` of
        the mean free path, MeV/(cm3 s) and 1/(cm3 s) for ``emission_*``.

    Raises
    ------
    OutOfRangeError
        For a wrong unit or a state outside what is allowed.
    UnknownNameError
        For an unknown mean or process.

    Examples
    --------
    >>> from astropy import units as u
    >>> state = (1e12 * u.g / u.cm**3, 6 * u.MeV, 0.1, ["absorption_energy", "rosseland_energy"])
    >>> found = gray_opacities(*state, ["charged_current", "nucleon_scattering"])
    >>> [f"{found[name][0, 0].to('1/km'):.3g}" for name in found]
    ['3.96 1 / km', '2.69 1 / km']

    Neutrinos that are hotter than the matter are absorbed more:

    >>> hotter = gray_opacities(*state, ["charged_current"], neutrino_temperature=8 * u.MeV)
    >>> bool(hotter["absorption_energy"][0, 0] > found["absorption_energy"][0, 0])
    True
    """
    from astropy import units

    from microphysics._registry import PROCESSES
    from microphysics.eos.lattimer_swesty import LattimerSwesty
    from microphysics.means import MEANS, gray_means
    from microphysics.opacity import OpacitySet
    from microphysics.spectrum import FermiDirac

    rho, t, y = np.broadcast_arrays(
        plain("density", density, "g/cm3"),
        plain("temperature", temperature, "MeV"),
        np.asarray(electron_fraction, dtype=np.float64),
    )
    chosen = OpacitySet.from_names(list(PROCESSES) if processes is None else processes, settings_of(choices))
    species = (species,) if isinstance(species, str) else tuple(species)
    matter = (eos or LattimerSwesty())(rho, t, y).matter
    spectrum = None
    if neutrino_temperature is not None:
        try:
            every = [
                np.broadcast_to(values, (len(species), t.size))
                for values in (
                    positive("neutrino_temperature", neutrino_temperature, "MeV"),
                    neutrino_degeneracy,
                )
            ]
        except ValueError:
            raise OutOfRangeError(
                f"neutrino_temperature and neutrino_degeneracy: expected one value or shape {(len(species), t.size)}"
            ) from None
        spectrum = {name: FermiDirac(*row) for name, *row in zip(species, *every, strict=True)}
    found = gray_means(chosen, matter, names, species, spectrum=spectrum)
    return {name: units.Quantity(values, MEANS[name].unit) for name, values in found.values.items()}
