"""Compiled pieces of the transport solvers."""
