"""DPM-Solver samplers that place their levels themselves: DPM fast and DPM adaptive.

Lu et al. 2022, "DPM-Solver: A Fast ODE Solver for Diffusion Probabilistic Model Sampling in
Around 10 Steps"; studied from k-diffusion (MIT). Of the given levels only the first, the last
above 0 and (DPM fast) their number count. Where the last is 0, one more prediction ends on it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import ModelError
from .base import ANCESTRAL_ETA, Denoiser, Noise, OnStep, SamplerOptions, Step, ancestral_levels, glide

if TYPE_CHECKING:
    from torch import Tensor


def sample_dpm_fast(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with as many model calls as there are steps, in singlesteps of third order."""
    calls = len(sigmas) - 1
    end = sigmas[-1]
    if not end:
        calls, end = calls - 1, sigmas[-2]
    orders = _orders(calls)
    total = len(orders) + (not sigmas[-1])
    length = math.log(sigmas[0] / end)
    sigma = sigmas[0]
    for index, order in enumerate(orders):
        sigma_next = end if index == len(orders) - 1 else sigmas[0] * math.exp(-length * (index + 1) / len(orders))
        down, up = _levels(sigma, sigma_next, end, options)
        denoised = denoiser(x, sigma)
        on_step(Step(index, total, sigma, x, denoised))
        start = _Start(x, sigma, (x - denoised) / sigma, math.log(sigma / down))
        x = _SINGLESTEPS[order](denoiser, start)
        if up:
            x = x + noise(sigma, sigma_next) * (up * options.s_noise)
        sigma = sigma_next
    return x if sigmas[-1] else _land(denoiser, x, end, total - 1, on_step)


def sample_dpm_adaptive(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with steps as long as the difference of two orders allows; the number of steps is free.

    Notes
    -----
    An integral controller on the error of the second order against the third, relative 0.05,
    absolute 0.0078; an attempt that falls short is repeated and counts as a step.
    """
    eta = ANCESTRAL_ETA if options.eta is None else options.eta
    end = sigmas[-1] or sigmas[-2]
    sigma, h, index = sigmas[0], 0.05, 0
    shortest = math.log(sigma / end) / 1000
    x_before = x
    while (rest := math.log(sigma / end)) > 1e-5:
        sigma_next = end if h >= rest else sigma * math.exp(-h)
        down, up = _levels(sigma, sigma_next, end, options)
        denoised = denoiser(x, sigma)
        on_step(Step(index, index + 1 + math.ceil(rest / h), sigma, x, denoised))
        start = _Start(x, sigma, (x - denoised) / sigma, math.log(sigma / down))
        lower, higher = _second_and_third_order(denoiser, start)
        error = _error(lower, higher, x_before)
        factor = 1 + math.atan((1 / (error + 1e-8)) ** (1 / (1.5 if eta else 3)) - 1)
        # Not below a thousandth of the way: a network that jumps would shrink the steps without end.
        if factor >= 0.81 or h <= shortest:
            x, x_before, sigma = higher, lower, sigma_next
            if up:
                x = x + noise(start.sigma, sigma) * (up * options.s_noise)
        h = max(h * factor, shortest)
        index += 1
    return x if sigmas[-1] else _land(denoiser, x, end, index, on_step)


@dataclass(frozen=True)
class _Start:
    """Where a singlestep starts: latents, their level, predicted noise, and how far it goes."""

    x: "Tensor"
    sigma: float
    noise: "Tensor"
    h: float

    def first_order(self, part: float) -> "tuple[Tensor, float]":
        """Go `part` of the way; give x and its level there."""
        sigma = self.sigma * math.exp(-part * self.h)
        return self.x - self.noise * (sigma * math.expm1(part * self.h)), sigma

    def change(self, denoiser: Denoiser, x: "Tensor", sigma: float) -> "Tensor":
        """Predict the noise elsewhere, less that at the start."""
        return (x - denoiser(x, sigma)) / sigma - self.noise


def _first_order(denoiser: Denoiser, start: _Start) -> "Tensor":
    return start.first_order(1)[0]


def _second_order(denoiser: Denoiser, start: _Start) -> "Tensor":
    change = start.change(denoiser, *start.first_order(1 / 2))
    x, sigma = start.first_order(1)
    return x - change * (sigma * math.expm1(start.h))


def _third_order(denoiser: Denoiser, start: _Start) -> "Tensor":
    return _second_and_third_order(denoiser, start)[1]


def _second_and_third_order(denoiser: Denoiser, start: _Start) -> "tuple[Tensor, Tensor]":
    """Solve with inner points at one and two thirds; the second order uses the first of them."""
    change_1 = start.change(denoiser, *start.first_order(1 / 3))
    x_2, sigma_2 = start.first_order(2 / 3)
    change_2 = start.change(denoiser, x_2 - change_1 * (sigma_2 * 2 * _psi(start.h * 2 / 3)), sigma_2)
    x, sigma = start.first_order(1)
    lower = x - change_1 * (sigma * 1.5 * math.expm1(start.h))
    higher = x - change_2 * (sigma * 1.5 * _psi(start.h))
    return lower, higher


_SINGLESTEPS = {1: _first_order, 2: _second_order, 3: _third_order}


def _orders(calls: int) -> list[int]:
    """Split model calls into singlesteps: threes, and what is left at the end.

    Examples
    --------
    >>> _orders(6), _orders(7), _orders(8)
    ([3, 2, 1], [3, 3, 1], [3, 3, 2])
    """
    threes, left = divmod(calls, 3)
    if left:
        return [3] * threes + [left]
    return [3] * (threes - 1) + [2, 1] if threes else []


def _levels(sigma: float, sigma_next: float, end: float, options: SamplerOptions) -> tuple[float, float]:
    """Split a step as ancestral samplers do, but never below the last level."""
    eta = ANCESTRAL_ETA if options.eta is None else options.eta
    down = max(end, ancestral_levels(sigma, sigma_next, eta)[0])
    return down, math.sqrt(max(0.0, sigma_next**2 - down**2))


def _error(lower: "Tensor", higher: "Tensor", before: "Tensor") -> float:
    allowed = (lower.abs().maximum(before.abs()) * 0.05).clamp(min=0.0078)
    error = float(((lower - higher) / allowed).square().mean().sqrt())
    if not math.isfinite(error):
        raise ModelError("the network returned values that are not numbers; run it in float32 or with other weights")
    return error


def _psi(h: float) -> float:
    return math.expm1(h) / h - 1 if h else 0.0


def _land(denoiser: Denoiser, x: "Tensor", sigma: float, index: int, on_step: OnStep) -> "Tensor":
    denoised = denoiser(x, sigma)
    on_step(Step(index, index + 1, sigma, x, denoised))
    return glide(x, denoised, 0.0)
