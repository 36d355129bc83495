"""Ion-ion correlations: the static structure factor S(q). Importing the package registers every model."""

from microphysics.structure import closed_forms, from_file, horowitz, mixture, models, table, yukawa

__all__ = ["closed_forms", "from_file", "horowitz", "mixture", "models", "table", "yukawa"]
