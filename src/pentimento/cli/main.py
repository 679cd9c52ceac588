"""The `pentimento` command: which commands there are, and what becomes of their errors.

A command's module is imported only when that command is called, so that the list of
commands is there at once.
"""

import os
import sys
from collections.abc import Callable, Collection, MutableMapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from inspect import Parameter, Signature, signature
from typing import Any

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

    A name of two words is a command of the group that its first word names; a group without a module only
    holds its commands.
    """

    name: str
    module: str
    summary: str
    panel: str

    def load(self) -> Callable[..., None]:
        module = import_module(f"pentimento.cli.{self.module}")
        return getattr(module, self.name.split()[-1].replace("-", "_"))


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
    Command("chain", "", "Keep edits as layers over a picture.", "Make"),
    Command("chain new", "chain", "Begin a chain with a picture.", "Make"),
    Command("chain add", "chain", "Repaint the chain's picture, or a part of it, as a new step.", "Make"),
    Command("chain accept", "chain", "Take a result of the chain's picture as a new step.", "Make"),
    Command("chain show", "chain", "List the steps.", "Make"),
    Command("chain mute", "chain", "Leave steps out of the picture.", "Make"),
    Command("chain unmute", "chain", "Take steps into the picture again.", "Make"),
    Command("chain move", "chain", "Give a step another place among the others.", "Make"),
    Command("chain rename", "chain", "Give a step another label.", "Make"),
    Command("chain remove", "chain", "Take steps away.", "Make"),
    Command("chain rerun", "chain", "Run a step, or all that are stale, again.", "Make"),
    Command("chain export", "chain", "Write the picture, or all layers as OpenRaster.", "Make"),
    Command("serve", "serve", "Serve the APIs and the studio's page.", "Serve"),
    Command("jobs", "jobs", "List or cancel the jobs of a running server.", "Serve"),
    Command("history", "history", "Find pictures of a running server, and fetch them.", "Serve"),
    Command("info", "info", "Show what is written in a result.", "Look"),
    Command("describe", "describe", "Say what a picture shows.", "Look"),
    Command("verify", "verify", "Prove that nothing outside the mask changed.", "Look"),
    Command("models", "models", "List, fetch and find models.", "Look"),
    Command("models catalogue", "fetching", "List well-known models that can be fetched.", "Look"),
    Command("models download", "fetching", "Fetch a model; the same command again goes on where it stopped.", "Look"),
    Command("models find", "fetching", "Look for the models of A1111, Forge and ComfyUI on this machine.", "Look"),
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
    groups = {row.name.split()[0]: typer.Typer(rich_markup_mode="rich") for row in COMMANDS if " " in row.name}
    for row in COMMANDS:
        group, _, inner = row.name.partition(" ")
        function = row.load() if row.module and row.name in loaded else _not_loaded
        if inner:
            groups[group].command(inner, help=row.summary)(function)
        elif group in groups:
            groups[group].info.no_args_is_help = not row.module
            groups[group].callback(invoke_without_command=bool(row.module), help=row.summary)(_alone(function))
            app.add_typer(groups[group], name=group, rich_help_panel=row.panel)
        else:
            app.command(row.name, help=row.summary, rich_help_panel=row.panel)(function)
    return app


def _alone(function: Callable[..., None]) -> Callable[..., None]:
    """Make of a command what a group does where none of its own commands is named."""

    def callback(context: typer.Context, **values: Any) -> None:
        if context.invoked_subcommand is None:
            function(**values)

    own = Parameter("context", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    object.__setattr__(callback, "__signature__", Signature([own, *signature(function).parameters.values()]))
    return callback


def _not_loaded() -> None:
    raise AssertionError("a command that was called is always loaded")


def _loaded_for(arguments: Sequence[str]) -> set[str]:
    everything = "_PENTIMENTO_COMPLETE" in os.environ
    return {row.name for row in COMMANDS if everything or set(row.name.split()) <= set(arguments)}


def _sentence(error: BaseException) -> str:
    if isinstance(error, typer.TyperException):
        return error.format_message()
    if isinstance(error, KeyboardInterrupt):
        return "stopped"
    if isinstance(error, PentimentoError | OSError):
        return str(error)
    return f"internal error, {type(error).__name__}: {error} (run again with --debug and report what it shows)"


_WAYS_TO_WAIT = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")


def let_threads_sleep(environment: MutableMapping[str, str]) -> None:
    """Have the threads of OpenMP sleep while they wait for each other, unless it was said how they wait.

    Notes
    -----
    By default they spin. Beside other busy processes one that waits then takes the core from the one it waits for: a
    small network with two threads on two busy cores took 113 s, and 6 s so, with the same bytes. A runtime reads this
    when it is loaded, so it is set before torch is imported; workers inherit it.
    """
    if not any(name in environment for name in _WAYS_TO_WAIT):
        environment["OMP_WAIT_POLICY"] = "PASSIVE"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; an error becomes one line on stderr."""
    let_threads_sleep(os.environ)
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
