"""`pentimento rerun`: a result made again from its file, as it was or with something changed."""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from .. import metadata
from ..recipe import Recipe, differences, open_recipe, to_request
from .options import COMMON, OUTPUT, RESULT, STUDIO, assignments, parameter, with_options
from .running import open_studio, produce

if TYPE_CHECKING:
    from ..result import Result

SET = parameter(
    "set",
    list[str] | None,
    typer.Option("--set", help="Change a field of the request, as in seed=7; may be repeated.", metavar="NAME=VALUE"),
)


@with_options(RESULT, SET, *OUTPUT, *STUDIO, *COMMON)
def rerun(**values: Any) -> None:
    """Make the picture again; says what is other now if its pixels are not the same."""
    file: Path = values["result"]
    changes = assignments(values["set"] or ())
    recipe = open_recipe(file)
    studio = open_studio(values)
    request = to_request(recipe, studio.inputs)
    request = request.changed(**{"model": request.model or recipe.model.name, **changes})
    produce(studio, request, values, (lambda result: result) if changes else partial(_compared, file, recipe))


def _compared(file: Path, recipe: Recipe, result: "Result") -> "Result":
    """Tell whether a result is the one in the file; then what is written of it is the same too."""
    (made,) = result.recipes
    if made.pixels != recipe.pixels:
        reason = "; ".join(differences(recipe, made)) or "the same versions, perhaps another processor"
        print(f"warning: these are not the pixels of {file} ({reason})", file=sys.stderr)
        return result
    if any(record.data is not None for record in recipe.inputs.values()):
        return result  # from an exported recipe: the pictures in it belong into the store, not into the result
    infotext = metadata.read(file).infotext if file.suffix.lower() != ".json" else None
    return replace(result, recipes=[recipe], infotexts=[infotext or result.infotexts[0]])
