"""A script planned and run: its generator is driven by blank pictures, or by those that its requests become."""

import io
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from PIL import Image

from .. import metadata
from ..apart import taken_apart
from ..errors import Cancelled, ImageError
from ..plan import Plan, Seeds
from ..recipe import Recipe, compose_recipe
from ..request import Request
from ..result import model_record
from ..warnings import PlanWarning
from .base import Ask, Asking, Gathered, Options, Pictures, Script, ScriptPicture, check, infotext_with
from .means import Eyes, Look, Means
from .rows import option_rows, part_as_dict, part_row

if TYPE_CHECKING:
    from ..pipeline import Event
    from ..result import Result
    from ..studio import Studio


@dataclass(frozen=True, eq=False)
class Course:
    """A script with all that is decided before it runs: enough to run it, anywhere.

    Attributes
    ----------
    request : as given, its seeds fixed
    seeds : of every picture of every run, in order
    places : of each of those among the pictures that the script gives; None for a step on the way
    pictures : how many the script gives in the end
    only : which of its pictures is wanted alone; None = all
    """

    script: Script
    request: Request
    options: Options
    seeds: tuple[tuple[Seeds, ...], ...]
    places: tuple[tuple[int | None, ...], ...]
    pictures: int
    has_page: bool
    only: int | None = field(default=None, kw_only=True)

    @property
    def painted(self) -> int:
        """How many pictures are painted on the way."""
        return sum(map(len, self.seeds))


@dataclass(frozen=True, eq=False)
class ScriptPlan(Course):
    """What a script will do, before it is done.

    Attributes
    ----------
    base : the plan of the request itself
    runs : the plans of all requests in their order; pictures that come from earlier runs are blank
    labels : what each run is among the others
    given : the pictures that the script gives, blank
    warnings : what a person should know, each once, or once for each part
    """

    base: Plan
    runs: tuple[Plan, ...]
    labels: tuple[str, ...]
    given: Pictures
    warnings: tuple[PlanWarning, ...]

    @property
    def model_calls(self) -> int:
        """How many evaluations of the network all runs need."""
        return sum(run.model_calls * len(run.pictures) for run in self.runs)

    @property
    def _parts(self) -> list[tuple[str, Plan]]:
        """The parts of the first picture; those of the others are the same but for the seeds."""
        parts = dict[str, Plan]()
        for label, run in zip(self.labels, self.runs, strict=True):
            parts.setdefault(label, run)
        return list(parts.items()) if self.script.in_parts else []

    def as_dict(self) -> dict[str, Any]:
        """Give the plan as plain values for JSON."""
        return {
            "script": self.script.name,
            "options": self.options.told(),
            "mode": self.request.mode,
            "model": self.base.model.name,
            "runs": len(self.runs),
            "pictures": self.pictures,
            "pictures_painted": self.painted,
            "page": self.has_page,
            # Each run has its own; who reads plans of both kinds finds these here too.
            "box": None,
            "place": None,
            "output_sizes": [list(size) for size in dict.fromkeys(one.image.size for one in self.given)],
            "labels": [one.label for one in self.given],
            "steps": sum(run.steps * len(run.pictures) for run in self.runs),
            "model_calls": self.model_calls,
            "memory_bytes": max((run.memory_bytes for run in self.runs), default=0),
            "seeds": [one.seeds.seed for one in self.given],
            **({"parts": [part_as_dict(*part) for part in self._parts]} if self.script.in_parts else {}),
            "warnings": [warning.as_dict() for warning in self.warnings],
        }

    def describe(self) -> list[tuple[str, str]]:
        """Give the plan as rows for a person."""
        sizes = dict.fromkeys(str(run.layout.working) for run in self.runs)
        seeds = dict.fromkeys(str(seeds.seed) for run in self.runs for seeds in run.pictures)
        return [
            ("Script", self.script.label),
            *option_rows(self.options),
            *(part_row(*part) for part in self._parts),
            ("Runs", f"{len(self.runs)} at {', '.join(sizes) or 'no size'}"),
            ("Pictures", f"{self.pictures}{' and a page of all' if self.has_page else ''}"),
            ("Model calls", str(self.model_calls)),
            ("Seeds", ", ".join(seeds)),
        ]


@dataclass(frozen=True, eq=False)
class ScriptResult:
    """What a script made.

    Attributes
    ----------
    page : all pictures on one; None where the script has none
    runs : how the pictures were made, in order; what every one of them was is in its own plan
    """

    plan: Course
    pictures: tuple[ScriptPicture, ...]
    page: Image.Image | None
    runs: "tuple[Result, ...]"

    @property
    def page_picture(self) -> ScriptPicture | None:
        """The page as a picture with what is written into it: the infotext of the first picture on it."""
        if self.page is None:
            return None
        first = self.pictures[0]
        return ScriptPicture(self.page, first.seeds, self.plan.request, self.plan.script.name, first.infotext)

    def page_file(self, format: str) -> bytes | None:
        """Give the bytes of the page's file; as PNG where the format cannot hold a picture so large."""
        page = self.page_picture
        if page is None:
            return None
        try:
            return page.encode(format)
        except ImageError:
            return page.encode("png")

    @property
    def images(self) -> list[Image.Image]:
        return [picture.image for picture in self.pictures]

    def save(self, path: str | Path, format: str | None = None, quality: int = 90) -> list[Path]:
        """Write the pictures as `Result.save` does, the page and a table of all recipes.

        Parameters
        ----------
        path : a folder; or a file, which is the page where there is one (the pictures are then
            in a folder of its name, the table beside it), else the first picture

        Returns
        -------
        The files: the page first, then the pictures; the table's name is the page's with .json.
        """
        last, path = self.runs[-1], Path(path) if Path(path).suffix else f"{path}/"
        # Most pictures have the same source and the same options: each is put once.
        options = {id(chosen): chosen for chosen in (one.options or self.plan.options for one in self.pictures)}
        held = [one.request.pictures for one in self.pictures]
        held += [taken_apart(chosen)[1] for chosen in options.values()]
        for place, given in {id(given): (place, given) for each in held for place, given in each.items()}.values():
            last.inputs.put_picture(given, place)
        described = replace(last, images=self.images, seeds=[picture.seeds.seed for picture in self.pictures])
        if self.page is None:
            targets, page = described.targets(path, format), None
        elif isinstance(path, Path):
            targets, page = described.targets(f"{path.with_suffix('')}/", format), path
        else:
            targets = described.targets(path, format)
            page = targets[0].with_stem(f"{targets[0].name.split('-')[0]}-{self.plan.script.name}")
        for picture, target in zip(self.pictures, targets, strict=True):
            recipe = picture.recipe and picture.recipe.to_json()
            metadata.save(
                picture.image,
                target,
                format,
                infotext=picture.infotext,
                recipe=recipe,
                icc=picture.icc,
                quality=quality,
            )
        if self.page is None or page is None:
            return targets
        page.parent.mkdir(parents=True, exist_ok=True)
        metadata.save(self.page, page, format, infotext=self.pictures[0].infotext, quality=quality)
        rows = [{"file": str(target), **row} for target, row in zip(targets, self.table(), strict=True)]
        page.with_suffix(".json").write_text(json.dumps(rows, indent=2, ensure_ascii=False), "utf-8")
        return [page, *targets]

    def table(self) -> list[dict[str, Any]]:
        """List label, seed, infotext and recipe of every picture, as plain values."""
        return [
            {
                "label": picture.label,
                "seed": picture.seeds.seed,
                "infotext": picture.infotext,
                "footprint": picture.footprint and asdict(picture.footprint),
                "recipe": picture.recipe and picture.recipe.model_dump(mode="json", exclude_none=True),
            }
            for picture in self.pictures
        ]


class Planner(Protocol):
    """What plans the requests of a script: a studio, or what stands before one."""

    def plan(self, request: Request) -> Plan: ...


def plan_script(
    studio: Planner,
    script: Script,
    request: Request,
    options: Options,
    keep: Callable[[Plan], Plan] = lambda plan: plan,
    *,
    only: int | None = None,
    look: Look | None = None,
) -> ScriptPlan:
    """Decide what a script will do, without doing it.

    Parameters
    ----------
    keep : what stays in memory of a run's plan
    only : which of the script's pictures is wanted alone; left out = all
    look : finds what is in the picture now; left out = that is left open, because it needs a model

    Raises
    ------
    RequestError, ModelError
        Where it cannot be done; names the field and the way out.
    """
    if script.needs_image and request.init_image is None:
        raise ImageError("init_image", None, f"{script.label} works on a picture; give one")
    base = studio.plan(request)
    seeds = base.pictures[0]
    fixed = request.changed(seed=seeds.seed, variation_seed=seeds.variation_seed)
    blanks: dict[tuple[int, int], Image.Image] = {}
    runs: list[Plan] = []
    answers: list[Pictures] = []
    labels: list[str] = []
    warnings: dict[tuple[str, str], PlanWarning] = {}
    asking = script.begin(fixed, options, Means(studio.plan, look, blank=True))
    while isinstance(asked := _next(asking, answers[-1] if answers else None), Ask):
        run = studio.plan(asked.request)
        labels.append(asked.label)
        warnings |= _warnings_of(run, asked.label if script.in_parts else "", warnings)
        runs.append(keep(run))
        blank = blanks.setdefault(run.output_size, Image.new("RGB", run.output_size, "#808080"))
        answers.append([ScriptPicture(blank, seeds, asked.request, asked.label) for seeds in run.pictures])
    count = len(asked.pictures)
    refused = f"{script.label} gives {count} pictures here, and none has the place {only}"
    check(only is None or 0 <= only < count, "only", only, refused)
    given = _wanted(asked.pictures, only)
    # What a script gives as it was answered has its place before it is painted.
    places = {id(picture): place for place, picture in reversed(list(enumerate(given)))}
    return ScriptPlan(
        script=script,
        request=fixed,
        options=options,
        seeds=tuple(run.pictures for run in runs),
        places=tuple(tuple(places.get(id(picture)) for picture in answer) for answer in answers),
        pictures=len(given),
        has_page=asked.page is not None and only is None,
        base=keep(base),
        runs=tuple(runs),
        labels=tuple(labels),
        given=given,
        warnings=(*warnings.values(), *asked.warnings),
        only=only,
    )


def _warnings_of(
    run: Plan, part: str, told: Mapping[tuple[str, str], PlanWarning]
) -> dict[tuple[str, str], PlanWarning]:
    """Give the warnings of a run that were not told yet; of a part, with its name."""
    found = {(part, warning.code): warning for warning in run.warnings if (part, warning.code) not in told}
    if not part:
        return found
    # What would mend it is to be set in the part, not in the request.
    return {key: replace(one, message=f"{part}: {one.message}", fix={}) for key, one in found.items()}


def _wanted(pictures: Pictures, only: int | None) -> tuple[ScriptPicture, ...]:
    return tuple(pictures) if only is None else (pictures[only],)


class Watcher(Protocol):
    """Who is told of the runs of a script as they begin and end."""

    def begins(self, run: Plan) -> None: ...

    def ended(self, number: int, pictures: Pictures) -> None: ...


class Unwatched:
    """Nobody is told."""

    def begins(self, run: Plan) -> None:
        del run

    def ended(self, number: int, pictures: Pictures) -> None:
        del number, pictures


def run_script(
    studio: "Studio",
    plan: Course,
    on_event: "Callable[[Event], None] | None" = None,
    cancel: threading.Event | None = None,
    *,
    watcher: Watcher | None = None,
    made: Sequence[Sequence[bytes]] = (),
) -> ScriptResult:
    """Execute a plan of `plan_script`.

    Parameters
    ----------
    on_event : told of every step and picture; pictures are counted over all runs
    cancel : set it from anywhere to stop within one call of the network, or between runs
    made : of the first runs, the files of their pictures, lossless; those are not run again

    Raises
    ------
    Cancelled
        Where `cancel` was set.
    """
    cancel, watcher = cancel or threading.Event(), watcher or Unwatched()
    tell = on_event or _tell_nobody
    results: list[Result] = []
    finished: list[Event] = []
    asking = plan.script.begin(plan.request, plan.options, Means(studio.plan, Eyes(studio)))
    answer: Pictures | None = None
    parts: list[Recipe] = []
    icc: bytes | None = None
    number = done = 0
    while isinstance(asked := _next(asking, answer), Ask):
        if number < len(made):
            answer = [_read_again(file, asked) for file in made[number]]
        elif cancel.is_set():
            raise Cancelled("the script was cancelled; nothing was written")
        else:
            run = _with_seeds(studio.plan(asked.request), plan.seeds[number : number + 1])
            watcher.begins(run)
            result = studio.run(run, _counted(tell, finished, done, plan.painted), cancel)
            results.append(result)
            answer = [_picture(result, index, asked) for index in range(len(result.images))]
        parts += [picture.recipe for picture in answer if picture.recipe is not None]
        icc = icc or answer[0].icc
        if plan.script.builds_up:
            answer = _given_recipes(studio, plan, parts, plan.places[number], answer)
        watcher.ended(number, answer)
        done += len(answer)
        number += 1
    for event in finished[-1:]:
        tell(replace(event, picture=done, pictures=done))
    # A picture that was put together has the colours of what it was put together from.
    given = [
        replace(one if one.recipe else _with_recipe(studio, plan, parts, place, one), icc=one.icc or icc)
        for place, one in enumerate(_wanted(asked.pictures, plan.only))
    ]
    page = asked.page() if asked.page is not None and plan.only is None else None
    return ScriptResult(plan, tuple(given), page, tuple(results))


def _given_recipes(
    studio: "Studio", plan: Course, parts: Sequence[Recipe], places: Sequence[int | None], answer: Pictures
) -> Pictures:
    """Let the pictures of a run that are among the script's be made again by the script."""
    pairs = zip(places, answer, strict=True)
    return [one if place is None else _with_recipe(studio, plan, parts, place, one) for place, one in pairs]


def _with_recipe(
    studio: "Studio", plan: Course, parts: Sequence[Recipe], place: int, picture: ScriptPicture
) -> ScriptPicture:
    """Give a picture that was put together a recipe, which runs the script again."""
    recipe = compose_recipe(
        parts,
        plan.request,
        plan.script.name,
        picture.options or plan.options,
        picture.image,
        model=model_record(studio.plan(plan.request).model),
        seed=picture.seeds.seed,
        variation_seed=picture.seeds.variation_seed,
        index=place if plan.only is None else plan.only,
    )
    return replace(picture, request=plan.request, recipe=recipe)


def _with_seeds(run: Plan, seeds: Sequence[tuple[Seeds, ...]]) -> Plan:
    """Give a run the seeds that it was planned with."""
    return run.with_pictures(seeds[0]) if seeds and len(seeds[0]) == len(run.pictures) else run


def _read_again(file: bytes, asked: Ask) -> ScriptPicture:
    """Read a picture of a run that was made before."""
    found = metadata.read(file)
    recipe = Recipe.from_json(found.recipe or "")
    with Image.open(io.BytesIO(file)) as image:
        image.load()
    return ScriptPicture(
        image=image,
        seeds=Seeds(recipe.seed, recipe.variation_seed),
        request=asked.request,
        label=asked.label,
        infotext=found.infotext or "",
        recipe=recipe,
        icc=image.info.get("icc_profile"),
    )


def _next(asking: Asking, answer: Pictures | None) -> Ask | Gathered:
    try:
        return next(asking) if answer is None else asking.send(answer)
    except StopIteration as stop:
        return cast(Gathered, stop.value)


def _tell_nobody(event: "Event") -> None:
    del event


def _counted(
    tell: "Callable[[Event], None]", finished: "list[Event]", done: int, total: int
) -> "Callable[[Event], None]":
    """Tell of one run's events as of a part of all; the end is told once, at the end."""

    def counting(event: "Event") -> None:
        if event.kind == "finished":
            finished.append(event)
        else:
            # What is found on the way was not counted before.
            tell(replace(event, picture=done + event.picture, pictures=max(total, done + event.pictures)))

    return counting


def _picture(result: "Result", index: int, asked: Ask) -> ScriptPicture:
    seeds = result.plan.pictures[index]
    return ScriptPicture(
        image=result.images[index],
        seeds=seeds,
        request=asked.request,
        label=asked.label,
        infotext=infotext_with(result.plan, seeds, asked.notes) if asked.notes else result.infotexts[index],
        recipe=result.recipes[index],
        icc=result.icc,
    )
