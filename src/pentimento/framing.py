"""Step "frame": where in the picture the network works, what it is shown, and the way back.

`lay_out` is geometry and belongs to the plan; `frame` cuts, scales and fills the
pixels; `compose` puts the repainted pixels back. The two ways of doing it, our own in
float and A1111's in 8 bits, are two rows of `FRAMERS`, chosen by `Profile.overlay`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from .errors import RequestError
from .geometry import Box, Size
from .inputs import MASK_USES, Inputs
from .pictures import compose as composing
from .pictures import masks
from .pictures.blends import BLENDS
from .pictures.color import correct_colours
from .pictures.extend import margin_set
from .pictures.fills import A1111_FILLS, PIXEL_FILLS
from .pictures.grain import match_grain
from .pictures.read import Source
from .pictures.recolor import match_known
from .pictures.resize import Upscale, resample, resize
from .pictures.soft import changed_share
from .profiles import Profile
from .request import Request

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Layout:
    """Where the work happens.

    Attributes
    ----------
    output : size of the result
    box : part of the picture that is worked on, source pixels; None = the whole picture
    asked : size to which the part is brought
    working : size that the network works at: `asked`, grown (or cut) to the model's multiple
    multiple : pixels of a latent cell
    """

    output: Size
    box: Box | None
    asked: Size
    working: Size
    multiple: int


@dataclass(frozen=True, eq=False)
class Frame:
    """What the network is shown, and what is needed to put its answer back.

    Attributes
    ----------
    shown : RGB at `layout.working`, masked content filled in; None in txt2img
    mask : "L" at `layout.working`, any value = may change; None = everything is repainted
    source : the picture under the result, at the result's size; None in txt2img
    weight : [H, W] like the result, 0..1, share of the new pixel; None = all new
    target : what the result's colours are matched to; None = they are left
    blend : row of `BLENDS` that pastes
    bare : [H, W] like the result, where no picture lies under it and all is new; None = nowhere
    grain_seed : chance of the grain that is added; None = none is
    """

    layout: Layout
    shown: Image.Image | None = None
    mask: Image.Image | None = None
    source: Source | None = None
    weight: Floats | None = None
    target: Image.Image | None = None
    blend: str = "linear"
    bare: NDArray[np.bool_] | None = None
    grain_seed: int | None = None

    @property
    def icc(self) -> bytes | None:
        return self.source.icc if self.source else None


@dataclass(frozen=True, eq=False)
class Sampled:
    """What pasting may depend on beside the frame: one picture's seed and what sampling did.

    Attributes
    ----------
    latent_mask : [h, w], 0..1, as it was used
    change : [h, w], how far each latent cell has moved
    """

    seed: int
    latent_mask: Floats | None = None
    change: Floats | None = None

    def changed_share(self, request: Request) -> Floats | None:
        """Give the share of the new picture for every latent cell; None where changes do not decide it."""
        if self.latent_mask is None or self.change is None or not MASK_USES[request.mask_action].by_change:
            return None
        return changed_share(
            self.change,
            self.latent_mask,
            preservation_strength=request.soft_preservation_strength,
            mask_influence=request.soft_mask_influence,
            threshold=request.soft_difference_threshold,
            contrast=request.soft_difference_contrast,
        )


def lay_out(request: Request, profile: Profile, inputs: Inputs, *, multiple: int, native: int) -> Layout:
    """Decide where the work happens.

    Parameters
    ----------
    multiple : the working size is a multiple of this, in pixels
    native : side of the square that the model was made for, in pixels

    Raises
    ------
    RequestError
        Where there would be nothing to work on: less than one latent cell.

    Notes
    -----
    A missing width or height is taken from the picture, in its shape where one of them is
    given; in "Only masked" from the box, at the model's native area and a multiple of 64.
    """
    if inputs.source is None:
        return _placed(Size(request.width or native, request.height or native), None, None, profile, multiple)
    picture, blurred = inputs.source.size, inputs.blurred
    if request.inpaint_area == "only_masked" and blurred is not None:
        # A1111 takes the box in the mask's pixels, whatever the picture's size; ours are the same.
        around = masks.box_around(blurred, request.only_masked_padding)
        if around is not None:
            asked = _asked_for_box(request, around, native)
            box = masks.expand_to_aspect(around, asked, Size(*blurred.size))
            return _placed(asked, picture, box, profile, multiple)
    if request.resize_mode == "latent_upscale" and profile.sizes == "floored" and min(picture) < multiple:
        raise RequestError(
            "resize_mode",
            request.resize_mode,
            f"the picture, {picture}, is smaller than a latent cell of {multiple} px; take 'just_resize'",
        )
    width, height = request.width, request.height
    if width is None:
        width = picture.width if height is None else max(1, round(height * picture.width / picture.height))
    if height is None:
        height = picture.height if request.width is None else max(1, round(width * picture.height / picture.width))
    if inputs.place is not None:
        _check_shape(Size(width, height), picture)
    return _placed(Size(width, height), None, None, profile, multiple)


def _check_shape(asked: Size, extended: Size) -> None:
    """Refuse to distort: what was given would be stretched or cut, its margin with it."""
    across = abs(asked.width * extended.height / extended.width - asked.height)
    down = abs(asked.height * extended.width / extended.height - asked.width)
    if min(across, down) >= 1:
        raise RequestError(
            "width",
            asked.width,
            f"{asked} has another shape than the extended picture, {extended}; leave out width or height, or"
            " take inpaint_area 'only_masked'",
        )


def _placed(asked: Size, picture: Size | None, box: Box | None, profile: Profile, multiple: int) -> Layout:
    """Bring the asked size to the model's multiple; the result has it, or the picture's where a box is worked on."""
    if profile.sizes == "floored" and min(asked) < multiple:
        raise RequestError(
            "width", asked.width, f"{asked} is smaller than a latent cell of {multiple} px; give width and height"
        )
    working = asked.raised_to(multiple) if profile.sizes == "any" else asked.floored_to(multiple)
    whole = asked if profile.sizes == "any" else working
    return Layout(picture or whole, box, asked, working, multiple)


def _asked_for_box(request: Request, box: Box, native: int) -> Size:
    """Fill in a missing width or height from the box's shape at the native area."""
    if request.width is not None and request.height is not None:
        return Size(request.width, request.height)
    aspect = min(4.0, max(0.25, box.size.width / box.size.height))
    if request.width is not None:
        return Size(request.width, _multiple_of_64(request.width / aspect))
    if request.height is not None:
        return Size(_multiple_of_64(request.height * aspect), request.height)
    return Size(_multiple_of_64(native * aspect**0.5), _multiple_of_64(native / aspect**0.5))


def _multiple_of_64(side: float) -> int:
    return max(64, round(side / 64) * 64)


class Framer(Protocol):
    """One way of cutting a frame out of a picture and of putting it back."""

    def mask(self, request: Request, inputs: Inputs, layout: Layout) -> Image.Image | None:
        """Give the mask at the working size, any value > 0 = may change."""
        ...

    def frame(self, request: Request, inputs: Inputs, layout: Layout, upscale: Upscale = resample) -> Frame:
        """Cut the frame out; what is shown larger than it is, is enlarged by `upscale`."""
        ...

    def settle(self, frame: Frame, request: Request, sampled: Sampled) -> Frame:
        """Fix what pasting depends on beside the frame."""
        ...

    def tile(self, frame: Frame, pixels: Floats, profile: Profile) -> Floats | None:
        """Give what is pasted, [h, w, 3] of the box's size, about 0..1; None where that is done with 8 bits."""
        ...

    def compose(self, frame: Frame, pixels: Floats, profile: Profile) -> Image.Image:
        """Put [H, W, 3] pixels in 0..1 back into the picture."""
        ...


class FloatFramer:
    """Our own way: bytes under weight 0 are the source's, whatever the network returns."""

    def mask(self, request: Request, inputs: Inputs, layout: Layout) -> Image.Image | None:
        found = self._masks(request, inputs, layout)
        if found is None:
            return None
        if inputs.sampled is not None:
            paintable = resize(inputs.sampled, layout.output, _pixel_mode(request)).convert("L")
        elif MASK_USES[request.mask_action].grey:
            paintable = Image.fromarray(np.ceil(masks.GREYS[request.feather](*found) * 255).astype(np.uint8))
        else:
            reach = masks.FEATHER_REACHES[request.feather](*found)
            paintable = Image.fromarray(reach.view(np.uint8) * np.uint8(255))
        if layout.box is not None:
            paintable = masks.mask_to_working(paintable, layout.box, layout.asked)
        return composing.pad_to_multiple(paintable, layout.multiple)[0]

    def frame(self, request: Request, inputs: Inputs, layout: Layout, upscale: Upscale = resample) -> Frame:
        if inputs.source is None:
            return Frame(layout)
        source = inputs.source
        if layout.box is not None:
            shown = composing.crop_to_working(source.image, layout.box, layout.asked, upscale)
        else:
            source = source.resized(layout.output, _pixel_mode(request), upscale)
            shown = source.image
        if request.resize_mode == "latent_upscale" and layout.box is None:
            shown = resize(inputs.source.image, inputs.source.size.raised_to(layout.multiple), "just_resize")
        shown = composing.pad_to_multiple(shown, layout.multiple)[0]
        mask = self.mask(request, inputs, layout)
        if mask is not None and shown.size == mask.size:
            shown = PIXEL_FILLS[request.masked_content](shown, mask)
        weight, target = self._weight(request, inputs, layout), shown if request.color_correction else None
        return Frame(layout, shown, mask, source, weight, target, request.blend, _bare(inputs, source.size))

    def settle(self, frame: Frame, request: Request, sampled: Sampled) -> Frame:
        frame = replace(frame, grain_seed=sampled.seed if request.match_grain else None)
        share = sampled.changed_share(request)
        if frame.weight is None or share is None:
            return frame
        layout = frame.layout
        cells = Image.fromarray(share)
        share = np.asarray(cells.resize(layout.working, Image.Resampling.BICUBIC))
        inside = share[: layout.asked.height, : layout.asked.width, np.newaxis]
        box = layout.box or Box.whole(layout.output)
        weight = np.zeros_like(frame.weight)
        region = (slice(box.top, box.bottom), slice(box.left, box.right))
        stitched = composing.stitch_from_working(inside, box, layout.asked)[..., 0]
        weight[region] = frame.weight[region] * np.clip(stitched, 0, 1)
        if frame.bare is not None:
            weight[frame.bare] = frame.weight[frame.bare]
        return replace(frame, weight=weight)

    def tile(self, frame: Frame, pixels: Floats, profile: Profile) -> Floats:
        layout = frame.layout
        if frame.target is not None:
            pixels = CORRECTIONS[profile.color](pixels, frame.target, frame.mask)
        inside = pixels[: layout.asked.height, : layout.asked.width]
        box = layout.box or Box.whole(layout.output)
        return _grained(frame, composing.stitch_from_working(inside, box, layout.asked), box)

    def compose(self, frame: Frame, pixels: Floats, profile: Profile) -> Image.Image:
        tile, output = self.tile(frame, pixels, profile), frame.layout.output
        if frame.source is None:
            return Image.fromarray(composing.to_bytes(tile, profile.to_bytes))
        if frame.weight is None:
            whole = np.ones((output.height, output.width), np.float32)
            return composing.restore_alpha(composing.to_bytes(tile, profile.to_bytes), frame.source, whole)
        box = frame.layout.box or Box.whole(output)
        composed = BLENDS[frame.blend](np.asarray(frame.source.image), tile, frame.weight, box)
        return composing.restore_alpha(composed, frame.source, frame.weight)

    def _weight(self, request: Request, inputs: Inputs, layout: Layout) -> Floats | None:
        found = self._masks(request, inputs, layout)
        if found is None:
            return None
        weight, gain = masks.FEATHERS[request.feather](*found), MASK_USES[request.mask_action].gain
        return weight if gain == 1 else np.minimum(weight * np.float32(gain), 1)

    def _masks(self, request: Request, inputs: Inputs, layout: Layout) -> tuple[Bytes, Bytes] | None:
        """Give the mask blurred and as it was painted, at the result's size."""
        if inputs.painted is None or inputs.blurred is None:
            return None
        painted, blurred = inputs.painted, inputs.blurred
        if painted.size != layout.output:
            mode = _pixel_mode(request)
            painted, blurred = (resize(mask, layout.output, mode).convert("L") for mask in (painted, blurred))
        return np.asarray(blurred), np.asarray(painted)


def _pixel_mode(request: Request) -> str:
    return "just_resize" if request.resize_mode == "latent_upscale" else request.resize_mode


def _bare(inputs: Inputs, size: Size) -> NDArray[np.bool_] | None:
    """Find the new margin in the source as it lies under the result."""
    if inputs.place is None or inputs.source is None:
        return None
    margin = margin_set(Image.new("L", inputs.source.size), inputs.place)
    return np.asarray(margin.resize(size, Image.Resampling.NEAREST)) > 0


def in_place(made: Image.Image, layout: Layout) -> Image.Image:
    """Lay what the network made where it belongs, on a transparent picture: RGBA."""
    if layout.box is None:
        return made.convert("RGBA")
    canvas = Image.new("RGBA", layout.output)
    canvas.paste(resize(made, layout.box.size, "crop_and_resize"), (layout.box.left, layout.box.top))
    return canvas


def unchanged(frame: Frame) -> Image.Image:
    """Give the source back as it is."""
    assert frame.source is not None, "only a picture can come back unchanged"
    size = frame.source.size
    return composing.restore_alpha(
        np.asarray(frame.source.image), frame.source, np.zeros((size.height, size.width), np.float32)
    )


class A1111Framer:
    """A1111's way (v1.10.1): 8-bit overlay, doubled mask in "Whole picture"."""

    def mask(self, request: Request, inputs: Inputs, layout: Layout) -> Image.Image | None:
        return self._at_work(inputs.sampled or inputs.blurred, request, layout)

    def _at_work(self, mask: Image.Image | None, request: Request, layout: Layout) -> Image.Image | None:
        """Bring a mask to the working size."""
        if mask is None or layout.box is not None:
            return mask and resize(mask.crop(layout.box), layout.asked, "resize_and_fill").convert("L")
        # Mode 3 leaves the picture as it is but sends the mask through "resize and fill".
        mode = "resize_and_fill" if request.resize_mode == "latent_upscale" else request.resize_mode
        return resize(mask, layout.asked, mode).convert("L")

    def frame(self, request: Request, inputs: Inputs, layout: Layout, upscale: Upscale = resample) -> Frame:
        if inputs.source is None:
            return Frame(layout)
        source = inputs.source
        if layout.box is not None:
            shown = resize(source.image.crop(layout.box), layout.asked, "resize_and_fill", upscale)
        else:
            source = source.resized(layout.asked, request.resize_mode, upscale)
            shown = source.image
        mask, pasted = self.mask(request, inputs, layout), self._at_work(inputs.blurred, request, layout)
        if mask is None or pasted is None or inputs.blurred is None:
            return Frame(layout, shown, source=source, target=shown if request.color_correction else None)
        overlay_mask = masks.doubled(pasted) if layout.box is None else inputs.blurred
        if MASK_USES[request.mask_action].by_change:  # anything that is worked on may change
            overlay_mask = _in_box(Image.new("L", layout.asked, 255), layout, source.size)
        elif MASK_USES[request.mask_action].grey:
            overlay_mask = masks.doubled(masks.doubled(masks.doubled(pasted if layout.box is None else inputs.blurred)))
        if overlay_mask.size != source.image.size:  # mode 3 leaves the picture at its own size
            overlay_mask = resize(overlay_mask, source.size, "resize_and_fill").convert("L")
        weight = np.asarray(overlay_mask, np.float32) / np.float32(255)
        if shown.size == mask.size:
            shown = A1111_FILLS[request.masked_content](shown, mask)
        target = shown if request.color_correction else None
        return Frame(layout, shown, mask, source, weight, target, request.blend, _bare(inputs, source.size))

    def settle(self, frame: Frame, request: Request, sampled: Sampled) -> Frame:
        frame = replace(frame, grain_seed=sampled.seed if request.match_grain else None)
        share = sampled.changed_share(request)
        if frame.source is None or share is None:
            return frame
        cells = Image.fromarray((share * np.float32(255)).astype(np.uint8))
        tile = resize(cells, frame.layout.asked, "resize_and_fill").convert("L").filter(ImageFilter.GaussianBlur(4))
        overlay_mask = _in_box(tile, frame.layout, frame.source.size)
        weight = np.asarray(overlay_mask, np.float32) / np.float32(255)
        return replace(frame, weight=weight if frame.bare is None else np.maximum(weight, frame.bare))

    def tile(self, frame: Frame, pixels: Floats, profile: Profile) -> None:
        return None

    def compose(self, frame: Frame, pixels: Floats, profile: Profile) -> Image.Image:
        image = Image.fromarray(composing.to_bytes(pixels, profile.to_bytes))
        if frame.target is not None:
            image = correct_colours(image, frame.target)
        if frame.source is None or frame.weight is None:
            return image
        if frame.blend != "linear" or frame.grain_seed is not None:
            box = frame.layout.box or Box.whole(frame.source.size)
            tile = np.asarray(resize(image, box.size, "crop_and_resize"), np.float32) / np.float32(255)
            source = np.asarray(frame.source.image)
            return Image.fromarray(BLENDS[frame.blend](source, _grained(frame, tile, box), frame.weight, box))
        overlay_mask = Image.fromarray(np.round(frame.weight * 255).astype(np.uint8))
        return composing.paste(image, composing.overlay(frame.source.image, overlay_mask), frame.layout.box)


def _grained(frame: Frame, tile: Floats, box: Box) -> Floats:
    """Give a tile of the box's size the grain of what is around it, where that is asked for."""
    if frame.grain_seed is None or frame.source is None or frame.weight is None:
        return tile
    source = np.asarray(frame.source.image)
    return match_grain(tile, source, frame.weight, box, np.random.default_rng(frame.grain_seed))


def _hues_corrected(pixels: Floats, target: Image.Image, mask: Image.Image | None) -> Floats:
    del mask
    corrected = correct_colours(Image.fromarray(composing.to_bytes(pixels, "round")), target)
    return np.asarray(corrected, np.float32) / np.float32(255)


def _shift_removed(pixels: Floats, target: Image.Image, mask: Image.Image | None) -> Floats:
    if mask is None:
        return _hues_corrected(pixels, target, mask)
    # A decoder mixes over about a cell: what is near to repainted cells is not taken for known.
    known = np.asarray(mask.filter(ImageFilter.MaxFilter(2 * _DECODER_REACH + 1))) == 0
    wanted = resize(target, Size(*mask.size), "just_resize") if target.size != mask.size else target
    return match_known(pixels, np.asarray(wanted, np.float32) / np.float32(255), known)


_DECODER_REACH = 8
CORRECTIONS: dict[str, Callable[[Floats, Image.Image, Image.Image | None], Floats]] = {
    "known": _shift_removed,
    "hues": _hues_corrected,
}
"""Colour corrections by the profile's choice: (pixels, target, mask) to pixels."""


def _in_box(tile: Image.Image, layout: Layout, size: Size) -> Image.Image:
    """Lay a mask of the working size where it belongs in the picture, black around."""
    if layout.box is None:
        return tile if tile.size == size else resize(tile, size, "resize_and_fill").convert("L")
    mask = Image.new("L", size)
    mask.paste(resize(tile, layout.box.size, "crop_and_resize"), (layout.box.left, layout.box.top))
    return mask


FRAMERS: dict[str, Framer] = {"float": FloatFramer(), "a1111": A1111Framer()}
