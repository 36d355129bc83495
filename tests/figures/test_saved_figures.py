import tomllib
from dataclasses import replace

from stars_by_hand import make_star

from snsim.config.schema import Config
from snsim.pipeline import simulate
from snsim.plots.figures import save_all
from snsim.plots.opacities import plot_over_radius
from snsim.plots.overview import plot_heating, plot_luminosity, plot_optical_depth, plot_structure

PNG = b"\x89PNG\r\n\x1a\n"


def test_files_are_named_and_equal_results_give_equal_bytes(star, tmp_path):
    (tmp_path / "again").mkdir()
    files = save_all(star, tmp_path)
    again = save_all(make_star(), tmp_path / "again")
    assert [file.name for file in files] == ["overview.png", "opacities.png"]
    assert all(file.read_bytes().startswith(PNG) for file in files)
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in again]


def test_pdf_only_if_asked_and_without_a_date(star, tmp_path):
    files = save_all(replace(star, groups={}), tmp_path, formats=("pdf",))
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert [file.name for file in files] == ["overview.pdf", "opacities.pdf"]
    assert all(b"CreationDate" not in file.read_bytes() for file in files)


def test_a_real_run_draws_every_panel():
    text = 'schema = 1\n[profile]\nformat = "analytic"\n[grid]\nzones = 60\n[opacity]\nenergies = 48\n'
    config = Config.model_validate(tomllib.loads(text))
    result = simulate(config)
    for panel in (plot_heating, plot_luminosity, plot_optical_depth, plot_structure):
        assert "note" not in panel(result)
    assert "neutrinosphere.nue" in plot_optical_depth(result)
    assert "gain_region" in plot_heating(result)
    assert not {"note"} & set(plot_over_radius(result, "nux"))
