"""A run file with a sequence as one run file for each of its stars."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from snsim.config.mistakes import Source, mistakes_of
from snsim.config.schema import Config
from snsim.config.write import resolve_toml
from snsim.errors import ConfigError


def stars(config: Config, file: Path | None = None) -> tuple[Config, ...]:
    """Return a configuration without sequence for each time of one.

    Parameters
    ----------
    config : Config
        With or without ``[sequence]``.
    file : Path, optional
        Of the run file, for messages.

    Returns
    -------
    tuple of Config
        The configuration itself where there is no sequence.

    Raises
    ------
    ConfigError
        Values of ``[sequence.profile]`` that ``[profile]`` does not take, each with its place in the list.
    """
    if config.sequence is None:
        return (config,)
    tables = tomllib.loads(resolve_toml(config))
    tables.pop("sequence")
    found, mistakes = [], []
    for index, profile in enumerate(_profiles(tables["profile"], config)):
        try:
            found.append(Config.model_validate({**tables, "profile": profile}))
        except ValidationError as error:
            source = Source(file, frozenset())
            prefix = f"[sequence.profile], value {index + 1} of {len(config.sequence.times)}: "
            mistakes += [prefix + words for words in mistakes_of(error, source, Config)]
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return tuple(found)


def _profiles(profile: dict[str, Any], config: Config) -> Iterator[dict[str, Any]]:
    """Yield the section of each star."""
    assert config.sequence is not None
    values = dict(config.sequence.profile)
    if profile["format"] == "gr1d":
        values.setdefault("time", tuple(f"{time!r} s" for time in config.sequence.times))
    for index in range(len(config.sequence.times)):
        yield {**profile, **{key: several[index] for key, several in values.items()}}
