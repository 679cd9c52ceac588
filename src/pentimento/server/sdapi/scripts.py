"""A1111's dialect: `script_name`, `script_args` and `alwayson_scripts` of `/sdapi/v1/txt2img` and `img2img`.

Arguments stand in the order in which A1111 v1.10.1 takes them; a shorter list leaves the rest
at the values of its page.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from ... import choices
from ...errors import RequestError, unknown_name
from ...metadata import read
from ...request import Request
from ...scripts import Options, Script, ScriptPlan, find_script, plan_script, run_script
from ..described import bounds_of, words_of
from .adetailer import DEFAULTS, TITLE, Detectors, read_adetailer
from .reply import file_format, reply

if TYPE_CHECKING:
    from ...studio import Studio

Body = Mapping[str, Any]
Fields = dict[str, Any]

_MASKS = frozenset({"return_mask", "return_mask_composite"})


@dataclass(frozen=True)
class Argument:
    """One argument: what A1111 calls it, its default, and the option of ours that it sets.

    Attributes
    ----------
    option : empty = it has no meaning here
    convert : its value to ours
    of_request : it is a field of the request instead of an option
    words : what it takes, as A1111 writes it; empty = as the option does
    """

    label: str
    default: Any
    option: str = ""
    convert: Callable[[Any], Any] = lambda value: value
    of_request: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Title:
    """One script as A1111 lists it.

    Attributes
    ----------
    gives_page : its page is the first picture of the reply
    gives_pictures : what the arguments say of the single pictures
    """

    title: str
    name: str
    arguments: tuple[Argument, ...]
    endpoints: tuple[str, ...] = ("txt2img", "img2img")
    gives_page: bool = False
    gives_pictures: Callable[[Sequence[Any]], bool] = lambda arguments: True


@dataclass(frozen=True, eq=False)
class Asked:
    """A script with its options, as a body asks for it."""

    title: Title
    script: Script
    options: Options
    fields: Fields
    gives_pictures: bool


def _directions(value: Any) -> tuple[str, ...]:
    return tuple(str(side).lower() for side in ([value] if isinstance(value, str) else value or ()))


def _no_captions(value: Any) -> None:
    if value not in (None, "", "None"):
        raise RequestError("script_args", value, "captions are not appended in a loop; give 'None'")


def _masked_content(value: Any) -> str:
    rows = choices.MASKED_CONTENT
    return rows.find(value).name if isinstance(value, str) else rows.from_a1111(int(value)).name


_UPSCALERS = ("none", "lanczos", "nearest")
_UPSCALER_WORDS = tuple(name.capitalize() for name in _UPSCALERS)
_CONTENTS = tuple(row.label.lower() for row in choices.MASKED_CONTENT.rows)


def _upscaler(value: Any) -> str:
    if isinstance(value, str):
        word = value.strip()
        return "none" if word.lower() == "none" else choices.RESIZE_UPSCALER.name_of(word)
    if not 0 <= int(value) < len(_UPSCALERS):
        raise RequestError(
            "script_args", value, f"there is no upscaler {value}; 0 to {len(_UPSCALERS) - 1} are here, others by name"
        )
    return _UPSCALERS[int(value)]


_LINE_NAMES = {
    "sampler_name": "sampler",
    "n_iter": "batch_count",
    "subseed": "variation_seed",
    "subseed_strength": "variation_strength",
}


def _lines(text: Any) -> str:
    """Give the fields of every line our names."""
    return re.sub(r"--(\w+)", lambda found: "--" + _LINE_NAMES.get(found[1], found[1]), str(text))


_ALL_SIDES = ("left", "right", "up", "down")
_IMG2IMG = ("img2img",)
_HEAD = (Argument("", ""),)
_PIXELS = Argument("Pixels to expand", 128, "pixels", int)
_OUTPAINTING_DIRECTION = Argument("Outpainting direction", _ALL_SIDES, "directions", _directions)

# Label of A1111's axis, the axis of ours, on which of its pages it is. The place in the list of
# its page is the number that clients send; what has no axis here keeps its place.
_BOTH, _TXT, _IMG = ("txt2img", "img2img"), ("txt2img",), ("img2img",)
_XYZ: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Nothing", "", _BOTH),
    ("Seed", "seed", _BOTH),
    ("Var. seed", "variation_seed", _BOTH),
    ("Var. strength", "variation_strength", _BOTH),
    ("Steps", "steps", _BOTH),
    ("Hires steps", "hires_steps", _TXT),
    ("CFG Scale", "cfg_scale", _BOTH),
    ("Image CFG Scale", "", _IMG),
    ("Prompt S/R", "prompt_replace", _BOTH),
    ("Prompt order", "prompt_order", _BOTH),
    ("Sampler", "sampler", _TXT),
    ("Hires sampler", "hires_sampler", _TXT),
    ("Sampler", "sampler", _IMG),
    ("Checkpoint name", "model", _BOTH),
    ("Negative Guidance minimum sigma", "s_min_uncond", _BOTH),
    ("Sigma Churn", "s_churn", _BOTH),
    ("Sigma min", "s_tmin", _BOTH),
    ("Sigma max", "s_tmax", _BOTH),
    ("Sigma noise", "s_noise", _BOTH),
    ("Schedule type", "schedule", _BOTH),
    ("Schedule min sigma", "sigma_min", _BOTH),
    ("Schedule max sigma", "sigma_max", _BOTH),
    ("Schedule rho", "rho", _BOTH),
    ("Eta", "eta", _BOTH),
    ("Clip skip", "clip_skip", _BOTH),
    ("Denoising", "denoising_strength", _BOTH),
    ("Initial noise multiplier", "noise_multiplier", _BOTH),
    ("Extra noise", "extra_noise", _BOTH),
    ("Hires upscaler", "hires_upscaler", _TXT),
    ("Cond. Image Mask Weight", "inpainting_mask_weight", _IMG),
    ("VAE", "vae", _BOTH),
    ("Styles", "styles", _BOTH),
    ("UniPC Order", "unipc_order", _BOTH),
    ("Face restore", "", _BOTH),
    ("Token merging ratio", "", _BOTH),
    ("Token merging ratio high-res", "", _BOTH),
    ("Always discard next-to-last sigma", "discard_penultimate_sigma", _BOTH),
    ("SGM noise multiplier", "sgm_noise_multiplier", _BOTH),
    ("Refiner checkpoint", "refiner", _BOTH),
    ("Refiner switch at", "refiner_switch_at", _BOTH),
    ("RNG source", "noise_source", _BOTH),
    ("FP8 mode", "", _BOTH),
    ("Size", "size", _BOTH),
)


def _axis(endpoint: str, kind: Any, values: Any, chosen: Any) -> str:
    """Write one of A1111's axes as ours."""
    rows = [row for row in _XYZ if endpoint in row[2]]
    labels = [row[0].lower() for row in rows]
    if isinstance(kind, str) and kind.strip() and not kind.isdigit():
        if kind.lower() not in labels:
            raise unknown_name("script_args", kind, [row[0] for row in rows])
        index = labels.index(kind.lower())
    else:
        index = int(kind or 0)
    if not 0 <= index < len(rows):
        raise RequestError("script_args", kind, f"there is no axis {kind}; 0 to {len(rows) - 1} are known")
    label, axis, _ = rows[index]
    if not axis and label != "Nothing":
        raise RequestError("script_args", label, f"'{label}' cannot vary here")
    # A list of quoted values has no commas left that could be mistaken.
    listed = ",".join('"' + str(one).replace('"', '""') + '"' for one in chosen or ()) if chosen else ""
    told = str(values or listed)
    for word, own in _AXIS_WORDS.get(axis, {}).items():
        told = re.sub(rf"\b{word}\b", own, told)
    return f"{axis}={told}" if axis else ""


_AXIS_WORDS: Mapping[str, Mapping[str, str]] = {"vae": {"Automatic": "none", "None": "none"}}
"""What values of an axis are called here."""


def _xyz(endpoint: str, arguments: Sequence[Any]) -> Fields:
    axes = {letter: _axis(endpoint, *arguments[3 * i : 3 * i + 3]) for i, letter in enumerate("xyz")}
    legend, varies, margin = bool(arguments[9]), arguments[13:16], int(arguments[16] or 0)
    next_seeds = "".join(letter for letter, varied in zip("xyz", varies, strict=True) if varied)
    return {**axes, "legend": legend, "margin": margin if legend else 0, "next_seeds": next_seeds}


_AXES = ("",)
"""Stands for the axes of the page, which each endpoint has of its own."""
_AXIS_ARGUMENTS = tuple(
    argument
    for letter in "XYZ"
    for argument in (
        Argument(f"{letter} type", 0, words=_AXES),
        Argument(f"{letter} values", ""),
        Argument(f"{letter} values", ()),
    )
)

TITLES = (
    Title(
        "Prompt matrix",
        "prompt_matrix",
        (
            Argument("Put variable parts at start of prompt", False, "at_start", bool),
            Argument("Use different seed for each picture", False, "different_seeds", bool),
            Argument(
                "Select prompt",
                "positive",
                "of",
                lambda value: "negative_prompt" if str(value).lower() == "negative" else "prompt",
                words=("positive", "negative"),
            ),
            Argument("Select joining char", "comma", "delimiter", lambda value: str(value).lower()),
            Argument("Grid margins (px)", 0, "margin", int),
        ),
        gives_page=True,
    ),
    Title(
        "Prompts from file or textbox",
        "prompts_from_file",
        (
            Argument("Iterate seed every line", False, "next_seeds", bool),
            Argument("Use same random seed for all lines", False),
            Argument("Insert prompts at the", "start", "place", lambda value: str(value).lower()),
            Argument("List of prompt inputs", "", "text", _lines),
        ),
    ),
    Title(
        "X/Y/Z plot",
        "sheet",
        (
            *_AXIS_ARGUMENTS,
            Argument("Draw legend", True),
            Argument("Include Sub Images", False),
            Argument("Include Sub Grids", False),
            Argument("Keep -1 for seeds", False),
            Argument("Vary seeds for X", False),
            Argument("Vary seeds for Y", False),
            Argument("Vary seeds for Z", False),
            Argument("Grid margins (px)", 0),
            Argument("Use text inputs instead of dropdowns", False),
        ),
        gives_page=True,
        gives_pictures=lambda arguments: bool(arguments[10]),
    ),
    Title(
        "Loopback",
        "loopback",
        (
            Argument("Loops", 4, "loops", int),
            Argument("Final denoising strength", 0.5, "final_denoising_strength", float),
            Argument(
                "Denoising strength curve",
                "Linear",
                "curve",
                lambda value: str(value).lower(),
                words=("Aggressive", "Linear", "Lazy"),
            ),
            Argument("Append interrogated prompt at each iteration", "None", "", _no_captions, words=("None",)),
        ),
        _IMG2IMG,
    ),
    Title(
        "Outpainting mk2",
        "outpainting_mk2",
        (
            *_HEAD,
            _PIXELS,
            Argument("Mask blur", 8, "blur", int),
            _OUTPAINTING_DIRECTION,
            Argument("Fall-off exponent (lower=higher detail)", 1.0, "fall_off", float),
            Argument("Color variation", 0.05, "color_variation", float),
        ),
        _IMG2IMG,
    ),
    Title(
        "Poor man's outpainting",
        "poor_mans_outpainting",
        (
            _PIXELS,
            Argument("Mask blur", 4, "blur", int),
            Argument("Masked content", 0, "masked_content", _masked_content, of_request=True, words=_CONTENTS),
            _OUTPAINTING_DIRECTION,
        ),
        _IMG2IMG,
    ),
    Title(
        "SD upscale",
        "sd_upscale",
        (
            *_HEAD,
            Argument("Tile overlap", 64, "overlap", int),
            Argument("Upscaler", 0, "upscaler", _upscaler, words=_UPSCALER_WORDS),
            Argument("Scale Factor", 2.0, "scale", float),
        ),
        _IMG2IMG,
    ),
)
_ADETAILER = Title(
    TITLE,
    "detail",
    (
        Argument("Enable ADetailer", False),
        Argument("Skip img2img", False),
        Argument("1st tab", dict(DEFAULTS)),
    ),
)
_SOFT_INPAINTING = Title("Soft inpainting", "", (), _IMG2IMG)
_ALWAYS_ON = (_ADETAILER, _SOFT_INPAINTING)
ALWAYS_ON: Mapping[str, tuple[str, ...]] = {
    endpoint: tuple(row.title.lower() for row in _ALWAYS_ON if endpoint in row.endpoints) for endpoint in _BOTH
}
"""Scripts that a body may name in `alwayson_scripts`, by endpoint."""
_ALWAYS: Mapping[str, Fields] = {"sd_upscale": {"mask_each_tile": True}}
"""What A1111 does that our defaults do not."""


def asked_script(endpoint: str, body: Body, detectors: Detectors) -> Asked | None:
    """Read the script that a body asks for, chosen or always on; None where it asks for none.

    Parameters
    ----------
    detectors : those that ADetailer may name

    Raises
    ------
    RequestError
        Where there is no such script (A1111 answers 422), or an argument cannot be taken.
    """
    name, details = body.get("script_name"), read_adetailer(endpoint, body, detectors)
    if name in (None, "", "None"):
        return None if details is None else Asked(_ADETAILER, find_script(_ADETAILER.name), details, {}, True)
    if details is not None:
        raise RequestError(
            "script_name", str(name)[:100], f"a script cannot run with {TITLE} here; ask for one of both"
        )
    titles = {row.title.lower(): row for row in TITLES if endpoint in row.endpoints}
    title = titles.get(str(name).lower())
    if title is None:
        known, shown = [row.title for row in titles.values()], str(name)[:100]
        raise RequestError("script_name", shown, f"Script '{shown}' not found; choices: {', '.join(known)}", known)
    given: Any = body.get("script_args") or []
    if not isinstance(given, list):
        raise RequestError("script_args", type(given).__name__, "it must be a list")
    told = list(cast(list[Any], given))
    arguments = [*told, *(row.default for row in title.arguments[len(told) :])]
    options: Fields = dict(_ALWAYS.get(title.name, {}))
    fields: Fields = {}
    for row, value in zip(title.arguments, arguments, strict=False):
        try:
            converted = row.convert(value)
        except (TypeError, ValueError) as error:
            raise RequestError("script_args", value, f"{row.label}: {value!r} cannot be taken: {error}") from error
        if row.option:
            (fields if row.of_request else options)[row.option] = converted
    if title.name == "sheet":
        options |= _xyz(endpoint, arguments)
    script = find_script(title.name)
    return Asked(title, script, script.options(**options), fields, title.gives_pictures(arguments))


def answer_script(studio: "Studio", request: Request, asked: Asked, body: Body) -> dict[str, Any]:
    """Run a script and give A1111's reply."""
    plan = plan_script(studio, asked.script, request.changed(**asked.fields), asked.options)
    made, form = run_script(studio, plan), file_format(body)
    files = dict(enumerate(picture.encode(form) for picture in made.pictures))
    if (page := made.page_file(form)) is not None:
        files[plan.pictures] = page
    return script_reply(plan, asked, files, body)


def script_reply(plan: ScriptPlan, asked: Asked, files: Mapping[int, bytes], body: Body) -> dict[str, Any]:
    """Build A1111's reply to a script: the page first, then the pictures.

    Parameters
    ----------
    files : of the pictures that were finished, by their place; the page's is behind them
    """
    page = [files[plan.pictures]] if plan.pictures in files and asked.title.gives_page else []
    finished = [place for place in range(plan.pictures) if place in files]
    # A script that was stopped has no page; what there is, is its answer.
    places = finished if asked.gives_pictures or not page else []
    images = [*page, *(files[place] for place in places)]
    shown = [plan.given[place] for place in (*finished[: len(page)], *places)]
    seeds = tuple(picture.seeds for picture in shown)
    # Where runs are parts of a picture, none of them is what was asked for.
    last = plan.base if plan.script.in_parts or not plan.runs else plan.runs[-1]
    last = replace(last, pictures=seeds or last.pictures)
    # A mask belongs to one run; the pictures of a script have none of their own.
    settings: Fields = body.get("override_settings") or {}
    kept = {key: value for key, value in settings.items() if key not in _MASKS}
    told = reply(last, images, {**body, "override_settings": kept})
    info = json.loads(told["info"])
    info["infotexts"] = [read(file).infotext or "" for file in images]
    info["all_prompts"] = [picture.request.prompt for picture in shown]
    return {**told, "info": json.dumps(info, ensure_ascii=False)}


def listed_scripts() -> dict[str, list[str]]:
    """List the scripts as `/sdapi/v1/scripts` does, with those that a body may name in `alwayson_scripts`."""
    chosen = [(endpoint, row.title.lower()) for row in TITLES for endpoint in row.endpoints]
    return {
        endpoint: sorted([*(title for one, title in chosen if one == endpoint), *always])
        for endpoint, always in ALWAYS_ON.items()
    }


def script_info() -> list[dict[str, Any]]:
    """Describe the scripts as `/sdapi/v1/script-info` does."""
    return [
        {
            "name": row.title.lower(),
            "is_alwayson": row in _ALWAYS_ON,
            "is_img2img": endpoint == "img2img",
            "args": [_argument_info(endpoint, row, one) for one in row.arguments],
        }
        for endpoint in _BOTH
        for row in (*TITLES, *_ALWAYS_ON)
        if endpoint in row.endpoints
    ]


def _argument_info(endpoint: str, row: Title, argument: Argument) -> dict[str, Any]:
    """Describe one argument as its option's type does."""
    told = {
        "label": argument.label,
        "value": argument.default,
        **dict.fromkeys(("minimum", "maximum", "step", "choices")),
    }
    options = Request if argument.of_request else find_script(row.name).options if row.name else Options
    if (field := options.model_fields.get(argument.option)) is not None:
        bounds = bounds_of(field)
        told |= {"minimum": bounds.get("minimum"), "maximum": bounds.get("maximum")}
        told["step"] = 1 if field.annotation is int else None
        told["choices"] = list(words_of(field)) or None
    if argument.words:
        axes = [label for label, _, pages in _XYZ if endpoint in pages]
        told["choices"] = axes if argument.words is _AXES else list(argument.words)
    return told
