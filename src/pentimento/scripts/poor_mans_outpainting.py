"""Poor man's outpainting: black margins on all sides, painted tile by tile."""

from collections.abc import Callable

from PIL import Image
from pydantic import Field

from ..geometry import Box, Size
from ..pictures.masks import blur_radius
from ..plan import Plan
from ..request import Request
from .base import Ask, Asking, Gathered, Options, ScriptPicture, check, check_size, one_by_one, source_of
from .canvas import SIDES, Side, kept_inside, margins
from .tiles import tiling


class PoorMansOptions(Options):
    pixels: int = Field(128, ge=8, le=4096, description="px to add on each side")
    blur: int = Field(4, ge=0, le=64, description="px, how soft the line between old and new is")
    directions: tuple[Side, ...] = Field(SIDES, description="which sides grow")


def poor_mans_outpainting(request: Request, options: PoorMansOptions, plan: Callable[[Request], Plan]) -> Asking:
    """Paint the margins; width and height are a tile's, masked content fills the margins first.

    Notes
    -----
    A1111 v1.10.1 behaviour. Seeds count up by one for each tile, and the infotext is the first tile's;
    tiles that hold nothing new are not run.
    """
    source = source_of(request)
    grown = margins(Size(*source.size), options.pixels, options.directions)
    size = grown.size(Size(*source.size))
    check_size("pixels", options.pixels, size)
    native = plan(request).model.native_size
    tile = Size(min(request.width or native, size.width), min(request.height or native, size.height))
    check(
        options.pixels < min(tile),
        "pixels",
        options.pixels,
        f"{options.pixels} px, by which tiles overlap, is not less than a tile of {tile}; make width and height larger",
    )
    canvas = Image.new("RGB", size)
    canvas.paste(source, (grown.left, grown.up))
    laid = tiling(size, tile, options.pixels)
    old = Box(grown.left, grown.up, size.width - grown.right, size.height - grown.down)
    tiles = laid.cut(canvas)
    mask = laid.cut(grown.inset(2 * options.blur).mask(size))
    sampled = laid.cut(grown.inset(options.blur // 2).mask(size))
    single = one_by_one(request).changed(
        width=tile.width, height=tile.height, inpaint_area="whole_picture", mask_blur=2 * options.blur
    )
    given: list[ScriptPicture] = []
    for index, box in enumerate(laid.boxes):
        if box == box.clamped(size) and _inside(box, old):
            continue
        fields = {"init_image": tiles[index], "mask": mask[index], "latent_mask": sampled[index]}
        seed = (request.seed + len(given)) % 2**64
        given.extend((yield Ask(single.changed(seed=seed, **fields), f"tile {index + 1} of {len(tiles)}")))
        tiles[index] = given[-1].image.convert("RGB")
    check(bool(given), "directions", options.directions, "no side would grow; name at least one")
    first = given[0]
    return Gathered([ScriptPicture(laid.joined(tiles), first.seeds, request, f"outpainted to {size}", first.infotext)])


def poor_mans_kept(request: Request, options: PoorMansOptions) -> Request:
    """Give a request whose untouched pixels are those of the picture that no margin reaches."""
    source = source_of(request)
    grown = margins(Size(*source.size), options.pixels, options.directions)
    return kept_inside(request, source, grown, 2 * options.blur + blur_radius(2 * options.blur))


def _inside(box: Box, other: Box) -> bool:
    return box.left >= other.left and box.top >= other.top and box.right <= other.right and box.bottom <= other.bottom
