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
