"""Soft inpainting's paste mask against a cell-by-cell reading of its rules."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pentimento.pictures.soft import changed_share, percentile_mean

DEFAULTS = {"preservation_strength": 0.5, "mask_influence": 0.0, "threshold": 0.5, "contrast": 2.0}


def weight_at(distance: float) -> float:
    def gaussian(r: float) -> float:
        return math.exp(-(r**2) / 1.5**2)

    return max(0.0, (gaussian(distance) - gaussian(3)) / (gaussian(0) - gaussian(3)))


def one_cell(values: np.ndarray, y: int, x: int, low: float, high: float) -> float:
    """Stack the weights of the sorted window and average between two percentiles, one by one."""
    found = []
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            if 0 <= y + dy < values.shape[0] and 0 <= x + dx < values.shape[1]:
                found.append((float(values[y + dy, x + dx]), weight_at(math.hypot(dy, dx))))
    found.sort()
    total = sum(weight for _, weight in found)
    start, stop = total * low, total * high
    if stop - start < 1:
        start, stop = (start + stop) / 2 - 0.5, (start + stop) / 2 + 0.5
        if stop > total:
            start, stop = start - (stop - total), total
        if start < 0:
            start, stop = 0.0, 1.0
    at, summed, covered = 0.0, 0.0, 0.0
    for value, weight in found:
        share = max(0.0, min(at + weight, stop) - max(at, start))
        summed, covered, at = summed + share * value, covered + share, at + weight
    return summed / covered


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    window=st.sampled_from([(0.9, 1.0), (0.25, 0.75), (0.0, 0.05)]),
    seed=st.integers(0, 10**6),
)
def test_all_cells_at_once_are_each_cell_alone(height: int, width: int, window: tuple[float, float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.round(rng.random((height, width)) * 4, rng.integers(0, 3)).astype(np.float32)
    wanted = [[one_cell(values, y, x, *window) for x in range(width)] for y in range(height)]
    assert np.allclose(percentile_mean(values, *window), wanted, rtol=0, atol=1e-12)


def test_nothing_changed_is_all_source_and_much_changed_is_all_new() -> None:
    mask = np.full((20, 20), 0.5, np.float32)
    assert not changed_share(np.zeros((20, 20)), mask, **DEFAULTS).any()
    assert (changed_share(np.full((20, 20), 1e4), mask, **DEFAULTS) == 1).all()


def test_half_is_new_at_the_threshold() -> None:
    mask = np.full((9, 9), 0.7, np.float32)
    shares = [
        float(changed_share(np.full((9, 9), 2.0 * f), mask, **{**DEFAULTS, "threshold": 2.0})[4, 4])
        for f in (0.5, 0.99998, 2)
    ]
    assert shares[1] == pytest.approx(0.5, abs=1e-3) and shares[0] + shares[2] == pytest.approx(1, abs=1e-3)


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    influence=st.floats(0, 1),
    strength=st.floats(0, 8),
    threshold=st.floats(0, 8),
    contrast=st.floats(0, 8),
)
def test_a_share_lies_in_0_to_1_and_grows_with_the_change(
    seed: int, influence: float, strength: float, threshold: float, contrast: float
) -> None:
    rng = np.random.default_rng(seed)
    change, mask = rng.random((8, 11)) * 5, rng.integers(0, 3, (8, 11)) / np.float32(2)
    fields = dict(preservation_strength=strength, mask_influence=influence, threshold=threshold, contrast=contrast)
    low, high = changed_share(change, mask, **fields), changed_share(change * 1.5, mask, **fields)
    assert low.min() >= 0 and high.max() <= 1
    assert (high >= low - 1e-6).all()
