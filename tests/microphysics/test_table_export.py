"""What weaklib's files cannot hold is said: in sentences, in every file, and as one warning."""

import warnings
from dataclasses import replace

import h5py
import numpy as np
import pytest
from opacity_tables import small_table
from standin import StandIn

from microphysics.errors import PhysicsWarning
from microphysics.processes.settings import Settings
from microphysics.tables.export import write_layout
from microphysics.tables.plan import KernelAxes, TablePlan
from microphysics.tables.weaklib_left_out import left_out
from microphysics.weak.couplings import WeakCouplings

TABLE = small_table(kernels=False)
KERNELS = KernelAxes(np.array([1.0, 3.0]), np.array([0.5, 5.0]))
ALONE = "electron-positron pairs of nux: the layout has them as kernels only, which the plan does not have"
UNWRITTEN = "bremsstrahlung of nux: S_sigma of burrows2006 is not written"
TWICE = (
    "bremsstrahlung of nux: that of nue and anue is in EmAb, and with S_sigma readers would count it twice"
)


def plan_of(*processes, kernels=None, species=("nue", "anue", "nux"), **settings):
    return TablePlan(
        eos=StandIn,
        processes=processes,
        settings=Settings(**settings),
        density=TABLE.density,
        temperature=TABLE.temperature,
        electron_fraction=TABLE.electron_fraction,
        energy_edges=TABLE.energy_edges,
        species=species,
        kernels=kernels,
    )


CASES = [
    (plan_of("charged_current", "neutron_decay"), ()),
    (plan_of("charged_current", "pair"), (ALONE,)),
    (plan_of("charged_current", "pair", pair_species="all"), (ALONE,)),
    (plan_of("pair", kernels=KERNELS), ()),
    (plan_of("pair", species=("nue", "anue")), ()),
    (plan_of("bremsstrahlung"), ()),
    (plan_of("bremsstrahlung", pair_species="all"), (TWICE,)),
    (plan_of("bremsstrahlung", pair_species="all", bremsstrahlung="burrows2006"), (TWICE,)),
    (plan_of("bremsstrahlung", bremsstrahlung="burrows2006"), (UNWRITTEN,)),
    (
        plan_of("bremsstrahlung", bremsstrahlung_medium="fischer2016"),
        (
            "suppression of bremsstrahlung in a dense medium (fischer2016): S_sigma is without it, as readers evaluate it at "
            "x_n rho, x_p rho and sqrt(x_n x_p) rho",
        ),
    ),
    (
        plan_of("charged_current", "nucleon_scattering", "electron_scattering"),
        ("opacities of nux by nucleon_scattering, electron_scattering: EmAb and Iso hold nue and anue alone",),
    ),
    (
        plan_of("nucleon_scattering", "electron_scattering", kernels=KERNELS, species=("nue", "anue", "numutau", "anumutau")),
        ("opacities of numutau, anumutau by nucleon_scattering: EmAb and Iso hold nue and anue alone",),
    ),
    (
        plan_of("pair", kernels=KERNELS, couplings=WeakCouplings(sin2_theta_w=0.3)),
        ("C_V and C_A of neutrinos with electrons: NES and Pair hold coupling structures, readers put in theirs",),
    ),
    (plan_of("pair", kernels=KERNELS, couplings=WeakCouplings(axial_coupling=1.2)), ()),
]  # fmt: skip


@pytest.mark.parametrize(("plan", "expected"), CASES)
def test_what_is_left_out(plan, expected):
    assert left_out(plan) == expected


def exported(folder, plan):
    table = replace(TABLE, attributes={**TABLE.attributes, "processes": plan.in_opacities})
    write_layout("weaklib", folder, table, plan)
    facts = {}
    for path in folder.iterdir():
        with h5py.File(path) as file:
            facts[path.stem.removeprefix("x-")] = {
                name: file.attrs[name] for name in ("left_out", "processes")
            }
    return facts


def test_every_file_says_it_and_one_warning(tmp_path):
    plan = plan_of(
        "charged_current",
        "pair",
        "electron_scattering",
        "bremsstrahlung",
        bremsstrahlung_medium="fischer2016",
    )
    with pytest.warns(PhysicsWarning) as heard:
        facts = exported(tmp_path / "x", plan)
    assert [str(each.message) for each in heard] == [
        f"x: weaklib's files are without {'; '.join(left_out(plan))}"
    ]
    assert set(facts) == {"EmAb", "Iso", "Brem"}
    for each in facts.values():
        assert list(each["left_out"]) == list(left_out(plan))
        # pairs are in no file
        assert list(each["processes"]) == ["charged_current", "electron_scattering", "bremsstrahlung"]


def test_nothing_is_said_where_everything_is_there(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        facts = exported(tmp_path / "x", plan_of("charged_current", "pair", kernels=KERNELS))
    assert set(facts) == {"EmAb", "Iso", "Pair"}
    assert {each["left_out"] for each in facts.values()} == {"nothing"}


def test_files_of_an_earlier_table_go(tmp_path):
    """They would be counted as well."""
    exported(tmp_path / "x", plan_of("charged_current", "electron_scattering", "pair", kernels=KERNELS))
    with pytest.warns(PhysicsWarning, match="opacities of nux by electron_scattering"):
        facts = exported(tmp_path / "x", plan_of("charged_current", "electron_scattering", "bremsstrahlung"))
    assert set(facts) == {"EmAb", "Iso", "Brem"}
    with pytest.warns(PhysicsWarning, match="electron-positron pairs of nux"):
        assert set(exported(tmp_path / "x", plan_of("pair"))) == {"EmAb", "Iso"}
