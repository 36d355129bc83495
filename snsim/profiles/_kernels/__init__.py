"""Compiled pieces of the profiles."""
