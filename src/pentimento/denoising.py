"""Steps "noise" and "denoise": from init latents and a seed to finished latents of one picture."""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

import numpy as np
from torch import Tensor

from .diffusion.denoisers import Denoiser, Differential, GuidanceRules, Guided, Masked, Position, Relay, Soft
from .diffusion.noise import ImageNoise, brownian
from .diffusion.prediction import PREDICTIONS
from .diffusion.samplers import Noise, SamplerOptions, Step
from .encoding import Init, Ready, same_length
from .framing import Floats
from .geometry import Size
from .models.base import Model
from .models.text import Conditioning
from .plan import Plan, Seeds


def image_noise(plan: Plan, seeds: Seeds, model: Model) -> ImageNoise:
    """Open the noise stream of one picture."""
    request = plan.request
    latent = plan.latent_size
    resized = request.seed_resize and Size(*(side // model.info.downscale for side in request.seed_resize))
    return ImageNoise(
        (model.info.latent_channels, latent.height, latent.width),
        seeds.seed,
        source=request.noise_source,
        device=str(model.device),
        variation_seed=seeds.variation_seed,
        variation_strength=request.variation_strength,
        seed_resize=resized,
        seed_delta=request.eta_noise_seed_delta,
    )


def start(plan: Plan, init: Init, noise: Tensor) -> Tensor:
    """Mix source and noise at the level where the run starts."""
    trajectory, request = plan.trajectory, plan.request
    first, level = trajectory.sigmas[0], trajectory.start_sigma
    if init.latents is None:
        unit = trajectory.unit_start or request.sgm_noise_multiplier
        return noise * ((1 + first * first) ** 0.5 if unit else first)
    prediction = PREDICTIONS[plan.model.prediction]
    x = prediction.add_noise(init.latents * trajectory.source_weight, noise, level) + noise * request.extra_noise
    # A1111's timestep samplers mix at one level and start at another, in the variance-preserving scale.
    return x * ((1 + first * first) / (1 + level * level)) ** 0.5 if level != first else x


def denoise(
    plan: Plan,
    stages: Sequence[Ready],
    init: Init,
    noise: ImageNoise,
    seeds: Seeds,
    on_step: Callable[[Step], None],
    check: Callable[[], None],
) -> Tensor:
    """Run the sampler over one pass.

    Parameters
    ----------
    check : called before every call of the network; raises to stop the run
    """
    if plan.unchanged:
        assert init.latents is not None, "only latents can come back unchanged"
        return init.latents
    first = noise.first() * (plan.request.noise_multiplier if init.latents is not None else 1.0)
    x = start(plan, init, first)
    position = Position()
    runners = [(ready.stage.since, _guided(plan, ready, position, check)) for ready in stages]
    denoiser: Denoiser = Relay(runners, _share(plan, position))
    masked = None
    if init.latents is not None and init.latent_mask is not None:
        denoiser = masked = MASK_ACTIONS[plan.request.mask_action](
            plan, denoiser, init.latents, init.latent_mask, first
        )

    def finished(step: Step) -> None:
        position.steps += 1
        on_step(step)

    trajectory = plan.trajectory
    if plan.sampler.noise == "brownian":
        later = brownian(x, seeds.seed, trajectory.sigma_min, trajectory.sigma_max)
    else:
        later = _later_draws(noise)
    latents = plan.sampler.function(
        denoiser, x, trajectory.sigmas, noise=later, options=sampler_options(plan), on_step=finished
    )
    latents = latents * trajectory.end_scale
    return latents if masked is None else masked.keep(latents)


def _later_draws(stream: ImageNoise) -> Noise:
    return lambda sigma, sigma_next: stream.next()


def latent_change(init: Init, latents: Tensor) -> Floats | None:
    """Measure how far every cell has moved, [h, w], as the length over channels; None in txt2img."""
    if init.latents is None:
        return None
    return (latents - init.latents).float().square().sum(dim=1)[0].sqrt().cpu().numpy()


def sampler_options(plan: Plan) -> SamplerOptions:
    """Take the sampler's own options from the request."""
    request = plan.request
    return SamplerOptions(
        eta=request.eta,
        s_churn=request.s_churn,
        s_tmin=request.s_tmin,
        s_tmax=float("inf") if request.s_tmax is None else request.s_tmax,
        s_noise=request.s_noise,
        unipc_variant=request.unipc_variant,
        unipc_order=request.unipc_order,
        unipc_lower_order_final=request.unipc_lower_order_final,
    )


def _share(plan: Plan, position: Position) -> Callable[[float], float]:
    """Tell how far a run is, for the models that take turns (A1111 v1.10.1: by the nearest timestep)."""
    calls, levels = max(1, plan.trajectory.steps * plan.sampler.evaluations), plan.levels
    if plan.request.refiner_by_steps:
        return lambda sigma: position.calls / calls
    return lambda sigma: (levels.last - int(np.abs(levels.sigmas - sigma).argmin())) / (levels.last + 1)


def _guided(plan: Plan, ready: Ready, position: Position, check: Callable[[], None]) -> Guided[Conditioning]:
    request, sampler = plan.request, plan.sampler
    model, levels = ready.model, ready.stage.levels
    prediction = PREDICTIONS[ready.stage.model.prediction]
    size = plan.layout.working

    def network(x: Tensor, sigma: float, conditionings: Sequence[Conditioning]) -> Tensor:
        check()
        rows = x.expand(len(conditionings), -1, -1, -1)
        output = model.predict(
            prediction.scale_input(rows, sigma),
            levels.t(sigma, plan.trajectory.level_stride),
            conditionings,
            size,
            ready.concat,
        )
        return prediction.denoised(rows, sigma, output)

    by_call = plan.profile.prompt_rules == "a1111"
    return Guided(
        network=network,
        parts=ready.prompts.parts,
        negative=ready.prompts.negative,
        cfg_scale=request.cfg_scale / sampler.cfg_divisor,
        rules=GuidanceRules(
            skip_early=request.skip_early_cond,
            minimum_sigma=request.s_min_uncond,
            minimum_sigma_all=request.s_min_uncond_all,
            skip_at_one=plan.profile.cfg_one == "skip" and sampler.cfg_divisor == 1.0,
            total_calls=max(1, plan.trajectory.steps * sampler.evaluations),
        ),
        position=position,
        # A1111 looks prompts up by the count of calls so far; we by the step, counted from 1.
        position_of=(lambda at: at.calls) if by_call else (lambda at: at.steps + 1),
        together=same_length,
    )


class Keeping(Denoiser, Protocol):
    """A denoiser that keeps what is not to be repainted, to its end."""

    def keep(self, latents: Tensor) -> Tensor: ...


def _blended(plan: Plan, inner: Denoiser, latents: Tensor, mask: Tensor, noise: Tensor) -> Keeping:
    shown = KEPT_AREA_SHOWN[plan.profile.kept_area, plan.sampler.timesteps]
    return Masked(inner, latents, mask, add_noise=_noising(plan, noise), shown=shown)


def _soft(plan: Plan, inner: Denoiser, latents: Tensor, mask: Tensor, noise: Tensor) -> Keeping:
    del noise
    request = plan.request
    return Soft(
        inner,
        latents,
        mask,
        schedule_bias=request.soft_schedule_bias,
        preservation_strength=request.soft_preservation_strength,
        transition_contrast=request.soft_transition_contrast,
    )


def _differential(plan: Plan, inner: Denoiser, latents: Tensor, mask: Tensor, noise: Tensor) -> Keeping:
    start = plan.levels.t(plan.trajectory.start_sigma)

    def remaining(sigma: float) -> float:
        return plan.levels.t(sigma) / start if start else 0.0

    return Differential(inner, latents, mask, add_noise=_noising(plan, noise), remaining=remaining)


def _noising(plan: Plan, noise: Tensor) -> Callable[[Tensor, float], Tensor]:
    prediction = PREDICTIONS[plan.model.prediction]
    return lambda x0, sigma: prediction.add_noise(x0, noise, sigma)


MASK_ACTIONS: dict[str, Callable[[Plan, Denoiser, Tensor, Tensor, Tensor], Keeping]] = {
    "blend": _blended,
    "soft": _soft,
    "differential": _differential,
}
"""What the mask does while sampling: (plan, denoiser, init latents, latent mask, start noise) to a wrapper."""

KEPT_AREA_SHOWN: dict[tuple[str, bool], Literal["noisy", "clean", "renoised"]] = {
    ("renoised", False): "renoised",
    ("renoised", True): "renoised",
    ("clean", False): "noisy",
    ("clean", True): "clean",
}
"""What the network sees outside the mask, by the profile and by whether A1111 runs the sampler on timesteps."""
