"""What is written down of a request when it is accepted, and how the same one is known again."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import RequestError
from ..metadata import find_format
from ..models.info import ModelInfo
from ..plan import Plan
from ..recipe import InputStore, library_versions
from ..request import PICTURE_FIELDS, Request
from .job import PRIORITIES, Priority

REFERENCE = "sha256:"


@dataclass(frozen=True)
class Submission:
    """A request, ready to be accepted.

    Attributes
    ----------
    group : jobs of one group need the same model and shape
    request : JSON, pictures as references
    seeds : (seed, variation seed) of each picture
    same : equal for requests that give the same pictures; None where the seed is left to chance
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


def make_submission(
    request: Request,
    plan: Plan,
    inputs: InputStore,
    *,
    owner: str,
    origin: str,
    priority: Priority,
    format: str,
    keep: bool,
) -> Submission:
    """Put a request's pictures into the store and write the rest as JSON."""
    if priority not in PRIORITIES:
        raise RequestError("priority", priority, f"'{priority}' is not one of {', '.join(PRIORITIES)}", PRIORITIES)
    name = find_format(format).name
    references = {field: REFERENCE + inputs.put_picture(picture, field) for field, picture in request.pictures.items()}
    fields = request.model_dump(mode="json", exclude_unset=True, exclude=set(references))
    return Submission(
        owner=owner,
        origin=origin,
        priority=priority,
        mode=request.mode,
        format=name,
        keep=keep,
        group=_group(plan),
        request=json.dumps({**fields, **references}),
        plan=json.dumps(plan.as_dict()),
        seeds=tuple((seeds.seed, seeds.variation_seed) for seeds in plan.pictures),
        same=_same(request, plan, references, name, keep=keep) if _is_fixed(request) else None,
    )


def read_pictures(request: Mapping[str, Any], inputs: InputStore) -> dict[str, bytes] | str:
    """Fetch the pictures of a stored request; gives a sentence where one is not there any more."""
    pictures: dict[str, bytes] = {}
    for field in PICTURE_FIELDS:
        reference = str(request.get(field))
        if reference.startswith(REFERENCE):
            data = inputs.get(reference.removeprefix(REFERENCE))
            if data is None:
                return f"{field}: the picture {reference} is not in {inputs.folder} any more; send the request again"
            pictures[field] = data
    return pictures


def _group(plan: Plan) -> str:
    """Name what a place must have at hand; the model first, as that is what takes time to bring."""
    return f"{plan.model.path}|{plan.request.vae or ''}|{plan.request.tiling}|{plan.layout.working}"


def _is_fixed(request: Request) -> bool:
    return request.seed != -1 and (request.variation_strength == 0 or request.variation_seed != -1)


def _same(request: Request, plan: Plan, references: Mapping[str, str], format: str, *, keep: bool) -> str:
    """Hash all that decides a job's files."""
    fields = request.model_dump(mode="json", exclude={*references, "styles", "prompt", "negative_prompt"})
    decisive = {
        **fields,
        **references,
        "prompt": plan.prompt_text,
        "negative_prompt": plan.negative_text,
        "format": format,
        "keep": keep,
        "profile": asdict(plan.profile),
        "models": [_content(model) for model in plan.models],
        "upscalers": [_stamp(upscaler.path) for upscaler in plan.upscalers],
        "vae": request.vae and _stamp(Path(request.vae).expanduser()),
        "addons": plan.addons.told(),
        "program": [__version__, dict(library_versions())],
    }
    return hashlib.sha256(json.dumps(decisive, sort_keys=True, default=str).encode()).hexdigest()


def _content(model: ModelInfo) -> list[object]:
    # To hash a model takes long the first time; like the memory of such hashes, this trusts size and time.
    files = [model.path] if not model.path.is_dir() else sorted(model.path.rglob("*.safetensors"))
    return [model.name, *map(_stamp, files)]


def _stamp(path: Path) -> list[object]:
    if not path.exists():
        return [str(path)]
    stat = path.stat()
    return [str(path.resolve()), stat.st_size, stat.st_mtime_ns]
