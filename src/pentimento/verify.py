"""Prove from a result's file that what had to stay has stayed, byte for byte; tell why a second one is other."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import RecipeError
from .framing import FRAMERS, Frame, lay_out, unchanged
from .geometry import Size
from .inputs import read_inputs
from .pictures.metrics import Difference, difference_where
from .pictures.read import read_picture
from .pictures.upscale import PIXEL_UPSCALERS
from .profiles import find_profile
from .recipe import InputStore, Recipe, open_recipe, pixels_sha256, to_request
from .request import Request
from .scripts.rerun import script_of

# Where the work happens depends on the model, which pixels are kept does not: these stand
# for any model.
_MULTIPLE, _NATIVE = 8, 512


@dataclass(frozen=True)
class Verification:
    """What was found.

    Attributes
    ----------
    size : of the picture
    kept : pixels that had to stay, those with weight 0
    difference : where they did not, against the source
    intact : the picture's pixels are those that the recipe tells
    """

    size: Size
    kept: int
    difference: Difference
    intact: bool

    @property
    def holds(self) -> bool:
        """Whether nothing changed that may not, then or since."""
        return self.intact and self.difference.pixels == 0

    def describe(self) -> str:
        """Say it in one sentence.

        Examples
        --------
        >>> Verification(Size(8, 8), 40, Difference(0, 0, None), intact=True).describe()
        'all 40 pixels outside the mask are those of the source (of 64)'
        """
        if self.difference.pixels:
            return (
                f"{self.difference.pixels} of {self.kept} pixels outside the mask differ from the source, by up to"
                f" {self.difference.largest}; the first at x, y = {self.difference.first}"
            )
        if not self.intact:
            return "the picture was changed after it was made: its pixels are not those that its recipe tells"
        if self.kept == 0:
            return "every pixel was free to change, and none did after the picture was made"
        return f"all {self.kept} pixels outside the mask are those of the source (of {self.size.area})"


def verify(result: str | Path | bytes, store: InputStore) -> Verification:
    """Compare a result with its source wherever the blurred mask is 0.

    Parameters
    ----------
    result : a picture file with a recipe, or its bytes
    store : where its inputs are

    Raises
    ------
    RecipeError
        Where the file has no recipe, its inputs are missing, it has another size than was made, or a
        script has put it together of which nothing says what it had to keep.
    ImageError
        Where it cannot be read.
    """
    recipe = open_recipe(result)
    image = read_picture(str(result) if isinstance(result, Path) else result, "result")
    size, intact = Size(*image.size), pixels_sha256(image) == recipe.pixels
    frame = _frame(_kept_of(recipe, store), recipe)
    if frame.source is None or frame.weight is None:
        return Verification(size, 0, Difference(0, 0, None), intact)
    source = unchanged(frame)
    if source.size != image.size:
        raise RecipeError(f"the picture is {size} and was made as {Size(*source.size)}: it cannot be compared")
    kept = frame.weight == 0
    mode = "RGBA" if "A" in source.mode or "A" in image.mode else "RGB"
    first, second = (np.asarray(picture.convert(mode)) for picture in (source, image))
    return Verification(size, int(np.count_nonzero(kept)), difference_where(first, second, kept), intact)


def _kept_of(recipe: Recipe, store: InputStore) -> Request:
    """Give the request whose untouched pixels had to stay."""
    request, script = to_request(recipe, store), script_of(recipe, store)
    if script is None:
        return request
    row, options = script
    if row.keeps is None:
        raise RecipeError(
            f"{row.label} has put this picture together, and nothing says which pixels had to stay;"
            " `pentimento rerun` proves that it was made so"
        )
    return row.keeps(request, options)


def _frame(request: Request, recipe: Recipe) -> Frame:
    profile = find_profile(str(recipe.profile["name"]))
    inputs = read_inputs(request, profile)
    layout = lay_out(request, profile, inputs, multiple=_MULTIPLE, native=_NATIVE)
    stretched = layout.box is None and inputs.source is not None and inputs.source.size != layout.output
    if request.resize_upscaler not in PIXEL_UPSCALERS and stretched:
        raise RecipeError(
            f"the whole picture was enlarged by '{request.resize_upscaler}', so no pixel is the source's:"
            " there is nothing to compare"
        )
    upscale = PIXEL_UPSCALERS.get(request.resize_upscaler, PIXEL_UPSCALERS["lanczos"])
    return FRAMERS[profile.overlay].frame(request, inputs, layout, upscale)


def differences(then: Recipe, now: Recipe) -> tuple[str, ...]:
    """Tell what is other in a second recipe of the same picture, and so may change its bytes."""
    first, second = _decisive(then), _decisive(now)
    return tuple(
        f"{name}: {first.get(name)} then, {second.get(name)} now"
        for name in {**first, **second}
        if first.get(name) != second.get(name)
    )


def _decisive(recipe: Recipe) -> dict[str, str | None]:
    return {
        "model": recipe.model.sha256,
        "vae": recipe.vae.sha256 if recipe.vae else None,
        "device": recipe.device,
        "dtype": recipe.dtype,
        **recipe.addons,
        **recipe.others,
        **recipe.libraries,
        **{f"profile {name}": choice for name, choice in recipe.profile.items()},
    }
