"""Figures of events in a detector: bins of different width, and lines beside spectra."""

import numpy as np
import pytest

from snsim.plots.detection import plot_events, plot_flux


def test_events_of_uneven_bins_are_per_unit():
    edges = np.array([5.5, 8.5, 11.5, 12.5])
    found = plot_events(edges, {"prompt numu": np.array([3.0, 6.0, 2.0])}, unit="pe")
    heights, _, _ = found["prompt numu"].get_data()
    np.testing.assert_allclose(heights, [1.0, 2.0, 2.0])
    assert found["prompt numu"].axes.get_ylabel() == "events per photoelectron"


def test_events_of_even_bins_are_counts():
    found = plot_events(np.linspace(0.0, 3.0, 4), {"nue": np.array([3.0, 6.0, 2.0])})
    np.testing.assert_allclose(found["nue"].get_data()[0], [3.0, 6.0, 2.0])
    assert found["nue"].axes.get_ylabel() == "events in a bin"


@pytest.mark.parametrize("alone", [True, False])
def test_a_line_beside_spectra_says_that_it_is_one(alone):
    curves = {} if alone else {"delayed nue": (np.array([1.0, 30.0, 52.0]), np.array([1.0, 9.0, 1.0]))}
    found = plot_flux(curves, {"prompt numu": (np.array([29.8]), np.array([5.0]))})
    assert ("line" in found["prompt numu"].get_label()) is not alone
