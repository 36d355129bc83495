import pytest


def test_small_numbers_are_told_apart():
    assert 1e-45 != pytest.approx(2e-45)
    assert [1e-45] != pytest.approx([2e-45])
    assert 1e-45 == pytest.approx(1e-45 * (1.0 + 1e-8))
