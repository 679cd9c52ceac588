"""Where a model on this machine came from, told by a small file beside it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..files import write_atomically
from .info import ModelInfo


@dataclass(frozen=True)
class Provenance:
    """Source, commit and licence of a model that was downloaded."""

    source: str
    revision: str | None = None
    licence: str | None = None


def remember(path: Path, provenance: Provenance) -> None:
    """Write where a model came from: into its folder, or beside its file."""
    write_atomically(_note(path), json.dumps(asdict(provenance), indent=1).encode())


def provenance_of(path: Path) -> Provenance | None:
    """Read where a model came from; None where nothing tells."""
    try:
        told: dict[str, Any] = json.loads(_note(path).read_text("utf-8"))
        return Provenance(**told)
    except (OSError, ValueError, TypeError):  # nothing, or somebody else's file
        return None


def licence_of(info: ModelInfo) -> str | None:
    """Name the licence of a model, where that is known."""
    if info.kind == "builtin":
        return "Apache-2.0"
    origin = provenance_of(info.path)
    return origin and origin.licence


def _note(path: Path) -> Path:
    return path / "source.json" if path.is_dir() else path.with_suffix(".source.json")
