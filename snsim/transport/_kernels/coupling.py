"""Collision integral of one zone: scattering that changes the energy, and pairs."""

from typing import NamedTuple

import numpy as np

from microphysics._jit import njit


class Coupling(NamedTuple):
    """What couples the groups of one species in every zone; arrays of no zones mean that there is none.

    `scatter` (zone, group, group_2): rate per length, 1/cm, of scattering from a group into an empty other one, the weight of
    the sum over the latter included, 0 on the diagonal; `gain` into an empty group per occupied other one. `annihilation`
    (zone, group, group_2) of a neutrino with a partner in group_2; `production` of both into empty states. `partner` (zone,
    group_2) is the occupation of the partner, not read where `own_partner`[0] is 1 and the partner is the species itself.
    """

    scatter: np.ndarray
    gain: np.ndarray
    production: np.ndarray
    annihilation: np.ndarray
    partner: np.ndarray
    own_partner: np.ndarray


@njit
def collide(f, zone, coupling, rate, scale, jacobian):
    """Collision integral of the groups of one zone, 1/cm.

        C_g = (1 - f_g) sum gain f_g' - f_g sum scatter (1 - f_g')
            + (1 - f_g) sum production (1 - fbar_g') - f_g sum annihilation fbar_g'

    Parameters
    ----------
    f : (group,) array
        Occupation in this zone.
    zone : int
        Row of the arrays of `coupling`.
    coupling : Coupling
    rate, scale : (group,) arrays
        Filled with C_g and the sum of the magnitudes of its terms.
    jacobian : (group, group') array
        Filled with dC_g/df_g'.
    """
    groups = f.size
    rate[:] = 0.0
    scale[:] = 0.0
    jacobian[:, :] = 0.0
    if coupling.scatter.shape[0] > 0:
        scatter, gain = coupling.scatter[zone], coupling.gain[zone]
        for g in range(groups):
            own, empty = f[g], 1.0 - f[g]
            into, out = 0.0, 0.0
            for k in range(groups):
                into += gain[g, k] * f[k]
                out += scatter[g, k] * (1.0 - f[k])
                jacobian[g, k] += empty * gain[g, k] + own * scatter[g, k]
            jacobian[g, g] -= into + out
            rate[g] += empty * into - own * out
            scale[g] += abs(empty) * into + abs(own) * out
    if coupling.annihilation.shape[0] > 0:
        production, annihilation = coupling.production[zone], coupling.annihilation[zone]
        itself = coupling.own_partner[0] == 1
        for g in range(groups):
            own, empty = f[g], 1.0 - f[g]
            made, lost = 0.0, 0.0
            for k in range(groups):
                partner = f[k] if itself else coupling.partner[zone, k]
                made += production[g, k] * (1.0 - partner)
                lost += annihilation[g, k] * partner
                if itself:
                    jacobian[g, k] -= empty * production[g, k] + own * annihilation[g, k]
            jacobian[g, g] -= made + lost
            rate[g] += empty * made - own * lost
            scale[g] += abs(empty) * made + abs(own) * lost
