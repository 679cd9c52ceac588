"""A picture and its edits, in order: everything of them but the models, as one frozen value."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .. import metadata
from ..errors import RequestError
from ..files import write_atomically
from ..geometry import Size
from ..pictures.layers import lay
from ..pictures.read import read_picture
from ..recipe import picture_bytes, pixels_sha256
from ..request import Picture, Request
from .openraster import to_openraster
from .project import Check, read_project, unchecked, write_project
from .step import Edit, Ground, Step, make_step

if TYPE_CHECKING:
    from ..pipeline import Event
    from ..plan import Plan
    from ..result import Result
    from ..studio import Studio

OnEvent = Callable[["Event"], None]


@dataclass(frozen=True, eq=False)
class Chain:
    """A picture, and edits of it as layers. Every operation gives another chain.

    Steps are counted from 1; the picture at 0 is the source.

    Attributes
    ----------
    source : bytes of the first picture's file
    steps : from below to above

    Examples
    --------
    >>> chain = Chain.of("examples/garden.png")  # doctest: +SKIP
    >>> chain = chain.paint(studio, chain.request(prompt="a tree", mask="rect 50% 50% 25% 25%"))  # doctest: +SKIP
    >>> chain.mute(1).picture()  # doctest: +SKIP

    Notes
    -----
    Layers are mixed in float from the source up and rounded once. So bytes under no layer are the source's
    after any number of steps, and what a step has painted stays as that one run has decoded it until another
    step paints over it. A step sees what lies below it: where it repaints what others have painted, that goes
    through the model's encoder once more. To try again in the same place, run the step itself again.
    """

    source: bytes
    steps: tuple[Step, ...] = ()

    @classmethod
    def of(cls, picture: Picture | Path) -> "Chain":
        """Begin with a picture.

        Raises
        ------
        ImageError
            Where it cannot be read.
        """
        data = picture_bytes(str(picture) if isinstance(picture, Path) else picture, "source")
        read_picture(data, "source")
        return cls(data)

    @classmethod
    def open(cls, path: str | Path) -> "Chain":
        """Read what `save` wrote.

        Raises
        ------
        RequestError
            Where there is no such file, or it is damaged, foreign or of a newer form.
        """
        return cls(*read_project(Path(path).expanduser()))

    @classmethod
    def from_bytes(cls, data: bytes, most: int | None = None, check: Check = unchecked) -> "Chain":
        """Read what `to_bytes` gave.

        Parameters
        ----------
        most : bytes that all parts may have together once they are unpacked; left out = no bound for the whole
        check : given each picture's bytes before it is opened; raises where it is not to be

        Raises
        ------
        RequestError
            Where it is damaged, foreign, larger or of a newer form.
        """
        return cls(*read_project(data, most, check))

    def save(self, path: str | Path) -> None:
        """Write everything into one file, whole or not at all."""
        write_atomically(Path(path).expanduser(), self.to_bytes())

    def to_bytes(self) -> bytes:
        """Give the bytes of that file; equal chains give equal bytes."""
        return write_project(self.source, self.steps)

    # What it shows

    @cached_property
    def _ground(self) -> Ground:
        return Ground.of(self.source)

    @property
    def size(self) -> Size:
        return self._ground.size

    def grounds(self) -> Iterator[Ground]:
        """Give what lies below each step, and last the whole picture; each holds until the next is asked for."""
        ground = replace(self._ground, canvas=self._ground.canvas.copy())
        yield ground
        for step in self.steps:
            if not step.muted:
                lay(ground.canvas, step.layer)
            yield ground

    def _below(self, number: int) -> Ground:
        """Give what lies below a step; one more than there are gives the whole picture."""
        return next(ground for index, ground in enumerate(self.grounds(), 1) if index == number)

    def picture(self, upto: int | None = None) -> Image.Image:
        """Show what the first steps make of the source, "RGB" or "RGBA"; left out = all of them."""
        return self._below(self._upto(upto) + 1).to_image()

    def _upto(self, number: int | None) -> int:
        return len(self.steps) if number is None else number and self._check_number(number, "upto")

    @cached_property
    def stale(self) -> tuple[bool, ...]:
        """For every step, whether what its run has seen is other now, so that a run would give something else."""
        return tuple(
            ground.digest(step.sees) != step.saw for step, ground in zip(self.steps, self.grounds(), strict=False)
        )

    @cached_property
    def touched(self) -> NDArray[np.bool_]:
        """[H, W], where any step that is not muted has a part in the picture; all other bytes are the source's."""
        touched = np.zeros((self.size.height, self.size.width), np.bool_)
        for step in self.steps:
            if not step.muted:
                left, top, right, bottom = step.layer.box
                touched[top:bottom, left:right] |= step.layer.weight > 0
        return touched

    # Painting

    def request(self, **fields: Any) -> Request:
        """Build the request of a next step: over this chain's picture.

        Raises
        ------
        RequestError
        """
        return Request(init_image=self.picture(), **fields)

    def paint(
        self,
        studio: "Studio",
        request: "Request | Plan",
        label: str = "",
        on_event: OnEvent | None = None,
        cancel: threading.Event | None = None,
    ) -> "Chain":
        """Run a request over this chain's picture, and add what it has changed as a step.

        Raises
        ------
        RequestError
            Where the request is over another picture, or would give another size or several pictures.
        """
        plan = studio.plan(request) if isinstance(request, Request) else request
        self.check(plan)
        return self.add(studio.run(plan, on_event, cancel), label=label)

    def add(self, result: "Result", index: int = 0, label: str = "") -> "Chain":
        """Add what a result over this chain's picture has changed, one of its pictures.

        Raises
        ------
        RequestError
            As `paint`.
        """
        return self._added(Edit.of_result(result, index), label)

    def accept(self, studio: "Studio", file: str | Path | bytes, label: str = "") -> "Chain":
        """Add what a result over this chain's picture has changed, from the result's file.

        Raises
        ------
        RequestError
            As `paint`.
        RecipeError
            Where the file has no recipe of one run, was changed since, or its inputs are not in the studio's store.
        """
        return self._added(Edit.of_file(file, studio), label)

    def _added(self, edit: Edit, label: str) -> "Chain":
        below = self._below(len(self.steps) + 1)
        _check_over(below, edit.plan)
        return replace(self, steps=(*self.steps, make_step(below, edit, label)))

    def check(self, plan: "Plan", number: int | None = None) -> None:
        """Refuse what cannot become the next step, or take the place of one, before it is run.

        Raises
        ------
        RequestError
        """
        self._checked(plan, len(self.steps) + 1 if number is None else self._check_number(number))

    def _checked(self, plan: "Plan", number: int) -> Ground:
        below = self._below(number)
        _check_over(below, plan)
        _check_one(plan)
        return below

    # Steps

    def mute(self, *numbers: int) -> "Chain":
        """Leave steps out of the picture."""
        return self._muted(numbers, muted=True)

    def unmute(self, *numbers: int) -> "Chain":
        """Take steps into the picture again."""
        return self._muted(numbers, muted=False)

    def _muted(self, numbers: Iterable[int], *, muted: bool) -> "Chain":
        wanted = {self._check_number(number) for number in numbers}
        steps = [replace(step, muted=muted) if number in wanted else step for number, step in enumerate(self.steps, 1)]
        return replace(self, steps=tuple(steps))

    def move(self, number: int, to: int) -> "Chain":
        """Give a step another place among the others."""
        steps = list(self.steps)
        moved = steps.pop(self._check_number(number) - 1)
        steps.insert(self._check_number(to, "to") - 1, moved)
        return replace(self, steps=tuple(steps))

    def remove(self, *numbers: int) -> "Chain":
        """Take steps away."""
        gone = {self._check_number(number) for number in numbers}
        return replace(self, steps=tuple(step for number, step in enumerate(self.steps, 1) if number not in gone))

    def rename(self, number: int, label: str) -> "Chain":
        """Give a step another label; empty = its prompt."""
        return self._set(number, replace(self.steps[self._check_number(number) - 1], label=label))

    def rerun(
        self,
        studio: "Studio",
        number: int,
        on_event: OnEvent | None = None,
        cancel: threading.Event | None = None,
        **changes: Any,
    ) -> "Chain":
        """Run a step again over what lies below it now; what it has painted before is not seen.

        Parameters
        ----------
        changes : fields of its request that are to be other, such as `seed=7`

        Raises
        ------
        RequestError, RecipeError
            Where it cannot be run over what lies below it now, or by this program.
        """
        plan = studio.plan(self.again(number, **changes))
        below = self._checked(plan, number)
        return self._with(number, make_step(below, Edit.of_result(studio.run(plan, on_event, cancel), 0)))

    def again(self, number: int, **changes: Any) -> Request:
        """Build the request that runs a step again over what lies below it now.

        Parameters
        ----------
        changes : fields of it that are to be other

        Raises
        ------
        RequestError, RecipeError
            Where this program does not take it.
        """
        step = self.steps[self._check_number(number) - 1]
        request = step.request(self._below(number).to_image())
        return request.changed(**changes) if changes else request

    def retake(self, studio: "Studio", number: int, file: str | Path | bytes) -> "Chain":
        """Put a result in the place of a step, from the result's file.

        It is kept as what it changed in the picture that it was made of: the step is stale where that is not
        what lies below it now.

        Raises
        ------
        RequestError
            Where the result has no source, or the sizes are not those of the chain.
        RecipeError
            As `accept`.
        """
        self._check_number(number)
        edit = Edit.of_file(file, studio)
        given = edit.plan.request.init_image
        if given is None:
            raise RequestError("picture", "without a source", "it is made of no picture; a step is an edit of one")
        ground = Ground.of(picture_bytes(given, "init_image"))
        if ground.size != self.size:
            raise RequestError(
                "picture", str(ground.size), f"it is made of a picture of {ground.size}; the chain's is {self.size}"
            )
        _check_over(ground, edit.plan)
        return self._with(number, make_step(ground, edit))

    def refresh(
        self,
        studio: "Studio",
        first: int = 1,
        on_event: OnEvent | None = None,
        cancel: threading.Event | None = None,
        *,
        on_step: Callable[["Chain"], None] | None = None,
    ) -> "Chain":
        """Run every stale step from one on again, from below to above; muted ones are passed over.

        Parameters
        ----------
        on_step : given the chain after each of them, to be kept if a later one fails
        """
        chain = self
        for number in range(self._check_number(first, "first"), len(self.steps) + 1) if self.steps else ():
            if chain.stale[number - 1] and not chain.steps[number - 1].muted:
                chain = chain.rerun(studio, number, on_event, cancel)
                if on_step is not None:
                    on_step(chain)
        return chain

    def _with(self, number: int, made: Step) -> "Chain":
        """Put a step that was made in the place of another, whose label it takes."""
        old = self.steps[number - 1]
        return self._set(number, replace(made, label=old.label, muted=old.muted))

    def _set(self, number: int, step: Step) -> "Chain":
        return replace(self, steps=(*self.steps[: number - 1], step, *self.steps[number:]))

    def _check_number(self, number: int, field: str = "step") -> int:
        if not 1 <= number <= len(self.steps):
            have = f"it has {len(self.steps)}, counted from 1" if self.steps else "it has none yet"
            raise RequestError(field, number, f"the chain has no step {number}; {have}")
        return number

    # For others

    def export(self, path: str | Path, upto: int | None = None, format: str | None = None, quality: int = 90) -> None:
        """Write the picture, or with the suffix .ora all layers, for other programs.

        Parameters
        ----------
        format : png, jpg, webp, avif or ora; left out = by the suffix

        Raises
        ------
        RequestError
            Where the format is unknown, or cannot hold the picture.
        """
        target = Path(path).expanduser()
        write_atomically(target, self.encode(format or target.suffix, upto, quality))

    def encode(self, format: str, upto: int | None = None, quality: int = 90) -> bytes:
        """Give the bytes of the file that `export` writes.

        Raises
        ------
        RequestError
            As `export`.
        """
        shown = replace(self, steps=self.steps[: self._upto(upto)])
        if format.lower().removeprefix(".") == "ora":
            return to_openraster(shown.grounds(), shown.steps)
        image = shown.picture()
        icc: bytes | None = image.info.get("icc_profile")
        last = next((step.infotext for step in reversed(shown.steps) if not step.muted), None)
        return metadata.encode(image, format, infotext=last, icc=icc, quality=quality)


def _check_over(ground: Ground, plan: "Plan") -> None:
    """Refuse a plan whose picture is not what lies below, or whose result has another size."""
    below, given = ground.to_image(), plan.request.init_image
    if given is None or pixels_sha256(read_picture(given, "init_image").convert(below.mode)) != pixels_sha256(below):
        raise RequestError(
            "init_image", "given", "it is not the chain's picture at this step; build the request by `chain.request`"
        )
    if plan.output_size != ground.size:
        raise RequestError(
            "width",
            plan.output_size.width,
            f"the result would be {plan.output_size} and the chain's picture is {ground.size}; a step keeps the size:"
            " leave out width and height, or begin a chain with the result",
        )


def _check_one(plan: "Plan") -> None:
    if len(plan.pictures) != 1:
        raise RequestError(
            "batch_size",
            len(plan.pictures),
            f"{len(plan.pictures)} pictures would be made and a step is one; run it apart and add the one you choose",
        )
