"""Light and heavy mediators: contact limit, mixing with photon and Z, integrals that resolve them."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from microphysics.constants import CODATA
from microphysics.errors import OutOfRangeError
from microphysics.nuclei import Nucleus
from microphysics.weak.cevns import CEvNS
from microphysics.weak.couplings import FLAVORS, WeakCouplings
from microphysics.weak.form_factors import Point
from microphysics.weak.new_physics import (
    NSI,
    Charges,
    MagneticMoment,
    Millicharge,
    MuTauMediator,
    Scalar,
    ZPrime,
    ZPrimeMixing,
)

COUPLINGS = WeakCouplings()
G_F = CODATA.fermi_constant
HBAR_C = CODATA.hbar_c * 1e13  # MeV fm
GERMANIUM = Nucleus.named("Ge74")
Z, N, MASS = 32.0, 42.0, float(GERMANIUM.mass)
Q = np.array([0.05, 0.3, 0.8])  # 1/fm


def scattering(*terms, form_factor=None, **couplings):
    return CEvNS(GERMANIUM, form_factor, WeakCouplings(**couplings), terms)


SM = scattering()


def charge(form_factor=None):
    """Z g_p + N g_n of the standard model at tree level."""
    return Z * (0.5 - 2.0 * 0.23863) - 0.5 * N


@pytest.mark.parametrize(
    ("charges", "up", "down", "neutrino"),
    [
        ("universal", 1.0, 1.0, (1.0, 1.0, 1.0)),
        ("b-l", 1.0 / 3.0, 1.0 / 3.0, (-1.0, -1.0, -1.0)),
        (Charges(up=0.5, down=-1.0, e=0.0, mu=2.0, tau=-1.0), 0.5, -1.0, (0.0, 2.0, -1.0)),
    ],
)
def test_heavy_vector_boson_is_a_contact_interaction(charges, up, down, neutrino):
    # eps = g'^2 x_nu x_q/(sqrt2 G_F m^2)
    mass, coupling = 1e5, 0.05
    unit = coupling**2 / (math.sqrt(2.0) * G_F * mass**2)
    contact = NSI(
        up={k: unit * x * up for k, x in zip(("ee", "mumu", "tautau"), neutrino, strict=True)},
        down={k: unit * x * down for k, x in zip(("ee", "mumu", "tautau"), neutrino, strict=True)},
    )
    boson = scattering(ZPrime(coupling, mass, charges))
    for flavor in FLAVORS:
        # they differ by Q^2/m^2 < 1e-5 of the shift
        ours, theirs = boson.amplitude(Q, flavor), scattering(contact).amplitude(Q, flavor)
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
        np.testing.assert_allclose(
            boson.total(20.0, flavor), scattering(contact).total(20.0, flavor), rtol=1e-6
        )


def test_light_vector_boson_by_hand():
    # m = 10 MeV, Q = 0.3/fm = 59.198 MeV, g' = 1e-4: 1e-8 x 3/(sqrt2 x 1.1663788e-11 x (100 + 3504.4)) = 0.50458
    recoil = (0.3 * HBAR_C) ** 2 / (2.0 * MASS)
    assert 2.0 * MASS * recoil == pytest.approx(3504.4, rel=1e-5, abs=0.0)
    shift = ZPrime(1e-4, 10.0).shifts(2.0 * MASS * recoil, "nue", COUPLINGS)
    assert shift == pytest.approx((0.50458, 0.50458), rel=2e-5, abs=0.0)
    # baryons against leptons: nucleons +1, neutrinos -1, the sign turns and a factor of three is gone
    other = ZPrime(1e-4, 10.0, "b-l").shifts(2.0 * MASS * recoil, "numu", COUPLINGS)
    assert other == pytest.approx((-0.50458 / 3.0,) * 2, rel=2e-5, abs=0.0)
    # and the amplitude takes Q^2 = 2MT at the q asked for
    xs = scattering(ZPrime(1e-4, 10.0))
    expected = charge() + 74.0 * 0.50458
    assert float(xs.amplitude(0.3) / SM.form_factor(np.array(0.3))) == pytest.approx(
        expected, rel=1e-4, abs=0.0
    )


def test_loop_of_muon_and_tau():
    boson = MuTauMediator(1e-3, 20.0)
    muon, tau = CODATA.muon_mass, boson.tau_mass
    assert boson.loop(0.0, muon) == pytest.approx(math.log(tau**2 / muon**2) / 6.0, rel=1e-14, abs=0.0)
    for q in (10.0, 100.0, 300.0):
        value, _ = quad(
            lambda x, q=q: (
                x * (1 - x) * math.log((tau**2 + x * (1 - x) * q * q) / (muon**2 + x * (1 - x) * q * q))
            ),
            0.0,
            1.0,
            epsrel=1e-12,
            epsabs=0.0,
        )
        assert boson.loop(q * q, muon) == pytest.approx(value, rel=1e-9, abs=0.0)


def test_mu_tau_boson():
    boson = MuTauMediator(1e-3, 20.0)
    assert boson.photon_like
    for q2 in (1.0, 2500.0):
        electron, muon, tau = (boson.shifts(q2, flavor, COUPLINGS) for flavor in ("nue", "numu", "nutau"))
        assert electron == (0.0, 0.0)
        assert muon[0] > 0.0
        assert muon[0] == -tau[0]
        assert muon[1] == 0.0
        assert boson.shifts(q2, "anumu", COUPLINGS) == muon
        turned = MuTauMediator(1e-3, 20.0, loop_sign=-1)
        assert turned.shifts(q2, "numu", COUPLINGS)[0] == -muon[0]
    # the usual kinetic mixing chi = g'/70 for Q -> 0: a proton of charge e chi = e g'/70 under the new U(1)
    as_charge = math.sqrt(4.0 * math.pi * CODATA.fine_structure) / 70.0
    equivalent = 1e-6 * as_charge / (math.sqrt(2.0) * G_F * (1.0 + 400.0))
    assert boson.shifts(1.0, "numu", COUPLINGS)[0] == pytest.approx(equivalent, rel=2e-2, abs=0.0)
    xs = scattering(boson)
    np.testing.assert_allclose(
        xs.photon_amplitude(Q, "numu"), xs.amplitude(Q, "numu") - SM.amplitude(Q), rtol=1e-12
    )


@pytest.mark.parametrize("flavor", ["nue", "anutau"])
def test_mixing_with_the_z_vanishes_with_the_angle(flavor):
    xs = scattering(ZPrimeMixing(1e-4, 30.0, 0.0, "b-l"))
    plain = scattering(ZPrime(1e-4, 30.0, "b-l"))
    # the Z's own propagator, (Q/M_Z)^2 = 3e-6 at 0.8/fm
    np.testing.assert_allclose(xs.amplitude(Q, flavor), plain.amplitude(Q, flavor), rtol=5e-6)


@given(st.floats(-0.3, 0.3), st.floats(-0.5, 0.5), st.floats(1.0, 3e5), st.floats(0.01, 1e4))
def test_mixing_with_the_z_from_the_mass_matrix(angle, coupling, mass, q2):
    # J_nu (Q^2 + M^2)^-1 J_N/(sqrt2 G_F) in the basis before mixing, M^2 = R diag(M_1^2, M_2^2) R^T
    charges = Charges(0.2, -0.5, 1.0, 0.5, -2.0)
    dg_p, dg_n = ZPrimeMixing(coupling, mass, angle, charges).shifts(q2, "numu", COUPLINGS)
    c, s = math.cos(angle), math.sin(angle)
    rotation = np.array([[c, -s], [s, c]])
    matrix = rotation @ np.diag([91188.0**2, mass**2]) @ rotation.T
    half = math.sqrt(math.sqrt(2.0) * G_F * matrix[0, 0])
    inverse = rotation @ np.diag([1.0 / (q2 + 91188.0**2), 1.0 / (q2 + mass**2)]) @ rotation.T
    neutrino = np.array([half, coupling * 0.5])
    for shift, standard, x in ((dg_p, COUPLINGS.vector_proton, -0.1), (dg_n, -0.5, -0.8)):
        nucleon = np.array([half * standard, coupling * x])
        whole = neutrino @ inverse @ nucleon / (math.sqrt(2.0) * G_F)
        scale = abs(neutrino) @ abs(inverse) @ abs(nucleon) / (math.sqrt(2.0) * G_F)
        assert shift + standard == pytest.approx(whole, rel=1e-9, abs=1e-9 * scale)


def test_scalar_by_hand():
    boson = Scalar.from_quarks(2e-5, 3e-5, 15.0)
    assert (boson.proton, boson.neutron) == pytest.approx((15.1 * 3e-5, 14.0 * 3e-5), rel=1e-14, abs=0.0)
    t, energy = 2e-3, 30.0
    source = Z * 15.1 * 3e-5 + N * 14.0 * 3e-5
    expected = (
        MASS**2 * t * (2e-5 * source) ** 2 / (4.0 * math.pi * energy**2 * (2.0 * MASS * t + 225.0) ** 2)
    )
    q = math.sqrt(2.0 * MASS * t + t * t) / HBAR_C
    expected *= CODATA.hbar_c**2 * float(SM.form_factor(np.array(q))) ** 2
    more = scattering(boson).dsigma_dT(energy, t) - SM.dsigma_dT(energy, t)
    assert float(more) == pytest.approx(expected, rel=1e-9, abs=0.0)
    # in angle: q^2 g_nu^2 Q_s^2/[8 pi (q^2 + m^2)^2]
    cosine = 0.1
    p2 = 2.0 * energy**2 * (1.0 - cosine)
    expected = p2 * (2e-5 * source) ** 2 / (8.0 * math.pi * (p2 + 225.0) ** 2) * CODATA.hbar_c**2
    bare = scattering(boson, form_factor=Point()).dsigma_dcos(energy, cosine)
    bare = bare - scattering(form_factor=Point()).dsigma_dcos(energy, cosine)
    assert float(bare) == pytest.approx(expected, rel=1e-9, abs=0.0)


# ------------------------------------------------------------------------------- integrals

LIGHT = [
    ZPrime(2e-6, 1e-3),
    ZPrime(1e-5, 1.0, "b-l"),
    ZPrime(1e-4, 30.0),
    MuTauMediator(1e-3, 0.05),
    ZPrimeMixing(1e-5, 0.5, 1e-3),
    Scalar(1e-5, 0.01, 1e-5, 1e-5),
]


@pytest.mark.parametrize("term", LIGHT, ids=lambda term: f"{type(term).__name__}-{term.mass}")
@pytest.mark.parametrize("energy", [3.0, 50.0])
def test_integrals_resolve_light_mediators(term, energy):
    xs = scattering(term, MagneticMoment(1e-10))
    free = scattering(term)
    top = float(free.largest_recoil(energy))
    corner = 0.5 * term.mass**2 / MASS
    edges = np.log(
        np.array([1e-6 * min(corner, top), *(c for c in (0.1 * corner, corner, 10 * corner) if c < top), top])
    )

    def integral(function):
        # in ln T, piece by piece; below the lowest edge the integrand is flat
        pieces = [
            quad(
                lambda u: function(math.exp(u)) * math.exp(u),
                a,
                b,
                epsrel=1e-11,
                epsabs=0.0,
                limit=200,
            )[0]
            for a, b in pairwise(edges)
        ]
        return sum(pieces)

    low = math.exp(edges[0])
    total = integral(lambda t: float(free.dsigma_dT(energy, t, "numu")))
    total += float(free.dsigma_dT(energy, 0.5 * low, "numu")) * low
    assert float(free.total(energy, "numu")) == pytest.approx(total, rel=1e-8, abs=0.0)
    weighted = integral(lambda t: float(xs.dsigma_dT(energy, t, "numu")) * MASS * t / (energy * (energy - t)))
    assert float(xs.transport(energy, "numu")) == pytest.approx(weighted, rel=1e-5, abs=0.0)
    first = quad(
        lambda u: (
            (1.0 - math.exp(u)) * float(free.dsigma_dcos(energy, 1.0 - math.exp(u), "numu")) * math.exp(u)
        ),
        math.log(1e-9 * min(2.0, corner * MASS / energy**2)),
        math.log(2.0),
        epsrel=1e-9,
        epsabs=0.0,
        limit=500,
    )[0]
    # 1 - cos in the quadrature by hand has lost its digits where it is small
    assert float(free.legendre(energy, 1, "numu")) == pytest.approx(first, rel=1e-5, abs=0.0)


def test_divergences_are_refused():
    energy = 10.0
    for term in (
        MagneticMoment(1e-10),
        Millicharge({"ee": -1e-12}),
        ZPrime(1e-5, 0.0, "b-l"),
        Scalar(1e-6, 0.0, 1e-6, 1e-6),
    ):
        xs = scattering(term)
        with pytest.raises(
            OutOfRangeError, match=rf"{type(term).__name__} diverges at zero recoil; a threshold"
        ):
            xs.total(energy)
        assert xs.total(energy, recoil_min=1e-6) > SM.total(energy, recoil_min=1e-6)
        with pytest.raises(OutOfRangeError, match="diverges"):
            xs.legendre(energy, 1)
        with pytest.raises(OutOfRangeError, match=r"= 0.*must be positive|must be positive where"):
            xs.dsigma_dT(energy, 0.0)
        with pytest.raises(OutOfRangeError, match="must be positive"):
            xs.dsigma_dcos(energy, 1.0)
    # the weight 1 - cos saves the magnetic and the scalar term, not Coulomb scattering
    for term in (MagneticMoment(1e-10), Scalar(1e-6, 0.0, 1e-6, 1e-6)):
        assert scattering(term).transport(energy) > SM.transport(energy)
    for term in (Millicharge({"ee": -1e-12}), ZPrime(1e-5, 0.0, "b-l")):
        with pytest.raises(OutOfRangeError, match="diverges"):
            scattering(term).transport(energy)
