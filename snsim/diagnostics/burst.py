"""Deleptonisation: leptons that a profile still holds, the burst of nue in a sequence, cooling of the neutron star.

A star at one instant knows how many leptons are trapped and how fast they leave now. When the shock reaches the
neutrinosphere, and so the burst itself, is hydrodynamics: it is read from a sequence of another code, never predicted.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from microphysics.constants import CODATA
from microphysics.opacity import OpacitySpectra
from snsim.diagnostics._labels import STATIC_FRAME, labelled_numbers
from snsim.diagnostics.gain_integrals import shell_volumes
from snsim.diagnostics.neutrinosphere import transport_radius
from snsim.errors import ProfileError
from snsim.transport.background import Background
from snsim.transport.records import INFINITY
from snsim.transport.solution import TransportSolution
from snsim.variable import Variable

Array = NDArray[np.float64]

__all__ = ["burst_from_profile_sequence", "observe", "pns_cooling"]

REFERENCES = "Burrows & Lattimer 1986, ApJ 307, 178; Kachelriess et al. 2005, PRD 71, 063003"
ONE_PROFILE = (
    "a burst needs a sequence in time: one profile holds no breakout, which is hydrodynamics; give times (s) and nue "
    "luminosities (erg/s) of a collapse code's output"
)
FEWEST = 5  # samples that can show a maximum with both its flanks


def observe(
    background: Background,
    spectra: OpacitySpectra,
    solution: TransportSolution,
    *,
    spheres: Array | None = None,
) -> dict[str, Variable]:
    """Leptons inside the neutrinosphere of nue, and the time in which they would leave at the present rate.

    Parameters
    ----------
    background, spectra, solution
        The stored run.
    spheres : ndarray, shape (species,), optional
        Of `neutrinosphere.transport_radius`, where they are known already; cm.

    Returns
    -------
    dict of Variable
        Scalars: ``trapped_electrons``, ``trapped_neutrinos`` (nue minus anue), ``trapped_leptons``,
        ``lepton_fraction`` (per baryon), ``lepton_loss`` (1/s at infinity), ``release_time`` (s at infinity).
    """
    names = list(solution.species)
    both = "nue" in names and "anue" in names
    if spheres is None:
        spheres = transport_radius(background, spectra, solution)
    sphere = float(spheres[names.index("nue")]) if both else math.nan
    why = "nue has no neutrinosphere" if both else "the solution has no nue, or no anue"
    electrons = neutrinos = baryons = loss = math.nan
    if not math.isnan(sphere):
        edges, matter = background.radius_interface, background.matter
        volume = shell_volumes(edges, background.gamma, 0.0, sphere)
        nue, anue = names.index("nue"), names.index("anue")
        net = solution.number_density[nue] - solution.number_density[anue]
        baryons = float(np.sum(matter.baryon_density * volume))
        electrons = float(np.sum(matter.electron_fraction * matter.baryon_density * volume))
        neutrinos = float(np.sum(net * volume))
        flow = (
            solution.number_luminosity[nue] - solution.number_luminosity[anue]
        ) * background.lapse_interface
        loss = float(flow[-1])
    total = electrons + neutrinos
    still = why if math.isnan(loss) else "more anue leave than nue"
    inside = "int dV inside the gray transport sphere of nue of"
    held = (
        ("trapped_electrons", electrons, "1", "electrons minus positrons inside", f"{inside} Y_e n_b", why),
        ("trapped_neutrinos", neutrinos, "1", "nue minus anue inside", f"{inside} n_nue - n_anue", why),
        ("trapped_leptons", total, "1", "lepton number inside", "electrons + neutrinos", why),
        ("lepton_fraction", total / baryons, "1", "leptons per baryon inside", "leptons/baryons", why),
    )
    left = (
        (
            "lepton_loss",
            loss,
            "1 / s",
            "loss of lepton number",
            "nue - anue at the outer edge, at infinity",
            why,
        ),
        (
            "release_time",
            total / loss if loss > 0.0 else math.nan,
            "s",
            "release time of the leptons inside",
            "leptons/loss: the loss of this instant, all leptons; beta equilibrium keeps some for ever",
            still,
        ),
    )
    return labelled_numbers(held, frame=STATIC_FRAME, references=REFERENCES) | labelled_numbers(
        left, frame=INFINITY, references=REFERENCES
    )


def burst_from_profile_sequence(
    time: Array, luminosity: Array, mean_energy: Array | None = None
) -> dict[str, Variable]:
    """Peak, width and energy of the nue burst in a sequence of another code.

    Parameters
    ----------
    time : ndarray, shape (time,)
        s, rising; any zero.
    luminosity : ndarray, shape (time,)
        Of nue, erg/s.
    mean_energy : ndarray, shape (time,), optional
        <E> = luminosity over number luminosity, MeV; gives the number of neutrinos.

    Returns
    -------
    dict of Variable
        ``peak_luminosity`` (erg/s) and ``peak_time`` (s) of the parabola through the three highest samples in a row;
        ``width`` (s), full width at half maximum; ``energy`` (erg) and ``number`` between the half maxima;
        ``energy_total`` of the whole sequence. NaN with a reason where the sequence does not hold a flank, or does not
        rise to its largest value and fall from it: then it holds no peak.

    Raises
    ------
    ProfileError
        For a single profile, or times that do not rise.

    Examples
    --------
    >>> t = np.linspace(-0.02, 0.04, 601)
    >>> found = burst_from_profile_sequence(t, 4e53 * np.exp(-0.5 * (t / 0.003) ** 2))
    >>> f"{float(found['peak_luminosity'].values):.2e} {1e3 * float(found['width'].values):.2f}"
    '4.00e+53 7.06'
    """
    t, light = _sequence(time, luminosity, "luminosity", FEWEST)
    top = int(np.argmax(light))
    sides = {"rise to": light[:top], "fall from": light[top:]}
    flat = [words for words, side in sides.items() if not (side < light[top]).any()]
    peakless = f"the sequence does not {' or '.join(flat)} its largest value: it holds no peak"
    peak, moment = _parabola(t, light, top) if not flat else (math.nan, math.nan)
    rising, falling = (
        _half(t, light, top, 0.5 * light[top] if flat else 0.5 * peak, step) for step in (-1, 1)
    )
    flanks = {"before": rising, "after": falling}
    missing = [words for words, value in flanks.items() if math.isnan(value)]
    why = f"the sequence does not fall to half of its maximum {' and '.join(missing)} the peak"
    energy = _between(t, light, rising, falling)
    number = math.nan
    if mean_energy is not None:
        _, mean = _sequence(time, mean_energy, "mean_energy", FEWEST)
        number = _between(t, light / (mean * CODATA.erg_per_mev), rising, falling)
    uncounted = "no mean energies were given" if mean_energy is None else why
    entries = (
        (
            "peak_luminosity",
            peak,
            "erg / s",
            "peak of the nue luminosity",
            "parabola through three samples",
            peakless,
        ),
        ("peak_time", moment, "s", "time of the peak", "parabola through three samples", peakless),
        ("width", falling - rising, "s", "full width at half maximum", "linear between samples", why),
        ("energy", energy, "erg", "energy of the burst", "int L dt between the half maxima", why),
        ("number", number, "1", "nue of the burst", "int L/<E> dt between the half maxima", uncounted),
        ("energy_total", _integral(t, light)[-1], "erg", "energy of the sequence", "int L dt, all of it", ""),
    )
    return labelled_numbers(entries, references=REFERENCES)


def pns_cooling(
    time: Array, luminosity: Array, mean_energy: Array, starting_at: float | None = None
) -> dict[str, Variable]:
    """Time scales of the cooling of a neutron star from its luminosity.

    Parameters
    ----------
    time : ndarray, shape (time,)
        s, rising.
    luminosity : ndarray, shape (time,)
        Of one species or of all together, erg/s, > 0.
    mean_energy : ndarray, shape (time,)
        <E> of the same, MeV.
    starting_at : float, optional
        Time from which energies and times count, s; None means the first.

    Returns
    -------
    dict of Variable
        ``energy`` (erg), ``number``, ``mean_energy`` (MeV) of all that leaves; ``kelvin_helmholtz_time``, energy over the
        first luminosity; ``tau_energy``, when all but 1/e of the energy has left; ``t_90``, when 90 % has; ``tail_share``,
        of the energy that an exponential through the last two samples would still add, which nothing else counts. An
        exponential of e-folding time tau has tau, tau and 2.303 tau.

    Raises
    ------
    ProfileError
        For a single instant, times that do not rise, or what is not positive.
    """
    t, light = _sequence(time, luminosity, "luminosity", 2, positive=True)
    _, mean = _sequence(time, mean_energy, "mean_energy", 2, positive=True)
    if starting_at is not None:
        if not t[0] <= starting_at < t[-1]:
            raise ProfileError(
                f"starting_at = {starting_at:g} s: expected one from {t[0]:g} to below {t[-1]:g} s"
            )
        later = t > starting_at
        first = [float(np.exp(np.interp(starting_at, t, np.log(each)))) for each in (light, mean)]
        t = np.append(starting_at, t[later])
        light, mean = np.append(first[0], light[later]), np.append(first[1], mean[later])
    left, number = _integral(t, light), _integral(t, light / (mean * CODATA.erg_per_mev))
    energy = float(left[-1])
    falling = math.log(light[-2] / light[-1]) / (t[-1] - t[-2])
    tail = light[-1] / falling if falling > 0.0 else math.nan
    rising = "the luminosity does not fall at the end"
    since = f"since {t[0]:g} s"
    entries = (
        ("energy", energy, "erg", "energy that leaves", f"int L dt {since}", ""),
        ("number", number[-1], "1", "neutrinos that leave", f"int L/<E> dt {since}", ""),
        (
            "mean_energy",
            energy / number[-1] / CODATA.erg_per_mev,
            "MeV",
            "mean energy of all",
            "energy/number",
            "",
        ),
        (
            "kelvin_helmholtz_time",
            energy / light[0],
            "s",
            "Kelvin-Helmholtz time",
            "energy/first luminosity",
            "",
        ),
        ("tau_energy", _when(t, left, 1.0 - math.exp(-1.0)), "s", "time of 1 - 1/e of the energy", since, ""),
        ("t_90", _when(t, left, 0.9), "s", "time of 90 % of the energy", since, ""),
        (
            "tail_share",
            tail / (energy + tail),
            "1",
            "share still to come",
            "exponential tail, not counted",
            rising,
        ),
    )
    return labelled_numbers(entries, references=REFERENCES)


def _sequence(time: Any, values: Any, name: str, fewest: int, positive: bool = False) -> tuple[Array, Array]:
    """Return times and values as arrays; refuse what is no sequence."""
    if hasattr(time, "density") or np.ndim(time) != 1 or np.size(time) < 2:
        raise ProfileError(ONE_PROFILE)
    t, x = np.asarray(time, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if t.size < fewest:
        raise ProfileError(f"{t.size} times: expected at least {fewest}; {ONE_PROFILE}")
    if x.shape != t.shape:
        raise ProfileError(f"{name}: shape {x.shape} for {t.size} times")
    if not (np.diff(t) > 0.0).all():
        i = int(np.argmin(np.diff(t) > 0.0))
        raise ProfileError(f"time must rise from sample to sample: {t[i + 1]:g} s follows {t[i]:g} s")
    bad = ~np.isfinite(x) | ((x <= 0.0) if positive else (x < 0.0))
    if bad.any():
        i = int(np.argmax(bad))
        allowed = "positive" if positive else "not negative"
        raise ProfileError(f"{name} = {x[i]:g} at {t[i]:g} s: expected finite and {allowed}")
    return t, x


def _parabola(t: Array, x: Array, top: int) -> tuple[float, float]:
    """Maximum and its time of the parabola through an inner sample and its neighbours."""
    middle = t[top]
    curvature, slope, value = np.polyfit(t[top - 1 : top + 2] - middle, x[top - 1 : top + 2] / x[top], 2)
    if not curvature < 0.0:
        return float(x[top]), float(middle)
    shift = -0.5 * slope / curvature
    return float(x[top] * (value + 0.5 * slope * shift)), float(middle + shift)


def _half(t: Array, x: Array, top: int, level: float, step: int) -> float:
    """Time nearest the peak, before (-1) or after (1), at which the values pass a level; NaN if they do not."""
    side = np.arange(top, t.size) if step > 0 else np.arange(top, -1, -1)
    below = np.flatnonzero(x[side] < level)
    if below.size == 0:
        return math.nan
    i, j = side[below[0] - 1], side[below[0]]
    return float(t[i] + (x[i] - level) / (x[i] - x[j]) * (t[j] - t[i]))


def _integral(t: Array, x: Array) -> Array:
    """Integrate up to every sample: exact where the values are exponential between samples."""
    first, last = x[:-1], x[1:]
    known = (first > 0.0) & (last > 0.0)
    growth = np.log(np.where(known, last, 1.0) / np.where(known, first, 1.0))
    small = np.abs(growth) < 1e-4  # series of (e^g - 1)/g
    mean = np.where(
        small, 1.0 + 0.5 * growth + growth**2 / 6.0, np.expm1(growth) / np.where(small, 1.0, growth)
    )
    steps = np.where(known, first * mean, 0.5 * (first + last)) * np.diff(t)
    return np.append(0.0, np.cumsum(steps))


def _between(t: Array, x: Array, start: float, end: float) -> float:
    """Integral between two times; NaN where one is unknown."""
    if math.isnan(start) or math.isnan(end):
        return math.nan
    inside = (t > start) & (t < end)
    times = np.concatenate([[start], t[inside], [end]])
    return float(_integral(times, np.interp(times, t, x))[-1])


def _when(t: Array, running: Array, share: float) -> float:
    """Time since the first at which a share of the whole has left; monotone cubic between samples."""
    from scipy.interpolate import PchipInterpolator

    return float(PchipInterpolator(running / running[-1], t - t[0])(share))
