"""Networks merged into a model's weights, and taken out again exactly.

Weights are never computed back: what is changed is kept as it was, and put back.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import safe_open
from torch import Tensor, nn

from ...errors import ModelFileError
from ..header import read_header
from .files import Applied
from .kinds import bias_change, weight_change
from .names import Layer, layer_of, split_key
from .peft import peft_alpha

Weights = Mapping[tuple[str, str], Tensor]
"""Weights on the CPU by (part of the model, name of the parameter)."""

_INPUT = Layer("unet", "conv_in")


@dataclass
class _Shelf:
    """What was used last, up to a number of bytes."""

    limit: int
    _kept: OrderedDict[object, Mapping[Any, Any]] = field(default_factory=OrderedDict[object, Mapping[Any, Any]])

    def get(self, key: object) -> Mapping[Any, Any] | None:
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: object, value: Mapping[Any, Any]) -> None:
        self._kept[key] = value
        while self._kept and sum(map(_bytes_of, self._kept.values())) > self.limit:
            self._kept.popitem(last=False)


class NetworkSet:
    """The networks that are in a model's weights.

    Parameters
    ----------
    modules : the model's "unet", "text_encoder", "text_encoder_2"
    layers_per_block : of the UNet
    cache_bytes : memory for sets of merged weights, and as much for files, so that a set
        used before comes back without arithmetic
    """

    def __init__(self, modules: Mapping[str, nn.Module], layers_per_block: int, cache_bytes: int = 2 << 30) -> None:
        self._modules = modules
        self._layers_per_block = layers_per_block
        self._now: tuple[Applied, ...] = ()
        self._originals: dict[tuple[str, str], Tensor] = {}
        self._merged = _Shelf(cache_bytes)
        self._files = _Shelf(cache_bytes)

    @property
    def now(self) -> tuple[Applied, ...]:
        """The networks that are merged at the moment."""
        return self._now

    def apply(self, networks: Sequence[Applied] = ()) -> None:
        """Make these the networks that are in the weights, and no others; none = the original weights.

        Raises
        ------
        ModelFileError
            Where a file cannot be read or fits no layer; the weights are then as they were before.
        """
        wanted = tuple(one for one in networks if one.text_encoder or one.unet)
        if wanted == self._now:
            return
        # Weights outlive the run, so they may not be made as tensors of inference mode.
        with torch.inference_mode(False), torch.no_grad():
            merged = self._merged.get(wanted)
            if merged is None:
                merged = self._merge(wanted)
                self._merged.put(wanted, merged)
            for key in [key for key in self._originals if key not in merged]:
                self._put(key, self._originals.pop(key))
            for key, weight in merged.items():
                if key not in self._originals:
                    self._originals[key] = self._parameter(key).data.cpu()
                self._put(key, weight)
        self._now = wanted

    def _put(self, key: tuple[str, str], weight: Tensor) -> None:
        # Exchanged, not written over: what is mapped from a file stays clean, and on the CPU nothing is copied.
        parameter = self._parameter(key)
        parameter.data = weight.to(parameter.device)

    def _merge(self, networks: Sequence[Applied]) -> Weights:
        """Compute all weights that differ from the original ones, in single precision."""
        by_layer: dict[Layer, list[tuple[Applied, Mapping[str, Tensor]]]] = defaultdict(list)
        for network in networks:
            layers = self._read(network.file.path)
            if not layers and not network.partly:
                raise ModelFileError(f"{network.file.path} fits no layer of this model; it was made for another")
            for layer, parts in layers.items():
                if network.unet if layer.model_part == "unet" else network.text_encoder:
                    by_layer[layer].append((network, parts))
        merged: dict[tuple[str, str], Tensor] = {}
        for layer, changes in by_layer.items():
            for name, weight in self._changed(layer, changes):
                key = (layer.model_part, name)
                merged[key] = weight.to(self._parameter(key).dtype).cpu()
        return merged

    def _changed(
        self, layer: Layer, changes: Sequence[tuple[Applied, Mapping[str, Tensor]]]
    ) -> Iterator[tuple[str, Tensor]]:
        path = self._paths[layer]
        weight_name, bias_name = f"{path}.weight", f"{path}.bias"
        weight = self._original((layer.model_part, weight_name))
        bias = self._original((layer.model_part, bias_name)) if self._has(layer.model_part, bias_name) else None
        for network, stored in changes:
            parts = {part: tensor.to(weight.device, torch.float32) for part, tensor in stored.items()}
            strength = network.unet if layer.model_part == "unet" else network.text_encoder
            try:
                weight = _with_change(layer, parts, weight, strength, network.rank)
                if (change := bias_change(parts)) is not None:
                    bias = _with_bias(bias, change, strength)
            except torch.OutOfMemoryError:
                raise
            except (RuntimeError, ValueError) as error:
                if not network.partly:
                    raise ModelFileError(
                        f"{network.file.path} was made for another model: {path} is {tuple(weight.shape)} here; {error}"
                    ) from error
        yield weight_name, weight
        if bias is not None:
            yield bias_name, bias

    def _read(self, path: Path) -> Mapping[Layer, Mapping[str, Tensor]]:
        """Read a file's tensors by the layers of this model; those for layers it has not are left out."""
        key = (path, path.stat().st_mtime_ns)
        if (known := self._files.get(key)) is not None:
            return known
        header = read_header(path)
        alpha = peft_alpha(header.metadata)
        layers: dict[Layer, dict[str, Tensor]] = {}
        with cast(Any, safe_open(str(path), framework="pt", device="cpu")) as file:
            for name in header.shapes:
                split = split_key(name)
                layer = layer_of(split[0], self._layers_per_block) if split else None
                if split and layer and layer in self._paths:
                    layers.setdefault(layer, {})[split[1]] = cast(Tensor, file.get_tensor(name))
        for layer, parts in layers.items():
            if "lora_down" in parts and "alpha" not in parts and (told := alpha(layer, parts["lora_down"].shape[0])):
                parts["alpha"] = torch.tensor(told)
        self._files.put(key, layers)
        return layers

    @cached_property
    def _paths(self) -> Mapping[Layer, str]:
        """The path of every layer that has weights."""
        paths: dict[Layer, str] = {}
        for part, module in self._modules.items():
            for name, _ in module.named_parameters():
                path, _, last = name.rpartition(".")
                if last == "weight":
                    paths[Layer(part, path.removeprefix("text_model.").replace(".", "_"))] = path
        return paths

    def _has(self, part: str, name: str) -> bool:
        owner, _, last = name.rpartition(".")
        return isinstance(getattr(self._modules[part].get_submodule(owner), last, None), nn.Parameter)

    def _parameter(self, key: tuple[str, str]) -> nn.Parameter:
        return self._modules[key[0]].get_parameter(key[1])

    def _original(self, key: tuple[str, str]) -> Tensor:
        now = self._parameter(key)
        return self._originals.get(key, now).to(now.device, torch.float32)


def _with_change(
    layer: Layer, parts: Mapping[str, Tensor], weight: Tensor, strength: float, rank: int | None
) -> Tensor:
    # Networks for plain models are used with inpaint models too, whose first layer sees more channels, and the reverse.
    down = parts.get("lora_down", parts.get("diff"))
    if layer == _INPUT and down is not None and down.ndim == 4 and down.shape[1] < weight.shape[1]:
        seen = down.shape[1]
        change = weight_change(parts, weight[:, :seen], rank)
        assert change is not None
        return torch.cat([weight[:, :seen] + strength * change, weight[:, seen:]], dim=1)
    change = weight_change(parts, weight, rank)
    return weight if change is None else weight + strength * change


def _with_bias(bias: Tensor | None, change: Tensor, strength: float) -> Tensor:
    if bias is None:
        raise ValueError("it has no bias to be changed")
    return bias + strength * change.reshape(bias.shape)


def _bytes_of(value: object) -> int:
    if isinstance(value, Tensor):
        return value.nbytes
    return sum(map(_bytes_of, cast(Mapping[object, object], value).values()))
