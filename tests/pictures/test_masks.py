"""Masks against A1111's and OpenCV's recorded results, and the laws that hold for all of them."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pentimento.errors import RequestError
from pentimento.geometry import Box, Size
from pentimento.pictures import masks
from pentimento.pictures.read import read_picture

GOLDEN = Path(__file__).parents[1] / "golden"
UNIT = GOLDEN / "unit"


def grey(name: str) -> Image.Image:
    return masks.to_grey(read_picture(GOLDEN / "inputs" / f"{name}.png", "mask"), round_alpha=True)


def drawn(size: Size, box: Box, value: int = 255) -> Image.Image:
    mask = Image.new("L", size)
    mask.paste(value, box)
    return mask


# To grey


@pytest.mark.parametrize("path", sorted(UNIT.glob("binmask_*.png")), ids=lambda path: path.stem)
def test_grey_is_as_recorded(path: Path):
    name, how = path.stem.removeprefix("binmask_").rsplit("_", 1)
    mask = masks.to_grey(read_picture(GOLDEN / "inputs" / f"{name}.png", "mask"), round_alpha=how == "round")
    assert mask.tobytes() == Image.open(path).tobytes()


@pytest.mark.parametrize(("round_alpha", "expected"), [(True, [255, 255, 0, 255]), (False, [255, 255, 128, 129])])
def test_alpha_that_is_used_counts_and_colour_does_not(round_alpha: bool, expected: list[int]):
    mask = Image.new("RGBA", (4, 1))
    for x, pixel in enumerate([(255, 255, 255, 255), (0, 0, 0, 255), (255, 255, 255, 128), (0, 0, 0, 129)]):
        mask.putpixel((x, 0), pixel)
    assert list(masks.to_grey(mask, round_alpha).tobytes()) == expected


def test_invert_and_doubled_are_their_formulas():
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[np.newaxis])
    assert list(masks.invert(ramp).tobytes()) == [255 - value for value in range(256)]
    assert list(masks.doubled(ramp).tobytes()) == [min(255, 2 * value) for value in range(256)]


# Blur


def pattern(width: int, height: int, kind: str) -> NDArray[np.uint8]:
    y, x = np.mgrid[:height, :width]
    values = (x * x * 7 + y * 13 + x * y * 3) % 256
    bar = (x >= width // 3) & (x < width // 3 + 9) & (y >= height // 4) & (y < height // 4 + 20)
    return {"grey": values, "dots": np.where(values < 24, 255, 0), "bar": np.where(bar, 255, 0)}[kind].astype(np.uint8)


@pytest.mark.parametrize("path", sorted(UNIT.glob("blur_*.png")), ids=lambda path: path.stem)
def test_blur_is_as_recorded(path: Path):
    name, sigma = path.stem.removeprefix("blur_").rsplit("_b", 1)
    assert masks.blur(grey(name), float(sigma), float(sigma)).tobytes() == Image.open(path).tobytes()


@pytest.mark.parametrize("case", json.loads((UNIT / "opencv.json").read_text())["blur"], ids=str)
def test_blur_is_that_of_opencv_bit_for_bit(case: tuple[int, int, str, float, float, str]):
    width, height, kind, sigma_x, sigma_y, digest = case
    blurred = masks.blur(Image.fromarray(pattern(width, height, kind)), sigma_x, sigma_y)
    assert hashlib.sha256(blurred.tobytes()).hexdigest()[:16] == digest


@pytest.mark.parametrize(
    ("sigma", "box", "peak"),
    [
        (1, (47, 27, 73, 38), 253),
        (4, (41, 20, 79, 45), 121),
        (7, (34, 12, 86, 53), 61),
        (64, (0, 0, 171, 100), 3),
    ],
)
def test_small_mask_fades_by_the_blur(sigma: float, box: tuple[int, int, int, int], peak: int):
    blurred = masks.blur(drawn(Size(200, 100), Box(50, 30, 70, 35)), sigma, sigma)
    assert masks.bounding_box(blurred) == box
    assert blurred.getextrema() == (0, peak)
    if sigma == 4:
        row = [blurred.getpixel((x, 32)) for x in range(40, 60)]
        assert row == [0, 1, 3, 6, 10, 15, 23, 32, 43, 55, 67, 79, 90, 99, 106, 112, 116, 118, 120, 121]


masks_drawn = st.builds(
    lambda width, height, seed, share: np.where(
        np.random.default_rng(seed).random((height, width)) < share,
        np.random.default_rng(seed).integers(0, 256, (height, width)),
        0,
    ).astype(np.uint8),
    st.integers(1, 300),
    st.integers(1, 300),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.0, 0.001, 0.1, 1.0]),
)


@given(masks_drawn, st.floats(0, 70), st.floats(0, 70))
@settings(max_examples=150, deadline=None)
def test_blur_is_the_integer_convolution_and_stays_within_its_radius(
    mask: NDArray[np.uint8], sigma_x: float, sigma_y: float
):
    blurred = np.asarray(masks.blur(Image.fromarray(mask), sigma_x, sigma_y))
    expected = mask
    for sigma, axis in ((sigma_x, 1), (sigma_y, 0)):
        expected = directly_blurred(expected, sigma, axis)
    assert np.array_equal(blurred, expected)
    reach_x, reach_y = masks.blur_radius(sigma_x), masks.blur_radius(sigma_y)
    rows, columns = np.nonzero(mask)
    for y, x in zip(*np.nonzero(blurred), strict=True):
        if (y + x) % 97 == 0:
            assert np.any((abs(rows - y) <= reach_y) & (abs(columns - x) <= reach_x))


def directly_blurred(mask: NDArray[np.uint8], sigma: float, axis: int) -> NDArray[np.uint8]:
    """Blur as the definition says: mirrored border, taps that carry their rounding error, halves up."""
    radius = int(2.5 * sigma + 0.5)
    if sigma <= 0 or radius == 0:
        return mask
    taps = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    taps *= 256 / taps.sum()
    kernel = np.zeros(2 * radius + 1, np.int64)
    for index in range(radius):
        kernel[index] = kernel[-1 - index] = round(taps[: index + 1].sum() - kernel[:index].sum())
    kernel[radius] = 256 - kernel.sum()
    widths = [(0, 0), (0, 0)]
    widths[axis] = (radius, radius)
    padded = np.pad(mask, widths, mode="reflect").astype(np.int64)
    sums = np.apply_along_axis(np.convolve, axis, padded, kernel, "valid")
    return ((sums + 128) >> 8).astype(np.uint8)


def test_blur_of_nothing_and_by_nothing_changes_nothing():
    empty, line = Image.new("L", (30, 20)), drawn(Size(30, 20), Box(3, 4, 9, 5))
    assert masks.blur(empty, 8, 8).tobytes() == empty.tobytes()
    assert masks.blur(line, 0, 0).tobytes() == line.tobytes()


# Box


def test_boxes_are_as_recorded():
    for case in json.loads((UNIT / "crop_region.json").read_text()):
        picture, working = Size(*case["size"]), Size(*case["proc"])
        mask = drawn(picture, Box(*case["rect"]))
        around = masks.box_around(mask, case["pad"])
        assert around is not None
        assert list(around) == case["region"]
        assert masks.expand_to_aspect(around, working, picture) == Box(*case["expanded"])


@pytest.mark.parametrize(
    ("box", "working", "picture", "expected"),
    [
        ((10, 20, 138, 52), (512, 512), (1000, 1000), (10, 0, 138, 128)),
        ((0, 0, 100, 400), (512, 512), (300, 500), (0, 0, 300, 400)),
        ((900, 10, 1000, 60), (512, 768), (1000, 1000), (900, 0, 1000, 150)),
        ((0, 0, 1000, 30), (512, 512), (1000, 200), (0, 0, 1000, 200)),
        ((480, 480, 512, 512), (512, 512), (512, 512), (480, 480, 512, 512)),
    ],
)
def test_expanded_box_is_as_recorded(box: Box, working: Size, picture: Size, expected: Box):
    assert masks.expand_to_aspect(Box(*box), Size(*working), Size(*picture)) == Box(*expected)


sides = st.integers(1, 300)


@given(st.builds(Size, sides, sides), st.builds(Size, sides, sides), st.data())
@settings(max_examples=500, deadline=None)
def test_expanded_box_holds_the_box_and_lies_in_the_picture(picture: Size, working: Size, data: st.DataObject):
    left, top = data.draw(st.integers(0, picture.width - 1)), data.draw(st.integers(0, picture.height - 1))
    right, bottom = data.draw(st.integers(left + 1, picture.width)), data.draw(st.integers(top + 1, picture.height))
    grown = masks.expand_to_aspect(Box(left, top, right, bottom), working, picture)
    assert 0 <= grown.left <= left and right <= grown.right <= picture.width
    assert 0 <= grown.top <= top and bottom <= grown.bottom <= picture.height


def test_empty_mask_has_no_box():
    assert masks.bounding_box(Image.new("L", (9, 9))) is None
    assert masks.box_around(Image.new("L", (9, 9)), 4) is None


# Feather


@given(masks_drawn, st.floats(0, 40))
@settings(max_examples=150, deadline=None)
def test_feathers_lock_what_they_promise(mask: NDArray[np.uint8], sigma: float):
    blurred = np.asarray(masks.blur(Image.fromarray(mask), sigma, sigma))
    both, inward = masks.feather_both(blurred, mask), masks.feather_inward(blurred, mask)
    assert np.array_equal(both == 0, blurred == 0)
    assert not inward[(mask == 0) | (blurred == 0)].any()
    for weight in (both, inward):
        assert weight.dtype == np.float32 and weight.min() >= 0 and weight.max() <= 1


def test_feathers_are_full_inside_and_half_is_the_painted_line():
    full = np.full((1, 1), 255, np.uint8)
    assert masks.feather_both(full, full) == 1 and masks.feather_inward(full, full) == 1
    half = np.full((1, 1), 128, np.uint8)
    assert masks.feather_both(half, full) == 1 and masks.feather_inward(half, full) < 0.01


# To the latents


@given(masks_drawn, st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=150, deadline=None)
def test_max_pool_repaints_a_cell_where_any_of_its_pixels_is_masked(mask: NDArray[np.uint8], width: int, height: int):
    cells = masks.latent_mask(Image.fromarray(mask), Size(width, height), "max_pool")
    rows, columns = np.nonzero(mask)
    hit = np.zeros((height, width), bool)
    hit[rows * height // mask.shape[0], columns * width // mask.shape[1]] = True
    assert cells.shape == (height, width) and set(np.unique(cells)) <= {0, 1}
    assert cells[hit].all()
    if mask.shape[0] % height == 0 and mask.shape[1] % width == 0:
        assert np.array_equal(cells > 0, hit)


def test_rounded_is_the_rounding_of_soft_and_loses_a_thin_line():
    mask = drawn(Size(128, 128), Box(0, 40, 128, 43))
    soft = masks.latent_mask(mask, Size(16, 16), "soft")
    assert np.array_equal(masks.latent_mask(mask, Size(16, 16), "rounded"), np.rint(soft))
    assert soft.max() < 0.5
    assert masks.latent_mask(mask, Size(16, 16), "max_pool")[5].all()


def test_unknown_reduction_is_refused():
    with pytest.raises(RequestError, match="did you mean 'max_pool'"):
        masks.latent_mask(Image.new("L", (8, 8)), Size(1, 1), "maxpool")  # pyright: ignore


@given(st.builds(Size, sides, sides), st.builds(Size, sides, sides), st.data())
@settings(max_examples=300, deadline=None)
def test_mask_at_working_size_covers_every_pixel_and_invents_none(picture: Size, working: Size, data: st.DataObject):
    left, top = data.draw(st.integers(0, picture.width - 1)), data.draw(st.integers(0, picture.height - 1))
    right, bottom = data.draw(st.integers(left + 1, picture.width)), data.draw(st.integers(top + 1, picture.height))
    box = Box(left, top, right, bottom)
    x, y = data.draw(st.integers(left, box.right - 1)), data.draw(st.integers(top, box.bottom - 1))
    tile = np.asarray(masks.mask_to_working(drawn(picture, Box(x, y, x + 1, y + 1), 9), box, working))
    assert tile.shape == (working.height, working.width)
    assert set(np.unique(tile)) <= {0, 9}
    scale = min(working.width / box.size.width, working.height / box.size.height)
    column = (x + 0.5 - (box.left + box.right) / 2) * scale + working.width / 2
    row = (y + 0.5 - (box.top + box.bottom) / 2) * scale + working.height / 2
    assert tile[min(int(row), working.height - 1), min(int(column), working.width - 1)] == 9


@pytest.mark.parametrize("feather", masks.FEATHERS)
def test_a_feather_reaches_where_its_weight_is_above_zero(feather: str):
    blurred, painted = np.meshgrid(np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8))
    weight = masks.FEATHERS[feather](blurred, painted)
    assert np.array_equal(weight > 0, masks.FEATHER_REACHES[feather](blurred, painted))
