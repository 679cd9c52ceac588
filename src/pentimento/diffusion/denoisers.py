"""Denoisers: callables (x, sigma) -> prediction of x0, wrapped around each other.

    Masked(Guided(network))

`Guided` turns a network and its conditionings into one prediction (classifier-free
guidance); `Masked`, `Soft` and `Differential` keep what is not to be repainted. All have
the signature that samplers call, so a sampler never knows about prompts or masks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar

import torch
from torch import Tensor

from .samplers import Denoiser

C = TypeVar("C")
C_contra = TypeVar("C_contra", contravariant=True)


class Network(Protocol[C_contra]):
    """Predict x0 once for each conditioning; one row of the result for each."""

    def __call__(self, x: Tensor, sigma: float, conditionings: Sequence[C_contra]) -> Tensor: ...


@dataclass(frozen=True)
class Timeline(Generic[C]):
    """Conditionings of one part of a prompt over the run: (last position, conditioning)."""

    segments: tuple[tuple[int, C], ...]
    weight: float = 1.0

    def at(self, position: int) -> C:
        for until, conditioning in self.segments:
            if position <= until:
                return conditioning
        return self.segments[-1][1]


@dataclass
class Position:
    """How far a run is: model calls made and steps finished."""

    calls: int = 0
    steps: int = 0


@dataclass(frozen=True)
class GuidanceRules:
    """When the negative prompt is left out.

    Attributes
    ----------
    skip_early : share of the run's model calls, from the start
    minimum_sigma : below it every second call, or every one with `minimum_sigma_all`
    skip_at_one : leave it out where it would be multiplied by zero
    total_calls : model calls of the whole run, as A1111 counts them
    """

    skip_early: float = 0.0
    minimum_sigma: float = 0.0
    minimum_sigma_all: bool = False
    skip_at_one: bool = True
    total_calls: int = 1


@dataclass
class Guided(Generic[C]):
    """Classifier-free guidance over the weighted parts of a prompt.

    Notes
    -----
    `u + sum_k w_k * cfg * (c_k - u)` (Ho and Salimans 2022; parts joined by AND as in
    Liu et al. 2022, weights not normalised as in A1111 v1.10.1). Where the negative
    prompt is skipped: `c_0 + sum_k w_k * (c_k - c_0)`.
    """

    network: Network[C]
    parts: Sequence[Timeline[C]]
    negative: Timeline[C]
    cfg_scale: float
    rules: GuidanceRules
    position: Position
    position_of: Callable[[Position], int]
    together: Callable[[Sequence[C]], bool]
    _uncond: Tensor | None = field(default=None, init=False)

    @property
    def uncond(self) -> Tensor:
        if self._uncond is None:
            raise ValueError("no prediction was made yet")
        return self._uncond

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        here = self.position_of(self.position)
        conditionings = [part.at(here) for part in self.parts]
        weights = [part.weight for part in self.parts]
        skipped = self._skips_negative(sigma)
        scale = 1.0 if skipped else self.cfg_scale
        # Where the base's own weight is zero, any base gives the same sum.
        if skipped or (self.rules.skip_at_one and abs(1.0 - scale * sum(weights)) < 1e-9):
            predictions = self._predict(x, sigma, conditionings)
            base = predictions[0]
        else:
            *predictions, base = self._predict(x, sigma, [*conditionings, self.negative.at(here)])
        self.position.calls += 1
        self._uncond = base
        guided = base
        for weight, prediction in zip(weights, predictions, strict=True):
            guided = guided + (prediction - base) * (weight * scale)
        return guided

    def _skips_negative(self, sigma: float) -> bool:
        rules, calls = self.rules, self.position.calls
        if rules.skip_early > 0 and calls / rules.total_calls <= rules.skip_early:
            return True
        return sigma < rules.minimum_sigma and (calls % 2 == 1 or rules.minimum_sigma_all)

    def _predict(self, x: Tensor, sigma: float, conditionings: Sequence[C]) -> list[Tensor]:
        if self.together(conditionings):
            predictions = self.network(x, sigma, conditionings)
            return [predictions[row : row + 1] for row in range(len(conditionings))]
        return [self.network(x, sigma, [conditioning]) for conditioning in conditionings]


@dataclass
class Relay:
    """Hand over from one denoiser to the next as the run goes on; never back.

    Parameters
    ----------
    runners : the share of the run from which each has its turn, and the denoiser; the first starts at 0
    share : sigma -> how far the run is, 0..1
    """

    runners: Sequence[tuple[float, Denoiser]]
    share: Callable[[float], float]
    _now: int = field(default=0, init=False)

    @property
    def uncond(self) -> Tensor:
        return self.runners[self._now][1].uncond

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        share = self.share(sigma)
        while self._now + 1 < len(self.runners) and share >= self.runners[self._now + 1][0]:
            self._now += 1
        return self.runners[self._now][1](x, sigma)


@dataclass
class Masked:
    """Repaint where `latent_mask` is 1 and keep `init_latents` where it is 0.

    Parameters
    ----------
    inner : the denoiser to wrap
    init_latents : [1, C, h, w], what is kept
    latent_mask : [1, 1, h, w], 1 = repaint; values between mix
    add_noise : (x0, sigma) -> x0 at that noise level, with the run's own start noise
    shown : what the network sees in the kept area. `noisy`: whatever the sampler made of
        it (A1111's k-diffusion samplers); `clean`: the source without noise (A1111's
        DDIM family); `renoised`: the source at the current level (Lugmayr et al. 2022
        and diffusers), which keeps it consistent for every sampler.
    """

    inner: Denoiser
    init_latents: Tensor
    latent_mask: Tensor
    add_noise: Callable[[Tensor, float], Tensor]
    shown: Literal["noisy", "clean", "renoised"]
    _uncond: Tensor | None = field(default=None, init=False)

    @property
    def uncond(self) -> Tensor:
        return self.inner.uncond if self._uncond is None else self._uncond

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        if self.shown == "noisy":
            return self.keep(self.inner(x, sigma))
        if self.shown == "renoised":
            denoised = self.inner(self._mixed(x, self.add_noise(self.init_latents, sigma)), sigma)
            self._uncond = self.keep(self.inner.uncond)
            return self.keep(denoised)
        # The clean source in the variance-preserving scale; the sampler goes on from its own x.
        seen = self._mixed(x, self.init_latents * (1 + sigma * sigma) ** 0.5)
        denoised = self.inner(seen, sigma) + (x - seen)
        self._uncond = self.inner.uncond + (x - seen)
        return denoised

    def keep(self, latents: Tensor) -> Tensor:
        """Put the source back where the mask is 0."""
        return self._mixed(latents, self.init_latents)

    def _mixed(self, inside: Tensor, outside: Tensor) -> Tensor:
        return torch.lerp(outside, inside, self.latent_mask)


@dataclass
class Differential:
    """Give every cell a strength of its own: its grey times the run's.

    Parameters
    ----------
    inner, init_latents, add_noise : as in `Masked`
    latent_mask : [1, 1, h, w]; 1 = free from the first step, 0 = kept, between: kept until
        the noise is down to where a run of that share of the strength would start
    remaining : sigma -> share of the run's strength that this level of noise stands for

    Notes
    -----
    Levin and Fried 2023, with thresholds on the level of noise in place of a count of
    steps, so that a grey means the same whatever the schedule.
    """

    inner: Denoiser
    init_latents: Tensor
    latent_mask: Tensor
    add_noise: Callable[[Tensor, float], Tensor]
    remaining: Callable[[float], float]
    _uncond: Tensor | None = field(default=None, init=False)

    @property
    def uncond(self) -> Tensor:
        return self.inner.uncond if self._uncond is None else self._uncond

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        free = self._free(self.remaining(sigma))
        denoised = self.inner(torch.where(free, x, self.add_noise(self.init_latents, sigma)), sigma)
        self._uncond = torch.where(free, self.inner.uncond, self.init_latents)
        return torch.where(free, denoised, self.init_latents)

    def keep(self, latents: Tensor) -> Tensor:
        """Put the source back where the mask is 0."""
        return torch.where(self._free(0.0), latents, self.init_latents)

    def _free(self, remaining: float) -> Tensor:
        return (self.latent_mask > 0) & (self.latent_mask >= remaining - _SAME_LEVEL)


_SAME_LEVEL = 1e-4
"""Share of a strength below which two levels of noise count as one."""


@dataclass
class Soft:
    """Mix prediction and source by the mask's grey, the less of the source the less noise is left.

    Parameters
    ----------
    inner, init_latents, latent_mask : as in `Masked`; grey is what this is for
    schedule_bias, preservation_strength : the source's share is `1 - m ** (sigma**bias * strength)`
    transition_contrast : 1 mixes magnitudes linearly; above, the larger one counts for more,
        so that mixed parts do not lose contrast

    Notes
    -----
    A1111 v1.10.1 behaviour. Its timestep samplers take the timestep for sigma, and so
    repaint nothing that is not wholly white; here sigma is sigma for all.
    """

    inner: Denoiser
    init_latents: Tensor
    latent_mask: Tensor
    schedule_bias: float
    preservation_strength: float
    transition_contrast: float
    _uncond: Tensor | None = field(default=None, init=False)

    @property
    def uncond(self) -> Tensor:
        return self.inner.uncond if self._uncond is None else self._uncond

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        exponent = sigma**self.schedule_bias * self.preservation_strength
        share = torch.where(self.latent_mask > 0, self.latent_mask**exponent, 0)
        denoised = self._mixed(self.inner(x, sigma), share)
        self._uncond = self._mixed(self.inner.uncond, share)
        return denoised

    def keep(self, latents: Tensor) -> Tensor:
        """Leave the result: what is pasted is decided by what has changed."""
        return latents

    def _mixed(self, inside: Tensor, share: Tensor) -> Tensor:
        mixed = torch.lerp(self.init_latents, inside, share)
        power = self.transition_contrast
        old, new = (_magnitude(latents) ** power for latents in (self.init_latents, inside))
        wanted = (old * (1 - share) + new * share) ** (1 / power)
        return mixed * (wanted / (_magnitude(mixed) + 1e-5)).to(mixed.dtype)


def _magnitude(latents: Tensor) -> Tensor:
    """Give the length over channels, in double precision."""
    precise = latents.to(_PRECISE.get(latents.device.type, torch.float64))
    return precise.square().sum(dim=1, keepdim=True).sqrt()


_PRECISE = {"mps": torch.float32}
"""Devices that have no double precision."""
