"""Pixel fills against A1111's recorded results."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pentimento.pictures.fills import A1111_FILLS, PIXEL_FILLS, fill, smooth_fill
from pentimento.pictures.masks import to_grey
from pentimento.pictures.read import read_picture

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize("path", sorted((GOLDEN / "unit").glob("fill_*.png")), ids=lambda path: path.stem)
def test_fill_is_as_recorded(path: Path):
    image, mask = (
        read_picture(GOLDEN / "inputs" / f"{name}.png", "image") for name in path.stem.removeprefix("fill_").split("__")
    )
    assert fill(image, to_grey(mask, round_alpha=True)).tobytes() == Image.open(path).tobytes()


def test_fill_mixes_the_colours_around():
    image = Image.new("RGB", (128, 128), (20, 60, 220))
    image.paste((200, 50, 50), (0, 0, 64, 128))
    mask = Image.new("L", (128, 128))
    mask.paste(255, (32, 32, 96, 96))
    filled = fill(image, mask)
    expected = {(64, 64): (106, 54, 135), (40, 64): (172, 52, 79), (90, 64): (37, 59, 199), (64, 33): (100, 54, 146)}
    assert {at: filled.getpixel(at) for at in expected} == expected
    assert sum(filled.tobytes()) == 4909634


@pytest.mark.parametrize("fills", [PIXEL_FILLS, A1111_FILLS], ids=["float", "a1111"])
@pytest.mark.parametrize("name", PIXEL_FILLS)
def test_no_fill_touches_what_is_not_masked(name: str, fills):
    rng = np.random.default_rng(5)
    image = Image.fromarray(rng.integers(0, 256, (37, 61, 3), np.uint8))
    mask = Image.fromarray(np.where(rng.random((37, 61)) < 0.3, 255, 0).astype(np.uint8))
    kept = np.asarray(mask) == 0
    assert np.array_equal(np.asarray(fills[name](image, mask))[kept], np.asarray(image)[kept])


def test_smooth_fill_runs_between_its_surroundings():
    ramp = np.linspace(40, 200, 96).astype(np.uint8)
    image = Image.fromarray(np.repeat(np.tile(ramp, (80, 1))[..., None], 3, axis=2))
    mask = Image.new("L", image.size)
    mask.paste(255, (30, 20, 66, 60))
    filled = np.asarray(smooth_fill(image, mask), int)
    inside = filled[20:60, 30:66, 0]
    around = np.asarray(image, int)[:, 20:76, 0]
    assert around.min() <= inside.min() and inside.max() <= around.max()
    assert np.abs(np.diff(inside, axis=1)).max() <= 6 and (np.diff(inside.mean(0)) >= -0.5).all()


def test_smooth_fill_of_one_colour_is_that_colour_and_of_nothing_is_grey():
    image = Image.new("RGB", (33, 21), (10, 120, 250))
    mask = Image.new("L", image.size)
    mask.paste(255, (3, 3, 32, 20))
    assert smooth_fill(image, mask).tobytes() == image.tobytes()
    assert smooth_fill(image, Image.new("L", image.size, 255)).getextrema() == ((128, 128),) * 3


OURS = ["content_aware", "edge_growth", "neutral"]


@pytest.mark.parametrize("name", PIXEL_FILLS)
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (9, 40), (70, 50)])
def test_every_fill_takes_any_size_and_any_mask(name: str, size: tuple[int, int]):
    image = Image.fromarray(np.random.default_rng(3).integers(0, 256, (size[1], size[0], 3), np.uint8))
    for mask in (Image.new("L", size), Image.new("L", size, 255), Image.linear_gradient("L").resize(size)):
        filled = PIXEL_FILLS[name](image, mask)
        assert filled.size == size and filled.tobytes() == PIXEL_FILLS[name](image, mask).tobytes()
    if name != "original":
        assert PIXEL_FILLS[name](image, Image.new("L", size, 255)).getextrema() == ((128, 128),) * 3


@pytest.mark.parametrize("name", OURS)
def test_what_is_half_masked_is_half_filled(name: str):
    rng = np.random.default_rng(2)
    image = Image.fromarray(rng.integers(0, 256, (40, 50, 3), np.uint8))
    full, half = (Image.new("L", image.size) for _ in range(2))
    full.paste(255, (10, 10, 30, 30))
    half.paste(128, (10, 10, 30, 30))
    before, filled, mixed = (
        np.asarray(picture, int) for picture in (image, PIXEL_FILLS[name](image, full), PIXEL_FILLS[name](image, half))
    )
    assert np.abs(mixed - np.rint(before + (filled - before) * 128 / 255)).max() <= 1


def striped(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    waves = [128 + 80 * np.sin(2 * np.pi * x / 16), 128 + 60 * np.sin(2 * np.pi * (x + y) / 16), 128 + 0.0 * x]
    return np.stack(waves, -1).astype(np.uint8)


def test_content_aware_goes_on_with_a_pattern():
    truth = striped(128, 160)
    mask = Image.new("L", (160, 128))
    mask.paste(255, (60, 45, 100, 85))
    hidden = truth.copy()
    hidden[45:85, 60:100] = 0
    region = np.s_[45:85, 60:100]
    errors = {
        name: np.abs(np.asarray(PIXEL_FILLS[name](Image.fromarray(hidden), mask), int) - truth)[region].mean()
        for name in ("content_aware", "fill")
    }
    assert errors["content_aware"] < 12 and errors["content_aware"] < errors["fill"] / 3


def test_content_aware_takes_its_pixels_from_the_picture():
    image = Image.fromarray(np.where(striped(400, 500) > 128, 200, 40).astype(np.uint8))
    mask = Image.new("L", image.size)
    mask.paste(255, (200, 150, 300, 250))
    filled = np.asarray(PIXEL_FILLS["content_aware"](image, mask), int)[150:250, 200:300]
    assert filled.min() >= 40 and filled.max() <= 200 and filled.std() > 50


@pytest.mark.parametrize("size", [(96, 80), (900, 700)])
def test_edge_growth_goes_on_with_edges_straight_inwards(size: tuple[int, int]):
    width, height = size
    picture = np.full((height, width, 3), 30, np.uint8)
    picture[:, width // 2 :] = 220
    image, mask = Image.fromarray(picture), Image.new("L", size)
    mask.paste(255, (width // 4, height * 3 // 8, width * 3 // 4, height * 5 // 8))
    filled = np.asarray(PIXEL_FILLS["edge_growth"](image, mask), int)
    error = np.abs(filled - picture)[height // 2]
    assert error[: width // 2 - width // 24].max() <= 10 and error[width // 2 + width // 24 :].max() <= 10


def test_edge_growth_stays_between_its_surroundings():
    rng = np.random.default_rng(8)
    image = Image.fromarray(rng.integers(60, 190, (70, 90, 3), np.uint8))
    mask = Image.fromarray((rng.random((70, 90)) < 0.5).astype(np.uint8) * 255)
    filled = np.asarray(PIXEL_FILLS["edge_growth"](image, mask))
    assert filled.min() >= 60 and filled.max() < 190
