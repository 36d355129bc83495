"""Neutrino-matter interactions, one a file; importing this package registers the built-in ones."""

from microphysics.processes import (  # noqa: F401 - imported for their registration
    alpha_scattering,
    bremsstrahlung,
    charged_current,
    electron_capture,
    electron_scattering,
    helicity_flip,
    light_cluster_scattering,
    neutron_decay,
    nucleon_scattering,
    nucleus_scattering,
    pairs,
)
