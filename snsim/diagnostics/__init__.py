"""Observables: each a pure function of a stored run, one a file; `catalog` knows their names."""
