"""What a table does not say about its nodes, and how they are laid out for lookup."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from microphysics._jit import njit
from microphysics.constants import CODATA
from microphysics.eos import lookup
from microphysics.eos.electron_gas import ERG_CM3_PER_MEV_FM3
from microphysics.eos.nucleons import nucleon_degeneracy

__all__ = ["derivative_fields", "mean_fields", "packed_nodes", "without_holes"]

Array = NDArray[np.float64]
Fields = Mapping[str, Array]

_RARE = 1e-20  # mass fractions below say nothing about a mean field: many tables cut them off


@njit
def _mean_field(
    mu: Array, fraction: Array, density: Array, temperature: Array, mass: float, out: Array
) -> None:
    for i in range(density.size):
        for j in range(temperature.size):
            for k in range(mu.shape[2]):
                if fraction[i, j, k] > _RARE:
                    eta = nucleon_degeneracy(fraction[i, j, k] * density[i], temperature[j], mass)
                    out[i, j, k] = mu[i, j, k] - temperature[j] * eta
                else:
                    out[i, j, k] = 0.0


def mean_fields(density: Array, temperature: Array, fields: Fields) -> dict[str, Array]:
    """U_n, U_p that make a bare Fermi gas of the free nucleons have the table's chemical potentials.

    Parameters
    ----------
    density, temperature : ndarray
        Axes, 1/fm^3 and MeV.
    fields : mapping of str to ndarray
        Of the table; 0 comes out where a nucleon's mass fraction is below 1e-20.

    Notes
    -----
    The volume that nuclei take from the nucleons is left out, as no file says it: near the transition to uniform
    matter part of U is T ln(1 - u).
    """
    result = {}
    for name, mass, offset in (
        ("neutron", CODATA.neutron_mass, 0.0),
        ("proton", CODATA.proton_mass, CODATA.nucleon_mass_difference),
    ):
        mu = np.ascontiguousarray(fields[f"chemical_potential_{name}"], dtype=np.float64) + offset
        fraction = np.ascontiguousarray(fields[f"mass_fraction_{name}"], dtype=np.float64)
        out = np.empty_like(mu)
        _mean_field(mu, fraction, density, temperature, mass, out)
        result[f"mean_field_{name}"] = out
    return result


def derivative_fields(density: Array, temperature: Array, fields: Fields) -> dict[str, Array]:
    """de_b/dT, dP_b/dT and dP_b/dn of a table by parabolas through neighbouring nodes.

    Parameters
    ----------
    density, temperature : ndarray
        Axes, 1/fm^3 and MeV.
    fields : mapping of str to ndarray
        Of the table. de_b/dT below 0, which no matter has, becomes 0.
    """
    pressure = fields["pressure_baryon"]
    capacity = np.gradient(fields["energy_baryon"], temperature, axis=1, edge_order=2)
    slope = np.gradient(pressure / ERG_CM3_PER_MEV_FM3, density, axis=0, edge_order=2)
    return {
        "heat_capacity_baryon": np.maximum(capacity, 0.0),
        "pressure_temperature_derivative_baryon": np.gradient(pressure, temperature, axis=1, edge_order=2),
        "pressure_density_derivative_baryon": slope,
    }


@njit
def _extend(values: Array, known: NDArray[np.bool_]) -> None:
    """Copy values from the nearest known node along the first, then the second, then the third axis."""
    n_x, n_y, n_z = known.shape
    for j in range(n_y):
        for k in range(n_z):
            _extend_line(values[:, j, k], known[:, j, k])
    for i in range(n_x):
        for k in range(n_z):
            _extend_line(values[i, :, k], known[i, :, k])
    for i in range(n_x):
        for j in range(n_y):
            _extend_line(values[i, j, :], known[i, j, :])


@njit
def _extend_line(values: Array, known: NDArray[np.bool_]) -> None:
    """Fill the unknown points (rows) of a line; `known` becomes true if any point was."""
    size = known.size
    source = np.full(size, -1)
    last = -1
    for i in range(size):
        if known[i]:
            last = i
        source[i] = last
    last = -1
    for i in range(size - 1, -1, -1):
        if known[i]:
            last = i
        if last >= 0 and (source[i] < 0 or last - i < i - source[i]):
            source[i] = last
    if last < 0:
        return
    for i in range(size):
        if not known[i]:
            values[i] = values[source[i]]
    known[:] = True


def without_holes(fields: Fields, valid: NDArray[np.bool_]) -> dict[str, Array]:
    """Fields in which nodes that are not valid have the values of a neighbour, which only keeps them finite."""
    filled = dict(fields)
    if not valid.all():
        for name, values in fields.items():
            filled[name] = np.array(values, dtype=np.float64)
            _extend(filled[name], valid.copy())
    return filled


def packed_nodes(density: Array, temperature: Array, fields: Fields) -> Array:
    """Lay a table out as `lookup.Grid` wants it.

    Parameters
    ----------
    density, temperature : ndarray
        Axes, 1/fm^3 and MeV.
    fields : mapping of str to ndarray
        Complete, mean fields and derivatives included, without holes.

    Returns
    -------
    ndarray, shape (density, temperature, electron fraction, ROWS)
    """
    n = density[:, None, None]
    t = temperature[None, :, None]
    free = np.log(n) - 1.5 * np.log(t)
    nodes = np.zeros((*fields["energy_baryon"].shape, lookup.ROWS))
    with np.errstate(divide="ignore", invalid="ignore"):
        for row, name in (
            (lookup.LN_NEUTRON, "neutron"),
            (lookup.LN_PROTON, "proton"),
            (lookup.LN_ALPHA, "alpha"),
            (lookup.LN_HEAVY, "heavy"),
        ):
            nodes[..., row] = np.log(np.maximum(fields[f"mass_fraction_{name}"], lookup.SMALLEST))
        nodes[..., lookup.HEAVY] = fields["mass_fraction_heavy"]
        nuclei = fields["mass_fraction_heavy"] > 0.0
        a = np.where(nuclei, fields["mass_number_heavy"], 1.0)
        nodes[..., lookup.MASS_NUMBER] = a
        nodes[..., lookup.CHARGE_SHARE] = np.where(nuclei, fields["charge_number_heavy"] / a, 0.0)
        nodes[..., lookup.RADIUS] = fields["radius_heavy"] if "radius_heavy" in fields else np.nan
        for row, name in (
            (lookup.MU_NEUTRON, "neutron"),
            (lookup.MU_PROTON, "proton"),
        ):
            logarithm = nodes[..., lookup.LN_NEUTRON if name == "neutron" else lookup.LN_PROTON]
            nodes[..., row] = fields[f"chemical_potential_{name}"] - t * (logarithm + free)
        nodes[..., lookup.FIELD_NEUTRON] = fields["mean_field_neutron"]
        nodes[..., lookup.FIELD_PROTON] = fields["mean_field_proton"]
        nodes[..., lookup.PRESSURE] = fields["pressure_baryon"] / ERG_CM3_PER_MEV_FM3 / n
        nodes[..., lookup.ENERGY] = fields["energy_baryon"]
        nodes[..., lookup.ENTROPY] = fields["entropy_baryon"]
        nodes[..., lookup.HEAT_CAPACITY] = fields["heat_capacity_baryon"]
        thermal = fields["pressure_temperature_derivative_baryon"]
        nodes[..., lookup.PRESSURE_TEMPERATURE] = thermal / ERG_CM3_PER_MEV_FM3 / n
        nodes[..., lookup.PRESSURE_DENSITY] = fields["pressure_density_derivative_baryon"]
    if nuclei.any():
        # A, Z/A and r of nuclei reach into matter without, so that their zero there is no neighbour's value
        for row in (lookup.MASS_NUMBER, lookup.CHARGE_SHARE, lookup.RADIUS):
            filled = np.ascontiguousarray(nodes[..., row])
            _extend(filled, nuclei.copy())
            nodes[..., row] = filled
    return nodes
