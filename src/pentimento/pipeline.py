"""The road of a request: eight calls.

    read -> resolve -> frame -> encode -> noise -> denoise -> decode -> compose

`read` and `resolve` have made the `Plan`; `paint` does the rest, one picture at a time,
so that a picture is the same alone and in any batch.
"""

import threading
import time
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .denoising import denoise, image_noise, latent_change
from .diffusion.samplers import Step
from .encoding import Cache, Made, begin, fill_latents, make_ready
from .enlarging import upscale_with
from .errors import Cancelled
from .framing import FRAMERS, Floats, Frame, Sampled, unchanged
from .models.base import Model
from .models.info import ModelInfo
from .models.sketching import Sketch
from .models.upscalers.find import UpscalerFile
from .models.upscalers.loading import load_upscaler
from .models.upscalers.upscaler import Upscaler
from .pictures.compose import to_bytes
from .pictures.resize import Upscale
from .plan import Plan, Seeds
from .second_pass import Enlarging


@dataclass(frozen=True, eq=False)
class Event:
    """Something happened during a run.

    Attributes
    ----------
    step, steps : of this picture in all its passes, counted from 1; 0 before the first; with kind
        "upscaling", tiles of the picture that an upscaler's network enlarges
    picture, pictures : which one, counted from 0, of how many
    preview : makes a small picture of what is predicted so far; None where there is nothing to see
    pause : seconds that should pass between two previews, so that they cost little of the run
    image : the finished picture, with kind "picture"
    """

    kind: Literal["loading", "loaded", "started", "upscaling", "step", "picture", "finished"]
    picture: int
    pictures: int
    step: int = 0
    steps: int = 0
    sigma: float | None = None
    preview: Callable[[], Image.Image] | None = None
    pause: float = 0.0
    image: Image.Image | None = None


@dataclass(frozen=True, eq=False)
class Painted:
    """One finished picture, its place in the request, its frame, and what the network made of that.

    Attributes
    ----------
    pixels : [h, w, 3] at the working size, 0..1, `made` before it was rounded; None where nothing was
    """

    index: int
    image: Image.Image
    seeds: Seeds
    frame: Frame
    made: Image.Image
    pixels: Floats | None = None


@dataclass(eq=False)
class Run:
    """What goes along with one run: who is told, who may stop it, what is kept and timed.

    Attributes
    ----------
    upscaler : brings an upscaler's network into memory
    sketch : gives what draws previews for a model; None where there are to be none
    caches : for each model, what it encoded lately
    seconds : spent in each step of the road
    """

    on_event: Callable[[Event], None] = lambda event: None
    cancel: threading.Event = field(default_factory=threading.Event)
    upscaler: Callable[[UpscalerFile], Upscaler] = lambda file: load_upscaler(file, torch.device("cpu"), torch.float32)
    sketch: Callable[[Model], Sketch | None] = lambda model: Sketch(model.preview)
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


def paint(
    plan: Plan, load: Callable[[ModelInfo], Model], run: Run, only: Collection[int] | None = None
) -> Iterator[Painted]:
    """Execute a plan; pictures come as they are finished.

    Parameters
    ----------
    load : gives a model; not called where the picture comes back unchanged
    only : which pictures of the plan to make; left out = all

    Raises
    ------
    Cancelled
        Within one call of the network after `run.cancel` was set.
    """
    framer = FRAMERS[plan.profile.overlay]
    wanted = [(index, seeds) for index, seeds in enumerate(plan.pictures) if only is None or index in only]
    with run.timed("frame"):
        frame = framer.frame(plan.request, plan.inputs, plan.layout, _upscale(plan, run))
    if plan.unchanged:
        source = unchanged(frame)
        for index, seeds in wanted:
            yield _told(plan, run, Painted(index, source, seeds, frame, source.convert("RGB")))
        return
    finished = replace(frame, layout=plan.passes[-1].layout)
    for index, seeds in wanted:
        run.on_event(Event("started", index, len(plan.pictures), 0, plan.steps))
        made: Made | None = None
        before = 0
        for each in plan.passes:
            made = _run_pass(each, frame, made, load, run, index, _teller(plan, run, index, before))
            before += each.trajectory.steps
        assert made is not None, "a plan has at least one pass"
        with run.timed("decode"), torch.inference_mode():
            pixels = _to_array(made.model.decode(made.latents))
        with run.timed("compose"):
            sampled = Sampled(seeds.seed, plan.latent_mask, made.change)
            settled = framer.settle(finished, plan.request, sampled)
            image = framer.compose(settled, pixels, plan.profile)
        shown = Image.fromarray(to_bytes(pixels, plan.profile.to_bytes))
        yield _told(plan, run, Painted(index, image, seeds, settled, shown, pixels))


def _run_pass(
    each: Plan,
    frame: Frame,
    made: Made | None,
    load: Callable[[ModelInfo], Model],
    run: Run,
    index: int,
    teller: Callable[[Model], Callable[[Step], None]],
) -> Made:
    """Run one pass of one picture: encode, noise, denoise."""
    with run.timed("load"):
        models = [load(stage.model) for stage in each.stages]
    with run.timed("encode"), torch.inference_mode():
        caches = [run.caches.setdefault(model, Cache()) for model in models]
        stages = [
            make_ready(each, stage, model, frame, cache)
            for stage, model, cache in zip(each.stages, models, caches, strict=True)
        ]
        init = begin(each, frame, made, models[0], caches[0], lambda how: _upscale(each, run, how))
    seeds = each.pictures[index]
    with run.timed("denoise"), torch.inference_mode():
        filled = fill_latents(each, init, index)
        noise = image_noise(each, seeds, models[0])
        latents = denoise(each, stages, filled, noise, seeds, on_step=teller(models[0]), check=run.check)
    return Made(latents, models[-1], latent_change(filled, latents))


def _upscale(plan: Plan, run: Run, enlarging: Enlarging | None = None) -> Upscale:
    """Give what enlarges the source, or the result of the pass before."""

    def told(tile: int, tiles: int) -> None:
        run.check()
        run.on_event(Event("upscaling", 0, len(plan.pictures), tile, tiles))

    if enlarging is None:
        return upscale_with("resize_upscaler", plan.request.resize_upscaler, plan.upscaler, run.upscaler, told)
    return upscale_with("hires_upscaler", enlarging.upscaler, enlarging.network, run.upscaler, told)


def _told(plan: Plan, run: Run, painted: Painted) -> Painted:
    run.on_event(Event("picture", painted.index, len(plan.pictures), plan.steps, plan.steps, image=painted.image))
    return painted


def _teller(plan: Plan, run: Run, index: int, before: int) -> Callable[[Model], Callable[[Step], None]]:
    """Count the steps of all passes together; `before` have run in those before."""

    def telling(model: Model) -> Callable[[Step], None]:
        sketch = run.sketch(model)

        def tell(step: Step) -> None:
            run.check()
            run.on_event(
                Event(
                    "step",
                    index,
                    len(plan.pictures),
                    before + step.index + 1,
                    plan.steps,
                    step.sigma,
                    None if sketch is None else partial(_preview, sketch, step),
                    0.0 if sketch is None else sketch.pause,
                )
            )

        return tell

    return telling


def _preview(sketch: Sketch, step: Step) -> Image.Image:
    return Image.fromarray(sketch(step.denoised))


def _to_array(pixels: Tensor) -> Floats:
    return np.ascontiguousarray(pixels[0].permute(1, 2, 0).float().cpu().numpy())
