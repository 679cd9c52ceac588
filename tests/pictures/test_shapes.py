"""Masks as data: what is drawn, at any size, and its text."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from pentimento.errors import RequestError
from pentimento.geometry import Box, Size
from pentimento.pictures.mask_text import USAGES, is_mask_text, read_drawing, write_drawing
from pentimento.pictures.masks import blur
from pentimento.pictures.shapes import (
    OPERATIONS,
    SHAPES,
    SOURCES,
    Area,
    Drawing,
    Length,
    Step,
    _to_lines,
    difference,
    render,
)


def drawn(text: str, width: int = 100, height: int = 80, image: Image.Image | None = None) -> np.ndarray:
    return np.asarray(render(read_drawing(text), image or Image.new("RGB", (width, height))), int)


lengths = st.builds(Length, st.floats(-200, 200) | st.integers(-50, 300).map(float), st.booleans())
positive = st.builds(Length, st.floats(0.001, 60), st.booleans())


@st.composite
def steps(draw: st.DrawFn) -> Step:
    word = draw(st.sampled_from(sorted(USAGES)))
    usage = USAGES[word]
    count = usage.least + (2 * draw(st.integers(0, 3)) if usage.most is None else 0)
    values = draw(st.lists(lengths, min_size=count, max_size=count))
    if word in ("stroke", "grow", "shrink", "feather"):
        values[0] = draw(positive)
    shape = word in SHAPES
    return Step(
        word,
        tuple(values),
        draw(st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)) if usage.color else None,
        draw(st.sampled_from(["add", "intersect", "subtract"])) if word not in OPERATIONS else "add",
        draw(st.floats(0, 1)) if shape else 1.0,
    )


drawings = st.lists(steps(), min_size=1, max_size=6).map(lambda found: Drawing(tuple(found)))


@settings(max_examples=400, deadline=None)
@given(drawings)
def test_text_and_data_are_the_same(drawing: Drawing) -> None:
    text = write_drawing(drawing)
    assert is_mask_text(text) and read_drawing(text) == drawing


@settings(max_examples=150, deadline=None)
@given(drawings, st.integers(1, 40), st.integers(1, 40))
def test_every_drawing_is_a_mask_of_the_pictures_size(drawing: Drawing, width: int, height: int) -> None:
    image = Image.new("RGBA", (width, height), (10, 200, 30, 90))
    mask = render(drawing, image, image.rotate(180))
    assert mask.size == (width, height) and mask.mode == "L"


def whole(step: Step, size: Size) -> np.ndarray:
    """Draw a shape over the whole picture, every line of it measured from every pixel."""
    everywhere = Area(size, Box.whole(size))
    if step.word == "stroke":
        points = [
            (y.pixels(size.height), x.pixels(size.width)) for x, y in zip(*[iter(step.lengths[1:])] * 2, strict=True)
        ]
        width = step.lengths[0].pixels(min(size))
        distance = _to_lines(points, everywhere, closed=False) - np.float32(width / 2)
    else:
        distance = SHAPES[step.word].distance(step.lengths, everywhere)
    soft = max(1.0, (1 - step.hardness) * max(0.0, float(-distance.min())))
    return np.broadcast_to(np.clip((0.5 - distance) / np.float32(soft), 0, 1), (size.height, size.width))


@settings(max_examples=600, deadline=None)
@given(steps().filter(lambda step: step.word in SHAPES), st.integers(1, 70), st.integers(1, 70))
def test_a_shape_is_the_same_drawn_in_its_box_and_over_the_whole_picture(step: Step, width: int, height: int) -> None:
    shape = np.rint(whole(step, Size(width, height)).astype(np.float32) * np.float32(255))
    alone = Drawing((dataclasses.replace(step, combine="add"),))
    assert np.array_equal(np.asarray(render(alone, Image.new("RGB", (width, height)))), shape)
    ground = Step("rect", tuple(Length(value, True) for value in (20, 20, 60, 60)))
    before = np.rint(whole(ground, Size(width, height)) * 255)
    combined = np.asarray(render(Drawing((ground, step)), Image.new("RGB", (width, height))))
    meant = {
        "add": np.maximum(before, shape),
        "intersect": np.minimum(before, shape),
        "subtract": np.minimum(before, 255 - shape),
    }
    assert np.abs(combined - meant[step.combine]).max() <= 1  # rounded once here, twice there


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_holes_are_what_does_not_reach_the_border(width: int, height: int, share: float, seed: int) -> None:
    core = np.random.default_rng(seed).random((height, width)) < share
    filled = OPERATIONS["fill-holes"](core.astype(np.float32), ())
    assert np.array_equal(filled > 0, ndimage.binary_fill_holes(core))


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.floats(0, 12), st.integers(0, 2**32 - 1))
def test_a_feather_is_the_blur_of_the_whole_mask(width: int, height: int, sigma: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.uint8)
    mask[rng.integers(height) :, rng.integers(width) :] = rng.integers(0, 256)
    meant = np.asarray(blur(Image.fromarray(mask), sigma, sigma))
    found = OPERATIONS["feather"](mask.astype(np.float32) / np.float32(255), (Length(sigma),))
    assert np.array_equal(np.rint(found * 255), meant)


def test_every_word_has_a_usage() -> None:
    assert set(USAGES) == {*SHAPES, *SOURCES, *OPERATIONS}


def test_a_rectangle_in_whole_pixels_is_exact() -> None:
    wanted = np.zeros((80, 100), int)
    wanted[20:50, 10:40] = 255
    assert np.array_equal(drawn("rect 10 20 30 30"), wanted)
    assert np.array_equal(drawn("rect 10% 25% 30% 37.5%"), wanted)
    assert np.array_equal(drawn("polygon 10 20 40 20 40 50 10 50"), wanted)
    assert drawn("rect 0 0 10.5 80")[0, 9:12].tolist() == [255, 128, 0]


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("ellipse 10 10 80 60", np.pi * 40 * 30),
        ("polygon 10 10 90 10 50 70", 80 * 60 / 2),
        ("stroke 20 30 40 70 40", 40 * 20 + np.pi * 100),
        ("stroke 30 50 40", np.pi * 225),
        ("all; subtract rect 0 0 50% 50%", 8000 * 3 / 4),
        ("rect 0 0 60 60; intersect rect 40 40 60 40", 20 * 20),
    ],
)
def test_areas_are_those_of_geometry(text: str, area: float) -> None:
    assert drawn(text).sum() / 255 == pytest.approx(area, rel=0.01)


@pytest.mark.parametrize(
    "text", ["ellipse 20% 10% 50% 60%", "polygon 10% 10% 90% 30% 40% 90%", "stroke 15% 20% 20% 80% 70%"]
)
def test_percent_draws_the_same_at_any_size(text: str) -> None:
    small = drawn(text, 120, 90)
    large = Image.fromarray(drawn(text, 480, 360).astype(np.uint8)).resize((120, 90), Image.Resampling.BOX)
    assert np.abs(small - np.asarray(large, int)).mean() < 1.5


def test_hardness_fades_towards_the_middle_and_nowhere_outside() -> None:
    hard, soft = drawn("ellipse 10 10 60 60"), drawn("ellipse 10 10 60 60 hardness 0")
    assert (soft <= hard).all() and soft[40, 40] > 240
    line = soft[40, 10:40]
    assert (np.diff(line) >= 0).all() and abs(int(line[15]) - 128) < 12


SHAPE = "rect 20 15 40 30; add ellipse 50 30 30 40"


@pytest.mark.parametrize("amount", [1, 2.5, 9])
def test_growing_and_shrinking_are_ordered_and_undo_each_other(amount: float) -> None:
    shape = drawn(SHAPE)
    grown, shrunk = drawn(f"{SHAPE}; grow {amount}"), drawn(f"{SHAPE}; shrink {amount}")
    assert (shrunk <= shape).all() and (shape <= grown).all() and grown.sum() > shape.sum() > shrunk.sum()
    assert (drawn(f"{SHAPE}; grow {amount}; shrink {amount}") >= drawn(f"{SHAPE}; shrink 1")).all()
    inverted = drawn(f"{SHAPE}; invert; grow {amount}; invert")
    assert np.array_equal(inverted, shrunk)


def test_a_square_grows_by_just_that_many_pixels() -> None:
    grown = drawn("rect 40 30 10 10; grow 6")
    rows, columns = np.nonzero(grown == 255)
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (34, 55, 24, 45)


def test_operations_do_what_they_say() -> None:
    ring = "ellipse 10 10 60 60; subtract ellipse 25 25 30 30"
    assert np.array_equal(drawn(f"{ring}; fill-holes"), drawn("ellipse 10 10 60 60"))
    assert np.array_equal(drawn(f"{ring}; invert; invert"), drawn(ring))
    hard = drawn(f"{SHAPE}; feather 5; threshold 50%")
    assert set(np.unique(hard)) == {0, 255} and np.array_equal(hard == 255, drawn(f"{SHAPE}; feather 5") >= 128)
    feathered = drawn(f"{SHAPE}; feather 4")
    assert ((feathered > 0) & (feathered < 255)).sum() > 500
    assert np.array_equal(drawn("rect 0 0 9 9; add rect 30 30 9 9"), drawn("rect 30 30 9 9; rect 0 0 9 9"))


def test_masks_from_alpha_colour_and_difference() -> None:
    image = Image.new("RGBA", (40, 30), (10, 20, 30, 255))
    image.paste((10, 20, 30, 0), (0, 0, 10, 30))
    image.paste((200, 20, 30, 255), (20, 0, 30, 30))
    transparent, red = drawn("transparent", image=image), drawn("color #c8141e 4", image=image)
    assert transparent[:, :10].min() == 255 and transparent[:, 10:].max() == 0
    assert red[:, 20:30].min() == 255 and red[:, :20].max() == 0
    other = image.copy()
    other.paste((12, 20, 30, 255), (30, 0, 40, 30))
    assert np.asarray(difference(image, other))[:, 30:].min() == 255
    assert np.asarray(difference(image, other, tolerance=2)).max() == 0
    for text, meant in (("difference 1", difference(image, other, 1)), ("difference 50%", Image.new("L", image.size))):
        assert render(read_drawing(text), image, other).tobytes() == meant.tobytes()
    with pytest.raises(RequestError, match="pentimento mask"):
        render(read_drawing("difference 1"), image)
    with pytest.raises(RequestError, match="60x40 where the picture is"):
        render(read_drawing("difference 1"), image, Image.new("RGB", (60, 40)))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mask:", "draws nothing"),
        ("rect 1 2 3", "'rect' at position 1 has 3 numbers; write 'rect X Y WIDTH HEIGHT'"),
        ("rect 1 2 3 4; grwo 5", "'grwo' at position 15 is not known; did you mean 'grow'"),
        ("rect 1 2 3 4x", "'4x' at position 12 is not a length"),
        ("rect 1 2 3 4 hardness 2", "'2' at position 23 is no hardness"),
        ("all; grow 3 hardness 1", "belongs to a shape"),
        ("subtract grow 3", "'subtract' at position 1 wants a shape"),
        ("polygon 1 2 3 4 5", "has 5 numbers"),
        ("stroke 0 1 2", "is no width"),
        ("color red 4", "'red' at position 7 is not a colour"),
        ("all; shrink -2", "is below 0"),
        ("mask: rect 1 2 3 nan", "'nan' at position 18 is not a length"),
    ],
)
def test_refusals_name_word_and_position(text: str, words: str) -> None:
    with pytest.raises(RequestError) as caught:
        read_drawing(text)
    assert caught.value.field == "mask" and words in str(caught.value)


@pytest.mark.parametrize(
    "name", ["rect.png", "masks/rect 1.png", "./rect 1.png", "add.png", "data:image/png;base64,AA", ""]
)
def test_names_of_files_are_no_masks(name: str) -> None:
    assert not is_mask_text(name)
