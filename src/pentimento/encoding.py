"""Step "encode": prompts to conditionings, the frame to latents."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from .diffusion.denoisers import Timeline
from .diffusion.noise import ImageNoise
from .enlarging import LATENT_UPSCALERS, enlarge_latents, enlarge_picture
from .framing import Floats, Frame
from .geometry import Size
from .models.base import Model
from .models.text import Conditioning, TextOptions
from .pictures.compose import to_bytes
from .pictures.resize import Upscale
from .plan import Plan, Stage
from .prompts import ScheduledPart
from .second_pass import Enlarging

T = TypeVar("T")

_TILE_MARGIN = 64
"""Pixels by which a tile is continued on every side while it is encoded."""


@dataclass
class Cache:
    """One model's last few encodings by content, so that a new seed runs only steps and decode."""

    capacity: int = 64
    _kept: OrderedDict[Hashable, object] = field(default_factory=OrderedDict[Hashable, object])

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        if key not in self._kept:
            self._kept[key] = make()
            while len(self._kept) > self.capacity:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return cast(T, self._kept[key])


@dataclass(frozen=True, eq=False)
class Prompts:
    """The conditionings of a run, by position."""

    parts: tuple[Timeline[Conditioning], ...]
    negative: Timeline[Conditioning]


@dataclass(frozen=True, eq=False)
class Ready:
    """A stage whose model is loaded and whose prompts are encoded.

    Attributes
    ----------
    concat : [1, 1 + C, h, w], what an inpaint checkpoint is shown besides; None for others
    """

    stage: Stage
    model: Model
    prompts: Prompts
    concat: Tensor | None


@dataclass(frozen=True, eq=False)
class Made:
    """What a pass hands on: finished latents, and the model whose decoder reads them.

    Attributes
    ----------
    change : how far every latent cell has moved, [h, w]; None in txt2img
    """

    latents: Tensor
    model: Model
    change: Floats | None = None


@dataclass(frozen=True, eq=False)
class Init:
    """What the latents start from.

    Attributes
    ----------
    latents : [1, C, h, w]; None in txt2img
    latent_mask : [1, 1, h, w], 1 = repaint; None where everything is repainted
    """

    latents: Tensor | None = None
    latent_mask: Tensor | None = None


def make_ready(plan: Plan, stage: Stage, model: Model, frame: Frame, cache: Cache) -> Ready:
    """Put a stage's networks into its model and encode what it is told."""
    model.networks.apply(stage.addons.networks)
    concat = _concat(plan, frame, model, cache) if model.info.inpaint else None
    return Ready(stage, model, encode_prompts(plan, stage, model, cache), concat)


def encode_prompts(plan: Plan, stage: Stage, model: Model, cache: Cache) -> Prompts:
    """Encode every text of both prompts, once."""
    parts = [_timeline(part, plan, stage, model, cache, negative=False) for part in plan.prompt.parts]
    negative = _timeline(plan.negative.parts[0], plan, stage, model, cache, negative=True)
    if plan.profile.prompt_rules == "a1111":
        # Parts of different length are brought to one by repeating the last vector (A1111 v1.10.1).
        longest = max(_length(part) for part in parts)
        parts = [_map_timeline(part, lambda c: c.padded_to(longest)) for part in parts]
    if plan.request.pad_cond_uncond:
        empty = model.encode_prompt([""], _text_options(plan, stage, negative=False))[0]
        longest = max(_length(timeline) for timeline in (*parts, negative))
        parts = [_map_timeline(part, lambda c: _append(c, empty, longest)) for part in parts]
        negative = _map_timeline(negative, lambda c: _append(c, empty, longest))
    return Prompts(tuple(parts), negative)


def _text_options(plan: Plan, stage: Stage, *, negative: bool) -> TextOptions:
    return TextOptions(
        clip_skip=plan.request.clip_skip,
        clip_skip_on_sdxl=plan.request.clip_skip_on_sdxl,
        emphasis=plan.request.emphasis,
        norm=plan.profile.emphasis_norm,
        rules=plan.profile.prompt_rules,
        negative=negative,
        embeddings=stage.addons.embeddings,
    )


def _timeline(
    part: ScheduledPart, plan: Plan, stage: Stage, model: Model, cache: Cache, *, negative: bool
) -> Timeline[Conditioning]:
    texts = tuple(segment.text for segment in part.segments)
    options = _text_options(plan, stage, negative=negative)
    encoded = cache.get(("text", texts, options, model.networks.now), lambda: model.encode_prompt(texts, options))
    ends = [segment.until for segment in part.segments]
    return Timeline(tuple(zip(ends, encoded, strict=True)), part.weight)


def _map_timeline(
    timeline: Timeline[Conditioning], change: Callable[[Conditioning], Conditioning]
) -> Timeline[Conditioning]:
    return Timeline(tuple((until, change(c)) for until, c in timeline.segments), timeline.weight)


def _length(timeline: Timeline[Conditioning]) -> int:
    return max(conditioning.tokens.shape[1] for _, conditioning in timeline.segments)


def _append(conditioning: Conditioning, empty: Conditioning, length: int) -> Conditioning:
    tokens = conditioning.tokens
    repeats = (length - tokens.shape[1]) // empty.tokens.shape[1]
    if repeats <= 0:
        return conditioning
    return Conditioning(torch.cat([tokens, *[empty.tokens] * repeats], dim=1), conditioning.pooled)


def encode_frame(plan: Plan, frame: Frame, model: Model, cache: Cache) -> Init:
    """Encode what the network is shown, and the mask."""
    latent_mask = None
    if plan.latent_mask is not None:
        latent_mask = torch.as_tensor(plan.latent_mask)[None, None].to(model.device)
    if frame.shown is None:
        return Init(None, latent_mask)
    latents = _encode(plan, to_pixels(frame.shown), model, cache)
    size = (plan.latent_size.height, plan.latent_size.width)
    if latents.shape[-2:] != size:
        latents = functional.interpolate(latents, size=size, mode="bilinear", antialias=False)
    return Init(latents, latent_mask)


def begin(
    plan: Plan, frame: Frame, made: Made | None, model: Model, cache: Cache, using: Callable[[Enlarging], Upscale]
) -> Init:
    """Give what a pass starts from: the frame, or the enlarged result of the pass before.

    Parameters
    ----------
    using : gives what enlarges a picture, where that and not latents are enlarged
    """
    if made is None or plan.enlarging is None:
        return encode_frame(plan, frame, model, cache)
    if plan.enlarging.upscaler in LATENT_UPSCALERS:
        enlarged = _enlarged_latents(plan, plan.enlarging, made)
    else:
        enlarged = _encode(plan, _enlarged_pixels(plan, plan.enlarging, made, using(plan.enlarging)), model, cache)
    return Init(_middle(enlarged, plan.latent_size))


def _enlarged_latents(plan: Plan, enlarging: Enlarging, made: Made) -> Tensor:
    size = Size(*(side // plan.model.downscale for side in enlarging.size))
    return enlarge_latents(made.latents, size, enlarging.upscaler, wraps=plan.wraps)


def _enlarged_pixels(plan: Plan, enlarging: Enlarging, made: Made, upscale: Upscale) -> Tensor:
    """Enlarge the picture as it would be written."""
    decoded = made.model.decode(made.latents)[0].permute(1, 2, 0).float().cpu().numpy()
    picture = Image.fromarray(to_bytes(np.ascontiguousarray(decoded), plan.profile.to_bytes))
    return to_pixels(enlarge_picture(picture, enlarging.size, upscale, wraps=plan.wraps))


def _middle(latents: Tensor, size: Size) -> Tensor:
    """Cut off equally on both sides what sticks out, an odd cell at the end (A1111 v1.10.1)."""
    top, left = (latents.shape[-2] - size.height) // 2, (latents.shape[-1] - size.width) // 2
    return latents[..., top : top + size.height, left : left + size.width]


def to_pixels(image: Image.Image) -> Tensor:
    """Convert RGB to float32 [1, 3, H, W] in 0..1."""
    array = np.asarray(image.convert("RGB"), np.float32) / 255
    return torch.as_tensor(np.ascontiguousarray(array.transpose(2, 0, 1)))[None]


def _encode(plan: Plan, pixels: Tensor, model: Model, cache: Cache) -> Tensor:
    sampled = plan.profile.vae_encode == "sample"
    # An autoencoder pads with zeros where it halves the size, also where its convolutions go round.
    margin = min(_TILE_MARGIN, *pixels.shape[-2:]) if plan.wraps else 0
    digest = hashlib.sha256(pixels.numpy().tobytes()).hexdigest()

    def encode() -> Tensor:
        # A1111 draws this noise unseeded; drawn by content, a picture is the same in any batch.
        generator = torch.Generator().manual_seed(int(digest[:15], 16)) if sampled else None
        return _inner(model.encode_image(_continued(pixels, margin), generator), margin // model.info.downscale)

    return cache.get(("image", digest, tuple(pixels.shape), sampled, margin), encode)


def _continued(pixels: Tensor, margin: int) -> Tensor:
    return functional.pad(pixels, (margin,) * 4, mode="circular")


def _inner(latents: Tensor, cells: int) -> Tensor:
    height, width = latents.shape[-2:]
    return latents[..., cells : height - cells, cells : width - cells]


def _concat(plan: Plan, frame: Frame, model: Model, cache: Cache) -> Tensor:
    """Build the extra channels of an inpaint checkpoint: mask, then the masked picture's latents.

    Notes
    -----
    Rombach et al. 2022 and A1111 v1.10.1: hidden pixels are mid-grey; without a picture
    all is hidden; the mask is reduced by nearest neighbour.
    """
    height, width = plan.layout.working.height, plan.layout.working.width
    pixels = to_pixels(frame.shown) if frame.shown is not None else torch.full((1, 3, height, width), 0.5)
    hidden = torch.ones(1, 1, *pixels.shape[-2:])
    if frame.shown is not None and frame.mask is not None:
        grey = torch.as_tensor(np.asarray(frame.mask, np.float32) / 255)[None, None]
        hidden = MASK_ROUNDINGS[plan.concat_mask](grey)
        hidden = functional.interpolate(hidden, size=pixels.shape[-2:], mode="nearest")
    covered = hidden * plan.request.inpainting_mask_weight if frame.shown is not None else 0 * hidden
    latents = _encode(plan, pixels * (1 - covered) + 0.5 * covered, model, cache)
    size = (plan.latent_size.height, plan.latent_size.width)
    if latents.shape[-2:] != size:
        latents = functional.interpolate(latents, size=size, mode="bilinear", antialias=False)
    cells = functional.interpolate(hidden, size=size, mode="nearest").to(latents)
    return torch.cat([cells, latents], dim=1)


MASK_ROUNDINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "rounded": torch.round,
    "max_pool": lambda grey: (grey > 0).float(),
    "soft": lambda grey: grey,
}
"""What becomes of a grey mask's values where an inpaint checkpoint is shown it."""


def fill_latents(plan: Plan, init: Init, index: int) -> Init:
    """Put the masked content that lives in latents under the mask of one picture."""
    fill = LATENT_FILLS.get(plan.request.masked_content)
    if fill is None or init.latents is None or init.latent_mask is None:
        return init
    content = fill(plan, init.latents, index)
    return Init(torch.lerp(init.latents, content, init.latent_mask), init.latent_mask)


def _latent_noise(plan: Plan, latents: Tensor, index: int) -> Tensor:
    shared = plan.profile.latent_noise == "shared"
    # A1111 draws it once, from the seeds of the first batch: the very noise the sampler starts from.
    picture = index % plan.request.batch_size if shared else index
    seed = plan.pictures[picture].seed
    if not shared:
        seed = (seed + 0x9E3779B97F4A7C15) % 2**64
    shape = (latents.shape[1], latents.shape[2], latents.shape[3])
    return ImageNoise(shape, seed, source=plan.request.noise_source, device=str(latents.device)).first()


def _latent_nothing(plan: Plan, latents: Tensor, index: int) -> Tensor:
    return torch.zeros_like(latents)


LatentFill = Callable[[Plan, Tensor, int], Tensor]
LATENT_FILLS: dict[str, LatentFill] = {"latent_noise": _latent_noise, "latent_nothing": _latent_nothing}


def same_length(conditionings: Sequence[Conditioning]) -> bool:
    """Whether conditionings can share one call of the network."""
    return len({conditioning.tokens.shape[1] for conditioning in conditionings}) == 1
