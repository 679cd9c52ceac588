"""The judge: what it is asked, how it points, and how its answers are counted, with no network in between."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "training"))

from judge import GRID, Judge, Seen, distances, loss_of, marks, peaks, spots, targets  # noqa: E402
from world import WHOLE, Scene  # noqa: E402


def scenes() -> list[Scene]:
    """Return scenes of one to four things that do not lie close together."""
    return [
        scene
        for scene in (WHOLE.sample(k) for k in range(300))
        if all(abs(a.x - b.x) > 0.22 for k, a in enumerate(scene.things) for b in scene.things[:k])
    ][:40]


class Oracle(Judge):
    """A judge that knows the answers."""

    def __init__(self, known: list[Scene]) -> None:
        super().__init__(WHOLE)
        self.known = iter(known)

    def forward(self, pixels: torch.Tensor) -> Seen:
        """Return logits that say what the next scenes are."""
        asked = targets(WHOLE, [next(self.known) for _ in range(len(pixels))])
        every = spots(asked.places, asked.there)
        maps = []
        for right, count in ((asked.kinds, len(WHOLE.kinds)), (asked.colours, len(WHOLE.colours))):
            chosen = torch.nn.functional.one_hot(right, count).float()
            maps.append(40 * torch.einsum("nkhw,nkc->nchw", every, chosen))
        whole = {
            name: torch.nn.functional.one_hot(index, len(WHOLE.whole[name])).float()
            for name, index in asked.whole.items()
        }
        return Seen(whole, every.amax(1).clamp(1e-4, 1 - 1e-4).logit(), maps[0], maps[1])


def test_right_answers_are_all_counted_right() -> None:
    known = scenes()
    pictures = np.zeros((len(known), 8, 8, 3), dtype=np.uint8)
    figures = marks(Oracle(known), WHOLE, pictures, known)
    assert set(figures) >= {"ground", "hour", "style", "kind_only", "colour_only", "kind_several", "both"}
    assert min(figures.values()) == 1
    assert distances(Oracle(known), WHOLE, pictures, known).max() < 2 / 256


def test_wrong_answers_are_counted_wrong() -> None:
    known = scenes()
    pictures = np.zeros((len(known), 8, 8, 3), dtype=np.uint8)
    figures = marks(Oracle([*known[1:], known[0]]), WHOLE, pictures, known)
    assert figures["kind_only"] < 0.3 and figures["ground"] < 0.5


def test_a_peak_lies_between_cells() -> None:
    at = torch.tensor([[[0.3, 0.62], [0.8, 0.2], [0, 0], [0, 0]]])
    there = torch.tensor([[True, True, False, False]])
    found = sorted((x, y) for _, _, x, y in peaks(spots(at, there)[0].amax(0), 2))
    assert np.allclose(found, [(0.3, 0.62), (0.8, 0.2)], atol=0.2 / GRID)


def test_its_loss_falls() -> None:
    torch.manual_seed(0)
    known = scenes()[:8]
    judge, asked = Judge(WHOLE), targets(WHOLE, known)
    optimizer = torch.optim.AdamW(judge.parameters(), lr=2e-3)
    pixels = torch.randn(8, 3, 64, 64)
    losses: list[float] = []
    for _ in range(12):
        loss = loss_of(judge(pixels), asked)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]
