"""`/options`: every field of the request with its bounds, labels and choices, derived from `Request`."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_origin

from fastapi import APIRouter
from pydantic.fields import FieldInfo

from ... import choices
from ...diffusion.samplers import SAMPLERS
from ...diffusion.schedules import SCHEDULES
from ...labels import GROUPS, LABELS, group_of
from ...profiles import PROFILES
from ...request import Picture, Request
from ..service import Service, TheService

router = APIRouter(tags=["options"])

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
    Picture | None: "picture",
}
_BOUNDS = {"Ge": ("ge", "minimum"), "Gt": ("gt", "above"), "Le": ("le", "maximum"), "Lt": ("lt", "below")}
_PROFILE_LABELS = {"pentimento": ("Pentimento", "Pentimento"), "a1111": ("As A1111", "Как A1111")}


@router.get("/options")
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
        "type": "choice" if offered is not None and name != "styles" else _type(field),
        "default": field.default,
        "description": field.description,
        "label": LABELS[name].label,
        "label_ru": LABELS[name].label_ru,
    }
    for item in field.metadata:
        if type(item).__name__ in _BOUNDS:
            attribute, word = _BOUNDS[type(item).__name__]
            told[word] = getattr(item, attribute)
    return told if offered is None else {**told, "choices": offered}


def _type(field: FieldInfo) -> str:
    return "choice" if get_origin(field.annotation) is Literal else _TYPES[field.annotation]


def _choices(name: str, service: Service) -> list[dict[str, str]] | None:
    tables = {table.field: table for table in choices.TABLES}
    if name in tables:
        return _told((row.name, row.label, row.label_ru) for row in tables[name].rows)
    if name == "sampler":
        return _told((row.name, row.label, row.label) for row in SAMPLERS)
    if name == "schedule":
        return _told((row.name, row.label, row.label) for row in SCHEDULES)
    if name == "profile":
        return _told((row, *_PROFILE_LABELS[row]) for row in PROFILES)
    if name == "styles":
        return _told((style, style, style) for style in service.studio.styles)
    return None


def _told(rows: Iterable[tuple[str, str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "label": label, "label_ru": label_ru} for name, label, label_ru in rows]
