"""Thermodynamic state of matter whose composition is already known, as profiles from other codes carry it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.eos.electron_gas import ElectronGas, require_range
from microphysics.eos.nucleons import NEUTRON_GAS, PROTON_GAS
from microphysics.errors import OutOfRangeError
from microphysics.matter import MatterState

__all__ = ["MASS_FRACTION_FLOOR", "from_composition"]

Array = NDArray[np.float64]

MASS_FRACTION_FLOOR = 1e-30  # of a nucleon that is absent where the other is present


def from_composition(
    density: ArrayLike,
    temperature: ArrayLike,
    electron_fraction: ArrayLike,
    mass_fraction_neutron: ArrayLike,
    mass_fraction_proton: ArrayLike,
    mass_fraction_alpha: ArrayLike,
    mass_fraction_heavy: ArrayLike,
    mass_number_heavy: ArrayLike,
    charge_number_heavy: ArrayLike,
    *,
    chemical_potential_electron: ArrayLike | None = None,
    chemical_potential_difference: ArrayLike | None = None,
    mean_field_difference: ArrayLike | None = None,
    pressure: ArrayLike | None = None,
    baryon_mass: float = CODATA.atomic_mass,
) -> MatterState:
    """Complete a given composition to a `MatterState` by ideal gases.

    Parameters
    ----------
    density, temperature, electron_fraction : array_like
        g/cm^3, MeV and 1; scalars or shape (zone,), as everything below.
    mass_fraction_neutron, mass_fraction_proton, mass_fraction_alpha, mass_fraction_heavy : array_like
        Taken as they are: nothing makes them sum to 1 or hold the charge of the electrons.
    mass_number_heavy, charge_number_heavy : array_like
        A and Z; whatever stands where there are no nuclei becomes 0.
    chemical_potential_electron : array_like, optional
        With rest mass, MeV; from the exact electron gas where not given.
    chemical_potential_difference : array_like, optional
        mu_n - mu_p with the mass difference, MeV; from free nucleons and mean fields where not given.
    mean_field_difference : array_like, optional
        U_n - U_p, MeV: U_n is set to it, U_p to 0. Both 0 where not given.
    pressure : array_like, optional
        erg/cm^3; the sum of ideal gases where not given.
    baryon_mass : float
        Reference mass that turns density into baryon number density, MeV.

    Returns
    -------
    MatterState
        With shape (zone,).

    Raises
    ------
    OutOfRangeError
        If density or temperature is not positive, a fraction lies outside 0..1, or nuclei have no A > 0, Z >=
        0.

    Notes
    -----
    mu_n = T eta(n_n) + U_n and mu_p = T eta(n_p) + U_p - (m_n - m_p), eta of the non-relativistic Fermi gas;
    with a given difference mu_p = mu_n - difference. Where only one kind of nucleon is present the other
    counts as a mass fraction of 1e-30, so that the difference is huge but finite; without free nucleons both
    are NaN. The pressure is that of Fermi gases of free nucleons, Boltzmann gases of alphas and nuclei,
    photons, and the electron-positron gas of `electron_fraction` (also where a chemical potential of
    electrons is given, which may come from an approximation).
    """
    given = {
        "density": density,
        "temperature": temperature,
        "electron_fraction": electron_fraction,
        "mass_fraction_neutron": mass_fraction_neutron,
        "mass_fraction_proton": mass_fraction_proton,
        "mass_fraction_alpha": mass_fraction_alpha,
        "mass_fraction_heavy": mass_fraction_heavy,
        "mass_number_heavy": mass_number_heavy,
        "charge_number_heavy": charge_number_heavy,
    }
    optional = (chemical_potential_electron, chemical_potential_difference, mean_field_difference, pressure)
    every = [*given.values(), *(value for value in optional if value is not None)]
    shape = np.broadcast_shapes((1,), *(np.shape(value) for value in every))
    if len(shape) != 1:
        raise ValueError(f"expected scalars or arrays of shape (zone,), got shape {shape}")

    def zones(value: ArrayLike) -> Array:
        return np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), shape))

    values = {name: zones(value) for name, value in given.items()}
    rho, t, ye, x_n, x_p, x_alpha, x_heavy, a, z = values.values()
    _check(values)
    nuclei = x_heavy > 0.0
    a[~nuclei] = 0.0
    z[~nuclei] = 0.0

    baryons = rho / (baryon_mass * CODATA.gram_per_mev)
    u_n = np.zeros(shape) if mean_field_difference is None else zones(mean_field_difference)
    u_p = np.zeros(shape)
    kinetic_n = NEUTRON_GAS.chemical_potential(np.maximum(x_n, MASS_FRACTION_FLOOR) * baryons, t)
    kinetic_p = PROTON_GAS.chemical_potential(np.maximum(x_p, MASS_FRACTION_FLOOR) * baryons, t)
    mu_n = kinetic_n + u_n
    if chemical_potential_difference is None:
        mu_p = kinetic_p + u_p - CODATA.nucleon_mass_difference
    else:
        mu_p = mu_n - zones(chemical_potential_difference)
    free = x_n + x_p > 0.0
    if chemical_potential_electron is None or pressure is None:
        exact = ElectronGas().chemical_potential(ye * baryons, t)
    mu_e = exact if chemical_potential_electron is None else zones(chemical_potential_electron)
    if pressure is None:
        boltzmann = baryons * (x_alpha / 4.0 + x_heavy / np.where(nuclei, a, 1.0))
        total = _ideal_pressure(t, kinetic_n, kinetic_p, boltzmann, exact)
    else:
        total = zones(pressure)
    return MatterState(
        density=rho,
        temperature=t,
        electron_fraction=ye,
        mass_fraction_neutron=x_n,
        mass_fraction_proton=x_p,
        mass_fraction_alpha=x_alpha,
        mass_fraction_heavy=x_heavy,
        mass_number_heavy=a,
        charge_number_heavy=z,
        chemical_potential_electron=mu_e,
        chemical_potential_neutron=np.where(free, mu_n, np.nan),
        chemical_potential_proton=np.where(free, mu_p, np.nan),
        mean_field_neutron=u_n,
        mean_field_proton=u_p,
        pressure=total,
        baryon_mass=baryon_mass,
    )


def _ideal_pressure(temperature: Array, mu_n: Array, mu_p: Array, boltzmann: Array, mu_e: Array) -> Array:
    """Pressure (erg/cm^3) of nucleons, `boltzmann` other ions per cm^3, e+- and photons; mu in MeV."""
    electrons = ElectronGas()
    pressure = boltzmann * temperature * CODATA.erg_per_mev
    pressure += NEUTRON_GAS.state(temperature, mu_n).pressure + PROTON_GAS.state(temperature, mu_p).pressure
    pressure += electrons.state(temperature, mu_e).pressure + electrons.photons(temperature).pressure
    return pressure


def _check(values: dict[str, Array]) -> None:
    """Refuse what no matter can be."""
    what = "a given composition"
    require_range("density", "g/cm^3", values["density"], 1e-30, 1e20, what=what)
    require_range("temperature", "MeV", values["temperature"], 1e-9, 1e6, what=what)
    require_range("electron_fraction", "", values["electron_fraction"], 0.0, 1.0, what=what)
    for name in ("neutron", "proton", "alpha", "heavy"):
        require_range(f"mass_fraction_{name}", "", values[f"mass_fraction_{name}"], 0.0, 1.0, what=what)
    a, z = values["mass_number_heavy"], values["charge_number_heavy"]
    bad = (values["mass_fraction_heavy"] > 0.0) & ~((a >= 1.0) & (z >= 0.0) & (z <= a))
    if bad.any():
        zone = int(np.argmax(bad))
        raise OutOfRangeError(
            f"mass_number_heavy = {a[zone]:g}, charge_number_heavy = {z[zone]:g} in zone {zone} "
            f"with mass_fraction_heavy = {values['mass_fraction_heavy'][zone]:.3g}: "
            "nuclei need A >= 1 and 0 <= Z <= A"
        )
