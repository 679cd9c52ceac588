"""What fifty edits leave of a picture: a chain, results painted on, and pictures without a paste.

    python benchmarks/chain.py [--edits 50]

The built-in model repaints small places of the example picture. Errors are mean differences in levels of 255:

- untouched: the pixels under no mask, against the first source;
- first edit: what the first edit painted and no other, against what it was when it was painted;
- same place: repainted at a strength of 0.02, so that little more than the model's encoder and decoder is at work,
  against the source.

`painted on` takes each result as the next source, pasted by the mask, in 8 bits. `without a paste` takes what the
decoder gives for the whole picture, as plain inpaint pipelines return it. `run again` runs the one step anew.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pentimento import Chain, Request, Studio

GARDEN = Path(__file__).parents[1] / "examples" / "garden.png"
PLACE = "ellipse 52 52 28 28"
FIRST = "rect 8 8 20 20"
FIELDS: dict[str, Any] = {"steps": 2, "sampler": "euler", "mask_blur": 3}

Edits = Iterator[Image.Image]


def error(first: Image.Image, second: Image.Image, where: np.ndarray) -> float:
    """Give the mean difference in levels."""
    pair = [np.asarray(image.convert("RGB"), float)[where] for image in (first, second)]
    return float(np.abs(pair[0] - pair[1]).mean())


def chained(studio: Studio, source: Image.Image, edits: list[dict[str, Any]]) -> Edits:
    chain = Chain.of(source)
    for fields in edits:
        chain = chain.paint(studio, chain.request(**fields))
        yield chain.picture()
    print(f"the chain's file: {len(chain.to_bytes()) / 1e6:.2f} MB")


def painted_on(studio: Studio, source: Image.Image, edits: list[dict[str, Any]]) -> Edits:
    for fields in edits:
        source = studio.run(Request(init_image=source, **fields)).images[0]
        yield source


def without_paste(studio: Studio, source: Image.Image, edits: list[dict[str, Any]]) -> Edits:
    for fields in edits:
        source = studio.run(Request(init_image=source, **fields)).made[0].convert("RGB")
        yield source


def run_again(studio: Studio, source: Image.Image, edits: list[dict[str, Any]]) -> Edits:
    chain = Chain.of(source)
    chain = chain.paint(studio, chain.request(**edits[0]))
    for fields in edits:
        chain = chain.rerun(studio, 1, seed=fields["seed"])
        yield chain.picture()


Way = Callable[[Studio, Image.Image, list[dict[str, Any]]], Edits]
APART: dict[str, Way] = {"chain": chained, "painted on": painted_on, "without a paste": without_paste}
SAME: dict[str, Way] = {"chain, run again": run_again, **APART}


def apart(count: int) -> list[dict[str, Any]]:
    """Give edits of which the first lies apart from all others."""
    rng = np.random.default_rng(1)
    places = [f"ellipse {rng.integers(36, 90)} {rng.integers(36, 90)} 24 24" for _ in range(count - 1)]
    return [{**FIELDS, "mask": place, "seed": seed} for seed, place in enumerate([FIRST, *places])]


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=50)
    count: int = parser.parse_args().edits
    studio, source = Studio(device="cpu"), Image.open(GARDEN).convert("RGB")
    told = sorted({1, 10, 25, count} & set(range(1, count + 1)))

    edits = apart(count)
    reach = Image.new("L", source.size)
    for fields in edits:
        weight = studio.preview_frame(Request(init_image=source, **fields))["mask"]
        reach.paste(255, mask=weight.point(lambda value: 255 * (value > 0)))
    untouched = np.asarray(reach) == 0
    first = np.asarray(studio.preview_frame(Request(init_image=source, **edits[0]))["mask"]) > 0
    print("| after so many edits | " + " | ".join(map(str, told)) + " |\n" + "| --- " * (1 + len(told)) + "|")
    for name, way in APART.items():
        started = time.perf_counter()
        images = list(way(studio, source, edits))
        rows = {
            "untouched": [error(images[n - 1], source, untouched) for n in told],
            "first edit": [error(images[n - 1], images[0], first) for n in told],
        }
        for what, values in rows.items():
            print(f"| {name}: {what} | " + " | ".join(f"{value:.3f}" for value in values) + " |")
        print(f"{name}: {time.perf_counter() - started:.1f} s")

    again = [{**FIELDS, "mask": PLACE, "seed": seed, "denoising_strength": 0.02} for seed in range(count)]
    place = np.asarray(studio.preview_frame(Request(init_image=source, **again[0]))["mask"]) > 0
    for name, way in SAME.items():
        images = list(way(studio, source, again))
        print(
            f"| {name}: same place | " + " | ".join(f"{error(images[n - 1], source, place):.3f}" for n in told) + " |"
        )


if __name__ == "__main__":
    main()
