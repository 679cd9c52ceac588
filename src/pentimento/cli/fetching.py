"""`pentimento models catalogue`, `download`, `find`: models that can be had, brought here, or are here already."""

import sys
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from ..models.catalogue import Offer, find_offer
from ..models.catalogue import catalogue as offers
from ..models.downloads import Download, State, read_source
from ..models.folders import add, find_folders, own_folder
from .remote import Debug, Json
from .terminal import say, say_json, say_rows, say_table, size_text

_WORDS: Mapping[State, str] = {"asking": "asking", "checking": "checking what arrived"}
_SECONDS_BETWEEN_LOOKS = 0.1
Into = Annotated[
    Path | None,
    typer.Option("--to", help="Folder for it; left out = your own, which is always looked through.", metavar="FOLDER"),
]


def catalogue(json: Json = False, debug: Debug = False) -> None:
    """List well-known models that can be fetched, with size and licence."""
    if json:
        say_json([{**vars(offer)} for offer in offers()])
        return
    rows = [(offer.name, _family(offer), size_text(offer.size_bytes), offer.licence, offer.about) for offer in offers()]
    say_table(("name", "family", "size", "licence", "what it is"), rows, unbroken=("name", "size"))
    print("\nFetch one: pentimento models download NAME", file=sys.stderr)


def _family(offer: Offer) -> str:
    words = (offer.family, "inpaint" if offer.inpaint else "", "" if offer.kind == "model" else offer.kind)
    return " ".join(filter(None, words))


def download(
    name: Annotated[
        str, typer.Argument(help="Name of the catalogue, owner/name on the hub, or https address.", metavar="NAME")
    ],
    file: Annotated[
        str | None, typer.Option(help="The one file of a repository that is wanted.", metavar="FILE")
    ] = None,
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit on the hub.", metavar="NAME")] = None,
    to: Into = None,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Fetch a model; stopped by Ctrl-C or by anything else, the same command goes on."""
    download = Download.of((to or own_folder()).expanduser(), read_source(name, file=file, revision=revision))
    try:
        with watching(download):
            place = download.run(threading.Event())
    except KeyboardInterrupt:
        progress = download.progress()
        whole = f" of {size_text(progress.total)}" if progress.total else ""
        print(f"{size_text(progress.received)}{whole} are kept: the same command goes on from there", file=sys.stderr)
        raise
    offer = find_offer(name)
    advice: Mapping[str, Any] = offer.advice if offer is not None else {}
    if json:
        say_json({"path": str(place), "source": download.source.label, "advice": dict(advice)})
        return
    say(str(place))
    if advice:
        flags = " ".join(f"--{field.replace('_', '-')} {value}" for field, value in advice.items())
        print(f"It is made for {flags}", file=sys.stderr)


def find(
    use: Annotated[bool, typer.Option("--use", help="Look through those that are found from now on.")] = False,
    json: Json = False,
    debug: Debug = False,
) -> None:
    """Look for the models of A1111, Forge and ComfyUI on this machine."""
    found = find_folders()
    if use:
        for one in found:
            add(own_folder(), one.path)
    if json:
        say_json([{**vars(one)} for one in found])
    elif not found:
        say("none found; give a folder that you know: pentimento models --models FOLDER")
    else:
        say_table(("program", "models", "where"), [(one.application, str(one.models), str(one.path)) for one in found])
        if not use:
            how = [("once", f"--models {found[0].path}"), ("from now on", "pentimento models find --use")]
            print("\nNothing is copied. To use them:", file=sys.stderr)
            say_rows(how)


@contextmanager
def watching(download: Download) -> Generator[None]:
    """Show how far a download is on stderr, while the context lasts."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    done = threading.Event()
    with bar:
        task = bar.add_task(download.source.label, total=None)

        def look() -> None:
            while not done.wait(_SECONDS_BETWEEN_LOOKS):
                progress = download.progress()
                word = _WORDS.get(download.state)
                title = f"{download.source.label} ({word})" if word else download.source.label
                bar.update(task, description=title, total=progress.total, completed=progress.received)

        looking = threading.Thread(target=look, daemon=True)
        looking.start()
        try:
            yield
        finally:
            done.set()
            looking.join()
