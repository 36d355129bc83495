"""Keys of a run file that were given and have no effect on the run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from snsim.config.write import written

if TYPE_CHECKING:
    from snsim.config.schema import Config

_GROUPS = ("multigroup", "eddington")
_LIMITED = ("gray", "multigroup")
_ALL = ("gray", *_GROUPS)
# by key of [transport]: the schemes that read it. [opacity] is read by all, for what is stored and for observables, and
# [evolution] by both kinds of matter: neutrinos that are trapped count in its steps even where the matter is fixed.
USED_BY: dict[str, tuple[str, ...]] = {
    "limiter": _LIMITED,
    "reconstruction": _LIMITED,
    "closure": ("gray",),
    "spectral_shape": ("gray",),
    "species": _ALL,
    "tolerance": _LIMITED,
    "max_iterations": _ALL,
    "exchange_strength": ("gray",),
    "groups": _GROUPS,
    "group_min": _GROUPS,
    "group_max": _GROUPS,
    "inelastic": _ALL,
    "core_rays": ("eddington",),
    "zones_per_ray": ("eddington",),
}


def unused_keys(config: Config, overrides: Iterable[str] = ()) -> list[str]:
    """Say of each key that was given which scheme makes it idle, and which schemes use it.

    Parameters
    ----------
    config : Config
        As it was read: what stands in it by default is nobody's wish.
    overrides : iterable of str
        `key.path=value` of the command line. Where they set the scheme, keys of the file are left out: these belong to the
        scheme that the file has, and nobody asked for them with the other one.

    Returns
    -------
    list of str
        One sentence for each key. A file in which the whole section is written out, as `snsim validate --show` does, wishes
        only what differs from the defaults.

    Examples
    --------
    >>> from snsim.config.schema import Config
    >>> unused_keys(Config(schema=1, transport={"groups": 40}))
    ['transport.groups = 40 has no effect with transport.scheme = "gray"; used by "multigroup" and "eddington"']
    """
    chosen = config.transport
    given = chosen.model_fields_set
    if given >= USED_BY.keys():
        usual = type(chosen)()
        given = {key for key in given if getattr(chosen, key) != getattr(usual, key)}
    asked = {text.partition("=")[0].strip() for text in overrides}
    if "transport.scheme" in asked:
        given = {key for key in given if f"transport.{key}" in asked}
    found = []
    for key, users in USED_BY.items():
        if key in given and chosen.scheme not in users:
            value = written(type(chosen).model_fields[key], getattr(chosen, key))
            why = f'has no effect with transport.scheme = "{chosen.scheme}"'
            found.append(f"transport.{key} = {value} {why}; used by {_names(users)}")
    return found


def _names(schemes: tuple[str, ...]) -> str:
    quoted = [f'"{name}"' for name in schemes]
    return " and ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))
