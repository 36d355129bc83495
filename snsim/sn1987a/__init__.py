"""The neutrinos of SN 1987A: events, detectors, and the likelihood of a model."""
