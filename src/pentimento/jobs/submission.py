"""What is written down of a request when it is accepted, and how the same one is known again."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..addons import hashes_of
from ..apart import mapped
from ..errors import RequestError
from ..libraries import library_versions
from ..metadata import find_format
from ..models.info import ModelInfo
from ..plan import Plan, Seeds
from ..recipe import InputStore
from ..request import PICTURE_FIELDS, Picture, Request
from ..scripts import ScriptPlan
from .job import PRIORITIES, Priority
from .key import Key

REFERENCE = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True)
class Submission:
    """A request, ready to be accepted.

    Attributes
    ----------
    group : jobs of one group need the same model and shape
    request : JSON, pictures as references
    seeds : (seed, variation seed) of each picture
    same : equal for requests that give the same pictures; None where the seed is left to chance
    script : JSON of what asks for the requests that are run; None = the request itself is
    key : what its sender calls it
    """

    owner: str
    origin: str
    priority: Priority
    mode: str
    format: str
    keep: bool
    group: str
    request: str
    plan: str
    seeds: tuple[tuple[int, int], ...]
    same: str | None
    script: str | None = None
    key: Key | None = None


def make_submission(
    request: Request,
    plan: Plan | ScriptPlan,
    inputs: InputStore,
    *,
    owner: str,
    origin: str,
    priority: Priority,
    format: str,
    keep: bool,
    key: Key | None = None,
) -> Submission:
    """Put a request's pictures into the store and write the rest as JSON."""
    if priority not in PRIORITIES:
        raise RequestError("priority", priority, f"'{priority}' is not one of {', '.join(PRIORITIES)}", PRIORITIES)
    name = find_format(format).name
    references = {field: _put(inputs, picture, field) for field, picture in request.pictures.items()}
    fields = request.model_dump(mode="json", exclude_unset=True, exclude=set(references))
    script = _script(plan, inputs) if isinstance(plan, ScriptPlan) else None
    runs = (plan.runs or (plan.base,)) if isinstance(plan, ScriptPlan) else (plan,)
    fixed = _is_fixed(request) and all(_is_fixed(run.request) for run in runs)
    asked = {"format": name, "keep": keep, "request": _decisive(request, references), "script": script and script[:2]}
    return Submission(
        owner=owner,
        origin=origin,
        priority=priority,
        mode=request.mode,
        format=name,
        keep=keep,
        group=_group(runs[0]),
        request=json.dumps({**fields, **references}),
        plan=json.dumps(plan.as_dict()),
        seeds=_all_seeds(plan),
        same=_same(asked, runs) if fixed else None,
        script=None if script is None else json.dumps(dict(zip(_SCRIPT, script, strict=True))),
        key=key,
    )


_SCRIPT = ("name", "options", "start", "seeds", "places", "given", "has_page")


def _script(plan: ScriptPlan, inputs: InputStore) -> tuple[Any, ...]:
    """Tell a script as `ScriptOrder` does, its pictures in the store."""
    return (
        plan.script.name,
        plan.options.told(lambda picture: _put(inputs, picture, "options")),
        (plan.request.seed, plan.request.variation_seed),
        _pairs(plan.seeds),
        plan.places,
        plan.pictures,
        plan.has_page,
    )


def _put(inputs: InputStore, picture: Picture, field: str) -> str:
    return f"sha256:{inputs.put_picture(picture, field)}"


def _pairs(runs: Iterable[Sequence[Seeds]]) -> tuple[tuple[tuple[int, int], ...], ...]:
    return tuple(tuple((seeds.seed, seeds.variation_seed) for seeds in run) for run in runs)


def _all_seeds(plan: Plan | ScriptPlan) -> tuple[tuple[int, int], ...]:
    """List the seeds of all pictures that a job gives; a page has those of the first picture on it."""
    if isinstance(plan, Plan):
        return _pairs([plan.pictures])[0]
    (given,) = _pairs([[picture.seeds for picture in plan.given]])
    return (*given, given[0]) if plan.has_page else given


def read_pictures(request: Mapping[str, Any], inputs: InputStore) -> dict[str, bytes] | str:
    """Fetch the pictures of a stored request by field; gives a sentence where one is not there any more."""
    found = {field: REFERENCE.fullmatch(str(request.get(field))) for field in PICTURE_FIELDS}
    return _fetched({field: match[0] for field, match in found.items() if match}, inputs)


def read_option_pictures(options: object, inputs: InputStore) -> dict[str, bytes] | str:
    """Fetch the pictures of a script's stored options by reference; gives a sentence where one is missing."""
    references: dict[str, str] = {}

    def note(reference: str) -> str:
        references[reference] = reference
        return reference

    replaced(options, note)
    return _fetched(references, inputs)


def _fetched(references: Mapping[str, str], inputs: InputStore) -> dict[str, bytes] | str:
    pictures: dict[str, bytes] = {}
    for name, reference in references.items():
        data = inputs.get(reference.removeprefix("sha256:"))
        if data is None:
            field = name if name in PICTURE_FIELDS else "options"
            return f"{field}: the picture {reference} is not in {inputs.folder} any more; send the request again"
        pictures[name] = data
    return pictures


def replaced(value: object, change: Callable[[str], object], names: re.Pattern[str] = REFERENCE) -> Any:
    """Copy plain values with something else in place of every text that names a picture, however deep."""
    return mapped(value, lambda _, leaf: change(leaf) if isinstance(leaf, str) and names.fullmatch(leaf) else leaf)


def _group(plan: Plan) -> str:
    """Name what a place must have at hand; the model first, as that is what takes time to bring."""
    return f"{plan.model.path}|{plan.request.vae or ''}|{plan.request.tiling}|{plan.layout.working}"


def _is_fixed(request: Request) -> bool:
    return request.seed != -1 and (request.variation_strength == 0 or request.variation_seed != -1)


def _decisive(request: Request, references: Mapping[str, str]) -> dict[str, Any]:
    """Give the fields of a request without those whose meaning is elsewhere: told by a plan."""
    fields = request.model_dump(mode="json", exclude={*references, "styles", "prompt", "negative_prompt"})
    return {**fields, **references}


def _same(asked: Mapping[str, Any], runs: Iterable[Plan]) -> str:
    """Hash all that decides a job's files."""
    decisive = {**asked, "runs": [_painting(run) for run in runs], "program": [__version__, dict(library_versions())]}
    return hashlib.sha256(json.dumps(decisive, sort_keys=True, default=str).encode()).hexdigest()


def _painting(plan: Plan) -> dict[str, Any]:
    """Tell what names in a request have come to."""
    vae = plan.request.vae
    return {
        "prompt": plan.prompt_text,
        "negative_prompt": plan.negative_text,
        "profile": asdict(plan.profile),
        "models": [_content(model) for model in plan.models],
        "upscalers": [_stamp(upscaler.path) for upscaler in plan.upscalers],
        "vae": vae and _stamp(Path(vae).expanduser()),
        "addons": hashes_of(plan.all_addons),
    }


def _content(model: ModelInfo) -> list[object]:
    # To hash a model takes long the first time; like the memory of such hashes, this trusts size and time.
    files = [model.path] if not model.path.is_dir() else sorted(model.path.rglob("*.safetensors"))
    return [model.name, *map(_stamp, files)]


def _stamp(path: Path) -> list[object]:
    if not path.exists():
        return [str(path)]
    stat = path.stat()
    return [str(path.resolve()), stat.st_size, stat.st_mtime_ns]
