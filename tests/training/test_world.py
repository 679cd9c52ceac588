"""The drawn worlds: the same from the same seed, at every size, in any batch, and captions that tell the truth."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

from world import COLOURS, SMALL, WHOLE, WORLDS, Scene, Thing, World, draw, draw_batch  # noqa: E402

worlds = pytest.mark.parametrize("world", WORLDS.values(), ids=list(WORLDS))


def of(kind: str, colour: str, ground: str = "grass", hour: str = "day") -> Scene:
    """Return a scene of one thing in the middle."""
    return Scene(ground, hour, (Thing(kind, colour, "", "centre", 0.5, 0.6, 0.5),), seed=3)


def test_the_tables_are_large() -> None:
    assert len(WHOLE.kinds) >= 40 and len(WHOLE.colours) == 12
    assert len(WHOLE.grounds) >= 8 and len(WHOLE.hours) >= 6 and len(WHOLE.styles) == 6
    assert set(SMALL.kinds) < set(WHOLE.kinds) and set(SMALL.grounds) < set(WHOLE.grounds)
    assert set(SMALL.hours) < set(WHOLE.hours) and set(SMALL.styles) < set(WHOLE.styles)
    assert all(set(SMALL.hours[name].phrases) == set(WHOLE.hours[name].phrases) for name in SMALL.hours)


@worlds
def test_a_seed_is_a_picture_in_any_batch(world: World) -> None:
    scenes = [world.sample(k) for k in range(12)]
    assert scenes == [world.sample(k) for k in range(12)]
    together = draw_batch(scenes, 64, world=world)
    for k, picture in enumerate(together):
        alone = draw_batch([scenes[k]], 64, world=world)[0]
        # windows are as large as the largest thing of a batch: sums of floats differ in their last bit
        assert torch.allclose(picture, alone, atol=1e-3)


@worlds
def test_the_picture_is_the_same_at_every_size(world: World) -> None:
    scenes = [replace(world.sample(k), style="flat") for k in range(16)]
    large = draw_batch(scenes, 128, world=world)
    small = draw_batch(scenes, 64, world=world)
    difference = (torch.nn.functional.avg_pool2d(large, 2) - small).abs().mean((1, 2, 3))
    assert float(difference.max()) < 0.035


@worlds
def test_a_thing_has_its_colour(world: World) -> None:
    for colour in ("red", "blue", "green"):
        other = "blue" if colour == "red" else "red"
        here = draw_batch([of(kind, colour) for kind in world.kinds], 64, world=world)
        there = draw_batch([of(kind, other) for kind in world.kinds], 64, world=world)
        for kind, a, b in zip(world.kinds, here, there, strict=True):
            changed = (a - b).abs().amax(0) > 0.2
            assert float(changed.float().mean()) > 0.006, kind
            assert int(a[:, changed].mean(1).argmax()) == int(np.argmax(COLOURS[colour])), kind


@worlds
def test_hours_grounds_and_styles_differ(world: World) -> None:
    scenes = [of("ball", "red", g, h) for g in world.grounds for h in world.hours]
    scenes += [replace(of("ball", "red"), style=style) for style in world.styles if style != "flat"]
    pictures = draw_batch(scenes, 48, world=world)
    apart = (pictures[:, None] - pictures[None]).abs().mean((2, 3, 4))
    assert float((apart + torch.eye(len(scenes))).min()) > 0.007  # in a room an hour is seen through the window alone


@worlds
def test_captions_are_true(world: World) -> None:
    kinds = {kind.nouns[0]: kind.name for kind in world.kinds.values() if " " not in kind.nouns[0]}
    del kinds["tree"]  # a pine is a fir tree too, a palm a palm tree
    for name in ("lamp", "castle"):  # a lantern is a street lamp, a tower a castle tower
        kinds.pop(name, None)
    for seed in range(300):
        scene = world.sample(seed)
        for k in range(3):
            words = set(re.findall(r"[a-z]+", world.caption(scene, np.random.default_rng((seed, k)))))
            words -= {"orange", "pink"}  # also said of the sky
            colours = {thing.colour for thing in scene.things}
            assert (words & set(COLOURS)) <= colours | {"blue", "green"}
            assert {kinds[w] for w in words if w in kinds} <= {thing.kind for thing in scene.things}


def test_relations_are_as_told() -> None:
    found: set[str] = set()
    for seed in range(400):
        scene = WHOLE.sample(seed)
        found.add(scene.relation)
        assert 1 <= len(scene.things) <= 4
        first, second = scene.things[0], scene.things[-1]
        text = WHOLE.plain_caption(scene)
        if scene.relation == "on":
            assert abs(second.x - first.x) < first.scale / 2 and second.y < first.y
            assert f"{WHOLE.kinds[second.kind].nouns[0]} on a" in text
        if scene.relation == "above":
            sky, low = sorted(scene.things, key=lambda thing: thing.y)
            assert WHOLE.kinds[sky.kind].sky and not WHOLE.kinds[low.kind].sky
        if scene.relation == "beside" and len(scene.things) == 2:
            left, right = sorted(scene.things, key=lambda thing: thing.x)
            assert text.index(WHOLE.kinds[left.kind].nouns[0]) <= text.index(WHOLE.kinds[right.kind].nouns[0])
    assert found == {"", "beside", "behind", "on", "above", "row"}


def test_weather_stays_outside() -> None:
    dry = draw(Scene("room", "day", (), seed=4), 96, world=WHOLE)
    for hour in ("rain", "snowfall"):
        wet = draw(Scene("room", hour, (), seed=4), 96, world=WHOLE)
        floor = wet[-20:] / dry[-20:]
        assert floor.std() < 0.06  # another light, and no drop or flake on the boards


def test_the_small_worlds_plain_caption_says_all() -> None:
    assert SMALL.plain_caption(of("apple", "orange", "snow", "night")) == "an orange apple in the snow at night"
