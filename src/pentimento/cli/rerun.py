"""`pentimento rerun`: a result made again from its file, as it was or with something changed."""

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from .. import metadata
from ..recipe import Recipe, open_recipe
from ..verify import differences
from .options import COMMON, OUTPUT, RESULT, STUDIO, assignments, parameter, with_options
from .running import as_it_is, open_studio, produce, produce_script
from .scripts import read_options

if TYPE_CHECKING:
    from ..result import Result
    from ..scripts import ScriptResult

SET = parameter(
    "set",
    list[str] | None,
    typer.Option("--set", help="Change a field of the request, as in seed=7; may be repeated.", metavar="NAME=VALUE"),
)


@with_options(RESULT, SET, *OUTPUT, *STUDIO, *COMMON)
def rerun(**values: Any) -> None:
    """Make the picture again; says what is other now if its pixels are not the same."""
    from ..scripts import find_script, plan_script
    from ..scripts.rerun import read_again

    file: Path = values["result"]
    changes = assignments(values["set"] or ())
    recipe = open_recipe(file)
    if recipe.script is not None:
        changes |= read_options(find_script(recipe.script.name), changes)
    studio = open_studio(values)
    again = read_again(recipe, studio.inputs, changes)
    if again.script is None or again.options is None:
        produce(studio, again.request, values, as_it_is if changes else partial(_compared, file, recipe))
        return
    plan = plan_script(studio, again.script, again.request, again.options, only=again.only)
    produce_script(studio, plan, values, as_it_is if changes else partial(_compared_picture, file, recipe))


def _compared(file: Path, recipe: Recipe, result: "Result") -> "Result":
    (made,), (text,) = result.recipes, result.infotexts
    now, told = _as_written(file, recipe, made, text)
    return replace(result, recipes=[now], infotexts=[told])


def _compared_picture(file: Path, recipe: Recipe, result: "ScriptResult") -> "ScriptResult":
    (picture,) = result.pictures
    assert picture.recipe is not None, "every picture of a result has one"
    now, told = _as_written(file, recipe, picture.recipe, picture.infotext)
    return replace(result, pictures=(replace(picture, recipe=now, infotext=told),))


def _as_written(file: Path, recipe: Recipe, made: Recipe, text: str) -> tuple[Recipe, str]:
    """Tell whether a picture is the one in the file; then what is written of it is the same too."""
    if made.pixels != recipe.pixels:
        reason = "; ".join(differences(recipe, made)) or "the same versions, perhaps another processor"
        print(f"warning: these are not the pixels of {file} ({reason})", file=sys.stderr)
        return made, text
    if any(record.data is not None for record in recipe.inputs.values()):
        return made, text  # from an exported recipe: the pictures in it belong into the store, not into the result
    infotext = metadata.read(file).infotext if file.suffix.lower() != ".json" else None
    return recipe, infotext or text
