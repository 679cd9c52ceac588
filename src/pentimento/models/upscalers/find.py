"""Which upscalers there are: networks in and beside the model folders, told by their headers, without torch."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from ...errors import ModelFileError
from ..beside import ends_with, files_beside
from ..header import PICKLES, read_header, refuse_pickle
from .kinds import kind_of

# Where A1111, Forge and ComfyUI keep them.
_FOLDERS = frozenset({"esrgan", "realesrgan", "bsrgan", "swinir", "dat", "hat", "upscale_models", "upscalers"})

_A1111_NAMES = {
    "r-esrgan 4x+": "RealESRGAN_x4plus",
    "r-esrgan 4x+ anime6b": "RealESRGAN_x4plus_anime_6B",
    "r-esrgan 2x+": "RealESRGAN_x2plus",
    "r-esrgan general 4xv3": "realesr-general-x4v3",
    "r-esrgan general wdn 4xv3": "realesr-general-wdn-x4v3",
    "r-esrgan animevideo": "realesr-animevideov3",
    "swinir 4x": "SwinIR_4x",
}
"""What the page of A1111 calls files that it fetches itself."""

BY_SPANDREL = "spandrel"


@dataclass(frozen=True)
class UpscalerFile:
    """A network that enlarges pictures.

    Attributes
    ----------
    architecture : row of `kinds.ARCHITECTURES`, or `BY_SPANDREL` where only that may know it
    scale : how many times it enlarges; None where only loading tells
    """

    name: str
    path: Path
    architecture: str
    scale: int | None


@dataclass(frozen=True)
class UpscalerLibrary:
    """The upscalers that were found.

    Attributes
    ----------
    unread : files in folders of upscalers that cannot be loaded as they are: pickles, and networks of other kinds
    """

    upscalers: tuple[UpscalerFile, ...] = ()
    unread: tuple[Path, ...] = field(default=(), repr=False)

    @property
    def names(self) -> list[str]:
        return [one.name for one in self.upscalers]

    def find(self, word: str) -> UpscalerFile | None:
        """Find an upscaler by file name, the end of its path, or A1111's name for it; in any letter case.

        Raises
        ------
        ModelFileError
            Where the only file called so cannot be loaded; says why, and the way out.
        """
        wanted = {word.casefold(), _A1111_NAMES.get(word.casefold(), word).casefold()}
        named = (one for one in self.upscalers if wanted & {one.name.casefold(), one.path.name.casefold()})
        flat = word.replace("\\", "/")
        placed = (one for one in self.upscalers if ends_with(one.path, flat))
        if (found := next(named, None) or next(placed, None)) is not None:
            return found
        for path in self.unread:
            if path.stem.casefold() in wanted or ends_with(path, flat):
                refuse_pickle(path)
                raise ModelFileError(_strange(path))
        return None


def scan_upscalers(folders: Sequence[str | Path]) -> UpscalerLibrary:
    """Look for upscalers in folders of models, and beside them where other programs keep them."""
    upscalers: list[UpscalerFile] = []
    unread: list[Path] = []
    others = find_spec("spandrel") is not None
    for path in files_beside(folders, _FOLDERS):
        own_folder = any(part.casefold() in _FOLDERS for part in path.parts[:-1])
        if path.suffix.lower() in PICKLES:
            unread += [path] if own_folder else []
            continue
        try:
            header = read_header(path)
        except ModelFileError:
            continue
        if (kind := kind_of(header.shapes)) is not None:
            upscalers.append(UpscalerFile(path.stem, path, kind.architecture, kind.scale))
        elif own_folder and others:
            upscalers.append(UpscalerFile(path.stem, path, BY_SPANDREL, None))
        elif own_folder:
            unread.append(path)
    return UpscalerLibrary(tuple(upscalers), tuple(unread))


def _strange(path: Path) -> str:
    return (
        f"{path} is no ESRGAN, Real-ESRGAN or SwinIR network; to load others too, DAT and HAT among them, install"
        " spandrel: pip install 'pentimento[upscale]', with a torchvision that is made for the installed torch"
    )
