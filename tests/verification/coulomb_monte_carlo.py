"""Metropolis Monte Carlo of the one-component plasma with Ewald sums; lengths in a, energies in kT.

Written for the tests alone: nothing of it is shared with the integral equations that it judges.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import erfc

from microphysics._jit import njit

ALPHA = 6.2  # splitting of the Ewald sum, 1/L
LARGEST = 36  # n^2 of its wave vectors
PER_UNIT = 400  # entries of the real-space table per unit of r^2


@dataclass(frozen=True)
class Sample:
    q: np.ndarray
    structure: np.ndarray
    energy: float


def box_length(number):
    return (4.0 * np.pi * number / 3.0) ** (1.0 / 3.0)


def half_space(largest):
    """Integer vectors with n^2 <= largest, one of each pair n, -n."""
    side = int(np.sqrt(largest))
    n = np.stack(np.meshgrid(*[np.arange(-side, side + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    x, y, z = n.T
    first = (x > 0) | ((x == 0) & (y > 0)) | ((x == 0) & (y == 0) & (z > 0))
    return n[first & ((n**2).sum(1) <= largest)]


def body_centred_cubic(cells):
    corner = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    sites = np.concatenate([corner, corner + 0.5])
    return np.ascontiguousarray((sites * box_length(len(sites)) / cells).T)


class Ewald:
    """Everything of the sum that does not change in a run."""

    def __init__(self, number):
        self.length = box_length(number)
        self.alpha = ALPHA / self.length
        self.vectors = half_space(LARGEST)
        k_squared = (2.0 * np.pi / self.length) ** 2 * (self.vectors**2).sum(1)
        self.weights = 4.0 * np.pi / self.length**3 * np.exp(-k_squared / (4.0 * self.alpha**2)) / k_squared
        r = np.sqrt((np.arange(int(0.75 * self.length**2 * PER_UNIT) + 3) + 1e-3) / PER_UNIT)
        self.table = erfc(self.alpha * r) / r
        self.constant = -number * self.alpha / np.sqrt(np.pi)
        self.constant -= number**2 * np.pi / (2.0 * self.length**3 * self.alpha**2)

    def energy(self, positions, density):
        """Energy of all particles over Gamma, with the exact real-space term; `density` as of `density_waves`."""
        pair = positions[:, :, None] - positions[:, None, :]
        pair -= self.length * np.rint(pair / self.length)
        r = np.sqrt((pair**2).sum(0))[np.triu_indices(positions.shape[1], 1)]
        return (erfc(self.alpha * r) / r).sum() + self.weights @ np.abs(density) ** 2 + self.constant


def density_waves(positions, vectors, length):
    return np.exp(2j * np.pi / length * (vectors @ positions)).sum(1)


def sample(coupling, *, number=250, equilibration=400, production=800, seed=1, every=4, largest_q=12.0):
    """Run from random positions; S at box vectors and the mean excess energy per particle."""
    rng = np.random.default_rng(seed)
    ewald = Ewald(number)
    positions = rng.random((3, number)) * ewald.length
    density = density_waves(positions, ewald.vectors, ewald.length)
    vectors = measured_vectors(rng, ewald.length, largest_q)
    step = 0.5
    power, energies = np.zeros(len(vectors)), []
    for number_of_sweep in range(equilibration + production):
        draws = rng.random((number, 4))
        accepted = sweep(
            positions, density, ewald.vectors, ewald.weights, ewald.table, draws, step, ewald.length, coupling
        )
        if number_of_sweep < equilibration:
            step = min(step * (1.05 if accepted > 0.4 * number else 0.95), 0.5 * ewald.length)
        elif number_of_sweep % every == 0:
            energies.append(ewald.energy(positions, density))
            power += structure(positions, vectors, ewald.length)
    q = 2.0 * np.pi / ewald.length * np.sqrt((vectors**2).sum(1))
    return Sample(q, power / len(energies), coupling * float(np.mean(energies)) / number)


def measured_vectors(rng, length, largest_q, each=24, width=0.1):
    """At most `each` random vectors in every interval of q."""
    unit = 2.0 * np.pi / length
    vectors = half_space(int((largest_q / unit) ** 2))
    bins = (unit * np.sqrt((vectors**2).sum(1)) / width).astype(int)
    order = rng.permutation(len(vectors))
    chosen = [order[bins[order] == b][:each] for b in np.unique(bins)]
    return vectors[np.concatenate(chosen)]


@njit
def sweep(positions, density, vectors, weights, table, draws, step, length, coupling):
    """Try to move each particle once; return how many moves were accepted."""
    number, waves = positions.shape[1], len(weights)
    side = 0
    for w in range(waves):
        side = max(side, vectors[w, 0], abs(vectors[w, 1]), abs(vectors[w, 2]))
    old = np.empty((3, 2 * side + 1), np.complex128)
    new = np.empty((3, 2 * side + 1), np.complex128)
    change = np.empty(waves, np.complex128)
    trial = np.empty(3)
    accepted = 0
    fresh = stale = complex(0.0, 0.0)
    for i in range(number):
        for axis in range(3):
            trial[axis] = (positions[axis, i] + step * (draws[i, axis] - 0.5)) % length
        phases(positions[0, i], positions[1, i], positions[2, i], length, side, old)
        phases(trial[0], trial[1], trial[2], length, side, new)
        difference = 0.0
        for j in range(number):
            if j != i:
                x, y, z = positions[0, j], positions[1, j], positions[2, j]
                difference += pair(trial[0] - x, trial[1] - y, trial[2] - z, length, table)
                difference -= pair(
                    positions[0, i] - x, positions[1, i] - y, positions[2, i] - z, length, table
                )
        for w in range(waves):
            a, b, c = vectors[w, 0] + side, vectors[w, 1] + side, vectors[w, 2] + side
            if w == 0 or vectors[w, 0] != vectors[w - 1, 0] or vectors[w, 1] != vectors[w - 1, 1]:
                fresh, stale = new[0, a] * new[1, b], old[0, a] * old[1, b]
            delta = fresh * new[2, c] - stale * old[2, c]
            change[w] = delta
            rho = density[w]
            difference += weights[w] * (
                2.0 * (rho.real * delta.real + rho.imag * delta.imag) + delta.real**2 + delta.imag**2
            )
        if coupling * difference <= 0.0 or draws[i, 3] < math.exp(-coupling * difference):
            accepted += 1
            density += change
            for axis in range(3):
                positions[axis, i] = trial[axis]
    return accepted


@njit
def phases(x, y, z, length, side, out):
    """exp(2 pi i n x/L) for n from -side to side along each axis."""
    for axis in range(3):
        angle = 2.0 * math.pi / length * (x if axis == 0 else y if axis == 1 else z)
        unit = complex(math.cos(angle), math.sin(angle))
        value = complex(1.0, 0.0)
        for n in range(side + 1):
            out[axis, side + n] = value
            out[axis, side - n] = value.conjugate()
            value *= unit


@njit
def pair(x, y, z, length, table):
    """erfc(alpha r)/r at the nearest image."""
    x = min(abs(x), length - abs(x))
    y = min(abs(y), length - abs(y))
    z = min(abs(z), length - abs(z))
    u = (x * x + y * y + z * z) * PER_UNIT
    i = int(u)
    return table[i] + (u - i) * (table[i + 1] - table[i])


@njit
def structure(positions, vectors, length):
    """Return |rho_k|^2/N."""
    number = positions.shape[1]
    side = 0
    for w in range(len(vectors)):
        side = max(side, vectors[w, 0], abs(vectors[w, 1]), abs(vectors[w, 2]))
    waves = np.zeros(len(vectors), np.complex128)
    phase = np.empty((3, 2 * side + 1), np.complex128)
    for i in range(number):
        phases(positions[0, i], positions[1, i], positions[2, i], length, side, phase)
        for w in range(len(vectors)):
            a, b, c = vectors[w, 0] + side, vectors[w, 1] + side, vectors[w, 2] + side
            waves[w] += phase[0, a] * phase[1, b] * phase[2, c]
    return (waves.real**2 + waves.imag**2) / number
