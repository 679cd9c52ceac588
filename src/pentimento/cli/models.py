"""`pentimento models`: the models, networks, embeddings and upscalers that were found."""

from typing import Any

from ..models.hashes import file_hash
from ..models.networks.find import NetworkLibrary
from ..models.upscalers.find import UpscalerFile, UpscalerLibrary
from .options import COMMON, STUDIO, with_options
from .running import open_studio
from .terminal import say_json, say_table

_COLUMNS = ("name", "kind", "alias", "hash")


@with_options(*STUDIO, *COMMON)
def models(**values: Any) -> None:
    """List name, family, prediction, size and place of every model, and networks, embeddings and upscalers."""
    studio = open_studio(values)
    found, added = studio.models(), [*_added(studio.addons), *_upscalers(studio.upscalers)]
    if values["json"]:
        rows = [
            {
                "name": info.name,
                "family": info.family,
                "prediction": info.prediction,
                "inpaint": info.inpaint,
                "kind": info.kind,
                "native_size": info.native_size,
                "size_bytes": info.size_bytes,
                "path": str(info.path),
            }
            for info in found
        ]
        say_json([*rows, *(dict(zip((*_COLUMNS, "path"), row, strict=True)) for row in added)])
        return
    say_table(
        ("name", "family", "made for", "size", "where"),
        [
            (
                info.name,
                f"{info.family} {info.prediction}{' inpaint' if info.inpaint else ''}",
                f"{info.native_size} px",
                _megabytes(info.size_bytes),
                str(info.path),
            )
            for info in found
        ],
    )
    if added:
        say_table((*_COLUMNS, "where"), added)


def _added(library: NetworkLibrary) -> list[tuple[str, str, str, str, str]]:
    networks = [(one.name, "network", one.alias or "", one.hash, str(one.path)) for one in library.networks]
    return networks + [(one.name, "embedding", "", one.hash, str(one.path)) for one in library.embeddings]


def _upscalers(library: UpscalerLibrary) -> list[tuple[str, str, str, str, str]]:
    return [
        (one.name, f"{_times(one)} upscaler", "", file_hash(one.path)[:12], str(one.path)) for one in library.upscalers
    ]


def _times(upscaler: UpscalerFile) -> str:
    return f"{upscaler.architecture} {upscaler.scale}x" if upscaler.scale else upscaler.architecture


def _megabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
