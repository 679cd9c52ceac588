"""A1111's dialect: hires fix and refiner of `/sdapi/v1/txt2img` and `img2img`."""

import math
from collections.abc import Mapping
from typing import Any

from ... import choices
from ...diffusion.samplers import SAMPLERS
from ...diffusion.schedules import SCHEDULES
from ...errors import RequestError

Body = Mapping[str, Any]
Fields = dict[str, Any]

_OLD_FIRST_PASS = 512
"""Side of the square whose area the first pass had before the size asked for was the first pass's."""


def read_second_pass(fields: Fields, given: Body, settings: Body) -> None:
    """Read hires fix; without `enable_hr` its other keys mean nothing.

    Notes
    -----
    A1111 v1.10.1: 0 and "" mean "the same"; `use_old_hires_fix_width_height` means by width
    and height the second pass's, and the first is made at about 512 x 512.
    """
    if not given.get("enable_hr"):
        return
    width, height = int(given.get("hr_resize_x") or 0), int(given.get("hr_resize_y") or 0)
    if settings.get("use_old_hires_fix_width_height") and not (width or height):
        width, height = fields["width"], fields["height"]
        first = int(given.get("firstphase_width") or 0), int(given.get("firstphase_height") or 0)
        fields["width"], fields["height"] = first if all(first) else _old_first_pass(width, height)
    elif not (width or height):
        fields["hires_scale"] = float(given.get("hr_scale") or 2.0)
    fields.update({"hires_width": width or None, "hires_height": height or None})
    fields["hires_upscaler"] = choices.HIRES_UPSCALER.name_of(str(given.get("hr_upscaler") or "Latent"))
    fields["hires_steps"] = int(given.get("hr_second_pass_steps") or 0) or None
    fields["hires_prompt"] = str(given.get("hr_prompt") or "")
    fields["hires_negative_prompt"] = str(given.get("hr_negative_prompt") or "")
    fields["hires_sampler"] = _row(SAMPLERS, given.get("hr_sampler_name"))
    fields["hires_schedule"] = _row(SCHEDULES, given.get("hr_scheduler"))
    checkpoint = str(given.get("hr_checkpoint_name") or "")
    fields["hires_model"] = None if checkpoint in ("", "Use same checkpoint") else checkpoint


def read_refiner(fields: Fields, given: Body, settings: Body) -> None:
    """Read the refiner; a switch point of 1 or more means none."""
    name = str(given.get("refiner_checkpoint") or "")
    share = float(given.get("refiner_switch_at") or 0.8)
    if name in ("", "None", "none") or share >= 1:
        return
    fields.update({"refiner": name, "refiner_switch_at": share})
    fields["refiner_by_steps"] = bool(settings.get("refiner_switch_by_sample_steps"))
    fields["refiner_pass"] = choices.REFINER_PASS.find(settings.get("hires_fix_refiner_pass") or "second pass").name


def _row(table: Any, label: Any) -> str | None:
    """Find the name of a row by its label or name; "Use same ..." and what is unknown mean the same as before."""
    return next((row.name for row in table if label in (row.label, row.name)), None)


def _old_first_pass(width: int, height: int) -> tuple[int, int]:
    if min(width, height) < 1:
        raise RequestError("width", width, f"{width}x{height} is no size; give width and height")
    scale = math.sqrt(_OLD_FIRST_PASS**2 / (width * height))
    return math.ceil(scale * width / 64) * 64, math.ceil(scale * height / 64) * 64
