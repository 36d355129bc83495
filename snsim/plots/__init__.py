"""Figures of a Result: one style, one module a family of figures, never a solver."""
