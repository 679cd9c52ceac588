"""Pictures of a script's finished runs, on disk as long as its job has not ended."""

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from ..files import write_atomically


class Runs:
    """What scripts have painted so far: a folder for each job, in it one for each run.

    With it a script that was interrupted goes on: its generator is sent these pictures again,
    and paints only what comes after them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, job: str, run: int, files: Sequence[bytes]) -> None:
        """Keep the pictures of a run, all or none of them."""
        place, unfinished = self._folder / job / str(run), self._folder / job / f"{run}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for index, file in enumerate(files):
            write_atomically(unfinished / f"{index}.png", file)
        shutil.rmtree(place, ignore_errors=True)
        unfinished.replace(place)

    def of(self, job: str) -> tuple[tuple[bytes, ...], ...]:
        """Give the files of the runs that are finished, from the first on."""
        return tuple(self._files(job, run) for run in range(self.count(job)))

    def count(self, job: str) -> int:
        """Count the runs that are finished, from the first on."""
        run = 0
        while (self._folder / job / str(run)).is_dir():
            run += 1
        return run

    def drop(self, job: str) -> None:
        """Forget a job's runs."""
        shutil.rmtree(self._folder / job, ignore_errors=True)

    def keep_only(self, jobs: Collection[str]) -> None:
        """Forget the runs of all other jobs."""
        for place in self._folder.iterdir() if self._folder.is_dir() else ():
            if place.name not in jobs:
                self.drop(place.name)

    def _files(self, job: str, run: int) -> tuple[bytes, ...]:
        place = self._folder / job / str(run)
        return tuple((place / f"{index}.png").read_bytes() for index in range(len(list(place.iterdir()))))
