"""A small network that names what a picture of the world shows; trained on drawn scenes, it marks generated ones."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from autoencoder import save
from world import COLOURS, GROUNDS, HOURS, KINDS, Scene, sample_scene

NAMES: dict[str, list[str]] = {
    "ground": list(GROUNDS),
    "hour": list(HOURS),
    **{
        f"{what}_{slot}": list(table)
        for slot in ("only", "left", "right")
        for what, table in (("kind", KINDS), ("colour", COLOURS))
    },
}
POSITION = "position"
"""The head that tells where the only thing's middle is, (x, y) in the unit square."""
SIDE = 64
ABSENT = -100


def answers(scene: Scene) -> dict[str, int]:
    """Return the index of the right answer for every question; ABSENT where it does not arise."""
    result = dict.fromkeys(NAMES, ABSENT)
    result["ground"], result["hour"] = NAMES["ground"].index(scene.ground), NAMES["hour"].index(scene.hour)
    things = sorted(scene.things, key=lambda t: t.x)
    for slot, thing in zip(("left", "right") if len(things) == 2 else ("only",), things, strict=True):
        result[f"kind_{slot}"] = NAMES[f"kind_{slot}"].index(thing.kind)
        result[f"colour_{slot}"] = NAMES[f"colour_{slot}"].index(thing.colour)
    return result


def position(scene: Scene) -> tuple[float, float]:
    """Return where the only thing's middle is; nan where there are two."""
    return (scene.things[0].x, scene.things[0].y) if len(scene.things) == 1 else (float("nan"), float("nan"))


class Judge(nn.Module):
    """Convolutions over a 64 x 64 picture, then one linear head a question."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 32, 64, 96, 128)
        layers: list[nn.Module] = []
        for a, b in zip(widths, widths[1:], strict=False):
            layers += [nn.Conv2d(a, b, 3, 2, 1), nn.BatchNorm2d(b), nn.ReLU()]
        self.trunk = nn.Sequential(*layers, nn.Flatten(), nn.Linear(widths[-1] * 16, 384), nn.ReLU())
        outputs = {**{name: len(names) for name, names in NAMES.items()}, POSITION: 2}
        self.heads = nn.ModuleDict({name: nn.Linear(384, count) for name, count in outputs.items()})

    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """Return the logits of every question and the position, for pixels [n, 3, h, w] in [-1, 1]."""
        features = self.trunk(F.interpolate(pixels, (SIDE, SIDE), mode="area"))
        return {name: head(features) for name, head in self.heads.items()}


def small(pictures: NDArray[np.uint8]) -> Tensor:
    """Return pictures uint8 [n, h, w, 3] as pixels [n, 3, 64, 64] in [-1, 1]."""
    pixels = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
    return F.interpolate(pixels, (SIDE, SIDE), mode="area")


def loss_of(outputs: dict[str, Tensor], targets: dict[str, Tensor], places: Tensor) -> Tensor:
    """Return the mean of the questions' cross entropies, and the distance of the position."""
    asked = [F.cross_entropy(outputs[name], targets[name]) for name in NAMES if bool((targets[name] >= 0).any())]
    known = ~places.isnan().any(1)
    return torch.stack(asked).mean() + 0.5 * F.smooth_l1_loss(outputs[POSITION][known], places[known], beta=0.05)


def train_judge(work: Path, pictures: NDArray[np.uint8], *, minutes: float, seed: int = 0, batch: int = 64) -> Judge:
    """Train on the drawn scenes of seeds 0, 1, ... with noise and shifts, and keep the judge in `work`."""
    torch.manual_seed(seed)
    judge = Judge()
    inputs = torch.cat([small(pictures[k : k + 500]) for k in range(0, len(pictures), 500)])
    scenes = [sample_scene(k) for k in range(len(pictures))]
    rows = [answers(scene) for scene in scenes]
    targets = {name: torch.tensor([row[name] for row in rows]) for name in NAMES}
    places = torch.tensor([position(scene) for scene in scenes])
    optimizer = torch.optim.AdamW(judge.parameters(), lr=2e-3, weight_decay=0.02)
    start, step = time.monotonic(), 0
    while (progress := (time.monotonic() - start) / 60 / minutes) < 1:
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * (1.01 - progress)
        which = torch.randint(len(inputs), (batch,))
        x = inputs[which] + 0.06 * torch.rand(batch, 1, 1, 1) * torch.randn(batch, 3, SIDE, SIDE)
        dx, dy = torch.randint(-3, 4, (2,)).tolist()
        shift = torch.tensor([dx, dy]) / SIDE
        loss = loss_of(
            judge(torch.roll(x, (dy, dx), (2, 3))),
            {name: target[which] for name, target in targets.items()},
            places[which] + shift,
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step += 1
        if step % 100 == 0:
            print(f"judge step {step} loss {float(loss.detach()):.4f} {progress:.0%}", flush=True)
    save(work / "judge.pt", judge.state_dict())
    return judge.eval()


@torch.no_grad()
def marks(judge: Judge, pictures: NDArray[np.uint8], scenes: list[Scene]) -> dict[str, float]:
    """Return the share of right answers to each question that arises, and `both`: two kinds and two colours right."""
    outputs = judge(small(pictures))
    right: dict[str, list[bool]] = {name: [] for name in NAMES}
    both: list[bool] = []
    for k, scene in enumerate(scenes):
        row = answers(scene)
        asked = {name: bool(outputs[name][k].argmax() == row[name]) for name in NAMES if row[name] != ABSENT}
        for name, value in asked.items():
            right[name].append(value)
        if len(scene.things) == 2:
            both.append(all(value for name, value in asked.items() if "_" in name))
    result = {name: float(np.mean(values)) for name, values in right.items() if values}
    return {**result, **({"both": float(np.mean(both))} if both else {})}


@torch.no_grad()
def distances(judge: Judge, pictures: NDArray[np.uint8], scenes: list[Scene]) -> NDArray[np.float64]:
    """Return how far the only thing seems to be from where the scene has it, in sides of the picture [n]."""
    seen = judge(small(pictures))[POSITION].numpy().astype(np.float64)
    return np.linalg.norm(seen - np.array([position(scene) for scene in scenes]), axis=1)
