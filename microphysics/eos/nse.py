"""Small nuclear statistical equilibrium: neutrons, protons, alphas and one nucleus, with exact electrons.

A stopgap behind the interface of the full equation of state: it is right where the matter is nucleons and
alphas (the shocked layers), has one frozen nucleus where the matter is nuclei, and no interaction at all:
above `alpha_cut` only free nucleons are left. The kernels are in `saha.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.eos.electron_gas import CM3_PER_FM3, ERG_CM3_PER_MEV_FM3, require_range
from microphysics.eos.saha import (
    ALPHA_BINDING,
    FAILED,
    NUCLEI,
    NUCLEONS,
    SAHA,
    SOLVED,
    fill_state,
    fill_temperature,
)
from microphysics.errors import OutOfRangeError
from microphysics.matter import MatterState

__all__ = [
    "ALPHA_BINDING",
    "IRON_BINDING",
    "SahaNSE",
    "nuclei_only_entropy",
    "nuclei_only_state",
    "nuclei_only_temperature_from_entropy",
]

Array = NDArray[np.float64]

IRON_BINDING = 492.26  # MeV (AME2020, Wang et al. 2021, Chin. Phys. C 45, 030003, to 1e-5)

DENSITY_RANGE = (1e3, 1e15)
TEMPERATURE_RANGE = (0.05, 100.0)
TEMPERATURE_RANGE_NUCLEI = (0.01, 100.0)
ELECTRON_FRACTION_RANGE = (0.01, 0.6)
ELECTRON_FRACTION_RANGE_NUCLEI = (0.01, 1.0)
TRACE = 1e-30  # mass fractions of nuclei and alphas below this are set to 0


def _zones(*values: ArrayLike) -> list[Array]:
    """Broadcast inputs to arrays of one shape (zone,)."""
    arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(value, dtype=np.float64)) for value in values))
    if arrays[0].ndim != 1:
        raise ValueError(f"expected scalars or arrays of shape (zone,), got shape {arrays[0].shape}")
    return [np.array(array) for array in arrays]  # copies: the state must not change with the caller's arrays


def _baryons_per_fm3(density: Array) -> Array:
    return density / (CODATA.atomic_mass * CODATA.gram_per_mev) * CM3_PER_FM3


def _unsolved(model: str, zone: int, density: Array, electron_fraction: Array) -> OutOfRangeError:
    return OutOfRangeError(
        f"{model} found no solution in zone {zone} (density = {density[zone]:.6g} g/cm^3, "
        f"electron_fraction = {electron_fraction[zone]:.6g}); please report these values"
    )


@dataclass(frozen=True)
class _Model:
    """What the two public models share: domain, nucleus and calls of the kernels."""

    name: str
    temperatures: tuple[float, float]
    electron_fractions: tuple[float, float]
    binding: float
    alpha_binding: float

    def check(self, density: Array, electron_fraction: Array, temperature: Array | None = None) -> None:
        require_range("density", "g/cm^3", density, *DENSITY_RANGE, what=self.name)
        require_range("electron_fraction", "", electron_fraction, *self.electron_fractions, what=self.name)
        if temperature is not None:
            require_range("temperature", "MeV", temperature, *self.temperatures, what=self.name)

    def solve(
        self, kinds: NDArray[np.int64], density: Array, temperature: Array, ye: Array, a: Array, z: Array
    ) -> Array:
        out = np.empty((9, density.size))
        zone = fill_state(
            kinds, _baryons_per_fm3(density), temperature, ye, a, z, self.binding, self.alpha_binding, out
        )
        if zone >= 0:
            raise _unsolved(self.name, zone, density, ye)
        return out

    def state(
        self, kinds: NDArray[np.int64], density: Array, temperature: Array, ye: Array, a: Array, z: Array
    ) -> MatterState:
        out = self.solve(kinds, density, temperature, ye, a, z)
        mu_e, mu_n, mu_p, x_n, x_p, x_alpha, x_heavy, pressure, _ = out
        x_alpha[x_alpha < TRACE] = 0.0
        x_heavy[x_heavy < TRACE] = 0.0
        return MatterState(
            density=density,
            temperature=temperature,
            electron_fraction=ye,
            mass_fraction_neutron=x_n,
            mass_fraction_proton=x_p,
            mass_fraction_alpha=x_alpha,
            mass_fraction_heavy=x_heavy,
            mass_number_heavy=np.where(x_heavy > 0.0, a, 0.0),
            charge_number_heavy=np.where(x_heavy > 0.0, z, 0.0),
            chemical_potential_electron=mu_e,
            chemical_potential_neutron=mu_n,
            chemical_potential_proton=mu_p - CODATA.nucleon_mass_difference,
            mean_field_neutron=np.zeros_like(density),
            mean_field_proton=np.zeros_like(density),
            pressure=pressure * ERG_CM3_PER_MEV_FM3,
        )

    def entropy(
        self, kinds: NDArray[np.int64], density: Array, temperature: Array, ye: Array, a: Array, z: Array
    ) -> Array:
        entropy: Array = self.solve(kinds, density, temperature, ye, a, z)[8]
        return entropy

    def temperature(
        self, kinds: NDArray[np.int64], density: Array, entropy: Array, ye: Array, a: Array, z: Array
    ) -> Array:
        require_range("entropy", "k_B/baryon", entropy, 1e-12, 1e12, what=self.name)
        out = np.empty(density.size)
        coldest, hottest = self.temperatures
        status, zone = fill_temperature(
            kinds,
            _baryons_per_fm3(density),
            entropy,
            ye,
            a,
            z,
            self.binding,
            self.alpha_binding,
            coldest,
            hottest,
            out,
        )
        if status == FAILED:
            raise _unsolved(self.name, zone, density, ye)
        if status != SOLVED:
            one = slice(zone, zone + 1)
            at = (kinds[one].repeat(2), density[one].repeat(2), np.array([coldest, hottest]))
            lowest, highest = self.entropy(*at, ye[one].repeat(2), a[one].repeat(2), z[one].repeat(2))
            raise OutOfRangeError(
                f"entropy = {entropy[zone]:.6g} k_B/baryon in zone {zone} "
                f"(density = {density[zone]:.6g} g/cm^3, electron_fraction = {ye[zone]:.6g}): {self.name} "
                f"is valid there for {lowest:.6g} <= entropy <= {highest:.6g} k_B/baryon, "
                f"that is {coldest:g} <= temperature <= {hottest:g} MeV"
            )
        return out


@dataclass(frozen=True)
class SahaNSE:
    """Nuclear statistical equilibrium of n, p, alpha and one nucleus, with exact electrons and photons.

    Parameters
    ----------
    alpha_cut : float
        Density (g/cm^3) above which there are neither alphas nor nuclei, only free nucleons. Without
        interactions Saha would lock all protons of a core into alphas; composition, pressure and temperature
        at given entropy jump here.
    mass_number, charge_number : float
        A and Z of the representative nucleus, A > Z > 0; 56Fe by default.
    binding : float
        Its binding energy, MeV, in m_A = Z m_p + (A - Z) m_n - B.
    alpha_binding : float
        The alpha particle's, MeV. The equation of state of Lattimer & Swesty (1991, Nucl. Phys. A 535, 331)
        has in effect 28.3 - 2 (m_n - m_p) = 25.71: take that to compare with simulations that used it.

    Raises
    ------
    OutOfRangeError
        From any method, for a zone outside 1e3..1e15 g/cm^3, 0.05..100 MeV or Y_e 0.01..0.6.

    Notes
    -----
    Nucleons are ideal Fermi gases with bare masses, alphas and nuclei Boltzmann gases in their ground state.
    Left out: interactions, excluded volume, Coulomb corrections, excited states, every other nucleus.
    Composition is therefore trustworthy where free nucleons and alphas dominate. Below about T = 0.5 MeV
    matter in a star is not in equilibrium; the state returned there is the equilibrium one all the same. At
    Y_e = Z/A and low T mu_n - mu_p is a step: nucleons of one kind or the other are left over on its two
    sides.

    Examples
    --------
    >>> nse = SahaNSE()
    >>> matter = nse.state(1e10, 3.0, 0.2)
    >>> round(float(nse.temperature_from_entropy(1e10, nse.entropy(1e10, 3.0, 0.2), 0.2)[0]), 9)
    3.0
    """

    alpha_cut: float = 1e13
    mass_number: float = 56.0
    charge_number: float = 26.0
    binding: float = IRON_BINDING
    alpha_binding: float = ALPHA_BINDING

    def __post_init__(self) -> None:
        if not 1.0 < self.mass_number < 1e3 or not 0.0 < self.charge_number < self.mass_number:
            raise OutOfRangeError(
                f"mass_number = {self.mass_number:g}, charge_number = {self.charge_number:g}: "
                "the nucleus needs 0 < charge_number < mass_number and 1 < mass_number < 1000"
            )
        if not 0.0 <= self.binding < 20.0 * self.mass_number:
            raise OutOfRangeError(
                f"binding = {self.binding:g} MeV: allowed is 0 to {20.0 * self.mass_number:g} MeV, "
                "20 MeV for each nucleon (it is the binding energy of the whole nucleus)"
            )
        if not 0.0 <= self.alpha_binding < 80.0:
            raise OutOfRangeError(f"alpha_binding = {self.alpha_binding:g} MeV: allowed is 0 to 80 MeV")
        if not self.alpha_cut >= 0.0:
            raise OutOfRangeError(f"alpha_cut = {self.alpha_cut:g} g/cm^3: allowed is 0 and above")

    @property
    def _model(self) -> _Model:
        name = "nuclear statistical equilibrium"
        return _Model(name, TEMPERATURE_RANGE, ELECTRON_FRACTION_RANGE, self.binding, self.alpha_binding)

    def _kinds(self, density: Array) -> NDArray[np.int64]:
        return np.where(density > self.alpha_cut, NUCLEONS, SAHA).astype(np.int64)

    def _nucleus(self, like: Array) -> tuple[Array, Array]:
        return np.full(like.size, float(self.mass_number)), np.full(like.size, float(self.charge_number))

    def state(self, density: ArrayLike, temperature: ArrayLike, electron_fraction: ArrayLike) -> MatterState:
        """Composition, chemical potentials and pressure.

        Parameters
        ----------
        density, temperature, electron_fraction : array_like
            g/cm^3, MeV and 1; scalars or shape (zone,).

        Returns
        -------
        MatterState
            With shape (zone,), reference mass the atomic mass unit, no mean fields.
        """
        rho, t, ye = _zones(density, temperature, electron_fraction)
        self._model.check(rho, ye, t)
        return self._model.state(self._kinds(rho), rho, t, ye, *self._nucleus(rho))

    def entropy(self, density: ArrayLike, temperature: ArrayLike, electron_fraction: ArrayLike) -> Array:
        """Total entropy, k_B per baryon, shape (zone,); parameters as for `state`."""
        rho, t, ye = _zones(density, temperature, electron_fraction)
        self._model.check(rho, ye, t)
        return self._model.entropy(self._kinds(rho), rho, t, ye, *self._nucleus(rho))

    def temperature_from_entropy(
        self, density: ArrayLike, entropy: ArrayLike, electron_fraction: ArrayLike
    ) -> Array:
        """Temperature at which the total entropy has a given value.

        Parameters
        ----------
        density, entropy, electron_fraction : array_like
            g/cm^3, k_B per baryon and 1; scalars or shape (zone,).

        Returns
        -------
        ndarray, shape (zone,)
            MeV.

        Raises
        ------
        OutOfRangeError
            Also where the entropy belongs to no temperature between 0.05 and 100 MeV.
        """
        rho, s, ye = _zones(density, entropy, electron_fraction)
        self._model.check(rho, ye)
        return self._model.temperature(self._kinds(rho), rho, s, ye, *self._nucleus(rho))


_NUCLEI_ONLY = _Model(
    "matter of nuclei only", TEMPERATURE_RANGE_NUCLEI, ELECTRON_FRACTION_RANGE_NUCLEI, 0.0, 0.0
)


def _only_nuclei(electron_fraction: Array, mass_number: float) -> tuple[NDArray[np.int64], Array, Array]:
    require_range("mass_number", "", np.array([mass_number]), 1.0, 1e3, what=_NUCLEI_ONLY.name)
    a = np.full(electron_fraction.size, float(mass_number))
    return np.full(a.size, NUCLEI, dtype=np.int64), a, a * electron_fraction


def nuclei_only_state(
    density: ArrayLike, temperature: ArrayLike, electron_fraction: ArrayLike, mass_number: float = 56.0
) -> MatterState:
    """Matter of one kind of nucleus, electrons, positrons and photons, as ahead of the shock.

    Parameters
    ----------
    density, temperature, electron_fraction : array_like
        g/cm^3, MeV (0.01 to 100) and 1; scalars or shape (zone,).
    mass_number : float
        A; Z = A Y_e.

    Returns
    -------
    MatterState
        Chemical potentials of the nucleons are NaN: there are none.

    Raises
    ------
    OutOfRangeError
        For a zone outside the ranges.

    Notes
    -----
    Nuclei of mass A m_u as an ideal Boltzmann gas in their ground state, without Coulomb corrections.
    """
    rho, t, ye = _zones(density, temperature, electron_fraction)
    _NUCLEI_ONLY.check(rho, ye, t)
    kinds, a, z = _only_nuclei(ye, mass_number)
    return _NUCLEI_ONLY.state(kinds, rho, t, ye, a, z)


def nuclei_only_entropy(
    density: ArrayLike, temperature: ArrayLike, electron_fraction: ArrayLike, mass_number: float = 56.0
) -> Array:
    """Total entropy of `nuclei_only_state`, k_B per baryon, shape (zone,)."""
    rho, t, ye = _zones(density, temperature, electron_fraction)
    _NUCLEI_ONLY.check(rho, ye, t)
    kinds, a, z = _only_nuclei(ye, mass_number)
    return _NUCLEI_ONLY.entropy(kinds, rho, t, ye, a, z)


def nuclei_only_temperature_from_entropy(
    density: ArrayLike, entropy: ArrayLike, electron_fraction: ArrayLike, mass_number: float = 56.0
) -> Array:
    """Temperature (MeV) at which `nuclei_only_entropy` has a given value.

    Parameters
    ----------
    density, entropy, electron_fraction : array_like
        g/cm^3, k_B per baryon and 1; scalars or shape (zone,).
    mass_number : float
        A of the nuclei.

    Returns
    -------
    ndarray, shape (zone,)
        MeV.

    Raises
    ------
    OutOfRangeError
        Also where the entropy belongs to no temperature between 0.01 and 100 MeV.
    """
    rho, s, ye = _zones(density, entropy, electron_fraction)
    _NUCLEI_ONLY.check(rho, ye)
    kinds, a, z = _only_nuclei(ye, mass_number)
    return _NUCLEI_ONLY.temperature(kinds, rho, s, ye, a, z)
