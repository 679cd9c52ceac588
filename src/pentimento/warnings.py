"""What a person should know before a plan is run: one function a warning, listed in `RULES`."""

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import ImageChops

from .inputs import MASK_USES

if TYPE_CHECKING:
    from .plan import Plan


@dataclass(frozen=True)
class PlanWarning:
    """One warning: a code for programs, a sentence for people, and a way out.

    Attributes
    ----------
    field : field of the request that it is about
    fix : fields that would have to be changed so that it is gone; empty where a person must decide
    """

    code: str
    message: str
    field: str
    fix: dict[str, Any] = dataclasses.field(default_factory=dict[str, Any])

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "field": self.field, "fix": self.fix}


Rule = Callable[["Plan"], Iterator[PlanWarning]]


def collect(plan: "Plan") -> Iterator[PlanWarning]:
    """Ask every rule."""
    told: set[str] = set()
    for rule in RULES:
        for warning in rule(plan):
            told.add(warning.message)
            yield warning
    for later in plan.passes[1:]:
        for rule in LATER_RULES:
            yield from (_of_second_pass(warning) for warning in rule(later) if warning.message not in told)


def _mask(plan: "Plan") -> Iterator[PlanWarning]:
    facts, request = plan.inputs.facts, plan.request
    if facts is None:
        return
    if facts.painted_pixels == 0:
        yield PlanWarning("mask_empty", "the mask is empty: nothing was painted", "mask")
    elif facts.peak < 128 and not MASK_USES[request.mask_action].grey:
        yield PlanWarning(
            "mask_swallowed",
            f"the blurred mask never reaches half (peak {facts.peak / 255:.0%}): what is painted would hardly change;"
            " paint a larger mask or blur less",
            "mask_blur",
            {"mask_blur": round(facts.thickness_px / 4, 1)},
        )
    elif facts.thickness_px < plan.model.downscale and plan.profile.latent_mask == "rounded":
        yield PlanWarning(
            "mask_thin",
            f"the mask is {facts.thickness_px} px thin where a latent cell is {plan.model.downscale} px:"
            " parts of it may not be repainted",
            "mask",
            {"inpaint_area": "only_masked"},
        )
    if facts.painted_pixels and plan.inputs.source and facts.painted_pixels == plan.inputs.source.size.area:
        yield PlanWarning("mask_full", "the whole picture is masked: this is img2img", "mask")
    inward = request.feather == "inward" and not request.extends
    if facts.painted_pixels and inward and facts.thickness_px < 4 * max(request.mask_blur):
        yield PlanWarning(
            "feather_inward_thin",
            f"the mask is {facts.thickness_px} px thin and feathers inward over {2.5 * max(request.mask_blur):.0f} px:"
            " its middle would not be wholly new",
            "mask_blur",
            {"mask_blur": round(facts.thickness_px / 8, 1)},
        )


def _nothing_to_do(plan: "Plan") -> Iterator[PlanWarning]:
    if plan.request.init_image is None:
        return
    if plan.unchanged:
        source = plan.inputs.source
        if source is None or plan.output_size == source.size:
            yield PlanWarning(
                "strength_zero", "denoising strength 0 gives the picture back unchanged", "denoising_strength"
            )
    elif plan.trajectory.steps == 0:
        yield PlanWarning(
            "no_steps", "no step is run at this strength; raise the strength or the steps", "denoising_strength"
        )
    elif plan.trajectory.steps == 1 and plan.request.steps > 1:
        yield PlanWarning(
            "one_step",
            f"only 1 of {plan.request.steps} steps runs at strength {plan.request.denoising_strength:g}",
            "exact_steps",
            {"exact_steps": True},
        )


def _sizes(plan: "Plan") -> Iterator[PlanWarning]:
    if not plan.unchanged:
        yield from _working_size(plan)
    yield from _stretched(plan)


def _working_size(plan: "Plan") -> Iterator[PlanWarning]:
    """Tell what the network would make of the size that it works at."""
    layout, native = plan.layout, plan.model.native_size
    ratio = (layout.working.area / native**2) ** 0.5
    if ratio > 1.6:
        fix = {"inpaint_area": "only_masked"} if plan.request.mode == "inpaint" and layout.box is None else {}
        yield PlanWarning(
            "size_above_model",
            f"the work is done at {layout.working} where the model was made for {native}x{native}: things may repeat,"
            f" and it costs {ratio**2:.1f} times as much" + ("; 'only_masked' works on the masked part" if fix else ""),
            "inpaint_area" if fix else "width",
            fix,
        )
    elif ratio < 0.6:
        yield PlanWarning(
            "size_below_model",
            f"the work is done at {layout.working} where the model was made for {native}x{native}: expect less detail",
            "width",
        )
    if layout.box is not None and layout.asked.width / layout.box.size.width > 4:
        yield PlanWarning(
            "crop_upscaled",
            f"the masked part, {layout.box.size}, is enlarged more than 4 times to {layout.asked}: it will be"
            " sharper than what is around it; more padding shows the network more of the picture",
            "only_masked_padding",
            {"only_masked_padding": max(plan.request.only_masked_padding * 2, layout.asked.width // 8)},
        )


def _stretched(plan: "Plan") -> Iterator[PlanWarning]:
    layout = plan.layout
    if plan.inputs.source is not None and layout.box is None:
        width, height = plan.inputs.source.image.size
        stretch = layout.output.width * height / (layout.output.height * width)
        if plan.request.resize_mode == "just_resize" and not 0.97 < stretch < 1.03:
            yield PlanWarning(
                "aspect_changed",
                f"the picture is stretched from {width}x{height} to {layout.output}",
                "resize_mode",
                {"resize_mode": "crop_and_resize"},
            )


def _tiling(plan: "Plan") -> Iterator[PlanWarning]:
    """Tell where edges will not fit together though they were asked to."""
    if not plan.request.tiling:
        return
    if plan.layout.box is not None:
        yield PlanWarning(
            "tiling_of_a_part",
            "tiling makes the edges of the part that is worked on fit together, not the picture's",
            "inpaint_area",
            {"inpaint_area": "whole_picture"},
        )
    for each in plan.passes:
        cells = each.layout.working
        covering = each.enlarging.size if each.enlarging else cells
        if each.layout.box is None and (each.layout.output != cells or covering != cells):
            yield PlanWarning(
                "tiling_cut",
                f"the edges would fit together at {covering}, and {each.layout.output} is cut out of it:"
                f" give a width and height that are multiples of {each.layout.multiple}, of one shape in both passes",
                "hires_width" if each.enlarging else "width",
            )


def _prompts(plan: "Plan") -> Iterator[PlanWarning]:
    for name, prompt in (("prompt", plan.prompt), ("negative_prompt", plan.negative)):
        yield from (PlanWarning(note.code, note.text, name) for note in prompt.notes)
    for stage in plan.stages:
        yield from (PlanWarning(note.code, note.text, "prompt") for note in stage.addons.notes)


def _of_second_pass(warning: PlanWarning) -> PlanWarning:
    return dataclasses.replace(
        warning, field=f"hires_{warning.field}", message=f"second pass: {warning.message}", fix={}
    )


def _second_pass(plan: "Plan") -> Iterator[PlanWarning]:
    request, then = plan.request, plan.then
    if then is None:
        return
    if then.trajectory.steps == 0:
        yield PlanWarning(
            "second_pass_only_enlarges",
            "no step of the second pass runs at this strength: the picture is only enlarged",
            "denoising_strength",
            {"denoising_strength": 0.5},
        )
    elif request.hires_upscaler.startswith("latent") and request.denoising_strength < 0.5:
        yield PlanWarning(
            "latent_upscale_blurs",
            f"latents that were enlarged stay blurred below strength 0.5, and it is {request.denoising_strength:g}",
            "hires_upscaler",
            {"hires_upscaler": "lanczos"},
        )
    if then.layout.working.area < plan.layout.working.area:
        yield PlanWarning(
            "second_pass_smaller",
            f"the second pass works at {then.layout.working}, below the first's {plan.layout.working}",
            "hires_width",
        )


def _extend(plan: "Plan") -> Iterator[PlanWarning]:
    request, place = plan.request, plan.inputs.place
    if place is None:
        return
    if request.masked_content == "original" and request.denoising_strength < 1:
        yield PlanWarning(
            "extend_original",
            "masked content 'original' shows the network the picture's edge lines drawn out over the new margin",
            "masked_content",
            {"masked_content": "fill"},
        )
    size, output = plan.inputs.source and plan.inputs.source.size, plan.layout.output
    if size != output and request.width is None and request.height is None:
        yield PlanWarning(
            "extend_scaled",
            f"the profile cuts sizes to multiples of {plan.layout.multiple}: the extended picture, {size}, is scaled to"
            f" {output}, and what was given with it; extend to a multiple, or work on the masked part only",
            "extend",
            {"inpaint_area": "only_masked"},
        )
    fade = 2.5 * max(request.mask_blur)
    if request.feather == "inward" and request.extend_overlap < fade:
        yield PlanWarning(
            "extend_overlap_thin",
            f"the overlap of {request.extend_overlap} px is thinner than the fade over {fade:.0f} px: the picture's"
            " edge may be seen as a line",
            "extend_overlap",
            {"extend_overlap": math.ceil(fade)},
        )


def _content(plan: "Plan") -> Iterator[PlanWarning]:
    request = plan.request
    latent = request.masked_content in ("latent_noise", "latent_nothing")
    if request.mode == "inpaint" and latent and 0 < request.denoising_strength < 0.8:
        yield PlanWarning(
            "latent_content_strength",
            f"masked content '{request.masked_content}' leaves traces of itself below strength 0.8",
            "denoising_strength",
            {"denoising_strength": 0.9},
        )
    if plan.model.inpaint and request.mode == "img2img":
        yield PlanWarning(
            "inpaint_model_without_mask", "an inpaint model without a mask repaints the whole picture", "mask"
        )
    if request.resize_mode == "latent_upscale" and request.mode == "inpaint" and plan.layout.box is not None:
        yield PlanWarning(
            "resize_mode_unused", "'only_masked' keeps the picture's size: resize mode is not used", "resize_mode"
        )


def _transparency(plan: "Plan") -> Iterator[PlanWarning]:
    """Tell where what is painted will not be seen: transparency is given back as it was."""
    source, painted = plan.inputs.source, plan.inputs.painted
    if source is None or source.alpha is None or painted is None or painted.size != source.size:
        return
    hidden = ImageChops.multiply(painted, ImageChops.invert(source.alpha)).point(_MORE_THAN_HALF).histogram()[255]
    if hidden:
        yield PlanWarning(
            "mask_over_transparent",
            f"{hidden} of the masked pixels are transparent and stay so, whatever is painted there: a picture keeps its"
            " transparency; give one without it where the hole is to be filled",
            "init_image",
        )


_MORE_THAN_HALF = [0] * 128 + [255] * 128
RULES: tuple[Rule, ...] = (
    _mask,
    _nothing_to_do,
    _sizes,
    _prompts,
    _content,
    _transparency,
    _extend,
    _second_pass,
    _tiling,
)
LATER_RULES: tuple[Rule, ...] = (_prompts,)
