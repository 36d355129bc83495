"""What the commands of `snsim eos` share: which equation of state, values with units, files that are in the way."""

from __future__ import annotations

import re
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snsim.cli.inputs import Text, naming, with_value

if TYPE_CHECKING:
    from microphysics.eos.state import EquationOfState


class AlphaBinding(StrEnum):
    """Binding energy of the alpha particle in the embedded equation of state."""

    CORRECTED = "corrected"
    LS91 = "ls91"


INCOMPRESSIBILITY = "220 MeV"

Density = Annotated[Text, with_value('Such as "1e12 g/cm3".')]
Temperature = Annotated[Text, with_value('Such as "2 MeV" or "2e10 K".')]
Incompressibility = Annotated[
    Text, with_value(f"Of symmetric nuclear matter; literature: 180, 220, 375 MeV.  [{INCOMPRESSIBILITY}]")
]
Alphas = Annotated[
    AlphaBinding | None,
    typer.Option("--alpha-binding", help="ls91 is 2.6 MeV too small, as in the tables of old.  [corrected]"),
]
TableFile = Annotated[
    Path | None,
    typer.Option(
        "--table",
        metavar="FILE",
        help="Instead of the embedded equation of state: a table of stellarcollapse.org, CompOSE or snsim.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]


def value(what: str, text: str, option: str | None = None) -> float:
    """Return a number with a unit, in the units of the equation of state.

    Parameters
    ----------
    what : str
        density, temperature, entropy, energy or incompressibility.
    text : str
        As it was given.
    option : str, optional
        Its name, if that is not ``--WHAT``.

    Raises
    ------
    ConfigError
        With an example of what is right.
    """
    from snsim.config import quantities

    if what == "entropy":
        return _entropy(text)
    everything = (0.0, float("inf"))
    kind = {
        "density": quantities.mass_density(*everything),
        "temperature": quantities.temperature(*everything),
        "energy": quantities.particle_energy(*everything, example="8 MeV"),
        "incompressibility": quantities.particle_energy(*everything, example=INCOMPRESSIBILITY),
    }[what]
    with naming(option or f"--{what}", text):
        return kind.read(re.sub(r"\s*/\s*baryon\s*$", "", text) if what == "energy" else text)


def _entropy(text: str) -> float:
    """Entropies are counted in Boltzmann's constant, which no library of units has."""
    from snsim.errors import ConfigError

    match = re.fullmatch(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(\S.*?)?\s*", text)
    if match and match[2] and re.fullmatch(r"k_?B(\s*/\s*baryon)?", match[2]):
        return float(match[1])
    wrong = "a number without a unit" if match and not match[2] else "something else"
    raise ConfigError(
        f'--entropy = "{text}": expected an entropy per baryon (for instance "1.2 kB"), got {wrong}'
    )


def equation_of_state(
    incompressibility: str | None, alpha_binding: AlphaBinding | None, table: Path | None
) -> EquationOfState:
    """Return what the options say: a table, or the embedded equation of state.

    Raises
    ------
    ConfigError
        If they contradict each other, or for an incompressibility outside what the force allows.
    ResultFileError
        If the table cannot be read.
    """
    from snsim.errors import ConfigError, ResultFileError

    if table is None:
        from microphysics.eos.lattimer_swesty import LattimerSwesty
        from microphysics.errors import OutOfRangeError

        number = value("incompressibility", incompressibility or INCOMPRESSIBILITY)
        try:
            embedded: Any = LattimerSwesty(number, (alpha_binding or AlphaBinding.CORRECTED).value)
        except OutOfRangeError as error:
            raise ConfigError(f"--{error}") from None
        return embedded
    for option, given in {"incompressibility": incompressibility, "alpha-binding": alpha_binding}.items():
        if given is not None:
            raise ConfigError(
                f"--{option} = {given}: belongs to the embedded equation of state; leave it out, or --table"
            )
    from microphysics.eos.formats import read
    from microphysics.eos.table import EosTableError

    try:
        return read(table)
    except EosTableError as error:
        raise ResultFileError(str(error)) from error


def claim(path: Path, force: bool, suffixes: tuple[str, ...]) -> None:
    """Make sure that a file can be written, before anything is computed.

    Parameters
    ----------
    path : Path
        Its folder is made if it does not exist.
    force : bool
        Whether it may be there.
    suffixes : tuple of str
        Endings, one of which it must have.

    Raises
    ------
    ConfigError, ResultFileError
    """
    from snsim.errors import ConfigError, ResultFileError

    if path.suffix.lower() not in suffixes:
        raise ConfigError(f"{path}: expected a file name that ends with {' or '.join(suffixes)}")
    if path.is_dir():
        raise ResultFileError(f"{path}: is a directory, give a file name")
    if path.exists() and not force:
        raise ResultFileError(f"{path}: is there already; choose another name, or replace it with --force")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise ResultFileError(f"{path}: cannot be written there ({error.strerror})") from None


def inside(eos: EquationOfState, option: str, number: float, unit: str) -> float:
    """Return a number that an option gave, if the equation of state is valid there.

    Parameters
    ----------
    eos : EquationOfState
        Has the bounds.
    option : {"density", "temperature", "electron-fraction"}
        Without its dashes.
    number : float
        In the units of the equation of state.
    unit : str
        As it is written after a number, with a blank before it.

    Raises
    ------
    ConfigError
        For what no matter can have: a negative density or temperature, more electrons than baryons.
    OutOfRangeError
        Outside what the equation of state is valid for; both name option, value and bounds.
    """
    from microphysics.errors import OutOfRangeError
    from snsim.errors import ConfigError

    fraction = option == "electron-fraction"
    if not (0.0 <= number <= 1.0 if fraction else 0.0 < number < float("inf")):
        allowed = "from 0 to 1" if fraction else "positive and finite"
        raise ConfigError(f"--{option} = {number:.6g}{unit}: must be {allowed}")
    low, high = getattr(eos, f"{option.replace('-', '_')}_range")
    if not low <= number <= high:
        raise OutOfRangeError(
            f"--{option} = {number:.6g}{unit}: {eos.name} is valid from {low:g} to {high:g}{unit}"
        )
    return number


def describe(eos: EquationOfState) -> dict[str, Any]:
    """Return name, papers, parameters and domain of an equation of state, for JSON."""
    return {
        "name": eos.name,
        "references": list(eos.references),
        "parameters": dict(getattr(eos, "parameters", {})),
        "notes": list(getattr(eos, "notes", ())),
        "baryon_mass_mev": eos.baryon_mass,
        "density_range": eos.density_range,
        "temperature_range": eos.temperature_range,
        "electron_fraction_range": eos.electron_fraction_range,
    }
