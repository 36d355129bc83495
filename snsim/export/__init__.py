"""The neutrino signal as files of other programs, one format a writer, and in memory for SNEWPY."""

from __future__ import annotations

from snsim.export.catalog import FORMATS, write
from snsim.export.check import check
from snsim.export.snewpy_model import to_snewpy

__all__ = ["FORMATS", "check", "to_snewpy", "write"]
