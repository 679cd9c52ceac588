"""Detail pass: what is detected, such as faces and hands, is painted again one by one, each enlarged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, cast

from PIL import Image
from pydantic import BeforeValidator, Field

from ..errors import RequestError
from ..labels import group_of
from ..pictures.mask_text import read_drawing
from ..pictures.read import read_picture
from ..pictures.shapes import Length
from ..request import Request
from ..warnings import PlanWarning
from .base import Ask, Asking, Gathered, Options, Pictures, ScriptPicture, check, check_not_extended
from .detections import (
    Detection,
    Merge,
    Order,
    Shape,
    from_boxes,
    from_found,
    grown,
    largest,
    merged,
    ordered,
    parts_of,
    sized,
    within,
)
from .means import Means, Search
from .region import Region
from .regions import Named, paint, prepare

_STRENGTH = 0.4
_SKIP = "[SKIP]"


def _as_box(value: object) -> object:
    """Bring a box to its text: left, top, width and height as after `rect` in a drawn mask."""
    if isinstance(value, list | tuple):
        value = " ".join(str(part) for part in cast(Sequence[object], value))
    if not isinstance(value, str):
        return value
    if len(value.split()) != 4:
        raise RequestError(
            "boxes", value, f"{value!r} is no box; give left, top, width and height, as in 10% 20% 64 64"
        )
    try:
        lengths = _lengths(value)
    except RequestError as error:
        raise RequestError("boxes", value, error.message) from error
    if min(lengths[2].value, lengths[3].value) <= 0:
        raise RequestError("boxes", value, f"{value!r} has no width or no height; both must be above 0")
    return " ".join(value.split())


def _lengths(box: str) -> tuple[Length, ...]:
    return read_drawing(f"rect {box}").steps[0].lengths


class DetailOptions(Options):
    detector: Literal["auto", "boxes", "objects", "mask"] = Field(
        "auto", description="what proposes the details; auto = boxes, else the detector's model, else parts of the mask"
    )
    boxes: tuple[Annotated[str, BeforeValidator(_as_box)], ...] = Field(
        (), description="boxes as left, top, width, height in px or percent: 10% 20% 64 64"
    )
    detector_model: str | None = Field(None, description="an object detector of transformers: a folder, or a hub id")
    look_for: tuple[str, ...] = Field(
        (), description="what the model looks for, as in face, hand; nothing = all it knows"
    )
    confidence: float = Field(0.3, ge=0, le=1, description="how sure the model must be")
    min_area: float = Field(0.0, ge=0, le=1, description="least share of the picture that a detail has")
    max_area: float = Field(1.0, ge=0, le=1, description="largest share of the picture that a detail has")
    max_count: int = Field(0, ge=0, le=1000, description="take so many only, the largest; 0 = all")
    order: Order = Field("left_to_right", description="in which order they are painted, and take their prompts")
    shape: Shape = Field("rect", description="what is masked of a box")
    grow: int = Field(4, ge=-512, le=512, description="px that masks are widened by; below 0 narrowed")
    merge: Merge = Field("none", description="paint all details together as one, or all the rest")
    detail_prompt: str = Field(
        "",
        description="prompt of details: [PROMPT] is the request's, [SEP] parts them, [SKIP] leaves one out",
    )
    detail_negative_prompt: str = Field("", description="the same for the negative prompt")
    detail_denoising_strength: float | None = Field(
        None,
        ge=0,
        le=1,
        description="of details; left out = 0.4, or the request's where that is given and not used first",
    )
    paint_first: bool = Field(
        False, description="run the request first (always where it has no picture), then its details"
    )


@dataclass(frozen=True)
class Detector:
    """One way of proposing details.

    Attributes
    ----------
    needs : what a person has to give for it
    given : it is there
    propose : details of a picture
    nothing : what to do where nothing is proposed
    looks : it loads a model and looks at the picture
    """

    name: str
    needs: str
    given: Callable[[Request, DetailOptions], bool]
    propose: Callable[[Image.Image, Request, DetailOptions, Means], list[Detection]]
    nothing: str
    looks: bool = False


def _boxes(image: Image.Image, request: Request, options: DetailOptions, means: Means) -> list[Detection]:
    drawn = from_boxes([_lengths(box) for box in options.boxes], image, options.shape)
    mask = _painted(image, request, means)
    return within(drawn, mask) if mask else drawn


def _objects(image: Image.Image, request: Request, options: DetailOptions, means: Means) -> list[Detection]:
    assert means.look is not None and options.detector_model is not None, "asked only where there is something to look"
    found = means.look(Search(options.detector_model, options.look_for, options.confidence), image)
    drawn = from_found(found, image, options.shape)
    mask = _painted(image, request, means)
    return within(drawn, mask) if mask else drawn


def _parts(image: Image.Image, request: Request, options: DetailOptions, means: Means) -> list[Detection]:
    del options
    mask = _painted(image, request, means)
    return parts_of(mask) if mask else []


def _painted(image: Image.Image, request: Request, means: Means) -> Image.Image | None:
    """Read the request's mask as it lies on a picture."""
    return None if request.mask is None else means(request.changed(init_image=image)).inputs.painted


DETECTORS = (
    Detector(
        "boxes",
        "give boxes",
        lambda request, options: bool(options.boxes),
        _boxes,
        "give boxes inside the picture, and no mask beside them or one that they meet",
    ),
    Detector(
        "objects",
        "give a detector_model",
        lambda request, options: options.detector_model is not None,
        _objects,
        "lower confidence or min_area, or look_for something else",
        looks=True,
    ),
    Detector("mask", "give a mask", lambda request, options: request.mask is not None, _parts, "paint a mask"),
)


def find_detector(request: Request, options: DetailOptions) -> Detector:
    """Choose the row that proposes details: the one named, or the first that has what it needs.

    Raises
    ------
    RequestError
        Where what it needs is not there.
    """
    rows = [row for row in DETECTORS if options.detector in ("auto", row.name)]
    for row in rows:
        if row.given(request, options):
            return row
    needs = ", or ".join(row.needs for row in rows)
    raise RequestError("detector", options.detector, f"'{options.detector}' has nothing to go by; {needs}")


def detail(request: Request, options: DetailOptions, means: Means) -> Asking:
    """Paint the request first where that is wanted, then every detail of what came out.

    Notes
    -----
    The defaults, and what is written in prompts, are what users of A1111 know from its ADetailer.
    """
    detector = find_detector(request, options)
    check(request.latent_mask is None, "latent_mask", "given", "details have masks of their own; leave it out")
    painted: Pictures = ()
    if options.paint_first or request.init_image is None:
        painted = yield Ask(request, "first")
    else:
        check_not_extended(request)
    sources = [_of_painted(request, one) for one in painted] or [_as_given(request, options)]
    if detector.looks and (means.look is None or (means.blank and painted)):
        return Gathered(painted or _unpainted(sources[0], means), warnings=(_UNSEEN,))
    given: list[ScriptPicture] = []
    warnings: list[PlanWarning] = []
    for index, source in enumerate(sources):
        named = _named(request, options, detector, source, means)
        if not named:
            check(bool(painted), "detector", detector.name, f"nothing was detected; {detector.nothing}")
            given.append(painted[index])
            continue
        parts = prepare(source, named, means)
        if painted:
            parts = replace(parts, whole=means(request), seeds=(painted[index].seeds,))
        warnings += parts.warnings
        for number in range(source.batch_size * source.batch_count):
            given.append((yield from paint(parts, number)))
    return Gathered(given, warnings=warnings)


_UNSEEN = PlanWarning("details_unseen", "what is detected, and so painted, is known when it runs", "detector")
_NOT_OF_DETAILS = frozenset({"mask", "latent_mask"}) | {
    name for name, group in group_of().items() if group.name in ("outpaint", "second_pass")
}


def _of_painted(request: Request, painted: ScriptPicture) -> Request:
    """Give the request for details of a picture that was painted first."""
    seeds = {"seed": painted.seeds.seed, "variation_seed": painted.seeds.variation_seed}
    return Request(**{**_of_details(request), **seeds, "init_image": painted.image, "batch_size": 1, "batch_count": 1})


def _as_given(request: Request, options: DetailOptions) -> Request:
    """Give the request for details of the picture that was given."""
    return Request(**{**_of_details(request), "denoising_strength": _strength(request, options, first=False)})


def _of_details(request: Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.model_fields_set if name not in _NOT_OF_DETAILS}


def _strength(request: Request, options: DetailOptions, *, first: bool) -> float:
    if options.detail_denoising_strength is not None:
        return options.detail_denoising_strength
    return _STRENGTH if first or "denoising_strength" not in request.model_fields_set else request.denoising_strength


def _unpainted(source: Request, means: Means) -> Pictures:
    plan = means(source)
    blank = Image.new("RGB", plan.output_size)
    return [ScriptPicture(blank, seeds, source) for seeds in plan.pictures]


def _named(request: Request, options: DetailOptions, detector: Detector, source: Request, means: Means) -> list[Named]:
    """Detect, and make regions of it."""
    assert source.init_image is not None, "details are of a picture"
    image = read_picture(source.init_image, "init_image")
    found = sized(detector.propose(image, request, options, means), options.min_area, options.max_area)
    found = ordered(largest(found, options.max_count), options.order)
    found = merged(grown(found, options.grow), options.merge)
    prompts = _texts(options.detail_prompt, request.prompt, len(found))
    negatives = _texts(options.detail_negative_prompt, request.negative_prompt, len(found))
    first = options.paint_first or request.init_image is None
    strength = _strength(request, options, first=first)
    named: list[Named] = []
    for number, (one, prompt, negative) in enumerate(zip(found, prompts, negatives, strict=True), 1):
        fields: dict[str, Any] = {
            "mask": one.mask,
            "mask_mode": "inpaint_masked",
            "prompt": prompt,
            "negative_prompt": negative,
            "denoising_strength": strength,
            "inpaint_area": "only_masked",
        }
        if prompt != _SKIP:
            remark = f"{one.label} {one.score:.2f}" if one.label else ""
            named.append(Named(f"detail {number}", Region(**fields), remark))
    return named


def _texts(text: str, own: str, count: int) -> list[str]:
    """Give the prompt of every detail; the last one stands for all further ones.

    Examples
    --------
    >>> _texts("[PROMPT], a face [SEP] [SKIP] [SEP]", "a man", 4)
    ['a man, a face', '[SKIP]', 'a man', 'a man']
    """
    parts = [part.strip().replace("[PROMPT]", own) or own for part in text.split("[SEP]")]
    return [parts[min(index, len(parts) - 1)] for index in range(count)]
