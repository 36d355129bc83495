"""How a whole run answers to the Higgs vacuum expectation value: opacities, transport and diagnostics anew."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from microphysics.errors import OutOfRangeError
from snsim.config.schema import Config
from snsim.diagnostics.higgs_vev import HELD_FIXED
from snsim.pipeline import simulate
from snsim.result import Result

Array = NDArray[np.float64]

NEEDED = ("neutrinosphere", "gain_region", "higgs_vev")


@dataclass(frozen=True)
class PipelineExponents:
    """Powers of v that two runs differ by; what is held fixed stands in `held_fixed`.

    Attributes
    ----------
    species : tuple of str
        Along the first axis.
    radius : ndarray, shape (species,)
        d ln R_nu/d ln v of the gray transport sphere.
    atmosphere_radius : ndarray, shape (species,)
        Closed form -4/(n + 2p - 1) with the slopes of the matter there, of the run in the middle.
    mean_energy : ndarray, shape (species,)
        d ln <E>/d ln v at infinity.
    luminosity : ndarray, shape (species,)
        d ln L/d ln v at infinity.
    heating : float
        d ln(gross heating of the gain region)/d ln v.
    step : float
        Half the difference in ln v.
    """

    species: tuple[str, ...]
    radius: Array
    atmosphere_radius: Array
    mean_energy: Array
    luminosity: Array
    heating: float
    step: float
    held_fixed: str = HELD_FIXED


def pipeline_exponents(config: Config, step: float = 0.05) -> PipelineExponents:
    """Run a configuration at v exp(-step), v and v exp(step), and take logarithmic differences.

    Parameters
    ----------
    config : Config
        A run file; its observables are replaced by those needed here.
    step : float
        In ln v, above 0, up to 0.5.

    Returns
    -------
    PipelineExponents
        Second order in the step; NaN where a run has no neutrinosphere or no gain region.

    Raises
    ------
    OutOfRangeError
        For another step, or a configuration without transport.
    """
    if not 0.0 < step <= 0.5:
        raise OutOfRangeError(f"step = {step:.6g}: must lie between 0 and 0.5")
    if config.transport.scheme == "none":
        raise OutOfRangeError('transport.scheme = "none": exponents of a run need its transport')
    low, middle, high = (_with_vev(config, math.exp(sign * step)) for sign in (-1.0, 0.0, 1.0))

    def exponent(group: str, name: str) -> Array:
        """Logarithmic difference of a number of the two outer runs."""
        values = [np.asarray(run.groups[group][name].values) for run in (low, high)]
        if name == "luminosity_infinity":
            values = [each[:, -1] for each in values]
        return np.log(values[1] / values[0]) / (2.0 * step)

    return PipelineExponents(
        tuple(str(name) for name in middle.groups["transport"]["species"].values),
        exponent("diagnostics/neutrinosphere", "transport_energy_mean"),
        middle.groups["diagnostics/higgs_vev"]["atmosphere_radius_exponent"].values,
        exponent("transport", "mean_energy_infinity"),
        exponent("transport", "luminosity_infinity"),
        float(exponent("diagnostics/gain_region", "gross_heating")),
        step,
    )


def _with_vev(config: Config, factor: float) -> Result:
    """Run with the vacuum expectation value times a factor."""
    weak = config.microphysics.couplings
    couplings = weak.model_copy(update={"vev_ratio": weak.vev_ratio * factor})
    changed = config.model_copy(
        update={
            "microphysics": config.microphysics.model_copy(update={"couplings": couplings}),
            "diagnostics": config.diagnostics.model_copy(update={"names": NEEDED}),
        }
    )
    return simulate(changed)
