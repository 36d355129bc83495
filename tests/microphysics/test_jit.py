"""The compiler cache follows the sources (numba issue 1833: it does not by itself)."""

import importlib.util
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from microphysics import _jit

SOURCE = Path(_jit.__file__)


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A small package with kernels beside a copy of the decorator; returns its folder and a fresh load of the copy."""
    monkeypatch.setenv(
        "NUMBA_CACHE_DIR", str(tmp_path / "unused")
    )  # loading must not move this process' own cache
    monkeypatch.setenv("SNSIM_CACHE", str(tmp_path / "cache"))
    package = tmp_path / "microphysics"
    package.mkdir()
    (tmp_path / "snsim" / "transport").mkdir(parents=True)
    shutil.copy(SOURCE, package / "_jit.py")
    (package / "kernel.py").write_text("from microphysics._jit import njit\n")
    (package / "plain.py").write_text("x = 1\n")
    (tmp_path / "snsim" / "transport" / "sweep.py").write_text("from microphysics._jit import njit\n")

    def folder():
        spec = importlib.util.spec_from_file_location("jit_copy", package / "_jit.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.cache_directory()

    return tmp_path, folder


def test_folder_changes_with_any_kernel(copy):
    root, folder = copy
    seen = [folder()]
    assert folder() == seen[0]
    for path in ("microphysics/kernel.py", "snsim/transport/sweep.py", "microphysics/_jit.py"):
        with (root / path).open("a") as handle:
            handle.write("# another comment\n")
        seen.append(folder())
    (root / "microphysics" / "new.py").write_text("from microphysics import _jit\nnjit = _jit.njit\n")
    seen.append(folder())
    (root / "microphysics" / "new.py").rename(root / "microphysics" / "newer.py")
    seen.append(folder())
    (root / "microphysics" / "constants.py").write_text("MASS = 2.0\n")  # frozen into kernels
    seen.append(folder())
    assert len(set(seen)) == len(seen)
    (root / "microphysics" / "plain.py").write_text("x = 2\n")
    assert folder() == seen[-1]


def test_folder_can_be_moved(copy, monkeypatch, tmp_path):
    _, folder = copy
    assert folder().parent == tmp_path / "cache"
    monkeypatch.delenv("SNSIM_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert folder().parent == tmp_path / "xdg" / "snsim"


def test_decorator_with_and_without_parentheses():
    @_jit.njit
    def one(x):
        return x / 0.0

    @_jit.njit()
    def two(x):
        return x + 2.0

    # numpy error model: division by zero is inf, not an exception
    assert one(1.0) == float("inf")
    assert two(1.0) == 3.0


def run(root, extra=None):
    environment = {**os.environ, "SNSIM_CACHE": str(root / "cache"), "PYTHONPATH": str(root), **(extra or {})}
    for name in ("NUMBA_CACHE_DIR", "NUMBA_DISABLE_JIT"):
        environment.pop(name, None)
    command = [sys.executable, "-c", "from microphysics.b import g; print(g(1.0))"]
    result = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, check=True)
    return float(result.stdout)


def small_package(root, constant="2.0"):
    package = root / "microphysics"
    package.mkdir(exist_ok=True)
    (root / "snsim").mkdir(exist_ok=True)
    (package / "__init__.py").write_text("")
    shutil.copy(SOURCE, package / "_jit.py")
    (package / "a.py").write_text(
        textwrap.dedent(
            f"""
            from microphysics._jit import njit

            @njit
            def f(x):
                return {constant} * x
            """
        )
    )
    (package / "b.py").write_text(
        textwrap.dedent(
            """
            from microphysics._jit import njit
            from microphysics.a import f

            @njit
            def g(x):
                return f(x) + 1.0
            """
        )
    )


def test_edit_in_another_file_is_seen(tmp_path):
    # the defect itself: b.g is cached, a.f is edited; without the hash the old number would come back
    small_package(tmp_path)
    assert run(tmp_path) == 3.0
    assert run(tmp_path) == 3.0
    small_package(tmp_path, "5.0")
    assert run(tmp_path) == 6.0


def test_edit_of_a_constant_is_seen(tmp_path):
    # electron_gas.py and others freeze numbers of constants.py into their kernels as globals
    small_package(tmp_path)
    package = tmp_path / "microphysics"
    (package / "constants.py").write_text("MASS = 2.0\n")
    (package / "b.py").write_text(
        textwrap.dedent(
            """
            from microphysics._jit import njit
            from microphysics.constants import MASS

            @njit
            def g(x):
                return MASS * x
            """
        )
    )
    assert run(tmp_path) == 2.0
    (package / "constants.py").write_text("MASS = 7.0\n")
    assert run(tmp_path) == 7.0


def test_cache_is_cold_until_there_are_kernels(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "kernels"))
    assert _jit.cache_is_cold()
    folder = tmp_path / "kernels" / "transport_0a"
    folder.mkdir(parents=True)  # as numba does on import
    assert _jit.cache_is_cold()
    (folder / "grayness.solve-1.py311.nbi").touch()
    assert not _jit.cache_is_cold()
    assert _jit.cache_is_cold("gray")
    (folder / "gray.solve-1.py311.nbi").touch()
    assert not _jit.cache_is_cold("gray")
