"""`pentimento demo`: an example picture repainted three ways with the built-in model."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..pictures.read import read_picture
from ..request import Request
from .options import COMMON, STUDIO, parameter, with_options
from .running import open_studio
from .sheet import Row, contact_sheet
from .terminal import progress, say, say_json

if TYPE_CHECKING:
    from PIL import Image

    from ..studio import Studio

EXAMPLES = "examples"
OUTPUT = parameter("output", Path, typer.Option("--output", "-o", help="Folder.", metavar="PATH"), Path("out/demo"))


@dataclass(frozen=True)
class Scene:
    """One picture of the demo: its file's name, what is written below it, its request."""

    name: str
    label: str
    fields: Mapping[str, Any]


# What the built-in model is sure of.
PROMPTS = (
    "a green tree in the snow at night",
    "a red heart on the sea at night",
    "a red ball on the left and a blue house on the right by day",
    "a purple balloon on the sea by day",
)
ELSEWHERE = "a blue house on the left and a red ball on the right on the beach at sunset"
HERE = "on the grass by day"
THERE = "a green tree on the right on the grass by day"
GUIDANCE = 5.0
FROM_NOTHING = tuple(
    Scene(f"txt2img-{number}", prompt, {"prompt": prompt, "seed": 3}) for number, prompt in enumerate(PROMPTS, start=1)
)
REPAINTED = tuple(
    Scene(
        f"img2img-{round(strength * 100):03d}",
        f"denoising strength {strength:g}",
        {"prompt": ELSEWHERE, "denoising_strength": strength, "seed": 3},
    )
    for strength in (0.0, 0.25, 0.5, 0.7, 0.9)
)
IN_PARTS = tuple(
    Scene(f"inpaint-{number}", prompt, {"prompt": prompt, "seed": 3, **fields})
    for number, (prompt, fields) in enumerate(
        (
            (HERE, {"masked_content": "fill", "denoising_strength": 0.9}),
            (THERE, {"masked_content": "original", "denoising_strength": 1.0}),
            ("on the grass at night", {"mask_mode": "inpaint_not_masked", "denoising_strength": 0.8}),
        ),
        start=1,
    )
)


@with_options(OUTPUT, *STUDIO, *COMMON)
def demo(**values: Any) -> None:
    """Write every picture and one sheet that shows them, and say where they are."""
    started = time.perf_counter()
    folder: Path = values["output"].expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    studio = open_studio(values)
    with as_file(files("pentimento") / EXAMPLES) as examples:
        source, mask = str(examples / "garden.png"), str(examples / "garden_mask.png")
        made = _Maker(studio, folder)
        rows = [
            Row("txt2img: from a prompt alone", [made.cell(scene) for scene in FROM_NOTHING]),
            Row(f"img2img: {ELSEWHERE}", [made.cell(scene, init_image=source) for scene in REPAINTED]),
            *(Row(f"inpaint: {scene.label}", made.story(scene, source, mask)) for scene in IN_PARTS),
        ]
    sheet = folder / "sheet.png"
    contact_sheet(rows).save(sheet)
    seconds = time.perf_counter() - started
    if values["json"]:
        say_json({"sheet": str(sheet), "pictures": made.timings, "seconds": seconds})
        return
    for path, took in made.timings.items():
        say(f"{took:6.1f} s  {path}")
    say(f"{seconds:6.1f} s  {sheet}  (all of them on one page)")


class _Maker:
    """Makes scenes and keeps how long each took."""

    def __init__(self, studio: "Studio", folder: Path) -> None:
        self.studio = studio
        self.folder = folder
        self.timings: dict[str, float] = {}

    def cell(self, scene: Scene, **pictures: str) -> tuple[str, "Image.Image"]:
        """Make one scene; gives its label and its picture."""
        started = time.perf_counter()
        with progress(scene.name) as on_event:
            result = self.studio.run(Request(**scene.fields, **pictures, cfg_scale=GUIDANCE), on_event=on_event)
        (path,) = result.save(self.folder / f"{scene.name}.png")
        self.timings[str(path)] = time.perf_counter() - started
        return scene.label, result.images[0]

    def story(self, scene: Scene, source: str, mask: str) -> list[tuple[str, "Image.Image"]]:
        """Make one inpaint scene; gives source, mask, what the network is shown, and the result."""
        request = Request(**scene.fields, init_image=source, mask=mask, cfg_scale=GUIDANCE)
        frame = self.studio.preview_frame(request)
        made = self.cell(scene, init_image=source, mask=mask)[1]
        return [
            ("source", read_picture(source, "init_image")),
            ("where it is repainted, blurred", frame["mask"]),
            (f"shown to the network: {request.masked_content}", frame["shown"]),
            (f"result, strength {request.denoising_strength:g}", made),
        ]
