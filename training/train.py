"""Train the built-in model: `vae`, `latents`, `unet`, `export`. Every command goes on where it stopped.

`resume` begins with the weights of the model in the package instead of nothing.

`latents` may still be encoding while `unet` runs: it takes up new shards as they come.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import CLIPTokenizer

OUT = Path("src/pentimento/models/builtin")


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    result = argparse.ArgumentParser(description=__doc__)
    commands = result.add_subparsers(dest="command", required=True)
    timed = {"vae": (30.0, 4, 2e-3), "unet": (90.0, 24, 1e-3)}
    for name in ("vae", "latents", "unet", "export", "resume"):
        command = commands.add_parser(name)
        command.add_argument("--work", type=Path, default=Path("training/runs"), help="checkpoints and drawn pictures")
        command.add_argument("--device", default="cpu")
        command.add_argument("--size", type=int, default=128, help="pixels of a side")
        command.add_argument("--threads", type=int, default=1)
        command.add_argument("--out", type=Path, default=OUT, help="the model's folder; holds the tokenizer")
        if name in timed:
            minutes, batch, peak = timed[name]
            command.add_argument("--seed", type=int, default=0)
            command.add_argument("--minutes", type=float, default=minutes)
            command.add_argument("--batch", type=int, default=batch)
            command.add_argument("--peak", type=float, default=peak, help="highest learning rate")
        if name in ("vae", "latents"):
            command.add_argument("--scenes", type=int, default=30000, help="how many scenes are drawn to train on")
        if name == "vae":
            command.add_argument("--decoder-only", action="store_true", help="leave the latents as they are")
    return result


def main() -> None:
    """Run a command."""
    args = parser().parse_args()
    import torch

    torch.set_num_threads(args.threads)
    COMMANDS[args.command](args)


def vae(args: argparse.Namespace) -> None:
    """Train the autoencoder."""
    from autoencoder import train_vae

    train_vae(args.work, scenes=args.scenes, decoder_only=args.decoder_only, **timing(args))


def latents(args: argparse.Namespace) -> None:
    """Encode the scenes."""
    from latents import write_shards

    write_shards(args.work, tokenizer(args.out), size=args.size, device=args.device, scenes=args.scenes)


def unet(args: argparse.Namespace) -> None:
    """Train the text encoder and the UNet."""
    from diffusion import train_unet

    train_unet(args.work, tokenizer(args.out), **timing(args))


def export(args: argparse.Namespace) -> None:
    """Write the model."""
    from export import export as write

    print(f"{write(args.work, args.out, size=args.size) / 1e6:.1f} MB of weights in {args.out}")


def resume(args: argparse.Namespace) -> None:
    """Begin with the weights of the model that is there."""
    from export import take_up

    take_up(args.out, args.work, size=args.size)


def timing(args: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments that both trainings share."""
    return {name: getattr(args, name) for name in ("minutes", "size", "device", "batch", "peak", "seed")}


def tokenizer(folder: Path) -> CLIPTokenizer:
    """Return the tokenizer of the model's folder."""
    from transformers import CLIPTokenizer

    return CLIPTokenizer.from_pretrained(folder / "tokenizer")


COMMANDS = {"vae": vae, "latents": latents, "unet": unet, "export": export, "resume": resume}

if __name__ == "__main__":
    main()
