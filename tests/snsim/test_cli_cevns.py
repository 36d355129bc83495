"""`snsim cevns`: cross sections of targets with everything a run file may change, files, one-sentence errors."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from test_cli import HEAVY, loaded_modules, snsim_run

from microphysics.targets import Target
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.mediators import ZPrime

Z_PRIME = (
    "--set", "microphysics.new_physics.z_prime.coupling=1e-4",
    "--set", "microphysics.new_physics.z_prime.mass=30 MeV",
)  # fmt: skip


def show(*options: object) -> dict[str, object]:
    outcome = snsim_run("cevns", *(str(option) for option in options), "--json")
    assert outcome.code == 0, outcome.err
    return json.loads(outcome.out)


def test_help_loads_nothing_heavy() -> None:
    modules = loaded_modules("cevns", "--help")
    assert "snsim.cli.cevns" in modules
    assert not modules & set(HEAVY)


def test_help_has_options_and_examples() -> None:
    words = snsim_run("cevns", "--help").out
    for name in ("--target", "--flavor", "--radiative", "--recoil-min", "--run", "Examples: snsim cevns"):
        assert name in words


def test_numbers_are_those_of_the_target() -> None:
    found = show("--target", "Ar40", "--energy", "30 MeV", "--energy", "500 keV", "--energy", "30 MeV")
    energy = np.array([0.5, 30.0])
    target = Target.of("Ar40")
    assert found["energy_mev"] == energy.tolist()
    assert found["total_cm2"] == pytest.approx(target.total(energy).tolist(), rel=1e-12, abs=0.0)
    assert found["transport_cm2"] == pytest.approx(target.transport(energy).tolist(), rel=1e-12, abs=0.0)
    assert found["largest_recoil_kev"] == pytest.approx((1e3 * target.largest_recoil(energy)).tolist())
    assert found["mean_recoil_kev"] == pytest.approx((1e3 * target.mean_recoil(energy)).tolist())


def test_in_words() -> None:
    outcome = snsim_run(
        "cevns", "--target", "CsI", "--flavor", "anumu", "--radiative", "--recoil-min", "5 keV"
    )
    assert outcome.code == 0
    assert outcome.err == ""
    for words in (
        "Cs133 50 %, I127 50 %",
        "Helm 1956",
        "g_p = 0.02976, g_n = -0.5117 of anumu, with radiative corrections",
        "recoils above    5 keV",
        "mean per nucleus",
    ):
        assert words in outcome.out
    assert "A = 40, Z = 18, M = 37215.53 MeV, J = 0" in snsim_run("cevns", "--target", "Ar40").out


def test_interactions_beyond_measure_are_refused() -> None:
    for value in ("3e9", "-101", "nan", "inf"):
        key = f"microphysics.new_physics.nsi.up.ee={value}"
        outcome = snsim_run("cevns", "--target", "Xe", "--set", key)
        assert outcome.code == 2, value
        assert "nsi.up.ee" in outcome.err
    assert show("--target", "Xe", "--set", "microphysics.new_physics.nsi.up.ee=100")["new_physics"]


def test_an_axial_part_that_matters_is_missed() -> None:
    found = show("--target", "H", "--energy", "10 MeV")
    more = Target.of("H", axial=True).total(10.0) / Target.of("H").total(10.0)
    assert f"{more:.3g} times as large with it: --axial" in found["axial_part"]
    assert "left out" in snsim_run("cevns", "--target", "H2O").out
    assert "left out" not in snsim_run("cevns", "--target", "H", "--axial").out
    for heavy in ("Ar40", "CsI", "Na23"):
        assert "axial" not in snsim_run("cevns", "--target", heavy).out


@pytest.mark.parametrize("text", ["1 to 100 MeV", "1 MeV to 0.1 GeV", "1e0 to 100.0MeV"])
def test_ranges_of_energies(text: str) -> None:
    assert show("--target", "Ar40", "--energy", text, "--points", 3)["energy_mev"] == pytest.approx(
        [1, 10, 100]
    )


def test_options_reach_the_cross_section() -> None:
    options = ("--target", "Xe129", "--energy", "20 MeV")
    plain = show(*options)["total_cm2"]
    couplings = WeakCouplings(radiative=True)
    cases = {
        ("--form-factor", "point"): Target.of("Xe129", "point").total(20.0),
        ("--radiative", "--flavor", "nutau"): Target.of("Xe129", couplings=couplings).total(20.0, "nutau"),
        ("--axial",): Target.of("Xe129", axial=True).total(20.0),
        ("--recoil-min", "2 keV"): Target.of("Xe129").total(20.0, recoil_min=2e-3),
        Z_PRIME: Target.of("Xe129", new_physics=(ZPrime(1e-4, 30.0),)).total(20.0),
    }
    for more, expected in cases.items():
        found = show(*options, *more)["total_cm2"]
        assert found == pytest.approx([float(expected)], rel=1e-9, abs=0.0)
        assert found != pytest.approx(plain, rel=1e-6, abs=0.0)


def test_a_run_file_gives_couplings_and_new_physics(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text(
        "schema = 1\n[microphysics]\nform_factor = 'klein_nystrand'\n[microphysics.couplings]\nsin2_theta_w = 0.25\n"
        "[microphysics.new_physics.z_prime]\ncoupling = 1e-4\nmass = '30 MeV'\n"
    )
    options = ("--target", "Ge", "--energy", "20 MeV", "--run", tmp_path)
    expected = Target.of("Ge", "klein_nystrand", WeakCouplings(sin2_theta_w=0.25), (ZPrime(1e-4, 30.0),))
    found = show(*options)
    assert found["total_cm2"] == pytest.approx([float(expected.total(20.0))], rel=1e-12, abs=0.0)
    assert found["new_physics"] == "ZPrime(coupling = 0.0001, mass = 30 MeV, charges = universal)"
    changed = show(
        *options, "--set", "microphysics.couplings.vev_ratio=1.1", "--form-factor", "klein_nystrand"
    )
    other = Target.of(
        "Ge", "klein_nystrand", WeakCouplings(sin2_theta_w=0.25, vev_ratio=1.1), (ZPrime(1e-4, 30.0),)
    )
    assert changed["total_cm2"] == pytest.approx([float(other.total(20.0))], rel=1e-12, abs=0.0)
    point = show(*options, "--form-factor", "point")
    assert point["total_cm2"][0] > found["total_cm2"][0]


def test_files(tmp_path: Path) -> None:
    table, figure = tmp_path / "csi.csv", tmp_path / "csi.pdf"
    options = ("--target", "CsI", *Z_PRIME, "--recoil-min", "1 keV", "--csv", table, "--plot", figure)
    outcome = snsim_run("cevns", *options, "--energy", "3 to 50 MeV", "--points", "4")
    assert outcome.code == 0, outcome.err
    assert figure.read_bytes().startswith(b"%PDF")
    lines = table.read_text().splitlines()
    assert any(line.startswith("# new physics: ZPrime(coupling = 0.0001, mass = 30 MeV") for line in lines)
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert len(rows) == 4
    assert rows[0]["mean_recoil_kev"] == ""  # no recoil reaches 1 keV
    assert float(rows[0]["total_cm2"]) == 0.0
    expected = Target.of("CsI", new_physics=(ZPrime(1e-4, 30.0),)).total(50.0, recoil_min=1e-3)
    assert float(rows[-1]["total_cm2"]) == pytest.approx(float(expected), rel=1e-8)
    assert snsim_run("cevns", *options).code == 4


BAD = [
    (("--energy", "30 MeV"), 2, ["--target: expected", "Ar40"]),
    (("--target", "Ar41"), 2, ["unknown nucleus 'Ar41'", "Did you mean 'Ar40'?"]),
    (("--target", "csi"), 2, ["--target = 'csi'", "CsI"]),
    (("--target", "Xe", "--flavor", "nux"), 2, ['--flavor = "nux"', "Did you mean numu or nutau?"]),
    (("--target", "Xe", "--flavor", "nuu"), 2, ["unknown neutrino flavor 'nuu'", "Did you mean"]),
    (("--target", "Argon"), 2, ["--target = 'Argon'", "Did you mean 'Ar' or 'Ar40'?"]),
    (("--target", "40Ar"), 2, ["Did you mean 'Ar40'?"]),
    (("--target", "pb208"), 2, ["Did you mean 'Pb208'?"]),
    (("--target", "lead-208"), 2, ["Did you mean 'Pb208'?"]),
    (("--target", "Xe", "--energy", "5-40 MeV"), 2, ['--energy = "5-40 MeV"', '"5 to 40 MeV"']),
    (("--target", "Xe", "--energy", "5 MeV - 0.04 GeV"), 2, ['"5 MeV to 0.04 GeV"']),
    (("--target", "Xe", "--recoil-min=-1 keV"), 2, ['--recoil-min = "-1 keV"', "not be negative"]),
    (
        ("--target", "Xe", "--set", "microphysics.new_physics.z_prime.mass=3 MeV"),
        2,
        ["error: microphysics.new_physics.z_prime.coupling: missing"],
    ),
    (
        ("--target", "Xe", "--set", "microphysics.new_physics.scalar={neutrino=1, quark=1, mass=3}"),
        2,
        ["microphysics.new_physics.scalar.mass = 3 given with --set", "without a unit"],
    ),
    (("--target", "Xe", "--energy", "30"), 2, ['--energy = "30"', "without a unit"]),
    (("--target", "Xe", "--energy", "30 kg"), 2, ["--energy", "got a mass"]),
    (("--target", "Xe", "--energy=-3 MeV"), 2, ["--energy", "must be positive"]),
    (("--target", "Xe", "--recoil-min", "1"), 2, ["--recoil-min", '"1 keV"']),
    (("--target", "Xe", "--form-factor", "hellm"), 2, ["Did you mean 'helm'?"]),
    (
        ("--target", "Xe", "--set", "microphysics.new_physics.z_prim.mass=1"),
        2,
        ["given with --set", "Did you mean"],
    ),
    (
        ("--target", "Xe", "--set", "microphysics.new_physics.millicharge.charges.ee=1e-10"),
        3,
        ["--recoil-min:"],
    ),
    (("--target", "Xe", "--run", "nowhere"), 2, ["nowhere", "no such run file"]),
    (("--target", "Xe", "--plot", "x.svg"), 2, [".png or .pdf"]),
]


@pytest.mark.parametrize(("options", "code", "words"), BAD, ids=[" ".join(words) for *_, words in BAD])
def test_bad_options_give_one_sentence(
    options: tuple[str, ...], code: int, words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = snsim_run("cevns", *options)
    assert outcome.code == code
    assert len(outcome.err.strip().splitlines()) == 1
    for word in words:
        assert word in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_nuclei_per_gram_are_a_number() -> None:
    found = show("--target", "CsI")["nuclei_per_gram"]
    assert found == pytest.approx(4.6358e21, rel=1e-4)


def test_terms_are_written_with_what_is_not_zero() -> None:
    options = ("--set", "microphysics.new_physics.nsi.up.emu=0.02", "--recoil-min", "1 keV")
    moment = ("--set", "microphysics.new_physics.magnetic_moment.moment=3e-11")
    assert show("--target", "Ar40", *options, *moment)["new_physics"] == (
        "NSI(up = {emu: 0.02}, down = {}); MagneticMoment(moment = 3e-11, majorana = True)"
    )


def test_a_result_is_no_run_file(tmp_path: Path) -> None:
    import h5py

    file = tmp_path / "result.h5"
    h5py.File(file, "w").close()
    outcome = snsim_run("cevns", "--target", "Xe", "--run", file)
    assert outcome.code == 2
    assert "a result (HDF5), not a run file" in outcome.err


def test_an_energy_with_an_exponent_is_no_range() -> None:
    assert show("--target", "Ar40", "--energy", "5e-3 GeV")["energy_mev"] == pytest.approx([5.0])


def test_a_form_factor_that_is_not_one_at_rest_is_named_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from microphysics._registry import FORM_FACTORS
    from microphysics.weak.form_factors import form_factor_of

    class Wrong:
        name = "wrong"
        references = ()

        def __call__(self, q: np.ndarray) -> np.ndarray:
            return 0.5 * np.ones_like(q)

        def amplitude(self, q: np.ndarray, proton: float, neutron: float) -> np.ndarray:
            return 0.5 * (proton + neutron) * np.ones_like(q)

    assert form_factor_of("helm", Target.of("Ar40").composition.nuclei[0]) is not None
    monkeypatch.setitem(FORM_FACTORS._factories, "wrong", lambda nucleus: Wrong())
    outcome = snsim_run("cevns", "--target", "Xe", "--form-factor", "wrong")
    assert outcome.code == 3
    assert outcome.err.startswith("error: form factor 'wrong'")
