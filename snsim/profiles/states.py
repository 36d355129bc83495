"""Two sides of a profile made of different matter: equilibrium inside, nuclei only outside."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.eos.state import EosState
from microphysics.matter import MatterState
from snsim.profiles.profile import COMPOSITION

__all__ = ["joined"]

_SHARED = (
    "density",
    "temperature",
    "electron_fraction",
    "pressure",
    "chemical_potential_electron",
    *COMPOSITION,
)


def joined(inside: EosState, outside: MatterState) -> dict[str, NDArray[np.float64]]:
    """Profile fields of both, end to end.

    Parameters
    ----------
    inside : EosState
        Points of matter in nuclear statistical equilibrium, from the centre outwards.
    outside : MatterState
        Points of nuclei only, further out. They have no nucleons, hence no mu_n - mu_p: the last one inside is
        carried on, and no mean field.

    Returns
    -------
    dict of str to ndarray, shape (point,)
        Density counts baryons of one atomic mass unit, as everywhere in a profile, whatever the equation of state's
        reference mass is.
    """
    fields = {name: np.concatenate([getattr(inside, name), getattr(outside, name)]) for name in _SHARED}
    fields["density"][: inside.density.size] *= CODATA.atomic_mass / inside.baryon_mass
    points = outside.density.size
    difference = inside.chemical_potential_difference
    fields["chemical_potential_difference"] = np.concatenate([difference, np.full(points, difference[-1])])
    field = inside.mean_field_neutron - inside.mean_field_proton
    fields["mean_field_difference"] = np.concatenate([field, np.zeros(points)])
    return fields
