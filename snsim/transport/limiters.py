"""Flux limiters by name."""

from __future__ import annotations

from microphysics.errors import UnknownNameError
from snsim.transport._kernels import limiters as kernels

# name -> (kernel code, exponent of the Larsen family, reference)
LIMITERS: dict[str, tuple[int, float, str]] = {
    "wilson": (kernels.WILSON, 1.0, "Bowers & Wilson 1982, ApJS 50, 115"),
    "levermore-pomraning": (kernels.LEVERMORE_POMRANING, 1.0, "Levermore & Pomraning 1981, ApJ 248, 321"),
    "rational": (kernels.RATIONAL, 1.0, "Levermore & Pomraning 1981, ApJ 248, 321, eq. 28"),
    "minerbo": (kernels.MINERBO, 1.0, "Minerbo 1978, JQSRT 20, 541"),
    "n1.25": (kernels.LARSEN, 1.25, "Olson, Auer & Hall 2000, JQSRT 64, 619"),
    "larsen2": (kernels.LARSEN, 2.0, "Olson, Auer & Hall 2000, JQSRT 64, 619"),
    "larsen4": (kernels.LARSEN, 4.0, "Olson, Auer & Hall 2000, JQSRT 64, 619"),
}
# lambda(R) of the flux -c lambda/kappa grad E, R = |grad E|/(kappa E)
FORMULAS: dict[str, str] = {
    "wilson": "1/(3 + R)",
    "levermore-pomraning": "(coth R - 1/R)/R",
    "rational": "(2 + R)/(6 + 3R + R^2)",
    "minerbo": "2/(3 + sqrt(9 + 12R^2)) below R = 3/2, 1/(1 + R + sqrt(1 + 2R)) above",
    "n1.25": "(3^n + R^n)^(-1/n), n = 1.25",
    "larsen2": "the same, n = 2",
    "larsen4": "the same, n = 4",
}


def limiter_code(name: str) -> tuple[int, float]:
    """Kernel code and exponent of a limiter.

    Raises
    ------
    UnknownNameError
        With the known names.
    """
    if name not in LIMITERS:
        raise UnknownNameError("flux limiter", name, LIMITERS)
    code, power, _ = LIMITERS[name]
    return code, power
