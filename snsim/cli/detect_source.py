"""What the options of `snsim detect` mean: a source and a detector."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from snsim.cli.inputs import own_times, read_duration

if TYPE_CHECKING:
    from snsim.detection.detectors import Detector
    from snsim.detection.sources.flux import Flux

SOURCES = {
    "pions": "pions at rest: --protons (on target) and --distance",
    "reactor": "--power (thermal) and --distance; --low vogel_engel adds what is below 2 MeV",
    "solar": "--components, and --norm 8B=5.25e6",
    "supernova": "3e53 erg in equal shares, 12 MeV, alpha 2.3: --distance [10 kpc]",
    "dsnb": "all past supernovae",
}
# options of each source, without those of all
_TAKES = {
    "pions": {"--protons", "--pions-per-proton", "--distance"},
    "reactor": {"--power", "--distance", "--low"},
    "solar": {"--components", "--norm"},
    "supernova": {"--distance"},
    "dsnb": set[str](),
    "a table": set[str](),
    "a result": {"--distance", "--duration"},
}
_KINDS = ("nue", "anue", "nux")
_ENERGY, _MEAN, _ALPHA = 5e52, 12.0, 2.3
_FAR = "10 kpc"
_UNMIXED = "as they leave the star, not mixed on their way; without --radiative and new physics only their sum counts"


def source_of(
    name: str, options: dict[str, Any], baseline: float | None
) -> tuple[Flux, list[tuple[str, str]]]:
    """Return the flux that options describe, and in words what is assumed of a supernova.

    Parameters
    ----------
    name : str
        Of `SOURCES`, a table (.csv) or a result of this program.
    options : dict
        By the names of the options; None where not given.
    baseline : float, optional
        Of the detector, cm, where no distance is given.

    Raises
    ------
    ConfigError
        For an unknown source, an option that is missing or belongs to another source.
    """
    from snsim.errors import ConfigError

    kind = _kind(name)
    for option, value in options.items():
        if value is not None and option not in _TAKES[kind]:
            raise ConfigError(f'{option} = "{value}": means nothing to {kind}')
    distance = options["--distance"]
    if kind in ("supernova", "a result"):  # not at the baseline of a detector beside a beam
        assumed = [] if distance else [("distance", f"{_FAR} is assumed; --distance changes it")]
        if kind == "supernova":
            return _standard_burst(distance or _FAR), [*assumed, ("flavours", _UNMIXED)]
        flux, time = _of_result(Path(name), distance or _FAR, options["--duration"])
        return flux, [("time", time), *assumed, ("flavours", _UNMIXED)]
    beside = distance or (None if baseline is None else f"{baseline} cm")
    return _other_source(name, kind, options, beside), []


def _other_source(name: str, kind: str, options: dict[str, Any], distance: str | None) -> Flux:
    """Return the flux of what is no single supernova."""
    from snsim.detection import pion_decay_at_rest, reactor, read_flux, solar
    from snsim.detection.sources.supernova import diffuse_background
    from snsim.errors import ConfigError

    if kind in ("pions", "reactor") and distance is None:
        article = "a reactor" if kind == "reactor" else "a source of pions"
        raise ConfigError(
            f'--distance: missing; {article} with a detector that has no place of its own needs one, such as "20 m"'
        )
    if kind == "pions":
        if options["--protons"] is None:
            raise ConfigError("--protons: expected, such as 1.76e23")
        more = options["--pions-per-proton"]
        return pion_decay_at_rest(
            distance, protons=options["--protons"], **({} if more is None else {"pions_per_proton": more})
        )
    if kind == "reactor":
        if options["--power"] is None:
            raise ConfigError('--power: expected, such as "3.6 GW"')
        return reactor(options["--power"], distance, low=options["--low"] or "none")
    if kind == "solar":
        chosen = options["--components"]
        return solar(None if chosen is None else chosen.split(","), norms=_norms(options["--norm"]))
    return diffuse_background() if kind == "dsnb" else read_flux(name)


def _kind(name: str) -> str:
    from snsim.errors import ConfigError

    if name in SOURCES:
        return name
    if name.endswith(".csv"):
        return "a table"
    if name.endswith(".h5") or Path(name).is_dir():
        return "a result"
    raise ConfigError(
        f'--source = "{name}": expected {", ".join(SOURCES)}, a table (.csv) or a result of snsim run'
    )


def _standard_burst(distance: str) -> Flux:
    from snsim.detection import pinched_fluence

    values = (dict.fromkeys(_KINDS, value) for value in (_ENERGY, _MEAN, _ALPHA))
    return pinched_fluence(*values, distance)


def _of_result(path: Path, distance: str, duration: str | None) -> tuple[Flux, str]:
    """Return the fluence of a stored run, and what its times mean."""
    from snsim.detection.sources.supernova import signal_fluence
    from snsim.output.reader import read_result
    from snsim.signal import signal_of

    result = read_result(path)
    signal = signal_of(result, **read_duration(result, duration))
    held = "" if duration or own_times(result) else "; --duration changes it"
    return signal_fluence(signal, distance), signal.meaning + held


def _norms(texts: list[str] | None) -> dict[str, float]:
    from snsim.errors import ConfigError

    found = {}
    for text in texts or ():
        name, _, value = text.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            raise ConfigError(f'--norm = "{text}": expected NAME=NUMBER, such as 8B=5.25e6') from None
    return found


def detector_from(
    name: str | None, changes: dict[str, Any], physics: dict[str, Any], axial: bool
) -> Detector:
    """Return the detector of a name with changes, or of its target, mass and threshold.

    Parameters
    ----------
    name : str, optional
        Of `snsim.detection.DETECTORS`.
    changes : dict
        Arguments of `Detector.of`; None where not given.
    physics : dict
        Form factor, couplings and new physics.
    axial : bool
        Add the estimate of the axial part.

    Raises
    ------
    ConfigError
        Without a detector, or with too little of one.
    """
    from microphysics.targets import Target
    from snsim.detection import DETECTORS, Detector, detector_of
    from snsim.errors import ConfigError

    given = {key: value for key, value in changes.items() if value is not None}

    def made(formula: str) -> Target:
        return Target.of(formula, **physics, axial=axial)

    if name is not None:
        if "target" in given:
            raise ConfigError(f'--target = "{given["target"]}": the detector {name} has its own')
        return detector_of(name, target=made, **_read(given))
    if "target" not in given or "threshold" not in given:
        raise ConfigError(
            f"--detector: expected, one of {', '.join(DETECTORS)}; or --target, --mass and --threshold"
        )
    formula = given.pop("target")
    return Detector.of(made(formula), name=f"{formula} detector", **_read(given))


def counts_all(detector: Detector) -> bool:
    """Whether a detector has no efficiency."""
    from snsim.detection.response import everything

    return detector.response.efficiency is everything


def _read(given: dict[str, Any]) -> dict[str, Any]:
    """Read the efficiency and both ends of the analysis, so that a mistake names its file or option.

    Raises
    ------
    ConfigError
        For a text that is no threshold.
    """
    from microphysics.errors import MicrophysicsError
    from snsim.detection import Threshold, read_efficiency
    from snsim.errors import ConfigError

    read = dict(given)
    if "efficiency" in given:
        read["efficiency"] = read_efficiency(given["efficiency"])
    for key in ("threshold", "highest"):
        if key in given:
            try:
                read[key] = Threshold.read(given[key])
            except MicrophysicsError as error:
                words = str(error).removeprefix("threshold = ").replace("'", '"')
                raise ConfigError(f"--{key} = {words}") from None
    return read
