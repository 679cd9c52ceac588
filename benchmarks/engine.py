"""The engine's overhead: our time over bare model calls, and over diffusers' own pipelines.

    python benchmarks/engine.py [--sizes 256,512] [--dtypes float32,bfloat16] [--steps 4] [--rounds 3]

All run in this process on the same random weights of SD 1.5's size, with the same number
of model calls. Rounds are interleaved (ours, bare, theirs, ours, ...) and every figure is
the median of paired ratios, so that a machine that is busy for a while disturbs both. The
same ratios in CPU time stand behind: on a machine that is shared they are the firmer ones.
Random weights are right for time and memory and say nothing about quality.
"""

import argparse
import gc
import json
import math
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

import pentimento as pm

CONFIG = Path(pm.__file__).parent / "models" / "configs" / "sd1.json"
TOKENIZER = Path(pm.__file__).parent / "models" / "builtin" / "tokenizer"
STRENGTH = 0.75


def make_model(folder: Path) -> Path:
    """Write random weights of SD 1.5's size as a diffusers folder, in bfloat16 to spare the disk."""
    from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    config = json.loads(CONFIG.read_text())
    torch.manual_seed(0)
    pipeline = StableDiffusionPipeline(
        unet=UNet2DConditionModel.from_config(config["unet"]).to(torch.bfloat16),
        vae=AutoencoderKL.from_config(config["vae"]).to(torch.bfloat16),
        text_encoder=CLIPTextModel(CLIPTextConfig(**config["text_encoder"])).to(torch.bfloat16),
        tokenizer=CLIPTokenizer.from_pretrained(TOKENIZER),
        scheduler=PNDMScheduler(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    target = folder / "random-sd15"
    pipeline.save_pretrained(target)
    return target


def pictures(size: int) -> tuple[Image.Image, Image.Image]:
    """Draw a smooth picture with some noise, and a mask of a quarter of it."""
    rng = np.random.default_rng(0)
    ramp = np.linspace(40, 200, size)[None, :, None] + np.zeros((size, size, 3))
    image = Image.fromarray(np.clip(ramp + rng.normal(0, 8, ramp.shape), 0, 255).astype(np.uint8))
    mask = Image.new("L", (size, size))
    mask.paste(255, (size // 4, size // 4, 3 * size // 4, 3 * size // 4))
    return image, mask


def ours(studio: pm.Studio, image: Image.Image, mask: Image.Image | None, steps: int) -> Callable[[], Any]:
    seeds = iter(range(10_000))

    def run() -> None:
        studio._caches.clear()  # diffusers encodes anew every time, so must we
        studio.run(
            pm.Request(
                prompt="a red house",
                negative_prompt="blurry",
                init_image=image,
                mask=mask,
                denoising_strength=STRENGTH,
                steps=steps,
                sampler="euler",
                seed=next(seeds),
            )
        )

    return run


def bare(studio: pm.Studio, size: int, calls: int) -> Callable[[], Any]:
    """Only what must be computed: two texts, one encode, the calls, one decode."""
    from pentimento.models.text import TextOptions

    model = studio.load(studio.plan(pm.Request(width=size, height=size)))
    pixels = torch.rand(1, 3, size, size)
    x = torch.randn(2, 4, size // 8, size // 8)

    def run() -> None:
        with torch.inference_mode():
            conditionings = [model.encode_prompt([text], TextOptions())[0] for text in ("a red house", "blurry")]
            latents = model.encode_image(pixels)
            for index in range(calls):
                model.predict(x, 900.0 - index, conditionings, pm.Size(size, size), None)
            model.decode(latents)

    return run


def theirs(
    folder: Path, dtype: torch.dtype, image: Image.Image, mask: Image.Image | None, calls: int
) -> Callable[[], Any]:
    from diffusers import EulerDiscreteScheduler, StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline

    kind = StableDiffusionInpaintPipeline if mask is not None else StableDiffusionImg2ImgPipeline
    pipeline = kind.from_pretrained(folder, torch_dtype=dtype, safety_checker=None, requires_safety_checker=False)
    pipeline.scheduler = EulerDiscreteScheduler.from_config(pipeline.scheduler.config, timestep_spacing="linspace")
    pipeline.set_progress_bar_config(disable=True)
    steps = math.ceil(calls / STRENGTH)  # of which diffusers runs int(steps * strength)
    assert int(steps * STRENGTH) == calls
    extra = {"mask_image": mask, "height": image.height, "width": image.width} if mask is not None else {}

    def run() -> None:
        pipeline(
            prompt="a red house",
            negative_prompt="blurry",
            image=image,
            strength=STRENGTH,
            num_inference_steps=steps,
            guidance_scale=7.0,
            generator=torch.Generator().manual_seed(0),
            **extra,
        )

    return run


@dataclass(frozen=True)
class Spent:
    """Seconds on the clock, and of all threads' CPU."""

    wall: float
    cpu: float


def spent(run: Callable[[], Any]) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def over(ours: list[Spent], others: list[Spent]) -> str:
    """Write the median of paired ratios: of the clock, and of CPU time in brackets."""
    pairs = list(zip(ours, others, strict=True))
    wall = statistics.median(a.wall / b.wall for a, b in pairs)
    cpu = statistics.median(a.cpu / b.cpu for a, b in pairs)
    return f"{wall:.3f} ({cpu:.3f})"


def measure(folder: Path, dtype: str, size: int, inpaint: bool, steps: int, rounds: int) -> str:
    image, mask = pictures(size)
    studio = pm.Studio(models=[folder.parent], model=folder.name, device="cpu", dtype=dtype)
    task = mask if inpaint else None
    plan = studio.plan(
        pm.Request(init_image=image, mask=task, denoising_strength=STRENGTH, steps=steps, sampler="euler")
    )
    runs = {
        "ours": ours(studio, image, task, steps),
        "bare": bare(studio, size, plan.trajectory.steps),
        "diffusers": theirs(folder, getattr(torch, dtype), image, task, plan.trajectory.steps),
    }
    for run in runs.values():
        run()
    times: dict[str, list[Spent]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(spent(run))
    medians = {name: statistics.median(one.wall for one in values) for name, values in times.items()}
    del runs, studio
    gc.collect()
    return (
        f"{'inpaint' if inpaint else 'img2img':8} {size:4} {dtype:9} {plan.trajectory.steps:2} steps   "
        f"ours {medians['ours']:7.2f} s   bare {medians['bare']:7.2f} s   diffusers {medians['diffusers']:7.2f} s   "
        f"over bare {over(times['ours'], times['bare'])}   over diffusers {over(times['ours'], times['diffusers'])}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="256,512")
    parser.add_argument("--dtypes", default="float32,bfloat16")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = make_model(Path(temporary))
        for dtype in args.dtypes.split(","):
            for size in map(int, args.sizes.split(",")):
                for inpaint in (False, True):
                    print(measure(folder, dtype, size, inpaint, args.steps, args.rounds), flush=True)


if __name__ == "__main__":
    main()
