"""Guidance and masking as laws of composition, on closed-form denoisers."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from pentimento.diffusion.denoisers import (
    Differential,
    GuidanceRules,
    Guided,
    Masked,
    Position,
    Relay,
    Soft,
    Timeline,
)
from pentimento.diffusion.samplers import SAMPLERS, Denoiser, SamplerOptions


def network(x: Tensor, sigma: float, conditionings: Sequence[float]) -> Tensor:
    """Predict the conditioning itself, whatever x is."""
    return torch.stack([torch.full(x.shape[1:], value) for value in conditionings])


def guided(parts, negative=0.0, cfg=7.0, calls=10, **rules) -> Guided[float]:
    timelines = [Timeline(((99, value),), weight) for value, weight in parts]
    return Guided(
        network=network,
        parts=timelines,
        negative=Timeline(((99, negative),)),
        cfg_scale=cfg,
        rules=GuidanceRules(total_calls=calls, **rules),
        position=Position(),
        position_of=lambda at: at.calls,
        together=lambda conditionings: True,
    )


X = torch.zeros(1, 4, 3, 5)


def test_guidance_is_the_weighted_sum_of_differences() -> None:
    assert torch.allclose(guided([(2.0, 1.0)], negative=0.5)(X, 1.0), torch.full_like(X, 0.5 + 7 * 1.5))
    both = guided([(2.0, 1.0), (3.0, -0.5)], negative=1.0, cfg=2.0)(X, 1.0)
    assert torch.allclose(both, torch.full_like(X, 1.0 + 2 * (1.0 * 1.0 - 0.5 * 2.0)))


def test_negative_is_left_out_only_where_it_counts_nothing() -> None:
    asked: list[int] = []

    def counting(x: Tensor, sigma: float, conditionings: Sequence[float]) -> Tensor:
        asked.append(len(conditionings))
        return network(x, sigma, conditionings)

    for cfg, weights, rows in [(1.0, [1.0], 1), (7.0, [1.0], 2), (1.0, [0.5, 0.5], 2), (1.0, [1.0, 1.0], 3)]:
        denoiser = guided([(2.0, weight) for weight in weights], negative=9.0, cfg=cfg)
        denoiser.network = counting
        with_negative = guided([(2.0, w) for w in weights], negative=9.0, cfg=cfg, skip_at_one=False)(X, 1.0)
        assert torch.allclose(denoiser(X, 1.0), with_negative)
        assert asked.pop() == rows


def test_skip_early_and_minimum_sigma_leave_the_negative_out() -> None:
    early = guided([(2.0, 1.0)], negative=0.0, skip_early=0.25)
    assert [float(early(X, 1.0)[0, 0, 0, 0]) for _ in range(4)] == [2.0, 2.0, 2.0, 14.0]
    low = guided([(2.0, 1.0)], negative=0.0, minimum_sigma=0.5)
    assert [float(low(X, 0.1)[0, 0, 0, 0]) for _ in range(4)] == [14.0, 2.0, 14.0, 2.0]
    every = guided([(2.0, 1.0)], negative=0.0, minimum_sigma=0.5, minimum_sigma_all=True)
    assert float(every(X, 0.1)[0, 0, 0, 0]) == 2.0 and float(every(X, 0.6)[0, 0, 0, 0]) == 14.0


def test_timeline_changes_at_its_ends() -> None:
    timeline = Timeline(((2, "a"), (5, "b")))
    assert [timeline.at(position) for position in range(8)] == ["a", "a", "a", "b", "b", "b", "b", "b"]


@pytest.mark.parametrize("shown", ["noisy", "clean", "renoised"])
@pytest.mark.parametrize("sampler", [row for row in SAMPLERS if row.name != "dpm_adaptive"], ids=lambda row: row.name)
def test_masked_keeps_the_source_with_every_sampler(sampler, shown) -> None:
    torch.manual_seed(0)
    init, noise = torch.randn(1, 4, 6, 6), torch.randn(1, 4, 6, 6)
    mask = torch.zeros(1, 1, 6, 6)
    mask[..., 2:4, 2:5] = 1
    masked = Masked(guided([(0.3, 1.0)], cfg=1.5), init, mask, lambda x0, sigma: x0 + sigma * noise, shown)
    sigmas = (10.0, 5.0, 2.0, 1.0, 0.5, 0.0)
    result = sampler.function(
        masked,
        init + noise * sigmas[0],
        sigmas,
        noise=lambda sigma, sigma_next: torch.randn(1, 4, 6, 6),
        options=SamplerOptions(),
        on_step=lambda step: None,
    )
    kept = masked.keep(result)
    outside = (mask == 0).expand_as(init)
    assert torch.equal(kept[outside], init[outside])
    assert not torch.allclose(kept[~outside], init[~outside], atol=1e-2)
    if shown != "clean" and not sampler.stops_above_zero:
        assert torch.allclose(result[outside], init[outside], atol=1e-4)


def test_a_relay_hands_over_once_and_never_back() -> None:
    asked: list[str] = []

    def runner(name: str) -> Denoiser:
        class Runner:
            uncond = torch.full((1,), float(len(name)))

            def __call__(self, x: torch.Tensor, sigma: float) -> torch.Tensor:
                asked.append(name)
                return x

        return Runner()

    relay = Relay([(0.0, runner("a")), (0.5, runner("bb")), (0.7, runner("ccc"))], share=lambda sigma: 1 - sigma)
    x = torch.zeros(1)
    for sigma in (1.0, 0.6, 0.5, 0.9, 0.1, 0.4):
        relay(x, sigma)
    assert asked == ["a", "a", "bb", "bb", "ccc", "ccc"]
    assert relay.uncond.item() == 3


def soft(mask: Tensor, init: Tensor, network: float, **numbers: float) -> Soft:
    numbers = {"schedule_bias": 1.0, "preservation_strength": 0.5, "transition_contrast": 4.0, **numbers}
    return Soft(guided([(network, 1.0)], cfg=1.0), init, mask, **numbers)


def test_soft_is_the_source_at_0_and_the_prediction_at_1() -> None:
    init = torch.randn(1, 4, 3, 5, generator=torch.Generator().manual_seed(1))
    for sigma in (14.0, 1.0, 0.03):
        kept = soft(torch.zeros(1, 1, 3, 5), init, 0.7)(X, sigma)
        free = soft(torch.ones(1, 1, 3, 5), init, 0.7)(X, sigma)
        assert torch.allclose(kept, init, atol=1e-4) and torch.allclose(free, torch.full_like(init, 0.7), atol=1e-4)


def test_soft_lets_go_of_the_source_as_the_noise_goes() -> None:
    init, mask = torch.zeros(1, 4, 3, 5) + 1.0, torch.full((1, 1, 3, 5), 0.5)
    shares = [float(soft(mask, init, 3.0, transition_contrast=1.0)(X, sigma).mean()) for sigma in (8.0, 2.0, 0.5, 0.0)]
    assert shares == sorted(shares) and shares[-1] == pytest.approx(3.0, abs=1e-4)
    # With a contrast of 1, of parallel vectors, it is the plain mix.
    assert shares[1] == pytest.approx(1 + 2 * 0.5 ** (2.0 * 0.5), abs=1e-4)


def test_soft_keeps_contrast_where_it_mixes_what_cancels() -> None:
    init, mask = torch.zeros(1, 4, 1, 1) + 1.0, torch.full((1, 1, 1, 1), 0.5)
    init[:, 2:] = -1.0
    other = torch.stack([init[0] * torch.tensor([1.0, -1.0, 1.0, -1.0])[:, None, None]])

    def turned(x: Tensor, sigma: float, conditionings: Sequence[float]) -> Tensor:
        return other.expand(len(conditionings), -1, -1, -1)

    wrapped = soft(mask, init, 0.0)
    wrapped.inner.network = turned
    mixed = wrapped(torch.zeros(1, 4, 1, 1), 2.0)
    assert float(mixed.norm()) == pytest.approx(float(init.norm()), rel=1e-3)


def differential(mask: Tensor, init: Tensor, noise: Tensor, first: float, inner=None) -> Differential:
    return Differential(
        inner or guided([(0.3, 1.0)], cfg=1.5), init, mask, lambda x0, s: x0 + s * noise, lambda s: s / first
    )


SIGMAS = (10.0, 7.0, 5.0, 3.0, 2.0, 1.0, 0.5, 0.0)


def relaxing(x: Tensor, sigma: float, conditionings: Sequence[float]) -> Tensor:
    """A Gaussian of deviation 1 around 3: its posterior mean is known in closed form."""
    return ((x + sigma**2 * 3.0) / (1 + sigma**2)).expand(len(conditionings), -1, -1, -1)


def run(mask: Tensor, sampler, init: Tensor, noise: Tensor, start: int = 0) -> Tensor:
    inner = guided([(0.3, 1.0)], cfg=1.0)
    inner.network = relaxing
    wrapped = differential(mask, init, noise, SIGMAS[0], inner)
    x = init + SIGMAS[start] * noise
    draws = torch.Generator().manual_seed(3)
    result = sampler.function(
        wrapped,
        x,
        SIGMAS[start:],
        noise=lambda sigma, sigma_next: torch.randn(x.shape, generator=draws),
        options=SamplerOptions(),
        on_step=lambda step: None,
    )
    return wrapped.keep(result)


@pytest.mark.parametrize("sampler", [row for row in SAMPLERS if row.name != "dpm_adaptive"], ids=lambda row: row.name)
def test_differential_keeps_0_and_is_ordinary_inpainting_at_1(sampler) -> None:
    generator = torch.Generator().manual_seed(0)
    init, noise = (torch.randn(1, 4, 6, 6, generator=generator) for _ in range(2))
    mask = torch.zeros(1, 1, 6, 6)
    mask[..., 2:4, 2:5] = 1
    result = run(mask, sampler, init, noise)
    kept = mask.expand_as(init) == 0
    assert torch.equal(result[kept], init[kept])
    inner = guided([(0.3, 1.0)], cfg=1.0)
    inner.network = relaxing
    ordinary = Masked(inner, init, mask, lambda x0, s: x0 + s * noise, "renoised")
    draws = torch.Generator().manual_seed(3)
    wanted = sampler.function(
        ordinary,
        init + SIGMAS[0] * noise,
        SIGMAS,
        noise=lambda sigma, sigma_next: torch.randn(init.shape, generator=draws),
        options=SamplerOptions(),
        on_step=lambda step: None,
    )
    assert torch.equal(result, ordinary.keep(wanted))


def test_differential_repaints_the_more_the_lighter_the_mask() -> None:
    euler = next(row for row in SAMPLERS if row.name == "euler")
    generator = torch.Generator().manual_seed(0)
    init, noise = torch.zeros(1, 4, 1, 256), torch.randn(1, 4, 1, 1, generator=generator).expand(1, 4, 1, 256)
    mask = torch.linspace(0, 1, 256)[None, None, None]
    result = run(mask, euler, init, noise)
    change = (result - init).mean(1).flatten()
    assert bool((change.diff() >= -1e-5).all()) and float(change[0]) == 0 and float(change[-1]) > 1


def test_a_grey_of_differential_is_that_share_of_the_strength() -> None:
    euler = next(row for row in SAMPLERS if row.name == "euler")
    generator = torch.Generator().manual_seed(0)
    init, noise = (torch.randn(1, 4, 2, 2, generator=generator) for _ in range(2))
    for start, sigma in enumerate(SIGMAS[:-1]):
        grey = torch.full((1, 1, 2, 2), sigma / SIGMAS[0])
        free = torch.ones(1, 1, 2, 2)
        assert torch.allclose(run(grey, euler, init, noise), run(free, euler, init, noise, start), atol=1e-4)
