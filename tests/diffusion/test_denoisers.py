"""Guidance and masking as laws of composition, on closed-form denoisers."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from pentimento.diffusion.denoisers import GuidanceRules, Guided, Masked, Position, Relay, Timeline
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
