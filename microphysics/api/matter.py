"""Opacities and thermodynamics of matter with Quantities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from microphysics.api._quantities import plain, settings_of

# what `thermodynamics` returns of an EosState, in this order; per baryon where a density is not meant
STATE_UNITS = {
    "density": "g / cm3",
    "temperature": "MeV",
    "electron_fraction": "",
    "baryon_density": "1 / cm3",
    **{f"mass_fraction_{name}": "" for name in ("neutron", "proton", "alpha", "heavy")},
    "mass_number_heavy": "",
    "charge_number_heavy": "",
    "radius_heavy": "fm",
    **{
        f"chemical_potential_{name}": "MeV"
        for name in ("neutron", "proton", "difference", "electron", "neutrino")
    },
    "mean_field_neutron": "MeV",
    "mean_field_proton": "MeV",
    **{
        f"{name}{part}": unit
        for name, unit in {"pressure": "erg / cm3", "energy": "MeV", "entropy": ""}.items()
        for part in ("", "_baryon", "_lepton", "_photon")
    },
    "energy_density": "erg / cm3",
    "adiabatic_index": "",
    "sound_speed": "cm / s",
    "heat_capacity": "",
    "pressure_temperature_derivative": "erg / (cm3 MeV)",
}
PHASES = ("uniform", "nuclei", "bubbles", "coexistence", "traces of nuclei")  # in the order of their numbers


def opacities(
    density: Any,
    temperature: Any,
    electron_fraction: Any,
    energy: Any,
    processes: Any = None,
    eos: Any = None,
    *,
    species: Sequence[str] = ("nue", "anue", "nux"),
    **choices: Any,
) -> Any:
    """Neutrino opacities of matter in nuclear statistical equilibrium, by process.

    Parameters
    ----------
    density, temperature : Quantity
        One value or shape (zone,); a temperature in K or as an energy.
    electron_fraction : float or array_like
        Shape (zone,).
    energy : Quantity, shape (energy,)
        Neutrino energies, rising.
    processes : sequence of str, optional
        Names; all built-in ones by default (``snsim list processes``).
    eos : EquationOfState, optional
        Composition and potentials; `LattimerSwesty` by default.
    species : sequence of str
        Of the six flavours, ``nux``, ``numutau`` and ``anumutau``; a group is one species, the mean of its members.
    **choices
        Fields of `Settings` by name, such as ``form_factor``, ``structure_factor``, ``many_body`` or ``couplings``;
        ``new_physics`` takes terms of `microphysics.weak.new_physics` and `microphysics.weak.mediators`, of which those that
        flip helicities act in ``magnetic_scattering`` and ``scalar_scattering``.

    Returns
    -------
    dict of str to dict of str to Quantity
        ``result["absorption"]["charged_current"]`` and so on, shape (species, zone, energy): ``absorption`` with stimulated
        absorption and ``scattering`` weighted with 1 - cos, 1/cm; ``emissivity``, MeV/(cm3 s MeV sr); ``delta``, the
        anisotropy of the scattering.

    Raises
    ------
    OutOfRangeError
        For a wrong unit, a state outside what is allowed, or a choice that is none.
    UnknownNameError
        For an unknown process, form factor or structure factor.

    Examples
    --------
    >>> from astropy import units as u
    >>> found = opacities(1e12 * u.g / u.cm**3, 6 * u.MeV, 0.1, [10.0, 20.0] * u.MeV)
    >>> found["absorption"]["charged_current"].shape
    (3, 1, 2)

    Correlations of nuclei make matter more transparent to neutrinos of low energy:

    >>> state = (1e12 * u.g / u.cm**3, 1.5 * u.MeV, 0.35, [10.0] * u.MeV, ["nucleus_scattering"])
    >>> with_, without = (
    ...     opacities(*state, structure_factor=name)["scattering"]["nucleus_scattering"][0, 0, 0]
    ...     for name in ("table", "none")
    ... )
    >>> print(f"{with_ / without:.2f}")
    0.20
    """
    from astropy import units

    from microphysics._registry import PROCESSES
    from microphysics.eos.lattimer_swesty import LattimerSwesty
    from microphysics.opacity import OpacitySet

    rho, t, y = np.broadcast_arrays(
        plain("density", density, "g/cm3"),
        plain("temperature", temperature, "MeV"),
        np.asarray(electron_fraction, dtype=np.float64),
    )
    settings = settings_of(choices)
    chosen = OpacitySet.from_names(list(PROCESSES) if processes is None else processes, settings)
    state = (eos or LattimerSwesty())(rho, t, y)
    spectra = chosen.spectral(state.matter, plain("energy", energy, "MeV"), species)
    units_of = {"absorption": "1/cm", "scattering": "1/cm", "emissivity": "1 / (cm3 s sr)", "delta": ""}
    return {
        role: {
            name: units.Quantity(values, unit)
            for name, values in zip(spectra.processes, getattr(spectra, role), strict=True)
        }
        for role, unit in units_of.items()
    }


def thermodynamics(density: Any, temperature: Any, electron_fraction: Any, eos: Any = None) -> dict[str, Any]:
    """Composition, chemical potentials and thermodynamics of matter in nuclear statistical equilibrium.

    Parameters
    ----------
    density, temperature : Quantity
        Any shapes that broadcast; a temperature in K or as an energy.
    electron_fraction : float or array_like
        Likewise.
    eos : EquationOfState, optional
        `LattimerSwesty` with its default parameters if there is none; a table from ``microphysics.eos.formats.read``.

    Returns
    -------
    dict of str to Quantity
        The quantities of `EosState` by their names there, of the broadcast shape: energies in MeV and entropies in
        k_B, both per baryon. Besides them ``phase``, "uniform", "nuclei", "traces of nuclei" (less than 0.02 of the
        mass), "bubbles" or "coexistence", and ``nse_valid``, False below 0.5 MeV, where matter in a star is slower than
        its nuclear reactions.

    Raises
    ------
    OutOfRangeError
        For a wrong unit or a state outside the domain of the equation of state.

    Examples
    --------
    >>> from astropy import units as u
    >>> found = thermodynamics(1e12 * u.g / u.cm**3, 2 * u.MeV, 0.35)
    >>> print(f"{found['pressure']:.4g}", f"{found['chemical_potential_neutrino']:.3f}", found["phase"])
    3.189e+30 erg / cm3 25.922 MeV nuclei
    """
    from astropy import units

    if eos is None:
        from microphysics.eos.lattimer_swesty import LattimerSwesty

        eos = LattimerSwesty()
    fraction = np.asarray(electron_fraction, dtype=np.float64)
    shape = np.broadcast_shapes(np.shape(density), np.shape(temperature), fraction.shape)
    state = eos(
        plain("density", density, "g/cm3"),
        plain("temperature", temperature, "MeV"),
        np.atleast_1d(fraction),
    )
    with np.errstate(invalid="ignore"):  # there is no speed of sound where matter is unstable: NaN
        values = {name: np.reshape(getattr(state, name), shape) for name in STATE_UNITS}
    found: dict[str, Any] = {name: units.Quantity(values[name], unit) for name, unit in STATE_UNITS.items()}
    found["phase"] = np.reshape(np.array(PHASES)[state.phase], shape)
    found["nse_valid"] = np.reshape(state.nse_valid, shape)
    return found
