"""Scripts: a studio, a request and some options to several pictures. One file a script, one row here.

A script never runs anything itself, see `scripts.base`.
"""

from ..errors import unknown_name
from .base import Options, Script, ScriptPicture
from .detail import DetailOptions, detail, details_kept
from .loopback import LoopbackOptions, loopback
from .outpaint_in_steps import StepsOptions, outpaint_in_steps
from .outpainting_mk2 import Mk2Options, mk2_kept, outpainting_mk2
from .poor_mans_outpainting import PoorMansOptions, poor_mans_kept, poor_mans_outpainting
from .prompt_matrix import MatrixOptions, prompt_matrix
from .prompts_from_file import PromptsOptions, prompts_from_file
from .regions import RegionsOptions, regions, regions_kept
from .running import Course, ScriptPlan, ScriptResult, Unwatched, plan_script, run_script
from .sd_upscale import SdUpscaleOptions, sd_upscale, sd_upscale_kept
from .sheet import SheetOptions, sheet

__all__ = [
    "SCRIPTS",
    "Course",
    "Options",
    "Script",
    "ScriptPicture",
    "ScriptPlan",
    "ScriptResult",
    "Unwatched",
    "find_script",
    "plan_script",
    "run_script",
]

SCRIPTS = (
    Script(
        "sheet",
        "Sheet (X/Y/Z plot)",
        "Лист вариантов (X/Y/Z)",
        "Make one page of all values of up to three fields.",
        SheetOptions,
        sheet,
        needs_image=False,
    ),
    Script(
        "loopback",
        "Loopback",
        "Повтор по кругу",
        "Paint the result again and again.",
        LoopbackOptions,
        loopback,
        keeps=lambda request, options: request,
        builds_up=True,
    ),
    Script(
        "sd_upscale",
        "SD upscale",
        "Увеличение по плиткам",
        "Enlarge a picture and paint it again tile by tile.",
        SdUpscaleOptions,
        sd_upscale,
        keeps=sd_upscale_kept,
    ),
    Script(
        "prompt_matrix",
        "Prompt matrix",
        "Матрица запросов",
        "Switch parts of a prompt on and off.",
        MatrixOptions,
        prompt_matrix,
        needs_image=False,
    ),
    Script(
        "prompts_from_file",
        "Prompts from file",
        "Запросы из файла",
        "Make a picture of every line of a file.",
        PromptsOptions,
        prompts_from_file,
        needs_image=False,
    ),
    Script(
        "outpaint_in_steps",
        "Outpaint in steps",
        "Дорисовка краёв по шагам",
        "Extend a picture by a little at a time.",
        StepsOptions,
        outpaint_in_steps,
        keeps=lambda request, options: request,
        in_parts=True,
    ),
    Script(
        "outpainting_mk2",
        "Outpainting mk2",
        "Дорисовка краёв mk2",
        "Extend a picture side by side as A1111's script does.",
        Mk2Options,
        outpainting_mk2,
        keeps=mk2_kept,
    ),
    Script(
        "poor_mans_outpainting",
        "Poor man's outpainting",
        "Простая дорисовка краёв",
        "Extend a picture tile by tile as A1111's script does.",
        PoorMansOptions,
        poor_mans_outpainting,
        keeps=poor_mans_kept,
    ),
    Script(
        "regions",
        "Regions",
        "Области",
        "Repaint several parts of a picture, each with its own prompt and settings.",
        RegionsOptions,
        regions,
        keeps=regions_kept,
        in_parts=True,
    ),
    Script(
        "detail",
        "Detail pass",
        "Проход по деталям",
        "Repaint what is detected, such as faces and hands, one by one and enlarged.",
        DetailOptions,
        detail,
        needs_image=False,
        keeps=details_kept,
        in_parts=True,
    ),
)


def find_script(name: str) -> Script:
    """Find a script by name or label in any letter case.

    Raises
    ------
    RequestError
        Where there is none; it names the nearest.
    """
    folded = name.strip().lower().replace("-", "_").replace(" ", "_")
    for script in SCRIPTS:
        if folded in (script.name, script.label.lower().replace(" ", "_")):
            return script
    raise unknown_name("script", name, [script.name for script in SCRIPTS])
