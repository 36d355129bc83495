"""`snsim eos tov`: cold neutron stars of an equation of state."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from snsim.cli.console import Debug, Json, announce_compilation, say_json, say_table
from snsim.cli.eos_options import AlphaBinding, Alphas, Force, TableFile, claim, equation_of_state, value

if TYPE_CHECKING:
    from microphysics.eos.state import EquationOfState
    from snsim.profiles.neutron_star import NeutronStars

LITERATURE = ("180 MeV", "220 MeV", "375 MeV")
CANONICAL = 1.4  # Msun
COLD = 0.1  # MeV


@dataclass(frozen=True)
class Sequence:
    """Neutron stars of one equation of state, and what the table says of them; NaN where there is nothing.

    Masses in Msun, radii in km, densities in g/cm^3.
    """

    label: str
    eos: EquationOfState
    stars: NeutronStars
    maximum_mass: float
    maximum_mass_radius: float
    maximum_mass_density: float
    canonical_radius: float
    canonical_density: float
    causal_density: float


def tov(
    incompressibility: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VALUE", help=f"Of symmetric nuclear matter; repeatable.  [{', '.join(LITERATURE)}]"
        ),
    ] = None,
    alpha_binding: Alphas = None,
    table: TableFile = None,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Draw mass over radius as PNG or PDF.")
    ] = None,
    force: Force = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Solve for cold neutron stars in beta equilibrium: largest mass, radius at 1.4 Msun, mass over radius."""
    if output is not None:
        claim(output, force, (".png", ".pdf"))
    chosen = _chosen(incompressibility, alpha_binding, table)
    announce_compilation()
    sequences = [_sequence(label, eos) for label, eos in chosen]
    if output is not None:
        _draw(sequences, output)
    if json:
        say_json({"stars": [_as_json(sequence) for sequence in sequences], "figure": output})
        return
    say_table(
        f"cold neutron stars (T = {COLD:g} MeV, beta equilibrium, no muons)",
        (
            "",
            "M_max [Msun]",
            "R [km]",
            "central density",
            "R_1.4 [km]",
            "central density",
            "c_s = c at [g/cm3]",
        ),
        [_row(sequence) for sequence in sequences],
    )
    if output is not None:
        typer.echo(str(output))


def _chosen(
    incompressibility: list[str] | None, alpha_binding: AlphaBinding | None, table: Path | None
) -> list[tuple[str, Any]]:
    """Return label and equation of state of every sequence."""
    if table is not None:
        eos = equation_of_state(incompressibility[0] if incompressibility else None, alpha_binding, table)
        return [(eos.name, eos)]
    from snsim.profiles.neutron_star import DenseLattimerSwesty

    binding = (alpha_binding or AlphaBinding.CORRECTED).value
    numbers = [value("incompressibility", text) for text in incompressibility or LITERATURE]
    return [
        (f"K = {number:g} MeV", DenseLattimerSwesty(number, binding)) for number in dict.fromkeys(numbers)
    ]


def _sequence(label: str, eos: EquationOfState) -> Sequence:
    import numpy as np

    from microphysics.constants import CODATA
    from snsim.errors import ProfileError
    from snsim.profiles.neutron_star import cold_neutron_stars

    stars = cold_neutron_stars(eos, temperature=max(COLD, eos.temperature_range[0]))
    mass, radius, density = stars.mass / CODATA.solar_mass, stars.radius / 1e5, stars.central_density
    heaviest, top = (math.nan, math.nan, math.nan), int(np.argmax(mass))
    if 0 < top < mass.size - 1:
        near = slice(top - 1, top + 2)
        bend = np.polyfit(np.log(density[near] / density[top]), mass[near], 2)
        shift = -0.5 * bend[1] / bend[0]
        there = float(np.exp(shift)) * float(density[top])
        heaviest = (stars.maximum_mass / CODATA.solar_mass, float(np.interp(there, density, radius)), there)
    try:
        canonical = stars.radius_of(CANONICAL * CODATA.solar_mass) / 1e5
        stable = slice(int(np.argmin(mass[: top + 1])), top + 1)
        centre = float(np.exp(np.interp(CANONICAL, mass[stable], np.log(density[stable]))))
    except ProfileError:
        canonical = centre = math.nan
    return Sequence(label, eos, stars, *heaviest, canonical, centre, _causal_density(eos, density))


def _causal_density(eos: EquationOfState, density: Any) -> float:
    """Return the first central density at which sound is as fast as light; NaN if there is none."""
    import numpy as np

    from microphysics.constants import CODATA
    from microphysics.eos.invert import beta_equilibrium

    t = max(COLD, eos.temperature_range[0])
    matter = eos(density, t, beta_equilibrium(eos, density, t))
    with np.errstate(invalid="ignore"):  # no sound where matter is unstable
        speed = matter.sound_speed / CODATA.speed_of_light
    if not (speed > 1.0).any():
        return math.nan
    i = int(np.argmax(speed > 1.0))
    return float(np.interp(1.0, speed[i - 1 : i + 1], density[i - 1 : i + 1])) if i else float(density[0])


def _draw(sequences: list[Sequence], output: Path) -> None:
    from snsim.plots.eos import mass_radius
    from snsim.plots.figures import save

    figure = mass_radius(
        {sequence.label: sequence.stars for sequence in sequences},
        {s.label: s.causal_density for s in sequences if not math.isnan(s.causal_density)},
    )
    save(figure, output)


def _row(sequence: Sequence) -> tuple[str, ...]:
    from microphysics.constants import CODATA

    def text(number: float, form: str, nothing: str = "-") -> str:
        return nothing if math.isnan(number) else format(number, form)

    last = f"> {sequence.stars.central_density[-1]:.3g}"
    return (
        sequence.label,
        text(sequence.maximum_mass, ".3f", f"> {sequence.stars.mass.max() / CODATA.solar_mass:.3f}"),
        text(sequence.maximum_mass_radius, ".2f"),
        text(sequence.maximum_mass_density, ".3g", last),
        text(sequence.canonical_radius, ".2f"),
        text(sequence.canonical_density, ".3g"),
        text(sequence.causal_density, ".3g", "none"),
    )


def _as_json(sequence: Sequence) -> dict[str, Any]:
    from microphysics.constants import CODATA

    stars = sequence.stars
    return {
        "equation_of_state": sequence.eos.name,
        "maximum_mass_msun": sequence.maximum_mass,
        "maximum_mass_radius_km": sequence.maximum_mass_radius,
        "maximum_mass_central_density_cgs": sequence.maximum_mass_density,
        "radius_1.4_km": sequence.canonical_radius,
        "central_density_1.4_cgs": sequence.canonical_density,
        "sound_faster_than_light_above_cgs": sequence.causal_density,
        "central_density_cgs": stars.central_density.tolist(),
        "mass_msun": (stars.mass / CODATA.solar_mass).tolist(),
        "rest_mass_msun": (stars.rest_mass / CODATA.solar_mass).tolist(),
        "radius_km": (stars.radius / 1e5).tolist(),
    }
