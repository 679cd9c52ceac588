"""An upscaler at work: a picture through its network, tile by tile."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...geometry import Size
from .tiling import Span, spans

TILE = 192
OVERLAP = 24
"""Sides of a tile and of what neighbours share, px of the picture that is enlarged."""


@dataclass(eq=False)
class Upscaler:
    """A network that enlarges pictures, in memory.

    Attributes
    ----------
    network : holds the weights
    call : runs it over [1, 3, h, w] in 0..1
    multiple : sides of what the network is given are multiples of this
    """

    name: str
    network: nn.Module
    call: Callable[[Tensor], Tensor]
    scale: int
    multiple: int
    device: torch.device
    dtype: torch.dtype

    def tiles(self, size: Size) -> int:
        """Count the tiles of a picture."""
        across, down = self._spans(size)
        return len(across) * len(down)

    def _spans(self, size: Size) -> tuple[list[Span], list[Span]]:
        """Cut the picture, padded to the network's multiple, across and down."""
        tile = -(-TILE // self.multiple) * self.multiple
        width, height = size.raised_to(self.multiple)
        return spans(width, tile, OVERLAP, self.multiple), spans(height, tile, OVERLAP, self.multiple)

    def enlarge(self, pixels: NDArray[np.uint8], told: Callable[[int], None] = lambda done: None) -> NDArray[np.uint8]:
        """Run the network once over [H, W, 3].

        Parameters
        ----------
        told : of how many tiles are done; it stops the work by raising

        Notes
        -----
        In tiles, as A1111 v1.10.1 does it; where two meet, each has seen what is beyond the other's part.
        """
        size = Size(pixels.shape[1], pixels.shape[0])
        across, down = self._spans(size)
        padded = _padded(pixels, size.raised_to(self.multiple))
        large = np.empty((padded.shape[0] * self.scale, padded.shape[1] * self.scale, 3), np.uint8)
        below: NDArray[np.float32] | None = None
        for row, span in enumerate(down):
            strip = np.zeros(((span.used[1] - span.used[0]) * self.scale, large.shape[1], 3), np.float32)
            for column, tile in enumerate(self._tiles(padded, span, across)):
                left, right = (edge * self.scale for edge in across[column].used)
                strip[:, left:right] += tile
                told(row * len(across) + column + 1)
            if below is not None:
                strip[: len(below)] += below
            faded = 0 if span.fade_out is None else (span.fade_out[1] - span.fade_out[0]) * self.scale
            finished = len(strip) - faded
            top = span.used[0] * self.scale
            large[top : top + finished] = np.rint(np.clip(strip[:finished], 0, 1) * 255)
            below = strip[finished:]
        return large[: size.height * self.scale, : size.width * self.scale]

    def _tiles(self, padded: NDArray[np.uint8], span: Span, across: list[Span]) -> Iterator[NDArray[np.float32]]:
        """Give the used part of every tile of a row, by its share."""
        down = span.weights(self.scale)[:, np.newaxis, np.newaxis]
        rows = _within(span, self.scale)
        for beside in across:
            made = self._run(padded[span.start : span.stop, beside.start : beside.stop])
            used = made[rows, _within(beside, self.scale)]
            yield used * down * beside.weights(self.scale)[:, np.newaxis]

    def _run(self, tile: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Run the network over one tile; where half precision overflows, it goes on in single."""
        given = torch.as_tensor(np.ascontiguousarray(tile.transpose(2, 0, 1)))[None].to(self.device)
        with torch.inference_mode():
            made = self._called(given)
            if self.dtype != torch.float32 and not bool(made.isfinite().all()):
                self.dtype = torch.float32
                self.network.float()
                made = self._called(given)
        return made[0].permute(1, 2, 0).float().cpu().numpy()

    def _called(self, given: Tensor) -> Tensor:
        return self.call(given.to(self.dtype) / 255)


def _within(span: Span, scale: int) -> slice:
    first, last = span.used
    return slice((first - span.start) * scale, (last - span.start) * scale)


def _padded(pixels: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """Continue a picture beyond its right and lower edges, mirrored."""
    missing = ((0, size.height - pixels.shape[0]), (0, size.width - pixels.shape[1]), (0, 0))
    return np.pad(pixels, missing, mode="symmetric") if any(map(any, missing)) else pixels
