"""What the commands say does not depend on whether the kernels of this machine are compiled already."""

import pytest

from microphysics import _jit
from snsim.cli import console


@pytest.fixture(autouse=True)
def wide_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what tests look for in one line; `test_what_is_piped_fits` looks at the width itself."""
    monkeypatch.setenv("COLUMNS", "1000")


@pytest.fixture(autouse=True)
def warm_cache(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "kernels" not in request.node.name:
        monkeypatch.setattr(_jit, "cache_is_cold", lambda module="": False)
        monkeypatch.setattr(console, "_listen", lambda words: None)
