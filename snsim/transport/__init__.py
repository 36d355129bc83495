"""How neutrinos move: grid and metric, flux-limited diffusion, moments and frames."""
