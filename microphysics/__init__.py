"""What a neutrino meets: weak interactions, correlated nuclei and the thermodynamics of supernova matter."""
