"""A length cut into tiles of one size that fade into each other."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Fade = tuple[int, int]


@dataclass(frozen=True)
class Span:
    """One tile along a side.

    Attributes
    ----------
    start, stop : what the network sees
    fade_in, fade_out : where its share rises from 0 to 1, and falls again; None at an end of the side
    """

    start: int
    stop: int
    fade_in: Fade | None = None
    fade_out: Fade | None = None

    @property
    def used(self) -> Fade:
        """The part whose share is not 0: around it, tiles have context that is not shown."""
        first = self.start if self.fade_in is None else self.fade_in[0]
        last = self.stop if self.fade_out is None else self.fade_out[1]
        return first, last

    def weights(self, scale: int) -> NDArray[np.float32]:
        """Give the share over the used part, enlarged; together with the neighbours' it is 1 everywhere."""
        first, last = self.used
        weights = np.ones((last - first) * scale, np.float32)
        for fade, falls in ((self.fade_in, False), (self.fade_out, True)):
            if fade is not None:
                length = (fade[1] - fade[0]) * scale
                ramp = (np.arange(length, dtype=np.float32) + 0.5) / length
                place = (fade[0] - first) * scale
                weights[place : place + length] = 1 - ramp if falls else ramp
        return weights


def spans(length: int, tile: int, overlap: int, multiple: int = 1) -> list[Span]:
    """Lay tiles over a length.

    Parameters
    ----------
    length, tile, multiple : tiles begin at multiples; length and tile are ones
    overlap : that neighbours have in common, at most half a tile; the middle half of it is faded

    Examples
    --------
    >>> [span.used for span in spans(20, 12, 4)]
    [(0, 11), (9, 20)]
    """
    if length <= tile:
        return [Span(0, length)]
    count = math.ceil((length - overlap) / (tile - overlap))
    starts = [index * (length - tile) // (count - 1) // multiple * multiple for index in range(count)]
    fades = [_fade(right, left + tile, overlap // 2) for left, right in zip(starts, starts[1:], strict=False)]
    return [
        Span(start, start + tile, fade_in, fade_out)
        for start, fade_in, fade_out in zip(starts, [None, *fades], [*fades, None], strict=True)
    ]


def _fade(start: int, stop: int, width: int) -> Fade:
    width = max(1, min(width, stop - start))
    first = (start + stop - width) // 2
    return first, first + width
