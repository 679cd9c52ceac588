"""`pentimento chain`: a picture and edits of it as layers, in one project file."""

import os
from collections.abc import Callable
from inspect import Parameter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..errors import RequestError
from .options import COMMON, STUDIO, assignments, given, parameter, request_options, with_options
from .rerun import SET
from .running import open_studio, show_plan
from .terminal import progress, say, say_json, say_table, warn

if TYPE_CHECKING:
    from ..chain import Chain, Step

FILE = parameter(
    "file", Path, typer.Argument(help="The project file, as photo.pentimento.", metavar="FILE"), Parameter.empty
)
IMAGE = parameter("image", str, typer.Argument(help="The picture to begin with.", metavar="IMAGE"), Parameter.empty)
STEP = parameter("step", int, typer.Argument(help="A step's number in `show`.", metavar="STEP"), Parameter.empty)
STEPS = parameter(
    "steps", list[int], typer.Argument(help="Numbers of steps in `show`.", metavar="STEP..."), Parameter.empty
)
TO = parameter("to", int, typer.Argument(help="The number it is to have.", metavar="NUMBER"), Parameter.empty)
NAME = parameter("label", str, typer.Argument(help="What it is to be called.", metavar="TEXT"), Parameter.empty)
LABEL = parameter(
    "label", str, typer.Option("--label", help="What the step is called; left out = its prompt.", metavar="TEXT"), ""
)
PLAN = parameter("plan", bool, typer.Option("--plan", help="Only say what would happen."), False)
RERUN = (
    parameter("step", int | None, typer.Argument(help="This step alone, stale or not.", metavar="[STEP]")),
    parameter(
        "first",
        int,
        typer.Option("--from", help="Without a step: every stale step from this one on.", metavar="STEP"),
        1,
    ),
)
EXPORT = (
    parameter(
        "output",
        str,
        typer.Option("--output", "-o", help="A picture, or with the suffix .ora all layers.", metavar="PATH"),
        Parameter.empty,
    ),
    parameter("upto", int | None, typer.Option("--upto", help="The picture after this step; 0 = the source.")),
    parameter("format", str | None, typer.Option("--format", help="png, jpeg, webp, avif or ora.", metavar="NAME")),
)


@with_options(FILE, IMAGE, *COMMON)
def new(**values: Any) -> None:
    from ..chain import Chain

    file: Path = values["file"]
    if file.exists():
        raise RequestError("file", str(file), f"'{file}' is there already; give another name")
    chain = Chain.of(values["image"])
    chain.save(file)
    _tell(chain, file, as_json=values["json"])


@with_options(FILE, LABEL, *request_options("inpaint", omit={"init_image"}), PLAN, *STUDIO, *COMMON)
def add(**values: Any) -> None:
    def paint(chain: "Chain") -> "Chain | None":
        studio = open_studio(values)
        plan = studio.plan(chain.request(**given(values)))
        chain.check(plan)
        if values["plan"]:
            show_plan(plan, as_json=values["json"])
            return None
        warn(plan.warnings)
        with progress(plan.request.mode) as on_event:
            return chain.paint(studio, plan, values["label"], on_event)

    _change(values, paint)


@with_options(FILE, *COMMON)
def show(**values: Any) -> None:
    from ..chain import Chain

    _tell(Chain.open(values["file"]), values["file"], as_json=values["json"])


@with_options(FILE, STEPS, *COMMON)
def mute(**values: Any) -> None:
    _change(values, lambda chain: chain.mute(*values["steps"]))


@with_options(FILE, STEPS, *COMMON)
def unmute(**values: Any) -> None:
    _change(values, lambda chain: chain.unmute(*values["steps"]))


@with_options(FILE, STEPS, *COMMON)
def remove(**values: Any) -> None:
    _change(values, lambda chain: chain.remove(*values["steps"]))


@with_options(FILE, STEP, TO, *COMMON)
def move(**values: Any) -> None:
    _change(values, lambda chain: chain.move(values["step"], values["to"]))


@with_options(FILE, STEP, NAME, *COMMON)
def rename(**values: Any) -> None:
    _change(values, lambda chain: chain.rename(values["step"], values["label"]))


@with_options(FILE, *RERUN, SET, *STUDIO, *COMMON)
def rerun(**values: Any) -> None:
    number, changes = values["step"], assignments(values["set"] or ())
    if changes and number is None:
        raise RequestError("set", list(changes), "fields are changed in one step; name it, as in `chain rerun FILE 2`")

    def again(chain: "Chain") -> "Chain":
        studio = open_studio(values)
        with progress("rerun") as on_event:
            if number is None:
                return chain.refresh(studio, values["first"], on_event)
            return chain.rerun(studio, number, on_event, **changes)

    _change(values, again)


@with_options(FILE, *EXPORT, *COMMON)
def export(**values: Any) -> None:
    from ..chain import Chain

    output = Path(values["output"]).expanduser()
    Chain.open(values["file"]).export(output, values["upto"], values["format"])
    if values["json"]:
        say_json({"file": str(output)})
    else:
        say(str(output))


def _change(values: dict[str, Any], change: "Callable[[Chain], Chain | None]") -> None:
    """Open a chain, change it, write it back and tell what it is now; nothing is written where that is None."""
    from ..chain import Chain

    file: Path = values["file"]
    chain = Chain.open(file)
    before = _stamp(file)
    changed = change(chain)
    if changed is None:
        return
    if _stamp(file) != before:
        raise RequestError("file", str(file), f"'{file}' was changed by another program meanwhile; run this again")
    changed.save(file)
    _tell(changed, file, as_json=values["json"])


def _stamp(file: Path) -> tuple[int, ...]:
    facts = os.stat(file.expanduser())
    return facts.st_ino, facts.st_mtime_ns, facts.st_size


def _tell(chain: "Chain", file: Path, *, as_json: bool) -> None:
    kept = chain.size.area - int(chain.touched.sum())
    rows = [_row(number, step, stale=chain.stale[number - 1]) for number, step in enumerate(chain.steps, 1)]
    if as_json:
        say_json({"file": str(file), "size": list(chain.size), "untouched_pixels": kept, "steps": rows})
        return
    if rows:
        say_table(("step", "what", "where", "seed", "model", "state"), [_cells(row) for row in rows])
    say(f"{chain.size}, {kept} of {chain.size.area} pixels are the source's")


def _row(number: int, step: "Step", *, stale: bool) -> dict[str, Any]:
    return {
        "step": number,
        "label": step.label,
        "prompt": step.recipe.request.get("prompt", ""),
        "box": list(step.layer.box),
        "sees": list(step.sees),
        "seed": step.recipe.seed,
        "model": step.recipe.model.name,
        "muted": step.muted,
        "stale": stale,
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    left, top, right, bottom = row["box"]
    where = f"{right - left}x{bottom - top} at {left}, {top}" if right > left else "nothing"
    state = ", ".join(word for word in ("muted", "stale") if row[word])
    name = row["label"] or row["prompt"] or "without a prompt"
    return str(row["step"]), name[:60], where, str(row["seed"]), row["model"], state
