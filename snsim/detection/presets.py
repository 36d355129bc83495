"""Detectors by name, each with the paper its numbers are from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import UnknownNameError
from microphysics.targets import Target
from snsim.detection.detectors import Detector
from snsim.detection.response import ConstantQuenching, LindhardQuenching, PolynomialQuenching
from snsim.detection.smearing import GaussianSmearing, PoissonSmearing

Array = NDArray[np.float64]

_CSI = ("Akimov et al. 2017, Science 357, 1123", "Akimov et al. 2018, arXiv:1804.09459")
_ARGON = "Akimov et al. 2021, PRL 126, 012002"
_CONUS_PLUS = "Ackermann et al. 2025, Nature 643, 1229"
_XENONNT = "Aprile et al. 2024, PRL 133, 191002"
_MOMENTS = "Miranda, Papoulias, Tortola & Valle 2019, JHEP 07, 103"
_DARWIN = ("Aalbers et al. 2016, JCAP 11, 017", "Lang et al. 2016, PRD 94, 103009")
_LEAD = "Pattavina, Ferreiro Iachellini & Tamborra 2020, PRD 102, 063001"


def _csi_efficiency(photoelectrons: Array) -> Array:
    """Return the acceptance of the analysis of 2017: nothing below 5, half of the fit between 5 and 6."""
    fit = 0.6655 / (1.0 + np.exp(-0.4942 * (photoelectrons - 10.8507)))
    return np.where(photoelectrons < 5.0, 0.0, np.where(photoelectrons < 6.0, 0.5 * fit, fit))


def _half(measured: Array) -> Array:
    """Return an efficiency of one half."""
    return np.full(np.shape(measured), 0.5)


def _spallation(
    target: str, first: str, second: str, baseline: str, words: str, name: str, now: str = "", later: str = ""
) -> dict[str, dict[str, Any]]:
    """Return detectors of the spallation source as a study of transition moments took them, now and later.

    Now: 308.1 days (1.76e23 protons) and an efficiency of one half; later 10 years with all recoils above a lower threshold.
    The masses are those for which the study's limits come out.
    """
    shared: dict[str, Any] = {"target": target, "baseline": baseline, "references": (_MOMENTS,)}
    found = {
        f"{name}_future": shared
        | {"mass": later, "live_time": "10 yr", "threshold": second, "name": f"{words}, ten years"}
    }
    if now:
        found[name] = shared | {
            "mass": now,
            "live_time": "308.1 d",
            "threshold": first,
            "efficiency": _half,
            "name": words,
        }
    return found


def _reactor(target: str, mass: str, threshold: str, baseline: str, words: str) -> dict[str, Any]:
    """Return one at a reactor, a year; electron-equivalent thresholds with Lindhard's quenching."""
    found: dict[str, Any] = {
        "target": target,
        "mass": mass,
        "live_time": "1 yr",
        "threshold": threshold,
        "baseline": baseline,
        "name": words,
        "references": (_MOMENTS,),
    }
    return found | ({"quenching": LindhardQuenching.by_theory(target)} if threshold.endswith("ee") else {})


_PRESETS: dict[str, dict[str, Any]] = {
    "coherent_csi": {
        "target": "CsI",
        "mass": "14.57 kg",
        "baseline": "19.3 m",
        "threshold": "6 pe",
        "highest": "30 pe",
        "quenching": ConstantQuenching(0.0878),
        "light_yield": 13.348,
        "efficiency": _csi_efficiency,
        "smearing": PoissonSmearing(),
        "name": "COHERENT CsI[Na], 2017",
        "references": _CSI,
    },
    "cenns10": {
        "target": "Ar",
        "mass": "24 kg",
        "baseline": "27.5 m",
        "threshold": "5 keVee",
        "highest": "30 keVee",
        "quenching": PolynomialQuenching((0.246, 7.8e-4)),
        "smearing": GaussianSmearing(root=0.58),
        "name": "COHERENT CENNS-10, 2020; without its efficiency",
        "references": (_ARGON, "Akimov et al. 2021, JINST 16, P04002"),
    },
    "conus_plus": {
        "target": "Ge",
        "mass": "2.83 kg",
        "exposure": "327 kg d",
        "baseline": "20.7 m",
        "threshold": "0.16 keVee",
        "highest": "0.8 keVee",
        "quenching": LindhardQuenching(32.0, 0.162),
        "smearing": GaussianSmearing(noise=0.0204, root=0.0179),
        "name": "CONUS+, run 1",
        "references": (_CONUS_PLUS, "Bonhomme et al. 2022, EPJC 82, 815"),
    },
    "xenonnt": {
        "target": "Xe",
        "exposure": "3.51 t yr",
        "threshold": "0.5 keVnr",
        "name": "XENONnT, SR0 and SR1; give it the efficiency",
        "references": (_XENONNT,),
    },
    "darwin": {
        "target": "Xe",
        "mass": "40 t",
        "live_time": "1 yr",
        "threshold": "0.7 keVnr",
        "name": "a xenon observatory of 40 t",
        "references": _DARWIN,
    },
    "lead": {
        "target": "Pb",
        "mass": "1.7 t",
        "live_time": "1 yr",
        "threshold": "1 keVnr",
        "name": "cryogenic archaeological lead (RES-NOVA)",
        "references": (_LEAD,),
    },
    **_spallation("CsI", "", "1 keVnr", "19.3 m", "COHERENT CsI", "sns_csi", later="100 kg"),
    **_spallation("Ge", "5 keVnr", "1 keVnr", "22 m", "COHERENT HPGe", "sns_germanium", "15 kg", "100 kg"),
    **_spallation("Ar", "20 keVnr", "10 keVnr", "29 m", "COHERENT LAr", "sns_argon", "1 t", "10 t"),
    **_spallation(
        "NaI", "13 keVnr", "5 keVnr", "28 m", "COHERENT NaI[Tl]", "sns_sodium_iodide", "2 t", "10 t"
    ),
    "conus": _reactor("Ge", "3.85 kg", "100 eVee", "17 m", "CONUS"),
    "connie": _reactor("Si", "1 kg", "28 eVee", "30 m", "CONNIE"),
    "miner": _reactor("Ge", "1 kg", "100 eVee", "1 m", "MINER"),
    "texono": _reactor("Ge", "1 kg", "100 eVee", "28 m", "TEXONO"),
    "red100": _reactor("Xe", "100 kg", "500 eVnr", "19 m", "RED-100"),
}
DETECTORS: tuple[str, ...] = tuple(_PRESETS)
"""Names that `detector_of` knows."""


def detector_of(name: str, target: Callable[[str], Target] | None = None, **changes: Any) -> Detector:
    """Return a detector by name.

    Parameters
    ----------
    name : str
        Of `DETECTORS`.
    target : callable, optional
        Makes the target of its formula, with chosen couplings, form factors and new physics: ``lambda name: Target.of(name,
        couplings=...)``.
    **changes
        Other arguments of `Detector.of` than those of the preset: ``live_time="2 yr"``, ``efficiency=...``.

    Raises
    ------
    UnknownNameError
        For another name.

    Examples
    --------
    >>> detector_of("coherent_csi").name
    'COHERENT CsI[Na], 2017'
    """
    if name not in _PRESETS:
        raise UnknownNameError("detector", name, DETECTORS)
    arguments = _PRESETS[name] | changes
    if "efficiency" in changes:  # "..., SR0 and SR1; give it the efficiency"
        arguments["name"] = arguments["name"].partition(";")[0]
    made = Detector.of(**arguments)
    if target is None:
        return made
    return replace(made, target=target(arguments["target"]))
