"""The way back: a network's shift of colours does not come into the picture."""

import numpy as np
import pytest
from PIL import Image

from pentimento.framing import FRAMERS, Sampled, lay_out, read_inputs
from pentimento.profiles import find_profile
from pentimento.request import Request

from .pictures.scenes import Scene, scene, to_bytes

CASE: Scene = scene(5, "none", continued=True)
SOURCE, MASK = Image.fromarray(to_bytes(CASE.source)), Image.fromarray(CASE.mask)


def repainted(**fields: object) -> np.ndarray:
    """Compose as if a network had given back what it was shown, shifted in colour."""
    request = Request(init_image=SOURCE, mask=MASK, **fields)
    profile = find_profile(request.profile)
    inputs = read_inputs(request, profile)
    layout = lay_out(request, profile, inputs, multiple=8, native=64)
    framer = FRAMERS[profile.overlay]
    frame = framer.settle(framer.frame(request, inputs, layout), request, Sampled(seed=3))
    pixels = np.asarray(frame.shown, np.float32) / np.float32(255) * np.float32(0.92) + np.float32(0.02)
    return np.asarray(framer.compose(frame, pixels, profile), int)


@pytest.mark.parametrize(
    "fields", [{}, {"inpaint_area": "only_masked", "only_masked_padding": 40, "width": 512, "height": 512}], ids=str
)
def test_colour_correction_gives_the_very_colours_back(fields: dict[str, object]) -> None:
    before = np.asarray(SOURCE, int)
    changed = np.abs(repainted(**fields) - before)[CASE.mask]
    corrected = np.abs(repainted(**fields, color_correction=True) - before)[CASE.mask]
    assert changed.mean() > 3 and corrected.mean() < 0.6


@pytest.mark.parametrize("profile", ["pentimento", "a1111"])
@pytest.mark.parametrize("blend", ["linear", "multiband", "poisson", "auto"])
def test_both_profiles_paste_by_every_blend(profile: str, blend: str) -> None:
    plain = repainted(profile=profile)
    blended = repainted(profile=profile, blend=blend, match_grain=blend != "linear")
    assert np.array_equal(plain, blended) == (blend == "linear")
