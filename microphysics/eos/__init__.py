"""Equations of state: the electron-positron gas, free nucleons, and nuclear statistical equilibrium."""
