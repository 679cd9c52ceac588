"""Random numbers that belong to a seed: the same in any batch, on any device."""

from __future__ import annotations

import torch
from torch import Tensor

WORD = 0xFFFFFFFF


def scrambled(z: Tensor) -> Tensor:
    """Return a well mixed 32-bit word for each of int64 words (Wellons' lowbias32)."""
    z = z & WORD
    z = ((z ^ (z >> 16)) * 0x7FEB352D) & WORD
    z = ((z ^ (z >> 15)) * 0x846CA68B) & WORD
    return z ^ (z >> 16)


class Chance:
    """A stream of numbers for every seed [n]; what is drawn k-th depends on the seed and k alone."""

    def __init__(self, seeds: Tensor, stream: int = 0) -> None:
        self.key = scrambled(scrambled(seeds) ^ scrambled(seeds >> 32) ^ (stream * 0x9E3779B9 & WORD))
        self.drawn = 0

    def uniform(self, low: float = 0.0, high: float = 1.0, count: int | None = None) -> Tensor:
        """Return numbers in [low, high), [n], or [n, count]."""
        many = count or 1
        at = torch.arange(self.drawn, self.drawn + many, device=self.key.device)
        self.drawn += many
        words = scrambled(self.key[:, None] + at * 0x9E3779B9)
        values = (words >> 8).float() * (2.0**-24) * (high - low) + low
        return values if count else values[:, 0]

    def place(self, low: float, high: float) -> Tensor:
        """Return numbers in [low, high) that a shape takes, [n, 1, 1]."""
        return self.uniform(low, high)[:, None, None]


def steps(axis: Tensor, n: int) -> Tensor:
    """Return how much each of n points spread over the unit interval counts at each place of the axis [len, n]."""
    t = (1 - (axis[:, None] * (n - 1) - torch.arange(n, device=axis.device)).abs()).clamp(0, 1)
    return t * t * (3 - 2 * t)


def lattice(chance: Chance, axis: Tensor, columns: int, rows: int) -> Tensor:
    """Return smooth noise of about unit variance [n, len, len], the same field at every size."""
    values = (chance.uniform(-1.732, 1.732, rows * columns)).view(-1, rows, columns)
    return steps(axis, rows) @ values @ steps(axis, columns).T


def ridge(chance: Chance, axis: Tensor, points: int) -> Tensor:
    """Return a smooth line of noise [n, 1, len], between -1 and 1."""
    return (chance.uniform(-1, 1, points) @ steps(axis, points).T)[:, None]
