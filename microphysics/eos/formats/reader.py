"""One door for all equation-of-state files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from microphysics.eos.formats.hdf5 import open_hdf5
from microphysics.eos.table import EosTableError, TabulatedEOS

__all__ = ["read"]


def read(path: str | Path, **options: Any) -> TabulatedEOS:
    """Read a tabulated equation of state, whatever its layout.

    Parameters
    ----------
    path : str or Path
        A stellarcollapse.org HDF5 file, a folder with CompOSE's ``eos.thermo``, ``eos.compo``, ``eos.nb``, ``eos.t``
        and ``eos.yq``, an HDF5 file of the CompOSE program, or a table that `build_table` or `write_table` wrote.
    **options
        Of the layout found: `read_stellarcollapse` has `baryon_mass`; `read_compose` has `photons` and
        `missing_rows`; `read_compose_hdf5` has `leptons`, `photons` and `neutron_mass`.

    Returns
    -------
    TabulatedEOS
        In the conventions of `EosState`; `notes` say what was found and changed.

    Raises
    ------
    EosTableError
        If the file is of no known layout, damaged, incomplete or contradicts itself: says which dataset or row.
    TypeError
        For an option that the layout does not have.

    Examples
    --------
    >>> eos = read("LS220_234r_136t_50y_analmu_20091212_SVNr26.h5")  # doctest: +SKIP
    >>> eos(1e12, 5.0, 0.3).mass_fraction_alpha  # doctest: +SKIP
    """
    path = Path(path)
    if path.is_dir() or path.name == "eos.thermo":
        from microphysics.eos.formats.compose import read_compose

        folder = path if path.is_dir() else path.parent
        if not (folder / "eos.thermo").is_file():
            found = ", ".join(sorted(entry.name for entry in folder.iterdir())[:10]) or "nothing"
            raise EosTableError(
                f"{folder}: no eos.thermo in this folder (it holds {found}); give a CompOSE folder, or a file"
            )
        return read_compose(folder, **options)
    with open_hdf5(path) as file:
        names = set(file)
        native = "snsim_eos_table" in file.attrs
    if native:
        from microphysics.eos.formats.native import read_table

        return TabulatedEOS(read_table(path, **options))
    if "logrho" in names:
        from microphysics.eos.formats.stellarcollapse import read_stellarcollapse

        return read_stellarcollapse(path, **options)
    if "Thermo_qty" in names or "thermo" in names:
        from microphysics.eos.formats.compose_hdf5 import read_compose_hdf5

        return read_compose_hdf5(path, **options)
    raise EosTableError(
        f"{path}: no known layout; its root holds {', '.join(sorted(names)[:10]) or 'nothing'}. Known are "
        "stellarcollapse.org (dataset 'logrho'), CompOSE HDF5 (group 'Thermo_qty'), CompOSE folders and tables "
        "of this package"
    )
