"""What of a plan has no place in weaklib's files, in plain sentences."""

from __future__ import annotations

from microphysics._registry import PROCESSES
from microphysics.matter import GROUPS
from microphysics.tables.plan import TablePlan
from microphysics.tables.weaklib_layout import SPECIES_NAMES
from microphysics.weak.couplings import WeakCouplings

__all__ = ["in_no_file", "left_out", "writes_bremsstrahlung"]


def writes_bremsstrahlung(plan: TablePlan) -> bool:
    """Whether S_sigma has a file: not where the absorption of nue and anue holds it, as readers add the two."""
    settings = plan.settings
    hannestad = settings.bremsstrahlung == "hannestad1998"
    return "bremsstrahlung" in plan.processes and hannestad and settings.pair_species == "heavy"


def in_no_file(plan: TablePlan) -> tuple[str, ...]:
    """Return processes of the opacities that no file holds for any species."""
    if plan.settings.pair_species == "all":
        return ()
    lost = {"pair"} | (set() if writes_bremsstrahlung(plan) else {"bremsstrahlung"})
    return tuple(name for name in plan.in_opacities if name in lost)


def left_out(plan: TablePlan) -> tuple[str, ...]:
    """List what the files do not hold although the plan has it.

    Parameters
    ----------
    plan : TablePlan

    Returns
    -------
    tuple of str
        Sentences without a full stop; empty if everything is there. Scattering on electrons is always there for nue and
        anue: in kernels, or among scattering without exchange of energy.
    """
    others = [name for name in plan.species if name not in SPECIES_NAMES]
    return (
        *_pairs(plan, others),
        *_bremsstrahlung(plan, others),
        *_other_species(plan, others),
        *_couplings(plan),
    )


def _pairs(plan: TablePlan, others: list[str]) -> list[str]:
    if "pair" not in plan.in_opacities or not others:
        return []
    return [
        f"electron-positron pairs of {', '.join(others)}: the layout has them as kernels only, which the plan does not have"
    ]


def _bremsstrahlung(plan: TablePlan, others: list[str]) -> list[str]:
    settings = plan.settings
    if "bremsstrahlung" not in plan.in_opacities:
        return []
    if writes_bremsstrahlung(plan):
        if settings.bremsstrahlung_medium == "none":
            return []
        return [
            f"suppression of bremsstrahlung in a dense medium ({settings.bremsstrahlung_medium}): S_sigma is without it, as "
            "readers evaluate it at x_n rho, x_p rho and sqrt(x_n x_p) rho"
        ]
    if not others:
        return []
    reason = f"S_sigma of {settings.bremsstrahlung} is not written"
    if settings.pair_species == "all":
        reason = "that of nue and anue is in EmAb, and with S_sigma readers would count it twice"
    return [f"bremsstrahlung of {', '.join(others)}: {reason}"]


def _other_species(plan: TablePlan, others: list[str]) -> list[str]:
    """Opacities of all other processes that act on more than nue and anue."""
    members = {flavor for name in others for flavor in GROUPS[name]}
    acting = []
    for name in plan.in_opacities:
        rows = PROCESSES[name](plan.settings).species
        if name not in ("pair", "bremsstrahlung") and members & {f for row in rows for f in GROUPS[row]}:
            acting.append(name)
    if not acting:
        return []
    return [f"opacities of {', '.join(others)} by {', '.join(acting)}: EmAb and Iso hold nue and anue alone"]


def _couplings(plan: TablePlan) -> list[str]:
    if not plan.in_kernels:
        return []
    chosen, usual = plan.settings.couplings, WeakCouplings()
    if all(chosen.electron_couplings(f) == usual.electron_couplings(f) for f in ("nue", "numu")):
        return []
    return [
        "C_V and C_A of neutrinos with electrons: NES and Pair hold coupling structures, readers put in theirs"
    ]
