"""Upscalers by name, and the request that does nothing but enlarge a picture."""

from PIL import Image

from . import choices
from .errors import ModelFileError, RequestError, unknown_name
from .geometry import Size
from .models.upscalers.find import UpscalerFile, UpscalerLibrary
from .pictures.read import read_picture
from .request import Picture, Request

_TABLES = {table.field: table for table in (choices.RESIZE_UPSCALER, choices.HIRES_UPSCALER)}


def find_upscaler(field: str, name: str, library: UpscalerLibrary) -> UpscalerFile | None:
    """Look a name up among the networks; None where it is a row of the field's own table.

    Raises
    ------
    RequestError
        Where nothing is called so, or it cannot be loaded.
    """
    table = _TABLES[field]
    if table.known(name) is not None:
        return None
    try:
        found = library.find(name)
    except ModelFileError as error:
        raise RequestError(field, name, str(error)) from error
    if found is None:
        raise unknown_name(field, name, [*table.names, *library.names])
    return found


def upscale_request(
    picture: Picture,
    *,
    by: float | None = None,
    width: int | None = None,
    height: int | None = None,
    upscaler: str = "lanczos",
    crop: bool = False,
) -> Request:
    """Ask for a picture in another size, with nothing repainted.

    Parameters
    ----------
    by : factor on both sides
    width, height : px, instead of the factor; one alone keeps the shape
    crop : cut off what sticks out of width x height; otherwise it is stretched to it

    Raises
    ------
    RequestError
        Where no size or two were given, or it is out of bounds.
    """
    if (by is None) == (width is None and height is None):
        raise RequestError("by", by, "give a factor, as in --by 4, or a width and height")
    given: Size | None = None
    if by is not None:
        if not 0 < by <= 16:
            raise RequestError("by", by, f"{by:g} must be above 0 and at most 16")
        own = Size(*(picture if isinstance(picture, Image.Image) else read_picture(picture, "init_image")).size)
        given = Size(max(1, round(own.width * by)), max(1, round(own.height * by)))
    return Request(
        init_image=picture,
        width=given.width if given else width,
        height=given.height if given else height,
        resize_mode="crop_and_resize" if crop else "just_resize",
        resize_upscaler=upscaler,
        denoising_strength=0,
        seed=0,
        variation_seed=0,
    )
