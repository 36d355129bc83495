"""Errors of the simulation layers. Each message says what, the value, what is allowed, and where."""

from __future__ import annotations

from typing import Any

from microphysics.errors import PhysicsWarning


class SnsimError(Exception):
    """Base class of everything this package raises on purpose."""


class ConfigError(SnsimError, ValueError):
    """A run file that cannot be used; the message lists every mistake found."""


class ProfileError(SnsimError, ValueError):
    """A matter profile that cannot be read or is unphysical."""


class NoStarError(ProfileError):
    """Numbers of a run file's ``[profile]`` for which there is no star."""


class TrajectoryError(ProfileError):
    """A trajectory of ejecta that cannot be read, written, or be."""


class ResultFileError(SnsimError, OSError):
    """A result file that cannot be written, or cannot be read back."""


class EngineError(SnsimError, OSError):
    """What runs the points of a study cannot be reached, or breaks again and again."""


class ConvergenceError(SnsimError, RuntimeError):
    """A solver that stopped short.

    Attributes
    ----------
    partial : object
        The last iterate with its residual history, in the solver's own solution type.
    """

    def __init__(self, message: str, partial: Any = None) -> None:
        super().__init__(message)
        self.partial = partial


class UnresolvedWarning(PhysicsWarning):
    """A feature of the solution is narrower than the grid."""


class MissingExtraError(SnsimError, ImportError):
    """A package that only some commands need is not installed; the message names the extra that brings it."""
