"""Sizes and boxes in pixels, as values."""

from typing import NamedTuple


class Size(NamedTuple):
    """Width and height in pixels, always in this order.

    Examples
    --------
    >>> str(Size(640, 480)), Size(640, 480).area
    ('640x480', 307200)
    """

    width: int
    height: int

    @property
    def area(self) -> int:
        return self.width * self.height

    def floored_to(self, multiple: int) -> "Size":
        """Cut both sides down to a multiple (never below one multiple)."""
        return Size(max(multiple, self.width // multiple * multiple), max(multiple, self.height // multiple * multiple))

    def raised_to(self, multiple: int) -> "Size":
        """Grow both sides to the next multiple."""
        return Size(-(-self.width // multiple) * multiple, -(-self.height // multiple) * multiple)

    def times(self, factor: int) -> "Size":
        """Enlarge both sides by a whole factor."""
        return Size(self.width * factor, self.height * factor)

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


class Box(NamedTuple):
    """A rectangle in source pixels: left and top included, right and bottom not.

    Examples
    --------
    >>> Box(10, 20, 30, 50).size
    Size(width=20, height=30)
    """

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> Size:
        return Size(self.right - self.left, self.bottom - self.top)

    def padded(self, padding: int) -> "Box":
        """Grow by `padding` pixels on every side."""
        return Box(self.left - padding, self.top - padding, self.right + padding, self.bottom + padding)

    def clamped(self, size: Size) -> "Box":
        """Cut to what lies inside a picture of this size."""
        return Box(max(self.left, 0), max(self.top, 0), min(self.right, size.width), min(self.bottom, size.height))

    @classmethod
    def whole(cls, size: Size) -> "Box":
        return cls(0, 0, size.width, size.height)


class Sides(NamedTuple):
    """Pixels that are added on each side of a picture.

    Examples
    --------
    >>> Sides(16, 0, 8, 0).around(Size(64, 48)), Sides(16, 0, 8, 0).place(Size(64, 48))
    (Size(width=88, height=48), Box(left=16, top=0, right=80, bottom=48))
    """

    left: int
    top: int
    right: int
    bottom: int

    def around(self, size: Size) -> Size:
        """Give the size of the extended picture."""
        return Size(self.left + size.width + self.right, self.top + size.height + self.bottom)

    def place(self, size: Size) -> Box:
        """Give the box in which the picture lies in the extended one."""
        return Box(self.left, self.top, self.left + size.width, self.top + size.height)
