"""How neutrinos leave a collapsing star, and what follows."""

__version__ = "0.1.0"
