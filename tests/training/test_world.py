"""The drawn world: the same from the same seed, at every size, and captions that tell the truth."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

from world import COLOURS, GROUNDS, HOURS, KINDS, Scene, Thing, caption, draw, plain_caption, sample_scene  # noqa: E402


def of(kind: str, colour: str, ground: str = "grass", hour: str = "day") -> Scene:
    """Return a scene of one thing in the middle."""
    return Scene(ground, hour, (Thing(kind, colour, "", "centre", 0.5, 0.6, 0.5),), seed=3)


def test_a_seed_is_a_picture() -> None:
    assert sample_scene(5) == sample_scene(5)
    assert np.array_equal(draw(sample_scene(5), 64), draw(sample_scene(5), 64))
    assert sample_scene(5) != sample_scene(6)


@pytest.mark.parametrize("seed", range(12))
def test_the_picture_is_the_same_at_every_size(seed: int) -> None:
    scene = sample_scene(seed)
    large = draw(scene, 128).reshape(64, 2, 64, 2, 3).mean((1, 3))
    assert np.abs(large - draw(scene, 64)).mean() < 0.03


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("colour", ["red", "blue", "green"])
def test_a_thing_has_its_colour(kind: str, colour: str) -> None:
    other = "blue" if colour == "red" else "red"
    here, there = draw(of(kind, colour), 64), draw(of(kind, other), 64)
    changed = np.abs(here - there).max(2) > 0.2
    assert changed.mean() > 0.008
    mean = here[changed].mean(0)
    assert np.argmax(mean) == np.argmax(COLOURS[colour])


def test_hours_and_grounds_differ() -> None:
    pictures = [draw(of("ball", "red", g, h), 32) for g in GROUNDS for h in HOURS]
    for i, a in enumerate(pictures):
        for b in pictures[:i]:
            assert np.abs(a - b).mean() > 0.015


def test_captions_are_true() -> None:
    for seed in range(300):
        scene = sample_scene(seed)
        kinds = {kind.nouns[0]: kind.name for kind in KINDS.values() if kind.name != "tree"}  # a pine is a fir tree too
        for k in range(3):
            words = set(re.findall(r"[a-z]+", caption(scene, np.random.default_rng((seed, k)))))
            words -= {"orange"}  # also said of the sky at sunset
            colours = {thing.colour for thing in scene.things}
            assert (words & set(COLOURS)) <= colours | {"blue", "green"}
            assert {kinds[w] for w in words if w in kinds} <= {thing.kind for thing in scene.things}


def test_the_plain_caption_says_all() -> None:
    text = plain_caption(of("apple", "orange", "snow", "night"))
    assert text == "an orange apple in the snow at night"
