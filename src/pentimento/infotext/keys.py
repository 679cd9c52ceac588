"""What the keys of an infotext mean: the two directions between it and a `Request`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import choices
from ..diffusion.samplers import find_sampler
from ..diffusion.schedules import find_schedule
from ..errors import RequestError
from ..geometry import Size
from ..request import Request
from .grammar import Infotext, Value, old_behaviour
from .samplers import read_sampler, schedule_label, settle_schedule
from .sizes import (
    extend,
    extend_overlap,
    hires_scale,
    hires_size,
    pair_of,
    read_extend,
    read_hires_size,
    read_size,
    seed_resize,
)

PROGRAM = "Pentimento"
Fields = dict[str, Any]


@dataclass(frozen=True)
class InfotextFacts:
    """What is known of one picture beside its request.

    Attributes
    ----------
    size : width and height that were worked for (of the crop, where only that is worked on), before padding
    model_hash : first 10 hex digits of its SHA-256
    inpaint_model : the network takes 9 channels
    version : what wrote the picture, "Pentimento 0.1.0"; with any other label the text is A1111's
        to the byte, without the keys that only we know
    extra : more pairs ("Lora hashes", "Refiner", ...); known keys go where A1111 has them
    """

    seed: int
    size: Size
    version: str
    variation_seed: int = 0
    model: str | None = None
    model_hash: str | None = None
    inpaint_model: bool = False
    vae: str | None = None
    vae_hash: str | None = None
    extra: Mapping[str, Value] = field(default_factory=dict[str, Value])

    @property
    def ours(self) -> bool:
        return self.version.startswith(PROGRAM)


Write = Callable[[Request, InfotextFacts], Value]
Read = Callable[[str], Fields]


@dataclass(frozen=True)
class Key:
    """One key of the text.

    Attributes
    ----------
    write : its value, None = not written; without it only `InfotextFacts.extra` can give one
    read : fields of the request; without it the key is not understood
    ours : A1111 does not know it
    """

    name: str
    write: Write | None = None
    read: Read | None = None
    ours: bool = False


def describe(request: Request, facts: InfotextFacts) -> dict[str, Value]:
    """List the keys and values for one picture in A1111's order.

    Notes
    -----
    Written is what affects the picture and is not the default that a reader fills in.
    Never: pictures and their names, styles (they are in the prompt), sizes of batches.
    """
    written = {key.name: key.write(request, facts) if key.write else None for key in KEYS if facts.ours or not key.ours}
    known = {name: facts.extra.get(name, value) for name, value in written.items()}
    unknown = {name: value for name, value in facts.extra.items() if name not in written}
    end = {"Version": facts.version, "User": known.pop("User")}
    del known["Version"]
    return {name: value for name, value in {**known, **unknown, **end}.items() if value is not None}


def to_request(infotext: Infotext) -> tuple[Fields, dict[str, str]]:
    """Restore the fields of a request, and tell the parameters that were not understood.

    Returns
    -------
    fields : for `Request(**fields)`; a text with parameters from another program than ours
        gets `profile="a1111"` and noise of the device, as A1111 means where it says nothing
    not_understood : key and text of what we do not know or cannot take
    """
    given = _with_sizes_joined(infotext.parameters)
    fields: Fields = {"prompt": infotext.prompt, "negative_prompt": infotext.negative_prompt}
    not_understood: dict[str, str] = {}
    if not given:
        return fields, {}
    ours = given.get("Version", "").startswith(PROGRAM)
    fields |= {"profile": "pentimento" if ours else "a1111", "noise_source": "device"}
    for name, text in {**given, **_old_switches(infotext, given)}.items():
        found = _read(name, text)
        if found is None:
            not_understood[name] = text
        else:
            fields |= found
    return _made_to_fit(fields | settle_schedule(infotext, fields, given), not_understood)


def _read(name: str, text: str) -> Fields | None:
    """Read one parameter; None where the key is unknown or the request would refuse the value."""
    key = _BY_NAME.get(name)
    if key is None or key.read is None:
        return None
    try:
        found = key.read(text)
        Request(**found)
    except (ValueError, KeyError, RequestError):
        return None
    return found


def _made_to_fit(fields: Fields, not_understood: dict[str, str]) -> tuple[Fields, dict[str, str]]:
    """Leave out a field that a request takes alone but not beside the others."""
    try:
        Request(**fields)
    except RequestError as error:
        rest = {name: value for name, value in fields.items() if name != error.field}
        return rest, {**not_understood, error.field: str(error.value)}
    return fields, not_understood


def _with_sizes_joined(parameters: Mapping[str, str]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, text in parameters.items():
        stem, second = name[:-2], f"{name[:-2]}-2"
        if name.endswith("-1") and second in parameters:
            joined[stem] = f"{text}x{parameters[second]}"
        elif not (name.endswith("-2") and f"{stem}-1" in parameters):
            joined[name] = text
    return joined


def _old_switches(infotext: Infotext, given: Mapping[str, str]) -> dict[str, str]:
    needed = {name: str(value) for name, value in old_behaviour(infotext).items() if name not in given}
    if "Refiner" not in given:
        needed.pop("Refiner switch by sampling steps", None)
    return needed


# Readers: text to fields; ValueError, KeyError and RequestError mean "not understood"


def _nothing(text: str) -> Fields:
    del text
    return {}


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _reads(name: str, convert: Callable[[str], object]) -> Read:
    return lambda text: {name: convert(text)}


def _chosen(table: choices.Choices) -> Callable[[str], str]:
    return table.name_of


def _read_blur(text: str) -> Fields:
    return {"mask_blur": (float(text), float(text))}


def _read_blurs(text: str) -> Fields:
    across, down = text.split()
    return {"mask_blur": (float(across), float(down))}


def _read_soft(text: str) -> Fields:
    return {"mask_action": "soft"} if _boolean(text) else {}


def _read_noise_schedule(text: str) -> Fields:
    return {"zero_terminal_snr": {"Zero Terminal SNR": True, "Default": False}[text]}


# Writers


def _always(request: Request) -> bool:
    del request
    return True


def _with_image(request: Request) -> bool:
    return request.init_image is not None


def _with_second_pass(request: Request) -> bool:
    return request.has_second_pass


def _with_refiner(request: Request) -> bool:
    return request.refiner is not None


def _with_strength(request: Request) -> bool:
    return _with_image(request) or _with_second_pass(request)


def _with_mask(request: Request) -> bool:
    return request.mode == "inpaint"


def _only_masked(request: Request) -> bool:
    return _with_mask(request) and request.inpaint_area == "only_masked"


def _unless_default(
    name: str, when: Callable[[Request], bool] = _always, table: choices.Choices | None = None
) -> Write:
    default = Request.model_fields[name].default

    def value(request: Request, facts: InfotextFacts) -> Value:
        del facts
        given = getattr(request, name)
        if given == default or not when(request):
            return None
        return table.label_of(given) if table else given

    return value


def _varied(value: Callable[[Request, InfotextFacts], Value]) -> Write:
    return lambda request, facts: value(request, facts) if request.variation_strength else None


def _mask_weight(request: Request, facts: InfotextFacts) -> Value:
    weight = request.inpainting_mask_weight
    used = facts.inpaint_model and _with_image(request)
    return weight if used or (facts.ours and weight != 1) else None


def _ensd(request: Request, facts: InfotextFacts) -> Value:
    # A1111 leaves it out where its table says that the sampler draws nothing.
    noted = facts.ours or find_sampler(request.sampler).uses_ensd
    return request.eta_noise_seed_delta or None if noted else None


def _rng(request: Request, facts: InfotextFacts) -> Value:
    del facts
    return None if request.noise_source == "device" else choices.NOISE_SOURCE.find(request.noise_source).label


def _eta(timesteps: bool) -> Write:
    def value(request: Request, facts: InfotextFacts) -> Value:
        sampler = find_sampler(request.sampler)
        known = facts.ours or (sampler.uses_eta and request.eta != sampler.eta)
        return request.eta if known and sampler.timesteps == timesteps else None

    return value


def _mask_blur(request: Request, facts: InfotextFacts) -> Value:
    del facts
    across, down = request.mask_blur
    if not _with_mask(request) or across != down:
        return None
    return int(across) if across.is_integer() else across


def _mask_blurs(request: Request, facts: InfotextFacts) -> Value:
    del facts
    across, down = request.mask_blur
    return f"{across} {down}" if _with_mask(request) and across != down else None


def _is_soft(request: Request) -> bool:
    return _with_mask(request) and request.mask_action == "soft"


def _beta(name: str) -> Write:
    return lambda request, facts: getattr(request, name) if request.schedule == "beta" else None


def _label(table: choices.Choices, name: str, written: bool) -> Value:
    return table.label_of(name) if written else None


def _profile(request: Request, facts: InfotextFacts) -> Value:
    del facts
    return None if request.profile == "pentimento" else request.profile


def _unless(name: str, key: str, convert: Callable[[str], object], when: Callable[[Request], bool] = _always) -> Key:
    """Make the row of a field that is written if it is not the default."""
    return Key(key, _unless_default(name, when), _reads(name, convert))


def _soft(name: str, key: str) -> Key:
    """Make the row of a soft inpainting's number, written whenever that is on."""

    def value(request: Request, facts: InfotextFacts) -> Value:
        del facts
        number: float = getattr(request, name)
        return None if not _is_soft(request) else int(number) if number.is_integer() else number

    return Key(key, value, _reads(name, float))


def _one_of(table: choices.Choices, key: str, when: Callable[[Request], bool] = _always, *, ours: bool = False) -> Key:
    """Make the row of a choice, written by its label."""
    return Key(key, _unless_default(table.field, when, table), _reads(table.field, _chosen(table)), ours)


def _flag(name: str, key: str, when: Callable[[Request], bool] = _always, *, ours: bool = False) -> Key:
    return Key(key, _unless_default(name, when), _reads(name, _boolean), ours)


KEYS: tuple[Key, ...] = (
    Key("Steps", lambda request, facts: request.steps, _reads("steps", int)),
    Key("Sampler", lambda request, facts: find_sampler(request.sampler).label, read_sampler),
    Key(
        "Schedule type",
        lambda request, facts: schedule_label(request),
        _reads("schedule", lambda text: find_schedule(text).name),
    ),
    Key("CFG scale", lambda request, facts: request.cfg_scale, _reads("cfg_scale", float)),
    Key("Image CFG scale"),
    Key("Seed", lambda request, facts: facts.seed, _reads("seed", int)),
    Key("Face restoration"),
    Key("Size", lambda request, facts: str(facts.size), read_size),
    Key("Model hash", lambda request, facts: facts.model_hash, _nothing),
    Key("Model", lambda request, facts: facts.model, _reads("model", str)),
    Key("FP8 weight"),
    Key("Cache FP16 weight for LoRA"),
    Key("VAE hash", lambda request, facts: facts.vae_hash, _nothing),
    Key("VAE", lambda request, facts: facts.vae, _reads("vae", str)),
    Key("Variation seed", _varied(lambda request, facts: facts.variation_seed), _reads("variation_seed", int)),
    Key(
        "Variation seed strength",
        _varied(lambda request, facts: request.variation_strength),
        _reads("variation_strength", float),
    ),
    Key("Seed resize from", seed_resize, _reads("seed_resize", pair_of)),
    Key(
        "Denoising strength",
        lambda request, facts: request.denoising_strength if _with_strength(request) else None,
        _reads("denoising_strength", float),
    ),
    Key("Conditional mask weight", _mask_weight, _reads("inpainting_mask_weight", float)),
    _unless("clip_skip", "Clip skip", int),
    Key("ENSD", _ensd, _reads("eta_noise_seed_delta", int)),
    Key("Token merging ratio"),
    Key("Token merging ratio hr"),
    Key("Init image hash", None, _nothing),
    Key("RNG", _rng, _reads("noise_source", _chosen(choices.NOISE_SOURCE))),
    _flag("tiling", "Tiling"),
    Key("Soft inpainting enabled", lambda request, facts: True if _is_soft(request) else None, _read_soft),
    _soft("soft_schedule_bias", "Soft inpainting schedule bias"),
    _soft("soft_preservation_strength", "Soft inpainting preservation strength"),
    _soft("soft_transition_contrast", "Soft inpainting transition contrast boost"),
    _soft("soft_mask_influence", "Soft inpainting mask influence"),
    _soft("soft_difference_threshold", "Soft inpainting difference threshold"),
    _soft("soft_difference_contrast", "Soft inpainting difference contrast"),
    Key("Final denoising strength"),
    Key("Denoising curve"),
    _one_of(choices.MASK_MODE, "Mask mode", _with_mask),
    Key("Mask blur", _mask_blur, _read_blur),
    _one_of(choices.INPAINT_AREA, "Inpaint area", _with_mask),
    Key(
        "Masked area padding",
        lambda request, facts: request.only_masked_padding if _only_masked(request) else None,
        _reads("only_masked_padding", int),
    ),
    _one_of(choices.MASKED_CONTENT, "Masked content", _with_mask),
    _unless("noise_multiplier", "Noise multiplier", float),
    _unless("extra_noise", "Extra noise", float),
    Key("Eta", _eta(timesteps=False), _reads("eta", float)),
    Key("Eta DDIM", _eta(timesteps=True), _reads("eta", float)),
    _unless("s_churn", "Sigma churn", float),
    _unless("s_tmin", "Sigma tmin", float),
    _unless("s_tmax", "Sigma tmax", float),
    _unless("s_noise", "Sigma noise", float),
    _unless("sigma_min", "Schedule min sigma", float),
    _unless("sigma_max", "Schedule max sigma", float),
    _unless("rho", "Schedule rho", float),
    Key("Beta schedule alpha", _beta("beta_alpha"), _reads("beta_alpha", float)),
    Key("Beta schedule beta", _beta("beta_beta"), _reads("beta_beta", float)),
    # The names that A1111 reads, though it writes those above.
    Key("Beta scheduler alpha", None, _reads("beta_alpha", float)),
    Key("Beta scheduler beta", None, _reads("beta_beta", float)),
    _flag("discard_penultimate_sigma", "Discard penultimate sigma"),
    _flag("sgm_noise_multiplier", "SGM noise multiplier"),
    _unless("s_min_uncond", "NGMS", float),
    _flag("s_min_uncond_all", "NGMS all steps"),
    _unless("skip_early_cond", "Skip Early CFG", float),
    _flag("pad_cond_uncond", "Pad conds"),
    Key("Pad conds v0"),
    _one_of(choices.EMPHASIS, "Emphasis"),
    Key("Old prompt editing timelines"),
    _flag("downcast_alphas", "Downcast alphas_cumprod"),
    Key(
        "Noise Schedule",
        lambda request, facts: "Zero Terminal SNR" if request.zero_terminal_snr else None,
        _read_noise_schedule,
    ),
    Key("VAE Encoder"),
    Key("VAE Decoder"),
    _one_of(choices.UNIPC_VARIANT, "UniPC variant"),
    _one_of(choices.UNIPC_SPACING, "UniPC skip type"),
    _unless("unipc_order", "UniPC order", int),
    _flag("unipc_lower_order_final", "UniPC lower order final"),
    Key("Lora hashes", None, _nothing),
    Key("TI hashes", None, _nothing),
    Key("Hashes", None, _nothing),
    Key("Hires upscale", hires_scale, _reads("hires_scale", float)),
    Key("Hires resize", hires_size, read_hires_size),
    _unless("hires_steps", "Hires steps", int, _with_second_pass),
    Key(
        "Hires upscaler",
        lambda request, facts: _label(choices.HIRES_UPSCALER, request.hires_upscaler, _with_second_pass(request)),
        _reads("hires_upscaler", _chosen(choices.HIRES_UPSCALER)),
    ),
    Key(
        "Hires sampler",
        lambda request, facts: request.hires_sampler and find_sampler(request.hires_sampler).label,
        _reads("hires_sampler", lambda text: find_sampler(text).name),
    ),
    Key(
        "Hires schedule type",
        lambda request, facts: request.hires_schedule and find_schedule(request.hires_schedule).label,
        _reads("hires_schedule", lambda text: find_schedule(text).name),
    ),
    Key("Hires CFG scale", _unless_default("hires_cfg_scale"), _reads("hires_cfg_scale", float), ours=True),
    Key("Hires checkpoint", None, _reads("hires_model", str)),
    _unless("hires_prompt", "Hires prompt", str, _with_second_pass),
    _unless("hires_negative_prompt", "Hires negative prompt", str, _with_second_pass),
    Key("Refiner", None, _reads("refiner", str)),
    Key(
        "Refiner switch at",
        lambda request, facts: request.refiner_switch_at if request.refiner else None,
        _reads("refiner_switch_at", float),
    ),
    _flag("refiner_by_steps", "Refiner switch by sampling steps", _with_refiner),
    _one_of(choices.REFINER_PASS, "Hires refiner", _with_refiner),
    # What A1111 never writes down.
    _one_of(choices.RESIZE_MODE, "Resize mode", _with_image, ours=True),
    _one_of(choices.RESIZE_UPSCALER, "Resize upscaler", _with_image, ours=True),
    _flag("exact_steps", "Exact steps", _with_image, ours=True),
    Key("Background", _unless_default("background", _with_image), _reads("background", str), ours=True),
    Key("Mask blur axes", _mask_blurs, _read_blurs, ours=True),
    _one_of(choices.FEATHER, "Feather", _with_mask, ours=True),
    _flag("mask_round", "Mask rounding", _with_mask, ours=True),
    _one_of(choices.MASK_ACTION, "Mask action", _with_mask, ours=True),
    Key("Extend", extend, read_extend, ours=True),
    Key("Extend overlap", extend_overlap, _reads("extend_overlap", int), ours=True),
    _flag("color_correction", "Color correction", _with_image, ours=True),
    _one_of(choices.BLEND, "Blend", _with_mask, ours=True),
    _flag("match_grain", "Grain match", _with_mask, ours=True),
    _flag("clip_skip_on_sdxl", "Clip skip on SDXL", ours=True),
    Key("Profile", _profile, _reads("profile", str), ours=True),
    # Written at the very end.
    Key("Version", None, _nothing),
    Key("User", None, _nothing),
)
"""All keys that are known, in A1111's order."""

_BY_NAME = {key.name: key for key in KEYS}
