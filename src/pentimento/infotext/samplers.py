"""How A1111 writes samplers and schedules, and what it wrote before version 1.9."""

from collections.abc import Mapping
from typing import Any

from ..diffusion.samplers import Sampler, find_sampler
from ..diffusion.schedules import SCHEDULES, find_schedule
from ..errors import RequestError
from ..request import Request
from .grammar import Infotext

Fields = dict[str, Any]

_PLAIN_BEFORE_1_9 = frozenset(
    {"dpmpp_2m", "dpmpp_sde", "dpmpp_2m_sde", "dpmpp_2m_sde_heun", "dpmpp_2s_a", "dpmpp_3m_sde", "dpm_2", "dpm_2_a"}
)
"""Samplers that ran on the uniform schedule unless their name said another."""


def own_schedule(sampler: Sampler) -> str | None:
    """Name the schedule that A1111 writes for "Automatic"; None = it writes "Automatic"."""
    return None if sampler.timesteps or sampler.default_schedule == "uniform" else sampler.default_schedule


def schedule_label(request: Request) -> str:
    own = own_schedule(find_sampler(request.sampler))
    return find_schedule(own if own and request.schedule == "automatic" else request.schedule).label


def read_sampler(text: str) -> Fields:
    """Read "NAME" or, from before version 1.9, "NAME SCHEDULE"."""
    try:
        return {"sampler": find_sampler(text).name}
    except RequestError:
        for schedule in SCHEDULES:
            for word in (schedule.label, schedule.name, *schedule.aliases):
                if text.lower().endswith(f" {word.lower()}"):
                    return {"sampler": find_sampler(text[: -len(word) - 1]).name, "schedule": schedule.name}
        raise


def settle_schedule(infotext: Infotext, fields: Fields, given: Mapping[str, str]) -> Fields:
    """Settle what the sampler and the schedule mean together."""
    if "sampler" not in fields:
        return {}
    sampler = find_sampler(fields["sampler"])
    if "schedule" in fields:
        return {"schedule": "automatic"} if fields["schedule"] == own_schedule(sampler) else {}
    version = infotext.version
    old = version is not None and version < (1, 9, 0) and "Schedule type" not in given
    return {"schedule": "uniform"} if old and sampler.name in _PLAIN_BEFORE_1_9 else {}
