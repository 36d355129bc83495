"""Unit-aware entry points: astropy Quantities in and out around the float functions below them."""

from __future__ import annotations

from typing import Any

import numpy as np

from microphysics.errors import OutOfRangeError


def _value(name: str, quantity: Any, unit: str) -> Any:
    """Return plain numbers in `unit`, or say what was wrong."""
    from astropy import units

    if not isinstance(quantity, units.Quantity):
        raise OutOfRangeError(
            f"{name}: expected an astropy Quantity in units like '{unit}', got {type(quantity).__name__}"
        )
    try:
        equivalencies = units.temperature_energy() if name == "temperature" else []
        return np.atleast_1d(
            np.asarray(quantity.to_value(unit, equivalencies=equivalencies), dtype=np.float64)
        )
    except units.UnitConversionError:
        raise OutOfRangeError(f"{name}: expected a unit like '{unit}', got '{quantity.unit}'") from None


def cevns_cross_section(nucleus: str, energy: Any, kind: str = "total", form_factor: str = "helm") -> Any:
    """Coherent elastic neutrino-nucleus cross section of a nucleus at rest.

    Parameters
    ----------
    nucleus : str
        Such as "Ar40".
    energy : Quantity
        Neutrino energy, any shape.
    kind : str
        ``total``, or ``transport`` (weighted with 1 - cos(theta)).
    form_factor : str
        ``helm``, ``burrows``, ``point`` or a registered one.

    Returns
    -------
    Quantity
        cm^2, shape of `energy`.

    Raises
    ------
    OutOfRangeError
        For a wrong unit or a negative energy.
    UnknownNameError
        For an unknown nucleus, kind or form factor.

    Examples
    --------
    >>> from astropy import units as u
    >>> print(f"{cevns_cross_section('Ar40', 10 * u.MeV):.3g}")
    1.87e-40 cm2
    """
    from astropy import units

    from microphysics._registry import FORM_FACTORS
    from microphysics.errors import UnknownNameError
    from microphysics.nuclei import Nucleus
    from microphysics.weak.cevns import CEvNS

    if kind not in ("total", "transport"):
        raise UnknownNameError("kind of cross section", kind, ("total", "transport"))
    values = _value("energy", energy, "MeV")
    if not (values > 0.0).all():
        raise OutOfRangeError(f"energy = {values.min():g} MeV: must be positive")
    target = Nucleus.named(nucleus)
    cross_section = CEvNS(target, FORM_FACTORS[form_factor](target))
    return units.Quantity(getattr(cross_section, kind)(values).reshape(np.shape(energy)), "cm2")


def opacities(
    density: Any,
    temperature: Any,
    electron_fraction: Any,
    energy: Any,
    processes: Any = None,
    eos: Any = None,
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

    Returns
    -------
    dict of str to dict of str to Quantity
        ``result["absorption"]["charged_current"]`` and so on for ``scattering``: shape (species, zone, energy), 1/cm,
        species nue, anue and one nux.

    Raises
    ------
    OutOfRangeError
        For a wrong unit or a state outside what is allowed.

    Examples
    --------
    >>> from astropy import units as u
    >>> found = opacities(1e12 * u.g / u.cm**3, 6 * u.MeV, 0.1, [10.0, 20.0] * u.MeV)
    >>> found["absorption"]["charged_current"].shape
    (3, 1, 2)
    """
    from astropy import units

    from microphysics._registry import PROCESSES
    from microphysics.eos.lattimer_swesty import LattimerSwesty
    from microphysics.opacity import OpacitySet

    rho, t, y = np.broadcast_arrays(
        _value("density", density, "g/cm3"),
        _value("temperature", temperature, "MeV"),
        np.asarray(electron_fraction, dtype=np.float64),
    )
    chosen = OpacitySet.from_names(list(PROCESSES) if processes is None else processes)
    state = (eos or LattimerSwesty())(rho, t, y)
    spectra = chosen.spectral(state.matter, _value("energy", energy, "MeV"))
    return {
        role: {
            name: units.Quantity(values, "1/cm")
            for name, values in zip(spectra.processes, getattr(spectra, role), strict=True)
        }
        for role in ("absorption", "scattering")
    }
