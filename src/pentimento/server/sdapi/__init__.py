"""A1111's dialect, `/sdapi/v1`: its words and numbers for requests and replies, and its routes."""

from typing import TYPE_CHECKING, Any

from ...errors import ModelNotFoundError, unknown_name
from .adetailer import Detectors
from .reading import Body, decode_picture, to_request
from .reply import file_format, reply
from .scripts import answer_script, asked_script

if TYPE_CHECKING:
    from ...result import Finished
    from ...studio import Studio

__all__ = ["ENDPOINTS", "Body", "answer", "decode_picture", "is_known_model", "to_request"]

ENDPOINTS = ("txt2img", "img2img")


def answer(studio: "Studio", endpoint: str, body: Body) -> dict[str, Any]:
    """Give the reply of `/sdapi/v1/<endpoint>` to a body, in process.

    Parameters
    ----------
    endpoint : `txt2img` or `img2img`

    Raises
    ------
    RequestError
        Where the body cannot be understood or done.
    """
    if endpoint not in ENDPOINTS:
        raise unknown_name("endpoint", endpoint, ENDPOINTS)
    script = asked_script(endpoint, body, Detectors(download=studio.download, paths=studio.paths))
    request = to_request(endpoint, body, known_model=lambda name: is_known_model(studio, name))
    if script is not None:
        return answer_script(studio, request, script, body)
    form = file_format(body)
    pictures: list[Finished] = []
    plan = studio.plan(request)
    studio.run(plan, on_picture=pictures.append)
    files = [picture.encode(form) for picture in pictures]
    return reply(plan, files, body, made=[picture.made for picture in pictures])


def is_known_model(studio: "Studio", name: str) -> bool:
    """Tell whether a studio has a model; A1111 takes the current one for a name that is not known."""
    try:
        studio.find(name)
    except ModelNotFoundError:
        return False
    return True
