"""What a script is: a generator that asks for requests and is sent the pictures they became.

Because a script only asks, the same generator that runs it also plans it: with blank
pictures of the right size in place of results. So what a plan counts is what will run.
"""

import json
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

from PIL import Image
from pydantic import BaseModel, ConfigDict, ValidationError

from .. import infotext, metadata
from ..apart import taken_apart
from ..errors import Cancelled, ImageError, RequestError, unknown_name
from ..models.info import ModelInfo
from ..pictures.metrics import Footprint
from ..pictures.read import read_picture
from ..plan import Plan, Seeds
from ..recipe import Recipe, compose_recipe
from ..request import Request, refusal
from ..result import model_record, parameters
from ..warnings import PlanWarning
from .means import Eyes, Means
from .rows import option_rows, part_as_dict, part_row

if TYPE_CHECKING:
    from ..pipeline import Event
    from ..result import Result
    from ..studio import Studio


class Options(BaseModel):
    """The options of a script, beside the fields of the request.

    Raises
    ------
    RequestError
        Names the option, the value, the choices and the way out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True)

    def __init__(self, /, **values: Any) -> None:
        for name in values:
            if name not in type(self).model_fields:
                raise unknown_name(name, name, list(type(self).model_fields))
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise refusal(error) from error

    def changed(self, **values: Any) -> Self:
        """Copy with some options changed, validated like new ones."""
        return type(self)(**{**{name: getattr(self, name) for name in self.model_fields_set}, **values})


@dataclass(frozen=True, eq=False)
class ScriptPicture:
    """One picture that a script gives.

    Attributes
    ----------
    label : what it is among the others, such as "steps 10, cfg_scale 5"; empty where it is alone
    request : what made it; its pictures are kept when it is saved, so that the recipe can be run
    recipe : None while a script has put it together from several runs; then `run_script` gives
        it one that runs the script again
    footprint : where it changed beside what was painted; None where a script does not say
    options : that give it again, where those are not what the script was given
    """

    image: Image.Image
    seeds: Seeds
    request: Request
    label: str = ""
    infotext: str = ""
    recipe: Recipe | None = None
    footprint: Footprint | None = None
    options: Options | None = None


Pictures = Sequence[ScriptPicture]


@dataclass(frozen=True)
class Ask:
    """One request that a script wants to be run.

    Attributes
    ----------
    notes : more pairs for the infotext of its pictures
    """

    request: Request
    label: str = ""
    notes: Mapping[str, infotext.Value] = field(default_factory=dict[str, infotext.Value])


@dataclass(frozen=True, eq=False)
class Gathered:
    """What a script comes to.

    Attributes
    ----------
    page : draws one picture of all of them; None where there is nothing to compare
    warnings : what a person should know beside what the plan of every run says
    """

    pictures: Pictures
    page: Callable[[], Image.Image] | None = None
    warnings: Sequence[PlanWarning] = ()


Asking = Generator[Ask, Pictures, Gathered]


@dataclass(frozen=True, eq=False)
class Script:
    """One script: what it is called, what can be set, and its generator.

    Attributes
    ----------
    steps : (request, options, a way to plan) to the generator; seeds of the request are fixed
    needs_image : it works on a picture; without one it is refused
    keeps : gives the request, run alone, whose untouched pixels are those that the script leaves
        alone; None where there is none
    in_parts : its runs are parts of one picture, which the plan tells one by one
    """

    name: str
    label: str
    label_ru: str
    summary: str
    options: type[Options]
    steps: Callable[[Request, Any, Means], Asking]
    needs_image: bool = True
    keeps: Callable[[Request, Any], Request] | None = None
    in_parts: bool = False

    def begin(self, request: Request, options: Options, means: Means) -> Asking:
        return self.steps(request, options, means)


@dataclass(frozen=True, eq=False)
class ScriptPlan:
    """What a script will do, before it is done.

    Attributes
    ----------
    request : as given, its seeds fixed
    model : which the request names
    runs : the plans of all requests in their order; pictures that come from earlier runs are blank
    pictures : how many the script gives in the end
    only : the place of the one picture that is wanted; None = all
    labels : what each run is among the others
    told : what a person should know beside the warnings of the runs
    """

    script: Script
    request: Request
    options: Options
    model: ModelInfo
    runs: tuple[Plan, ...]
    pictures: int
    has_page: bool
    only: int | None = None
    labels: tuple[str, ...] = ()
    told: tuple[PlanWarning, ...] = ()

    @property
    def painted(self) -> int:
        """How many pictures are painted on the way."""
        return sum(len(run.pictures) for run in self.runs)

    @property
    def model_calls(self) -> int:
        """How many evaluations of the network all runs need."""
        return sum(run.model_calls * len(run.pictures) for run in self.runs)

    @property
    def warnings(self) -> tuple[PlanWarning, ...]:
        """What a person should know, each warning once, or once for each part."""
        if self.script.in_parts:
            pairs = [(label, warning) for label, run in self._parts for warning in run.warnings]
            # What would mend it is to be set in the part, not in the request.
            each = [replace(one, message=f"{label}: {one.message}", fix={}) for label, one in pairs]
            return (*each, *self.told)
        return (*{one.code: one for run in self.runs for one in run.warnings}.values(), *self.told)

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
            "options": self.options.model_dump(mode="json"),
            "runs": len(self.runs),
            "pictures": self.pictures,
            "pictures_painted": self.painted,
            "page": self.has_page,
            "model_calls": self.model_calls,
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

    plan: ScriptPlan
    pictures: tuple[ScriptPicture, ...]
    page: Image.Image | None
    runs: "tuple[Result, ...]"

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
        kept = [picture.request.pictures for picture in self.pictures]
        for given in (*kept, taken_apart(self.plan.options)[1]):
            for place, one in given.items():
                last.inputs.put_picture(one, place)
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
                picture.image, target, format, infotext=picture.infotext, recipe=recipe, icc=last.icc, quality=quality
            )
        if self.page is None or page is None:
            return targets
        page.parent.mkdir(parents=True, exist_ok=True)
        metadata.save(self.page, page, format, quality=quality)
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


def plan_script(
    studio: "Studio",
    script: Script,
    request: Request,
    options: Options,
    only: int | None = None,
    *,
    look: bool = False,
) -> ScriptPlan:
    """Decide what a script will do, without doing it.

    Parameters
    ----------
    only : the place of the one picture that is wanted; left out = all
    look : find what is in the picture now, where that needs a model; otherwise it is left open

    Raises
    ------
    RequestError, ModelError
        Where it cannot be done; names the field and the way out.
    """
    if script.needs_image and request.init_image is None:
        raise ImageError("init_image", None, f"{script.label} works on a picture; give one")
    first = studio.plan(request)
    seeds = first.pictures[0]
    fixed = request.changed(seed=seeds.seed, variation_seed=seeds.variation_seed)
    blanks: dict[tuple[int, int], Image.Image] = {}
    runs: list[Plan] = []
    labels: list[str] = []
    asking = script.begin(fixed, options, Means(studio.plan, Eyes(studio) if look else None, blank=True))
    answer: Pictures | None = None
    while isinstance(asked := _next(asking, answer), Ask):
        run = studio.plan(asked.request)
        runs.append(run)
        labels.append(asked.label)
        blank = blanks.setdefault(run.output_size, Image.new("RGB", run.output_size, "#808080"))
        answer = [ScriptPicture(blank, seeds, asked.request, asked.label) for seeds in run.pictures]
    count, has_page = len(asked.pictures), asked.page is not None
    if only is not None:
        given = f"{script.label} gives {count} pictures here, and none has the place {only}"
        check(0 <= only < count, "only", only, given)
        count, has_page = 1, False
    told = tuple(asked.warnings)
    return ScriptPlan(
        script, fixed, options, first.model, tuple(runs), count, has_page, only, labels=tuple(labels), told=told
    )


def run_script(
    studio: "Studio",
    plan: ScriptPlan,
    on_event: "Callable[[Event], None] | None" = None,
    cancel: threading.Event | None = None,
) -> ScriptResult:
    """Execute a plan of `plan_script`.

    Parameters
    ----------
    on_event : told of every step and picture; pictures are counted over all runs
    cancel : set it from anywhere to stop within one call of the network, or between runs

    Raises
    ------
    Cancelled
        Where `cancel` was set.
    """
    cancel = cancel or threading.Event()
    tell = on_event or _tell_nobody
    results: list[Result] = []
    finished: list[Event] = []
    asking = plan.script.begin(plan.request, plan.options, Means(studio.plan, Eyes(studio)))
    answer: Pictures | None = None
    done = 0
    while isinstance(asked := _next(asking, answer), Ask):
        if cancel.is_set():
            raise Cancelled("the script was cancelled; nothing was written")
        result = studio.run(asked.request, _counted(tell, finished, done, plan.painted), cancel)
        results.append(result)
        done += len(result.images)
        answer = [_picture(result, index, asked) for index in range(len(result.images))]
    for event in finished[-1:]:
        tell(replace(event, picture=done, pictures=done))
    pictures = [_with_recipe(plan, results, index, picture) for index, picture in enumerate(asked.pictures)]
    if plan.only is not None:
        return ScriptResult(plan, (pictures[plan.only],), None, tuple(results))
    return ScriptResult(plan, tuple(pictures), asked.page and asked.page(), tuple(results))


def _with_recipe(plan: ScriptPlan, runs: "Sequence[Result]", index: int, picture: ScriptPicture) -> ScriptPicture:
    """Give a picture that was put together a recipe, which runs the script again."""
    if picture.recipe is not None:
        return picture
    recipe = compose_recipe(
        [recipe for run in runs for recipe in run.recipes],
        plan.request,
        plan.script.name,
        picture.options or plan.options,
        picture.image,
        model=model_record(plan.model),
        seed=picture.seeds.seed,
        variation_seed=picture.seeds.variation_seed,
        index=index,
    )
    return replace(picture, request=plan.request, recipe=recipe)


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
    )


def infotext_with(plan: Plan, seeds: Seeds, notes: Mapping[str, infotext.Value]) -> str:
    """Write the infotext with more pairs, which stand before the version."""
    told = parameters(plan, seeds)
    last = {"Version": told.pop("Version")}
    return infotext.write(plan.prompt_text, plan.negative_text, {**told, **notes, **last})


def source_of(request: Request) -> Image.Image:
    """Read the picture that a script works on, transparent parts on the background colour: RGB."""
    assert request.init_image is not None, "a script that needs a picture was given one"
    check_not_extended(request)
    image = read_picture(request.init_image, "init_image")
    if image.mode != "RGBA":
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, request.background)
    return Image.alpha_composite(ground, image).convert("RGB")


def check_not_extended(request: Request) -> None:
    """Refuse a new margin where a script asks for one picture after another: each would grow."""
    check(
        not request.extends,
        "extend",
        request.extend,
        "this script paints again or in tiles, and each picture would grow; extend it first, run this on the result",
    )


def one_by_one(request: Request) -> Request:
    """Ask for a single picture."""
    return request.changed(batch_size=1, batch_count=1)


def check(good: bool, option: str, value: object, message: str) -> None:
    """Refuse an option that does not fit the request."""
    if not good:
        raise RequestError(option, value, message)
