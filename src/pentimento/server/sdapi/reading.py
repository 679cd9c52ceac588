"""Bodies of `/sdapi/v1/txt2img` and `/sdapi/v1/img2img` to a `Request`.

The only place that knows A1111's words and numbers for a request. Source: behaviour of
A1111 v1.10.1; its API's defaults differ from its page's and are kept here.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

from ... import choices
from ...diffusion.samplers import SAMPLERS, Sampler, find_sampler
from ...diffusion.schedules import SCHEDULES
from ...errors import ImageError, RequestError
from ...request import Request
from .second_pass import read_refiner, read_second_pass

Body = Mapping[str, Any]
Fields = dict[str, Any]

_DEFAULT_SAMPLER = "DPM++ 2M"


def to_request(endpoint: str, body: Body, known_model: Callable[[str], bool] = lambda name: True) -> Request:
    """Turn a body into a `Request` of profile a1111.

    Unknown keys are ignored and unknown names replaced, as A1111 does. Settings of the
    job (`override_settings`) are read after the fields, since in A1111 they win.
    """
    given = {key: value for key, value in body.items() if value is not None}
    settings: Fields = dict(given.get("override_settings") or {})
    fields: Fields = {"profile": "a1111"}
    for key, default in _API_DEFAULTS.items():
        _FIELDS[key](fields, given.get(key, default))
    sampler = read_sampler(fields, given)
    for key, read in _FIELDS.items():
        if key in given and key not in _API_DEFAULTS:
            read(fields, given[key])
    for key, value in settings.items():
        if key in SETTINGS:
            SETTINGS[key](fields, value)
    if settings.get("sd_lora") not in (None, "", "None"):  # a network that A1111 adds to every prompt
        strength = settings.get("extra_networks_default_multiplier", 1.0)
        fields["prompt"] = f"{fields.get('prompt', '')}<lora:{settings['sd_lora']}:{strength}>"
    if sampler.uses_eta and "eta" not in fields:
        eta = settings.get("eta_ddim" if sampler.timesteps else "eta_ancestral")
        fields.update({"eta": float(eta)} if eta is not None else {})
    if not known_model(fields.get("model") or ""):
        fields.pop("model", None)
    read_refiner(fields, given, settings)
    if endpoint == "img2img":
        _read_pictures(fields, given)
        _read_soft_inpainting(fields, given)
    else:
        read_second_pass(fields, given, settings)
    return Request(**fields)


# One reader a key: (fields of our request, value of the body) -> None.
Reader = Callable[[Fields, Any], None]


def _to(field: str, convert: Callable[[Any], Any]) -> Reader:
    def read(fields: Fields, value: Any) -> None:
        try:
            fields[field] = convert(value)
        except (TypeError, ValueError) as error:
            raise RequestError(field, value, f"{value!r} cannot be taken: {error}") from error

    return read


def _positive(field: str) -> Reader:
    """Zero or less means "not set" in A1111."""

    def read(fields: Fields, value: Any) -> None:
        if float(value) > 0:
            fields[field] = float(value)

    return read


def _choice(table: choices.Choices) -> Callable[[Any], str]:
    return lambda number: table.from_a1111(int(number)).name


def _seed(value: Any) -> int:
    return -1 if value in ("", None) or int(value) < 0 else int(value)


def _axis(index: int) -> Reader:
    def read(fields: Fields, value: Any) -> None:
        blur = list(fields.get("mask_blur", (4.0, 4.0)))
        blur[index] = float(int(value))
        fields["mask_blur"] = tuple(blur)

    return read


def _noise_source(value: Any) -> str:
    return {"GPU": "device", "CPU": "cpu", "NV": "philox"}.get(str(value), "device")


_FIELDS: dict[str, Reader] = {
    "prompt": _to("prompt", str),
    "negative_prompt": _to("negative_prompt", str),
    "styles": _to("styles", tuple),
    "steps": _to("steps", int),
    "width": _to("width", int),
    "height": _to("height", int),
    "batch_size": _to("batch_size", int),
    "n_iter": _to("batch_count", int),
    "cfg_scale": _to("cfg_scale", float),
    "seed": _to("seed", _seed),
    "subseed": _to("variation_seed", _seed),
    "subseed_strength": _to("variation_strength", float),
    "denoising_strength": _to("denoising_strength", lambda value: min(1.0, float(value))),
    "resize_mode": _to("resize_mode", _choice(choices.RESIZE_MODE)),
    "mask_blur_x": _axis(0),
    "mask_blur_y": _axis(1),
    "mask_blur": _to("mask_blur", lambda value: (float(int(value)), float(int(value)))),
    "inpainting_mask_invert": _to("mask_mode", _choice(choices.MASK_MODE)),
    "inpainting_fill": _to("masked_content", _choice(choices.MASKED_CONTENT)),
    "inpaint_full_res": _to("inpaint_area", _choice(choices.INPAINT_AREA)),
    "inpaint_full_res_padding": _to("only_masked_padding", int),
    "mask_round": _to("mask_round", bool),
    "initial_noise_multiplier": _to("noise_multiplier", float),
    "tiling": _to("tiling", bool),
    "eta": _to("eta", float),
    "s_churn": _to("s_churn", float),
    "s_tmin": _to("s_tmin", float),
    "s_tmax": _positive("s_tmax"),
    "s_noise": _to("s_noise", float),
    "s_min_uncond": _to("s_min_uncond", float),
    "noise_source": _to("noise_source", str),
}

# What A1111's API takes for a field that is not given (its page has other defaults).
_API_DEFAULTS: Fields = {
    "steps": 50,
    "width": 512,
    "height": 512,
    "inpainting_fill": 0,
    "inpaint_full_res": 1,
    "inpaint_full_res_padding": 0,
    "noise_source": "device",
}

SETTINGS: dict[str, Reader] = {
    "sd_model_checkpoint": _to("model", str),
    "sd_vae": lambda fields, value: fields.update({} if value in ("Automatic", "None", "") else {"vae": str(value)}),
    "upscaler_for_img2img": lambda fields, value: fields.update({"resize_upscaler": str(value)} if value else {}),
    "CLIP_stop_at_last_layers": _to("clip_skip", int),
    "sdxl_clip_l_skip": _to("clip_skip_on_sdxl", bool),
    "emphasis": _to("emphasis", str),
    "randn_source": _to("noise_source", _noise_source),
    "eta_noise_seed_delta": _to("eta_noise_seed_delta", int),
    "s_churn": _to("s_churn", float),
    "s_tmin": _to("s_tmin", float),
    "s_tmax": _positive("s_tmax"),
    "s_noise": _to("s_noise", float),
    "sigma_min": _positive("sigma_min"),
    "sigma_max": _positive("sigma_max"),
    "rho": _positive("rho"),
    "beta_dist_alpha": _to("beta_alpha", float),
    "beta_dist_beta": _to("beta_beta", float),
    "always_discard_next_to_last_sigma": _to("discard_penultimate_sigma", bool),
    "sgm_noise_multiplier": _to("sgm_noise_multiplier", bool),
    "sd_noise_schedule": _to("zero_terminal_snr", lambda value: value == "Zero Terminal SNR"),
    "use_downcasted_alpha_bar": _to("downcast_alphas", bool),
    "uni_pc_variant": _to("unipc_variant", str),
    "uni_pc_skip_type": _to("unipc_spacing", str),
    "uni_pc_order": _to("unipc_order", int),
    "uni_pc_lower_order_final": _to("unipc_lower_order_final", bool),
    "skip_early_cond": _to("skip_early_cond", float),
    "s_min_uncond": _to("s_min_uncond", float),
    "s_min_uncond_all": _to("s_min_uncond_all", bool),
    "pad_cond_uncond": _to("pad_cond_uncond", bool),
    "img2img_fix_steps": _to("exact_steps", bool),
    "img2img_extra_noise": _to("extra_noise", float),
    "img2img_background_color": _to("background", str),
    "img2img_color_correction": _to("color_correction", bool),
    "inpainting_mask_weight": _to("inpainting_mask_weight", float),
    "tiling": _to("tiling", bool),
}


_SOFT_INPAINTING = (
    "soft_schedule_bias",
    "soft_preservation_strength",
    "soft_transition_contrast",
    "soft_mask_influence",
    "soft_difference_threshold",
    "soft_difference_contrast",
)
"""Arguments of A1111's always-on script in their order, after the one that switches it on."""


def _read_soft_inpainting(fields: Fields, given: Body) -> None:
    scripts: Mapping[str, Mapping[str, Any]] = given.get("alwayson_scripts") or {}
    arguments: list[Any] = []
    for title, script in scripts.items():
        if title.lower() == "soft inpainting":
            arguments = list(script.get("args") or ())
    if arguments and arguments[0]:
        fields["mask_action"] = "soft"
        for field, value in zip(_SOFT_INPAINTING, arguments[1:], strict=False):
            _to(field, float)(fields, value)


def read_sampler(fields: Fields, given: Body) -> Sampler:
    """Resolve sampler and schedule: "NAME SCHEDULE" is split, what is unknown is replaced."""
    name = str(given.get("sampler_name") or given.get("sampler_index") or "Euler")
    schedule = str(given.get("scheduler") or "Automatic")
    for row in SCHEDULES:
        for spelling in (row.label, row.name, *row.aliases):
            if name.endswith(" " + spelling):
                name, schedule = name[: -len(spelling) - 1], row.label
    sampler = next((row for row in SAMPLERS if row.label == name), None) or find_sampler(_DEFAULT_SAMPLER)
    known = {spelling.lower(): row for row in SCHEDULES for spelling in (row.label, row.name, *row.aliases)}
    fields["sampler"] = sampler.name
    fields["schedule"] = known[schedule.lower()].name if schedule.lower() in known else "automatic"
    width, height = int(given.get("seed_resize_from_w") or 0), int(given.get("seed_resize_from_h") or 0)
    if width > 0 and height > 0:
        fields["seed_resize"] = (width, height)
    return sampler


def _read_pictures(fields: Fields, given: Body) -> None:
    pictures = given.get("init_images")
    if not pictures:
        raise ImageError("init_images", None, "Init image not found; give a list with one picture in base64")
    fields["init_image"] = decode_picture(pictures[0], "init_images")
    if given.get("mask"):
        fields["mask"] = decode_picture(given["mask"], "mask")


def decode_picture(text: str, field: str) -> bytes:
    """Decode base64 with or without a `data:` prefix.

    Raises
    ------
    ImageError
        Where it is not base64, or an address: nothing is fetched.
    """
    if text.startswith(("http://", "https://")):
        raise ImageError(field, text[:80], "addresses are not fetched; send the picture itself in base64")
    payload = text.split(",", 1)[1] if text.startswith("data:") else text
    try:
        return base64.b64decode(payload, validate=False)
    except (binascii.Error, ValueError) as error:
        raise ImageError(field, text[:40], f"it is not base64 ({error}); send the bytes of a picture file") from error
