"""What commands write for people: tables, warnings, progress. Results go to stdout, the rest to stderr."""

import json
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from ..pipeline import Event
    from ..warnings import PlanWarning


def say(text: str) -> None:
    """Write one line on stdout, as it is."""
    print(text, flush=True)


def say_json(value: Any) -> None:
    """Write a value as JSON on stdout."""
    say(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def say_rows(rows: Iterable[tuple[str, str]]) -> None:
    """Write names and values in two columns."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(Text(name), Text(value))
    Console(highlight=False).print(table)


def say_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table with headings."""
    table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(table)


def warn(warnings: Iterable["PlanWarning"]) -> None:
    """Write a plan's warnings on stderr, with the flags that would mend them."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for warning in warnings:
        fix = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in warning.fix.items())
        line = Text(f"warning: {warning.message} [{warning.code}]")
        line.stylize("yellow", 0, len("warning:"))
        console.print(line.append(f" (try {fix})" if fix else ""))


class _Speed(ProgressColumn):
    """Steps per second."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:.2f} steps/s")


@contextmanager
def progress(title: str) -> Generator[Callable[["Event"], None]]:
    """Show a bar on stderr while the context lasts; gives the callback for `Studio.run`."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Speed(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(title, total=None)

        def show(event: "Event") -> None:
            if event.kind == "upscaling":  # tiles of one picture, not steps of all
                bar.update(task, description=f"{title}, enlarging", total=event.steps, completed=event.step)
                return
            many = f"{title} {min(event.picture + 1, event.pictures)}/{event.pictures}"
            bar.update(
                task,
                description=many if event.pictures > 1 else title,
                total=event.steps * event.pictures or None,
                completed=event.picture * event.steps + event.step,
            )

        yield show
