"""Figures of a study: what is drawn over which axis, words and units, points without a number."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from microphysics.errors import UnknownNameError
from snsim.errors import ConfigError
from snsim.plots import style
from snsim.plots._study_keys import Along, parameters
from snsim.plots._study_numbers import headlines, quantities
from snsim.plots.study import study
from snsim.result import Result
from snsim.variable import Variable

SPECIES = np.array(["nue", "anue", "nux"])


def by_hand(mass=(1.2, 1.4, 1.6), limiters=("wilson", "minerbo")) -> Result:
    """L rises with the mass and is twice as large for the second limiter; one point has failed."""
    dims, shape = ("profile.mass", "transport.limiter"), (len(mass), len(limiters))
    luminosity = 1e52 * np.einsum("i,j,k->ijk", np.array(mass), [1.0, 2.0], [1.0, 2.0, 3.0])
    radius = 1e6 * np.array(mass)[:, None] * np.array([7.0, 8.0])
    luminosity[0, 1], radius[0] = np.nan, np.nan
    state = np.full(shape, "done")
    return Result(
        {
            "points": {
                "profile.mass": Variable(dims[:1], np.array(mass), "Msun", "profile.mass"),
                "transport.limiter": Variable(dims[1:], np.array(limiters), "1", "transport.limiter"),
                "state": Variable(dims, state, "1", "state"),
            },
            "transport": {
                "species": Variable(("species",), SPECIES, "1", "species"),
                "luminosity_infinity": Variable(
                    (*dims, "species"), luminosity, "erg / s", "luminosity at infinity"
                ),
                "converged": Variable(dims, np.ones(shape), "1", "whether it converged"),
            },
            "diagnostics/gain_region": {"gain_radius": Variable(dims, radius, "cm", "gain radius")},
        }
    )


def curves(axes):
    return [np.array(line.get_xydata()) for line in axes.lines if line.get_label() != "no number"]


def test_the_main_numbers_that_move_are_drawn_over_the_axis_of_numbers():
    result = by_hand()
    assert headlines(result) == ["transport.luminosity_infinity", "gain_region.gain_radius"]
    assert "transport.converged" in quantities(result)
    assert [each.key for each in parameters(result)] == ["profile.mass", "transport.limiter"]
    luminosity, radius = study(result).axes
    assert len(curves(luminosity)) == 6
    assert len(curves(radius)) == 2
    np.testing.assert_allclose(curves(luminosity)[0], [[1.2, 1.2], [1.4, 1.4], [1.6, 1.6]], rtol=1e-12)
    np.testing.assert_allclose(curves(radius)[1][1:], [[1.4, 112.0], [1.6, 128.0]], rtol=1e-12)
    assert "[$10^{52}$ erg s$^{-1}$]" in luminosity.get_ylabel()
    assert radius.get_ylabel() == "gain radius [km]"
    assert luminosity.get_xlabel() == r"mass [M$_\odot$]"


def test_points_without_a_number_are_marked():
    luminosity, radius = study(by_hand()).axes
    (cross,) = [line for line in radius.lines if line.get_label() == "no number"]
    np.testing.assert_array_equal(cross.get_xdata(), [1.2])
    assert not [line for line in luminosity.lines if line.get_label() == "no number"]


def test_one_legend_says_what_lines_are():
    figure = study(by_hand())
    words = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert words == [r"$\nu_e$", r"$\bar{\nu}_e$", r"$\nu_x$", "no number", "limiter", "wilson", "minerbo"]
    figure = study(by_hand(), ["gain_region.gain_radius"], by="limiter", at={})
    assert [text.get_text() for legend in figure.legends for text in legend.get_texts()][-2:] == [
        "wilson",
        "minerbo",
    ]


def test_what_only_differs_between_species_is_no_headline():
    result = by_hand()
    light = result.groups["transport"]["luminosity_infinity"]
    light.values[...] = [1e52, 2e52, 3e52]
    assert headlines(result) == ["gain_region.gain_radius"]


def test_long_words_of_an_axis_stay_in_the_figure():
    longest = "microphysics.couplings.vev_ratio"
    renamed = {
        group: {
            longest if key == "profile.mass" else key: replace(
                each, dims=tuple(longest if dim == "profile.mass" else dim for dim in each.dims)
            )
            for key, each in variables.items()
        }
        for group, variables in by_hand().groups.items()
    }
    figure = study(Result(renamed))
    with style.context():
        figure.canvas.draw()
        for ax in figure.axes:
            box = ax.xaxis.label.get_window_extent()
            assert box.x0 >= 0.0
            assert box.x1 <= figure.bbox.width


def legend_words(figure) -> list[str]:
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def moved(**columns) -> Result:
    """A gain radius over a mass and over what else moves: key to dimension and values."""
    dims = ("profile.mass", *dict.fromkeys(dim for dim, _ in columns.values()))
    size = {dim: len(values) for dim, values in columns.values()}
    shape = (2, *(size[dim] for dim in dims[1:]))
    points = {
        key: Variable((dim,), np.array(values), "1", key, {} if dim == key else {"role": "parameter"})
        for key, (dim, values) in columns.items()
    }
    return Result(
        {
            "points": {
                "profile.mass": Variable(dims[:1], np.array([1.2, 1.4]), "Msun", "profile.mass"),
                **points,
                "state": Variable(dims, np.full(shape, "done"), "1", "state"),
            },
            "diagnostics/gain_region": {
                "gain_radius": Variable(
                    dims, 7e6 + np.arange(float(np.prod(shape))).reshape(shape), "cm", "gain radius"
                )
            },
        }
    )


def test_beside_species_colours_mean_nothing_else():
    luminosity, radius = study(by_hand()).axes
    assert {line.get_color() for line in luminosity.lines} == {style.species_colour(name) for name in SPECIES}
    drawn = [line for line in radius.lines if line.get_label() != "no number"]
    assert {line.get_color() for line in drawn} == {style.INK}
    assert len({line.get_linestyle() for line in drawn}) == 2
    alone = study(by_hand(), ["gain_region.gain_radius"]).axes[0]
    assert len({line.get_color() for line in alone.lines if line.get_label() != "no number"}) == 2


def test_keys_without_effect_are_not_said_to_be_held():
    limiters = "transport.limiter", ["wilson", "minerbo"]

    def words(schemes, **options):
        result = moved(**{"transport.scheme": ("transport.scheme", schemes), "transport.limiter": limiters})
        return legend_words(study(result, by="scheme", **options))

    assert "limiter = wilson" in words(["gray", "multigroup"])
    assert "limiter = minerbo (gray)" in words(["gray", "eddington"], at={"limiter": "minerbo"})
    assert not any("limiter" in each for each in words(["eddington", "none"]))


def test_values_without_any_number_have_no_line_in_the_legend():
    result = by_hand()
    result["diagnostics/gain_region"]["gain_radius"].values[:, 1] = np.nan
    figure = study(result, ["gain_region.gain_radius"])
    assert legend_words(figure) == ["no number", "limiter", "wilson", "no number: minerbo"]


def test_axes_are_held_where_there_are_numbers():
    result = moved(
        **{"transport.limiter": ("transport.limiter", ["a", "b"]), "grid.zones": ("grid.zones", [10, 20, 30])}
    )
    radius = result["diagnostics/gain_region"]["gain_radius"]
    radius.values[:, :, :2] = np.nan
    figure = study(result, ["gain_region.gain_radius"], x="limiter", by="mass")
    assert "zones = 30" in legend_words(figure)
    with pytest.raises(
        ConfigError, match=r"no point has gain_region.gain_radius at grid.zones = 20: nothing"
    ):
        study(result, ["gain_region.gain_radius"], x="limiter", at={"grid.zones": "20"})
    radius.values[...] = np.nan
    with pytest.raises(ConfigError, match="nothing to draw"):
        study(result, ["gain_region.gain_radius"])
    with pytest.raises(ConfigError, match="nothing to draw"):
        study(result)


def test_one_key_is_not_drawn_along_itself():
    for key in ("limiter", "mass"):
        with pytest.raises(ConfigError, match="expected two keys that move independently"):
            study(by_hand(), x=key, by=key)


def test_of_numbers_that_do_not_move_the_main_ones_are_drawn():
    result = moved(**{"transport.limiter": ("transport.limiter", ["a", "b"])})
    result["diagnostics/gain_region"]["gain_radius"].values[...] = 7e6
    assert headlines(result) == ["gain_region.gain_radius"]


def test_parameters_stand_as_the_study_file_has_them():
    result = moved(**{"a.one": ("star", [1, 2]), "a.two": ("star", [1, 2])})
    state = result["points"]["state"]
    result.groups["points"]["state"] = replace(state, attributes={"parameters": "profile.mass\na.two\na.one"})
    assert [each.key for each in parameters(result)] == ["profile.mass", "a.two", "a.one"]


def test_a_long_legend_is_broken_into_rows_and_the_figure_grows():
    names = tuple(f"limiter of a long name {k}" for k in range(9))
    figure = study(moved(**{"transport.limiter": ("transport.limiter", names)}), ["gain_region.gain_radius"])
    assert legend_words(figure) == ["limiter", *names]
    assert len(figure.legends) > 2
    boxes = [legend.get_window_extent(figure.canvas.get_renderer()) for legend in figure.legends]
    assert all(box.x0 >= 0.0 and box.x1 <= figure.bbox.width for box in boxes)
    assert min(box.y0 for box in boxes) > figure.axes[0].get_window_extent().y1
    assert figure.get_figheight() > study(by_hand(), ["gain_region.gain_radius"]).get_figheight()


def test_keys_that_move_together_are_known_by_their_name():
    result = moved(
        **{"profile.entropy_infall": ("star", [5.0, 8.0]), "transport.closure": ("star", ["a", "b"])}
    )
    figure = study(result, by="star")
    assert legend_words(figure) == ["star", "5, a", "8, b"]
    assert legend_words(study(result, x="star", at={"profile.mass": "1.4"})) == [r"mass = 1.4 M$_\odot$"]
    with pytest.raises(UnknownNameError):
        study(result, by="mass", at={"profile.mass": "1.4"})


def test_names_and_units_of_keys():
    def words(key, values=(1.0, 2.0), unit="1"):
        return Along(key, key, np.array(values), unit).words

    assert words("microphysics.couplings.sin2_theta_w") == r"weak mixing angle $\sin^2\theta_W$"
    assert words("profile.entropy_infall") == "entropy infall [$k_B$ per baryon]"
    assert words("microphysics.new_physics.z_prime.mass", unit="MeV") == "z prime mass [MeV]"
    assert words("microphysics.new_physics.magnetic_moment.moment") == r"magnetic moment [$\mu_B$]"


def test_texts_can_run_along_an_axis_and_numbers_tell_lines_apart():
    (axes,) = study(by_hand(), ["gain_region.gain_radius"], x="limiter", by="profile.mass").axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["wilson", "minerbo"]
    assert len(curves(axes)) == 3


def test_maps_have_gray_cells_where_there_is_no_number():
    figure = study(by_hand(), ["gain_region.gain_radius"], as_map=True)
    axes, bar = figure.axes
    (mesh,) = axes.collections
    values = np.ma.getmaskarray(mesh.get_array()).reshape(2, 3)
    np.testing.assert_array_equal(values, [[True, False, False], [True, False, False]])
    assert bar.get_ylabel() == "gain radius [km]"


def test_points_of_a_sample_are_not_joined():
    rng = np.random.default_rng(1)
    mass, rate = rng.uniform(1.2, 1.6, 8), rng.uniform(0.1, 1.0, 8)
    role = {"role": "parameter"}
    result = Result(
        {
            "points": {
                "profile.mass": Variable(("point",), mass, "Msun", "profile.mass", role),
                "profile.accretion_rate": Variable(
                    ("point",), rate, "Msun/s", "profile.accretion_rate", role
                ),
                "state": Variable(("point",), np.full(8, "done"), "1", "state"),
            },
            "diagnostics/gain_region": {"gain_radius": Variable(("point",), 7e6 * mass, "cm", "gain radius")},
        }
    )
    (axes,) = study(result).axes
    assert axes.lines[0].get_linestyle() == "None"
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), np.sort(mass))
    scatter = study(result, x="profile.mass", by="profile.accretion_rate").axes[0]
    np.testing.assert_allclose(scatter.collections[0].get_offsets(), np.stack([mass, rate], axis=1))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"names": ["gain_region.gain_radiu"]}, "gain_region.gain_radius"),
        (
            {"names": ["gain_radius"]},
            r"known are gain_region\.\*, transport\.\*. Did you mean 'gain_region.gain_radius'\?",
        ),
        ({"x": "profile.mas"}, "profile.mass"),
        ({"names": ["transport.luminosity_infinity"], "species": "nu"}, "nue"),
        ({"at": {"transport.limiter": "larsen2"}}, "wilson"),
    ],
)
def test_what_the_study_does_not_have(options, words):
    with pytest.raises(UnknownNameError, match=words):
        study(by_hand(), **options)
