"""Exported files in the programs that they are for: SNEWPY with the detectors of SNOwGLoBES, and sntools."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from snsim.export import to_snewpy, write
from snsim.signal import Signal, signal_of

WHY = "needs SNEWPY and sntools: pip install 'snsim[interop]'"
# what those packages do and say themselves; warnings of ours stay errors
pytestmark = [
    pytest.mark.filterwarnings("ignore:open_text is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*invalid escape sequence"),
    pytest.mark.filterwarnings("ignore:(Efficiency|Smearing) not found:UserWarning"),
]
EVERY = ("snewpy", "oconnor", "memory")


@pytest.fixture(scope="module")
def signal():
    time = 0.05 * np.arange(201)
    fall, cool = np.exp(-time / 3.0)[:, None], np.exp(-time / 20.0)[:, None]
    luminosity = 2e52 * fall * np.ones(3)
    return Signal.from_pinching(
        time, luminosity, cool * [12.0, 15.0, 16.0], np.ones((201, 1)) * [3.0, 3.0, 2.3]
    )


@pytest.fixture(scope="module")
def snewpy():
    return pytest.importorskip("snewpy", reason=WHY, exc_type=ImportError)


@pytest.fixture(scope="module")
def calculator(snewpy):
    from snewpy.rate_calculator import RateCalculator

    return RateCalculator()


@pytest.fixture(scope="module")
def models(snewpy, signal, tmp_path_factory):
    """The same signal through both tables and in memory."""
    from snewpy.models.ccsn import Analytic3Species
    from snewpy.models.ccsn_loaders import OConnor_2015

    folder = tmp_path_factory.mktemp("models")
    write(signal, folder / "table.dat", "snewpy")
    write(signal, folder / "oconnor.dat", "oconnor")
    return {
        "snewpy": Analytic3Species(str(folder / "table.dat")),
        "oconnor": OConnor_2015(str(folder / "oconnor.dat")),
        "memory": to_snewpy(signal),
    }


def flux_of(model, times, transformation="none"):
    from astropy import units
    from snewpy.flavor_transformation import AdiabaticMSW, NoTransformation
    from snewpy.neutrino import MassHierarchy

    swap = {
        "none": NoTransformation,
        "NMO": lambda: AdiabaticMSW(mh=MassHierarchy.NORMAL),
        "IMO": lambda: AdiabaticMSW(mh=MassHierarchy.INVERTED),
    }[transformation]()
    energy = np.linspace(0.1, 100.0, 1000) * units.MeV
    return model.get_flux(times * units.s, energy, 10.0 * units.kpc, swap).integrate("time")


def counts(calculator, flux, detector, channel, smeared):
    rate = calculator.run(flux, detector, detector_effects=smeared)[channel]
    return float(rate.integrate_or_sum("energy").array.squeeze())


@pytest.mark.parametrize("how", EVERY)
def test_rates_are_those_that_were_measured(how, models, signal, calculator, reference, read_columns):
    table = read_columns(reference / "observables" / "snewpy_interop.csv")
    fluxes = {}
    for k, transformation in enumerate(table["transformation"]):
        if transformation not in fluxes:
            fluxes[transformation] = flux_of(models[how], signal.time, transformation)
        for name, smeared in (("unsmeared", False), ("smeared", True)):
            found = counts(
                calculator, fluxes[transformation], table["detector"][k], table["channel"][k], smeared
            )
            assert found == pytest.approx(table[name][k], rel=1e-4), (
                transformation,
                table["channel"][k],
                name,
            )


@pytest.mark.parametrize(
    ("detector", "channel", "column", "targets"),
    # kilotons of the detector times moles of targets in a gram, both from SNOwGLoBES' detector_configurations.dat
    [("wc100kt30prct", "ibd", 4, 100.0 * 0.1111), ("ar40kt", "nue_Ar40", 1, 40.0 * 0.025)],
)
def test_the_fluence_file_folded_with_the_cross_sections_of_snowglobes(
    detector, channel, column, targets, signal, models, calculator, tmp_path
):
    data = pytest.importorskip("snowglobes_data", reason=WHY)
    write(signal, tmp_path / "fluence.dat", "snowglobes", 3.0856775814913673e22)
    table = np.loadtxt(tmp_path / "fluence.dat")
    # log10(E/GeV), then sigma/E in 1e-38 cm2/GeV for the same six flavours
    cross = np.loadtxt(Path(data.__file__).parent / "xscns" / f"xs_{channel}.dat")
    energy = table[:, 0]
    sigma = 1e-38 * energy * np.interp(np.log10(energy), cross[:, 0], cross[:, column])
    found = targets * 1e9 * 6.02214076e23 * np.dot(table[:, column], sigma)
    expected = counts(calculator, flux_of(models["memory"], signal.time), detector, channel, False)
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("how", EVERY)
def test_no_light_beyond_the_ends(how, models):
    from astropy import units

    energy = 10.0 * units.MeV
    for time in (-5.0, -1e-6, 10.000001, 20.0):
        for flavour, spectrum in models[how].get_initial_spectra(time * units.s, energy).items():
            assert spectrum.value == 0.0, (time, flavour)
    for time in (0.0, 10.0):
        assert all(s.value > 0.0 for s in models[how].get_initial_spectra(time * units.s, energy).values())


@pytest.mark.parametrize("how", EVERY)
def test_energy_of_its_six_flavours_is_that_of_the_signal(how, models, signal):
    from astropy import units
    from snewpy.neutrino import Flavor

    energy = np.linspace(0.01, 200.0, 4001) * units.MeV
    spectra = models[how].get_initial_spectra(signal.time * units.s, energy)
    # of SNEWPY's four flavours, NU_X and NU_X_BAR stand for two each
    share = {Flavor.NU_E: 1.0, Flavor.NU_E_BAR: 1.0, Flavor.NU_X: 2.0, Flavor.NU_X_BAR: 2.0}
    luminosity = sum(share[f] * np.trapezoid((energy * spectra[f]).to("1/s"), energy, axis=1) for f in Flavor)
    total = np.trapezoid(luminosity.to_value("erg/s"), signal.time)
    assert total == pytest.approx(signal.total_energy, rel=1e-6)


def test_loader_has_the_numbers_of_the_table(models, signal):
    from snewpy.neutrino import Flavor

    for how in ("snewpy", "oconnor"):
        for s, flavour in enumerate((Flavor.NU_E, Flavor.NU_E_BAR, Flavor.NU_X)):
            lit = slice(1, -1)
            model = models[how]
            np.testing.assert_allclose(
                model.luminosity[flavour][lit].value, signal.luminosity[:, s], rtol=1e-14
            )
            np.testing.assert_allclose(model.meanE[flavour][lit].value, signal.mean_energy[:, s], rtol=1e-14)
            np.testing.assert_allclose(np.asarray(model.pinch[flavour])[lit], signal.alpha[:, s], rtol=1e-12)
            assert model.luminosity[flavour][[0, -1]].value.tolist() == [0.0, 0.0]


def test_tabulated_spectra_reach_the_detector(calculator, snewpy):
    """Groups that sample a pinched spectrum give its counts; groups without a tail do not."""
    from snsim.signal import Spectra, number_rate

    time, ones = np.array([0.0, 1.0]), np.ones((2, 3))
    smooth = Signal.from_pinching(time, 1e52 * ones, 14.0 * ones, 2.5 * ones)
    groups = np.geomspace(1.0, 200.0, 40)
    rates = number_rate(smooth, groups)
    as_groups = Signal(
        time, smooth.luminosity, smooth.mean_energy, smooth.mean_square_energy, spectra=Spectra(groups, rates)
    )
    expected, found = (
        counts(calculator, flux_of(to_snewpy(s), time), "wc100kt30prct", "ibd", False)
        for s in (smooth, as_groups)
    )
    assert found == pytest.approx(expected, rel=1e-4)
    # the same luminosity, <E> and <E^2> without a tail: a pinched form would have it
    faded = Spectra(groups, rates * np.exp(-((groups / 60.0) ** 4)))
    per_log = faded.number * groups
    mean, square = ((per_log * groups**n).sum(axis=-1) / per_log.sum(axis=-1) for n in (1, 2))
    cut = Signal(time, faded.luminosity, mean, square, spectra=faded)
    pinched = Signal(time, faded.luminosity, mean, square)
    tabulated, assumed = (
        counts(calculator, flux_of(to_snewpy(s), time), "wc100kt30prct", "nue_O16", False)
        for s in (cut, pinched)
    )
    assert tabulated < 0.97 * assumed


@pytest.mark.parametrize(("detector", "channel"), [("wc100kt30prct", "ibd"), ("ar40kt", "nue_Ar40")])
def test_fluences_give_the_rates_of_the_flux(detector, channel, signal, models, calculator, tmp_path):
    """Bins, their width and the distance of the file for SNOwGLoBES, with SNEWPY as its reader."""
    from astropy import units
    from snewpy.flux import Container
    from snewpy.neutrino import Flavor

    write(signal, tmp_path / "fluence.dat", "snowglobes", (10.0 * units.kpc).to_value("cm"))
    table = np.loadtxt(tmp_path / "fluence.dat")
    column = {Flavor.NU_E: 1, Flavor.NU_X: 2, Flavor.NU_E_BAR: 4, Flavor.NU_X_BAR: 5}
    binned = np.stack([table[None, :, column[flavour]] for flavour in sorted(Flavor)])
    edges = np.append(table[:, 0] - 1e-4, table[-1, 0] + 1e-4) * units.GeV
    span = [0.0, 10.0] * units.s
    fluence = Container(binned / units.cm**2, np.sort(Flavor), span, edges, integrable_axes=set())
    expected = counts(calculator, flux_of(models["snewpy"], signal.time), detector, channel, False)
    assert counts(calculator, fluence, detector, channel, False) == pytest.approx(expected, rel=3e-4)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::microphysics.errors.PhysicsWarning")
def test_what_a_tail_is_worth(calculator):
    """The table of the page on signals: counts with spectra of groups, pinched, gray and eddington."""
    from snsim.config.load import load_config
    from snsim.pipeline import simulate

    root = Path(__file__).resolve().parents[2]
    runs = [
        signal_of(
            simulate(
                load_config(
                    root / "runs" / "quickstart", [f"transport.scheme={scheme}", "diagnostics.names=[]"]
                )
            )
        )
        for scheme in ("multigroup", "gray", "eddington")
    ]
    found = {}
    for row in (root / "docs" / "signals.md").read_text().splitlines():
        printed = re.fullmatch(
            r"\| ([\w ]+), `(\w+)`, `(\w+)` \| ([\d.]+) \| ([\d.]+) .*\| ([\d.]+) .*\| ([\d.]+) .*\|", row
        )
        if printed is None:
            continue
        _, detector, channel, *expected = printed.groups()
        signals = (runs[0], replace(runs[0], spectra=None), *runs[1:])
        found[channel] = [
            counts(calculator, flux_of(to_snewpy(one), one.time), detector, channel, False) for one in signals
        ]
        np.testing.assert_allclose(found[channel], [float(number) for number in expected], rtol=2e-2)
    assert len(found) == 4


def inverse_beta_decays(path, kind, monkeypatch, capsys):
    """What sntools expects in Super-Kamiokande in the first two seconds, drawing no events."""
    from sntools.channel import gen_evts
    from sntools.detectors import Detector
    from sntools.formats import CompositeFlux, SNEWPYCompositeFlux
    from sntools.interaction_channels import ibd
    from sntools.transformation import Transformation

    table = SNEWPYCompositeFlux if kind.endswith("2015") else CompositeFlux
    flux = table.from_file(str(path), kind, starttime=0, endtime=2000)
    at_earth = flux.transformed_by(Transformation("AdiabaticMSW_NMO"), 10.0)
    detector = Detector("SuperK")
    targets = detector.n_molecules * detector.material["channel_weights"]["ibd"]
    monkeypatch.setattr(np.random, "poisson", lambda expected: np.zeros(len(expected), dtype=int))
    for component in at_earth.components["eb"]:
        gen_evts(ibd.Channel("eb"), component, targets, 1, False)
    return [float(number) for number in re.findall(r"expected: ([0-9.]+)", capsys.readouterr().out)]


@pytest.mark.parametrize(("name", "kind"), [("sntools-gamma", "gamma"), ("oconnor", "OConnor_2015")])
def test_sntools_agrees(name, kind, signal, snewpy, reference, tmp_path, monkeypatch, capsys):
    sntools = pytest.importorskip("sntools", reason=WHY, exc_type=ImportError)
    if name == "oconnor" and sntools.__version__ < "1.4":
        pytest.skip(
            "sntools 1.3 looks for a module that SNEWPY 1.6 has renamed; pip install --no-deps sntools==1.4"
        )
    write(signal, tmp_path / "signal.txt", name)
    found = inverse_beta_decays(tmp_path / "signal.txt", kind, monkeypatch, capsys)
    # measured with version 1.4, first mixed nux and then anue; header of snewpy_interop.csv
    assert sorted(found) == pytest.approx([1471.02, 2804.92], rel=1e-4)


def test_the_two_tools_agree(signal, models, calculator, tmp_path, monkeypatch, capsys):
    pytest.importorskip("sntools", reason=WHY, exc_type=ImportError)
    write(signal, tmp_path / "signal.csv", "sntools-gamma")
    found = sum(inverse_beta_decays(tmp_path / "signal.csv", "gamma", monkeypatch, capsys))
    flux = flux_of(models["snewpy"], signal.time[:41], "NMO")
    per_100_kt = counts(calculator, flux, "wc100kt30prct", "ibd", False)
    assert found == pytest.approx(0.3225 * per_100_kt, rel=1e-4)
