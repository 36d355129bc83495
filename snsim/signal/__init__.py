"""The neutrino signal far from the star: one table, from a result, from results in sequence, or from arrays."""

from __future__ import annotations

from snsim.signal.from_result import sequence_signal, signal_of
from snsim.signal.spectra import Spectra, number_in_bins, number_rate
from snsim.signal.table import MULTIPLICITY, SPECIES, Signal

__all__ = [
    "MULTIPLICITY",
    "SPECIES",
    "Signal",
    "Spectra",
    "number_in_bins",
    "number_rate",
    "sequence_signal",
    "signal_of",
]
