"""UniPC, a predictor and corrector of any order (Zhao et al. 2023); studied from the authors' code (MIT).

Published for variance-preserving latents; divided by alpha only ratios of noise levels are left.
Data-prediction form: every model call corrects the step before it and starts the next one.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .base import Denoiser, Noise, OnStep, SamplerOptions, Step, glide

if TYPE_CHECKING:
    from torch import Tensor


def sample_unipc(
    denoiser: Denoiser,
    x: "Tensor",
    sigmas: Sequence[float],
    *,
    noise: Noise,
    options: SamplerOptions,
    on_step: OnStep,
) -> "Tensor":
    """Sample with multistep UniPC; the last step is not corrected, so there is one call a step.

    A step to 0 gives the prediction itself: lower orders are for the steps before it.
    """
    steps = len(sigmas) - 1
    predicted = steps if sigmas[-1] else steps - 1
    past: list[tuple[float, Tensor]] = []  # (sigma, prediction), the newest first
    guess: _Guess | None = None
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, steps, sigma, x, denoised))
        if guess is not None:
            x = guess.corrected(denoised - past[0][1])
        if not sigma_next:
            return denoised
        past = [(sigma, denoised), *past[: options.unipc_order - 1]]
        left = predicted - index if options.unipc_lower_order_final else steps
        guess = _guess(x, past[:left], sigma_next, _WEIGHTS[options.unipc_variant])
        x = guess.predicted()
    return x


@dataclass(frozen=True)
class _Weights:
    """What the differences of predictions are multiplied with; the corrector has the new one last."""

    predictor: NDArray[np.floating[Any]]
    corrector: NDArray[np.floating[Any]]


@dataclass(frozen=True)
class _Guess:
    """A step that was predicted and can be corrected once the prediction at its end is known.

    Attributes
    ----------
    base : the first-order step
    changes : differences of older predictions to the newest, each divided by its distance
    """

    base: "Tensor"
    changes: "Sequence[Tensor]"
    weights: _Weights

    def predicted(self) -> "Tensor":
        return _sum(self.base, self.changes, self.weights.predictor)

    def corrected(self, change: "Tensor") -> "Tensor":
        return _sum(self.base, [*self.changes, change], self.weights.corrector)


def _guess(
    x: "Tensor",
    past: "Sequence[tuple[float, Tensor]]",
    sigma_next: float,
    weights_of: Callable[[float, Sequence[float]], _Weights],
) -> _Guess:
    """Step from the newest prediction to `sigma_next` with as high an order as there are predictions."""
    sigma, denoised = past[0]
    h = math.log(sigma / sigma_next)
    reach = [math.log(sigma / older) / h for older, _ in past[1:]]
    changes = [(older - denoised) / distance for (_, older), distance in zip(past[1:], reach, strict=True)]
    return _Guess(glide(x, denoised, sigma_next / sigma), changes, weights_of(h, reach))


def _sum(base: "Tensor", changes: "Sequence[Tensor]", weights: NDArray[np.floating[Any]]) -> "Tensor":
    for change, weight in zip(changes, weights, strict=True):
        base = base + change * float(weight)
    return base


def _phis(h: float, count: int) -> list[float]:
    """Give phi_1 ... of the exponential integrator: phi_k = phi_(k-1) / -h - 1 / (k-1)!."""
    values = [math.expm1(-h)]
    for k in range(1, count):
        values.append(values[-1] / -h - 1 / math.factorial(k))
    return values


def _b_of_h(h: float, reach: Sequence[float], scale: float) -> _Weights:
    """Weights of the variants with a function B(h), which is `scale`."""
    order = len(reach) + 1
    nodes = np.array([*reach, 1.0])
    matrix = np.vander(nodes, increasing=True).T
    phis = _phis(h, order + 1)
    aims = np.array([phis[k] * math.factorial(k) / scale for k in range(1, order + 1)])
    # The authors fix the weight of the first predictor and of the first corrector at one half.
    predictor = np.array([0.5]) if order == 2 else np.linalg.solve(matrix[:-1, :-1], aims[:-1])
    corrector = np.array([0.5]) if order == 1 else np.linalg.solve(matrix, aims)
    return _Weights(-scale * predictor, -scale * corrector)


def _bh1(h: float, reach: Sequence[float]) -> _Weights:
    return _b_of_h(h, reach, -h)


def _bh2(h: float, reach: Sequence[float]) -> _Weights:
    return _b_of_h(h, reach, math.expm1(-h))


def _varying(h: float, reach: Sequence[float]) -> _Weights:
    """Weights of the variant with coefficients that vary with h, as in the authors' code."""
    order = len(reach) + 1
    nodes = np.array([*reach, 1.0])
    matrix = np.stack([nodes**k / math.factorial(k + 1) for k in range(order)], axis=1)
    phis = np.array(_phis(h, order + 1))
    inverse = np.linalg.inv(matrix)
    predictor = phis[1:order] @ np.linalg.inv(matrix[:-1, :-1])
    corrector = np.append(phis[1:order] @ inverse[: order - 1, :-1], phis[order] * inverse[max(order - 2, 0), -1])
    return _Weights(-predictor, -corrector)


_WEIGHTS = {"bh1": _bh1, "bh2": _bh2, "vary_coeff": _varying}
