"""A contact sheet: rows of labelled pictures on one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from PIL import Image, ImageDraw, ImageFont

from ..geometry import Size

CELL = Size(256, 256)
GAP = 16
LINE = 18
PAPER, INK, FAINT = "#f6f4ef", "#22201c", "#807a70"


@dataclass(frozen=True)
class Row:
    """One row: a title over pictures, each with what is written below it."""

    title: str
    cells: Sequence[tuple[str, Image.Image]]


def contact_sheet(rows: Sequence[Row], cell: Size = CELL) -> Image.Image:
    """Draw all rows below each other, every picture fitted into a cell of the same size.

    Examples
    --------
    >>> contact_sheet([Row("grey", [("one", Image.new("L", (10, 20))), ("two", Image.new("RGB", (20, 10)))])]).size
    (560, 360)
    """
    columns = max(len(row.cells) for row in rows)
    height = 2 * LINE + cell.height + 2 * LINE + GAP
    page = Image.new("RGB", (GAP + columns * (cell.width + GAP), GAP + len(rows) * height), PAPER)
    for index, row in enumerate(rows):
        _draw_row(page, row, GAP + index * height, cell)
    return page


def _draw_row(page: Image.Image, row: Row, top: int, cell: Size) -> None:
    draw = ImageDraw.Draw(page)
    draw.text((GAP, top), row.title, INK, ImageFont.load_default(16))
    small = ImageFont.load_default(13)
    below = top + 2 * LINE + cell.height
    for column, (label, image) in enumerate(row.cells):
        left = GAP + column * (cell.width + GAP)
        fitted = _fitted(image, cell)
        page.paste(fitted, (left, top + 2 * LINE))
        for number, line in enumerate(wrap(label, cell.width // 7)[:2]):
            draw.text((left, below + 4 + number * (LINE - 3)), line, FAINT, small)


def _fitted(image: Image.Image, cell: Size) -> Image.Image:
    scale = min(cell.width / image.width, cell.height / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    # Small pictures are enlarged by whole pixels' edges, so that what is seen is what is there.
    how = Image.Resampling.LANCZOS if scale < 1 else Image.Resampling.BICUBIC
    return image.convert("RGB").resize(size, how)
