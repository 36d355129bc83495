"""Stars and media drawn at random for tests of the operator: a metric that is no one's, opacities over many decades."""

from __future__ import annotations

import numpy as np

from snsim.transport._kernels.coupling import Coupling
from snsim.transport.coupling import uncoupled
from snsim.transport.groups import GroupMedium
from snsim.transport.mesh import Mesh

UNIT = 1e6  # cm in one length


def curved(edges, depth=0.3):
    """Zones in a smooth metric with alpha from 1 - `depth` at the centre to 1 - `depth`/4 at the edge, Gamma unlike it."""
    edges = np.asarray(edges, dtype=float)
    centres = 0.5 * (edges[1:] + edges[:-1])

    def lapse(r):
        return 1.0 - depth / (1.0 + 3.0 * (r / edges[-1]) ** 2)

    def gamma(r):
        x = r / edges[-1]
        return 1.0 - depth * 2.0 * x**2 / (1.0 + 3.0 * x**3)

    return Mesh(edges, centres, lapse(centres), lapse(edges), gamma(centres), gamma(edges))


def random_mesh(rng, zones):
    steps = rng.lognormal(0.0, 0.5, zones)
    return curved(np.concatenate([[0.0], np.cumsum(steps)]) * UNIT, rng.uniform(0.0, 0.4))


def random_medium(rng, zones, groups, decades=3.0, coupling=None):
    """Opacities over `decades` to either side of one mean free path a length, f_eq between 1e-8 and 1."""
    absorption, scattering = (
        10.0 ** rng.uniform(-decades, decades, (zones, groups)) / UNIT for _ in range(2)
    )
    equilibrium = 10.0 ** rng.uniform(-8.0, -0.01, (zones, groups))
    return GroupMedium(absorption, scattering, equilibrium, coupling or uncoupled())


def random_coupling(rng, zones, groups, temperature=None, pairs="own", strength=1.0):
    """Scattering that conserves number and pairs, both in balance at f = 1/(1 + exp(g/T)) for the group's number g + 1.

    `pairs`: "own", "other" (the partner has an occupation of its own) or None.
    """
    energy = np.arange(1.0, groups + 1.0)
    temperature = rng.uniform(1.0, 5.0, zones) if temperature is None else temperature
    weight = energy**2
    strength = strength * 10.0 ** rng.uniform(-2.0, 0.0, zones)[:, None, None] / UNIT / groups**2
    symmetric = rng.random((zones, groups, groups))
    symmetric = 0.5 * (symmetric + symmetric.transpose(0, 2, 1)) * (1.0 - np.eye(groups)) * strength
    tilt = np.exp((energy[:, None] - energy[None, :]) / (2.0 * temperature[:, None, None]))
    scatter, gain = symmetric * weight * tilt, symmetric * weight / tilt
    if pairs is None:
        return uncoupled()._replace(scatter=scatter, gain=gain)
    meeting = rng.random((zones, groups, groups))
    annihilation = 0.5 * (meeting + meeting.transpose(0, 2, 1)) * strength * weight
    production = annihilation * np.exp(-(energy[:, None] + energy[None, :]) / temperature[:, None, None])
    partner = 1.0 / (1.0 + np.exp(energy / temperature[:, None] + 0.5))
    own = np.array([int(pairs == "own")], dtype=np.int64)
    return Coupling(scatter, gain, production, annihilation, partner, own)
