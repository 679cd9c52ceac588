"""What is said of the whole world's scenes: captions in natural English, short and long."""

from __future__ import annotations

from .captions import SIZE_WORDS, one
from .dreams import KINDS
from .landscapes import GROUNDS
from .scene import Rng, Scene, Thing
from .skies import HOURS

STYLE_WORDS: dict[str, tuple[str, ...]] = {
    "flat": ("flat illustration", "illustration", "storybook illustration", "cartoon"),
    "watercolour": ("watercolour", "watercolour painting", "watercolor"),
    "ink": ("ink drawing", "pen and ink", "ink sketch with hatching"),
    "pixel art": ("pixel art", "8-bit pixel art", "retro game art"),
    "paper cut": ("paper cut", "layered paper art", "paper cut-out"),
    "neon": ("night neon", "neon sign", "glowing neon art"),
}
RELATIONS: dict[str, tuple[tuple[str, bool], ...]] = {
    "beside": (
        ("{0} and {1}", False),
        ("{0} next to {1}", False),
        ("{0} to the left of {1}", False),
        ("{0} to the right of {1}", True),
        ("{0} beside {1}", False),
        ("{0} on the left and {1} on the right", False),
    ),
    "behind": (("{0} behind {1}", False), ("{0} in front of {1}", True), ("{0} with {1} before it", False)),
    "on": (("{0} on {1}", True), ("{0} on top of {1}", True), ("{0} with {1} on it", False)),
    "above": (("{0} above {1}", False), ("{0} over {1}", False), ("{0} under {1}", True)),
}
"""Ways to say a relation of the first two things; the second comes first where True."""
PLACES: dict[str, tuple[str, ...]] = {
    "left": ("on the left", "to the left"),
    "centre": ("in the middle", "in the centre"),
    "right": ("on the right", "to the right"),
}


def called(rng: Rng, thing: Thing, *, plain: bool = False) -> str:
    """Return a noun phrase with its article."""
    kind = KINDS[thing.kind]
    words = [kind.nouns[0] if plain else one(rng, kind.nouns)]
    if plain or rng.random() < 0.92:
        words.insert(0, thing.colour)
    if SIZE_WORDS[thing.size] and not plain and rng.random() < 0.6:
        words.insert(0, one(rng, SIZE_WORDS[thing.size]))
    article = "an" if words[0][0] in "aeiou" else "a"
    return f"{article} {' '.join(words)}"


def listed(phrases: list[str]) -> str:
    """Return phrases as one list."""
    return phrases[0] if len(phrases) == 1 else f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def told(scene: Scene) -> tuple[list[Thing], list[Thing]]:
    """Return the two things that the relation is between, first and second of its forms, and the others."""
    things = list(scene.things)
    if scene.relation == "beside":
        things.sort(key=lambda thing: thing.x)
    elif scene.relation == "above":
        things.sort(key=lambda thing: not KINDS[thing.kind].sky)
    elif scene.relation == "behind" and len(things) > 2:
        ground = [thing for thing in things if not KINDS[thing.kind].sky]
        return [ground[0], ground[-1]], [thing for thing in things if thing not in (ground[0], ground[-1])]
    return (things[:2], things[2:]) if scene.relation in RELATIONS else ([], sorted(things, key=lambda thing: thing.x))


def subject(rng: Rng, scene: Scene, *, plain: bool = False) -> str:
    """Return what the picture shows, without the place and the hour."""
    pair, rest = told(scene)
    phrases = [called(rng, thing, plain=plain) for thing in rest]
    if pair:
        forms = RELATIONS[scene.relation]
        form, turned = forms[0] if plain else forms[int(rng.integers(len(forms)))]
        first, second = reversed(pair) if turned else pair
        phrases.insert(0, form.format(called(rng, first, plain=plain), called(rng, second, plain=plain)))
    elif len(rest) == 1:
        place = rest[0].place
        if (plain and place != "centre") or (not plain and rng.random() < 0.45):
            phrases[0] = f"{phrases[0]} {PLACES[place][0] if plain else one(rng, PLACES[place])}"
    return listed(phrases)


def whole_caption(scene: Scene, rng: Rng) -> str:
    """Return one of the many captions of a scene; many leave something out."""
    what = subject(rng, scene)
    if rng.random() < 0.08:  # few words
        return what
    parts = [what]
    if rng.random() < 0.92:
        parts.append(one(rng, GROUNDS[scene.ground].phrases))
    when = one(rng, HOURS[scene.hour].phrases)
    dice = rng.random()
    joint = " " if rng.random() < 0.6 else ", "
    text = f"{when}, {joint.join(parts)}" if 0.75 < dice < 0.9 else joint.join([*parts, when] if dice < 0.9 else parts)
    style = one(rng, STYLE_WORDS[scene.style])
    if scene.style == "flat" and rng.random() < 0.6:
        return text
    return one(rng, (f"{text}, {style}", f"{style} of {text}", f"{style}, {text}"))


def whole_plain_caption(scene: Scene) -> str:
    """Return the plainest caption that says everything but sizes."""
    none: Rng = None  # type: ignore[assignment]
    where, when = GROUNDS[scene.ground].phrases[0], HOURS[scene.hour].phrases[0]
    style = "" if scene.style == "flat" else f", {STYLE_WORDS[scene.style][0]}"
    return f"{subject(none, scene, plain=True)} {where} {when}{style}"
