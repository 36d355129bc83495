"""Coherent elastic neutrino-nucleus scattering with Quantities."""

from __future__ import annotations

from typing import Any

from microphysics.api._quantities import number, positive, terms_of
from microphysics.errors import OutOfRangeError, UnknownNameError

__all__ = ["cevns_cross_section", "cevns_differential_cross_section", "cevns_recoil_spectrum"]


def cevns_cross_section(
    nucleus: Any,
    energy: Any,
    kind: str = "total",
    form_factor: Any = "helm",
    *,
    flavor: str = "nue",
    couplings: Any = None,
    new_physics: Any = (),
    axial: bool = False,
    recoil_min: Any = None,
) -> Any:
    """Coherent elastic neutrino-nucleus cross section of nuclei at rest.

    Parameters
    ----------
    nucleus : str, Nucleus or Composition
        An isotope ("Ar40"), a natural element ("Xe") or a compound ("CsI"); of a mixture the mean per nucleus (CsI: half
        of each), a molecule of n atoms has n times as much.
    energy : Quantity
        Neutrino energy, any shape.
    kind : str
        ``total``, or ``transport`` (weighted with 1 - cos(theta)).
    form_factor : str or callable
        A name (``snsim list form-factors``), or a function of the nucleus.
    flavor : str
        nue, anue, numu, anumu, nutau or anutau: they differ by radiative corrections and new physics.
    couplings : WeakCouplings, optional
        Tree level by default; ``WeakCouplings(radiative=True)`` has one-loop values.
    new_physics : sequence
        Terms of `microphysics.weak.new_physics` and `microphysics.weak.mediators`.
    axial : bool
        Add an estimate of the axial part of nuclei with spin.
    recoil_min : Quantity, optional
        Only larger recoils count; needed where a term diverges at zero recoil (a magnetic moment).

    Returns
    -------
    Quantity
        cm^2, shape of `energy`.

    Raises
    ------
    OutOfRangeError
        For a wrong unit, an energy that is not positive, or a divergence.
    UnknownNameError
        For an unknown nucleus, flavour, kind or form factor.

    Examples
    --------
    >>> from astropy import units as u
    >>> print(f"{cevns_cross_section('Ar40', 10 * u.MeV):.3g}")
    1.87e-40 cm2
    >>> print(f"{cevns_cross_section('CsI', 30 * u.MeV, recoil_min=5 * u.keV):.3g}")
    6.09e-39 cm2
    """
    from astropy import units

    if kind not in ("total", "transport"):
        raise UnknownNameError("kind of cross section", kind, ("total", "transport"))
    values = positive("energy", energy, "MeV")
    target = _target(nucleus, form_factor, couplings, new_physics, axial)
    threshold = 0.0 if recoil_min is None else number("recoil_min", recoil_min, "MeV").item()
    return units.Quantity(getattr(target, kind)(values, flavor, threshold), "cm2")


def cevns_differential_cross_section(
    nucleus: Any,
    energy: Any,
    recoil_energy: Any,
    form_factor: Any = "helm",
    *,
    flavor: str = "nue",
    couplings: Any = None,
    new_physics: Any = (),
    axial: bool = False,
) -> Any:
    """Cross section per recoil energy of the nucleus, for neutrinos of one energy.

    Parameters
    ----------
    nucleus, form_factor, flavor, couplings, new_physics, axial
        As `cevns_cross_section` takes them.
    energy, recoil_energy : Quantity
        Of the neutrino and of the nucleus; shapes that broadcast.

    Returns
    -------
    Quantity
        cm^2/MeV, the mean per nucleus; zero above the largest recoil.

    Examples
    --------
    >>> from astropy import units as u
    >>> found = cevns_differential_cross_section("Ar40", 30 * u.MeV, [10, 60] * u.keV)
    >>> print(f"{found[0]:.3g}", found[1].value)
    5.18e-38 cm2 / MeV 0.0
    """
    from astropy import units

    values = positive("energy", energy, "MeV")
    recoil = number("recoil_energy", recoil_energy, "MeV")
    target = _target(nucleus, form_factor, couplings, new_physics, axial)
    return units.Quantity(target.dsigma_dT(values, recoil, flavor), "cm2 / MeV")


def cevns_recoil_spectrum(
    nucleus: Any,
    recoil_energy: Any,
    energy: Any,
    flux: Any,
    form_factor: Any = "helm",
    *,
    flavor: str = "nue",
    couplings: Any = None,
    new_physics: Any = (),
    axial: bool = False,
) -> Any:
    """Recoils per mass of a detector in a flux of neutrinos of one flavour.

    Parameters
    ----------
    nucleus, form_factor, flavor, couplings, new_physics, axial
        As `cevns_cross_section` takes them.
    recoil_energy : Quantity, shape (recoil,)
        Of the nucleus, > 0.
    energy : Quantity, shape (energy,)
        Of the neutrinos, rising.
    flux : Quantity, shape (energy,)
        Per area and energy, and per time (or a fluence, without the time); straight lines between the points, zero
        outside.

    Returns
    -------
    Quantity, shape (recoil,)
        1/(keV kg s), or 1/(keV kg) of a fluence.

    Raises
    ------
    OutOfRangeError
        For a wrong unit, or energies that are not positive and rising.

    Examples
    --------
    >>> from astropy import units as u
    >>> flux = [1e7, 1e7] / (u.cm**2 * u.s * u.MeV)
    >>> print(f"{cevns_recoil_spectrum('CsI', [5] * u.keV, [10, 50] * u.MeV, flux).to('1/(keV kg d)')[0]:.3g}")
    0.185 1 / (d keV kg)
    """
    from astropy import units

    from microphysics.weak.recoils import FluxMoments, recoil_spectrum

    recoil = positive("recoil_energy", recoil_energy, "MeV")
    rate = isinstance(flux, units.Quantity) and flux.unit.is_equivalent("1 / (cm2 MeV s)")
    unit = "1 / (cm2 MeV s)" if rate else "1 / (cm2 MeV)"
    moments = FluxMoments.of(positive("energy", energy, "MeV"), number("flux", flux, unit))
    target = _target(nucleus, form_factor, couplings, new_physics, axial)
    pairs = zip(target.composition.fractions.tolist(), target.scattering, strict=True)
    mean = sum(share * recoil_spectrum(one, moments, recoil, flavor) for share, one in pairs)
    per_mass = units.Quantity(
        mean * target.composition.atoms_per_gram, "1 / (MeV g s)" if rate else "1 / (MeV g)"
    )
    return per_mass.to("1 / (keV kg s)" if rate else "1 / (keV kg)")


def _target(nucleus: Any, form_factor: Any, couplings: Any, new_physics: Any, axial: bool) -> Any:
    """Return the target, or say that it is none."""
    from microphysics.nuclei import Composition, Nucleus
    from microphysics.targets import Target

    if not isinstance(nucleus, (str, Nucleus, Composition)):
        raise OutOfRangeError(
            f"nucleus: expected a name such as 'Ar40', a Nucleus or a Composition, got {type(nucleus).__name__}"
        )
    if not isinstance(form_factor, str) and not callable(form_factor):
        raise OutOfRangeError(
            f"form_factor = {form_factor!r}: expected a name such as 'helm', or a function of the nucleus"
        )
    return Target.of(nucleus, form_factor, couplings, terms_of(new_physics), axial=axial)
