"""Laying a result back: the law of untouched pixels, registration, alpha, A1111's overlay."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pentimento.geometry import Box, Size
from pentimento.pictures import compose, masks
from pentimento.pictures.metrics import footprint
from pentimento.pictures.read import split
from pentimento.pictures.resize import resize

EXAMPLES = int(os.environ.get("PENTIMENTO_EXAMPLES", "600"))
sides = st.integers(1, 300)


def noise(height: int, width: int, channels: int, seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


# Untouched pixels


@st.composite
def painted_masks(draw: st.DrawFn) -> NDArray[np.uint8]:
    mask = np.zeros((draw(sides), draw(sides)), np.uint8)
    for _ in range(draw(st.integers(0, 3))):
        x, y = draw(st.integers(0, mask.shape[1] - 1)), draw(st.integers(0, mask.shape[0] - 1))
        mask[y : y + draw(st.integers(1, 120)), x : x + draw(st.integers(1, 120))] = draw(st.integers(1, 255))
    return masks_maybe_inverted(mask, draw(st.booleans()))


def masks_maybe_inverted(mask: NDArray[np.uint8], inverted: bool) -> NDArray[np.uint8]:
    return np.asarray(masks.invert(Image.fromarray(mask))) if inverted else mask


@given(
    painted=painted_masks(),
    sigma=st.sampled_from([0, 0.3, 1, 4, 7.5, 30]),
    feather=st.sampled_from(list(masks.FEATHERS)),
    mode=st.sampled_from(["RGB", "RGBA"]),
    working=st.one_of(st.none(), st.builds(Size, sides, sides)),
    padding=st.integers(0, 40),
    kind=st.sampled_from(["float", "bytes", "not a number where it is not looked at"]),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=EXAMPLES, deadline=None)
def test_bytes_under_weight_0_are_the_sources(
    painted: NDArray[np.uint8],
    sigma: float,
    feather: str,
    mode: str,
    working: Size | None,
    padding: int,
    kind: str,
    seed: int,
):
    height, width = painted.shape
    picture = Image.fromarray(noise(height, width, len(mode), seed))
    source = split(picture, "#336699", "keep")
    blurred = masks.blur(Image.fromarray(painted), sigma, sigma)
    weight = masks.FEATHERS[feather](np.asarray(blurred), painted)
    around = masks.box_around(blurred, padding)
    box = masks.expand_to_aspect(around, working or Size(64, 64), source.size) if around else Box.whole(source.size)
    if working is None:
        repainted = np.random.default_rng(seed).normal(0.5, 1, (*box.size[::-1], 3)).astype(np.float32)
    else:
        tile = np.random.default_rng(seed).normal(0.5, 1, (*working[::-1], 3)).astype(np.float32)
        repainted = compose.stitch_from_working(tile, box, working)
    if kind == "bytes":
        repainted = compose.to_bytes(repainted, "round")
    elif kind.startswith("not"):
        repainted[weight[box.top : box.bottom, box.left : box.right] == 0] = np.nan

    composed = compose.composite(np.asarray(source.image), repainted, weight, box)
    result = compose.restore_alpha(composed, source, weight)

    kept = weight == 0
    assert result.mode == mode and np.array_equal(np.asarray(result)[kept], np.asarray(picture)[kept])
    if mode == "RGBA":
        assert result.getchannel("A").tobytes() == picture.getchannel("A").tobytes()
    reach = masks.blur_radius(sigma) if feather == "both" else 0
    if painted.any():
        assert footprint(np.asarray(source.image), composed, painted).reach_px <= reach
    if feather == "inward":
        assert np.array_equal(np.asarray(result)[painted == 0], np.asarray(picture)[painted == 0])


def test_composite_is_its_formula():
    source, new = noise(40, 50, 3, 1), np.random.default_rng(2).random((20, 30, 3)).astype(np.float32)
    weight = np.random.default_rng(3).random((40, 50)).astype(np.float32)
    composed = compose.composite(source, new, weight, Box(5, 10, 35, 30))
    share = weight[10:30, 5:35, np.newaxis].astype(np.float64)
    expected = source[10:30, 5:35] * (1 - share) + new * 255.0 * share
    assert np.abs(composed[10:30, 5:35] - expected).max() <= 0.5 + 1e-4
    composed[10:30, 5:35] = source[10:30, 5:35]
    assert np.array_equal(composed, source)


def test_full_weight_gives_the_new_bytes_exactly():
    source, new = noise(30, 30, 3, 1), noise(30, 30, 3, 2)
    box = Box(0, 0, 30, 30)
    assert np.array_equal(compose.composite(source, new, np.ones((30, 30), np.float32), box), new)
    assert np.array_equal(compose.composite(source, new / np.float32(255), np.ones((30, 30), np.float32), box), new)


@pytest.mark.parametrize("how", ["round", "truncate"])
def test_every_byte_survives_the_way_through_0_to_1(how: str):
    every = np.arange(256, dtype=np.uint8)
    # A hair above, since truncation is meant to cut off what rounding errors leave below.
    assert np.array_equal(compose.to_bytes(every / 255 + 1e-9, how), every)  # pyright: ignore


# Alpha


def test_same_pixels_give_back_the_colours_behind_a_soft_edge():
    picture = Image.fromarray(noise(40, 40, 4, 7))
    source = split(picture, "#ffffff", "keep")
    result = compose.restore_alpha(np.asarray(source.image), source, np.ones((40, 40), np.float32))
    before, after = np.asarray(picture).astype(int), np.asarray(result).astype(int)
    # The colours over the background were rounded to 8 bits, which counts 1 / alpha times.
    error = np.abs(before - after)[..., :3].max(axis=2) * before[..., 3] / 255
    assert np.array_equal(before[..., 3], after[..., 3]) and error.max() <= 1.5


def test_an_edge_over_white_gets_no_white_fringe():
    picture = Image.new("RGBA", (1, 1), (200, 0, 0, 128))
    source = split(picture, "#ffffff", "keep")
    painted = Image.alpha_composite(Image.new("RGBA", (1, 1), "white"), Image.new("RGBA", (1, 1), (0, 0, 200, 128)))
    result = compose.restore_alpha(np.asarray(painted.convert("RGB")), source, np.ones((1, 1), np.float32))
    assert np.allclose(result.getpixel((0, 0)), (0, 0, 200, 128), atol=2)


def test_picture_without_alpha_stays_without():
    source = split(Image.new("RGB", (4, 4)), "#ffffff", "keep")
    assert compose.restore_alpha(np.zeros((4, 4, 3), np.uint8), source, np.ones((4, 4), np.float32)).mode == "RGB"


# Crop and stitch


def smooth_picture(size: Size, seed: int) -> Image.Image:
    """Draw waves no shorter than 16 px, which a sharp filter keeps as they are."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[: size.height, : size.width]
    planes = np.zeros((size.height, size.width, 3))
    for _ in range(6):
        angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(16, 60)
        wave = np.cos(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / length + rng.uniform(0, 7))
        planes += wave[..., np.newaxis] * rng.uniform(0, 20, 3)
    return Image.fromarray(np.clip(128 + planes, 0, 255).round().astype(np.uint8))


def displacement(first: NDArray[np.floating], second: NDArray[np.floating]) -> tuple[float, float]:
    """Measure by least squares how far the second picture is shifted, in px: `b - a = -d . grad a`."""
    first, second = first.mean(axis=2).astype(float), second.mean(axis=2).astype(float)
    rows, columns = np.gradient((first + second) / 2)
    gradients = np.stack((columns.ravel(), rows.ravel()), axis=1)
    solved = np.linalg.lstsq(gradients, (first - second).ravel(), rcond=None)[0]
    return float(solved[0]), float(solved[1])


def test_displacement_measures_a_known_shift():
    x = np.arange(200.0)
    pictures = [np.cos((x - shift) / 5)[np.newaxis, :, np.newaxis] * np.ones((50, 1, 1)) for shift in (0, 0.03)]
    assert displacement(*pictures) == pytest.approx((0.03, 0), abs=1e-3)


@given(
    st.builds(Size, st.integers(60, 300), st.integers(60, 300)),
    st.builds(Size, st.integers(64, 400), st.integers(64, 400)),
    st.data(),
)
@settings(max_examples=60, deadline=None)
def test_cut_out_and_stitched_back_a_picture_stays_where_it_was(picture: Size, working: Size, data: st.DataObject):
    left, top = data.draw(st.integers(0, picture.width - 48)), data.draw(st.integers(0, picture.height - 48))
    box = Box(
        left, top, data.draw(st.integers(left + 48, picture.width)), data.draw(st.integers(top + 48, picture.height))
    )
    box = masks.expand_to_aspect(box, working, picture)
    image = smooth_picture(picture, data.draw(st.integers(0, 99)))
    scale = min(working.width / box.size.width, working.height / box.size.height)
    tile = compose.crop_to_working(image, box, working)
    assert tile.size == working
    back = compose.stitch_from_working(np.asarray(tile, np.float32) / 255, box, working) * 255
    original = np.asarray(image.crop(box), np.float32)
    inner = (slice(4, -4), slice(4, -4))
    if scale >= 0.5:
        assert max(map(abs, displacement(original[inner], back[inner]))) <= 0.05


@pytest.mark.parametrize("scale", [0.37, 1 / 3, 0.5, 0.9, 1.1, 2, 3.3, 8])
def test_tile_shows_every_point_where_the_geometry_says(scale: float):
    y, x = np.mgrid[:120, :160].astype(np.float32)
    box = Box(31, 22, 97, 81)
    working = Size(round(66 * scale), round(59 * scale))
    exact = min(working.width / 66, working.height / 59)
    for ramp, length, centre, axis in ((x, working.width, 64, 0), (y, working.height, 51.5, 1)):
        tile = np.asarray(compose.crop_to_working(Image.fromarray(ramp), box, working))
        expected = centre + (np.arange(length) + 0.5 - length / 2) / exact - 0.5
        # What ripples is the filter itself, which does not keep a slope quite straight.
        error = tile.mean(axis=axis) - expected
        assert np.abs(error).max() <= 0.03 and abs(error.mean()) <= 0.002


def test_box_of_the_working_size_is_not_resampled():
    image = Image.fromarray(noise(50, 70, 3, 4))
    box = Box(3, 5, 35, 37)
    tile = compose.crop_to_working(image, box, Size(32, 32))
    assert tile.tobytes() == image.crop(box).tobytes()
    pixels = np.random.default_rng(0).random((32, 32, 3)).astype(np.float32)
    assert np.array_equal(compose.stitch_from_working(pixels, box, Size(32, 32)), pixels)


def test_beyond_the_picture_its_edge_goes_on():
    image = Image.new("RGB", (40, 20), (9, 9, 9))
    image.paste((250, 250, 250), (0, 10, 40, 20))
    tile = np.asarray(compose.crop_to_working(image, Box(0, 0, 40, 20), Size(80, 80)))
    assert (tile[:34] == 9).all() and (tile[46:] == 250).all()


@given(sides, sides, st.sampled_from([1, 8, 64]))
@settings(max_examples=100, deadline=None)
def test_padding_is_cut_off_again(width: int, height: int, multiple: int):
    image = Image.fromarray(noise(height, width, 3, width))
    padded, box = compose.pad_to_multiple(image, multiple)
    assert padded.width % multiple == padded.height % multiple == 0
    assert padded.width - width < multiple and padded.height - height < multiple
    assert padded.crop(box).tobytes() == image.tobytes()
    corner = padded.getpixel((padded.width - 1, padded.height - 1))
    assert corner == image.getpixel((width - 1, height - 1))


# A1111


def test_a1111_overlay_keeps_the_source_under_black_and_the_new_under_white():
    source, new = Image.fromarray(noise(32, 48, 3, 1)), Image.fromarray(noise(32, 48, 3, 2))
    mask = Image.new("L", (48, 32))
    mask.paste(255, (16, 0, 48, 32))
    result = compose.paste(new, compose.overlay(source, mask), None)
    assert result.crop((0, 0, 16, 32)).tobytes() == source.crop((0, 0, 16, 32)).tobytes()
    assert result.crop((16, 0, 48, 32)).tobytes() == new.crop((16, 0, 48, 32)).tobytes()


def test_a1111_overlay_mixes_within_its_8_bits():
    levels = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (3, 1)))
    source, new = Image.new("RGB", (256, 3), (240, 100, 10)), Image.new("RGB", (256, 3), (20, 120, 200))
    over = compose.overlay(source, levels)
    assert over.getchannel("A").tobytes() == masks.invert(levels).tobytes()
    mixed = np.asarray(compose.paste(new, over, None), float)[0]
    share = np.arange(256)[:, np.newaxis] / 255
    assert np.abs(mixed - (np.array([240, 100, 10]) * (1 - share) + np.array([20, 120, 200]) * share)).max() <= 1.5


def test_a1111_tile_goes_to_its_box():
    source, tile = Image.fromarray(noise(60, 80, 3, 1)), Image.fromarray(noise(64, 64, 3, 2))
    box = Box(10, 20, 50, 50)
    result = compose.paste(tile, compose.overlay(source, Image.new("L", (80, 60), 255)), box)
    assert result.crop(box).tobytes() == resize(tile, box.size, "crop_and_resize").tobytes()
    assert result.crop((0, 0, 80, 20)).getextrema() == ((0, 0),) * 3


def test_a1111_sizes_that_differ_are_aligned_at_the_top_left():
    source, new = Image.new("RGB", (40, 40), (10, 20, 30)), Image.new("RGB", (64, 32), (200, 200, 200))
    result = compose.paste(new, compose.overlay(source, Image.new("L", (40, 40))), None)
    assert result.size == (64, 32)
    assert result.getpixel((39, 31)) == (10, 20, 30) and result.getpixel((40, 31)) == (200, 200, 200)
