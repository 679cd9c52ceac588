"""The plan: what a request will do, before it is done, and the very object that is executed.

`resolve` looks names up, fixes seeds, decides where in the picture the work happens and
which noise levels run, and collects warnings. It loads no weights and needs no torch.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from . import warnings as warning_rules
from .addons import AddOns, find_addons
from .diffusion.prediction import NoiseLevels
from .diffusion.samplers import Sampler, find_sampler
from .diffusion.schedules import Schedule, ScheduleOptions, find_schedule
from .diffusion.trajectory import Trajectory, plan_trajectory
from .errors import ModelNotFoundError, RequestError
from .framing import FRAMERS, Layout, lay_out
from .geometry import Size
from .inputs import Inputs, read_inputs, rounds_mask
from .models.estimate import memory_estimate
from .models.info import ModelInfo
from .models.networks.find import NetworkLibrary
from .models.upscalers.find import UpscalerFile, UpscalerLibrary
from .pictures.masks import latent_mask
from .profiles import Profile, find_profile
from .prompts import Prompt, read_prompt
from .prompts.styles import Style, apply_styles, find_styles
from .request import Request
from .second_pass import Enlarging, enlarging, second_request
from .upscaling import find_upscaler
from .warnings import PlanWarning

_LARGEST_SEED = 2**32 - 3


@dataclass(frozen=True)
class Seeds:
    """The seeds of one picture."""

    seed: int
    variation_seed: int


@dataclass(frozen=True, eq=False)
class Stage:
    """A model's turn within a pass.

    Attributes
    ----------
    addons : what the prompts add to this model
    since : how far the run is when it takes over, 0..1; 0 for the first
    """

    model: ModelInfo
    levels: NoiseLevels
    addons: AddOns
    since: float = 0.0


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that is decided before the engine starts: a pass, and the one that goes on from it.

    Attributes
    ----------
    request : as it was given
    prompt_text, negative_text : styles applied
    prompt, negative : the same, parsed, their schedules resolved for this run
    layout : box, working size and output size
    trajectory : the noise levels that run
    schedule : what "automatic" came to
    pictures : the seeds of every picture, in order
    addons : networks and embeddings that the prompts call
    upscaler : network that enlarges the picture where that is needed; None = no network does
    refiner : the model that takes over in this pass
    enlarging : how this pass starts from the result of the one before; None in the first
    then : the next pass; its request is what it does
    """

    request: Request
    profile: Profile
    model: ModelInfo
    levels: NoiseLevels
    layout: Layout
    sampler: Sampler
    schedule: Schedule
    trajectory: Trajectory
    prompt_text: str
    negative_text: str
    prompt: Prompt
    negative: Prompt
    pictures: tuple[Seeds, ...]
    inputs: Inputs = field(repr=False)
    addons: AddOns = AddOns()
    upscaler: UpscalerFile | None = None
    refiner: Stage | None = None
    enlarging: Enlarging | None = None
    then: "Plan | None" = None

    @property
    def passes(self) -> "tuple[Plan, ...]":
        """This pass and those that follow."""
        return (self, *(self.then.passes if self.then else ()))

    def with_pictures(self, pictures: tuple[Seeds, ...]) -> "Plan":
        """Give the same plan with other seeds, in all passes."""
        return replace(self, pictures=pictures, then=self.then and self.then.with_pictures(pictures))

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The models of this pass in turn."""
        first = Stage(self.model, self.levels, self.addons)
        return (first, self.refiner) if self.refiner else (first,)

    @property
    def models(self) -> tuple[ModelInfo, ...]:
        """All models that are needed, each once."""
        needed = [stage.model for each in self.passes for stage in each.stages]
        return tuple({info.path: info for info in needed}.values())

    @property
    def all_addons(self) -> tuple[AddOns, ...]:
        """What is added to every model in turn."""
        return tuple(stage.addons for each in self.passes for stage in each.stages)

    @property
    def upscalers(self) -> tuple[UpscalerFile, ...]:
        """All networks that enlarge pictures on the way."""
        used = [self.upscaler, *(each.enlarging and each.enlarging.network for each in self.passes)]
        return tuple(dict.fromkeys(one for one in used if one is not None))

    @property
    def steps(self) -> int:
        """How many steps run in all passes together."""
        return sum(each.trajectory.steps for each in self.passes)

    @property
    def wraps(self) -> bool:
        """Whether a picture goes on over its edges while it is enlarged and encoded."""
        return self.request.tiling and self.layout.box is None and self.profile.tile_edges == "wrapped"

    @property
    def output_size(self) -> Size:
        return self.passes[-1].layout.output

    @property
    def unchanged(self) -> bool:
        """Whether the source is given back without running the model."""
        return not self.trajectory.sigmas

    @property
    def model_calls(self) -> int:
        """How many evaluations of the network a picture needs, prompt and negative counted apart."""
        rows = len(self.prompt.parts) + (0 if self.skips_negative else 1)
        own = self.trajectory.steps * self.sampler.evaluations * rows
        return own + (self.then.model_calls if self.then else 0)

    @property
    def skips_negative(self) -> bool:
        weights = sum(part.weight for part in self.prompt.parts)
        return self.profile.cfg_one == "skip" and abs(1 - self.request.cfg_scale * weights) < 1e-9

    @property
    def latent_size(self) -> Size:
        return Size(*(side // self.model.downscale for side in self.layout.working))

    @cached_property
    def warnings(self) -> tuple[PlanWarning, ...]:
        """What a person should know before running it."""
        return tuple(warning_rules.collect(self))

    @cached_property
    def latent_mask(self) -> NDArray[np.float32] | None:
        """Cells that are repainted, [h, w], 1 = repaint; None where all are."""
        mask = FRAMERS[self.profile.overlay].mask(self.request, self.inputs, self.layout)
        how = self.profile.latent_mask if rounds_mask(self.request) else "soft"
        return None if mask is None else latent_mask(mask, self.latent_size, how)

    @property
    def concat_mask(self) -> Literal["max_pool", "rounded", "soft"]:
        """How the mask that an inpaint checkpoint is shown is rounded; SDXL's always is."""
        rounded = rounds_mask(self.request) or self.model.family == "sdxl"
        return self.profile.latent_mask if rounded else "soft"

    @property
    def memory_bytes(self) -> int:
        """Estimate of the peak, in half precision."""
        return max(
            memory_estimate(stage.model, each.layout.working, rows=1 if each.skips_negative else 2)
            for each in self.passes
            for stage in each.stages
        )

    def as_dict(self) -> dict[str, Any]:
        """Give the plan as plain values for JSON."""
        cells = self.latent_mask
        total = self.latent_size.area
        return {
            "mode": self.request.mode,
            "profile": self.profile.name,
            "model": self.model.name,
            "output_size": list(self.output_size),
            "working_size": list(self.layout.working),
            "upscaler": self.upscaler and self.upscaler.name,
            "box": list(self.layout.box) if self.layout.box else None,
            "place": list(self.inputs.place) if self.inputs.place else None,
            "sampler": self.sampler.label,
            "schedule": self.schedule.label,
            "steps_requested": self.request.steps,
            "steps": self.steps,
            "passes": [each.pass_as_dict() for each in self.passes],
            "sigmas": [round(sigma, 6) for sigma in self.trajectory.sigmas],
            "first_sigma": self.trajectory.start_sigma if not self.unchanged else None,
            "latent_cells": total,
            "latent_cells_repainted": total if cells is None else int(np.count_nonzero(cells)),
            "model_calls": self.model_calls * len(self.pictures),
            "memory_bytes": self.memory_bytes,
            "networks": list(self.addons.labels),
            "embeddings": [one.name for one in self.addons.embeddings],
            "seeds": [picture.seed for picture in self.pictures],
            "variation_seeds": [picture.variation_seed for picture in self.pictures],
            "warnings": [warning.as_dict() for warning in self.warnings],
        }

    def pass_as_dict(self) -> dict[str, Any]:
        """Give what this pass alone does as plain values."""
        return {
            "working_size": list(self.layout.working),
            "upscaler": self.enlarging and self.enlarging.upscaler,
            "model": self.model.name,
            "refiner": self.refiner and self.refiner.model.name,
            "sampler": self.sampler.label,
            "schedule": self.schedule.label,
            "steps": self.trajectory.steps,
            "sigmas": [round(sigma, 6) for sigma in self.trajectory.sigmas],
            "networks": list(self.addons.labels),
        }

    def describe(self) -> list[tuple[str, str]]:
        """Give the plan as rows for a person."""
        told = self.as_dict()
        box = self.layout.box
        part = f"{Size(*box.size)} at {box.left}, {box.top}" if box else "the whole picture"
        share = told["latent_cells_repainted"] / max(1, told["latent_cells"])
        rows = [
            ("Mode", told["mode"]),
            ("Model", f"{self.model.name} ({self.model.family})"),
            ("Works on", f"{part}, at {self.layout.working}"),
            ("Result", str(self.output_size)),
            ("Repaints", f"{share:.0%} of {told['latent_cells']} latent cells"),
            ("Sampler", f"{told['sampler']}, {told['schedule']}"),
            ("Steps", f"{told['steps']} of {told['steps_requested']}, {told['model_calls']} model calls"),
            ("Seeds", ", ".join(map(str, told["seeds"]))),
        ]
        if self.inputs.place:
            left, top, *_ = self.inputs.place
            rows.insert(2, ("Picture", f"{self.inputs.place.size} at {left}, {top}, extended around it"))
        if self.upscaler:
            rows.insert(3, ("Upscaler", self.upscaler.name))
        if not self.unchanged:
            rows.insert(-1, ("First sigma", f"{self.trajectory.start_sigma:.3f}"))
        for each in self.passes[1:]:
            rows.insert(-1, ("Second pass", _second_pass(each)))
        for each in filter(lambda each: each.refiner, self.passes):
            rows.insert(-1, ("Refiner", f"{each.stages[-1].model.name} in the pass at {each.layout.working}"))
        return rows


def _second_pass(plan: Plan) -> str:
    upscaler = plan.enlarging.upscaler if plan.enlarging else ""
    return f"{upscaler} to {plan.layout.working}, {plan.sampler.label}, {plan.trajectory.steps} steps"


@dataclass(frozen=True)
class _Known:
    """Where names are looked up."""

    styles: Mapping[str, Style]
    networks: NetworkLibrary
    upscalers: UpscalerLibrary
    find: Callable[[str], ModelInfo]


def resolve(
    request: Request,
    model: ModelInfo,
    styles: Mapping[str, Style] | None = None,
    networks: NetworkLibrary | None = None,
    find: Callable[[str], ModelInfo] | None = None,
    upscalers: UpscalerLibrary | None = None,
) -> Plan:
    """Decide what a request will do.

    Parameters
    ----------
    networks : the networks and embeddings that prompts may call
    find : gives the model of a name, for a refiner and a second pass
    upscalers : the networks that pictures may be enlarged with

    Raises
    ------
    RequestError
        Where something cannot be done; it names the field and the way out.
    """
    known = _Known(styles or {}, networks or NetworkLibrary(), upscalers or UpscalerLibrary(), find or _no_other_model)
    profile = find_profile(request.profile)
    if request.vae is not None and not Path(request.vae).expanduser().exists():
        message = f"'{request.vae}' is not there; give a .safetensors file or a diffusers folder"
        raise RequestError("vae", request.vae, message)
    inputs = read_inputs(request, profile)
    layout = lay_out(request, profile, inputs, multiple=model.downscale, native=model.native_size)
    strength = None if request.init_image is None else request.denoising_strength
    first = _resolve_pass(request, model, layout, inputs, known, strength)
    if not request.has_second_pass:
        return first if request.refiner is None else replace(first, refiner=_refiner(first, known))
    then = _resolve_second(first, known)
    return replace(
        first,
        then=replace(then, refiner=_refiner(then, known)) if request.refiner_pass != "first" else then,
        refiner=_refiner(first, known) if request.refiner_pass != "second" else None,
    )


def _no_other_model(name: str) -> ModelInfo:
    raise ModelNotFoundError(f"there is no other model, and '{name}' was asked for")


def _resolve_second(first: Plan, known: _Known) -> Plan:
    """Plan the pass that enlarges the first's result and paints it once more."""
    asked = first.request
    model = known.find(asked.hires_model) if asked.hires_model else first.model
    _check_latents("hires_model", first.model, model)
    request, covering = second_request(asked, first.layout)
    layout = lay_out(request, first.profile, Inputs(), multiple=model.downscale, native=model.native_size)
    then = _resolve_pass(request, model, layout, Inputs(), known, asked.denoising_strength, asked.steps)
    network = find_upscaler("hires_upscaler", asked.hires_upscaler, known.upscalers)
    start = enlarging(asked.hires_upscaler, covering, layout, first.profile, network)
    return replace(then, pictures=first.pictures, enlarging=start)


def _resolve_pass(
    request: Request,
    model: ModelInfo,
    layout: Layout,
    inputs: Inputs,
    known: _Known,
    strength: float | None,
    base_steps: int = 0,
) -> Plan:
    profile = find_profile(request.profile)
    sampler = find_sampler(request.sampler)
    asked = find_schedule(request.schedule)
    schedule = find_schedule(sampler.default_schedule) if asked.name == "automatic" else asked
    levels = _levels(request, model)
    trajectory = plan_trajectory(
        sampler=sampler,
        schedule=schedule,
        steps=request.steps,
        strength=strength,
        policy=profile.strength,
        exact_steps=request.exact_steps,
        levels=levels,
        options=ScheduleOptions(
            request.sigma_min, request.sigma_max, request.rho, request.beta_alpha, request.beta_beta
        ),
        discard_penultimate=request.discard_penultimate_sigma,
        unipc_spacing=request.unipc_spacing,
    )
    chosen = find_styles(request.styles, known.styles)
    text = apply_styles(request.prompt, [style.prompt for style in chosen])
    negative_text = apply_styles(request.negative_prompt, [style.negative_prompt for style in chosen])
    prompt, negative = (
        read_prompt(
            own,
            steps=request.steps,
            evaluations_per_step=sampler.evaluations,
            rules=profile.prompt_rules,
            negative=is_negative,
            executed_steps=trajectory.steps,
            base_steps=base_steps,
        )
        for own, is_negative in ((text, False), (negative_text, True))
    )
    return Plan(
        request=request,
        profile=profile,
        model=model,
        levels=levels,
        layout=layout,
        sampler=sampler,
        schedule=schedule,
        trajectory=trajectory,
        prompt_text=text,
        negative_text=negative_text,
        prompt=prompt,
        negative=negative,
        pictures=tuple(_seeds(request)),
        inputs=inputs,
        addons=find_addons(prompt, negative, known.networks, model, profile, request.emphasis),
        upscaler=_upscaler(request, known),
    )


def _upscaler(request: Request, known: _Known) -> UpscalerFile | None:
    if request.init_image is None:
        return None
    return find_upscaler("resize_upscaler", request.resize_upscaler, known.upscalers)


def _levels(request: Request, model: ModelInfo) -> NoiseLevels:
    levels = model.levels.downcast() if request.downcast_alphas else model.levels
    return levels.zero_terminal_snr() if request.zero_terminal_snr else levels


def _refiner(plan: Plan, known: _Known) -> Stage | None:
    """Find the model that takes over in a pass."""
    request = plan.request
    if request.refiner is None:
        return None
    model = known.find(request.refiner)
    _check_latents("refiner", plan.model, model)
    addons = find_addons(plan.prompt, plan.negative, known.networks, model, plan.profile, request.emphasis)
    if plan.profile.refiner_networks == "left_out":
        addons = replace(addons, networks=(), labels=())
    return Stage(model, _levels(request, model), addons, request.refiner_switch_at)


def _check_latents(field: str, model: ModelInfo, other: ModelInfo) -> None:
    """Refuse a second model whose latents mean something else."""
    if _latents(model) != _latents(other):
        raise RequestError(
            field,
            other.name,
            f"{other.name} ({other.family}) cannot go on with the latents of {model.name} ({model.family});"
            " give a model of the same family",
        )


def _latents(model: ModelInfo) -> tuple[object, ...]:
    return model.latent_channels, model.downscale, model.scaling


def _seeds(request: Request) -> Sequence[Seeds]:
    """Count seeds up from the first; with a variation, count only the variation's."""
    count = request.batch_size * request.batch_count
    first = _fixed(request.seed)
    first_variation = _fixed(request.variation_seed)
    step = 0 if request.variation_strength else 1
    return [Seeds((first + step * index) % 2**64, (first_variation + index) % 2**64) for index in range(count)]


def _fixed(seed: int) -> int:
    return random.SystemRandom().randint(0, _LARGEST_SEED) if seed == -1 else seed
