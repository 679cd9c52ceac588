"""Step "frame", its beginning: the pictures of a request, read, extended and the mask prepared."""

from dataclasses import dataclass

from PIL import Image

from .errors import ImageError, RequestError
from .geometry import Box, Size
from .pictures import masks
from .pictures.extend import extend_mask, extend_source, margin_set
from .pictures.metrics import MaskFacts, mask_facts
from .pictures.read import LARGEST_PICTURE, Source, read_picture, split
from .pictures.shapes import Drawing, render
from .profiles import Profile
from .request import Request


@dataclass(frozen=True)
class MaskUse:
    """What a mask action means for pixels.

    Attributes
    ----------
    grey : the mask's grey reaches the latents; otherwise a cell is repainted or not
    gain : factor on the paste's weight, where the network has made the transition itself
    by_change : the paste's weight follows what sampling has changed
    """

    grey: bool
    gain: float
    by_change: bool


MASK_USES = {
    "blend": MaskUse(grey=False, gain=1.0, by_change=False),
    "soft": MaskUse(grey=True, gain=4.0, by_change=True),
    "differential": MaskUse(grey=True, gain=4.0, by_change=False),
}
"""A row for every mask action; what it does while sampling is in `denoising.MASK_ACTIONS`."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """The pictures of a request, read: orientation applied, mask grey, inverted, blurred.

    Attributes
    ----------
    source : what is repainted; None in txt2img
    painted : "L", 255 = painted by the user (after inversion); None without a mask
    blurred : `painted` blurred, at the mask's own size
    sampled : "L", any value = may change while sampling, where that is not `blurred`
    place : where the given picture lies in `source`; None where that is the picture itself
    """

    source: Source | None = None
    painted: Image.Image | None = None
    blurred: Image.Image | None = None
    sampled: Image.Image | None = None
    place: Box | None = None

    @property
    def facts(self) -> MaskFacts | None:
        if self.painted is None or self.blurred is None:
            return None
        return mask_facts(self.painted, self.blurred)


def rounds_mask(request: Request) -> bool:
    """Whether a latent cell is repainted wholly or not at all."""
    return request.mask_round and not MASK_USES[request.mask_action].grey


def read_inputs(request: Request, profile: Profile) -> Inputs:
    """Read the request's pictures, extend them and prepare the mask.

    Raises
    ------
    ImageError
        Where a picture cannot be read, or (profile's `mask_size` strict, or extended)
        the mask is of another size than the picture.
    RequestError
        Where there is no picture to extend, it would be too large, or its margin would not be painted.
    """
    if request.init_image is None:
        if request.extends:
            raise RequestError("extend", request.extend, "only a picture can be extended; give init_image too")
        return Inputs()
    picture = read_picture(request.init_image, "init_image")
    source = split(picture, request.background, profile.alpha)
    painted = _painted(request, profile, picture)
    sampled = None if painted is None else _sampled(request, profile, painted)
    if request.extends:
        return _extended(request, source, painted, sampled)
    if painted is None:
        return Inputs(source)
    return Inputs(source, painted, masks.blur(painted, *request.mask_blur), sampled)


def _painted(request: Request, profile: Profile, picture: Image.Image) -> Image.Image | None:
    """Read what the user painted, after inversion."""
    if request.mask is None:
        return None
    mask = render(request.mask, picture) if isinstance(request.mask, Drawing) else read_picture(request.mask, "mask")
    if (profile.mask_size == "strict" or request.extends) and mask.size != picture.size:
        sizes = f"{Size(*mask.size)} where the picture is {Size(*picture.size)}"
        raise ImageError("mask", mask.size, f"its size is {sizes}; give a mask of the picture's size")
    painted = masks.to_grey(mask, round_alpha=rounds_mask(request))
    return masks.invert(painted) if request.mask_mode == "inpaint_not_masked" else painted


def _sampled(request: Request, profile: Profile, painted: Image.Image) -> Image.Image | None:
    """Read where sampling may change something, if that is told apart from the mask."""
    if request.latent_mask is None:
        return None
    mask = read_picture(request.latent_mask, "latent_mask")
    if (profile.mask_size == "strict" or request.extends) and mask.size != painted.size:
        raise ImageError("latent_mask", mask.size, f"give one of the mask's size, {Size(*painted.size)}")
    return masks.to_grey(mask, round_alpha=rounds_mask(request))


def _extended(request: Request, source: Source, painted: Image.Image | None, sampled: Image.Image | None) -> Inputs:
    """Grow the picture; its new margin and the overlap are masked, besides what was painted."""
    if request.denoising_strength == 0:
        raise RequestError(
            "denoising_strength", 0, "0 paints nothing, and the new margin is to be painted; give more, up to 1"
        )
    sides = request.extension(source.size)
    size = sides.around(source.size)
    if size.area > LARGEST_PICTURE:
        raise RequestError(
            "extend", request.extend, f"the picture would be {size}, more than can be worked on; extend it by less"
        )
    place = sides.place(source.size)
    masked = extend_mask(painted, source.size, sides, request.extend_overlap)
    blurred = margin_set(masks.blur(masked, *request.mask_blur), place)
    if sampled is not None:
        sampled = extend_mask(sampled, source.size, sides, request.extend_overlap)
    return Inputs(extend_source(source, sides), masked, blurred, sampled, place)
