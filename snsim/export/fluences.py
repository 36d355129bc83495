"""Formats with one row an energy, or one line a spectrum: SNOwGLoBES and MARLEY."""

from __future__ import annotations

import numpy as np

from snsim.export.text import NUX_ONE, Array, notes, rows
from snsim.signal.spectra import number_in_bins
from snsim.signal.table import Signal

EDGES = np.arange(502) / 5.0
"""Edges of the 501 bins of 0.2 MeV, MeV."""
FLAVOURS = {"ve": 0, "vu": 2, "vt": 2, "vebar": 1, "vubar": 2, "vtbar": 2}
"""MARLEY's names, in the order of the columns of SNOwGLoBES, and which species they are."""
EVENTS = 10000  # of a MARLEY job; anyone changes that
MARLEY_2 = "for MARLEY 1.2; version 2 calls executable_settings generate"
MARLEY_2_NUE = (
    'and has reactions: [ "ve40ArCC_HF-CRPA.react", "ve40ArCC_Bhattacharya2009-Discrete.react", "ES.react" ]'
)


def emitted(signal: Signal) -> Array:
    """Neutrinos of one of each species in the bins, over the whole signal, shape (species, bin)."""
    return np.tensordot(signal.interval, number_in_bins(signal, EDGES), axes=1)


def snowglobes(signal: Signal, distance: float) -> str:
    """Return the fluence file of SNOwGLoBES.

    Parameters
    ----------
    signal : Signal
        Integrated over all its times.
    distance : float
        cm.

    Returns
    -------
    str
        501 rows: energy in GeV at the centre of a bin of 0.2 MeV; nue, numu, nutau, anue, anumu, anutau per cm^2 and bin.
    """
    species = emitted(signal) / (4.0 * np.pi * distance**2)
    columns = (
        "columns: energy in GeV, then nue numu nutau anue anumu anutau in neutrinos per cm^2 and bin of 0.2 MeV; numu to "
        "anutau are equal, each ONE nux"
    )
    how = f"at a distance of {distance:.10e} cm, over {signal.time[-1] - signal.time[0]:.10g} s"
    lines = notes(signal, columns, how, pinched=False)
    table = rows([np.arange(1, 1002, 2) / 1e4, *(species[s] for s in FLAVOURS.values())])
    return "".join(f"# {line}\n" for line in lines) + table


def pinched(signal: Signal) -> dict[str, str]:
    """Return the input of SNOwGLoBES' program `pinched`, and the key to its lines.

    One line a time, weighted with the time it stands for, so that fluxes are fluences: number of the line, alpha, <E> in MeV,
    then energy in erg of nue, anue and one nux. The program reads numbers only, so all words are in the key.

    Returns
    -------
    dict of str to str
        Endings of file names, and texts: the table, and the key with number, time and length in s.
    """
    count = np.arange(1, signal.time.size + 1)
    columns = [signal.alpha, signal.mean_energy, signal.luminosity * signal.interval[:, None]]
    numbers = rows(columns).splitlines()
    table = "".join(f"{k} {line}\n" for k, line in zip(count, numbers, strict=True))
    words = (
        "lines of the table beside: number, alpha of nue, anue, nux, mean energy in MeV, energy in erg that each radiates in "
        "the time of the line; the program assumes 10 kpc",
        "columns here: number of the line, time in s, length of time in s",
    )
    key = "".join(f"# {line}\n" for line in notes(signal, *words, NUX_ONE))
    span = rows([signal.time, signal.interval]).splitlines()
    return {"": table, "_key": key + "".join(f"{k} {line}\n" for k, line in zip(count, span, strict=True))}


def marley(signal: Signal) -> dict[str, str]:
    """Return job files of MARLEY 1.2, one a flavour: name of the flavour to text.

    Weights are neutrinos radiated in a bin, within which MARLEY spreads them evenly; it normalises them to 1 and weights
    events with its own cross sections, so that the number of neutrinos stands in a comment. Another comment says what to
    change for version 2, whose reactions and keys have other names.
    """
    species = emitted(signal)
    words = "weights: neutrinos of this flavour that leave the star in each bin of 0.2 MeV; energies in MeV"
    jobs = {}
    for name, s in FLAVOURS.items():
        number = f"neutrinos of this flavour: {float(species[s].sum())!r}"
        own = (MARLEY_2, MARLEY_2_NUE, number) if name == "ve" else (MARLEY_2, number)
        comment = notes(signal, words, NUX_ONE, *own, pinched=False)
        jobs[name] = "".join(f"// {line}\n" for line in comment) + _job(name, species[s])
    return jobs


def _job(name: str, weights: Array) -> str:
    reactions = ['"ve40ArCC_Bhattacharya2009.react"', '"ES.react"'] if name == "ve" else ['"ES.react"']
    lefts, heights = (", ".join(map(repr, values.tolist())) for values in (EDGES[:-1], weights))
    return (
        "{\n  target: { nuclides: [ 1000180400 ], atom_fractions: [ 1.0 ] },\n"
        f"  reactions: [ {', '.join(reactions)} ],\n"
        f'  source: {{\n    type: "histogram",\n    neutrino: "{name}",\n    E_bin_lefts: [ {lefts} ],\n'
        f"    weights: [ {heights} ],\n    Emax: {float(EDGES[-1])!r}\n  }},\n"
        f"  executable_settings: {{ events: {EVENTS} }}\n}}\n"
    )
