"""`/scripts`: what can run a request several times, and its options, derived from `SCRIPTS`."""

from typing import Any

from fastapi import APIRouter
from pydantic.fields import FieldInfo

from ...scripts import SCRIPTS, Script
from ...scripts.labels import label_of
from ..described import bounds_of, words_of
from . import answers
from .bodies import answer
from .options import type_of

router = APIRouter(tags=["options"])


@router.get("/scripts", responses=answer(list[answers.ScriptInfo]))
def scripts() -> list[dict[str, Any]]:
    """List the scripts with their options."""
    return [_told(script) for script in SCRIPTS]


def _told(script: Script) -> dict[str, Any]:
    options = {name: field for name, field in script.options.model_fields.items() if name not in script.options.LOCAL}
    return {
        "name": script.name,
        "label": script.label,
        "label_ru": script.label_ru,
        "summary": script.summary,
        "needs_image": script.needs_image,
        "options": [_option(name, field) for name, field in options.items()],
    }


def _option(name: str, field: FieldInfo) -> dict[str, Any]:
    words, label = words_of(field), label_of(name)
    told = {
        "name": name,
        "type": type_of(field),
        "default": field.get_default(call_default_factory=True),
        "description": field.description or "",
        "label": label.label,
        "label_ru": label.label_ru,
        **bounds_of(field),
    }
    if words:
        shown = [(word, word.replace("_", " ").capitalize()) for word in words]
        told["choices"] = [{"name": word, "label": text, "label_ru": _WORDS_RU.get(word, text)} for word, text in shown]
    return told


_WORDS_RU = {
    "left": "Слева",
    "right": "Справа",
    "up": "Сверху",
    "down": "Снизу",
    "start": "В начале",
    "end": "В конце",
    "none": "Нет",
    "linear": "Ровно",
    "aggressive": "Быстро",
    "lazy": "Медленно",
    "comma": "Запятая",
    "space": "Пробел",
    "prompt": "Промпт",
    "negative_prompt": "Негативный промпт",
    "auto": "Само",
    "boxes": "Прямоугольники",
    "objects": "Модель-детектор",
    "mask": "Маска",
    "rect": "Прямоугольник",
    "ellipse": "Эллипс",
    "left_to_right": "Слева направо",
    "top_to_bottom": "Сверху вниз",
    "center_to_edge": "От середины к краям",
    "largest_first": "Сначала большие",
    "surest_first": "Сначала самые верные",
    "as_given": "Как даны",
    "merged": "В одно",
    "all_the_rest": "Всё остальное",
}
"""Words that options take, as they are said in Russian."""
