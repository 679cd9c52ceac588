"""Pixel fills against A1111's recorded results."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pentimento.pictures.fills import PIXEL_FILLS, fill
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


@pytest.mark.parametrize("name", PIXEL_FILLS)
def test_no_fill_touches_what_is_not_masked(name: str):
    rng = np.random.default_rng(5)
    image = Image.fromarray(rng.integers(0, 256, (37, 61, 3), np.uint8))
    mask = Image.fromarray(np.where(rng.random((37, 61)) < 0.3, 255, 0).astype(np.uint8))
    kept = np.asarray(mask) == 0
    assert np.array_equal(np.asarray(PIXEL_FILLS[name](image, mask))[kept], np.asarray(image)[kept])
