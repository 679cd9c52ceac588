"""Network and embedding files: what their headers say, without torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..hashes import file_hash, tensors_hash
from ..header import Header
from ..info import ModelInfo
from .names import Shapes, input_width, is_network

_CONTEXT = r"attn2_to_[kv]$"
_TEXT = r"^lora_te1?_.*self_attn_[qkv]_proj$|^text_encoder_text_model_.*self_attn_[qkv]_proj$"
_FAMILIES = ((("sdxl", "diffusion-xl"), "sdxl"), (("sd_v2", "diffusion-v2"), "sd2"), (("sd_v1", "diffusion-v1"), "sd1"))
_BUNDLE = "bundle_emb."
_ONE_ENCODER = ("emb_params", "string_to_param.*")
_TWO_ENCODERS = ("clip_l", "clip_g")


@dataclass(frozen=True)
class EmbeddingFile:
    """A textual inversion: vectors that stand for a word.

    Attributes
    ----------
    tensors : its tensor for each text encoder of the model, by name in the file
    widths : of those vectors
    network : name of the network that it came bundled with
    """

    name: str
    path: Path
    vectors: int
    tensors: tuple[str, ...]
    widths: tuple[int, ...]
    network: str | None = None

    @property
    def hash(self) -> str:
        """What metadata of pictures names it by: 12 digits of SHA-256, or the network's name."""
        return self.network or file_hash(self.path)[:12]

    def fits(self, model: ModelInfo) -> bool:
        """Whether the vectors are as wide as the model's text encoders."""
        return self.widths == text_widths(model)


@dataclass(frozen=True)
class NetworkFile:
    """A network: changes of a model's weights.

    Attributes
    ----------
    alias : what its trainer called it
    family : what its trainer says it was made for; None where nothing is said
    context_width, text_width : what the model's text encoder must be like; None where the file does not tell
    bundled : embeddings in the same file
    """

    name: str
    path: Path
    alias: str | None = None
    family: str | None = None
    context_width: int | None = None
    text_width: int | None = None
    bundled: tuple[EmbeddingFile, ...] = field(default=(), repr=False)

    @cached_property
    def hash(self) -> str:
        """12 digits of the SHA-256 of its tensors, as metadata of pictures names it."""
        return tensors_hash(self.path)[:12]

    def fits(self, model: ModelInfo) -> bool:
        """Whether it was made for the model's family, as far as the file tells."""
        context = model.components["unet"]["cross_attention_dim"]
        return (
            self.family in (None, model.family)
            and self.context_width in (None, context)
            and self.text_width in (None, text_widths(model)[0])
        )


@dataclass(frozen=True)
class Applied:
    """A network with its strengths.

    Attributes
    ----------
    text_encoder, unet : factor on the change of the weights; may be negative
    rank : only so many columns are used
    partly : layers that it does not fit are left out (A1111 v1.10.1), not refused
    """

    file: NetworkFile
    text_encoder: float = 1.0
    unet: float = 1.0
    rank: int | None = None
    partly: bool = False


def text_widths(model: ModelInfo) -> tuple[int, ...]:
    """Return the widths of a model's text encoders."""
    parts = ("text_encoder", "text_encoder_2")
    return tuple(model.components[part]["hidden_size"] for part in parts if part in model.components)


def read_file(header: Header) -> NetworkFile | EmbeddingFile | None:
    """Tell what a file is by its header; None where it is neither."""
    name, shapes = header.path.stem, header.shapes
    if is_network(tuple(shapes)):
        return NetworkFile(
            name,
            header.path,
            alias=header.metadata.get("ss_output_name") or None,
            family=_family(header.metadata),
            context_width=input_width(shapes, _CONTEXT),
            text_width=input_width(shapes, _TEXT),
            bundled=_bundled(header),
        )
    return _embedding(name, header.path, shapes)


def _family(metadata: Mapping[str, str]) -> str | None:
    told = " ".join(metadata.get(key, "") for key in ("ss_base_model_version", "modelspec.architecture")).lower()
    return next((family for words, family in _FAMILIES if any(word in told for word in words)), None)


def _bundled(header: Header) -> tuple[EmbeddingFile, ...]:
    by_name: dict[str, dict[str, tuple[int, ...]]] = {}
    for key, shape in header.shapes.items():
        if key.startswith(_BUNDLE):
            name, _, rest = key.removeprefix(_BUNDLE).partition(".")
            by_name.setdefault(name, {})[rest] = shape
    network = header.path.stem
    found = (_embedding(name, header.path, own, f"{_BUNDLE}{name}.", network) for name, own in by_name.items())
    return tuple(embedding for embedding in found if embedding)


def _embedding(
    name: str, path: Path, shapes: Shapes, prefix: str = "", network: str | None = None
) -> EmbeddingFile | None:
    keys = _TWO_ENCODERS if set(shapes) >= set(_TWO_ENCODERS) else tuple(key for key in _ONE_ENCODER if key in shapes)
    if not keys and len(shapes) == 1 and next(iter(shapes)).startswith("<"):
        keys = tuple(shapes)  # as diffusers saves it: the word itself is the name
    if not keys or any(len(shapes[key]) not in (1, 2) for key in keys):
        return None
    vectors = shapes[keys[0]][0] if len(shapes[keys[0]]) == 2 else 1
    return EmbeddingFile(
        name, path, vectors, tuple(prefix + key for key in keys), tuple(shapes[key][-1] for key in keys), network
    )
