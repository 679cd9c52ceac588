"""The second pass of txt2img ("hires fix"): what it is asked for, and how it starts from the first."""

from dataclasses import dataclass

from .framing import Layout
from .geometry import Size
from .models.upscalers.find import UpscalerFile
from .profiles import Profile
from .request import Request


@dataclass(frozen=True)
class Enlarging:
    """How a pass starts from the result of the one before.

    Attributes
    ----------
    upscaler : name of its row
    size : px to which the result is brought; it covers the pass's size, and the middle is taken
    network : where the upscaler is one
    """

    upscaler: str
    size: Size
    network: UpscalerFile | None = None


def second_request(request: Request, first: Layout) -> tuple[Request, Size]:
    """Say what the second pass does as a request of its own, and the size that covers its picture.

    Notes
    -----
    A1111 v1.10.1: all of its steps run, and the factor on the start noise is not applied.
    """
    covering, size = second_sizes(request, first.asked)
    alone = {name: field.default for name, field in Request.model_fields.items() if name.startswith("hires_")}
    second = request.changed(
        **alone,
        prompt=request.hires_prompt or request.prompt,
        negative_prompt=request.hires_negative_prompt or request.negative_prompt,
        sampler=request.hires_sampler or request.sampler,
        schedule=request.hires_schedule or request.schedule,
        steps=request.hires_steps or request.steps,
        cfg_scale=request.cfg_scale if request.hires_cfg_scale is None else request.hires_cfg_scale,
        model=request.hires_model or request.model,
        width=size.width,
        height=size.height,
        exact_steps=True,
        noise_multiplier=1.0,
    )
    return second, covering


def second_sizes(request: Request, first: Size) -> tuple[Size, Size]:
    """Give the size to which the first result is brought, and the size of what is kept of it.

    Notes
    -----
    A1111 v1.10.1: one side alone keeps the shape; both are covered, and what sticks out is cut off.

    Examples
    --------
    >>> second_sizes(Request(hires_width=192, hires_height=128), Size(128, 128))
    (Size(width=192, height=192), Size(width=192, height=128))
    """
    width, height = request.hires_width, request.hires_height
    if width is None and height is None:
        scale = request.hires_scale or 1.0
        size = Size(int(first.width * scale), int(first.height * scale))
        return size, size
    if width is not None and (height is None or first.width * height < first.height * width):
        covering = Size(width, max(1, first.height * width // first.width))
    else:
        assert height is not None, "one of the two is given"
        covering = Size(max(1, first.width * height // first.height), height)
    return covering, Size(width or covering.width, height or covering.height)


def enlarging(
    upscaler: str, covering: Size, layout: Layout, profile: Profile, network: UpscalerFile | None = None
) -> Enlarging:
    """Bring the covering size to whole latent cells where the profile takes any size."""
    return Enlarging(upscaler, covering.raised_to(layout.multiple) if profile.sizes == "any" else covering, network)
