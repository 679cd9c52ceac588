"""How the plan of a script is told: its options, and its runs where they are parts of one picture."""

from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel

from ..plan import Plan


def option_rows(options: BaseModel) -> list[tuple[str, str]]:
    """Give the options that a person can read in a row."""
    told = options.model_dump(exclude_none=True).items()
    return [(name, str(value)) for name, value in told if value not in ("", ()) and not _is_nested(value)]


def _is_nested(value: object) -> bool:
    items = cast(tuple[object, ...], value) if isinstance(value, tuple) else (value,)
    return any(isinstance(item, Mapping) for item in items)


def part_as_dict(label: str, run: Plan) -> dict[str, Any]:
    """Give the plan of one part as plain values for JSON."""
    return {
        "label": label,
        "box": list(run.layout.box) if run.layout.box else None,
        "working_size": list(run.layout.working),
        "steps": run.steps,
        "denoising_strength": run.request.denoising_strength,
        "prompt": run.prompt_text,
        "seed": run.pictures[0].seed,
    }


def part_row(label: str, run: Plan) -> tuple[str, str]:
    """Give the plan of one part as a row for a person."""
    box = run.layout.box
    part = f"{box.size} at {box.left}, {box.top}" if box else "the whole picture"
    painted = f"strength {run.request.denoising_strength:g}, {run.steps} steps, seed {run.pictures[0].seed}"
    return label.capitalize(), f"{part}, at {run.layout.working}; {painted}"
