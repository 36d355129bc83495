"""Kernels of the observables."""
