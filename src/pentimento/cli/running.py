"""What all commands that make pictures do: open a studio, show the plan, run, write files."""

import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import RequestError
from ..metadata import find_format
from .terminal import progress, say, say_json, say_rows, warn

if TYPE_CHECKING:
    from ..plan import Plan
    from ..request import Request
    from ..result import Result
    from ..scripts import ScriptPlan, ScriptResult
    from ..studio import Studio

Made = TypeVar("Made")


def open_studio(values: Mapping[str, Any]) -> "Studio":
    """Open a studio as the shared flags say."""
    from ..studio import Studio

    return Studio(
        models=values["models"] or (),
        device=values["device"],
        dtype=values["dtype"],
        data=values["data"],
        styles=values["styles_file"],
        download=values["download"],
    )


def as_it_is(result: Made) -> Made:
    """Leave a result alone."""
    return result


def produce(
    studio: "Studio",
    request: "Request",
    values: Mapping[str, Any],
    finish: "Callable[[Result], Result]" = as_it_is,
) -> "Result | None":
    """Plan a request, and unless only the plan is wanted run it and write its pictures.

    Parameters
    ----------
    finish : sees the result before it is written
    """
    plan = studio.plan(request)
    if values["plan"]:
        show_plan(plan, as_json=values["json"])
        return None
    output = values["output"]
    check_output(output, values["format"], len(plan.pictures), as_json=values["json"])
    warn(plan.warnings)
    with progress(request.mode) as on_event:
        result = finish(studio.run(plan, on_event=on_event))
    _write(result, output, values["format"], as_json=values["json"])
    return result


def produce_script(
    studio: "Studio",
    plan: "ScriptPlan",
    values: Mapping[str, Any],
    finish: "Callable[[ScriptResult], ScriptResult]" = as_it_is,
) -> None:
    """Run a script unless only its plan is wanted, and write what it gives.

    Parameters
    ----------
    finish : sees the result before it is written
    """
    from ..scripts import run_script

    if values["plan"]:
        show_plan(plan, as_json=values["json"])
        return
    output = values["output"]
    check_output(output, values["format"], plan.pictures + plan.has_page, as_json=values["json"])
    warn(plan.warnings)
    with progress(plan.script.label) as on_event:
        result = finish(run_script(studio, plan, on_event))
    if output == "-":
        _to_stdout(result, values["format"])
        return
    files = result.save(os.path.expanduser(output), values["format"])
    if values["json"]:
        say_json({"files": [str(file) for file in files], "pictures": result.table()})
        return
    for file in files:
        say(str(file))


def show_plan(plan: "Plan | ScriptPlan", *, as_json: bool) -> None:
    """Say what would happen."""
    if as_json:
        say_json(plan.as_dict())
        return
    say_rows(plan.describe())
    warn(plan.warnings)


def check_output(output: str, file_format: str | None, pictures: int, *, as_json: bool) -> None:
    """Refuse before the work what could not be written after it."""
    if output == "-" and pictures != 1:
        raise RequestError("output", "-", f"stdout takes one picture, and {pictures} would be made")
    if output == "-" and as_json:
        raise RequestError("output", "-", "stdout cannot take the picture and --json both; give -o a file")
    wanted = file_format or Path(output).suffix
    if wanted:
        find_format(wanted)


def _write(result: "Result", output: str, file_format: str | None, *, as_json: bool) -> None:
    """Write the pictures where they are wanted, and say where they are."""
    if output == "-":
        _to_stdout(result, file_format)
        return
    # A path without a suffix is a folder, even where it is not there yet.
    target = os.path.expanduser(output if Path(output).suffix else f"{output}/")
    files = result.save(target, file_format)
    if as_json:
        say_json(
            {
                "files": [str(file) for file in files],
                "seeds": list(result.seeds),
                "warnings": [warning.as_dict() for warning in result.plan.warnings],
                "footprints": [footprint and asdict(footprint) for footprint in result.footprints],
                "seams": [seam and seam.as_dict() for seam in result.seams],
                "timings": dict(result.timings),
            }
        )
        return
    for file in files:
        say(str(file))


def _to_stdout(result: "Result | ScriptResult", file_format: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (file,) = result.save(f"{folder}/", file_format)
        sys.stdout.buffer.write(file.read_bytes())
        sys.stdout.buffer.flush()
