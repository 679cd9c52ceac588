"""Detections: what is proposed, and how it is filtered, ordered and grown."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pentimento.geometry import Box
from pentimento.models.objects import Found
from pentimento.scripts.detections import (
    Detection,
    from_boxes,
    from_found,
    grown,
    largest,
    merged,
    ordered,
    parts_of,
    sized,
    within,
)

IMAGE = Image.new("RGB", (100, 60))
BOXES = ("60 10 30 30", "5 5 10 10", "10 30 20 20")


def drawn(*boxes: str) -> list[Detection]:
    return from_boxes(boxes or BOXES, IMAGE, "rect")


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), max_size=60), st.integers(1, 255))
def test_the_parts_of_a_mask_are_the_mask_and_do_not_touch(points: list[tuple[int, int]], grey: int) -> None:
    pixels = np.zeros((16, 16), np.uint8)
    for x, y in points:
        pixels[y, x] = grey
    parts = [np.asarray(part.mask) for part in parts_of(Image.fromarray(pixels))]
    assert np.array_equal(np.maximum.reduce([np.zeros_like(pixels), *parts]), pixels)
    for index, part in enumerate(parts):
        around = np.maximum.reduce(
            [np.roll(np.pad(part, 1), (y, x), (0, 1))[1:-1, 1:-1] for x in (-1, 0, 1) for y in (-1, 0, 1)]
        )
        for other in parts[index + 1 :]:
            assert not (around & other).any()


def test_boxes_are_drawn_and_those_beside_the_picture_left_out() -> None:
    found = drawn("10% 50% 20 25%", "200 0 10 10")
    assert [one.box for one in found] == [Box(10, 30, 30, 45)]
    (ellipse,) = from_boxes(["10 10 40 40"], IMAGE, "ellipse")
    assert ellipse.area == pytest.approx(np.pi * 20**2, rel=0.01)


def test_what_a_model_finds_is_drawn_out_to_whole_pixels() -> None:
    found = [Found(10.4, 5.6, 20.1, 30.0, 0.9, "face"), Found(-5, -5, -1, -1, 0.8, "hand")]
    (one,) = from_found(found, IMAGE, "rect")
    assert (one.box, one.score, one.label, one.drawn) == (Box(10, 5, 21, 30), 0.9, "face", "10 5 11 25")
    assert one.area == 11 * 25


@pytest.mark.parametrize(
    ("order", "places"),
    [
        ("left_to_right", [1, 2, 0]),
        ("top_to_bottom", [1, 0, 2]),
        ("center_to_edge", [0, 2, 1]),
        ("largest_first", [0, 2, 1]),
        ("surest_first", [0, 1, 2]),
        ("as_given", [0, 1, 2]),
    ],
)
def test_orders(order: str, places: list[int]) -> None:
    found = drawn()
    assert ordered(found, order) == [found[place] for place in places]


def test_filters() -> None:
    found = drawn()
    assert sized(found, 0.05, 0.1) == [found[2]]
    assert largest(found, 2) == [found[0], found[2]]
    assert largest(found, 0) == found
    mask = Image.new("L", IMAGE.size)
    mask.paste(200, (0, 0, 12, 60))
    assert [one.box for one in within(found, mask)] == [Box(5, 5, 12, 15), Box(10, 30, 12, 50)]


@pytest.mark.parametrize(("by", "box"), [(3, Box(57, 7, 93, 43)), (0, Box(60, 10, 90, 40)), (-4, Box(64, 14, 86, 36))])
def test_masks_grow_and_shrink(by: int, box: Box) -> None:
    assert grown(drawn()[:1], by)[0].box == box
    assert grown(drawn("10 10 6 6"), -4) == []


@pytest.mark.parametrize(("how", "covers"), [("merged", lambda mask: mask), ("all_the_rest", lambda mask: 255 - mask)])
def test_all_as_one(how: str, covers: Callable[..., np.ndarray]) -> None:
    found = drawn()
    (one,) = merged(found, how)
    whole = np.maximum.reduce([np.asarray(each.mask) for each in found])
    assert np.array_equal(np.asarray(one.mask), covers(whole))
    assert merged(found, "none") == found
    assert merged([], how) == []
