"""Resize modes against A1111's recorded results."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pentimento.errors import RequestError
from pentimento.geometry import Box, Size
from pentimento.pictures.read import read_picture
from pentimento.pictures.resize import RESIZE_MODES, fit, resize

GOLDEN = Path(__file__).parents[1] / "golden"
RECORDED = sorted((GOLDEN / "unit").glob("resize_*.png"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_resize_is_as_recorded(path: Path):
    name, mode, size = path.stem.removeprefix("resize_").rsplit("_", 2)
    width, height = map(int, size.split("x"))
    image = read_picture(GOLDEN / "inputs" / f"{name}.png", "init_image")
    resized = resize(image, Size(width, height), list(RESIZE_MODES)[int(mode[1])])
    assert resized.mode == image.mode
    assert resized.convert("RGB").tobytes() == Image.open(path).convert("RGB").tobytes()


@pytest.mark.parametrize(
    ("size", "sums"),
    [
        (Size(64, 64), (1314624, 1335872, 1314624)),
        (Size(64, 72), (1478952, 1508400, 1478952)),
        (Size(200, 64), (4109824, 4109824, 4086336)),
    ],
    ids=str,
)
def test_sums_of_resized_bytes_are_as_recorded(size: Size, sums: tuple[int, ...]):
    y, x = np.mgrid[:50, :100]
    image = Image.fromarray(np.stack((5 * x % 256, 5 * y % 256, (x + y) % 256), axis=2).astype(np.uint8))
    for mode, expected in zip(("just_resize", "crop_and_resize", "resize_and_fill"), sums, strict=True):
        assert sum(resize(image, size, mode).tobytes()) == expected


sides = st.integers(1, 300)


@given(sides, sides, sides, sides, st.sampled_from(["just_resize", "crop_and_resize", "resize_and_fill"]))
@settings(max_examples=300, deadline=None)
def test_every_mode_gives_the_size_and_keeps_a_flat_colour(w: int, h: int, width: int, height: int, mode: str):
    resized = resize(Image.new("RGB", (w, h), (10, 200, 90)), Size(width, height), mode)
    assert resized.size == (width, height)
    assert resized.getpixel((width // 2, height // 2)) == (10, 200, 90)


def test_latent_upscale_leaves_the_image():
    image = Image.new("RGB", (30, 20))
    assert resize(image, Size(64, 64), "latent_upscale") is image


def test_unknown_mode_is_refused():
    with pytest.raises(RequestError, match="just_resize"):
        resize(Image.new("RGB", (8, 8)), Size(4, 4), "stretch")


@given(st.integers(0, 99), st.integers(0, 99), sides, sides, sides, sides)
def test_fitted_tile_covers_the_box_and_touches_two_of_its_sides(
    left: int, top: int, w: int, h: int, width: int, height: int
):
    box = Box(left, top, left + w, top + h)
    fitted = fit(box, Size(width, height))
    across, down = width / fitted.scale, height / fitted.scale
    assert fitted.left <= left + 1e-9 and fitted.top <= top + 1e-9
    assert fitted.left + across >= box.right - 1e-9 and fitted.top + down >= box.bottom - 1e-9
    assert min(across - w, down - h) == pytest.approx(0, abs=1e-9)
