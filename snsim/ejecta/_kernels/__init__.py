"""Compiled pieces of the evolution of ejecta."""
