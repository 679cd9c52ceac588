"""The arithmetic of every kind of network: tensors of one layer to the change of its weight.

All of it is linear in the strength, so the change is told for strength 1. A kind is a row of `KINDS`.

Notes
-----
Formulas as their authors publish them: LoRA (Hu et al. 2021), LoHa, LoKr, IA3 and Norm
(Yeh et al. 2023, LyCORIS), OFT (Qiu et al. 2023), DoRA (Liu et al. 2024), GLoRA (Chavan et al. 2023).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

Parts = Mapping[str, Tensor]
"""A layer's tensors by part, float32, such as "lora_up"."""

Delta = Callable[[Parts, Tensor, int | None], Tensor]
"""(parts, weight, rank) to the change of the weight, in any shape of as many numbers.

`rank` cuts the kinds that have one to their first so many columns.
"""


@dataclass(frozen=True)
class Kind:
    """One kind of network.

    Attributes
    ----------
    needs : parts that a layer of this kind has
    """

    name: str
    needs: frozenset[str]
    delta: Delta


def weight_change(parts: Parts, weight: Tensor, rank: int | None = None) -> Tensor | None:
    """Compute the change of a layer's weight at strength 1; None where only its bias changes.

    Parameters
    ----------
    weight : as it is without this network, float32

    Raises
    ------
    ValueError, RuntimeError
        Where the parts are of no known kind, or for a weight of another shape.
    """
    kind = next((row for row in KINDS if row.needs <= parts.keys()), None)
    if kind is None and parts.keys() <= {"diff_b", "b_norm", "alpha"}:
        return None
    if kind is None:
        raise ValueError(f"tensors {', '.join(sorted(parts))} are of no known kind of network")
    delta = kind.delta(parts, weight, rank)
    if delta.shape[0] != weight.shape[0]:
        raise ValueError(f"the change is one of {tuple(delta.shape)}")
    delta = delta.reshape(weight.shape)
    return _decomposed(parts["dora_scale"], weight, delta) if "dora_scale" in parts else delta


def bias_change(parts: Parts) -> Tensor | None:
    """Return the change of a layer's bias at strength 1, if there is one."""
    return parts.get("diff_b", parts.get("b_norm"))


def _scale(parts: Parts, dim: int | None) -> float:
    """Return alpha / dim; 1 where the file has no alpha, or the kind no dim."""
    if "scale" in parts:
        return float(parts["scale"])
    return float(parts["alpha"]) / dim if "alpha" in parts and dim else 1.0


def _matrix(first: Tensor, second: Tensor) -> Tensor:
    return first.flatten(1) @ second.flatten(1)


def _core(core: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """Put a convolution's core [r, r, h, w] between [r, out] and [r, in]."""
    return torch.einsum("ijhw,io,jc->ochw", core, first, second)


def _lora(parts: Parts, weight: Tensor, rank: int | None) -> Tensor:
    up, down = parts["lora_up"], parts["lora_down"]
    scale = _scale(parts, down.shape[0])
    if "lora_mid" in parts:
        return _core(parts["lora_mid"], up.flatten(1).T, down.flatten(1)) * scale
    return _matrix(up[:, :rank], down[:rank]) * scale


def _loha(parts: Parts, weight: Tensor, rank: int | None) -> Tensor:
    def half(number: int) -> Tensor:
        first, second = parts[f"hada_w{number}_a"], parts[f"hada_w{number}_b"]
        core = parts.get(f"hada_t{number}")
        return _matrix(first, second) if core is None else _core(core, first, second)

    one, two = half(1), half(2)
    return one.reshape(weight.shape) * two.reshape(weight.shape) * _scale(parts, parts["hada_w1_b"].shape[0])


def _lokr(parts: Parts, weight: Tensor, rank: int | None) -> Tensor:
    dim = next((parts[name].shape[0] for name in ("lokr_w1_b", "lokr_w2_b") if name in parts), None)

    def factor(number: int) -> Tensor:
        if (whole := parts.get(f"lokr_w{number}")) is not None:
            return whole
        first, second = parts[f"lokr_w{number}_a"], parts[f"lokr_w{number}_b"]
        core = parts.get(f"lokr_t{number}")
        return _matrix(first, second) if core is None else _core(core, first, second)

    one, two = factor(1), factor(2)
    one = one.reshape(*one.shape, *[1] * (two.ndim - one.ndim))
    return torch.kron(one, two.contiguous()) * _scale(parts, dim)


def _ia3(parts: Parts, weight: Tensor, rank: int | None) -> Tensor:
    axis = 1 if bool(parts["on_input"]) else 0
    shape = [-1 if position == axis else 1 for position in range(weight.ndim)]
    return weight * parts["weight"].reshape(shape)


def _glora(parts: Parts, weight: Tensor, rank: int | None) -> Tensor:
    a1, a2, b1, b2 = (parts[name].flatten(1) for name in ("a1", "a2", "b1", "b2"))
    if a1.shape[0] <= a1.shape[1]:  # as first published: [rank, in], the other way round, and without a scale
        (a1, a2), (b1, b2), scale = (a2, a1), (b2, b1), 1.0
    else:
        scale = _scale(parts, a2.shape[0])
    turn = a1 @ a2
    through = torch.einsum("oi...,ij->oj...", weight, turn)
    return (through + (b1 @ b2).reshape(weight.shape)) * scale


def _oft_blocks(parts: Parts, weight: Tensor, rank: int | None) -> Tensor:
    """Rotate groups of outputs by Cayley's transform of skew matrices, no larger than alpha allows."""
    blocks = parts["oft_blocks"]
    if blocks.ndim != 3:
        raise ValueError("butterfly OFT is not known")
    skew = blocks - blocks.transpose(1, 2)
    if limit := float(parts["alpha"]) * weight.shape[0] if "alpha" in parts else 0.0:
        norm = float(skew.square().sum().sqrt())
        skew = skew * ((min(norm, limit) + 1e-8) / (norm + 1e-8))
    one = torch.eye(blocks.shape[-1], device=blocks.device)
    return _rotated((one + skew) @ (one - skew).inverse(), parts, weight)


def _oft_diag(parts: Parts, weight: Tensor, rank: int | None) -> Tensor:
    return _rotated(parts["oft_diag"], parts, weight)


def _rotated(rotations: Tensor, parts: Parts, weight: Tensor) -> Tensor:
    count, side = rotations.shape[:2]
    turned = torch.einsum("knm,knx->kmx", rotations, weight.reshape(count, side, -1)).reshape(weight.shape)
    if "rescale" in parts:
        turned = turned * parts["rescale"].reshape(-1, *[1] * (weight.ndim - 1))
    return turned - weight


def _decomposed(magnitude: Tensor, weight: Tensor, delta: Tensor) -> Tensor:
    """Give the changed weight the learned magnitudes, per input or per output as their shape says."""
    changed = weight + delta
    by_input = magnitude.ndim > 1 and magnitude.shape[0] == 1 and magnitude.numel() == weight.shape[1]
    kept = 1 if by_input else 0
    others = [axis for axis in range(weight.ndim) if axis != kept]
    shape = [-1 if axis == kept else 1 for axis in range(weight.ndim)]
    norms = changed.square().sum(others, keepdim=True).sqrt()
    return changed * (magnitude.reshape(shape) / norms.clamp_min(1e-12)) - weight


def _part(name: str) -> Delta:
    return lambda parts, weight, rank: parts[name]


KINDS: tuple[Kind, ...] = (
    Kind("lora", frozenset({"lora_up", "lora_down"}), _lora),
    Kind("loha", frozenset({"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"}), _loha),
    Kind("lokr", frozenset({"lokr_w1", "lokr_w2"}), _lokr),
    Kind("lokr", frozenset({"lokr_w1_a", "lokr_w1_b", "lokr_w2"}), _lokr),
    Kind("lokr", frozenset({"lokr_w1", "lokr_w2_a", "lokr_w2_b"}), _lokr),
    Kind("lokr", frozenset({"lokr_w1_a", "lokr_w1_b", "lokr_w2_a", "lokr_w2_b"}), _lokr),
    Kind("ia3", frozenset({"on_input", "weight"}), _ia3),
    Kind("oft", frozenset({"oft_blocks"}), _oft_blocks),
    Kind("oft", frozenset({"oft_diag"}), _oft_diag),
    Kind("glora", frozenset({"a1", "a2", "b1", "b2"}), _glora),
    Kind("full", frozenset({"diff"}), _part("diff")),
    Kind("norm", frozenset({"w_norm"}), _part("w_norm")),
)
