"""Decoders for previews: which there are, told by their headers, without torch."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from ..errors import ModelFileError, ModelNotFoundError, RequestError
from .beside import files_beside
from .detect import read_json, weight_files
from .hashes import PREVIEW_DECODER
from .header import PICKLES, Header, read_header
from .info import FamilyName, ModelInfo

PreviewMethod = Literal["auto", "cheap", "tiny", "full", "off"]
"""What is shown while a picture is made: a map of colours, a tiny decoder, the model's own decoder, or nothing."""
PREVIEW_METHODS: tuple[PreviewMethod, ...] = get_args(PreviewMethod)

_FOLDERS = frozenset({"vae-approx", "vae_approx"})
_FAMILIES: tuple[tuple[re.Pattern[str], frozenset[FamilyName]], ...] = (
    (re.compile("xl", re.IGNORECASE), frozenset({"sdxl"})),
    (re.compile(""), frozenset({"sd1", "sd2"})),
)
"""Families by what a decoder is called: its tensors are of the same shapes for all of them. The first row that fits."""


@dataclass(frozen=True)
class Layout:
    """How a kind of file names the layers of its decoder.

    Attributes
    ----------
    prefix : of their names
    first : number of the first; diffusers counts without the one that has no weights
    """

    prefix: str
    first: int


_LAYOUTS = (Layout("decoder.layers.", 0), Layout("", 1))
"""As diffusers writes them, and as TAESD's author publishes them."""

_WRITTEN_TWICE = "block_out_channels"
"""What diffusers writes into a configuration and does not take from it."""


@dataclass(frozen=True)
class PreviewDecoder:
    """A tiny decoder on disk.

    Attributes
    ----------
    path : the file of its weights
    config : of an AutoencoderTiny, in diffusers' words
    tensors : name in the file by the name in the module
    families : whose latents it understands
    """

    path: Path
    config: Mapping[str, Any]
    tensors: Mapping[str, str]
    families: frozenset[FamilyName]


def check_method(method: str) -> PreviewMethod:
    """Give the method that is called so.

    Raises
    ------
    RequestError
        Where none is; it lists them.
    """
    for known in PREVIEW_METHODS:
        if method == known:
            return known
    raise RequestError(
        "preview", method, f"'{method}' is not known; choices: {', '.join(PREVIEW_METHODS)}", PREVIEW_METHODS
    )


def open_decoder(path: Path) -> PreviewDecoder:
    """Read what a file or a diffusers folder says of its decoder.

    Raises
    ------
    ModelFileError
        Where it is missing, damaged, or no decoder for previews.
    """
    (file,) = weight_files(path) if path.is_dir() else [path]
    header = read_header(file)
    if (layout := _layout_of(header)) is None:
        raise ModelFileError(f"{file} is no decoder for previews; expected an AutoencoderTiny, such as TAESD")
    name = file.parent.name if (file.parent / "config.json").is_file() else file.stem
    families = next(families for pattern, families in _FAMILIES if pattern.search(name))
    return PreviewDecoder(file, _config(header, layout), _tensors(header, layout), families)


def _layout_of(header: Header) -> Layout | None:
    first_block = ".conv.0.weight"
    return next(
        (
            layout
            for layout in _LAYOUTS
            if f"{layout.prefix}{layout.first}.weight" in header.shapes
            and f"{layout.prefix}{layout.first + 2}{first_block}" in header.shapes
        ),
        None,
    )


def _tensors(header: Header, layout: Layout) -> dict[str, str]:
    """Spell the decoder's tensors as diffusers does."""
    names: dict[str, str] = {}
    for name in header.shapes:
        number, dot, rest = name.removeprefix(layout.prefix).partition(".")
        if name.startswith(layout.prefix) and number.isdecimal() and dot:
            names[f"layers.{int(number) - layout.first}.{rest}"] = name
    return names


def _config(header: Header, layout: Layout) -> dict[str, Any]:
    """Tell the sizes of a decoder: its folder's configuration, else as its tensors show them."""
    place = header.path.parent / "config.json"
    config = read_json(place) if layout.prefix and place.is_file() else {}
    if config.get("_class_name", "AutoencoderTiny") != "AutoencoderTiny":
        raise ModelFileError(f"{place} is of a {config['_class_name']}; expected an AutoencoderTiny")
    first = header.shapes[f"{layout.prefix}{layout.first}.weight"]
    blocks = _blocks(_tensors(header, layout))
    told = {
        "latent_channels": first[1],
        "decoder_block_out_channels": (first[0],) * len(blocks),
        "num_decoder_blocks": blocks,
    }
    taken = {name: value for name, value in config.items() if not name.startswith("_") and name != _WRITTEN_TWICE}
    return {**told, **taken}


def _blocks(names: Iterable[str]) -> tuple[int, ...]:
    """Count the blocks before each convolution behind the first; convolutions end the stages."""
    kinds = {int(name.split(".")[1]): ".conv." in name for name in names}
    counts, blocks = list[int](), 0
    for _, is_block in sorted(kinds.items())[1:]:
        if is_block:
            blocks += 1
        else:
            counts.append(blocks)
            blocks = 0
    return tuple(counts)


def scan_preview_decoders(folders: Sequence[str | Path]) -> tuple[PreviewDecoder, ...]:
    """Look for decoders in folders of models, and beside them where other programs keep them."""
    found: list[PreviewDecoder] = []
    for path in files_beside(folders, _FOLDERS):
        if path.suffix.lower() in PICKLES:
            continue
        try:
            if _layout_of(read_header(path)) is not None:
                found.append(open_decoder(path))
        except ModelFileError:  # told where models are listed
            continue
    return tuple(found)


def decoder_for(info: ModelInfo, found: Sequence[PreviewDecoder]) -> PreviewDecoder | None:
    """Give the decoder that a model brings, else the first found that understands its latents; None without one.

    Raises
    ------
    ModelFileError
        Where the one that the model brings is damaged.
    """
    own = info.path / PREVIEW_DECODER
    if own.is_dir():
        return open_decoder(own)
    return next(
        (one for one in found if info.family in one.families and one.config["latent_channels"] == info.latent_channels),
        None,
    )


def no_decoder(info: ModelInfo) -> ModelNotFoundError:
    """Say that a model has no tiny decoder, and the way out."""
    return ModelNotFoundError(
        f"preview 'tiny': no decoder for previews of {info.family} models is here; put a TAESD file into a folder of"
        " models (for SDXL with 'xl' in its name), or take preview 'auto'"
    )
