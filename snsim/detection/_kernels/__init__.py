"""Compiled pieces of the statistics of counts."""
