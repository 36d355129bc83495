"""Correlations of nuclei in a plasma with Quantities."""

from __future__ import annotations

from typing import Any

import numpy as np

from microphysics.api._quantities import Array, is_pure, number
from microphysics.errors import OutOfRangeError

__all__ = ["plasma_parameters", "structure_factor", "transport_average"]


def structure_factor(
    q: Any,
    density: Any = None,
    temperature: Any = None,
    electron_fraction: Any = None,
    *,
    nucleus: Any = None,
    coupling: Any = None,
    screening: Any = None,
    model: Any = "table",
    eos: Any = None,
) -> Any:
    """Return the static structure factor S(q) of nuclei in a plasma.

    The plasma is given by density, temperature and electron fraction, whose nuclei the equation of state knows; by
    density, temperature and a nucleus that is all there is; or by Gamma and kappa.

    Parameters
    ----------
    q : Quantity or array_like
        Momentum transfer over hbar as 1/length, or a pure number in units of 1/a, the ion-sphere radius.
    density, temperature : Quantity, optional
        Such as 1e12 g/cm^3 and 2 MeV or 2e10 K.
    electron_fraction : array_like, optional
        Z/A by default where a nucleus is given.
    nucleus : str or Nucleus, optional
        "Fe56", in place of the equation of state.
    coupling, screening : array_like, optional
        Gamma = Z^2 e^2/(a T) and kappa = k_sc a in place of all these; a rigid background, kappa = 0, by default.
    model : str or object
        ``snsim list structure-factors``, or a model of one's own. Outside its range it warns and takes its edge.
    eos : EquationOfState, optional
        `LattimerSwesty` by default.

    Returns
    -------
    Quantity
        Dimensionless, of the shape to which q and the states broadcast; 1 without nuclei. Models of mixtures give the
        weighted S_w of nuclei and alphas.

    Raises
    ------
    OutOfRangeError
        For a wrong unit, a missing argument or one too many, or a value that is not allowed.
    UnknownNameError
        For an unknown model or nucleus.
    MicrophysicsError
        For a model that has no S(q).

    Examples
    --------
    >>> from astropy import units as u
    >>> print(f"{structure_factor(4.2, coupling=40.0):.3f}", f"{structure_factor(4.2, coupling=40.0, model='hncb'):.3f}")
    1.601 1.601
    >>> print(f"{structure_factor(0.1 / u.fm, 1e12 * u.g / u.cm**3, 1.5 * u.MeV, 0.35):.3f}")
    0.728
    """
    from astropy import units

    plasma = _plasma(density, temperature, electron_fraction, nucleus, coupling, screening, eos)
    if is_pure(q):
        wave = _pure(q)
    else:
        wave = _times_radius("q", number("q", q, "1 / fm"), plasma)
    return units.Quantity(plasma.structure_factor(model, wave), "")


def transport_average(
    energy: Any,
    density: Any = None,
    temperature: Any = None,
    electron_fraction: Any = None,
    *,
    nucleus: Any = None,
    coupling: Any = None,
    screening: Any = None,
    model: Any = "table",
    eos: Any = None,
) -> Any:
    """Average <S>(E) = 12 int t^3 (1 - t^2) S(2 E t) dt: what S(q) makes of the transport cross section of point nuclei.

    Parameters
    ----------
    energy : Quantity or array_like
        Neutrino energy, or a pure number in units of hbar c/a.
    density, temperature, electron_fraction, nucleus, coupling, screening, model, eos
        As `structure_factor` takes them.

    Returns
    -------
    Quantity
        Dimensionless, of the shape to which energies and states broadcast.

    Raises
    ------
    OutOfRangeError, UnknownNameError, MicrophysicsError
        As `structure_factor`.

    Examples
    --------
    >>> from astropy import units as u
    >>> found = transport_average([5, 20] * u.MeV, 1e12 * u.g / u.cm**3, 1.5 * u.MeV, nucleus="Fe56")
    >>> print(found.round(4))
    [0.0224 0.9317]
    """
    from astropy import units

    from microphysics.constants import CODATA

    plasma = _plasma(density, temperature, electron_fraction, nucleus, coupling, screening, eos)
    if is_pure(energy):
        reduced = _pure(energy)
    else:
        wave_number = number("energy", energy, "MeV") / (CODATA.hbar_c * 1e13)
        if not (wave_number > 0.0).all():
            raise OutOfRangeError(f"energy = {units.Quantity(energy).min():g}: must be positive")
        reduced = _times_radius("energy", wave_number, plasma)
    return units.Quantity(plasma.transport_average(model, reduced), "")


def plasma_parameters(
    density: Any,
    temperature: Any,
    electron_fraction: Any = None,
    *,
    nucleus: Any = None,
    eos: Any = None,
) -> dict[str, Any]:
    """Parameters of the plasma of nuclei.

    Parameters
    ----------
    density, temperature, electron_fraction, nucleus, eos
        As `structure_factor` takes them.

    Returns
    -------
    dict of str to Quantity
        ``mass_number``, ``charge_number``, ``number_density`` of the nuclei, ``ion_sphere_radius`` a (infinite without
        nuclei), ``coupling`` Gamma, ``screening`` kappa, ``screening_wave_number`` k_sc of the electrons.

    Examples
    --------
    >>> from astropy import units as u
    >>> found = plasma_parameters(1e12 * u.g / u.cm**3, 1.5 * u.MeV, nucleus="Fe56")
    >>> print(f"{found['ion_sphere_radius']:.3f}", f"{found['coupling']:.3f}", f"{found['screening']:.3f}")
    28.105 fm 23.090 0.547
    """
    from astropy import units

    from microphysics.structure.plasma import electron_screening

    plasma = _plasma(density, temperature, electron_fraction, nucleus, None, None, eos)
    matter, shape = plasma.matter, plasma.coupling.shape
    found = {
        "mass_number": (matter.mass_number_heavy, ""),
        "charge_number": (matter.charge_number_heavy, ""),
        "number_density": (matter.number_density_heavy, "1 / cm3"),
        "ion_sphere_radius": (plasma.radius, "fm"),
        "coupling": (plasma.coupling, ""),
        "screening": (plasma.screening, ""),
        "screening_wave_number": (np.sqrt(electron_screening(matter)), "1 / fm"),
    }
    return {name: units.Quantity(np.reshape(values, shape), unit) for name, (values, unit) in found.items()}


def _plasma(
    density: Any,
    temperature: Any,
    electron_fraction: Any,
    nucleus: Any,
    coupling: Any,
    screening: Any,
    eos: Any,
) -> Any:
    """Return the plasma that the arguments mean."""
    from microphysics.ion_plasma import IonPlasma
    from microphysics.nuclei import Nucleus

    of_matter = {
        "density": density,
        "temperature": temperature,
        "electron_fraction": electron_fraction,
        "nucleus": nucleus,
        "eos": eos,
    }
    if coupling is not None or screening is not None:
        extra = [name for name, value in of_matter.items() if value is not None]
        if extra:
            raise OutOfRangeError(f"{', '.join(extra)}: leave out where coupling and screening are given")
        if coupling is None:
            raise OutOfRangeError("coupling: missing, screening alone is no plasma")
        return IonPlasma.of(_pure(coupling), _pure(0.0 if screening is None else screening))
    needed = (
        ("density", "temperature") if nucleus is not None else ("density", "temperature", "electron_fraction")
    )
    missing = [name for name in needed if of_matter[name] is None]
    if missing:
        raise OutOfRangeError(
            f"{', '.join(missing)}: missing; a plasma needs density, temperature and electron_fraction (or a nucleus), or "
            "coupling"
        )
    rho, t = number("density", density, "g / cm3"), number("temperature", temperature, "MeV")
    if nucleus is not None:
        if eos is not None:
            raise OutOfRangeError("eos: leave out where a nucleus is given")
        one = Nucleus.named(nucleus) if isinstance(nucleus, str) else nucleus
        return IonPlasma.of_nucleus(one, rho, t, electron_fraction)
    if eos is None:
        from microphysics.eos.lattimer_swesty import LattimerSwesty

        eos = LattimerSwesty()
    ye = np.asarray(electron_fraction, dtype=np.float64)
    shape = np.broadcast_shapes(rho.shape, t.shape, ye.shape)
    state = eos(*(np.broadcast_to(each, shape).reshape(-1) for each in (rho, t, ye)))
    return IonPlasma.of_matter(state.matter, shape)


def _pure(value: Any) -> Array:
    """Return pure numbers."""
    from astropy import units

    try:
        return np.asarray(units.Quantity(value).to_value(""), dtype=np.float64)
    except units.UnitConversionError:
        raise OutOfRangeError(f"expected a pure number, got something in '{value.unit}'") from None


def _times_radius(name: str, wave_number: Array, plasma: Any) -> Array:
    """Return wave numbers in 1/a."""
    if plasma.radius is None:
        raise OutOfRangeError(
            f"{name}: expected a pure number in units of {'1/a' if name == 'q' else 'hbar c/a'}, because coupling alone "
            "does not say how large the ion-sphere radius a is"
        )
    scaled: Array = wave_number * np.where(np.isfinite(plasma.radius), plasma.radius, 1.0)
    return scaled
