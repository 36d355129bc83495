"""The one profile type, and its validation."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.errors import PhysicsWarning, unit_like, unit_named
from snsim.errors import ProfileError

Array = NDArray[np.float64]

# field: (unit as stored, lowest allowed, highest allowed); NaN is never allowed where a field is given
FIELDS: dict[str, tuple[str, float, float]] = {
    "radius": ("cm", 0.0, np.inf),
    "density": ("g / cm3", 1e-10, 1e17),
    "temperature": ("MeV", 1e-6, 1e3),
    "electron_fraction": ("1", 0.0, 1.0),
    "velocity": ("cm / s", -CODATA.speed_of_light, CODATA.speed_of_light),
    "mass_fraction_neutron": ("1", 0.0, 1.0),
    "mass_fraction_proton": ("1", 0.0, 1.0),
    "mass_fraction_alpha": ("1", 0.0, 1.0),
    "mass_fraction_heavy": ("1", 0.0, 1.0),
    "mass_number_heavy": ("1", 0.0, 1e4),
    "charge_number_heavy": ("1", 0.0, 1e4),
    "chemical_potential_electron": ("MeV", -1e4, 1e4),
    "chemical_potential_difference": ("MeV", -1e4, 1e4),
    "mean_field_difference": ("MeV", -1e3, 1e3),
    "gravitational_mass": ("g", 0.0, 1e36),
    "pressure": ("erg / cm3", 0.0, np.inf),
}
REQUIRED = ("radius", "density", "temperature", "electron_fraction")
COMPOSITION = (
    "mass_fraction_neutron",
    "mass_fraction_proton",
    "mass_fraction_alpha",
    "mass_fraction_heavy",
    "mass_number_heavy",
    "charge_number_heavy",
)
MASS_FRACTION_TOLERANCE = 1e-3
CHARGE_TOLERANCE, CHARGE_LIMIT = 0.02, 0.1  # of charge against Y_e: warned about, refused


@dataclass(frozen=True)
class Profile:
    """A spherical star at one instant. Plain floats in the units of `FIELDS`; `from_arrays` takes Quantities.

    Attributes
    ----------
    radius : ndarray, shape (point,)
        Areal radius of zone centres, cm, rising.
    density, temperature, electron_fraction : ndarray, shape (point,)
        g/cm^3, MeV, 1.
    velocity : ndarray or None
        dr/dtau of the fluid, cm/s, negative inwards; None means at rest.
    mass_fraction_neutron, ..., charge_number_heavy : ndarray or None
        Composition; all six or none (then nuclear statistical equilibrium supplies it).
    chemical_potential_electron, chemical_potential_difference : ndarray or None
        mu_e with rest mass; mu_n - mu_p with the mass difference, MeV; computed where not given.
    mean_field_difference : ndarray or None
        U_n - U_p, MeV; zero where not given.
    gravitational_mass : ndarray or None
        Mass m(r) of the metric, Gamma^2 = 1 - 2Gm/(rc^2), g; None means the integral of the density.
    pressure : ndarray or None
        erg/cm^3; computed where not given.
    shock_radius : float or None
        cm; None means found from the velocity, or absent.
    source : str
        Where it came from, one line.
    """

    radius: Array
    density: Array
    temperature: Array
    electron_fraction: Array
    velocity: Array | None = None
    mass_fraction_neutron: Array | None = None
    mass_fraction_proton: Array | None = None
    mass_fraction_alpha: Array | None = None
    mass_fraction_heavy: Array | None = None
    mass_number_heavy: Array | None = None
    charge_number_heavy: Array | None = None
    chemical_potential_electron: Array | None = None
    chemical_potential_difference: Array | None = None
    mean_field_difference: Array | None = None
    gravitational_mass: Array | None = None
    pressure: Array | None = None
    shock_radius: float | None = None
    source: str = "arrays"

    def __post_init__(self) -> None:
        for name in FIELDS:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, np.ascontiguousarray(value, dtype=np.float64))
        _validate(self)

    @property
    def has_composition(self) -> bool:
        """Whether mass fractions and the representative nucleus are given."""
        return self.mass_fraction_neutron is not None

    @classmethod
    def from_arrays(cls, *, shock_radius: Any = None, source: str = "arrays", **quantities: Any) -> Profile:
        """Build a profile from astropy Quantities.

        Parameters
        ----------
        shock_radius : Quantity, optional
            A length.
        source : str
            One line on the origin.
        **quantities : Quantity or array
            Any field of the class by name. Fields with a unit need a Quantity of that kind; a temperature may be
            given in K or as an energy.

        Raises
        ------
        ProfileError
            Unknown field, missing field, wrong unit, or a value outside what is allowed.

        Examples
        --------
        >>> import numpy as np
        >>> from astropy import units as u
        >>> star = Profile.from_arrays(radius=np.array([1.0, 10.0, 100.0]) * u.km,
        ...     density=np.array([1e14, 1e12, 1e9]) * u.g / u.cm**3,
        ...     temperature=np.array([20.0, 8.0, 2.0]) * u.MeV, electron_fraction=np.array([0.3, 0.1, 0.4]))
        >>> float(star.radius[-1])
        10000000.0
        """
        from astropy import units

        unknown = sorted(set(quantities) - set(FIELDS))
        if unknown:
            raise ProfileError(f"unknown profile field '{unknown[0]}'; known are {', '.join(FIELDS)}")
        arrays: dict[str, Array] = {}
        if shock_radius is not None:
            quantities = {**quantities, "shock_radius": shock_radius}
        for name, value in quantities.items():
            if value is None:
                continue
            wanted = units.Unit("cm" if name == "shock_radius" else FIELDS[name][0])
            if not isinstance(value, units.Quantity):
                if wanted != units.dimensionless_unscaled:
                    raise ProfileError(
                        f"{name}: expected an astropy Quantity with a unit like '{wanted}', got plain numbers; multiply them "
                        f"by their unit, as in {name} * astropy.units.Unit('{wanted}')"
                    )
                value = units.Quantity(value)
            try:
                equivalencies = units.temperature_energy() if name == "temperature" else []
                arrays[name] = np.asarray(
                    value.to_value(wanted, equivalencies=equivalencies), dtype=np.float64
                )
            except units.UnitConversionError:
                raise ProfileError(
                    f"{name}: expected {unit_like(str(wanted))}, got {unit_named(str(value.unit))}"
                ) from None
        shock = arrays.pop("shock_radius", None)
        missing = [name for name in REQUIRED if name not in arrays]
        if missing:
            raise ProfileError(f"a profile needs {', '.join(REQUIRED)}; missing: {', '.join(missing)}")
        from snsim.profiles.shock import with_shock

        return with_shock(cls(**arrays, shock_radius=None if shock is None else float(shock), source=source))


def _validate(profile: Profile) -> None:
    """Refuse what no star can be, naming the field, the first bad value and its place."""
    radius = profile.radius
    if radius.ndim != 1 or radius.size < 3:
        raise ProfileError(f"radius: need one axis with at least 3 points, got shape {radius.shape}")
    for name, (unit, lowest, highest) in FIELDS.items():
        value = getattr(profile, name)
        if value is None:
            if name in REQUIRED:
                raise ProfileError(f"{name}: missing")
            continue
        if value.shape != radius.shape:
            raise ProfileError(f"{name}: {value.size} values for {radius.size} radii")
        bad = ~((value >= lowest) & (value <= highest))
        if name == "radius":
            bad |= value <= 0.0
        if name == "electron_fraction":
            bad |= (value <= 0.0) | (value >= 1.0)
        if bad.any():
            i = int(np.argmax(bad))
            interval = "(0, 1)" if name == "electron_fraction" else f"[{lowest:g}, {highest:g}]"
            hint, spaced = "", "" if unit == "1" else f" {unit}"
            if name == "temperature" and value[i] > highest:
                hint = "; is it in K? Then give the unit K"
            raise ProfileError(
                f"{name} = {value[i]:.6g}{spaced} at point {i} (r = {radius[i] / 1e5:.4g} km): "
                f"allowed is {interval}{spaced}{hint}"
            )
    steps = np.diff(radius)
    if (steps <= 0.0).any():
        i = int(np.argmax(steps <= 0.0))
        raise ProfileError(
            f"radius must rise from point to point: point {i + 1} ({radius[i + 1] / 1e5:.6g} km) follows "
            f"point {i} ({radius[i] / 1e5:.6g} km)"
        )
    shock = profile.shock_radius
    if shock is not None and not radius[0] < shock < radius[-1]:
        raise ProfileError(
            f"shock_radius = {shock / 1e5:.6g} km: expected a radius inside the profile, "
            f"{radius[0] / 1e5:.4g} to {radius[-1] / 1e5:.4g} km"
        )
    _validate_composition(profile)


def _validate_composition(profile: Profile) -> None:
    """All six fields or none; mass fractions that sum to one."""
    given = [name for name in COMPOSITION if getattr(profile, name) is not None]
    if not given:
        return
    if len(given) < len(COMPOSITION):
        missing = ", ".join(name for name in COMPOSITION if name not in given)
        raise ProfileError(f"a composition needs {', '.join(COMPOSITION)}; missing: {missing}")
    total = sum(getattr(profile, name) for name in COMPOSITION[:4])
    worst = int(np.argmax(np.abs(total - 1.0)))
    if abs(total[worst] - 1.0) > MASS_FRACTION_TOLERANCE:
        raise ProfileError(
            f"mass fractions sum to {total[worst]:.6g} at point {worst} (r = {profile.radius[worst] / 1e5:.4g} km): "
            f"allowed is 1 within {MASS_FRACTION_TOLERANCE:g}"
        )
    _validate_charge(profile)


def _validate_charge(profile: Profile) -> None:
    """Hold the composition's charge to Y_e (published models agree to 0.01)."""
    _, proton, alpha, heavy, number, charge = (np.asarray(getattr(profile, name)) for name in COMPOSITION)
    per_baryon = np.divide(charge, number, out=np.zeros_like(charge), where=number > 0.0)
    defect = proton + 0.5 * alpha + per_baryon * heavy - profile.electron_fraction
    worst = int(np.argmax(np.abs(defect)))
    if abs(defect[worst]) < CHARGE_TOLERANCE:
        return
    message = (
        f"the composition's charge is {defect[worst] + profile.electron_fraction[worst]:.4g} per baryon at point {worst} "
        f"(r = {profile.radius[worst] / 1e5:.4g} km), electron_fraction = {profile.electron_fraction[worst]:.4g}"
    )
    if abs(defect[worst]) > CHARGE_LIMIT:
        raise ProfileError(f"{message}: allowed is a difference of {CHARGE_LIMIT:g}")
    warnings.warn(message, PhysicsWarning, stacklevel=2)
