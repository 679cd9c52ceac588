"""Checkpoints as fp16 files of at most 16 MiB, and back: for machines that return only small files."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from autoencoder import save
from configs import INPAINT_CHANNELS, LATENT_CHANNELS
from diffusion import NAMES, Drawer, new_optimizer, write_drawer
from export import refuse_to_replace
from world import World

LARGEST = 16 * 2**20 - 2**18
"""Bytes of tensors in a file; the rest is for its header."""
WEIGHTS = {"vae.pt": "model", **dict.fromkeys(NAMES.values(), "average")}
"""What is kept of each checkpoint: not the optimizer's moments, which are three times as large."""


def split(work: Path, folder: Path) -> list[Path]:
    """Write the weights of the checkpoints in `work` as shards into `folder`, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: list[dict[str, Tensor]] = [{}]
    steps: dict[str, str] = {}
    room = LARGEST
    for name, kept in WEIGHTS.items():
        if not (work / name).exists():
            continue
        state = torch.load(work / name, map_location="cpu", weights_only=True)
        steps[name] = str(state["step"])
        for key, value in state[kept].items():
            tensor = value.half().contiguous()
            if tensor.nbytes > room:
                parts.append({})
                room = LARGEST
            parts[-1][f"{name}/{key}"] = tensor
            room -= tensor.nbytes
    paths = [folder / f"shard_{k:02d}.safetensors" for k in range(len(parts))]
    for path, part in zip(paths, parts, strict=True):
        save_file(part, path, metadata=steps)
    return paths


def join(folder: Path, work: Path, world: World, *, size: int) -> None:
    """Write checkpoints into `work` from shards; their training goes on at its step, the optimizer begins anew.

    Raises
    ------
    FileExistsError
        Where there is a checkpoint already.
    """
    refuse_to_replace(work)
    states: dict[str, dict[str, Tensor]] = {}
    steps: dict[str, str] = {}
    for path in sorted(folder.glob("shard_*.safetensors")):
        with safe_open(path, "pt") as shard:
            steps = shard.metadata()
            for key in shard.keys():  # noqa: SIM118 - it is no dict
                name, _, tensor = key.partition("/")
                states.setdefault(name, {})[tensor] = shard.get_tensor(key).float()
    save(work / "vae.pt", {"model": states["vae.pt"], "step": int(steps["vae.pt"])})
    for inpaint, name in NAMES.items():
        if name in states:
            drawer = Drawer(world, size, INPAINT_CHANNELS if inpaint else LATENT_CHANNELS)
            drawer.load_state_dict(states[name])
            write_drawer(work / name, drawer, drawer, new_optimizer(drawer, peak=0.0), step=int(steps[name]))
