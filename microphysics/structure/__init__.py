"""Ion-ion correlations: the static structure factor S(q)."""
