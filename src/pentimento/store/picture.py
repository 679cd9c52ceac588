"""A picture of the history, and what its file says of itself."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from .. import infotext, metadata
from ..errors import ImageError, PentimentoError, RecipeError
from ..recipe import Recipe


class PictureNotFound(PentimentoError):
    """There is no such picture, or it is somebody else's."""


@dataclass(frozen=True)
class Picture:
    """One picture of the store.

    Attributes
    ----------
    job, index : the job that it is from, and its place there; "" where it was found in the folder
    bytes : of the file
    file : below the data folder
    kept : in the history; else it lives as long as its job
    footprint : what changed outside the mask; None without one
    label : what it is among the pictures of its job, such as "steps 10, cfg_scale 5"
    pixels : hash of what it shows, by its recipe, see `recipe.pixels_sha256`; "" where it has none
    """

    id: str
    job: str
    index: int
    owner: str
    created: float
    width: int
    height: int
    format: str
    bytes: int
    seed: int | None
    mode: str
    prompt: str
    negative_prompt: str
    model: str
    file: str
    kept: bool = True
    favourite: bool = False
    tags: tuple[str, ...] = ()
    trashed: bool = False
    footprint: Mapping[str, int] | None = None
    label: str = ""
    pixels: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Give the picture as plain values for JSON; where its file is in the folder is not told."""
        return {
            "id": self.id,
            "job": self.job,
            "index": self.index,
            "created": self.created,
            "width": self.width,
            "height": self.height,
            "format": self.format,
            "bytes": self.bytes,
            "seed": self.seed,
            "mode": self.mode,
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "model": self.model,
            "favourite": self.favourite,
            "tags": list(self.tags),
            "trashed": self.trashed,
            "footprint": None if self.footprint is None else dict(self.footprint),
            "label": self.label,
        }


@dataclass(frozen=True)
class Page:
    """Some pictures of the history, newest first.

    Attributes
    ----------
    next : where the next page begins, for `before`; None where there is none
    """

    pictures: tuple[Picture, ...]
    next: str | None


@dataclass(frozen=True)
class Facts:
    """What a picture file says of itself."""

    width: int
    height: int
    format: str
    bytes: int
    seed: int | None = None
    mode: str = ""
    prompt: str = ""
    negative_prompt: str = ""
    model: str = ""
    pixels: str = ""


def read_facts(data: bytes, *, whole: bool) -> Facts | None:
    """Read a picture file; None where it is none.

    Parameters
    ----------
    whole : decode it too, so that a file that is cut short is none
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            if whole:
                image.load()
            width, height, form = image.width, image.height, str(image.format).lower()
        found = metadata.read(data)
    except (OSError, SyntaxError, ValueError, EOFError, ImageError, Image.DecompressionBombError):
        return None
    return Facts(width, height, form, len(data), **(_from_recipe(found.recipe) or _from_infotext(found.infotext)))


def _from_recipe(text: str | None) -> dict[str, Any]:
    try:
        recipe = Recipe.from_json(text or "")
    except RecipeError:
        return {}
    request = recipe.request
    mode = "txt2img" if request.get("init_image") is None else "inpaint" if request.get("mask") else "img2img"
    return {
        "seed": recipe.seed,
        "mode": mode,
        "prompt": str(request.get("prompt", "")),
        "negative_prompt": str(request.get("negative_prompt", "")),
        "model": recipe.model.name,
        "pixels": recipe.pixels,
    }


def _from_infotext(text: str | None) -> dict[str, Any]:
    read = infotext.parse(text or "")
    seed = read.parameters.get("Seed", "")
    # An infotext does not tell whether there was a mask.
    mode = "img2img" if "Denoising strength" in read.parameters else "txt2img" if read.parameters else ""
    return {
        "mode": mode,
        "seed": int(seed) if seed.isdecimal() else None,
        "prompt": read.prompt,
        "negative_prompt": read.negative_prompt,
        "model": read.parameters.get("Model", ""),
    }
