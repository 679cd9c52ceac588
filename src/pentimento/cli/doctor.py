"""`pentimento doctor`: what is installed, and what would be used."""

import importlib
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import typer

from .options import COMMON, STUDIO, with_options
from .running import open_studio
from .terminal import say_json, say_table

PACKAGES = ("pentimento", "torch", "diffusers", "transformers", "safetensors", "numpy", "pillow", "pydantic")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `ok` is false where something has to be mended."""

    name: str
    value: str
    ok: bool = True


def _packages() -> Iterator[Finding]:
    yield Finding("python", f"{platform.python_version()} on {platform.platform()}")
    for name in PACKAGES:
        try:
            yield Finding(name, version(name))
        except PackageNotFoundError:
            yield Finding(name, f"not installed: pip install {name}", ok=False)


def _torchvision() -> Iterator[Finding]:
    # A torchvision that was built for another torch breaks transformers when it is imported.
    try:
        found = version("torchvision")
    except PackageNotFoundError:
        yield Finding("torchvision", "not installed, not needed")
        return
    try:
        importlib.import_module("torchvision")
        yield Finding("torchvision", f"{found}, not needed")
    except Exception as error:
        yield Finding("torchvision", f"{found} does not fit this torch ({error}): pip uninstall torchvision", ok=False)


def _devices() -> Iterator[Finding]:
    import torch

    yield Finding("cpu", f"{os.cpu_count()} cores, {torch.get_num_threads()} threads")
    for index in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(index)
        name = torch.cuda.get_device_name(index)
        yield Finding(f"cuda:{index}", f"{name}, {free / 2**30:.1f} of {total / 2**30:.1f} GiB free")
    if torch.backends.mps.is_available():
        yield Finding("mps", "Apple GPU")


def _used(values: dict[str, Any]) -> Iterator[Finding]:
    studio = open_studio(values)
    device, dtype = studio.where
    yield Finding("device used", device)
    yield Finding("dtype used", dtype)
    yield Finding("models found", ", ".join(info.name for info in studio.models()))
    yield Finding("inputs kept in", str(studio.inputs.folder))


@with_options(*STUDIO, *COMMON)
def doctor(**values: Any) -> None:
    """Look at everything; ends with 1 where something has to be mended."""
    findings = [*_packages(), *_torchvision(), *_devices(), *_used(values)]
    if values["json"]:
        say_json([asdict(finding) for finding in findings])
    else:
        say_table(("", "", ""), [("" if row.ok else "!", row.name, row.value) for row in findings])
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
