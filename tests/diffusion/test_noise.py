"""Noise: A1111's numbers to the last bit, and independence of the batch."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pentimento.diffusion.noise import ImageNoise, PhiloxStream, brownian, slerp
from pentimento.diffusion.prediction import NoiseLevels
from pentimento.geometry import Size

GOLDEN = Path(__file__).parents[1] / "golden" / "unit"
RANDOM = np.load(GOLDEN / "rng.npz")
START = np.load(GOLDEN / "start_noise.npz")
SHAPE = (4, 16, 16)


@pytest.mark.parametrize("seed", [0, 1, 1234, 4294967295, 1099511627783])
def test_philox_is_a1111s_nv(seed: int) -> None:
    stream = PhiloxStream(seed)
    for draw in "ab":
        assert np.array_equal(stream.draw((4, 3, 5)).numpy(), RANDOM[f"philox_{seed}_{draw}"])
    assert np.array_equal(PhiloxStream(seed).draw((7,)).numpy(), RANDOM[f"philox_{seed}_odd"])


def test_philox_of_the_appendix() -> None:
    stream = PhiloxStream(0)
    assert stream.draw((3, 4))[0].tolist() == pytest.approx([-0.92466, -0.42534, -2.64385, 0.14518], abs=5e-6)
    assert stream.draw((3, 4))[0].tolist() == pytest.approx([0.18083, -0.55226, 0.92381, -0.73497], abs=5e-6)
    large = PhiloxStream(1234567890).draw((4, 64, 64))
    assert large[0, 0, :4].tolist() == pytest.approx([0.23618, 1.26339, -0.54222, -0.68377], abs=5e-6)
    values = large.numpy()
    assert (float(values.mean()), float(values.std())) == pytest.approx((0.00206, 1.00481), abs=5e-6)


VARIANTS = {
    "plain": {},
    "sub03": {"variation_seed": 77, "variation_strength": 0.3},
    "sub1": {"variation_seed": 77, "variation_strength": 1.0},
    "resize": {"seed_resize": Size(24, 12)},
    "resize_sub": {"seed_resize": Size(12, 24), "variation_seed": 77, "variation_strength": 0.3},
}


@pytest.mark.parametrize(("source", "word"), [("cpu", "CPU"), ("philox", "NV")])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("index", [0, 1])
def test_first_and_later_draws_are_a1111s(source, word: str, variant: str, index: int) -> None:
    given_ = dict(VARIANTS[variant])
    if "variation_seed" in given_:
        given_["variation_seed"] += index
    noise = ImageNoise(SHAPE, 1234 + index, source, **given_)
    assert np.array_equal(noise.first()[0].numpy(), RANDOM[f"imagerng_{word}_{variant}_first"][index])
    assert np.array_equal(noise.next()[0].numpy(), RANDOM[f"imagerng_{word}_{variant}_second"][index])


def test_start_noise_of_requests_is_a1111s() -> None:
    up = ImageNoise((4, 16, 24), 1234, seed_resize=Size(16, 16))
    assert np.array_equal(up.first().numpy(), START["i2i_seedresize_up"])
    both = ImageNoise(SHAPE, 1234, variation_seed=5, variation_strength=0.3, seed_resize=Size(8, 12))
    assert np.array_equal(both.first().numpy(), START["i2i_seedresize_subseed"])
    whole = ImageNoise(SHAPE, 1234, variation_seed=77, variation_strength=1.0)
    assert np.array_equal(whole.first().numpy(), START["i2i_subseed_10"])
    for index in range(2):
        single = ImageNoise(SHAPE, 1234 + index, "philox")
        assert np.array_equal(single.first()[0].numpy(), START["t2i_nv_batch2"][index])


def test_the_seed_delta_changes_later_noise_only() -> None:
    plain, shifted, other = ImageNoise(SHAPE, 7), ImageNoise(SHAPE, 7, seed_delta=31337), ImageNoise(SHAPE, 31344)
    assert torch.equal(plain.first(), shifted.first())
    assert torch.equal(shifted.next(), other.first())
    assert not torch.equal(plain.next(), shifted.next())


def test_draws_do_not_depend_on_when_the_first_is_asked_for() -> None:
    early, late = ImageNoise(SHAPE, 7), ImageNoise(SHAPE, 7)
    early.first().zero_()
    first_later = late.next()
    assert torch.equal(early.next(), first_later)
    assert torch.equal(early.first(), late.first())


@given(st.integers(0, 2**64 - 1), st.sampled_from(["cpu", "philox", "device"]))
@settings(max_examples=50)
def test_any_seed_gives_unit_noise(seed: int, source) -> None:
    noise = ImageNoise((4, 32, 32), seed, source).first()
    assert noise.shape == (1, 4, 32, 32) and noise.dtype == torch.float32
    assert abs(float(noise.mean())) < 0.1 and abs(float(noise.std()) - 1) < 0.1


@given(st.tuples(*[st.integers(1, 12)] * 4))
@settings(max_examples=100)
def test_a_resized_seed_lies_in_the_centre(sizes: tuple[int, int, int, int]) -> None:
    height, width, other_height, other_width = sizes

    def draw(height: int, width: int, seed_resize: Size | None = None):
        return ImageNoise((1, height, width), 3, "philox", seed_resize=seed_resize).first()[0, 0].tolist()

    frame, inner = draw(height, width), draw(other_height, other_width)
    result = draw(height, width, Size(other_width, other_height))
    dy, dx = (height - other_height) // 2, (width - other_width) // 2
    # Cut by an odd number, it is cut by one more at the far end (A1111).
    bottom, right = other_height + min(dy, 0), other_width + min(dx, 0)
    for y, x in itertools.product(range(height), range(width)):
        covered = 0 <= y - dy < bottom and 0 <= x - dx < right
        assert result[y][x] == (inner[y - dy][x - dx] if covered else frame[y][x])


def test_slerp_of_the_appendix() -> None:
    a, b = (torch.randn((4, 8, 8), generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))
    assert slerp(a, b, 0.3)[0, 0].tolist()[:4] == pytest.approx([-1.59947, -0.25006, -1.13221, -2.20017], abs=5e-6)
    assert torch.allclose(slerp(a, b, 0.0), a) and torch.allclose(slerp(a, b, 1.0), b)


def test_slerp_of_parallel_noise_is_turned_round() -> None:
    """A1111's quirk, kept: a seed means a picture."""
    a = torch.randn((4, 8, 8), generator=torch.Generator().manual_seed(1))
    assert torch.equal(slerp(a, 2 * a, 0.25), a * 0.25 + 2 * a * 0.75)


# --- Brownian paths -----------------------------------------------------------------------

LEVELS = NoiseLevels.scaled_linear()
LATENTS = torch.zeros(1, 4, 16, 16)


def test_brownian_noise_is_k_diffusions() -> None:
    stored = np.load(GOLDEN / "brownian.npz")
    noise, sigmas = brownian(LATENTS, 1234, LEVELS.sigma_min, LEVELS.sigma_max), stored["sigmas"]
    for index in range(5):
        assert np.array_equal(noise(sigmas[index], sigmas[index + 1]).numpy(), stored[f"n{index}"])


def test_brownian_noise_adds_up() -> None:
    noise = brownian(LATENTS, 5, 0.03, 14.6)
    both = noise(8.0, 2.0) * 6**0.5
    assert torch.allclose(noise(8.0, 5.0) * 3**0.5 + noise(5.0, 2.0) * 3**0.5, both, atol=1e-5)
    assert torch.allclose(noise(2.0, 8.0), -noise(8.0, 2.0))


def test_brownian_noise_has_unit_variance_on_any_interval() -> None:
    noise = brownian(torch.zeros(1, 4, 64, 64), 5, 0.03, 14.6)
    for interval in ((14.6, 10.0), (10.0, 9.99), (0.5, 0.03)):
        assert float(noise(*interval).std()) == pytest.approx(1.0, abs=0.03)


def test_ends_may_be_overstepped_by_rounding() -> None:
    noise = brownian(LATENTS, 5, LEVELS.sigma_min, LEVELS.sigma_max)
    assert float(noise(LEVELS.sigma_max * (1 + 1e-9), LEVELS.sigma_min * (1 - 1e-9)).std()) == pytest.approx(1, abs=0.1)
