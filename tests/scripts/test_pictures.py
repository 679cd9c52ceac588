"""What scripts do to pixels without a network: tiles, canvases, shaped noise, pages."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pentimento import RequestError
from pentimento.geometry import Size
from pentimento.pictures.shaped_noise import shaped_noise
from pentimento.scripts.canvas import margins
from pentimento.scripts.page import Grid, draw_grid
from pentimento.scripts.prompt_matrix import combinations
from pentimento.scripts.tiles import tiling


@given(
    width=st.integers(1, 90),
    height=st.integers(1, 90),
    tile=st.integers(8, 40),
    overlap=st.integers(0, 7),
    seed=st.integers(0, 99),
)
def test_tiles_put_together_are_the_picture(width: int, height: int, tile: int, overlap: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    image = Image.fromarray(pixels)
    laid = tiling(Size(width, height), Size(min(tile, width), min(tile, height)), min(overlap, width - 1, height - 1))
    assert np.array_equal(np.asarray(laid.joined(laid.cut(image))), pixels)


def test_a_tile_fades_in_over_the_overlap() -> None:
    laid = tiling(Size(24, 8), Size(16, 8), 4)
    black, white = Image.new("RGB", (16, 8)), Image.new("RGB", (16, 8), "white")
    row = np.asarray(laid.joined([black, white]))[0, :, 0]
    assert row[:8].max() == 0
    assert list(row[8:13]) == [0, 63, 127, 191, 255]


@given(st.integers(1, 300), st.integers(1, 300), st.integers(8, 200))
def test_a_canvas_is_a_multiple_of_64_where_it_grows(width: int, height: int, pixels: int) -> None:
    both = margins(Size(width, height), pixels, ("left", "right"))
    assert both.size(Size(width, height)).width % 64 == 0
    assert (both.up, both.down) == (0, 0)
    assert abs(both.left - both.right) <= 1
    assert both.left + both.right >= 2 * pixels


def test_shaped_noise_keeps_what_is_known_and_its_palette() -> None:
    image = np.random.default_rng(4).random((48, 64, 3)) * [0.2, 0.4, 0.6] + [0.1, 0.2, 0.3]
    mask = np.zeros((48, 64))
    mask[:, 40:] = 1
    made = shaped_noise(image, mask, 1.0, 0.05, np.random.default_rng(0))
    assert np.array_equal(made[:, :40], image[:, :40])
    for channel in range(3):
        known, new = image[:, :40, channel], made[:, 40:, channel]
        assert known.min() <= new.min() and new.max() <= known.max()
        assert np.allclose(np.quantile(known, [0.25, 0.5, 0.75]), np.quantile(new, [0.25, 0.5, 0.75]), atol=0.01)
    assert np.array_equal(made, shaped_noise(image, mask, 1.0, 0.05, np.random.default_rng(0)))


def test_a_page_holds_every_picture_where_it_belongs() -> None:
    colours = [(index * 40, 0, 200) for index in range(6)]
    images = tuple(Image.new("RGB", (20, 10), colour) for colour in colours)
    page = draw_grid([Grid(("a", "b", "c"), ("d", "e"), images)], 4, legend=False)
    assert page.size == (3 * 20 + 2 * 4, 2 * 10 + 4)
    found = [page.getpixel((10 + index % 3 * 24, 5 + index // 3 * 14)) for index in range(6)]
    assert found == colours
    titled = draw_grid([Grid(("a", "b", "c"), ("d", "e"), images, "t")] * 2, 4, legend=True)
    assert titled.width > page.width
    assert titled.height > 2 * page.height
    counts = {colour: count for count, colour in titled.getcolors(100_000) or ()}
    assert [counts[colour] for colour in colours] == [2 * 200] * 6


def test_a_page_that_nobody_could_open_is_refused() -> None:
    with pytest.raises(RequestError, match="200 megapixels"):
        draw_grid([Grid(("a",) * 100, ("b",) * 100, (Image.new("L", (200, 200)),) * 10_000)], 0, legend=False)


def test_a_matrix_has_every_combination_once() -> None:
    made = combinations("a|b|c|d", at_start=True, delimiter=" ")
    assert len({text for text, _ in made}) == 8
    assert made[0] == ("a", ())
    assert made[-1] == ("b c d a", ("b", "c", "d"))
