"""New particles exchanged between neutrinos and nuclei: vector bosons, also mixing with photon or Z, and scalars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from microphysics.errors import MicrophysicsError, OutOfRangeError, UnknownNameError
from microphysics.nuclei import Nucleus
from microphysics.weak.couplings import WeakCouplings, family
from microphysics.weak.form_factors import FormFactor

Array = NDArray[np.float64]


class CouplingShift(Protocol):
    """A change of g_p and g_n, which interferes with the standard model. Inherit it for the defaults.

    Attributes
    ----------
    photon_like : bool
        Whether it couples to electric charge, so that the electrons around a nucleus see it too.
    mediator_mass : float
        MeV; infinite for a contact interaction.
    forward_power : int
        Power of 1/T with which the cross section grows when the mediator is massless.
    """

    photon_like: ClassVar[bool] = False
    forward_power: ClassVar[int] = 2
    references: ClassVar[Sequence[str]] = ()

    @property
    def mediator_mass(self) -> float:  # noqa: D102
        return np.inf

    def shifts(self, q_squared: Array, flavor: str, couplings: WeakCouplings) -> tuple[Any, Any]:
        """Return the changes of g_p and g_n; q_squared is Q^2 = 2MT in MeV^2."""
        ...

    def flavor_changing(
        self, q_squared: Array, flavor: str, couplings: WeakCouplings
    ) -> tuple[tuple[Any, Any], ...]:
        """Return couplings (proton, neutron) into the other flavours, in the order of `new_physics.transitions`."""
        return ()

    def electron_shift(self, q_squared: Array, flavor: str, couplings: WeakCouplings) -> Any:
        """Return the change of C_V of electrons, which the cloud around a nucleus has."""
        return 0.0


class AddedTerm(Protocol):
    """A term that does not interfere and has its own kinematics, for instance because it flips the helicity."""

    forward_power: ClassVar[int]
    majorana: bool

    @property
    def mediator_mass(self) -> float: ...  # noqa: D102

    def coefficients(
        self,
        recoil_energy: Array,
        nucleus: Nucleus,
        form_factor: FormFactor,
        flavor: str,
        couplings: WeakCouplings,
    ) -> tuple[Any, Any, Any]:
        """Return c0, c1, c2 of dsigma/dT = c0 + c1/E + c2/E^2 in cm^2/MeV, cm^2, cm^2 MeV."""
        ...


def propagator(q_squared: Any, mass: Any) -> Any:
    """Return 1/(Q^2 + m^2), MeV^-2.

    Raises
    ------
    OutOfRangeError
        At Q = 0 of a massless particle.
    """
    denominator = q_squared + mass**2
    if np.any(denominator == 0.0):
        raise OutOfRangeError(
            "momentum transfer = 0: must be positive where a massless particle is exchanged"
        )
    return 1.0 / denominator


@dataclass(frozen=True)
class Charges:
    """Charges of quarks and neutrinos under a new U(1).

    Attributes
    ----------
    up, down : float
        Vector charges of the quarks.
    e, mu, tau : float
        Of the neutrinos.
    """

    up: float = 1.0
    down: float = 1.0
    e: float = 1.0
    mu: float = 1.0
    tau: float = 1.0

    @property
    def proton(self) -> float:
        """2 x_u + x_d."""
        return 2.0 * self.up + self.down

    @property
    def neutron(self) -> float:
        """x_u + 2 x_d."""
        return self.up + 2.0 * self.down

    @property
    def electron(self) -> float:
        """Of the left- and right-handed electron, that of its neutrino."""
        return self.e

    def neutrino(self, flavor: str) -> float:
        """Charge of a flavour, the same for its antineutrino (the sign is that of the whole vector current)."""
        return getattr(self, family(flavor))


CHARGES = {"universal": Charges(), "b-l": Charges(1.0 / 3.0, 1.0 / 3.0, -1.0, -1.0, -1.0)}


def named_charges(charges: str | Charges) -> Charges:
    """Return charges given by name (universal, b-l) or as they are."""
    if isinstance(charges, Charges):
        return charges
    if charges.lower() not in CHARGES:
        raise UnknownNameError("set of charges", charges, CHARGES)
    return CHARGES[charges.lower()]


@dataclass(frozen=True)
class ZPrime(CouplingShift):
    """Vector boson that couples to quarks and neutrinos.

    g_p += g'^2 x_nu (2 x_u + x_d)/[sqrt2 G_F (Q^2 + m^2)], g_n with x_u + 2 x_d. Much heavier than the momentum
    transfer it is `NSI` of strength g'^2 x_nu x_q/(sqrt2 G_F m^2).

    Attributes
    ----------
    coupling : float
        g'.
    mass : float
        m, MeV.
    charges : str or Charges
        ``universal`` (all 1), ``b-l`` (quarks 1/3, leptons -1) or explicit.
    """

    coupling: float
    mass: float
    charges: str | Charges = "universal"

    references = (
        "Abdullah et al. 2018, PRD 98, 015005",
        "Cerdeno et al. 2016, JHEP 05, 118",
    )

    def __post_init__(self) -> None:
        _check_mass(self.mass)
        object.__setattr__(self, "charges", named_charges(self.charges))

    @property
    def mediator_mass(self) -> float:
        """Mass of what is exchanged, MeV."""
        return self.mass

    def shifts(self, q_squared: Array, flavor: str, couplings: WeakCouplings) -> tuple[Any, Any]:
        """Return the changes of g_p and g_n."""
        x = named_charges(self.charges)
        unit = self.coupling**2 * x.neutrino(flavor) / (np.sqrt(2.0) * couplings.fermi_constant)
        exchange = unit * propagator(q_squared, self.mass)
        return x.proton * exchange, x.neutron * exchange

    def electron_shift(self, q_squared: Array, flavor: str, couplings: WeakCouplings) -> Any:
        """Return the change of C_V of electrons; for B - L it hides the protons, as the photon's would."""
        x = named_charges(self.charges)
        unit = self.coupling**2 * x.neutrino(flavor) / (np.sqrt(2.0) * couplings.fermi_constant)
        return x.electron * unit * propagator(q_squared, self.mass)


@dataclass(frozen=True)
class MuTauMediator(CouplingShift):
    """Boson of L_mu - L_tau, which reaches the nucleus by mixing with the photon through muon and tau loops.

    g_p += s sqrt2 alpha g'^2 I(Q)/[pi G_F (Q^2 + m^2)], s = +1, -1, 0 for mu, tau, e, with
    I = int_0^1 x (1 - x) ln{[m_tau^2 + x (1 - x) Q^2]/[m_mu^2 + x (1 - x) Q^2]} dx.

    Attributes
    ----------
    coupling : float
        g'.
    mass : float
        m, MeV.
    loop_sign : int
        +1 is the sign that follows from vacuum polarisation: around a proton it holds more mu- than tau-, so that the
        proton carries positive L_mu - L_tau charge. Published signs differ; -1 turns it around.
    tau_mass : float
        MeV (PDG 2024).
    """

    coupling: float
    mass: float
    loop_sign: int = 1
    tau_mass: float = 1776.93

    photon_like = True
    references = (
        "Altmannshofer et al. 2019, PRD 100, 115029",
        "Cadeddu et al. 2021, JHEP 01, 116",
    )

    def __post_init__(self) -> None:
        _check_mass(self.mass)
        if self.loop_sign not in (1, -1):
            raise OutOfRangeError(f"loop_sign = {self.loop_sign}: must be 1 or -1")

    @property
    def mediator_mass(self) -> float:
        """Mass of what is exchanged, MeV."""
        return self.mass

    def loop(self, q_squared: Any, muon_mass: float) -> Any:
        """I(Q); (1/6) ln(m_tau^2/m_mu^2) at Q = 0."""
        result = 0.0
        # even about x = 1/2: half the range, twice
        for node, weight in zip(*leggauss(16), strict=True):
            x = 0.25 * (1.0 + node)
            share = x * (1.0 - x)
            ratio = (self.tau_mass**2 + share * q_squared) / (muon_mass**2 + share * q_squared)
            result = result + 0.5 * weight * share * np.log(ratio)
        return result

    def shifts(self, q_squared: Array, flavor: str, couplings: WeakCouplings) -> tuple[Any, Any]:
        """Return the changes of g_p and g_n."""
        charge = self.loop_sign * {"e": 0.0, "mu": 1.0, "tau": -1.0}[family(flavor)]
        constants = couplings.constants
        unit = np.sqrt(2.0) * constants.fine_structure * self.coupling**2 / (np.pi * couplings.fermi_constant)
        exchange = self.loop(q_squared, constants.muon_mass) * propagator(q_squared, self.mass)
        return charge * unit * exchange, 0.0


@dataclass(frozen=True)
class ZPrimeMixing(CouplingShift):
    """Vector boson that mixes with the Z.

    g_N = sum_k a_k^nu a_k^N/(Q^2 + M_k^2)/(sqrt2 G_F) over the two mass eigenstates, with
    a_1 = (g_Z/2) cos(th) (1, g_N) + g' sin(th) (x_nu, x_N), a_2 = -(g_Z/2) sin(th) (1, g_N) + g' cos(th) (x_nu, x_N) and
    (g_Z/2)^2 = sqrt2 G_F M_Z^2 of the unmixed Z, M_Z^2 = M_1^2 cos^2(th) + M_2^2 sin^2(th). Without mixing it is the
    standard model with the exchange of a `ZPrime` (and the Z's own Q^2/M_Z^2, below 1e-5).

    Attributes
    ----------
    coupling : float
        g'.
    mass : float
        M_2, MeV; M_1 is the measured mass of the Z, `WeakCouplings.z_mass`.
    angle : float
        Mixing angle th, radians.
    charges : str or Charges
        As for `ZPrime`.
    """

    coupling: float
    mass: float
    angle: float
    charges: str | Charges = "universal"

    references = ("Langacker 2009, Rev. Mod. Phys. 81, 1199",)

    def __post_init__(self) -> None:
        _check_mass(self.mass)
        object.__setattr__(self, "charges", named_charges(self.charges))

    @property
    def mediator_mass(self) -> float:
        """Mass of the lighter state, MeV."""
        return self.mass

    def shifts(self, q_squared: Array, flavor: str, couplings: WeakCouplings) -> tuple[Any, Any]:
        """Return the changes of g_p and g_n."""
        x = named_charges(self.charges)
        proton, neutron = couplings.vector_couplings(flavor)
        return (
            self._change(proton, x.proton, q_squared, flavor, couplings),
            self._change(neutron, x.neutron, q_squared, flavor, couplings),
        )

    def electron_shift(self, q_squared: Array, flavor: str, couplings: WeakCouplings) -> Any:
        """Return the change of C_V of electrons; the exchange of a W stays as it is."""
        neutral, _ = couplings.electron_couplings("numu")
        return self._change(neutral, named_charges(self.charges).electron, q_squared, flavor, couplings)

    def _change(
        self, standard: Any, charge: float, q_squared: Array, flavor: str, couplings: WeakCouplings
    ) -> Any:
        """Exchange of both mass eigenstates with a field, less the standard model's."""
        scale = np.sqrt(2.0) * couplings.fermi_constant
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        z_mass = couplings.z_mass * couplings.vev_ratio
        unmixed = z_mass**2 * cosine**2 + self.mass**2 * sine**2
        half = np.sqrt(scale * unmixed)

        def eigenstates(of_z: Any, of_new: float) -> tuple[Any, Any]:
            plain, new = half * of_z, self.coupling * of_new
            return plain * cosine + new * sine, -plain * sine + new * cosine

        neutrino = eigenstates(1.0, named_charges(self.charges).neutrino(flavor))
        target = eigenstates(standard, charge)
        first, second = propagator(q_squared, z_mass), propagator(q_squared, self.mass)
        return (neutrino[0] * target[0] * first + neutrino[1] * target[1] * second) / scale - standard


@dataclass(frozen=True)
class Scalar:
    """Scalar boson, for a nucleus of spin 0. It turns the neutrino's helicity around and does not interfere.

    dsigma/dT = M^2 T g_nu^2 [Z g_sp F_p + N g_sn F_n]^2/[4 pi E^2 (2MT + m^2)^2].

    Attributes
    ----------
    neutrino : float
        g_nu, for all flavours.
    mass : float
        m, MeV.
    proton, neutron : float
        g_sp, g_sn.
    majorana : bool
        Whether the scattered neutrino still interacts; otherwise it is sterile.
    """

    neutrino: float
    mass: float
    proton: float
    neutron: float
    majorana: bool = False

    forward_power: ClassVar[int] = 1
    references: ClassVar[Sequence[str]] = (
        "Cerdeno et al. 2016, JHEP 05, 118",
        "Farzan et al. 2018, JHEP 05, 066",
    )

    def __post_init__(self) -> None:
        _check_mass(self.mass)

    @classmethod
    def from_quarks(cls, neutrino: float, quark: float, mass: float, *, majorana: bool = False) -> Scalar:
        """Return the boson with one coupling to all quarks: 15.1 of it to the proton and 14 to the neutron.

        Sums over flavours of m_N/m_q times the quarks' shares of the nucleon mass (Cerdeno et al. 2016).
        """
        return cls(neutrino, mass, 15.1 * quark, 14.0 * quark, majorana)

    @property
    def mediator_mass(self) -> float:
        """Mass of what is exchanged, MeV."""
        return self.mass

    def coefficients(
        self,
        recoil_energy: Array,
        nucleus: Nucleus,
        form_factor: FormFactor,
        flavor: str,
        couplings: WeakCouplings,
    ) -> tuple[Any, Any, Any]:
        """Return c0, c1, c2 of dsigma/dT; only c2 does not vanish."""
        family(flavor)
        t, mass, hbar_c = recoil_energy, nucleus.mass, couplings.constants.hbar_c
        q = np.sqrt(2.0 * mass * t + t**2) / (hbar_c * 1e13)
        charge = form_factor.amplitude(
            q, nucleus.charge_number * self.proton, nucleus.neutron_number * self.neutron
        )
        exchange = self.neutrino * charge * propagator(2.0 * mass * t, self.mass)
        return 0.0, 0.0, (hbar_c * mass * exchange) ** 2 * t / (4.0 * np.pi)


def checked_terms(terms: Iterable[Any]) -> tuple[Any, ...]:
    """Return terms of new physics as a tuple.

    Raises
    ------
    MicrophysicsError
        Naming the first that neither shifts couplings nor adds coefficients.
    """
    if isinstance(terms, (str, Mapping)) or not isinstance(terms, Iterable):
        raise MicrophysicsError(
            f"new_physics = {terms!r}: expected a sequence of terms, such as [NSI(up={{'ee': 0.1}})]"
        )
    found = tuple(terms)
    for i, term in enumerate(found):
        if isinstance(term, type) or not (hasattr(term, "shifts") or hasattr(term, "coefficients")):
            raise MicrophysicsError(
                f"new_physics[{i}] = {term!r}: expected a term of weak.new_physics, such as NSI(up={{'ee': 0.1}})"
            )
    return found


def _check_mass(mass: Any) -> None:
    """Refuse negative masses (the sign of a complex step's real part counts)."""
    if not np.real(mass) >= 0.0:
        raise OutOfRangeError(f"mass = {mass} MeV: must not be negative")
