"""A chain as OpenRaster, the layered format that Krita and GIMP open (openraster.org, baseline 0.0.6)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from PIL import Image

from ..geometry import Box, Size
from ..pictures.layers import to_rgba
from ..pictures.write import to_png
from .project import pack
from .step import Ground, Step

_THUMBNAIL = 256


@dataclass(frozen=True)
class _Entry:
    """One layer as the stack tells it."""

    name: str
    source: str
    box: Box
    hidden: bool


def to_openraster(grounds: Iterable[Ground], steps: Sequence[Step]) -> bytes:
    """Give the bytes of an .ora file: the source below, each step a layer over it, muted ones hidden.

    Parameters
    ----------
    grounds : what lies below each step, and last the whole picture

    Notes
    -----
    Other programs mix 8 bits by 8 bits of alpha, which on soft edges may be a level aside for each layer; the
    merged picture in the file is the exact one. Layers keep the alpha of what lies below them.
    """
    climbing = iter(grounds)
    ground = next(climbing)
    parts = {"data/source.png": to_png(ground.to_image())}
    entries = [_Entry("source", "data/source.png", Box.whole(ground.size), hidden=False)]
    for number, step in enumerate(steps, 1):
        if min(step.layer.box.size) > 0:
            image = to_rgba(step.layer, ground.canvas)
            image.info |= {"icc_profile": ground.icc} if ground.icc else {}
            entries.append(_Entry(f"{number} {step.name}", f"data/step-{number}.png", step.layer.box, step.muted))
            parts[entries[-1].source] = to_png(image)
        ground = next(climbing)
    merged = ground.to_image()
    return pack(
        {
            "mimetype": b"image/openraster",
            "stack.xml": _stack(ground.size, entries, "svg:src-over" if ground.alpha is None else "svg:src-atop"),
            **parts,
            "mergedimage.png": to_png(merged),
            "Thumbnails/thumbnail.png": to_png(_small(merged)),
        }
    )


def _stack(size: Size, entries: Sequence[_Entry], over: str) -> bytes:
    root = ElementTree.Element("image", version="0.0.6", w=str(size.width), h=str(size.height))
    stack = ElementTree.SubElement(root, "stack")
    for entry in reversed(entries):
        ElementTree.SubElement(
            stack,
            "layer",
            {
                # XML has no place for control characters.
                "name": "".join(letter if letter.isprintable() else " " for letter in entry.name),
                "src": entry.source,
                "x": str(entry.box.left),
                "y": str(entry.box.top),
                "opacity": "1.0",
                "visibility": "hidden" if entry.hidden else "visible",
                "composite-op": over if entry is not entries[0] else "svg:src-over",
            },
        )
    return ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _small(image: Image.Image) -> Image.Image:
    small = image.copy()
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    return small
