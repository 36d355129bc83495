"""Weak couplings, form factors and the one cross section of coherent scattering."""
