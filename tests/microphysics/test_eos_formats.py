"""Files of equations of state: what goes out comes back, and what is wrong with a file is said."""

from __future__ import annotations

import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest

from microphysics.constants import CODATA
from microphysics.eos.electron_gas import CM3_PER_FM3, ERG_CM3_PER_MEV_FM3
from microphysics.eos.formats import read, write_stellarcollapse
from microphysics.eos.formats.native import write_table
from microphysics.eos.lattimer_swesty import LattimerSwesty
from microphysics.eos.table import EosTableError, TabulatedEOS
from microphysics.errors import OutOfRangeError, PhysicsWarning

EOS = LattimerSwesty()
DENSITY = np.geomspace(1e6, 8e14, 24)
TEMPERATURE = np.geomspace(0.2, 60.0, 16)
YE = np.linspace(0.05, 0.5, 10)
FRACTIONS = tuple(f"mass_fraction_{name}" for name in ("neutron", "proton", "alpha", "heavy"))
POTENTIALS = tuple(f"chemical_potential_{name}" for name in ("neutron", "proton", "electron"))
NEUTRON_MASS = 939.6  # of the synthetic CompOSE files: not ours, so that a mix-up shows


def grid(*axes):
    return np.meshgrid(*axes, indexing="ij")


@pytest.fixture(scope="module")
def state():
    return EOS(*grid(DENSITY, TEMPERATURE, YE))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A stellarcollapse file, to be copied by tests that spoil it."""
    path = tmp_path_factory.mktemp("tables") / "ls220.h5"
    return write_stellarcollapse(path, EOS, DENSITY, TEMPERATURE, YE, jobs=1)


@pytest.fixture
def spoiled(written, tmp_path):
    path = tmp_path / "spoiled.h5"
    shutil.copy(written, path)
    return path


def note(eos, beginning):
    return next(text for text in eos.notes if beginning in text)


def assert_same(ours, theirs, *, mean_fields=True):
    """All that a node must give back, to rounding of the totals that files hold."""
    for name in FRACTIONS:
        np.testing.assert_allclose(
            getattr(ours, name), getattr(theirs, name), rtol=0, atol=2e-12, err_msg=name
        )
    for name in POTENTIALS:
        np.testing.assert_allclose(
            getattr(ours, name), getattr(theirs, name), rtol=1e-10, atol=1e-9, err_msg=name
        )
    for name in ("pressure", "energy", "entropy"):
        scale = np.abs(getattr(theirs, name)) + (10.0 if name == "energy" else 0.0)
        off = np.abs(getattr(ours, name) - getattr(theirs, name)) / scale
        assert off.max() < 1e-9, name
    heavy = theirs.mass_fraction_heavy > 0.0
    for name in ("mass_number_heavy", "charge_number_heavy"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-9, err_msg=name)
        assert (getattr(ours, name)[~heavy] == 0.0).all()
    if mean_fields:
        for name in ("mean_field_neutron", "mean_field_proton"):
            np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-12, atol=1e-12)


def assert_same_derivatives(ours, theirs, tolerance):
    for name in ("adiabatic_index", "heat_capacity", "pressure_temperature_derivative", "sound_speed"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=tolerance, err_msg=name)


# stellarcollapse.org


def test_stellarcollapse_comes_back_at_the_nodes(written, state):
    eos = read(written)
    ours = eos(*grid(DENSITY, TEMPERATURE, YE))
    assert_same(ours, state)
    assert_same_derivatives(ours, state, 1e-8)
    np.testing.assert_array_equal(ours.phase, state.phase)
    np.testing.assert_allclose(ours.radius_heavy, state.radius_heavy, rtol=1e-12)
    assert eos.name == EOS.name
    assert eos.baryon_mass == CODATA.atomic_mass
    assert "attribute" in note(eos, "baryon_mass")
    assert "corrected" in note(eos, "alpha binding")
    assert "not relativistic" in note(eos, "cs2")
    assert "fillers (A = 1, Z = 1" in note(eos, "fillers")


def test_stellarcollapse_layout(written, state):
    with h5py.File(written) as file:
        cubes = {name: file[name][()] for name in file if getattr(file[name], "ndim", 0) == 3}
        shift = file["energy_shift"][0]
        assert [int(file[f"points{name}"][0]) for name in ("rho", "temp", "ye")] == [24, 16, 10]
        np.testing.assert_allclose(10.0 ** file["logrho"][()], DENSITY, rtol=1e-13)
        np.testing.assert_allclose(10.0 ** file["logtemp"][()], TEMPERATURE, rtol=1e-13)
        np.testing.assert_array_equal(file["ye"][()], YE)
        assert file["logpress"].attrs["units"] == "log10 dyn/cm^2"
        assert file.attrs["mu_reference"].startswith("neutron_mass")
    wanted = "logpress logenergy entropy munu cs2 dedt dpdrhoe dpderho muhat mu_e mu_p mu_n Xa Xh Xn Xp Abar Zbar gamma"
    assert set(wanted.split()) == set(cubes)
    for name, values in cubes.items():
        assert values.shape == (10, 16, 24), name
        assert np.isfinite(values).all(), name
    at = (3, 5, 7)  # ye, temperature, density
    here = (7, 5, 3)
    rho = DENSITY[7]
    eps = 10.0 ** cubes["logenergy"][at] - shift
    whole = rho * (CODATA.speed_of_light**2 + eps)
    assert whole == pytest.approx(state.energy_density[here], rel=1e-12)
    assert 10.0 ** cubes["logpress"][at] == pytest.approx(state.pressure[here], rel=1e-12)
    assert cubes["munu"][at] == pytest.approx(state.chemical_potential_neutrino[here], rel=1e-10)
    pressure_over_rho = state.pressure[here] / rho
    assert cubes["cs2"][at] == pytest.approx(state.adiabatic_index[here] * pressure_over_rho, rel=1e-12)
    # c_s^2 = dP/drho|e + P/rho^2 dP/de|rho
    newtonian = cubes["dpdrhoe"][at] + pressure_over_rho / rho * cubes["dpderho"][at]
    assert newtonian == pytest.approx(cubes["cs2"][at], rel=1e-10)


def test_derivatives_of_the_layout_are_derivatives():
    """Dedt, dpderho and dpdrhoe against differences of the equation of state itself."""
    rho, t, ye, h = 3e11, 3.0, 0.3, 1e-4

    def energy(state):
        return state.energy_density / state.density - CODATA.speed_of_light**2

    hot, cold = EOS(rho, t * (1 + h), ye), EOS(rho, t * (1 - h), ye)
    dense, thin = EOS(rho * (1 + h), t, ye), EOS(rho * (1 - h), t, ye)
    de_dt = (energy(hot) - energy(cold)) / (2 * h * t)
    dp_dt = (hot.pressure - cold.pressure) / (2 * h * t)
    de_drho = (energy(dense) - energy(thin)) / (2 * h * rho)
    dp_drho = (dense.pressure - thin.pressure) / (2 * h * rho)
    from microphysics.eos.formats.stellarcollapse import _datasets

    state = EOS(*grid([rho], [t], [ye]))
    values = {
        name: getattr(state, name) for name in dir(state) if not name.startswith("_") and name != "matter"
    }
    cubes = _datasets(np.array([rho]), np.array([t]), np.array([ye]), values, CODATA.atomic_mass)
    assert cubes["dedt"].item() == pytest.approx(de_dt, rel=1e-5)
    assert cubes["dpderho"].item() == pytest.approx(dp_dt / de_dt, rel=1e-5)
    assert cubes["dpdrhoe"].item() == pytest.approx(dp_drho - dp_dt / de_dt * de_drho, rel=1e-4)


def test_other_reference_mass_is_the_same_matter(tmp_path, state):
    mass = CODATA.neutron_mass
    path = write_stellarcollapse(tmp_path / "n.h5", EOS, DENSITY, TEMPERATURE, YE, baryon_mass=mass, jobs=1)
    eos = read(path)
    assert eos.baryon_mass == mass
    ours = eos(*grid(DENSITY * mass / CODATA.atomic_mass, TEMPERATURE, YE))
    assert_same(ours, state)
    np.testing.assert_allclose(ours.baryon_density, state.baryon_density, rtol=1e-12)
    np.testing.assert_allclose(ours.energy_density, state.energy_density, rtol=1e-12)


@pytest.mark.parametrize("mass", [CODATA.neutron_mass, CODATA.atomic_mass])
def test_foreign_file_reveals_its_reference_mass(tmp_path, state, mass):
    path = write_stellarcollapse(tmp_path / "f.h5", EOS, DENSITY, TEMPERATURE, YE, baryon_mass=mass, jobs=1)
    with h5py.File(path, "a") as file:
        for name in list(file.attrs):
            del file.attrs[name]
        del file["snsim"]
    eos = read(path)
    assert eos.baryon_mass == mass
    assert "as mu_e implies" in note(eos, "baryon_mass")
    ours = eos(*grid(DENSITY * mass / CODATA.atomic_mass, TEMPERATURE, YE))
    assert_same(ours, state, mean_fields=False)
    # U that makes a bare Fermi gas of the free nucleons have this mu is the true one in uniform matter
    uniform = (state.mass_fraction_heavy == 0.0) & (state.mass_fraction_alpha < 1e-4) & (state.density > 1e13)
    assert uniform.sum() > 100
    off = ours.mean_field_neutron - state.mean_field_neutron
    assert np.abs(off[uniform]).max() < 0.05
    assert np.isnan(ours.radius_heavy[state.mass_fraction_heavy > 0.0]).all()


def test_reference_mass_as_asked_for(spoiled):
    eos = read(spoiled, baryon_mass=CODATA.atomic_mass)
    assert "as asked for" in note(eos, "baryon_mass")
    with pytest.warns(PhysicsWarning, match="zero is not understood"):
        read(spoiled, baryon_mass=CODATA.neutron_mass - 20.0)


def test_reference_mass_is_guessed_where_nothing_tells(tmp_path):
    hot = TEMPERATURE[TEMPERATURE > 5.0]
    path = write_stellarcollapse(tmp_path / "hot.h5", EOS, DENSITY, hot, YE, jobs=1)
    with h5py.File(path, "a") as file:
        del file.attrs["baryon_mass"]
    with pytest.warns(PhysicsWarning, match="zero is not understood"):  # the guess is wrong, and that shows
        eos = read(path)
    assert eos.baryon_mass == CODATA.neutron_mass
    assert "assumed because the table has no light clusters" in note(eos, "baryon_mass")
    with h5py.File(path, "a") as file:
        file["Xd"] = np.zeros(file["Xn"].shape)
    assert read(path).baryon_mass == CODATA.atomic_mass


def test_energy_from_the_reference_mass_is_recognised(spoiled, state):
    shift = (CODATA.neutron_mass - CODATA.atomic_mass) / CODATA.atomic_mass * CODATA.speed_of_light**2
    with h5py.File(spoiled, "a") as file:
        eps = 10.0 ** file["logenergy"][()] - file["energy_shift"][0] - shift
        file["energy_shift"][0] = -2.0 * eps.min()
        file["logenergy"][...] = np.log10(eps - 2.0 * eps.min())
    eos = read(spoiled)
    assert "counted from the reference mass itself" in note(eos, "the energy is counted")
    ours = eos(*grid(DENSITY, TEMPERATURE, YE))
    np.testing.assert_allclose(ours.energy, state.energy, rtol=1e-8, atol=1e-8)


def test_other_zero_of_a_chemical_potential_is_reported(spoiled):
    with h5py.File(spoiled, "a") as file:
        file["mu_p"][...] += CODATA.nucleon_mass_difference
    with pytest.warns(PhysicsWarning, match=r"proton's chemical potential is \+1.2\d MeV away"):
        read(spoiled)


def test_alpha_binding_of_the_literature_is_recognised(tmp_path):
    axes = (np.geomspace(1e9, 1e11, 37), np.geomspace(1.0, 4.0, 19), np.linspace(0.36, 0.44, 5))
    for binding in ("ls91", "corrected"):
        eos = LattimerSwesty(alpha_binding=binding)
        found = read(write_stellarcollapse(tmp_path / f"{binding}.h5", eos, *axes, jobs=1))
        assert f"alpha binding: {binding}" in note(found, "alpha binding")


def test_composition_is_made_to_add_up(spoiled, state):
    with h5py.File(spoiled, "a") as file:
        file["Xn"][2, 3, 4] *= 1.01
        file["Xa"][1, 2, 3] = -1e-5
        file["Abar"][...] = np.where(file["Xh"][()] > 0.0, file["Abar"][()], 4.0)
    eos = read(spoiled)
    assert "made to sum to 1" in note(eos, "composition")
    assert "lowest was -1e-05" in note(eos, "negative")
    assert "fillers (A = 4, Z = 1" in note(eos, "fillers")
    ours = eos(*grid(DENSITY, TEMPERATURE, YE))
    total = sum(getattr(ours, name) for name in FRACTIONS)
    np.testing.assert_allclose(total, 1.0, rtol=0, atol=1e-10)
    untouched = np.ones(state.density.shape, dtype=bool)
    untouched[4, 3, 2] = untouched[3, 2, 1] = False
    np.testing.assert_allclose(
        ours.mass_fraction_neutron[untouched], state.mass_fraction_neutron[untouched], rtol=0, atol=1e-12
    )


def test_garbage_nuclei_are_taken_out(spoiled):
    with h5py.File(spoiled, "a") as file:
        bare = np.argwhere(file["Xh"][()] == 0.0)[0]
        file["Xh"][tuple(bare)] = 0.3
    eos = read(spoiled)
    assert "impossible A and Z, at most X = 0.3" in note(eos, "impossible")


def test_light_clusters_count_as_their_nucleons(spoiled, state):
    with h5py.File(spoiled, "a") as file:
        deuterons = 0.2 * np.minimum(file["Xn"][()], file["Xp"][()])
        file["Xd"] = deuterons
        file["Xn"][...] -= 0.5 * deuterons
        file["Xp"][...] -= 0.5 * deuterons
    eos = read(spoiled)
    assert "Xd" in note(eos, "light clusters (Xd)")
    assert_same(eos(*grid(DENSITY, TEMPERATURE, YE)), state)


def test_relativistic_sound_speed_is_recognised(spoiled, state):
    with h5py.File(spoiled, "a") as file:
        file["cs2"][...] = (state.sound_speed**2).T
    assert "cs2 in the file is relativistic" in note(read(spoiled), "cs2")


def test_without_derivatives_they_are_differences(spoiled, state):
    with h5py.File(spoiled, "a") as file:
        del file["gamma"], file["dedt"]
    eos = read(spoiled)
    assert "no derivatives" in note(eos, "derivatives")
    ours = eos(*grid(DENSITY, TEMPERATURE, YE))
    assert_same(ours, state)
    smooth = (state.temperature > 20.0) & (state.density < 1e13)
    np.testing.assert_allclose(ours.heat_capacity[smooth], state.heat_capacity[smooth], rtol=1e-3)
    np.testing.assert_allclose(ours.adiabatic_index[smooth], state.adiabatic_index[smooth], rtol=5e-3)
    assert (ours.adiabatic_index >= 0.0).all()


def test_dedt_that_is_not_positive_is_not_used(spoiled):
    with h5py.File(spoiled, "a") as file:
        file["dedt"][0, 0, 0] = -1.0
    eos = read(spoiled)
    assert "dedt is not positive at 1 nodes" in note(eos, "dedt")
    assert (eos(*grid(DENSITY, TEMPERATURE, YE)).heat_capacity > 0.0).all()


def test_truncated_file(written, tmp_path):
    content = written.read_bytes()
    for share in (0.05, 0.5, 0.99):
        path = tmp_path / f"cut{share}.h5"
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(EosTableError, match="truncated"):
            read(path)


def spoil(path, name, change):
    with h5py.File(path, "a") as file:
        values = file[name][()]
        attributes = dict(file[name].attrs)
        del file[name]
        changed = change(values)
        if changed is not None:
            file[name] = changed
            file[name].attrs.update(attributes)


def with_nan(values):
    values[1, 2, 3] = np.nan
    return values


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    [
        ("mu_p", lambda v: None, "dataset 'mu_p' is missing"),
        ("energy_shift", lambda v: None, "dataset 'energy_shift' is missing"),
        ("Xh", lambda v: v[:-1], r"dataset 'Xh' has shape \(9, 16, 24\), expected \(10, 16, 24\)"),
        ("entropy", lambda v: v.T, r"dataset 'entropy' has shape \(24, 16, 10\).*another order"),
        ("logpress", with_nan, r"dataset 'logpress' is nan at index \(1, 2, 3\), one of 1 such"),
        ("gamma", with_nan, r"dataset 'gamma' is nan at index"),
        ("logrho", lambda v: v[::-1], "axis 'density' is .* at index 1 after"),
        ("logtemp", lambda v: v[:-1], r"axis 'logtemp' has shape \(15,\), but 'pointstemp' says 16"),
        ("ye", lambda v: v.reshape(2, 5), r"axis 'ye' has shape \(2, 5\)"),
    ],
)
def test_damaged_dataset_is_named(spoiled, name, change, complaint):
    spoil(spoiled, name, change)
    with pytest.raises(EosTableError, match=complaint):
        read(spoiled)


@pytest.mark.parametrize(("axes", "complaint"), [((0, 2, 1), "entropy falls"), ((2, 1, 0), "pressure falls")])
def test_axes_in_another_order_are_noticed_by_the_physics(tmp_path, axes, complaint):
    """Where all axes are equally long the shape does not tell."""
    n = 8
    path = write_stellarcollapse(
        tmp_path / "cube.h5",
        EOS,
        np.geomspace(1e6, 1e12, n),
        np.geomspace(1.0, 30.0, n),
        np.linspace(0.1, 0.5, n),
        jobs=1,
    )
    with h5py.File(path, "a") as file:
        for name in list(file):
            if name != "snsim" and file[name].ndim == 3:
                file[name][...] = file[name][()].transpose(axes)
    with pytest.raises(EosTableError, match=complaint):
        read(path)


def test_pressure_that_has_no_logarithm(tmp_path):
    class Sucking(LattimerSwesty):
        def __call__(self, *args, **options):
            state = super().__call__(*args, **options)
            state.pressure_baryon[...] = -1e40
            return state

    with pytest.raises(OutOfRangeError, match="holds its logarithm"):
        write_stellarcollapse(tmp_path / "x.h5", Sucking(), DENSITY[:4], TEMPERATURE[:4], YE[:4], jobs=1)
    assert not list(tmp_path.iterdir())


def test_a_failing_write_leaves_nothing(tmp_path):
    with pytest.raises(OutOfRangeError, match="density"):
        write_stellarcollapse(tmp_path / "x.h5", EOS, [1e10, 1e12, 1e14, 1e16], TEMPERATURE, YE, jobs=1)
    (tmp_path / "file").touch()
    with pytest.raises(EosTableError, match="cannot be written"):
        write_stellarcollapse(tmp_path / "file" / "x.h5", EOS, DENSITY[:4], TEMPERATURE[:4], YE[:4], jobs=1)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


# CompOSE as text


def baryons(density):
    return density / (CODATA.atomic_mass * CODATA.gram_per_mev) * CM3_PER_FM3


def compose_quantities(state, leptons, photons):
    """Q1 to Q7 of eos.thermo."""
    n = state.baryon_density * CM3_PER_FM3
    pressure, energy, entropy = state.pressure_baryon, state.energy_baryon, state.entropy_baryon
    if leptons:
        pressure, energy = pressure + state.pressure_lepton, energy + state.energy_lepton
        entropy = entropy + state.entropy_lepton
    if photons:
        pressure, energy = pressure + state.pressure_photon, energy + state.energy_photon
        entropy = entropy + state.entropy_photon
    mu_n, mu_p = state.chemical_potential_neutron, state.chemical_potential_proton
    free = energy - state.temperature * entropy
    mu_l = state.chemical_potential_electron + (mu_p - mu_n) if leptons else np.zeros_like(n)
    return [
        pressure / ERG_CM3_PER_MEV_FM3 / n,
        entropy,
        mu_n / NEUTRON_MASS,
        (mu_p - mu_n) / NEUTRON_MASS,
        mu_l / NEUTRON_MASS,
        free / NEUTRON_MASS,
        energy / NEUTRON_MASS,
    ]


def write_compose(folder, state, *, leptons=True, photons=False, shuffle=False, micro=True, deuterons=0.0):
    """Write eos.* files of a state on (DENSITY, TEMPERATURE, YE) with indices from 1, and T = 0 as index 0."""
    folder.mkdir(exist_ok=True)
    axes = {"eos.nb": (1, baryons(DENSITY)), "eos.t": (1, TEMPERATURE), "eos.yq": (1, YE)}
    for name, (first, values) in axes.items():
        lines = [str(first), str(first + values.size - 1), *(f"{value:.17e}" for value in values)]
        (folder / name).write_text("\n".join(lines) + "\n")
    quantities = compose_quantities(state, leptons, photons)
    thermo, compo, fields = [], [], []
    for j in range(TEMPERATURE.size):
        for i in range(DENSITY.size):
            for k in range(YE.size):
                at = (i, j, k)
                index = f"{j + 1} {i + 1} {k + 1}"
                thermo.append(f"{index} {' '.join(f'{q[at]:.17e}' for q in quantities)} 1 0.5")
                x = {name: float(getattr(state, f"mass_fraction_{name}")[at]) for name in FRACTION_NAMES}
                deuteron = deuterons * min(x["neutron"], x["proton"])
                x["neutron"] -= 0.5 * deuteron
                x["proton"] -= 0.5 * deuteron
                pairs = [
                    (0, YE[k]),
                    (10, x["neutron"]),
                    (11, x["proton"]),
                    (4002, x["alpha"] / 4.0),
                    (2001, deuteron / 2.0),
                ]
                a, z = float(state.mass_number_heavy[at]), float(state.charge_number_heavy[at])
                row = f"{index} 1 {len(pairs)} " + " ".join(f"{p} {y:.17e}" for p, y in pairs)
                row += f" 1 999 {a:.17e} {z:.17e} {x['heavy'] / a:.17e}" if a > 0.0 else " 0"
                compo.append(row)
                u_n, u_p = state.mean_field_neutron[at], state.mean_field_proton[at]
                fields.append(f"{index} 2 10050 {u_n:.17e} 11050 {u_p:.17e}")
    if shuffle:
        rng = np.random.default_rng(1)
        thermo = [thermo[i] for i in rng.permutation(len(thermo))]
        compo = [compo[i] for i in rng.permutation(len(compo))]
    header = f"{NEUTRON_MASS} 938.27 {int(leptons)}"
    (folder / "eos.thermo").write_text("\n".join([header, *thermo]) + "\n")
    (folder / "eos.compo").write_text("\n".join(compo) + "\n")
    if micro:
        (folder / "eos.micro").write_text("\n".join(fields) + "\n")
    return folder


FRACTION_NAMES = ("neutron", "proton", "alpha", "heavy")


@pytest.fixture(scope="module")
def compose(tmp_path_factory, state):
    return write_compose(tmp_path_factory.mktemp("compose") / "ls", state)


@pytest.fixture
def spoiled_folder(compose, tmp_path):
    folder = tmp_path / "spoiled"
    shutil.copytree(compose, folder)
    return folder


def edit(path, change):
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")


@pytest.mark.parametrize(
    "options", [{}, {"leptons": False, "micro": False}, {"photons": True, "shuffle": True}]
)
def test_compose_comes_back_at_the_nodes(tmp_path, state, options):
    eos = read(write_compose(tmp_path / "eos", state, **options))
    ours = eos(*grid(DENSITY, TEMPERATURE, YE))
    assert_same(ours, state, mean_fields=options.get("micro", True))
    if options.get("leptons", True):
        contained = "photons are contained" if options.get("photons") else "photons are not contained"
        assert contained in note(eos, "photons are")
    assert "neutron mass of the file: 939.6" in note(eos, "neutron mass")


def test_compose_derivatives_are_near(compose, state):
    ours = read(compose / "eos.thermo")(*grid(DENSITY, TEMPERATURE, YE))
    smooth = (state.temperature > 20.0) & (state.density < 1e13)
    np.testing.assert_allclose(ours.adiabatic_index[smooth], state.adiabatic_index[smooth], rtol=5e-3)


def test_compose_light_clusters(tmp_path, state):
    eos = read(write_compose(tmp_path / "eos", state, deuterons=0.3))
    assert "2001 (X <= " in note(eos, "light clusters")
    assert_same(eos(*grid(DENSITY, TEMPERATURE, YE)), state)


def test_compose_planes_of_zero_are_dropped(spoiled_folder, state):
    """Index 0 for T = 0 and Y_q = 0, as many tables have it."""

    def first_is_zero(lines):
        return ["0", lines[1], "0.0", *lines[2:]]

    for name in ("eos.t", "eos.yq"):
        edit(spoiled_folder / name, first_is_zero)
    row = (spoiled_folder / "eos.thermo").read_text().splitlines()[1].split()
    composition = "1 2 10 0.9 11 0.1 0"
    extra = [
        f"{j} {i} {k}"
        for j in range(TEMPERATURE.size + 1)
        for i in range(1, DENSITY.size + 1)
        for k in range(YE.size + 1)
        if j == 0 or k == 0
    ]
    edit(
        spoiled_folder / "eos.thermo", lambda lines: [*lines, *(f"{at} {' '.join(row[3:])}" for at in extra)]
    )
    edit(spoiled_folder / "eos.compo", lambda lines: [*lines, *(f"{at} {composition}" for at in extra)])
    (spoiled_folder / "eos.micro").unlink()
    ours = read(spoiled_folder)(*grid(DENSITY, TEMPERATURE, YE))
    assert_same(ours, state, mean_fields=False)


def test_compose_missing_rows(spoiled_folder, state):
    """Rows (T, nb, yq) = (9, 12, 4) of eos.thermo and (9, 13, 4) of eos.compo."""
    width = DENSITY.size * YE.size
    edit(
        spoiled_folder / "eos.thermo",
        lambda lines: [row for row in lines if row.split()[:3] != ["9", "12", "4"]],
    )
    edit(
        spoiled_folder / "eos.compo",
        lambda lines: [row for row in lines if row.split()[:3] != ["9", "13", "4"]],
    )
    assert len((spoiled_folder / "eos.thermo").read_text().splitlines()) == TEMPERATURE.size * width
    complaint = (
        r"1 of 3840 in eos.thermo, first \(T, nb, yq\) = \(9, 12, 4\); 1 of 3840 in eos.compo.*\(9, 13, 4\)"
    )
    with pytest.raises(EosTableError, match=complaint):
        read(spoiled_folder)
    eos = read(spoiled_folder, missing_rows="mask")
    assert "rows missing" in note(eos, "rows missing")
    rho, t, ye = DENSITY[11], TEMPERATURE[8], YE[3]
    for point in ((rho, t, ye), (0.9 * rho, t, ye), (rho, 1.05 * t, ye + 0.01)):
        with pytest.raises(OutOfRangeError, match="no value next to it; 2 of its 3840 nodes are missing"):
            eos(*point)
        with pytest.raises(OutOfRangeError, match="zone 1"):
            eos([1e10, point[0]], [3.0, point[1]], [0.3, point[2]])
    present = np.ones(state.density.shape, dtype=bool)
    present[11, 8, 3] = present[12, 8, 3] = False
    flat = [axis[present] for axis in grid(DENSITY, TEMPERATURE, YE)]
    ours = eos(*flat)
    np.testing.assert_allclose(ours.pressure, state.pressure[present], rtol=1e-9)
    np.testing.assert_allclose(
        ours.mass_fraction_heavy, state.mass_fraction_heavy[present], rtol=0, atol=1e-12
    )
    assert np.isfinite(ours.adiabatic_index).all()


def test_missing_rows_has_two_choices(compose):
    with pytest.raises(ValueError, match="missing_rows"):
        read(compose, missing_rows="ignore")


@pytest.mark.parametrize(
    ("name", "change", "complaint"),
    [
        ("eos.thermo", lambda rows: rows[:2000], r"rows missing: 1841 of 3840 in eos.thermo.*truncated\?"),
        ("eos.thermo", lambda rows: [*rows[:-1], rows[-1][:60]], r"eos.thermo: line 3841 .*truncated"),
        ("eos.thermo", lambda rows: [*rows[:9], rows[9] + " 1.0", *rows[10:]], "line 10 has 13 numbers"),
        (
            "eos.thermo",
            lambda rows: [*rows[:9], rows[9].replace("e", "x", 1), *rows[10:]],
            "line 10: '.*' is not",
        ),
        ("eos.thermo", lambda rows: [*rows[:5], " ".join(["nan"] * 12), *rows[6:]], "line 6 holds nan"),
        (
            "eos.thermo",
            lambda rows: [*rows, rows[7]],
            r"line 3842 repeats the indices \(T, nb, yq\) = \(1, 1, 7\)",
        ),
        (
            "eos.thermo",
            lambda rows: [*rows, "99 1 1" + rows[7][5:]],
            r"line 3842 has indices .* = \(99, 1, 1\)",
        ),
        ("eos.thermo", lambda rows: ["hello", *rows[1:]], "first line must hold the masses"),
        ("eos.thermo", lambda rows: ["939.5 938.2 7", *rows[1:]], "7 for leptons"),
        ("eos.compo", lambda rows: [*rows[:4], rows[4][:50], *rows[5:]], "eos.compo: line 5 has"),
        ("eos.compo", lambda rows: rows[:-1], "1 of 3840 in eos.compo"),
        ("eos.micro", lambda rows: [rows[0] + " 7", *rows[1:]], "eos.micro: line 1 has 9 numbers"),
        ("eos.nb", lambda rows: rows[:-1], "holds 23 values, its indices 1 to 24 say 24"),
        ("eos.t", lambda rows: [*rows[:3], rows[2], *rows[4:]], "axis 'temperature' is .* at index 1 after"),
        ("eos.yq", lambda rows: ["1", "2", *rows[2:4]], "one or two dimensions is not enough"),
        ("eos.t", lambda rows: ["one"], "expected first index, last index"),
        ("eos.t", lambda rows: [*rows[:4], "inf", *rows[5:]], "value 3 is inf"),
    ],
)
def test_damaged_compose_file_is_named(spoiled_folder, name, change, complaint):
    edit(spoiled_folder / name, change)
    with pytest.raises(EosTableError, match=complaint):
        read(spoiled_folder)


@pytest.mark.parametrize("name", ["eos.nb", "eos.compo"])
def test_absent_compose_file_is_named(spoiled_folder, name):
    (spoiled_folder / name).unlink()
    with pytest.raises(EosTableError, match=f"{name}: there is no such file"):
        read(spoiled_folder)


def test_fortran_exponents(spoiled_folder, state):
    edit(spoiled_folder / "eos.thermo", lambda rows: [rows[0], *(row.replace("e", "D") for row in rows[1:])])
    np.testing.assert_allclose(read(spoiled_folder)(*grid(DENSITY, TEMPERATURE, YE)).pressure, state.pressure)


# CompOSE as HDF5


def write_compose_hdf5(path, state, *, leptons=True, groups=True, quadruples="Composition_quadrupels"):
    q = compose_quantities(state, leptons, False)
    n = state.baryon_density * CM3_PER_FM3
    thermo = [q[0] * n, q[1], q[2] * NEUTRON_MASS, q[3] * NEUTRON_MASS, q[4] * NEUTRON_MASS, q[5], q[6]]
    heavy = state.mass_number_heavy > 0.0
    a = np.where(heavy, state.mass_number_heavy, 1.0)
    with h5py.File(path, "w") as file:

        def put(group, name, values):
            file[f"{group}/{name}" if groups else name] = values

        put("Parameters", "nb", baryons(DENSITY))
        put("Parameters", "t", TEMPERATURE)
        put("Parameters", "yq", YE)
        put("Thermo_qty", "index_thermo", np.arange(1, 8))
        put("Thermo_qty", "thermo", np.stack([values.T for values in thermo]))
        yi = [state.mass_fraction_neutron, state.mass_fraction_proton, state.mass_fraction_alpha / 4.0]
        put("Composition_pairs", "index_yi", np.array([10, 11, 4002]))
        put("Composition_pairs", "yi", np.stack([values.T for values in yi]))
        put(quadruples, "index_av", np.array([999]))
        for name, values in (
            ("yav", state.mass_fraction_heavy / a),
            ("aav", state.mass_number_heavy),
            ("zav", state.charge_number_heavy),
        ):
            put(quadruples, name, values.T[None])
        put("Micro_qty", "index_micro", np.array([10050, 11050]))
        put("Micro_qty", "micro", np.stack([state.mean_field_neutron.T, state.mean_field_proton.T]))
    return path


@pytest.mark.parametrize(
    "options", [{}, {"leptons": False}, {"groups": False}, {"quadruples": "Composition_quadruples"}]
)
def test_compose_hdf5_comes_back_at_the_nodes(tmp_path, state, options):
    path = write_compose_hdf5(tmp_path / "eoscompose.h5", state, **options)
    eos = read(path, neutron_mass=NEUTRON_MASS)
    assert_same(eos(*grid(DENSITY, TEMPERATURE, YE)), state)
    contained = "electrons are contained" if options.get("leptons", True) else "electrons are not contained"
    assert contained in note(eos, "electrons are")


def test_compose_hdf5_needs_the_mass_of_the_neutron(tmp_path, state, compose):
    path = write_compose_hdf5(tmp_path / "eoscompose.h5", state)
    with pytest.warns(PhysicsWarning, match="does not hold the neutron's mass"):
        read(path)
    shutil.copy(compose / "eos.thermo", tmp_path)
    eos = read(path)
    assert "from eos.thermo beside the file" in note(eos, "neutron mass")
    assert_same(eos(*grid(DENSITY, TEMPERATURE, YE)), state)


def test_compose_hdf5_damage_is_named(tmp_path, state):
    path = write_compose_hdf5(tmp_path / "eoscompose.h5", state)
    options = {"neutron_mass": NEUTRON_MASS}
    with h5py.File(path, "a") as file:
        file["Thermo_qty/index_thermo"][1] = 20
    with pytest.raises(EosTableError, match=r"quantities 2 \(S\) are missing"):
        read(path, **options)
    with h5py.File(path, "a") as file:
        file["Thermo_qty/index_thermo"][1] = 2
        file["Thermo_qty/thermo"][3, 2, 1, 0] = np.nan
    with pytest.raises(EosTableError, match=r"'thermo' is nan at index \(3, 2, 1, 0\)"):
        read(path, **options)
    with h5py.File(path, "a") as file:
        values = file["Thermo_qty/thermo"][()]
        del file["Thermo_qty/thermo"]
        file["Thermo_qty/thermo"] = values.transpose(0, 3, 2, 1)
    with pytest.raises(EosTableError, match=r"'thermo' has shape .*another order"):
        read(path, **options)
    path = write_compose_hdf5(path, state)
    with h5py.File(path, "a") as file:
        file["Composition_pairs/index_yi"][0] = 12
    with pytest.raises(EosTableError, match="no neutrons"):
        read(path, **options)


# one door


def test_read_knows_tables_of_this_package(written, tmp_path, state):
    table = read(written).table
    path = write_table(tmp_path / "own.h5", table)
    eos = read(path)
    assert isinstance(eos, TabulatedEOS)
    assert eos.notes == table.notes
    assert_same(eos(*grid(DENSITY, TEMPERATURE, YE)), state)


def test_tables_can_be_converted(compose, tmp_path, state):
    eos = read(compose)
    path = write_stellarcollapse(
        tmp_path / "converted.h5", eos, *(eos.table.density, TEMPERATURE, YE), jobs=1
    )
    assert_same(read(path)(*grid(DENSITY, TEMPERATURE, YE)), state)


def test_read_says_what_it_did_not_know(tmp_path):
    with pytest.raises(EosTableError, match="there is no such file"):
        read(tmp_path / "absent.h5")
    with pytest.raises(EosTableError, match=r"no eos.thermo in this folder \(it holds nothing\)"):
        read(tmp_path)
    (tmp_path / "text.h5").write_text("not HDF5")
    with pytest.raises(EosTableError, match="cannot be opened as HDF5"):
        read(tmp_path / "text.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["temperature"] = np.arange(3.0)
    with pytest.raises(EosTableError, match="no known layout; its root holds temperature"):
        read(tmp_path / "other.h5")


def test_importing_loads_no_files_library():
    code = "import sys; from microphysics.eos.formats import read; print('h5py' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.strip() == "False"


def test_unknown_option_of_a_layout(written):
    with pytest.raises(TypeError, match="missing_rows"):
        read(written, missing_rows="mask")
