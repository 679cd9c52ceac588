"""A small network that tells what a picture shows and where: it learns from drawings and marks generated pictures."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from autoencoder import save
from scenes import dice
from world import Scene, World, draw_batch

SIDE, GRID = 128, 16
"""Pixels of a side as the judge sees it, and cells of its maps."""
SPREAD = 0.7
"""Deviation of a thing's spot on the map of middles, in cells."""
MOST = 4
"""Things in a scene at the most."""
PEAK = 2e-3
NAME = "judge_{}.pt"


@dataclass(frozen=True)
class Targets:
    """What drawn scenes show: indices of the tables [n] and, for up to four things each [n, 4], what and where."""

    whole: dict[str, Tensor]
    there: Tensor
    kinds: Tensor
    colours: Tensor
    places: Tensor

    def to(self, device: str) -> Targets:
        """Return them on a device."""
        whole = {name: value.to(device) for name, value in self.whole.items()}
        return Targets(whole, *(v.to(device) for v in (self.there, self.kinds, self.colours, self.places)))


def targets(world: World, scenes: Sequence[Scene]) -> Targets:
    """Return the answers to everything that the judge is asked."""
    kinds, colours = list(world.kinds), list(world.colours)
    there = torch.zeros(len(scenes), MOST, dtype=torch.bool)
    which, tones = torch.zeros(2, len(scenes), MOST, dtype=torch.int64)
    places = torch.zeros(len(scenes), MOST, 2)
    for n, scene in enumerate(scenes):
        for k, thing in enumerate(scene.things):
            there[n, k] = True
            which[n, k], tones[n, k] = kinds.index(thing.kind), colours.index(thing.colour)
            places[n, k] = torch.tensor([thing.x, thing.y])
    whole = {
        name: torch.tensor([names.index(getattr(scene, name)) for scene in scenes])
        for name, names in world.whole.items()
    }
    return Targets(whole, there, which, tones, places)


def spots(places: Tensor, there: Tensor) -> Tensor:
    """Return for every thing a Gaussian around its middle on the map [n, 4, GRID, GRID], nothing where none is."""
    axis = torch.arange(GRID, device=places.device) + 0.5
    dx, dy = axis - places[..., :1] * GRID, axis - places[..., 1:] * GRID
    return torch.exp(-(dx[..., None, :] ** 2 + dy[..., :, None] ** 2) / (2 * SPREAD**2)) * there[..., None, None]


def block(a: int, b: int, stride: int = 1) -> nn.Sequential:
    """Return a convolution with its norm."""
    return nn.Sequential(nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU())


@dataclass(frozen=True)
class Seen:
    """Logits: of the whole picture {name: [n, choices]}, of a middle at each cell, of kinds and colours there."""

    whole: dict[str, Tensor]
    middle: Tensor
    kinds: Tensor
    colours: Tensor


class Judge(nn.Module):
    """Convolutions down to 8 x 8 cells and up to 16 x 16, where things are told; a head a question of the whole."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.counts = (1, len(world.kinds), len(world.colours))
        self.down = nn.ModuleList([block(3, 24, 2), block(24, 48, 2), block(48, 96, 2), block(96, 128, 2)])
        self.deep = nn.Sequential(block(128, 128), block(128, 96))
        self.up = block(96 + 96, 96)
        self.things = nn.Conv2d(96, sum(self.counts), 1)
        self.whole = nn.ModuleDict({name: nn.Linear(96 + 48, len(names)) for name, names in world.whole.items()})

    def forward(self, pixels: Tensor) -> Seen:
        """Return what is seen in pixels [n, 3, h, w] in [-1, 1]."""
        x = F.interpolate(pixels, (SIDE, SIDE), mode="area")
        levels: list[Tensor] = []
        for step in self.down:
            x = step(x)
            levels.append(x)
        deep = self.deep(x)
        cells = self.up(torch.cat([levels[2], F.interpolate(deep, scale_factor=2.0)], 1))
        middle, kinds, colours = self.things(cells).split(self.counts, 1)
        broad = torch.cat([deep.mean((2, 3)), levels[1].mean((2, 3))], 1)
        return Seen({name: head(broad) for name, head in self.whole.items()}, middle[:, 0], kinds, colours)


def loss_of(seen: Seen, asked: Targets) -> Tensor:
    """Return the cross entropies of the whole's answers, of the map of middles, and of kinds and colours there."""
    every = spots(asked.places, asked.there)
    middle = every.amax(1)
    own = every * (every >= middle[:, None]) * (every > 0.3)
    told = [F.cross_entropy(logits, asked.whole[name]) for name, logits in seen.whole.items()]
    weight = own.sum().clamp_min(1e-6)
    for logits, right in ((seen.kinds, asked.kinds), (seen.colours, asked.colours)):
        chosen = logits.log_softmax(1).gather(1, right[:, :, None, None].expand(-1, -1, GRID, GRID))
        told.append(-(chosen * own).sum() / weight)
    found = F.binary_cross_entropy_with_logits(seen.middle, middle, weight=1 + 8 * middle)
    return torch.stack(told).mean() + 4 * found


def disturbed(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures as a generator may blur and roughen them; one in three as they are."""
    n, _, h, w = pixels.shape
    kind = int(torch.randint(3, (), generator=generator, device=generator.device))
    if kind == 0:
        return pixels
    if kind == 1:
        pixels = F.interpolate(F.interpolate(pixels, (h // 2, w // 2), mode="area"), (h, w), mode="bilinear")
    strength = 0.08 * torch.rand(n, 1, 1, 1, generator=generator, device=pixels.device)
    return pixels + strength * torch.randn(pixels.shape, generator=generator, device=pixels.device)


def train_judge(
    work: Path, world: World, *, steps: int, size: int, device: str, seed: int = 0, batch: int = 48
) -> Judge:
    """Train on scenes drawn for every step, and keep the judge in `work`."""
    torch.manual_seed(seed)
    judge = Judge(world).to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(judge.parameters(), lr=PEAK, weight_decay=0.02)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = PEAK * min(1.0, (step + 1) / 50) * (1.01 - step / steps)
        scenes = [world.sample(k) for k in range(step * batch, (step + 1) * batch)]
        pixels = draw_batch(scenes, size, world=world, device=device) * 2 - 1
        x = disturbed(pixels, dice(seed, step, device)).contiguous(memory_format=torch.channels_last)
        loss = loss_of(judge(x), targets(world, scenes).to(device))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 50 == 49:
            print(f"judge step {step + 1} of {steps} loss {float(loss.detach()):.4f}", flush=True)
    save(work / NAME.format(world.name), judge.state_dict())
    return judge.cpu().eval()


def load_judge(work: Path, world: World) -> Judge:
    """Return the judge of a world that is in `work`."""
    judge = Judge(world)
    judge.load_state_dict(torch.load(work / NAME.format(world.name), map_location="cpu", weights_only=True))
    return judge.eval()


@dataclass(frozen=True)
class Thing:
    """A thing that the judge sees: names of the tables, and its middle in the unit square."""

    kind: str
    colour: str
    x: float
    y: float


@dataclass(frozen=True)
class View:
    """What the judge sees in a picture: the answers about the whole, and its clearest things."""

    whole: dict[str, str]
    things: list[Thing]


@torch.no_grad()
def look(judge: Judge, world: World, pictures: NDArray[np.uint8], counts: Sequence[int]) -> list[View]:
    """Return what is seen in pictures uint8 [n, h, w, 3], each with its `counts` clearest things."""
    kinds, colours = list(world.kinds), list(world.colours)
    views: list[View] = []
    for start in range(0, len(pictures), 32):
        pixels = torch.from_numpy(pictures[start : start + 32].copy()).permute(0, 3, 1, 2).float() / 127.5 - 1
        seen = judge(pixels)
        for k in range(len(pixels)):
            whole = {name: world.whole[name][int(logits[k].argmax())] for name, logits in seen.whole.items()}
            things: list[Thing] = []
            for row, column, x, y in peaks(seen.middle[k].sigmoid(), counts[start + k]):
                kind = kinds[int(seen.kinds[k, :, row, column].argmax())]
                things.append(Thing(kind, colours[int(seen.colours[k, :, row, column].argmax())], x, y))
            views.append(View(whole, things))
    return views


def peaks(heat: Tensor, n: int) -> list[tuple[int, int, float, float]]:
    """Return the n highest peaks of a map: row, column, and the middle of mass around them in the unit square."""
    alone = torch.where(heat == F.max_pool2d(heat[None, None], 3, 1, 1)[0, 0], heat, 0.0).flatten()
    axis = (torch.arange(GRID) + 0.5) / GRID
    result: list[tuple[int, int, float, float]] = []
    for cell in alone.topk(n).indices.tolist():
        row, column = divmod(cell, GRID)
        rows, columns = slice(max(row - 2, 0), row + 3), slice(max(column - 2, 0), column + 3)
        part = heat[rows, columns] ** 2
        x, y = (part.sum(0) * axis[columns]).sum() / part.sum(), (part.sum(1) * axis[rows]).sum() / part.sum()
        result.append((row, column, float(x), float(y)))
    return result


def apart(a: Any, b: Any) -> float:
    """Return the distance of two things in sides of the picture."""
    return math.hypot(a.x - b.x, a.y - b.y)


def matched(view: View, scene: Scene) -> list[Thing]:
    """Return for each thing of the scene the one seen in its place: what moves all of them least."""
    return list(
        min(
            itertools.permutations(view.things),
            key=lambda order: sum(apart(a, b) ** 2 for a, b in zip(order, scene.things, strict=True)),
        )
    )


def marks(judge: Judge, world: World, pictures: NDArray[np.uint8], scenes: Sequence[Scene]) -> dict[str, float]:
    """Return shares of right answers: of the whole, of kinds and colours of one thing alone and of several, `both`.

    `both` is the share of pictures of two things with both kinds and both colours right, each in its place.
    """
    right: dict[str, list[bool]] = {}
    for view, scene in zip(look(judge, world, pictures, [len(s.things) for s in scenes]), scenes, strict=True):
        for name, answer in view.whole.items():
            right.setdefault(name, []).append(answer == getattr(scene, name))
        several = "only" if len(scene.things) == 1 else "several"
        pairs = list(zip(matched(view, scene), scene.things, strict=True))
        for name in ("kind", "colour"):
            answers = [getattr(a, name) == getattr(b, name) for a, b in pairs]
            right.setdefault(f"{name}_{several}", []).extend(answers)
        if len(pairs) == 2:
            right.setdefault("both", []).append(all((a.kind, a.colour) == (b.kind, b.colour) for a, b in pairs))
    return {name: float(np.mean(values)) for name, values in right.items()}


def distances(judge: Judge, world: World, pictures: NDArray[np.uint8], scenes: Sequence[Scene]) -> NDArray[np.float64]:
    """Return how far each thing seems to be from where the scene has it, in sides of the picture."""
    views = look(judge, world, pictures, [len(scene.things) for scene in scenes])
    pairs = [(matched(view, scene), scene.things) for view, scene in zip(views, scenes, strict=True)]
    return np.array([apart(a, b) for seen, asked in pairs for a, b in zip(seen, asked, strict=True)])
