"""Seams and colour: ours against the formulas that peers publish, on scenes whose truth is known.

    python benchmarks/quality.py [--scenes 20] [--rounds 5]

Every row sees the same scenes (`tests/pictures/scenes.py`): a picture, a mask, what should
be under it, and that shifted in colour as a decoder shifts it. Errors are in levels of 255
under the mask. Times are medians over interleaved rounds on one scene, so that a machine
that is busy for a while disturbs all rows alike.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.pictures.scenes import SHIFTS, Scene, scene, to_bytes
from tests.pictures.test_soft import one_cell

from pentimento.geometry import Box, Size
from pentimento.pictures import compose, masks
from pentimento.pictures.blends import BLENDS
from pentimento.pictures.color import correct_colours, lab_to_rgb, rgb_to_lab
from pentimento.pictures.fills import A1111_FILLS, PIXEL_FILLS
from pentimento.pictures.recolor import match_known
from pentimento.pictures.seams import seam
from pentimento.pictures.soft import percentile_mean

Pixels = NDArray[Any]


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table."""
    print(f"\n## {title}\n")
    for line in (columns, ["---"] * len(columns), *rows):
        print("| " + " | ".join(line) + " |")


def timed(functions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Give the median seconds of each over interleaved rounds, after one that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for number in range(rounds + 1):
        for name, function in functions.items():
            started = time.perf_counter()
            function()
            if number:
                seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in seconds.items()}


# Colour -----------------------------------------------------------------------------------------


def a1111_hues(case: Scene) -> Pixels:
    """A1111: histograms in Lab over the whole tile, brightness kept."""
    image, target = (Image.fromarray(to_bytes(pixels)) for pixels in (case.made, case.source))
    return np.asarray(correct_colours(image, target)) / 255


def zeros_counted(case: Scene) -> Pixels:
    """Match mean and deviation in Lab, the hidden part entering both as zeros (Krita AI, inpaint-nodes)."""
    made, wanted = (rgb_to_lab(to_bytes(pixels)).astype(np.float64) for pixels in (case.made, case.source))
    keep = ~case.mask[..., None]
    means = [(lab * keep).mean((0, 1)) for lab in (made, wanted)]
    spreads = [(lab * keep).std((0, 1)) for lab in (made, wanted)]
    matched = (made - means[0]) / spreads[0] * spreads[1] + means[1]
    return lab_to_rgb(np.rint(np.clip(matched, 0, 255)).astype(np.uint8)) / 255


def one_line(case: Scene) -> Pixels:
    """Fit one line for each channel on the known pixels (SwarmUI, Linear)."""
    known = ~case.mask
    result = np.empty_like(case.made)
    for channel in range(3):
        made, wanted = (pixels[known, channel].astype(np.float64) for pixels in (case.made, case.source))
        slope, constant = np.polyfit(made, wanted, 1)
        result[..., channel] = case.made[..., channel] * slope + constant
    return result


COLOURS: Mapping[str, Callable[[Scene], Pixels]] = {
    "nothing": lambda case: case.made,
    "A1111: histogram of hues": a1111_hues,
    "mean and deviation, zeros counted": zeros_counted,
    "one line a channel": one_line,
    "ours": lambda case: match_known(case.made, case.source, ~case.mask),
}


def colour(scenes: int, rounds: int) -> None:
    cases = {shift: [scene(seed, shift) for seed in range(scenes)] for shift in SHIFTS}
    large = scene(0, "gain and wave", (1024, 1024))
    seconds = timed({name: lambda row=row: row(large) for name, row in COLOURS.items()}, rounds)
    rows: list[list[str]] = []
    for name, row in COLOURS.items():
        worst: list[float] = []
        cells: list[str] = []
        for shift in SHIFTS:
            errors = [np.abs(row(case) - case.truth)[case.mask] * 255 for case in cases[shift]]
            cells.append(f"{np.mean([error.mean() for error in errors]):.2f}")
            worst += [float(error.max()) for error in errors]
        rows.append([name, *cells, f"{max(worst):.2f}", f"{seconds[name]:.3f}"])
    table("Colour left under the mask, levels", ["correction", *SHIFTS, "largest", "s at 1024x1024"], rows)


# Paste ------------------------------------------------------------------------------------------


def prepared(case: Scene, blur: float = 4) -> tuple[Image.Image, Image.Image, Box]:
    painted = Image.fromarray(case.mask.astype(np.uint8) * 255)
    blurred = masks.blur(painted, blur, blur)
    box = masks.box_around(blurred, 32)
    assert box is not None
    return painted, blurred, box


def a1111_paste(case: Scene) -> tuple[Pixels, Pixels]:
    """A1111 "Whole picture": 8-bit overlay with the doubled mask."""
    _, blurred, _ = prepared(case)
    overlay = masks.doubled(blurred)
    source, made = (Image.fromarray(to_bytes(pixels)) for pixels in (case.source, case.made))
    pasted = compose.paste(made, compose.overlay(source, overlay), None)
    return np.asarray(pasted), np.asarray(overlay, np.float32) / 255


def wide_gaussian(case: Scene) -> tuple[Pixels, Pixels]:
    """Crop&Stitch: the mask grown by 32 px and blurred by as much, mixed in float."""
    from scipy.ndimage import gaussian_filter, grey_dilation

    weight = gaussian_filter(grey_dilation(case.mask.astype(np.float32), (33, 33)), 32 / 4)
    mixed = case.source + weight[..., None] * (case.made - case.source)
    return to_bytes(mixed), weight


def ours(name: str, feather: str = "both", *, corrected: bool = False) -> Callable[[Scene], tuple[Pixels, Pixels]]:
    def paste(case: Scene) -> tuple[Pixels, Pixels]:
        painted, blurred, box = prepared(case)
        weight = masks.FEATHERS[feather](np.asarray(blurred), np.asarray(painted))
        made = match_known(case.made, case.source, ~case.mask) if corrected else case.made
        return BLENDS[name](
            to_bytes(case.source), made[box.top : box.bottom, box.left : box.right], weight, box
        ), weight

    return paste


PASTES: Mapping[str, Callable[[Scene], tuple[Pixels, Pixels]]] = {
    "A1111: 8-bit overlay": a1111_paste,
    "grown and blurred by 32 px": wide_gaussian,
    **{f"ours: {name}": ours(name) for name in BLENDS},
    "ours: auto, inward": ours("auto", "inward"),
    "ours: linear, colour corrected": ours("linear", corrected=True),
}


def paste(scenes: int, rounds: int) -> None:
    cases = [scene(seed, shift, continued=True) for shift in ("gain", "wave") for seed in range(scenes)]
    large = scene(0, "gain", (1024, 1024), continued=True)
    seconds = timed({name: lambda row=row: row(large) for name, row in PASTES.items()}, rounds)
    rows: list[list[str]] = []
    for name, row in PASTES.items():
        found = [(case, *row(case)) for case in cases]
        scores = [seam(result, weight.astype(np.float32)).score for _, result, weight in found]
        colours = [np.abs(result / 255.0 - case.truth)[case.mask].mean() * 255 for case, result, _ in found]
        outside = [
            int(np.count_nonzero((result != to_bytes(case.source)).any(-1) & ~case.mask)) for case, result, _ in found
        ]
        rows.append(
            [
                name,
                f"{np.mean(scores):.1f}",
                f"{np.mean(colours):.2f}",
                f"{np.mean(outside):.0f}",
                f"{seconds[name]:.3f}",
            ]
        )
    clean = [seam(to_bytes(case.source), case.mask.astype(np.float32)).score for case in cases]
    rows.append(["(the picture itself)", f"{np.mean(clean):.1f}", "0.00", "0", ""])
    columns = ["paste", "seam score", "colour left, levels", "px changed outside the paint", "s at 1024x1024"]
    table("Paste of a shifted repaint, mask blur 4", columns, rows)


# Soft inpainting and fills ----------------------------------------------------------------------


def soft(rounds: int) -> None:
    values = np.random.default_rng(0).random((64, 64))

    def by_cells() -> Pixels:
        return np.array([[one_cell(values, y, x, 0.9, 1.0) for x in range(64)] for y in range(64)])

    seconds = timed({"cell by cell": by_cells, "all at once": lambda: percentile_mean(values, 0.9, 1.0)}, rounds)
    off = np.abs(by_cells() - percentile_mean(values, 0.9, 1.0)).max()
    ratio = seconds["cell by cell"] / seconds["all at once"]
    rows = [[name, f"{value:.4f}"] for name, value in seconds.items()]
    table(f"Soft inpainting's filter, 64x64 cells: {ratio:.0f} times, {off:.0e} apart", ["how", "s"], rows)


def fills(rounds: int) -> None:
    y, x = np.mgrid[:512, :512]
    truth = np.stack([128 + 80 * np.sin(x / 4), 128 + 60 * np.sin((x + y) / 5), 128 + 40 * np.cos(y / 6)], -1)
    image, mask = Image.fromarray(truth.astype(np.uint8)), Image.new("L", (512, 512))
    mask.paste(255, (190, 190, 320, 320))
    hidden = image.copy()
    hidden.paste((0, 0, 0), (190, 190, 320, 320))
    rows_of = {"A1111: fill": A1111_FILLS["fill"], **{f"ours: {n}": PIXEL_FILLS[n] for n in ("fill", *NEW_FILLS)}}
    seconds = timed({name: lambda row=row: row(hidden, mask) for name, row in rows_of.items()}, rounds)
    rows = [
        [
            name,
            f"{np.abs(np.asarray(row(hidden, mask), float) - truth)[190:320, 190:320].mean():.1f}",
            f"{seconds[name]:.3f}",
        ]
        for name, row in rows_of.items()
    ]
    table(f"Masked content: a pattern of waves, {Size(512, 512)}", ["fill", "error, levels", "s"], rows)


NEW_FILLS = ("content_aware", "edge_growth", "neutral")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    colour(asked.scenes, asked.rounds)
    paste(asked.scenes, asked.rounds)
    soft(asked.rounds)
    fills(asked.rounds)


if __name__ == "__main__":
    main()
