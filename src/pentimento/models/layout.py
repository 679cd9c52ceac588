"""Names of tensors in the original (LDM, SGM) layout, told in the words of diffusers and transformers.

Each table is a list of patterns with their replacements, tried from the top; the first that
matches a whole name wins. Names that no pattern matches are no part of the model (averaged
copies, buffers of training) and are left out.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .architecture import TEXT_PREFIXES, UNET, VAE

Replacement = str | Callable[[re.Match[str]], str]
Table = Sequence[tuple[re.Pattern[str], Replacement]]


@dataclass(frozen=True)
class Piece:
    """Where a tensor of a module comes from.

    Attributes
    ----------
    name : tensor in the file
    third : 0, 1 or 2 if it is that third of the file's tensor (query, key, value in one)
    transposed : the file holds it transposed
    """

    name: str
    third: int | None = None
    transposed: bool = False


RESNET = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}
_RESNET_PART = "|".join(re.escape(part) for part in RESNET)
_ATTENTION_PART = r"norm|proj_in|proj_out|transformer_blocks\..+"
_VAE_ATTENTION = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}
_OPEN_CLIP = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
}
WHOLE_UNET = {
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "label_emb.0.0": "add_embedding.linear_1",
    "label_emb.0.2": "add_embedding.linear_2",
    "input_blocks.0.0": "conv_in",
    "out.0": "conv_norm_out",
    "out.2": "conv_out",
}


def unet_pieces(names: Sequence[str], layers: int) -> dict[str, Piece]:
    """Tell where each tensor of the UNet comes from; `layers` is its `layers_per_block`."""

    def down(match: re.Match[str]) -> str:
        # Block 0 is the first convolution; then come `layers` blocks and a downsampler for each level.
        level, layer = divmod(int(match[1]) - 1, layers + 1)
        return f"down_blocks.{level}.{_inner(match, layer)}"

    def up(match: re.Match[str]) -> str:
        level, layer = divmod(int(match[1]), layers + 1)
        return f"up_blocks.{level}.{_inner(match, layer)}"

    def middle(match: re.Match[str]) -> str:
        return f"mid_block.{_inner(match, int(match[1]) // 2)}"

    blocks = rf"\.(?:0|1|2)\.(?P<part>{_RESNET_PART}|{_ATTENTION_PART}|op|conv)\.(?P<end>weight|bias)"
    attention = rf"\.1\.(?P<part>{_ATTENTION_PART})\.(?P<end>weight|bias)"
    table: Table = (
        (_pattern(rf"({_any(WHOLE_UNET)})\.(weight|bias)"), lambda match: f"{WHOLE_UNET[match[1]]}.{match[2]}"),
        (_pattern(rf"input_blocks\.(\d+){blocks}"), down),
        (_pattern(rf"output_blocks\.(\d+){blocks}"), up),
        (_pattern(rf"middle_block\.(0|2)\.(?P<part>{_RESNET_PART})\.(?P<end>weight|bias)"), middle),
        (_pattern(rf"middle_block{attention}"), lambda match: f"mid_block.attentions.0.{match['part']}.{match['end']}"),
    )
    return _mapped(names, UNET, table)


def _inner(match: re.Match[str], layer: int) -> str:
    part, end = match["part"], match["end"]
    if part in RESNET:
        return f"resnets.{layer}.{RESNET[part]}.{end}"
    if part == "op":
        return f"downsamplers.0.conv.{end}"
    if part == "conv":
        return f"upsamplers.0.conv.{end}"
    return f"attentions.{layer}.{part}.{end}"


def vae_pieces(names: Sequence[str], levels: int, prefix: str = VAE) -> dict[str, Piece]:
    """Tell where each tensor of the autoencoder comes from; `levels` is its number of blocks."""

    def level(match: re.Match[str]) -> str:
        # The decoder counts its levels from the picture, diffusers from the latents.
        number = int(match[3]) if match[2] == "down" else levels - 1 - int(match[3])
        return f"{match[1]}.{match[2]}_blocks.{number}."

    def resnet(match: re.Match[str]) -> str:
        return f"{level(match)}resnets.{match[4]}.{match[5].replace('nin_shortcut', 'conv_shortcut')}"

    table: Table = (
        (_pattern(r"((?:post_)?quant_conv\..+)"), r"\1"),
        (_pattern(r"(encoder|decoder)\.(conv_in|conv_out)\.(.+)"), r"\1.\2.\3"),
        (_pattern(r"(encoder|decoder)\.norm_out\.(.+)"), r"\1.conv_norm_out.\2"),
        (_pattern(r"(encoder|decoder)\.(down|up)\.(\d+)\.block\.(\d+)\.(.+)"), resnet),
        (
            _pattern(r"(encoder|decoder)\.(down|up)\.(\d+)\.(down|up)sample\.conv\.(.+)"),
            lambda match: f"{level(match)}{match[4]}samplers.0.conv.{match[5]}",
        ),
        (
            _pattern(r"(encoder|decoder)\.mid\.block_(1|2)\.(.+)"),
            lambda match: f"{match[1]}.mid_block.resnets.{int(match[2]) - 1}.{match[3]}",
        ),
        (
            _pattern(rf"(encoder|decoder)\.mid\.attn_1\.({_any(_VAE_ATTENTION)})\.(.+)"),
            lambda match: f"{match[1]}.mid_block.attentions.0.{_VAE_ATTENTION[match[2]]}.{match[3]}",
        ),
    )
    return _mapped(names, prefix, table)


def text_pieces(names: Sequence[str], family: str, part: str) -> dict[str, Piece]:
    """Tell where each tensor of a text encoder comes from (without a leading `text_model.`)."""
    prefix = TEXT_PREFIXES[family][part]
    if prefix.endswith(".model."):
        return _open_clip_pieces(names, prefix)
    inside = r"(?:embeddings|encoder|final_layer_norm)\.(?:.+\.)?(?:weight|bias)"
    table: Table = ((_pattern(rf"(?:text_model\.)?({inside})"), r"\1"),)
    return _mapped(names, prefix, table)


def _open_clip_pieces(names: Sequence[str], prefix: str) -> dict[str, Piece]:
    layer = r"transformer\.resblocks\.(\d+)\."
    table: Table = (
        (_pattern(r"token_embedding\.weight"), "embeddings.token_embedding.weight"),
        (_pattern(r"positional_embedding"), "embeddings.position_embedding.weight"),
        (_pattern(r"ln_final\.(.+)"), r"final_layer_norm.\1"),
        (
            _pattern(rf"{layer}({_any(_OPEN_CLIP)})\.(weight|bias)"),
            lambda match: f"encoder.layers.{match[1]}.{_OPEN_CLIP[match[2]]}.{match[3]}",
        ),
    )
    pieces = _mapped(names, prefix, table)
    if f"{prefix}text_projection" in names:
        pieces["text_projection.weight"] = Piece(f"{prefix}text_projection", transposed=True)
    joined = _pattern(rf"{re.escape(prefix)}{layer}attn\.in_proj_(weight|bias)")
    for name in names:
        if match := joined.fullmatch(name):
            for third, letter in enumerate("qkv"):
                pieces[f"encoder.layers.{match[1]}.self_attn.{letter}_proj.{match[2]}"] = Piece(name, third)
    return pieces


def _mapped(names: Sequence[str], prefix: str, table: Table) -> dict[str, Piece]:
    pieces: dict[str, Piece] = {}
    for name in names:
        if not name.startswith(prefix):
            continue
        inner = name[len(prefix) :]
        for pattern, replacement in table:
            if match := pattern.fullmatch(inner):
                pieces[match.expand(replacement) if isinstance(replacement, str) else replacement(match)] = Piece(name)
                break
    return pieces


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def _any(words: Mapping[str, str]) -> str:
    return "|".join(re.escape(word) for word in words)
