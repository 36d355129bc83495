"""Fluxes: pions at rest, reactors, the Sun, supernovae, tables; one kind of source a file."""
