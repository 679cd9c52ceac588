"""`pentimento mask`: a mask drawn from its text, or found between two pictures, as a file."""

from inspect import Parameter
from pathlib import Path
from typing import Any

import typer

from .options import COMMON, parameter, with_options
from .terminal import say, say_json

OPTIONS = (
    parameter("image", str, typer.Argument(help="The picture that the mask is for.", metavar="IMAGE"), Parameter.empty),
    parameter(
        "drawing",
        str,
        typer.Argument(
            help="What to mask, as in 'rect 10% 20% 30% 30%; grow 8; feather 4'; with --other left out: where the two"
            " differ.",
            metavar="[DRAWING]",
            show_default=False,
        ),
        "",
    ),
    parameter(
        "other",
        str | None,
        typer.Option("--other", help="A second picture, which 'difference' compares with.", metavar="FILE"),
    ),
    parameter("output", Path, typer.Option("--output", "-o", help="Where the mask goes.", metavar="FILE"), "mask.png"),
)


@with_options(*OPTIONS, *COMMON)
def mask(**values: Any) -> None:
    """Draw a mask for a picture: white = repaint."""
    from ..errors import RequestError
    from ..metadata import save
    from ..pictures.mask_text import read_drawing
    from ..pictures.read import read_picture
    from ..pictures.shapes import render

    text = values["drawing"] or ("difference 0" if values["other"] else "")
    if not text:
        raise RequestError("mask", "", "nothing says what to mask; give a drawing such as 'rect 10% 20% 30% 30%'")
    other = values["other"] and read_picture(values["other"], "other")
    drawn = render(read_drawing(text), read_picture(values["image"], "image"), other)
    file = Path(values["output"]).expanduser()
    file.parent.mkdir(parents=True, exist_ok=True)
    save(drawn, file)
    box, total = drawn.getbbox(), drawn.width * drawn.height
    pixels = total - drawn.histogram()[0]
    if values["json"]:
        say_json({"file": str(file), "size": list(drawn.size), "pixels": pixels, "box": box and list(box)})
        return
    say(f"{file}: {pixels} of {total} pixels masked ({pixels / total:.1%})")
