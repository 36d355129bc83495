from __future__ import annotations

import pytest
from stars_by_hand import make_star, make_thin_star

from snsim.result import Result


@pytest.fixture(scope="session")
def star() -> Result:
    return make_star()


@pytest.fixture(scope="session")
def thin_star() -> Result:
    return make_thin_star()
