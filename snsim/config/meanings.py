"""What each key of a run file, or of a table's file, means, in a line; `snsim validate --show` writes it beside the key."""

from __future__ import annotations

from pydantic.fields import FieldInfo

from snsim.config.allowed import allowed
from snsim.config.write import written_default

_PROFILE = {
    "format": "kind of star: analytic, hydrostatic, collapse or table, each with keys of its own",
    "mass": "mass inside the shock: gravitational if hydrostatic, rest mass if analytic",
    "accretion_rate": "mass that falls through the shock per time",
    "shock_radius": "radius of the shock; of a table: where its own is not found or not wanted",
    "infall_fraction": "speed of infall over that of free fall",
    "entropy_infall": "entropy ahead of the shock, k_B per baryon",
    "electron_fraction": "Y_e of core, mantle and gain layer",
    "electron_fraction_infall": "Y_e ahead of the shock",
    "core_radius": "radius of the core, within which the density is flat",
    "scale_height": "of the mantle's exponential density",
    "mantle_fraction": "density of the mantle over that of the core, at the centre",
    "compression": "density behind the shock over that ahead of it",
    "entropy": "of core and mantle (if analytic, of the gain layer too), k_B per baryon",
    "central_density": "density at the centre",
    "steepness": "exponent n of the density 1/(1 + (r/core_radius)^2)^n",
    "contraction_rate": "k of the homologous velocity -k r",
    "path": "the file, or the folder of a run",
    "mapping": "name of a known layout of columns; see snsim list profiles",
    "delimiter": "between columns; blanks where it is not set",
    "comment": "what begins a line of comment",
    "mass_integral": "of the density that an enclosed mass in the file must be: over volume (newtonian) or proper volume",
    "time": "of the output to read, after bounce",
    "bounce_time": "in the simulation's time",
    "radius_centring": "where in a zone radii, masses and velocities stand, which the file does not say",
    "columns.*.column": "its name in the table",
    "columns.*.unit": "its unit there",
    "columns.*.centring": "where in a zone its values stand",
    "columns.*.kind": "what a share of a nuclide counts",
}
_MICROPHYSICS = {
    "eos": "equation of state; see snsim list equations-of-state",
    "eos_table": "file of the equation of state, with eos = table",
    "eos_incompressibility": "of nuclear matter, for lattimer-swesty",
    "alpha_binding": "binding of alphas: corrected, or as the code of 1991 has it",
    "constants": "physical constants: today's, or NuLib's for comparison",
    "processes": "what neutrinos meet; see snsim list processes",
    "form_factor": "of nuclei; see snsim list form-factors",
    "structure_factor": "S(q) of correlated nuclei; see snsim list structure-factors",
    "structure_factor_file": "S(q) of your own, with structure_factor = file",
    "electron_polarization": "electrons around nuclei: with the sign derived here, that of brt06, or none",
    "weak_magnetism": "weak magnetism and recoil of nucleons",
    "charged_current": "nucleons at rest, or with full kinematics in mean fields",
    "blocking": "of charged currents: no more nucleons than there are, or the formula as it stands",
    "scattering_blocking": "degeneracy in scattering on nucleons: Bruenn's formula, or exact",
    "many_body": "correlations of nucleons in scattering",
    "capture_rate": "of electrons on nuclei, where electron_capture is among the processes",
    "capture_q_value": "of capture on the mean nucleus",
    "capture_tables": "files of capture rates, with capture_rate = table",
    "cluster_breakup": "light clusters scatter as the nucleons they are made of, too",
    "pair_species": "whose emission by pairs and bremsstrahlung counts",
    "pair_partner": "the other neutrino of a pair: absent, or in equilibrium",
    "bremsstrahlung": "rate of bremsstrahlung of nucleons",
    "bremsstrahlung_medium": "its suppression in dense matter",
    "bremsstrahlung_table": "file of its structure function, with bremsstrahlung = table",
    "couplings.sin2_theta_w": "weak mixing angle at low energy",
    "couplings.axial_coupling": "g_A of the nucleon",
    "couplings.strange_axial_coupling": "strange quarks' share in g_A",
    "couplings.v_ud": "element of the CKM matrix",
    "couplings.neutron_lifetime": "sets the strength of charged currents",
    "couplings.vev_ratio": "vacuum expectation value over that of the standard model; G_F goes like its inverse square",
    "couplings.charged_current_norm": "strength of charged currents: from the lifetime of the neutron, or tree level",
    "couplings.radiative": "radiative corrections of coherent scattering, which know the flavour",
    **{
        f"new_physics.nsi.{quark}.{pair}": f"of {quark} quarks, in units of the contact interaction"
        for quark in ("up", "down")
        for pair in ("ee", "emu", "etau", "mumu", "mutau", "tautau")
    },
    **{
        f"new_physics.{boson}.{key}": words
        for boson in ("z_prime", "mu_tau_mediator", "z_prime_mixing")
        for key, words in (("coupling", "of the boson"), ("mass", "of the boson"))
    },
    "new_physics.z_prime.charges": "to what it couples",
    "new_physics.mu_tau_mediator.loop_sign": "of the mixing with the photon; published signs differ",
    "new_physics.z_prime_mixing.angle": "of its mixing with the Z, radians",
    "new_physics.z_prime_mixing.charges": "to what it couples",
    **{
        f"new_physics.charge_radius.radii.{pair}": "<r^2> of this pair of flavours"
        for pair in ("ee", "emu", "etau", "mumu", "mutau", "tautau")
    },
    "new_physics.charge_radius.convention": "how it enters the coupling: at the vertex, or in the mixing angle (twice that)",
    "new_physics.charge_radius.relative_to": "what is added to: nothing, or the radius of the standard model",
    **{
        f"new_physics.millicharge.charges.{pair}": "in elementary charges"
        for pair in ("ee", "emu", "etau", "mumu", "mutau", "tautau")
    },
    "new_physics.magnetic_moment.moment": "of all flavours, in Bohr magnetons",
    "new_physics.magnetic_moment.majorana": "neutrinos are Majorana particles, and stay active",
    "new_physics.magnetic_moment.transition": "three transition moments instead, in Bohr magnetons",
    "new_physics.magnetic_moment.phases": "of the transition moments, radians",
    "new_physics.magnetic_moment.basis": "of the transition moments",
    "new_physics.scalar.neutrino": "coupling to neutrinos",
    "new_physics.scalar.quark": "coupling to all quarks",
    "new_physics.scalar.mass": "of the boson",
    "new_physics.scalar.majorana": "neutrinos are Majorana particles, and stay active",
}
_DIAGNOSTICS = {
    "names": "which observables; see snsim list observables",
    "gain_region.gain_criterion": "which zones count: from the gain radius to the shock, or those that GR1D counts",
    "gain_region.extraction_radius": "where the efficiency of gr1d takes its luminosities",
    "gain_region.coefficients": "of the closed forms of heating and cooling that stand beside the rates",
    "electron_fraction.launch_radius": "where the wind starts; the gain radius where it is not set",
    "electron_fraction.velocity": "of the coasting wind",
    "electron_fraction.initial_electron_fraction": "Y_e with which it starts; that of the star there where it is not set",
    "kick.asymmetry": "momentum of the neutrinos over their energy, c|P|/E, or as asymmetry_definition says",
    "kick.asymmetry_definition": "what the asymmetry is of",
    "kick.energy": "radiated in total; a run at one instant knows only the luminosity",
    "kick.mass": "that is kicked; the star's inside the shock where it is not set",
    "kick.polar_cap_angle": "half angle of a hot cap; none where it is not set",
    "kick.polar_cap_temperature_ratio": "temperature of the cap over that of the rest",
    "kick.polar_cap_beaming": "of what leaves the cap: Lambert's law, or along the radius",
    "kick.opacity_factor": "opacity in the cap over that of the rest, from which its temperature then follows",
    "kick.magnetic_field": "for the perturbative estimate; none where it is not set",
    "delay.distance": "to the observer",
    "delay.neutrino_mass": "for the delay by mass",
    "delay.emission_radii": "of neutrinos, for the table of delays",
    "delay.clock_uncertainty": "of the times of arrival, with which delays are compared",
    "delay.galactic_delay": "Shapiro delay common to both messengers, for the test of the equivalence principle",
    "explosion.compactness_mass": "enclosed mass at which the compactness is taken",
    "flavour.theta_12": "solar mixing angle",
    "flavour.theta_13": "reactor mixing angle",
    "flavour.splitting_21": "solar difference of squared masses, eV^2",
    "flavour.splitting_31": "atmospheric difference of squared masses, eV^2",
    "flavour.envelope_slope": "assumed power of the density beyond the grid, rho ~ r^-n; none where it is not set",
    "transport_sphere.energies": "that get numbers of their own, MeV",
    "transport_sphere.densities": "where optical depths are given, g/cm3",
    "transport_sphere.energy_frame": "whose energies these are: of the local observer, or at infinity",
    "neutrino_conductivity.density": "where the conductivity gets a number of its own",
    "recoil_heating.mass_number": "A of the nucleus of the ejecta",
    "recoil_heating.charge_number": "Z of the nucleus of the ejecta",
    "recoil_heating.launch_radius": "where the ejecta start",
    "recoil_heating.velocity": "of the ejecta",
}
_TABLE = {
    "outside_eos": "states outside the equation of state: an error, or its edge",
    **{
        f"{axis}_{end}": f"{which} {axis.replace('_', ' ')}"
        for axis in ("density", "temperature", "electron_fraction")
        for end, which in (("min", "lowest"), ("max", "highest"), ("points", "points of the axis of"))
    },
    "energy_groups": "number of energy groups",
    "energy_first_width": "width of the first group; the others grow from it",
    "energy_last_edge": "lower edge of the last group",
    "energy_edges": "edges of groups instead, MeV",
    "species": "which neutrinos",
    "delta": "total opacity of scattering and its anisotropy, where the layout has them",
    "kernels": "scattering on electrons and pairs as kernels, and no longer as opacities",
    "kernel_temperature_points": "of kernels",
    "kernel_degeneracy_min": "lowest mu_e/T of kernels",
    "kernel_degeneracy_max": "highest mu_e/T of kernels",
    "kernel_degeneracy_points": "of kernels",
    "layouts": "files to write",
    "block_points": "states that are computed, and kept, at a time",
}
MEANINGS: dict[str, str] = {
    "schema": "version of this file's layout",
    "title": "stands above what is shown",
    **{f"profile.{key}": words for key, words in _PROFILE.items()},
    "sequence.times": "one of each star, s after bounce, rising",
    "sequence.profile": "keys of [profile] with a list of values, one for each time; a pattern for path",
    "grid.zones": "zones of the transport grid",
    "grid.r_inner": "outer edge of the innermost zone, which begins at the centre",
    "grid.r_outer": "outer edge; where it is not set, 600 km or the end of the profile",
    "grid.edge_at_shock": "whether a zone edge moves to the shock; where it is not set, it does, but not in a [sequence]",
    **{f"microphysics.{key}": words for key, words in _MICROPHYSICS.items()},
    "opacity.on_out_of_range": "where a process leaves its validity: an error, or its last value",
    "opacity.energies": "number of energies, even in ln E",
    "opacity.energy_min": "lowest energy",
    "opacity.energy_max": "highest energy",
    "transport.scheme": "what is solved; see snsim list schemes",
    "transport.limiter": "flux limiter; gray and multigroup",
    "transport.reconstruction": "order of edge values; gray and multigroup",
    "transport.closure": "flux of the gray scheme; see snsim list closures",
    "transport.spectral_shape": "degeneracy of the gray spectrum: from that of matter to 2 outside, 2, or that of matter",
    "transport.species": "which neutrinos; nux is one of the four heavy-lepton species",
    "transport.tolerance": "on the scaled residual; gray and multigroup",
    "transport.max_iterations": "Newton steps of a species; with eddington at most 60 formal solutions",
    "transport.exchange_strength": "energy lost per scattering on an electron, where kernels do not say; gray",
    "transport.groups": "number of energy groups; multigroup and eddington",
    "transport.group_min": "lowest edge of groups; multigroup and eddington",
    "transport.group_max": "highest edge of groups; multigroup and eddington",
    "transport.inelastic": "scattering on electrons and pairs act through their kernels",
    "transport.core_rays": "rays through the core; eddington",
    "transport.zones_per_ray": "zones for each ray outside it; eddington",
    **{f"diagnostics.{key}": words for key, words in _DIAGNOSTICS.items()},
    "evolution.duration": "how long, as seen from infinity",
    "evolution.output_times": "when profiles are kept, besides the beginning and the end, s",
    "evolution.matter": "matter that neutrinos heat and cool, or that stays as it is",
    "evolution.first_step": "length of the first step to try",
    "evolution.change": "of T, Y_e and trapped neutrinos in a step, relative, at most",
    "evolution.error": "embedded error of a step, at most",
    "evolution.growth": "of a step over the one before, at most",
    "evolution.max_steps": "steps after which the run gives up",
    "evolution.checkpoint_steps": "steps between two checkpoints, from which a run that was stopped goes on",
    "output.directory": "where the answer goes; beside this file where it is not set",
    "output.figures": "draw figures",
    "output.name": "beginning of the names of files; that of the equation of state where it is not set",
    **{f"table.{key}": words for key, words in _TABLE.items()},
}


def comment(key: str, field: FieldInfo) -> str:
    """Say what a key means, what it takes, and its default; for `snsim.config.write.resolve_toml`.

    Parameters
    ----------
    key : str
        Dotted, such as ``grid.zones``; ``*`` for a name of one's own.
    field : FieldInfo
        Its definition.

    Examples
    --------
    >>> from snsim.config.schema import Grid
    >>> comment("grid.zones", Grid.model_fields["zones"])
    'zones of the transport grid; a whole number, 10 to 20000; default 200'
    """
    usual = written_default(field)
    words = (
        f"default {usual}"
        if usual is not None
        else "must be given"
        if field.is_required()
        else "by default not set"
    )
    return "; ".join(filter(None, (MEANINGS.get(key, ""), allowed(field), words)))
