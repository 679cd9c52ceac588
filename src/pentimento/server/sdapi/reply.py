"""Finished pictures to A1111's reply: raw base64 files, echoed parameters, `info` as a JSON string."""

import base64
import io
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ...framing import FRAMERS
from ...pictures.write import to_png
from ...plan import Plan
from ...result import PROGRAM, infotext_of, parameters

Body = Mapping[str, Any]


def file_format(body: Body) -> str:
    """Tell in what format A1111 would send the pictures."""
    settings: Mapping[str, Any] = body.get("override_settings") or {}
    return str(settings.get("samples_format") or "png").lower()


def reply(plan: Plan, files: Sequence[bytes], body: Body, made: Sequence[Image.Image] | None = None) -> dict[str, Any]:
    """Build the reply.

    Parameters
    ----------
    files : of the pictures that were finished, the first of the plan's
    made : what the network made of each before it was pasted; left out = the pictures, which
        differ from it only where the mask is grey
    """
    settings: Mapping[str, Any] = body.get("override_settings") or {}
    pictures: list[bytes] = []
    for index, file in enumerate(files):
        pictures.append(file)
        pictures.extend(_mask_pictures(plan, file if made is None else made[index], settings))
    if body.get("send_images") is False:
        pictures = []
    hidden = {} if body.get("include_init_images") else {"init_images": None, "mask": None}
    return {
        "images": [base64.b64encode(picture).decode() for picture in pictures],
        "parameters": {**body, **hidden},
        "info": json.dumps(info(plan, files), ensure_ascii=False),
    }


def _mask_pictures(plan: Plan, picture: bytes | Image.Image, settings: Mapping[str, Any]) -> list[bytes]:
    """Give the mask and the masked part, where the settings ask for them."""
    if not (settings.get("return_mask") or settings.get("return_mask_composite")):
        return []
    weight = FRAMERS[plan.profile.overlay].frame(plan.request, plan.inputs, plan.layout).weight
    if weight is None:
        return []
    mask = Image.fromarray(np.round(weight * 255).astype(np.uint8))
    wanted: list[Image.Image] = []
    if settings.get("return_mask"):
        wanted.append(mask.convert("RGB"))
    if settings.get("return_mask_composite"):
        image = Image.open(io.BytesIO(picture)).convert("RGBA") if isinstance(picture, bytes) else picture
        nothing = Image.new("RGBa", image.size)
        wanted.append(Image.composite(image.convert("RGBa"), nothing, mask.resize(image.size)).convert("RGBA"))
    return [to_png(image) for image in wanted]


def info(plan: Plan, files: Sequence[bytes]) -> dict[str, Any]:
    """Build A1111's `info` object for the pictures that were finished."""
    request, pictures = plan.request, plan.pictures[: len(files)]
    size = _size(files[0]) if files else plan.layout.output
    first = plan.pictures[0]
    resized = request.seed_resize or (-1, -1)
    prompt, negative = plan.prompt_text, plan.negative_text
    return {
        "prompt": prompt,
        "all_prompts": [prompt] * len(pictures),
        "negative_prompt": negative,
        "all_negative_prompts": [negative] * len(pictures),
        "seed": first.seed,
        "all_seeds": [picture.seed for picture in pictures],
        "subseed": first.variation_seed,
        "all_subseeds": [picture.variation_seed for picture in pictures],
        "subseed_strength": request.variation_strength,
        "width": request.width or size[0],
        "height": request.height or size[1],
        "sampler_name": plan.sampler.label,
        "cfg_scale": request.cfg_scale,
        "steps": request.steps,
        "batch_size": request.batch_size,
        "restore_faces": False,
        "face_restoration_model": None,
        "sd_model_name": plan.model.name,
        "sd_model_hash": plan.model.hash,
        "sd_vae_name": request.vae and Path(request.vae).name,
        "sd_vae_hash": None,
        "seed_resize_from_w": resized[0],
        "seed_resize_from_h": resized[1],
        "denoising_strength": None if request.init_image is None and plan.then is None else request.denoising_strength,
        "extra_generation_params": _extra_parameters(plan),
        "index_of_first_image": 0,
        "infotexts": [infotext_of(plan, picture) for picture in pictures],
        "styles": list(request.styles),
        "job_timestamp": time.strftime("%Y%m%d%H%M%S"),
        "clip_skip": request.clip_skip,
        "is_using_inpainting_conditioning": plan.model.inpaint,
        "version": PROGRAM,
    }


def _size(file: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(file)) as image:
        return image.size


_ALWAYS_TOLD = frozenset(
    ["Steps", "Sampler", "CFG scale", "Seed", "Size", "Model hash", "Model", "VAE", "VAE hash"]
    + ["Variation seed", "Variation seed strength", "Version"]
)


def _extra_parameters(plan: Plan) -> dict[str, Any]:
    told = parameters(plan, plan.pictures[0])
    return {name: value for name, value in told.items() if name not in _ALWAYS_TOLD}
