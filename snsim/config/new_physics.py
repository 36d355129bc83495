"""``[microphysics.new_physics]``: interactions beyond the standard model, for the star and the detector alike."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from snsim.config import quantities
from snsim.config.section import Section, default

Charges = Literal["universal", "b-l"]
Mass = Annotated[float, quantities.particle_energy(0.0, 1e9, "30 MeV")]
Radius = Annotated[float, quantities.area(-1e-28, 1e-28)]
Epsilon = Annotated[float, Field(ge=-100.0, le=100.0)]


class Pairs(Section):
    """A number for each pair of flavours: the diagonal keeps the flavour, the rest changes it."""

    ee: float = 0.0
    emu: float = 0.0
    etau: float = 0.0
    mumu: float = 0.0
    mutau: float = 0.0
    tautau: float = 0.0


class EpsilonPairs(Section):
    """Strengths for each pair of flavours; a hundred times the weak interaction is beyond any measurement."""

    ee: Epsilon = 0.0
    emu: Epsilon = 0.0
    etau: Epsilon = 0.0
    mumu: Epsilon = 0.0
    mutau: Epsilon = 0.0
    tautau: Epsilon = 0.0


class RadiusPairs(Section):
    """Charge radii <r^2> for each pair of flavours, cm^2."""

    ee: Radius = default("0 cm2")
    emu: Radius = default("0 cm2")
    etau: Radius = default("0 cm2")
    mumu: Radius = default("0 cm2")
    mutau: Radius = default("0 cm2")
    tautau: Radius = default("0 cm2")


class NSI(Section):
    """Non-standard interactions with up and down quarks, by pairs of flavours, in units of the contact interaction."""

    up: EpsilonPairs = Field(default_factory=EpsilonPairs)
    down: EpsilonPairs = Field(default_factory=EpsilonPairs)


class ZPrime(Section):
    """Vector boson; MeV."""

    coupling: float
    mass: Mass
    charges: Charges = "universal"


class MuTauMediator(Section):
    """Boson of L_mu - L_tau that mixes with the photon; MeV."""

    coupling: float
    mass: Mass
    loop_sign: Literal[1, -1] = 1


class ZPrimeMixing(Section):
    """Vector boson that mixes with the Z; MeV and radians."""

    coupling: float
    mass: Mass
    angle: float = Field(ge=-1.6, le=1.6)
    charges: Charges = "universal"


class ChargeRadius(Section):
    """Charge radii of neutrinos."""

    radii: RadiusPairs
    convention: Literal["vertex", "mixing_angle"] = "vertex"
    relative_to: Literal["zero", "standard_model"] = "zero"


class Millicharge(Section):
    """Electric charges by pairs of flavours, in elementary charges."""

    charges: Pairs


class MagneticMoment(Section):
    """One moment for all flavours, or three transition moments of Majorana neutrinos; in Bohr magnetons."""

    moment: float | None = Field(default=None, ge=0.0, le=1e-6)
    majorana: bool = True
    transition: tuple[float, float, float] | None = Field(default=None, strict=False)
    phases: tuple[float, float, float] = Field(default=(0.0, 0.0, 0.0), strict=False)
    basis: Literal["mass", "flavor"] = "mass"

    @model_validator(mode="after")
    def _one_of_both(self) -> MagneticMoment:
        if (self.moment is None) == (self.transition is None):
            raise PydanticCustomError("moment", "expected either a moment or three transition moments")
        if self.transition is not None and not self.majorana:
            raise PydanticCustomError("moment", "expected majorana = true with three transition moments")
        return self


class Scalar(Section):
    """Scalar boson with one coupling to neutrinos and one to all quarks; MeV."""

    neutrino: float
    quark: float
    mass: Mass
    majorana: bool = False


class NewPhysics(Section):
    """What a run adds to the standard model; nothing by default."""

    nsi: NSI | None = None
    z_prime: ZPrime | None = None
    mu_tau_mediator: MuTauMediator | None = None
    z_prime_mixing: ZPrimeMixing | None = None
    charge_radius: ChargeRadius | None = None
    millicharge: Millicharge | None = None
    magnetic_moment: MagneticMoment | None = None
    scalar: Scalar | None = None

    @property
    def processes(self) -> tuple[str, ...]:
        """Opacity processes that these terms need besides those of the standard model."""
        needed = {"magnetic_scattering": self.magnetic_moment, "scalar_scattering": self.scalar}
        return tuple(name for name, term in needed.items() if term is not None)

    def limits(self, solved: bool) -> list[str]:
        """Say what a run with these terms leaves out, sentence by sentence; `solved`: whether transport is."""
        found = []
        if any(
            (self.z_prime, self.z_prime_mixing, self.mu_tau_mediator, self.charge_radius, self.millicharge)
        ):
            found.append(
                "new_physics acts on nuclei, their electrons, nucleons, alphas and (at a typical momentum transfer) on "
                "scattering by electrons; pairs stay those of the standard model"
            )
        if self.magnetic_moment is not None:
            found.append(
                "magnetic_moment acts on nuclei, alphas and protons; scattering on electrons is left out"
            )
        sterile = [
            name
            for name, dirac in (
                ("magnetic_moment", self.magnetic_moment is not None and not self.magnetic_moment.majorana),
                ("scalar", self.scalar is not None and not self.scalar.majorana),
            )
            if dirac
        ]
        if sterile:
            thermal = (
                ": the absorption that stands for them emits thermally too, and their energy is not counted"
            )
            found.append(
                f"{' and '.join(sterile)}: neutrinos turn sterile and leave, which counts as absorption but not towards "
                f"thermalisation{thermal if solved else ''}"
            )
        return found

    def terms(self) -> tuple[Any, ...]:
        """Return the terms as `microphysics.weak.new_physics` has them."""
        from microphysics.weak import mediators, new_physics
        from microphysics.weak.moments import TransitionMoments

        found: list[Any] = []
        for section, factory in (
            (self.nsi, new_physics.NSI),
            (self.z_prime, mediators.ZPrime),
            (self.mu_tau_mediator, mediators.MuTauMediator),
            (self.z_prime_mixing, mediators.ZPrimeMixing),
            (self.charge_radius, new_physics.ChargeRadius),
            (self.millicharge, new_physics.Millicharge),
            (self.scalar, mediators.Scalar.from_quarks),
        ):
            if section is not None:
                found.append(factory(**_plain(section)))
        chosen = self.magnetic_moment
        if chosen is not None and chosen.transition is not None:
            moments = TransitionMoments(chosen.transition, chosen.phases, chosen.basis)
            found.append(new_physics.MagneticMoment(moments))
        elif chosen is not None and chosen.moment is not None:
            found.append(new_physics.MagneticMoment(chosen.moment, chosen.majorana))
        return tuple(found)


def _plain(section: BaseModel) -> dict[str, Any]:
    """Keys and values, sections among them as dictionaries."""
    return {key: dict(value) if isinstance(value, BaseModel) else value for key, value in section}
