"""Captions in natural English, short and long."""

from __future__ import annotations

import numpy as np

from .places import GROUNDS, HOURS
from .scene import Scene, Thing
from .worlds import SMALL

Rng = np.random.Generator
SIZE_WORDS = {"small": ("small", "little", "tiny"), "": (), "large": ("large", "big", "huge")}
PLACE_WORDS = {
    "left": ("on the left", "to the left", "on the left side"),
    "centre": ("in the middle", "in the centre"),
    "right": ("on the right", "to the right", "on the right side"),
}
FRAMES = ("{}", "{}", "{}", "a picture of {}", "an illustration of {}", "a drawing of {}", "{}, illustration")


def _one(rng: Rng, words: tuple[str, ...]) -> str:
    if rng.random() < 0.4:  # one way of saying it is common, so that little training is enough to learn it
        return words[0]
    return words[int(rng.integers(len(words)))]


def _noun_phrase(rng: Rng, thing: Thing, article: bool) -> str:
    words = [_one(rng, SMALL.kinds[thing.kind].nouns)]
    if rng.random() < 0.93:
        words.insert(0, thing.colour)
    if SIZE_WORDS[thing.size] and rng.random() < 0.7:
        words.insert(0, _one(rng, SIZE_WORDS[thing.size]))
    if article:
        words.insert(0, "an" if words[0][0] in "aeiou" else "a")
    return " ".join(words)


def _subject(rng: Rng, scene: Scene, article: bool) -> str:
    things = sorted(scene.things, key=lambda t: t.x)
    if len(things) == 1:
        phrase = _noun_phrase(rng, things[0], article)
        placed = rng.random() < (0.3 if things[0].place == "centre" else 0.7)
        return f"{phrase} {_one(rng, PLACE_WORDS[things[0].place])}" if placed else phrase
    left, right = (_noun_phrase(rng, thing, article) for thing in things)
    forms = (
        f"{left} and {right}",
        f"{right} and {left}",
        f"{left} next to {right}",
        f"{left} to the left of {right}",
        f"{right} to the right of {left}",
        f"{left} on the left and {right} on the right",
    )
    return _one(rng, forms)


def caption(scene: Scene, rng: Rng) -> str:
    """Return one of the many captions of a scene; some leave out the colour, the place or the hour."""
    article = rng.random() < 0.8
    parts = [_subject(rng, scene, article)]
    if rng.random() < 0.92:
        parts.append(_one(rng, GROUNDS[scene.ground].phrases))
    when = _one(rng, HOURS[scene.hour].phrases)
    hour = rng.random()
    joint = " " if article and rng.random() < 0.6 else ", "
    if hour < 0.72:
        text = joint.join([*parts, when])
    elif hour < 0.9:
        return f"{when}, {joint.join(parts)}"
    else:
        text = joint.join(parts)
    return _one(rng, FRAMES).format(text) if article else text


def plain_caption(scene: Scene) -> str:
    """Return the plainest caption that says everything but sizes.

    Examples
    --------
    >>> from .scene import small_scene
    >>> plain_caption(small_scene(1))
    'a grey star on the left and a green balloon on the right on the sea at sunset'
    """
    things = []
    for thing in sorted(scene.things, key=lambda t: t.x):
        article = "an" if thing.colour[0] in "aeiou" else "a"
        place = "" if thing.place == "centre" else f" on the {thing.place}"
        things.append(f"{article} {thing.colour} {SMALL.kinds[thing.kind].nouns[0]}{place}")
    where, when = GROUNDS[scene.ground].phrases[0], HOURS[scene.hour].phrases[0]
    return f"{' and '.join(things)} {where} {when}"
