"""Which network an upscaler's file holds, told by names and shapes of its tensors, without torch."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isqrt
from typing import Any

Shapes = Mapping[str, tuple[int, ...]]
Settings = Mapping[str, Any]

# What training programs put before all names.
_PREFIXES = ("", "module.", "params_ema.", "params.")


@dataclass(frozen=True)
class Kind:
    """A network as its file tells it.

    Attributes
    ----------
    architecture : name of its row
    scale : how many times it enlarges
    settings : arguments of the network's class
    names : for each of the network's tensors, its name in the file
    """

    architecture: str
    scale: int
    settings: Settings
    names: Mapping[str, str]


def kind_of(shapes: Shapes) -> Kind | None:
    """Tell what network a file holds; None where it is none of `ARCHITECTURES`."""
    for prefix in _PREFIXES:
        plain = {name.removeprefix(prefix): name for name in shapes if name.startswith(prefix)}
        for architecture, read in ARCHITECTURES.items():
            names = {_RENAMED[architecture](name, tuple(plain)): name for name in plain}
            own = {new: shapes[plain[name]] for new, name in names.items() if new}
            try:
                found = read(own)
            except (KeyError, IndexError, ZeroDivisionError, ValueError):
                continue  # a tensor that such a network needs is not there, or of another shape
            if found is not None:
                return Kind(architecture, *found, {new: plain[name] for new, name in names.items() if new})
    return None


def _rrdb(shapes: Shapes) -> tuple[int, Settings] | None:
    """Read ESRGAN and its kin (Wang et al. 2018, 2021): Real-ESRGAN, BSRGAN, RealSR and what the community trained."""
    features, channels = shapes["conv_first.weight"][:2]
    ups = len([name for name in shapes if re.fullmatch(r"ups\.\d+\.weight", name)])
    unshuffle = {3: 1, 12: 2, 48: 4}[channels]
    if "conv_hr.weight" not in shapes or shapes["conv_last.weight"][0] != 3 or 2**ups % unshuffle:
        return None
    if any("conv1x1" in name for name in shapes):
        return None  # ESRGAN+, which has a path more
    settings = {
        "features": features,
        "growth": shapes["body.0.rdb1.conv1.weight"][0],
        "blocks": _count(shapes, r"body\.(\d+)\."),
        "ups": ups,
        "unshuffle": unshuffle,
    }
    return 2**ups // unshuffle, settings


_BLOCK = re.compile(r"(?:RRDB_trunk|model\.1\.sub)\.(\d+)\.RDB(\d)\.conv(\d)(?:\.0)?\.(weight|bias)")
_UP = re.compile(r"(?:conv_up|upconv)(\d)")
_OLD_NAMES = {"trunk_conv": "conv_body", "HRconv": "conv_hr"}


def _rrdb_name(name: str, all_names: tuple[str, ...]) -> str:
    """Bring the names of both older layouts to today's; what no such network has keeps its own."""
    if block := _BLOCK.fullmatch(name):
        return "body.{}.rdb{}.conv{}.{}".format(*block.groups())
    stem, _, part = name.rpartition(".")
    if up := _UP.fullmatch(stem):
        return f"ups.{int(up[1]) - 1}.{part}"
    if re.fullmatch(r"model\.1\.sub\.\d+", stem):
        return f"conv_body.{part}"
    if found := re.fullmatch(r"model\.(\d+)", stem):
        # A list of layers: the first, those after each doubling, and two at the end.
        places = sorted({int(one.split(".")[1]) for one in all_names if re.fullmatch(r"model\.\d+\.weight", one)})
        words = ["conv_first", *(f"ups.{number}" for number in range(len(places) - 3)), "conv_hr", "conv_last"]
        return f"{dict(zip(places, words, strict=False)).get(int(found[1]), stem)}.{part}"
    return f"{_OLD_NAMES.get(stem, stem)}.{part}"


def _compact(shapes: Shapes) -> tuple[int, Settings] | None:
    """Read the small networks of Real-ESRGAN (Wang et al. 2021): convolutions at the source's size alone."""
    layers = _count(shapes, r"body\.(\d+)\.")
    features, channels = shapes["body.0.weight"][:2]
    scale = isqrt(shapes[f"body.{layers - 1}.weight"][0] // 3)
    if channels != 3 or len(shapes["body.1.weight"]) != 1 or shapes[f"body.{layers - 1}.weight"][0] != 3 * scale**2:
        return None
    return scale, {"features": features, "convolutions": (layers - 3) // 2, "scale": scale}


def _swinir(shapes: Shapes) -> tuple[int, Settings] | None:
    """Read SwinIR (Liang et al. 2021): attention in windows, with each of its ways to enlarge."""
    width, channels = shapes["conv_first.weight"][:2]
    first = "layers.0.residual_group.blocks.0."
    positions, heads = shapes[f"{first}attn.relative_position_bias_table"]
    scale, way = _swinir_scale(shapes)
    if channels != 3 or "absolute_pos_embed" in shapes:
        return None
    depths = [
        _count(shapes, rf"layers\.{number}\.residual_group\.blocks\.(\d+)\.")
        for number in range(_count(shapes, r"layers\.(\d+)\."))
    ]
    settings = {
        "width": width,
        "window": (isqrt(positions) + 1) // 2,
        "heads": heads,
        "depths": tuple(depths),
        "hidden": shapes[f"{first}mlp.fc1.weight"][0],
        "convolutions": 3 if "conv_after_body.4.weight" in shapes else 1,
        "way": way,
        "scale": scale,
        "features": shapes["conv_last.weight"][1] if way in ("shuffle", "nearest") else width,
    }
    return scale, settings


def _swinir_scale(shapes: Shapes) -> tuple[int, str]:
    if "ups.0.weight" in shapes:
        return 2 ** _count(shapes, r"ups\.(\d+)\."), "nearest"
    if "conv_before_upsample.0.weight" in shapes:
        factors = [isqrt(shape[0] // shape[1]) for name, shape in shapes.items() if re.fullmatch(_SHUFFLED, name)]
        return 3 if factors == [3] else 2 ** len(factors), "shuffle"
    if "upsample.0.weight" in shapes:
        return isqrt(shapes["upsample.0.weight"][0] // 3), "direct"
    return 1, "none"


_SHUFFLED = r"upsample\.\d+\.weight"
_COMPUTED = re.compile(r".*\.(relative_position_index|attn_mask)")


def _as_it_is(name: str, all_names: tuple[str, ...]) -> str:
    return name


def _swinir_name(name: str, all_names: tuple[str, ...]) -> str:
    if _COMPUTED.fullmatch(name):
        return ""
    stem, _, part = name.rpartition(".")
    up = _UP.fullmatch(stem)
    return f"ups.{int(up[1]) - 1}.{part}" if up else name.replace("patch_embed.norm.", "first_norm.")


def _count(shapes: Shapes, pattern: str) -> int:
    """Count numbered parts by the highest number; there must be one."""
    return 1 + max(int(found[1]) for name in shapes if (found := re.match(pattern, name)))


ARCHITECTURES: Mapping[str, Callable[[Shapes], tuple[int, Settings] | None]] = {
    "esrgan": _rrdb,
    "compact": _compact,
    "swinir": _swinir,
}
"""For each architecture, what reads scale and settings from shapes; its network is in `networks.NETWORKS`."""

_RENAMED: Mapping[str, Callable[[str, tuple[str, ...]], str]] = {
    "esrgan": _rrdb_name,
    "compact": _as_it_is,
    "swinir": _swinir_name,
}
"""What brings a tensor's name in the file to the network's; "" where the network computes it."""
