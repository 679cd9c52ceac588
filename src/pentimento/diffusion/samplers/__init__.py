"""Samplers: functions of (denoiser, x, sigmas), and the table that names them.

To add one, write a function with the signature of `SamplerFunction` and a row here.
"""

from ...errors import unknown_name
from .base import (
    ANCESTRAL_ETA,
    DDIM_ETA,
    Denoiser,
    Noise,
    OnStep,
    Sampler,
    SamplerFunction,
    SamplerOptions,
    Step,
)
from .ddim import sample_ddim, sample_ddim_cfgpp, sample_plms
from .dpm_solver import sample_dpm_adaptive, sample_dpm_fast
from .dpmpp import (
    sample_dpmpp_2m,
    sample_dpmpp_2m_sde,
    sample_dpmpp_2m_sde_heun,
    sample_dpmpp_2s_ancestral,
    sample_dpmpp_3m_sde,
    sample_dpmpp_sde,
)
from .karras import (
    sample_dpm_2,
    sample_dpm_2_ancestral,
    sample_euler,
    sample_euler_ancestral,
    sample_heun,
    sample_lcm,
    sample_lms,
    sample_restart,
)
from .unipc import sample_unipc

__all__ = [
    "SAMPLERS",
    "Denoiser",
    "Noise",
    "OnStep",
    "Sampler",
    "SamplerFunction",
    "SamplerOptions",
    "Step",
    "find_sampler",
]

SAMPLERS: tuple[Sampler, ...] = (
    Sampler("dpmpp_2m", "DPM++ 2M", ("k_dpmpp_2m",), sample_dpmpp_2m, "karras", order=2),
    Sampler(
        "dpmpp_sde",
        "DPM++ SDE",
        ("k_dpmpp_sde",),
        sample_dpmpp_sde,
        "karras",
        evaluations=2,
        noise="brownian",
        eta=ANCESTRAL_ETA,
        order=2,
    ),
    Sampler(
        "dpmpp_2m_sde",
        "DPM++ 2M SDE",
        ("k_dpmpp_2m_sde",),
        sample_dpmpp_2m_sde,
        "exponential",
        noise="brownian",
        eta=ANCESTRAL_ETA,
        order=2,
    ),
    Sampler(
        "dpmpp_2m_sde_heun",
        "DPM++ 2M SDE Heun",
        ("k_dpmpp_2m_sde_heun",),
        sample_dpmpp_2m_sde_heun,
        "exponential",
        noise="brownian",
        eta=ANCESTRAL_ETA,
        order=2,
    ),
    Sampler(
        "dpmpp_2s_a",
        "DPM++ 2S a",
        ("k_dpmpp_2s_a",),
        sample_dpmpp_2s_ancestral,
        "karras",
        evaluations=2,
        noise="ancestral",
        eta=ANCESTRAL_ETA,
        order=2,
        uses_ensd=True,
    ),
    Sampler(
        "dpmpp_3m_sde",
        "DPM++ 3M SDE",
        ("k_dpmpp_3m_sde",),
        sample_dpmpp_3m_sde,
        "exponential",
        noise="brownian",
        eta=ANCESTRAL_ETA,
        order=2,
        discard_penultimate=True,
    ),
    Sampler(
        "euler_a",
        "Euler a",
        ("k_euler_a", "k_euler_ancestral"),
        sample_euler_ancestral,
        noise="ancestral",
        eta=ANCESTRAL_ETA,
        order=1,
        uses_ensd=True,
    ),
    Sampler("euler", "Euler", ("k_euler",), sample_euler, order=1, uses_churn=True),
    Sampler("lms", "LMS", ("k_lms",), sample_lms, order=4),
    Sampler("heun", "Heun", ("k_heun",), sample_heun, evaluations=2, order=2, uses_churn=True),
    Sampler(
        "dpm_2",
        "DPM2",
        ("k_dpm_2",),
        sample_dpm_2,
        "karras",
        evaluations=2,
        order=2,
        discard_penultimate=True,
        uses_churn=True,
    ),
    Sampler(
        "dpm_2_a",
        "DPM2 a",
        ("k_dpm_2_a",),
        sample_dpm_2_ancestral,
        "karras",
        evaluations=2,
        noise="ancestral",
        eta=ANCESTRAL_ETA,
        order=2,
        discard_penultimate=True,
        uses_ensd=True,
    ),
    Sampler(
        "dpm_fast",
        "DPM fast",
        ("k_dpm_fast",),
        sample_dpm_fast,
        noise="ancestral",
        eta=ANCESTRAL_ETA,
        order=2,
        uses_ensd=True,
        stops_above_zero=True,
    ),
    Sampler(
        "dpm_adaptive",
        "DPM adaptive",
        ("k_dpm_ad",),
        sample_dpm_adaptive,
        noise="ancestral",
        eta=ANCESTRAL_ETA,
        uses_ensd=True,
        stops_above_zero=True,
        couples_batch=True,
    ),
    Sampler("restart", "Restart", ("restart",), sample_restart, "karras", evaluations=2, noise="ancestral"),
    Sampler("ddim", "DDIM", ("ddim",), sample_ddim, noise="ancestral", eta=DDIM_ETA, order=1, timesteps=True),
    Sampler(
        "ddim_cfgpp",
        "DDIM CFG++",
        ("ddim_cfgpp",),
        sample_ddim_cfgpp,
        noise="ancestral",
        eta=DDIM_ETA,
        order=1,
        timesteps=True,
        cfg_divisor=12.5,
    ),
    Sampler("plms", "PLMS", ("plms",), sample_plms, order=2, timesteps=True),
    Sampler("unipc", "UniPC", ("unipc",), sample_unipc, order=2, timesteps=True),
    Sampler("lcm", "LCM", ("k_lcm",), sample_lcm, noise="ancestral", level_stride=20),
)
"""All samplers, in A1111's order."""

_BY_WORD = {word.lower(): sampler for sampler in SAMPLERS for word in (sampler.name, sampler.label, *sampler.aliases)}


def find_sampler(word: str, field: str = "sampler") -> Sampler:
    """Find a sampler by name, label or alias, in any letter case; `field` of a request says so.

    Raises
    ------
    RequestError
        Where no sampler is called so; it lists the names.

    Examples
    --------
    >>> find_sampler("DPM++ 2M SDE Heun").name
    'dpmpp_2m_sde_heun'
    >>> find_sampler("k_euler_a").label
    'Euler a'
    """
    sampler = _BY_WORD.get(word.strip().lower())
    if sampler is None:
        raise unknown_name(field, word, [row.name for row in SAMPLERS])
    return sampler
