"""One edit of a chain: its layer, the recipe that made it, and what it has seen of the picture."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..framing import Floats
from ..geometry import Box, Size
from ..pictures.compose import box_seen
from ..pictures.layers import Layer, capture, straightened
from ..pictures.read import read_picture
from ..pictures.shapes import SOURCES, Drawing
from ..recipe import Recipe, picture_bytes, to_request
from ..request import Request

if TYPE_CHECKING:
    from ..plan import Plan
    from ..result import Result

_LOOKS_AROUND = 64
"""Px around its box that a paste may look at: grain is learnt, and seams are judged, there."""


@dataclass(frozen=True, eq=False)
class Step:
    """One edit.

    Attributes
    ----------
    layer : what it has changed
    sees : part of the picture that its run depends on, px
    saw : SHA-256 of what was there, see `digest`
    recipe : how it was made; its init_image is what lay below it then
    inputs : its other pictures, masks, by the SHA-256 of their bytes
    infotext : the same for people and other programs
    muted : left out of the picture
    """

    layer: Layer
    sees: Box
    saw: str
    recipe: Recipe
    inputs: Mapping[str, bytes]
    infotext: str
    label: str = ""
    muted: bool = False

    @property
    def name(self) -> str:
        """The label, or else the prompt."""
        return self.label or str(self.recipe.request.get("prompt", "")) or "without a prompt"

    def request(self, below: Image.Image) -> Request:
        """Give what was asked for, with the step's own seed, over another picture.

        Raises
        ------
        RecipeError
            Where this program does not take it.
        """
        return to_request(self.recipe, self.inputs, over=below)


@dataclass(frozen=True, eq=False)
class Ground:
    """A chain's picture on the way up: what lies below a step.

    Attributes
    ----------
    canvas : [H, W, 3], levels of 0..255 in any fraction, under transparent pixels too
    alpha : [H, W], 255 = opaque; None where all of the picture is
    icc : profile of the colours
    """

    canvas: Floats
    alpha: NDArray[np.uint8] | None
    icc: bytes | None

    @classmethod
    def of(cls, source: bytes) -> "Ground":
        """Begin with a picture file.

        Raises
        ------
        ImageError
            Where it cannot be read.
        """
        image = read_picture(source, "source")
        alpha = np.asarray(image.getchannel("A")) if image.mode == "RGBA" else None
        return cls(np.array(image.convert("RGB"), np.float32), alpha, image.info.get("icc_profile"))

    @property
    def size(self) -> Size:
        return Size(self.canvas.shape[1], self.canvas.shape[0])

    def to_bytes(self, box: Box | None = None) -> NDArray[np.uint8]:
        """Give the picture, or a part of it, rounded: [h, w, 3 or 4]."""
        left, top, right, bottom = box or Box.whole(self.size)
        part = (slice(top, bottom), slice(left, right))
        colours = np.rint(self.canvas[part]).astype(np.uint8)
        return colours if self.alpha is None else np.dstack((colours, self.alpha[part]))

    def to_image(self) -> Image.Image:
        """Give the picture as "RGB", or "RGBA" where it has transparency."""
        image = Image.fromarray(self.to_bytes())
        if self.icc:
            image.info["icc_profile"] = self.icc
        return image

    def digest(self, box: Box) -> str:
        """Hash what is seen in a box."""
        return hashlib.sha256(self.to_bytes(box).tobytes()).hexdigest()


def make_step(ground: Ground, result: "Result", index: int, label: str = "") -> Step:
    """Keep what a run has made over a ground."""
    plan, weight = result.plan, result.weights[index]
    box = plan.layout.box or Box.whole(ground.size)
    tile, weight = result.tile(index), np.ones(ground.canvas.shape[:2], np.float32) if weight is None else weight
    if ground.alpha is not None:
        weight = np.where(ground.alpha > 0, weight, 0)
    if ground.alpha is not None and tile is not None and plan.inputs.source is not None:
        alpha = ground.alpha[box.top : box.bottom, box.left : box.right]
        tile = straightened(tile, alpha, plan.inputs.source.background)
    if plan.unchanged:
        weight = np.zeros_like(weight)
    above = np.asarray(result.images[index].convert("RGB"))
    sees, recipe = seen_by(plan, ground.size), result.recipes[index]
    masks = {name: one for name, one in plan.request.pictures.items() if name != "init_image"}
    kept = [picture_bytes(picture, name) for name, picture in masks.items()]
    return Step(
        layer=capture(ground.to_bytes()[..., :3], above, weight, box, tile),
        sees=sees,
        saw=ground.digest(sees),
        recipe=recipe.model_copy(update={"index": 0, "request": {**recipe.request, **_alone(recipe)}}),
        inputs={hashlib.sha256(data).hexdigest(): data for data in kept},
        infotext=result.infotexts[index],
        label=label,
    )


def _alone(recipe: Recipe) -> dict[str, Any]:
    """Give what a run of one picture says outright, so that it is the same when it is run again."""
    seeds = {"seed": recipe.seed, "variation_seed": recipe.variation_seed}
    return {"model": recipe.model.name, **seeds, "batch_size": 1, "batch_count": 1}


def seen_by(plan: "Plan", size: Size) -> Box:
    """Give the part of a picture of this size on which a run depends."""
    request, box = plan.request, plan.layout.box
    looks = isinstance(request.mask, Drawing) and any(step.word in SOURCES for step in request.mask.steps)
    if box is None or looks:
        return Box.whole(size)
    around = _LOOKS_AROUND if request.match_grain or request.blend == "auto" else 1
    seen = box_seen(box, plan.layout.asked, by_times=bool(plan.upscalers))
    left, top = min(seen.left, box.left - around), min(seen.top, box.top - around)
    return Box(left, top, max(seen.right, box.right + around), max(seen.bottom, box.bottom + around)).clamped(size)


def remade(step: Step, made: Step) -> Step:
    """Give what was made anew the place of a step: its label, and whether it is muted."""
    return replace(made, label=step.label, muted=step.muted)
