"""The embedded equation of state: compressible liquid drops after Lattimer & Swesty (1991), with exact leptons."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.eos import equilibrium as column
from microphysics.eos import phases as row
from microphysics.eos.domain import inside_domain
from microphysics.eos.electron_gas import CM3_PER_FM3, ERG_CM3_PER_MEV_FM3
from microphysics.eos.equilibrium import COLUMNS, fill_states
from microphysics.eos.phases import RECORD
from microphysics.eos.skyrme import MASS_DIFFERENCE, Force, skyrme_force
from microphysics.eos.state import EosState, mark_traces
from microphysics.errors import MicrophysicsError

__all__ = ["LattimerSwesty"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LattimerSwesty:
    """Supernova matter from drops of nuclear matter, alphas, nucleons, electrons, positrons and photons.

    Parameters
    ----------
    incompressibility : float
        K of symmetric nuclear matter, MeV; 180, 220 and 375 are those of the literature.
    alpha_binding : {"corrected", "ls91"}
        ``corrected`` binds the alpha particle by 28.3 MeV against two neutrons and two protons; ``ls91`` against
        four neutrons, as Lattimer & Swesty did and their tables still do: 2.6 MeV too little.

    Raises
    ------
    OutOfRangeError, UnknownNameError
        For parameters outside what is allowed.

    Notes
    -----
    Solved at each point, nothing is interpolated. The phase is that of lowest free energy; at the move to
    uniform matter nuclear and uniform matter of equal pressure and Gibbs energy coexist (Maxwell, electrons
    included, at constant T and Y_e). Alphas are left out below 0.1 MeV, where all are inside nuclei. For Y_e
    below about 0.15, or near the critical point, nuclei end before the free energies cross, where the matter
    outside has 0.9 of their density or they have fewer than 4 nucleons: F jumps there by up to 0.03 MeV per
    baryon, as `EosState.phase` does.

    Left out: a distribution of nuclei, light clusters besides alphas, shell effects (A and Z differ from those
    of nuclear masses below 1e10 g/cm^3), effective masses, muons, pions, quarks. The slope of the symmetry energy
    is L = 73.8 MeV. Neutron matter is mechanically unstable (Gamma_1 < 0) in places below Y_e = 0.007, for K = 180
    below 0.025; sound is faster than light from 2.7e15 g/cm^3, for K = 375 near 1e15: properties of the force. Below
    T = 0.5 MeV matter in a star is not in equilibrium, see `EosState.nse_valid`.

    References
    ----------
    .. [1] Lattimer & Swesty 1991, Nucl. Phys. A 535, 331.

    Examples
    --------
    >>> eos = LattimerSwesty()
    >>> state = eos(1e12, 2.0, 0.35)
    >>> print(f"X = {state.mass_fraction_heavy:.4f}, A = {state.mass_number_heavy:.2f}")
    X = 0.8953, A = 95.14
    """

    incompressibility: float = 220.0
    alpha_binding: str = "corrected"

    references = ("Lattimer & Swesty 1991, Nucl. Phys. A 535, 331",)
    baryon_mass = CODATA.atomic_mass
    density_range = (1e3, 3.2e15)
    temperature_range = (0.01, 150.0)
    electron_fraction_range = (0.005, 0.6)

    def __post_init__(self) -> None:
        _ = self._force  # refuses wrong parameters now and not at the first call

    @cached_property
    def _force(self) -> Force:
        return skyrme_force(self.incompressibility, self.alpha_binding)

    @property
    def name(self) -> str:
        """One line with the parameters."""
        return f"Lattimer-Swesty, K = {self.incompressibility:g} MeV, alpha binding {self.alpha_binding}"

    @property
    def parameters(self) -> dict[str, Any]:
        """What the answers depend on."""
        return {"incompressibility": self.incompressibility, "alpha_binding": self.alpha_binding}

    def __call__(
        self,
        density: ArrayLike,
        temperature: ArrayLike,
        electron_fraction: ArrayLike,
        *,
        on_out_of_range: str = "error",
        start: EosState | None = None,
    ) -> EosState:
        """State of matter.

        Parameters
        ----------
        density, temperature, electron_fraction : array_like
            1e3 to 3.2e15 g/cm^3, 0.01 to 150 MeV, 0.005 to 0.6; any shapes that broadcast. A point that is like
            the one before it costs a third of one that is not: keep neighbours together.
        on_out_of_range : {"error", "clamp"}
            ``clamp`` moves points outside to the edge, marks them in `EosState.clamped` and warns with their number.
        start : EosState, optional
            States near the answers and of the same shape, for instance of the step before.

        Returns
        -------
        EosState
            Of the broadcast shape.

        Raises
        ------
        OutOfRangeError
            Naming the first point outside the domain, or NaN.
        """
        (rho, t, ye), clamped, shape = inside_domain(
            self, density, temperature, electron_fraction, on_out_of_range
        )
        n = rho / (self.baryon_mass * CODATA.gram_per_mev) * CM3_PER_FM3
        out = np.empty((rho.size, COLUMNS))
        failed = fill_states(self._force, t, n, ye, _starts(start, rho.size), True, out)
        if failed >= 0:
            raise MicrophysicsError(
                f"{self.name} found no solution in point {failed} (density = {rho[failed]:.9g} g/cm^3, temperature = "
                f"{t[failed]:.9g} MeV, electron_fraction = {ye[failed]:.9g}); please report these values"
            )
        return _state(out, rho, t, ye, clamped, shape, self.baryon_mass)


def _starts(state: EosState | None, points: int) -> Array:
    """Return records from which the solver can start."""
    if state is None:
        return np.empty((0, RECORD))
    if np.size(state.density) != points:
        raise ValueError(f"start has {np.size(state.density)} points, density and the others {points}")
    starts = np.zeros((points, RECORD))
    flat = {name: np.ravel(getattr(state, name)) for name in vars(state) if name != "baryon_mass"}
    heavy = flat["radius_heavy"] > 0.0
    volume = 4.0 * np.pi / 3.0 * flat["radius_heavy"] ** 3
    starts[:, row.X_HEAVY] = flat["mass_fraction_heavy"]
    starts[:, row.MASS_NUMBER] = flat["mass_number_heavy"]
    starts[:, row.CHARGE_NUMBER] = flat["charge_number_heavy"]
    np.divide(flat["mass_number_heavy"], volume, out=starts[:, row.INSIDE], where=heavy)
    for column_, kind in ((row.ETA_N, "neutron"), (row.ETA_P, "proton")):
        starts[:, column_] = flat[f"chemical_potential_{kind}"] - flat[f"mean_field_{kind}"]
    starts[:, row.ETA_P] += MASS_DIFFERENCE
    starts[:, [row.ETA_N, row.ETA_P]] /= flat["temperature"][:, None]
    return starts


def _state(
    out: Array,
    density: Array,
    temperature: Array,
    electron_fraction: Array,
    clamped: NDArray[np.bool_],
    shape: tuple[int, ...],
    baryon_mass: float,
) -> EosState:
    """Columns of the kernel as a struct, in public units."""
    columns = np.ascontiguousarray(out.T)
    columns[[row.PRESSURE_B, column.PRESSURE_L, column.PRESSURE_G, column.PRESSURE_SLOPE]] *= (
        ERG_CM3_PER_MEV_FM3
    )
    energy = columns[row.FREE] + temperature * columns[row.ENTROPY_B]
    fields = {
        "mass_fraction_neutron": columns[row.X_NEUTRON],
        "mass_fraction_proton": columns[row.X_PROTON],
        "mass_fraction_alpha": columns[row.X_ALPHA],
        "mass_fraction_heavy": columns[row.X_HEAVY],
        "mass_number_heavy": columns[row.MASS_NUMBER],
        "charge_number_heavy": columns[row.CHARGE_NUMBER],
        "radius_heavy": columns[row.RADIUS],
        "chemical_potential_neutron": columns[row.MU_NEUTRON],
        "chemical_potential_proton": columns[row.MU_PROTON],
        "chemical_potential_electron": columns[column.MU_ELECTRON],
        "mean_field_neutron": columns[row.FIELD_N],
        "mean_field_proton": columns[row.FIELD_P],
        "pressure_baryon": columns[row.PRESSURE_B],
        "pressure_lepton": columns[column.PRESSURE_L],
        "pressure_photon": columns[column.PRESSURE_G],
        "energy_baryon": energy,
        "energy_lepton": columns[column.ENERGY_L],
        "energy_photon": columns[column.ENERGY_G],
        "entropy_baryon": columns[row.ENTROPY_B],
        "entropy_lepton": columns[column.ENTROPY_L],
        "entropy_photon": columns[column.ENTROPY_G],
        "adiabatic_index": columns[column.GAMMA_1],
        "heat_capacity": columns[column.HEAT_CAPACITY],
        "pressure_temperature_derivative": columns[column.PRESSURE_SLOPE],
    }
    return EosState(
        density=density.reshape(shape),
        temperature=temperature.reshape(shape),
        electron_fraction=electron_fraction.reshape(shape),
        **{name: values.reshape(shape) for name, values in fields.items()},
        phase=mark_traces(columns[column.PHASE].astype(np.int8), columns[row.X_HEAVY]).reshape(shape),
        clamped=clamped.reshape(shape),
        baryon_mass=baryon_mass,
    )
