"""The `pentimento` command: which commands there are, and what becomes of their errors.

A command's module is imported only when that command is called, so that the list of
commands is there at once.
"""

import os
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module

import typer

from .. import __version__
from ..errors import (
    Cancelled,
    ImageError,
    ModelError,
    OutOfMemoryError,
    PentimentoError,
    RecipeError,
    RequestError,
)


@dataclass(frozen=True)
class Command:
    """One command: its name, the module of `pentimento.cli` that holds it, what it does.

    Attributes
    ----------
    parts : commands of its own, where it is a group of them
    """

    name: str
    module: str
    summary: str
    panel: str
    parts: tuple["Command", ...] = ()

    def load(self) -> Callable[..., None]:
        return getattr(import_module(f"pentimento.cli.{self.module}"), self.name.replace("-", "_"))


_CHAIN = tuple(
    Command(name, "chain", summary, "Chain")
    for name, summary in (
        ("new", "Begin a chain with a picture."),
        ("add", "Repaint the chain's picture, or a part of it, as a new step."),
        ("show", "List the steps."),
        ("mute", "Leave steps out of the picture."),
        ("unmute", "Take steps into the picture again."),
        ("move", "Give a step another place among the others."),
        ("rename", "Give a step another label."),
        ("remove", "Take steps away."),
        ("rerun", "Run a step, or all that are stale, again."),
        ("export", "Write the picture, or all layers as OpenRaster."),
    )
)

COMMANDS = (
    Command("txt2img", "generate", "Make a picture from a prompt.", "Make"),
    Command("img2img", "generate", "Repaint a picture.", "Make"),
    Command("inpaint", "generate", "Repaint a part of a picture.", "Make"),
    Command("outpaint", "generate", "Extend a picture on any side.", "Make"),
    Command("sheet", "scripts", "Make one page of all values of up to three fields.", "Make many"),
    Command("loopback", "scripts", "Paint the result again and again.", "Make many"),
    Command("sd-upscale", "scripts", "Enlarge a picture and paint it again tile by tile.", "Make many"),
    Command("prompt-matrix", "scripts", "Switch parts of a prompt on and off.", "Make many"),
    Command("prompts-from-file", "scripts", "Make a picture of every line of a file.", "Make many"),
    Command("outpaint-in-steps", "scripts", "Extend a picture by a little at a time.", "Make many"),
    Command("outpainting-mk2", "scripts", "Extend a picture side by side as A1111's script does.", "Make many"),
    Command("poor-mans-outpainting", "scripts", "Extend a picture tile by tile as A1111's script does.", "Make many"),
    Command(
        "regions", "scripts", "Repaint several parts of a picture, each with its own prompt and settings.", "Make many"
    ),
    Command(
        "detail", "scripts", "Repaint what is detected, such as faces and hands, one by one and enlarged.", "Make many"
    ),
    Command("batch", "batch", "Repaint every picture of a folder.", "Make many"),
    Command("mask", "mask", "Draw a mask to a file.", "Make"),
    Command("upscale", "upscale", "Enlarge a picture.", "Make"),
    Command("rerun", "rerun", "Make a result again from its file.", "Make"),
    Command("chain", "chain", "Keep edits as layers over a picture.", "Make", _CHAIN),
    Command("serve", "serve", "Serve the APIs and the studio's page.", "Serve"),
    Command("jobs", "jobs", "List or cancel the jobs of a running server.", "Serve"),
    Command("history", "history", "Find pictures of a running server, and fetch them.", "Serve"),
    Command("info", "info", "Show what is written in a result.", "Look"),
    Command("verify", "verify", "Prove that nothing outside the mask changed.", "Look"),
    Command("models", "models", "List the models that were found.", "Look"),
    Command("convert", "convert", "Write a pickled model file as safetensors.", "Look"),
    Command("doctor", "doctor", "Say what is installed and what would be used.", "Look"),
    Command("demo", "demo", "Repaint an example with the built-in model.", "Look"),
)

EXIT_CODES: tuple[tuple[int, str, tuple[type[BaseException], ...]], ...] = (
    (0, "done", ()),
    (2, "the request or the command line cannot be taken", (RequestError, ImageError)),
    (3, "a model cannot be found, read or used", (ModelError,)),
    (4, "a result cannot be run again or verified: something is missing", (RecipeError,)),
    (5, "not enough memory", (OutOfMemoryError,)),
    (130, "stopped; nothing was left half written", (Cancelled, KeyboardInterrupt)),
    (1, "something else failed; verify: pixels changed that may not", (Exception,)),
)


def exit_code(error: BaseException) -> int:
    """Find the code that the process ends with after this error.

    Examples
    --------
    >>> exit_code(ModelError("no model is called 'dreams'")), exit_code(KeyboardInterrupt())
    (3, 130)
    """
    return next(code for code, _, kinds in EXIT_CODES if isinstance(error, kinds))


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pentimento {__version__}")
        raise typer.Exit


def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
    debug: bool = typer.Option(False, "--debug", help="Show tracebacks."),
) -> None:
    """Repaint pictures, wholly or in parts, with diffusion models."""


def build_app(loaded: Collection[str]) -> typer.Typer:
    """Build the command line; the commands not in `loaded` have a name and a summary only."""
    codes = ", ".join(f"{code} {meaning}" for code, meaning, _ in sorted(EXIT_CODES, key=lambda row: row[0]))
    app = typer.Typer(name="pentimento", no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False)
    app.callback(epilog=f"Exit codes: {codes}.")(_root)
    for row in COMMANDS:
        if row.parts and row.name in loaded:
            group = typer.Typer(no_args_is_help=True, help=row.summary)
            for part in row.parts:
                group.command(part.name, help=part.summary)(part.load())
            app.add_typer(group, name=row.name, rich_help_panel=row.panel)
        else:
            function = row.load() if row.name in loaded else _not_loaded
            app.command(row.name, help=row.summary, rich_help_panel=row.panel)(function)
    return app


def single_commands() -> Iterator[tuple[str, Command]]:
    """Give every command that does something, with the words that call it."""
    for row in COMMANDS:
        yield from [(f"{row.name} {part.name}", part) for part in row.parts] or [(row.name, row)]


def _not_loaded() -> None:
    raise AssertionError("a command that was called is always loaded")


def _loaded_for(arguments: Sequence[str]) -> set[str]:
    names = {row.name for row in COMMANDS}
    return names if "_PENTIMENTO_COMPLETE" in os.environ else names & set(arguments)


def _sentence(error: BaseException) -> str:
    if isinstance(error, typer.TyperException):
        return error.format_message()
    if isinstance(error, KeyboardInterrupt):
        return "stopped"
    if isinstance(error, PentimentoError | OSError):
        return str(error)
    return f"internal error, {type(error).__name__}: {error} (run again with --debug and report what it shows)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; an error becomes one line on stderr."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        app = build_app(_loaded_for(arguments))
        code = app(list(arguments) or ["--help"], prog_name="pentimento", standalone_mode=False) or 0
        if code == exit_code(KeyboardInterrupt()):
            print("pentimento: stopped", file=sys.stderr)
        return code
    except (Exception, KeyboardInterrupt) as error:
        if "--debug" in arguments:
            raise
        print("pentimento:", " ".join(_sentence(error).split()), file=sys.stderr)
        return error.exit_code if isinstance(error, typer.TyperException) else exit_code(error)
