"""The loop of every training that goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from scenes import course

BETWEEN_CHECKPOINTS = 100
"""Seconds of work that are lost at most."""


@dataclass(frozen=True)
class Timing:
    """From which step to which, for how many minutes at most, scenes a step, and the highest learning rate."""

    first: int
    steps: int
    minutes: float
    batch: int
    peak: float


def fit(
    name: str,
    loss_of: Callable[[int], Tensor],
    optimizer: torch.optim.Optimizer,
    keep: Callable[[int], None],
    timing: Timing,
    rate: Callable[[float, int, float], float],
    *,
    after: Callable[[int], None] = lambda step: None,
) -> int:
    """Take the steps that are left, or as many as there is time for; return how many are done in all.

    `loss_of` is given the step, `rate` the share of the whole, the step and the peak. `keep` writes a checkpoint of so
    many steps; that of the last is left to the caller. `after` is called behind every step.
    """
    trained = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    start = saved = time.monotonic()
    first, steps = timing.first, timing.steps
    done, mean = first, 0.0
    for step in course(first, steps, timing.minutes):
        for group in optimizer.param_groups:
            group["lr"] = rate(step / steps, step, timing.peak)
        loss = loss_of(step)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        after(step)
        done = step + 1
        if done % 50 == 0:
            mean += (float(loss.detach()) - mean) / min((step - first) // 50 + 1, 5)
            pace = (done - first) * timing.batch / (time.monotonic() - start)
            print(f"{name} step {done} of {steps} loss {mean:.4f} {pace:.1f} scenes/s", flush=True)
        if time.monotonic() - saved > BETWEEN_CHECKPOINTS:
            keep(done)
            saved = time.monotonic()
    return done
