"""A page of pictures in rows and columns, with what varies written along its sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from PIL import Image, ImageDraw, ImageFont

from ..errors import RequestError
from ..geometry import Size

PAPER, INK = "#ffffff", "#22201c"
LARGEST_PAGE = 200_000_000
"""Pixels; a larger page could hardly be opened."""


@dataclass(frozen=True, eq=False)
class Grid:
    """One block of pictures, row by row; its title stands above."""

    columns: tuple[str, ...]
    rows: tuple[str, ...]
    images: tuple[Image.Image, ...]
    title: str = ""

    @property
    def cell(self) -> Size:
        return Size(max(image.width for image in self.images), max(image.height for image in self.images))


def draw_grid(grids: Sequence[Grid], margin: int, *, legend: bool) -> Image.Image:
    """Draw blocks below each other, pictures at their own size, centred in equal cells.

    Raises
    ------
    RequestError
        Where the page would have more than 200 megapixels.

    Examples
    --------
    >>> red = Image.new("RGB", (20, 10), "red")
    >>> draw_grid([Grid(("a", "b"), ("c",), (red, red))], 4, legend=False).size
    (44, 10)
    """
    blocks = [_size(grid, margin, legend) for grid in grids]
    size = Size(max(block.width for block in blocks), sum(b.height for b in blocks) + margin * (len(blocks) - 1))
    if size.area > LARGEST_PAGE:
        raise RequestError("page", size, f"it would be {size} px, more than 200 megapixels; take fewer values")
    page, top = Image.new("RGB", size, PAPER), 0
    for grid, block in zip(grids, blocks, strict=True):
        page.paste(_block(grid, block, margin, legend), (0, top))
        top += block.height + margin
    return page


@dataclass(frozen=True)
class _Legend:
    """Room for words: beside the rows, above the columns, above the block."""

    left: int
    top: int
    title: int
    font: int


def _legend(grid: Grid, legend: bool) -> _Legend:
    if not legend:
        return _Legend(0, 0, 0, 0)
    font = max(12, min(32, grid.cell.height // 16))
    lines = max(len(_lines(name, grid.cell.width, font)) for name in grid.columns)
    longest = max(len(name) for name in grid.rows)
    left = 0 if not any(grid.rows) else min(grid.cell.width, round(longest * font * 0.6) + 2 * font)
    top = 0 if not any(grid.columns) else (lines + 1) * font
    return _Legend(left, top, 2 * font if grid.title else 0, font)


def _size(grid: Grid, margin: int, legend: bool) -> Size:
    room, cell = _legend(grid, legend), grid.cell
    across, down = len(grid.columns), len(grid.rows)
    return Size(
        room.left + across * cell.width + margin * (across - 1),
        room.title + room.top + down * cell.height + margin * (down - 1),
    )


def _block(grid: Grid, size: Size, margin: int, legend: bool) -> Image.Image:
    room, cell = _legend(grid, legend), grid.cell
    block = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(block)
    top = room.title + room.top
    for index, image in enumerate(grid.images):
        left = room.left + index % len(grid.columns) * (cell.width + margin) + (cell.width - image.width) // 2
        above = top + index // len(grid.columns) * (cell.height + margin) + (cell.height - image.height) // 2
        block.paste(image.convert("RGB"), (left, above))
    if not legend:
        return block
    font = ImageFont.load_default(room.font)
    if grid.title:
        draw.text((size.width // 2, room.font), grid.title, INK, font, anchor="mm")
    for column, name in enumerate(grid.columns):
        middle = room.left + column * (cell.width + margin) + cell.width // 2
        text = "\n".join(_lines(name, cell.width, room.font))
        draw.multiline_text(
            (middle, room.title + room.top // 2), text, INK, font, anchor="mm", align="center", spacing=0
        )
    for row, name in enumerate(grid.rows):
        middle = top + row * (cell.height + margin) + cell.height // 2
        text = "\n".join(_lines(name, room.left, room.font))
        draw.multiline_text((room.left // 2, middle), text, INK, font, anchor="mm", align="center", spacing=0)
    return block


def _lines(text: str, width: int, font: int) -> list[str]:
    return wrap(text, max(1, round(width / (font * 0.6))))[:3] or [""]
