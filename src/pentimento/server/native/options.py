"""`/options`: every field of the request with its bounds, labels and choices, derived from `Request`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_origin

from fastapi import APIRouter
from pydantic.fields import FieldInfo

from ... import choices
from ...diffusion.samplers import SAMPLERS
from ...diffusion.schedules import SCHEDULES
from ...labels import GROUPS, LABELS, group_of
from ...profiles import PROFILES
from ...request import Mask, Picture, Request, Side
from ..described import bounds_of
from ..service import Service, TheService
from . import answers
from .bodies import answer

router = APIRouter(tags=["options"])

Rows = Sequence[tuple[str, str, str]]

_TYPES: Mapping[Any, str] = {
    str: "string",
    str | None: "string",
    int: "integer",
    int | None: "integer",
    float: "number",
    float | None: "number",
    bool: "boolean",
    tuple[str, ...]: "list",
    tuple[float, float]: "pair",
    tuple[int, int] | None: "pair",
    tuple[Side, Side, Side, Side]: "string",
    Picture | None: "picture",
    Mask | None: "picture",
}
_PROFILE_LABELS = {"pentimento": ("Pentimento", "Pentimento"), "a1111": ("As A1111", "Как A1111")}


@router.get("/options", responses=answer(answers.Options))
def options(service: TheService) -> dict[str, Any]:
    """List the fields of the request, their groups, and the names that they take."""
    return {
        "fields": [_field(name, field, service) for name, field in Request.model_fields.items()],
        "groups": [
            {"name": row.name, "label": row.label, "label_ru": row.label_ru, "modes": sorted(row.modes)}
            for row in GROUPS
        ],
        "samplers": [
            {
                "name": row.name,
                "label": row.label,
                "aliases": list(row.aliases),
                "default_schedule": row.default_schedule,
                "evaluations": row.evaluations,
            }
            for row in SAMPLERS
        ],
        "schedules": [{"name": row.name, "label": row.label, "aliases": list(row.aliases)} for row in SCHEDULES],
        "profiles": list(PROFILES),
    }


def _field(name: str, field: FieldInfo, service: Service) -> dict[str, Any]:
    offered = _choices(name, service)
    told: dict[str, Any] = {
        "name": name,
        "group": group_of()[name].name,
        "type": "choice" if offered is not None and name != "styles" else type_of(field),
        "default": field.default,
        "description": field.description,
        "label": LABELS[name].label,
        "label_ru": LABELS[name].label_ru,
        **bounds_of(field),
    }
    return told if offered is None else {**told, "choices": offered}


def type_of(field: FieldInfo) -> str:
    """Name what a field takes; what is none of the simple kinds is a "list" or an "object"."""
    if get_origin(field.annotation) is Literal:
        return "choice"
    kind = "list" if get_origin(field.annotation) in (tuple, list) else "object"
    return _TYPES.get(field.annotation, kind)


def _choices(name: str, service: Service) -> list[dict[str, str]] | None:
    rows = _OFFERED[name](service) if name in _OFFERED else None
    return None if rows is None else [{"name": row[0], "label": row[1], "label_ru": row[2]} for row in rows]


def _rows(table: choices.Choices) -> Callable[[Service], Rows]:
    return lambda service: [(row.name, row.label, row.label_ru) for row in table.rows]


def _samplers(service: Service) -> Rows:
    return [(row.name, row.label, row.label) for row in SAMPLERS]


def _schedules(service: Service) -> Rows:
    return [(row.name, row.label, row.label) for row in SCHEDULES]


def _models(service: Service) -> Rows:
    return [(row.name, row.name, row.name) for row in service.studio.models()]


def _upscalers(table: choices.Choices) -> Callable[[Service], Rows]:
    return lambda service: [*_rows(table)(service), *((name, name, name) for name in service.studio.upscalers.names)]


_OFFERED: Mapping[str, Callable[[Service], Rows]] = {
    **{table.field: _upscalers(table) if table.open else _rows(table) for table in choices.TABLES},
    "sampler": _samplers,
    "hires_sampler": _samplers,
    "schedule": _schedules,
    "hires_schedule": _schedules,
    "model": _models,
    "hires_model": _models,
    "refiner": _models,
    "profile": lambda service: [(row, *_PROFILE_LABELS[row]) for row in PROFILES],
    "styles": lambda service: [(style, style, style) for style in service.studio.styles],
}
"""What may be chosen for a field, as (name, label, label in Russian)."""
