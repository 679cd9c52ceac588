"""Writing the trained networks as a diffusers folder, and taking up the training from such a folder."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from autoencoder import load_vae, save
from configs import SCHEDULER
from diffusion import NAMES, Drawer, load_drawer, new_optimizer, write_drawer
from preview import figures, load_preview
from scenes import captions, encode, pixels_of, tokens
from world import World

TOLD = 4000
"""Scenes whose captions between them have every word of a world."""

INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "feature_extractor": [None, None],
    "image_encoder": [None, None],
    "requires_safety_checker": False,
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


@torch.no_grad()
def forget_unseen(text: CLIPTextModel, seen: torch.Tensor) -> None:
    """Set the embeddings of tokens that no caption had to zero: an unknown word then says nothing."""
    table = text.get_input_embeddings().weight
    keep = torch.zeros(len(table), dtype=torch.bool)
    keep[seen] = True
    table[~keep] = 0


def replace_files(source: Path, target: Path) -> None:
    """Move every file of a folder over its namesake, each in one step."""
    for path in sorted(p for p in source.rglob("*") if p.is_file()):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_name(f".{place.name}.new")
        shutil.copyfile(path, fresh)
        os.replace(fresh, place)


@torch.no_grad()
def latent_rgb(vae: AutoencoderKL, latents: torch.Tensor) -> list[list[float]]:
    """Fit the linear map from scaled latents [n, 4, h, w] to colours in -1..1, for previews: a row a channel."""
    pictures = vae.decode(latents / vae.config.scaling_factor).sample
    colours = torch.nn.functional.avg_pool2d(pictures, pictures.shape[-1] // latents.shape[-1])
    cells = latents.permute(0, 2, 3, 1).reshape(-1, latents.shape[1])
    fitted = torch.linalg.lstsq(cells, colours.permute(0, 2, 3, 1).reshape(-1, 3)).solution
    return [[round(float(value), 4) for value in row] for row in fitted]


def export(work: Path, world: World, tokenizer: CLIPTokenizer, out: Path, *, size: int, inpaint: bool = False) -> int:
    """Write the model, or its inpainting variant, in fp16 into `out` and return the bytes of its weights."""
    drawer = load_drawer(work, world, size, "cpu", inpaint=inpaint)
    vae = load_vae(work, world, "cpu").to(memory_format=torch.contiguous_format)
    vae.register_to_config(sample_size=size)
    own = {"latent_rgb_factors": latent_rgb(vae, encode(vae, pixels_of(world, range(64), size)))}
    forget_unseen(drawer.text, tokens(tokenizer, captions(world, range(TOLD))).unique())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        networks: tuple[tuple[str, AutoencoderKL | CLIPTextModel | UNet2DConditionModel], ...] = (
            ("vae", vae),
            ("text_encoder", drawer.text),
            ("unet", drawer.unet),
        )
        for part, network in networks:
            network.half().save_pretrained(folder / part, safe_serialization=True)
        DDIMScheduler(**SCHEDULER).save_pretrained(folder / "scheduler")
        (folder / "model_index.json").write_text(json.dumps(INDEX, indent=2) + "\n")
        (folder / "pentimento.json").write_text(json.dumps(own))
        for path in folder.rglob("*.json"):
            path.write_text(without_paths(path.read_text()))
        if not (out / "tokenizer").exists():
            tokenizer.save_pretrained(folder / "tokenizer")
        replace_files(folder, out)
    return sum(path.stat().st_size for path in out.rglob("*.safetensors"))


def vae_of(folder: Path) -> AutoencoderKL:
    """Return the autoencoder of a model's folder, in single precision."""
    return AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32).eval()


def export_preview(work: Path, world: World, out: Path, *, size: int) -> tuple[int, dict[str, float]]:
    """Write the decoder for previews in fp16 into the model's folder; return its bytes, and how near previews come."""
    tiny, vae = load_preview(work), vae_of(out)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "preview_decoder"
        tiny.half().save_pretrained(folder, safe_serialization=True)
        config = folder / "config.json"
        config.write_text(without_paths(config.read_text()))
        replace_files(folder, out / folder.name)
    rows = json.loads((out / "pentimento.json").read_text())["latent_rgb_factors"]
    told = figures(vae, tiny.float(), rows, world, size=size)
    return (out / "preview_decoder" / "diffusion_pytorch_model.safetensors").stat().st_size, told


def take_up(folder: Path, work: Path, world: World, *, size: int) -> None:
    """Write checkpoints into `work` from the weights of a model, so that its training goes on.

    Raises
    ------
    FileExistsError
        Where there is a checkpoint already.
    """
    refuse_to_replace(work)
    save(work / "vae.pt", {"model": vae_of(folder).state_dict(), "step": 0})
    drawer = Drawer(world, size)
    unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32)
    text = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
    drawer.unet.load_state_dict(unet.state_dict())
    drawer.text.load_state_dict(text.state_dict())
    write_drawer(work / NAMES[False], drawer, drawer, new_optimizer(drawer, peak=0.0), step=0)


def refuse_to_replace(work: Path) -> None:
    """Raise FileExistsError if there is a checkpoint in `work`."""
    for path in (work / "vae.pt", *(work / name for name in NAMES.values())):
        if path.exists():
            raise FileExistsError(f"{path} is there already; move it away, or go on with it")


def without_paths(text: str) -> str:
    """Return a config without the name of the folder it once came from."""
    config = json.loads(text)
    config.pop("_name_or_path", None)
    return json.dumps(config, indent=2) + "\n"
