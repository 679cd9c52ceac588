"""`pentimento info`: what is written in a picture's file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from .options import COMMON, DATA, RESULT, parameter, with_options
from .terminal import say, say_json, say_rows

if TYPE_CHECKING:
    from ..recipe import InputStore, Recipe

EXPORT = parameter(
    "export",
    Path | None,
    typer.Option("--export", help="Write the recipe with its input pictures inside.", metavar="FILE"),
)


@with_options(RESULT, EXPORT, DATA, *COMMON)
def info(**values: Any) -> None:
    """Show infotext and recipe."""
    from .. import metadata
    from ..recipe import InputStore, export, open_recipe

    file: Path = values["result"]
    store = InputStore(values["data"])
    if values["export"] is not None:
        from ..files import write_atomically

        write_atomically(values["export"], export(open_recipe(file), store).to_json().encode())
        say(str(values["export"]))
        return
    is_json = file.suffix.lower() == ".json"
    found = metadata.Metadata() if is_json else metadata.read(file)
    recipe = open_recipe(file) if is_json or found.recipe else None
    if values["json"]:
        told = json.loads(recipe.to_json()) if recipe else None
        say_json({"infotext": found.infotext, "recipe": told, "other": found.other})
        return
    for text in filter(None, [found.infotext, *(f"{name}: {text}" for name, text in found.other.items())]):
        say(text)
    if recipe is None:
        say("" if found.infotext else f"{file}: nothing is written in it")
        return
    say("")
    say_rows(_rows(recipe, store))


def _rows(recipe: "Recipe", store: "InputStore") -> Iterator[tuple[str, str]]:
    yield "Made by", f"{recipe.program}, profile {recipe.profile['name']}, {recipe.device}, {recipe.dtype}"
    yield "Model", f"{recipe.model.name} [{recipe.model.hash}]"
    if recipe.vae is not None:
        yield "VAE", f"{recipe.vae.name} [{recipe.vae.hash}]"
    yield "Seed", str(recipe.seed)
    if recipe.script is not None:
        yield "Script", f"{recipe.script.name}, picture {recipe.index + 1} of what it gives"
        yield from (
            (f"  {name}", str(value)) for name, value in recipe.script.options.items() if value not in ("", None)
        )
    for name, record in recipe.inputs.items():
        here = record.data is not None or store.get(record.sha256) is not None
        place = "can be run again" if here else f"missing in {store.folder}"
        yield name, f"{record.source or 'never was a file'} (sha256 {record.sha256[:10]}, {place})"
