"""Print the table of docs/opacities.md that says how far our opacities are from those of other codes.

Run:  python docs/opacity_deviations.py

Every number is the largest |ours/theirs - 1| over all rows that a file has, computed when this runs; kernels are in units of
their isotropic part. `opacity_references` says where the files are.
"""

from __future__ import annotations

import warnings

import numpy as np
from opacity_bns_nurates import bns_electrons, bns_means, bns_nucleons, bns_pairs
from opacity_nulib import nulib_kernels, nulib_means, nulib_nuclei, nulib_nucleons, nulib_pairs, nulib_totals
from opacity_references import Row

from microphysics.errors import PhysicsWarning

COMPARISONS = (
    nulib_nucleons,
    bns_nucleons,
    nulib_nuclei,
    nulib_pairs,
    bns_pairs,
    bns_electrons,
    nulib_kernels,
    nulib_totals,
    nulib_means,
    bns_means,
)


def rows() -> list[Row]:
    """All comparisons."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PhysicsWarning)  # one point of NuLib's has nuclei at 2e14 g/cm^3
        return [row for comparison in COMPARISONS for row in comparison()]


def number(value: float) -> str:
    """Two digits, as the page has them."""
    mantissa, exponent = f"{value:.1e}".split("e")
    if int(exponent) >= -2:
        return f"{100.0 * value:.2g} %"
    return f"{mantissa}·10{str(int(exponent)).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def main() -> None:
    """Print the table."""
    print(
        "| what | against | values | median | worst | what limits it |\n| --- | --- | --- | --- | --- | --- |"
    )
    for row in rows():
        median = number(float(np.median(row.deviations)))
        words = (row.what, row.whom, row.deviations.size, median, number(row.worst), row.why)
        print("|", " | ".join(str(word) for word in words), "|")


if __name__ == "__main__":
    main()
