"""What a script is: a generator that asks for requests and is sent the pictures they became.

Because a script only asks, the same generator that runs it also plans it: with blank
pictures of the right size in place of results. So what a plan counts is what will run.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, cast

from PIL import Image
from pydantic import BaseModel, ConfigDict, ValidationError

from .. import infotext, metadata
from ..errors import PentimentoError, RequestError, unknown_name
from ..geometry import Size
from ..pictures.metrics import Footprint
from ..pictures.read import LARGEST_PICTURE, read_picture
from ..plan import Plan, Seeds
from ..recipe import Recipe, reference_to
from ..refusals import refusal
from ..request import TELL_PICTURE, Picture, Request
from ..result import parameters
from ..warnings import PlanWarning
from .means import Means


class Options(BaseModel):
    """The options of a script, beside the fields of the request.

    Attributes
    ----------
    LOCAL : options that name a file of the machine where the script is planned; a server takes none

    Raises
    ------
    RequestError
        Names the option, the value, the choices and the way out.

    Notes
    -----
    An option that is a picture is a `PictureField` or `MaskField` of `request`, also within
    lists and models; so that it may come from anywhere and be told as a reference.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, arbitrary_types_allowed=True)
    LOCAL: ClassVar[frozenset[str]] = frozenset()

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

    @property
    def local(self) -> dict[str, object]:
        """The options that name something of this machine, with their values, also those of options within."""
        found = {name: getattr(self, name) for name in sorted(self.LOCAL) if getattr(self, name) is not None}
        for name in type(self).model_fields:
            listed: object = getattr(self, name)
            for number, each in enumerate(cast(tuple[object, ...], listed) if isinstance(listed, tuple) else (), 1):
                within = each.local if isinstance(each, Options) else {}
                found |= {f"{name} {number}: {inner}": value for inner, value in within.items()}
        return found

    def told(self, tell: Callable[[Picture], str] = reference_to) -> dict[str, Any]:
        """Give what was set as plain values for JSON.

        Parameters
        ----------
        tell : writes a picture, wherever it stands; left out = `sha256:<hex>` of its file
        """
        refused: list[PentimentoError] = []

        def telling(picture: Picture) -> str:
            try:
                return tell(picture)
            except PentimentoError as error:  # pydantic would make another of it
                refused.append(error)
                return ""

        values = self.model_dump(mode="json", exclude_unset=True, context={TELL_PICTURE: telling})
        if refused:
            raise refused[0]
        return values


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
    icc : colour profile that goes into its file
    """

    image: Image.Image
    seeds: Seeds
    request: Request
    label: str = ""
    infotext: str = ""
    recipe: Recipe | None = None
    footprint: Footprint | None = None
    options: Options | None = None
    icc: bytes | None = field(default=None, repr=False)

    def encode(self, format: str, quality: int = 90) -> bytes:
        """Give the bytes of its file, with infotext and recipe inside.

        Raises
        ------
        ImageError
            Where the format cannot hold the picture.
        """
        recipe = self.recipe and self.recipe.to_json()
        return metadata.encode(self.image, format, infotext=self.infotext, recipe=recipe, icc=self.icc, quality=quality)


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
    builds_up : each of its runs rests on the one before, so that only the script makes a picture again
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
    builds_up: bool = False
    in_parts: bool = False

    def begin(self, request: Request, options: Options, means: Means) -> Asking:
        return self.steps(request, options, means)


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


def kept_where(request: Request, mask: Image.Image, **fields: Any) -> Request:
    """Give a request whose untouched pixels are those where a mask, of the result's size, is 0."""
    plain = {"mask_blur": 0, "mask_mode": "inpaint_masked", "mask_action": "blend", "feather": "both"}
    whole = {"latent_mask": None, "inpaint_area": "whole_picture", "width": None, "height": None}
    return request.changed(**{**plain, **whole, "mask": mask, **fields})


def one_by_one(request: Request) -> Request:
    """Ask for a single picture."""
    return request.changed(batch_size=1, batch_count=1)


def check(good: bool, option: str, value: object, message: str) -> None:
    """Refuse an option that does not fit the request."""
    if not good:
        raise RequestError(option, value, message)


def check_size(option: str, value: object, size: Size) -> None:
    """Refuse a picture that would be larger than any that can be worked on."""
    check(
        size.area <= LARGEST_PICTURE,
        option,
        value,
        f"the picture would be {size}, and at most {LARGEST_PICTURE // 2**20} megapixels can be; make it less",
    )
