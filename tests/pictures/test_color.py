"""Colour correction against A1111's recorded results."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pentimento.pictures.color import correct_colours, lab_to_rgb, rgb_to_lab
from pentimento.pictures.read import read_picture

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize("path", sorted((GOLDEN / "unit").glob("colorcorr_*.png")), ids=lambda path: path.stem)
def test_correction_is_as_recorded(path: Path):
    target, image = (
        read_picture(GOLDEN / "inputs" / f"{name}.png", "image").convert("RGB")
        for name in path.stem.removeprefix("colorcorr_target_").split("__on_")
    )
    assert correct_colours(image, target).tobytes() == Image.open(path).convert("RGB").tobytes()


def test_lab_is_that_of_opencv_bit_for_bit():
    y, x = np.mgrid[:64, :64]
    pixels = np.stack(((x * 4 + y) % 256, (y * 4 + 3 * x) % 256, x * y % 256), axis=-1).astype(np.uint8)
    digests = [hashlib.sha256(convert(pixels).tobytes()).hexdigest()[:16] for convert in (rgb_to_lab, lab_to_rgb)]
    assert digests == json.loads((GOLDEN / "unit" / "opencv.json").read_text())["lab"]


def test_correction_keeps_brightness():
    rng = np.random.default_rng(3)
    image, target = (Image.fromarray(rng.integers(*span, (40, 40, 3), np.uint8)) for span in ((0, 256), (90, 160)))
    weights = np.array([0.299, 0.587, 0.114])
    before, after = (np.asarray(picture) @ weights for picture in (image, correct_colours(image, target)))
    # Cut off at 8 bits, a channel loses less than one level.
    assert np.all((after <= before + 1e-6) & (after > before - 1.001))
