"""Trajectories: from strength, steps and schedule to the noise levels that run.

What denoising strength means is a row of `_POLICIES`: `continuous` is a level of noise, the
same for every schedule; `a1111` cuts the schedule's table as A1111 v1.10.1 does.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import RequestError
from .prediction import NoiseLevels
from .schedules import Floats, Schedule, ScheduleOptions, find_schedule

if TYPE_CHECKING:
    from .samplers import Sampler

_LONGEST_TABLE = 1_000_000


@dataclass(frozen=True)
class Trajectory:
    """The noise levels of one run, and how it starts and ends.

    Attributes
    ----------
    sigmas : descending; empty = nothing to run, the source is the result; a single value = no
        model call, but noise is added
    start_sigma : level at which source and noise are mixed. Where it differs from sigmas[0]
        (A1111's timestep samplers), x is scaled from the variance at the one to that at the other:
        by `sqrt((1 + sigmas[0]^2) / (1 + start_sigma^2))`
    sigma_min, sigma_max : lowest (above 0) and highest level of the whole table
    source_weight : share of the source in the mix; 0 = pure noise
    unit_start : start from `noise * sqrt(1 + sigmas[0]^2)` instead of `noise * sigmas[0]`
    end_scale : factor on the sampler's result
    level_stride : the network knows only every n-th level; to be given to `NoiseLevels.t`
    """

    sigmas: tuple[float, ...]
    start_sigma: float
    sigma_min: float
    sigma_max: float
    source_weight: float
    unit_start: bool
    end_scale: float
    level_stride: int = 1

    @property
    def steps(self) -> int:
        """How many steps run."""
        return max(0, len(self.sigmas) - 1)


@dataclass(frozen=True)
class _Asked:
    """What `plan_trajectory` was asked for; `strength` None = txt2img."""

    sampler: "Sampler"
    schedule: Schedule
    steps: int
    strength: float | None
    exact_steps: bool
    levels: NoiseLevels
    options: ScheduleOptions
    discard_penultimate: bool
    unipc_spacing: str

    def table(self, n: int) -> Floats:
        """Ask the schedule for n levels, as A1111 does."""
        levels = self.levels.every(self.sampler.level_stride)
        discard = self.discard_penultimate or self.sampler.discard_penultimate
        sigmas = self.schedule.function(n + discard, levels, self.options)
        return np.delete(sigmas, -2) if discard else sigmas

    def nothing(self) -> Trajectory:
        """Run nothing at all."""
        return self.run(np.empty(0), self.levels.sigmas, 0.0, 1.0)

    def run(
        self,
        sigmas: Floats,
        whole: Floats,
        start_sigma: float,
        source_weight: float,
        unit_start: bool = False,
        end_scale: float = 1.0,
    ) -> Trajectory:
        """Run `sigmas`, a part of the table `whole`."""
        return Trajectory(
            sigmas=tuple(sigmas.tolist()),
            start_sigma=start_sigma,
            sigma_min=float(whole[whole > 0].min()),
            sigma_max=float(whole.max()),
            source_weight=source_weight,
            unit_start=unit_start,
            end_scale=end_scale,
            level_stride=self.sampler.level_stride,
        )


def plan_trajectory(
    *,
    sampler: "Sampler",
    schedule: Schedule,
    steps: int,
    strength: float | None,
    policy: Literal["continuous", "a1111"],
    exact_steps: bool,
    levels: NoiseLevels,
    options: ScheduleOptions,
    discard_penultimate: bool,
    unipc_spacing: str = "time_uniform",
) -> Trajectory:
    """Decide which noise levels run.

    Parameters
    ----------
    strength : 0..1; None = txt2img
    policy : what strength means, see the module
    exact_steps : run all the steps, whatever the strength
    discard_penultimate : leave out the last level before 0 (some samplers ask for it themselves)
    unipc_spacing : A1111's UniPC places its levels itself: time_uniform, time_quadratic or logsnr

    Raises
    ------
    RequestError
        Where A1111's table would be longer than it can be.

    Notes
    -----
    `continuous`: strength s starts at the level of timestep s * 999. The schedule's table of
    `steps` levels is read as a curve of log sigma over a fractional index; the run takes the
    stretch from the start level to its end in as many steps as that stretch has, then goes to
    0. Strength 1 is the whole table from pure noise; between 0.9 and 1 the source fades out.
    Timestep samplers are run like all others.
    """
    if schedule.name == "automatic":
        schedule = find_schedule(sampler.default_schedule)
    asked = _Asked(sampler, schedule, steps, strength, exact_steps, levels, options, discard_penultimate, unipc_spacing)
    return _POLICIES[policy](asked)


# --- continuous ---------------------------------------------------------------------------


def _continuous(asked: _Asked) -> Trajectory:
    """Start at the level that the strength names."""
    if asked.strength == 0:
        return asked.nothing()
    whole = _mended_table(asked)
    if asked.strength is None or asked.strength >= 1:
        return asked.run(np.append(whole, 0.0), whole, whole[0].item(), 0.0)
    level = min(asked.levels.sigma(asked.strength * asked.levels.last), whole[0].item())
    sigmas = _stretch(whole, level, asked)
    weight = min(1.0, 10.0 - 10.0 * asked.strength)
    return asked.run(np.append(sigmas, 0.0), np.concatenate([whole, sigmas]), level, weight)


def _mended_table(asked: _Asked) -> Floats:
    """Give exactly `steps` levels above 0, strictly descending, whatever the schedule."""
    if asked.steps == 1:
        return np.array([asked.options.span(asked.levels)[1]])
    # The last value is 0, or the level at which a schedule stops; a run ends at 0 in any case.
    sigmas = np.unique(asked.table(asked.steps)[:-1])[::-1]
    return sigmas if len(sigmas) == asked.steps else _at(sigmas, np.linspace(0, len(sigmas) - 1, asked.steps))


def _stretch(whole: Floats, level: float, asked: _Asked) -> Floats:
    """Take the part of the table from `level` on, levels above 0 only; the first is `level`."""
    last = len(whole) - 1
    if level <= whole[-1] * (1 + 1e-6):
        # Below the table its curve has ended: what must run goes down evenly in log sigma.
        count = asked.steps if asked.exact_steps else 1
        sigmas = _geometric(level, min(asked.levels.sigma_min, level / 2), count)
    else:
        index = round(float(np.interp(-math.log(level), -np.log(whole), np.arange(last + 1))), 9)
        count = asked.steps if asked.exact_steps else math.ceil(asked.steps - index)
        sigmas = _at(whole, np.linspace(index, last, count))
    sigmas[0] = level
    return sigmas


def _at(sigmas: Floats, index: Floats) -> Floats:
    """Read a table between its entries."""
    return np.exp(np.interp(index, np.arange(len(sigmas)), np.log(sigmas)))


def _geometric(first: float, last: float, n: int) -> Floats:
    return np.exp(np.linspace(math.log(first), math.log(last), n))


# --- A1111 v1.10.1 ------------------------------------------------------------------------


def a1111_steps(steps: int, strength: float, exact_steps: bool) -> tuple[int, int]:
    """Give the length of A1111's table and the index of the start, counted from its end.

    Examples
    --------
    >>> a1111_steps(20, 0.75, False), a1111_steps(20, 0.75, True)
    ((20, 15), (26, 19))
    """
    limited = min(strength, 0.999)
    if not exact_steps:
        return steps, int(limited * steps)
    # Strengths far too small for any table must not overflow here.
    return int(min(steps / limited, 1e12)) if strength > 0 else 0, steps - 1


def _a1111(asked: _Asked) -> Trajectory:
    return _a1111_timesteps(asked) if asked.sampler.timesteps else _a1111_schedule(asked)


def _a1111_schedule(asked: _Asked) -> Trajectory:
    """Cut the schedule's table, for samplers of the k-diffusion family."""
    if asked.strength is None:
        whole = sigmas = asked.table(asked.steps)
        ends = asked.levels.sigma_max, asked.levels.sigma_min
    else:
        n, start = a1111_steps(asked.steps, asked.strength, asked.exact_steps)
        if n == 0:
            return asked.nothing()
        _check_length(asked, n, _LONGEST_TABLE)
        whole = asked.table(n)
        sigmas = whole[n - start - 1 :]
        ends = sigmas[0], sigmas[sigmas > 0][-1]
    if asked.sampler.stops_above_zero:
        # These place their levels themselves: only the ends and the number count.
        sigmas = _geometric(*ends, len(sigmas))
    return asked.run(sigmas, whole, sigmas[0].item(), 0.0 if asked.strength is None else 1.0)


def _a1111_timesteps(asked: _Asked) -> Trajectory:
    """Run whole timesteps, for DDIM, DDIM CFG++, PLMS and UniPC; the schedule is ignored.

    Their latents are variance-preserving, and they end at the table's first timestep, not at 0:
    `end_scale` gives what the network's decoder would get. Noise is mixed in for one timestep
    and sampling starts at the one below it (A1111's defect).
    """
    levels, trained = asked.levels, len(asked.levels.sigmas)
    n, start = asked.steps, 0
    if asked.strength is not None:
        n, start = a1111_steps(asked.steps, asked.strength, asked.exact_steps)
    if n == 0:
        return asked.nothing()
    _check_length(asked, n, trained)
    timesteps = np.clip(np.arange(0, trained, trained // n) + 1, 0, levels.last)
    whole = levels.sigmas[timesteps]
    if asked.strength is None:
        sigmas = _a1111_levels(asked, timesteps)
    elif start == 0:
        sigmas = whole[:1]
    else:
        sigmas = _a1111_levels(asked, timesteps[:start])
    mixed_at = sigmas[0] if asked.strength is None else whole[start]
    return asked.run(
        sigmas,
        whole,
        mixed_at.item(),
        source_weight=0.0 if asked.strength is None else 1.0,
        unit_start=asked.strength is None,
        end_scale=1.0 / math.sqrt(1.0 + sigmas[-1].item() ** 2),
    )


def _a1111_levels(asked: _Asked, timesteps: NDArray[np.int64]) -> Floats:
    """Give the levels between which a timestep sampler steps; timesteps ascend."""
    if asked.sampler.name not in _OWN_GRIDS:
        return asked.levels.sigmas[timesteps][::-1]
    first = asked.levels.last if asked.strength is None else timesteps[-1].item()
    return _OWN_GRIDS[asked.sampler.name](asked.levels, first, len(timesteps), asked.unipc_spacing)


def _unipc_grid(levels: NoiseLevels, first: int, steps: int, spacing: str) -> Floats:
    """Step from timestep `first` to 0, time running from (first + 1) / N to 1 / N (Zhao et al. 2023)."""
    if spacing == "logsnr":
        return _geometric(levels.sigmas[first].item(), levels.sigma_min, steps + 1)
    power = {"time_uniform": 1, "time_quadratic": 2}[spacing]
    times = np.linspace(math.pow(first + 1, 1 / power), 1, steps + 1) ** power
    # Between timesteps their noise schedule is linear in log alpha.
    log_alpha_squares = np.interp(times - 1, np.arange(len(levels.sigmas)), np.log(levels.alphas_cumprod))
    return np.sqrt(np.expm1(-log_alpha_squares))


def _check_length(asked: _Asked, n: int, longest: int) -> None:
    if n > longest:
        lowest = asked.steps / (longest + 1)
        raise RequestError(
            "denoising_strength",
            asked.strength,
            f"{asked.strength} is too small for exact_steps with {asked.steps} steps of {asked.sampler.label}:"
            f" raise it above {lowest:.2g}, or turn exact_steps off",
        )


_OWN_GRIDS: Mapping[str, Callable[[NoiseLevels, int, int, str], Floats]] = {"unipc": _unipc_grid}
_POLICIES: Mapping[str, Callable[[_Asked], Trajectory]] = {"continuous": _continuous, "a1111": _a1111}
