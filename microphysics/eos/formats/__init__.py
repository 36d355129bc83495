"""Equation-of-state files: `read` any, `write_stellarcollapse` for other codes."""

from microphysics.eos.formats.reader import read
from microphysics.eos.formats.stellarcollapse import write_stellarcollapse

__all__ = ["read", "write_stellarcollapse"]
