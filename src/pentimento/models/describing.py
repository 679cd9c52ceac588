"""A model that describes pictures, at work."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..errors import ModelFileError
from .captioners import WEIGHTS, Captioner
from .header import read_header

_BEAMS = 3


@dataclass(frozen=True)
class Preparation:
    """What becomes of a picture before a network sees it, as the model's `preprocessor_config.json` says.

    Attributes
    ----------
    size : (height, width) to which it is stretched; None = by the shorter side
    shorter_side : px, where the shape is kept
    crop : (height, width) of the middle that is kept; None = all
    resample : number of Pillow's filter
    """

    size: tuple[int, int] | None
    shorter_side: int
    crop: tuple[int, int] | None
    resample: int
    factor: float
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def read(cls, config: Mapping[str, Any]) -> "Preparation":
        """Read the configuration, in its forms of today and of before."""
        size, crops = config.get("size", 224), bool(config.get("do_center_crop", False))
        if isinstance(size, int):
            size = {"shortest_edge": size} if crops else {"height": size, "width": size}
        stretched = (int(size["height"]), int(size["width"])) if "height" in size else None
        side: Any = config.get("crop_size", 224)
        side = {"height": side, "width": side} if isinstance(side, int) else side
        normal = bool(config.get("do_normalize", True))
        return cls(
            size=stretched,
            shorter_side=int(size.get("shortest_edge", 0)),
            crop=(int(side["height"]), int(side["width"])) if crops else None,
            resample=int(config.get("resample", Image.Resampling.BILINEAR)),
            factor=float(config.get("rescale_factor", 1 / 255)),
            mean=tuple(config.get("image_mean", (0.5, 0.5, 0.5))) if normal else (0.0, 0.0, 0.0),
            std=tuple(config.get("image_std", (0.5, 0.5, 0.5))) if normal else (1.0, 1.0, 1.0),
        )

    def __call__(self, image: Image.Image) -> Tensor:
        """Bring RGB to [1, 3, h, w]."""
        height, width = self.size or self._by_shorter_side(image)
        resized = image.resize((width, height), Image.Resampling(self.resample))
        if self.crop is not None:
            top, left = (height - self.crop[0]) // 2, (width - self.crop[1]) // 2
            resized = resized.crop((left, top, left + self.crop[1], top + self.crop[0]))
        scaled = np.asarray(resized, np.float32) * np.float32(self.factor)
        normal = (scaled - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return torch.as_tensor(np.ascontiguousarray(normal.transpose(2, 0, 1)))[None]

    def _by_shorter_side(self, image: Image.Image) -> tuple[int, int]:
        short, long = sorted(image.size)
        other = int(self.shorter_side * long / short)
        return (other, self.shorter_side) if image.width <= image.height else (self.shorter_side, other)


@dataclass(eq=False)
class Describer:
    """A model that describes pictures, in memory."""

    network: Any
    tokenizer: Any
    prepare: Preparation
    device: torch.device
    dtype: torch.dtype

    def describe(self, image: Image.Image, most_tokens: int) -> str:
        """Say what an RGB picture shows; the same picture gives the same words.

        Parameters
        ----------
        most_tokens : where the text ends at the latest
        """
        pixels = self.prepare(image).to(device=self.device, dtype=self.dtype)
        with torch.inference_mode():
            tokens = self.network.generate(
                pixel_values=pixels, max_new_tokens=most_tokens, num_beams=_BEAMS, do_sample=False
            )
        return " ".join(str(self.tokenizer.decode(tokens[0], skip_special_tokens=True)).split())


def load_describer(captioner: Captioner, device: torch.device, dtype: torch.dtype) -> Describer:
    """Load a model that describes pictures; only safetensors, and no code of its repository.

    Raises
    ------
    ModelFileError
        Where a part is missing or does not fit the others.
    """
    import transformers

    library = cast(Any, transformers)
    path = captioner.path
    read_header(path / WEIGHTS)
    try:
        network, told = library.AutoModelForImageTextToText.from_pretrained(
            path, dtype=dtype, use_safetensors=True, local_files_only=True, output_loading_info=True
        )
        tokenizer = library.AutoTokenizer.from_pretrained(path, local_files_only=True)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise ModelFileError(f"{path} cannot be loaded: {' '.join(str(error).split())[:200]}") from error
    if missing := sorted(told["missing_keys"]):
        raise ModelFileError(f"{path} lacks {len(missing)} tensors of its network ({missing[0]}, ...)")
    network.requires_grad_(False).eval().to(device)
    return Describer(network, tokenizer, _preparation(path), device, dtype)


def _preparation(path: Path) -> Preparation:
    place = path / "preprocessor_config.json"
    try:
        return Preparation.read(json.loads(place.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelFileError(f"{place} is missing or damaged; it says how pictures are prepared") from error
