"""Detail pass: what is detected, such as faces and hands, is painted again one by one, each enlarged."""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar, Literal, cast

from PIL import Image
from pydantic import AfterValidator, BeforeValidator, Field

from ..errors import RequestError
from ..inputs import read_inputs
from ..labels import group_of
from ..pictures.mask_text import read_drawing
from ..pictures.read import read_picture
from ..plan import Plan
from ..profiles import find_profile
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
from .means import Look, Means, Search
from .region import Region, read_region
from .regions import Named, kept_by, notes_of, paint, prepare

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
        lengths = read_drawing(f"rect {value}").steps[0].lengths
    except RequestError as error:
        raise RequestError("boxes", value, error.message) from error
    if min(lengths[2].value, lengths[3].value) <= 0:
        raise RequestError("boxes", value, f"{value!r} has no width or no height; both must be above 0")
    return " ".join(value.split())


_SAID = ("mask", "mask_mode", "latent_mask", "prompt", "negative_prompt", "denoising_strength")
"""Fields of a detail that options of their own say."""


def _as_fields(text: str) -> str:
    """See that a text holds fields that a detail may have of its own."""
    try:
        fields = read_region(text, "detail_fields")
        for name in _SAID:
            check(name not in fields, name, text, "it has an option of its own")
        Region(mask="all", **fields)
    except RequestError as error:
        told = error.message if error.field == "detail_fields" else str(error)
        raise RequestError("detail_fields", error.value, told, error.choices) from error
    return text


class DetailPass(Options):
    """What is detected, and how it is painted, in one go over a picture."""

    LOCAL: ClassVar[frozenset[str]] = frozenset({"detector_model"})
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
    detail_negative_prompt: str = Field("", description="the same for their negative prompt")
    detail_denoising_strength: float = Field(
        0.4, ge=0, le=1, description="denoising strength of details; the request's is that of what is painted first"
    )
    detail_fields: Annotated[str, AfterValidator(_as_fields)] = Field(
        "", description="other fields of details, as a region has them: steps=30 cfg_scale=5 sampler='Euler a'"
    )


class DetailOptions(DetailPass):
    then: tuple[DetailPass, ...] = Field(
        (), description="further passes over what came out, each with options of its own, as boxes='10% 20% 64 64'"
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
    propose : details of a picture: (picture, what was painted over it, options, eyes)
    nothing : what to do where nothing is proposed
    looks : it has to see the picture
    """

    name: str
    needs: str
    given: Callable[[Request, DetailPass], bool]
    propose: Callable[[Image.Image, Image.Image | None, DetailPass, Look | None], list[Detection]]
    nothing: str
    looks: bool = False


def _boxes(image: Image.Image, painted: Image.Image | None, options: DetailPass, look: Look | None) -> list[Detection]:
    del look
    drawn = from_boxes(options.boxes, image, options.shape)
    return within(drawn, painted) if painted else drawn


def _objects(
    image: Image.Image, painted: Image.Image | None, options: DetailPass, look: Look | None
) -> list[Detection]:
    assert look is not None and options.detector_model is not None, "asked only where there is something to look with"
    found = look(Search(options.detector_model, options.look_for, options.confidence), image)
    drawn = from_found(found, image, options.shape)
    return within(drawn, painted) if painted else drawn


def _parts(image: Image.Image, painted: Image.Image | None, options: DetailPass, look: Look | None) -> list[Detection]:
    del image, options, look
    return parts_of(painted) if painted else []


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
"""What proposes details; `auto` takes the first that has what it needs."""


def find_detector(request: Request, options: DetailPass) -> Detector:
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


@dataclass(frozen=True, eq=False)
class _Stand:
    """One picture as it stands between two passes.

    Attributes
    ----------
    source : the request that its details are painted with
    picture : what came out; None before anything was painted
    whole : plan of what is written into its infotext; None = of its first details
    notes : what its infotext says of the details so far
    passes : those that have found something, as they need no model
    """

    source: Request
    picture: ScriptPicture | None = None
    whole: Plan | None = None
    notes: Mapping[str, str] = field(default_factory=dict[str, str])
    passes: tuple[DetailPass, ...] = ()


def detail(request: Request, options: DetailOptions, means: Means) -> Asking:
    """Paint the request first where that is wanted, then every detail of what came out, pass by pass.

    Notes
    -----
    The defaults, and what is written in prompts, are what users of A1111 know from its ADetailer.
    """
    passes = (options, *options.then)
    detectors = [find_detector(request, each) for each in passes]
    looks = any(one.looks for one in detectors)
    check(request.latent_mask is None, "latent_mask", "given", "details have masks of their own; leave it out")
    painted: Pictures = ()
    if _paints_first(request, options):
        painted = yield Ask(request, "first")
    else:
        check_not_extended(request)
    stands = [_Stand(_of_painted(request, one), one, means(request)) for one in painted]
    stands = stands or [_Stand(_as_given(request, options))]
    if looks and (means.look is None or (means.blank and painted)):
        # Not the very pictures that were painted first: what is given are others, once they have details.
        unseen = [replace(one) for one in painted] or _unpainted(stands[0].source, means)
        return Gathered(unseen, warnings=(_UNSEEN,))
    warnings: list[PlanWarning] = []
    for chosen, detector in zip(passes, detectors, strict=True):
        after: list[_Stand] = []
        for stand in stands:
            after += yield from _with_details(request, chosen, detector, stand, means, warnings)
        stands = after
    given = [
        replace(one.picture, options=_pinned(options, one.passes) if looks else None) if one.passes else one.picture
        for one in stands
        if one.picture is not None
    ]
    check(bool(given), "detector", detectors[0].name, f"nothing was detected; {detectors[0].nothing}")
    return Gathered(given, warnings=warnings)


def _with_details(
    request: Request,
    chosen: DetailPass,
    detector: Detector,
    stand: _Stand,
    means: Means,
    warnings: list[PlanWarning],
) -> Generator[Ask, Pictures, list[_Stand]]:
    """Paint the details of one picture; give it as it stands then, or all pictures of its batch."""
    found = _detected(request, chosen, detector, stand.source, means.look)
    named = _named(request, chosen, found, len(stand.notes))
    if not named:
        return [stand]
    parts = prepare(stand.source, named, means)
    if stand.picture is not None:
        parts = replace(parts, whole=stand.whole or parts.whole, seeds=(stand.picture.seeds,))
    warnings += parts.warnings
    passes = (*stand.passes, _without_model(chosen, found) if detector.looks else chosen)
    after: list[_Stand] = []
    for number in range(stand.source.batch_size * stand.source.batch_count):
        made = yield from paint(parts, number, stand.notes)
        if stand.passes:  # what it says is of the last pass alone
            made = replace(made, footprint=None)
        notes = {**stand.notes, **notes_of(parts, number)}
        after.append(_Stand(_of_painted(request, made), made, parts.whole, notes, passes))
    return after


def details_kept(request: Request, options: DetailOptions) -> Request:
    """Give a request whose untouched pixels are those that the details leave alone.

    Where the picture was painted first, that is none.
    """
    if _paints_first(request, options):
        return Request(**_of_details(request))
    source = _as_given(request, options)
    named = [
        one
        for each in (options, *options.then)
        for one in _named(request, each, _detected(request, each, find_detector(request, each), source, None))
    ]
    return kept_by(source, [one.region for one in named])


def _paints_first(request: Request, options: DetailOptions) -> bool:
    return options.paint_first or request.init_image is None


def _set_of(chosen: DetailPass) -> dict[str, Any]:
    """Give the options of a pass that were set."""
    return {name: getattr(chosen, name) for name in chosen.model_fields_set & set(DetailPass.model_fields)}


def _without_model(chosen: DetailPass, found: Sequence[Detection]) -> DetailPass:
    """Give a pass that needs no model: what it has found, as boxes."""
    looked = {"detector_model": None, "look_for": (), "min_area": 0.0, "max_area": 1.0, "max_count": 0}
    boxes = {"detector": "boxes", "boxes": tuple(one.drawn for one in found), "order": "as_given"}
    own: dict[str, Any] = {**_set_of(chosen), **looked, **boxes}
    return DetailPass(**own)


def _pinned(options: DetailOptions, passes: Sequence[DetailPass]) -> DetailOptions:
    """Give options with the passes that have found something."""
    first, *rest = passes
    return DetailOptions(**_set_of(first), then=tuple(rest), paint_first=options.paint_first)


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
    return Request(**{**_of_details(request), "denoising_strength": options.detail_denoising_strength})


def _of_details(request: Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.model_fields_set if name not in _NOT_OF_DETAILS}


def _unpainted(source: Request, means: Means) -> Pictures:
    plan = means(source)
    blank = Image.new("RGB", plan.output_size)
    return [ScriptPicture(blank, seeds, source) for seeds in plan.pictures]


def _detected(
    request: Request, options: DetailPass, detector: Detector, source: Request, look: Look | None
) -> list[Detection]:
    """Detect what is in a picture, as it is taken and ordered."""
    assert source.init_image is not None, "details are of a picture"
    image = read_picture(source.init_image, "init_image")
    asked = request.changed(init_image=image)
    painted = None if asked.mask is None else read_inputs(asked, find_profile(asked.profile)).painted
    proposed = detector.propose(image, painted, options, look)
    found = largest(sized(proposed, options.min_area, options.max_area), options.max_count)
    return ordered(found, options.order)


def _named(request: Request, options: DetailPass, found: Sequence[Detection], behind: int = 0) -> list[Named]:
    """Make regions of what is detected, counted on behind those of earlier passes."""
    found = merged(grown(found, options.grow), options.merge)
    prompts = _texts(options.detail_prompt, request.prompt, len(found))
    negatives = _texts(options.detail_negative_prompt, request.negative_prompt, len(found))
    named: list[Named] = []
    for number, (one, prompt, negative) in enumerate(zip(found, prompts, negatives, strict=True), behind + 1):
        fields: dict[str, Any] = {
            "mask": one.mask,
            "mask_mode": "inpaint_masked",
            "prompt": prompt,
            "negative_prompt": negative,
            "denoising_strength": options.detail_denoising_strength,
            "inpaint_area": "only_masked",
            **read_region(options.detail_fields),
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
