"""Seam score, blends and grain, on edges of known size."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.stats import spearmanr

from pentimento.geometry import Box, Size
from pentimento.pictures import masks
from pentimento.pictures.blends import BLENDS
from pentimento.pictures.grain import match_grain
from pentimento.pictures.seams import seam

from .scenes import Scene, scene, texture, to_bytes

SEEDS = st.integers(0, 10**6)
AMOUNTS = {
    "color": [0, 2, 4, 8, 12, 18, 26],
    "noise": [0, 2, 3, 4, 6, 9, 14],
    "blur": [0, 0.35, 0.45, 0.6, 0.8],
    "color and noise": [0, 0.3, 0.6, 1, 1.5, 2],
}


def edited(kind: str, amount: float, case: Scene, rng: np.random.Generator) -> np.ndarray:
    pixels = case.source * 255 + rng.normal(size=case.source.shape) * 1.5
    noise = rng.normal(size=pixels.shape)
    inside = {
        "color": pixels + amount,
        "noise": pixels + noise * amount,
        "blur": gaussian_filter(pixels, (amount, amount, 0)) if amount else pixels,
        "color and noise": pixels + 6 * amount + 3 * amount * noise,
    }[kind]
    return to_bytes(np.where(case.mask[..., None], inside, pixels) / 255)


@pytest.mark.parametrize("kind", AMOUNTS)
def test_the_score_grows_with_the_seam(kind: str) -> None:
    agreements = []
    for seed in range(12):
        case = scene(seed, "none", continued=True)
        results = [edited(kind, amount, case, np.random.default_rng(seed)) for amount in AMOUNTS[kind]]
        scores = [seam(result, case.mask.astype(np.float32)).score for result in results]
        assert min(scores) >= 0 and max(scores) <= 100 and scores[-1] == max(scores)
        agreements.append(spearmanr(AMOUNTS[kind], scores)[0])
    assert np.mean(agreements) > 0.97


def test_a_seam_is_told_from_none() -> None:
    with_seam, without = [], []
    for seed in range(30):
        case = scene(seed, "none", continued=True)
        rng = np.random.default_rng(seed)
        weight = case.mask.astype(np.float32)
        without.append(seam(edited("color", 0, case, rng), weight).score)
        with_seam.append(seam(edited("color", 8, case, rng), weight).score)
    order = np.array(with_seam)[:, None] > np.array(without)
    assert order.mean() > 0.95


def test_the_heat_is_where_the_seam_is() -> None:
    pixels = np.full((80, 100, 3), 120, np.uint8)
    weight = np.zeros((80, 100), np.float32)
    weight[20:60, 20:80] = 1
    pixels[20:60, 20:50] += 30
    heat = np.asarray(seam(pixels, weight).heat, int)
    assert heat[40, 20] > 200 and heat[40, 79] < 20 and heat[5, 95] == 0
    assert seam(np.full_like(pixels, 120), weight).score == 0
    assert seam(pixels, np.zeros_like(weight)).score == 0


def pasted(case: Scene, blur: float, padding: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray, Box]:
    painted = Image.fromarray(case.mask.astype(np.uint8) * 255)
    blurred = masks.blur(painted, blur, blur)
    weight = masks.feather_both(np.asarray(blurred), np.asarray(painted))
    found = blurred.getbbox()
    assert found is not None
    box = Box(*found).padded(padding).clamped(Size(*painted.size))
    return to_bytes(case.source), case.made[box.top : box.bottom, box.left : box.right], weight, box


@pytest.mark.parametrize("name", BLENDS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=SEEDS,
    blur=st.sampled_from([0, 1, 4, 9]),
    continued=st.booleans(),
    hostile=st.booleans(),
    padding=st.sampled_from([0, 8]),
)
def test_no_blend_changes_a_byte_under_weight_zero(
    name: str, seed: int, blur: float, continued: bool, hostile: bool, padding: int
) -> None:
    source, made, weight, box = pasted(scene(seed, "wave", (90, 70), continued=continued), blur, padding)
    if hostile:
        made = np.random.default_rng(seed).normal(size=made.shape).astype(np.float32) * 10
    result = BLENDS[name](source, made, weight, box)
    assert np.array_equal(result[weight == 0], source[weight == 0])


@pytest.mark.parametrize("name", BLENDS)
@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, blur=st.sampled_from([0, 4]))
def test_every_blend_of_what_was_there_gives_it_back(name: str, seed: int, blur: float) -> None:
    case = scene(seed, "none", (90, 70), continued=True)
    source, made, weight, box = pasted(case, blur)
    result = BLENDS[name](source, made, weight, box)
    assert np.abs(result.astype(int) - source).max() <= 1


def test_poisson_removes_a_constant_shift_and_keeps_what_was_drawn() -> None:
    case = scene(3, "none")
    source, made, weight, box = pasted(case, 4)
    shifted = BLENDS["poisson"](source, made + np.float32(12 / 255), weight, box).astype(int)
    plain = BLENDS["poisson"](source, made, weight, box).astype(int)
    assert np.abs(shifted - plain).max() <= 1
    flat = np.full((80, 80, 3), 100, np.uint8)
    weight = np.zeros((80, 80), np.float32)
    weight[20:60, 20:60] = 1
    drawn = np.full((40, 40, 3), 118 / 255, np.float32)
    drawn[15:25, 15:25] += 40 / 255
    result = BLENDS["poisson"](flat, drawn, weight, Box(20, 20, 60, 60))
    assert np.abs(result[22:58, 22:34].astype(int) - 100).max() <= 1
    assert np.abs(result[37:43, 37:43].astype(int) - 140).max() <= 1


def test_auto_is_never_worse_than_linear() -> None:
    better = 0
    for seed in range(8):
        source, made, weight, box = pasted(scene(seed, "gain", continued=True), 4)
        scores = {name: seam(BLENDS[name](source, made, weight, box), weight).score for name in ("linear", "auto")}
        assert scores["auto"] <= scores["linear"]
        better += scores["auto"] < scores["linear"]
    assert better >= 6


GRAINS = {
    "fine": lambda rng, shape, base: rng.normal(size=shape) * 4,
    "coarse": lambda rng, shape, base: gaussian_filter(rng.normal(size=shape), (0.8, 0.8, 0)) * 14,
    "photon": lambda rng, shape, base: rng.normal(size=shape) * np.sqrt(base * 0.3),
    "grey": lambda rng, shape, base: np.repeat(rng.normal(size=(*shape[:2], 1)), 3, 2) * 5,
}


@pytest.mark.parametrize("kind", GRAINS)
def test_grain_has_the_strength_spectrum_and_colour_of_what_is_around(kind: str) -> None:
    rng = np.random.default_rng(4)
    base = gaussian_filter(texture(rng, 256, 256), (8, 8, 0)) * 255
    grain = GRAINS[kind](rng, base.shape, base)
    weight = np.zeros((256, 256), np.float32)
    weight[64:192, 64:192] = 1
    source, box = to_bytes((base + grain) / 255), Box(64, 64, 192, 192)
    clean = (base[64:192, 64:192] / 255).astype(np.float32)
    added = (match_grain(clean, source, weight, box, np.random.default_rng(9)) - clean) * 255
    real = grain[64:192, 64:192]
    assert added.std() == pytest.approx(real.std(), rel=0.1)
    assert np.corrcoef(added[..., 0].ravel(), added[..., 1].ravel())[0, 1] == pytest.approx(
        np.corrcoef(real[..., 0].ravel(), real[..., 1].ravel())[0, 1], abs=0.05
    )

    def beside(values: np.ndarray) -> float:
        return float((values[:, 1:] * values[:, :-1]).mean() / values.var())

    assert beside(added) == pytest.approx(beside(real), abs=0.06)


def test_grain_is_added_only_where_it_is_missing() -> None:
    rng = np.random.default_rng(4)
    base = gaussian_filter(texture(rng, 200, 200), (8, 8, 0)) * 255 + rng.normal(size=(200, 200, 3)) * 4
    weight = np.zeros((200, 200), np.float32)
    weight[60:140, 60:140] = 1
    made = (base[60:140, 60:140] / 255).astype(np.float32)
    grained = match_grain(made, to_bytes(base / 255), weight, Box(60, 60, 140, 140), rng)
    assert ((grained - made) * 255).std() < 1.3
