"""The road of a request: eight calls.

    read -> resolve -> frame -> encode -> noise -> denoise -> decode -> compose

`read` and `resolve` have made the `Plan`; `paint` does the rest, one picture at a time,
so that a picture is the same alone and in any batch.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .denoising import denoise, image_noise
from .diffusion.samplers import Step
from .encoding import Cache, encode_frame, encode_prompts, fill_latents
from .errors import Cancelled
from .framing import FRAMERS, Floats, Frame, unchanged
from .models.base import Model
from .pictures.compose import to_bytes
from .plan import Plan, Seeds


@dataclass(frozen=True, eq=False)
class Event:
    """Something happened during a run.

    Attributes
    ----------
    step, steps : of this picture, counted from 1; 0 before the first
    picture, pictures : which one, counted from 0, of how many
    preview : makes a small picture of what is predicted so far; None where there is nothing to see
    image : the finished picture, with kind "picture"
    """

    kind: Literal["started", "step", "picture", "finished"]
    picture: int
    pictures: int
    step: int = 0
    steps: int = 0
    sigma: float | None = None
    preview: Callable[[], Image.Image] | None = None
    image: Image.Image | None = None


@dataclass(frozen=True, eq=False)
class Painted:
    """One finished picture, the frame that it was made in, and what the network made of that."""

    image: Image.Image
    seeds: Seeds
    frame: Frame
    made: Image.Image


@dataclass
class Stopwatch:
    """Seconds spent in each step of the road."""

    seconds: dict[str, float] = field(default_factory=dict[str, float])

    def time(self, step: str, started: float) -> None:
        self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - started


@dataclass(eq=False)
class Run:
    """What goes along with one run: who is told, who may stop it, what is kept and timed."""

    on_event: Callable[[Event], None] = lambda event: None
    cancel: threading.Event = field(default_factory=threading.Event)
    caches: WeakKeyDictionary[Model, Cache] = field(default_factory=WeakKeyDictionary[Model, Cache])
    watch: Stopwatch = field(default_factory=Stopwatch)

    def check(self) -> None:
        if self.cancel.is_set():
            raise Cancelled("the run was cancelled; nothing was written")


def paint(plan: Plan, load: Callable[[], Model], run: Run) -> Iterator[Painted]:
    """Execute a plan; pictures come as they are finished.

    Parameters
    ----------
    load : gives the model; not called where the picture comes back unchanged

    Raises
    ------
    Cancelled
        Within one call of the network after `run.cancel` was set.
    """
    framer = FRAMERS[plan.profile.overlay]
    started = time.perf_counter()
    frame = framer.frame(plan.request, plan.inputs, plan.layout)
    run.watch.time("frame", started)
    if plan.unchanged:
        for index, seeds in enumerate(plan.pictures):
            yield _told(plan, run, index, _returned(frame, seeds))
        return
    started = time.perf_counter()
    model = load()
    run.watch.time("load", started)
    with torch.inference_mode():
        started = time.perf_counter()
        cache = run.caches.setdefault(model, Cache())
        model.networks.apply(plan.addons.networks)
        prompts = encode_prompts(plan, model, cache)
        init = encode_frame(plan, frame, model, cache)
        run.watch.time("encode", started)
        for index, seeds in enumerate(plan.pictures):
            run.on_event(Event("started", index, len(plan.pictures), 0, plan.trajectory.steps))
            started = time.perf_counter()
            latents = denoise(
                plan,
                model,
                prompts,
                fill_latents(plan, init, index),
                image_noise(plan, seeds, model),
                seeds,
                on_step=_teller(plan, model, run, index),
                check=run.check,
            )
            run.watch.time("denoise", started)
            started = time.perf_counter()
            pixels = _to_array(model.decode(latents))
            run.watch.time("decode", started)
            started = time.perf_counter()
            image = framer.compose(frame, pixels, plan.profile)
            run.watch.time("compose", started)
            yield _told(
                plan, run, index, Painted(image, seeds, frame, Image.fromarray(to_bytes(pixels, plan.profile.to_bytes)))
            )


def _returned(frame: Frame, seeds: Seeds) -> Painted:
    image = unchanged(frame)
    return Painted(image, seeds, frame, image.convert("RGB"))


def _told(plan: Plan, run: Run, index: int, painted: Painted) -> Painted:
    run.on_event(
        Event("picture", index, len(plan.pictures), plan.trajectory.steps, plan.trajectory.steps, image=painted.image)
    )
    return painted


def _teller(plan: Plan, model: Model, run: Run, index: int) -> Callable[[Step], None]:
    def tell(step: Step) -> None:
        run.check()
        denoised = step.denoised
        run.on_event(
            Event(
                "step",
                index,
                len(plan.pictures),
                step.index + 1,
                step.total,
                step.sigma,
                lambda: Image.fromarray(model.preview(denoised)),
            )
        )

    return tell


def _to_array(pixels: Tensor) -> Floats:
    return np.ascontiguousarray(pixels[0].permute(1, 2, 0).float().cpu().numpy())
