"""One edit of a chain: its layer, the recipe that made it, and what it has seen of the picture."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import metadata
from ..errors import RecipeError
from ..framing import FRAMERS, Floats
from ..geometry import Box, Size
from ..pictures.compose import box_seen, to_bytes
from ..pictures.layers import Layer, capture, straightened
from ..pictures.read import read_picture
from ..pictures.shapes import SOURCES, Drawing
from ..recipe import Recipe, open_recipe, picture_bytes, pixels_sha256, to_request
from ..request import Request

if TYPE_CHECKING:
    from ..plan import Plan
    from ..result import Result
    from ..studio import Studio

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


@dataclass(frozen=True, eq=False)
class Edit:
    """One picture that was made over another.

    Attributes
    ----------
    image : the picture after it, "RGB" or "RGBA"
    weight : [H, W] share of what was made, 0..1; None where all is new
    tile : what was mixed in, see `Result.tile`
    """

    plan: "Plan"
    image: Image.Image
    weight: Floats | None
    tile: Floats | None
    recipe: Recipe
    infotext: str

    @classmethod
    def of_result(cls, result: "Result", index: int) -> "Edit":
        """Take one picture of a result."""
        return cls(
            plan=result.plan,
            image=result.images[index],
            weight=result.weights[index],
            tile=result.tile(index),
            recipe=result.recipes[index],
            infotext=result.infotexts[index],
        )

    @classmethod
    def of_file(cls, file: str | Path | bytes, studio: "Studio") -> "Edit":
        """Take a result from its file, or from the bytes of it.

        Raises
        ------
        RecipeError
            Where it has no recipe of one run, its inputs are not in the studio's store, or its pixels are not
            those that were made.
        """
        recipe, image = open_recipe(file), read_picture(file, "result")
        name = "the picture" if isinstance(file, bytes) else str(file)
        if recipe.script is not None:
            raise RecipeError(f"{name} was put together by '{recipe.script.name}'; a step is the result of one run")
        if pixels_sha256(image) != recipe.pixels:
            raise RecipeError(f"{name} was changed after it was made, or loses pixels: give the PNG that was written")
        request = to_request(recipe, studio.inputs)
        plan = studio.plan(request.changed(model=request.model or recipe.model.name))
        frame = FRAMERS[plan.profile.overlay].frame(plan.request, plan.inputs, plan.layout)
        return cls(plan, image, frame.weight, None, recipe, metadata.read(file).infotext or "")


def make_step(ground: Ground, edit: Edit, label: str = "") -> Step:
    """Keep what an edit has made over a ground."""
    plan, recipe, alpha = edit.plan, edit.recipe, ground.alpha
    box, sees = plan.layout.box or Box.whole(ground.size), seen_by(plan, ground.size)
    weight = np.ones(ground.canvas.shape[:2], np.float32) if edit.weight is None else edit.weight
    above, tile = np.asarray(edit.image.convert("RGB")), edit.tile
    if alpha is not None and plan.inputs.source is not None:
        background = plan.inputs.source.background
        weight = np.where(alpha > 0, weight, 0)
        if tile is not None:
            tile = straightened(tile, alpha[box.top : box.bottom, box.left : box.right], background)
        if edit.image.mode == "RGB":  # its profile has flattened it
            above = to_bytes(straightened(above / np.float32(255), alpha, background), "round")
    if plan.unchanged:
        weight = np.zeros_like(weight)
    masks = {name: one for name, one in plan.request.pictures.items() if name != "init_image"}
    kept = [picture_bytes(picture, name) for name, picture in masks.items()]
    return Step(
        layer=capture(ground.to_bytes()[..., :3], above, weight, box, tile),
        sees=sees,
        saw=ground.digest(sees),
        recipe=recipe.model_copy(update={"index": 0, "request": {**recipe.request, **_alone(recipe)}}),
        inputs={hashlib.sha256(data).hexdigest(): data for data in kept},
        infotext=edit.infotext,
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
