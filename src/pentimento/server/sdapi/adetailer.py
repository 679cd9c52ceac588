"""A1111's dialect: ADetailer in `alwayson_scripts`, whose tabs are passes of our `detail`.

Source: names and defaults as clients of its documented API send them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from ...errors import ModelNotFoundError, RequestError
from ...models.objects import find_detector
from ...scripts.detail import DetailOptions, DetailPass
from ...scripts.region import Region, write_region
from .reading import Body, Fields, read_sampler

TITLE = "ADetailer"
_OFF = (None, "", "None")
_MASK = "mask"
_PICKLED = (".pt", ".pth")
_NAMED_THERE = (*_PICKLED, ".onnx")


@dataclass(frozen=True)
class Detectors:
    """What an `ad_model` may name.

    Attributes
    ----------
    named : names of its own, each with a hub id or folder of a detector of transformers and what that looks for
    download, paths : whether a hub id is fetched, and whether the client may name a folder
    """

    named: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    download: bool = False
    paths: bool = False

    def find(self, name: str) -> tuple[str, tuple[str, ...]]:
        """Give model and words of a name.

        Raises
        ------
        RequestError
            Where it is none that is here; says which are.
        """
        if name in self.named:
            model, *words = self.named[name]
            return model, tuple(words)
        own = f"'{_MASK}' (the separate parts of the mask)"
        choices = [*self.named, _MASK]
        if name.lower().endswith(_NAMED_THERE) or name.lower().startswith("mediapipe"):
            why = (
                "is a pickle, which is never opened here" if name.lower().endswith(_PICKLED) else "cannot be used here"
            )
            raise RequestError(
                "ad_model",
                name,
                f"'{name}' {why}; start the server with --detector '{name}=OWNER/NAME,face' to let a detector of"
                f" transformers with safetensors stand for it, or give one that is here:"
                f" {', '.join([*self.named, own])}, or the hub id of one on this machine",
                choices,
            )
        try:
            find_detector(name, allow_download=self.download, allow_paths=self.paths)
        except ModelNotFoundError as error:
            raise RequestError("ad_model", name, f"{error}; or one of {', '.join([*self.named, own])}") from error
        return name, ()


def _words(value: Any) -> tuple[str, ...]:
    return tuple(word.strip() for word in str(value).split(",") if word.strip())


_MERGE = {"none": "none", "merge": "merged", "merge and invert": "all_the_rest"}


def _merge(value: Any) -> str:
    if (word := str(value or "None").lower()) not in _MERGE:
        raise ValueError("give None, Merge, or Merge and Invert")
    return _MERGE[word]


Convert = Callable[[Any], Any]
_OPTIONS: Mapping[str, tuple[Any, str, Convert]] = {
    "ad_prompt": ("", "detail_prompt", str),
    "ad_negative_prompt": ("", "detail_negative_prompt", str),
    "ad_confidence": (0.3, "confidence", float),
    "ad_mask_k": (0, "max_count", int),
    "ad_mask_k_largest": (0, "max_count", int),
    "ad_mask_min_ratio": (0.0, "min_area", float),
    "ad_mask_max_ratio": (1.0, "max_area", float),
    "ad_dilate_erode": (4, "grow", int),
    "ad_mask_merge_invert": ("None", "merge", _merge),
    "ad_denoising_strength": (0.4, "detail_denoising_strength", float),
}
"""Arguments that are options of a pass: default, option, and how the value is ours."""
_FIELDS: Mapping[str, tuple[Any, str, Convert]] = {
    "ad_mask_blur": (4, "mask_blur", lambda value: (float(int(value)), float(int(value)))),
    "ad_inpaint_only_masked_padding": (32, "only_masked_padding", int),
}
"""Arguments that are fields of the details' request."""
_SWITCHED: Mapping[str, tuple[str, Any, str, Convert]] = {
    "ad_steps": ("ad_use_steps", 28, "steps", int),
    "ad_cfg_scale": ("ad_use_cfg_scale", 7.0, "cfg_scale", float),
    "ad_noise_multiplier": ("ad_use_noise_multiplier", 1.0, "noise_multiplier", float),
    "ad_clip_skip": ("ad_use_clip_skip", 1, "clip_skip", int),
    "ad_inpaint_width": ("ad_use_inpaint_width_height", 512, "width", int),
    "ad_inpaint_height": ("ad_use_inpaint_width_height", 512, "height", int),
}
"""The same for those that count only where another argument says so."""
_REFUSED: Mapping[str, tuple[Any, tuple[Any, ...], str]] = {
    "ad_x_offset": (0, (0,), "masks are not moved; leave it at 0"),
    "ad_y_offset": (0, (0,), "masks are not moved; leave it at 0"),
    "ad_mask_filter_method": ("Area", ("Area",), "of many details the largest are taken; give 'Area'"),
    "ad_restore_face": (False, (False,), "faces are not restored by a network of their own; leave it out"),
    "ad_controlnet_model": ("None", _OFF, "details are not guided by ControlNet; give 'None'"),
}
"""Arguments that have no meaning here: default, values that ask for nothing, and the way out."""
_WITHOUT_EFFECT: Mapping[str, Any] = {
    "ad_controlnet_module": "None",
    "ad_controlnet_weight": 1.0,
    "ad_controlnet_guidance_start": 0.0,
    "ad_controlnet_guidance_end": 1.0,
    "is_api": True,
}
_SAMES: Mapping[str, tuple[str, str]] = {
    "ad_checkpoint": ("ad_use_checkpoint", "Use same checkpoint"),
    "ad_vae": ("ad_use_vae", "Use same VAE"),
}
_SAME_SAMPLER, _SAME_SCHEDULER = "Use same sampler", "Use same scheduler"

DEFAULTS: Mapping[str, Any] = {
    "ad_model": "None",
    "ad_model_classes": "",
    "ad_tab_enable": True,
    **{name: row[0] for name, row in (*_OPTIONS.items(), *_FIELDS.items())},
    "ad_inpaint_only_masked": True,
    **{name: value for row in _SWITCHED.items() for name, value in ((row[1][0], False), (row[0], row[1][1]))},
    "ad_use_sampler": False,
    "ad_sampler": "DPM++ 2M Karras",
    "ad_scheduler": _SAME_SCHEDULER,
    **{name: value for row in _SAMES.items() for name, value in ((row[1][0], False), (row[0], row[1][1]))},
    **{name: row[0] for name, row in _REFUSED.items()},
    **_WITHOUT_EFFECT,
}
"""All arguments of a tab that are known, with the values of one that is left out."""


def read_adetailer(endpoint: str, body: Body, detectors: Detectors) -> DetailOptions | None:
    """Read the tabs that a body asks for; None where it asks for none.

    Raises
    ------
    RequestError
        Names the argument that has no meaning here, or cannot be taken.
    """
    arguments = _arguments(body)
    switches = [value for value in arguments if isinstance(value, bool)]
    if switches[:1] == [False]:
        return None
    passes: list[Fields] = []
    for value in arguments[len(switches) :]:
        if not isinstance(value, dict):
            raise RequestError(TITLE, value, "after one or two booleans every argument is an object with ad_model")
        tab = cast(dict[str, Any], value)
        if tab.get("ad_model") not in _OFF and tab.get("ad_tab_enable", True):
            passes.append(_pass(tab, detectors))
    if not passes:
        return None
    # Given twice, the second boolean says that the picture is not painted as a whole.
    painted = endpoint == "txt2img" or switches[1:2] != [True]
    first, *rest = passes
    return DetailOptions(**first, then=tuple(DetailPass(**one) for one in rest), paint_first=painted)


def _arguments(body: Body) -> list[Any]:
    scripts: Mapping[str, Any] = body.get("alwayson_scripts") or {}
    for title, script in scripts.items():
        if title.lower() == TITLE.lower():
            given: Any = cast(dict[str, Any], script).get("args") if isinstance(script, dict) else script
            if given is not None and not isinstance(given, list):
                raise RequestError(TITLE, type(given).__name__, "its args must be a list")
            return list(cast(list[Any], given or []))
    return []


def _pass(tab: Mapping[str, Any], detectors: Detectors) -> Fields:
    """Write one tab as options of a pass."""
    for name, value in tab.items():
        if name not in DEFAULTS:
            raise RequestError(name, value, f"ADetailer's '{name}' is not known here; leave it out", list(DEFAULTS))
        if name in _REFUSED and value not in _REFUSED[name][1]:
            raise RequestError(name, value, f"{name} {value!r} has no meaning here: {_REFUSED[name][2]}")
    for name, (switch, same) in _SAMES.items():
        if tab.get(switch) and tab.get(name) not in (*_OFF, same):
            raise RequestError(name, tab[name], f"details are painted with what the picture is; give '{same}'")
    options = _seen(tab, detectors)
    options |= {row[1]: _taken(name, tab[name], row[2]) for name, row in _OPTIONS.items() if name in tab}
    options["detail_fields"] = write_region(_own_fields(tab))
    try:
        DetailPass(**options)
    except RequestError as error:
        said = {row[1]: name for name, row in _OPTIONS.items() if name in tab}
        raise RequestError(said.get(error.field, error.field), error.value, error.message, error.choices) from error
    return options


def _seen(tab: Mapping[str, Any], detectors: Detectors) -> Fields:
    """Say what proposes the details of a tab."""
    name = str(tab["ad_model"])
    if name.lower() == _MASK:
        return {"detector": "mask"}
    model, words = detectors.find(name)
    return {
        "detector": "objects",
        "detector_model": model,
        "look_for": _words(tab.get("ad_model_classes", "")) or words,
    }


def _own_fields(tab: Mapping[str, Any]) -> Fields:
    """Give the fields of the request that are other for the details of a tab."""
    fields: Fields = {"masked_content": "original"}
    fields |= {row[1]: _field(name, tab.get(name, row[0]), row[1], row[2]) for name, row in _FIELDS.items()}
    for name, (switch, default, own, convert) in _SWITCHED.items():
        if tab.get(switch):
            fields[own] = _field(name, tab.get(name, default), own, convert)
    if not tab.get("ad_inpaint_only_masked", True):
        fields |= {"inpaint_area": "whole_picture", "width": None, "height": None}
    if tab.get("ad_use_sampler") and (name := tab.get("ad_sampler", DEFAULTS["ad_sampler"])) != _SAME_SAMPLER:
        scheduler = tab.get("ad_scheduler", _SAME_SCHEDULER)
        same = scheduler == _SAME_SCHEDULER
        read_sampler(fields, {"sampler_name": name, "scheduler": None if same else scheduler})
        if same and fields["schedule"] == "automatic":
            del fields["schedule"]
    return fields


def _field(name: str, value: Any, own: str, convert: Convert) -> Any:
    """Bring an argument to the value of a field, which a detail may have."""
    converted = _taken(name, value, convert)
    try:
        Region(mask="all", **{own: converted})
    except RequestError as error:
        raise RequestError(name, value, error.message, error.choices) from error
    return converted


def _taken(name: str, value: Any, convert: Convert) -> Any:
    try:
        return convert(value)
    except (TypeError, ValueError) as error:
        raise RequestError(name, value, f"{value!r} cannot be taken: {error}") from error
