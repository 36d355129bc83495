"""How species, processes, units and numbers are written on the page."""

from __future__ import annotations

import math
import re
import textwrap

from snsim.result import shown_unit

_SPECIES = {
    "nue": "ν<sub>e</sub>",
    "anue": "ν̄<sub>e</sub>",
    "nux": "ν<sub>x</sub>",
    "numutau": "ν<sub>μτ</sub>",
    "anumutau": "ν̄<sub>μτ</sub>",
    "numu": "ν<sub>μ</sub>",
    "anumu": "ν̄<sub>μ</sub>",
    "nutau": "ν<sub>τ</sub>",
    "anutau": "ν̄<sub>τ</sub>",
}
_OWN_COLOUR = ("nue", "anue", "nux")
SPARE = 9  # colours of the palette that no species has: --c0, --c1, ...
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LONGEST = 34  # letters of a line beside a vertical axis
_FEW, _MANY = -4, 6  # decimal exponents between which numbers are written plainly


def species_name(name: str) -> str:
    """Return a species with its index as markup; one that is not known as it stands.

    Examples
    --------
    >>> species_name("nux")
    'ν<sub>x</sub>'
    """
    return _SPECIES.get(name, name)


def species_colour(name: str, place: int = 0) -> str:
    """Return the palette's name of a species' colour; others by their place."""
    return name if name in _OWN_COLOUR else spare_colour(place)


def spare_colour(place: int) -> str:
    """Return the palette's name of the colour at a place, cyclic.

    Examples
    --------
    >>> spare_colour(11)
    'c2'
    """
    return f"c{place % SPARE}"


def unit_text(unit: str) -> str:
    """Return a unit with raised exponents; empty for none.

    Examples
    --------
    >>> unit_text("erg / (g s)"), unit_text("g/cm3"), unit_text("1"), unit_text("MeV2 erg / s"), unit_text("Msun/s")
    ('erg g⁻¹ s⁻¹', 'g cm⁻³', '', 'MeV² erg s⁻¹', 'M☉ s⁻¹')
    """
    above, _, below = unit.replace(" ", " ").partition("/")
    words = [_raised(word, 1) for word in above.split() if word != "1"]
    words += [_raised(word, -1) for word in below.strip(" ()").split()]
    return " ".join(words).replace("Msun", "M☉")


def _raised(word: str, sign: int) -> str:
    """One factor of a unit with its power."""
    name, power = re.fullmatch(r"(.*?)(-?\d*)", word.replace("^", "").replace("**", "")).groups()  # type: ignore[union-attr]
    exponent = sign * int(power or 1)
    return name if exponent == 1 else name + str(exponent).translate(_SUPERSCRIPTS)


def number_text(value: float, digits: int = 4) -> str:
    """Return a number as people write it.

    Examples
    --------
    >>> number_text(4.187e52), number_text(85.137), number_text(float("nan")), number_text(-3.1e-7), number_text(0.0)
    ('4.187 × 10⁵²', '85.14', '–', '−3.1 × 10⁻⁷', '0')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0.0:
        return "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if _FEW < power < _MANY:
        return f"{value:.{digits}g}".replace("-", "−") if power < digits else f"{value:.0f}".replace("-", "−")
    lead = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{lead} × 10{str(power).translate(_SUPERSCRIPTS)}".replace("-", "−")


def with_unit(value: float, unit: str) -> str:
    """Return a number in the unit people want for its size.

    Examples
    --------
    >>> with_unit(8.5137e6, "cm")
    '85.14 km'
    """
    shown, factor = shown_unit(unit, abs(value))
    return f"{number_text(value / factor)} {unit_text(shown)}".strip()


def axis_title(words: str, unit: str) -> str:
    """Return the title of an axis.

    Examples
    --------
    >>> axis_title("density", "g/cm3")
    'density [g cm⁻³]'
    """
    shown = unit_text(unit)
    return f"{words} [{shown}]" if shown else words


def wrapped(title: str) -> str:
    """Return the title of a vertical axis in lines that are no longer than it.

    Examples
    --------
    >>> wrapped("heating in the gain region over the luminosity that enters it [1]")
    'heating in the gain region over<br>the luminosity that enters it [1]'
    """
    return "<br>".join(textwrap.wrap(title, _LONGEST, break_long_words=False, break_on_hyphens=False))
