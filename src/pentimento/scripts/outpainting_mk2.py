"""Outpainting mk2: one side after another, onto noise that is shaped after the picture."""

from collections.abc import Callable

import numpy as np
from PIL import Image
from pydantic import Field

from ..geometry import Box, Size
from ..pictures.masks import blur_radius
from ..pictures.shaped_noise import shaped_noise
from ..plan import Plan
from ..request import Request
from .base import Ask, Asking, Gathered, Options, ScriptPicture, check, check_size, one_by_one, source_of
from .canvas import SIDES, Margins, Side, kept_inside, margins

_BLURS = 4.0
"""Sigma of the mask's blur for each px of softness."""


class Mk2Options(Options):
    pixels: int = Field(128, ge=8, le=4096, description="px to add on each side")
    blur: int = Field(8, ge=0, le=64, description="px, how soft the line between old and new is")
    directions: tuple[Side, ...] = Field(SIDES, description="which sides grow")
    fall_off: float = Field(1.0, ge=0, le=4, description="how much detail the noise has: lower = more")
    color_variation: float = Field(0.05, ge=0, le=1, description="how colourful the noise is")


def outpainting_mk2(request: Request, options: Mk2Options, plan: Callable[[Request], Plan]) -> Asking:
    """Paint left, right, up and down in turn; width and height bound what is worked on at once.

    Notes
    -----
    A1111 v1.10.1 behaviour; all sides have the same seed, and the infotext is the first side's. Pictures
    of a batch grow each by itself.
    """
    source = source_of(request)
    grown = margins(Size(*source.size), options.pixels, options.directions)
    check_size("pixels", options.pixels, grown.size(Size(*source.size)))
    native = plan(request).model.native_size
    bound = Size(request.width or native, request.height or native)
    single = one_by_one(request).changed(masked_content="original", inpaint_area="whole_picture")
    given: list[ScriptPicture] = []
    for number in range(request.batch_size * request.batch_count):
        picture, first = source, None
        for side in SIDES:
            margin = Margins(**{side: getattr(grown, side)})
            if margin == Margins():
                continue
            canvas, ask, corner = _side(picture, margin, bound, options)
            seed = (request.seed + number) % 2**64
            (made,) = yield Ask(single.changed(seed=seed, **ask), f"side {side}")
            canvas.paste(made.image.convert("RGB"), corner)
            first = first or made
            picture = canvas.crop(Box.whole(margin.size(Size(*picture.size))))
        check(first is not None, "directions", options.directions, "no side would grow; name at least one")
        assert first is not None
        given.append(ScriptPicture(picture, first.seeds, request, f"outpainted to {picture.size}", first.infotext))
    return Gathered(given)


def mk2_kept(request: Request, options: Mk2Options) -> Request:
    """Give a request whose untouched pixels are those of the picture that no side reaches."""
    source = source_of(request)
    grown = margins(Size(*source.size), options.pixels, options.directions)
    return kept_inside(request, source, grown, options.blur + blur_radius(_BLURS * options.blur))


def _side(
    picture: Image.Image, margin: Margins, bound: Size, options: Mk2Options
) -> tuple[Image.Image, dict[str, object], tuple[int, int]]:
    """Prepare one side: the canvas with noise, the fields of the request, and where its result belongs."""
    size = margin.size(Size(*picture.size))
    whole = size.raised_to(64)
    canvas = Image.new("RGB", whole)
    canvas.paste(picture, (margin.left, margin.up))
    mask = margin.inset(options.blur).mask(whole)
    noisy = shaped_noise(
        np.asarray(canvas, np.float64) / 255,
        np.asarray(mask, np.float64) / 255,
        options.fall_off,
        options.color_variation,
        np.random.default_rng(0),
    )
    canvas = Image.fromarray(np.clip(noisy * 255, 0, 255).astype(np.uint8))
    across = bool(margin.left or margin.right)
    tile = Size(
        min(bound.width, size.width) if across else whole.width,
        whole.height if across else min(bound.height, size.height),
    )
    left, top = 0 if margin.left else whole.width - tile.width, 0 if margin.up else whole.height - tile.height
    box = Box(left, top, left + tile.width, top + tile.height)
    fields: dict[str, object] = {
        "init_image": canvas.crop(box),
        "mask": mask.crop(box),
        "latent_mask": margin.inset(2 * options.blur).mask(whole).crop(box),
        "mask_blur": (_BLURS * options.blur, 0.0) if across else (0.0, _BLURS * options.blur),
        "width": tile.width,
        "height": tile.height,
    }
    return canvas, fields, (left, top)
