"""HDF5 files of the CompOSE program (``eoscompose.h5``).

Arrays of shape (quantity, Y_q, T, n_B), in other units than the text files: the pressure in MeV/fm^3 and
mu_b - m_n, mu_q, mu_l in MeV. The neutron's mass, to which F, E, H and G refer, is not in the file.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.electron_gas import CM3_PER_FM3, ERG_CM3_PER_MEV_FM3
from microphysics.eos.formats.compose_common import (
    NEUTRON,
    PROTON,
    REFERENCES,
    Composition,
    Grid,
    finish,
    mean_fields_of,
    read_grid,
)
from microphysics.eos.formats.hdf5 import open_hdf5, read_dataset
from microphysics.eos.formats.totals import Totals
from microphysics.eos.leptons import leptons
from microphysics.eos.table import EosTableError, TabulatedEOS
from microphysics.errors import PhysicsWarning

__all__ = ["read_compose_hdf5"]

Array = NDArray[np.float64]

# of index_thermo
PRESSURE, ENTROPY, MU_B, MU_Q, MU_L, FREE_ENERGY, ENERGY = 1, 2, 3, 4, 5, 6, 7
NEEDED = {PRESSURE: "p", ENTROPY: "S", MU_B: "mu_b - m_n", MU_Q: "mu_q", ENERGY: "E/m_n - 1"}


def read_compose_hdf5(
    path: str | Path,
    *,
    leptons: bool | None = None,
    photons: bool | None = None,
    neutron_mass: float | None = None,
) -> TabulatedEOS:
    """Read an HDF5 file that the CompOSE program wrote.

    Parameters
    ----------
    path : str or Path
        Of the file; its quantities must hold 1, 2, 3, 4, 7 of the program's list (p, S, mu_b - m_n, mu_q, E/m_n -
        1), its composition neutrons (10), protons (11) and whatever nuclei there are.
    leptons, photons : bool, optional
        Whether the quantities contain electrons with positrons, and photons. Found out where not given: leptons
        from the pressure of the densest, coldest nodes of high Y_q, photons as in `read_compose`.
    neutron_mass : float, optional
        That the energies refer to, MeV. Where not given it is taken from an ``eos.thermo`` beside the file, else
        it is the real one, with a warning.

    Returns
    -------
    TabulatedEOS
        Its densities are n_B m_u.

    Raises
    ------
    EosTableError
        If a dataset or a quantity is missing, misshaped or not finite, or the file truncated.

    Warns
    -----
    PhysicsWarning
        If the neutron's mass had to be assumed.
    """
    path = Path(path)
    with open_hdf5(path) as file:
        datasets = _datasets(file)
        axes = [_get(datasets, name, path) for name in ("t", "nb", "yq")]
        grid = read_grid((0, axes[0].ravel()), (0, axes[1].ravel()), (0, axes[2].ravel()), str(path))
        quantities = _quantities(datasets, "thermo", ("index_thermo",), grid, path)
        missing = [f"{code} ({NEEDED[code]})" for code in NEEDED if code not in quantities]
        if missing:
            raise EosTableError(
                f"{path}: quantities {', '.join(missing)} are missing in 'thermo'; it holds {sorted(quantities)}. "
                "Run the CompOSE program again with these chosen"
            )
        composition = _composition(datasets, grid, path)
        micro = _micro(datasets, grid, path)
    notes: list[str] = []
    mass = _neutron_mass(path, neutron_mass, notes)
    q = {code: grid.ours(values) for code, values in quantities.items()}
    totals = Totals(
        name=f"CompOSE table {path.name}",
        density=grid.baryons / CM3_PER_FM3 * CODATA.atomic_mass * CODATA.gram_per_mev,
        temperature=grid.temperature,
        electron_fraction=grid.charge,
        baryon_mass=CODATA.atomic_mass,
        pressure=q[PRESSURE] * ERG_CM3_PER_MEV_FM3,
        energy=mass * q[ENERGY],
        entropy=q[ENTROPY],
        has_leptons=False,
        has_photons=False,
        chemical_potential_neutron=q[MU_B],
        chemical_potential_proton=q[MU_B] + q[MU_Q],
        fractions={
            name: grid.ours(getattr(composition, name)) for name in ("neutron", "proton", "alpha", "heavy")
        },
        mass_number_heavy=grid.ours(composition.mass_number),
        charge_number_heavy=grid.ours(composition.charge_number),
        valid=np.ones(q[PRESSURE].shape, dtype=bool),
        extra={name: grid.ours(values) for name, values in micro.items()},
        references=REFERENCES,
        notes=[*notes, *composition.notes()],
    )
    totals.has_leptons = _leptons_inside(totals) if leptons is None else leptons
    if totals.has_leptons and MU_L in q:
        totals.chemical_potential_electron = q[MU_L] - q[MU_Q]
    if FREE_ENERGY in q:
        off, where = totals.extreme(
            np.abs(mass * (q[ENERGY] - q[FREE_ENERGY]) - grid.temperature[None, :, None] * q[ENTROPY])
        )
        totals.notes.append(f"e - T s differs from f by at most {off:.2g} MeV ({where})")
    return finish(totals, photons)


def _datasets(file: Any) -> dict[str, Any]:
    """All datasets by their bare names: the groups are spelled differently by different versions."""
    found: dict[str, Any] = {}

    def visit(name: str, thing: Any) -> None:
        if hasattr(thing, "shape"):
            # a bare "index" is told from others by its group
            *groups, last = name.split("/")
            found.setdefault(f"{groups[-1]}/{last}" if last == "index" and groups else last, thing)

    file.visititems(visit)
    return found


def _get(datasets: dict[str, Any], name: str, path: Path, shape: tuple[int, ...] | None = None) -> Array:
    return read_dataset(datasets, name, str(path), shape=shape)


def _quantities(
    datasets: dict[str, Any], name: str, indices: tuple[str, ...], grid: Grid, path: Path
) -> dict[int, Array]:
    """Read a stacked dataset by the numbers of its quantities, each of shape (T, n_B, Y_q)."""
    listed = next((key for key in indices if key in datasets), indices[0])
    codes = _get(datasets, listed, path).ravel().astype(int)
    t, nb, yq = grid.full
    values = _get(datasets, name, path, (codes.size, yq, t, nb))
    return {int(code): value.transpose(1, 2, 0) for code, value in zip(codes, values, strict=True)}


def _composition(datasets: dict[str, Any], grid: Grid, path: Path) -> Composition:
    composition = Composition(grid.full)
    pairs = _quantities(datasets, "yi", ("index_yi", "Composition_pairs/index"), grid, path)
    for code, share in pairs.items():
        composition.add(code, share)
    if "yav" in datasets:
        listed = ("index_av", "Composition_quadrupels/index", "Composition_quadruples/index")
        number, mass, charge = (
            _quantities(datasets, name, listed, grid, path) for name in ("yav", "aav", "zav")
        )
        for code, share in number.items():
            composition.add(code, share, mass[code], charge[code])
    if NEUTRON not in pairs or PROTON not in pairs:
        raise EosTableError(
            f"{path}: 'yi' holds particles {sorted(pairs)}, but no neutrons ({NEUTRON}) or protons ({PROTON}); "
            "run the CompOSE program again with the composition chosen"
        )
    return composition


def _micro(datasets: dict[str, Any], grid: Grid, path: Path) -> dict[str, Array]:
    if "micro" not in datasets:
        return {}
    found = _quantities(datasets, "micro", ("index_micro", "Micro_qty/index"), grid, path)
    return mean_fields_of(found)


def _neutron_mass(path: Path, given: float | None, notes: list[str]) -> float:
    if given is not None:
        notes.append(f"neutron mass {given:.6f} MeV as asked for")
        return float(given)
    thermo = path.with_name("eos.thermo")
    if thermo.is_file():
        with thermo.open() as file:
            words = file.readline().split()
        try:
            mass = float(words[0].replace("D", "E"))
        except (IndexError, ValueError):
            raise EosTableError(f"{thermo}: its first line does not start with the neutron's mass") from None
        notes.append(f"neutron mass {mass:.6f} MeV from {thermo.name} beside the file")
        return mass
    warnings.warn(
        f"{path}: the file does not hold the neutron's mass that its energies refer to; taking "
        f"{CODATA.neutron_mass:.5f} MeV. Give neutron_mass, or put the table's eos.thermo beside it",
        PhysicsWarning,
        stacklevel=4,
    )
    notes.append(f"neutron mass {CODATA.neutron_mass:.6f} MeV assumed")
    return CODATA.neutron_mass


def _leptons_inside(totals: Totals) -> bool:
    """Whether the pressure is at least that of electrons where those dominate."""
    shape = totals.valid.shape
    n, t, ye = (
        np.broadcast_to(values, shape).ravel()
        for values in (
            totals.baryons[:, None, None],
            totals.temperature[None, :, None],
            totals.electron_fraction,
        )
    )
    # degenerate relativistic electrons carry most of the pressure: between 1e7 and 1e12 g/cm^3, not too hot
    chosen = np.flatnonzero((n > 6e-9) & (n < 6e-4) & (t < 2.0) & (ye > 0.2))
    if not chosen.size:
        raise EosTableError(
            f"{totals.name}: no nodes where electrons dominate the pressure, by which to tell whether they are "
            "contained; give leptons=True or leptons=False"
        )
    chosen = chosen[:: max(1, chosen.size // 1000)]
    gas = leptons(n[chosen] * ye[chosen], t[chosen])
    share = float(np.median(totals.pressure.ravel()[chosen] / ERG_CM3_PER_MEV_FM3 / gas.pressure))
    inside = share > 0.7
    totals.notes.append(
        f"electrons are {'' if inside else 'not '}contained: where they should dominate, the pressure is {share:.3g} "
        "of theirs"
    )
    return inside
