"""What a changed Higgs vacuum expectation value does to neutrinospheres: G_F ~ v^-2, weak opacities ~ v^-4.

Held fixed: the star (density, temperature, composition), all masses, Lambda_QCD and the couplings other than G_F. Only
the strength of weak interactions changes. `microphysics.couplings.vev_ratio` in a run file changes it in every opacity,
in the heating and in the capture rates; `snsim.vev.pipeline_exponents` measures the answer of a whole run.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import OutOfRangeError
from microphysics.opacity import OpacitySpectra
from snsim.diagnostics._labels import labelled
from snsim.diagnostics.neutrinosphere import gray_opacity, optical_depth, radius_of_depth
from snsim.transport.background import Background
from snsim.transport.solution import TransportSolution
from snsim.variable import Variable

Array = NDArray[np.float64]

OPACITY_EXPONENT = -4.0
STEP = 0.02  # in ln v, of the difference that measures an exponent
HELD_FIXED = "held fixed: the matter, all masses, Lambda_QCD and every coupling but G_F"
REFERENCES = "D'Amico, Strumia, Urbano & Xue 2019, PRD 100, 083013"
NO_SPHERE = "optical depth never reaches 2/3, or does not when the opacities change by a tenth"


@dataclass(frozen=True)
class VevExponents:
    """Powers of v.

    Attributes
    ----------
    radius : float or ndarray
        d ln R_nu/d ln v.
    temperature : float or ndarray
        d ln T_nu/d ln v, matter at the neutrinosphere.
    luminosity : float or ndarray
        d ln L/d ln v.
    heating : float or ndarray
        d ln(sigma L T^2)/d ln v.
    """

    radius: Array | float
    temperature: Array | float
    luminosity: Array | float
    heating: Array | float


def atmosphere_exponents(density_slope: float | Array, temperature_slope: float | Array) -> VevExponents:
    """Exponents of a power-law atmosphere, rho ~ r^-n, T ~ r^-p, with an opacity ~ v^-4 rho T^2.

    tau = 2/3 then lies at R ~ v^(-4/(n + 2p - 1)), L ~ R^2 T^4, and matter further out is heated with sigma L T^2,
    sigma ~ v^-4.

    Parameters
    ----------
    density_slope, temperature_slope : float or ndarray
        n and p; n + 2p > 1, or the depth does not fall with radius.

    Returns
    -------
    VevExponents
        Of the shape of the slopes; NaN where the slopes are.

    Raises
    ------
    OutOfRangeError
        If n + 2p is not above 1.

    Examples
    --------
    >>> found = atmosphere_exponents(3.0, 1.0)
    >>> float(found.radius), float(found.heating)
    (-1.0, 0.0)
    """
    n, p = np.asarray(density_slope, dtype=np.float64), np.asarray(temperature_slope, dtype=np.float64)
    fall = n + 2.0 * p - 1.0
    if (fall <= 0.0).any():
        raise OutOfRangeError(f"n + 2p = {float(np.nanmin(fall)) + 1.0:.6g}: must be above 1")
    radius = OPACITY_EXPONENT / fall
    temperature = -p * radius
    luminosity = 2.0 * radius + 4.0 * temperature
    return VevExponents(radius, temperature, luminosity, OPACITY_EXPONENT + luminosity + 2.0 * temperature)


def sphere_exponent(radius_interface: Array, depth: Array, step: float = STEP) -> Array:
    """Measured d ln R/d ln v of the radius where an optical depth ~ v^-4 is 2/3.

    Parameters
    ----------
    radius_interface : ndarray, shape (interface,)
        cm.
    depth : ndarray, shape (..., interface)
        Optical depth at v = 1.
    step : float
        Half the difference in ln v.

    Returns
    -------
    ndarray, shape (...)
        NaN where a sphere is not on the grid.
    """
    outer, inner = (
        radius_of_depth(radius_interface, depth * math.exp(OPACITY_EXPONENT * sign * step))
        for sign in (-1.0, 1.0)
    )
    return np.log(inner / outer) / (2.0 * step)


def observe(
    background: Background, spectra: OpacitySpectra, solution: TransportSolution
) -> dict[str, Variable]:
    """Answer of the neutrinospheres to the vacuum expectation value, beside the closed form of a power law.

    Parameters
    ----------
    background, spectra, solution
        The stored run.

    Returns
    -------
    dict of Variable
        (species,): ``radius_exponent`` (opacity of the run's own spectra times v^-4), ``density_slope`` and
        ``temperature_slope`` of the matter there, and the closed form of these slopes, ``atmosphere_radius_exponent``,
        ``atmosphere_temperature_exponent``, ``atmosphere_luminosity_exponent``, ``atmosphere_heating_exponent``.
    """
    edges = background.radius_interface
    depth = optical_depth(edges, background.gamma, gray_opacity(spectra, solution))
    spheres = radius_of_depth(edges, depth)
    slopes = [
        _slope(background.radius, row, spheres)
        for row in (background.matter.density, background.matter.temperature)
    ]
    falls = slopes[0] + 2.0 * slopes[1] > 1.0
    closed = atmosphere_exponents(*(np.where(falls, slope, np.nan) for slope in slopes))
    dims = ("species",)
    found = {
        "radius_exponent": labelled(
            dims,
            sphere_exponent(edges, depth),
            "1",
            "d ln R_nu/d ln v, radiation as it is",
            definition=f"gray transport sphere of opacities times v^-4; {HELD_FIXED}, and the neutrinos' spectrum",
            references=REFERENCES,
            reason=NO_SPHERE,
        )
    }
    for name, words, slope in zip(
        ("density_slope", "temperature_slope"), ("density", "temperature"), slopes, strict=True
    ):
        found[name] = labelled(
            dims, slope, "1", f"-d ln({words})/d ln r at the neutrinosphere", reason=NO_SPHERE
        )
    for name in ("radius", "temperature", "luminosity", "heating"):
        found[f"atmosphere_{name}_exponent"] = labelled(
            dims,
            getattr(closed, name),
            "1",
            f"closed form of d ln({name})/d ln v",
            definition=f"power-law atmosphere with these slopes, opacity ~ v^-4 rho T^2; {HELD_FIXED}",
            references=REFERENCES,
            reason=f"{NO_SPHERE}, or density and temperature do not fall there",
        )
    return found


def _slope(radius: Array, values: Array, where: Array) -> Array:
    """Minus the logarithmic slope of a profile at some radii."""
    x = np.log(radius)
    return np.asarray(np.interp(np.log(where), x, -np.gradient(np.log(values), x)))
