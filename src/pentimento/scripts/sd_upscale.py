"""SD upscale: the picture is enlarged, and painted again tile by tile."""

from collections.abc import Callable, Generator, Mapping

import numpy as np
from PIL import Image
from pydantic import Field

from .. import choices
from ..errors import RecipeError
from ..geometry import Box, Size
from ..inputs import read_inputs
from ..pictures import masks
from ..pictures.resize import Upscale, resample
from ..pictures.upscale import PIXEL_UPSCALERS
from ..plan import Plan
from ..profiles import find_profile
from ..request import Request
from ..upscaling import upscale_request
from .base import (
    Ask,
    Asking,
    Gathered,
    Options,
    Pictures,
    ScriptPicture,
    check,
    check_size,
    kept_where,
    one_by_one,
    source_of,
)
from .tiles import Tiling, tiling

_NOT_AT_ALL = "none"
_UPSCALERS: Mapping[str, Upscale] = {**PIXEL_UPSCALERS, _NOT_AT_ALL: lambda image, size: image}


class SdUpscaleOptions(Options):
    scale: float = Field(2.0, ge=1, le=16, description="times that the picture is enlarged")
    upscaler: str = Field(
        "lanczos",
        description="how it is enlarged: lanczos, nearest, or a network in the model folders; none = not at all",
    )
    overlap: int = Field(64, ge=0, le=4096, description="px that tiles have in common")
    mask_each_tile: bool = Field(False, description="lay the whole mask on every tile, as A1111 does; for its profile")


def sd_upscale(request: Request, options: SdUpscaleOptions, plan: Callable[[Request], Plan]) -> Asking:
    """Paint every tile that the mask touches; width and height are a tile's.

    Notes
    -----
    A1111 v1.10.1 behaviour: tiles, fades and seeds, which count up by one for each batch of
    tiles; the infotext is the first tile's. The mask is seen as a whole here: a tile that it does not
    touch is not run.
    """
    source = yield from _enlarged(source_of(request), request, options)
    size = Size(*source.size)
    asked = plan(request.changed(init_image=source, mask=None, latent_mask=None, inpaint_area="whole_picture"))
    tile = _tile(request, size, asked)
    check(
        options.overlap < min(tile),
        "overlap",
        options.overlap,
        f"{options.overlap} px is not less than a tile of {tile}; make it smaller, or width and height larger",
    )
    laid = tiling(size, tile, options.overlap)
    parts = _mask_parts(request, options, laid)
    single = one_by_one(request).changed(width=tile.width, height=tile.height, inpaint_area="whole_picture")
    notes = {"SD upscale overlap": options.overlap, "SD upscale upscaler": options.upscaler}
    given: list[ScriptPicture] = []
    for number in range(request.batch_count):
        tiles, first = laid.cut(source), None
        for index, part in enumerate(parts):
            if part is None:
                continue
            seed = request.seed + number + index // request.batch_size + index % request.batch_size
            fields = {"seed": seed % 2**64, "init_image": tiles[index], **part}
            (made,) = yield Ask(single.changed(**fields), f"tile {index + 1} of {len(tiles)}", notes)
            tiles[index] = made.image.convert("RGB")
            first = first or made
        check(first is not None, "mask", "empty", "it touches no tile: nothing would be painted")
        assert first is not None
        given.append(ScriptPicture(laid.joined(tiles), first.seeds, request, f"upscaled {size}", first.infotext))
    return Gathered(given)


def _enlarged(image: Image.Image, request: Request, options: SdUpscaleOptions) -> Generator[Ask, Pictures, Image.Image]:
    """Enlarge the picture; a network is asked for as any other work is."""
    size, upscaler = _enlarging(image, request, options)
    if upscaler in _UPSCALERS:
        return _UPSCALERS[upscaler](image, size)
    asked = upscale_request(image, width=size.width, height=size.height, upscaler=upscaler)
    (large,) = yield Ask(asked.changed(model=request.model, seed=request.seed), "enlarged")
    return large.image.convert("RGB")


def _enlarging(image: Image.Image, request: Request, options: SdUpscaleOptions) -> tuple[Size, str]:
    """Give the size that a picture is enlarged to, and by what."""
    if options.upscaler.strip().lower() == _NOT_AT_ALL:
        return Size(*image.size), _NOT_AT_ALL
    whole = find_profile(request.profile).sizes == "any"
    sides = (side * options.scale for side in image.size)
    size = Size(*(round(side) if whole else max(8, int(side) // 8 * 8) for side in sides))
    check_size("scale", options.scale, size)
    return size, choices.RESIZE_UPSCALER.name_of(options.upscaler)


def _tile(request: Request, size: Size, asked: Plan) -> Size:
    """Give a tile's size: as asked for, else the square that the model was made for; never more than the picture."""
    native = asked.model.native_size
    return Size(min(request.width or native, size.width), min(request.height or native, size.height))


def _mask_parts(request: Request, options: SdUpscaleOptions, laid: Tiling) -> list[dict[str, object] | None]:
    """Give the fields of the mask for every tile; None where it is not touched."""
    if request.mask is None or options.mask_each_tile:
        return [{} for _ in laid.boxes]
    ready = _whole_mask(request, laid.size)
    fields: dict[str, object] = {
        "mask_blur": 0.0,
        "mask_mode": "inpaint_masked",
        "feather": "both",
        "latent_mask": None,
    }
    return [_part(ready, box, fields) for box in laid.boxes]


def _whole_mask(request: Request, size: Size) -> Image.Image:
    """Give the blurred mask of the enlarged picture."""
    inputs = read_inputs(request, find_profile(request.profile))
    assert inputs.painted is not None, "a mask was given"
    painted = resample(inputs.painted, size, Image.Resampling.BILINEAR)
    times = size.width / inputs.painted.width
    # Blurred as a whole: cut first, a blur would end at the edges of the tiles.
    blurred = masks.blur(painted, *(sigma * times for sigma in request.mask_blur))
    weight = masks.FEATHERS[request.feather](np.asarray(blurred), np.asarray(painted))
    # Half the weight is a mask whose own weight, without blur, is that again.
    return blurred if request.feather == "both" else Image.fromarray(np.ceil(weight * 127.5).astype(np.uint8))


def sd_upscale_kept(request: Request, options: SdUpscaleOptions) -> Request:
    """Give a request whose untouched pixels are those of the enlarged picture that the mask leaves alone.

    Where the whole mask is laid on every tile, that is none.

    Raises
    ------
    RecipeError
        Where a network has enlarged it, so that there is nothing to compare.
    """
    source = source_of(request)
    size, upscaler = _enlarging(source, request, options)
    if upscaler not in _UPSCALERS:
        raise RecipeError(f"the picture was enlarged by '{upscaler}', so no pixel is the source's: nothing to compare")
    is_whole = request.mask is not None and not options.mask_each_tile
    mask = _whole_mask(request, size) if is_whole else Image.new("L", size, 255)
    return kept_where(request, mask, init_image=_UPSCALERS[upscaler](source, size))


def _part(mask: Image.Image, box: Box, fields: dict[str, object]) -> dict[str, object] | None:
    part = mask.crop(box)
    return None if part.getbbox() is None else {**fields, "mask": part}
