"""The request: everything that affects the pixels of a result, as one frozen value.

Defaults are written here and nowhere else; the command line, the HTTP APIs and the
page derive their own fields from this class.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Self, cast

from PIL import Image
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializationInfo,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from . import choices
from .errors import ImageError, RequestError, unknown_name
from .geometry import Sides, Size
from .pictures.mask_text import is_mask_text, read_drawing, write_drawing
from .pictures.shapes import Drawing
from .pictures.write import to_png
from .profiles import find_profile
from .refusals import refusal

PICTURE_FIELDS = ("init_image", "mask", "latent_mask")
"""Fields of a request whose value is a picture."""

Picture = str | bytes | Image.Image
"""A path or data URI, the bytes of a picture file, or a PIL image."""


Mask = Picture | Drawing
"""A picture, or what is to be drawn: a string of `pictures.mask_text` is read as that."""


def _as_picture(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, str) and value.startswith("data:"):
        header, _, payload = value.partition(",")
        if not header.endswith(";base64"):
            raise ValueError("a data URI must be base64: data:image/png;base64,...")
        try:
            return base64.b64decode(payload, validate=True)
        except binascii.Error as error:
            raise ValueError(f"the data URI is not valid base64 ({error})") from error
    if isinstance(value, Image.Image):
        return value.copy()
    if value is not None and not isinstance(value, str | bytes):
        raise ValueError("give a path, a data URI, the bytes of a file, or a PIL image; Image.fromarray makes one")
    return value


TELL_PICTURE = "tell_picture"
"""Key of a dump's context: a function that writes a picture in place of a path or data URI."""


def _picture_to_json(value: Picture | None, info: SerializationInfo) -> str | None:
    context = cast(dict[str, Callable[[Picture], str]], info.context or {})
    if value is not None and (tell := context.get(TELL_PICTURE)) is not None:
        return tell(value)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Image.Image):
        value = to_png(value)
    return "data:application/octet-stream;base64," + base64.b64encode(value).decode()


def _as_mask(value: object) -> object:
    if isinstance(value, str) and is_mask_text(value):
        return read_drawing(value)
    return value if isinstance(value, Drawing) else _as_picture(value)


def _mask_to_json(value: Mask | None, info: SerializationInfo) -> str | None:
    return write_drawing(value) if isinstance(value, Drawing) else _picture_to_json(value, info)


# In JSON a picture is a text, whatever it may be in Python.
_AS_TEXT = WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "null"}]})

PictureField = Annotated[
    Picture | None,
    _AS_TEXT,
    BeforeValidator(_as_picture),
    PlainSerializer(_picture_to_json, return_type=str | None, when_used="json"),
]


MaskField = Annotated[
    Mask | None,
    _AS_TEXT,
    BeforeValidator(_as_mask),
    PlainSerializer(_mask_to_json, return_type=str | None, when_used="json"),
]


def _choice(table: choices.Choices) -> BeforeValidator:
    return BeforeValidator(lambda word: table.name_of(word) if isinstance(word, str) else word)


def _parts(value: Any) -> tuple[Any, ...] | Any:
    """Take a list that is written as text: "4, 6", "64x64"."""
    return tuple(part for part in re.split(r"[,x×\s]+", value.strip()) if part) if isinstance(value, str) else value


def _names(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _pair(value: object) -> object:
    parts = _parts(value)
    return parts * 2 if isinstance(value, str) and len(parts) == 1 else parts


def _two_numbers(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (float(value), float(value))
    return _pair(value)


Side = int | str
"""Pixels, or percent of the picture's width or height as "25%"."""

_COLOUR = r"^#[0-9a-fA-F]{6}$"
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_MOST_PIXELS, _MOST_PERCENT = 16384, 1000


def _side(value: object) -> Side:
    text = str(value).strip().removesuffix("px").rstrip()
    percent = _PERCENT.fullmatch(text)
    if percent and float(percent[1]) <= _MOST_PERCENT:
        return f"{float(percent[1]):g}%" if float(percent[1]) else 0
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= _MOST_PIXELS):
        raise ValueError(f"give px from 0 to {_MOST_PIXELS}, or percent up to {_MOST_PERCENT}%, as in 128 or 25%")
    return int(text)


SideField = Annotated[Side, BeforeValidator(_side)]


def _colour(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(_COLOUR, value):
        raise ValueError("write a colour as #rrggbb, such as #ffffff")
    return value


def _four_sides(value: object) -> object:
    if isinstance(value, str):
        value = [part for part in re.split(r"[,\s]+", value.strip()) if part]
    listed = cast(Sequence[object], value) if isinstance(value, list | tuple) else (value,)
    sides = tuple(_side(part) for part in listed)
    if len(sides) not in (1, 4):
        raise ValueError("give left, top, right, bottom, or one number for all four")
    return sides * 4 if len(sides) == 1 else sides


class Request(BaseModel):
    """What to make: no image = txt2img, an image = img2img, image and mask = inpaint.

    What each field means and takes is told by `pentimento generate --help` and by
    `Request.model_fields[name].description`; fields that are left out are the defaults.

    Raises
    ------
    RequestError
        From `Request(...)`, `Request.read(...)` and `changed(...)`: names the field,
        the value, the choices and the way out.

    Examples
    --------
    >>> Request(prompt="a red balloon", steps=0)
    Traceback (most recent call last):
    pentimento.errors.RequestError: steps: 0 is too small; it must be at least 1
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False)

    # What to paint
    prompt: str = Field("", description="what the picture should show")
    negative_prompt: str = Field("", description="what it should not show")
    styles: Annotated[tuple[str, ...], BeforeValidator(_names)] = Field(
        (), description="names of saved styles, applied to both prompts"
    )
    init_image: PictureField = Field(None, description="the picture to start from")
    mask: MaskField = Field(
        None, description="white = repaint; same size as the picture, or drawn: 'rect 10% 20% 30% 30%; grow 8'"
    )

    model: str | None = Field(None, description="name of the model; left out = the studio's")
    vae: str | None = Field(
        None, description="another VAE: its name beside the models, or its file; left out = the model's own"
    )

    # How
    sampler: str = Field("dpmpp_2m", description="sampling method")
    schedule: str = Field("automatic", description="spacing of the noise levels; automatic = the sampler's own")
    steps: int = Field(20, ge=1, le=1000, description="sampling steps")
    width: int | None = Field(None, ge=1, le=16384, description="px; left out = from the picture")
    height: int | None = Field(None, ge=1, le=16384, description="px; left out = from the picture")
    batch_size: int = Field(1, ge=1, le=64, description="pictures at once")
    batch_count: int = Field(1, ge=1, le=1000, description="how many times")
    cfg_scale: float = Field(7.0, ge=0, le=1000, description="how strongly the prompt is followed")
    seed: int = Field(-1, ge=-1, lt=2**64, description="-1 = random")
    variation_seed: int = Field(-1, ge=-1, lt=2**64, description="-1 = random")
    variation_strength: float = Field(0.0, ge=0, le=1, description="0 = seed alone, 1 = variation seed alone")
    seed_resize: Annotated[tuple[int, int] | None, BeforeValidator(_pair)] = Field(
        None, description="width and height for which the seed's noise is drawn, then placed in the centre"
    )
    denoising_strength: float = Field(
        0.75, ge=0, le=1, description="0 = unchanged, 1 = wholly new; in txt2img that of the second pass"
    )
    exact_steps: bool = Field(False, description="run all the steps whatever the strength")
    resize_mode: Annotated[choices.ResizeMode, _choice(choices.RESIZE_MODE)] = Field(
        "just_resize", description="what happens when the picture has another shape"
    )
    resize_upscaler: Annotated[str, _choice(choices.RESIZE_UPSCALER)] = Field(
        "lanczos", description="how the picture is enlarged where it must be: these, or a network in the model folders"
    )
    background: Annotated[str, Field(pattern=_COLOUR), BeforeValidator(_colour)] = Field(
        "#ffffff", description="colour under transparent parts while the network looks"
    )
    tiling: bool = Field(False, description="edges fit together like tiles")

    # Inpaint
    mask_blur: Annotated[tuple[float, float], BeforeValidator(_two_numbers)] = Field(
        (4.0, 4.0), description="px of the source, Gaussian sigma; one number or one for each axis"
    )
    mask_mode: Annotated[choices.MaskMode, _choice(choices.MASK_MODE)] = Field(
        "inpaint_masked", description="repaint what is masked, or all the rest"
    )
    masked_content: Annotated[choices.MaskedContent, _choice(choices.MASKED_CONTENT)] = Field(
        "original", description="what the network is shown under the mask"
    )
    inpaint_area: Annotated[choices.InpaintArea, _choice(choices.INPAINT_AREA)] = Field(
        "whole_picture", description="work on the whole picture, or on the masked part enlarged"
    )
    only_masked_padding: int = Field(32, ge=0, le=16384, description="px of the source around the masked part")
    feather: Annotated[choices.Feather, _choice(choices.FEATHER)] = Field(
        "both", description="inward = no pixel that was not painted changes"
    )
    mask_round: bool = Field(True, description="repaint a latent cell wholly or not at all; off = by the mask's grey")
    mask_action: Annotated[choices.MaskAction, _choice(choices.MASK_ACTION)] = Field(
        "blend", description="what the mask's grey does while sampling; differential = a strength for each pixel"
    )
    soft_schedule_bias: float = Field(
        1.0, ge=0, le=8, description="soft: above 1 keeps the source for longer, below 1 lets go of it sooner"
    )
    soft_preservation_strength: float = Field(
        0.5, ge=0, le=8, description="soft: how strongly grey parts hold on to the source"
    )
    soft_transition_contrast: float = Field(
        4.0, ge=1, le=32, description="soft: how much contrast is kept where source and new are mixed"
    )
    soft_mask_influence: float = Field(
        0.0, ge=0, le=1, description="soft: 0 = pasted by what has changed alone, 1 = by the mask too"
    )
    soft_difference_threshold: float = Field(
        0.5, ge=0, le=8, description="soft: how far latents must change to be pasted half"
    )
    soft_difference_contrast: float = Field(
        2.0, ge=0, le=8, description="soft: how sharply pasting sets in around the threshold"
    )
    inpainting_mask_weight: float = Field(
        1.0, ge=0, le=1, description="inpaint checkpoints: how much of the masked part is hidden from the network"
    )

    latent_mask: PictureField = Field(
        None, description="white = repaint while sampling, where that is not where the result is pasted"
    )

    # Outpaint
    extend: Annotated[tuple[Side, Side, Side, Side], BeforeValidator(_four_sides)] = Field(
        (0, 0, 0, 0), description="left, top, right, bottom: px that the picture grows by, or percent of it as 25%"
    )
    extend_overlap: int = Field(
        32, ge=0, le=16384, description="px of the picture beside its new margin that are repainted with it"
    )

    # Second pass (hires fix) and refiner
    hires_scale: float | None = Field(
        None, ge=1, le=16, description="txt2img: enlarge the result so many times and paint it once more"
    )
    hires_width: int | None = Field(None, ge=1, le=16384, description="px of the second pass, instead of the scale")
    hires_height: int | None = Field(None, ge=1, le=16384, description="px of the second pass, instead of the scale")
    hires_upscaler: Annotated[str, _choice(choices.HIRES_UPSCALER)] = Field(
        "latent", description="how the first result is enlarged: these, or a network in the model folders"
    )
    hires_steps: int | None = Field(
        None, ge=1, le=1000, description="steps of the second pass, all of them run; left out = as many as in the first"
    )
    hires_cfg_scale: float | None = Field(None, ge=0, le=1000, description="of the second pass; left out = the same")
    hires_sampler: str | None = Field(None, description="of the second pass; left out = the same")
    hires_schedule: str | None = Field(None, description="of the second pass; left out = the same")
    hires_model: str | None = Field(None, description="of the second pass; left out = the same")
    hires_prompt: str = Field("", description="of the second pass; empty = the same")
    hires_negative_prompt: str = Field("", description="of the second pass; empty = the same")
    refiner: str | None = Field(None, description="model that takes over for the last part of the steps")
    refiner_switch_at: float = Field(
        0.8, ge=0, le=1, description="how far the noise has fallen when it takes over: 0.8 = at timestep 200 of 1000"
    )
    refiner_by_steps: bool = Field(False, description="count that by the steps that run instead of by the noise")
    refiner_pass: Annotated[choices.RefinerPass, _choice(choices.REFINER_PASS)] = Field(
        "second", description="in which pass, where there are two"
    )

    # Prompt reading
    clip_skip: int = Field(1, ge=1, le=12, description="text encoder layer, counted from the last")
    emphasis: Annotated[choices.Emphasis, _choice(choices.EMPHASIS)] = Field(
        "original", description="what (weights:1.2) do"
    )

    clip_skip_on_sdxl: bool = Field(False, description="let clip skip act on SDXL's first text encoder too")

    # Sampler's options
    eta: float | None = Field(
        None, ge=0, le=10, description="noise added back; left out = the sampler's own (1, DDIM 0)"
    )
    s_churn: float = Field(0.0, ge=0, le=1000, description="stochasticity of Euler, Heun and DPM2")
    s_tmin: float = Field(0.0, ge=0, le=1e9, description="lowest sigma that is churned")
    s_tmax: float | None = Field(None, ge=0, le=1e9, description="highest sigma that is churned; left out = no limit")
    s_noise: float = Field(1.0, ge=0, le=10, description="factor on the noise that a sampler adds")
    sigma_min: float | None = Field(
        None, ge=1e-6, le=1e6, description="lowest sigma of the schedule; left out = the model's"
    )
    sigma_max: float | None = Field(
        None, ge=1e-6, le=1e6, description="highest sigma of the schedule; left out = the model's"
    )
    rho: float | None = Field(
        None, ge=0.1, le=1000, description="curve of Karras and polyexponential; left out = their own"
    )
    beta_alpha: float = Field(0.6, gt=0, le=10, description="first parameter of the beta schedule")
    beta_beta: float = Field(0.6, gt=0, le=10, description="second parameter of the beta schedule")
    discard_penultimate_sigma: bool = Field(False, description="leave out the last sigma before 0")
    sgm_noise_multiplier: bool = Field(False, description="txt2img: start from sqrt(1 + sigma^2) instead of sigma")
    zero_terminal_snr: bool = Field(False, description="rescale the noise levels so that the last is pure noise")
    downcast_alphas: bool = Field(False, description="round the noise levels to half precision, as old versions did")
    unipc_variant: Annotated[choices.UniPCVariant, _choice(choices.UNIPC_VARIANT)] = Field(
        "bh1", description="UniPC: B(h)"
    )
    unipc_spacing: Annotated[choices.UniPCSpacing, _choice(choices.UNIPC_SPACING)] = Field(
        "time_uniform", description="UniPC: grid"
    )
    unipc_order: int = Field(3, ge=1, le=3, description="UniPC: order")
    unipc_lower_order_final: bool = Field(True, description="UniPC: lower order in the last steps")

    # Noise
    noise_multiplier: float = Field(1.0, ge=0, le=10, description="factor on the start noise")
    extra_noise: float = Field(0.0, ge=0, le=1, description="noise added on top, unknown to the sampler")
    noise_source: Annotated[choices.NoiseSource, _choice(choices.NOISE_SOURCE)] = Field(
        "cpu", description="random generator"
    )
    eta_noise_seed_delta: int = Field(0, ge=0, lt=2**32, description="added to the seed for the later noise only")

    # Guidance
    skip_early_cond: float = Field(0.0, ge=0, le=1, description="share of the first steps without the negative prompt")
    s_min_uncond: float = Field(0.0, ge=0, le=100, description="sigma below which every other step skips the negative")
    s_min_uncond_all: bool = Field(False, description="skip it in every such step")
    pad_cond_uncond: bool = Field(False, description="pad prompt and negative prompt to the same length")

    # Afterwards
    color_correction: bool = Field(
        False, description="take a shift of colours out of the result, by the source's untouched part"
    )
    blend: Annotated[choices.Blend, _choice(choices.BLEND)] = Field(
        "linear", description="how the result is pasted into the picture; auto = the least visible seam"
    )
    match_grain: bool = Field(False, description="give the repainted part the grain of what is around it")

    profile: str = Field("pentimento", description="pentimento, or a1111 for the same pictures as A1111")

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise refusal(error) from error

    @model_validator(mode="before")
    @classmethod
    def _names_that_tables_know(cls, values: Any) -> Any:
        # Refused here, before pydantic, so that "did you mean" can be said.
        if isinstance(values, dict):
            for name in cast(dict[str, Any], values):
                if name not in cls.model_fields:
                    raise unknown_name(str(name), str(name), list(cls.model_fields))
        return cast(Any, values)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        from .diffusion.samplers import find_sampler
        from .diffusion.schedules import find_schedule

        object.__setattr__(self, "sampler", find_sampler(self.sampler).name)
        object.__setattr__(self, "schedule", find_schedule(self.schedule).name)
        object.__setattr__(self, "profile", find_profile(self.profile).name)
        if self.hires_sampler is not None:
            object.__setattr__(self, "hires_sampler", find_sampler(self.hires_sampler, "hires_sampler").name)
        if self.hires_schedule is not None:
            object.__setattr__(self, "hires_schedule", find_schedule(self.hires_schedule, "hires_schedule").name)
        if self.has_second_pass and self.init_image is not None:
            given = next(name for name in _SECOND_SIZES if getattr(self, name) is not None)
            told = "a second pass follows txt2img only; with a picture give width and height"
            raise RequestError(given, getattr(self, given), told)
        if self.mask is not None and self.init_image is None:
            raise ImageError("mask", "given", "a mask needs a picture to lie on; give init_image too")
        if self.latent_mask is not None and self.mask is None:
            raise ImageError("latent_mask", "given", "it says how a mask is painted; give mask too")
        if min(self.mask_blur) < 0 or max(self.mask_blur) > 1024:
            raise RequestError("mask_blur", self.mask_blur, f"{self.mask_blur} must lie between 0 and 1024 px")
        if self.seed_resize is not None and not 1 <= min(self.seed_resize) <= max(self.seed_resize) <= _MOST_PIXELS:
            raise RequestError(
                "seed_resize", self.seed_resize, f"{self.seed_resize} must be from 1 to {_MOST_PIXELS} px"
            )
        if self.sigma_min and self.sigma_max and self.sigma_min >= self.sigma_max:
            raise RequestError(
                "sigma_min", self.sigma_min, f"{self.sigma_min} must be below sigma_max {self.sigma_max}"
            )
        return self

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Tell what was set, and of bytes the beginning."""
        for name, value in super().__repr_args__():
            if name in self.model_fields_set:
                yield name, value[:16] + b"..." if isinstance(value, bytes) and len(value) > 16 else value

    @property
    def has_second_pass(self) -> bool:
        """Whether the result is enlarged and painted once more."""
        return any(getattr(self, name) is not None for name in _SECOND_SIZES)

    @property
    def pictures(self) -> dict[str, Picture]:
        """The pictures that it brings along, by field; a mask in words is none."""
        given: dict[str, Mask | None] = {name: getattr(self, name) for name in PICTURE_FIELDS}
        return {name: one for name, one in given.items() if one is not None and not isinstance(one, Drawing)}

    @property
    def mode(self) -> str:
        """`txt2img`, `img2img` or `inpaint`."""
        if self.init_image is None:
            return "txt2img"
        return "img2img" if self.mask is None and not self.extends else "inpaint"

    @property
    def extends(self) -> bool:
        """Whether the picture gets a new margin."""
        return any(self.extend)

    def extension(self, size: Size) -> Sides:
        """Give the new margin of a picture of this size, in px."""
        whole = (size.width, size.height, size.width, size.height)
        return Sides(*(in_pixels(side, length) for side, length in zip(self.extend, whole, strict=True)))

    def changed(self, **values: Any) -> "Request":
        """Copy with some fields changed, validated like a new one."""
        return Request(**{**{name: getattr(self, name) for name in self.model_fields_set}, **values})

    def to_json(self) -> str:
        """Write the fields that were set; pictures as paths or data URIs."""
        return self.model_dump_json(exclude_unset=True)

    @classmethod
    def from_json(cls, text: str | bytes) -> "Request":
        """Read what `to_json` wrote."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise refusal(error) from error


def in_pixels(side: Side, length: int) -> int:
    """Give a side's px; percent is of a picture's width or height."""
    return side if isinstance(side, int) else round(float(side.removesuffix("%")) * length / 100)


_SECOND_SIZES = ("hires_scale", "hires_width", "hires_height")
