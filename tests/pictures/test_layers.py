"""A layer gives back what an edit made, changes nothing else, and many are rounded once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pentimento.errors import ImageError
from pentimento.geometry import Box
from pentimento.pictures.compose import composite
from pentimento.pictures.layers import Layer, capture, lay, to_rgba

SIZE = 40


def soft_weight(rng: np.random.Generator, box: Box) -> np.ndarray:
    """Draw shares of which some are 0 and some 1."""
    weight = np.zeros((SIZE, SIZE), np.float32)
    inside = rng.uniform(-0.3, 1.3, (box.size.height, box.size.width)).clip(0, 1)
    weight[box.top : box.bottom, box.left : box.right] = inside
    return weight


@st.composite
def edits(draw: st.DrawFn) -> tuple[np.random.Generator, Box]:
    left, top = draw(st.integers(0, SIZE - 1)), draw(st.integers(0, SIZE - 1))
    right, bottom = draw(st.integers(left + 1, SIZE)), draw(st.integers(top + 1, SIZE))
    return np.random.default_rng(draw(st.integers(0, 2**32))), Box(left, top, right, bottom)


def pixels(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 256, (SIZE, SIZE, 3), np.uint8)


def laid(below: np.ndarray, *layers: Layer) -> np.ndarray:
    canvas = below.astype(np.float32)
    for layer in layers:
        lay(canvas, layer)
    return canvas


@given(edits(), st.booleans())
def test_over_what_it_was_made_on_a_layer_gives_exactly_what_was_made(
    edit: tuple[np.random.Generator, Box], mixed: bool
) -> None:
    rng, box = edit
    below, weight = pixels(rng), soft_weight(rng, box)
    # Filters overshoot; a paste that is not mixed by the weight may make anything where the weight is not 0.
    tile = rng.uniform(-0.2, 1.2, (box.size.height, box.size.width, 3)).astype(np.float32)
    above = composite(below, tile, weight, box) if mixed else np.where(weight[..., None] > 0, pixels(rng), below)
    layer = capture(below, above, weight, box, tile if mixed else None)
    assert np.array_equal(np.rint(laid(below, layer)), above)
    # Over anything else, too, bytes under no weight stay, and nothing shines through where it is 1.
    other = pixels(rng)
    over = np.rint(laid(other, layer))
    assert np.array_equal(over[weight == 0], other[weight == 0])
    assert np.array_equal(over[weight == 1], above[weight == 1])
    if mixed:
        assert np.abs(over - composite(other, tile, weight, box)).max() <= 1


def test_what_changes_nothing_is_a_layer_without_pixels() -> None:
    below = pixels(np.random.default_rng(1))
    layer = capture(below, below, np.zeros((SIZE, SIZE), np.float32), Box(3, 3, 20, 20))
    layer.check()
    assert layer.box.size.area == 0
    assert np.array_equal(laid(below, layer), below)


def test_fifty_faint_layers_are_rounded_once() -> None:
    # With 8 bits in between, a mix that moves a level by less than a half moves it not at all.
    rng, box = np.random.default_rng(2), Box(0, 0, SIZE, SIZE)
    below, weight = pixels(rng), np.full((SIZE, SIZE), 4 / 255, np.float32)
    tiles = [rng.uniform(0, 1, (SIZE, SIZE, 3)).astype(np.float32) for _ in range(50)]
    exact, rounded, canvas = below.astype(np.float64), below, below.astype(np.float32)
    for tile in tiles:
        share = np.float64(weight[0, 0])
        exact = (1 - share) * exact + share * 255 * np.float64(tile)
        rounded = composite(rounded, tile, weight, box)
        shown = np.rint(canvas).astype(np.uint8)
        lay(canvas, capture(shown, composite(shown, tile, weight, box), weight, box, tile))
    assert np.abs(canvas - exact).max() <= 50 / 64
    assert np.abs(canvas - exact).mean() < 0.05
    assert np.abs(rounded - exact).mean() > 1


@given(edits())
def test_other_programs_get_the_same_within_a_level(edit: tuple[np.random.Generator, Box]) -> None:
    rng, box = edit
    below, weight = pixels(rng), soft_weight(rng, box)
    above = np.where(weight[..., None] > 0, pixels(rng), below)
    layer = capture(below, above, weight, box)
    if not layer.box.size.area:
        return
    picture = Image.fromarray(below).convert("RGBA")
    picture.alpha_composite(to_rgba(layer, below.astype(np.float32)), layer.box[:2])
    assert np.abs(np.asarray(picture.convert("RGB"), int) - above).max() <= 1


@pytest.mark.parametrize("cut", [0, 20, -30])
def test_a_layer_that_is_damaged_is_refused(cut: int) -> None:
    rng, box = np.random.default_rng(3), Box(0, 0, SIZE, SIZE)
    whole = capture(pixels(rng), pixels(rng), soft_weight(rng, box), box)
    with pytest.raises(ImageError, match="layer"):
        _ = Layer(whole.box, whole.png[:cut]).weight
    with pytest.raises(ImageError, match="not I;16"):
        Layer(Box(0, 0, 5, 5), whole.png).check()
