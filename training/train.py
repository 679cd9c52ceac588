"""Train the built-in model: `vae`, `unet`, `inpaint`, `preview`, `export`. Every command goes on where it stopped.

`resume` begins with the weights of a model folder instead of nothing; `split` and `join` carry weights in small files.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import CLIPTokenizer

OUT = Path("src/pentimento/models/builtin")
TIMED = {
    "vae": (6000, 4, 2e-3),
    "unet": (20000, 24, 1e-3),
    "inpaint": (6000, 24, 4e-4),
    "preview": (3000, 8, 2e-3),
}
"""Steps, scenes a step and highest learning rate of the trainings, on a CPU; the Makefile has those for a GPU."""


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(description=__doc__)
    commands = result.add_subparsers(dest="command", required=True)
    for name in COMMANDS:
        command = commands.add_parser(name)
        command.add_argument("--world", default="small", choices=("small", "whole"))
        command.add_argument("--work", type=Path, default=Path("training/runs"), help="checkpoints")
        command.add_argument("--device", default="cpu")
        command.add_argument("--size", type=int, default=128, help="pixels of a side")
        command.add_argument("--threads", type=int, default=1)
        command.add_argument("--out", type=Path, default=OUT, help="the model's folder")
        command.add_argument("--tokenizer", type=Path, default=OUT / "tokenizer")
        command.add_argument("--shards", type=Path, default=Path("out/shards"), help="where split files lie")
        if name in TIMED:
            steps, batch, peak = TIMED[name]
            command.add_argument("--seed", type=int, default=0)
            command.add_argument("--steps", type=int, default=steps, help="length of the whole training")
            command.add_argument("--minutes", type=float, default=1e9, help="stop then; the same command goes on later")
            command.add_argument("--batch", type=int, default=batch)
            command.add_argument("--peak", type=float, default=peak, help="highest learning rate")
        if name in ("unet", "inpaint"):
            command.add_argument("--blocks", type=int, default=64, help="times 64 scenes in memory")
        if name == "vae":
            command.add_argument("--decoder-only", action="store_true", help="leave the latents as they are")
        if name == "preview":
            command.add_argument("--export", action="store_true", help="write it into the model's folder, and measure")
        if name == "export":
            command.add_argument("--inpaint", action="store_true", help="the nine-channel variant")
    return result


def main() -> None:
    """Run a command."""
    args = parser().parse_args()
    import torch

    torch.set_num_threads(args.threads)
    torch.backends.cuda.matmul.allow_tf32 = True
    COMMANDS[args.command](args)


def vae(args: argparse.Namespace) -> None:
    """Train the autoencoder."""
    from autoencoder import train_vae

    train_vae(args.work, world(args), decoder_only=args.decoder_only, **timing(args))


def unet(args: argparse.Namespace) -> None:
    """Train the text encoder and the UNet, or the UNet that inpaints."""
    from diffusion import train_unet

    inpaint = args.command == "inpaint"
    train_unet(args.work, world(args), tokenizer(args), blocks=args.blocks, inpaint=inpaint, **timing(args))


def preview(args: argparse.Namespace) -> None:
    """Train the decoder for previews against the autoencoder of the model's folder, or write it there."""
    from export import export_preview, vae_of
    from preview import train_preview

    if not args.export:
        train_preview(args.work, vae_of(args.out), world(args), **timing(args))
        return
    size, told = export_preview(args.work, world(args), args.out, size=args.size)
    print(f"{size / 1e6:.2f} MB", *(f"{name} {figure:.1f} dB" for name, figure in told.items()))


def export(args: argparse.Namespace) -> None:
    """Write the model."""
    from export import export as write

    size = write(args.work, world(args), tokenizer(args), args.out, size=args.size, inpaint=args.inpaint)
    print(f"{size / 1e6:.1f} MB of weights in {args.out}")


def resume(args: argparse.Namespace) -> None:
    """Begin with the weights of the model that is there."""
    from export import take_up

    take_up(args.out, args.work, world(args), size=args.size)


def split(args: argparse.Namespace) -> None:
    """Write the checkpoints' weights as small files."""
    from shards import split as write

    for path in write(args.work, args.shards):
        print(path)


def join(args: argparse.Namespace) -> None:
    """Make checkpoints of small files."""
    from shards import join as read

    read(args.shards, args.work, world(args), size=args.size)


def timing(args: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments that all trainings share."""
    return {name: getattr(args, name) for name in ("steps", "minutes", "size", "device", "batch", "peak", "seed")}


def world(args: argparse.Namespace) -> Any:
    """Return the world of that name."""
    from world import WORLDS

    return WORLDS[args.world]


def tokenizer(args: argparse.Namespace) -> CLIPTokenizer:
    """Return the tokenizer."""
    from transformers import CLIPTokenizer

    return CLIPTokenizer.from_pretrained(args.tokenizer)


COMMANDS = {
    "vae": vae,
    "unet": unet,
    "inpaint": unet,
    "preview": preview,
    "export": export,
    "resume": resume,
    "split": split,
    "join": join,
}

if __name__ == "__main__":
    main()
