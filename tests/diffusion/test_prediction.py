"""Noise levels and predictions: against A1111's tables and against the definitions."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pentimento.diffusion.prediction import PREDICTIONS, NoiseLevels, Prediction

GOLDEN = Path(__file__).parents[1] / "golden" / "unit"
LEVELS = NoiseLevels.scaled_linear()
TABLES = json.loads((GOLDEN / "sigmas.json").read_text())


def test_levels_are_a1111s() -> None:
    np.testing.assert_allclose(LEVELS.sigmas, TABLES["model_sigmas"], rtol=1.2e-7)


def test_alphas_cumprod_are_the_models() -> None:
    stored = np.load(GOLDEN / "alphas_cumprod.npz")
    np.testing.assert_allclose(LEVELS.alphas_cumprod, stored["alphas_cumprod"], rtol=2e-7)
    # A1111's float32 cancels four digits away next to the end.
    np.testing.assert_allclose(LEVELS.zero_terminal_snr().alphas_cumprod, stored["alphas_cumprod_zsnr"], rtol=3e-5)


def test_zero_terminal_snr_keeps_the_first_level_and_ends_in_noise() -> None:
    stretched = LEVELS.zero_terminal_snr()
    assert stretched.sigma_min == pytest.approx(LEVELS.sigma_min, rel=1e-9)
    assert stretched.sigma_max == pytest.approx(4518.76, abs=0.01)
    assert np.all(np.diff(stretched.sigmas) > 0)


@pytest.mark.parametrize(("t", "sigma"), TABLES["t_to_sigma"].items())
def test_sigma_of_t_is_a1111s(t: str, sigma: float) -> None:
    assert LEVELS.sigma(float(t)) == pytest.approx(sigma, rel=1.2e-7)


@pytest.mark.parametrize(("sigma", "t"), TABLES["sigma_to_t"].items())
def test_t_of_sigma_is_a1111s(sigma: str, t: float) -> None:
    assert LEVELS.t(float(sigma)) == pytest.approx(t, abs=1e-4)


@given(st.floats(0, 999))
def test_t_and_sigma_are_inverse(t: float) -> None:
    assert LEVELS.t(LEVELS.sigma(t)) == pytest.approx(t, abs=1e-3)


def test_outside_the_table_t_is_its_end() -> None:
    assert (LEVELS.t(0.0), LEVELS.t(1e9)) == (0.0, 999.0)


@given(st.floats(0.02, 20))
def test_a_stride_gives_the_nearest_of_few_timesteps(sigma: float) -> None:
    few = LEVELS.every(20)
    nearest = np.abs(np.log(few.sigmas) - np.log(sigma)).argmin()
    assert LEVELS.t(sigma, stride=20) == nearest * 20 + 19


def test_levels_are_values() -> None:
    same = NoiseLevels(LEVELS.sigmas.copy())
    assert same == LEVELS and hash(same) == hash(LEVELS)
    assert same != LEVELS.zero_terminal_snr() and same != NoiseLevels.scaled_linear(grid="sdxl")
    with pytest.raises(ValueError, match="read-only"):
        same.sigmas[0] = 1.0


OUTPUTS = {
    "eps": lambda x0, noise, sigma: noise,
    "v": lambda x0, noise, sigma: (noise - sigma * x0) / (1 + sigma**2) ** 0.5,
    "flow": lambda x0, noise, sigma: noise - x0,
}


@pytest.mark.parametrize("prediction", PREDICTIONS.values(), ids=list(PREDICTIONS))
@given(st.floats(0.01, 1.0))
def test_a_perfect_network_gives_the_picture_back(prediction: Prediction, sigma: float) -> None:
    x0, noise = torch.randn(2, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    x = prediction.add_noise(x0, noise, sigma)
    denoised = prediction.denoised(x, sigma, OUTPUTS[prediction.name](x0, noise, sigma))
    assert float((denoised - x0).abs().max()) < 1e-9


@pytest.mark.parametrize("name", ["eps", "v"])
@pytest.mark.parametrize("sigma", [0.03, 1.0, 14.6])
def test_the_network_sees_unit_variance(name: str, sigma: float) -> None:
    x0, noise = torch.randn(2, 100_000, generator=torch.Generator().manual_seed(0))
    seen = PREDICTIONS[name].scale_input(PREDICTIONS[name].add_noise(x0, noise, sigma), sigma)
    assert float(seen.std()) == pytest.approx(1.0, abs=0.01)


def test_v_is_eps_in_other_words() -> None:
    x, eps = torch.randn(2, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    sigma = 2.5
    x0 = PREDICTIONS["eps"].denoised(x, sigma, eps)
    v = OUTPUTS["v"](x0, eps, sigma)
    assert torch.allclose(PREDICTIONS["v"].denoised(x, sigma, v), x0)
