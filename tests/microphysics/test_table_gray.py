"""Gray tables in the layout of NuLib's script."""

from dataclasses import replace

import h5py
import numpy as np
import pytest
from standin import StandIn

from microphysics.constants import CODATA
from microphysics.errors import OpacityTableError, UnknownNameError
from microphysics.matter import SPECIES
from microphysics.means import gray_means
from microphysics.opacity import OpacitySet
from microphysics.spectrum import FermiDirac
from microphysics.tables.gray import gray_table
from microphysics.tables.nulib_gray import GrayTable, read_nulib_gray, write_nulib_gray


def made_up():
    generator = np.random.default_rng(5)
    matter, both = (3, 4, 3, 2), (3, 5, 4, 3, 2)
    return GrayTable(
        density=np.logspace(10, 12, 2),
        temperature=np.array([1.0, 2.0, 4.0]),
        electron_fraction=np.linspace(0.1, 0.4, 4),
        neutrino_temperature=np.logspace(-1, 1, 5),
        emission=generator.random(matter) * 1e35,
        number_emission=generator.random(matter) * 1e34,
        absorption_equilibrium=generator.random(matter),
        scattering_equilibrium=generator.random(matter),
        absorption=generator.random(both),
        scattering=generator.random(both),
        attributes={"means": "Planck"},
    )


def test_names_and_shapes(tmp_path):
    path = write_nulib_gray(tmp_path / "gray.h5", made_up())
    with h5py.File(path) as file:
        shapes = {name: file[name].shape for name in file}
        # the script repeats what the matter emits
        assert np.array_equal(file["emissivities"][3], file["emissivities_eq"])
        assert file["emissivities"].attrs["units"] == "MeV4 cm-1"
        assert file.attrs["means"] == "Planck"
    opacities = ("emissivities", "number_emissivities", "absorption_opacity", "scattering_opacity")
    assert shapes == {
        "rho": (2,),
        "temp": (3,),
        "ye": (4,),
        "tnue": (5,),
        **{name: (5, 4, 3, 2, 3) for name in opacities},
        **{f"{name}_eq": (4, 3, 2, 3) for name in opacities},
    }


def test_what_is_written_is_read(tmp_path):
    table = made_up()
    back = read_nulib_gray(write_nulib_gray(tmp_path / "gray.h5", table))
    for name, values in vars(table).items():
        if name == "attributes":
            assert dict(back.attributes) == dict(values)
        else:
            assert getattr(back, name) == pytest.approx(values, rel=1e-14), name


def test_emissivities_are_those_of_the_script(tmp_path):
    """Sum over energies of E^3 f kappa, four times for nux: the script's own formula, on a fine grid."""
    opacities = OpacitySet.from_names(["charged_current", "pair"])
    matter = StandIn()(np.array([1e11]), np.array([4.0]), np.array([0.2])).matter
    means = gray_means(opacities, matter, ["emission_energy", "emission_number"])
    shape = (3, 1, 1, 1)
    zeros = np.zeros(shape)
    table = GrayTable(
        matter.density, matter.temperature, matter.electron_fraction, np.array([4.0]),
        means["emission_energy"].reshape(shape), means["emission_number"].reshape(shape),
        zeros, zeros, zeros[:, None], zeros[:, None],
    )  # fmt: skip
    with h5py.File(write_nulib_gray(tmp_path / "gray.h5", table)) as file:
        energies = file["emissivities_eq"][0, 0, 0]
        numbers = file["number_emissivities_eq"][0, 0, 0]
    energy = np.linspace(0.0, 200.0, 4001)[1:]
    spectra = opacities.spectral(matter, energy)
    weight = np.array([1.0, 1.0, 4.0])[:, None] * spectra.total_absorption[:, 0] * spectra.equilibrium[:, 0]
    assert energies == pytest.approx(np.trapezoid(weight * energy**3, energy), rel=2e-4)
    assert numbers == pytest.approx(np.trapezoid(weight * energy**2, energy), rel=2e-4)
    density = 4.0 * np.pi / (2.0 * np.pi * CODATA.hbar_c) ** 3
    with h5py.File(tmp_path / "gray.h5") as file:
        assert file.attrs["emissivity_factor"] == pytest.approx(density * CODATA.speed_of_light)


def test_what_no_table_holds_is_refused(tmp_path):
    table = made_up()
    with pytest.raises(OpacityTableError, match="'absorption' has shape"):
        replace(table, absorption=table.emission)
    bad = table.scattering.copy()
    bad[1, 2, 3, 0, 1] = -1.0
    with pytest.raises(OpacityTableError, match=r"'scattering' is -1 at index \(1, 2, 3, 0, 1\)"):
        write_nulib_gray(tmp_path / "gray.h5", replace(table, scattering=bad))
    assert not list(tmp_path.iterdir())
    path = write_nulib_gray(tmp_path / "gray.h5", table)
    with h5py.File(path, "r+") as file:
        del file["tnue"]
    with pytest.raises(OpacityTableError, match="'tnue' is missing"):
        read_nulib_gray(path)


def test_table_of_means_is_that_of_the_states():
    """Made on a grid, read off at one state and one temperature of the neutrinos."""
    opacities = OpacitySet.from_names(["charged_current", "nucleon_scattering", "bremsstrahlung"])
    axes = ([1e11, 1e12], [4.0, 6.0, 9.0], [0.1, 0.3])
    seen = []
    table = gray_table(opacities, StandIn(), *axes, [3.0, 5.0], progress=lambda *done: seen.append(done))
    assert seen == [(1, 2), (2, 2)]
    matter = StandIn()([1e12], [9.0], [0.3]).matter
    alone = gray_means(opacities, matter)
    for name, values in (
        ("emission_energy", table.emission),
        ("emission_number", table.number_emission),
        ("absorption_energy", table.absorption_equilibrium),
        ("scattering_energy", table.scattering_equilibrium),
    ):
        np.testing.assert_allclose(values[:, 1, 2, 1], alone[name][:, 0], rtol=1e-5, err_msg=name)
    eta = matter.neutrino_degeneracy()
    spectra = {name: FermiDirac(5.0, eta[i, 0]) for i, name in enumerate(SPECIES)}
    cooler = gray_means(opacities, matter, spectrum=spectra)
    np.testing.assert_allclose(table.absorption[:, 1, 1, 2, 1], cooler["absorption_energy"][:, 0], rtol=1e-5)
    np.testing.assert_allclose(table.scattering[:, 1, 1, 2, 1], cooler["scattering_energy"][:, 0], rtol=1e-5)
    thin = gray_table(opacities, StandIn(), *axes, [3.0, 5.0], degeneracy="zero")
    assert (thin.absorption[0] != table.absorption[0]).all()
    np.testing.assert_allclose(thin.absorption[2], table.absorption[2], rtol=1e-13)
    with pytest.raises(UnknownNameError, match="degeneracy of gray spectra 'none'"):
        gray_table(opacities, StandIn(), *axes, degeneracy="none")
