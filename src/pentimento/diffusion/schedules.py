"""Schedules: how the noise levels of a run are spaced.

A schedule is a function (n, levels, options) -> n descending sigmas and a final 0, and a row
of `SCHEDULES`. Formulas, their order and their rounding to float32 are those of A1111
v1.10.1, oddities included: DDIM may give more than n levels, KL Optimal ends above 0, Align
Your Steps with n = 1 gives the lowest level. What must hold for any schedule is mended in
`trajectory`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import unknown_name
from .prediction import NoiseLevels, as_float32

Floats = NDArray[np.float64]

_KARRAS_RHO = 7.0
_POLYEXPONENTIAL_RHO = 1.0

_ALIGN_YOUR_STEPS = {
    "sd1": (14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029),
    "sdxl": (14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029),
}


@dataclass(frozen=True)
class ScheduleOptions:
    """Numbers that a user may set; each schedule reads those it knows.

    Attributes
    ----------
    sigma_min, sigma_max : ends of the schedule; None = the model's
    rho : curve of Karras and Polyexponential; None = their own
    beta_alpha, beta_beta : parameters of Beta
    """

    sigma_min: float | None = None
    sigma_max: float | None = None
    rho: float | None = None
    beta_alpha: float = 0.6
    beta_beta: float = 0.6

    def span(self, levels: NoiseLevels) -> tuple[float, float]:
        """Lowest and highest sigma that are meant."""
        low = levels.sigma_min if self.sigma_min is None else self.sigma_min
        return low, levels.sigma_max if self.sigma_max is None else self.sigma_max


@dataclass(frozen=True)
class Schedule:
    """One row of the table of schedules.

    Attributes
    ----------
    default_rho : what `ScheduleOptions.rho` is when left out; -1 = the schedule has none
    function : (n, levels, options) -> sigmas, descending
    """

    name: str
    label: str
    aliases: tuple[str, ...]
    default_rho: float
    function: Callable[[int, NoiseLevels, ScheduleOptions], Floats]


def uniform(n: int, levels: NoiseLevels, options: ScheduleOptions) -> Floats:
    """Evenly spaced timesteps from the highest to 0."""
    del options
    return _ended(levels.sigmas_at(_line(levels.last, 0, n)))


def normal(n: int, levels: NoiseLevels, options: ScheduleOptions) -> Floats:
    """Evenly spaced timesteps over the span asked for; both ends included."""
    low, high = options.span(levels)
    return _ended(levels.sigmas_at(_line(levels.t(high), levels.t(low), n)))


def sgm_uniform(n: int, levels: NoiseLevels, options: ScheduleOptions) -> Floats:
    """Evenly spaced timesteps over the span asked for; the low end left out."""
    low, high = options.span(levels)
    return _ended(levels.sigmas_at(_line(levels.t(high), levels.t(low), n + 1)[:-1]))


def karras(n: int, levels: NoiseLevels, options: ScheduleOptions) -> Floats:
    """Evenly spaced rho-th roots (Karras et al. 2022, equation 5)."""
    low, high = options.span(levels)
    rho = _KARRAS_RHO if options.rho is None else options.rho
    first, last = high ** (1 / rho), low ** (1 / rho)
    roots = as_float32(first) + as_float32(_line(0, 1, n) * as_float32(last - first))
    return _ended(as_float32(roots) ** rho)


def exponential(n: int, levels: NoiseLevels, options: ScheduleOptions) -> Floats:
    """Evenly spaced logarithms."""
    low, high = options.span(levels)
    return _ended(np.exp(_line(np.log(high), np.log(low), n)))


def polyexponential(n: int, levels: NoiseLevels, options: ScheduleOptions) -> Floats:
    """Logarithms along a power curve; rho 1 is Exponential."""
    low, high = options.span(levels)
    rho = _POLYEXPONENTIAL_RHO if options.rho is None else options.rho
    rise = as_float32(as_float32(_line(1, 0, n) ** rho) * as_float32(np.log(high) - np.log(low)))
    return _ended(np.exp(as_float32(rise + as_float32(np.log(low)))))


def kl_optimal(n: int, levels: NoiseLevels, options: ScheduleOptions) -> Floats:
    """Evenly spaced arc tangents (Sabour et al. 2024, theorem 3.1); ends at sigma_min, without a 0."""
    low, high = options.span(levels)
    ramp = as_float32(np.arange(n + 1) / n)
    angles = as_float32(ramp * as_float32(np.arctan(low))) + as_float32((1 - ramp) * as_float32(np.arctan(high)))
    return as_float32(np.tan(as_float32(angles)))


def align_your_steps(n: int, levels: NoiseLevels, options: ScheduleOptions) -> Floats:
    """Optimised tables of 10 steps (Sabour et al. 2024), stretched log-linearly to n levels."""
    del options
    ascending = np.log(_ALIGN_YOUR_STEPS.get(levels.grid, _ALIGN_YOUR_STEPS["sd1"])[::-1])
    places = np.linspace(0, 1, len(ascending))
    return _ended(np.exp(np.interp(np.linspace(0, 1, n), places, ascending))[::-1])


def simple(n: int, levels: NoiseLevels, options: ScheduleOptions) -> Floats:
    """Every (N/n)-th entry of the table, counted down from the highest."""
    del options
    return _ended(levels.sigmas[::-1][(np.arange(n) * (len(levels.sigmas) / n)).astype(np.int64)])


def ddim(n: int, levels: NoiseLevels, options: ScheduleOptions) -> Floats:
    """Every (N//n)-th entry of the table, counted up from timestep 1; often more than n."""
    del options
    return _ended(levels.sigmas[1 :: max(len(levels.sigmas) // n, 1)][::-1])


def beta(n: int, levels: NoiseLevels, options: ScheduleOptions) -> Floats:
    """Quantiles of a beta distribution, on the axis of sigma (Lee et al. 2024 place timesteps so)."""
    from scipy import special  # pyright: ignore[reportMissingTypeStubs]  # slow to import, needed here only

    low, high = options.span(levels)
    quantiles = cast(Any, special).betaincinv(options.beta_alpha, options.beta_beta, 1 - np.linspace(0, 1, n))
    return _ended(low + cast(Floats, quantiles) * (high - low))


def _line(start: float, stop: float, n: int) -> Floats:
    """Space n numbers evenly, rounded as by torch.linspace: from both ends to the middle."""
    start, stop, index = as_float32(start).item(), as_float32(stop).item(), np.arange(n)
    step = as_float32((stop - start) / max(n - 1, 1)).item()
    return as_float32(np.where(index < max(n // 2, 1), start + step * index, stop - step * (n - 1 - index)))


def _ended(sigmas: Floats) -> Floats:
    return as_float32(np.append(sigmas, 0.0))


SCHEDULES: tuple[Schedule, ...] = (
    # Never run as it is: a trajectory puts the sampler's own schedule in its place.
    Schedule("automatic", "Automatic", (), -1, uniform),
    Schedule("uniform", "Uniform", (), -1, uniform),
    Schedule("karras", "Karras", (), _KARRAS_RHO, karras),
    Schedule("exponential", "Exponential", (), -1, exponential),
    Schedule("polyexponential", "Polyexponential", (), _POLYEXPONENTIAL_RHO, polyexponential),
    Schedule("sgm_uniform", "SGM Uniform", ("SGMUniform",), -1, sgm_uniform),
    Schedule("kl_optimal", "KL Optimal", (), -1, kl_optimal),
    Schedule("align_your_steps", "Align Your Steps", (), -1, align_your_steps),
    Schedule("simple", "Simple", (), -1, simple),
    Schedule("normal", "Normal", (), -1, normal),
    Schedule("ddim", "DDIM", (), -1, ddim),
    Schedule("beta", "Beta", (), -1, beta),
)


def find_schedule(word: str, field: str = "schedule") -> Schedule:
    """Find a schedule by name, label or alias in any letter case; `field` of a request says so.

    Raises
    ------
    RequestError
        Where no schedule is called so; it lists the names.

    Examples
    --------
    >>> find_schedule("SGM Uniform").name
    'sgm_uniform'
    """
    folded = _folded(word)
    for row in SCHEDULES:
        if folded in map(_folded, (row.name, row.label, *row.aliases)):
            return row
    raise unknown_name(field, word, [row.name for row in SCHEDULES])


def _folded(word: str) -> str:
    return word.strip().lower().replace("-", "_").replace(" ", "_")
