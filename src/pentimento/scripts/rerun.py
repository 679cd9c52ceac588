"""Make a result again from its recipe, as it was or with something changed."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..apart import taken_apart
from ..errors import RecipeError, RequestError
from ..recipe import InputStore, Recipe, open_recipe, to_options, to_request
from ..request import Request
from . import find_script
from .base import Options, Script
from .running import ScriptResult, plan_script, run_script

if TYPE_CHECKING:
    from ..pipeline import Event
    from ..result import Result
    from ..studio import Studio


@dataclass(frozen=True, eq=False)
class Again:
    """What makes the picture of a recipe again.

    Attributes
    ----------
    script, options : what put it together; None where it is from one run
    only : the picture's place among those of the script; None = all, because something was changed
    """

    request: Request
    script: Script | None = None
    options: Options | None = None
    only: int | None = None


def script_of(recipe: Recipe, store: InputStore | None) -> tuple[Script, Options] | None:
    """Restore the script of a recipe with its options; None where the picture is from one run.

    Raises
    ------
    RecipeError
        Where input pictures are missing, or this program has no such script or option.
    """
    if recipe.script is None:
        return None
    values = to_options(recipe, store)
    try:
        script = find_script(recipe.script.name)
        options = script.options(**values)
    except RequestError as error:
        raise RecipeError(f"the recipe's script cannot be run by this program: {error}") from error
    # A recipe comes from anybody: it brings pictures along, it does not name files of this machine.
    if named := [place for place, picture in taken_apart(options)[1].items() if isinstance(picture, str)]:
        raise RecipeError(f"script.options.{named[0]}: a recipe holds pictures by content, and this names a file")
    for option, value in options.local.items():
        raise RecipeError(
            f"script.options.{option}: it names {value!r} on the machine where the picture was made; nothing is read by"
            f" such a name here. Run `pentimento {script.name.replace('_', '-')}` with what you have"
        )
    return script, options


def read_again(recipe: Recipe, store: InputStore | None, changes: Mapping[str, Any]) -> Again:
    """Restore what a recipe ran.

    Parameters
    ----------
    changes : fields of the request, and options of the script, by name

    Raises
    ------
    RecipeError
        Where input pictures are missing, or this program cannot run it.
    RequestError
        Where a change cannot be taken.
    """
    request, found = to_request(recipe, store), script_of(recipe, store)
    named = {"model": request.model or recipe.model.name}
    if found is None:
        return Again(request.changed(**{**named, **changes}))
    script, options = found
    own = {name: value for name, value in changes.items() if name in script.options.model_fields}
    rest = {name: value for name, value in changes.items() if name not in own}
    only = None if changes else recipe.index
    return Again(request.changed(**{**named, **rest}), script, options.changed(**own), only)


def rerun(
    studio: "Studio",
    source: str | Path | bytes | Recipe,
    changes: Mapping[str, Any] | None = None,
    on_event: "Callable[[Event], None] | None" = None,
    cancel: threading.Event | None = None,
) -> "Result | ScriptResult":
    """Make a picture again: the same bytes on the same machine.

    Parameters
    ----------
    source : a picture with a recipe, or an exported recipe; a path or its bytes
    changes : fields of the request, and options of the script that put the picture together; with
        them a script gives all its pictures, else the one

    Raises
    ------
    RecipeError
        Where there is no recipe, input pictures are missing, or this program cannot run it.

    Examples
    --------
    >>> rerun(Studio(), "out/00001-3.png", {"seed": 8}).save("again.png")  # doctest: +SKIP
    """
    recipe = source if isinstance(source, Recipe) else open_recipe(source)
    again = read_again(recipe, studio.inputs, changes or {})
    if again.script is None or again.options is None:
        return studio.run(again.request, on_event, cancel)
    plan = plan_script(studio, again.script, again.request, again.options, only=again.only)
    return run_script(studio, plan, on_event, cancel)
