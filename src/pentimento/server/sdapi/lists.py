"""`/sdapi/v1`: the lists that clients fill their menus with."""

import os
import sys
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from ...diffusion.samplers import SAMPLERS
from ...diffusion.schedules import SCHEDULES
from ...models.info import ModelInfo
from ..service import Service, TheService
from .extras import UPSCALERS
from .scripts import listed_scripts, script_info

router = APIRouter()

_LATENT_MODES = (
    "Latent",
    "Latent (antialiased)",
    "Latent (bicubic)",
    "Latent (bicubic antialiased)",
    "Latent (nearest)",
    "Latent (nearest-exact)",
)


@router.get("/samplers")
def samplers() -> list[dict[str, Any]]:
    """List the samplers."""
    return [
        {"name": row.label, "aliases": list(row.aliases), "options": {"scheduler": row.default_schedule}}
        for row in SAMPLERS
    ]


@router.get("/schedulers")
def schedulers() -> list[dict[str, Any]]:
    """List the schedules."""
    return [
        {
            "name": row.name,
            "label": row.label,
            "aliases": list(row.aliases),
            "default_rho": -1.0,
            "need_inner_model": row.name in _NEED_MODEL,
        }
        for row in SCHEDULES
    ]


_NEED_MODEL = frozenset({"uniform", "sgm_uniform", "simple", "normal", "ddim", "beta"})


@router.get("/upscalers")
def upscalers(service: TheService) -> list[dict[str, Any]]:
    """List what pictures can be enlarged with."""
    rows = [{"name": name, "model_name": None, "model_path": None, "scale": 4.0} for name in UPSCALERS]
    for one in service.studio.upscalers.upscalers:
        told = {"name": one.name, "model_name": one.name, "model_path": _place(one.path, service)}
        rows.append({**told, "scale": float(one.scale or 4)})
    return [{**row, "model_url": None} for row in rows]


@router.get("/latent-upscale-modes")
def latent_upscale_modes() -> list[dict[str, str]]:
    """List the ways of enlarging latents."""
    return [{"name": name} for name in _LATENT_MODES]


@router.get("/sd-models")
def sd_models(service: TheService) -> list[dict[str, Any]]:
    """List the models."""
    return [_model(info, service) for info in service.studio.models()]


def _model(info: ModelInfo, service: Service) -> dict[str, Any]:
    return {
        "title": info.title,
        "model_name": info.name,
        "hash": info.hash,
        "sha256": info.full_hash,
        "filename": _place(info.path, service),
        "config": None,
    }


def _place(path: Path, service: Service) -> str:
    """Name a file below the folders of models; where those are on this machine is nobody's business."""
    for folder in service.settings.models:
        root = Path(folder).expanduser()
        if path.is_relative_to(root) and path != root:
            return path.relative_to(root).as_posix()
    return path.name


@router.get("/sd-vae")
def sd_vae(service: TheService) -> list[dict[str, str]]:
    """List the VAE files."""
    return [
        {"model_name": f"{name}.safetensors", "filename": _place(path, service)}
        for name, path in service.incoming.vaes().items()
    ]


@router.get("/loras")
def loras(service: TheService) -> list[dict[str, Any]]:
    """List the networks."""
    return [
        {"name": one.name, "alias": one.alias or one.name, "path": _place(one.path, service), "metadata": {}}
        for one in service.studio.networks()
    ]


@router.get("/embeddings")
def embeddings(service: TheService) -> dict[str, dict[str, Any]]:
    """List the textual inversions; those that do not fit the model are skipped."""
    model = service.studio.find()
    rows: dict[str, dict[str, Any]] = {"loaded": {}, "skipped": {}}
    for one in service.studio.embeddings():
        told = {"step": None, "sd_checkpoint": None, "sd_checkpoint_name": None}
        told |= {"shape": one.widths[0] if one.widths else 0, "vectors": one.vectors}
        rows["loaded" if one.fits(model) else "skipped"][one.name] = told
    return rows


@router.get("/prompt-styles")
def prompt_styles(service: TheService) -> list[dict[str, str]]:
    """List the styles."""
    return [
        {"name": one.name, "prompt": one.prompt, "negative_prompt": one.negative_prompt}
        for one in service.studio.styles.values()
    ]


@router.get("/hypernetworks")
@router.get("/face-restorers")
@router.get("/realesrgan-models")
@router.get("/extensions")
def nothing_of_the_kind() -> list[Any]:
    """List what this server has none of."""
    return []


@router.get("/scripts")
def scripts() -> dict[str, list[str]]:
    """List the scripts."""
    return listed_scripts()


@router.get("/script-info")
def scripts_described() -> list[dict[str, Any]]:
    """Describe the scripts."""
    return script_info()


@router.get("/cmd-flags")
def cmd_flags(service: TheService) -> dict[str, Any]:
    """Tell the flags that clients ask for; never paths, tokens or users."""
    settings = service.settings
    return {"api": True, "listen": not settings.is_local, "port": settings.port, "nowebui": False}


@router.get("/memory")
def memory() -> dict[str, Any]:
    """Tell the machine's memory."""
    if sys.platform == "win32":
        return {"ram": {"error": "not known on this system"}, "cuda": {"error": "unavailable"}}
    page = os.sysconf("SC_PAGE_SIZE")
    total, free = page * os.sysconf("SC_PHYS_PAGES"), page * os.sysconf("SC_AVPHYS_PAGES")
    return {"ram": {"free": free, "used": total - free, "total": total}, "cuda": {"error": "unavailable"}}


@router.post("/refresh-checkpoints")
@router.post("/refresh-vae")
@router.post("/refresh-loras")
@router.post("/refresh-embeddings")
def refresh(service: TheService) -> None:
    """Look through the folders again."""
    service.refresh()


@router.post("/unload-checkpoint")
@router.post("/reload-checkpoint")
def nothing_to_do() -> dict[str, Any]:
    """Answer as A1111 does; the engine loads a model when a job needs it, and keeps the last."""
    return {}
