"""What the writers share: comment lines, rows that read back to the same floats, files that are whole or absent."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snsim.errors import ResultFileError
from snsim.signal.table import Signal

Array = NDArray[np.float64]

NUX_ONE = "nux is ONE of the four heavy-lepton species (numu, anumu, nutau, anutau)"
NUX_SUM = "the luminosity of nux is the SUM of the four heavy-lepton species; its energies are those of one"
GUARDS = "the first and the last row have luminosity 0: programs hold the value of an end, as if the star shone for ever"
TAILS = (
    "gray transport: the spectrum is an assumed shape of two moments. Counts of channels that see its tail (nue on O16, "
    "high thresholds) are uncertain by factors; inverse beta decay by per cent"
)
PINCHED = "the run has tabulated spectra, this format only pinched ones: channels that see the tail may change by factors"
_PLAIN = str.maketrans(
    {"=": ":", '"': "'", "\n": " ", "\r": " ", "#": " "}
)  # what readers of comments stumble over
_WIDTH = 1e-12  # of the length of a signal, from its ends to the rows without light
_ULPS = 8.0


def notes(signal: Signal, *words: str, pinched: bool = True) -> list[str]:
    """Return what a file says about its numbers, without equals signs and quotation marks.

    Parameters
    ----------
    signal : Signal
        That is written.
    *words : str
        What this format must say.
    pinched : bool
        Whether the format has only moments.
    """
    tails = (TAILS,) if signal.gray else (PINCHED,) if pinched and signal.spectra is not None else ()
    lines = (
        "neutrino signal seen from infinity: luminosities and energies are redshifted already",
        signal.source,
        signal.meaning,
        *words,
        f"energy of all flavours, nue + anue + 4 nux: {signal.total_energy:.10e} erg",
        "no flavour conversion",
        *tails,
    )
    return [line.translate(_PLAIN).encode("ascii", "replace").decode() for line in lines]


def rows(columns: Iterable[Array], separator: str = " ") -> str:
    """Return lines of numbers in the fewest digits that read back to the same floats."""
    table = np.column_stack(list(columns)).tolist()
    return "".join(separator.join(map(repr, row)) + "\n" for row in table)


def guarded(signal: Signal) -> tuple[Array, Array, Array, Array]:
    """Return time, luminosity, <E> and <E^2> with a row without light before the first time and one after the last."""
    time = signal.time
    step = max(_WIDTH * (time[-1] - time[0]), _ULPS * float(np.spacing(np.abs(time).max())))
    dark = np.zeros((1, signal.luminosity.shape[1]))
    longer = [
        np.concatenate([values[:1], values, values[-1:]])
        for values in (signal.mean_energy, signal.mean_square_energy)
    ]
    times = np.concatenate([[time[0] - step], time, [time[-1] + step]])
    return times, np.concatenate([dark, signal.luminosity, dark]), longer[0], longer[1]


def write_text(path: Path, text: str) -> None:
    """Write a file under another name and move it into place.

    Raises
    ------
    ResultFileError
        If that cannot be done; nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="ascii")
        os.replace(temporary, path)
    except OSError as error:
        raise ResultFileError(f"{path}: cannot be written ({error.strerror or error}).") from None
    finally:
        temporary.unlink(missing_ok=True)
