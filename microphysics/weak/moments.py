"""Magnetic and electric dipole moments of three neutrinos: matrices, mixing, and what a source of one flavour sees.

An incoming state with amplitudes a_i of the mass states scatters with mu^2 = sum_j |sum_i a_i lambda_ij|^2 (Grimus & Schwetz
2000, Nucl. Phys. B 587, 45), a_i = U*_ai for the flavour a as it is born, U the standard mixing matrix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError, UnknownNameError
from microphysics.matter import FLAVORS
from microphysics.weak.couplings import FAMILIES, family

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

_LEVI_CIVITA = np.zeros((3, 3, 3))
for _i, _j, _k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    _LEVI_CIVITA[_i, _j, _k], _LEVI_CIVITA[_j, _i, _k] = 1.0, -1.0


@dataclass(frozen=True)
class Mixing:
    """Neutrino mixing matrix in the standard parametrisation (PDG 2024, section 14) and mass splittings.

    Attributes
    ----------
    sin2_12, sin2_13, sin2_23 : float
        sin^2 of the mixing angles (de Salas et al. 2018, Phys. Lett. B 782, 633, normal ordering).
    delta_cp : float
        Dirac phase, radians.
    dm2_21, dm2_31 : float
        Mass splittings, eV^2.

    Notes
    -----
    Majorana phases of the matrix are the same as phases of the moments in the mass basis, where they are given.
    """

    sin2_12: float = 0.320
    sin2_13: float = 0.0216
    sin2_23: float = 0.547
    delta_cp: float = 0.0
    dm2_21: float = 7.55e-5
    dm2_31: float = 2.50e-3

    def __post_init__(self) -> None:
        for name in ("sin2_12", "sin2_13", "sin2_23"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise OutOfRangeError(f"{name} = {getattr(self, name)}: must lie in [0, 1]")

    @property
    def matrix(self) -> Complex:
        """U, rows e, mu, tau, columns the mass states."""
        s12, s13, s23 = (np.sqrt(v) for v in (self.sin2_12, self.sin2_13, self.sin2_23))
        c12, c13, c23 = (np.sqrt(1.0 - v) for v in (self.sin2_12, self.sin2_13, self.sin2_23))
        phase = np.exp(1j * self.delta_cp)
        return np.array(
            [
                [c12 * c13, s12 * c13, s13 / phase],
                [-s12 * c23 - c12 * s13 * s23 * phase, c12 * c23 - s12 * s13 * s23 * phase, c13 * s23],
                [s12 * s23 - c12 * s13 * c23 * phase, -c12 * s23 - s12 * s13 * c23 * phase, c13 * c23],
            ],
            dtype=np.complex128,
        )

    def amplitudes(self, flavor: str, energy: ArrayLike = 1.0, baseline: float = 0.0) -> Complex:
        """Amplitudes of the mass states in a beam born with one flavour, U*_ai exp(-i dm^2_i1 L/2E).

        Parameters
        ----------
        flavor : str
            At birth. For antineutrinos the conjugate is returned, U*_ai exp(+i ...), to act on lambda instead of lambda*.
        energy : array_like
            MeV.
        baseline : float
            Distance L, cm.

        Returns
        -------
        ndarray, shape (..., 3)
            Shape of `energy` and the mass states.
        """
        row = self.matrix[FAMILIES.index(family(flavor))].conj()
        splitting = np.array([0.0, self.dm2_21, self.dm2_31]) * 1e-12  # MeV^2
        length = baseline / CODATA.hbar_c
        phase = splitting * length / (2.0 * np.asarray(energy, dtype=np.float64)[..., None])
        sign = 1j if flavor.startswith("a") else -1j
        return row * np.exp(sign * phase)


@dataclass(frozen=True)
class TransitionMoments:
    """Moments of Majorana neutrinos: lambda_ij = eps_ijk Lambda_k, three complex numbers.

    Attributes
    ----------
    moduli : tuple of float
        |Lambda_1|, |Lambda_2|, |Lambda_3|, or |Lambda_e|, |Lambda_mu|, |Lambda_tau|, in Bohr magnetons.
    phases : tuple of float
        Their phases, radians.
    basis : str
        ``mass`` or ``flavor``.
    mixing : Mixing
        Mixing matrix, for the mass basis.

    Notes
    -----
    mu^2 is a quadratic form in the moduli (`quadratic_form`), the same for neutrinos and antineutrinos. Moments in the two
    bases belong together by Lambda_flavor = det(U*) U Lambda_mass, so that mu_a^2 = sum |Lambda|^2 - |(U Lambda)_a|^2.

    Examples
    --------
    >>> moments = TransitionMoments((1e-10, 0.0, 0.0), basis="flavor")
    >>> round(moments.squared("nue") * 1e20, 12), round(moments.squared("numu") * 1e20, 12)
    (0.0, 1.0)
    """

    moduli: tuple[Any, Any, Any]
    phases: tuple[float, float, float] = (0.0, 0.0, 0.0)
    basis: str = "mass"
    mixing: Mixing = field(default_factory=Mixing)

    majorana = True

    def __post_init__(self) -> None:
        _check_basis(self.basis)
        for name in ("moduli", "phases"):
            values = tuple(getattr(self, name))
            if len(values) != 3:
                raise OutOfRangeError(f"{name} = {values}: must be three numbers")
            object.__setattr__(self, name, values)

    @property
    def matrix(self) -> Complex:
        """Antisymmetric matrix lambda in its basis, Bohr magnetons."""
        vector = np.asarray(self.moduli) * np.exp(1j * np.asarray(self.phases))
        return np.einsum("ijk,k->ij", _LEVI_CIVITA, vector)

    def in_mass_basis(self) -> Complex:
        """Return lambda between mass states; in the flavour basis it is U* lambda U^dagger."""
        if self.basis == "mass":
            return self.matrix
        u = self.mixing.matrix
        return u.T @ self.matrix @ u

    def quadratic_form(self, amplitudes: ArrayLike) -> Array:
        """Return the real symmetric matrix of mu^2 in the moduli.

        Parameters
        ----------
        amplitudes : array_like, shape (..., 3)
            Of the incoming mass states, from `Mixing.amplitudes` (of flavours for moments in the flavour basis).

        Returns
        -------
        ndarray, shape (..., 3, 3)
            m_kl with mu^2 = sum_kl |Lambda_k| |Lambda_l| m_kl.
        """
        outgoing = np.einsum("...i,ijk->...jk", np.asarray(amplitudes), _LEVI_CIVITA)
        outgoing = outgoing * np.exp(1j * np.asarray(self.phases))
        return np.einsum("...jk,...jl->...kl", outgoing.conj(), outgoing).real

    def squared(self, flavor: str, energy: ArrayLike = 1.0, baseline: float = 0.0) -> Any:
        """Return mu^2 of a beam born with one flavour, Bohr magnetons squared.

        Parameters
        ----------
        flavor : str
            At birth.
        energy : array_like
            Neutrino energy, MeV; only where it has travelled.
        baseline : float
            Distance, cm; 0 is the short-baseline limit, for which the formulas of reactors and stopped pions hold.
        """
        start = self.mixing.amplitudes(flavor, energy, baseline)
        if self.basis == "flavor":
            start = start @ self.mixing.matrix.T
        # analytic in the moduli
        moduli = np.asarray(self.moduli)
        return _plain(np.einsum("k,...kl,l->...", moduli, self.quadratic_form(start), moduli))

    def squared_of_mixture(self, probabilities: ArrayLike) -> Any:
        """Return mu^2 of an incoherent mixture of mass states: sum |Lambda|^2 - sum_i P_i |Lambda_i|^2.

        Parameters
        ----------
        probabilities : array_like, shape (3,)
            P_i, such as `solar_probabilities`.
        """
        lam = self.in_mass_basis()
        each = np.sum(np.abs(lam) ** 2, axis=1)
        return float(np.asarray(probabilities) @ each)


@dataclass(frozen=True)
class DiracMoments:
    """Moments of Dirac neutrinos: a Hermitian matrix.

    Attributes
    ----------
    matrix : array_like, shape (3, 3)
        mu_ji between incoming i and outgoing j, in Bohr magnetons.
    basis : str
        ``mass`` or ``flavor``.
    mixing : Mixing
        Mixing matrix, for the mass basis.
    """

    matrix: Any
    basis: str = "flavor"
    mixing: Mixing = field(default_factory=Mixing)

    majorana = False

    def __post_init__(self) -> None:
        _check_basis(self.basis)
        matrix = np.asarray(self.matrix)
        if matrix.shape != (3, 3) or not np.allclose(matrix, matrix.conj().T, rtol=1e-12, atol=0.0):
            raise OutOfRangeError(f"matrix = {matrix.tolist()}: must be 3 x 3 and Hermitian")
        object.__setattr__(self, "matrix", tuple(map(tuple, matrix.tolist())))

    def squared(self, flavor: str, energy: ArrayLike = 1.0, baseline: float = 0.0) -> Any:
        """Return mu^2 of a beam born with one flavour, Bohr magnetons squared; as `TransitionMoments.squared`.

        Antineutrinos carry the transposed matrix, which the conjugate amplitudes of `Mixing.amplitudes` allow for.
        """
        start = self.mixing.amplitudes(flavor, energy, baseline)
        if self.basis == "flavor":
            start = start @ self.mixing.matrix.T
        outgoing = np.einsum("ji,...i->...j", np.asarray(self.matrix), start)
        return _plain(np.sum(np.abs(outgoing) ** 2, axis=-1))


class _Squared(Protocol):
    def squared(self, flavor: str) -> Any: ...


def mean_squared(moments: _Squared, weights: Mapping[str, float]) -> Any:
    """Return mu^2 that a source of several flavours measures, Bohr magnetons squared.

    Parameters
    ----------
    moments : TransitionMoments or DiracMoments
        Moments.
    weights : mapping of str to float
        Share of each flavour in the magnetic events (`SOURCES` has the clean ones).
    """
    for flavor in weights:
        if flavor not in FLAVORS:
            raise UnknownNameError("neutrino flavor", flavor, FLAVORS)
    whole = sum(weights.values())
    return sum(weight * moments.squared(flavor) for flavor, weight in weights.items()) / whole


# flavours at birth of sources that see one moment each
SOURCES: dict[str, str] = {
    "reactor": "anue",
    "pion decay at rest, prompt": "numu",
    "pion decay at rest, delayed nue": "nue",
    "pion decay at rest, delayed anumu": "anumu",
}


def solar_probabilities(electron_survival: float, sin2_13: float = 0.0216) -> Array:
    """Return the probabilities of the mass states in solar neutrinos, which arrive incoherent.

    Parameters
    ----------
    electron_survival : float
        P_e1 of the two-flavour problem: probability of the first mass state.
    sin2_13 : float
        sin^2 theta_13.

    Returns
    -------
    ndarray, shape (3,)
        c13^2 P_e1, c13^2 (1 - P_e1), s13^2; mu^2 is then sum |Lambda|^2 - c13^2 |Lambda_2|^2 + (c13^2 - 1) |Lambda_3|^2
        + c13^2 P_e1 (|Lambda_2|^2 - |Lambda_1|^2) (Canas et al. 2016, Phys. Lett. B 753, 191).
    """
    for name, value in (("electron_survival", electron_survival), ("sin2_13", sin2_13)):
        if not 0.0 <= value <= 1.0:
            raise OutOfRangeError(f"{name} = {value}: must lie in [0, 1]")
    c13 = 1.0 - sin2_13
    return np.array([c13 * electron_survival, c13 * (1.0 - electron_survival), sin2_13])


def _check_basis(basis: str) -> None:
    if basis not in ("mass", "flavor"):
        raise UnknownNameError("basis of moments", basis, ("mass", "flavor"))


def _plain(value: Any) -> Any:
    """Return a number for an array without dimensions."""
    return value.item() if np.ndim(value) == 0 else value
