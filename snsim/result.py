"""What a run has found: labelled data, the run file that asked for it, and where it was computed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from microphysics.constants import CODATA
from microphysics.errors import UnknownNameError
from snsim.variable import Group, Variable

# What `summary` shows, in this order: group, variable, words. Other diagnostics show their first number.
HEADLINES = (
    ("transport", "luminosity_infinity", "luminosity at infinity"),
    ("transport", "luminosity", "luminosity at the outer edge"),
    ("transport", "mean_energy_infinity", "mean energy at infinity"),
    ("transport", "mean_energy", "mean energy"),
    ("evolution", "luminosity_infinity", "luminosity at infinity"),
    ("evolution", "mean_energy_infinity", "mean energy at infinity"),
    ("evolution", "central_temperature", "central temperature"),
    ("evolution", "energy_radiated", "energy radiated"),
    ("evolution", "total_energy_radiated", "energy radiated, all species"),
    ("evolution", "energy_defect_relative", "defect of the energy budget"),
    ("evolution", "lepton_number_defect_relative", "defect of the lepton number"),
    ("history", "luminosity_infinity", "luminosity at infinity"),
    ("history", "mean_energy_infinity", "mean energy at infinity"),
    ("history", "neutrinosphere_radius", "neutrinosphere"),
    ("history", "gain_radius", "gain radius"),
    ("history", "net_heating", "net heating"),
    ("diagnostics/neutrinosphere", "transport_energy_mean", "neutrinosphere"),
    ("diagnostics/transport_sphere", "radius_5_mev", "transport sphere at 5 MeV"),
    ("diagnostics/transport_sphere", "radius_10_mev", "transport sphere at 10 MeV"),
    ("diagnostics/transport_sphere", "radius_20_mev", "transport sphere at 20 MeV"),
    ("diagnostics/transport_sphere", "density_10_mev", "density at the transport sphere, 10 MeV"),
    ("diagnostics/transport_sphere", "nuclei_share_10_mev", "share of nuclei in its optical depth"),
    ("diagnostics/transport_sphere", "optical_depth_1e12_5_mev", "optical depth at 1e12 g/cm3, 5 MeV"),
    ("diagnostics/transport_sphere", "optical_depth_1e12_10_mev", "optical depth at 1e12 g/cm3, 10 MeV"),
    ("diagnostics/neutrino_conductivity", "total_there", "conductivity of neutrinos, chosen density"),
    ("diagnostics/gain_region", "gain_radius", "gain radius"),
    ("diagnostics/gain_region", "net_heating", "net heating"),
    ("diagnostics/explosion", "luminosity_ratio", "luminosity over the critical one, 1D"),
    ("diagnostics/burst", "release_time", "release time of trapped leptons at the present loss"),
    ("diagnostics/electron_fraction", "outer_equilibrium", "Y_e favoured by neutrino captures, outer edge"),
    ("diagnostics/electron_fraction", "wind_infinity", "Y_e of a coasting wind, neutrino captures only"),
    ("diagnostics/recoil_heating", "launch_ratio", "heating of ejecta by recoils over captures"),
    ("diagnostics/kick", "kick", "kick for the assumed asymmetry and energy"),
    ("diagnostics/delay", "gw_minus_neutrino", "light travel from centre to neutrinosphere"),
    ("diagnostics/delay", "gw_minus_neutrino_excess", "of which Shapiro"),
    ("ejecta", "mean_electron_fraction", "Y_e of ejecta at 5 GK, else final, mean"),
    ("ejecta", "r_process_share", "share of ejecta with Y_e below 0.25"),
    ("ejecta", "total_mass", "mass of the ejecta"),
)
PARAMETER = "parameter"  # role of what a study varies, where several move along one dimension
IN_TIME = ("evolution", "history")  # groups whose numbers are shown at the last time
# shown only where the other is missing
BETTER = {"luminosity": "luminosity_infinity", "mean_energy": "mean_energy_infinity"}

# stored unit: (from this size on, shown unit, how many stored units it is), largest first
_SHOWN: dict[str, tuple[tuple[float, str, float], ...]] = {
    "cm": ((1e4, "km", 1e5),),
    "cm/s": ((1e4, "km/s", 1e5),),
    "g": ((1e29, "Msun", CODATA.solar_mass),),
    "g/s": ((1e29, "Msun/s", CODATA.solar_mass),),
    "s": ((0.3, "s", 1.0), (0.0, "ms", 1e-3)),
}


class Answer(NamedTuple):
    """One number of a result: where it stands, in words, value and unit."""

    key: str
    label: str
    value: float
    unit: str


@dataclass(frozen=True, eq=False)
class Result:
    """The outcome of one run; knows nothing of files or figures.

    Attributes
    ----------
    groups : mapping of str to group
        `profile`, `opacity`, `transport`, `diagnostics/<name>`; each maps names to `Variable`. A variable
        named like a dimension is its coordinate.
    config_toml : str
        The complete, resolved run file.
    provenance : mapping of str to str
        Versions, host, times, hash and citations; see `snsim.output.provenance`.
    attributes : mapping of str to mapping of str to str
        What all numbers of a group rest on, by name of the group.

    Examples
    --------
    >>> from snsim.variable import scalar
    >>> result = Result({"diagnostics/gain_region": {"gain_radius": scalar(9.2e6, "cm", "gain radius")}})
    >>> result["diagnostics"]["gain_region"]["gain_radius"].values
    array(9200000.)
    >>> result.summary()
    [('gain radius', '92 km')]
    """

    groups: Mapping[str, Group]
    config_toml: str = ""
    provenance: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        """Return a group, or the groups below a name: result["transport"], result["diagnostics"]["kick"]."""
        if name in self.groups:
            return self.groups[name]
        below = {
            key.removeprefix(f"{name}/"): group
            for key, group in self.groups.items()
            if key.startswith(f"{name}/")
        }
        if not below:
            raise UnknownNameError("group", name, self.groups)
        return below

    def __eq__(self, other: object) -> bool:
        """Compare every value exactly; NaN equals NaN."""
        if not isinstance(other, Result):
            return NotImplemented
        if self.config_toml != other.config_toml or dict(self.provenance) != dict(other.provenance):
            return False
        if self.attributes != other.attributes:
            return False
        return self.groups.keys() == other.groups.keys() and all(
            _same_group(group, other.groups[name]) for name, group in self.groups.items()
        )

    __hash__ = None  # type: ignore[assignment]

    def answers(self, *, headlines: bool = False) -> list[Answer]:
        """Return the numbers to compare with another result: all of the diagnostics, L and <E> far out.

        Parameters
        ----------
        headlines : bool
            Only those that `summary` shows by name.

        Returns
        -------
        list of Answer
            Arrays over species give one each, with the species at the end of key and label.
        """
        if headlines:
            return [answer for _, _, _, answers in self._headlines() for answer in answers]
        first = {line[:2] for line in HEADLINES}
        found: list[Answer] = []
        for name, group in self.groups.items():
            for key, variable in group.items():
                if name.startswith("diagnostics/") or (name, key) in first:
                    label = variable.long_name + self._time(name, variable)  # names what heats itself
                    found += _answers(name, key, variable, label, self._species(name))
        return found

    def summary(self) -> list[tuple[str, str]]:
        """Return the few numbers that matter as (label, value with unit), for people."""
        rows, shown = [], set()
        if (words := self.provenance.get("transport")) is not None:
            rows.append(("transport", words))
        for name, key, label, answers in self._headlines():
            variable = self.groups[name][key]
            words = label + self._told(name, variable)
            rows += self._beginning(name, key, label)
            rows.append((words, _phrase(answers, key, variable.attributes.get("reason", ""))))
            shown.add(name)
        for name in self.groups:
            if name.startswith("diagnostics/") and name not in shown:
                rows += self._first_number(name)
        return rows

    def to_xarray(self, group: str) -> Any:
        """Return one group as an xarray Dataset with coordinates, units and long names.

        Parameters
        ----------
        group : str
            `transport`, `diagnostics/kick`, ...

        Returns
        -------
        xarray.Dataset
            Radii stand as coordinates along `zone` (`radius`) and `interface` (`radius_interface`), also in groups that
            borrow them from `profile`; `swap_dims` makes one the index, for selections in cm.

        Raises
        ------
        UnknownNameError
            With the nearest group that there is.

        Examples
        --------
        >>> from snsim.variable import Variable
        >>> radius = Variable(("zone",), np.array([1e6, 2e6, 4e6]), "cm", "radius")
        >>> energy = Variable(("zone",), np.array([30.0, 20.0, 12.0]), "MeV", "mean energy")
        >>> result = Result({"profile": {"radius": radius}, "transport": {"mean_energy": energy}})
        >>> by_radius = result.to_xarray("transport").swap_dims(zone="radius")
        >>> float(by_radius["mean_energy"].sel(radius=1.9e6, method="nearest"))
        20.0
        """
        import xarray

        variables = with_coordinates(self, group)
        coordinates = {name for name, value in variables.items() if is_coordinate(name, value)}
        arrays = {
            name: (
                value.dims,
                value.values,
                {"units": value.unit, "long_name": value.long_name, **value.attributes},
            )
            for name, value in variables.items()
        }
        return xarray.Dataset(
            {name: array for name, array in arrays.items() if name not in coordinates},
            coords={name: array for name, array in arrays.items() if name in coordinates},
            attrs=dict(self.attributes.get(group, {})),
        )

    def _headlines(self) -> Iterator[tuple[str, str, str, list[Answer]]]:
        """Group, variable, words and numbers of the headlines that this result has."""
        for name, key, label in HEADLINES:
            group = self.groups.get(name, {})
            if key in group and BETTER.get(key) not in group:
                timed = label + self._told(name, group[key])
                answers = _answers(name, key, group[key], timed, self._species(name))
                if answers:
                    yield name, key, label, answers

    def _told(self, name: str, variable: Variable) -> str:
        """Return which species heat, where that is the question, and `_time`, in words to add to a label."""
        heating = variable.attributes.get("heating_species", "")
        return (f", {heating}" if heating else "") + self._time(name, variable)

    def _beginning(self, name: str, key: str, label: str) -> list[tuple[str, str]]:
        """Return the row of the luminosity with which an evolution begins, where that is not the steady solution's."""
        edges = [
            self.attributes.get(group, {}).get("edge_values", "") for group in ("transport", "evolution")
        ]
        if (name, key) != ("evolution", "luminosity_infinity") or edges[0] == edges[1]:
            return []
        variable = self.groups[name][key]
        first = Variable(variable.dims[1:], variable.values[0], variable.unit, variable.long_name)
        answers = _answers(name, key, first, label, self._species(name))
        words = f"{_phrase(answers, key, '')} (edge values of {edges[1]}, of the steady solution {edges[0]})"
        return [(f"{label} (evolution, t = 0)", words)]

    def _time(self, name: str, variable: Variable) -> str:
        """Return to which time a number belongs, in words to add to its label; nothing where time stands still.

        An evolution begins with steady neutrinos of its own, so its t = 0 is not that of the steady solution.
        """
        timed = next((each for each in IN_TIME if each in self.groups), None)
        if timed is None:
            return ""
        if name != timed:
            return " (steady solution, t = 0)" if "transport" in self.groups else " (t = 0)"
        end = float(self.groups[timed]["time"].values[-1])
        unit, factor = shown_unit("s", end)
        words = f"{end / factor:.4g} {unit}"
        when = f"t = {words}" if variable.dims[:1] == ("time",) else f"t = 0 to {words}"
        return f" (evolution, {when})" if timed == "evolution" else f" ({when})"

    def _species(self, name: str) -> tuple[str, ...]:
        variable = with_coordinates(self, name).get("species")
        return () if variable is None else tuple(str(species) for species in variable.values)

    def _first_number(self, name: str) -> list[tuple[str, str]]:
        for key, variable in self.groups[name].items():
            answers = _answers(name, key, variable, variable.long_name, self._species(name))
            if answers and not variable.dims:
                label = variable.long_name + self._time(name, variable)
                return [(label, _phrase(answers, key, variable.attributes.get("reason", "")))]
        return []


def is_coordinate(name: str, variable: Variable) -> bool:
    """Whether a variable is a coordinate: named like its dimension, the radius of zones or interfaces, or a parameter."""
    return (
        variable.dims == (name,)
        or (name, variable.dims) in {("radius", ("zone",)), ("radius_interface", ("interface",))}
        or variable.attributes.get("role") == PARAMETER
    )


def with_coordinates(result: Result, name: str) -> dict[str, Variable]:
    """Return the variables of a group, with the coordinates of its dimensions from the other groups.

    A coordinate of another group counts only if its length fits; the group's own always come first.

    Parameters
    ----------
    result : Result
        Any.
    name : str
        Of the group.

    Returns
    -------
    dict
        The group's variables, then the borrowed coordinates.

    Raises
    ------
    UnknownNameError
        With the nearest group that there is.
    """
    if name not in result.groups:
        raise UnknownNameError("group", name, result.groups)
    variables = dict(result.groups[name])
    sizes = {
        dim: size
        for value in variables.values()
        for dim, size in zip(value.dims, value.values.shape, strict=True)
    }
    for other, group in result.groups.items():
        for key, value in group.items():
            fits = all(
                sizes.get(dim) == size for dim, size in zip(value.dims, value.values.shape, strict=True)
            )
            if other != name and key not in variables and is_coordinate(key, value) and fits:
                variables[key] = value
    return variables


def _answers(name: str, key: str, variable: Variable, label: str, species: tuple[str, ...]) -> list[Answer]:
    """Numbers of a scalar, or of an array over species (of `transport` at the outermost point, in time at the end)."""
    values, dims = variable.values, variable.dims
    if values.dtype.kind not in "fi":
        return []
    path = f"{name.removeprefix('diagnostics/')}.{key}"
    if name in IN_TIME and dims[:1] == ("time",):
        values, dims = values[-1], dims[1:]
    if not dims:
        return [Answer(path, label, float(values), variable.unit)]
    if name == "transport" and dims[0] == "species" and dims[1:] in (("zone",), ("interface",)):
        values = values[:, -1]
    elif dims != ("species",):
        return []
    names = species if len(species) == len(values) else tuple(str(i) for i in range(len(values)))
    return [
        Answer(f"{path}.{who}", f"{label}, {who}", float(value), variable.unit)
        for who, value in zip(names, values, strict=True)
    ]


def _phrase(answers: list[Answer], name: str, reason: str) -> str:
    """One line for the number of a variable of this name, or for one of each species in a common unit."""
    known = [abs(answer.value) for answer in answers if not math.isnan(answer.value)]
    unit, factor = shown_unit(answers[0].unit, max(known, default=0.0))
    numbers = [_number(answer.value / factor) for answer in answers]
    if answers[0].key.rpartition(".")[2] != name:  # one species, too, is named
        numbers = [
            f"{answer.key.rpartition('.')[2]} {number}"
            for answer, number in zip(answers, numbers, strict=True)
        ]
    text = "  ".join(numbers) + (f" {unit}" if known and unit else "")
    return f"{text} ({reason})" if reason and len(known) < len(answers) else text


def _number(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:.4g}"


def shown_unit(unit: str, size: float) -> tuple[str, float]:
    """Return the unit in which people want a number of this size, and how many stored units it is.

    Parameters
    ----------
    unit : str
        Stored unit.
    size : float
        Largest magnitude to show, in the stored unit.

    Examples
    --------
    >>> shown_unit("cm / s", 3.2e7)
    ('km/s', 100000.0)
    """
    plain = unit.replace(" ", "")
    for smallest, shown, factor in _SHOWN.get(plain, ()):
        if size >= smallest:
            return shown, factor
    return ("" if plain == "1" else unit.replace(" / ", "/")), 1.0


def _same_group(one: Group, other: Group) -> bool:
    return one.keys() == other.keys() and all(_same_variable(one[name], other[name]) for name in one)


def _same_variable(one: Variable, other: Variable) -> bool:
    labels = (
        one.dims,
        one.unit,
        one.long_name,
        dict(one.attributes),
        one.values.shape,
        one.values.dtype.kind,
    )
    others = (
        other.dims,
        other.unit,
        other.long_name,
        dict(other.attributes),
        other.values.shape,
        other.values.dtype.kind,
    )
    floating = one.values.dtype.kind == "f"
    return labels == others and bool(np.array_equal(one.values, other.values, equal_nan=floating))
