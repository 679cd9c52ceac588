"""The pictures of the guide: a table of what each shows, and how it is made with the built-in model."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import binary_erosion

import pentimento as pm
from pentimento import choices
from pentimento.scripts import ScriptPlan, find_script, plan_script, run_script

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "training"))

from example import GARDEN, mask  # noqa: E402
from world import draw  # noqa: E402

GUIDANCE = 5.0
SEED = 3
ACCENT = (232, 92, 42)
SNOW = "a blue house on the left and a red ball on the right in the snow at night"
TREE = "a green tree on the right on the grass by day"
BALL = "a red ball on the right on the grass by day"
HOUSE = "a red house on the grass at sunset"
LARGE = 384


@dataclass(frozen=True)
class Source:
    """A picture to repaint and its mask."""

    image: Image.Image
    mask: Image.Image


def garden(size: int) -> Source:
    """Draw the example picture at a size."""
    pixels = np.rint(draw(GARDEN, size) * 255).astype(np.uint8)
    return Source(Image.fromarray(pixels), mask(size))


@dataclass(frozen=True)
class Maker:
    """Runs requests for pictures."""

    studio: pm.Studio
    sources: dict[int, Source] = field(default_factory=dict[int, Source])

    def source(self, size: int = 128) -> Source:
        if size not in self.sources:
            self.sources[size] = garden(size)
        return self.sources[size]

    def request(self, *, size: int | None = None, masked: bool = False, **fields: Any) -> pm.Request:
        """Build a request; `size` is that of the example picture to start from."""
        given: dict[str, Any] = {"seed": SEED, "cfg_scale": GUIDANCE, **fields}
        if size is not None:
            given["init_image"] = self.source(size).image
        if masked:
            given["mask"] = self.source(size or 128).mask
        return pm.Request(**given)

    def result(self, **fields: Any) -> Image.Image:
        return self.studio.run(self.request(**fields)).images[0]

    def shown(self, part: str, **fields: Any) -> Image.Image:
        return self.studio.preview_frame(self.request(**fields))[part]

    @cached_property
    def chain(self) -> pm.Chain:
        """A tree instead of the ball, and another ball before it."""
        source, strong = self.source(), {"cfg_scale": GUIDANCE, "denoising_strength": 1.0}
        chain = pm.Chain.of(source.image)
        chain = chain.paint(self.studio, chain.request(prompt=TREE, mask=source.mask, seed=3, **strong))
        return chain.paint(self.studio, chain.request(prompt=BALL, mask="ellipse 72 76 36 36", seed=2, **strong))

    def changed(self, **fields: Any) -> Image.Image:
        """Show where a result differs from its source: the more, the brighter."""
        request = self.request(**fields)
        source, made = (
            np.asarray(image.convert("RGB")).astype(int)
            for image in (request.init_image, self.studio.run(request).images[0])
        )
        difference = np.abs(made - source).max(2)
        return Image.fromarray(np.where(difference > 0, 60 + difference * 195 // 255, 0).astype(np.uint8))

    def cropped(self, **fields: Any) -> Image.Image:
        """Draw the part that only masked works on."""
        request = self.request(**fields)
        box = self.studio.plan(request).layout.box
        picture = self.source(LARGE).image.copy()
        if box is not None:
            ImageDraw.Draw(picture).rectangle(
                [box.left, box.top, box.right - 1, box.bottom - 1], outline=ACCENT, width=3
            )
        return picture

    def scripted(self, name: str, options: dict[str, Any], **fields: Any) -> Image.Image:
        """Give the picture that a script puts together."""
        return run_script(self.studio, self.planned(name, options, **fields)).images[0]

    def outlined(self, name: str, options: dict[str, Any], **fields: Any) -> Image.Image:
        """Draw the line around what each run of a script repaints."""
        picture = self.source(fields["size"]).image.copy()
        for run in self.planned(name, options, **fields).runs:
            painted = np.asarray(run.inputs.painted) > 127
            edge = painted & ~binary_erosion(painted, iterations=picture.width // 96)
            picture.paste(ACCENT, mask=Image.fromarray(edge))
        return picture

    def planned(self, name: str, options: dict[str, Any], **fields: Any) -> ScriptPlan:
        script = find_script(name)
        return plan_script(self.studio, script, self.request(**fields), script.options(**options))


Make = Callable[[Maker], Image.Image]


def result(**fields: Any) -> Make:
    return lambda maker: maker.result(**fields)


def shown(part: str, **fields: Any) -> Make:
    return lambda maker: maker.shown(part, **fields)


def _inpaint(**fields: Any) -> dict[str, Any]:
    return {"size": 128, "masked": True, "prompt": TREE, "denoising_strength": 1.0, **fields}


def _near(**fields: Any) -> dict[str, Any]:
    return _inpaint(**{"size": LARGE, "inpaint_area": "only_masked", **fields})


Rows = Iterator[tuple[str, Make]]


def basics() -> Rows:
    yield "source", lambda maker: maker.source().image
    yield "mask", lambda maker: maker.source().mask
    yield "first", result(**_inpaint())
    for strength in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        yield f"strength-{round(strength * 100)}", result(size=128, prompt=SNOW, denoising_strength=strength)
    for mode in ("just_resize", "crop_and_resize", "resize_and_fill", "latent_upscale"):
        wide = {"size": 128, "prompt": SNOW, "width": 192, "height": 128, "denoising_strength": 0.3}
        yield f"resize-{mode}", result(resize_mode=mode, **wide)


def masks() -> Rows:
    for blur in (0, 4, 12):
        yield f"blur-{blur}-mask", shown("mask", **_inpaint(mask_blur=blur))
        yield f"blur-{blur}", result(**_inpaint(mask_blur=blur))
    for mode in ("inpaint_masked", "inpaint_not_masked"):
        yield f"mode-{mode}", result(**_inpaint(mask_mode=mode, prompt="a red ball on the grass at night"))
    for content in choices.MASKED_CONTENT.names:
        yield f"content-{content}-shown", shown("shown", **_inpaint(masked_content=content))
        yield f"content-{content}", result(**_inpaint(masked_content=content, denoising_strength=0.8))
    for feather in ("both", "inward"):
        yield f"feather-{feather}", lambda maker, side=feather: maker.changed(**_inpaint(feather=side, mask_blur=8))


def areas() -> Rows:
    yield "area-whole_picture", result(**_inpaint(size=LARGE))
    yield "area-only_masked", result(**_near())
    for padding in (0, 32, 96):
        yield f"padding-{padding}-crop", lambda maker, px=padding: maker.cropped(**_near(only_masked_padding=px))
        yield f"padding-{padding}", result(**_near(only_masked_padding=padding))


def settings() -> Rows:
    """Give what varies one setting: the prefix of the names is the setting's."""
    varied: dict[str, dict[int | str, dict[str, Any]]] = {
        "seed": {seed: {"seed": seed} for seed in range(1, 5)},
        "steps": {steps: {"steps": steps} for steps in (1, 4, 8, 16, 32)},
        "cfg": {cfg: {"cfg_scale": cfg} for cfg in (1, 3, 5, 9, 15)},
        "sampler": {name: {"sampler": name} for name in ("dpmpp_2m", "euler", "euler_a", "ddim", "unipc")},
        "variation": {
            round(share * 100): {"variation_seed": 11, "variation_strength": share} for share in (0.0, 0.25, 0.5, 1.0)
        },
    }
    for setting, rows in varied.items():
        for value, fields in rows.items():
            yield f"{setting}-{value}", result(prompt=HOUSE, **fields)


def layers() -> Rows:
    yield "chain-both", lambda maker: maker.chain.picture()
    yield "chain-muted", lambda maker: maker.chain.mute(1).picture()
    yield "chain-again", lambda maker: maker.chain.mute(1).refresh(maker.studio).picture()


RED_HOUSE, BLUE_BALL = (f"a {thing} on the grass by day" for thing in ("red house", "blue ball"))
REGIONS = (
    {"mask": "rect 8% 42% 40% 46%", "prompt": RED_HOUSE, "denoising_strength": 0.8},
    {"mask": "ellipse 54% 54% 42% 42%", "prompt": BLUE_BALL, "denoising_strength": 0.65},
)
DETAILS = {
    "boxes": ["8% 42% 40% 46%", "58% 60% 30% 30%"],
    "detail_prompt": f"{RED_HOUSE} [SEP] {BLUE_BALL}",
    "detail_denoising_strength": 0.65,
}


def _parts(script: str, size: int, **options: Any) -> Rows:
    """Give what a script of parts works on, and what comes out."""
    fields = {"size": size, "seed": 4, "only_masked_padding": 48}
    yield f"{script}-where", lambda maker: maker.outlined(script, options, **fields)
    yield script, lambda maker: maker.scripted(script, options, **fields)


def parts() -> Rows:
    yield from _parts("regions", 128, regions=REGIONS)
    yield from _parts("detail", LARGE, **DETAILS)


GROUPS = (basics, masks, areas, settings, layers, parts)


class Album:
    """All pictures of the guide, made when they are asked for."""

    def __init__(self) -> None:
        self.makers = {name: make for group in GROUPS for name, make in group()}

    @cached_property
    def maker(self) -> Maker:
        return Maker(pm.Studio())

    def write(self, folder: Path) -> Iterator[Path]:
        """Make every picture anew and take away those that the table no longer has."""
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.webp"):
            if path.stem not in self.makers:
                path.unlink()
        for name, make in self.makers.items():
            path = folder / f"{name}.webp"
            image = make(self.maker)
            (image if image.mode == "L" else image.convert("RGB")).save(path, quality=88, method=6)
            yield path
