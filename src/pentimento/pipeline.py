"""The road of a request: eight calls.

    read -> resolve -> frame -> encode -> noise -> denoise -> decode -> compose

`read` and `resolve` have made the `Plan`; `paint` does the rest, one picture at a time,
so that a picture is the same alone and in any batch.
"""

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .denoising import denoise, image_noise, latent_change
from .diffusion.samplers import Step
from .encoding import Cache, encode_frame, encode_prompts, fill_latents
from .errors import Cancelled
from .framing import FRAMERS, Floats, Frame, Sampled, unchanged
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


@dataclass(eq=False)
class Run:
    """What goes along with one run: who is told, who may stop it, what is kept and timed.

    Attributes
    ----------
    caches : for each model, what it encoded lately
    seconds : spent in each step of the road
    """

    on_event: Callable[[Event], None] = lambda event: None
    cancel: threading.Event = field(default_factory=threading.Event)
    caches: WeakKeyDictionary[Model, Cache] = field(default_factory=WeakKeyDictionary[Model, Cache])
    seconds: dict[str, float] = field(default_factory=dict[str, float])

    def check(self) -> None:
        """Stop here if somebody asked to."""
        if self.cancel.is_set():
            raise Cancelled("the run was cancelled; nothing was written")

    @contextmanager
    def timed(self, step: str) -> Generator[None]:
        started = time.perf_counter()
        yield
        self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - started


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
    with run.timed("frame"):
        frame = framer.frame(plan.request, plan.inputs, plan.layout)
    if plan.unchanged:
        source = unchanged(frame)
        for index, seeds in enumerate(plan.pictures):
            yield _told(plan, run, index, Painted(source, seeds, frame, source.convert("RGB")))
        return
    with run.timed("load"):
        model = load()
    with run.timed("encode"), torch.inference_mode():
        cache = run.caches.setdefault(model, Cache())
        model.networks.apply(plan.addons.networks)
        prompts = encode_prompts(plan, model, cache)
        init = encode_frame(plan, frame, model, cache)
    for index, seeds in enumerate(plan.pictures):
        run.on_event(Event("started", index, len(plan.pictures), 0, plan.trajectory.steps))
        with run.timed("denoise"), torch.inference_mode():
            filled = fill_latents(plan, init, index)
            noise = image_noise(plan, seeds, model)
            on_step = _teller(plan, model, run, index)
            latents = denoise(plan, model, prompts, filled, noise, seeds, on_step=on_step, check=run.check)
        with run.timed("decode"), torch.inference_mode():
            pixels = _to_array(model.decode(latents))
        with run.timed("compose"):
            sampled = Sampled(seeds.seed, plan.latent_mask, latent_change(filled, latents))
            settled = framer.settle(frame, plan.request, sampled)
            image = framer.compose(settled, pixels, plan.profile)
        made = Image.fromarray(to_bytes(pixels, plan.profile.to_bytes))
        yield _told(plan, run, index, Painted(image, seeds, settled, made))


def _told(plan: Plan, run: Run, index: int, painted: Painted) -> Painted:
    steps = plan.trajectory.steps
    run.on_event(Event("picture", index, len(plan.pictures), steps, steps, image=painted.image))
    return painted


def _teller(plan: Plan, model: Model, run: Run, index: int) -> Callable[[Step], None]:
    def tell(step: Step) -> None:
        run.check()
        run.on_event(
            Event(
                "step",
                index,
                len(plan.pictures),
                step.index + 1,
                step.total,
                step.sigma,
                lambda: Image.fromarray(model.preview(step.denoised)),
            )
        )

    return tell


def _to_array(pixels: Tensor) -> Floats:
    return np.ascontiguousarray(pixels[0].permute(1, 2, 0).float().cpu().numpy())
