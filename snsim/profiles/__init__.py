"""Matter profiles: what a star looks like before any neutrino moves."""
