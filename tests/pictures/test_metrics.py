"""Measures against counting by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pentimento.pictures import masks, metrics

small = st.integers(1, 40)


def speckled(height: int, width: int, share: float, seed: int) -> NDArray[np.uint8]:
    return np.where(np.random.default_rng(seed).random((height, width)) < share, 255, 0).astype(np.uint8)


speckles = st.builds(
    speckled,
    small,
    small,
    st.sampled_from([0.0, 0.01, 0.3, 0.9, 0.99, 1.0]),
    st.integers(0, 2**32 - 1),
)


@given(speckles, st.integers(0, 2**32 - 1), st.sampled_from([0.01, 0.2]))
@settings(max_examples=300, deadline=None)
def test_footprint_is_what_counting_gives(painted: NDArray[np.uint8], seed: int, share: float):
    rng = np.random.default_rng(seed)
    before = rng.integers(0, 256, (*painted.shape, 3), np.uint8)
    after = np.where(rng.random(before.shape) < share, rng.integers(0, 256, before.shape), before).astype(np.uint8)
    found = metrics.footprint(before, after, painted)
    differing = (before != after).any(axis=2) & (painted == 0)
    outside = list(zip(*np.nonzero(differing), strict=True))
    assert found.pixels_changed_outside == len(outside)
    assert found.largest_change == max((abs(before[at].astype(int) - after[at]).max() for at in outside), default=0)
    rows, columns = np.nonzero(painted)
    if len(rows):
        reaches = [np.maximum(abs(rows - y), abs(columns - x)).min() for y, x in outside]
        assert found.reach_px == max(reaches, default=0)
    else:
        assert found.reach_px == (max(painted.shape) if outside else 0)


@pytest.mark.parametrize("channel", range(4))
def test_one_flipped_bit_is_found(channel: int):
    first = np.random.default_rng(1).integers(0, 256, (70, 90, 4), np.uint8)
    second = first.copy()
    second[41, 17, channel] ^= 1
    assert metrics.difference_where(first, second) == metrics.Difference(1, 1, (17, 41))
    elsewhere = np.ones((70, 90), bool)
    elsewhere[41, 17] = False
    assert metrics.difference_where(first, second, elsewhere) == metrics.Difference(0, 0, None)


@given(speckles)
@settings(max_examples=300, deadline=None)
def test_thickness_is_the_largest_square(painted: NDArray[np.uint8]):
    side = np.zeros(np.add(painted.shape, 1), int)
    for y, x in np.ndindex(*painted.shape):
        if painted[y, x]:
            side[y + 1, x + 1] = 1 + min(side[y, x], side[y + 1, x], side[y, x + 1])
    mask = Image.fromarray(painted)
    assert metrics.mask_facts(mask, mask).thickness_px == side.max()


@pytest.mark.parametrize("side", [1, 2, 7, 8, 31, 63, 64, 65, 127, 128, 200])
def test_thickness_of_a_square_is_its_side_up_to_the_limit(side: int):
    mask = Image.new("L", (260, 230))
    mask.paste(255, (13, 9, 13 + side, 9 + side))
    assert metrics.mask_facts(mask, mask).thickness_px == min(side, metrics.THICKEST)


def test_thin_line_is_swallowed_by_its_blur():
    line = Image.new("L", (200, 100))
    line.paste(255, (50, 30, 70, 35))
    facts = metrics.mask_facts(line, masks.blur(line, 4, 4))
    assert facts == metrics.MaskFacts(painted_pixels=100, thickness_px=5, peak=121)


def test_a_blob_with_a_thin_arm_is_as_thick_as_the_blob():
    mask = Image.new("L", (300, 200))
    draw = ImageDraw.Draw(mask)
    draw.ellipse((20, 40, 120, 140), fill=255)
    draw.rectangle((110, 89, 299, 91), fill=255)
    facts = metrics.mask_facts(mask, masks.blur(mask, 4, 4))
    assert facts.thickness_px == 64 and facts.peak == 255


def test_empty_mask_has_no_facts():
    empty = Image.new("L", (20, 20))
    assert metrics.mask_facts(empty, empty) == metrics.MaskFacts(0, 0, 0)
