"""Which layer of a model a tensor of a network's file is for, and what part it plays there.

Trainers name layers in four ways: kohya's (`lora_unet_down_blocks_0_...`), the same with the
original blocks (`lora_unet_input_blocks_1_...`), diffusers' and PEFT's (`unet.down_blocks.0...`),
and the full original name. With underscores for dots, all come to one spelling.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..layout import RESNET, WHOLE_UNET

_PARTS = (
    r"lora_(?:up|down|mid)",
    r"hada_(?:w[12]_[ab]|t[12])",
    r"lokr_(?:w[12](?:_[ab])?|t2)",
    r"oft_(?:blocks|diag)",
    r"[ab][12]",
    r"[wb]_norm",
    r"diff_b|diff",
    r"dora_scale|on_input|alpha|scale|rescale|weight",
)
_KEY = re.compile(rf"(?P<path>.+?)\.(?P<part>{'|'.join(_PARTS)})(?:\.weight)?")
_OTHER_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\.lora_A(?:\.\w+)?\.weight$"), ".lora_down.weight"),  # PEFT, with the adapter's name or without
    (re.compile(r"\.lora_B(?:\.\w+)?\.weight$"), ".lora_up.weight"),
    (re.compile(r"\.lora_magnitude_vector(?:\.\w+)?(?:\.weight)?$"), ".dora_scale"),
    (re.compile(r"\.processor\.to_out_lora\.(up|down)\.weight$"), r".to_out.0.lora_\1.weight"),  # early diffusers
    (re.compile(r"\.processor\.(to_[qkv])_lora\.(up|down)\.weight$"), r".\1.lora_\2.weight"),
    (re.compile(r"\.lora(?:_linear_layer)?\.(up|down)\.weight$"), r".lora_\1.weight"),
)
_TELLING = re.compile(r"lora_(up|down)|hada_|lokr_|oft_|[ab][12]|[wb]_norm|diff|on_input")
_MODEL_PARTS: tuple[tuple[str, str], ...] = (
    ("lora_unet_", "unet"),
    ("oft_unet_", "unet"),
    ("lycoris_unet_", "unet"),
    ("lora_te1_", "text_encoder"),
    ("lora_te2_", "text_encoder_2"),
    ("lora_te_", "text_encoder"),
    ("model_diffusion_model_", "unet"),
    ("diffusion_model_", "unet"),
    ("base_model_model_", "unet"),
    ("unet_", "unet"),
    ("text_encoder_2_", "text_encoder_2"),
    ("text_encoder_", "text_encoder"),
    ("text_encoders_clip_g_transformer_", "text_encoder_2"),
    ("text_encoders_clip_l_transformer_", "text_encoder"),
    ("cond_stage_model_transformer_", "text_encoder"),
    ("conditioner_embedders_0_transformer_", "text_encoder"),
    ("lycoris_", "unet"),
)
_RESNET = {_flat: _ours.replace(".", "_") for _flat, _ours in ((k.replace(".", "_"), v) for k, v in RESNET.items())}
_WHOLE = {_flat: _ours.replace(".", "_") for _flat, _ours in ((k.replace(".", "_"), v) for k, v in WHOLE_UNET.items())}


@dataclass(frozen=True)
class Layer:
    """One layer of a model.

    Attributes
    ----------
    model_part : "unet", "text_encoder" or "text_encoder_2"
    path : diffusers' or transformers' path with underscores for dots, without `text_model_`
    """

    model_part: str
    path: str


def split_key(key: str) -> tuple[str, str] | None:
    """Split a tensor's name into the layer's, as written, and the part; None where it is no network's.

    Examples
    --------
    >>> split_key("unet.mid_block.attentions.0.proj_in.lora_A.weight")
    ('unet.mid_block.attentions.0.proj_in', 'lora_down')
    """
    for pattern, modern in _OTHER_SPELLINGS:
        key = pattern.sub(modern, key)
    match = _KEY.fullmatch(key)
    return (match["path"], match["part"]) if match else None


def is_network(keys: Sequence[str]) -> bool:
    """Tell whether a file's tensors are those of a network."""
    return any((split := split_key(key)) is not None and _TELLING.match(split[1]) for key in keys)


def layer_of(path: str, layers_per_block: int) -> Layer | None:
    """Find the layer that a name means; None where the name is of no known form.

    Parameters
    ----------
    layers_per_block : of the UNet, to count the original blocks

    Examples
    --------
    >>> layer_of("lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q", 2).path
    'down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q'
    """
    flat = path.replace(".", "_")
    for prefix, part in _MODEL_PARTS:
        if flat.startswith(prefix):
            inner = flat[len(prefix) :]
            return Layer(
                part, _modern(inner, layers_per_block) if part == "unet" else inner.removeprefix("text_model_")
            )
    return None


def _modern(name: str, layers: int) -> str:
    """Tell a UNet layer's original name in diffusers' words; others stay."""
    if name in _WHOLE:
        return _WHOLE[name]
    for pattern, rename in _BLOCKS:
        if match := pattern.fullmatch(name):
            return rename(match, layers)
    return name


def _down(match: re.Match[str], layers: int) -> str:
    level, layer = divmod(int(match[1]) - 1, layers + 1)  # block 0 is the first convolution
    return f"down_blocks_{level}_{_inner(match[2], layer)}"


def _up(match: re.Match[str], layers: int) -> str:
    level, layer = divmod(int(match[1]), layers + 1)
    return f"up_blocks_{level}_{_inner(match[2], layer)}"


def _middle(match: re.Match[str], layers: int) -> str:
    return f"mid_block_{_inner(match[2], int(match[1]) // 2)}"


def _inner(part: str, layer: int) -> str:
    samplers = {"op": "downsamplers_0_conv", "conv": "upsamplers_0_conv"}
    if part in samplers:
        return samplers[part]
    return f"resnets_{layer}_{_RESNET[part]}" if part in _RESNET else f"attentions_{layer}_{part}"


_BLOCKS: Sequence[tuple[re.Pattern[str], Callable[[re.Match[str], int], str]]] = (
    (re.compile(r"input_blocks_(\d+)_[012]_(.+)"), _down),
    (re.compile(r"output_blocks_(\d+)_[012]_(.+)"), _up),
    (re.compile(r"middle_block_(\d+)_(.+)"), _middle),
)

Shapes = Mapping[str, tuple[int, ...]]
_READS_INPUT = frozenset({"lora_down", "hada_w1_b", "diff", "a1"})


def input_width(shapes: Shapes, of: str) -> int | None:
    """Return how wide the input is that a network expects of the layers that `of` (a pattern) matches.

    None where its tensors do not tell.
    """
    pattern = re.compile(of)
    for key, shape in shapes.items():
        split = split_key(key)
        if split and split[1] in _READS_INPUT and len(shape) > 1 and pattern.search(split[0].replace(".", "_")):
            return shape[1]
    return None
