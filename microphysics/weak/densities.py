"""Form factors from a user's file: tabulated densities and the responses of a shell-model calculation."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike, NDArray

from microphysics._jit import njit
from microphysics.errors import MicrophysicsError, OutOfRangeError, UnknownNameError
from microphysics.nuclei import Nucleus
from microphysics.weak._columns import read_numbers, read_rows, to_number
from microphysics.weak.couplings import WeakCouplings
from microphysics.weak.form_factors import Moments, OneShape
from microphysics.weak.proton_neutron import NEUTRON_RADIUS_SQUARED, NUCLEON_MASS, PROTON_RADIUS_SQUARED

Array = NDArray[np.float64]

RESPONSES = ("M_p", "M_n", "Phi''_p", "Phi''_n")

_MISSING_TAIL = 1e-3  # share of the particles that may lie beyond the last radius of a table


@dataclass(frozen=True)
class TabulatedDensity(OneShape):
    """Form factor of a density on a grid of radii.

    F(q) = 4 pi int r^2 rho sin(qr)/(qr) dr/(4 pi int r^2 rho dr), of a cubic spline through r rho(r) that is integrated in
    closed form, so that no q is too large for the quadrature. The unit of the density does not matter.

    Attributes
    ----------
    radius : ndarray, shape (row,)
        Rising radii, fm. From the origin to the first one r rho goes to zero smoothly.
    density : ndarray, shape (row,)
        Density there, in any unit.
    name : str
        For messages.
    references : tuple of str
        Where the density is from.

    Examples
    --------
    >>> r = np.linspace(0.0, 12.0, 121)
    >>> gaussian = TabulatedDensity(r, np.exp(-(r**2) / 4.0))
    >>> round(float(gaussian(np.array(0.5))), 6), round(float(np.exp(-0.25)), 6)
    (0.778801, 0.778801)
    """

    radius: Array
    density: Array
    name: str = "tabulated_density"
    references: tuple[str, ...] = ()
    _spline: _Spline = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        radius, density = _checked(self.name, "radius", self.radius, "density", self.density)
        spline = _Spline.through(radius, density)
        total = spline.moment(0)
        if not total > 0.0:
            raise OutOfRangeError(
                f"{self.name}: 4 pi int r^2 rho dr = {4.0 * np.pi * total:.4g}, must be positive"
            )
        missing = abs(_tail(radius, density)) / total
        if missing > _MISSING_TAIL:
            raise OutOfRangeError(
                f"{self.name}: the grid ends at {radius[-1]:g} fm before the density does, about {missing:.1g} of it lies "
                f"beyond; at most {_MISSING_TAIL:g} may (let the last value be zero at a sharp edge)"
            )
        object.__setattr__(self, "_spline", spline)

    @classmethod
    def from_file(
        cls, path: Path | str, density: str = "density", radius: str = "radius_fm", name: str = ""
    ) -> TabulatedDensity:
        """Read a text file with named columns.

        Parameters
        ----------
        path : path
            Columns separated by commas, their names in the first line; # begins a comment.
        density, radius : str
            Names of the two columns; radii in fm. A file may hold protons and neutrons in two columns.
        name : str
            For messages; the file's by default.

        Raises
        ------
        MicrophysicsError
            If the file cannot be read or lacks a column.
        OutOfRangeError
            For radii that do not rise, a total that is not positive, and a grid that ends before the density does.
        """
        r, rho = read_numbers(path, (radius, density))
        return cls(r, rho, name or Path(path).name, (str(Path(path).name),))

    def __call__(self, q: ArrayLike) -> Array:
        """Return F(q), q in 1/fm."""
        return self._spline.transform(np.asarray(q, dtype=np.float64)) / self._spline.moment(0)

    def moments(self) -> Moments:
        """<r^2>, <r^4>, <r^6> in fm^2, fm^4, fm^6, of the same spline."""
        total = self._spline.moment(0)
        return tuple(self._spline.moment(k) / total for k in (2, 4, 6))  # type: ignore[return-value]


def density_from_form_factor(q: ArrayLike, form_factor: ArrayLike, radius: ArrayLike) -> Array:
    """Return the density whose form factor is tabulated: rho(r) = 1/(2 pi^2) int q^2 F sin(qr)/(qr) dq.

    Parameters
    ----------
    q : array_like, shape (row,)
        Rising momentum transfers, 1/fm. Where they end F counts as zero, so that details finer than pi/q_max are lost.
    form_factor : array_like, shape (row,)
        F there, F(0) = 1.
    radius : array_like
        Radii, fm, of any shape.

    Returns
    -------
    ndarray
        Shape of `radius`, 1/fm^3, normalised to one particle.
    """
    momentum, values = _checked(
        "form factor", "q", np.asarray(q, dtype=float), "F", np.asarray(form_factor, dtype=float)
    )
    spline = _Spline.through(momentum, values)
    return spline.transform(np.asarray(radius, dtype=np.float64)) / (2.0 * np.pi**2)


@dataclass(frozen=True)
class Response:
    """One nuclear response exp(-u/2) sum_i c_i u^i, u = q^2 b^2/2, in a harmonic-oscillator basis.

    Attributes
    ----------
    length : float
        Oscillator length b, fm.
    coefficients : tuple of float
        c_0, c_1, ...
    """

    length: float
    coefficients: tuple[float, ...]

    def __call__(self, q: ArrayLike) -> Array:
        """Return the response, q in 1/fm."""
        u = 0.5 * (np.asarray(q) * self.length) ** 2
        return np.exp(-0.5 * u) * np.polynomial.polynomial.polyval(u, np.asarray(self.coefficients))


_NO_RESPONSE = Response(1.0, (0.0,))


@dataclass(frozen=True)
class ShellModelResponses:
    """Weak amplitude from shell-model responses (Hoferichter, Menendez & Schwenk 2020, PRD 102, 074018).

    Z g_p, N g_n and the responses F^M_p(0) = Z, F^M_n(0) = N, F^Phi''_p, F^Phi''_n make, without strangeness,

        A = [g_p (1 - q^2 <r_p^2>/6 - q^2/8m^2) - g_n q^2 <r_n^2>/6] F^M_p + [p <-> n] F^M_n
            + q^2/4m^2 {[g_p (1 + 2 k_p) + 2 g_n k_n] F^Phi''_p + [g_n (1 + 2 k_p) + 2 g_p k_n] F^Phi''_n}

    with the mean squared charge radii and anomalous moments k of the nucleons: their size, the Darwin-Foldy and the
    spin-orbit term.

    Attributes
    ----------
    nucleus : Nucleus
        The one that the responses are of.
    proton, neutron : Response
        F^M.
    spin_orbit_proton, spin_orbit_neutron : Response
        F^Phi'', in the sign of Fitzpatrick et al. 2013 (JCAP 02, 004): -1/3 sum <sigma.l> at q = 0, negative for a filled
        shell j = l + 1/2.
    nucleon_size : bool
        False leaves point nucleons without relativistic terms: F^M alone.
    references : tuple of str
        Where the responses are from.
    """

    nucleus: Nucleus
    proton: Response
    neutron: Response
    spin_orbit_proton: Response = _NO_RESPONSE
    spin_orbit_neutron: Response = _NO_RESPONSE
    nucleon_size: bool = True
    references: tuple[str, ...] = ("Hoferichter, Menendez & Schwenk 2020, PRD 102, 074018",)
    anomalous_moment_proton: float = WeakCouplings.anomalous_moment_proton
    anomalous_moment_neutron: float = WeakCouplings.anomalous_moment_neutron

    name = "shell_model"

    def __post_init__(self) -> None:
        expected = {
            "M_p": (self.proton, float(self.nucleus.charge_number), "Z"),
            "M_n": (self.neutron, float(self.nucleus.neutron_number), "N"),
        }
        for name, (response, number, symbol) in expected.items():
            found = float(response(0.0))
            if not (number > 0.0 and abs(found - number) <= 1e-6 * number):
                raise OutOfRangeError(
                    f"{self.nucleus.name}: c0 = {found:g} of response {name}, must be {symbol} = {number:g}"
                )

    @classmethod
    def from_file(cls, path: Path | str, nucleus: Nucleus, nucleon_size: bool = True) -> ShellModelResponses:
        """Read the responses of one nucleus from a text file.

        Parameters
        ----------
        path : path
            Columns nucleus, response, b_fm, c0, c1, ...; one row for each of M_p, M_n and, where known, Phi''_p, Phi''_n.
            Coefficients may be left empty at the end of a row.
        nucleus : Nucleus
            By name, ``Nucleus.named("Ar40")``.
        nucleon_size : bool
            See the class.

        Raises
        ------
        MicrophysicsError
            If the file cannot be read, lacks a column or a response.
        UnknownNameError
            For a response of another name, or a nucleus that the file does not have.
        OutOfRangeError
            If c0 is not Z, N.
        """
        rows = read_rows(path, ("nucleus", "response", "b_fm", "c0"))
        responses: dict[str, Response] = {}
        for row in rows:
            name = row["response"]
            if name not in RESPONSES:
                raise UnknownNameError("response", name, RESPONSES)
            if row["nucleus"] != nucleus.name:
                continue
            if name in responses:
                raise MicrophysicsError(f"{path}: response {name} of {nucleus.name} stands there twice")
            responses[name] = Response(to_number(path, "b_fm", row["b_fm"]), _coefficients(path, row))
        if not responses:
            raise UnknownNameError("nucleus", nucleus.name, {row["nucleus"] for row in rows})
        for name in ("M_p", "M_n"):
            if name not in responses:
                raise MicrophysicsError(f"{path}: response {name} of {nucleus.name} is missing")
        return cls(
            nucleus,
            responses["M_p"],
            responses["M_n"],
            responses.get("Phi''_p", _NO_RESPONSE),
            responses.get("Phi''_n", _NO_RESPONSE),
            nucleon_size,
            (Path(path).name, *cls.references),
        )

    def __call__(self, q: Array) -> Array:
        """Return F(q) of the charge, q in 1/fm."""
        return self.amplitude(q, 1.0, 0.0)

    def amplitude(self, q: Array, proton: Any, neutron: Any) -> Array:
        """Return the weak amplitude for proton = Z g_p, neutron = N g_n."""
        g_p, g_n = proton / self.nucleus.charge_number, neutron / self.nucleus.neutron_number
        if not self.nucleon_size:
            return g_p * self.proton(q) + g_n * self.neutron(q)
        q2 = np.asarray(q) ** 2
        relativistic = q2 / (4.0 * NUCLEON_MASS**2)
        like = 1.0 - q2 * PROTON_RADIUS_SQUARED / 6.0 - 0.5 * relativistic
        unlike = -q2 * NEUTRON_RADIUS_SQUARED / 6.0
        magnetic, other = 1.0 + 2.0 * self.anomalous_moment_proton, 2.0 * self.anomalous_moment_neutron
        return (
            (g_p * like + g_n * unlike) * self.proton(q)
            + (g_n * like + g_p * unlike) * self.neutron(q)
            + relativistic * (g_p * magnetic + g_n * other) * self.spin_orbit_proton(q)
            + relativistic * (g_n * magnetic + g_p * other) * self.spin_orbit_neutron(q)
        )


def _coefficients(path: Path | str, row: dict[str, str]) -> tuple[float, ...]:
    """c0, c1, ... of a row up to the last that is given."""
    values: list[float] = []
    while row.get(f"c{len(values)}"):
        values.append(to_number(path, f"c{len(values)}", row[f"c{len(values)}"]))
    later = [name for name in row if name[1:].isdigit() and name[0] == "c" and row[name]]
    if len(later) > len(values):
        raise MicrophysicsError(f"{path}: c{len(values)} of {row['nucleus']} {row['response']} is left out")
    return tuple(values)


@dataclass(frozen=True)
class _Spline:
    """Cubic spline of g = x y(x) with g(0) = 0, and its exact sine transforms."""

    knots: Array  # (panel + 1,)
    coefficients: Array  # (4, panel): of ((x - x_j)/h_j)^n

    @classmethod
    def through(cls, x: Array, y: Array) -> _Spline:
        """Return the spline through checked points."""
        from scipy.interpolate import CubicSpline

        if x[0] > 0.0:
            x, y = np.concatenate([[0.0], x]), np.concatenate([[0.0], y])
        # x y is odd where y is smooth at the origin: no second derivative there
        spline = CubicSpline(x, x * y, bc_type=((2, 0.0), "not-a-knot"))
        powers = np.diff(x) ** np.arange(4)[:, None]
        return cls(x, spline.c[::-1] * powers)

    def moment(self, order: int) -> float:
        """Int x^(2 + order) y dx; order <= 6."""
        node, weight = leggauss(6)  # exact to degree 11 in each panel
        t = 0.5 * (node + 1.0)
        width = np.diff(self.knots)
        x = self.knots[:-1, None] + width[:, None] * t
        g = np.einsum("np,nt->pt", self.coefficients, t ** np.arange(4)[:, None])
        return float(0.5 * np.sum(width[:, None] * weight * x ** (1 + order) * g))

    def transform(self, k: Array) -> Array:
        """Int x^2 y sin(kx)/(kx) dx, shape of `k`."""
        flat = np.atleast_1d(k).ravel()
        result = np.empty_like(flat)
        small = np.abs(flat) * self.knots[-1] < 1e-2
        k2 = flat[small] ** 2
        # the next term is (kx)^6/5040
        result[small] = self.moment(0) - k2 / 6.0 * (self.moment(2) - k2 / 20.0 * self.moment(4))
        large = flat[~small]
        integral = np.empty_like(large)
        _sine_integral(large, self.knots, np.ascontiguousarray(self.coefficients), integral)
        result[~small] = integral / large
        return result.reshape(np.shape(k))


@njit
def _sine_integral(k: Array, knots: Array, coefficients: Array, out: Array) -> None:
    """Int g sin(kx) dx into `out`, shape (k,), panel by panel in closed form."""
    for i in range(k.size):
        total = 0.0
        for j in range(knots.size - 1):
            width = knots[j + 1] - knots[j]
            theta = k[i] * width
            panel = 0.0j  # int_0^1 g exp(i theta t) dt
            if theta < 1.0:
                term = 1.0 + 0.0j
                for m in range(18):  # 1/18! = 2e-16
                    for n in range(4):
                        panel += coefficients[n, j] / (n + m + 1.0) * term
                    term *= 1j * theta / (m + 1.0)
            else:
                edge = complex(math.cos(theta), math.sin(theta))
                power = (edge - 1.0) / (1j * theta)  # int_0^1 t^n exp(i theta t) dt, upwards in n
                panel = coefficients[0, j] * power
                for n in range(1, 4):
                    power = (edge - n * power) / (1j * theta)
                    panel += coefficients[n, j] * power
            phase = k[i] * knots[j]
            total += width * (math.sin(phase) * panel.real + math.cos(phase) * panel.imag)
        out[i] = total


def _checked(name: str, x_name: str, x: Array, y_name: str, y: Array) -> tuple[Array, Array]:
    """Both columns as arrays that a spline can go through."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or x.size < 4:
        raise OutOfRangeError(f"{name}: {x_name} and {y_name} must be columns of the same length, at least 4")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise OutOfRangeError(f"{name}: {x_name} and {y_name} must be finite")
    falling = np.flatnonzero(np.diff(x) <= 0.0)
    if falling.size:
        i = falling[0] + 1
        raise OutOfRangeError(f"{name}: {x_name} must rise, but row {i + 1} has {x[i]:g} after {x[i - 1]:g}")
    if x[0] < 0.0:
        raise OutOfRangeError(f"{name}: {x_name} = {x[0]:g} in row 1, must not be negative")
    return x, y


def _tail(radius: Array, density: Array) -> float:
    """Int r^2 rho dr beyond the table if the density goes on falling as it does at the end; the radius bounds its length."""
    last, before = density[-1], density[-2]
    length = radius[-1]
    if before != 0.0 and 0.0 < last / before < 1.0:
        length = min(length, (radius[-1] - radius[-2]) / np.log(before / last))
    return float(last * radius[-1] ** 2 * length)
