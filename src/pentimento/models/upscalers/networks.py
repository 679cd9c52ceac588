"""The networks themselves: [B, 3, h, w] in 0..1 to the same, so many times as large.

Written from the papers that each names; their parts are called as in the files that
their authors gave out, as far as `kinds` does not rename them.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

_RESIDUAL = 0.2
_RGB_MEAN = (0.4488, 0.4371, 0.4040)
"""Mean colour of DIV2K, about which SwinIR was trained."""


def _leaky(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, 0.2)


def _conv(inputs: int, outputs: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2)


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="nearest")


class _DenseBlock(nn.ModuleDict):
    """Five convolutions, each of which sees all before it."""

    def __init__(self, features: int, growth: int) -> None:
        outputs = (growth, growth, growth, growth, features)
        super().__init__({f"conv{n + 1}": _conv(features + n * growth, own) for n, own in enumerate(outputs)})

    def forward(self, x: Tensor) -> Tensor:
        seen = x
        for number in range(1, 5):
            seen = torch.cat((seen, _leaky(self[f"conv{number}"](seen))), dim=1)
        return x + _RESIDUAL * self["conv5"](seen)


class _ResidualDenseBlock(nn.Module):
    def __init__(self, features: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = _DenseBlock(features, growth)
        self.rdb2 = _DenseBlock(features, growth)
        self.rdb3 = _DenseBlock(features, growth)

    def forward(self, x: Tensor) -> Tensor:
        return x + _RESIDUAL * self.rdb3(self.rdb2(self.rdb1(x)))


class Esrgan(nn.Module):
    """ESRGAN's generator (Wang et al. 2018); Real-ESRGAN (2021) folds the picture smaller first for scales 1 and 2.

    Parameters
    ----------
    ups : how often the picture is doubled after the body
    unshuffle : factor by which it is folded into channels before
    """

    def __init__(self, features: int, growth: int, blocks: int, ups: int, unshuffle: int) -> None:
        super().__init__()
        self.multiple = unshuffle
        self.conv_first = _conv(3 * unshuffle**2, features)
        self.body = nn.Sequential(*(_ResidualDenseBlock(features, growth) for _ in range(blocks)))
        self.conv_body = _conv(features, features)
        self.ups = nn.ModuleList(_conv(features, features) for _ in range(ups))
        self.conv_hr = _conv(features, features)
        self.conv_last = _conv(features, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_first(functional.pixel_unshuffle(x, self.multiple))
        x = x + self.conv_body(self.body(x))
        for up in self.ups:
            x = _leaky(up(_doubled(x)))
        return self.conv_last(_leaky(self.conv_hr(x)))


class Compact(nn.Module):
    """Real-ESRGAN's small network (Wang et al. 2021): a correction of the picture with repeated pixels."""

    multiple = 1

    def __init__(self, features: int, convolutions: int, scale: int) -> None:
        super().__init__()
        self._scale = scale
        layers: list[nn.Module] = [_conv(3, features), nn.PReLU(features)]
        for _ in range(convolutions):
            layers += [_conv(features, features), nn.PReLU(features)]
        self.body = nn.Sequential(*layers, _conv(features, 3 * scale**2))

    def forward(self, x: Tensor) -> Tensor:
        repeated = functional.interpolate(x, scale_factor=self._scale, mode="nearest")
        return repeated + functional.pixel_shuffle(self.body(x), self._scale)


class _Attention(nn.Module):
    """Attention within a window, biased by how far apart two pixels are."""

    def __init__(self, width: int, window: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, heads))
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, places: Tensor, mask: Tensor | None) -> Tensor:
        """Attend in [windows, n, width]; `places` [n, n] are rows of the table."""
        count, n, width = x.shape
        q, k, v = self.qkv(x).reshape(count, n, 3, self._heads, width // self._heads).permute(2, 0, 3, 1, 4)
        bias = self.relative_position_bias_table[places].permute(2, 0, 1)[None]
        if mask is not None:
            bias = bias + mask[:, None].repeat(count // len(mask), 1, 1, 1).to(bias)
        attended = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        return self.proj(attended.transpose(1, 2).reshape(count, n, width))


class _Perceptron(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(functional.gelu(self.fc1(x)))


class _SwinBlock(nn.Module):
    def __init__(self, width: int, window: int, heads: int, hidden: int, shift: int) -> None:
        super().__init__()
        self._window = window
        self._shift = shift
        self.norm1 = nn.LayerNorm(width)
        self.attn = _Attention(width, window, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = _Perceptron(width, hidden)

    def forward(self, x: Tensor, places: Tensor, mask: Tensor) -> Tensor:
        """Take and give [B, h, w, width]; `mask` is for windows that are shifted."""
        shift = self._shift
        batch, height, width, _ = x.shape
        shifted = torch.roll(self.norm1(x), (-shift, -shift), (1, 2))
        attended = self.attn(_windows(shifted, self._window), places, mask if shift else None)
        x = x + torch.roll(_joined(attended, self._window, (batch, height, width)), (shift, shift), (1, 2))
        return x + self.mlp(self.norm2(x))


def _windows(x: Tensor, side: int) -> Tensor:
    """Cut [B, h, w, C] into [B * windows, side * side, C]."""
    batch, height, width, channels = x.shape
    cut = x.reshape(batch, height // side, side, width // side, side, channels)
    return cut.transpose(2, 3).reshape(-1, side * side, channels)


def _joined(windows: Tensor, side: int, size: tuple[int, int, int]) -> Tensor:
    batch, height, width = size
    cut = windows.reshape(batch, height // side, width // side, side, side, -1)
    return cut.transpose(2, 3).reshape(batch, height, width, -1)


def relative_places(side: int) -> Tensor:
    """Number the offsets between any two pixels of a window: [side², side²]."""
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    down, across = (grid.flatten()[:, None] - grid.flatten()[None] + side - 1 for grid in (rows, columns))
    return down * (2 * side - 1) + across


def shift_mask(height: int, width: int, side: int) -> Tensor:
    """Keep apart what a shift has brought together over the picture's edges: [windows, side², side²], 0 or -100."""
    shift = side // 2
    parts = [
        torch.bucketize(torch.arange(length), torch.tensor([length - side, length - shift]), right=True)
        for length in (height, width)
    ]
    regions = _windows((3 * parts[0][:, None] + parts[1])[None, :, :, None], side).squeeze(2)
    return (regions[:, None] != regions[:, :, None]) * -100.0


class _SwinGroup(nn.Module):
    """Blocks in turn with and without shift."""

    def __init__(self, width: int, window: int, heads: int, hidden: int, depth: int) -> None:
        super().__init__()
        shifts = (0, window // 2)
        self.blocks = nn.ModuleList(
            _SwinBlock(width, window, heads, hidden, shifts[number % 2]) for number in range(depth)
        )

    def forward(self, x: Tensor, places: Tensor, mask: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x, places, mask)
        return x


def _residual_conv(width: int, convolutions: int) -> nn.Module:
    if convolutions == 1:
        return _conv(width, width)
    inner = width // 4
    return nn.Sequential(
        _conv(width, inner), nn.LeakyReLU(0.2), _conv(inner, inner, 1), nn.LeakyReLU(0.2), _conv(inner, width)
    )


class _SwinLayer(nn.Module):
    def __init__(self, width: int, window: int, heads: int, hidden: int, depth: int, convolutions: int) -> None:
        super().__init__()
        self.residual_group = _SwinGroup(width, window, heads, hidden, depth)
        self.conv = _residual_conv(width, convolutions)

    def forward(self, x: Tensor, places: Tensor, mask: Tensor) -> Tensor:
        inner = self.residual_group(x, places, mask).permute(0, 3, 1, 2)
        return x + self.conv(inner).permute(0, 2, 3, 1)


class SwinIR(nn.Module):
    """SwinIR (Liang et al. 2021).

    Parameters
    ----------
    window : side of a window, px
    hidden : width of the perceptrons
    convolutions : after each group of blocks, 1 or 3
    way : how it enlarges: shuffle, direct, nearest, none
    """

    def __init__(
        self,
        width: int,
        window: int,
        heads: int,
        depths: Sequence[int],
        hidden: int,
        convolutions: int,
        way: str,
        scale: int,
        features: int,
    ) -> None:
        super().__init__()
        self.multiple = window
        self._way = way
        self.conv_first = _conv(3, width)
        self.first_norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(_SwinLayer(width, window, heads, hidden, depth, convolutions) for depth in depths)
        self.norm = nn.LayerNorm(width)
        self.conv_after_body = _residual_conv(width, convolutions)
        if way in ("shuffle", "nearest"):
            self.conv_before_upsample = nn.Sequential(_conv(width, features), nn.LeakyReLU())
        if way in ("shuffle", "direct"):
            self.upsample = _shuffled_at_once(width, scale) if way == "direct" else _shuffled(features, scale)
        if way == "nearest":
            self.ups = nn.ModuleList(_conv(features, features) for _ in range(scale.bit_length() - 1))
            self.conv_hr = _conv(features, features)
        if way != "direct":
            self.conv_last = _conv(features, 3)

    def forward(self, x: Tensor) -> Tensor:
        mean = torch.tensor(_RGB_MEAN, dtype=x.dtype, device=x.device).reshape(1, 3, 1, 1)
        x = x - mean
        first = self.conv_first(x)
        return _WAYS[self._way](self, x, first + self.conv_after_body(self._body(first))) + mean

    def _body(self, x: Tensor) -> Tensor:
        places = relative_places(self.multiple).to(x.device)
        height, width = x.shape[-2:]
        mask = shift_mask(height, width, self.multiple).to(x)
        x = self.first_norm(x.permute(0, 2, 3, 1))
        for layer in self.layers:
            x = layer(x, places, mask)
        return self.norm(x).permute(0, 3, 1, 2)

    def shuffled(self, x: Tensor, features: Tensor) -> Tensor:
        return self.conv_last(self.upsample(self.conv_before_upsample(features)))

    def direct(self, x: Tensor, features: Tensor) -> Tensor:
        return self.upsample(features)

    def nearest(self, x: Tensor, features: Tensor) -> Tensor:
        large = self.conv_before_upsample(features)
        for up in self.ups:
            large = _leaky(up(_doubled(large)))
        return self.conv_last(_leaky(self.conv_hr(large)))

    def same_size(self, x: Tensor, features: Tensor) -> Tensor:
        return x + self.conv_last(features)


_WAYS = {
    "shuffle": SwinIR.shuffled,
    "direct": SwinIR.direct,
    "nearest": SwinIR.nearest,
    "none": SwinIR.same_size,
}


def _shuffled_at_once(width: int, scale: int) -> nn.Module:
    return nn.Sequential(_conv(width, 3 * scale**2), nn.PixelShuffle(scale))


def _shuffled(features: int, scale: int) -> nn.Module:
    factors = [3] if scale == 3 else [2] * (scale.bit_length() - 1)
    layers = ((_conv(features, factor**2 * features), nn.PixelShuffle(factor)) for factor in factors)
    return nn.Sequential(*(one for pair in layers for one in pair))


NETWORKS: Mapping[str, type[Esrgan | Compact | SwinIR]] = {"esrgan": Esrgan, "compact": Compact, "swinir": SwinIR}
"""For each row of `kinds.ARCHITECTURES` its network."""
