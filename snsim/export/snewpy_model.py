"""A signal in memory as a supernova model of SNEWPY, which is imported only here and only when asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from microphysics.constants import CODATA
from snsim.signal.spectra import number_rate
from snsim.signal.table import Signal


def to_snewpy(signal: Signal) -> Any:
    """Return a supernova model of SNEWPY: `time`, `get_initial_spectra`, and what it inherits, such as `get_flux`.

    Parameters
    ----------
    signal : Signal
        Tabulated spectra are used where it has them. Before its first and after its last time the model is dark.

    Returns
    -------
    snewpy.models.base.SupernovaModel
        For `get_flux`, and from there for `snewpy.rate_calculator.RateCalculator`.

    Raises
    ------
    ImportError
        Without SNEWPY: pip install 'snsim[interop]'.
    """
    try:
        from astropy import units
        from snewpy.models.base import SupernovaModel
        from snewpy.neutrino import Flavor
    except ImportError as error:
        raise ImportError(f"to_snewpy needs SNEWPY ({error}): pip install 'snsim[interop]'") from None

    class SnsimModel(SupernovaModel):
        """Spectra of one of each flavour, 1/(erg s), at infinity."""

        def __init__(self) -> None:
            super().__init__(signal.time * units.s, {"source": signal.source, "times": signal.meaning})

        def get_initial_spectra(self, t: Any, E: Any, flavors: Any = Flavor) -> dict[Any, Any]:
            """Spectra at times t and energies E, by flavour, shape (time, energy) without axes of length 1."""
            times = np.atleast_1d(units.Quantity(t).to_value("s"))
            energy = np.atleast_1d(units.Quantity(E).to_value("MeV"))
            rate = number_rate(signal, np.maximum(energy, np.finfo(float).tiny), times) / CODATA.erg_per_mev
            rate = np.where(energy > 0.0, rate, 0.0)
            which = {"NU_E": 0, "NU_E_BAR": 1}  # others are nux
            return {
                flavor: np.squeeze(rate[:, which.get(flavor.name, 2)]) / (units.erg * units.s)
                for flavor in flavors
            }

    return SnsimModel()
