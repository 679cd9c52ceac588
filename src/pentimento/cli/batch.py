"""`pentimento batch`: every picture of a folder, with the request's fields as flags."""

import sys
from collections import Counter
from collections.abc import Mapping
from inspect import Parameter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from .options import COMMON, OUTPUT, STUDIO, assignments, given, parameter, request_options, with_options
from .running import open_studio
from .terminal import progress, say, say_json, say_rows, warn

if TYPE_CHECKING:
    from ..batch import Item
    from ..studio import Studio

FOLDERS = (
    parameter("folder", Path, typer.Argument(help="The folder of pictures.", metavar="FOLDER"), Parameter.empty),
    parameter("masks", Path | None, typer.Option("--masks", help="Folder of masks, by name.", metavar="FOLDER")),
    parameter(
        "parameters",
        Path | None,
        typer.Option("--parameters", help="CSV with the column file and any fields of the request.", metavar="FILE"),
    ),
    parameter(
        "recursive",
        bool,
        typer.Option("--recursive", help="Take the folders below it too; results are in folders of the same names."),
        False,
    ),
)


def _read_row(row: Mapping[str, str]) -> dict[str, Any]:
    return assignments(f"{name}={value}" for name, value in row.items())


@with_options(*FOLDERS, *request_options("inpaint", omit={"init_image"}), *OUTPUT, *STUDIO, *COMMON)
def batch(**values: Any) -> None:
    from ..batch import collect, read_table

    items = collect(
        values["folder"],
        Path(values["output"]).expanduser(),
        given(values),
        masks=values["masks"],
        table=read_table(values["parameters"], _read_row) if values["parameters"] else None,
        format=values["format"],
        recursive=values["recursive"],
    )
    code = (_show if values["plan"] else _run)(open_studio(values), items, as_json=values["json"])
    if code:
        raise typer.Exit(code)


def _show(studio: "Studio", items: "list[Item]", *, as_json: bool) -> int:
    from ..batch import plans

    told: list[dict[str, Any]] = []
    failed = 0
    for item, plan in plans(studio, items):
        failed += isinstance(plan, str)
        if as_json:
            what = {"error": plan} if isinstance(plan, str) else {"plan": plan.as_dict()}
            told.append({"file": item.name, **what})
        elif isinstance(plan, str):
            say_rows([("file", item.name), ("error", plan)])
        else:
            say_rows([("file", item.name), *plan.describe()])
            warn(plan.warnings)
    if as_json:
        say_json(told)
    return int(failed > 0)


def _run(studio: "Studio", items: "list[Item]", *, as_json: bool) -> int:
    from ..batch import run

    told: list[dict[str, Any]] = []
    try:
        with progress("batch") as on_event:
            for number, outcome in enumerate(run(studio, items, on_event), 1):
                name, files = outcome.item.name, [str(file) for file in outcome.files]
                told.append({"file": name, "state": outcome.state, "files": files, "error": outcome.error})
                if not as_json:
                    say(f"{number}/{len(items)} {name}: {outcome.state} {outcome.error or ', '.join(files)}")
    except KeyboardInterrupt:
        print(f"{len(told)} of {len(items)} pictures were done; the same command goes on there", file=sys.stderr)
        raise
    counts = Counter(row["state"] for row in told)
    summary = {state: counts[state] for state in ("done", "kept", "failed")}
    if as_json:
        say_json({"pictures": told, "summary": summary})
    else:
        say(", ".join(f"{count} {state}" for state, count in summary.items()))
    return int(summary["failed"] > 0)
