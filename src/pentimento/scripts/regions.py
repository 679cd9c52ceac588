"""Regions: several masks in one request, each with its own prompt, strength, seed, crop and all else.

A region sees the picture as it was given, with those earlier regions on it that it overlaps.
So regions that do not overlap give the same bytes in any order, and together as alone.
"""

import hashlib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, Any, cast

import numpy as np
from PIL import Image
from pydantic import BeforeValidator, Field

from ..errors import RequestError
from ..framing import FRAMERS, Frame, Layout, lay_out, unchanged
from ..geometry import Box, Size
from ..inputs import Inputs, read_inputs
from ..pictures.metrics import Footprint, footprint
from ..plan import Plan, Seeds
from ..profiles import Profile, find_profile
from ..request import Request
from ..warnings import PlanWarning
from .areas import Area, Bools, Bytes, area_of
from .base import (
    Ask,
    Asking,
    Gathered,
    Options,
    Pictures,
    ScriptPicture,
    check,
    check_not_extended,
    infotext_with,
    kept_where,
    one_by_one,
)
from .region import Region, write_region

_SEED_FIELDS = ("seed", "variation_seed")
_ANY_MULTIPLE, _ANY_NATIVE = 8, 512
"""Of a model that need not be known: where the work happens depends on it, what is kept does not."""


def _each_named(value: object) -> object:
    """Read regions one by one, so that an error says which one it is about."""
    if not isinstance(value, list | tuple):
        return value
    return tuple(_read(each, number) for number, each in enumerate(cast(Sequence[object], value), 1))


def _read(value: object, number: int) -> object:
    try:
        return Region(**cast(dict[str, Any], value)) if isinstance(value, dict) else value
    except RequestError as error:
        raise RequestError("regions", error.value, f"region {number}: {error}", error.choices) from error


class RegionsOptions(Options):
    regions: Annotated[tuple[Region, ...], BeforeValidator(_each_named)] = Field(
        (), description="masks, each with the fields of the request that are other there"
    )


@dataclass(frozen=True, eq=False)
class Named:
    """A region, what it is called in plan and infotext, and a remark on it."""

    name: str
    region: Region
    remark: str = ""

    @property
    def label(self) -> str:
        return f"{self.name} ({self.remark})" if self.remark else self.name


@dataclass(frozen=True, eq=False)
class Part:
    """One region as it will be painted.

    Attributes
    ----------
    request : its own, on the picture that was given
    pictures : its seeds in every picture of a batch
    painted : its mask as it was drawn for the picture that was given, "L"
    area : what may change
    under : places of the earlier regions that lie under it, in order
    """

    named: Named
    request: Request
    pictures: tuple[Seeds, ...]
    painted: Image.Image
    area: Area
    under: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Parts:
    """All regions of a picture, and what a person should know of them.

    Attributes
    ----------
    whole : plan of the request itself, for the infotext
    picture : as it was given, RGB or RGBA, with its profile of colours
    seeds : what the pictures of a batch are called by
    """

    request: Request
    whole: Plan
    picture: Image.Image
    seeds: tuple[Seeds, ...]
    parts: tuple[Part, ...]
    warnings: tuple[PlanWarning, ...]

    def together(self, made: Mapping[int, Bytes]) -> Image.Image:
        """Lay what was made onto the picture that was given."""
        canvas = np.array(self.picture)
        for index in sorted(made):
            self.parts[index].area.lay(made[index], canvas)
        result = Image.fromarray(canvas, self.picture.mode)
        result.info = dict(self.picture.info)
        return result


def regions(request: Request, options: RegionsOptions, plan: Callable[[Request], Plan]) -> Asking:
    """Paint every region, and put them together on the picture that was given."""
    check(bool(options.regions), "regions", (), "there is none; give at least one, with a mask")
    check(
        request.mask is None and request.latent_mask is None,
        "mask",
        "given",
        "every region has a mask of its own; give this one as a region",
    )
    named = [Named(f"region {number}", region) for number, region in enumerate(options.regions, 1)]
    parts = prepare(request, named, plan)
    given: list[ScriptPicture] = []
    for number in range(request.batch_size * request.batch_count):
        given.append((yield from paint(parts, number)))
    return Gathered(given, warnings=parts.warnings)


def prepare(request: Request, regions: Sequence[Named], plan: Callable[[Request], Plan]) -> Parts:
    """Find out what each region may change and on which others it lies.

    Raises
    ------
    RequestError
        Where one cannot be painted; says which.
    """
    check_not_extended(request)
    whole = plan(request)
    parts: list[Part] = []
    warnings: list[PlanWarning] = []
    for named in regions:
        part = _prepared(request, named, plan)
        shared = {index: box for index, earlier in enumerate(parts) if (box := part.area.shared(earlier.area))}
        warnings += [_overlap(named, parts[index].named, box) for index, box in shared.items()]
        under = {below for index in shared for below in (index, *parts[index].under)}
        parts.append(replace(part, under=tuple(sorted(under))))
    return Parts(request, whole, _picture(whole), whole.pictures, tuple(parts), tuple(warnings))


def _picture(whole: Plan) -> Image.Image:
    """Give the picture of a plan as it comes back where nothing is painted."""
    source = whole.inputs.source
    assert source is not None, "regions lie on a picture"
    picture = unchanged(Frame(whole.layout, source=source))
    picture.info = {"icc_profile": source.icc} if source.icc else {}
    return picture


def _overlap(named: Named, earlier: Named, box: Box) -> PlanWarning:
    where = f"{box.size} at {box.left}, {box.top}"
    message = f"{named.label} is painted over a part of {earlier.label}: they overlap in {where}"
    return PlanWarning("regions_overlap", message, "regions")


def _prepared(request: Request, named: Named, plan: Callable[[Request], Plan]) -> Part:
    """Plan one region by itself."""
    label = named.label
    own = {name: value for name, value in named.region.own.items() if name not in _SEED_FIELDS or value != -1}
    try:
        asked = request.changed(**own)
        planned = plan(asked)
    except RequestError as error:
        raise RequestError("regions", error.value, f"{label}: {error}", error.choices) from error
    source, painted = planned.inputs.source, planned.inputs.painted
    assert source is not None and painted is not None, "regions lie on a picture and have masks"
    check(
        planned.output_size == source.size,
        "regions",
        str(planned.output_size),
        f"{label}: the picture would become {planned.output_size} where it is {source.size}; leave out width and"
        " height, or take inpaint_area 'only_masked'",
    )
    area = area_of(_changes(planned.profile, asked, planned.inputs, planned.layout))
    if area is None:
        raise RequestError("regions", label, f"{label}: its mask changes no pixel; paint a larger mask or blur less")
    shift = {name: 0 if name in own else _number_of(painted) for name in _SEED_FIELDS}
    seeds = [
        Seeds((first.seed + shift["seed"]) % 2**64, (first.variation_seed + shift["variation_seed"]) % 2**64)
        for first in planned.pictures
    ]
    return Part(named, one_by_one(asked), tuple(seeds), painted, area)


def _changes(profile: Profile, request: Request, inputs: Inputs, layout: Layout) -> Bools:
    """Say where a request with a mask may change its picture."""
    # What the network would be shown under the mask does not matter here, and costs time.
    plain = request.model_copy(update={"masked_content": "original"})
    weight = FRAMERS[profile.overlay].frame(plain, inputs, layout).weight
    assert weight is not None, "there is a mask"
    return weight > 0


def _number_of(painted: Image.Image) -> int:
    """Make a number of a mask: regions have different noise, whichever is first, and the same when they are alone."""
    digest = hashlib.sha256(f"{Size(*painted.size)} ".encode() + painted.tobytes()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def paint(
    parts: Parts, number: int, notes: Mapping[str, str] = MappingProxyType({})
) -> Generator[Ask, Pictures, ScriptPicture]:
    """Ask for every region in turn; give them together on one picture.

    Parameters
    ----------
    number : which picture of a batch
    notes : what its infotext says before that of these regions
    """
    made: dict[int, Bytes] = {}
    for index, part in enumerate(parts.parts):
        own = part.pictures[number]
        fields: dict[str, Any] = {"seed": own.seed, "variation_seed": own.variation_seed}
        if part.under:
            # The mask as it was drawn for the picture that was given: it may look at its colours.
            fields |= {"mask": part.painted, "mask_mode": "inpaint_masked"}
            fields["init_image"] = parts.together({place: made[place] for place in part.under})
        (picture,) = yield Ask(part.request.changed(**fields), part.named.label)
        made[index] = part.area.cut(picture.image.convert(parts.picture.mode))
    image, seeds = parts.together(made), parts.seeds[number]
    told = infotext_with(parts.whole, seeds, {**notes, **notes_of(parts, number)})
    return ScriptPicture(image, seeds, parts.request, infotext=told, footprint=_footprint(parts, image))


def notes_of(parts: Parts, number: int) -> dict[str, str]:
    """Give what the infotext of a picture of a batch says of its regions."""
    return {
        part.named.name.capitalize(): write_region({**part.named.region.own, "seed": part.pictures[number].seed})
        for part in parts.parts
    }


def _footprint(parts: Parts, image: Image.Image) -> Footprint | None:
    """Measure what changed outside all that was painted."""
    if any(part.painted.size != image.size for part in parts.parts):
        return None
    before, after = (np.asarray(one.convert("RGB")) for one in (parts.picture, image))
    return footprint(before, after, np.maximum.reduce([np.asarray(part.painted) for part in parts.parts]))


def regions_kept(request: Request, options: RegionsOptions) -> Request:
    """Give a request whose untouched pixels are those that all regions leave alone."""
    return kept_by(request, options.regions)


def kept_by(request: Request, regions: Sequence[Region]) -> Request:
    """Give the same of regions that are not options."""
    masks: list[Bools] = []
    for region in regions:
        asked = request.changed(**region.own)
        profile = find_profile(asked.profile)
        inputs = read_inputs(asked, profile)
        layout = lay_out(asked, profile, inputs, multiple=_ANY_MULTIPLE, native=_ANY_NATIVE)
        masks.append(_changes(profile, asked, inputs, layout))
    mask = Image.fromarray(np.logical_or.reduce(masks).astype(np.uint8) * np.uint8(255))
    return kept_where(request, mask)
