"""Tables in weaklib's layout, read back by plain h5py and by our own reader."""

import re
from dataclasses import replace

import h5py
import numpy as np
import pytest
from opacity_tables import small_table

from microphysics._kernels import bremsstrahlung as bremsstrahlung_grid
from microphysics.constants import CODATA
from microphysics.errors import OpacityTableError
from microphysics.processes import electron_scattering_kernels, pair_kernels
from microphysics.tables import weaklib
from microphysics.tables.weaklib_reader import read_weaklib
from microphysics.weak.couplings import WeakCouplings

TINY = np.finfo(float).tiny
DEGENERACY = np.logspace(-1.0, 1.0, 3)
UNIT = CODATA.speed_of_light * (2.0 * np.pi * CODATA.hbar_c) ** 3
COUPLINGS = WeakCouplings()


@pytest.fixture(scope="module")
def table():
    return small_table(kernels=False)


def test_grids_and_states(table, tmp_path):
    with h5py.File(weaklib.write_absorption(tmp_path / "x-EmAb.h5", table)) as file:
        grid, state = file["EnergyGrid"], file["ThermoState"]
        assert set(grid) == {
            *("Name", "Unit", "nPoints", "LogInterp", "minValue", "maxValue", "minEdge", "maxEdge"),
            *("minWidth", "Zoom", "Values", "Edge", "Width"),
        }
        assert grid["Name"].dtype == "S32"
        assert grid["Unit"][0] == b"MeV" + 29 * b" "
        assert grid["nPoints"].dtype == np.int32
        assert grid["Values"][()] == pytest.approx(table.energy, rel=1e-15)
        assert grid["Edge"][()] == pytest.approx(table.energy_edges, rel=1e-15)
        assert grid["minWidth"][()].tolist() == [2.0]
        assert grid["Zoom"][0] == pytest.approx(3.0**0.2)
        assert set(state) == {
            *("Dimensions", "LogInterp", "Names", "Units", "minValues", "maxValues", "iRho", "iT", "iYe"),
            *("Density", "Temperature", "Electron Fraction"),
        }
        assert state["Dimensions"][()].tolist() == [6, 5, 4]
        assert state["LogInterp"][()].tolist() == [1, 1, 0]
        assert [int(state[name][0]) for name in ("iRho", "iT", "iYe")] == [1, 2, 3]
        # 1 MeV is 1.16e10 K
        assert state["Temperature"][0] == pytest.approx(1.160451812e10, rel=1e-9)
        assert state["maxValues"][2] == 0.5


def test_absorption(table, tmp_path):
    path = weaklib.write_absorption(tmp_path / "x-EmAb.h5", table, switches={"np_weak_magnetism": 1})
    with h5py.File(path) as file:
        assert set(file) == {"EnergyGrid", "ThermoState", "EmAb Parameters", "EmAb"}
        assert {name: int(file["EmAb Parameters"][name][0]) for name in file["EmAb Parameters"]} == {
            **dict.fromkeys(("np_FK", "np_FK_inv_n_decay", "np_isoenergetic", "np_non_isoenergetic"), 0),
            **{"np_weak_magnetism": 1, "nuclei_EC_FFN": 0, "nuclei_EC_table": 0},
        }
        assert file["EmAb/nOpacities"][()].tolist() == [2]
        assert file["EmAb/Offsets"].shape == (2,)
        values = file["EmAb/Electron Antineutrino"]
        assert values.shape == (4, 5, 6, 6)
        # Fortran: energy, density, temperature, electron fraction
        assert values[()].T[2, 1, 3, 0] == np.log10(table.absorption[1, 0, 3, 1, 2] + TINY)
    back = read_weaklib(path)
    assert back.kind == "absorption"
    assert back.values["nue"] == pytest.approx(table.absorption[0], rel=1e-13)
    assert back.temperature == pytest.approx(table.temperature, rel=1e-14)
    assert back.switches["np_weak_magnetism"] == 1
    assert back.attributes["eos"] == "none"


@pytest.mark.parametrize("anisotropic", [True, False])
def test_isoenergetic_scattering(table, tmp_path, anisotropic):
    if not anisotropic:
        table = replace(table, delta=None)
    path = weaklib.write_isoenergetic(tmp_path / "x-Iso.h5", table, strange_axial_coupling=-0.1)
    with h5py.File(path) as file:
        group = file["Scat_Iso_Kernels"]
        assert group["Offsets"].shape == (2, 2)
        assert group["Electron Neutrino"].shape == (4, 5, 6, 2, 6)
        assert int(group["nMoments"][0]) == 2
        assert group["ga_strange"][0] == -0.1
        assert group.attrs["angular_dependence"].startswith("R_0 + R_1" if anisotropic else "isotropic")
        raw = group["Electron Neutrino"][()]
        offset = group["Offsets"][:, 0]
        r_0, r_1 = (10.0 ** raw[..., i, :] - offset[i] for i in (0, 1))
    transport = 4.0 * np.pi * table.energy**2 * (r_0 - r_1 / 3.0)
    # what is small against the offset has lost digits
    slack = 4.0 * np.pi * table.energy**2 * offset[1] * 1e-13
    assert (np.abs(transport - table.scattering[0]) < 1e-12 * table.scattering[0] + slack).all()
    if anisotropic:
        assert offset[0] == 0.0
        assert offset[1] == pytest.approx(-2.0 * (r_0 * table.delta[0]).min(), rel=1e-12)
        assert (np.abs(r_1 - r_0 * table.delta[0]) < 1e-12 * r_0 + 1e-14 * offset[1] * 10).all()
    else:
        assert np.array_equal(offset, [0.0, 0.0])
        assert np.abs(r_1).max() < 1e-300
    back = read_weaklib(path)
    assert np.array_equal(back.values["nue"][..., 0, :], r_0)
    assert back.switches["includes_nucleons"] == 1


def check_kernels(path, group, structures, table):
    with h5py.File(path) as file:
        values, offsets = file[f"{group}/Kernels"][()], file[f"{group}/Offsets"][()]
        assert offsets.shape == (4, 1)
        assert file["EtaGrid/Values"][()] == pytest.approx(DEGENERACY, rel=1e-15)
        assert file["EtaGrid/Edge"].shape == (4,)
        assert file[f"{group}/Units"][0].strip() == b"Per Centimeter Per MeV^3"
    assert values.shape == (3, 5, 4, 6, 6)
    raw = 10.0**values - offsets[:, 0, None, None]
    for j, eta in enumerate(DEGENERACY):
        for i, temperature in enumerate(table.temperature):
            plus, minus = structures(temperature, eta)
            expected = np.stack([plus[0] / 2, minus[0] / 2, 1.5 * plus[1], 1.5 * minus[1]]) / UNIT
            slack = 1e-12 * np.abs(expected) + 1e-13 * offsets[:, 0, None, None]
            assert (np.abs(raw[j, i] - expected) <= slack).all()
    # l = 0 is positive: no offset, no loss
    assert np.array_equal(offsets[:2, 0], [0.0, 0.0])
    assert np.array_equal(read_weaklib(path).values["kernels"], raw)
    return offsets[:, 0]


@pytest.mark.parametrize("positrons", [True, False])
def test_electron_scattering(table, tmp_path, positrons):
    path = weaklib.write_electron_scattering(
        tmp_path / "x-NES.h5", table, DEGENERACY, COUPLINGS, positrons=positrons
    )

    def structures(temperature, eta):
        both = electron_scattering_kernels.coupling_structures(
            table.energy, temperature, eta, COUPLINGS, positrons=positrons
        )
        return both[:, :, 0]

    check_kernels(path, "Scat_NES_Kernels", structures, table)
    assert read_weaklib(path).switches["NPS"] == int(positrons)
    # the user puts the couplings in: a kernel of nue
    phi_0, phi_1 = electron_scattering_kernels.kernels(
        table.energy, table.temperature[2], DEGENERACY[1], COUPLINGS, "nue", positrons=positrons
    )
    four = read_weaklib(path).values["kernels"][1, 2] * UNIT
    vector, axial = COUPLINGS.electron_couplings("nue")
    plus, minus = (vector + axial) ** 2, (vector - axial) ** 2
    assert 2.0 * (plus * four[0] + minus * four[1]) == pytest.approx(phi_0[0], rel=1e-11)
    tolerance = 1e-10 * np.abs(phi_0[0]).max()
    assert np.abs((plus * four[2] + minus * four[3]) / 1.5 - phi_1[0]).max() < tolerance


def test_pairs(table, tmp_path):
    path = weaklib.write_pairs(tmp_path / "x-Pair.h5", table, DEGENERACY, COUPLINGS)

    def structures(temperature, eta):
        both = pair_kernels.structures(table.energy, [temperature], [eta], COUPLINGS)
        return both.plus[:, 0], both.minus[:, 0]

    offsets = check_kernels(path, "Scat_Pair_Kernels", structures, table)
    assert offsets[2] > 0.0


@pytest.mark.parametrize("kind", ["NES", "Pair"])
def test_digits_that_one_offset_costs(tmp_path, kind):
    """What the note says is what comes out: l = 1 of cold states, and of pairs that electrons block."""
    warm = small_table(kernels=False, sizes=(6, 4, 4))
    cold = replace(warm, temperature=np.array([0.05, 0.5, 8.0, 150.0]))
    eta = np.array([0.1, 3.0, 60.0])
    write = weaklib.write_electron_scattering if kind == "NES" else weaklib.write_pairs
    path = write(tmp_path / f"x-{kind}.h5", cold, eta, COUPLINGS)
    with h5py.File(path) as file:
        note = file[f"Scat_{kind}_Kernels"].attrs["note"]
    values = read_weaklib(path).values["kernels"]
    down = np.tril(np.ones((6, 6), dtype=bool))
    lost = np.zeros((3, 4), dtype=bool)
    for j, i in np.ndindex(lost.shape):
        if kind == "NES":
            exact = electron_scattering_kernels.coupling_structures(
                cold.energy, cold.temperature[i], eta[j], COUPLINGS
            )
            exact = exact[:, 1, 0]
        else:
            pair = pair_kernels.structures(cold.energy, cold.temperature[[i]], eta[[j]], COUPLINGS)
            exact = np.stack([pair.plus[1, 0], pair.minus[1, 0]])
        error = np.abs(values[j, i, 2:] - 1.5 * exact / UNIT)[:, down].max(axis=-1)
        # rounding of 10^x is a few times that of its argument
        lost[j, i] = (error / np.median(np.abs(1.5 * exact / UNIT)[:, down], axis=-1)).max() > 3e-3
    assert 0 < lost.sum() < 12
    said = re.search(
        r"above 0.001 in (\d+) of 12 states: T = (\S+) to (\S+) MeV, mu_e/T = (\S+) to (\S+)", note
    )
    states = np.nonzero(lost)
    assert int(said[1]) == lost.sum()
    assert [float(text) for text in said.groups()[1:]] == [
        *cold.temperature[states[1][[np.argmin(states[1]), np.argmax(states[1])]]],
        *eta[states[0][[0, -1]]],
    ]


def test_bremsstrahlung(table, tmp_path):
    """S of Hannestad & Raffelt 1998 for neutrons, their formulas written out once more."""
    path = weaklib.write_bremsstrahlung(tmp_path / "x-Brem.h5", table)
    with h5py.File(path) as file:
        assert file["Scat_Brem_Kernels/S_sigma"].shape == (5, 6, 1, 6, 6)
        assert file["Scat_Brem_Kernels/Offsets"].shape == (1, 1)
        assert "Hannestad" in file["Scat_Brem_Kernels"].attrs["references"][0]
    back = read_weaklib(path).values["structure"]
    for t, d, i, j in [(0, 0, 0, 0), (1, 3, 2, 4), (4, 5, 5, 1)]:
        nucleons = table.density[d] / (931.5 * CODATA.gram_per_mev)  # the table's own baryon mass
        energy = table.energy[i] + table.energy[j]
        expected = hannestad_raffelt(nucleons, table.temperature[t], energy)
        assert back[t, d, 0, i, j] == pytest.approx(expected, rel=2e-5)


def hannestad_raffelt(nucleons, temperature, energy):
    momentum = CODATA.hbar_c * (3.0 * np.pi**2 * nucleons) ** (1.0 / 3.0)
    eta = momentum**2 / (2.0 * CODATA.neutron_mass * temperature)
    gamma, x, y = 1.63 * eta**1.5 * temperature / 10.0, energy / temperature, 19.4 / temperature
    s_n = 2 * np.sqrt(np.pi) * (x + 2 - np.exp(-y / 12)) ** 1.5 * (x**2 + 2 * x * y + 5 / 3 * y**2 + 1)
    s_n /= np.sqrt(np.pi) + (np.pi**0.125 + x + y) ** 4
    u = np.sqrt(y / (2 * eta))
    v = u**2 / (2 * np.sqrt(2 * u**2 + 4))
    f = 1 - 5 * u / 6 * np.arctan(2 / u) + u**2 / (3 * (u**2 + 4)) + v / 3 * np.arctan(1 / v)
    s_d = (
        3 * (np.pi / 2) ** 2.5 * eta**-2.5 * (x**2 + 4 * np.pi**2) * x * f / (4 * np.pi**2 * (1 - np.exp(-x)))
    )
    first = 1 + 1 / ((3 + (x - 1.2) ** 2 + x**-4) * (1 + eta**2) * (1 + y**4))
    g = 1 - 0.0044 * x**1.1 * y / (0.8 + 0.06 * y**1.05) * np.sqrt(eta) / (eta + 0.2)
    h = 0.1 * eta / (2.39 + 0.1 * eta**1.1)
    c = 1.1 * x**1.1 * h / (2.3 + h * x**0.93 + 1e-4 * x**1.2) * 30 / (30 + 0.005 * x**2.8)
    p = 0.67 + 0.18 * y**0.4
    s = (s_n**-p + s_d**-p) ** (-1 / p) * first * (1 + c * g)
    a_1 = (0.5 + 1 / eta) / (1 + 1 / eta) / (1 + 25 * y**2) + (0.5 + eta / 15.6) * 25 * y**2 / (1 + 25 * y**2)
    a_2 = (0.63 + 0.04 * eta**1.45) / (1 + 0.02 * eta**2.5)
    a_3 = 1.2 * np.exp(0.6 * eta - 0.4 * eta**1.5)
    p_1, p_2 = (1.8 + 0.45 * eta) / (1 + 0.15 * eta**1.5), 2.3 - 0.05 * eta / (1 + 0.025 * eta)
    width = (a_1 + a_2 * y**p_1) / (1 + a_3 * y**p_2 + a_2 * y ** (p_1 + 2) / 13.75)
    return gamma / (x**2 + (gamma * width / 2) ** 2) * s / temperature


class Negative:
    """A structure function that cannot be."""

    references = ("nobody 1900",)

    def logarithm(self, matter, first, last):
        return np.full((matter.density.size, bremsstrahlung_grid.GRID.size), np.nan)


def test_what_the_layout_cannot_hold_is_refused(table, tmp_path):
    out = tmp_path / "x.h5"
    with pytest.raises(OpacityTableError, match="the table has no anue"):
        weaklib.write_absorption(out, small_table(("nue", "nux"), kernels=False, delta=False))
    with pytest.raises(OpacityTableError, match="switch np_fk: known are np_FK"):
        weaklib.write_absorption(out, table, switches={"np_fk": 1})
    with pytest.raises(OpacityTableError, match="nuclei_EC_table = 1"):
        weaklib.write_absorption(out, table, switches={"nuclei_EC_table": 1})
    with pytest.raises(OpacityTableError, match="must be a row of positive and rising values"):
        weaklib.write_pairs(out, table, np.array([1.0, 0.5]))
    absorption, scattering = table.absorption.copy(), table.scattering.copy()
    absorption[1, 2, 3, 4, 5] = np.nan
    scattering[0, 0, 0, 0, 0] = -1.0
    with pytest.raises(OpacityTableError, match="'absorption' is nan at anue"):
        weaklib.write_absorption(out, replace(table, absorption=absorption))
    with pytest.raises(OpacityTableError, match="'scattering' is -1 at nue"):
        weaklib.write_isoenergetic(out, replace(table, scattering=scattering))
    with pytest.raises(OpacityTableError, match="structure function of bremsstrahlung: negative"):
        weaklib.write_bremsstrahlung(out, table, Negative())
    assert not list(tmp_path.iterdir())


def test_foreign_and_damaged_files(table, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["something"] = [1.0]
    with pytest.raises(OpacityTableError, match="no group of opacities; expected one of EmAb"):
        read_weaklib(tmp_path / "other.h5")
    path = weaklib.write_absorption(tmp_path / "x.h5", table)
    with h5py.File(path, "r+") as file:
        file.move("EmAb", "EmAb_CorrectedAbsorption")  # as tables were called once
        del file["EmAb Parameters"]
    assert read_weaklib(path).values["anue"] == pytest.approx(table.absorption[1], rel=1e-13)
    with h5py.File(path, "r+") as file:
        del file["ThermoState/iYe"]
    with pytest.raises(OpacityTableError, match="'iYe' is missing"):
        read_weaklib(path)
